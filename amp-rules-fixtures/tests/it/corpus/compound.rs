//! Compound descriptions of items: batches, replicas, collectors, jobs.
//!
//! Input: the description and the [`Builder`]. Output: a message, or series and active spans in the builder.

use std::collections::BTreeMap;
use std::time::Duration;

use amp_rules_core::time::{Time, Window};
use serde_json::Value;

use super::builder::Builder;
use super::parse::{instants, numbers, scatter};
use super::series::{Place, Series, triangle, values};

const MINUTE: Duration = Duration::from_secs(60);
const FIVE: Duration = Duration::from_secs(300);

/// The message of a batch: `token_missing x3 + running_min + unrelated error x36 joined by \n`.
pub(crate) fn batch(description: &str, known: &dyn Fn(&str) -> Option<String>) -> String {
    let description = description.split(" joined").next().unwrap_or_default();
    let mut lines = Vec::new();
    for part in description.split(" + ") {
        let (what, count) = part
            .rsplit_once(" x")
            .and_then(|(what, count)| Some((what, count.trim().parse::<u64>().ok()?)))
            .unwrap_or((part, 1));
        let line = known(what.trim()).unwrap_or_else(|| what.trim().to_owned());
        lines.extend((0..count).map(|index| line.replace("{n}", &(scatter(index) % 18).to_string())));
    }
    lines.join("\n")
}

/// Sets active spans for a varying number of replicas. The first pods are always active.
pub(crate) fn replicas(builder: &mut Builder<'_>, value: &Value, span: Window) -> Result<(), String> {
    let bounds = value.as_str().map(numbers).unwrap_or_default();
    let (low, high) = match (bounds.as_slice(), value.as_f64()) {
        ([low, high, ..], _) => (*low, *high),
        ([only], _) => (*only, *only),
        ([], Some(only)) => (only, only),
        ([], None) => return Err(format!("{value} is not a number of replicas")),
    };
    let pods = builder.pods.select("rs/*")?;
    for (index, at) in instants(span.from, span.to, FIVE).into_iter().enumerate() {
        let count = triangle(low, high, index, 24).round() as usize;
        for pod in pods.iter().take(count) {
            let spans = builder.active_spans.entry(pod.clone()).or_default();
            match spans.last_mut() {
                Some(last) if last.to == at => last.to = at.saturating_add(FIVE),
                _ => spans.push(Window { from: at, to: at.saturating_add(FIVE) }),
            }
        }
    }
    Ok(())
}

/// Adds targets per collector: of a pod, or of collectors that no longer exist.
pub(crate) fn collectors(
    builder: &mut Builder<'_>,
    name: &str,
    collector: &str,
    value: &Value,
    (every, times, span): (Duration, Vec<Time>, Window),
) -> Result<(), String> {
    let all = builder.pods.select("rs/*")?;
    let names: Vec<String> = match collector.strip_prefix('*') {
        Some(gone) => (1..=numbers(gone).first().map_or(1, |count| *count as u64))
            .map(|number| format!("gone-{number}"))
            .collect(),
        None => builder.pods.select(&format!("rs/{collector}"))?.into_iter().map(|pod| pod.name).collect(),
    };
    // There is one target allocator, and one pod scrapes it.
    let Some(scraper) = all.first().cloned() else { return Ok(()) };
    for name_of in names {
        let values = values(value, 1.0, &times, every, builder.now, Place { index: 0, of: 1 })?;
        let properties = BTreeMap::from([("collector_name".to_owned(), name_of)]);
        builder.series.push(Series {
            name: name.to_owned(),
            pod: scraper.clone(),
            properties,
            times: times.clone(),
            values,
            weights: Vec::new(),
            span,
        });
    }
    Ok(())
}

/// Adds jobs: `{"podMonitor": "47 jobs x 12562 rows = 590414"}`. Every job has the value 1; weights represent its rows.
pub(crate) fn jobs(
    builder: &mut Builder<'_>,
    metric: &str,
    kinds: &serde_json::Map<String, Value>,
) -> Result<(), String> {
    let Some(pod) = builder.pods.select("rs/*")?.first().cloned() else { return Ok(()) };
    for (kind, description) in kinds {
        let found = numbers(description.as_str().unwrap_or_default());
        let [count, rows, ..] = found.as_slice() else { return Err(format!("{description} names no jobs")) };
        let times = instants(builder.window.from, builder.window.to, MINUTE * 15);
        let each = *rows as u64;
        let weights: Vec<u64> = (0..times.len() as u64)
            .map(|index| each / times.len() as u64 + u64::from(index < each % times.len() as u64))
            .collect();
        for number in 0..*count as u64 {
            let job =
                if kind == "configmap" { format!("standard-{number}") } else { format!("{kind}/apps/app-{number}/0") };
            let properties = BTreeMap::from([("job_name".to_owned(), job)]);
            let values = vec![Some(1.0); times.len()];
            builder.series.push(Series {
                name: metric.to_owned(),
                pod: pod.clone(),
                properties,
                times: times.clone(),
                values,
                weights: weights.clone(),
                span: builder.window,
            });
        }
    }
    Ok(())
}
