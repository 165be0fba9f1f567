//! Episodes of a pattern at an entity: when each may have begun, and whether the last may still last.
//!
//! Input: a [`Course`]. Output: [`Episode`]s, in order of time.

use std::time::Duration;

use amp_rules_core::diagnosis::UnknownReason;
use amp_rules_core::time::{Time, ticks_of};

use super::course::Course;
use super::symptoms::Reference;
use super::timeline::Truth;

/// A period in which a pattern holds. Times without bounds are [`Time::MIN`] and [`Time::MAX`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Episode {
    /// The earliest and the latest time at which it may have begun, first as a whole, then per period that was not visible
    /// what follows it.
    pub(crate) readings: Vec<(Time, Time)>,
    /// The indices of the readings that follow a period no longer than `merge_gap`.
    pub(crate) after_short: Vec<usize>,
    pub(crate) from: Time,
    pub(crate) to: Time,
    /// The last evidence.
    pub(crate) last: Time,
    pub(crate) timeless: bool,
    /// Whether counter-evidence ended it.
    pub(crate) ended: bool,
    /// Whether it is more than noise.
    pub(crate) escalated: Truth,
}

impl Episode {
    /// An episode at some time.
    pub(crate) fn without_time() -> Self {
        Self {
            readings: vec![(Time::MIN, Time::MAX)],
            after_short: Vec::new(),
            from: Time::MIN,
            to: Time::MAX,
            last: Time::MAX,
            timeless: true,
            ended: false,
            escalated: Truth::True,
        }
    }

    /// An episode whose times are still to be set.
    fn of_time() -> Self {
        Self { timeless: false, ..Self::without_time() }
    }
}

/// Whether telemetry that may exist could not be read.
pub(crate) fn is_lost(truth: &Truth) -> bool {
    let Truth::Unknown(reasons) = truth else { return false };
    reasons.iter().any(|reason| {
        matches!(
            reason,
            UnknownReason::MissingTable(_)
                | UnknownReason::Denied(_)
                | UnknownReason::Timeout(_)
                | UnknownReason::SourceError(..)
                | UnknownReason::Truncated(..)
                | UnknownReason::ChannelDead(_)
        )
    })
}

impl Reference<'_> {
    /// The end of the last time before an instant at which the fact was excluded. What is not longer than `merge_gap` beside a
    /// period that was not visible, or beside the start of the window, counts as not visible.
    fn excluded_until(&self, course: &Course, at: Time) -> Option<Time> {
        let merge_gap = ticks_of(self.rules.schema.defaults.merge_gap);
        let before = self.grid.between(self.grid.start(), at);
        let holds = before.clone().rev().find(|cell| course.exclusion[*cell] == Truth::True);
        let from = holds.map_or(0, |cell| cell + 1);
        // The periods that were visible, the last one first.
        let visible = |cell: &usize| !is_lost(&course.exclusion[*cell]);
        let mut cells: Vec<usize> = (from..before.end).collect();
        while let Some(last) = cells.iter().rposition(visible) {
            let first = cells[..last].iter().rposition(|cell| !visible(cell)).map_or(0, |lost| lost + 1);
            let period = &cells[first..=last];
            let (start, end) = (self.grid.0[period[0]], self.grid.0[period[last - first] + 1]);
            let follows_another = first == 0 && holds.is_some();
            let excluded = period.iter().rev().find(|cell| course.exclusion[**cell] == Truth::False);
            if let Some(excluded) = excluded.filter(|_| follows_another || end.ticks_since(start) > merge_gap) {
                return Some(self.grid.0[excluded + 1]);
            }
            cells.truncate(first);
        }
        None
    }

    /// The earliest onset of each period in which a pattern may hold.
    pub(crate) fn possible_onsets(&self, course: &Course) -> Vec<Time> {
        if course.is_timeless() {
            return vec![Time::MIN];
        }
        let course = course.timed();
        let may_hold = self.grid.runs(&course.truth).into_iter().filter(|run| run.0.truth != Truth::False);
        may_hold.map(|(_, from, _)| self.excluded_until(course, from).unwrap_or(Time::MIN)).collect()
    }

    /// The end of the last period between two instants that was not visible; and whether every visible part is short.
    fn gap(&self, course: &Course, from: Time, to: Time) -> (Option<Time>, bool) {
        let merge_gap = ticks_of(self.rules.schema.defaults.merge_gap);
        let (mut unseen_until, mut visible, mut is_short) = (None, 0, true);
        for cell in self.grid.between(from, to) {
            let (start, end) = (self.grid.0[cell], self.grid.0[cell + 1]);
            if is_lost(&course.exclusion[cell]) {
                (unseen_until, visible) = (Some(end), 0);
            } else {
                visible += end.ticks_since(start);
                is_short &= visible <= merge_gap;
            }
        }
        (unseen_until, is_short)
    }

    /// The episodes of a course that holds.
    pub(crate) fn episodes(&self, course: &Course) -> Vec<Episode> {
        if course.is_timeless() {
            return vec![Episode::without_time()];
        }
        let course = course.timed();
        let ends_between = |from: Time, to: Time| course.ends.iter().any(|end| *end >= from && *end <= to);
        let mut episodes: Vec<Episode> = Vec::new();
        for (cell, from, to) in self.grid.runs(&course.truth).into_iter().filter(|run| run.0.truth == Truth::True) {
            let last = cell.last.min(to).max(from);
            let excluded = self.excluded_until(course, from).unwrap_or(Time::MIN);
            if let Some(before) = episodes.last_mut() {
                let (unseen_until, is_short) = self.gap(course, before.to, from);
                if is_short && !ends_between(before.to, from) {
                    // The other reading: it began again after what was not visible.
                    if let Some(unseen_until) = unseen_until {
                        if from.ticks_since(before.to) <= ticks_of(self.rules.schema.defaults.merge_gap) {
                            before.after_short.push(before.readings.len());
                        }
                        before.readings.push((unseen_until, cell.first.max(unseen_until)));
                    }
                    (before.to, before.last) = (to, last);
                    continue;
                }
            }
            let readings = vec![(excluded, cell.first.max(excluded))];
            episodes.push(Episode { readings, from, to, last, ..Episode::of_time() });
        }
        for at in 0..episodes.len() {
            let next = episodes.get(at + 1).map_or(Time::MAX, |next| next.from);
            episodes[at].ended = ends_between(episodes[at].to, next);
        }
        episodes
    }

    pub(crate) fn freshness(&self) -> Duration {
        let tables = self.rules.schema.tables.values();
        let cadence = tables.flat_map(|table| table.heartbeats.iter().map(|beat| beat.every)).max().unwrap();
        (cadence * 2).max(Duration::from_secs(600)).max(self.rules.schema.defaults.merge_gap)
    }

    /// Whether the last episode may still last: no counter-evidence ended it, and since its last evidence no more than
    /// `freshness` was visible.
    pub(crate) fn may_last(&self, course: &Course, episode: &Episode) -> bool {
        if episode.timeless {
            return true;
        }
        let exclusion = &course.timed().exclusion;
        let visible: i64 = (0..self.grid.cells())
            .filter(|cell| !is_lost(&exclusion[*cell]))
            .map(|cell| {
                let (from, to) = (self.grid.0[cell].max(episode.last), self.grid.0[cell + 1].min(self.watermark));
                to.ticks_since(from).max(0)
            })
            .sum();
        !episode.ended && visible <= ticks_of(self.freshness())
    }
}
