//! Entities in words: `3 of 16 ReplicaSet pods`, `all 24 pods`, `the cluster`.
//!
//! Input: entities of a finding and the living ones. Output: text for reports, the same for the same sets.

use std::collections::{BTreeMap, BTreeSet};

use super::entity_set::EntitySet;
use super::visibility::{EntityLifetime, Visibility};
use crate::telemetry::entity::Entity;
use crate::telemetry::schema::EntityKind;

impl Visibility<'_> {
    /// The kind that an entity is of, by its keys.
    pub(crate) fn kind_of(&self, entity: &Entity) -> Option<&EntityKind> {
        self.rules.schema.entities.iter().find(|kind| {
            let keys = self.keys_of(&kind.name);
            keys.len() == entity.keys().len() && keys.iter().all(|key| entity.value(key).is_some())
        })
    }

    /// For whom something holds, and, where whole groups are spared, for whom it does not.
    pub(crate) fn scope_words(&self, entities: &[Entity]) -> (String, Option<String>) {
        let mut by_kind: BTreeMap<&str, Vec<&Entity>> = BTreeMap::new();
        for entity in entities {
            let kind = self.kind_of(entity).map_or("", |kind| kind.name.as_str());
            by_kind.entry(kind).or_default().push(entity);
        }
        let mut words = Vec::new();
        let mut contrasts = Vec::new();
        for (kind, named) in by_kind {
            if named.iter().all(|entity| entity.is_subject()) {
                let name = self.rules.schema.entities.first().map_or("subject", |kind| kind.name.as_str());
                words.push(format!("the {name}"));
                continue;
            }
            let (text, contrast) = self.kind_words(kind, &named);
            words.push(text);
            contrasts.extend(contrast);
        }
        (words.join(", "), (!contrasts.is_empty()).then(|| contrasts.join(", ")))
    }

    /// An attribute that all of the entities share and none of the other living ones has: `agentversion=6.21.0`.
    pub(crate) fn distinguished(&self, entities: &[Entity]) -> Vec<String> {
        if self.leaves.iter().all(|leaf| leaf.attributes.is_empty()) {
            return Vec::new();
        }
        let concerned = EntitySet::unparted(entities);
        let (inside, outside): (Vec<&EntityLifetime>, Vec<&EntityLifetime>) = self
            .leaves
            .iter()
            .filter(|leaf| leaf.death >= self.watermark)
            .partition(|leaf| concerned.covers(&leaf.entity));
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

    fn kind_words(&self, kind: &str, named: &[&Entity]) -> (String, Option<String>) {
        let coarser = self.keys_of(kind).split_last().map(|(_, coarser)| coarser).unwrap_or_default();
        if coarser.is_empty() || self.roster(kind).is_none() {
            return self.names(kind, named);
        }
        let living = self.living(kind);
        let named: BTreeSet<&Entity> = named.iter().copied().collect();
        let mut groups: BTreeMap<Entity, (usize, usize)> =
            living.groups.iter().map(|(group, all)| (group.clone(), (0, *all))).collect();
        let mut all = living.entities.len();
        for entity in &named {
            let entry = groups.entry(entity.project(coarser)).or_default();
            entry.0 += 1;
            let unlisted = usize::from(!living.entities.contains(*entity));
            entry.1 += unlisted;
            all += unlisted;
        }
        if all == named.len() && groups.len() != 1 {
            return (format!("all {all} {}", plural(kind, all)), None);
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

    fn names(&self, kind: &str, named: &[&Entity]) -> (String, Option<String>) {
        let own = self.keys_of(kind).last().map_or("", String::as_str);
        let names: Vec<&str> = named.iter().filter_map(|entity| entity.value(own)).collect();
        let shown = names.iter().take(3).copied().collect::<Vec<_>>().join(", ");
        let more = if names.len() > 3 { format!(" and {} more", names.len() - 3) } else { String::new() };
        (format!("{} {shown}{more}", plural(kind, names.len())), None)
    }
}

fn plural(kind: &str, count: usize) -> String {
    if count == 1 { kind.to_owned() } else { format!("{kind}s") }
}
