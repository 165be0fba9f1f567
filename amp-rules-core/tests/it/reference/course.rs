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
    /// Whether it holds at some time in the window that is not known.
    pub(crate) timeless: bool,
    /// The parts that give the time, if they are not the whole.
    pub(crate) times: Option<Box<Course>>,
}

impl Course {
    /// A course whose false values all exclude the fact.
    pub(crate) fn plain(truth: Timeline) -> Self {
        let exclusion = truth.iter().map(|cell| cell.truth.clone()).collect();
        Self { truth, exclusion, ends: BTreeSet::new(), timeless: false, times: None }
    }

    /// The course that gives the time.
    pub(crate) fn timed(&self) -> &Self {
        self.times.as_deref().unwrap_or(self)
    }

    pub(crate) fn holds(&self) -> bool {
        self.truth.iter().any(|cell| cell.truth == Truth::True)
    }

    fn may_hold(&self) -> bool {
        self.truth.iter().any(|cell| cell.truth != Truth::False)
    }

    /// The same truth without a time.
    pub(crate) fn timeless(self) -> Self {
        Self { timeless: true, ..self }
    }
}

fn cell_by_cell(a: &Course, b: &Course, join: fn(&Truth, &Truth) -> Truth) -> Vec<Truth> {
    a.exclusion.iter().zip(&b.exclusion).map(|(a, b)| join(a, b)).collect()
}

fn both_ends(a: &Course, b: &Course) -> BTreeSet<Time> {
    a.ends.union(&b.ends).copied().collect()
}

impl Grid {
    /// The conjunction of courses. The ones with a time give the time; without any, it has none.
    pub(crate) fn all(&self, parts: &[Course]) -> Course {
        let mut parts = parts.iter().cloned();
        let Some(first) = parts.next() else { return Course::plain(self.constant(Truth::True)) };
        parts.fold(first, |a, b| {
            let times = (a.times.is_some() || b.times.is_some())
                .then(|| self.all(&[a.timed().clone(), b.timed().clone()]))
                .filter(Course::holds);
            Course {
                truth: self.and(&a.truth, &b.truth),
                exclusion: cell_by_cell(&a, &b, Truth::and),
                ends: both_ends(&a, &b),
                timeless: a.timeless && b.timeless,
                times: times.map(Box::new),
            }
        })
    }

    /// The disjunction of courses. Those with a time that hold give the time; if only numbers without a time hold, it has
    /// none.
    pub(crate) fn any(&self, parts: &[Course]) -> Course {
        let mut parts = parts.iter().cloned();
        let Some(first) = parts.next() else { return Course::plain(self.constant(Truth::False)) };
        parts.fold(first, |a, b| {
            let whole = Course {
                truth: self.or(&a.truth, &b.truth),
                exclusion: cell_by_cell(&a, &b, Truth::or),
                ends: both_ends(&a, &b),
                timeless: false,
                times: None,
            };
            let (without, with): (Vec<&Course>, Vec<&Course>) = [&a, &b].into_iter().partition(|part| part.timeless);
            let may_hold_without = without.iter().any(|part| part.may_hold()) && !with.iter().any(|part| part.holds());
            if may_hold_without || with.is_empty() {
                return whole.timeless();
            }
            let holding: Vec<&Course> = with.into_iter().filter(|part| part.holds()).collect();
            let covered = without.iter().any(|part| part.holds()) || holding.iter().any(|part| part.times.is_some());
            let times = match holding.as_slice() {
                [one] if covered => Some(one.timed().clone()),
                [one, other] if covered => Some(self.any(&[one.timed().clone(), other.timed().clone()])),
                _ => None,
            };
            Course { times: times.map(Box::new), ..whole }
        })
    }

    pub(crate) fn not(&self, of: &Course) -> Course {
        Course {
            truth: self.mapped(&of.truth, Truth::not),
            exclusion: of.exclusion.iter().map(Truth::not).collect(),
            ends: BTreeSet::new(),
            timeless: of.timeless,
            times: None,
        }
    }

    /// At least so many of several courses. If those without a time are enough, the others give the time where any holds.
    pub(crate) fn some_of(&self, parts: &[Course], wanted: f64) -> Course {
        let truths: Vec<Timeline> = parts.iter().map(|part| part.truth.clone()).collect();
        let exclusions = (0..self.cells()).map(|at| {
            let here = |truth: fn(&Truth) -> bool| parts.iter().filter(|part| truth(&part.exclusion[at])).count();
            let (holding, unknown) = (here(|truth| *truth == Truth::True), here(Truth::is_unknown));
            if holding as f64 >= wanted {
                Truth::True
            } else if ((holding + unknown) as f64) < wanted {
                Truth::False
            } else {
                Truth::any(parts.iter().map(|part| &part.exclusion[at]).filter(|truth| truth.is_unknown()))
            }
        });
        let whole = Course {
            truth: self.at_least(&truths, wanted),
            exclusion: exclusions.collect(),
            ends: parts.iter().flat_map(|part| part.ends.iter().copied()).collect(),
            timeless: false,
            times: None,
        };
        let without = parts.iter().filter(|part| part.timeless && part.holds()).count();
        let holding: Vec<Course> =
            parts.iter().filter(|part| !part.timeless && part.holds()).map(|part| part.timed().clone()).collect();
        if without > 0 && without as f64 >= wanted {
            if holding.is_empty() {
                return whole.timeless();
            }
            return Course { times: Some(Box::new(self.any(&holding))), ..whole };
        }
        let timeless = !parts.is_empty() && parts.iter().all(|part| part.timeless);
        Course { timeless, ..whole }
    }
}
