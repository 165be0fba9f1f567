//! The items of a scenario's `telemetry`, by shape.
//!
//! Input: one item. Output: what it adds to the [`Telling`]: lines, series, signs of life, events, parameters. Items that
//! only say what is *not* there (`absent`, `observed_false`, `unobservable`, `unknown`) add nothing: their truth is in the
//! rows that are not written.

use std::collections::BTreeMap;
use std::time::Duration;

use amp_rules_core::time::Window;
use serde_json::Value;

use super::cast::Pod;
use super::described::{batch, collectors, jobs, replicas};
use super::series::{Place, Series, canonical, metrics, values};
use super::telling::{Beats, Event, Hours, KEEP_LISTS, Log, PROCESSED, Telling, text};
use super::words::{duration, instants, number_behind, numbers};

const TARGETS: &str = "target_allocator_opentelemetry_allocator_targets";
const MINUTE: Duration = Duration::from_secs(60);
const FIVE: Duration = Duration::from_secs(300);

/// One item.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'a> {
    value: &'a Value,
    kind: &'static str,
}

/// Every kind of item that can be told.
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

/// What lies behind the first of these separators.
fn behind<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    text.split_once(mark).map(|(_, rest)| rest)
}

fn is_empty_list(word: &str) -> bool {
    word.is_empty() || word.starts_with("<absent")
}

impl<'a> Item<'a> {
    /// Recognises an item.
    pub(crate) fn read(value: &'a Value) -> Result<Self, String> {
        // `value` and `rows` stand beside other kinds as plain fields, so that the first of the list decides.
        let kind = KINDS
            .into_iter()
            .filter(|kind| !matches!(*kind, "value" | "rows"))
            .chain(["rows", "value"])
            .find(|kind| value.get(*kind).is_some());
        kind.map(|kind| Self { value, kind }).ok_or_else(|| format!("no kind of item is known for {value}"))
    }

    fn own(&self) -> &'a str {
        text(self.value, self.kind).unwrap_or_default()
    }

    /// The texts that name entities.
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
                let many = if self.own().starts_with("replicas") {
                    numbers(self.own()).first().copied().unwrap_or(0.0)
                } else {
                    4.0
                };
                found.push(format!("rs/*{many:.0}"));
            }
            "aks" => found
                .extend(self.own().rsplit(' ').next().filter(|word| matches!(*word, "rs" | "ds")).map(str::to_owned)),
            _ => {}
        }
    }

    /// Adds what the item says.
    pub(crate) fn tell(&self, telling: &mut Telling<'_>) -> Result<(), String> {
        match self.kind {
            "heartbeat" => self.heartbeat(telling),
            "heartbeat_lost" => self.heartbeat_lost(telling),
            "log" | "log_raw" | "row" => self.log(telling),
            "metric" => self.metric(telling),
            "config" => self.config(telling),
            "missing" => self.missing(telling),
            "rows_per_hour" => self.rows_per_hour(telling),
            "rows" => self.rows(telling),
            "sum" => self.sum(telling),
            "value" => self.number(telling),
            "table" | "aks" => self.events(telling),
            "pack" => {
                telling.spoilt.extend(self.own().split(';').map(|part| part.trim().to_owned()));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn pods(&self, telling: &Telling<'_>) -> Result<Vec<Pod>, String> {
        telling.cast.pods(text(self.value, "entity").unwrap_or("cluster"))
    }

    /// From when to when; the whole window where nothing is said.
    fn span(&self, telling: &Telling<'_>) -> Result<Window, String> {
        let from = text(self.value, "from").or_else(|| text(self.value, "frm"));
        Ok(Window {
            from: from.map_or(Ok(telling.window.from), |from| telling.at(from))?,
            to: text(self.value, "to").map_or(Ok(telling.window.to), |to| telling.at(to))?,
        })
    }

    /// `to` may hold for one table only: `2025-08-08T21:30Z customMetrics; traces alive throughout`.
    fn heartbeat(&self, telling: &mut Telling<'_>) -> Result<(), String> {
        let from = text(self.value, "from").map_or(Ok(telling.window.from), |from| telling.at(from))?;
        let tables: Vec<&str> = self
            .value
            .get("heartbeat")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for table in tables {
            let mut end = telling.window.to;
            for clause in text(self.value, "to").unwrap_or("0").split(';').map(str::trim) {
                let mut words = clause.split_whitespace();
                let (first, second) = (words.next().unwrap_or("0"), words.next());
                if second.is_none_or(|named| named == table) && first != table {
                    end = telling.at(first)?;
                }
            }
            let span = Window { from, to: end };
            telling.beats.extend(self.pods(telling)?.into_iter().map(|pod| Beats {
                pod,
                table: table.to_owned(),
                span,
            }));
        }
        Ok(())
    }

    /// `rs/p4 since -6h`.
    fn heartbeat_lost(&self, telling: &mut Telling<'_>) -> Result<(), String> {
        let (who, since) = self.own().split_once(" since ").ok_or_else(|| format!("`{}` names no time", self.own()))?;
        let span = Window { from: telling.window.from, to: telling.at(since)? };
        for pod in telling.cast.pods(who)? {
            telling.beats.retain(|beats| beats.pod != pod);
            telling.beats.extend(["traces", "customMetrics"].map(|table| Beats {
                pod: pod.clone(),
                table: table.to_owned(),
                span,
            }));
        }
        telling.inventory_partial |= text(self.value, "inventory") == Some("partial");
        Ok(())
    }

    fn log(&self, telling: &mut Telling<'_>) -> Result<(), String> {
        let known = |name: &str| telling.grammar.messages.get(name).cloned();
        let message = match self.kind {
            "log" => known(self.own()).ok_or_else(|| format!("there is no message `{}`", self.own()))?,
            "log_raw" => self.own().to_owned(),
            _ => batch(self.own(), &known),
        };
        let span = self.span(telling)?;
        let every = text(self.value, "every");
        let timed = text(self.value, "from").or_else(|| text(self.value, "frm")).is_some();
        let (span, every) = match (every, timed) {
            (Some("once"), _) => (span, None),
            (Some(every), _) => (span, Some(every)),
            (None, true) => (span, None),
            // A line of which no time is told stands somewhere within the window.
            (None, false) => (Window { from: telling.now.minus(Duration::from_secs(3600)), to: telling.now }, None),
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
            let (on, off) = pattern.split_once('/').ok_or_else(|| format!("`{pattern}` is no pulse"))?;
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
            pods: self.pods(telling)?,
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
        telling.logs.push(log);
        Ok(())
    }

    fn metric(&self, telling: &mut Telling<'_>) -> Result<(), String> {
        let name = self.own();
        let span = self.span(telling)?;
        let every = duration(text(self.value, "every").unwrap_or("5m"))?;
        let value = self.value.get("value").ok_or_else(|| format!("`{name}` has no value"))?;
        if name == "replicas" {
            return replicas(telling, value, span);
        }
        let mut properties: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in self.value.get("props").and_then(Value::as_object).into_iter().flatten() {
            properties.insert(name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        let entity = text(self.value, "entity").unwrap_or("cluster");
        let times = instants(span.from, span.to, every);
        if let Some(collector) = entity.strip_prefix("collector_name=") {
            return collectors(telling, name, collector, value, (every, times, span));
        }
        let pods = telling.cast.pods(entity)?;
        let scale = if name == "mem_gb" { 1e9 } else { 1.0 };
        for (index, pod) in pods.iter().enumerate() {
            let place = Place { index, of: pods.len() };
            let all = values(value, scale, &times, every, telling.now, place)?;
            let parts = metrics(name);
            let mut left: Vec<Option<f64>> = all.clone();
            for (number, (metric, part)) in parts.iter().enumerate() {
                // The last part is what the others leave, so that the parts add up to the number exactly.
                let mine: Vec<Option<f64>> = if number + 1 == parts.len() {
                    left.clone()
                } else {
                    all.iter().map(|value| value.map(|value| (value * part).round())).collect()
                };
                left = left.iter().zip(&mine).map(|(left, mine)| Some(left.as_ref()? - mine.as_ref()?)).collect();
                telling.series.push(Series {
                    name: metric.clone(),
                    pod: pod.clone(),
                    properties: properties.clone(),
                    times: times.clone(),
                    values: mine,
                    weights: Vec::new(),
                    span,
                });
            }
            // A heartbeat that is told by itself is the pod's life.
            if canonical(name) == "otelcollector_cpu_usage_095" && value.as_str() == Some("present") {
                telling.lives.entry(pod.clone()).or_default().push(span);
                if !telling.beats.iter().any(|beats| beats.pod == *pod) {
                    telling.beats.extend(["traces", "customMetrics"].map(|table| Beats {
                        pod: pod.clone(),
                        table: table.to_owned(),
                        span,
                    }));
                }
            }
        }
        Ok(())
    }

    fn config(&self, telling: &mut Telling<'_>) -> Result<(), String> {
        let value = self.value.get("value").unwrap_or(&Value::Null);
        if !self.own().contains("props") {
            let name = match self.own() {
                "hpa.maxReplicas" => "hpa_max_replicas",
                other => other,
            };
            telling.set.insert(name.to_owned(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            return Ok(());
        }
        let lists = telling.keep_lists.get_or_insert_default();
        match value {
            Value::Object(all) => lists
                .extend(all.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))),
            Value::String(said) => {
                let empty = if said.contains("non-empty") {
                    0
                } else {
                    numbers(&said.replace('/', " of ")).first().map_or(KEEP_LISTS.len(), |many| *many as usize)
                };
                // The one that stays where all but one are empty is the one of kube-state-metrics.
                let mut names: Vec<&str> =
                    KEEP_LISTS.into_iter().filter(|name| !name.starts_with("KubeState")).collect();
                names.push("KubeStateKeepListRegex");
                let all = if said.contains("15") { 15 } else { KEEP_LISTS.len() };
                let kept = all.saturating_sub(empty).min(names.len());
                for (index, name) in names.iter().enumerate() {
                    let value = if index + kept >= names.len() { "up|kubelet_.*" } else { "" };
                    lists.insert((*name).to_owned(), value.to_owned());
                }
            }
            other => return Err(format!("{other} is no configuration")),
        }
        // The agent leaves out what is empty, unless the row itself says how it is sent.
        if !value.is_object() {
            lists.values_mut().filter(|value| is_empty_list(value)).for_each(|value| *value = "<absent>".to_owned());
        }
        Ok(())
    }

    fn missing(&self, telling: &mut Telling<'_>) -> Result<(), String> {
        let name = self.own().split_whitespace().next().unwrap_or_default();
        if self.own().contains("on every row") {
            telling.attributes.remove(name);
        } else {
            let reason = if self.own().contains("denied") { "denied" } else { "timeout" };
            telling.missing_metrics.insert(name.to_owned(), reason.to_owned());
        }
        Ok(())
    }

    /// A list of rows per hour, or `7d of 4000 day / 1900 night`.
    fn rows_per_hour(&self, telling: &mut Telling<'_>) -> Result<(), String> {
        let hour = Duration::from_secs(3600);
        let rows: Vec<u64> = match self.value.get("series") {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_u64).collect(),
            Some(Value::String(said)) => {
                let [day, night] = [" of ", "/"].map(|mark| {
                    behind(said, mark).and_then(|rest| numbers(rest).first().copied()).unwrap_or(0.0) as u64
                });
                let length = duration(said)?;
                let first = telling.now.minus(length);
                instants(first, telling.now, hour)
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
        let many = u32::try_from(rows.len()).map_err(|_| "too many hours")?;
        telling.hours =
            Some(Hours { table: self.own().to_owned(), first: telling.now.floor(hour).minus(hour * many), rows });
        Ok(())
    }

    /// Rows in words: jobs with so many rows, other spellings of the cluster, a newest row of the DaemonSet.
    fn rows(&self, telling: &mut Telling<'_>) -> Result<(), String> {
        let own = self.own();
        if own.contains("cluster=") {
            for clause in own.split(", ") {
                if let Some((table, spelled)) = clause.split_once(" cluster=") {
                    telling.spelled.insert(table.trim().to_owned(), spelled.replace("...", "c"));
                    let span = telling.window;
                    let pods = telling.cast.everybody();
                    telling.beats.extend(pods.into_iter().map(|pod| Beats {
                        pod,
                        table: table.trim().to_owned(),
                        span,
                    }));
                }
            }
            return Ok(());
        }
        if let Some(kinds) = self.value.get("value").and_then(Value::as_object) {
            return jobs(telling, own, kinds);
        }
        if own.contains("newest row is DaemonSet") {
            let at = telling.now.minus(Duration::from_secs(1));
            if let Some(pod) = telling.cast.pods("ds/*")?.first() {
                telling.series.push(Series {
                    name: PROCESSED.to_owned(),
                    pod: pod.clone(),
                    properties: BTreeMap::from([("metricsSentToPubCount".to_owned(), "200000".to_owned())]),
                    times: vec![at],
                    values: vec![Some(200_000.0)],
                    weights: Vec::new(),
                    span: Window { from: at, to: telling.now },
                });
            }
            return Ok(());
        }
        Err(format!("`{own}` are rows of no known kind"))
    }

    fn sum(&self, telling: &mut Telling<'_>) -> Result<(), String> {
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
            None => return Err(format!("the sum of `{metric}` is not told")),
        }
        telling.sums.extend(sums.into_iter().map(|(controller, sum)| (metric.clone(), controller, sum)));
        Ok(())
    }

    /// A number at a boundary: `custom share = 80.0%`, `memory ratio = 1.50`, `memory = 10.00 GB`, `replicas = 24`.
    fn number(&self, telling: &mut Telling<'_>) -> Result<(), String> {
        let own = self.own();
        let number = number_behind(own, "=")
            .or_else(|| numbers(own).last().copied())
            .ok_or_else(|| format!("`{own}` names no number"))?;
        let times = instants(telling.window.from, telling.window.to, FIVE);
        let rs = telling.cast.pods("rs/*")?;
        let mut push = |index: usize, name: &str, value: f64, properties: BTreeMap<String, String>| {
            if let Some(pod) = rs.get(index) {
                // Millions are received once, so that a day does not come to billions.
                let values = (0..times.len())
                    .map(|index| Some(if name == "meMetricsReceivedCount" && index != 100 { 1e5 } else { value }))
                    .collect();
                let times = times.clone();
                telling.series.push(Series {
                    name: name.to_owned(),
                    pod: pod.clone(),
                    properties,
                    times,
                    values,
                    weights: Vec::new(),
                    span: telling.window,
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
            return Err(format!("`{own}` is no number of a known kind"));
        }
        Ok(())
    }

    /// Rows of the cluster's own tables: `OOMKilled events rs`.
    fn events(&self, telling: &mut Telling<'_>) -> Result<(), String> {
        if self.kind == "table" {
            let at = telling.now.minus(Duration::from_secs(3600));
            for (table, reason) in [("ManagedClusterSnapshot", "snapshot"), ("pod_events", "Scheduled")] {
                let pod = (table == "pod_events").then(|| Pod { controller: "ReplicaSet", name: "rs-1".to_owned() });
                telling.events.push(Event { table: table.to_owned(), at, pod, reason: reason.to_owned() });
            }
            return Ok(());
        }
        let (reason, who) =
            self.own().split_once(" events").ok_or_else(|| format!("`{}` are no events", self.own()))?;
        let pods = telling.cast.pods(if who.trim().is_empty() { "rs" } else { who.trim() })?;
        for (index, pod) in pods.into_iter().enumerate() {
            for at in instants(
                telling.window.from.plus(MINUTE * u32::try_from(index).unwrap_or(0)),
                telling.window.to,
                MINUTE * 40,
            ) {
                telling.events.push(Event {
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
