//! The order of the roots, and how severe each is.
//!
//! Input: a [`CausalAnalysis`]. Output: its root groups, the most important first.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::evidence::EvidenceCollector;
use crate::diagnosis::{Evidence, Grade, Onset, Role};
use crate::evaluate::causality::{CausalAnalysis, RootGroup};
use crate::rules::model::Severity;
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Comparison;
use crate::time::Time;

/// A root at less than this share of the live entities of its kind is at most a warning.
const SMALL_SHARE: f64 = 0.05;

/// A root group in its place among the others.
pub(super) struct RankedGroup<'a> {
    pub(super) group: &'a RootGroup,
    /// The patterns of the groups with an equal [`Key`], without its own, by id.
    pub(super) ties_with: Vec<usize>,
}

/// What ranks a root group; the smallest comes first, and only equal keys are ordered by id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// Roots come before independent problems.
    role: Role,
    /// What still holds comes before what is over.
    is_over: bool,
    /// Whether it explains a reported complaint or impact.
    explains_report: Reverse<bool>,
    grade: Grade,
    /// How many other patterns it explains, and how many instances.
    explained: Reverse<(usize, usize)>,
    missing_effects: usize,
    severity: Reverse<Severity>,
    /// Its share of the live entities, in millionths, so that the key is a total order.
    share: Reverse<u64>,
    onset: Onset,
    margin: Reverse<u64>,
    /// How many of its symptoms hold that are not weak, and in all.
    symptoms: Reverse<(usize, usize)>,
    /// The first evidence, and the last.
    first: Option<Time>,
    last: Reverse<Option<Time>>,
    /// How many entities have it.
    entities: Reverse<usize>,
}

/// The root groups by rank: roots before independent problems, then those that still hold, then those that explain a
/// reported complaint or impact, then by grade.
/// Where grades tie, the root that explains more comes first, then the one that began earlier, then the one whose evidence is
/// further from its thresholds.
pub(super) fn ranked<'a>(analysis: &'a CausalAnalysis<'_>) -> Vec<RankedGroup<'a>> {
    let keyed = analysis.roots.groups.iter().map(|group| (key(analysis, group), analysis.id(group.pattern), group));
    let mut keyed: Vec<_> = keyed.collect();
    keyed.sort_by(|(one, id, _), (other, other_id, _)| (one, id).cmp(&(other, other_id)));
    let ties = |key: &Key, own: usize| {
        let equal = keyed.iter().filter(|(other, _, group)| other == key && group.pattern != own);
        equal.map(|(_, _, group)| group.pattern).collect()
    };
    keyed.iter().map(|(key, _, group)| RankedGroup { group, ties_with: ties(key, group.pattern) }).collect()
}

fn key(analysis: &CausalAnalysis<'_>, group: &RootGroup) -> Key {
    let evidence = evidence(analysis, group);
    let mut patterns = analysis.patterns_of(&group.reached);
    patterns.retain(|pattern| *pattern != group.pattern);
    let strong = evidence.iter().filter(|one| !one.weak).count();
    Key {
        role: group.role,
        is_over: group.is_over,
        explains_report: Reverse(group.reached.iter().any(|one| is_reported(analysis, *one))),
        grade: group.grade,
        explained: Reverse((patterns.len(), group.reached.len())),
        missing_effects: group.missing_effects,
        severity: Reverse(severity(analysis, group)),
        share: Reverse((share(analysis, group) * 1e6) as u64),
        onset: onset(analysis, &group.instances),
        margin: Reverse(margin(&evidence)),
        symptoms: Reverse((strong, evidence.len())),
        first: evidence.iter().filter_map(|one| one.first).min(),
        last: Reverse(evidence.iter().filter_map(|one| one.last).max()),
        entities: Reverse(group.instances.len()),
    }
}

/// The evidence of a group, in the author's order.
fn evidence(analysis: &CausalAnalysis<'_>, group: &RootGroup) -> Vec<Evidence> {
    let instances = group.instances.iter().filter_map(|one| analysis.instances.get(*one));
    let mut entities: Vec<Entity> = instances.map(|one| one.entity.clone()).collect();
    entities.sort();
    let Some(rule) = analysis.visibility().rules.patterns.get(group.pattern) else { return Vec::new() };
    let collector = EvidenceCollector::new(analysis);
    rule.symptoms.iter().filter_map(|symptom| collector.of_holding(*symptom, &entities)).collect()
}

/// How far the evidence is beyond its thresholds: the greatest ratio of a number to its limit, or of the limit to a number
/// below it, in thousandths; numbers of weak symptoms count only if there are no others.
fn margin(evidence: &[Evidence]) -> u64 {
    let of = |is_weak: bool| {
        let numbers = evidence.iter().filter(|one| one.weak == is_weak);
        numbers.filter_map(|one| Some(ratio(one.value?, one.threshold?))).reduce(f64::max)
    };
    let ratio = of(false).or_else(|| of(true)).unwrap_or(0.0);
    (ratio * 1e3) as u64
}

/// The ratio of a number to its limit, in the direction of the comparison; infinite beyond a limit of 0.
fn ratio(value: f64, (comparison, limit): (Comparison, f64)) -> f64 {
    let (over, under) = match comparison {
        Comparison::Above | Comparison::AtLeast => (value, limit),
        Comparison::Below | Comparison::AtMost => (limit, value),
        Comparison::Equals => return 1.0,
    };
    over.abs() / under.abs()
}

/// Whether an instance is a complaint or an impact that a user reported, here or at another entity.
fn is_reported(analysis: &CausalAnalysis<'_>, instance: usize) -> bool {
    if analysis.instances.get(instance).is_some_and(|one| one.is_reported) {
        return true;
    }
    let pattern = analysis.pattern_of(instance);
    let reports = &analysis.visibility().plan.scope().reports;
    let id = analysis.id(pattern);
    analysis.class_of(pattern).can_be_reported() && reports.iter().any(|report| report.pattern == id)
}

/// The onset of a set of instances: the earliest of each bound.
pub(super) fn onset(analysis: &CausalAnalysis<'_>, instances: &BTreeSet<usize>) -> Onset {
    earliest_onset(instances.iter().map(|one| analysis.graph.onset(&analysis.instances, *one)))
}

/// The earliest of each bound; [`Time::MAX`] if there is no onset.
pub(super) fn earliest_onset(onsets: impl Iterator<Item = Onset>) -> Onset {
    onsets.fold(Onset { earliest: Time::MAX, latest: Time::MAX }, |first, one| Onset {
        earliest: first.earliest.min(one.earliest),
        latest: first.latest.min(one.latest),
    })
}

/// The share of the live entities of its kind that a group has, 0 to 1; 1 if their number is not known.
fn share(analysis: &CausalAnalysis<'_>, group: &RootGroup) -> f64 {
    let visibility = analysis.visibility();
    let first = group.instances.first().and_then(|one| analysis.instances.get(*one));
    let Some(kind) = first.and_then(|one| visibility.kind_of(one.entity)) else { return 1.0 };
    if visibility.entity_set(&kind.name).is_none() {
        return 1.0;
    }
    let live = visibility.live_entities(&kind.name).entities.len();
    if live == 0 { 1.0 } else { (group.instances.len() as f64 / live as f64).min(1.0) }
}

/// The highest severity of a group and of what it explains; at most a warning for a small share of the entities.
pub(super) fn severity(analysis: &CausalAnalysis<'_>, group: &RootGroup) -> Severity {
    let patterns = analysis.patterns_of(group.reached.iter().chain(&group.instances));
    let rules = patterns.into_iter().filter_map(|pattern| analysis.visibility().rules.patterns.get(pattern));
    let highest = rules.map(|rule| rule.pattern.severity).max().unwrap_or(Severity::Info);
    if share(analysis, group) < SMALL_SHARE { highest.min(Severity::Warning) } else { highest }
}
