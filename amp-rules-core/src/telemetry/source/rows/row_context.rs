//! One row in the scopes of all requests on its table.

use super::dedup::{Dedup, Identities};
use super::presence::ColumnPresence;
use super::row::Row;
use super::row_scope::{RowScope, ScopeMatch};
use crate::telemetry::schema::Table;

/// A scope shared by the members with the same reading, and which tested columns its rows carried.
#[derive(Debug)]
pub(super) struct SharedScope {
    pub(super) scope: RowScope,
    /// For the members that read rows of any metric; `None` if there is no filter or no such member.
    pub(super) presence: Option<ColumnPresence>,
}

/// One row, matched against each scope at most once and deduplicated at most once.
pub(super) struct RowContext<'a> {
    pub(super) table: &'a Table,
    pub(super) row: &'a Row,
    pub(super) scopes: &'a [SharedScope],
    matches: Vec<Option<ScopeMatch>>,
    identities: &'a mut Identities,
    dedup: Option<Dedup>,
}

impl<'a> RowContext<'a> {
    pub(super) fn new(
        table: &'a Table,
        row: &'a Row,
        scopes: &'a [SharedScope],
        identities: &'a mut Identities,
    ) -> Self {
        Self { table, row, scopes, matches: vec![None; scopes.len()], identities, dedup: None }
    }

    /// How the row matches a scope, by the scope's index; `metric` is the canonical name of the row's metric.
    pub(super) fn scope_match(&mut self, index: usize, metric: Option<&str>) -> ScopeMatch {
        let Some(SharedScope { scope, .. }) = self.scopes.get(index) else { return ScopeMatch::OutOfScope };
        let special = metric.filter(|metric| self.table.metric_keys.contains_key(*metric));
        if special.is_some() {
            return scope.match_row(self.table, self.row, special);
        }
        match self.matches.get_mut(index) {
            Some(Some(known)) => known.clone(),
            Some(empty) => empty.insert(scope.match_row(self.table, self.row, None)).clone(),
            None => ScopeMatch::OutOfScope,
        }
    }

    /// Whether the row may be counted. The first call records the row's identity as counted.
    pub(super) fn dedup(&mut self) -> Dedup {
        match self.dedup {
            Some(known) => known,
            None => *self.dedup.insert(self.identities.insert(self.row.identity(self.table).as_deref())),
        }
    }

    /// Per scope, how the row matched it; `None` if it was not needed.
    pub(super) fn into_matches(self) -> Vec<Option<ScopeMatch>> {
        self.matches
    }
}
