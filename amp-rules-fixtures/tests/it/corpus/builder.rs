//! Builds the telemetry of a corpus scenario.
//!
//! Input: one row of the corpus, the conventions of the corpus (messages of its first row) and the quiet series. Output: an
//! incident folder, and a [`BuiltScenario`]: its pods, the active ones, and changes to the pack. Every item of `telemetry`
//! is applied by its kind; an unknown kind is an error. Rows that expect `healthy` or `noise_only`, or are `calm`, get the
//! quiet series of every active pod, except where the row has the metric itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use amp_rules_core::time::{Time, Window};
use serde_json::Value;

use super::items::Item;
use super::parse::{duration, instant, instants, iso};
use super::pods::{Pod, Pods};
use super::series::{Series, fill};
use super::sink::{HOUR, Sink};

const NOW: &str = "2025-08-12T12:00:00Z";
pub(crate) const HEARTBEAT_METRIC: &str = "otelcollector_cpu_usage_095";
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

/// The conventions of a corpus.
#[derive(Debug)]
pub(crate) struct Conventions {
    pub(crate) messages: BTreeMap<String, String>,
    pub(crate) quiet: Value,
}

/// A scenario whose telemetry was built.
#[derive(Debug)]
pub(crate) struct BuiltScenario {
    pub(crate) pods: Pods,
    pub(crate) active: Vec<Pod>,
    /// Changes that break the pack: edges and copies.
    pub(crate) pack_changes: Vec<String>,
    /// The number of unrelated patterns to add.
    pub(crate) unrelated: usize,
}

/// Lines, once or repeated.
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
    /// The first and the last value of `{n}`, a count of minutes that repeats.
    pub(crate) minutes: (u64, u64),
    pub(crate) dropped: (u64, u64),
    pub(crate) weight: u64,
    /// The sum of all weights.
    pub(crate) total: Option<u64>,
    /// The maximum number of rows, sampled evenly.
    pub(crate) limit: Option<usize>,
}

/// Heartbeats of a pod in a table.
#[derive(Clone, Debug)]
pub(crate) struct Heartbeats {
    pub(crate) pod: Pod,
    pub(crate) table: String,
    pub(crate) span: Window,
}

/// The number of rows of a table per hour.
#[derive(Clone, Debug)]
pub(crate) struct Hours {
    pub(crate) table: String,
    pub(crate) first: Time,
    pub(crate) rows: Vec<u64>,
}

/// A row of the tables of the cluster.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) table: String,
    pub(crate) at: Time,
    pub(crate) pod: Option<Pod>,
    pub(crate) reason: String,
}

/// A scenario while its telemetry is built.
#[derive(Debug)]
pub(crate) struct Builder<'a> {
    pub(crate) conventions: &'a Conventions,
    pub(crate) pods: Pods,
    pub(crate) now: Time,
    pub(crate) window: Window,
    pub(crate) logs: Vec<Log>,
    pub(crate) series: Vec<Series>,
    pub(crate) heartbeats: Vec<Heartbeats>,
    pub(crate) events: Vec<Event>,
    /// The active spans of pods that the scenario restricts, by samples or a number of replicas.
    pub(crate) active_spans: BTreeMap<Pod, Vec<Window>>,
    /// The keep lists in the rows of the ReplicaSet.
    pub(crate) keep_lists: Option<BTreeMap<String, String>>,
    pub(crate) sums: Vec<(String, &'static str, f64)>,
    pub(crate) hours: Option<Hours>,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) spelled: BTreeMap<String, String>,
    pub(crate) missing_metrics: BTreeMap<String, String>,
    pub(crate) missing_components: BTreeMap<(String, String), String>,
    pub(crate) set: BTreeMap<String, String>,
    pub(crate) inventory_partial: bool,
    pub(crate) pack_changes: Vec<String>,
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

/// The instant of the diagnosis: after every instant that the scenario names, at a full hour.
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
        (Some(latest), Some((bins, count))) => {
            let first: u32 = bins.split(':').next().and_then(|hour| hour.trim().parse().ok()).unwrap_or(0);
            latest.floor(day).saturating_add(HOUR * (first + u32::try_from(count).unwrap_or(0)))
        }
        (Some(latest), None) => latest.floor(day).saturating_add(day),
        (None, _) => std::env::var("AMP_RULES_NOW")
            .ok()
            .and_then(|now| now.parse::<Time>().ok())
            .or_else(|| NOW.parse::<Time>().ok())
            .unwrap_or(Time::MIN),
    }
}

/// Builds a scenario into a folder.
pub(crate) fn build(row: &Value, conventions: &Conventions, folder: &Path) -> Result<BuiltScenario, String> {
    let items: Vec<&Value> =
        row.get("telemetry").and_then(Value::as_array).map(|all| all.iter().collect()).unwrap_or_default();
    let items: Vec<Item<'_>> = items.into_iter().map(Item::read).collect::<Result<_, _>>()?;
    let mut entities = Vec::new();
    for item in &items {
        item.entities(&mut entities);
    }
    let now = now_of(row);
    let window = Window { from: now.saturating_sub(duration(text(row, "window").unwrap_or("24h"))?), to: now };
    let mut builder = Builder {
        conventions,
        pods: Pods::of(&entities)?,
        now,
        window,
        logs: Vec::new(),
        series: Vec::new(),
        heartbeats: Vec::new(),
        events: Vec::new(),
        active_spans: BTreeMap::new(),
        keep_lists: None,
        sums: Vec::new(),
        hours: None,
        attributes: attributes(row, conventions),
        spelled: BTreeMap::new(),
        missing_metrics: BTreeMap::new(),
        missing_components: BTreeMap::new(),
        set: BTreeMap::new(),
        inventory_partial: false,
        pack_changes: Vec::new(),
    };
    if builder.pods.all().is_empty() {
        builder.pods = Pods::of(&["rs/*".to_owned()])?;
    }
    for item in &items {
        item.apply(&mut builder)?;
    }
    let is_calm = row.get("calm").and_then(Value::as_bool).unwrap_or(false);
    let calm = is_calm
        || matches!(
            row.pointer("/expect/status").and_then(Value::as_str),
            Some("healthy" | "no_known_problem" | "noise_only")
        );
    builder.finish(row, calm, folder)
}

/// The attributes of every row: those of the quiet series, overridden by the scenario.
fn attributes(row: &Value, conventions: &Conventions) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for source in [conventions.quiet.get("attributes"), row.get("attributes")].into_iter().flatten() {
        for (name, value) in source.as_object().into_iter().flatten() {
            match value.as_str() {
                Some(value) => all.insert(name.clone(), value.to_owned()),
                None => all.remove(name),
            };
        }
    }
    all
}

impl Builder<'_> {
    /// An instant of this scenario.
    pub(crate) fn at(&self, text: &str) -> Result<Time, String> {
        instant(text, self.now)
    }

    /// Whether a pod is active at an instant.
    pub(crate) fn is_active(&self, pod: &Pod, at: Time) -> bool {
        self.active_spans.get(pod).is_none_or(|spans| spans.iter().any(|span| span.contains(at)))
    }

    fn finish(mut self, row: &Value, calm: bool, folder: &Path) -> Result<BuiltScenario, String> {
        self.configure();
        self.add_up();
        if calm {
            self.quiet()?;
        }
        // If tables spell the cluster differently, the subject has a third spelling.
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
        self.write_heartbeats(&mut sink)?;
        self.write_hours(&mut sink)?;
        sink.finish()?;
        fs::write(folder.join("incident.yaml"), self.incident(row, &sink.cluster, &tables))
            .map_err(|error| error.to_string())?;
        let recent = self.window.to.saturating_sub(HOUR);
        let heartbeats: BTreeSet<&Pod> = self
            .heartbeats
            .iter()
            .filter(|heartbeats| {
                heartbeats.span.to > recent
                    && self.is_active(&heartbeats.pod, heartbeats.span.to.saturating_sub(HOUR / 2))
            })
            .map(|heartbeats| &heartbeats.pod)
            .collect();
        let all_pods = self.pods.all();
        let active = if self.heartbeats.is_empty() {
            all_pods
        } else {
            all_pods.into_iter().filter(|pod| heartbeats.contains(pod)).collect()
        };
        let title = text(row, "title").unwrap_or_default();
        let unrelated =
            title.split_once(" irrelevant rules").and_then(|(count, _)| count.trim().parse().ok()).unwrap_or(0);
        Ok(BuiltScenario { active, pods: self.pods, pack_changes: self.pack_changes, unrelated })
    }

    /// Adds the keep lists to the rows with the configuration, and adds such rows if there are none.
    fn configure(&mut self) {
        let given = self.keep_lists.clone();
        // Bare rows have only what the scenario gives.
        let bare = std::env::var_os("AMP_RULES_BARE").is_some();
        let set = if bare { &KEEP_LISTS[..0] } else { &KEEP_LISTS[..] };
        let keep_lists = given
            .clone()
            .unwrap_or_else(|| set.iter().map(|name| ((*name).to_owned(), "up|kubelet_.*".to_owned())).collect());
        let mut found = false;
        for series in
            self.series.iter_mut().filter(|series| series.name == PROCESSED && series.pod.controller == "ReplicaSet")
        {
            found = true;
            for (name, value) in &keep_lists {
                series.properties.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        if given.is_some() && !found {
            let every = Duration::from_secs(300);
            for pod in self.pods.all().into_iter().filter(|pod| pod.controller == "ReplicaSet") {
                let times = instants(self.window.from, self.window.to, every);
                let values = vec![Some(200_000.0); times.len()];
                self.series.push(Series {
                    name: PROCESSED.to_owned(),
                    pod,
                    properties: keep_lists.clone(),
                    times,
                    values,
                    weights: Vec::new(),
                    span: self.window,
                });
            }
        }
    }

    /// Makes series add up to the given sums, and fills the values that nothing determines.
    fn add_up(&mut self) {
        for (metric, controller, sum) in std::mem::take(&mut self.sums) {
            let mine = |series: &Series| series.name == metric && series.pod.controller == controller;
            let properties = self
                .series
                .iter()
                .find(|series| mine(series))
                .map(|series| series.properties.clone())
                .unwrap_or_default();
            for pod in self.pods.all().into_iter().filter(|pod| pod.controller == controller) {
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
            // A sum overrides a round value that is given for all pods.
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
