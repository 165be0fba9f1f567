//! What a plan reads: rows of tables, and the texts of rules that decide whether a row matches.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::Plan;
use amp_rules_core::telemetry::predicate::{FieldTest, LineTest, Test, ValueTest};
use amp_rules_core::telemetry::request::{LinesRequest, Request};
use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::rows::Row;
use amp_rules_core::time::Window;
use regex::RegexSet;
use serde_json::{Map, Value};

/// The rows of a table that a diagnosis may read.
pub(super) struct Wanted<'t> {
    table: &'t Table,
    /// The union of the windows of all requests for the table, or the window of the scope.
    window: Window,
    subject: &'t BTreeMap<String, String>,
}

impl<'t> Wanted<'t> {
    pub(super) fn of(table: &'t Table, plan: &'t Plan) -> Self {
        let windows = plan.requests().iter().filter(|request| request.tables().any(|read| read.name == table.name));
        let mut windows = windows.map(|request| request.reading().window);
        let scope = plan.scope();
        let window = windows.next().map(|first| {
            windows.fold(first, |sum, one| Window { from: sum.from.min(one.from), to: sum.to.max(one.to) })
        });
        Self { table, window: window.unwrap_or(scope.window), subject: &scope.subject }
    }

    /// Parses a row; `None` if it is not wanted or has no time.
    pub(super) fn row(&self, object: Map<String, Value>) -> Option<Row> {
        let row = Row::from_json(self.table, object).ok()?;
        let in_window = self.window.contains(row.time());
        let metric = self.table.metric_name.as_ref().and_then(|path| row.text(path));
        let of_subject = row.matches_subject(self.table, metric.as_deref(), self.subject);
        (in_window && of_subject).then_some(row)
    }
}

/// The texts of conditions and line tests, one per line. An address or a host that a rule contains is not replaced.
pub(super) fn protected_texts(plan: &Plan) -> String {
    let mut texts = BTreeSet::new();
    for request in plan.requests() {
        if let Request::Lines(LinesRequest { test, .. }) = request {
            if let Some(LineTest::Regex(text) | LineTest::Contains(text)) = test.of_text() {
                texts.insert(text.replace('\\', ""));
            }
            texts.extend(test.fields().iter().flat_map(texts_of_field));
        }
        for condition in &request.reading().filter {
            texts_of(&condition.test, &mut texts);
        }
    }
    texts.into_iter().collect::<Vec<_>>().join("\n")
}

/// The tests of texts of lines of all requests; empty if they are too many for one [`RegexSet`].
pub(super) fn line_tests(plan: &Plan) -> RegexSet {
    let tests: BTreeSet<String> = plan
        .requests()
        .iter()
        .filter_map(|request| match request {
            Request::Lines(LinesRequest { test, .. }) => test.of_text(),
            _ => None,
        })
        .filter_map(|test| match test {
            LineTest::Regex(text) => Some(text.clone()),
            LineTest::Contains(text) => Some(regex::escape(text)),
            LineTest::Fields { .. } => None,
        })
        .collect();
    RegexSet::new(tests).unwrap_or_else(|_| RegexSet::empty())
}

/// The name of a field and the values that its test looks for.
fn texts_of_field(field: &FieldTest) -> Vec<String> {
    let values = match &field.test {
        ValueTest::OneOf(texts) => texts.as_slice(),
        ValueTest::Within(_) | ValueTest::Set | ValueTest::Empty => &[],
    };
    values.iter().chain([&field.name]).cloned().collect()
}

/// Collects the texts of a condition.
fn texts_of(test: &Test, texts: &mut BTreeSet<String>) {
    match test {
        Test::OneOf(all) => texts.extend(all.iter().cloned()),
        Test::Prefix(text) | Test::Contains(text) => {
            texts.insert(text.clone());
        }
        Test::Regex(text) => {
            texts.insert(text.replace('\\', ""));
        }
        Test::Not(inner) => texts_of(inner, texts),
        Test::Above(_) | Test::Below(_) | Test::Version(_) => {}
    }
}
