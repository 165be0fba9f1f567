//! Turns a row of the corpus into rows of telemetry.
//!
//! Input: one scenario, the corpus' own grammar (its first row: messages, defaults) and the quiet series. Output: an
//! incident folder, and a [`World`]: who is in it, who lives, and what the rules are to be changed by. Every item of
//! `telemetry` is told by its shape; an item of no known shape is an error, never silence. Rows that expect `healthy` or
//! `noise_only`, or say that they are `calm`, get the quiet series of every living pod, outside the stretches that the row
//! speaks of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use amp_rules_core::time::{Time, Window};
use serde_json::Value;

use super::cast::{Cast, Pod};
use super::items::Item;
use super::series::{Series, canonical, fill};
use super::sink::{HOUR, Sink};
use super::words::{between, duration, instant, instants, iso, scatter, share};

const NOW: &str = "2025-08-12T12:00:00Z";
const BEAT: &str = "otelcollector_cpu_usage_095";
pub(crate) const PROCESSED: &str = "meMetricsProcessedCount";
pub(crate) const KEEP_LISTS: [&str; 12] = [
    "ApiServerKeepListRegex",
    "CAdvisorKeepListRegex",
    "CoreDNSKeepListRegex",
    "KappieBasicKeepListRegex",
    "KubeProxyKeepListRegex",
    "KubeStateKeepListRegex",
    "KubeletKeepListRegex",
    "NodeExporterKeepListRegex",
    "WinExporterKeepListRegex",
    "WinKubeProxyKeepListRegex",
    "AcstorCapacityProvisionerRegex",
    "AcstorMetricsExporterRegex",
];
const AKS: [&str; 3] = ["BlackboxMonitoringActivity", "ManagedClusterMonitoring", "ManagedClusterSnapshot"];
const MAIN: &str = "prometheus.log.prometheuscollectorcontainer";

/// What the corpus says of all its rows.
#[derive(Debug)]
pub(crate) struct Grammar {
    pub(crate) messages: BTreeMap<String, String>,
    pub(crate) quiet: Value,
}

/// What a told scenario is.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) cast: Cast,
    pub(crate) living: Vec<Pod>,
    /// Edges and copies that the pack is to be spoilt with.
    pub(crate) spoilt: Vec<String>,
    /// How many unrelated patterns are to be added.
    pub(crate) unrelated: usize,
}

/// Lines, once or over and over.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) pods: Vec<Pod>,
    pub(crate) from: Time,
    pub(crate) to: Time,
    pub(crate) every: Option<Duration>,
    pub(crate) jitter: bool,
    pub(crate) pulse: Option<(Duration, Duration)>,
    pub(crate) message: String,
    pub(crate) tag: String,
    /// Minutes that count from the first to the last, over and over.
    pub(crate) minutes: (u64, u64),
    pub(crate) dropped: (u64, u64),
    pub(crate) weight: u64,
    /// All weights together.
    pub(crate) total: Option<u64>,
    /// At most so many rows come back, from anywhere.
    pub(crate) limit: Option<usize>,
}

/// Signs of life of a pod in a table.
#[derive(Clone, Debug)]
pub(crate) struct Beats {
    pub(crate) pod: Pod,
    pub(crate) table: String,
    pub(crate) span: Window,
}

/// Rows of a table per hour.
#[derive(Clone, Debug)]
pub(crate) struct Hours {
    pub(crate) table: String,
    pub(crate) first: Time,
    pub(crate) rows: Vec<u64>,
}

/// A row of the cluster's own tables.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) table: String,
    pub(crate) at: Time,
    pub(crate) pod: Option<Pod>,
    pub(crate) reason: String,
}

/// A scenario while it is told.
#[derive(Debug)]
pub(crate) struct Telling<'a> {
    pub(crate) grammar: &'a Grammar,
    pub(crate) cast: Cast,
    pub(crate) now: Time,
    pub(crate) window: Window,
    pub(crate) logs: Vec<Log>,
    pub(crate) series: Vec<Series>,
    pub(crate) beats: Vec<Beats>,
    pub(crate) events: Vec<Event>,
    /// Who lives when, where the scenario says so by samples or by a number of replicas.
    pub(crate) lives: BTreeMap<Pod, Vec<Window>>,
    /// The keep lists of the ReplicaSet's rows.
    pub(crate) keep_lists: Option<BTreeMap<String, String>>,
    pub(crate) sums: Vec<(String, &'static str, f64)>,
    pub(crate) hours: Option<Hours>,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) spelled: BTreeMap<String, String>,
    pub(crate) missing_metrics: BTreeMap<String, String>,
    pub(crate) missing_components: BTreeMap<(String, String), String>,
    pub(crate) set: BTreeMap<String, String>,
    pub(crate) inventory_partial: bool,
    pub(crate) spoilt: Vec<String>,
}

/// The text of a field.
pub(crate) fn text<'v>(value: &'v Value, field: &str) -> Option<&'v str> {
    value.get(field).and_then(Value::as_str)
}

/// Every text anywhere in a value.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|one| texts(one, found)),
        Value::Object(all) => all.values().for_each(|one| texts(one, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// When a scenario is: after every instant that it names, at a full hour.
fn now_of(row: &Value) -> Time {
    let mut all = Vec::new();
    texts(row, &mut all);
    let words = all.iter().flat_map(|text| text.split_whitespace());
    let latest = words.filter(|word| word.contains('T')).filter_map(iso).max();
    let day = Duration::from_secs(86_400);
    let items = row.get("telemetry").and_then(Value::as_array);
    let counted =
        items.into_iter().flatten().find_map(|item| Some((text(item, "bins")?, item.get("series")?.as_array()?.len())));
    match (latest, counted) {
        (Some(latest), Some((bins, many))) => {
            let first: u32 = bins.split(':').next().and_then(|hour| hour.trim().parse().ok()).unwrap_or(0);
            latest.floor(day).plus(HOUR * (first + u32::try_from(many).unwrap_or(0)))
        }
        (Some(latest), None) => latest.floor(day).plus(day),
        (None, _) => std::env::var("AMP_RULES_NOW")
            .ok()
            .and_then(|now| Time::parse(&now))
            .or_else(|| Time::parse(NOW))
            .unwrap_or(Time::MIN),
    }
}

/// Tells a scenario into a folder.
pub(crate) fn tell(row: &Value, grammar: &Grammar, folder: &Path) -> Result<World, String> {
    let items: Vec<&Value> =
        row.get("telemetry").and_then(Value::as_array).map(|all| all.iter().collect()).unwrap_or_default();
    let items: Vec<Item<'_>> = items.into_iter().map(Item::read).collect::<Result<_, _>>()?;
    let mut entities = Vec::new();
    for item in &items {
        item.entities(&mut entities);
    }
    let now = now_of(row);
    let window = Window { from: now.minus(duration(text(row, "window").unwrap_or("24h"))?), to: now };
    let mut telling = Telling {
        grammar,
        cast: Cast::of(&entities)?,
        now,
        window,
        logs: Vec::new(),
        series: Vec::new(),
        beats: Vec::new(),
        events: Vec::new(),
        lives: BTreeMap::new(),
        keep_lists: None,
        sums: Vec::new(),
        hours: None,
        attributes: attributes(row, grammar),
        spelled: BTreeMap::new(),
        missing_metrics: BTreeMap::new(),
        missing_components: BTreeMap::new(),
        set: BTreeMap::new(),
        inventory_partial: false,
        spoilt: Vec::new(),
    };
    if telling.cast.everybody().is_empty() {
        telling.cast = Cast::of(&["rs/*".to_owned()])?;
    }
    for item in &items {
        item.tell(&mut telling)?;
    }
    let said = row.get("calm").and_then(Value::as_bool).unwrap_or(false);
    let calm = said || matches!(row.pointer("/expect/status").and_then(Value::as_str), Some("healthy" | "noise_only"));
    telling.finish(row, calm, folder)
}

/// The attributes of every row: the quiet ones, unless the scenario says otherwise.
fn attributes(row: &Value, grammar: &Grammar) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for source in [grammar.quiet.get("attributes"), row.get("attributes")].into_iter().flatten() {
        for (name, value) in source.as_object().into_iter().flatten() {
            match value.as_str() {
                Some(value) => all.insert(name.clone(), value.to_owned()),
                None => all.remove(name),
            };
        }
    }
    all
}

impl Telling<'_> {
    /// An instant of this scenario.
    pub(crate) fn at(&self, text: &str) -> Result<Time, String> {
        instant(text, self.now)
    }

    /// Whether a pod lives at an instant, where the scenario says so.
    fn lives(&self, pod: &Pod, at: Time) -> bool {
        self.lives.get(pod).is_none_or(|spans| spans.iter().any(|span| span.contains(at)))
    }

    fn finish(mut self, row: &Value, calm: bool, folder: &Path) -> Result<World, String> {
        self.configure();
        self.add_up();
        if calm {
            self.quiet()?;
        }
        // Where tables spell the cluster differently the subject is spelled in yet another way.
        let cluster = self.spelled.values().next().map_or(
            "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c".to_owned(),
            |spelled| spelled.to_uppercase(),
        );
        let mut sink = Sink::new(folder, &cluster, self.attributes.clone());
        sink.spelled.clone_from(&self.spelled);
        let tables = self.tables(row, &mut sink)?;
        for log in &self.logs {
            self.write_log(log, &mut sink)?;
        }
        for series in &self.series {
            self.write_series(series, &mut sink)?;
        }
        for event in &self.events {
            let time = if AKS.contains(&event.table.as_str()) { "PreciseTimeStamp" } else { "timestamp" };
            sink.event(&event.table, time, event.at, event.pod.as_ref(), &[("reason", &event.reason)])?;
        }
        self.write_beats(&mut sink)?;
        self.write_hours(&mut sink)?;
        sink.finish()?;
        fs::write(folder.join("incident.yaml"), self.incident(row, &sink.cluster, &tables))
            .map_err(|error| error.to_string())?;
        let recent = self.window.to.minus(HOUR);
        let beats: BTreeSet<&Pod> = self
            .beats
            .iter()
            .filter(|beats| beats.span.to > recent && self.lives(&beats.pod, beats.span.to.minus(HOUR / 2)))
            .map(|beats| &beats.pod)
            .collect();
        let everybody = self.cast.everybody();
        let living = if self.beats.is_empty() {
            everybody
        } else {
            everybody.into_iter().filter(|pod| beats.contains(pod)).collect()
        };
        let title = text(row, "title").unwrap_or_default();
        let unrelated =
            title.split_once(" irrelevant rules").and_then(|(many, _)| many.trim().parse().ok()).unwrap_or(0);
        Ok(World { living, cast: self.cast, spoilt: self.spoilt, unrelated })
    }

    /// Puts the keep lists into the rows that carry them; makes such rows where there is none.
    fn configure(&mut self) {
        let given = self.keep_lists.clone();
        // Bare rows tell what the scenario tells and nothing else.
        let bare = std::env::var_os("AMP_RULES_BARE").is_some();
        let set = if bare { &KEEP_LISTS[..0] } else { &KEEP_LISTS[..] };
        let told = given
            .clone()
            .unwrap_or_else(|| set.iter().map(|name| ((*name).to_owned(), "up|kubelet_.*".to_owned())).collect());
        let mut anyone = false;
        for series in
            self.series.iter_mut().filter(|series| series.name == PROCESSED && series.pod.controller == "ReplicaSet")
        {
            anyone = true;
            for (name, value) in &told {
                series.properties.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        if given.is_some() && !anyone {
            let every = Duration::from_secs(300);
            for pod in self.cast.everybody().into_iter().filter(|pod| pod.controller == "ReplicaSet") {
                let times = instants(self.window.from, self.window.to, every);
                let values = vec![Some(200_000.0); times.len()];
                self.series.push(Series {
                    name: PROCESSED.to_owned(),
                    pod,
                    properties: told.clone(),
                    times,
                    values,
                    weights: Vec::new(),
                    span: self.window,
                });
            }
        }
    }

    /// Makes series add up to the sums that the scenario names, and fills what nothing decides.
    fn add_up(&mut self) {
        for (metric, controller, sum) in std::mem::take(&mut self.sums) {
            let mine = |series: &Series| series.name == metric && series.pod.controller == controller;
            let properties = self
                .series
                .iter()
                .find(|series| mine(series))
                .map(|series| series.properties.clone())
                .unwrap_or_default();
            for pod in self.cast.everybody().into_iter().filter(|pod| pod.controller == controller) {
                if !self.series.iter().any(|series| mine(series) && series.pod == pod) {
                    let times = instants(self.window.from, self.window.to, Duration::from_secs(300));
                    let values = vec![None; times.len()];
                    self.series.push(Series {
                        name: metric.clone(),
                        pod,
                        properties: properties.clone(),
                        times,
                        values,
                        weights: Vec::new(),
                        span: self.window,
                    });
                }
            }
            let mut all: Vec<&mut Series> = self.series.iter_mut().filter(|series| mine(series)).collect();
            // A sum outweighs a round number that is given for all pods alike.
            if all.iter().all(|series| series.values.iter().all(Option::is_some)) {
                all.iter_mut().flat_map(|series| &mut series.values).for_each(|value| *value = None);
            }
            fill(&mut all, sum);
        }
        for series in &mut self.series {
            let top = series.values.iter().flatten().copied().fold(0.0, f64::max);
            series.values.iter_mut().for_each(|value| *value = value.or(Some((top * 0.4).floor())));
        }
    }

    /// The quiet series of every living pod.
    fn quiet(&mut self) -> Result<(), String> {
        let grammar = self.grammar;
        let mut spans: BTreeMap<(String, Pod), Vec<Window>> = BTreeMap::new();
        for series in &self.series {
            spans.entry((canonical(&series.name).to_owned(), series.pod.clone())).or_default().push(series.span);
        }
        let lives: Vec<(Pod, Window)> = self
            .cast
            .everybody()
            .into_iter()
            .map(|pod| {
                let beats: Vec<Window> =
                    self.beats.iter().filter(|beats| beats.pod == pod).map(|beats| beats.span).collect();
                let from = beats.iter().map(|span| span.from).min().unwrap_or(self.window.from);
                let to = beats.iter().map(|span| span.to).max().unwrap_or(self.window.to);
                (pod, Window { from, to })
            })
            .collect();
        for quiet in grammar.quiet.get("series").and_then(Value::as_array).into_iter().flatten() {
            let metric = text(quiet, "metric").ok_or("a quiet series without a metric")?;
            let every = duration(text(quiet, "every").ok_or("a quiet series without a distance")?)?;
            let per = text(quiet, "per").unwrap_or_default();
            for (pod, life) in &lives {
                if !per.is_empty() && pod.controller != "ReplicaSet" {
                    continue;
                }
                let own = spans.get(&(canonical(metric).to_owned(), pod.clone()));
                let times: Vec<Time> = instants(life.from, life.to, every)
                    .into_iter()
                    .filter(|at| !own.into_iter().flatten().any(|span| span.contains(*at)))
                    .collect();
                let mut properties: BTreeMap<String, String> = BTreeMap::new();
                for (name, value) in quiet.get("props").and_then(Value::as_object).into_iter().flatten() {
                    properties.insert(name.clone(), value.as_str().unwrap_or_default().to_owned());
                }
                if quiet.get("keep_lists").is_some() && pod.controller == "ReplicaSet" {
                    properties.extend(KEEP_LISTS.iter().map(|name| ((*name).to_owned(), "up|kubelet_.*".to_owned())));
                }
                let values = match quiet.get("values").and_then(Value::as_f64) {
                    Some(number) => vec![Some(number); times.len()],
                    None => times
                        .iter()
                        .map(|at| Some(share(between(self.window.from, *at), Duration::from_secs(60)) * 40_000.0))
                        .collect(),
                };
                for properties in per_dimension(per, pod, &properties) {
                    let (times, values) = (times.clone(), values.clone());
                    self.series.push(Series {
                        name: metric.to_owned(),
                        pod: pod.clone(),
                        properties,
                        times,
                        values,
                        weights: Vec::new(),
                        span: *life,
                    });
                }
            }
        }
        Ok(())
    }

    fn write_log(&self, log: &Log, sink: &mut Sink) -> Result<(), String> {
        let shortest = Duration::from_secs(if log.total.is_some() { 60 } else { 15 });
        let mut times = match log.every {
            None => vec![log.from],
            Some(every) => instants(log.from, log.to, if log.limit.is_some() { every } else { every.max(shortest) }),
        };
        times.retain(|at| {
            log.pulse.is_none_or(|(on, off)| {
                let period = amp_rules_core::time::ticks_of(on + off).max(1);
                at.ticks_since(log.from) % period < amp_rules_core::time::ticks_of(on)
            })
        });
        let all = times.len() * log.pods.len();
        // What is more frequent than a flush stands together in one row.
        let crowd = log
            .every
            .filter(|every| *every < shortest && log.limit.is_none())
            .map_or(1, |every| share(shortest, every).round() as u64);
        // An odd one, so that no pod is left out.
        let stride = log.limit.map_or(1, |limit| all.div_ceil(limit.max(1)) | 1);
        let mut index = 0_usize;
        for at in times {
            for pod in &log.pods {
                let here = index;
                index += 1;
                if !here.is_multiple_of(stride) || !self.lives(pod, at) {
                    continue;
                }
                let seed = scatter(here as u64);
                let late = match (log.jitter, log.every) {
                    (true, Some(every)) => Duration::from_secs(seed % (every.as_secs() / 3).max(1)),
                    _ => Duration::ZERO,
                };
                let minute = between(log.from, at).as_secs() / 60;
                let (first, last) = log.minutes;
                let dropped = log.dropped.0 + seed % (log.dropped.1 - log.dropped.0 + 1);
                let message = log
                    .message
                    .replace("{n}", &(first + minute % (last - first + 1)).to_string())
                    .replace("{d}", &dropped.to_string());
                let weight = match log.total {
                    Some(total) => total / all as u64 + u64::from((here as u64) < total % all as u64),
                    None => log.weight * crowd,
                };
                sink.lines(at.plus(late), pod, &log.tag, &message, weight)?;
            }
        }
        Ok(())
    }

    fn write_series(&self, series: &Series, sink: &mut Sink) -> Result<(), String> {
        if self.missing_metrics.contains_key(&series.name) {
            return Ok(());
        }
        for (index, (at, value)) in series.times.iter().zip(&series.values).enumerate() {
            let Some(value) = value.filter(|_| self.lives(&series.pod, *at)) else { continue };
            let mut properties = series.properties.clone();
            for text in properties.values_mut().filter(|text| text.starts_with('>')) {
                *text = format!("{:.0}", value.max(1000.0));
            }
            properties.retain(|_, text| !text.starts_with("<absent"));
            sink.sample(
                *at,
                Some(&series.pod),
                &series.name,
                value,
                &properties,
                series.weights.get(index).copied().unwrap_or(1),
            )?;
        }
        Ok(())
    }

    /// A line every 15 min, a sample of the processor every 5.
    fn write_beats(&self, sink: &mut Sink) -> Result<(), String> {
        let none = BTreeMap::new();
        for beats in &self.beats {
            let traces = beats.table == "traces";
            if !traces && self.series.iter().any(|series| series.name == BEAT && series.pod == beats.pod) {
                continue;
            }
            for at in instants(beats.span.from, beats.span.to, Duration::from_secs(if traces { 900 } else { 300 })) {
                if !self.lives(&beats.pod, at) {
                    continue;
                }
                match traces {
                    true => sink.lines(at, &beats.pod, MAIN, "a sign of life", 1)?,
                    false => sink.sample(at, Some(&beats.pod), BEAT, 20.0, &none, 1)?,
                }
            }
        }
        Ok(())
    }

    /// Fills hours up to the rows that they are to hold: evenly, or, before hours without any, at the rate of before.
    fn write_hours(&self, sink: &mut Sink) -> Result<(), String> {
        let Some(hours) = &self.hours else { return Ok(()) };
        let pods = self.cast.everybody();
        let mut wanted: Vec<(Time, u64)> =
            (0_u32..).zip(&hours.rows).map(|(index, rows)| (hours.first.plus(HOUR * index), *rows)).collect();
        // Hours before the series are like its first.
        let mut before = hours.first;
        while before > self.window.from {
            before = before.minus(HOUR);
            wanted.push((before, hours.rows.first().copied().unwrap_or(0)));
        }
        let none = BTreeMap::new();
        for (index, (start, rows)) in wanted.iter().enumerate() {
            let there = sink.hours.get(&(hours.table.clone(), *start)).copied().unwrap_or(0);
            if there > *rows && self.beats.is_empty() && self.series.is_empty() {
                return Err(format!("the hour from {start} holds {there} rows already, not {rows}"));
            }
            let lacking = rows.saturating_sub(there);
            let (last, next) = (index.checked_sub(1).and_then(|last| hours.rows.get(last)), hours.rows.get(index + 1));
            let length = match (last, next) {
                (Some(last), Some(0)) if rows < last => HOUR.mul_f64(*rows as f64 / *last as f64),
                _ => HOUR,
            };
            for row in 0..lacking {
                let at = start.plus(length.mul_f64(row as f64 / lacking as f64));
                let pod = usize::try_from(row).ok().and_then(|row| pods.get(row % pods.len().max(1)));
                sink.sample(at, pod, "otelcollector_cpu_usage_050", 10.0, &none, 1)?;
            }
        }
        Ok(())
    }

    /// What became of the tables, as lines of an incident file; makes those that are there.
    fn tables(&mut self, row: &Value, sink: &mut Sink) -> Result<Vec<String>, String> {
        let mut lines = Vec::new();
        for (name, state) in row.get("source").and_then(Value::as_object).into_iter().flatten() {
            let tables: Vec<&str> =
                if name == "aks" { AKS.into_iter().chain(["pod_events"]).collect() } else { vec![name] };
            if let Some(parts) = state.get("missing").and_then(Value::as_array) {
                for part in parts {
                    let reason = text(part, "reason").unwrap_or("source_error").to_owned();
                    if let Some(component) = text(part, "component") {
                        self.missing_components.insert((name.clone(), component.to_owned()), reason);
                    } else if let Some(metric) = text(part, "metric") {
                        self.missing_metrics.insert(metric.to_owned(), reason);
                    }
                }
            }
            let word = state.as_str().unwrap_or("complete");
            if let Some(rest) = word.strip_prefix("missing") {
                let reason = rest.trim_matches(['(', ')', ' ', ':']);
                lines.extend(tables.iter().map(|table| {
                    format!("{table}: {{ missing: {} }}", if reason.is_empty() { "not_configured" } else { reason })
                }));
                continue;
            }
            for table in &tables {
                sink.touch(table)?;
            }
            let mut parts: Vec<String> = Vec::new();
            if name == "customMetrics" {
                parts.extend(
                    self.missing_metrics
                        .iter()
                        .map(|(metric, reason)| format!("{{ metric: {metric}, reason: {reason} }}")),
                );
            }
            parts.extend(
                self.missing_components
                    .iter()
                    .filter(|((table, _), _)| table == name)
                    .map(|((_, component), reason)| format!("{{ component: {component}, reason: {reason} }}")),
            );
            let told = if let Some(rest) = word.strip_prefix("partial") {
                format!("{{ partial: {} }}", rest.trim_matches(['(', ')', ' ', ':']))
            } else if parts.is_empty() {
                "complete".to_owned()
            } else {
                format!("{{ missing: [ {} ] }}", parts.join(", "))
            };
            lines.extend(tables.iter().map(|table| format!("{table}: {told}")));
        }
        Ok(lines)
    }

    /// The text of `incident.yaml`.
    fn incident(&self, row: &Value, cluster: &str, tables: &[String]) -> String {
        let mut out = format!(
            "format: amp-rules-incident/v1\ntitle: {}\nsubject: {{ cluster: {cluster} }}\nnow: {}\nwindow: {}\ntables:\n",
            text(row, "id").unwrap_or("a scenario"),
            self.now,
            amp_rules_core::time::duration_text(between(self.window.from, self.window.to)),
        );
        for line in tables {
            out.push_str(&format!("  {line}\n"));
        }
        let reported = row.get("reported").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if !reported.is_empty() {
            out.push_str("reported:\n");
        }
        for report in reported {
            let entity = match text(report, "entity") {
                None | Some("cluster" | "") => String::new(),
                Some(kind @ ("ReplicaSet" | "DaemonSet")) => format!(", entity: {{ controllertype: {kind} }}"),
                Some(who) => match self.cast.pods(who).unwrap_or_default().first() {
                    Some(pod) => format!(", entity: {{ controllertype: {}, podname: {} }}", pod.controller, pod.name),
                    None => String::new(),
                },
            };
            let when = |field: &str| {
                text(report, field)
                    .and_then(|at| self.at(at).ok())
                    .map_or(String::new(), |at| format!(", {field}: {at}"))
            };
            out.push_str(&format!(
                "  - {{ pattern: {}{entity}{}{} }}\n",
                text(report, "pattern").unwrap_or_default(),
                when("since"),
                when("until")
            ));
        }
        if !self.set.is_empty() {
            out.push_str("set:\n");
        }
        for (name, value) in &self.set {
            out.push_str(&format!("  {name}: {value}\n"));
        }
        if self.inventory_partial {
            out.push_str("inventory: partial\n");
        }
        out
    }
}

/// The sets of properties of a quiet series that is sent per job or per collector.
fn per_dimension(per: &str, pod: &Pod, properties: &BTreeMap<String, String>) -> Vec<BTreeMap<String, String>> {
    let with = |name: &str, value: String| {
        let mut all = properties.clone();
        all.insert(name.to_owned(), value);
        all
    };
    if per.starts_with("collector_name") {
        return vec![with("collector_name", pod.name.clone())];
    }
    if let Some((jobs, rest)) = per.split_once(" jobs") {
        let count = |text: &str| super::words::numbers(text).first().map_or(0, |many| *many as u64);
        let custom = count(rest);
        return (0..count(jobs))
            .map(|job| {
                with(
                    "job_name",
                    if job < custom { format!("podMonitor/shop/app-{job}/0") } else { format!("standard-{job}") },
                )
            })
            .collect();
    }
    vec![properties.clone()]
}
