//! The things that telemetry speaks of: a pod, a controller, a scrape job.
//!
//! Input: key values from rows. Output: an [`Entity`], a set of keys with values that orders, compares and projects.
//! Two entities are compatible when one's keys are part of the other's, with equal values.

use std::fmt;
use std::sync::Arc;

/// A set of entity keys with their values, sorted by key. The empty set is the subject as a whole.
///
/// Values of keys that fold case are lower-cased when the entity is made, so equality is plain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Entity(Arc<[(String, String)]>);

impl Entity {
    /// An entity from its keys; a key given twice keeps its last value.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = (String, String)>) -> Self {
        let map: std::collections::BTreeMap<String, String> = keys.into_iter().collect();
        Self(map.into_iter().collect())
    }

    /// Its keys and values, by key.
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

    /// Whether it has no key: the subject as a whole.
    #[must_use]
    pub(crate) fn is_subject(&self) -> bool {
        self.0.is_empty()
    }

    /// This entity with only those of its keys that `keep` names.
    #[must_use]
    pub fn project(&self, keep: &[String]) -> Self {
        Self(self.0.iter().filter(|(key, _)| keep.contains(key)).cloned().collect())
    }

    /// Whether every key of `other` stands here with the same value: `other` is this entity or a coarser one.
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
    /// `controllertype=ReplicaSet podname=p1`; nothing for the subject.
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
