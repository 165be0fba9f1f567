//! Tables, metrics and entity kinds by their names in rules.

use std::sync::Arc;

use super::reader::Reader;
use crate::rules::codes;
use crate::rules::syntax::Node;
use crate::suggest::nearest;
use crate::telemetry::schema::{Table, TableKind};

/// Reports an entity kind that does not exist.
pub(super) fn check_entity_kind(reader: &mut Reader<'_>, node: &Node, name: &str) {
    let pack = reader.pack;
    if pack.is_whole && pack.schema.entity(name).is_none() {
        let near = nearest(name, pack.schema.entities.iter().map(|kind| kind.name.as_str()))
            .map(|near| format!("did you mean `{near}`?"));
        reader.report(&codes::DANGLING_REFERENCE, node, format!("unknown entity kind `{name}`")).help = near;
    }
}

/// Returns the table that `table` names, otherwise the only one of these kinds.
pub(super) fn table_of(reader: &mut Reader<'_>, map: &Node, kinds: &[TableKind]) -> Option<Arc<Table>> {
    if let Some(node) = reader.get(map, "table").cloned() {
        return named_table(reader, &node, kinds);
    }
    let pack = reader.pack;
    let mut all = pack.schema.tables.values().filter(|table| kinds.contains(&table.kind));
    match (all.next(), all.next()) {
        (Some(only), None) => Some(Arc::clone(only)),
        (first, _) => {
            if pack.is_whole {
                let message =
                    if first.is_none() { "the pack has no table of this kind" } else { "the table is ambiguous" };
                let known: Vec<&str> = pack
                    .schema
                    .tables
                    .values()
                    .filter(|table| kinds.contains(&table.kind))
                    .map(|table| table.name.as_str())
                    .collect();
                let help = (!known.is_empty()).then(|| format!("add `table:` with one of `{}`", known.join("`, `")));
                reader.report(&codes::UNKNOWN_TABLE, map, message).help = help;
            }
            None
        }
    }
}

/// Returns the table whose name is the text of a node.
pub(super) fn named_table(reader: &mut Reader<'_>, node: &Node, kinds: &[TableKind]) -> Option<Arc<Table>> {
    let name = node.text()?;
    let pack = reader.pack;
    let Some(table) = pack.schema.tables.get(name) else {
        if pack.is_whole {
            let near = nearest(name, pack.schema.tables.keys().map(String::as_str))
                .map(|near| format!("did you mean `{near}`?"));
            reader.report(&codes::UNKNOWN_TABLE, node, format!("unknown table `{name}`")).help = near;
        }
        return None;
    };
    if !kinds.contains(&table.kind) {
        let kind = match table.kind {
            TableKind::Logs => "logs",
            TableKind::Metrics => "metrics",
            TableKind::Events => "events",
        };
        reader.report(&codes::UNKNOWN_TABLE, node, format!("table `{name}` contains {kind}"));
        return None;
    }
    Some(Arc::clone(table))
}

/// Returns the table and the canonical names of the metrics that `key` lists.
pub(super) fn metrics_of(reader: &mut Reader<'_>, map: &Node, key: &str) -> Option<(Arc<Table>, Vec<String>)> {
    let node = reader.get(map, key)?.clone();
    let mut found: Option<Arc<Table>> = match reader.get(map, "table").cloned() {
        Some(table) => Some(named_table(reader, &table, &[TableKind::Metrics])?),
        None => None,
    };
    let mut names = Vec::new();
    for item in node.many() {
        let Some(name) = item.text() else { continue };
        let (table, canonical) = find_metric(reader, item, name, found.as_ref())?;
        if let Some(first) = &found
            && first.name != table.name
        {
            reader.report(
                &codes::UNKNOWN_METRIC,
                item,
                format!("metric `{name}` is in table `{}`, the others are in `{}`", table.name, first.name),
            );
            return None;
        }
        if names.contains(&canonical) {
            reader.report(&codes::DUPLICATE_EDGE, item, format!("metric `{name}` is listed twice"));
        } else {
            names.push(canonical);
        }
        found = Some(table);
    }
    found.map(|table| (table, names))
}

/// Returns the table that has a metric, and the canonical name of the metric.
pub(super) fn find_metric(
    reader: &mut Reader<'_>,
    node: &Node,
    name: &str,
    within: Option<&Arc<Table>>,
) -> Option<(Arc<Table>, String)> {
    let pack = reader.pack;
    let tables: Vec<&Arc<Table>> = match within {
        Some(table) => vec![table],
        None => pack.schema.tables.values().filter(|table| table.kind == TableKind::Metrics).collect(),
    };
    for table in &tables {
        if table.metrics.contains_key(name) {
            return Some((Arc::clone(table), name.to_owned()));
        }
        if let Some((canonical, _)) =
            table.metrics.iter().find(|(_, metric)| metric.spellings.iter().any(|one| one == name))
        {
            return Some((Arc::clone(table), canonical.clone()));
        }
    }
    if let [only] = tables.as_slice()
        && !only.closed_catalogue
    {
        return Some((Arc::clone(only), name.to_owned()));
    }
    if pack.is_whole {
        let known = tables.iter().flat_map(|table| table.metrics.keys()).map(String::as_str);
        let near = nearest(name, known).map(|near| format!("did you mean `{near}`?"));
        let help = near.unwrap_or_else(|| "add it to `metrics` of its table in the pack, with its unit".to_owned());
        reader.report(&codes::UNKNOWN_METRIC, node, format!("unknown metric `{name}`")).help = Some(help);
    }
    None
}
