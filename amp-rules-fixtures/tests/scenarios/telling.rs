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
use super::series::{Series, fill};
use super::sink::{HOUR, Sink};
use super::words::{duration, instant, instants, iso};

const NOW: &str = "2025-08-12T12:00:00Z";
pub(crate) const BEAT: &str = "otelcollector_cpu_usage_095";
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
pub(crate) const AKS: [&str; 3] = ["BlackboxMonitoringActivity", "ManagedClusterMonitoring", "ManagedClusterSnapshot"];
pub(crate) const MAIN: &str = "prometheus.log.prometheuscollectorcontainer";

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
            latest.floor(day).saturating_add(HOUR * (first + u32::try_from(many).unwrap_or(0)))
        }
        (Some(latest), None) => latest.floor(day).saturating_add(day),
        (None, _) => std::env::var("AMP_RULES_NOW")
            .ok()
            .and_then(|now| now.parse::<Time>().ok())
            .or_else(|| NOW.parse::<Time>().ok())
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
    let window = Window { from: now.saturating_sub(duration(text(row, "window").unwrap_or("24h"))?), to: now };
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
    pub(crate) fn lives(&self, pod: &Pod, at: Time) -> bool {
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
        let recent = self.window.to.saturating_sub(HOUR);
        let beats: BTreeSet<&Pod> = self
            .beats
            .iter()
            .filter(|beats| beats.span.to > recent && self.lives(&beats.pod, beats.span.to.saturating_sub(HOUR / 2)))
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
}
