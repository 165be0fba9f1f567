//! The limits on what is read: names, defaults, and what each bounds.
//!
//! Every row of [`Limit::ALL`] is a limit that a caller can change. `docs/limits.md` is generated from the same rows, so a name
//! in an error message is always explained there. Each limit is inclusive.

use std::fmt;

use amp_rules_core::telemetry::source::rows::Memory;
use kql_lang::run;

use super::size::{parse_bytes, parse_count, size};

/// The unit of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes; written as `64 MiB`.
    Bytes,
    /// A plain number.
    Count,
}

/// A limit that a caller can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// The size of one text that is read as a whole: a rule file, a query, an `incident.yaml`, a list, stdin.
    TextBytes,
    /// The size of all texts below one folder of rules.
    FolderTextBytes,
    /// The number of files and folders below one folder.
    Entries,
    /// The depth of folders below one folder.
    Depth,
    /// The size on disk of all files of rows of one incident folder.
    DiskBytes,
    /// The size of the rows of one table after decompression.
    TableBytes,
    /// How many times larger a file may become by decompression.
    Ratio,
    /// The size after decompression from which [`Limit::Ratio`] applies: small files compress best.
    RatioFrom,
    /// The number of rows of one table.
    TableRows,
    /// The size of one row: a line, a CSV record, a row of a response with its cells.
    RowBytes,
    /// The number of columns of one row or header.
    Columns,
    /// The estimated memory that the answer to one request takes.
    AnswerBytes,
    /// The estimated memory that the answers to all requests on one table take.
    AnswersBytes,
    /// The number of rows that a query holds.
    QueryRows,
    /// The estimated memory of the rows that a query holds.
    QueryBytes,
    /// The number of rows that pass the steps of a query, summed over its steps.
    QuerySteps,
}

impl Limit {
    /// All limits, in the order of [`Limit`].
    pub const ALL: [Self; 16] = [
        Self::TextBytes,
        Self::FolderTextBytes,
        Self::Entries,
        Self::Depth,
        Self::DiskBytes,
        Self::TableBytes,
        Self::Ratio,
        Self::RatioFrom,
        Self::TableRows,
        Self::RowBytes,
        Self::Columns,
        Self::AnswerBytes,
        Self::AnswersBytes,
        Self::QueryRows,
        Self::QueryBytes,
        Self::QuerySteps,
    ];

    /// The name in messages and options.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TextBytes => "text-bytes",
            Self::FolderTextBytes => "folder-text-bytes",
            Self::Entries => "entries",
            Self::Depth => "depth",
            Self::DiskBytes => "disk-bytes",
            Self::TableBytes => "table-bytes",
            Self::Ratio => "ratio",
            Self::RatioFrom => "ratio-from",
            Self::TableRows => "table-rows",
            Self::RowBytes => "row-bytes",
            Self::Columns => "columns",
            Self::AnswerBytes => "answer-bytes",
            Self::AnswersBytes => "answers-bytes",
            Self::QueryRows => "query-rows",
            Self::QueryBytes => "query-bytes",
            Self::QuerySteps => "query-steps",
        }
    }

    /// The default value, with its origin.
    #[must_use]
    pub const fn default_value(self) -> u64 {
        match self {
            // The largest file of the built-in pack has 60 KiB; exported lists of clusters have some MiB.
            Self::TextBytes => 64 << 20,
            Self::FolderTextBytes => 256 << 20,
            Self::Entries => 20_000,
            Self::Depth => 32,
            // A day of a large fleet has some GiB; reading takes about 10 s per GiB.
            Self::DiskBytes => 64 << 30,
            Self::TableBytes => 16 << 30,
            // gzip reaches 1032 at most; logs and metrics reach 10 to 60.
            Self::Ratio => 200,
            Self::RatioFrom => 256 << 20,
            Self::TableRows => 200_000_000,
            // Log Analytics truncates a cell at 32 KiB, Azure Data Explorer at 1 MiB:
            // https://learn.microsoft.com/kusto/management/encoding-policy, read 2025-11-20
            Self::RowBytes => 8 << 20,
            // Azure Data Explorer allows 10,000 columns of a table.
            Self::Columns => 10_000,
            Self::AnswerBytes => Memory::DEFAULT.request,
            Self::AnswersBytes => Memory::DEFAULT.table,
            Self::QueryRows => run::Limits::DEFAULT.rows,
            Self::QueryBytes => run::Limits::DEFAULT.bytes,
            Self::QuerySteps => run::Limits::DEFAULT.steps,
        }
    }

    /// The unit.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::TextBytes
            | Self::FolderTextBytes
            | Self::DiskBytes
            | Self::TableBytes
            | Self::RatioFrom
            | Self::RowBytes
            | Self::AnswerBytes
            | Self::AnswersBytes
            | Self::QueryBytes => Unit::Bytes,
            Self::Entries
            | Self::Depth
            | Self::Ratio
            | Self::TableRows
            | Self::Columns
            | Self::QueryRows
            | Self::QuerySteps => Unit::Count,
        }
    }

    /// What the limit bounds, and what happens beyond it. For `docs/limits.md`.
    #[must_use]
    pub const fn doc(self) -> (&'static str, &'static str) {
        match self {
            Self::TextBytes => (
                "one text that is read as a whole: a rule file, a query, `incident.yaml`, a corpus of lines, a list, stdin",
                "the file is refused; the others are read",
            ),
            Self::FolderTextBytes => ("all texts below one folder of rules", "the folder is refused"),
            Self::Entries => ("the files and folders below one folder", "the folder is refused"),
            Self::Depth => ("folders inside folders", "the deeper folder is refused"),
            Self::DiskBytes => ("all files of rows of an incident folder, as on disk", "the folder is refused"),
            Self::TableBytes => (
                "the rows of one table after decompression, over all its files",
                "the table is partial: the rows before the limit count",
            ),
            Self::Ratio => (
                "the size of a file after decompression, by its size on disk",
                "the table is partial: the rows before the limit count",
            ),
            Self::RatioFrom => ("the size after decompression from which `ratio` applies", "`ratio` applies"),
            Self::TableRows => ("the rows of one table, readable or not", "the table is partial"),
            Self::RowBytes => (
                "one row: a line of NDJSON, a record of CSV, a row of a response; so also one cell",
                "the row is unreadable and the table partial; what follows in a CSV file, and all of a response, is not read",
            ),
            Self::Columns => ("the columns of one header, or the keys of one row", "as above"),
            Self::AnswerBytes => (
                "the memory of one answer: entities, bins, samples, kept lines (estimated)",
                "the request has no answer, and its symptoms are unknown",
            ),
            Self::AnswersBytes => {
                ("the memory of all answers from one table (estimated)", "no request on the table has an answer")
            }
            Self::QueryRows => ("the rows that a query buffers or returns", "the query has no result"),
            Self::QueryBytes => ("the memory of these rows (estimated)", "the query has no result"),
            Self::QuerySteps => ("the rows that pass the steps of a query, summed", "the query has no result"),
        }
    }

    /// A value of this limit in words: `64 MiB`, `20000`.
    #[must_use]
    pub fn show(self, value: u64) -> String {
        match self.unit() {
            Unit::Bytes => size(value),
            Unit::Count => value.to_string(),
        }
    }

    const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// The value of every [`Limit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits([u64; Limit::ALL.len()]);

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why a text does not set a limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// It has no `=`.
    #[error("expected NAME=VALUE, such as table-bytes=32GiB")]
    Form,
    /// No limit has this name.
    #[error("there is no limit `{0}`; the limits are {names}", names = names())]
    Name(String),
    /// The value is not a number of the limit's unit.
    #[error("`{value}` is not {expected}", expected = expected(*limit))]
    Value {
        /// The limit.
        limit: Limit,
        /// The value.
        value: String,
    },
}

fn names() -> String {
    Limit::ALL.map(Limit::as_str).join(", ")
}

fn expected(limit: Limit) -> &'static str {
    match limit.unit() {
        Unit::Bytes => "a size, such as 512MiB or 32GiB",
        Unit::Count => "a whole number, such as 50000",
    }
}

impl Limits {
    /// The documented defaults.
    pub const DEFAULT: Self = {
        let mut values = [0; Limit::ALL.len()];
        let (mut rest, mut at) = (Limit::ALL.as_slice(), values.as_mut_slice());
        while let ([limit, limits @ ..], [value, values @ ..]) = (rest, at) {
            *value = limit.default_value();
            (rest, at) = (limits, values);
        }
        Self(values)
    };

    /// The value of a limit.
    #[must_use]
    pub fn get(&self, limit: Limit) -> u64 {
        self.0.get(limit.index()).copied().unwrap_or_default()
    }

    /// The value of a limit as a size in memory.
    pub(crate) fn size(&self, limit: Limit) -> usize {
        usize::try_from(self.get(limit)).unwrap_or(usize::MAX)
    }

    /// The same limits with another value for one of them.
    #[must_use]
    pub fn with(mut self, limit: Limit, value: u64) -> Self {
        if let Some(known) = self.0.get_mut(limit.index()) {
            *known = value;
        }
        self
    }

    /// The same limits with one replaced as in `table-bytes=32GiB`. A size without a unit is in bytes.
    ///
    /// # Errors
    ///
    /// See [`LimitError`].
    pub fn with_text(self, text: &str) -> Result<Self, LimitError> {
        let (name, value) = text.split_once('=').ok_or(LimitError::Form)?;
        let (name, value) = (name.trim(), value.trim());
        let limit = Limit::ALL
            .into_iter()
            .find(|limit| limit.as_str() == name)
            .ok_or_else(|| LimitError::Name(name.to_owned()))?;
        let parsed = match limit.unit() {
            Unit::Bytes => parse_bytes(value),
            Unit::Count => parse_count(value),
        };
        let number = parsed.ok_or_else(|| LimitError::Value { limit, value: value.to_owned() })?;
        Ok(self.with(limit, number))
    }

    /// The limits on the memory of answers.
    #[must_use]
    pub fn memory(&self) -> Memory {
        Memory { request: self.get(Limit::AnswerBytes), table: self.get(Limit::AnswersBytes) }
    }

    /// The limits of a run of a query.
    #[must_use]
    pub fn query(&self) -> run::Limits {
        run::Limits {
            rows: self.get(Limit::QueryRows),
            bytes: self.get(Limit::QueryBytes),
            steps: self.get(Limit::QuerySteps),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_its_place_and_its_name() {
        for (index, limit) in Limit::ALL.into_iter().enumerate() {
            assert_eq!(limit.index(), index, "{limit}");
            assert_eq!(Limits::default().with(limit, 7).get(limit), 7);
            assert_eq!(Limits::default().with_text(&format!("{limit}=7")).unwrap().get(limit), 7);
        }
    }

    #[test]
    fn a_limit_is_set_by_name_with_its_unit() {
        let set = |text: &str| Limits::default().with_text(text).map_err(|error| error.to_string());
        assert_eq!(set("table-bytes=2GiB").unwrap().get(Limit::TableBytes), 2 << 30);
        assert_eq!(set(" row-bytes = 64 ").unwrap().get(Limit::RowBytes), 64);
        assert_eq!(set("columns=20_000").unwrap().get(Limit::Columns), 20_000);
        for (text, part) in [
            ("table-bytes", "expected NAME=VALUE"),
            ("tablebytes=1", "there is no limit `tablebytes`; the limits are text-bytes, "),
            ("table-bytes=-1", "`-1` is not a size"),
            ("table-bytes=99999999TiB", "`99999999TiB` is not a size"),
            ("columns=1KiB", "`1KiB` is not a whole number"),
        ] {
            let error = set(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
