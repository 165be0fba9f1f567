//! Every pattern that holds, with its evidence.
//!
//! Input: the instances that hold, with their roles. Output: [`Finding`]s, one per pattern, role and grade.

use std::collections::{BTreeMap, BTreeSet};

use super::activity::activity;
use super::evidence::EvidenceCollector;
use super::rank::{RankedGroup, earliest_onset};
use crate::diagnosis::{Activity, Finding, Grade, Role};
use crate::evaluate::causality::CausalAnalysis;
use crate::evaluate::entities::{distinguishing_attributes, scope_text};
use crate::evaluate::instances::Instance;
use crate::plan::UserReport;
use crate::telemetry::entity::Entity;
use crate::time::Time;

/// The findings by role, rank of the root, and pattern.
pub(super) fn findings(analysis: &CausalAnalysis<'_>, ranked: &[RankedGroup<'_>]) -> Vec<Finding> {
    // The first group of an instance counts.
    let ranks: BTreeMap<usize, usize> = ranked
        .iter()
        .enumerate()
        .rev()
        .flat_map(|(rank, one)| one.group.instances.iter().map(move |instance| (*instance, rank)))
        .collect();
    let mut grouped: BTreeMap<(Role, usize, usize, Option<Grade>), Vec<usize>> = BTreeMap::new();
    for (&number, &role) in &analysis.roots.roles {
        let Some(instance) = analysis.instances.get(number) else { continue };
        let (rank, grade) = match (role, ranks.get(&number)) {
            (Role::Root | Role::Independent, Some(&rank)) => (rank, ranked.get(rank).map(|one| one.group.grade)),
            _ => (usize::MAX, None),
        };
        grouped.entry((role, rank, instance.pattern, grade)).or_default().push(number);
    }
    let mut explained_by: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for link in &analysis.graph.links {
        explained_by.entry(link.to).or_default().insert(analysis.pattern_of(link.from));
    }
    let groups = grouped.into_iter();
    groups
        .filter_map(|((role, _, pattern, grade), instances)| {
            let causes = instances.iter().filter_map(|instance| explained_by.get(instance)).flatten();
            let causes: BTreeSet<String> = causes.map(|pattern| analysis.id(*pattern)).collect();
            finding(analysis, role, pattern, grade, &instances, causes)
        })
        .collect()
}

fn finding(
    analysis: &CausalAnalysis<'_>,
    role: Role,
    pattern: usize,
    grade: Option<Grade>,
    instances: &[usize],
    explained_by: BTreeSet<String>,
) -> Option<Finding> {
    let visibility = analysis.visibility();
    let rule = visibility.rules.patterns.get(pattern)?;
    let numbers = instances;
    let instances: Vec<Instance<'_>> = numbers.iter().filter_map(|one| analysis.instances.get(*one)).collect();
    let mut entities: Vec<Entity> = instances.iter().map(|one| one.entity.clone()).collect();
    entities.sort();
    let (scope, contrast) = scope_text(visibility, &entities);
    let evidence = EvidenceCollector::new(analysis);
    let is_reported = instances.iter().any(|one| one.is_reported);
    let (reported_since, reported_until) =
        if is_reported { reported_times(analysis, &rule.pattern.id, &entities) } else { (None, None) };
    let activity = activity(analysis, &analysis.graph, numbers.iter().copied());
    // What only users reported was last observed when they say that it ended.
    let only_reported = is_reported && instances.iter().all(|one| one.is_reported);
    let last = reported_until.filter(|_| only_reported).unwrap_or(activity.last);
    let activity = Activity { last, ..activity };
    Some(Finding {
        pattern: rule.pattern.id.clone(),
        title: rule.pattern.title.clone(),
        class: rule.pattern.class,
        role,
        grade,
        severity: rule.pattern.severity,
        scope,
        contrast,
        distinguishing_attributes: distinguishing_attributes(visibility, &entities),
        onset: earliest_onset(numbers.iter().map(|one| analysis.graph.onset(&analysis.instances, *one))),
        activity,
        flapping: instances.iter().any(|one| one.is_flapping),
        earlier: instances.iter().map(|one| one.episodes.len().saturating_sub(1)).max().unwrap_or(0),
        reported: is_reported,
        reported_since,
        reported_until,
        evidence: rule.symptoms.iter().filter_map(|symptom| evidence.of_holding(*symptom, &entities)).collect(),
        explained_by: explained_by.into_iter().collect(),
        owner: rule.pattern.owner.clone(),
        entities,
    })
}

/// Since when and until when users report a pattern at one of the entities: the earliest start, and the latest end unless a
/// report has none.
fn reported_times(analysis: &CausalAnalysis<'_>, pattern: &str, entities: &[Entity]) -> (Option<Time>, Option<Time>) {
    let scope = analysis.visibility().plan.scope();
    let names = |report: &UserReport, entity: &Entity| {
        let mut keys = report.entity.iter().filter(|(key, _)| !scope.subject.contains_key(*key));
        keys.all(|(key, value)| entity.value(key).is_some_and(|own| own.eq_ignore_ascii_case(value)))
    };
    let is_meant = |report: &&UserReport| report.pattern == pattern && entities.iter().any(|one| names(report, one));
    let reports: Vec<&UserReport> = scope.reports.iter().filter(is_meant).collect();
    let ends: Option<Vec<Time>> = reports.iter().map(|report| report.until).collect();
    (reports.iter().filter_map(|report| report.since).min(), ends.and_then(|ends| ends.into_iter().max()))
}
