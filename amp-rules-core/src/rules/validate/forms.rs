//! The forms of input of a pack, and the keys that it derives.
//!
//! Input: `inputs` and `derived_keys` of the checked file, and its tables. Output: [`InputForm`]s and [`Derivation`]s. Reports unknown
//! tables, columns, keys and components, a missing time or text, and invalid regexes.

use std::collections::{BTreeMap, BTreeSet};

use super::pack_tables::check_column;
use super::reader::Reader;
use super::regexes::read_regex;
use crate::rules::codes;
use crate::rules::syntax::Node;
use crate::suggest::nearest;
use crate::telemetry::form::{Derivation, FormContent, InputForm};
use crate::telemetry::schema::{EntityKind, Path, Table};

/// Reads the keys that can be derived from other keys of a row.
pub(super) fn read_derived_keys(
    reader: &mut Reader<'_>,
    root: &Node,
    entities: &[EntityKind],
) -> BTreeMap<String, Vec<Derivation>> {
    let known: BTreeSet<&str> = entities.iter().flat_map(|kind| &kind.keys).map(String::as_str).collect();
    let mut derived = BTreeMap::new();
    for entry in root.entries("derived_keys") {
        let unknown_key = |reader: &mut Reader<'_>, span, key: &str| {
            let near = nearest(key, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            let message = format!("no entity kind has the key `{key}`");
            reader.report_at(&codes::DANGLING_REFERENCE, span, message).help = near;
        };
        if !known.contains(entry.key.as_str()) {
            let span = reader.checked.span(entry.key_bytes);
            unknown_key(reader, span, &entry.key);
        }
        for node in entry.value.many() {
            if let Some(from) = node.get("from")
                && let Some(key) = from.text()
                && !known.contains(key)
            {
                let span = reader.span(from);
                unknown_key(reader, span, key);
            }
        }
        derived.insert(entry.key.clone(), read_derivations(reader, &entry.value));
    }
    derived
}

/// Reads the forms, in order.
pub(super) fn read_forms(reader: &mut Reader<'_>, root: &Node, tables: &BTreeMap<String, Table>) -> Vec<InputForm> {
    let mut forms = Vec::new();
    for entry in root.entries("inputs") {
        let map = &entry.value;
        let Some(name) = reader.get(map, "table").cloned() else { continue };
        let Some(table) = name.text().and_then(|name| tables.get(name)) else {
            let text = name.text().unwrap_or_default();
            let near = nearest(text, tables.keys().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
            if reader.checked.is_whole() {
                reader.report(&codes::UNKNOWN_TABLE, &name, format!("unknown table `{text}`")).help = near;
            }
            continue;
        };
        let kind = reader.string(map, "kind");
        let content = match (reader.text(map, "content"), kind) {
            (Some("rows"), _) => FormContent::Rows,
            (Some("lines"), _) => FormContent::Lines,
            (Some("objects"), Some(kind)) => FormContent::Objects(kind),
            (Some("objects"), None) => {
                let span = reader.checked.span(entry.key_bytes);
                reader.report_at(&codes::MISSING_FIELD, span, "`kind` is missing").help =
                    Some("a form of objects requires `kind: …`, such as `Event`".to_owned());
                continue;
            }
            _ => continue,
        };
        let files = reader.get(map, "files").cloned();
        for regex in files.iter().flat_map(|files| files.many()) {
            read_regex(reader, regex, true);
        }
        let mut columns: Vec<(Path, Vec<Derivation>)> = Vec::new();
        for column in map.entries("columns") {
            if let Some(node) = column.value.many().first() {
                check_column(reader, table, &column.key, node);
            }
            columns.push((Path::dotted(&column.key), read_derivations(reader, &column.value)));
        }
        check_needed(reader, map, table, &content, &columns);
        let component = read_component(reader, map, table);
        forms.push(InputForm {
            name: entry.key.clone(),
            table: table.name.clone(),
            content,
            files: reader.texts(map, "files"),
            columns,
            component,
            alive_by_file: reader.text(map, "alive") == Some("file"),
        });
    }
    forms
}

/// Reports a form without the columns that make a row of the table.
fn check_needed(
    reader: &mut Reader<'_>,
    map: &Node,
    table: &Table,
    content: &FormContent,
    columns: &[(Path, Vec<Derivation>)],
) {
    // The time of a line, or of an object, is found in it.
    let time = Some(&table.time).filter(|_| *content == FormContent::Rows);
    let needed = [time, table.text.as_ref(), table.metric_name.as_ref(), table.value.as_ref()];
    for path in needed.into_iter().flatten() {
        if !columns.iter().any(|(column, _)| column == path)
            && let Some(node) = map.get("columns")
        {
            reader.report(&codes::MISSING_FIELD, node, format!("`{path}` is missing")).help =
                Some(format!("a row of `{}` requires this column: add `{path}: {{ from: … }}`", table.name));
        }
    }
}

fn read_component(reader: &mut Reader<'_>, map: &Node, table: &Table) -> Option<String> {
    let node = reader.get(map, "component")?.clone();
    let name = node.text()?;
    let known: BTreeSet<&str> = table.components.iter().map(|rule| rule.name.as_str()).collect();
    if !known.contains(name) {
        let near = nearest(name, known).map(|near| format!("did you mean `{near}`?"));
        let message = format!("table `{}` has no component `{name}`", table.name);
        reader.report(&codes::DANGLING_REFERENCE, &node, message).help = near;
    }
    Some(name.to_owned())
}

fn read_derivations(reader: &mut Reader<'_>, node: &Node) -> Vec<Derivation> {
    let mut all = Vec::new();
    for one in node.many() {
        if let Some(regex) = reader.get(one, "regex").cloned() {
            read_regex(reader, &regex, true);
        }
        let Some(from) = reader.string(one, "from") else { continue };
        all.push(Derivation { from, regex: reader.string(one, "regex"), value: reader.string(one, "value") });
    }
    all
}
