//! Counted lines, rows or bins as truth over time: `at_least n within d`, how long one occurrence stands, what starts
//! excuse.
//!
//! Input: what was counted per bin of one entity, and the mask of what could be seen. Output: [`Timeline`]. A count over
//! bins of which some were blind is a lower bound.

use std::time::Duration;

use crate::evaluate::entities::visibility::Visibility;
use crate::evaluate::timeline::truth::{Segment, Timeline, Truth};
use crate::time::Time;

/// What was counted in one bin: at least `low`, at most `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tally {
    pub(crate) bin: Time,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) first: Time,
    pub(crate) last: Time,
}

/// What a count is held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counting {
    /// How many are needed.
    pub(crate) at_least: f64,
    /// Within how long; the whole window where there is none.
    pub(crate) within: Option<Duration>,
    /// The width of the bins.
    pub(crate) bin: Duration,
}

impl Counting {
    /// The width of what is judged: a third of the time where several are needed within one, else a bin.
    pub(crate) fn width(&self) -> Duration {
        let several = self.within.filter(|_| self.at_least > 1.0);
        several.map_or(self.bin, crate::plan::counting_bin)
    }
}

impl Visibility<'_> {
    /// Whether enough was counted, bin by bin. `mask` is true where everything could be seen; `doubt` is the truth of
    /// what may or may not count.
    pub(crate) fn count_steps(&self, tallies: &[Tally], mask: &Timeline, counting: Counting, doubt: Truth) -> Timeline {
        match counting.within {
            Some(_) if counting.at_least > 1.0 => self.counted_within(tallies, mask, counting, doubt),
            _ => self.counted_in_window(tallies, mask, counting, doubt),
        }
    }

    /// One occurrence is enough, or the window as a whole is counted: bins that hold some are true.
    fn counted_in_window(&self, tallies: &[Tally], mask: &Timeline, counting: Counting, doubt: Truth) -> Timeline {
        let seen = self.before_watermark(mask);
        let unseen = seen.map(|truth| if truth.is_true() { Truth::False } else { truth });
        let total: f64 = tallies.iter().map(|tally| tally.low).sum();
        let could: f64 = tallies.iter().map(|tally| tally.high).sum();
        if total < counting.at_least && counting.at_least > 1.0 {
            // Some bins may hold what is missing; which, nobody knows.
            let blind = unseen.overall(&self.reasons);
            return self.constant(if could >= counting.at_least { blind.or(doubt, &self.reasons) } else { blind });
        }
        let span = |tally: &Tally| (tally.bin, tally.bin.saturating_add(counting.bin), tally.first, tally.last);
        let holds =
            |tally: &&Tally| if counting.at_least <= 1.0 { tally.low >= counting.at_least } else { tally.low > 0.0 };
        let steps = self.overlay(&unseen, tallies.iter().filter(holds).map(span));
        if tallies.iter().all(|tally| tally.low == tally.high) {
            return steps;
        }
        let may =
            self.overlay(&self.constant(Truth::False), tallies.iter().filter(|tally| tally.high > tally.low).map(span));
        steps.or(&may.map(|truth| if truth.is_true() { doubt } else { truth }), &self.reasons)
    }

    /// Judged on bins of a third of the time, over each run of three.
    fn counted_within(&self, tallies: &[Tally], mask: &Timeline, counting: Counting, open: Truth) -> Timeline {
        const RUN: usize = 3;
        let width = counting.width();
        let bins = self.rebinned(tallies, mask, width);
        let count = bins.len();
        let mut marks: Vec<Option<(Time, Time)>> = vec![None; count];
        let mut doubts: Vec<Option<Truth>> = vec![None; count];
        for start in 0..count {
            // Runs overlap the ends of the window: what lies outside it is no evidence.
            let run: Vec<(usize, &Slot)> =
                (start..count.min(start + RUN)).filter_map(|at| bins.get(at).map(|slot| (at, slot))).collect();
            let low: f64 = run.iter().map(|(_, slot)| slot.low).sum();
            let high: f64 = run.iter().map(|(_, slot)| slot.high).sum();
            if low >= counting.at_least {
                let holding: Vec<usize> = run.iter().filter(|(_, slot)| slot.low > 0.0).map(|(at, _)| *at).collect();
                if let (Some(&from), Some(&to)) = (holding.first(), holding.last()) {
                    let first = bins.get(from).map_or(Time::MAX, |slot| slot.first);
                    let last = bins.get(to).map_or(Time::MIN, |slot| slot.last);
                    for mark in marks.iter_mut().take(to + 1).skip(from) {
                        *mark = Some(mark.map_or((first, last), |(a, b)| (a.min(first), b.max(last))));
                    }
                }
            } else if high >= counting.at_least {
                let doubt = run
                    .iter()
                    .filter_map(|(_, slot)| slot.doubt)
                    .fold(Truth::False, |sum, doubt| sum.or(doubt, &self.reasons));
                let doubt = if doubt.is_false() { open } else { doubt };
                for place in run.iter().map(|(at, _)| *at) {
                    if let Some(entry) = doubts.get_mut(place) {
                        *entry = Some(entry.map_or(doubt, |known| known.or(doubt, &self.reasons)));
                    }
                }
            }
        }
        let segments = bins.iter().zip(marks.iter().zip(&doubts)).map(|(slot, (mark, doubt))| match (mark, doubt) {
            (Some((first, last)), _) => {
                Segment { from: slot.from, truth: Truth::True, first: (*first).max(slot.from.min(*first)), last: *last }
            }
            (None, Some(doubt)) => self.plain(slot.from, *doubt),
            (None, None) => self.plain(slot.from, Truth::False),
        });
        Timeline::from_segments(self.window, segments.collect::<Vec<_>>())
    }

    /// A mask without what is younger than the watermark: that is not missing yet, so it stays as it was before.
    pub(crate) fn before_watermark(&self, mask: &Timeline) -> Timeline {
        let kept: Vec<Segment> = mask
            .segments()
            .iter()
            .filter(|segment| segment.from < self.watermark || segment.from == self.window.from)
            .copied()
            .collect();
        Timeline::from_segments(self.window, kept)
    }

    /// Tallies added up into bins of another width that cover the window, with what could not be seen.
    fn rebinned(&self, tallies: &[Tally], mask: &Timeline, width: Duration) -> Vec<Slot> {
        let mut slots = Vec::new();
        let mut from = self.window.from.floor(width);
        let mut tallies = tallies.iter().peekable();
        // What is younger than the watermark is not missing yet: it is as visible as what came before it.
        let spans: Vec<(Segment, Time)> = self.before_watermark(mask).spans().collect();
        let mut at_span = 0;
        while from < self.window.to && width > Duration::ZERO {
            let to = from.saturating_add(width);
            let mut slot = Slot { from, low: 0.0, high: 0.0, first: Time::MAX, last: Time::MIN, doubt: None };
            while let Some(tally) = tallies.next_if(|tally| tally.bin < to) {
                slot.low += tally.low;
                slot.high += tally.high;
                if tally.low > 0.0 {
                    slot.first = slot.first.min(tally.first);
                    slot.last = slot.last.max(tally.last);
                }
            }
            while spans.get(at_span).is_some_and(|(_, end)| *end <= from) {
                at_span += 1;
            }
            for (segment, _) in spans.iter().skip(at_span).take_while(|(segment, _)| segment.from < to) {
                if !segment.truth.is_true() {
                    slot.high = f64::INFINITY;
                    slot.doubt = Some(slot.doubt.map_or(segment.truth, |known| known.or(segment.truth, &self.reasons)));
                }
            }
            slots.push(slot);
            from = to;
        }
        slots
    }

    /// True stretches laid over a function; evidence is theirs. Stretches are in order of time.
    pub(crate) fn overlay(
        &self,
        base: &Timeline,
        stretches: impl IntoIterator<Item = (Time, Time, Time, Time)>,
    ) -> Timeline {
        let mut segments = Vec::new();
        let mut end_of_last = Time::MIN;
        let mut any = false;
        for (from, to, first, last) in stretches {
            let from = from.max(self.window.from);
            if from > end_of_last || !any {
                if any {
                    segments.push(self.plain(end_of_last, Truth::False));
                } else if from > self.window.from {
                    segments.push(self.plain(self.window.from, Truth::False));
                }
            }
            segments.push(Segment { from, truth: Truth::True, first, last });
            end_of_last = end_of_last.max(to);
            any = true;
        }
        if !any {
            return base.clone();
        }
        if end_of_last < self.window.to {
            segments.push(self.plain(end_of_last, Truth::False));
        }
        base.or(&Timeline::from_segments(self.window, segments), &self.reasons)
    }

    /// One occurrence stands for a while: true, and unknown, reach on.
    pub(crate) fn lasting(&self, steps: &Timeline, until: impl Fn(Time) -> Time) -> Timeline {
        let mut out = self.constant(Truth::False);
        for (segment, end) in steps.spans().filter(|(segment, _)| !segment.truth.is_false()) {
            let to = until(end).max(end);
            // What stands on is active for as long as it stands.
            let segment = Segment { last: segment.last.max(to.min(self.window.to)), ..segment };
            let stretch = Timeline::from_segments(
                self.window,
                [self.plain(self.window.from, Truth::False), segment, self.plain(to, Truth::False)],
            );
            out = out.or(&stretch, &self.reasons);
        }
        out
    }
}

/// Lines of one start may stand up to a minute before the line that tells of it.
const LEAD: Duration = Duration::from_secs(60);

/// Where some starts were lost, everything near a start, or near a stretch in which one may have been, may be excused.
pub(crate) fn may_be_excused(
    tallies: &mut [Tally],
    starts: &[Time],
    grace: Duration,
    lost: impl Fn(Time, Time) -> bool,
) {
    for tally in tallies {
        let (from, to) = (tally.first.saturating_sub(grace), tally.first.saturating_add(LEAD));
        if lost(from, to) || starts.iter().any(|start| *start >= from && *start <= to) {
            tally.low = 0.0;
        }
    }
}

struct Slot {
    from: Time,
    low: f64,
    high: f64,
    first: Time,
    last: Time,
    doubt: Option<Truth>,
}

/// Which tallies the start of a new restart_marker excuses; `starts`, `grace` and the end of the entity's life in ticks.
///
/// Failures that end within the grace of a start do not count if the entity then lives on for as long; where that is
/// still open they may or may not count. A start that is cut short before is no success: three such in a row end the
/// exemption.
pub(crate) fn excuse(tallies: &mut Vec<Tally>, starts: &[Time], grace: Duration, now: Time, death: Time) {
    // One start may tell of itself twice.
    let (lead, near) = (LEAD, Duration::from_secs(120));
    let mut merged: Vec<Time> = Vec::new();
    let mut latest = Time::MIN;
    for &start in starts {
        // Lines within two minutes of each other tell of one start.
        if merged.is_empty() || start > latest.saturating_add(near) {
            merged.push(start);
        }
        latest = start;
    }
    let mut verdicts: Vec<(Time, Time, Verdict)> = Vec::new();
    for (index, &start) in merged.iter().enumerate() {
        let next = merged.get(index + 1).copied().unwrap_or(Time::MAX);
        let inside = tallies
            .iter()
            .filter(|tally| tally.first >= start.saturating_sub(lead) && tally.first < next.saturating_sub(lead));
        let last = inside.map(|tally| tally.last).max();
        let verdict = match last {
            None => Verdict::Success,
            Some(last) if last > start.saturating_add(grace) => Verdict::Fails,
            Some(last) => {
                let end = next.min(death);
                if end >= last.saturating_add(grace) && now >= last.saturating_add(grace) {
                    Verdict::Success
                } else if end < now && end < last.saturating_add(grace) {
                    Verdict::CutShort
                } else {
                    Verdict::Open
                }
            }
        };
        verdicts.push((start.saturating_sub(lead), next.saturating_sub(lead), verdict));
    }
    let mut run = 0;
    for at in 0..verdicts.len() {
        let short = matches!(verdicts.get(at), Some((_, _, Verdict::CutShort | Verdict::Fails)));
        run = if short { run + 1 } else { 0 };
        if run >= 3 {
            for (_, _, verdict) in verdicts.iter_mut().take(at + 1).skip(at + 1 - run) {
                *verdict = Verdict::Fails;
            }
        }
    }
    tallies.retain_mut(|tally| {
        let verdict = verdicts
            .iter()
            .find(|(from, to, _)| *from <= tally.first && tally.first < *to)
            .map(|(_, _, verdict)| *verdict);
        match verdict {
            None | Some(Verdict::Fails) => true,
            Some(Verdict::Success | Verdict::CutShort) => false,
            Some(Verdict::Open) => {
                tally.low = 0.0;
                true
            }
        }
    });
}

/// How an restart_marker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Its failures ended in time and it lived on.
    Success,
    /// Its failures outlast the grace.
    Fails,
    /// It ended before it could succeed.
    CutShort,
    /// It is too young to tell.
    Open,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Time {
        Time::from_ticks(minutes * 60 * crate::time::TICKS_PER_SECOND)
    }

    fn tally(minute: i64) -> Tally {
        Tally { bin: at(minute), low: 1.0, high: 1.0, first: at(minute), last: at(minute) }
    }

    fn left(failures: &[i64], starts: &[i64], now: i64) -> Vec<(i64, bool)> {
        let mut tallies: Vec<Tally> = failures.iter().copied().map(tally).collect();
        let starts: Vec<Time> = starts.iter().copied().map(at).collect();
        excuse(&mut tallies, &starts, Duration::from_secs(900), at(now), at(now + 1));
        tallies.iter().map(|tally| (tally.bin.ticks() / at(1).ticks(), tally.low > 0.0)).collect()
    }

    #[test]
    fn a_start_that_fails_for_three_minutes_and_lives_on_is_excused() {
        assert_eq!(left(&[100, 101, 102], &[100], 300), vec![]);
    }

    #[test]
    fn failures_beyond_the_grace_count_whole() {
        assert_eq!(left(&[100, 110, 120], &[100], 300).len(), 3);
    }

    #[test]
    fn a_young_start_stays_open() {
        assert_eq!(left(&[290, 292], &[290], 300), vec![(290, false), (292, false)]);
    }

    #[test]
    fn the_third_incarnation_without_success_ends_the_exemption() {
        let starts = [100, 110, 120, 130];
        let failures: Vec<i64> = (100..129).collect();
        assert_eq!(left(&failures, &starts, 300).len(), 29);
        assert_eq!(left(&[100, 101, 110, 111], &[100, 110], 300), vec![]);
    }

    #[test]
    fn failures_without_a_known_start_count() {
        assert_eq!(left(&[10, 20], &[100], 300).len(), 2);
    }
}
