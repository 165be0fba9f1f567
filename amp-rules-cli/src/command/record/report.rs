//! The report of a record.

use std::collections::BTreeMap;

use amp_rules_fixtures::record::{Difference, Doubtful, GivenWord, RecordOutput, Replacement};
use serde::Serialize;

use super::super::{OutputFormat, json};
use crate::exit::{CommandOutput, Exit};

/// How many doubtful texts the text report lists.
const LISTED: usize = 20;

/// The result of recording.
#[derive(Clone, Debug, Serialize)]
pub struct Recording {
    /// The folder.
    pub folder: String,
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
    /// Whether its diagnosis is that of the source.
    pub same_diagnosis: bool,
    /// What differs between the two diagnoses: `the grade of the root `memory-high` differs`.
    pub differences: Vec<String>,
    /// The replacements, without the originals.
    pub replaced: Vec<Replaced>,
    /// Random texts of no known kind that were replaced: look whether they are secrets.
    pub doubtful: Vec<DoubtfulText>,
    /// What the user should know, one sentence each.
    pub warnings: Vec<String>,
}

/// One identifier that was replaced.
#[derive(Clone, Debug, Serialize)]
pub struct Replaced {
    /// The kind of identifier: `ids`, `hosts`.
    pub kind: &'static str,
    /// The replacement.
    pub replacement: String,
    /// How many times it was replaced.
    pub times: u64,
}

/// A random text of no known kind that was replaced.
#[derive(Clone, Debug, Serialize)]
pub struct DoubtfulText {
    /// The replacement.
    pub replacement: String,
    /// Its length and alphabet: `24 characters: upper case, lower case, digits`.
    pub shape: String,
    /// The table of its first occurrence; `None` if it occurs in the `incident.yaml` only.
    pub table: Option<String>,
    /// The row there, from 1: the line of the table's file in the record.
    pub row: Option<u64>,
    /// The column, in a dynamic column with the property: `customDimensions.note`.
    pub column: Option<String>,
    /// How many times it was replaced.
    pub times: u64,
}

impl From<Doubtful> for DoubtfulText {
    fn from(Doubtful { replacement, shape, place, times }: Doubtful) -> Self {
        let (table, row, column) =
            place.map_or((None, None, None), |place| (Some(place.table), Some(place.row), Some(place.column)));
        Self { replacement, shape, table, row, column, times }
    }
}

impl Recording {
    pub(super) fn new(
        folder: String,
        recorded: RecordOutput,
        originals: Vec<Replacement>,
        differences: &[Difference],
    ) -> Self {
        let unreadable =
            recorded.unreadable.iter().map(|error| format!("{error}; the table is declared as missing in the record"));
        let mut warnings: Vec<String> = unreadable.collect();
        warnings.extend(recorded.words.iter().filter_map(warning_of));
        if recorded.rows.values().all(|rows| *rows == 0) {
            warnings.push("no row of the subject is within the window: the record contains no telemetry".to_owned());
        }
        Self {
            folder,
            rows: recorded.rows,
            same_diagnosis: differences.is_empty(),
            differences: differences.iter().map(Difference::to_string).collect(),
            replaced: originals
                .into_iter()
                .map(|one| Replaced { kind: one.kind.as_str(), replacement: one.replacement, times: one.times })
                .collect(),
            doubtful: recorded.doubtful.into_iter().map(DoubtfulText::from).collect(),
            warnings,
        }
    }

    /// The report in the given format.
    #[must_use]
    pub fn render(&self, format: OutputFormat) -> CommandOutput {
        let answer = match format {
            OutputFormat::Json => json(self),
            OutputFormat::Text => self.text(),
        };
        let mut remarks: String =
            self.warnings.iter().map(|warning| format!("amp-rules: warning: {warning}\n")).collect();
        if !self.same_diagnosis {
            remarks.push_str(&format!(
                "amp-rules: the diagnosis of the record differs from that of its source ({}): a rule depends on a replaced text\n",
                self.differences.join("; ")
            ));
        }
        let exit = if self.same_diagnosis { Exit::Success } else { Exit::Findings };
        CommandOutput { answer, remarks, exit }
    }

    fn text(&self) -> String {
        let mut out = format!("{}\n", self.folder);
        for (table, rows) in &self.rows {
            out.push_str(&format!("  {table}: {rows} rows\n"));
        }
        let mut kinds: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
        for one in &self.replaced {
            let (different, times) = kinds.entry(one.kind).or_default();
            *different += 1;
            *times += one.times;
        }
        out.push_str(if kinds.is_empty() { "nothing to replace\n" } else { "replaced\n" });
        for (kind, (different, times)) in kinds {
            out.push_str(&format!("  {different} {kind}, {times} times\n"));
        }
        if !self.doubtful.is_empty() {
            out.push_str("doubtful: random texts of no known kind; look whether they are secrets\n");
        }
        for one in self.doubtful.iter().take(LISTED) {
            let place = match (&one.table, one.row, &one.column) {
                (Some(table), Some(row), Some(column)) => format!("{table} row {row}, {column}"),
                _ => "incident.yaml".to_owned(),
            };
            let times = if one.times == 1 { String::new() } else { format!(" ({} times)", one.times) };
            out.push_str(&format!("  {}: {place}: {}{times}\n", one.replacement, one.shape));
        }
        if let Some(more @ 1..) = self.doubtful.len().checked_sub(LISTED) {
            out.push_str(&format!("  and {more} more; --format json lists all\n"));
        }
        out.push_str(if self.same_diagnosis { "the diagnosis is the same\n" } else { "the diagnosis differs\n" });
        for difference in &self.differences {
            out.push_str(&format!("  {difference}\n"));
        }
        out
    }
}

/// What the user should know about a given word. It contains the word once, as it was given.
fn warning_of(word: &GivenWord) -> Option<String> {
    let shown: String =
        word.word.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect();
    match (word.times, word.within) {
        (0, 0) => Some(format!("`--replace {shown}` was not found")),
        (0, within) => Some(format!(
            "`--replace {shown}` was not found as a whole word; it remains within longer words ({})",
            times(within)
        )),
        (_, 0) => None,
        (_, within) => Some(format!("`--replace {shown}` also remains within longer words ({})", times(within))),
    }
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}
