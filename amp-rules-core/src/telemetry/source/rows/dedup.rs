//! Rows that arrive twice count once.
//!
//! Input: the identities of rows that enter a count. Output: whether a row is the first with its identity. A 128-bit hash of
//! each identity is kept, up to a limit. Beyond the limit a row with a new identity is [`Dedup::Unknown`]: it is left out of
//! counts, and the answer declares the gap. A count is therefore exact, or declared as a lower bound.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The number of identities kept per table.
pub const IDENTITIES: usize = 4_000_000;

/// Whether a row may enter a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dedup {
    /// It is the first row with its identity, or has no identity.
    First,
    /// A row with its identity was counted before.
    Duplicate,
    /// The limit of identities is reached, so it may be a duplicate.
    Unknown,
}

/// The identities of the rows of one table that were counted.
#[derive(Debug)]
pub struct Identities {
    known: HashSet<u128>,
    limit: usize,
}

impl Identities {
    /// An empty set that keeps at most `limit` identities.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { known: HashSet::new(), limit }
    }

    /// Adds an identity, and returns whether its row may be counted.
    pub fn insert(&mut self, identity: Option<&str>) -> Dedup {
        let Some(identity) = identity else { return Dedup::First };
        let hash = |salt: u8| {
            // `DefaultHasher::new` has fixed keys, so the same rows always give the same answer.
            let mut hasher = DefaultHasher::new();
            (salt, identity).hash(&mut hasher);
            u128::from(hasher.finish())
        };
        let fingerprint = (hash(0) << 64) | hash(1);
        if self.known.contains(&fingerprint) {
            Dedup::Duplicate
        } else if self.known.len() >= self.limit {
            Dedup::Unknown
        } else {
            self.known.insert(fingerprint);
            Dedup::First
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_limit_only_known_rows_are_recognized() {
        let mut identities = Identities::new(2);
        let results: Vec<_> =
            ["a", "b", "a", "c", "b"].into_iter().map(|identity| identities.insert(Some(identity))).collect();
        assert_eq!(results, [Dedup::First, Dedup::First, Dedup::Duplicate, Dedup::Unknown, Dedup::Duplicate]);
        assert_eq!(identities.insert(None), Dedup::First);
    }
}
