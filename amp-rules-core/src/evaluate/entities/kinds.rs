//! The entity kinds of a schema, without the keys of the subject.
//!
//! Input: a schema and a subject. Output: [`Kinds`]. All entities of one run share the subject's keys, so entities of the
//! evaluator leave them out; the subject itself is the entity without keys.

use std::collections::{BTreeMap, BTreeSet};

use crate::telemetry::entity::Entity;
use crate::telemetry::schema::{EntityKind, Schema};

/// The entity kinds of a schema with the keys that vary within the subject.
#[derive(Debug)]
pub(crate) struct Kinds<'a> {
    pub(super) schema: &'a Schema,
    keys: BTreeMap<&'a str, Vec<String>>,
}

impl<'a> Kinds<'a> {
    pub(super) fn new(schema: &'a Schema, subject: &BTreeMap<String, String>) -> Self {
        let varying = |keys: &[String]| keys.iter().filter(|key| !subject.contains_key(*key)).cloned().collect();
        let keys = schema.entities.iter().map(|kind| (kind.name.as_str(), varying(&kind.keys))).collect();
        Self { schema, keys }
    }

    /// The keys of a kind, in the schema's order; empty for the subject's kind and for an unknown one.
    pub(super) fn keys_of(&self, kind: &str) -> &[String] {
        self.keys.get(kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// The keys that entities of a kind have and those of no other kind.
    pub(super) fn own_keys(&self, kind: &str) -> Vec<String> {
        let others: BTreeSet<&String> = self
            .schema
            .entities
            .iter()
            .filter(|other| other.name != kind)
            .flat_map(|other| self.keys_of(&other.name))
            .collect();
        self.keys_of(kind).iter().filter(|key| !others.contains(key)).cloned().collect()
    }

    /// The keys of the coarsest kind; empty if they are the subject's.
    pub(super) fn coarsest_keys(&self) -> Vec<String> {
        self.schema.entities.first().map(|kind| self.keys_of(&kind.name).to_vec()).unwrap_or_default()
    }

    /// The kind that has exactly the keys of an entity.
    pub(super) fn kind_of(&self, entity: &Entity) -> Option<&'a EntityKind> {
        self.schema.entities.iter().find(|kind| {
            let keys = self.keys_of(&kind.name);
            keys.len() == entity.keys().len() && keys.iter().all(|key| entity.value(key).is_some())
        })
    }
}
