//! The status of a run.
//!
//! Input: a [`CausalAnalysis`]. Output: one [`Status`].

use std::collections::BTreeSet;

use super::unmatched::is_news;
use crate::diagnosis::{Grade, Role, Status};
use crate::evaluate::causality::CausalAnalysis;
use crate::evaluate::instances::PatternState;
use crate::rules::model::Class;
use crate::time::Time;

/// The status: without recent heartbeats only rows can show a problem; with members of the causal graph something is wrong;
/// then what is over, what is undecided, noise.
pub(super) fn status(analysis: &CausalAnalysis<'_>) -> Status {
    if !analysis.visibility().has_recent_heartbeat() {
        return if has_explained_problem_in_recent_rows(analysis) {
            Status::DiagnosedPartial
        } else {
            Status::InsufficientData
        };
    }
    if !analysis.graph.members.is_empty() {
        // Only what worsens others is there: what it worsens is not known.
        return match (analysis.roots.groups.is_empty(), is_fully_explained(analysis)) {
            (true, _) => Status::InsufficientData,
            (false, true) => Status::Diagnosed,
            (false, false) => Status::DiagnosedPartial,
        };
    }
    if !analysis.history.is_empty() {
        Status::Recovered
    } else if has_undecided_alarm(analysis) || has_unresolved(analysis) {
        Status::InsufficientData
    } else if analysis.roots.roles.values().any(|role| *role == Role::Noise) {
        Status::NoiseOnly
    } else if is_news(analysis.visibility()) {
        Status::NoKnownProblem
    } else {
        Status::Healthy
    }
}

/// Whether some instance that holds now may be more than noise.
fn has_unresolved(analysis: &CausalAnalysis<'_>) -> bool {
    let mut unresolved = analysis.roots.roles.iter().filter(|(_, role)| **role == Role::Unresolved);
    unresolved.any(|(number, _)| analysis.instances.get(*number).is_some_and(|one| one.is_active))
}

/// Whether a root that rows show shortly before the watermark explains a complaint or an impact, although no entity has a
/// recent heartbeat.
fn has_explained_problem_in_recent_rows(analysis: &CausalAnalysis<'_>) -> bool {
    let visibility = analysis.visibility();
    let since = visibility.watermark.saturating_sub(visibility.freshness());
    let is_recent = |number: &usize| {
        analysis
            .graph
            .episode(&analysis.instances, *number)
            .is_some_and(|episode| !episode.is_timeless && episode.last >= since)
    };
    let matters =
        |member: &usize| matches!(analysis.class_of(analysis.pattern_of(*member)), Class::Complaint | Class::Impact);
    let mut roots = analysis.roots.groups.iter().filter(|group| group.role == Role::Root);
    roots.any(|group| group.instances.iter().any(is_recent) && group.reached.iter().any(matters))
}

/// Whether no root is open, and roots explain every complaint and impact.
fn is_fully_explained(analysis: &CausalAnalysis<'_>) -> bool {
    let mut explained: BTreeSet<usize> = BTreeSet::new();
    let mut has_open_root = false;
    for group in analysis.roots.groups.iter().filter(|group| group.role == Role::Root) {
        has_open_root |= group.grade == Grade::Open;
        explained.extend(group.reached.iter().chain(&group.instances));
    }
    let matters =
        |member: &&usize| matches!(analysis.class_of(analysis.pattern_of(**member)), Class::Complaint | Class::Impact);
    !has_open_root && analysis.graph.members.iter().filter(matters).all(|member| explained.contains(member))
}

/// Whether some pattern that would be an alarm may hold.
fn has_undecided_alarm(analysis: &CausalAnalysis<'_>) -> bool {
    let visibility = analysis.visibility();
    let rule = |pattern: usize| visibility.rules.patterns.get(pattern);
    let is_alarm = |pattern: usize| match analysis.class_of(pattern) {
        Class::Cause | Class::Effect | Class::Impact | Class::Complaint => true,
        // A benign pattern that may be more than noise is an alarm as well.
        Class::Benign => rule(pattern).is_some_and(|rule| rule.noise_unless.is_some()),
        Class::Fact => false,
    };
    let since = visibility.watermark.saturating_sub(visibility.freshness());
    // An inventory that is incomplete now may lack entities at which any pattern of their kind may hold.
    let may_have_unknown_entities = |pattern: usize| {
        let scope = rule(pattern).map_or("", |rule| rule.pattern.scope.as_str());
        !visibility.inventory.is_complete_between(since, visibility.window.to) && !visibility.keys_of(scope).is_empty()
    };
    let is_recent = |(from, to): (Time, Time)| to > since && from < visibility.watermark.max(visibility.window.from);
    let is_unknown_now = |state: &PatternState| {
        let timeline = &state.timeline;
        let mut unknown = timeline.spans().filter(|(segment, _)| segment.truth.is_unknown());
        unknown.any(|(segment, end)| {
            (timeline.is_timeless() || is_recent((segment.from, end)))
                && !visibility.is_inherently_unknown(segment.truth)
        })
    };
    let mut alarms = analysis.instances.distinct_states().filter(|(pattern, _)| is_alarm(*pattern));
    alarms.any(|(pattern, state)| {
        let is_noise_now = state.is_active && state.escalated.is_false();
        (!is_noise_now && is_unknown_now(state))
            || (!visibility.is_inherently_unknown(state.truth) && may_have_unknown_entities(pattern))
    })
}
