//! Sets of reasons for unknown truth, each stored once.
//!
//! Input: reasons. Output: [`Reasons`], a small handle that is equal for equal sets.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::diagnosis::UnknownReason;

/// A handle of a set of reasons in a [`ReasonInterner`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Reasons(u32);

/// Stores each set of reasons once, so that truth values stay small.
#[derive(Debug, Default)]
pub(crate) struct ReasonInterner {
    inner: RefCell<Sets>,
}

#[derive(Debug, Default)]
struct Sets {
    sets: Vec<BTreeSet<UnknownReason>>,
    indices: BTreeMap<BTreeSet<UnknownReason>, u32>,
    unions: BTreeMap<(u32, u32), u32>,
}

impl Sets {
    fn index_of(&mut self, set: BTreeSet<UnknownReason>) -> u32 {
        if let Some(index) = self.indices.get(&set) {
            return *index;
        }
        let index = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        self.sets.push(set.clone());
        self.indices.insert(set, index);
        index
    }
}

impl ReasonInterner {
    /// The set with one reason.
    pub(crate) fn one(&self, reason: UnknownReason) -> Reasons {
        Reasons(self.inner.borrow_mut().index_of(BTreeSet::from([reason])))
    }

    /// The union of two sets.
    pub(crate) fn union(&self, a: Reasons, b: Reasons) -> Reasons {
        if a == b {
            return a;
        }
        let key = (a.0.min(b.0), a.0.max(b.0));
        let mut inner = self.inner.borrow_mut();
        if let Some(index) = inner.unions.get(&key) {
            return Reasons(*index);
        }
        let set: BTreeSet<UnknownReason> =
            [a.0, b.0].iter().filter_map(|index| inner.sets.get(*index as usize)).flatten().cloned().collect();
        let index = inner.index_of(set);
        inner.unions.insert(key, index);
        Reasons(index)
    }

    /// The reasons of a set, sorted.
    pub(crate) fn list(&self, reasons: Reasons) -> Vec<UnknownReason> {
        self.inner.borrow().sets.get(reasons.0 as usize).map(|set| set.iter().cloned().collect()).unwrap_or_default()
    }
}
