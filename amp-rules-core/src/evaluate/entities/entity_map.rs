//! A value per entity, stored once for a group of equivalent entities without data of their own.
//!
//! Input: an [`EntitySet`], the entities with data, and a function of an entity. Output: an [`EntityMap`]. Ten thousand symptoms
//! of three hundred quiet pods are ten thousand values, not three million.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::entity_set::EntitySet;
use crate::telemetry::entity::Entity;

/// A value per entity: entities with data have their own, the others share one with their group.
#[derive(Debug)]
pub(crate) struct EntityMap<T> {
    set: Rc<EntitySet>,
    own: BTreeMap<Entity, T>,
    /// By group; `None` if all members have their own value, or none has any.
    shared: Vec<Option<T>>,
}

impl<T> Default for EntityMap<T> {
    fn default() -> Self {
        Self { set: Rc::default(), own: BTreeMap::new(), shared: Vec::new() }
    }
}

impl<T> EntityMap<T> {
    /// Computes the value of every entity in `set` and `with_data`; entities of a group that are not in `with_data` share the
    /// value of the first of them.
    ///
    /// INVARIANT: if `value_of` returns `None` for an entity, it does so for every equivalent one, or each is in `with_data`.
    pub(crate) fn new(
        set: Rc<EntitySet>,
        with_data: &BTreeSet<Entity>,
        mut value_of: impl FnMut(&Entity) -> Option<T>,
    ) -> Self {
        let ungrouped = set.with_groups().filter(|(_, group)| group.is_none()).map(|(entity, _)| entity);
        let mut own: BTreeMap<Entity, T> = BTreeMap::new();
        for entity in with_data.iter().chain(ungrouped.filter(|entity| !with_data.contains(entity))) {
            own.extend(value_of(entity).map(|value| (entity.clone(), value)));
        }
        let shared = set
            .groups()
            .map(|mut members| members.find(|entity| !with_data.contains(entity)).and_then(&mut value_of))
            .collect();
        Self { set, own, shared }
    }

    pub(crate) fn entity_set(&self) -> &Rc<EntitySet> {
        &self.set
    }

    /// The entities that have a value of their own, sorted.
    pub(crate) fn with_own_value(&self) -> impl Iterator<Item = &Entity> {
        self.own.keys()
    }

    pub(crate) fn get(&self, entity: &Entity) -> Option<&T> {
        self.own.get(entity).or_else(|| self.shared(self.set.group_of(entity)))
    }

    /// The entity at a position of the set, with its value.
    pub(crate) fn at(&self, position: usize) -> Option<(&Entity, &T)> {
        let (entity, group) = self.set.at(position)?;
        Some((entity, self.own.get(entity).or_else(|| self.shared(group))?))
    }

    fn shared(&self, group: Option<usize>) -> Option<&T> {
        group.and_then(|group| self.shared.get(group)).and_then(Option::as_ref)
    }

    /// Every entity that has a value, sorted.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Entity, &T)> {
        let mut listed = self.set.with_groups().peekable();
        let mut own = self.own.iter().peekable();
        std::iter::from_fn(move || {
            loop {
                let Some((next, _)) = listed.peek() else { return own.next() };
                if let Some(before) = own.next_if(|(entity, _)| entity < next) {
                    return Some(before);
                }
                let (entity, group) = listed.next()?;
                let value = own.next_if(|(other, _)| *other == entity).map(|(_, value)| value);
                if let Some(value) = value.or_else(|| self.shared(group)) {
                    return Some((entity, value));
                }
            }
        })
    }

    /// The entities whose value passes a test, sorted. Groups that share a value which fails cost nothing.
    pub(crate) fn matching(&self, test: impl Fn(&T) -> bool) -> Vec<(&Entity, &T)> {
        let mut matching: Vec<(&Entity, &T)> = self.own.iter().filter(|(_, value)| test(value)).collect();
        for (members, value) in self.set.groups().zip(&self.shared) {
            let Some(value) = value.as_ref().filter(|value| test(value)) else { continue };
            matching.extend(members.filter(|entity| !self.own.contains_key(*entity)).map(|entity| (entity, value)));
        }
        matching.sort_by_key(|(entity, _)| *entity);
        matching
    }

    /// The same entities with other values. A shared value is mapped once, for one of the entities that share it.
    pub(crate) fn mapped<U>(&self, change: impl Fn(&Entity, &T) -> U) -> EntityMap<U> {
        let own = self.own.iter().map(|(entity, value)| (entity.clone(), change(entity, value))).collect();
        let shared = self.set.groups().zip(&self.shared).map(|(mut members, value)| {
            let entity = members.find(|entity| !self.own.contains_key(*entity))?;
            value.as_ref().map(|value| change(entity, value))
        });
        EntityMap { own, shared: shared.collect(), set: Rc::clone(&self.set) }
    }

    /// Every stored value; a shared one comes once.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.own.values().chain(self.shared.iter().flatten())
    }

    /// The positions in the set of the entities whose value passes a test, sorted.
    pub(crate) fn positions(&self, test: impl Fn(&T) -> bool) -> Vec<usize> {
        self.matching(test).into_iter().filter_map(|(entity, _)| self.set.position(entity)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str) -> Entity {
        Entity::new([("pod".to_owned(), name.to_owned())])
    }

    fn set() -> Rc<EntitySet> {
        // Names of one length are equivalent, except those of one letter.
        Rc::new(EntitySet::new(["b", "aa", "cc", "dd", "eee"].map(pod), |entity| {
            Some(entity.value("pod").map_or(0, str::len)).filter(|length| *length > 1)
        }))
    }

    #[test]
    fn equivalent_entities_share_a_value_and_entities_with_data_have_their_own() {
        let mut computed = Vec::new();
        let with_data = BTreeSet::from([pod("aa"), pod("zz")]);
        let map = EntityMap::new(set(), &with_data, |entity| {
            computed.push(entity.clone());
            Some(computed.len())
        });
        assert_eq!(computed, ["aa", "zz", "b", "cc", "eee"].map(pod));
        assert_eq!(map.get(&pod("dd")), map.get(&pod("cc")));
        assert_ne!(map.get(&pod("aa")), map.get(&pod("cc")));
        assert_eq!(map.get(&pod("ff")), None);
    }

    #[test]
    fn entities_come_in_order_wherever_their_value_is_stored() {
        let with_data = BTreeSet::from([pod("cc"), pod("bb"), pod("zz")]);
        let map = EntityMap::new(set(), &with_data, |entity| Some(entity.clone()));
        let names: Vec<&Entity> = map.iter().map(|(entity, _)| entity).collect();
        assert_eq!(names, ["aa", "b", "bb", "cc", "dd", "eee", "zz"].map(pod).iter().collect::<Vec<_>>());
    }

    #[test]
    fn positions_are_those_of_entities_whose_value_passes() {
        let map = EntityMap::new(set(), &BTreeSet::from([pod("cc")]), |entity| Some(*entity == pod("cc")));
        assert_eq!(map.positions(|is_cc| *is_cc), vec![2]);
        assert_eq!(map.positions(|is_cc| !is_cc), vec![0, 1, 3, 4]);
    }

    #[test]
    fn an_entity_without_a_value_is_not_in_the_map() {
        let with_data = BTreeSet::from(["aa", "cc", "dd"].map(pod));
        let map = EntityMap::new(set(), &with_data, |entity| (*entity != pod("cc")).then_some(()));
        assert_eq!(map.get(&pod("cc")), None);
        assert_eq!(map.iter().count(), 4);
    }
}
