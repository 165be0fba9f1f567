//! What a condition refers to.
//!
//! Input: a condition. Output: [`References`]. Nothing here evaluates.

use std::collections::BTreeSet;

use crate::rules::rule_set::Resolved;

/// The symptoms and patterns that a condition names, by index.
#[derive(Debug, Default)]
pub(crate) struct References {
    pub(crate) symptoms: BTreeSet<usize>,
    /// Their own conditions are not followed.
    pub(crate) patterns: BTreeSet<usize>,
}

impl References {
    pub(crate) fn new<'c>(conditions: impl IntoIterator<Item = &'c Resolved>) -> Self {
        let mut references = Self::default();
        let mut open: Vec<&Resolved> = conditions.into_iter().collect();
        while let Some(condition) = open.pop() {
            match condition {
                Resolved::Symptom(index) => {
                    references.symptoms.insert(*index);
                }
                Resolved::Pattern(index) => {
                    references.patterns.insert(*index);
                }
                Resolved::All(parts) | Resolved::Any(parts) | Resolved::AtLeast { of: parts, .. } => open.extend(parts),
                Resolved::Not(part) => open.push(part),
                Resolved::Requires { that, then } => open.extend([that.as_ref(), then.as_ref()]),
            }
        }
        references
    }
}
