//! Rows that were sent twice count once.
//!
//! Input: the identities of rows that enter a count. Output: whether such a row is the first of its identity. Only 128 bits
//! of an identity are kept, and of no more identities than a limit; beyond it a row is [`Dedup::Unknown`], is left out of
//! counts, and the answer says so. So a count is exact, or a lower bound that is declared as one.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Identities that are remembered per table.
pub const IDENTITIES: usize = 4_000_000;

/// Whether a row may enter a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dedup {
    /// It is the first of its identity, or has none.
    First,
    /// Its identity was counted before.
    Duplicate,
    /// Too many identities are known to tell.
    Unknown,
}

/// The identities of one table that have entered a count.
#[derive(Debug)]
pub struct Identities {
    known: HashSet<u128>,
    limit: usize,
}

impl Identities {
    /// None yet; at most so many will be remembered.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { known: HashSet::new(), limit }
    }

    /// Remembers an identity.
    pub fn turn(&mut self, identity: Option<&str>) -> Dedup {
        let Some(identity) = identity else { return Dedup::First };
        let hash = |salt: u8| {
            // The hasher's keys are fixed, so the same rows always give the same answer.
            let mut hasher = DefaultHasher::new();
            (salt, identity).hash(&mut hasher);
            u128::from(hasher.finish())
        };
        let mark = (hash(0) << 64) | hash(1);
        if self.known.contains(&mark) {
            Dedup::Duplicate
        } else if self.known.len() >= self.limit {
            Dedup::Unknown
        } else {
            self.known.insert(mark);
            Dedup::First
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_limit_only_known_rows_can_be_told() {
        let mut identities = Identities::new(2);
        let turns: Vec<_> =
            ["a", "b", "a", "c", "b"].into_iter().map(|identity| identities.turn(Some(identity))).collect();
        assert_eq!(turns, [Dedup::First, Dedup::First, Dedup::Duplicate, Dedup::Unknown, Dedup::Duplicate]);
        assert_eq!(identities.turn(None), Dedup::First);
    }
}
