//! How much could be seen.
//!
//! Input: a [`CausalAnalysis`]. Output: a [`Coverage`].

use std::collections::BTreeMap;

use super::unmatched::unmatched_errors;
use crate::diagnosis::Coverage;
use crate::evaluate::causality::CausalAnalysis;
use crate::evaluate::entities::{Visibility, scope_text};
use crate::evaluate::timeline::Truth;
use crate::rules::model::Class;
use crate::telemetry::entity::Entity;

/// Whether a pattern was decided at every entity, and observable at any.
#[derive(Clone, Copy)]
struct Decision {
    is_decided: bool,
    is_observable: bool,
}

pub(super) fn coverage(analysis: &CausalAnalysis<'_>) -> Coverage {
    let visibility = analysis.visibility();
    let mut decisions: BTreeMap<usize, Decision> = BTreeMap::new();
    for (pattern, state) in analysis.instances.distinct_states() {
        if matches!(analysis.class_of(pattern), Class::Fact | Class::Benign) {
            continue;
        }
        let is_observable = !visibility.is_inherently_unknown(state.truth);
        let is_unknown = matches!(state.truth, Truth::Unknown(_));
        let decision = decisions.entry(pattern).or_insert(Decision { is_decided: true, is_observable: false });
        decision.is_decided &= !is_unknown || !is_observable;
        decision.is_observable |= is_observable;
    }
    let observable: Vec<&Decision> = decisions.values().filter(|decision| decision.is_observable).collect();
    let decided = observable.iter().filter(|decision| decision.is_decided).count();
    let unobservable = decisions.iter().filter(|(_, decision)| !decision.is_observable);
    let unmatched = unmatched_errors(visibility);
    Coverage {
        visible: if observable.is_empty() { 0.0 } else { decided as f64 / observable.len() as f64 },
        blind: blind(visibility),
        unobservable: unobservable.map(|(pattern, _)| analysis.id(*pattern)).collect(),
        unmatched: unmatched.templates,
        unmatched_more: unmatched.more,
        unmatched_news: unmatched.news,
        unmatched_reasons: unmatched.reasons,
    }
}

/// Channels that were silent while their entity existed, as `table: entities`.
fn blind(visibility: &Visibility<'_>) -> Vec<String> {
    let mut blind: BTreeMap<&str, Vec<Entity>> = BTreeMap::new();
    for table in visibility.rules.schema.tables.values().filter(|table| !table.heartbeats.is_empty()) {
        for lifetime in &visibility.inventory.lifetimes {
            let activity = visibility.channel(table, &lifetime.entity);
            if !activity.unknown_before(visibility.watermark, &visibility.reasons).is_false() {
                blind.entry(&table.name).or_default().push(lifetime.entity.clone());
            }
        }
    }
    blind.into_iter().map(|(table, entities)| format!("{table}: {}", scope_text(visibility, &entities).0)).collect()
}
