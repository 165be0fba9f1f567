//! Attributes that distinguish the entities of a finding: `agentversion=6.21.0`.
//!
//! Input: entities, and the attributes that heartbeats carry. Output: `name=value` texts, sorted.

use std::collections::BTreeSet;

use super::entity_set::EntitySet;
use super::lifetime::EntityLifetime;
use super::visibility::Visibility;
use crate::telemetry::entity::Entity;

/// The attributes that all live entities within the given ones share and no other live entity has.
///
/// An attribute that another live entity does not report distinguishes nothing: its value may be the same.
pub(crate) fn distinguishing_attributes(visibility: &Visibility<'_>, entities: &[Entity]) -> Vec<String> {
    let lifetimes = &visibility.inventory.lifetimes;
    if lifetimes.iter().all(|one| one.attributes.is_empty()) {
        return Vec::new();
    }
    let set = EntitySet::without_groups(entities);
    let live = lifetimes.iter().filter(|one| one.last_seen >= visibility.watermark);
    let (inside, outside): (Vec<&EntityLifetime>, Vec<&EntityLifetime>) = live.partition(|one| set.covers(&one.entity));
    if inside.is_empty() || outside.is_empty() {
        return Vec::new();
    }
    let names: BTreeSet<&String> = inside.iter().flat_map(|one| one.attributes.keys()).collect();
    let distinguishing = names.into_iter().filter_map(|name| {
        let values: BTreeSet<Option<&String>> = inside.iter().map(|one| one.attributes.get(name)).collect();
        let value = match (values.len(), values.first()) {
            (1, Some(Some(value))) => *value,
            _ => return None,
        };
        let differs = |one: &&EntityLifetime| one.attributes.get(name).is_some_and(|other| other != value);
        outside.iter().all(differs).then(|| format!("{name}={value}"))
    });
    distinguishing.collect()
}
