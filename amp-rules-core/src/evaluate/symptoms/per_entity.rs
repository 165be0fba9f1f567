//! One timeline per entity that a symptom applies to.
//!
//! Entities that differ only in their names share a timeline unless an answer has data of one of them.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::symptom_timeline::{SymptomTimeline, SymptomTimelines};
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::entities::{EntityMap, EntitySet};
use crate::evaluate::timeline::{Timeline, Truth};
use crate::rules::model::Lasts;
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::{Condition, Test};

/// The timelines of all entities that a symptom applies to: those of its kind in the inventory, and those in `with_data`.
pub(super) fn per_entity(
    visibility: &Visibility<'_>,
    symptom: &RuleSymptom,
    mut with_data: BTreeSet<Entity>,
    filter: &[Condition],
    timeline_of: impl Fn(&Entity) -> SymptomTimeline,
) -> SymptomTimelines {
    let entities = visibility.entity_set(&symptom.symptom.per).unwrap_or_default();
    if differs_without_data(visibility, symptom, filter) {
        with_data.extend(entities.entities().iter().cloned());
    }
    let applies = |entity: &Entity| !contradicts(entity, filter);
    let rest = timeline_of(&Entity::default()).timeline;
    let entities = EntityMap::new(entities, &with_data, |entity| applies(entity).then(|| timeline_of(entity)));
    SymptomTimelines { entities, rest }
}

/// The same truth for all entities that a symptom applies to.
pub(super) fn constant(
    visibility: &Visibility<'_>,
    symptom: &RuleSymptom,
    truth: Truth,
    filter: &[Condition],
) -> SymptomTimelines {
    per_entity(visibility, symptom, BTreeSet::new(), filter, |_| SymptomTimeline::constant(visibility, truth))
}

/// A symptom that is unknown for one reason at all entities.
pub(super) fn unknown(
    visibility: &Visibility<'_>,
    symptom: &RuleSymptom,
    reason: UnknownReason,
    filter: &[Condition],
) -> SymptomTimelines {
    constant(visibility, symptom, Truth::Unknown(visibility.reasons.one(reason)), filter)
}

/// The timelines of a symptom that watches others, at the entities of the first of them. An entity with data in any of
/// them has data.
pub(super) fn per_watched_entity(
    visibility: &Visibility<'_>,
    symptom: &RuleSymptom,
    first: &SymptomTimelines,
    others: Option<&SymptomTimelines>,
    timeline_of: impl Fn(&Entity, &Timeline) -> SymptomTimeline,
) -> SymptomTimelines {
    let watched = [Some(first), others].into_iter().flatten();
    let mut with_data: BTreeSet<Entity> =
        watched.flat_map(|timelines| timelines.entities.with_own_value()).cloned().collect();
    let entities = first.entities.entity_set();
    if differs_without_data(visibility, symptom, &[]) {
        with_data.extend(entities.entities().iter().cloned());
    }
    let rest = timeline_of(&Entity::default(), &first.rest).timeline;
    let entities = EntityMap::new(Rc::clone(entities), &with_data, |entity| {
        first.entities.get(entity).map(|own| timeline_of(entity, &own.timeline))
    });
    SymptomTimelines { entities, rest }
}

/// Whether a symptom can differ between equivalent entities although no answer has data of them.
fn differs_without_data(visibility: &Visibility<'_>, symptom: &RuleSymptom, filter: &[Condition]) -> bool {
    let watched = symptom.watches.and_then(|at| visibility.rules.symptoms.get(at));
    let watches_another_kind = watched.is_some_and(|watched| watched.symptom.per != symptom.symptom.per);
    let filters_by_name = || {
        let own = visibility.own_keys(&symptom.symptom.per);
        filter.iter().any(|condition| own.contains(&condition.name))
    };
    symptom.symptom.lasts == Some(Lasts::UntilRestart)
        || symptom.ends_when.is_some()
        || watches_another_kind
        || (!filter.is_empty() && filters_by_name())
}

/// The entities of a symptom's kind whose rows lack a column.
pub(super) fn entities_without_column(
    visibility: &Visibility<'_>,
    symptom: &RuleSymptom,
    missing_columns: &[(Entity, String)],
) -> BTreeSet<Entity> {
    if missing_columns.is_empty() {
        return BTreeSet::new();
    }
    let lacking: Vec<Entity> = missing_columns.iter().map(|(entity, _)| entity.clone()).collect();
    let lacking = EntitySet::without_groups(&lacking);
    let entities = visibility.entity_set(&symptom.symptom.per).unwrap_or_default();
    entities.entities().iter().filter(|entity| lacking.has_related(entity)).cloned().collect()
}

/// Whether the inventory lists an entity of the symptom's kind.
pub(super) fn is_listed(visibility: &Visibility<'_>, symptom: &RuleSymptom, entity: &Entity) -> bool {
    visibility.entity_set(&symptom.symptom.per).is_some_and(|entities| entities.contains(entity))
}

/// Whether an entity may exist. An entity that only a series or a result names does not exist if the inventory is complete
/// and has entities of its kind: metrics of a removed collector are no collector.
pub(super) fn may_exist(visibility: &Visibility<'_>, symptom: &RuleSymptom, entity: &Entity) -> bool {
    !visibility.inventory.is_fully_known()
        || visibility.entity_set(&symptom.symptom.per).is_none_or(|entities| entities.contains(entity))
}

/// The timeline at an entity that a symptom has no own timeline for: false if the inventory lists it, since the symptom
/// then does not apply to it.
pub(super) fn timeline_without_own(
    visibility: &Visibility<'_>,
    symptom: &RuleSymptom,
    timelines: &SymptomTimelines,
    entity: &Entity,
) -> Timeline {
    if is_listed(visibility, symptom, entity) { visibility.constant(Truth::False) } else { timelines.rest.clone() }
}

/// Whether the keys of an entity rule out that rows of it pass a filter.
fn contradicts(entity: &Entity, filter: &[Condition]) -> bool {
    filter
        .iter()
        .any(|condition| entity.value(&condition.name).is_some_and(|value| !key_passes(value, &condition.test)))
}

/// Whether a key's value passes a test. Tests that need a row pass. The comparison ignores case, because the spelling of a
/// folded key must not rule it out.
fn key_passes(value: &str, test: &Test) -> bool {
    let folded = value.to_ascii_lowercase();
    match test {
        Test::OneOf(texts) => texts.iter().any(|text| text.eq_ignore_ascii_case(value)),
        Test::Prefix(text) => folded.starts_with(&text.to_ascii_lowercase()),
        Test::Contains(text) => folded.contains(&text.to_ascii_lowercase()),
        Test::Not(inner) => match inner.as_ref() {
            Test::OneOf(_) | Test::Prefix(_) | Test::Contains(_) => !key_passes(value, inner),
            _ => true,
        },
        Test::Regex(_) | Test::Above(_) | Test::Below(_) | Test::Version(_) => true,
    }
}
