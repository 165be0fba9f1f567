//! Truth over a window, with what it says about times.
//!
//! A [`Timeline`] has the truth itself, and three things that only concern when something began and ended: where it is certain
//! that it had not begun yet (a late line does not prove a late onset), at which instants counter-evidence ended it, and
//! whether its parts have a time at all (a number for the whole window has none).

use std::rc::Rc;
use std::time::Duration;

use super::reason_interner::ReasonInterner;
use super::step_function::{Segment, StepFunction, TrueSpan};
use super::truth::Truth;
use crate::diagnosis::UnknownReason;
use crate::time::{Time, Window};

/// Truth over a window, with what it shows about times. Methods with the names of those of [`StepFunction`] read the truth.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Timeline {
    truth: StepFunction,
    /// Equal to the truth, or unknown where a false value does not exclude the fact; `None` if it is the truth.
    ///
    /// It bounds onsets from below. It goes through all connectives as the truth does.
    exclusion: Option<StepFunction>,
    /// The instants at which counter-evidence ended an occurrence; sorted.
    ends: Rc<[Time]>,
    timing: Timing,
}

/// Which parts of a truth have times.
#[derive(Clone, Debug, PartialEq)]
enum Timing {
    /// All.
    Timed,
    /// None: it holds, or not, at some time in the window.
    Timeless,
    /// These, beside others without a time.
    Partly(Rc<Timeline>),
}

impl From<StepFunction> for Timeline {
    fn from(truth: StepFunction) -> Self {
        Self { truth, exclusion: None, ends: Rc::new([]), timing: Timing::Timed }
    }
}

impl Timeline {
    /// The same truth over the whole window.
    pub(crate) fn constant(window: Window, truth: Truth) -> Self {
        StepFunction::constant(window, truth).into()
    }

    /// A timeline of segments in order of time. The first must start at the start of the window or before it.
    pub(crate) fn from_segments(window: Window, segments: impl IntoIterator<Item = Segment>) -> Self {
        StepFunction::from_segments(window, segments).into()
    }

    #[cfg(test)]
    fn truth(&self) -> &StepFunction {
        &self.truth
    }

    /// Where the fact is excluded: false there; unknown where it may hold although the truth is false.
    pub(crate) fn exclusion(&self) -> &StepFunction {
        self.exclusion.as_ref().unwrap_or(&self.truth)
    }

    /// The instants at which counter-evidence ended an occurrence; sorted.
    pub(crate) fn ends(&self) -> &[Time] {
        &self.ends
    }

    /// Whether it holds at some time in the window that is not known.
    pub(crate) fn is_timeless(&self) -> bool {
        match &self.timing {
            Timing::Timed => false,
            Timing::Timeless => true,
            Timing::Partly(timed) => !timed.holds(),
        }
    }

    /// The timeline that gives the times: the parts that have times if they hold, else this one.
    pub(crate) fn dated(&self) -> &Self {
        match &self.timing {
            Timing::Partly(timed) if timed.holds() => timed,
            Timing::Timed | Timing::Timeless | Timing::Partly(_) => self,
        }
    }

    /// The same truth without a time.
    pub(crate) fn timeless(self) -> Self {
        Self { timing: Timing::Timeless, ..self }
    }

    /// Whether it is true at some time.
    fn holds(&self) -> bool {
        self.truth.segments().iter().any(|segment| segment.truth.is_true())
    }

    /// The parts that have times; `None` if there are none.
    fn timed_parts(&self) -> Option<&Self> {
        match &self.timing {
            Timing::Timed => Some(self),
            Timing::Timeless => None,
            Timing::Partly(timed) => Some(timed),
        }
    }

    /// The same truth; facts may be older than their first evidence by `delay`.
    pub(crate) fn delayed(&self, delay: Duration, reasons: &ReasonInterner) -> Self {
        if delay.is_zero() || !self.truth.segments().iter().skip(1).any(|segment| segment.truth.is_true()) {
            return self.clone();
        }
        let unknown = Truth::Unknown(reasons.one(UnknownReason::NotIngestedYet));
        Self { exclusion: Some(self.exclusion().unknown_before_true(delay, unknown)), ..self.clone() }
    }

    /// The same truth; where `visible` is not true, a false value excludes nothing.
    pub(crate) fn hidden_where_not(&self, visible: &Self) -> Self {
        if visible.only() == Some(Truth::True) {
            return self.clone();
        }
        Self { exclusion: Some(self.exclusion().unknown_where_hidden(&visible.truth)), ..self.clone() }
    }

    /// The same with further instants at which counter-evidence ended an occurrence.
    pub(crate) fn with_ends(self, ends: impl IntoIterator<Item = Time>) -> Self {
        let ends = merged(&self.ends, &ends.into_iter().collect::<Vec<_>>());
        Self { ends, ..self }
    }

    pub(crate) fn segments(&self) -> &[Segment] {
        self.truth.segments()
    }

    /// The segments with their exclusive ends.
    pub(crate) fn spans(&self) -> impl DoubleEndedIterator<Item = (Segment, Time)> + '_ {
        self.truth.spans()
    }

    /// The truth value of a constant timeline; `None` if it changes.
    pub(crate) fn only(&self) -> Option<Truth> {
        self.truth.only()
    }

    /// True if true at some time, false if false at all times, else unknown.
    pub(crate) fn overall(&self, reasons: &ReasonInterner) -> Truth {
        self.truth.overall(reasons)
    }

    /// The union of all unknown segments: false if there are none.
    pub(crate) fn unknown(&self, reasons: &ReasonInterner) -> Truth {
        self.truth.unknown(reasons)
    }

    /// False if the timeline is true until `end`; else unknown, for the reasons of its segments up to there.
    pub(crate) fn unknown_before(&self, end: Time, reasons: &ReasonInterner) -> Truth {
        self.truth.unknown_before(end, reasons)
    }

    /// False if the timeline is true in `from..to`; else unknown, for the reasons of its segments there.
    pub(crate) fn unknown_between(&self, from: Time, to: Time, reasons: &ReasonInterner) -> Truth {
        self.truth.unknown_between(from, to, reasons)
    }

    /// Whether the timeline is true throughout `from..to`.
    pub(crate) fn is_true_between(&self, from: Time, to: Time) -> bool {
        self.truth.is_true_between(from, to)
    }

    /// Each truth value mapped.
    pub(crate) fn map(&self, change: impl Fn(Truth) -> Truth) -> Self {
        self.on_both(|steps| steps.map(&change))
    }

    pub(crate) fn negated(&self) -> Self {
        let timing = match self.timing {
            Timing::Timeless => Timing::Timeless,
            Timing::Timed | Timing::Partly(_) => Timing::Timed,
        };
        Self { ends: Rc::new([]), timing, ..self.on_both(StepFunction::negated) }
    }

    /// This timeline in `from..to`, and a constant truth outside.
    pub(crate) fn within(&self, from: Time, to: Time, outside: Truth) -> Self {
        self.on_both(|steps| steps.within(from, to, outside))
    }

    /// This timeline where an entity exists. When it exists gives no time to a part without one.
    pub(crate) fn where_it_exists(&self, exists: &Self, reasons: &ReasonInterner) -> Self {
        self.limited_by(exists, &|own, exists| own.restricted(exists, reasons))
    }

    /// This timeline where an entity exists, and true where it does not. That gives no time to a part without one either.
    pub(crate) fn or_absent(&self, is_absent: &Self, reasons: &ReasonInterner) -> Self {
        self.limited_by(is_absent, &|own, is_absent| own.or(is_absent, reasons))
    }

    /// Combined with a timeline that is no part of it: its parts keep their times.
    fn limited_by(&self, other: &Self, combine: &dyn Fn(&StepFunction, &StepFunction) -> StepFunction) -> Self {
        let timing = match &self.timing {
            Timing::Partly(timed) => Timing::Partly(Rc::new(timed.limited_by(other, combine))),
            Timing::Timed | Timing::Timeless => self.timing.clone(),
        };
        self.combined(other, timing, combine)
    }

    /// The disjunction of several timelines; false if there are none.
    pub(crate) fn any(window: Window, parts: impl IntoIterator<Item = Self>, reasons: &ReasonInterner) -> Self {
        // A neutral element would be a part with a time.
        let any = parts.into_iter().reduce(|any, part| any.or(&part, reasons));
        any.unwrap_or_else(|| Self::constant(window, Truth::False))
    }

    /// The conjunction of several timelines; true if there are none.
    pub(crate) fn all(window: Window, parts: impl IntoIterator<Item = Self>, reasons: &ReasonInterner) -> Self {
        // A neutral element would be a part with a time.
        let all = parts.into_iter().reduce(|all, part| all.and(&part, reasons));
        all.unwrap_or_else(|| Self::constant(window, Truth::True))
    }

    /// This timeline up to `end`; its last value before `end` then holds until the end of the window.
    pub(crate) fn frozen_at(&self, end: Time) -> Self {
        self.on_both(|steps| steps.frozen_at(end))
    }

    /// The disjunction with spans that are true and carry their own evidence. The spans are in order of time.
    pub(crate) fn with_true_spans(&self, spans: impl IntoIterator<Item = TrueSpan>, reasons: &ReasonInterner) -> Self {
        let spans: Vec<TrueSpan> = spans.into_iter().collect();
        self.on_both(|steps| steps.with_true_spans(spans.iter().copied(), reasons))
    }

    /// Each true or unknown segment extended to a later end: `until` maps the end of a segment to the new one.
    pub(crate) fn extended(&self, until: impl Fn(Time) -> Time, reasons: &ReasonInterner) -> Self {
        self.on_both(|steps| steps.extended(&until, reasons))
    }

    pub(crate) fn and(&self, other: &Self, reasons: &ReasonInterner) -> Self {
        let both = |a: &Self, b: &Self| a.and(b, reasons);
        let timing = match (&self.timing, &other.timing) {
            (Timing::Timeless, timing) | (timing, Timing::Timeless) => timing.clone(),
            (Timing::Timed, Timing::Timed) => Timing::Timed,
            (Timing::Partly(a), Timing::Partly(b)) => Timing::Partly(Rc::new(both(a, b))),
            (Timing::Partly(timed), Timing::Timed) => {
                Some(both(timed, other)).filter(Self::holds).map_or(Timing::Timed, |both| Timing::Partly(Rc::new(both)))
            }
            (Timing::Timed, Timing::Partly(timed)) => {
                Some(both(self, timed)).filter(Self::holds).map_or(Timing::Timed, |both| Timing::Partly(Rc::new(both)))
            }
        };
        self.combined(other, timing, |a, b| a.and(b, reasons))
    }

    pub(crate) fn or(&self, other: &Self, reasons: &ReasonInterner) -> Self {
        let is_absent_number = |one: &Self| one.timing == Timing::Timeless && one.truth.is_always_false();
        let timing = if is_absent_number(self) {
            other.timing.clone()
        } else if is_absent_number(other) {
            self.timing.clone()
        } else {
            match (self.timed_parts(), other.timed_parts()) {
                (None, None) => Timing::Timeless,
                (Some(timed), None) | (None, Some(timed)) => Timing::Partly(Rc::new(timed.clone())),
                (Some(_), Some(_)) if self.timing == Timing::Timed && other.timing == Timing::Timed => Timing::Timed,
                (Some(a), Some(b)) => Timing::Partly(Rc::new(a.or(b, reasons))),
            }
        };
        self.combined(other, timing, |a, b| a.or(b, reasons))
    }

    /// Several timelines combined at each instant. Where those without a time may be enough, the others give the time.
    pub(crate) fn of_parts(
        parts: &[Self],
        combine: impl Fn(&[&StepFunction]) -> StepFunction,
        reasons: &ReasonInterner,
    ) -> Self {
        let truths: Vec<&StepFunction> = parts.iter().map(|part| &part.truth).collect();
        let exclusions = || parts.iter().map(Self::exclusion).collect::<Vec<_>>();
        let ends = parts.iter().fold(Rc::from([]), |ends, part| merged(&ends, &part.ends));
        let untimed: Vec<&StepFunction> =
            parts.iter().filter(|part| part.timing != Timing::Timed).map(|part| &part.truth).collect();
        let is_covered = !untimed.is_empty() && !combine(&untimed).is_always_false();
        let timed = parts.iter().filter_map(Self::timed_parts).cloned().reduce(|any, part| any.or(&part, reasons));
        let timing = match timed {
            None if !parts.is_empty() => Timing::Timeless,
            Some(timed) if is_covered => Timing::Partly(Rc::new(timed)),
            Some(_) | None => Timing::Timed,
        };
        Self {
            truth: combine(&truths),
            exclusion: parts.iter().any(|part| part.exclusion.is_some()).then(|| combine(&exclusions())),
            ends,
            timing,
        }
    }

    /// Both step functions changed in the same way.
    fn on_both(&self, change: impl Fn(&StepFunction) -> StepFunction + Copy) -> Self {
        let timing = match &self.timing {
            Timing::Partly(timed) => Timing::Partly(Rc::new(timed.on_both(change))),
            Timing::Timed | Timing::Timeless => self.timing.clone(),
        };
        Self {
            truth: change(&self.truth),
            exclusion: self.exclusion.as_ref().map(change),
            ends: Rc::clone(&self.ends),
            timing,
        }
    }

    /// Truth and exclusion of two timelines combined.
    fn combined(
        &self,
        other: &Self,
        timing: Timing,
        combine: impl Fn(&StepFunction, &StepFunction) -> StepFunction,
    ) -> Self {
        let exclusion = (self.exclusion.is_some() || other.exclusion.is_some())
            .then(|| combine(self.exclusion(), other.exclusion()));
        Self { truth: combine(&self.truth, &other.truth), exclusion, ends: merged(&self.ends, &other.ends), timing }
    }
}

/// Two lists of instants as one, sorted, each once.
fn merged(one: &Rc<[Time]>, other: &[Time]) -> Rc<[Time]> {
    if other.is_empty() {
        return Rc::clone(one);
    }
    let mut all: Vec<Time> = one.iter().chain(other).copied().collect();
    all.sort_unstable();
    all.dedup();
    all.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> Window {
        Window { from: Time::from_ticks(0), to: Time::from_ticks(100) }
    }

    fn timeline(parts: &[(i64, Truth)]) -> Timeline {
        let segments = parts.iter().map(|&(from, truth)| Segment::new(Time::from_ticks(from), truth));
        Timeline::from_segments(window(), segments)
    }

    fn ends_of_false(steps: &StepFunction) -> Vec<i64> {
        let spans = steps.spans().filter(|(segment, _)| segment.truth.is_false());
        spans.map(|(_, end)| end.ticks()).collect()
    }

    #[test]
    fn a_delay_widens_only_the_lower_bound_and_goes_through_connectives() {
        let reasons = ReasonInterner::default();
        let late = timeline(&[(0, Truth::False), (50, Truth::True)]).delayed(Duration::from_nanos(2_000), &reasons);
        let prompt = timeline(&[(0, Truth::False), (40, Truth::True)]);
        assert_eq!(ends_of_false(late.truth()), [50]);
        assert_eq!(ends_of_false(late.exclusion()), [30]);
        // Both hold only once the later one does: the prompt one excludes the conjunction until 40.
        assert_eq!(ends_of_false(late.and(&prompt, &reasons).exclusion()), [40]);
        assert_eq!(ends_of_false(late.or(&prompt, &reasons).exclusion()), [30]);
    }

    #[test]
    fn the_parts_with_times_give_the_time() {
        let reasons = ReasonInterner::default();
        let number = Timeline::constant(window(), Truth::True).timeless();
        let line = timeline(&[(0, Truth::False), (50, Truth::True), (60, Truth::False)]);
        let both = number.and(&line, &reasons);
        assert!(!both.is_timeless() && both.dated() == &both && both.truth() == line.truth());
        let either = number.or(&line, &reasons);
        assert!(!either.is_timeless());
        assert_eq!(either.only(), Some(Truth::True));
        assert_eq!(either.dated().truth(), line.truth());
        let absent = Timeline::constant(window(), Truth::False);
        assert!(number.or(&absent, &reasons).is_timeless());
        assert!(!Timeline::constant(window(), Truth::False).timeless().or(&line, &reasons).is_timeless());
    }
}
