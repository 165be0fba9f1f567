//! Series of numbers: which metric of which table, folded how.
//!
//! Input: a map with `metric`, `where`, `value`, `steps`. Output: a [`SeriesSpec`] with the unit of its number. Unknown
//! metrics, columns that an earlier step has folded away, and aggregates that do not fit the metric are remarked on.

use std::sync::Arc;
use std::time::Duration;

use super::{Reader, what};
use crate::rules::codes;
use crate::rules::model::{SeriesSpec, Step};
use crate::rules::syntax::Node;
use crate::suggest::nearest;
use crate::telemetry::predicate::{Aggregate, ValueColumn};
use crate::telemetry::schema::{Metric, MetricType, Table, TableKind};
use crate::time::duration_text;
use crate::unit::{Quantity, Unit};

/// The bins of a metric of which nobody says how often it is sent.
const DEFAULT_BIN: Duration = Duration::from_secs(5 * 60);

impl Reader<'_> {
    /// A table that is named, or the only one of its kind.
    pub(super) fn table(&mut self, map: &Node, kinds: &[TableKind]) -> Option<Arc<Table>> {
        if let Some(node) = self.get(map, "table").cloned() {
            return self.named_table(&node, kinds);
        }
        let pack = self.pack;
        let mut all = pack.schema.tables.values().filter(|table| kinds.contains(&table.kind));
        match (all.next(), all.next()) {
            (Some(only), None) => Some(Arc::clone(only)),
            (first, _) => {
                if pack.is_whole {
                    let message = if first.is_none() {
                        "the pack has no table of this kind"
                    } else {
                        "it is not clear which table is meant"
                    };
                    let known: Vec<&str> = pack
                        .schema
                        .tables
                        .values()
                        .filter(|table| kinds.contains(&table.kind))
                        .map(|table| table.name.as_str())
                        .collect();
                    let help =
                        (!known.is_empty()).then(|| format!("add `table:` with one of `{}`", known.join("`, `")));
                    self.report(&codes::UNKNOWN_TABLE, map, message).help = help;
                }
                None
            }
        }
    }

    /// The table with the name that a node holds.
    pub(super) fn named_table(&mut self, node: &Node, kinds: &[TableKind]) -> Option<Arc<Table>> {
        let name = node.text()?;
        let pack = self.pack;
        let Some(table) = pack.schema.tables.get(name) else {
            if pack.is_whole {
                let near = nearest(name, pack.schema.tables.keys().map(String::as_str))
                    .map(|near| format!("did you mean `{near}`?"));
                self.report(&codes::UNKNOWN_TABLE, node, format!("unknown table `{name}`")).help = near;
            }
            return None;
        };
        if !kinds.contains(&table.kind) {
            let kind = match table.kind {
                TableKind::Logs => "logs",
                TableKind::Metrics => "metrics",
                TableKind::Events => "events",
            };
            self.report(&codes::UNKNOWN_TABLE, node, format!("table `{name}` holds {kind}"));
            return None;
        }
        Some(Arc::clone(table))
    }

    /// The metrics that `key` names, by their canonical names, and their table.
    pub(super) fn metrics_of(&mut self, map: &Node, key: &str) -> Option<(Arc<Table>, Vec<String>)> {
        let node = self.get(map, key)?.clone();
        let mut found: Option<Arc<Table>> = match self.get(map, "table").cloned() {
            Some(table) => Some(self.named_table(&table, &[TableKind::Metrics])?),
            None => None,
        };
        let mut names = Vec::new();
        for item in node.many() {
            let Some(name) = item.text() else { continue };
            let (table, canonical) = self.metric(item, name, found.as_ref())?;
            if let Some(first) = &found
                && first.name != table.name
            {
                self.report(
                    &codes::UNKNOWN_METRIC,
                    item,
                    format!("metric `{name}` is in table `{}`, the others are in `{}`", table.name, first.name),
                );
                return None;
            }
            if names.contains(&canonical) {
                self.report(&codes::DUPLICATE_EDGE, item, format!("metric `{name}` is named twice"));
            } else {
                names.push(canonical);
            }
            found = Some(table);
        }
        found.map(|table| (table, names))
    }

    /// The table that has a metric, and the metric's canonical name.
    pub(super) fn metric(
        &mut self,
        node: &Node,
        name: &str,
        within: Option<&Arc<Table>>,
    ) -> Option<(Arc<Table>, String)> {
        let pack = self.pack;
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
            self.report(&codes::UNKNOWN_METRIC, node, format!("unknown metric `{name}`")).help = Some(help);
        }
        None
    }

    /// A series. `per` is the entity kind whose keys every step keeps apart.
    pub(super) fn series(&mut self, map: &Node, per: &str) -> Option<SeriesSpec> {
        let (table, metrics) = self.metrics_of(map, "metric")?;
        let first = metrics.iter().find_map(|name| table.metrics.get(name)).cloned();
        let mut unit = first.as_ref().map_or(Unit::COUNT, |metric| metric.unit);
        for name in &metrics {
            if let Some(other) = table.metrics.get(name)
                && other.unit != unit
                && let Some(node) = map.get("metric")
            {
                self.report(
                    &codes::UNIT_MISMATCH,
                    node,
                    format!("`{name}` measures {}, the first one {}", named(&other.unit), named(&unit)),
                );
                break;
            }
        }
        let filter = self.filter(map, &table, Some(unit));
        let value = self.value(map, &table, &mut unit);
        let steps = self.steps(map, &table, per, first.as_ref().filter(|_| value.is_none()));
        if steps.iter().any(|step| matches!(step.aggregate, Aggregate::Count | Aggregate::Dcount | Aggregate::Turns)) {
            unit = Unit::COUNT;
        }
        let zero_if_present = match self.get(map, "zero_if_present").cloned() {
            Some(node) => node.text().and_then(|name| self.metric(&node, name, Some(&table))).map(|(_, name)| name),
            None => None,
        };
        Some(SeriesSpec { table: table.name.clone(), metrics, filter, value, steps, zero_if_present, unit })
    }

    /// A series that ends with bins: of this width, or of the width in which its metric is sent.
    pub(super) fn series_in_bins(&mut self, map: &Node, per: &str, every: Option<Duration>) -> Option<SeriesSpec> {
        let mut series = self.series(map, per)?;
        if map.entry("steps").is_none() {
            let pack = self.pack;
            let table = pack.schema.tables.get(&series.table);
            let metric = series.metrics.iter().find_map(|name| table.and_then(|table| table.metrics.get(name)));
            let aggregate = match metric.map(|metric| metric.kind) {
                Some(MetricType::Delta) => Aggregate::Sum,
                Some(MetricType::Cumulative) => Aggregate::Increase,
                Some(MetricType::Gauge) | None => Aggregate::Max,
            };
            let width = every.or(metric.and_then(|metric| metric.every)).unwrap_or(DEFAULT_BIN);
            series.steps = vec![Step { aggregate, column: None, by: Vec::new(), every: Some(width) }];
        } else if last_bin(&series).is_none() || (every.is_some() && last_bin(&series) != every) {
            let place = map.get("steps").and_then(Node::list).and_then(<[Node]>::last).unwrap_or(map);
            let help = match every {
                Some(every) => format!("give the last step `every: {}`, as the symptom says", duration_text(every)),
                None => "give the last step an `every`".to_owned(),
            };
            self.report(&codes::WINDOW_TOO_SHORT, place, "the last step has other bins than the symptom looks at")
                .help = Some(help);
        }
        Some(series)
    }

    fn value(&mut self, map: &Node, table: &Table, unit: &mut Unit) -> Option<ValueColumn> {
        let node = self.get(map, "value")?.clone();
        let (column, own) = match node.text() {
            Some(_) => (&node, None),
            None => (node.get("column")?, self.text(&node, "unit")),
        };
        let path = self.column(table, column.text()?, column)?;
        *unit = own.and_then(Unit::named).unwrap_or(Unit::COUNT);
        let default = self.get(&node, "default").cloned();
        let default = default.and_then(|node| {
            let quantity = Quantity::parse(node.text()?)?;
            let number = quantity.in_unit(unit);
            if number.is_none() {
                self.report(
                    &codes::UNIT_MISMATCH,
                    &node,
                    format!("the value measures {}, not {}", what(unit), what(&quantity.unit)),
                );
            }
            number
        });
        Some(ValueColumn { path, default })
    }

    fn steps(&mut self, map: &Node, table: &Table, per: &str, metric: Option<&Metric>) -> Vec<Step> {
        let Some(list) = self.get(map, "steps").cloned() else {
            return vec![Step { aggregate: Aggregate::Max, column: None, by: Vec::new(), every: None }];
        };
        let keys: Vec<String> = self.pack.schema.entity(per).map(|kind| kind.keys.clone()).unwrap_or_default();
        let mut steps: Vec<Step> = Vec::new();
        for item in list.many() {
            let Some(entry) =
                item.map().and_then(|entries| entries.iter().find(|entry| aggregate(&entry.key).is_some()))
            else {
                continue;
            };
            let (Some(folds), Some(column)) = (aggregate(&entry.key), entry.value.text()) else { continue };
            let by = self.texts(item, "by");
            let every = self.duration(item, "every");
            if let Some(before) = steps.last() {
                self.kept(item, column, before, &keys);
                if let (Some(coarse), Some(fine)) = (before.every, every)
                    && fine < coarse
                    && let Some(node) = item.get("every")
                {
                    self.report(&codes::WINDOW_TOO_SHORT, node, "the step before has wider bins").help =
                        Some("bins can only become wider from step to step".to_owned());
                }
                if before.every.is_none()
                    && every.is_some()
                    && let Some(node) = item.get("every")
                {
                    self.report(&codes::WINDOW_TOO_SHORT, node, "the step before has no bins").help =
                        Some("give the step before an `every` as well".to_owned());
                }
            } else {
                if column != "value" {
                    self.column(table, column, &entry.value);
                }
                for (name, node) in by.iter().zip(item.get("by").map(Node::many).unwrap_or_default()) {
                    if name != "name" {
                        self.column(table, name, node);
                    }
                }
                if let (Some(width), Some(sampled)) = (every, metric.and_then(|metric| metric.every))
                    && width < sampled
                    && let Some(node) = item.get("every")
                {
                    let help = format!("a sample comes every {}; take bins at least as wide", duration_text(sampled));
                    self.report(
                        &codes::WINDOW_TOO_SHORT,
                        node,
                        format!("bins of {} are narrower than the samples", duration_text(width)),
                    )
                    .help = Some(help);
                }
                if let Some(metric) = metric {
                    self.fits_type(&entry.value, folds, column, metric.kind);
                }
            }
            steps.push(Step { aggregate: folds, column: (column != "value").then(|| column.to_owned()), by, every });
        }
        steps
    }

    /// Says so if a later step speaks of a column that the step before did not keep.
    fn kept(&mut self, item: &Node, column: &str, before: &Step, keys: &[String]) {
        let there = |name: &str| before.by.iter().any(|kept| kept == name) || keys.iter().any(|key| key == name);
        for node in item.get("by").map(Node::many).unwrap_or_default() {
            if let Some(name) = node.text()
                && !there(name)
            {
                self.report(&codes::UNKNOWN_LABEL, node, format!("the step before does not keep `{name}` apart"))
                    .help = Some(format!("add `{name}` to `by` of the step before"));
            }
        }
        if column != "value" && !there(column) {
            self.report(&codes::UNKNOWN_LABEL, item, format!("after the first step there is no column `{column}`"))
                .help = Some("fold `value`, or keep the column with `by`".to_owned());
        }
    }

    fn fits_type(&mut self, node: &Node, folds: Aggregate, column: &str, kind: MetricType) {
        if column != "value" {
            return;
        }
        match (folds, kind) {
            (
                Aggregate::Max | Aggregate::Min | Aggregate::Avg | Aggregate::Sum | Aggregate::Percentile(_),
                MetricType::Cumulative,
            ) => {
                self.report(&codes::METRIC_TYPE_MISUSE, node, "a running total is folded as it stands").help =
                    Some("take its `increase`".to_owned());
            }
            (Aggregate::Increase, MetricType::Gauge | MetricType::Delta) => {
                self.report(&codes::METRIC_TYPE_MISUSE, node, "the increase of a metric that is no running total")
                    .help =
                    Some("`increase` is for metrics of type `cumulative`; add up differences with `sum`".to_owned());
            }
            _ => {}
        }
    }
}

/// The aggregate that a key of a step names.
pub(super) fn aggregate(word: &str) -> Option<Aggregate> {
    Some(match word {
        "max" => Aggregate::Max,
        "min" => Aggregate::Min,
        "avg" => Aggregate::Avg,
        "sum" => Aggregate::Sum,
        "count" => Aggregate::Count,
        "dcount" => Aggregate::Dcount,
        "last" => Aggregate::Last,
        "increase" => Aggregate::Increase,
        "turns" => Aggregate::Turns,
        _ => {
            let percent: u8 = word.strip_prefix('p')?.parse().ok()?;
            (percent <= 100).then_some(Aggregate::Percentile(percent))?
        }
    })
}

/// A unit by what it measures and its size.
fn named(unit: &Unit) -> String {
    if unit.scale == 1.0 && unit.divisor == 1.0 {
        what(unit)
    } else {
        format!("{} in units of {}", what(unit), unit.scale / unit.divisor)
    }
}

/// The width of the bins that a series ends with.
pub(super) fn last_bin(series: &SeriesSpec) -> Option<Duration> {
    series.steps.last().and_then(|step| step.every)
}
