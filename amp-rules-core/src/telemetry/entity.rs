//! Entities that telemetry is about: a pod, a controller, a scrape job.
//!
//! Input: key values from rows. Output: an [`Entity`], an ordered set of keys with values. Two entities are compatible if the
//! keys of one are a subset of the other's, with equal values.

use std::fmt;
use std::sync::Arc;

/// A set of entity keys with their values, sorted by key. The empty set is the subject as a whole.
///
/// Values are compared with case. Sources convert the values of keys that fold case to lower case
/// ([`Table::folded_keys`](super::schema::Table::folded_keys)).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Entity(Arc<[(String, String)]>);

impl Entity {
    /// An entity from its keys; if a key is given twice, the last value wins.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = (String, String)>) -> Self {
        let map: std::collections::BTreeMap<String, String> = keys.into_iter().collect();
        Self(map.into_iter().collect())
    }

    /// The keys and values, in the order of the keys.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The value of a key.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        self.0
            .binary_search_by(|(probe, _)| probe.as_str().cmp(key))
            .ok()
            .and_then(|at| self.0.get(at))
            .map(|(_, value)| value.as_str())
    }

    /// Whether there are no keys, so that the entity is the subject as a whole.
    #[must_use]
    pub(crate) fn is_subject(&self) -> bool {
        self.0.is_empty()
    }

    /// The entity with only those keys that are in `keep`.
    #[must_use]
    pub fn project(&self, keep: &[String]) -> Self {
        Self(self.0.iter().filter(|(key, _)| keep.contains(key)).cloned().collect())
    }

    /// Whether this entity has every key of `other` with the same value: `other` is this entity or a coarser one.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        other.keys().all(|(key, value)| self.value(key) == Some(value))
    }

    /// Whether one of the two is a projection of the other.
    #[must_use]
    pub fn is_compatible(&self, other: &Self) -> bool {
        self.is_within(other) || other.is_within(self)
    }
}

impl fmt::Display for Entity {
    /// Writes `controllertype=ReplicaSet podname=p1`; nothing for the subject as a whole.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.keys().enumerate() {
            if index > 0 {
                out.write_str(" ")?;
            }
            write!(out, "{key}={value}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Entity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "[{self}]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(keys: &[(&str, &str)]) -> Entity {
        Entity::new(keys.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())))
    }

    #[test]
    fn a_pod_and_its_controller_are_compatible_and_two_pods_are_not() {
        let pod = entity(&[("podname", "p1"), ("controllertype", "ReplicaSet")]);
        let controller = entity(&[("controllertype", "ReplicaSet")]);
        let other = entity(&[("podname", "p2"), ("controllertype", "ReplicaSet")]);
        assert!(pod.is_compatible(&controller) && controller.is_compatible(&pod));
        assert!(!pod.is_compatible(&other));
        assert!(pod.is_compatible(&Entity::default()));
    }

    #[test]
    fn a_missing_key_is_not_an_equal_key() {
        let job = entity(&[("job_name", "patroni")]);
        let pod = entity(&[("podname", "p1")]);
        assert!(!job.is_compatible(&pod));
    }
}
