//! Lines of log tables: regex or text, captures, entity keys, examples.

use std::collections::BTreeMap;

use super::filter::read_filter;
use super::reader::Reader;
use super::regexes::read_regex;
use super::tables::table_of;
use super::threshold::COMPARISONS;
use crate::rules::codes;
use crate::rules::diagnostic::{Label, Span};
use crate::rules::model::LogLines;
use crate::rules::syntax::{Entry, Node};
use crate::suggest::nearest;
use crate::telemetry::matcher;
use crate::telemetry::predicate::{Comparison, FieldTest, KeySource, Limit, LineTest, See, ValueTest};
use crate::telemetry::schema::{Table, TableKind};
use crate::telemetry::source::rows::Line;
use crate::unit::Quantity;

pub(super) fn read_lines(reader: &mut Reader<'_>, log: &Node, used_elsewhere: &[&str]) -> Option<LogLines> {
    let table = table_of(reader, log, &[TableKind::Logs]);
    let see = if reader.text(log, "see") == Some("line") { See::Line } else { See::Message };
    let extracted: Vec<(String, Node)> = log
        .get("extract")
        .and_then(Node::map)
        .unwrap_or_default()
        .iter()
        .map(|entry| (entry.key.clone(), Node { bytes: entry.key_bytes, value: entry.value.value.clone() }))
        .collect();
    let mut used: Vec<(String, Node)> = extracted.clone();
    let keys = match &table {
        Some(table) => read_keys(reader, log, table, &[], &mut used),
        None => BTreeMap::new(),
    };
    let captures: Vec<&str> =
        used.iter().map(|(name, _)| name.as_str()).chain(used_elsewhere.iter().copied()).collect();
    let text = read_text_test(reader, log, see, &used, &captures);
    let test = match (log.get("fields").is_some(), text) {
        (true, text) => LineTest::Fields { fields: read_fields(reader, log), text: text.map(Box::new) },
        (false, text) => text?,
    };
    let see = if test.of_text().is_some() { see } else { See::Message };
    let table = table?;
    let components = read_components(reader, log, &table);
    let filter = read_filter(reader, log, &table, None);
    let sums = extracted.into_iter().map(|(name, _)| name).collect();
    Some(LogLines { table: table.name.clone(), components, test, see, filter, sums, keys })
}

/// Reads `regex` or `contains`, and checks that they define the captures that are used.
fn read_text_test(
    reader: &mut Reader<'_>,
    log: &Node,
    see: See,
    used: &[(String, Node)],
    captures: &[&str],
) -> Option<LineTest> {
    if let Some(node) = reader.get(log, "regex").cloned() {
        if let Some(defined) = read_regex(reader, &node, see == See::Line) {
            check_captures(reader, &node, &defined, used, captures);
        }
        return Some(LineTest::Regex(node.text()?.to_owned()));
    }
    let contains = reader.get(log, "contains").cloned();
    if let Some(node) = &contains
        && node.text()?.chars().filter(|c| !c.is_whitespace()).count() < 4
    {
        reader.report(&codes::TOO_BROAD, node, "the text has fewer than four characters");
    }
    let key = if contains.is_some() { "contains" } else { "fields" };
    for (name, place) in used {
        reader.report(&codes::UNDEFINED_CAPTURE, place, format!("`{key}` cannot define the capture `{name}`")).help =
            Some("use `regex` with a named capture".to_owned());
    }
    if let (None, Some(see)) = (&contains, log.entry("see")) {
        let span = reader.checked.span(see.key_bytes);
        reader.report_at(&codes::UNKNOWN_FIELD, span, "`see` has no effect without `regex` or `contains`").help =
            Some("tests of fields always read the whole line; remove the key".to_owned());
    }
    Some(LineTest::Contains(contains?.text()?.to_owned()))
}

/// Reads the tests of fields.
fn read_fields(reader: &mut Reader<'_>, log: &Node) -> Vec<FieldTest> {
    let entries = log.get("fields").and_then(Node::map).unwrap_or_default();
    let read = |entry: &Entry| {
        let test = read_value_test(reader, &entry.value)?;
        Some(FieldTest { name: entry.key.clone(), test })
    };
    entries.iter().filter_map(read).collect()
}

fn read_value_test(reader: &mut Reader<'_>, node: &Node) -> Option<ValueTest> {
    if node.map().is_none() {
        return Some(ValueTest::OneOf(node.many().iter().filter_map(|item| item.text().map(str::to_owned)).collect()));
    }
    match reader.text(node, "is") {
        Some("set") => return Some(ValueTest::Set),
        Some("empty") => return Some(ValueTest::Empty),
        _ => {}
    }
    let mut bounds = Vec::new();
    for (key, comparison) in COMPARISONS {
        let Some(limit) = reader.text(node, key).and_then(Quantity::parse) else { continue };
        bounds.push((comparison, limit.in_base()));
    }
    if let [(low_sign, low), (high_sign, high)] = bounds.as_slice()
        && (low > high || low == high && (*low_sign, *high_sign) != (Comparison::AtLeast, Comparison::AtMost))
    {
        reader.report(&codes::THRESHOLD_UNSATISFIABLE, node, "no number is within these bounds");
    }
    let bounds = bounds.into_iter().map(|(comparison, limit)| (comparison, Limit::new(limit)));
    Some(ValueTest::Within(bounds.collect()))
}

fn read_components(reader: &mut Reader<'_>, log: &Node, table: &Table) -> Vec<String> {
    let Some(node) = reader.get(log, "component").cloned() else { return Vec::new() };
    let mut out = Vec::new();
    for item in node.many() {
        let Some(name) = item.text() else { continue };
        if !table.components.iter().any(|rule| rule.name == name) && reader.pack.is_whole {
            let near = nearest(name, table.components.iter().map(|rule| rule.name.as_str()))
                .map(|near| format!("did you mean `{near}`?"));
            reader
                .report(&codes::DANGLING_REFERENCE, item, format!("table `{}` has no component `{name}`", table.name))
                .help = near;
        }
        out.push(name.to_owned());
    }
    out
}

/// Reads the entity keys that override those of the table, and adds the captures that they use to `used`.
pub(super) fn read_keys(
    reader: &mut Reader<'_>,
    map: &Node,
    table: &Table,
    known: &[&str],
    used: &mut Vec<(String, Node)>,
) -> BTreeMap<String, KeySource> {
    let mut out = BTreeMap::new();
    let Some(keys) = reader.get(map, "keys").cloned() else { return out };
    for entry in keys.map().unwrap_or_default() {
        let pack = reader.pack;
        let all: Vec<&str> = pack
            .schema
            .entities
            .iter()
            .flat_map(|kind| &kind.keys)
            .map(String::as_str)
            .chain(known.iter().copied())
            .collect();
        if pack.is_whole && !all.contains(&entry.key.as_str()) {
            let near = nearest(&entry.key, all).map(|near| format!("did you mean `{near}`?"));
            let span = reader.checked.span(entry.key_bytes);
            reader
                .report_at(&codes::DANGLING_REFERENCE, span, format!("no entity kind has the key `{}`", entry.key))
                .help = near;
        }
        let value = &entry.value;
        let source = if let Some(field) = reader.text(value, "json") {
            KeySource::Json(field.to_owned())
        } else if let Some(capture) = value.get("capture") {
            let Some(name) = capture.text() else { continue };
            used.push((name.to_owned(), capture.clone()));
            KeySource::Capture(name.to_owned())
        } else {
            let node = value.get("column").unwrap_or(value);
            let Some(path) = node.text().and_then(|name| reader.column(table, name, node)) else { continue };
            KeySource::Column(path)
        };
        out.insert(entry.key.clone(), source);
    }
    out
}

/// Reports captures that are used and not defined, and the other way round.
fn check_captures(
    reader: &mut Reader<'_>,
    regex: &Node,
    defined: &[(String, Span)],
    used: &[(String, Node)],
    names: &[&str],
) {
    for (name, place) in used {
        if !defined.iter().any(|(other, _)| other == name) {
            let near = nearest(name, defined.iter().map(|(name, _)| name.as_str()))
                .map(|near| format!("did you mean `{near}`?"));
            let help = near.unwrap_or_else(|| format!("name it in the regex: `(?P<{name}>…)`"));
            let span = reader.span(regex);
            let problem = reader.report(&codes::UNDEFINED_CAPTURE, place, format!("the regex has no capture `{name}`"));
            problem.help = Some(help);
            problem.labels.push(Label { span, text: "this regex".to_owned() });
        }
    }
    for (name, span) in defined {
        if !names.contains(&name.as_str()) {
            reader.report_at(&codes::UNUSED_CAPTURE, span.clone(), format!("nothing uses the capture `{name}`")).help =
                Some(format!("write `(?:…)`, or use it: `extract: {{ {name}: sum }}`"));
        }
    }
}

/// Tests the examples the way the symptom is evaluated.
pub(super) fn check_examples(reader: &mut Reader<'_>, map: &Node, lines: &LogLines) {
    let Some(examples) = map.get("examples").cloned() else { return };
    let Ok(matcher) = matcher::Matcher::new(std::slice::from_ref(&lines.test)) else { return };
    for (key, expected) in [("match", true), ("no_match", false)] {
        let Some(list) = reader.get(&examples, key).cloned() else { continue };
        for item in list.many() {
            let Some(text) = item.text() else { continue };
            let line = Line::new(0, text);
            let seen = line.as_ref().map(|line| line.searched_text(lines.see)).unwrap_or_default();
            let mut hits = Vec::new();
            let has_field = |field: &FieldTest| line.as_ref().is_some_and(|line| line.has_field(field));
            matcher.matches(&seen, has_field, &mut hits);
            if hits.is_empty() == expected {
                let message = if expected {
                    "the line should match, but does not"
                } else {
                    "the line should not match, but does"
                };
                let regex = map
                    .get("log")
                    .and_then(|log| ["regex", "contains", "fields"].iter().find_map(|key| log.get(key)))
                    .map(|node| reader.span(node));
                let hidden = expected && lines.see == See::Message && {
                    matcher.matches(text, has_field, &mut hits);
                    !hits.is_empty()
                };
                let problem = reader.report(&codes::EXAMPLE_CONTRADICTS, item, message);
                if let Some(span) = regex {
                    problem.labels.push(Label { span, text: "the line is tested with this".to_owned() });
                }
                if hidden {
                    problem.help = Some("only the fields msg, message, error, err and log of a JSON line are searched; `see: line` searches the whole line".to_owned());
                }
            }
        }
    }
}
