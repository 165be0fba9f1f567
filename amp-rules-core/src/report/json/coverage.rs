//! How much could be observed, and the error lines that no pattern matches.

use schemars::JsonSchema;
use serde::Serialize;

use super::value::{Instant, Number, reasons};
use crate::diagnosis::{Coverage, Unmatched};

/// How much could be observed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Coverage")]
pub(super) struct CoverageWire<'a> {
    /// The fraction of alarm patterns that were decided.
    #[schemars(extend("minimum" = 0, "maximum" = 1))]
    visible: Number,
    /// Channels without a heartbeat, as text: table and entities.
    blind: &'a [String],
    /// Patterns that cannot be observed in this run, by id.
    unobservable: &'a [String],
    /// Error lines that no pattern matches, by template, those that are news first, then the most frequent.
    unmatched: Vec<UnmatchedWire<'a>>,
    /// How many more templates there are.
    unmatched_more: u64,
    /// How many templates are news, including those that are not listed.
    unmatched_news: u64,
    /// Why `unmatched` may be incomplete: `unsupported: traces`.
    unmatched_reasons: Vec<String>,
}

impl<'a> CoverageWire<'a> {
    pub(super) fn new(coverage: &'a Coverage) -> Self {
        Self {
            visible: Number(coverage.visible),
            blind: &coverage.blind,
            unobservable: &coverage.unobservable,
            unmatched: coverage.unmatched.iter().map(UnmatchedWire::new).collect(),
            unmatched_more: coverage.unmatched_more,
            unmatched_news: coverage.unmatched_news,
            unmatched_reasons: reasons(&coverage.unmatched_reasons),
        }
    }
}

/// Error lines that differ only in numbers, names and times.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Unmatched")]
struct UnmatchedWire<'a> {
    /// The table.
    table: &'a str,
    /// The component that wrote them.
    component: Option<&'a str>,
    /// Their common text, with placeholders such as `<n>`.
    template: &'a str,
    /// How many lines, with sampling weights.
    count: u64,
    /// Whether they are news: one is at error level, or they are in at least three rows.
    news: bool,
    /// Whether one of them is at error level.
    at_error: bool,
    /// How many of them a pattern matches for another component, where their own could not be determined.
    elsewhere: u64,
    /// How many entities wrote them.
    entities: u64,
    /// These entities as text.
    scope: &'a str,
    /// The time of the first line.
    first: Option<Instant>,
    /// The time of the last line.
    last: Option<Instant>,
    /// The message and error of the first line.
    sample: &'a str,
    /// The id of its row.
    row: &'a str,
}

impl<'a> UnmatchedWire<'a> {
    fn new(lines: &'a Unmatched) -> Self {
        Self {
            table: &lines.table,
            component: lines.component.as_deref(),
            template: &lines.template,
            count: lines.count,
            news: lines.is_news,
            at_error: lines.at_error,
            elsewhere: lines.elsewhere,
            entities: lines.entities,
            scope: &lines.scope,
            first: Instant::bounded(lines.first),
            last: Instant::bounded(lines.last),
            sample: &lines.sample.text,
            row: &lines.sample.row,
        }
    }
}
