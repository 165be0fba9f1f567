//! The entities of a kind that still exist at the watermark.
//!
//! Input: all entities of the kind and the [`Inventory`]. Output: [`LiveEntities`].

use std::collections::{BTreeMap, BTreeSet};

use super::entity_set::EntitySet;
use super::inventory::Inventory;
use crate::telemetry::entity::Entity;

/// Live entities of one kind.
#[derive(Debug, Default)]
pub(crate) struct LiveEntities {
    pub(crate) entities: BTreeSet<Entity>,
    /// Their number per group: the entities whose keys are equal except for the last one.
    pub(crate) groups: BTreeMap<Entity, usize>,
}

impl LiveEntities {
    /// `keys` are those of the kind.
    pub(super) fn new(set: &EntitySet, keys: &[String], inventory: &Inventory) -> Self {
        let group_keys = keys.split_last().map(|(_, group_keys)| group_keys).unwrap_or_default();
        let watermark = inventory.settings.watermark;
        let mut live = Self::default();
        for entity in set.entities().iter().filter(|entity| inventory.lifetime_of(entity).1 >= watermark) {
            *live.groups.entry(entity.project(group_keys)).or_default() += 1;
            live.entities.insert(entity.clone());
        }
        live
    }
}
