//! The rows of files in numbers, and the scope that follows from them where nothing else defines it.
//!
//! Input: the times and the subject's keys of all rows. Output: a [`FolderSummary`], and from it a [`RowScope`]: the one subject
//! that the rows name, an instant just after the last row, and a window over all of them.

use std::collections::BTreeMap;
use std::time::Duration;

use amp_rules_core::plan::Scope;
use amp_rules_core::time::{Time, Window, ticks_of};

use crate::incident::DEFAULT_WINDOW;

/// Rows further than this from the other rows decide nothing about the window.
const FAR: Duration = Duration::from_secs(24 * 60 * 60);

/// The share of the rows, in percent, that must be together for the others to be far from them.
const TOGETHER: u64 = 99;

/// Times are counted in steps of this width.
const STEP: Duration = Duration::from_secs(60 * 60);

const MINUTE: Duration = Duration::from_secs(60);

/// The rows of a folder in numbers: tables, subjects and time range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FolderSummary {
    /// The number of rows per table; tables that cannot be read are left out.
    pub rows: BTreeMap<String, u64>,
    /// The time of the first row that is not far from the others; `None` if there are no rows.
    pub first: Option<Time>,
    /// The time of the last row that is not far from the others; `None` if there are no rows.
    pub last: Option<Time>,
    /// Rows more than 24 h from the other 99 %: from, to, and their number. Sorted.
    pub far: Vec<(Time, Time, u64)>,
    /// The number of rows per value of the subject's keys: key → value → rows.
    pub subjects: BTreeMap<String, BTreeMap<String, u64>>,
    /// What each file has, in the order of tables and files.
    pub files: Vec<FileSummary>,
}

/// The rows of one file of a table in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileSummary {
    /// The name of the file.
    pub name: String,
    /// The table whose rows it has.
    pub table: String,
    /// Its form: `the table's columns`, or the name of a service or of a form of the pack.
    pub form: String,
    /// The number of rows.
    pub rows: u64,
    /// The number of unreadable rows and other problems.
    pub problems: u64,
    /// The first of these problems.
    pub first_problem: Option<String>,
    /// The times of the first and the last row.
    pub span: Option<(Time, Time)>,
    /// The keys of the subject that none of its rows has.
    pub lacks: Vec<String>,
}

/// Collects the times of rows.
#[derive(Debug, Default)]
pub(super) struct Times {
    steps: BTreeMap<Time, (Time, Time, u64)>,
}

impl Times {
    pub(super) fn add(&mut self, at: Time) {
        let step = self.steps.entry(at.floor(STEP)).or_insert((at, at, 0));
        *step = (step.0.min(at), step.1.max(at), step.2.saturating_add(1));
    }

    /// Fills in the first and the last time, and what is far from the others.
    pub(super) fn finish(self, summary: &mut FolderSummary) {
        let mut groups: Vec<(Time, Time, u64)> = Vec::new();
        for (from, to, rows) in self.steps.into_values() {
            match groups.last_mut() {
                Some(last) if from.ticks_since(last.1) <= ticks_of(FAR) => {
                    (last.1, last.2) = (to, last.2.saturating_add(rows));
                }
                _ => groups.push((from, to, rows)),
            }
        }
        let all: u64 = groups.iter().map(|group| group.2).fold(0, u64::saturating_add);
        let is_main = |group: &(Time, Time, u64)| group.2.saturating_mul(100) >= all.saturating_mul(TOGETHER);
        if groups.iter().any(is_main) {
            let (main, far) = groups.into_iter().partition(is_main);
            (groups, summary.far) = (main, far);
        }
        summary.first = groups.first().map(|group| group.0);
        summary.last = groups.last().map(|group| group.1);
    }
}

/// The scope that follows from rows.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RowScope {
    /// The scope, without parameters and reports.
    pub scope: Scope,
    /// The subject in words, for a remark, where the rows decided it.
    pub subject: Vec<String>,
    /// The window in words, for a remark.
    pub window: String,
}

/// Why no scope follows from rows. The lines list the choices.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowScopeError {
    /// The rows name several subjects.
    #[error("the rows name {} values of `{key}`", values.len())]
    Several {
        /// The key.
        key: String,
        /// The values with their rows, most rows first.
        values: Vec<(String, u64)>,
    },
    /// No row is of the wanted subject.
    #[error("no row has the `{key}` `{wanted}`")]
    Unknown {
        /// The key.
        key: String,
        /// The wanted value.
        wanted: String,
        /// The values that rows have, with their rows, most rows first.
        values: Vec<(String, u64)>,
    },
    /// No row has a time.
    #[error("there are no rows that could give the time")]
    NoRows,
}

impl FolderSummary {
    /// The values of a key with their rows, most rows first.
    #[must_use]
    pub fn values(&self, key: &str) -> Vec<(String, u64)> {
        let found = self.subjects.get(key).into_iter().flatten();
        let mut values: Vec<(String, u64)> = found.map(|(value, rows)| (value.clone(), *rows)).collect();
        values.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        values
    }

    /// The window of the rows: up to the first whole minute after the last row, and a day long or as long as they span.
    #[must_use]
    pub fn window(&self) -> Option<Window> {
        let to = self.last?.saturating_add(MINUTE).floor(MINUTE);
        let from = self.first?.floor(MINUTE).min(to.saturating_sub(DEFAULT_WINDOW));
        Some(Window { from, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(times: &[(&str, u64)]) -> FolderSummary {
        let mut all = Times::default();
        for (time, rows) in times {
            (0..*rows).for_each(|_| all.add(time.parse().unwrap()));
        }
        let mut summary = FolderSummary::default();
        all.finish(&mut summary);
        summary
    }

    #[test]
    fn the_window_ends_at_the_first_whole_minute_after_the_last_row() {
        let window = |times: &[(&str, u64)]| {
            let window = summary(times).window().unwrap();
            format!("{} {}", window.from, window.to)
        };
        assert_eq!(window(&[("2025-08-05T11:59:30Z", 1)]), "2025-08-04T12:00:00Z 2025-08-05T12:00:00Z");
        assert_eq!(window(&[("2025-08-05T12:00:00Z", 1)]), "2025-08-04T12:01:00Z 2025-08-05T12:01:00Z");
        assert_eq!(
            window(&[("2025-08-01T00:00:30Z", 1), ("2025-08-02T00:00:20Z", 1), ("2025-08-03T00:00:00Z", 1)]),
            "2025-08-01T00:00:00Z 2025-08-03T00:01:00Z"
        );
    }

    #[test]
    fn rows_far_from_the_others_decide_nothing() {
        let one = summary(&[("2025-01-01T00:00:00Z", 1), ("2025-08-05T12:00:00Z", 99)]);
        assert_eq!(one.far, [("2025-01-01T00:00:00Z".parse().unwrap(), "2025-01-01T00:00:00Z".parse().unwrap(), 1)]);
        assert_eq!(one.first, one.last);
        let many = summary(&[("2025-01-01T00:00:00Z", 2), ("2025-08-05T12:00:00Z", 98)]);
        assert!(many.far.is_empty() && many.first != many.last);
        assert_eq!(summary(&[]).window(), None);
    }
}
