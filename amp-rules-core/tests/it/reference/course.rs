//! Truth over time, with what it shows about when something began and ended.
//!
//! Input: [`Timeline`]s of symptoms. Output: [`Course`]s and their connectives. A course excludes a fact only where its
//! channel was visible and a late line would have arrived; a number for the whole window has no time.

use std::collections::BTreeSet;

use amp_rules_core::time::Time;

use super::timeline::{Grid, Timeline, Truth};

/// Truth over time and its onsets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Course {
    pub(crate) truth: Timeline,
    /// Per cell the truth, but unknown where a false value does not exclude the fact.
    pub(crate) exclusion: Vec<Truth>,
    /// The instants at which counter-evidence ended it.
    pub(crate) ends: BTreeSet<Time>,
    /// Whether a part of it has no time.
    pub(crate) has_untimed_part: bool,
    /// The part of it that has times: the whole if no part is without one; `None` if all are.
    pub(crate) timed_part: Option<Box<Course>>,
}

impl Course {
    /// A course whose false values all exclude the fact.
    pub(crate) fn plain(truth: Timeline) -> Self {
        let exclusion = truth.iter().map(|cell| cell.truth.clone()).collect();
        Self { truth, exclusion, ends: BTreeSet::new(), has_untimed_part: false, timed_part: None }
    }

    /// The same truth without a time.
    pub(crate) fn without_time(self) -> Self {
        Self { has_untimed_part: true, timed_part: None, ..self }
    }

    pub(crate) fn holds(&self) -> bool {
        self.truth.iter().any(|cell| cell.truth == Truth::True)
    }

    fn is_never(&self) -> bool {
        self.truth.iter().all(|cell| cell.truth == Truth::False)
    }

    /// Whether it holds, or not, at some time in the window that is not known.
    pub(crate) fn is_timeless(&self) -> bool {
        self.has_untimed_part && !self.timed_part.as_ref().is_some_and(|timed| timed.holds())
    }

    /// The course that gives the time.
    pub(crate) fn timed(&self) -> &Self {
        self.timed_part.as_deref().filter(|timed| timed.holds()).unwrap_or(self)
    }

    /// Its part that has times, if any.
    fn with_times(&self) -> Option<&Self> {
        if self.has_untimed_part { self.timed_part.as_deref() } else { Some(self) }
    }

    fn is_only_untimed(&self) -> bool {
        self.has_untimed_part && self.timed_part.is_none()
    }
}

/// Several courses combined in each cell, without a judgement on which of them give the time.
fn combined(truth: Timeline, parts: &[Course], join: impl Fn(&[&Truth]) -> Truth) -> Course {
    let exclusion =
        (0..truth.len()).map(|at| join(&parts.iter().map(|part| &part.exclusion[at]).collect::<Vec<_>>())).collect();
    let ends = parts.iter().flat_map(|part| part.ends.iter().copied()).collect();
    Course { exclusion, ends, ..Course::plain(truth) }
}

impl Grid {
    /// The conjunction of courses. The parts with a time give the time: where they hold together, else where the whole does.
    pub(crate) fn all(&self, parts: &[Course]) -> Course {
        let truths = parts.iter().map(|part| &part.truth);
        let truth = truths.fold(self.constant(Truth::True), |all, part| self.and(&all, part));
        let whole = combined(truth, parts, |truths| truths.iter().fold(Truth::True, |all, one| all.and(one)));
        let with_times: Vec<&Course> = parts.iter().filter(|part| !part.is_only_untimed()).collect();
        if with_times.is_empty() {
            return if parts.is_empty() { whole } else { whole.without_time() };
        }
        if with_times.iter().all(|part| !part.has_untimed_part) {
            return whole;
        }
        let together: Vec<Course> = with_times.iter().filter_map(|part| part.with_times().cloned()).collect();
        let together = self.all(&together);
        // A part that has a time throughout gives it alone.
        let has_own_time = with_times.iter().any(|part| !part.has_untimed_part);
        if has_own_time && !together.holds() {
            return whole;
        }
        Course { has_untimed_part: true, timed_part: Some(Box::new(together)), ..whole }
    }

    /// The disjunction of courses. The parts with a time give the time if one holds; without any that holds, it has none.
    pub(crate) fn any(&self, parts: &[Course]) -> Course {
        let truths = parts.iter().map(|part| &part.truth);
        let truth = truths.fold(self.constant(Truth::False), |any, part| self.or(&any, part));
        let whole = combined(truth, parts, |truths| Truth::any(truths.iter().copied()));
        // A number that is not reached is no part of the disjunction, unless there is nothing else.
        let all_untimed = !parts.is_empty() && parts.iter().all(Course::is_only_untimed);
        if all_untimed {
            return whole.without_time();
        }
        let relevant: Vec<&Course> = parts.iter().filter(|part| !(part.is_only_untimed() && part.is_never())).collect();
        if relevant.iter().all(|part| !part.has_untimed_part) {
            return whole;
        }
        let timed: Vec<Course> = relevant.iter().filter_map(|part| part.with_times().cloned()).collect();
        Course { has_untimed_part: true, timed_part: Some(Box::new(self.any(&timed))), ..whole }
    }

    /// A course that is unknown where not every entity is known. That gives no time to what has none.
    pub(crate) fn where_known(&self, of: &Course, known: &Timeline) -> Course {
        let exclusion = of.exclusion.iter().zip(known).map(|(own, known)| own.and(&known.truth)).collect();
        let timed_part = of.timed_part.as_ref().map(|timed| Box::new(self.where_known(timed, known)));
        Course { truth: self.and(&of.truth, known), exclusion, timed_part, ..of.clone() }
    }

    pub(crate) fn not(&self, of: &Course) -> Course {
        let exclusion = of.exclusion.iter().map(Truth::not).collect();
        let negated = Course { exclusion, ..Course::plain(self.mapped(&of.truth, Truth::not)) };
        if of.is_only_untimed() { negated.without_time() } else { negated }
    }

    /// At least so many of several courses. If those without a time may be enough, the others give the time as in a
    /// disjunction.
    pub(crate) fn some_of(&self, parts: &[Course], wanted: f64) -> Course {
        let count = |truths: &[&Truth]| {
            let holding = truths.iter().filter(|truth| ***truth == Truth::True).count();
            let unknown = truths.iter().filter(|truth| truth.is_unknown()).count();
            if holding as f64 >= wanted {
                Truth::True
            } else if ((holding + unknown) as f64) < wanted {
                Truth::False
            } else {
                Truth::any(truths.iter().copied().filter(|truth| truth.is_unknown()))
            }
        };
        let truths: Vec<Timeline> = parts.iter().map(|part| part.truth.clone()).collect();
        let whole = combined(self.at_least(&truths, wanted), parts, count);
        if !parts.is_empty() && parts.iter().all(Course::is_only_untimed) {
            return whole.without_time();
        }
        let untimed: Vec<Timeline> =
            parts.iter().filter(|part| part.has_untimed_part).map(|part| part.truth.clone()).collect();
        let may_be_enough = self.at_least(&untimed, wanted).iter().any(|cell| cell.truth != Truth::False);
        if untimed.is_empty() || !may_be_enough {
            return whole;
        }
        let timed: Vec<Course> = parts.iter().filter_map(|part| part.with_times().cloned()).collect();
        Course { has_untimed_part: true, timed_part: Some(Box::new(self.any(&timed))), ..whole }
    }
}
