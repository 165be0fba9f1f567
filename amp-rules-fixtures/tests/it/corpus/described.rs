//! Descriptions within items that take more than a line to tell: batches, replicas, collectors, jobs.
//!
//! Input: the description and the [`Telling`]. Output: a message, or series and lives in the telling.

use std::collections::BTreeMap;
use std::time::Duration;

use amp_rules_core::time::{Time, Window};
use serde_json::Value;

use super::series::{Place, Series, triangle, values};
use super::telling::Telling;
use super::words::{instants, numbers, scatter};

const MINUTE: Duration = Duration::from_secs(60);
const FIVE: Duration = Duration::from_secs(300);

/// `token_missing x3 + running_min + unrelated error x36 joined by \n`.
pub(crate) fn batch(said: &str, known: &dyn Fn(&str) -> Option<String>) -> String {
    let said = said.split(" joined").next().unwrap_or_default();
    let mut lines = Vec::new();
    for part in said.split(" + ") {
        let (what, many) = part
            .rsplit_once(" x")
            .and_then(|(what, many)| Some((what, many.trim().parse::<u64>().ok()?)))
            .unwrap_or((part, 1));
        let line = known(what.trim()).unwrap_or_else(|| what.trim().to_owned());
        lines.extend((0..many).map(|index| line.replace("{n}", &(scatter(index) % 18).to_string())));
    }
    lines.join("\n")
}

/// Pods come and go: the first always live, the others while there are so many.
pub(crate) fn replicas(telling: &mut Telling<'_>, value: &Value, span: Window) -> Result<(), String> {
    let bounds = value.as_str().map(numbers).unwrap_or_default();
    let (low, high) = match (bounds.as_slice(), value.as_f64()) {
        ([low, high, ..], _) => (*low, *high),
        ([only], _) => (*only, *only),
        ([], Some(only)) => (only, only),
        ([], None) => return Err(format!("{value} is no number of replicas")),
    };
    let pods = telling.cast.pods("rs/*")?;
    for (index, at) in instants(span.from, span.to, FIVE).into_iter().enumerate() {
        let many = triangle(low, high, index, 24).round() as usize;
        for pod in pods.iter().take(many) {
            let spans = telling.lives.entry(pod.clone()).or_default();
            match spans.last_mut() {
                Some(last) if last.to == at => last.to = at.plus(FIVE),
                _ => spans.push(Window { from: at, to: at.plus(FIVE) }),
            }
        }
    }
    Ok(())
}

/// Targets per collector: of a pod, or of collectors that are gone.
pub(crate) fn collectors(
    telling: &mut Telling<'_>,
    name: &str,
    collector: &str,
    value: &Value,
    (every, times, span): (Duration, Vec<Time>, Window),
) -> Result<(), String> {
    let all = telling.cast.pods("rs/*")?;
    let names: Vec<String> = match collector.strip_prefix('*') {
        Some(gone) => {
            (1..=numbers(gone).first().map_or(1, |many| *many as u64)).map(|number| format!("gone-{number}")).collect()
        }
        None => telling.cast.pods(&format!("rs/{collector}"))?.into_iter().map(|pod| pod.name).collect(),
    };
    // One target allocator: what it says is scraped by one pod here.
    let Some(scraper) = all.first().cloned() else { return Ok(()) };
    for name_of in names {
        let values = values(value, 1.0, &times, every, telling.now, Place { index: 0, of: 1 })?;
        let properties = BTreeMap::from([("collector_name".to_owned(), name_of)]);
        telling.series.push(Series {
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

/// `{"podMonitor": "47 jobs x 12562 rows = 590414"}`: every job with the value 1, its rows carried by weights.
pub(crate) fn jobs(
    telling: &mut Telling<'_>,
    metric: &str,
    kinds: &serde_json::Map<String, Value>,
) -> Result<(), String> {
    let Some(pod) = telling.cast.pods("rs/*")?.first().cloned() else { return Ok(()) };
    for (kind, said) in kinds {
        let found = numbers(said.as_str().unwrap_or_default());
        let [many, rows, ..] = found.as_slice() else { return Err(format!("{said} names no jobs")) };
        let times = instants(telling.window.from, telling.window.to, MINUTE * 15);
        let each = *rows as u64;
        let weights: Vec<u64> = (0..times.len() as u64)
            .map(|index| each / times.len() as u64 + u64::from(index < each % times.len() as u64))
            .collect();
        for number in 0..*many as u64 {
            let job =
                if kind == "configmap" { format!("standard-{number}") } else { format!("{kind}/apps/app-{number}/0") };
            let properties = BTreeMap::from([("job_name".to_owned(), job)]);
            let values = vec![Some(1.0); times.len()];
            telling.series.push(Series {
                name: metric.to_owned(),
                pod: pod.clone(),
                properties,
                times: times.clone(),
                values,
                weights: weights.clone(),
                span: telling.window,
            });
        }
    }
    Ok(())
}
