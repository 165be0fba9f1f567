//! Entities in words: `3 of 16 ReplicaSet pods`, `all 24 pods`, `the cluster`.
//!
//! Input: entities of a finding and the living ones. Output: text for reports, the same for the same sets.

use std::collections::{BTreeMap, BTreeSet};

use super::world::World;
use crate::entity::Entity;
use crate::schema::EntityKind;

impl World<'_> {
    /// The kind that an entity is of, by its keys.
    pub(crate) fn kind_of(&self, entity: &Entity) -> Option<&EntityKind> {
        let own: BTreeSet<&str> = entity.keys().map(|(key, _)| key).collect();
        self.rules.schema.entities.iter().find(|kind| {
            let keys = self.keys_of(&kind.name);
            keys.len() == own.len() && keys.iter().all(|key| own.contains(key.as_str()))
        })
    }

    /// Who lives of a kind near the watermark, with those that a finding names.
    fn living(&self, kind: &str, named: &[Entity]) -> BTreeSet<Entity> {
        let mut living: BTreeSet<Entity> = self
            .roster(kind)
            .iter()
            .flat_map(|roster| roster.entities().iter().cloned())
            .filter(|entity| self.life(entity).1 >= self.watermark)
            .collect();
        living.extend(named.iter().cloned());
        living
    }

    /// For whom something holds, and, where whole groups are spared, for whom it does not.
    pub(crate) fn scope_words(&self, entities: &[Entity]) -> (String, Option<String>) {
        let mut by_kind: BTreeMap<String, Vec<Entity>> = BTreeMap::new();
        for entity in entities {
            let kind = self.kind_of(entity).map_or_else(String::new, |kind| kind.name.clone());
            by_kind.entry(kind).or_default().push(entity.clone());
        }
        let mut words = Vec::new();
        let mut contrasts = Vec::new();
        for (kind, named) in by_kind {
            if named.iter().all(Entity::is_subject) {
                let name = self.rules.schema.entities.first().map_or("subject", |kind| kind.name.as_str());
                words.push(format!("the {name}"));
                continue;
            }
            let (text, contrast) = self.kind_words(&kind, &named);
            words.push(text);
            contrasts.extend(contrast);
        }
        (words.join(", "), (!contrasts.is_empty()).then(|| contrasts.join(", ")))
    }

    /// An attribute that all of the entities share and none of the other living ones has: `agentversion=6.21.0`.
    pub(crate) fn told_apart(&self, entities: &[Entity]) -> Vec<String> {
        let (inside, outside): (Vec<&super::world::Leaf>, Vec<&super::world::Leaf>) = self
            .leaves
            .iter()
            .filter(|leaf| leaf.death >= self.watermark)
            .partition(|leaf| entities.iter().any(|entity| !entity.is_subject() && leaf.entity.is_within(entity)));
        if inside.is_empty() || outside.is_empty() {
            return Vec::new();
        }
        let names: BTreeSet<&String> = inside.iter().flat_map(|leaf| leaf.attributes.keys()).collect();
        names
            .into_iter()
            .filter_map(|name| {
                let values: BTreeSet<Option<&String>> = inside.iter().map(|leaf| leaf.attributes.get(name)).collect();
                let value = match (values.len(), values.first()) {
                    (1, Some(Some(value))) => *value,
                    _ => return None,
                };
                outside
                    .iter()
                    .all(|leaf| leaf.attributes.get(name).is_some_and(|other| other != value))
                    .then(|| format!("{name}={value}"))
            })
            .collect()
    }

    fn kind_words(&self, kind: &str, named: &[Entity]) -> (String, Option<String>) {
        let keys = self.keys_of(kind);
        let own = keys.last().cloned().unwrap_or_default();
        let coarser: Vec<String> = keys.iter().filter(|key| **key != own).cloned().collect();
        let told = self.roster(kind).is_some();
        if !told || coarser.is_empty() {
            let names: Vec<&str> = named.iter().filter_map(|entity| entity.value(&own)).collect();
            let shown = names.iter().take(3).copied().collect::<Vec<_>>().join(", ");
            let more = if names.len() > 3 { format!(" and {} more", names.len() - 3) } else { String::new() };
            return (format!("{} {shown}{more}", plural(kind, names.len())), None);
        }
        let living = self.living(kind, named);
        let named: BTreeSet<&Entity> = named.iter().collect();
        if living.len() == named.len() {
            let groups: BTreeSet<Entity> = living.iter().map(|entity| entity.project(&coarser)).collect();
            if groups.len() != 1 {
                return (format!("all {} {}", living.len(), plural(kind, living.len())), None);
            }
        }
        let mut groups: BTreeMap<Entity, (usize, usize)> = BTreeMap::new();
        for entity in &living {
            let entry = groups.entry(entity.project(&coarser)).or_default();
            entry.1 += 1;
            entry.0 += usize::from(named.contains(entity));
        }
        let group_words = |group: &Entity| group.keys().map(|(_, value)| value).collect::<Vec<_>>().join(" ");
        let mut some = Vec::new();
        let mut none = Vec::new();
        for (group, (hit, all)) in groups {
            let what = format!("{} {}", group_words(&group), plural(kind, all));
            match hit {
                0 => none.push(format!("0 of {all} {what}")),
                1 if all == 1 => some.push(format!("the only {what}")),
                hit if hit == all => some.push(format!("all {all} {what}")),
                hit => some.push(format!("{hit} of {all} {what}")),
            }
        }
        (some.join(" and "), (!none.is_empty()).then(|| none.join(", ")))
    }
}

fn plural(kind: &str, count: usize) -> String {
    if count == 1 { kind.to_owned() } else { format!("{kind}s") }
}
