//! `pack.yaml` → the telemetry model.
//!
//! Input: the checked file. Output: a [`Pack`], as much of it as could be read, and what is wrong: kinds within kinds
//! that do not exist or run in a circle, columns that no table has, heartbeats of unknown metrics, bad regexes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Pack, Reader};
use crate::rules::codes;
use crate::rules::diagnostic::Diagnostic;
use crate::rules::model::Parameter;
use crate::rules::syntax::{Checked, Entry, Node};
use crate::suggest::nearest;
use crate::telemetry::schema::{
    ColumnType, ComponentRule, ComponentTest, Defaults, EntityKind, ErrorLines, Heartbeat, Metric, MetricType, Path,
    Schema, Served, Table, TableKind,
};
use crate::unit::{Quantity, Unit};

/// Reads the model of a pack.
pub(crate) fn read_pack(checked: &Checked, problems: &mut Vec<Diagnostic>) -> Pack {
    let nothing = Pack::default();
    let Some(root) = checked.root.as_ref() else { return nothing };
    let mut reader = Reader::new(checked, &nothing, problems);
    let before = reader.problems.len();
    let mut pack = Pack {
        name: reader.string(root, "pack").unwrap_or_default(),
        version: reader.string(root, "version").unwrap_or_default(),
        is_whole: checked.is_whole(),
        ..Pack::default()
    };
    for entry in entries(root, "parameters") {
        pack.parameter_spans.insert(entry.key.clone(), checked.span(entry.key_bytes));
        let value = entry.value.get("value").and_then(Node::text).and_then(Quantity::parse);
        if let (Some(value), Some(because)) = (value, reader.string(&entry.value, "because")) {
            pack.parameters.insert(entry.key.clone(), Parameter { value, because });
        }
    }
    let defaults = reader.defaults(root);
    let (entities, folded) = reader.entities(root);
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let mut services = BTreeMap::new();
    for entry in entries(root, "tables") {
        if let Some(table) = reader.declared_table(entry, &defaults, &entities, &folded) {
            let served = reader.served(&entry.value, &table);
            if !served.is_empty() {
                services.insert(entry.key.clone(), served);
            }
            tables.insert(entry.key.clone(), table);
        }
    }
    for entry in entries(root, "tables") {
        reader.heartbeats_exist(&entry.value, &entry.key, &tables);
    }
    pack.is_whole &= reader.problems.len() == before;
    pack.schema = Schema {
        entities,
        tables: tables.into_iter().map(|(name, table)| (name, Arc::new(table))).collect(),
        defaults,
        services,
    };
    pack
}

fn entries<'n>(map: &'n Node, key: &str) -> &'n [Entry] {
    map.get(key).and_then(Node::map).unwrap_or_default()
}

impl Reader<'_> {
    fn defaults(&self, root: &Node) -> Defaults {
        let mut defaults = Defaults::default();
        let Some(map) = root.get("defaults") else { return defaults };
        for (key, place) in [
            ("ingestion_delay", &mut defaults.ingestion_delay),
            ("tolerance", &mut defaults.tolerance),
            ("max_cause_gap", &mut defaults.max_cause_gap),
            ("merge_gap", &mut defaults.merge_gap),
            ("flush", &mut defaults.flush),
        ] {
            if let Some(duration) = self.duration(map, key) {
                *place = duration;
            }
        }
        defaults.blind_bins = self.number(map, "blind_bins").unwrap_or(defaults.blind_bins);
        defaults.max_hidden_hops = self.number(map, "max_hidden_hops").unwrap_or(defaults.max_hidden_hops);
        if let Some(baseline) = map.get("baseline") {
            defaults.baseline_bins = self.number(baseline, "bins").unwrap_or(defaults.baseline_bins);
            defaults.baseline_at_least = self.number(baseline, "at_least").unwrap_or(defaults.baseline_at_least);
        }
        defaults
    }

    /// The kinds, coarser ones first, each with all its keys; and the keys that fold case.
    fn entities(&mut self, root: &Node) -> (Vec<EntityKind>, BTreeSet<String>) {
        let all = entries(root, "entities");
        let known: BTreeMap<&str, &Entry> = all.iter().map(|entry| (entry.key.as_str(), entry)).collect();
        let mut ready: Vec<EntityKind> = Vec::new();
        let mut folded = BTreeSet::new();
        let mut waiting: Vec<&Entry> = all.iter().collect();
        for entry in all {
            if entry.value.get("fold_case").and_then(Node::text) == Some("true") {
                folded.extend(self.texts(&entry.value, "keys"));
            }
            if let Some(within) = entry.value.get("within")
                && let Some(name) = within.text()
                && !known.contains_key(name)
            {
                let near = nearest(name, known.keys().copied()).map(|near| format!("did you mean `{near}`?"));
                self.report(&codes::DANGLING_REFERENCE, within, format!("unknown entity kind `{name}`")).help = near;
            }
        }
        // Each round takes those whose coarser kind is there; what is left runs in a circle or lies within something unknown.
        loop {
            let count = waiting.len();
            waiting.retain(|entry| {
                let within = entry.value.get("within").and_then(Node::text);
                let coarser = within.map(|name| ready.iter().find(|kind| kind.name == name));
                let mut keys = match coarser {
                    Some(None) => return true,
                    Some(Some(kind)) => kind.keys.clone(),
                    None => Vec::new(),
                };
                keys.extend(self.texts(&entry.value, "keys"));
                ready.push(EntityKind { name: entry.key.clone(), within: within.map(str::to_owned), keys });
                false
            });
            if waiting.len() == count {
                break;
            }
        }
        for entry in waiting {
            let within = entry.value.get("within");
            // One mark per circle: at the first of its members.
            if let Some(within) = within.filter(|node| node.text().is_some_and(|name| known.contains_key(name)))
                && !ready.iter().any(|kind| Some(kind.name.as_str()) == within.text())
            {
                self.report(&codes::CAUSAL_CYCLE, within, format!("entity kind `{}` lies within itself", entry.key));
            }
            // Its keys are known all the same, so that nobody complains about them.
            let keys = self.texts(&entry.value, "keys");
            ready.push(EntityKind { name: entry.key.clone(), within: None, keys });
        }
        (ready, folded)
    }

    /// The services that hold a table, in their order.
    fn served(&mut self, map: &Node, table: &Table) -> Vec<Served> {
        let mut all = Vec::new();
        for entry in entries(map, "services") {
            let columns = entries(&entry.value, "columns");
            for column in columns {
                if !table.columns.contains_key(&column.key) {
                    let span = self.checked.span(column.key_bytes);
                    let near = nearest(&column.key, table.columns.keys().map(String::as_str));
                    let message = format!("table `{}` has no column `{}`", table.name, column.key);
                    self.report_at(&codes::UNKNOWN_COLUMN, span, message).help =
                        near.map(|near| format!("did you mean `{near}`?"));
                }
            }
            let columns =
                columns.iter().filter_map(|column| Some((column.key.clone(), column.value.text()?.to_owned())));
            if let Some(name) = self.string(&entry.value, "table") {
                all.push(Served { service: entry.key.clone(), table: name, columns: columns.collect() });
            }
        }
        all
    }

    fn declared_table(
        &mut self,
        entry: &Entry,
        defaults: &Defaults,
        entities: &[EntityKind],
        folded: &BTreeSet<String>,
    ) -> Option<Table> {
        let map = &entry.value;
        let kind = match self.text(map, "kind")? {
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
                let span = self.checked.span(entry.key_bytes);
                self.report_at(&codes::MISSING_FIELD, span, format!("`{key}` is missing")).help =
                    Some(format!("a table of this kind needs `{key}: …`, a column"));
            }
        }
        let columns: BTreeMap<String, ColumnType> = entries(map, "columns")
            .iter()
            .filter_map(|column| Some((column.key.clone(), ColumnType::named(column.value.text()?)?)))
            .collect();
        let mut table = Table {
            name: entry.key.clone(),
            kind,
            time: Path::dotted(self.text(map, "time")?),
            text: self.text(map, "text").map(Path::dotted),
            split_lines: self.text(map, "lines") == Some("split"),
            metric_name: self.text(map, "name").map(Path::dotted),
            value: self.text(map, "value").map(Path::dotted),
            weight: self.text(map, "weight").map(Path::dotted),
            identity: self.text(map, "identity").map(Path::dotted),
            flush: self.duration(map, "flush").unwrap_or(defaults.flush),
            columns,
            keys: BTreeMap::new(),
            metric_keys: BTreeMap::new(),
            folded_keys: BTreeSet::new(),
            heartbeats: self.heartbeats(map, &entry.key),
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
                self.exists(&table, text, node);
            }
        }
        self.declared_keys(map, &mut table, entities);
        table.folded_keys = table.keys.keys().filter(|key| folded.contains(*key)).cloned().collect();
        self.attributes(map, &mut table);
        if let Some(regex) = map.get("restart_marker").and_then(|restart_marker| restart_marker.get("regex")) {
            self.regex(regex, false);
            table.restart_marker = regex.text().map(str::to_owned);
        }
        if let Some(components) = self.get(map, "components") {
            table.components = components.many().iter().filter_map(|rule| self.component(rule, &table)).collect();
        }
        table.errors = self.errors(map, &table);
        self.catalogue(map, &mut table);
        Some(table)
    }

    /// Says so if the first part of a dotted name is no column.
    fn exists(&mut self, table: &Table, dotted: &str, node: &Node) {
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
            self.report(&codes::UNKNOWN_COLUMN, node, message).help = near;
        }
    }

    fn declared_keys(&mut self, map: &Node, table: &mut Table, entities: &[EntityKind]) {
        for key in entries(map, "keys") {
            if let Some(own) = key.value.map() {
                let mut paths = BTreeMap::new();
                for one in own {
                    if let Some(text) = one.value.text() {
                        self.exists(table, text, &one.value);
                        paths.insert(one.key.clone(), Path::dotted(text));
                    }
                }
                table.metric_keys.insert(key.key.clone(), paths);
            } else if let Some(text) = key.value.text() {
                self.exists(table, text, &key.value);
                if !entities.iter().any(|kind| kind.keys.contains(&key.key)) {
                    let all: BTreeSet<&str> = entities.iter().flat_map(|kind| &kind.keys).map(String::as_str).collect();
                    let near = nearest(&key.key, all).map(|near| format!("did you mean `{near}`?"));
                    let span = self.checked.span(key.key_bytes);
                    self.report_at(
                        &codes::DANGLING_REFERENCE,
                        span,
                        format!("no entity kind has the key `{}`", key.key),
                    )
                    .help = near;
                }
                table.keys.insert(key.key.clone(), Path::dotted(text));
            }
        }
    }

    fn attributes(&mut self, map: &Node, table: &mut Table) {
        let Some(node) = self.get(map, "attributes").cloned() else { return };
        if let Some(named) = node.map() {
            for entry in named {
                if let Some(text) = entry.value.text() {
                    self.exists(table, text, &entry.value);
                    table.attributes.insert(entry.key.clone(), Path::dotted(text));
                }
            }
            return;
        }
        for item in node.many() {
            if let Some(name) = item.text()
                && let Some(path) = self.column(table, name, item)
            {
                table.attributes.insert(name.to_owned(), path);
            }
        }
    }

    fn component(&mut self, rule: &Node, table: &Table) -> Option<ComponentRule> {
        let name = self.string(rule, "name")?;
        let (equals, prefix) = (self.text(rule, "equals"), self.text(rule, "prefix"));
        let test = if let Some(field) = self.text(rule, "json") {
            match (equals, prefix) {
                (Some(text), _) => ComponentTest::JsonEquals(field.to_owned(), text.to_owned()),
                (None, Some(text)) => ComponentTest::JsonPrefix(field.to_owned(), text.to_owned()),
                (None, None) => ComponentTest::JsonField(field.to_owned()),
            }
        } else if let Some(column) = self.get(rule, "column") {
            let text = column.text()?;
            self.exists(table, text, column);
            match (equals, prefix) {
                (Some(value), _) => ComponentTest::ColumnEquals(Path::dotted(text), value.to_owned()),
                (None, Some(value)) => ComponentTest::ColumnPrefix(Path::dotted(text), value.to_owned()),
                (None, None) => {
                    self.report(&codes::MISSING_FIELD, rule, "none of `equals`, `prefix` stands here").help =
                        Some("a rule on a column says what the column holds".to_owned());
                    return None;
                }
            }
        } else if self.is_true(rule, "line") {
            let Some(text) = prefix else {
                self.report(&codes::MISSING_FIELD, rule, "`prefix` is missing").help =
                    Some("a rule on the line says how it begins".to_owned());
                return None;
            };
            ComponentTest::LinePrefix(text.to_owned())
        } else {
            ComponentTest::Otherwise
        };
        Some(ComponentRule { name, test })
    }

    fn errors(&mut self, map: &Node, table: &Table) -> Option<ErrorLines> {
        let errors = map.get("errors")?;
        if table.text.is_none() {
            self.report(&codes::MISSING_FIELD, errors, "`text` is missing").help =
                Some("errors are lines, and the table does not say which column holds them".to_owned());
        }
        for key in ["regex", "except"] {
            if let Some(regex) = errors.get(key) {
                self.regex(regex, false);
            }
        }
        let (field, levels) = (self.string(errors, "field"), self.texts(errors, "levels"));
        for (has, lacks, there) in [("field", "levels", levels.is_empty()), ("levels", "field", field.is_none())] {
            if there && let Some(node) = errors.get(has) {
                self.report(&codes::MISSING_FIELD, node, format!("`{lacks}` is missing")).help =
                    Some("`field` names where the level stands, `levels` which of them are errors".to_owned());
            }
        }
        Some(ErrorLines { field, levels, regex: self.string(errors, "regex")?, except: self.string(errors, "except") })
    }

    fn heartbeats(&self, map: &Node, table: &str) -> Vec<Heartbeat> {
        beats(map)
            .iter()
            .filter_map(|beat| {
                Some(Heartbeat {
                    table: self.string(beat, "table").unwrap_or_else(|| table.to_owned()),
                    metric: self.string(beat, "metric"),
                    every: self.duration(beat, "every")?,
                })
            })
            .collect()
    }

    fn heartbeats_exist(&mut self, map: &Node, name: &str, tables: &BTreeMap<String, Table>) {
        for beat in beats(map) {
            let other = beat.get("table").and_then(Node::text).unwrap_or(name);
            let Some(table) = tables.get(other) else {
                if let Some(node) = beat.get("table")
                    && self.checked.is_whole()
                {
                    let near =
                        nearest(other, tables.keys().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
                    self.report(&codes::UNKNOWN_TABLE, node, format!("unknown table `{other}`")).help = near;
                }
                continue;
            };
            if let Some(node) = beat.get("metric")
                && let Some(metric) = node.text()
                && table.closed_catalogue
                && !table.metrics.contains_key(metric)
            {
                let near = nearest(metric, table.metrics.keys().map(String::as_str))
                    .map(|near| format!("did you mean `{near}`?"));
                self.report(&codes::UNKNOWN_METRIC, node, format!("table `{other}` has no metric `{metric}`")).help =
                    near;
            }
        }
    }

    fn catalogue(&mut self, map: &Node, table: &mut Table) {
        for metric in entries(map, "metrics") {
            let value = &metric.value;
            let unit = self.text(value, "unit").and_then(Unit::named);
            let kind = match self.text(value, "type") {
                Some("delta") => MetricType::Delta,
                Some("cumulative") => MetricType::Cumulative,
                _ => MetricType::Gauge,
            };
            if let Some(unit) = unit {
                let every = self.duration(value, "every");
                table.metrics.insert(metric.key.clone(), Metric { unit, kind, every, spellings: Vec::new() });
            }
        }
        for alias in entries(map, "aliases") {
            let spellings = self.texts(map.get("aliases").unwrap_or(map), &alias.key);
            match table.metrics.get_mut(&alias.key) {
                Some(metric) => metric.spellings = spellings,
                None => {
                    let near = nearest(&alias.key, table.metrics.keys().map(String::as_str))
                        .map(|near| format!("did you mean `{near}`?"));
                    let span = self.checked.span(alias.key_bytes);
                    self.report_at(
                        &codes::UNKNOWN_METRIC,
                        span,
                        format!("the catalogue has no metric `{}`", alias.key),
                    )
                    .help = near;
                }
            }
        }
        table.closed_catalogue = match self.text(map, "catalogue") {
            Some(word) => word == "closed",
            None => !table.metrics.is_empty(),
        };
    }
}

fn beats(map: &Node) -> Vec<&Node> {
    let Some(heartbeat) = map.get("heartbeat") else { return Vec::new() };
    match heartbeat.get("any_of") {
        Some(any) => any.many().iter().collect(),
        None => heartbeat.many().iter().collect(),
    }
}
