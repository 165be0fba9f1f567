//! The series of every active pod of a healthy cluster.
//!
//! Input: the quiet series of the corpus, and the active spans of pods. Output: series, except where the scenario has the
//! metric itself. A counter rises. Series per job or per collector are of ReplicaSet pods only.

use std::collections::BTreeMap;
use std::time::Duration;

use amp_rules_core::time::{Time, Window};
use serde_json::Value;

use super::builder::{Builder, KEEP_LISTS, text};
use super::parse::{between, duration, instants, numbers, share};
use super::pods::Pod;
use super::series::{Series, canonical};

impl Builder<'_> {
    /// Adds the quiet series of every active pod.
    pub(crate) fn quiet(&mut self) -> Result<(), String> {
        let conventions = self.conventions;
        let mut spans: BTreeMap<(String, Pod), Vec<Window>> = BTreeMap::new();
        for series in &self.series {
            spans.entry((canonical(&series.name).to_owned(), series.pod.clone())).or_default().push(series.span);
        }
        let spans_of_pods: Vec<(Pod, Window)> = self
            .pods
            .all()
            .into_iter()
            .map(|pod| {
                let heartbeats: Vec<Window> = self
                    .heartbeats
                    .iter()
                    .filter(|heartbeats| heartbeats.pod == pod)
                    .map(|heartbeats| heartbeats.span)
                    .collect();
                let from = heartbeats.iter().map(|span| span.from).min().unwrap_or(self.window.from);
                let to = heartbeats.iter().map(|span| span.to).max().unwrap_or(self.window.to);
                (pod, Window { from, to })
            })
            .collect();
        for quiet in conventions.quiet.get("series").and_then(Value::as_array).into_iter().flatten() {
            let metric = text(quiet, "metric").ok_or("a quiet series without a metric")?;
            let every = duration(text(quiet, "every").ok_or("a quiet series without `every`")?)?;
            let per = text(quiet, "per").unwrap_or_default();
            for (pod, active) in &spans_of_pods {
                if !per.is_empty() && pod.controller != "ReplicaSet" {
                    continue;
                }
                let own = spans.get(&(canonical(metric).to_owned(), pod.clone()));
                let times: Vec<Time> = instants(active.from, active.to, every)
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
                        span: *active,
                    });
                }
            }
        }
        Ok(())
    }
}

/// The properties of a quiet series, one set per job or collector.
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
        let count = |text: &str| numbers(text).first().map_or(0, |count| *count as u64);
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
