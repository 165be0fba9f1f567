//! Truth as a step function of time over the window: segments that cover it.

use std::rc::Rc;
use std::time::Duration;

use super::reason_interner::ReasonInterner;
use super::truth::Truth;
use crate::time::{Time, Window};

/// A period with one truth value. It ends where the next segment starts, or with the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Segment {
    pub(crate) from: Time,
    pub(crate) truth: Truth,
    /// The time of the first evidence if true, else the start.
    pub(crate) first: Time,
    /// The time of the last evidence if true, else the start.
    pub(crate) last: Time,
}

impl Segment {
    /// A segment without evidence: `first` and `last` are its start.
    pub(crate) fn new(from: Time, truth: Truth) -> Self {
        Self { from, truth, first: from, last: from }
    }
}

/// A period in which something is true, with the times of its first and last evidence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrueSpan {
    pub(crate) from: Time,
    /// Exclusive.
    pub(crate) to: Time,
    pub(crate) first: Time,
    pub(crate) last: Time,
}

/// Truth over a window: segments that cover it without gaps. Adjacent segments differ in truth.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StepFunction {
    window: Window,
    segments: Rc<[Segment]>,
}

impl StepFunction {
    /// The same truth over the whole window.
    pub(crate) fn constant(window: Window, truth: Truth) -> Self {
        let segment = Segment { from: window.from, truth, first: window.from, last: window.to };
        Self { window, segments: Rc::new([segment]) }
    }

    /// A timeline of segments in order of time. The first must start at the start of the window or before it.
    pub(crate) fn from_segments(window: Window, segments: impl IntoIterator<Item = Segment>) -> Self {
        let mut out: Vec<Segment> = Vec::new();
        for mut segment in segments {
            if segment.from >= window.to {
                break;
            }
            segment.from = segment.from.max(window.from);
            match out.last_mut() {
                // An empty segment is replaced by the one that starts at the same instant.
                Some(last) if last.from == segment.from => *last = segment,
                Some(last) if last.truth == segment.truth => last.last = last.last.max(segment.last),
                _ => out.push(segment),
            }
            // Replacing an empty segment can make two adjacent segments equal in truth.
            if let [.., a, b] = out.as_mut_slice()
                && a.truth == b.truth
            {
                a.last = a.last.max(b.last);
                out.pop();
            }
        }
        if out.is_empty() {
            return Self::constant(window, Truth::False);
        }
        Self { window, segments: out.into() }
    }

    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The segments with their exclusive ends.
    pub(crate) fn spans(&self) -> impl DoubleEndedIterator<Item = (Segment, Time)> + '_ {
        let ends = self.segments.iter().skip(1).map(|segment| segment.from).chain([self.window.to]);
        self.segments.iter().copied().zip(ends.collect::<Vec<_>>())
    }

    /// The truth value of a constant timeline; `None` if it changes.
    pub(crate) fn only(&self) -> Option<Truth> {
        match self.segments.as_ref() {
            [one] => Some(one.truth),
            _ => None,
        }
    }

    pub(crate) fn is_always_false(&self) -> bool {
        self.only() == Some(Truth::False)
    }

    /// True if true at some time, false if false at all times, else unknown.
    pub(crate) fn overall(&self, reasons: &ReasonInterner) -> Truth {
        Truth::any(self.segments.iter().map(|segment| segment.truth), reasons)
    }

    /// The segment at an instant; the first one for an instant before the window.
    pub(crate) fn segment_at(&self, time: Time) -> Option<&Segment> {
        let next = self.segments.partition_point(|segment| segment.from <= time);
        self.segments.get(next.saturating_sub(1))
    }

    /// The union of all unknown segments: false if there are none.
    pub(crate) fn unknown(&self, reasons: &ReasonInterner) -> Truth {
        Truth::any(self.segments.iter().map(|segment| segment.truth).filter(|truth| truth.is_unknown()), reasons)
    }

    /// False if the timeline is true until `end`; else unknown, for the reasons of its segments up to there. The segment
    /// at the start of the window always counts.
    pub(crate) fn unknown_before(&self, end: Time, reasons: &ReasonInterner) -> Truth {
        let before = self.segments.iter().filter(|segment| segment.from < end || segment.from == self.window.from);
        Truth::any(before.map(|segment| segment.truth).filter(|truth| !truth.is_true()), reasons)
    }

    /// False if the timeline is true in `from..to`; else unknown, for the reasons of its segments there.
    pub(crate) fn unknown_between(&self, from: Time, to: Time, reasons: &ReasonInterner) -> Truth {
        let inside = self.spans().filter(|(segment, end)| *end > from && segment.from < to);
        Truth::any(inside.map(|(segment, _)| segment.truth).filter(|truth| !truth.is_true()), reasons)
    }

    /// Whether the timeline is true throughout `from..to`.
    pub(crate) fn is_true_between(&self, from: Time, to: Time) -> bool {
        self.spans().all(|(segment, end)| segment.truth.is_true() || end <= from || segment.from >= to)
    }

    /// Each truth value mapped.
    pub(crate) fn map(&self, change: impl Fn(Truth) -> Truth) -> Self {
        let changed = self.spans().map(|(segment, end)| {
            let truth = change(segment.truth);
            if truth == segment.truth { segment } else { Segment { truth, first: segment.from, last: end, ..segment } }
        });
        Self::from_segments(self.window, changed)
    }

    /// Two timelines combined instant by instant. `evidence` returns the first and last evidence where the result is true.
    pub(crate) fn zip(
        &self,
        other: &Self,
        combine: impl Fn(Truth, Truth) -> Truth,
        evidence: impl Fn(&Segment, &Segment) -> (Time, Time),
    ) -> Self {
        let mut out = Vec::with_capacity(self.segments.len() + other.segments.len());
        let (mut i, mut j) = (0, 0);
        while let (Some(a), Some(b)) = (self.segments.get(i), other.segments.get(j)) {
            let from = a.from.max(b.from);
            let truth = combine(a.truth, b.truth);
            let (first, last) = if truth.is_true() { evidence(a, b) } else { (from, from) };
            out.push(Segment { from, truth, first: first.max(from), last: last.max(from) });
            let next_a = self.segments.get(i + 1).map_or(Time::MAX, |next| next.from);
            let next_b = other.segments.get(j + 1).map_or(Time::MAX, |next| next.from);
            if next_a == Time::MAX && next_b == Time::MAX {
                break;
            }
            if next_a <= next_b {
                i += 1;
            }
            if next_b <= next_a {
                j += 1;
            }
        }
        Self::from_segments(self.window, out)
    }

    pub(crate) fn and(&self, other: &Self, reasons: &ReasonInterner) -> Self {
        match (self.only(), other.only()) {
            (Some(Truth::False), _) | (_, Some(Truth::True)) => self.clone(),
            (_, Some(Truth::False)) | (Some(Truth::True), _) => other.clone(),
            _ => self.zip(other, |a, b| a.and(b, reasons), |a, b| (a.first.max(b.first), a.last.min(b.last))),
        }
    }

    pub(crate) fn or(&self, other: &Self, reasons: &ReasonInterner) -> Self {
        match (self.only(), other.only()) {
            (Some(Truth::True), _) | (_, Some(Truth::False)) => self.clone(),
            (_, Some(Truth::True)) | (Some(Truth::False), _) => other.clone(),
            _ => self.zip(
                other,
                |a, b| a.or(b, reasons),
                |a, b| match (a.truth.is_true(), b.truth.is_true()) {
                    (true, false) => (a.first, a.last),
                    (false, true) => (b.first, b.last),
                    _ => (a.first.min(b.first), a.last.max(b.last)),
                },
            ),
        }
    }

    /// The conjunction with something that is no evidence itself: where this is true, it keeps its own.
    pub(crate) fn restricted(&self, to: &Self, reasons: &ReasonInterner) -> Self {
        match to.only() {
            Some(Truth::True) => self.clone(),
            _ => self.zip(to, |own, to| own.and(to, reasons), |own, _| (own.first, own.last)),
        }
    }

    pub(crate) fn negated(&self) -> Self {
        self.map(Truth::negated)
    }

    /// This timeline in `from..to`, and a constant truth outside.
    pub(crate) fn within(&self, from: Time, to: Time, outside: Truth) -> Self {
        if from <= self.window.from && to >= self.window.to {
            return self.clone();
        }
        let mut out = vec![Segment::new(self.window.from, outside)];
        for (inner, end) in self.spans() {
            if end > from && inner.from < to {
                let start = inner.from.max(from);
                let first = inner.first.max(start).min(to);
                out.push(Segment { from: start, first, last: inner.last.min(to).max(first), ..inner });
            }
        }
        if to < self.window.to {
            out.push(Segment::new(to.max(self.window.from), outside));
        }
        Self::from_segments(self.window, out)
    }

    /// This timeline up to `end`; its last value before `end` then holds until the end of the window.
    pub(crate) fn frozen_at(&self, end: Time) -> Self {
        let kept = self.segments.iter().filter(|segment| segment.from < end || segment.from == self.window.from);
        Self::from_segments(self.window, kept.copied())
    }

    /// The same, with `unknown` where it is false within `delay` before a true segment.
    pub(crate) fn unknown_before_true(&self, delay: Duration, unknown: Truth) -> Self {
        let mut next_true = Time::MAX;
        let mut segments: Vec<Segment> = Vec::new();
        let spans: Vec<(Segment, Time)> = self.spans().collect();
        for &(segment, end) in spans.iter().rev() {
            match segment.truth {
                Truth::True => next_true = segment.from,
                Truth::False => {
                    let cut = next_true.saturating_sub(delay);
                    if cut < end {
                        segments.push(Segment::new(segment.from.max(cut), unknown));
                    }
                    if cut <= segment.from {
                        continue;
                    }
                }
                Truth::Unknown(_) => {}
            }
            segments.push(segment);
        }
        segments.reverse();
        Self::from_segments(self.window, segments)
    }

    /// Where `visible` is not true, a false value becomes unknown for the reasons of `visible`.
    pub(crate) fn unknown_where_hidden(&self, visible: &Self) -> Self {
        match visible.only() {
            Some(Truth::True) => self.clone(),
            _ => self.zip(
                visible,
                |truth, visible| if truth.is_false() && !visible.is_true() { visible } else { truth },
                |own, _| (own.first, own.last),
            ),
        }
    }

    /// The disjunction with spans that are true and carry their own evidence. The spans are in order of time.
    pub(crate) fn with_true_spans(&self, spans: impl IntoIterator<Item = TrueSpan>, reasons: &ReasonInterner) -> Self {
        let mut segments = Vec::new();
        let mut end_of_last = Time::MIN;
        for span in spans {
            let from = span.from.max(self.window.from);
            if segments.is_empty() {
                if from > self.window.from {
                    segments.push(Segment::new(self.window.from, Truth::False));
                }
            } else if from > end_of_last {
                segments.push(Segment::new(end_of_last, Truth::False));
            }
            segments.push(Segment { from, truth: Truth::True, first: span.first, last: span.last });
            end_of_last = end_of_last.max(span.to);
        }
        if segments.is_empty() {
            return self.clone();
        }
        if end_of_last < self.window.to {
            segments.push(Segment::new(end_of_last, Truth::False));
        }
        self.or(&Self::from_segments(self.window, segments), reasons)
    }

    /// Each true or unknown segment extended to a later end: `until` maps the end of a segment to the new one.
    pub(crate) fn extended(&self, until: impl Fn(Time) -> Time, reasons: &ReasonInterner) -> Self {
        let mut out = Self::constant(self.window, Truth::False);
        for (segment, end) in self.spans().filter(|(segment, _)| !segment.truth.is_false()) {
            let to = until(end).max(end);
            // The extension counts as evidence: the segment is active until its new end.
            let segment = Segment { last: segment.last.max(to.min(self.window.to)), ..segment };
            let extended = Self::from_segments(
                self.window,
                [Segment::new(self.window.from, Truth::False), segment, Segment::new(to, Truth::False)],
            );
            out = out.or(&extended, reasons);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::UnknownReason;

    fn window() -> Window {
        Window { from: Time::from_ticks(0), to: Time::from_ticks(100) }
    }

    fn timeline(parts: &[(i64, Truth)]) -> StepFunction {
        let segments = parts.iter().map(|&(from, truth)| Segment::new(Time::from_ticks(from), truth));
        StepFunction::from_segments(window(), segments)
    }

    #[test]
    fn conjunction_and_disjunction_follow_kleene_at_each_instant() {
        let reasons = ReasonInterner::default();
        let unknown = Truth::Unknown(reasons.one(UnknownReason::Silent));
        let a = timeline(&[(0, Truth::True), (50, Truth::False)]);
        let b = timeline(&[(0, unknown), (25, Truth::True), (75, unknown)]);
        let parts =
            |timeline: &StepFunction| timeline.segments().iter().map(|s| (s.from.ticks(), s.truth)).collect::<Vec<_>>();
        assert_eq!(parts(&a.and(&b, &reasons)), vec![(0, unknown), (25, Truth::True), (50, Truth::False)]);
        let either = a.or(&b, &reasons);
        assert_eq!(parts(&either), vec![(0, Truth::True), (75, unknown)]);
        assert_eq!(either.overall(&reasons), Truth::True);
    }

    #[test]
    fn adjacent_segments_with_the_same_truth_are_merged() {
        let reasons = ReasonInterner::default();
        let merged = timeline(&[(0, Truth::False), (10, Truth::True), (20, Truth::True), (30, Truth::False)]);
        assert_eq!(merged.segments().len(), 3);
        assert_eq!(merged.overall(&reasons), Truth::True);
        let at = |tick: i64| merged.segment_at(Time::from_ticks(tick)).unwrap().truth;
        assert!(at(29).is_true() && at(30).is_false());
    }

    #[test]
    fn a_late_line_hides_the_time_before_it() {
        let reasons = ReasonInterner::default();
        let unknown = Truth::Unknown(reasons.one(UnknownReason::NotIngestedYet));
        let lost = Truth::Unknown(reasons.one(UnknownReason::Silent));
        let ticks = |timeline: &StepFunction, delay: u64| {
            let delayed = timeline.unknown_before_true(Duration::from_nanos(delay * 100), unknown);
            delayed.segments().iter().map(|s| (s.from.ticks(), s.truth)).collect::<Vec<_>>()
        };
        let line = timeline(&[(0, Truth::False), (40, lost), (50, Truth::True), (60, Truth::False)]);
        assert_eq!(ticks(&line, 0), [(0, Truth::False), (40, lost), (50, Truth::True), (60, Truth::False)]);
        assert_eq!(
            ticks(&line, 15),
            [(0, Truth::False), (35, unknown), (40, lost), (50, Truth::True), (60, Truth::False)]
        );
        assert_eq!(ticks(&line, 70), [(0, unknown), (40, lost), (50, Truth::True), (60, Truth::False)]);
    }

    #[test]
    fn a_timeline_limited_to_a_period_is_false_outside_it() {
        let at = Time::from_ticks;
        let limited = timeline(&[(0, Truth::True)]).within(at(10), at(20), Truth::False);
        let part = |from: i64, truth, last: i64| Segment { from: at(from), truth, first: at(from), last: at(last) };
        let parts = [part(0, Truth::False, 0), part(10, Truth::True, 10), part(20, Truth::False, 20)];
        assert_eq!(limited, StepFunction::from_segments(window(), parts));
    }
}
