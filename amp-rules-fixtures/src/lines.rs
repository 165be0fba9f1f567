//! Holds the regexes of a rule set against a corpus of log lines.
//!
//! Input: a rule set and a corpus, one JSON object per line with a `line` and the `expected` pattern ids. Output: for every
//! line which patterns should have recognised it and did not, and which did and should not. A line says which process
//! wrote it only where it is JSON that names its file; else every component is possible. Nothing is evaluated.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::rules::model::{LogLines, SymptomKind};
use amp_rules_core::rules::rule_set::RuleSet;
use amp_rules_core::telemetry::matcher::{Matcher, MatcherError};
use amp_rules_core::telemetry::predicate::{KeySource, LineTest, See};
use amp_rules_core::telemetry::schema::{ComponentTest, Table};
use amp_rules_core::telemetry::source::rows::{Line, lines_of};
use serde_json::Value;

/// What a corpus says of a rule set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinesReport {
    /// How many lines were tried.
    pub checked: usize,
    /// Where the rules and the corpus disagree, in the order of the corpus.
    pub mistakes: Vec<LineMistake>,
    /// Lines of the corpus that are no entries, by their number.
    pub unreadable: Vec<(u64, String)>,
    /// Patterns that no line of the corpus is expected to match although they have a regex, by id.
    pub unexercised: Vec<String>,
}

impl LinesReport {
    /// Whether every line was readable and matched as expected.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.mistakes.is_empty() && self.unreadable.is_empty()
    }
}

/// A line that is recognised wrongly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineMistake {
    /// Its number in the corpus, from 1.
    pub number: u64,
    /// Its text.
    pub line: String,
    /// Patterns that should recognise it and do not, by id.
    pub missing: Vec<String>,
    /// Patterns that recognise it and should not, by id, each with the symptoms that match.
    pub noisy: Vec<(String, Vec<String>)>,
}

struct Watched<'a> {
    pattern: &'a str,
    symptom: &'a str,
    lines: &'a LogLines,
    table: Option<&'a Table>,
}

/// Tries every line of a corpus against every log symptom.
///
/// # Errors
///
/// A regex of the rule set that does not compile; a compiled rule set has none.
pub fn check(rules: &RuleSet, corpus: &str) -> Result<LinesReport, MatcherError> {
    let watched: Vec<Watched<'_>> = rules
        .symptoms
        .iter()
        .filter_map(|symptom| match &symptom.symptom.kind {
            SymptomKind::Log { lines, .. } => {
                let table = rules.schema.tables.get(&lines.table).map(AsRef::as_ref);
                Some(Watched {
                    pattern: rules.pattern_id(symptom.pattern),
                    symptom: &symptom.symptom.name,
                    lines,
                    table,
                })
            }
            _ => None,
        })
        .collect();
    let tests: Vec<LineTest> = watched.iter().map(|watched| watched.lines.test.clone()).collect();
    let matcher = Matcher::new(&tests)?;
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
        let found = recognise(&watched, &matcher, &line);
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
    let all: BTreeSet<&str> = watched.iter().map(|watched| watched.pattern).collect();
    report.unexercised = all.into_iter().filter(|id| !exercised.contains(*id)).map(str::to_owned).collect();
    Ok(report)
}

fn entry(text: &str) -> Result<(String, BTreeSet<String>), String> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| format!("not valid JSON at column {}", error.column()))?;
    let line = value.get("line").and_then(Value::as_str).ok_or("there is no text `line`")?;
    let expected = value.get("expected").and_then(Value::as_array).ok_or("there is no list `expected`")?;
    let ids =
        expected.iter().map(|id| id.as_str().map(str::to_owned).ok_or("`expected` holds something that is no id"));
    Ok((line.to_owned(), ids.collect::<Result<_, _>>()?))
}

/// The patterns that recognise a line, with the symptoms that match.
fn recognise<'a>(watched: &[Watched<'a>], matcher: &Matcher, text: &str) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut hits = Vec::new();
    let tables: BTreeMap<&str, &Table> =
        watched.iter().filter_map(|watched| watched.table).map(|table| (table.name.as_str(), table)).collect();
    for table in tables.into_values() {
        for line in lines_of(table, text) {
            let wrote = shown(table, &line);
            for see in [See::Message, See::Line] {
                hits.clear();
                matcher.matches(&line.searched_text(see), &mut hits);
                for one in hits.iter().filter_map(|index| watched.get(*index)) {
                    let component = one.lines.components.is_empty()
                        || wrote.is_none_or(|wrote| one.lines.components.iter().any(|name| name == wrote));
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

/// The component that the line itself shows, without its row.
fn shown<'t>(table: &'t Table, line: &Line<'_>) -> Option<&'t str> {
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
