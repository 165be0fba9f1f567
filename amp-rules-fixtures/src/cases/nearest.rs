//! Finds the line that a failed case probably meant: the one that nearly matches.
//!
//! Input: failures about patterns, and the rows of the case. Output: a sentence on each failure whose pattern has a regex:
//! a line that matches but belongs to another process, else the line that shares most of the regex's words. Nothing is
//! said where no line comes near.

use std::collections::BTreeSet;

use amp_rules_core::matcher::Matcher;
use amp_rules_core::model::{LineTest, LogLines, SymptomKind};
use amp_rules_core::rule_set::RuleSet;
use amp_rules_core::schema::Table;
use amp_rules_core::source::rows::{Row, lines_of};

use super::expect::{Failure, FailureKind};
use crate::story::Rows;

/// So many different lines are looked at.
const MOST: usize = 2_000;

/// Adds to each failure what came near.
pub(super) fn explain(rules: &RuleSet, rows: &Rows, failures: &mut [Failure]) {
    for failure in failures.iter_mut().filter(|failure| failure.kind != FailureKind::Noisy) {
        let Some(index) = failure.pattern.as_deref().and_then(|id| rules.pattern_index(id)) else { continue };
        let symptoms = rules.patterns.get(index).map(|pattern| pattern.symptoms.as_slice()).unwrap_or_default();
        for symptom in symptoms.iter().filter_map(|index| rules.symptoms.get(*index)) {
            if let SymptomKind::Log { lines, .. } = &symptom.symptom.kind
                && let Some(table) = rules.schema.tables.get(&lines.table)
                && let Some(told) = near(table, lines, rows)
            {
                failure.detail.push(format!("`{}`: {told}", symptom.symptom.name));
            }
        }
    }
}

fn near(table: &Table, wanted: &LogLines, rows: &Rows) -> Option<String> {
    let matcher = Matcher::new(std::slice::from_ref(&wanted.test)).ok()?;
    let words = words(&wanted.test);
    let mut seen = BTreeSet::new();
    let mut best: Option<(usize, String)> = None;
    for object in rows.get(&table.name)? {
        let Ok(row) = Row::from_json(table, object.clone()) else { continue };
        let text = table.text.as_ref().and_then(|path| row.text(path)).unwrap_or_default().into_owned();
        if seen.len() >= MOST || !seen.insert(text.clone()) {
            continue;
        }
        for line in lines_of(table, &text) {
            let mut hits = Vec::new();
            matcher.matches(&line.seen(wanted.see), &mut hits);
            let component = line.component(table, &row).unwrap_or("none");
            if !hits.is_empty() {
                if wanted.components.is_empty() || wanted.components.iter().any(|name| name == component) {
                    // A line that matches is no near miss; what keeps the symptom from holding is its number.
                    return None;
                }
                return Some(format!(
                    "a line matches, but it is `{component}`'s, not {}'s: {}",
                    wanted.components.join(" or "),
                    short(&line.text)
                ));
            }
            let lower = line.text.to_lowercase();
            let shared = words.iter().filter(|word| lower.contains(word.as_str())).count();
            if shared * 2 >= words.len().max(1) && shared > 0 && best.as_ref().is_none_or(|(most, _)| shared > *most) {
                best = Some((shared, line.text.clone().into_owned()));
            }
        }
    }
    best.map(|(shared, line)| {
        format!("no line matches; nearest, with {shared} of {} words: {}", words.len(), short(&line))
    })
}

/// The words of a regex or a literal, lower-cased: runs of at least three letters or digits that stand for themselves.
fn words(test: &LineTest) -> Vec<String> {
    let text = match test {
        LineTest::Regex(text) | LineTest::Contains(text) => text,
    };
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                characters.next();
                plain.push(' ');
            }
            '[' => {
                characters.by_ref().find(|c| *c == ']');
                plain.push(' ');
            }
            '<' => {
                characters.by_ref().find(|c| *c == '>');
                plain.push(' ');
            }
            other if other.is_alphanumeric() || other == '_' => plain.push(other),
            _ => plain.push(' '),
        }
    }
    let all: BTreeSet<String> =
        plain.split_whitespace().filter(|word| word.chars().count() >= 3).map(str::to_lowercase).collect();
    all.into_iter().collect()
}

fn short(line: &str) -> String {
    let mut text: String = line.chars().take(160).collect();
    if text.len() < line.len() {
        text.push('…');
    }
    text
}
