//! Who lives of each kind, and who of them is like whom.
//!
//! Input: the living things of a [`Visibility`]. Output: a [`EntitySet`] per kind, computed once. Two entities are alike where no
//! answer that is silent of both lets evaluation tell them apart, so that what is judged of one is so of the other.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::entity_set::EntitySet;
use super::visibility::{EntityLifetime, Visibility};
use crate::telemetry::entity::Entity;
use crate::telemetry::request::Request;
use crate::telemetry::source::{Answer, Completeness, SourceError};

/// What tells an entity from others of its kind, its own name apart: nothing in evaluation may depend on anything else of
/// an entity that no answer speaks of. Starts do; who looks at them judges each entity by itself.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct EquivalenceKey {
    /// The life of all below it.
    lives: Vec<usize>,
    /// Which gaps of answers concern it.
    gaps: Vec<bool>,
    /// What it has in common with things of other kinds.
    shared: Entity,
}

/// Who of a kind lives near the watermark.
#[derive(Debug, Default)]
pub(crate) struct LiveEntities {
    pub(crate) entities: BTreeSet<Entity>,
    /// How many of them have the same keys but for the last.
    pub(crate) groups: BTreeMap<Entity, usize>,
}

impl Visibility<'_> {
    /// Numbers the leaves, the same for those of whom evaluation cannot tell which is which.
    pub(crate) fn part_leaves(&mut self) {
        let mut known = BTreeMap::new();
        let numbers: Vec<usize> = self
            .leaves
            .iter()
            .map(|leaf| {
                let likeness = (leaf.birth, leaf.death, &leaf.lives, &leaf.channels, self.absences(leaf));
                let next = known.len();
                *known.entry(likeness).or_insert(next)
            })
            .collect();
        drop(known);
        for (leaf, number) in self.leaves.iter_mut().zip(numbers) {
            leaf.alike = number;
        }
        let keys = |leaf: &EntityLifetime| leaf.entity.keys().map(|(key, _)| key.to_owned()).collect::<BTreeSet<_>>();
        self.uniform = self.leaves.iter().map(keys).collect::<BTreeSet<_>>().len() <= 1;
    }

    /// All entities of a kind that lived within the window; `None` where no inventory tells of the kind.
    pub(crate) fn roster(&self, kind: &str) -> Option<Rc<EntitySet>> {
        if let Some(known) = self.rosters.borrow().get(kind) {
            return known.clone();
        }
        let roster = self.find_roster(kind).map(Rc::new);
        self.rosters.borrow_mut().insert(kind.to_owned(), roster.clone());
        roster
    }

    fn find_roster(&self, kind: &str) -> Option<EntitySet> {
        let keys = self.keys_of(kind);
        if keys.is_empty() {
            return Some(EntitySet::unparted(&[Entity::default()]));
        }
        let told = self.plan.requests().iter().any(|request| match request {
            Request::Inventory(inventory) => keys.iter().all(|key| inventory.reading.keys.contains(key)),
            _ => false,
        });
        let of_kind = self.leaves.iter().filter(|leaf| keys.iter().all(|key| leaf.entity.value(key).is_some()));
        told.then(|| self.parted(kind, of_kind.map(|leaf| leaf.entity.project(keys))))
    }

    /// Entities of a kind with who is like whom. A thing of a kind that may hold finer ones is like none.
    fn parted(&self, kind: &str, entities: impl Iterator<Item = Entity>) -> EntitySet {
        let schema = &self.rules.schema;
        let finest = schema.entities.iter().all(|other| other.name == kind || !schema.contains(kind, &other.name));
        let own = self.own_keys(kind);
        let shared: Vec<String> = self.keys_of(kind).iter().filter(|key| !own.contains(key)).cloned().collect();
        EntitySet::new(entities, |entity| {
            finest.then(|| EquivalenceKey {
                lives: self.leaves_of(entity).map(|leaf| leaf.alike).collect(),
                gaps: self.gaps.iter().map(|some| some.iter().any(|other| other.is_compatible(entity))).collect(),
                shared: entity.project(&shared),
            })
        })
    }

    /// Who of a kind lives near the watermark; nobody where no inventory tells of the kind.
    pub(crate) fn living(&self, kind: &str) -> Rc<LiveEntities> {
        if let Some(known) = self.living.borrow().get(kind) {
            return Rc::clone(known);
        }
        let mut living = LiveEntities::default();
        let coarser = self.keys_of(kind).split_last().map(|(_, coarser)| coarser).unwrap_or_default();
        let roster = self.roster(kind).unwrap_or_default();
        for entity in roster.entities().iter().filter(|entity| self.life(entity).1 >= self.watermark) {
            *living.groups.entry(entity.project(coarser)).or_default() += 1;
            living.entities.insert(entity.clone());
        }
        let living = Rc::new(living);
        self.living.borrow_mut().insert(kind.to_owned(), Rc::clone(&living));
        living
    }

    /// The keys that entities of a kind have and those of no other.
    pub(crate) fn own_keys(&self, kind: &str) -> Vec<String> {
        let others: BTreeSet<&String> = self
            .rules
            .schema
            .entities
            .iter()
            .filter(|other| other.name != kind)
            .flat_map(|other| self.keys_of(&other.name))
            .collect();
        self.keys_of(kind).iter().filter(|key| !others.contains(key)).cloned().collect()
    }
}

/// Whose data the gaps of answers concern, each group once.
pub(crate) fn gaps_of(answers: &[Result<Answer, SourceError>]) -> BTreeSet<&[Entity]> {
    let gaps = answers.iter().flatten().filter_map(|answer| match &answer.completeness {
        Completeness::Partial(gaps) => Some(gaps),
        Completeness::Complete => None,
    });
    gaps.flatten().filter_map(|gap| gap.entities.as_deref()).collect()
}
