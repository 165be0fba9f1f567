//! Resolves the entity selectors of a scenario: groups, key ranges and patterns.
//!
//! Input: the `entities:` of a file and selectors such as `rs/1..3` or `{ podname: '*-1' }`. Output: entities as [`Keys`].

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::rules::syntax::{EntityText, GivenText};
use amp_rules_core::telemetry::schema::Schema;

use super::cells::did_you_mean;
use super::model::{Keys, ScenarioError};
use super::notation::names;

/// The entity groups of a file by name, and all named entities.
pub(super) struct EntityGroups<'a> {
    groups: BTreeMap<String, Vec<Keys>>,
    pub(super) named: BTreeSet<Keys>,
    schema: &'a Schema,
}

impl<'a> EntityGroups<'a> {
    /// The groups of a file. Named are the members of the groups and all entities that the file gives by keys.
    pub(super) fn of_scenario(given: &GivenText, schema: &'a Schema) -> Result<Self, ScenarioError> {
        let mut all = Self::of_background(given, BTreeSet::new(), schema)?;
        all.named = all.groups.values().flatten().cloned().collect();
        let rows = given.logs.iter().chain(&given.events).flat_map(|(_, rows)| rows).map(|rows| &rows.entity);
        let series = given.metrics.iter().map(|series| &series.entity);
        let active = given.alive.iter().flatten().map(|active| &active.entity);
        for selector in rows.chain(series).chain(active).flatten() {
            if let EntityText::Keys(keys, _) = selector
                && !has_pattern(keys)
            {
                let members = all.by_keys(keys)?;
                all.named.extend(members);
            }
        }
        all.named.remove(&Keys::new());
        Ok(all)
    }

    /// The groups of a background, whose patterns select from the named entities of the scenario.
    ///
    /// A group may select by pattern from the groups before it, in the order of their names.
    pub(super) fn of_background(
        given: &GivenText,
        named: BTreeSet<Keys>,
        schema: &'a Schema,
    ) -> Result<Self, ScenarioError> {
        let mut all = Self { groups: BTreeMap::new(), named: BTreeSet::new(), schema };
        for (name, selectors) in &given.entities {
            let members = all.select(selectors)?;
            all.named.extend(members.iter().cloned());
            all.groups.insert(name.clone(), members);
        }
        all.named = named;
        Ok(all)
    }

    /// The entities of rows: the subject itself if there is no selector.
    pub(super) fn select_or_subject(&self, selectors: &[EntityText]) -> Result<Vec<Keys>, ScenarioError> {
        if selectors.is_empty() { Ok(vec![Keys::new()]) } else { self.select(selectors) }
    }

    /// The selected entities, each once, in the order of the selectors.
    pub(super) fn select(&self, selectors: &[EntityText]) -> Result<Vec<Keys>, ScenarioError> {
        let mut all = Vec::new();
        for selector in selectors {
            let members = match selector {
                EntityText::Keys(keys, _) => self.by_keys(keys)?,
                EntityText::Group(name) => self.by_group(&name.value)?,
            };
            for keys in members {
                if !all.contains(&keys) {
                    all.push(keys);
                }
            }
        }
        Ok(all)
    }

    /// Members of a group: `rs` and `rs/*` are all, `rs/1..3` and `rs/2` are by position (from 1), `rs/name` are those
    /// with this value or pattern.
    fn by_group(&self, text: &str) -> Result<Vec<Keys>, ScenarioError> {
        let (name, part) = text.split_once('/').unwrap_or((text, "*"));
        let members = self.groups.get(name).ok_or_else(|| {
            ScenarioError(format!(
                "there is no group `{name}` in `entities:`{}",
                did_you_mean(name, self.groups.keys())
            ))
        })?;
        if part == "*" {
            return Ok(members.clone());
        }
        let (first, last) = part.split_once("..").unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.parse::<usize>(), last.parse::<usize>()) {
            let chosen = first.checked_sub(1).and_then(|start| members.get(start..last));
            return chosen.map(<[Keys]>::to_vec).ok_or_else(|| {
                ScenarioError(format!("`{text}` is out of range: the group `{name}` has {} members", members.len()))
            });
        }
        let chosen: Vec<Keys> =
            members.iter().filter(|keys| keys.values().any(|value| glob(part, value))).cloned().collect();
        if chosen.is_empty() {
            Err(ScenarioError(format!("the group `{name}` has no member `{part}`")))
        } else {
            Ok(chosen)
        }
    }

    /// Every combination of the values. With a `*`, the matching named entities instead, reduced to the given keys.
    fn by_keys(&self, keys: &BTreeMap<String, Vec<String>>) -> Result<Vec<Keys>, ScenarioError> {
        let known: BTreeSet<&String> = self
            .schema
            .entities
            .iter()
            .flat_map(|kind| &kind.keys)
            .chain(self.schema.tables.values().flat_map(|table| table.keys.keys()))
            .collect();
        if let Some(key) = keys.keys().find(|key| !known.contains(key)) {
            return Err(ScenarioError(format!("no entity has a key `{key}`{}", did_you_mean(key, known))));
        }
        if has_pattern(keys) {
            let fits = |entity: &&Keys| {
                keys.iter().all(|(key, values)| {
                    entity.get(key).is_some_and(|value| values.iter().any(|pattern| glob(pattern, value)))
                })
            };
            let chosen: BTreeSet<Keys> = self
                .named
                .iter()
                .filter(fits)
                .map(|entity| {
                    entity
                        .iter()
                        .filter(|(key, _)| keys.contains_key(*key))
                        .map(|(key, value)| (key.clone(), value.clone()))
                        .collect()
                })
                .collect();
            return Ok(chosen.into_iter().collect());
        }
        let mut all = vec![Keys::new()];
        for (key, values) in keys {
            let mut expanded = Vec::new();
            for value in values {
                expanded.extend(names(value).map_err(ScenarioError)?);
            }
            all = all
                .iter()
                .flat_map(|keys| {
                    expanded.iter().map(move |value| {
                        let mut keys = keys.clone();
                        keys.insert(key.clone(), value.clone());
                        keys
                    })
                })
                .collect();
        }
        Ok(all)
    }
}

/// Whether some value of a selector is a pattern.
fn has_pattern(keys: &BTreeMap<String, Vec<String>>) -> bool {
    keys.values().flatten().any(|value| value.contains('*'))
}

/// Whether a text matches a pattern in which `*` stands for any text, also the empty one.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            tail.is_empty()
                || rest
                    .char_indices()
                    .map(|(at, _)| at)
                    .chain([rest.len()])
                    .any(|at| rest.get(at..).is_some_and(|rest| glob(tail, rest)))
        }),
    }
}
