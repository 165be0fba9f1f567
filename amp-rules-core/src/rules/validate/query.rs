//! Symptoms that are queries in KQL.
//!
//! Input: a symptom's map. Output: a [`SymptomKind::Query`]. Whether the text is KQL is not judged here: core cannot read
//! it. That it names a table, and what its parameters stand for, is.

use super::threshold::read_threshold;
use std::sync::Arc;

use super::reader::Reader;
use super::threshold::Number;
use crate::rules::codes;
use crate::rules::model::SymptomKind;
use crate::rules::model::query::{Origin, Query, QueryParameter, QueryText, Wanted, tables_named, words};
use crate::rules::syntax::{Entry, Node};
use crate::suggest::nearest;
use crate::unit::{Dimension, Unit};

/// The query of a symptom and what its column is compared with.
pub(super) fn read_query(reader: &mut Reader<'_>, entry: &Entry, query: &Node, per: &str) -> Option<SymptomKind> {
    let map = &entry.value;
    let node = reader.get(query, "kql")?.clone();
    let text = node.text()?.to_owned();
    let tables = match reader.get(query, "tables").cloned() {
        Some(named) => read_tables(reader, &named, &text),
        None => tables_named(&text, &reader.pack.schema),
    };
    if tables.is_empty() && reader.pack.is_whole && query.get("tables").is_none() {
        let known: Vec<&str> = reader.pack.schema.tables.keys().map(String::as_str).collect();
        let near = words(&text).next().and_then(|first| nearest(first, known.iter().copied()));
        let help = near
            .map_or_else(|| format!("the pack has `{}`", known.join("`, `")), |near| format!("did you mean `{near}`?"));
        reader.report(&codes::UNKNOWN_TABLE, &node, "the query names no table of the pack").help = Some(help);
    }
    if node.is_folded() && has_comment_line(reader, &node) {
        reader.report(&codes::KQL_SYNTAX, &node, "a folded block puts what follows a comment into the comment").help =
            Some("write the query as a literal block, behind `|`".to_owned());
        return None;
    }
    let column_node = reader.get(query, "column")?.clone();
    let column = column_node.text()?.to_owned();
    let parameters = used_parameters(reader, &text);
    let place = query.get("per").or_else(|| map.get("per")).unwrap_or(&node);
    let wanted = Wanted {
        column: (column.clone(), reader.span(&column_node)),
        keys: keys_below_the_coarsest(reader, per),
        per: reader.span(place),
        tables: tables.clone(),
    };
    let content: &str = &reader.checked.text;
    let file = Arc::clone(&reader.checked.file);
    let all = reader.pack.query_parameters();
    reader.texts.push(QueryText::of_scalar(entry.key.clone(), (file, content), &node, all, wanted));
    let unit = reader.text(query, "unit").and_then(Unit::named).unwrap_or(Unit::COUNT);
    let is_positive = matches!(unit.dimension, Dimension::Bytes | Dimension::Cores);
    let threshold = read_threshold(reader, map, Number { unit, is_quotient: false, is_positive });
    let threshold = threshold?;
    (!tables.is_empty()).then_some(SymptomKind::Query { query: Query { text, tables, column, parameters }, threshold })
}

/// The tables that a rule says a text reads; says so where the pack or the text lacks one.
fn read_tables(reader: &mut Reader<'_>, named: &Node, text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for node in named.many() {
        let Some(name) = node.text() else { continue };
        if !reader.pack.schema.tables.contains_key(name) {
            if reader.pack.is_whole {
                let near = nearest(name, reader.pack.schema.tables.keys().map(String::as_str));
                reader.report(&codes::UNKNOWN_TABLE, node, format!("unknown table `{name}`")).help =
                    near.map(|near| format!("did you mean `{near}`?"));
            }
        } else if !words(text).any(|word| word == name) {
            reader.report(&codes::UNKNOWN_TABLE, node, format!("the text names no table `{name}`"));
        } else if !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}

/// The keys of an entity kind that the subject of a run normally lacks.
fn keys_below_the_coarsest(reader: &Reader<'_>, per: &str) -> Vec<String> {
    let schema = &reader.pack.schema;
    let coarsest = schema.entities.first().map(|kind| kind.keys.as_slice()).unwrap_or_default();
    let keys = schema.entity(per).map(|kind| kind.keys.as_slice()).unwrap_or_default();
    keys.iter().filter(|key| !coarsest.contains(key)).cloned().collect()
}

/// Whether a line of a scalar begins as a comment of KQL where it stands in the file.
fn has_comment_line(reader: &Reader<'_>, node: &Node) -> bool {
    let raw = reader.checked.text.get(node.bytes.start..node.bytes.end).unwrap_or_default();
    raw.lines().any(|line| line.trim_start().starts_with("//"))
}

/// The parameters that a text names: keys of the coarsest entity kind, `from`, `to`, and parameters of the pack.
fn used_parameters(reader: &mut Reader<'_>, text: &str) -> Vec<QueryParameter> {
    let pack = reader.pack;
    let mut found: Vec<QueryParameter> = Vec::new();
    for parameter in pack.query_parameters() {
        if words(text).any(|word| word == parameter.name) {
            if let Origin::Setting(name) = &parameter.origin {
                reader.parameters.insert(name.clone());
            }
            found.push(parameter);
        }
    }
    found
}
