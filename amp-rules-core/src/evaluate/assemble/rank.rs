//! The order of the roots, and how severe each is.
//!
//! Input: a [`CausalAnalysis`]. Output: its root groups, the most important first.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::diagnosis::Onset;
use crate::evaluate::causality::{CausalAnalysis, RootGroup};
use crate::rules::model::{Class, Severity};
use crate::time::Time;

/// A root at less than this share of the live entities of its kind is at most a warning.
const SMALL_SHARE: f64 = 0.05;

/// The root groups by rank: roots before independent problems, then those that still hold, then those that explain a reported complaint, then by grade,
/// number of explained patterns, missing effects, severity, share of entities, onset and id.
pub(super) fn ranked<'a>(analysis: &'a CausalAnalysis<'_>) -> Vec<&'a RootGroup> {
    let mut groups: Vec<&RootGroup> = analysis.roots.groups.iter().collect();
    groups.sort_by_cached_key(|group| {
        (
            group.role,
            group.is_over,
            Reverse(group.reached.iter().any(|instance| is_reported_complaint(analysis, *instance))),
            group.grade,
            Reverse(analysis.patterns_of(&group.reached).len()),
            group.missing_effects,
            Reverse(severity(analysis, group)),
            // In millionths, so that the key is a total order.
            Reverse((share(analysis, group) * 1e6) as u64),
            onset(analysis, &group.instances),
            analysis.id(group.pattern),
        )
    });
    groups
}

/// Whether an instance is a complaint that a user reported, here or at another entity.
fn is_reported_complaint(analysis: &CausalAnalysis<'_>, instance: usize) -> bool {
    if analysis.instances.get(instance).is_some_and(|one| one.is_reported) {
        return true;
    }
    let pattern = analysis.pattern_of(instance);
    let reports = &analysis.visibility().plan.scope().reports;
    let id = analysis.id(pattern);
    analysis.class_of(pattern) == Class::Complaint && reports.iter().any(|report| report.pattern == id)
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
