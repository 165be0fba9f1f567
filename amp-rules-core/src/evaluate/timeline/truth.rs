//! Three truth values, and truth over time.
//!
//! [`Truth`] is strong Kleene logic with reasons for the unknown; [`Timeline`] is a step function of truth over the window.
//! Nothing here knows a rule or a source.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::diagnosis::UnknownReason;
use crate::time::{Time, Window};

/// A set of reasons, by its place in a [`ReasonInterner`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Reasons(u32);

/// Keeps every set of reasons once, so that truth values stay small.
#[derive(Debug, Default)]
pub(crate) struct ReasonInterner {
    inner: RefCell<Book>,
}

#[derive(Debug, Default)]
struct Book {
    sets: Vec<BTreeSet<UnknownReason>>,
    places: BTreeMap<BTreeSet<UnknownReason>, u32>,
    unions: BTreeMap<(u32, u32), u32>,
}

impl Book {
    fn place(&mut self, set: BTreeSet<UnknownReason>) -> u32 {
        if let Some(place) = self.places.get(&set) {
            return *place;
        }
        let place = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        self.sets.push(set.clone());
        self.places.insert(set, place);
        place
    }
}

impl ReasonInterner {
    /// The set that holds one reason.
    pub(crate) fn one(&self, reason: UnknownReason) -> Reasons {
        Reasons(self.inner.borrow_mut().place(BTreeSet::from([reason])))
    }

    /// Everything in either set.
    pub(crate) fn union(&self, a: Reasons, b: Reasons) -> Reasons {
        if a == b {
            return a;
        }
        let key = (a.0.min(b.0), a.0.max(b.0));
        let mut book = self.inner.borrow_mut();
        if let Some(place) = book.unions.get(&key) {
            return Reasons(*place);
        }
        let set: BTreeSet<UnknownReason> =
            [a.0, b.0].iter().filter_map(|at| book.sets.get(*at as usize)).flatten().cloned().collect();
        let place = book.place(set);
        book.unions.insert(key, place);
        Reasons(place)
    }

    /// The reasons of a set, sorted.
    pub(crate) fn list(&self, reasons: Reasons) -> Vec<UnknownReason> {
        self.inner.borrow().sets.get(reasons.0 as usize).map(|set| set.iter().cloned().collect()).unwrap_or_default()
    }
}

/// True, false, or unknown for reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    /// So, whatever was missing.
    True,
    /// Not so, whatever was missing.
    False,
    /// It depends on what was missing.
    Unknown(Reasons),
}

impl Truth {
    pub(crate) fn is_true(self) -> bool {
        matches!(self, Self::True)
    }

    pub(crate) fn is_false(self) -> bool {
        matches!(self, Self::False)
    }

    pub(crate) fn and(self, other: Self, book: &ReasonInterner) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            (Self::Unknown(a), Self::Unknown(b)) => Self::Unknown(book.union(a, b)),
            (Self::Unknown(a), Self::True) | (Self::True, Self::Unknown(a)) => Self::Unknown(a),
        }
    }

    pub(crate) fn or(self, other: Self, book: &ReasonInterner) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, Self::False) => Self::False,
            (Self::Unknown(a), Self::Unknown(b)) => Self::Unknown(book.union(a, b)),
            (Self::Unknown(a), Self::False) | (Self::False, Self::Unknown(a)) => Self::Unknown(a),
        }
    }

    pub(crate) fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown(reasons) => Self::Unknown(reasons),
        }
    }
}

/// A stretch of one truth value; it ends where the next begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Segment {
    pub(crate) from: Time,
    pub(crate) truth: Truth,
    /// The first evidence, where true; else the start.
    pub(crate) first: Time,
    /// The last evidence, where true; else the start.
    pub(crate) last: Time,
}

/// Truth over a window: segments that cover it without a hole, neighbours with different truth.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Timeline {
    window: Window,
    segments: Rc<[Segment]>,
}

impl Timeline {
    /// The same truth throughout.
    pub(crate) fn constant(window: Window, truth: Truth) -> Self {
        let segment = Segment { from: window.from, truth, first: window.from, last: window.to };
        Self { window, segments: Rc::new([segment]) }
    }

    /// From segments in order of time; the first must start at the window's start or before.
    pub(crate) fn from_segments(window: Window, segments: impl IntoIterator<Item = Segment>) -> Self {
        let mut out: Vec<Segment> = Vec::new();
        for mut segment in segments {
            if segment.from >= window.to {
                break;
            }
            segment.from = segment.from.max(window.from);
            match out.last_mut() {
                // A segment without length gives way to the one that starts at the same instant.
                Some(last) if last.from == segment.from => *last = segment,
                Some(last) if last.truth == segment.truth => last.last = last.last.max(segment.last),
                _ => out.push(segment),
            }
            // Two neighbours can become alike when one without length gave way.
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

    /// Segments with their ends.
    pub(crate) fn spans(&self) -> impl DoubleEndedIterator<Item = (Segment, Time)> + '_ {
        let ends = self.segments.iter().skip(1).map(|segment| segment.from).chain([self.window.to]);
        self.segments.iter().copied().zip(ends.collect::<Vec<_>>())
    }

    /// The one truth value, where there is only one.
    pub(crate) fn only(&self) -> Option<Truth> {
        match self.segments.as_ref() {
            [one] => Some(one.truth),
            _ => None,
        }
    }

    /// True if true somewhere, false if false everywhere, else unknown.
    pub(crate) fn overall(&self, book: &ReasonInterner) -> Truth {
        self.segments.iter().fold(Truth::False, |sum, segment| sum.or(segment.truth, book))
    }

    /// The truth at an instant.
    #[cfg(test)]
    pub(crate) fn at(&self, time: Time) -> Truth {
        let at = self.segments.partition_point(|segment| segment.from <= time);
        self.segments.get(at.saturating_sub(1)).map_or(Truth::False, |segment| segment.truth)
    }

    /// Each truth value mapped.
    pub(crate) fn map(&self, change: impl Fn(Truth) -> Truth) -> Self {
        let changed = self.spans().map(|(segment, end)| {
            let truth = change(segment.truth);
            if truth == segment.truth { segment } else { Segment { truth, first: segment.from, last: end, ..segment } }
        });
        Self::from_segments(self.window, changed)
    }

    /// Two functions combined instant by instant; `evidence` says whose evidence a true instant has.
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

    pub(crate) fn and(&self, other: &Self, book: &ReasonInterner) -> Self {
        match (self.only(), other.only()) {
            (Some(Truth::False), _) | (_, Some(Truth::True)) => self.clone(),
            (_, Some(Truth::False)) | (Some(Truth::True), _) => other.clone(),
            _ => self.zip(other, |a, b| a.and(b, book), |a, b| (a.first.max(b.first), a.last.min(b.last))),
        }
    }

    pub(crate) fn or(&self, other: &Self, book: &ReasonInterner) -> Self {
        match (self.only(), other.only()) {
            (Some(Truth::True), _) | (_, Some(Truth::False)) => self.clone(),
            (_, Some(Truth::True)) | (Some(Truth::False), _) => other.clone(),
            _ => self.zip(
                other,
                |a, b| a.or(b, book),
                |a, b| match (a.truth.is_true(), b.truth.is_true()) {
                    (true, false) => (a.first, a.last),
                    (false, true) => (b.first, b.last),
                    _ => (a.first.min(b.first), a.last.max(b.last)),
                },
            ),
        }
    }

    pub(crate) fn negated(&self) -> Self {
        self.map(Truth::negated)
    }

    /// This function inside `from..to`, another truth outside.
    pub(crate) fn within(&self, from: Time, to: Time, outside: Truth) -> Self {
        if from <= self.window.from && to >= self.window.to {
            return self.clone();
        }
        let segment = |from: Time, truth: Truth| Segment { from, truth, first: from, last: from };
        let mut out = vec![segment(self.window.from, outside)];
        for (inner, end) in self.spans() {
            if end > from && inner.from < to {
                let start = inner.from.max(from);
                let first = inner.first.max(start).min(to);
                out.push(Segment { from: start, first, last: inner.last.min(to).max(first), ..inner });
            }
        }
        if to < self.window.to {
            out.push(segment(to.max(self.window.from), outside));
        }
        Self::from_segments(self.window, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> Window {
        Window { from: Time::from_ticks(0), to: Time::from_ticks(100) }
    }

    fn steps(parts: &[(i64, Truth)]) -> Timeline {
        let at = Time::from_ticks;
        Timeline::from_segments(
            window(),
            parts.iter().map(|&(from, truth)| Segment { from: at(from), truth, first: at(from), last: at(from) }),
        )
    }

    #[test]
    fn conjunction_and_disjunction_follow_kleene_instant_by_instant() {
        let book = ReasonInterner::default();
        let unknown = Truth::Unknown(book.one(UnknownReason::Silent));
        let a = steps(&[(0, Truth::True), (50, Truth::False)]);
        let b = steps(&[(0, unknown), (25, Truth::True), (75, unknown)]);
        let parts = |steps: &Timeline| steps.segments().iter().map(|s| (s.from.ticks(), s.truth)).collect::<Vec<_>>();
        assert_eq!(parts(&a.and(&b, &book)), vec![(0, unknown), (25, Truth::True), (50, Truth::False)]);
        let either = a.or(&b, &book);
        assert_eq!(parts(&either), vec![(0, Truth::True), (75, unknown)]);
        assert_eq!(either.overall(&book), Truth::True);
    }

    #[test]
    fn neighbours_of_one_truth_are_one_segment() {
        let book = ReasonInterner::default();
        let merged = steps(&[(0, Truth::False), (10, Truth::True), (20, Truth::True), (30, Truth::False)]);
        assert_eq!(merged.segments().len(), 3);
        assert_eq!(merged.overall(&book), Truth::True);
        assert!(merged.at(Time::from_ticks(29)).is_true() && merged.at(Time::from_ticks(30)).is_false());
    }

    #[test]
    fn outside_its_life_an_entity_has_nothing() {
        let life = steps(&[(0, Truth::True)]).within(Time::from_ticks(10), Time::from_ticks(20), Truth::False);
        assert_eq!(life, {
            let at = Time::from_ticks;
            let part = |from: i64, truth, last: i64| Segment { from: at(from), truth, first: at(from), last: at(last) };
            Timeline::from_segments(
                window(),
                [part(0, Truth::False, 0), part(10, Truth::True, 10), part(20, Truth::False, 20)],
            )
        });
    }
}
