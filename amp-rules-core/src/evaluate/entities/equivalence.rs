//! Which entities of a kind evaluation cannot tell apart.
//!
//! Input: the [`Inventory`] and the gaps of the answers. Output: an [`EntitySet`] per kind. Two entities are equivalent if no
//! evaluation of data-less entities can differ between them; a verdict on one then holds for the other.

use std::collections::BTreeSet;

use super::entity_set::EntitySet;
use super::inventory::Inventory;
use super::kinds::Kinds;
use crate::plan::Plan;
use crate::telemetry::entity::Entity;
use crate::telemetry::request::Request;
use crate::telemetry::source::{Answer, Completeness, SourceError};

/// Everything except its own name that evaluation may depend on for an entity without data.
///
/// Restarts are not part of it; a symptom that depends on them evaluates each entity by itself.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct EquivalenceKey {
    /// The equivalence classes of the lifetimes within it.
    lifetimes: Vec<usize>,
    /// Per group of entities with gaps whether the entity is affected.
    gaps: Vec<bool>,
    /// Its values of keys that other kinds have as well.
    shared: Entity,
}

/// All entities of a kind that existed within the window; `None` if no inventory lists the kind.
pub(super) fn entity_set(
    kinds: &Kinds<'_>,
    plan: &Plan,
    inventory: &Inventory,
    gaps: &BTreeSet<&[Entity]>,
    kind: &str,
) -> Option<EntitySet> {
    let keys = kinds.keys_of(kind);
    if keys.is_empty() {
        return Some(EntitySet::without_groups(&[Entity::default()]));
    }
    let is_listed = plan.requests().iter().any(|request| match request {
        Request::Inventory(inventory) => keys.iter().all(|key| inventory.reading.keys.contains(key)),
        _ => false,
    });
    if !is_listed {
        return None;
    }
    // An entity that may contain finer ones depends on them, so it is equivalent to no other.
    let is_finest =
        kinds.schema.entities.iter().all(|other| other.name == kind || !kinds.schema.contains(kind, &other.name));
    let own = kinds.own_keys(kind);
    let shared: Vec<String> = keys.iter().filter(|key| !own.contains(key)).cloned().collect();
    let of_kind = inventory.lifetimes.iter().filter(|one| keys.iter().all(|key| one.entity.value(key).is_some()));
    Some(EntitySet::new(of_kind.map(|one| one.entity.project(keys)), |entity| {
        is_finest.then(|| EquivalenceKey {
            lifetimes: inventory.within(entity).map(|lifetime| lifetime.equivalence_class).collect(),
            gaps: gaps.iter().map(|some| some.iter().any(|other| other.is_compatible(entity))).collect(),
            shared: entity.project(&shared),
        })
    }))
}

/// The groups of entities whose data some answer lacks, each once.
pub(super) fn entities_with_gaps(answers: &[Result<Answer, SourceError>]) -> BTreeSet<&[Entity]> {
    let gaps = answers.iter().flatten().filter_map(|answer| match &answer.completeness {
        Completeness::Partial(gaps) => Some(gaps),
        Completeness::Complete => None,
    });
    gaps.flatten().filter_map(|gap| gap.entities.as_deref()).collect()
}
