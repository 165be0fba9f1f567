//! The roots of the report.
//!
//! Input: root groups in rank order. Output: [`Root`]s, ranked from 1.

use super::activity::activity;
use super::chain::chain;
use super::rank::{RankedGroup, onset, severity};
use crate::diagnosis::Root;
use crate::evaluate::causality::{CausalAnalysis, UpstreamCauses};
use crate::evaluate::entities::scope_text;
use crate::rules::model::Class;
use crate::telemetry::entity::Entity;

/// One root per group.
pub(super) fn roots(analysis: &CausalAnalysis<'_>, ranked: &[RankedGroup<'_>]) -> Vec<Root> {
    let ranks = 1..;
    ranked.iter().zip(ranks).filter_map(|(one, rank)| root(analysis, one, rank)).collect()
}

fn root(analysis: &CausalAnalysis<'_>, ranked: &RankedGroup<'_>, rank: u32) -> Option<Root> {
    let group = ranked.group;
    let visibility = analysis.visibility();
    let rule = visibility.rules.patterns.get(group.pattern)?;
    let numbers: Vec<usize> = group.instances.iter().copied().collect();
    let mut entities: Vec<Entity> =
        numbers.iter().filter_map(|one| analysis.instances.get(*one)).map(|one| one.entity.clone()).collect();
    entities.sort();
    let matters = |pattern: &&usize| matches!(analysis.class_of(**pattern), Class::Complaint | Class::Impact);
    Some(Root {
        pattern: rule.pattern.id.clone(),
        title: rule.pattern.title.clone(),
        role: group.role,
        grade: group.grade,
        rank,
        ties_with: ranked.ties_with.iter().map(|pattern| analysis.id(*pattern)).collect(),
        severity: severity(analysis, group),
        scope: scope_text(visibility, &entities).0,
        entities,
        onset: onset(analysis, &group.instances),
        activity: activity(analysis, &analysis.graph, numbers.iter().copied()),
        owner: rule.pattern.owner.clone(),
        in_loop: group.in_loop.iter().map(|pattern| analysis.id(*pattern)).collect(),
        why_not_confirmed: group.why_not_confirmed.iter().cloned().collect(),
        chain: chain(analysis, &analysis.graph, group),
        explains: analysis
            .patterns_of(&group.reached)
            .iter()
            .filter(matters)
            .map(|pattern| analysis.id(*pattern))
            .collect(),
        causes: UpstreamCauses::new(analysis).causes(group.pattern, &numbers),
    })
}
