//! The items of the `telemetry` of a corpus scenario, by kind.
//!
//! Input: one item. Output: additions to the [`Builder`]: lines, series, heartbeats, events, parameters. Items about
//! absence (`absent`, `observed_false`, `unobservable`, `unknown`) add nothing: the rows are not written.

use std::collections::BTreeMap;
use std::time::Duration;

use amp_rules_core::time::Window;
use serde_json::Value;

use super::builder::{Builder, Event, Heartbeats, Hours, KEEP_LISTS, Log, PROCESSED, text};
use super::compound::{batch, collectors, jobs, replicas};
use super::parse::{duration, instants, number_after, numbers};
use super::pods::Pod;
use super::series::{Place, Series, canonical, metrics, values};

const TARGETS: &str = "target_allocator_opentelemetry_allocator_targets";
const MINUTE: Duration = Duration::from_secs(60);
const FIVE: Duration = Duration::from_secs(300);

/// One item.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'a> {
    value: &'a Value,
    kind: &'static str,
}

/// All kinds of items.
const KINDS: [&str; 19] = [
    "heartbeat",
    "heartbeat_lost",
    "log",
    "log_raw",
    "row",
    "metric",
    "config",
    "missing",
    "rows_per_hour",
    "rows",
    "sum",
    "value",
    "table",
    "aks",
    "pack",
    "absent",
    "observed_false",
    "unobservable",
    "unknown",
];

/// The text after the first separator.
fn after<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    text.split_once(mark).map(|(_, rest)| rest)
}

fn is_empty_list(word: &str) -> bool {
    word.is_empty() || word.starts_with("<absent")
}

impl<'a> Item<'a> {
    /// Determines the kind of an item.
    pub(crate) fn read(value: &'a Value) -> Result<Self, String> {
        // `value` and `rows` are also fields of other kinds, so they come last.
        let kind = KINDS
            .into_iter()
            .filter(|kind| !matches!(*kind, "value" | "rows"))
            .chain(["rows", "value"])
            .find(|kind| value.get(*kind).is_some());
        kind.map(|kind| Self { value, kind }).ok_or_else(|| format!("the item has no known kind: {value}"))
    }

    fn own(&self) -> &'a str {
        text(self.value, self.kind).unwrap_or_default()
    }

    /// Collects the texts that name entities.
    pub(crate) fn entities(&self, found: &mut Vec<String>) {
        if let Some(entity) = text(self.value, "entity") {
            let entity = entity.strip_prefix("collector_name=").map_or(entity.to_owned(), |collector| {
                if collector.starts_with('*') { String::new() } else { format!("rs/{collector}") }
            });
            found.push(entity);
        }
        match self.kind {
            "heartbeat_lost" => found.extend(self.own().split_whitespace().next().map(str::to_owned)),
            "absent" => {
                // `both series on p2` names a pod of the ReplicaSet.
                let words = self.own().split_whitespace().collect::<Vec<_>>();
                found.extend(
                    words
                        .windows(2)
                        .filter(|pair| pair.first() == Some(&"on"))
                        .filter_map(|pair| pair.get(1))
                        .map(|name| if name.contains('/') { (*name).to_owned() } else { format!("rs/{name}") }),
                );
            }
            "metric" if self.own() == "replicas" => found.extend(
                numbers(text(self.value, "value").unwrap_or_default()).last().map(|top| format!("rs/*{top:.0}")),
            ),
            "value" => {
                let count = if self.own().starts_with("replicas") {
                    numbers(self.own()).first().copied().unwrap_or(0.0)
                } else {
                    4.0
                };
                found.push(format!("rs/*{count:.0}"));
            }
            "aks" => found
                .extend(self.own().rsplit(' ').next().filter(|word| matches!(*word, "rs" | "ds")).map(str::to_owned)),
            _ => {}
        }
    }

    /// Adds the item to a builder.
    pub(crate) fn apply(&self, builder: &mut Builder<'_>) -> Result<(), String> {
        match self.kind {
            "heartbeat" => self.heartbeat(builder),
            "heartbeat_lost" => self.heartbeat_lost(builder),
            "log" | "log_raw" | "row" => self.log(builder),
            "metric" => self.metric(builder),
            "config" => self.config(builder),
            "missing" => self.missing(builder),
            "rows_per_hour" => self.rows_per_hour(builder),
            "rows" => self.rows(builder),
            "sum" => self.sum(builder),
            "value" => self.number(builder),
            "table" | "aks" => self.events(builder),
            "pack" => {
                builder.pack_changes.extend(self.own().split(';').map(|part| part.trim().to_owned()));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn pods(&self, builder: &Builder<'_>) -> Result<Vec<Pod>, String> {
        builder.pods.select(text(self.value, "entity").unwrap_or("cluster"))
    }

    /// The span of the item; the window by default.
    fn span(&self, builder: &Builder<'_>) -> Result<Window, String> {
        let from = text(self.value, "from").or_else(|| text(self.value, "frm"));
        Ok(Window {
            from: from.map_or(Ok(builder.window.from), |from| builder.at(from))?,
            to: text(self.value, "to").map_or(Ok(builder.window.to), |to| builder.at(to))?,
        })
    }

    /// Adds heartbeats. `to` may apply to one table: `2025-08-08T21:30Z customMetrics; traces alive throughout`.
    fn heartbeat(&self, builder: &mut Builder<'_>) -> Result<(), String> {
        let from = text(self.value, "from").map_or(Ok(builder.window.from), |from| builder.at(from))?;
        let tables: Vec<&str> = self
            .value
            .get("heartbeat")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for table in tables {
            let mut end = builder.window.to;
            for clause in text(self.value, "to").unwrap_or("0").split(';').map(str::trim) {
                let mut words = clause.split_whitespace();
                let (first, second) = (words.next().unwrap_or("0"), words.next());
                if second.is_none_or(|named| named == table) && first != table {
                    end = builder.at(first)?;
                }
            }
            let span = Window { from, to: end };
            builder.heartbeats.extend(self.pods(builder)?.into_iter().map(|pod| Heartbeats {
                pod,
                table: table.to_owned(),
                span,
            }));
        }
        Ok(())
    }

    /// Ends the heartbeats of pods: `rs/p4 since -6h`.
    fn heartbeat_lost(&self, builder: &mut Builder<'_>) -> Result<(), String> {
        let (who, since) = self.own().split_once(" since ").ok_or_else(|| format!("`{}` names no time", self.own()))?;
        let span = Window { from: builder.window.from, to: builder.at(since)? };
        for pod in builder.pods.select(who)? {
            builder.heartbeats.retain(|heartbeats| heartbeats.pod != pod);
            builder.heartbeats.extend(["traces", "customMetrics"].map(|table| Heartbeats {
                pod: pod.clone(),
                table: table.to_owned(),
                span,
            }));
        }
        builder.inventory_partial |= text(self.value, "inventory") == Some("partial");
        Ok(())
    }

    fn log(&self, builder: &mut Builder<'_>) -> Result<(), String> {
        let known = |name: &str| builder.conventions.messages.get(name).cloned();
        let message = match self.kind {
            "log" => known(self.own()).ok_or_else(|| format!("there is no message `{}`", self.own()))?,
            "log_raw" => self.own().to_owned(),
            _ => batch(self.own(), &known),
        };
        let span = self.span(builder)?;
        let every = text(self.value, "every");
        let timed = text(self.value, "from").or_else(|| text(self.value, "frm")).is_some();
        let (span, every) = match (every, timed) {
            (Some("once"), _) => (span, None),
            (Some(every), _) => (span, Some(every)),
            (None, true) => (span, None),
            // A line without a time is an hour old.
            (None, false) => {
                (Window { from: builder.now.saturating_sub(Duration::from_secs(3600)), to: builder.now }, None)
            }
        };
        let range = |field: &str, default: (u64, u64)| match self.value.get(field) {
            Some(Value::Number(number)) => number.as_u64().map_or(default, |number| (number, number)),
            Some(Value::String(text)) => match numbers(text).as_slice() {
                [first, last, ..] => (*first as u64, *last as u64),
                [only] => (*only as u64, *only as u64),
                [] => default,
            },
            _ => default,
        };
        let pulse = text(self.value, "pattern").map(|pattern| -> Result<_, String> {
            let (on, off) = pattern.split_once('/').ok_or_else(|| format!("`{pattern}` is not a pulse"))?;
            Ok((duration(on.trim_start_matches("on").trim())?, duration(off.trim_start_matches("off").trim())?))
        });
        let tag = match text(self.value, "component") {
            None | Some("main" | "mdsd" | "metricsextension" | "otelcollector") => {
                "prometheus.log.prometheuscollectorcontainer"
            }
            Some("token-adapter") => "prometheus.log.addontokenadapter",
            Some("ksm") => "prometheus.log.kubestatemetricscontainer",
            Some("target-allocator") => "prometheus.log.targetallocator.tacontainer",
            Some(_) => "prometheus.log.other",
        };
        let log = Log {
            pods: self.pods(builder)?,
            from: span.from,
            to: span.to,
            jitter: every.is_some_and(|every| every.contains("jitter")),
            every: every.map(duration).transpose()?,
            pulse: pulse.transpose()?,
            message,
            tag: tag.to_owned(),
            minutes: range("n", (0, 0)),
            dropped: range("d", (7000, 7000)),
            weight: self.value.get("itemCount").and_then(Value::as_u64).unwrap_or(1),
            total: self.value.get("total_lines").and_then(Value::as_u64),
            limit: self.value.get("truncated_at").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok()),
        };
        builder.logs.push(log);
        Ok(())
    }

    fn metric(&self, builder: &mut Builder<'_>) -> Result<(), String> {
        let name = self.own();
        let span = self.span(builder)?;
        let every = duration(text(self.value, "every").unwrap_or("5m"))?;
        let value = self.value.get("value").ok_or_else(|| format!("`{name}` has no value"))?;
        if name == "replicas" {
            return replicas(builder, value, span);
        }
        let mut properties: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in self.value.get("props").and_then(Value::as_object).into_iter().flatten() {
            properties.insert(name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        let entity = text(self.value, "entity").unwrap_or("cluster");
        let times = instants(span.from, span.to, every);
        if let Some(collector) = entity.strip_prefix("collector_name=") {
            return collectors(builder, name, collector, value, (every, times, span));
        }
        let pods = builder.pods.select(entity)?;
        let scale = if name == "mem_gb" { 1e9 } else { 1.0 };
        for (index, pod) in pods.iter().enumerate() {
            let place = Place { index, of: pods.len() };
            let all = values(value, scale, &times, every, builder.now, place)?;
            let parts = metrics(name);
            let mut left: Vec<Option<f64>> = all.clone();
            for (number, (metric, part)) in parts.iter().enumerate() {
                // The last part is the remainder, so that the parts add up exactly.
                let mine: Vec<Option<f64>> = if number + 1 == parts.len() {
                    left.clone()
                } else {
                    all.iter().map(|value| value.map(|value| (value * part).round())).collect()
                };
                left = left.iter().zip(&mine).map(|(left, mine)| Some(left.as_ref()? - mine.as_ref()?)).collect();
                builder.series.push(Series {
                    name: metric.clone(),
                    pod: pod.clone(),
                    properties: properties.clone(),
                    times: times.clone(),
                    values: mine,
                    weights: Vec::new(),
                    span,
                });
            }
            // A series of the heartbeat metric determines the active span of the pod.
            if canonical(name) == "otelcollector_cpu_usage_095" && value.as_str() == Some("present") {
                builder.active_spans.entry(pod.clone()).or_default().push(span);
                if !builder.heartbeats.iter().any(|heartbeats| heartbeats.pod == *pod) {
                    builder.heartbeats.extend(["traces", "customMetrics"].map(|table| Heartbeats {
                        pod: pod.clone(),
                        table: table.to_owned(),
                        span,
                    }));
                }
            }
        }
        Ok(())
    }

    fn config(&self, builder: &mut Builder<'_>) -> Result<(), String> {
        let value = self.value.get("value").unwrap_or(&Value::Null);
        if !self.own().contains("props") {
            let name = match self.own() {
                "hpa.maxReplicas" => "hpa_max_replicas",
                other => other,
            };
            builder.set.insert(name.to_owned(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            return Ok(());
        }
        let lists = builder.keep_lists.get_or_insert_default();
        match value {
            Value::Object(all) => lists
                .extend(all.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))),
            Value::String(description) => {
                let empty = if description.contains("non-empty") {
                    0
                } else {
                    numbers(&description.replace('/', " of ")).first().map_or(KEEP_LISTS.len(), |count| *count as usize)
                };
                // If all but one are empty, the one that remains is that of kube-state-metrics.
                let mut names: Vec<&str> =
                    KEEP_LISTS.into_iter().filter(|name| !name.starts_with("KubeState")).collect();
                names.push("KubeStateKeepListRegex");
                let all = if description.contains("15") { 15 } else { KEEP_LISTS.len() };
                let kept = all.saturating_sub(empty).min(names.len());
                for (index, name) in names.iter().enumerate() {
                    let value = if index + kept >= names.len() { "up|kubelet_.*" } else { "" };
                    lists.insert((*name).to_owned(), value.to_owned());
                }
            }
            other => return Err(format!("{other} is not a configuration")),
        }
        // The agent leaves out empty lists, unless the row gives them one by one.
        if !value.is_object() {
            lists.values_mut().filter(|value| is_empty_list(value)).for_each(|value| *value = "<absent>".to_owned());
        }
        Ok(())
    }

    fn missing(&self, builder: &mut Builder<'_>) -> Result<(), String> {
        let name = self.own().split_whitespace().next().unwrap_or_default();
        if self.own().contains("on every row") {
            builder.attributes.remove(name);
        } else {
            let reason = if self.own().contains("denied") { "denied" } else { "timeout" };
            builder.missing_metrics.insert(name.to_owned(), reason.to_owned());
        }
        Ok(())
    }

    /// Sets rows per hour: a list, or `7d of 4000 day / 1900 night`.
    fn rows_per_hour(&self, builder: &mut Builder<'_>) -> Result<(), String> {
        let hour = Duration::from_secs(3600);
        let rows: Vec<u64> = match self.value.get("series") {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_u64).collect(),
            Some(Value::String(description)) => {
                let [day, night] = [" of ", "/"].map(|mark| {
                    after(description, mark).and_then(|rest| numbers(rest).first().copied()).unwrap_or(0.0) as u64
                });
                let length = duration(description)?;
                let first = builder.now.saturating_sub(length);
                instants(first, builder.now, hour)
                    .into_iter()
                    .map(|at| {
                        if (8..20).contains(&(at.ticks_since(at.floor(hour * 24)) / 36_000_000_000)) {
                            day
                        } else {
                            night
                        }
                    })
                    .collect()
            }
            _ => return Err("rows per hour without a series".to_owned()),
        };
        let count = u32::try_from(rows.len()).map_err(|_| "too many hours")?;
        builder.hours = Some(Hours {
            table: self.own().to_owned(),
            first: builder.now.floor(hour).saturating_sub(hour * count),
            rows,
        });
        Ok(())
    }

    /// Adds rows in words: jobs with numbers of rows, other spellings of the cluster, a newest row of the DaemonSet.
    fn rows(&self, builder: &mut Builder<'_>) -> Result<(), String> {
        let own = self.own();
        if own.contains("cluster=") {
            for clause in own.split(", ") {
                if let Some((table, spelled)) = clause.split_once(" cluster=") {
                    builder.spelled.insert(table.trim().to_owned(), spelled.replace("...", "c"));
                    let span = builder.window;
                    let pods = builder.pods.all();
                    builder.heartbeats.extend(pods.into_iter().map(|pod| Heartbeats {
                        pod,
                        table: table.trim().to_owned(),
                        span,
                    }));
                }
            }
            return Ok(());
        }
        if let Some(kinds) = self.value.get("value").and_then(Value::as_object) {
            return jobs(builder, own, kinds);
        }
        if own.contains("newest row is DaemonSet") {
            let at = builder.now.saturating_sub(Duration::from_secs(1));
            if let Some(pod) = builder.pods.select("ds/*")?.first() {
                builder.series.push(Series {
                    name: PROCESSED.to_owned(),
                    pod: pod.clone(),
                    properties: BTreeMap::from([("metricsSentToPubCount".to_owned(), "200000".to_owned())]),
                    times: vec![at],
                    values: vec![Some(200_000.0)],
                    weights: Vec::new(),
                    span: Window { from: at, to: builder.now },
                });
            }
            return Ok(());
        }
        Err(format!("`{own}` is not a known description of rows"))
    }

    fn sum(&self, builder: &mut Builder<'_>) -> Result<(), String> {
        let metric = self.own().split_whitespace().next().unwrap_or_default().to_owned();
        let mut sums: Vec<(&'static str, f64)> = Vec::new();
        match self.value.get("value") {
            Some(Value::Object(all)) => {
                for (group, value) in all {
                    sums.push((if group == "ds" { "DaemonSet" } else { "ReplicaSet" }, value.as_f64().unwrap_or(0.0)));
                }
            }
            Some(value) => sums.push((
                if self.own().contains(" ds") { "DaemonSet" } else { "ReplicaSet" },
                value.as_f64().unwrap_or(0.0),
            )),
            None => return Err(format!("the sum of `{metric}` has no value")),
        }
        builder.sums.extend(sums.into_iter().map(|(controller, sum)| (metric.clone(), controller, sum)));
        Ok(())
    }

    /// Adds a number at a threshold: `custom share = 80.0%`, `memory ratio = 1.50`, `memory = 10.00 GB`, `replicas = 24`.
    fn number(&self, builder: &mut Builder<'_>) -> Result<(), String> {
        let own = self.own();
        let number = number_after(own, "=")
            .or_else(|| numbers(own).last().copied())
            .ok_or_else(|| format!("`{own}` names no number"))?;
        let times = instants(builder.window.from, builder.window.to, FIVE);
        let rs = builder.pods.select("rs/*")?;
        let mut push = |index: usize, name: &str, value: f64, properties: BTreeMap<String, String>| {
            if let Some(pod) = rs.get(index) {
                // The millions are received once, so that a day does not add up to billions.
                let values = (0..times.len())
                    .map(|index| Some(if name == "meMetricsReceivedCount" && index != 100 { 1e5 } else { value }))
                    .collect();
                let times = times.clone();
                builder.series.push(Series {
                    name: name.to_owned(),
                    pod: pod.clone(),
                    properties,
                    times,
                    values,
                    weights: Vec::new(),
                    span: builder.window,
                });
            }
        };
        let none = BTreeMap::new;
        let mut per_million = |index: usize, ratio: f64| {
            push(index, "otelcollector_memory_rss_095", ratio * 4e9 - 1e9, none());
            push(index, "metricsextension_memory_rss_095", 1e9, none());
            push(index, "meMetricsReceivedCount", 4e6, none());
        };
        if own.starts_with("custom share") {
            let custom = (number * 10.0).round();
            for (job, value) in [("podMonitor/shop/app/0", custom), ("standard", 1000.0 - custom)] {
                push(0, TARGETS, value, BTreeMap::from([("job_name".to_owned(), job.to_owned())]));
            }
        } else if own.starts_with("memory ratio") {
            per_million(1, number);
        } else if own.starts_with("samples with float error") {
            per_million(2, number);
        } else if own.starts_with("memory") {
            push(3, "otelcollector_memory_rss_095", number * 1e9 - 1e9, none());
            push(3, "metricsextension_memory_rss_095", 1e9, none());
        } else if !own.starts_with("replicas") {
            return Err(format!("`{own}` is not a known number"));
        }
        Ok(())
    }

    /// Adds rows of the tables of the cluster: `OOMKilled events rs`.
    fn events(&self, builder: &mut Builder<'_>) -> Result<(), String> {
        if self.kind == "table" {
            let at = builder.now.saturating_sub(Duration::from_secs(3600));
            for (table, reason) in [("ManagedClusterSnapshot", "snapshot"), ("pod_events", "Scheduled")] {
                let pod = (table == "pod_events").then(|| Pod { controller: "ReplicaSet", name: "rs-1".to_owned() });
                builder.events.push(Event { table: table.to_owned(), at, pod, reason: reason.to_owned() });
            }
            return Ok(());
        }
        let (reason, who) =
            self.own().split_once(" events").ok_or_else(|| format!("`{}` does not describe events", self.own()))?;
        let pods = builder.pods.select(if who.trim().is_empty() { "rs" } else { who.trim() })?;
        for (index, pod) in pods.into_iter().enumerate() {
            for at in instants(
                builder.window.from.saturating_add(MINUTE * u32::try_from(index).unwrap_or(0)),
                builder.window.to,
                MINUTE * 40,
            ) {
                builder.events.push(Event {
                    table: "pod_events".to_owned(),
                    at,
                    pod: Some(pod.clone()),
                    reason: reason.to_owned(),
                });
            }
        }
        Ok(())
    }
}
