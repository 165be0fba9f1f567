//! Symptoms that are queries in KQL.
//!
//! Input: the map of a symptom. Output: a [`SymptomKind::Query`]. The text is not parsed as KQL here; only the tables and
//! parameters that it names are checked.

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

/// Reads the query of a symptom with its threshold.
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
        reader.report(&codes::UNKNOWN_TABLE, &node, "the query does not mention a table of the pack").help = Some(help);
    }
    if node.is_folded() && has_comment_line(reader, &node) {
        reader.report(&codes::KQL_SYNTAX, &node, "a folded block joins the line after a comment to the comment").help =
            Some("write the query as a literal block with `|`".to_owned());
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

/// Reads the tables that a rule lists, and reports those that the pack does not define or the text does not name.
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
            reader.report(&codes::UNKNOWN_TABLE, node, format!("the query does not mention the table `{name}`"));
        } else if !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}

/// Returns the keys of an entity kind without those of the coarsest kind, which normally identify the subject.
fn keys_below_the_coarsest(reader: &Reader<'_>, per: &str) -> Vec<String> {
    let schema = &reader.pack.schema;
    let coarsest = schema.entities.first().map(|kind| kind.keys.as_slice()).unwrap_or_default();
    let keys = schema.entity(per).map(|kind| kind.keys.as_slice()).unwrap_or_default();
    keys.iter().filter(|key| !coarsest.contains(key)).cloned().collect()
}

/// Returns whether a line of the scalar in the file starts with a KQL comment.
fn has_comment_line(reader: &Reader<'_>, node: &Node) -> bool {
    let raw = reader.checked.text.get(node.bytes.start..node.bytes.end).unwrap_or_default();
    raw.lines().any(|line| line.trim_start().starts_with("//"))
}

/// Returns the parameters that a text uses: keys of the coarsest entity kind, `from`, `to`, and parameters of the pack.
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
