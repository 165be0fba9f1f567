//! Entities in order, with the groups of those that evaluation cannot tell apart.
//!
//! Input: entities, and what makes them equivalent. Output: an [`EntitySet`]. Nothing here decides what makes entities
//! equivalent.

use std::collections::BTreeMap;

use crate::telemetry::entity::Entity;

/// A sorted set of entities with equivalence groups.
#[derive(Debug, Default)]
pub(crate) struct EntitySet {
    entities: Vec<Entity>,
    /// Per entity its group; `None` for an entity that is equivalent to no other.
    group: Vec<Option<usize>>,
    /// The positions of each group's members, sorted.
    members: Vec<Vec<usize>>,
    /// The positions of the entities that have exactly these keys, sorted.
    by_keys: Vec<(Vec<String>, Vec<usize>)>,
}

impl EntitySet {
    /// Entities with equal equivalence keys form a group; an entity without a key is in no group.
    pub(crate) fn new<K: Ord>(
        entities: impl IntoIterator<Item = Entity>,
        equivalence_key: impl Fn(&Entity) -> Option<K>,
    ) -> Self {
        let mut entities: Vec<Entity> = entities.into_iter().collect();
        entities.sort();
        entities.dedup();
        let mut known: BTreeMap<K, usize> = BTreeMap::new();
        let mut set = Self::default();
        for (position, entity) in entities.iter().enumerate() {
            let group = equivalence_key(entity).map(|key| {
                let next = known.len();
                *known.entry(key).or_insert(next)
            });
            set.group.push(group);
            if let Some(group) = group {
                set.members.resize_with(known.len(), Vec::new);
                set.members.get_mut(group).into_iter().for_each(|members| members.push(position));
            }
            let has_keys = |keys: &[String]| keys.iter().map(String::as_str).eq(entity.keys().map(|(key, _)| key));
            match set.by_keys.iter_mut().find(|(keys, _)| has_keys(keys)) {
                Some((_, positions)) => positions.push(position),
                None => {
                    set.by_keys.push((entity.keys().map(|(key, _)| key.to_owned()).collect(), vec![position]));
                }
            }
        }
        Self { entities, ..set }
    }

    /// Entities of which none is equivalent to another.
    pub(crate) fn without_groups(entities: &[Entity]) -> Self {
        Self::new(entities.iter().cloned(), |_| None::<()>)
    }

    /// The entities that `keep` selects, in their groups, and additional ones that are in no group.
    pub(crate) fn changed(&self, keep: impl Fn(&Entity) -> bool, additional: impl IntoIterator<Item = Entity>) -> Self {
        let kept: Vec<Entity> = self.entities.iter().filter(|entity| keep(entity)).cloned().collect();
        Self::new(kept.into_iter().chain(additional), |entity| self.group_of(entity))
    }

    /// The entities, sorted.
    pub(crate) fn entities(&self) -> &[Entity] {
        &self.entities
    }

    /// The entities with their groups, sorted.
    pub(super) fn with_groups(&self) -> impl Iterator<Item = (&Entity, Option<usize>)> {
        self.entities.iter().zip(self.group.iter().copied())
    }

    /// The members of each group, sorted.
    pub(super) fn groups(&self) -> impl Iterator<Item = impl Iterator<Item = &Entity>> {
        self.members.iter().map(move |members| members.iter().filter_map(move |at| self.entities.get(*at)))
    }

    /// The entity at a position, with its group.
    pub(super) fn at(&self, position: usize) -> Option<(&Entity, Option<usize>)> {
        Some((self.entities.get(position)?, self.group.get(position).copied().flatten()))
    }

    pub(crate) fn position(&self, entity: &Entity) -> Option<usize> {
        self.entities.binary_search(entity).ok()
    }

    pub(crate) fn contains(&self, entity: &Entity) -> bool {
        self.position(entity).is_some()
    }

    pub(super) fn group_of(&self, entity: &Entity) -> Option<usize> {
        self.position(entity).and_then(|position| self.group.get(position).copied().flatten())
    }

    /// Per set of keys the positions of the entities that have exactly these keys, sorted.
    pub(crate) fn by_keys(&self) -> impl Iterator<Item = (&[String], &[usize])> {
        self.by_keys.iter().map(|(keys, positions)| (keys.as_slice(), positions.as_slice()))
    }

    /// Whether another entity is within an entity of the set that is not the subject.
    pub(crate) fn covers(&self, entity: &Entity) -> bool {
        let mut keys = self.by_keys().map(|(keys, _)| keys).filter(|keys| !keys.is_empty());
        keys.any(|keys| keys.iter().all(|key| entity.value(key).is_some()) && self.contains(&entity.project(keys)))
    }

    /// Whether another entity is within an entity of the set, or contains one.
    pub(crate) fn has_related(&self, entity: &Entity) -> bool {
        self.by_keys().any(|(keys, positions)| {
            if keys.iter().all(|key| entity.value(key).is_some()) {
                self.contains(&entity.project(keys))
            } else {
                let is_coarser = entity.keys().all(|(key, _)| keys.iter().any(|own| own == key));
                let mut own = positions.iter().filter_map(|at| self.entities.get(*at));
                is_coarser && own.any(|own| own.is_within(entity))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_is_related_to_what_is_within_it() {
        let one = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let pod = |name: &str| Entity::new([one("pod", name)]);
        let both = |job: &str, pod: &str| Entity::new([one("job", job), one("pod", pod)]);
        let set = EntitySet::new([both("j", "p")], |_| None::<()>);
        assert!(set.has_related(&both("j", "p")) && set.has_related(&pod("p")) && set.has_related(&Entity::default()));
        assert!(set.covers(&both("j", "p")) && !set.covers(&pod("p")));
        assert!(!set.has_related(&pod("q")) && !set.has_related(&both("j", "q")));
    }
}
