//! The tables of a pack: columns, keys, heartbeats, components, error lines, catalogue and services.

use std::collections::{BTreeMap, BTreeSet};

use super::reader::Reader;
use super::regexes::read_regex;
use crate::rules::codes;
use crate::rules::syntax::{Entry, Node};
use crate::suggest::nearest;
use crate::telemetry::schema::{
    ColumnType, ComponentRule, ComponentTest, Defaults, EntityKind, ErrorLines, Heartbeat, Metric, MetricType, Path,
    Served, Table, TableKind,
};
use crate::unit::Unit;

pub(super) fn read_table(
    reader: &mut Reader<'_>,
    entry: &Entry,
    defaults: &Defaults,
    entities: &[EntityKind],
    folded: &BTreeSet<String>,
) -> Option<Table> {
    let map = &entry.value;
    let kind = match reader.text(map, "kind")? {
        "logs" => TableKind::Logs,
        "metrics" => TableKind::Metrics,
        _ => TableKind::Events,
    };
    let needed: &[&str] = match kind {
        TableKind::Logs => &["text"],
        TableKind::Metrics => &["name", "value"],
        TableKind::Events => &[],
    };
    for key in needed {
        if map.entry(key).is_none() {
            let span = reader.checked.span(entry.key_bytes);
            reader.report_at(&codes::MISSING_FIELD, span, format!("`{key}` is missing")).help =
                Some(format!("a table of this kind requires `{key}: …`, a column"));
        }
    }
    let columns: BTreeMap<String, ColumnType> = map
        .entries("columns")
        .iter()
        .filter_map(|column| Some((column.key.clone(), ColumnType::named(column.value.text()?)?)))
        .collect();
    let mut table = Table {
        name: entry.key.clone(),
        kind,
        time: Path::dotted(reader.text(map, "time")?),
        text: reader.text(map, "text").map(Path::dotted),
        split_lines: reader.text(map, "lines") == Some("split"),
        fold: None,
        metric_name: reader.text(map, "name").map(Path::dotted),
        value: reader.text(map, "value").map(Path::dotted),
        weight: reader.text(map, "weight").map(Path::dotted),
        identity: reader.text(map, "identity").map(Path::dotted),
        flush: reader.duration(map, "flush").unwrap_or(defaults.flush),
        columns,
        keys: BTreeMap::new(),
        metric_keys: BTreeMap::new(),
        folded_keys: BTreeSet::new(),
        heartbeats: read_heartbeats(reader, map, &entry.key),
        attributes: BTreeMap::new(),
        restart_marker: None,
        components: Vec::new(),
        errors: None,
        metrics: BTreeMap::new(),
        closed_catalogue: false,
    };
    for key in ["time", "text", "name", "value", "weight", "identity"] {
        if let Some(node) = map.get(key)
            && let Some(text) = node.text()
        {
            check_column(reader, &table, text, node);
        }
    }
    read_declared_keys(reader, map, &mut table, entities);
    table.folded_keys = table.keys.keys().filter(|key| folded.contains(*key)).cloned().collect();
    read_attributes(reader, map, &mut table);
    if let Some(regex) = map.get("restart_marker").and_then(|restart_marker| restart_marker.get("regex")) {
        read_regex(reader, regex, false);
        table.restart_marker = regex.text().map(str::to_owned);
    }
    table.fold = read_fold(reader, map, &table);
    if let Some(components) = reader.get(map, "components") {
        table.components = components.many().iter().filter_map(|rule| read_component(reader, rule, &table)).collect();
    }
    table.errors = read_errors(reader, map, &table);
    read_catalogue(reader, map, &mut table);
    Some(table)
}

/// Reads the services that have a table, in order.
pub(super) fn read_services(reader: &mut Reader<'_>, map: &Node, table: &Table) -> Vec<Served> {
    let mut all = Vec::new();
    for entry in map.entries("services") {
        let columns = entry.value.entries("columns");
        for column in columns {
            if !table.columns.contains_key(&column.key) {
                let span = reader.checked.span(column.key_bytes);
                let near = nearest(&column.key, table.columns.keys().map(String::as_str));
                let message = format!("table `{}` has no column `{}`", table.name, column.key);
                reader.report_at(&codes::UNKNOWN_COLUMN, span, message).help =
                    near.map(|near| format!("did you mean `{near}`?"));
            }
        }
        let columns = columns.iter().filter_map(|column| Some((column.key.clone(), column.value.text()?.to_owned())));
        if let Some(name) = reader.string(&entry.value, "table") {
            all.push(Served { service: entry.key.clone(), table: name, columns: columns.collect() });
        }
    }
    all
}

/// Reports a dotted name whose first part is not a column, or not a dynamic one.
pub(super) fn check_column(reader: &mut Reader<'_>, table: &Table, dotted: &str, node: &Node) {
    let path = Path::dotted(dotted);
    let found = match table.columns.get(path.column()) {
        Some(kind) => path.parts().len() == 1 || *kind == ColumnType::Dynamic,
        None => false,
    };
    if !found {
        let near = nearest(path.column(), table.columns.keys().map(String::as_str))
            .map(|near| format!("did you mean `{near}`?"));
        let message = if table.columns.contains_key(path.column()) {
            format!("column `{}` is not dynamic, so it has no properties", path.column())
        } else {
            format!("table `{}` has no column `{}`", table.name, path.column())
        };
        reader.report(&codes::UNKNOWN_COLUMN, node, message).help = near;
    }
}

fn read_declared_keys(reader: &mut Reader<'_>, map: &Node, table: &mut Table, entities: &[EntityKind]) {
    for key in map.entries("keys") {
        if let Some(own) = key.value.map() {
            let mut paths = BTreeMap::new();
            for one in own {
                if let Some(text) = one.value.text() {
                    check_column(reader, table, text, &one.value);
                    paths.insert(one.key.clone(), Path::dotted(text));
                }
            }
            table.metric_keys.insert(key.key.clone(), paths);
        } else if let Some(text) = key.value.text() {
            check_column(reader, table, text, &key.value);
            if !entities.iter().any(|kind| kind.keys.contains(&key.key)) {
                let all: BTreeSet<&str> = entities.iter().flat_map(|kind| &kind.keys).map(String::as_str).collect();
                let near = nearest(&key.key, all).map(|near| format!("did you mean `{near}`?"));
                let span = reader.checked.span(key.key_bytes);
                reader
                    .report_at(&codes::DANGLING_REFERENCE, span, format!("no entity kind has the key `{}`", key.key))
                    .help = near;
            }
            table.keys.insert(key.key.clone(), Path::dotted(text));
        }
    }
}

/// Reads the regex of the first line of a record, and reports a table whose rows are single lines.
fn read_fold(reader: &mut Reader<'_>, map: &Node, table: &Table) -> Option<String> {
    let regex = reader.get(map, "fold")?.get("starts")?.clone();
    if !table.split_lines {
        let key = map.entry("fold").map_or(map.bytes, |entry| entry.key_bytes);
        let span = reader.checked.span(key);
        reader
            .report_at(
                &codes::WRONG_TYPE,
                span,
                "`fold` joins lines of one row, and rows of this table are single lines",
            )
            .help = Some(
            "add `lines: split` if a row is a batch of lines; lines of different rows are never joined".to_owned(),
        );
    }
    let before = reader.problems.len();
    let captures = read_regex(reader, &regex, true);
    // The start of a record is short.
    let mut at = 0..;
    reader
        .problems
        .retain(|problem| at.next().is_none_or(|at| at < before) || problem.code.number != codes::TOO_BROAD.number);
    captures?;
    regex.text().map(str::to_owned)
}

fn read_attributes(reader: &mut Reader<'_>, map: &Node, table: &mut Table) {
    let Some(node) = reader.get(map, "attributes").cloned() else { return };
    if let Some(named) = node.map() {
        for entry in named {
            if let Some(text) = entry.value.text() {
                check_column(reader, table, text, &entry.value);
                table.attributes.insert(entry.key.clone(), Path::dotted(text));
            }
        }
        return;
    }
    for item in node.many() {
        if let Some(name) = item.text()
            && let Some(path) = reader.column(table, name, item)
        {
            table.attributes.insert(name.to_owned(), path);
        }
    }
}

fn read_component(reader: &mut Reader<'_>, rule: &Node, table: &Table) -> Option<ComponentRule> {
    let name = reader.string(rule, "name")?;
    let (equals, prefix) = (reader.text(rule, "equals"), reader.text(rule, "prefix"));
    let test = if let Some(field) = reader.text(rule, "json") {
        match (equals, prefix) {
            (Some(text), _) => ComponentTest::JsonEquals(field.to_owned(), text.to_owned()),
            (None, Some(text)) => ComponentTest::JsonPrefix(field.to_owned(), text.to_owned()),
            (None, None) => ComponentTest::JsonField(field.to_owned()),
        }
    } else if let Some(column) = reader.get(rule, "column") {
        let text = column.text()?;
        check_column(reader, table, text, column);
        match (equals, prefix) {
            (Some(value), _) => ComponentTest::ColumnEquals(Path::dotted(text), value.to_owned()),
            (None, Some(value)) => ComponentTest::ColumnPrefix(Path::dotted(text), value.to_owned()),
            (None, None) => {
                reader.report(&codes::MISSING_FIELD, rule, "missing one of `equals`, `prefix`").help =
                    Some("a rule on a column tests its value".to_owned());
                return None;
            }
        }
    } else if reader.is_true(rule, "line") {
        let Some(text) = prefix else {
            reader.report(&codes::MISSING_FIELD, rule, "`prefix` is missing").help =
                Some("a rule on the line tests how it starts".to_owned());
            return None;
        };
        ComponentTest::LinePrefix(text.to_owned())
    } else {
        ComponentTest::Otherwise
    };
    Some(ComponentRule { name, test })
}

fn read_errors(reader: &mut Reader<'_>, map: &Node, table: &Table) -> Option<ErrorLines> {
    let errors = map.get("errors")?;
    if table.text.is_none() {
        reader.report(&codes::MISSING_FIELD, errors, "`text` is missing").help =
            Some("error lines need the column with the text of a row".to_owned());
    }
    for key in ["error_regex", "info_regex", "regex", "except"] {
        if let Some(regex) = errors.get(key) {
            read_regex(reader, regex, false);
        }
    }
    let level_fields = reader.texts(errors, "level_fields");
    let (error_levels, info_levels) = (reader.texts(errors, "error_levels"), reader.texts(errors, "info_levels"));
    for (present, missing, is_missing) in [
        ("level_fields", "error_levels", error_levels.is_empty()),
        ("error_levels", "level_fields", level_fields.is_empty()),
        ("info_levels", "level_fields", level_fields.is_empty()),
    ] {
        if is_missing && let Some(node) = errors.get(present) {
            reader.report(&codes::MISSING_FIELD, node, format!("`{missing}` is missing")).help = Some(
                "`level_fields` are the fields with the level, `error_levels` the values that are errors".to_owned(),
            );
        }
    }
    Some(ErrorLines {
        level_fields,
        error_levels,
        info_levels,
        error_regex: reader.string(errors, "error_regex"),
        info_regex: reader.string(errors, "info_regex"),
        regex: reader.string(errors, "regex")?,
        except: reader.string(errors, "except"),
    })
}

fn read_heartbeats(reader: &Reader<'_>, map: &Node, table: &str) -> Vec<Heartbeat> {
    beats(map)
        .iter()
        .filter_map(|beat| {
            Some(Heartbeat {
                table: reader.string(beat, "table").unwrap_or_else(|| table.to_owned()),
                metric: reader.string(beat, "metric"),
                every: reader.duration(beat, "every")?,
            })
        })
        .collect()
}

pub(super) fn check_heartbeats(reader: &mut Reader<'_>, map: &Node, name: &str, tables: &BTreeMap<String, Table>) {
    for beat in beats(map) {
        let other = beat.get("table").and_then(Node::text).unwrap_or(name);
        let Some(table) = tables.get(other) else {
            if let Some(node) = beat.get("table")
                && reader.checked.is_whole()
            {
                let near =
                    nearest(other, tables.keys().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
                reader.report(&codes::UNKNOWN_TABLE, node, format!("unknown table `{other}`")).help = near;
            }
            continue;
        };
        if let Some(node) = beat.get("metric")
            && let Some(metric) = node.text()
            && table.closed_catalogue
            && !table.metrics.contains_key(metric)
        {
            let near =
                nearest(metric, table.metrics.keys().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
            reader.report(&codes::UNKNOWN_METRIC, node, format!("table `{other}` has no metric `{metric}`")).help =
                near;
        }
    }
}

fn read_catalogue(reader: &mut Reader<'_>, map: &Node, table: &mut Table) {
    for metric in map.entries("metrics") {
        let value = &metric.value;
        let unit = reader.text(value, "unit").and_then(Unit::named);
        let kind = match reader.text(value, "type") {
            Some("delta") => MetricType::Delta,
            Some("cumulative") => MetricType::Cumulative,
            _ => MetricType::Gauge,
        };
        if let Some(unit) = unit {
            let every = reader.duration(value, "every");
            table.metrics.insert(metric.key.clone(), Metric { unit, kind, every, spellings: Vec::new() });
        }
    }
    for alias in map.entries("aliases") {
        let spellings = reader.texts(map.get("aliases").unwrap_or(map), &alias.key);
        match table.metrics.get_mut(&alias.key) {
            Some(metric) => metric.spellings = spellings,
            None => {
                let near = nearest(&alias.key, table.metrics.keys().map(String::as_str))
                    .map(|near| format!("did you mean `{near}`?"));
                let span = reader.checked.span(alias.key_bytes);
                reader
                    .report_at(&codes::UNKNOWN_METRIC, span, format!("the catalogue has no metric `{}`", alias.key))
                    .help = near;
            }
        }
    }
    table.closed_catalogue = match reader.text(map, "catalogue") {
        Some(word) => word == "closed",
        None => !table.metrics.is_empty(),
    };
}

fn beats(map: &Node) -> Vec<&Node> {
    let Some(heartbeat) = map.get("heartbeat") else { return Vec::new() };
    match heartbeat.get("any_of") {
        Some(any) => any.many().iter().collect(),
        None => heartbeat.many().iter().collect(),
    }
}
