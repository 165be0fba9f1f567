//! Who there is of a kind, and what is said of each: once for all whom nothing but their names tells apart.
//!
//! Input: entities, and what makes them alike. Output: a [`EntitySet`], and [`EntityMap`]s over it that hold a value of their own
//! only for entities of which something is told. Ten thousand symptoms of three hundred quiet pods are ten thousand
//! values, not three million. What makes entities alike is the visibility's to say; nothing here judges.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::telemetry::entity::Entity;

/// Entities in order, with who is like whom.
#[derive(Debug, Default)]
pub(crate) struct EntitySet {
    entities: Vec<Entity>,
    /// Per entity the group of those it is like; `None` for one that is judged by itself.
    group: Vec<Option<usize>>,
    /// The places of each group's members, in order.
    members: Vec<Vec<usize>>,
    /// The places of the entities that have these keys, in order.
    by_keys: Vec<(Vec<String>, Vec<usize>)>,
}

impl EntitySet {
    /// Entities of equal likeness are alike; one without likeness is like none.
    pub(crate) fn new<L: Ord>(
        entities: impl IntoIterator<Item = Entity>,
        likeness: impl Fn(&Entity) -> Option<L>,
    ) -> Self {
        let mut entities: Vec<Entity> = entities.into_iter().collect();
        entities.sort();
        entities.dedup();
        let mut known: BTreeMap<L, usize> = BTreeMap::new();
        let mut roster = Self::default();
        for (place, entity) in entities.iter().enumerate() {
            let group = likeness(entity).map(|likeness| {
                let next = known.len();
                *known.entry(likeness).or_insert(next)
            });
            roster.group.push(group);
            if let Some(group) = group {
                roster.members.resize_with(known.len(), Vec::new);
                roster.members.get_mut(group).into_iter().for_each(|members| members.push(place));
            }
            let same = |own: &[String]| own.iter().map(String::as_str).eq(entity.keys().map(|(key, _)| key));
            match roster.by_keys.iter_mut().find(|(own, _)| same(own)) {
                Some((_, places)) => places.push(place),
                None => {
                    roster.by_keys.push((entity.keys().map(|(key, _)| key.to_owned()).collect(), vec![place]));
                }
            }
        }
        Self { entities, ..roster }
    }

    /// Entities of which each is like none.
    pub(crate) fn unparted(entities: &[Entity]) -> Self {
        Self::new(entities.iter().cloned(), |_| None::<()>)
    }

    /// Those whom `keep` keeps, as alike as they are here, and others who are like none.
    pub(crate) fn changed(&self, keep: impl Fn(&Entity) -> bool, others: impl IntoIterator<Item = Entity>) -> Self {
        let kept: Vec<Entity> = self.entities.iter().filter(|entity| keep(entity)).cloned().collect();
        Self::new(kept.into_iter().chain(others), |entity| self.group_of(entity))
    }

    /// In order.
    pub(crate) fn entities(&self) -> &[Entity] {
        &self.entities
    }

    pub(crate) fn place(&self, entity: &Entity) -> Option<usize> {
        self.entities.binary_search(entity).ok()
    }

    pub(crate) fn contains(&self, entity: &Entity) -> bool {
        self.place(entity).is_some()
    }

    fn group_of(&self, entity: &Entity) -> Option<usize> {
        self.place(entity).and_then(|place| self.group.get(place).copied().flatten())
    }

    /// The places of the entities that have certain keys, for each set of keys.
    pub(crate) fn by_keys(&self) -> impl Iterator<Item = (&[String], &[usize])> {
        self.by_keys.iter().map(|(keys, places)| (keys.as_slice(), places.as_slice()))
    }

    /// Whether another entity lies within one here, the subject apart.
    pub(crate) fn covers(&self, entity: &Entity) -> bool {
        let mut keys = self.by_keys().map(|(keys, _)| keys).filter(|keys| !keys.is_empty());
        keys.any(|keys| keys.iter().all(|key| entity.value(key).is_some()) && self.contains(&entity.project(keys)))
    }

    /// Whether an entity here is compatible with another.
    pub(crate) fn touches(&self, entity: &Entity) -> bool {
        self.by_keys().any(|(keys, places)| {
            if keys.iter().all(|key| entity.value(key).is_some()) {
                self.contains(&entity.project(keys))
            } else {
                let finer = entity.keys().all(|(key, _)| keys.iter().any(|own| own == key));
                finer && places.iter().filter_map(|at| self.entities.get(*at)).any(|own| own.is_within(entity))
            }
        })
    }
}

/// A value per entity: those of whom something is told have their own, the others share one with those they are like.
#[derive(Debug)]
pub(crate) struct EntityMap<T> {
    roster: Rc<EntitySet>,
    own: BTreeMap<Entity, T>,
    /// By group; `None` where all members have their own, or none has any.
    shared: Vec<Option<T>>,
}

impl<T> Default for EntityMap<T> {
    fn default() -> Self {
        Self { roster: Rc::default(), own: BTreeMap::new(), shared: Vec::new() }
    }
}

impl<T> EntityMap<T> {
    /// Judges everyone on the roster and everyone in `told`; of others than those in `told` one speaks for all alike.
    ///
    /// INVARIANT: where `judge` gives nothing for an entity, it gives nothing for any that is like it, or each is in `told`.
    pub(crate) fn new(
        roster: Rc<EntitySet>,
        told: &BTreeSet<Entity>,
        mut judge: impl FnMut(&Entity) -> Option<T>,
    ) -> Self {
        let alone = roster.entities.iter().zip(&roster.group).filter(|(_, group)| group.is_none());
        let mut own: BTreeMap<Entity, T> = BTreeMap::new();
        for entity in told.iter().chain(alone.map(|(entity, _)| entity).filter(|entity| !told.contains(entity))) {
            own.extend(judge(entity).map(|value| (entity.clone(), value)));
        }
        let shared = roster
            .members
            .iter()
            .map(|members| {
                let mut members = members.iter().filter_map(|place| roster.entities.get(*place));
                members.find(|entity| !told.contains(entity)).and_then(&mut judge)
            })
            .collect();
        Self { roster, own, shared }
    }

    pub(crate) fn roster(&self) -> &Rc<EntitySet> {
        &self.roster
    }

    /// Those who have a value of their own, in order.
    pub(crate) fn told(&self) -> impl Iterator<Item = &Entity> {
        self.own.keys()
    }

    pub(crate) fn get(&self, entity: &Entity) -> Option<&T> {
        self.own.get(entity).or_else(|| self.shared(self.roster.group_of(entity)))
    }

    /// The entity at a place of the roster, with its value.
    pub(crate) fn at(&self, place: usize) -> Option<(&Entity, &T)> {
        let entity = self.roster.entities.get(place)?;
        let group = self.roster.group.get(place).copied().flatten();
        Some((entity, self.own.get(entity).or_else(|| self.shared(group))?))
    }

    fn shared(&self, group: Option<usize>) -> Option<&T> {
        group.and_then(|group| self.shared.get(group)).and_then(Option::as_ref)
    }

    /// Every entity that has a value, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Entity, &T)> {
        let mut listed = self.roster.entities.iter().zip(&self.roster.group).peekable();
        let mut own = self.own.iter().peekable();
        std::iter::from_fn(move || {
            loop {
                let Some((next, _)) = listed.peek() else { return own.next() };
                if let Some(before) = own.next_if(|(told, _)| told < next) {
                    return Some(before);
                }
                let (entity, group) = listed.next()?;
                let value = own.next_if(|(told, _)| *told == entity).map(|(_, value)| value);
                if let Some(value) = value.or_else(|| self.shared(*group)) {
                    return Some((entity, value));
                }
            }
        })
    }

    /// Those whose value is wanted, in order. Costs nothing for those who share an unwanted one.
    pub(crate) fn those(&self, wanted: impl Fn(&T) -> bool) -> Vec<(&Entity, &T)> {
        let mut those: Vec<(&Entity, &T)> = self.own.iter().filter(|(_, value)| wanted(value)).collect();
        let shared = self.roster.members.iter().zip(&self.shared);
        for (members, value) in
            shared.filter_map(|(members, value)| Some((members, value.as_ref().filter(|value| wanted(value))?)))
        {
            let entities = members.iter().filter_map(|place| self.roster.entities.get(*place));
            those.extend(entities.filter(|entity| !self.own.contains_key(*entity)).map(|entity| (entity, value)));
        }
        those.sort_by_key(|(entity, _)| *entity);
        those
    }

    /// Every value, those that entities share once.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.own.values().chain(self.shared.iter().flatten())
    }

    /// The places on the roster whose value is wanted, in order.
    pub(crate) fn places(&self, wanted: impl Fn(&T) -> bool) -> Vec<usize> {
        self.those(wanted).into_iter().filter_map(|(entity, _)| self.roster.place(entity)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str) -> Entity {
        Entity::new([("pod".to_owned(), name.to_owned())])
    }

    fn roster() -> Rc<EntitySet> {
        // Names of one length are alike, but for those of one letter.
        Rc::new(EntitySet::new(["b", "aa", "cc", "dd", "eee"].map(pod), |entity| {
            Some(entity.value("pod").map_or(0, str::len)).filter(|length| *length > 1)
        }))
    }

    #[test]
    fn one_speaks_for_all_that_are_alike_and_told_ones_for_themselves() {
        let mut asked = Vec::new();
        let told = BTreeSet::from([pod("aa"), pod("zz")]);
        let ledger = EntityMap::new(roster(), &told, |entity| {
            asked.push(entity.clone());
            Some(asked.len())
        });
        assert_eq!(asked, ["aa", "zz", "b", "cc", "eee"].map(pod));
        assert_eq!(ledger.get(&pod("dd")), ledger.get(&pod("cc")));
        assert_ne!(ledger.get(&pod("aa")), ledger.get(&pod("cc")));
        assert_eq!(ledger.get(&pod("ff")), None);
    }

    #[test]
    fn everyone_comes_in_order_wherever_the_value_is_kept() {
        let told = BTreeSet::from([pod("cc"), pod("bb"), pod("zz")]);
        let ledger = EntityMap::new(roster(), &told, |entity| Some(entity.clone()));
        let names: Vec<&Entity> = ledger.iter().map(|(entity, _)| entity).collect();
        assert_eq!(names, ["aa", "b", "bb", "cc", "dd", "eee", "zz"].map(pod).iter().collect::<Vec<_>>());
    }

    #[test]
    fn places_are_those_of_whose_value_is_wanted() {
        let ledger = EntityMap::new(roster(), &BTreeSet::from([pod("cc")]), |entity| Some(*entity == pod("cc")));
        assert_eq!(ledger.places(|told| *told), vec![2]);
        assert_eq!(ledger.places(|told| !told), vec![0, 1, 3, 4]);
    }

    #[test]
    fn whoever_is_not_spoken_of_is_not_there() {
        let told = BTreeSet::from(["aa", "cc", "dd"].map(pod));
        let ledger = EntityMap::new(roster(), &told, |entity| (*entity != pod("cc")).then_some(()));
        assert_eq!(ledger.get(&pod("cc")), None);
        assert_eq!(ledger.iter().count(), 4);
    }

    #[test]
    fn a_coarser_thing_is_touched_by_what_lies_within_it() {
        let both = |a: &str, b: &str| Entity::new([("job".to_owned(), a.to_owned()), ("pod".to_owned(), b.to_owned())]);
        let roster = EntitySet::new([both("j", "p")], |_| None::<()>);
        assert!(roster.touches(&both("j", "p")) && roster.touches(&pod("p")) && roster.touches(&Entity::default()));
        assert!(roster.covers(&both("j", "p")) && !roster.covers(&pod("p")));
        assert!(!roster.touches(&pod("q")) && !roster.touches(&both("j", "q")));
    }
}
