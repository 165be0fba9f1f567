//! How completely each table was read.

use std::fmt;

use crate::telemetry::source::{GapReason, SourceErrorKind};

/// How completely one table was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// The table.
    pub table: String,
    /// Whether its requests were answered, and answered completely.
    pub completeness: TableCompleteness,
    /// The ids of its requests, assigned by the service; sorted, without duplicates.
    pub request_ids: Vec<String>,
}

/// Whether the requests for a table were answered, and answered completely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableCompleteness {
    /// Every request was answered completely.
    Complete,
    /// The gaps, sorted by their text, without duplicates; never empty.
    Incomplete(Vec<TableGap>),
}

impl TableCompleteness {
    /// The completeness of a table with these gaps.
    ///
    /// If the table as a whole is missing, failures that concern a part of it are dropped.
    #[must_use]
    pub fn new(mut gaps: Vec<TableGap>) -> Self {
        if gaps.iter().any(|gap| matches!(gap, TableGap::Missing { part: TablePart::Whole, .. })) {
            gaps.retain(|gap| matches!(gap, TableGap::Partial(_) | TableGap::Missing { part: TablePart::Whole, .. }));
        }
        if gaps.is_empty() {
            return Self::Complete;
        }
        gaps.sort_by_cached_key(ToString::to_string);
        gaps.dedup();
        Self::Incomplete(gaps)
    }
}

impl fmt::Display for TableCompleteness {
    /// `complete`, or the gaps joined by `; `.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => out.write_str("complete"),
            Self::Incomplete(gaps) => {
                for (index, gap) in gaps.iter().enumerate() {
                    write!(out, "{}{gap}", if index == 0 { "" } else { "; " })?;
                }
                Ok(())
            }
        }
    }
}

/// Why a table was not read completely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableGap {
    /// A request was answered in part.
    Partial(GapReason),
    /// A request failed.
    Missing {
        /// How it failed.
        kind: SourceErrorKind,
        /// The part of the table that it would have read.
        part: TablePart,
    },
}

impl fmt::Display for TableGap {
    /// `partial: truncated`, `missing: denied (component app)`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partial(reason) => write!(out, "partial: {}", reason.as_str()),
            Self::Missing { kind, part } => write!(out, "missing: {}{part}", kind.as_str()),
        }
    }
}

/// The part of a table that a request reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TablePart {
    /// Any of its rows.
    Whole,
    /// The lines of these components.
    Components(Vec<String>),
    /// The samples or properties of these metrics.
    Metrics(Vec<String>),
    /// The rows that a query selects.
    Query,
}

impl fmt::Display for TablePart {
    /// Nothing for the whole table, else with a leading blank: ` (component app)`, ` (query)`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Components(names) => write!(out, " (component {})", names.join(", ")),
            Self::Metrics(names) => write!(out, " (metric {})", names.join(", ")),
            Self::Query => out.write_str(" (query)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(kind: SourceErrorKind, part: TablePart) -> TableGap {
        TableGap::Missing { kind, part }
    }

    #[test]
    fn gaps_are_sorted_and_listed_once() {
        let gaps = vec![
            TableGap::Partial(GapReason::Truncated),
            missing(SourceErrorKind::Denied, TablePart::Query),
            TableGap::Partial(GapReason::Truncated),
        ];
        assert_eq!(TableCompleteness::new(gaps).to_string(), "missing: denied (query); partial: truncated");
        assert_eq!(TableCompleteness::new(Vec::new()).to_string(), "complete");
    }

    #[test]
    fn a_table_that_is_missing_as_a_whole_lists_no_missing_parts() {
        let gaps = vec![
            missing(SourceErrorKind::Denied, TablePart::Whole),
            missing(SourceErrorKind::Denied, TablePart::Metrics(vec!["up".to_owned()])),
        ];
        assert_eq!(TableCompleteness::new(gaps).to_string(), "missing: denied");
    }
}
