//! Checks the line tests of a rule set against a corpus of log lines.
//!
//! Input: a rule set and a corpus, one JSON object per line with a `line` and the `expected` pattern ids. Output: per line,
//! the expected patterns that do not match, and the matching patterns that are not expected. The component of a line is
//! known only if the line itself determines it, such as JSON with a file path; otherwise every component is possible.
//! Nothing is evaluated.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::rules::model::{LogLines, SymptomKind};
use amp_rules_core::rules::rule_set::RuleSet;
use amp_rules_core::telemetry::matcher::{Matcher, MatcherError};
use amp_rules_core::telemetry::predicate::{KeySource, LineTest, See};
use amp_rules_core::telemetry::schema::{ComponentTest, Table};
use amp_rules_core::telemetry::source::rows::{Line, Records};
use serde_json::Value;

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinesReport {
    /// The number of checked lines.
    pub checked: usize,
    /// Lines with other matches than expected, in the order of the corpus.
    pub mistakes: Vec<LineMistake>,
    /// Unreadable lines of the corpus: the number from 1, and the problem.
    pub unreadable: Vec<(u64, String)>,
    /// Ids of patterns with a line test that no line of the corpus is expected to match, sorted.
    pub unexercised: Vec<String>,
}

impl LinesReport {
    /// Whether every line is readable and matches as expected.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.mistakes.is_empty() && self.unreadable.is_empty()
    }
}

/// A line with other matches than expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineMistake {
    /// The number of the line in the corpus, from 1.
    pub number: u64,
    /// The text of the line.
    pub line: String,
    /// Ids of expected patterns that do not match, sorted.
    pub missing: Vec<String>,
    /// Ids of matching patterns that are not expected, sorted, each with the matching symptoms.
    pub noisy: Vec<(String, Vec<String>)>,
}

/// A symptom over log lines.
struct LineSymptom<'a> {
    pattern: &'a str,
    symptom: &'a str,
    lines: &'a LogLines,
    table: Option<&'a Table>,
}

/// Checks every line of a corpus against every log symptom.
///
/// # Errors
///
/// A regex does not compile. This cannot happen for a compiled rule set.
pub fn check(rules: &RuleSet, corpus: &str) -> Result<LinesReport, MatcherError> {
    let symptoms: Vec<LineSymptom<'_>> = rules
        .symptoms
        .iter()
        .filter_map(|symptom| match &symptom.symptom.kind {
            SymptomKind::Log { lines, .. } => {
                let table = rules.schema.tables.get(&lines.table).map(AsRef::as_ref);
                Some(LineSymptom {
                    pattern: rules.pattern_id(symptom.pattern),
                    symptom: &symptom.symptom.name,
                    lines,
                    table,
                })
            }
            _ => None,
        })
        .collect();
    let tests: Vec<LineTest> = symptoms.iter().map(|one| one.lines.test.clone()).collect();
    let matcher = Matcher::new(&tests)?;
    let mut tables: BTreeMap<&str, (&Table, Records)> = BTreeMap::new();
    for (test, one) in symptoms.iter().enumerate() {
        if let Some(table) = one.table.filter(|table| !tables.contains_key(table.name.as_str())) {
            let records = Records::new(table).map_err(|source| MatcherError { test, source })?;
            tables.insert(&table.name, (table, records));
        }
    }
    let mut report = LinesReport::default();
    let mut exercised = BTreeSet::new();
    for (number, text) in (1..).zip(corpus.lines()) {
        if text.trim().is_empty() {
            continue;
        }
        let (line, expected) = match entry(text) {
            Ok(entry) => entry,
            Err(what) => {
                report.unreadable.push((number, what));
                continue;
            }
        };
        report.checked += 1;
        let found = matching(&symptoms, &tables, &matcher, &line);
        exercised.extend(expected.iter().cloned());
        let missing: Vec<String> = expected.iter().filter(|id| !found.contains_key(id.as_str())).cloned().collect();
        let noisy: Vec<(String, Vec<String>)> = found
            .into_iter()
            .filter(|(id, _)| !expected.contains(*id))
            .map(|(id, symptoms)| (id.to_owned(), symptoms.into_iter().map(str::to_owned).collect()))
            .collect();
        if !missing.is_empty() || !noisy.is_empty() {
            report.mistakes.push(LineMistake { number, line, missing, noisy });
        }
    }
    let all: BTreeSet<&str> = symptoms.iter().map(|one| one.pattern).collect();
    report.unexercised = all.into_iter().filter(|id| !exercised.contains(*id)).map(str::to_owned).collect();
    Ok(report)
}

/// The line and the expected ids of an entry, or the problem.
fn entry(text: &str) -> Result<(String, BTreeSet<String>), String> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| format!("not valid JSON at column {}", error.column()))?;
    let line = value.get("line").and_then(Value::as_str).ok_or("`line` is missing or not a string")?;
    let expected = value.get("expected").and_then(Value::as_array).ok_or("`expected` is missing or not a list")?;
    let ids =
        expected.iter().map(|id| id.as_str().map(str::to_owned).ok_or("`expected` has an entry that is not a string"));
    Ok((line.to_owned(), ids.collect::<Result<_, _>>()?))
}

/// The ids of the patterns that match a line, with the matching symptoms.
fn matching<'a>(
    symptoms: &[LineSymptom<'a>],
    tables: &BTreeMap<&str, (&Table, Records)>,
    matcher: &Matcher,
    text: &str,
) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut hits = Vec::new();
    for (table, records) in tables.values() {
        for line in records.of(table, text) {
            let written_by = component_of(table, &line);
            for see in [See::Message, See::Line] {
                hits.clear();
                matcher.matches(&line.searched_text(see), |field| line.has_field(field), &mut hits);
                for one in hits.iter().filter_map(|index| symptoms.get(*index)) {
                    let component = one.lines.components.is_empty()
                        || written_by
                            .is_none_or(|written_by| one.lines.components.iter().any(|name| name == written_by));
                    let keyed = one.lines.keys.values().all(|source| match source {
                        KeySource::Json(field) => line.field(field).is_some(),
                        KeySource::Column(_) | KeySource::Capture(_) => true,
                    });
                    if one.lines.table == table.name && one.lines.see == see && component && keyed {
                        let symptoms = found.entry(one.pattern).or_default();
                        if !symptoms.contains(&one.symptom) {
                            symptoms.push(one.symptom);
                        }
                    }
                }
            }
        }
    }
    found
}

/// The component that the line itself determines, without its row.
fn component_of<'t>(table: &'t Table, line: &Line<'_>) -> Option<&'t str> {
    let field = |name: &str| line.json().and_then(|object| object.get(name)).and_then(Value::as_str);
    let fits = |test: &ComponentTest| match test {
        ComponentTest::JsonField(name) => line.json().is_some_and(|object| object.contains_key(name)),
        ComponentTest::JsonEquals(name, text) => field(name) == Some(text),
        ComponentTest::JsonPrefix(name, text) => field(name).is_some_and(|found| found.starts_with(text.as_str())),
        ComponentTest::LinePrefix(text) => line.text.starts_with(text.as_str()),
        ComponentTest::ColumnEquals(..) | ComponentTest::ColumnPrefix(..) | ComponentTest::Otherwise => false,
    };
    table.components.iter().find(|rule| fits(&rule.test)).map(|rule| rule.name.as_str())
}
