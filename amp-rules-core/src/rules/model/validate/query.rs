//! Symptoms that are queries in KQL.
//!
//! Input: a symptom's map. Output: a [`SymptomKind::Query`]. Whether the text is KQL is not judged here: core cannot read
//! it. That it names a table, and what its parameters stand for, is.

use std::sync::Arc;

use super::Reader;
use super::threshold::Number;
use crate::rules::codes;
use crate::rules::model::SymptomKind;
use crate::rules::model::query::{Origin, Query, QueryParameter, QueryText, Wanted, tables_named, words};
use crate::rules::syntax::{Entry, Node};
use crate::suggest::nearest;
use crate::telemetry::schema::ColumnType;
use crate::unit::{Dimension, Quantity, Unit};

impl Reader<'_> {
    /// The query of a symptom and what its column is compared with.
    pub(super) fn query(&mut self, entry: &Entry, query: &Node, per: &str) -> Option<SymptomKind> {
        let map = &entry.value;
        let node = self.get(query, "kql")?.clone();
        let text = node.text()?.to_owned();
        let tables = match self.get(query, "tables").cloned() {
            Some(named) => self.tables_of(&named, &text),
            None => tables_named(&text, &self.pack.schema),
        };
        if tables.is_empty() && self.pack.is_whole && query.get("tables").is_none() {
            let known: Vec<&str> = self.pack.schema.tables.keys().map(String::as_str).collect();
            let near = words(&text).next().and_then(|first| nearest(first, known.iter().copied()));
            let help = near.map_or_else(
                || format!("the pack has `{}`", known.join("`, `")),
                |near| format!("did you mean `{near}`?"),
            );
            self.report(&codes::UNKNOWN_TABLE, &node, "the query names no table of the pack").help = Some(help);
        }
        if node.is_folded() && self.has_comment_line(&node) {
            self.report(&codes::KQL_SYNTAX, &node, "a folded block puts what follows a comment into the comment")
                .help = Some("write the query as a literal block, behind `|`".to_owned());
            return None;
        }
        let column_node = self.get(query, "column")?.clone();
        let column = column_node.text()?.to_owned();
        let parameters = self.query_parameters(&text);
        let place = query.get("per").or_else(|| map.get("per")).unwrap_or(&node);
        let wanted = Wanted {
            column: (column.clone(), self.span(&column_node)),
            keys: self.keys_below_the_coarsest(per),
            per: self.span(place),
            tables: tables.clone(),
        };
        let content: &str = &self.checked.text;
        let file = Arc::clone(&self.checked.file);
        let all = self.pack.query_parameters();
        self.texts.push(QueryText::of_scalar(entry.key.clone(), (file, content), &node, all, wanted));
        let unit = self.text(query, "unit").and_then(Unit::named).unwrap_or(Unit::COUNT);
        let is_positive = matches!(unit.dimension, Dimension::Bytes | Dimension::Cores);
        let threshold = self.threshold(map, Number { unit, is_quotient: false, is_positive });
        let threshold = threshold?;
        (!tables.is_empty())
            .then_some(SymptomKind::Query { query: Query { text, tables, column, parameters }, threshold })
    }

    /// The tables that a rule says a text reads; says so where the pack or the text lacks one.
    fn tables_of(&mut self, named: &Node, text: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for node in named.many() {
            let Some(name) = node.text() else { continue };
            if !self.pack.schema.tables.contains_key(name) {
                if self.pack.is_whole {
                    let near = nearest(name, self.pack.schema.tables.keys().map(String::as_str));
                    self.report(&codes::UNKNOWN_TABLE, node, format!("unknown table `{name}`")).help =
                        near.map(|near| format!("did you mean `{near}`?"));
                }
            } else if !words(text).any(|word| word == name) {
                self.report(&codes::UNKNOWN_TABLE, node, format!("the text names no table `{name}`"));
            } else if !found.iter().any(|known| known == name) {
                found.push(name.to_owned());
            }
        }
        found
    }

    /// The keys of an entity kind that the subject of a run normally lacks.
    fn keys_below_the_coarsest(&self, per: &str) -> Vec<String> {
        let schema = &self.pack.schema;
        let coarsest = schema.entities.first().map(|kind| kind.keys.as_slice()).unwrap_or_default();
        let keys = schema.entity(per).map(|kind| kind.keys.as_slice()).unwrap_or_default();
        keys.iter().filter(|key| !coarsest.contains(key)).cloned().collect()
    }

    /// Whether a line of a scalar begins as a comment of KQL where it stands in the file.
    fn has_comment_line(&self, node: &Node) -> bool {
        let raw = self.checked.text.get(node.bytes.start..node.bytes.end).unwrap_or_default();
        raw.lines().any(|line| line.trim_start().starts_with("//"))
    }

    /// The parameters that a text names: keys of the coarsest entity kind, `from`, `to`, and parameters of the pack.
    fn query_parameters(&mut self, text: &str) -> Vec<QueryParameter> {
        let pack = self.pack;
        let mut found: Vec<QueryParameter> = Vec::new();
        for parameter in pack.query_parameters() {
            if words(text).any(|word| word == parameter.name) {
                if let Origin::Setting(name) = &parameter.origin {
                    self.parameters.insert(name.clone());
                }
                found.push(parameter);
            }
        }
        found
    }
}

impl super::Pack {
    /// What the text of a symptom's query may name besides tables and columns, sorted by name.
    pub(crate) fn query_parameters(&self) -> Vec<QueryParameter> {
        let mut all: Vec<QueryParameter> = self.schema.entities.first().map_or_else(Vec::new, |coarsest| {
            let subject = |key: &String| QueryParameter {
                name: key.clone(),
                kind: ColumnType::String,
                origin: Origin::Subject(key.clone()),
            };
            coarsest.keys.iter().map(subject).collect()
        });
        for (name, origin) in [("from", Origin::From), ("to", Origin::To)] {
            all.push(QueryParameter { name: name.to_owned(), kind: ColumnType::DateTime, origin });
        }
        for (name, parameter) in &self.parameters {
            if all.iter().all(|known| known.name != *name) {
                let kind = kind_of(&parameter.value);
                all.push(QueryParameter { name: name.clone(), kind, origin: Origin::Setting(name.clone()) });
            }
        }
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }
}

/// How a query sees a quantity: a time as a `timespan`, anything else as a number in base units.
pub(crate) fn kind_of(value: &Quantity) -> ColumnType {
    match (value.unit.dimension, value.unit.per) {
        (Dimension::Seconds, None) => ColumnType::TimeSpan,
        _ => ColumnType::Real,
    }
}
