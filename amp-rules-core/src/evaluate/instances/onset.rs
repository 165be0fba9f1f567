//! Episodes of a pattern, and when each began.
//!
//! Input: truth over time. Output: [`Episode`]s. An episode begins after the last time at which the pattern was excluded, and
//! no later than its first evidence. A period that was not visible neither begins nor ends one.

use std::time::Duration;

use super::ongoing::is_lost;
use super::state::Episode;
use crate::diagnosis::Onset;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Segment, Timeline, Truth};
use crate::time::{Time, ticks_of};

/// From so many true periods on, a pattern is flapping.
const FLAPPING: usize = 3;

/// The episodes of a timeline and whether it is flapping. Periods between episodes are closed if no visible part of them is
/// longer than `merge_gap`, and no counter-evidence lies in them.
pub(super) fn episodes(visibility: &Visibility<'_>, timeline: &Timeline, merge_gap: Duration) -> (Vec<Episode>, bool) {
    if timeline.is_timeless() {
        return (vec![Episode::timeless()], false);
    }
    let timeline = timeline.dated();
    let excluded: Vec<(Segment, Time)> = timeline.exclusion().spans().collect();
    let is_lost = |truth: Truth| is_lost(visibility, truth);
    let mut episodes: Vec<Episode> = Vec::new();
    let mut true_periods = 0_usize;
    for (segment, end) in timeline.spans().filter(|(segment, _)| segment.truth.is_true()) {
        true_periods += 1;
        let last = segment.last.min(end).max(segment.from);
        let excluded_until = excluded_until(&excluded, segment.from, is_lost, merge_gap);
        let gap = episodes.last().map(|episode| {
            let is_ended = timeline.ends().iter().any(|at| *at >= episode.to && *at <= segment.from);
            (is_ended, Gap::new(&excluded, episode.to, segment.from, is_lost))
        });
        match (episodes.last_mut(), gap) {
            (Some(episode), Some((false, gap))) if gap.longest_visible <= ticks_of(merge_gap) => {
                let is_short = segment.from.ticks_since(episode.to) <= ticks_of(merge_gap);
                episode.last = last;
                episode.to = end;
                if let Some(&(_, unseen_until)) = gap.unseen.last() {
                    let earliest = excluded_until.unwrap_or(unseen_until).max(unseen_until);
                    let reading = Onset { earliest, latest: segment.first.max(earliest) };
                    let readings =
                        if is_short { &mut episode.readings_after_short_gaps } else { &mut episode.readings };
                    readings.push(reading);
                }
                episode.unseen.extend(gap.unseen);
            }
            _ => {
                let earliest = excluded_until.unwrap_or(Time::MIN);
                let latest = segment.first.max(earliest);
                episodes.push(Episode {
                    readings: vec![Onset { earliest, latest }],
                    readings_after_short_gaps: Vec::new(),
                    unseen: Vec::new(),
                    from: segment.from,
                    to: end,
                    last,
                    begins_with_entity: false,
                    is_timeless: false,
                    is_ended: false,
                    escalated: Truth::True,
                });
            }
        }
    }
    let next_starts: Vec<Time> = episodes.iter().skip(1).map(|episode| episode.from).chain([Time::MAX]).collect();
    for (episode, next) in episodes.iter_mut().zip(next_starts) {
        episode.is_ended = timeline.ends().iter().any(|at| *at >= episode.to && *at <= next);
    }
    (episodes, true_periods >= FLAPPING)
}

/// The earliest onset of each period in which a pattern may hold; [`Time::MIN`] where it may have held before the window.
pub(crate) fn possible_onsets(visibility: &Visibility<'_>, timeline: &Timeline, merge_gap: Duration) -> Vec<Time> {
    if timeline.is_timeless() {
        return vec![Time::MIN];
    }
    let timeline = timeline.dated();
    let excluded: Vec<(Segment, Time)> = timeline.exclusion().spans().collect();
    let may_hold = timeline.spans().filter(|(segment, _)| !segment.truth.is_false());
    may_hold
        .map(|(segment, _)| {
            excluded_until(&excluded, segment.from, |truth| is_lost(visibility, truth), merge_gap).unwrap_or(Time::MIN)
        })
        .collect()
}

/// When the fact behind a true period was last excluded; `None` if it may have held at the start of the window.
///
/// A visible period of at most `merge_gap` beside one that was not visible, or beside the start of the window, counts as not
/// visible: an episode that is seen again so soon may have lasted all the time.
fn excluded_until(
    excluded: &[(Segment, Time)],
    from: Time,
    is_lost: impl Fn(Truth) -> bool,
    merge_gap: Duration,
) -> Option<Time> {
    let mut visible_until = from;
    let mut last_excluded: Option<Time> = None;
    for (segment, end) in excluded.iter().rev().filter(|(segment, _)| segment.from < from) {
        let end = (*end).min(from);
        if segment.truth.is_true() {
            return last_excluded;
        }
        if is_lost(segment.truth) {
            if visible_until.ticks_since(end) > ticks_of(merge_gap) && last_excluded.is_some() {
                return last_excluded;
            }
            last_excluded = None;
            visible_until = segment.from;
        } else if segment.truth.is_false() {
            last_excluded = last_excluded.or(Some(end));
        }
    }
    let start = excluded.first().map_or(from, |(segment, _)| segment.from);
    last_excluded.filter(|_| visible_until.ticks_since(start) > ticks_of(merge_gap))
}

/// The time between two true periods.
struct Gap {
    /// The parts that were not visible.
    unseen: Vec<(Time, Time)>,
    /// The length of the longest part between them, in ticks.
    longest_visible: i64,
}

impl Gap {
    fn new(excluded: &[(Segment, Time)], from: Time, to: Time, is_lost: impl Fn(Truth) -> bool) -> Self {
        let mut gap = Self { unseen: Vec::new(), longest_visible: 0 };
        let mut visible_from = from;
        for (segment, end) in excluded.iter().filter(|(segment, end)| *end > from && segment.from < to) {
            if !is_lost(segment.truth) {
                continue;
            }
            let lost = (segment.from.max(from), (*end).min(to));
            gap.longest_visible = gap.longest_visible.max(lost.0.ticks_since(visible_from));
            visible_from = lost.1;
            match gap.unseen.last_mut() {
                Some(last) if last.1 == lost.0 => last.1 = lost.1,
                _ => gap.unseen.push(lost),
            }
        }
        gap.longest_visible = gap.longest_visible.max(to.ticks_since(visible_from));
        gap
    }
}
