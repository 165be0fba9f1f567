//! The status of a run.
//!
//! Input: a [`CausalAnalysis`]. Output: one [`Status`].

use std::collections::BTreeSet;

use super::unmatched::is_news;
use crate::diagnosis::{Grade, Role, Status};
use crate::evaluate::causality::CausalAnalysis;
use crate::evaluate::timeline::Truth;
use crate::rules::model::Class;

/// The status: without recent heartbeats nothing can be decided; with members of the causal graph something is wrong; else the
/// most severe of what is left.
pub(super) fn status(analysis: &CausalAnalysis<'_>) -> Status {
    if !analysis.visibility().has_recent_heartbeat() {
        return Status::InsufficientData;
    }
    if !analysis.graph.members.is_empty() {
        return if is_fully_explained(analysis) { Status::Diagnosed } else { Status::DiagnosedPartial };
    }
    let has = |wanted: Role| analysis.roots.roles.values().any(|role| *role == wanted);
    if has_undecided_alarm(analysis) || has(Role::Unresolved) {
        Status::InsufficientData
    } else if has(Role::Recovered) {
        Status::Recovered
    } else if has(Role::Noise) {
        Status::NoiseOnly
    } else if is_news(analysis.visibility()) {
        Status::NoKnownProblem
    } else {
        Status::Healthy
    }
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
    // An incomplete inventory may lack entities at which any pattern of their kind may hold.
    let may_have_unknown_entities = |pattern: usize| {
        let scope = rule(pattern).map_or("", |rule| rule.pattern.scope.as_str());
        !visibility.inventory.is_complete && !visibility.keys_of(scope).is_empty()
    };
    let mut alarms = analysis.instances.distinct_states().filter(|(pattern, _)| is_alarm(*pattern));
    alarms.any(|(pattern, state)| match state.truth {
        Truth::Unknown(_) => !visibility.is_inherently_unknown(state.truth),
        Truth::True | Truth::False => may_have_unknown_entities(pattern),
    })
}
