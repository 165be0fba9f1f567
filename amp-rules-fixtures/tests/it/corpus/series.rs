//! Parses descriptions of numbers over time.
//!
//! Input: `1000`, `present`, `max24h=12.26e9 bytes, max1h=10.92e9`, `sawtooth 2e9 -> 14.8e9, 40 min period`,
//! `oscillates 5..15`, `increase over 24h = 1_700_000`. Output: one value per instant; `None` where a
//! sum given elsewhere determines it.

use std::collections::BTreeMap;
use std::time::Duration;

use amp_rules_core::time::{Time, Window};
use serde_json::Value;

use super::parse::{number_after, numbers, share};
use super::pods::Pod;

/// One metric of one pod.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// The metric as spelled in rows.
    pub(crate) name: String,
    /// The pod that sends it.
    pub(crate) pod: Pod,
    /// Other properties of its rows.
    pub(crate) properties: BTreeMap<String, String>,
    /// The instants of the samples.
    pub(crate) times: Vec<Time>,
    /// One value per instant; `None` where a sum determines it.
    pub(crate) values: Vec<Option<f64>>,
    /// The number of rows that each sample represents; empty for 1 each.
    pub(crate) weights: Vec<u64>,
    /// The span that the scenario describes.
    pub(crate) span: Window,
}

/// A metric name without the parts in which its spellings differ.
pub(crate) fn canonical(name: &str) -> &str {
    let name = name.strip_prefix("prometheus_").unwrap_or(name);
    name.strip_suffix("_total").unwrap_or(name)
}

/// The metrics that a name stands for, with their share of the value.
pub(crate) fn metrics(name: &str) -> Vec<(String, f64)> {
    let of_memory = |name: &str| match name {
        "mem_gb" => vec!["otelcollector_memory_rss_095".to_owned(), "metricsextension_memory_rss_095".to_owned()],
        other => other.split('+').map(|part| part.trim().to_owned()).collect(),
    };
    match of_memory(name).as_slice() {
        [first, second] => vec![(first.clone(), 0.8), (second.clone(), 0.2)],
        all => all.iter().map(|one| (one.clone(), 1.0)).collect(),
    }
}

/// A triangle wave between two bounds.
pub(crate) fn triangle(low: f64, high: f64, index: usize, steps: usize) -> f64 {
    let half = (steps / 2).max(1);
    let place = index % (half * 2);
    let up = if place <= half { place } else { half * 2 - place };
    low + (high - low) * up as f64 / half as f64
}

/// The position of a pod among those of a series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) index: usize,
    pub(crate) of: usize,
}

/// Parses a description into one value per instant.
pub(crate) fn values(
    value: &Value,
    scale: f64,
    times: &[Time],
    every: Duration,
    now: Time,
    place: Place,
) -> Result<Vec<Option<f64>>, String> {
    let all = |number: f64| vec![Some(number * scale); times.len()];
    let text = match value {
        Value::Number(number) => return number.as_f64().map(all).ok_or_else(|| format!("{number} is not a number")),
        Value::String(text) => text.as_str(),
        other => return Err(format!("{other} is not a value")),
    };
    let found = numbers(text);
    let steps = |period: Duration| (share(period, every).round() as usize).max(2);
    if text == "present" {
        return Ok(all(20.0));
    }
    if text.starts_with("increase") {
        let total = number_after(text, "=").ok_or_else(|| format!("`{text}` names no increase"))?;
        let each = (total / place.of as f64).floor();
        let mine = if place.index == 0 { total - each * (place.of as f64 - 1.0) } else { each };
        let last = times.len().saturating_sub(1).max(1) as f64;
        return Ok((0..times.len()).map(|index| Some((mine * index as f64 / last).floor())).collect());
    }
    if text.starts_with("sawtooth") {
        let (low, high, period) = match found.as_slice() {
            [high] => (high * 0.15, *high, 40.0),
            [low, high] => (*low, *high, 40.0),
            [low, high, period, ..] => (*low, *high, *period),
            [] => return Err(format!("`{text}` names no bounds")),
        };
        let steps = steps(Duration::from_secs_f64(period * 60.0));
        return Ok((0..times.len())
            .map(|index| Some((low + (high - low) * (index % steps) as f64 / (steps - 1) as f64) * scale))
            .collect());
    }
    if text.contains("oscillates") {
        let [low, high, ..] = found.as_slice() else { return Err(format!("`{text}` names no bounds")) };
        let steps = steps(Duration::from_secs(2 * 3600));
        return Ok((0..times.len()).map(|index| Some(triangle(*low, *high, index, steps) * scale)).collect());
    }
    if text.contains("of limit") {
        return found.first().map(|part| all(part * 100.0)).ok_or_else(|| format!("`{text}` names no share"));
    }
    if text.contains("max") {
        return maxima(text, scale, times, now);
    }
    if text.starts_with('>') {
        return Ok(all(found.first().map_or(1000.0, |bound| bound + 1000.0)));
    }
    match found.as_slice() {
        [only] => Ok(all(*only)),
        _ => Err(format!("`{text}` is not a value")),
    }
}

/// A series with given maxima: of the whole, and optionally of the last hour. With `max=` the other values are left open.
fn maxima(text: &str, scale: f64, times: &[Time], now: Time) -> Result<Vec<Option<f64>>, String> {
    let hour_ago = now.saturating_sub(Duration::from_secs(3600));
    let last = number_after(text, "max1h=");
    let Some(top) = number_after(text, "max24h=").or_else(|| number_after(text, "max=")) else {
        return Err(format!("`{text}` names no maximum"));
    };
    let at = if last == Some(top) { times.len().saturating_sub(6) } else { times.len() / 3 };
    let open = text.contains("max=");
    let level = |time: &Time| match last {
        Some(last) if *time >= hour_ago => Some(last * 0.9 * scale),
        _ if open => None,
        _ => Some(top * 0.6 * scale),
    };
    let mut values: Vec<Option<f64>> = times.iter().map(level).collect();
    if let Some(place) = last.and_then(|_| values.len().checked_sub(6)).and_then(|place| values.get_mut(place)) {
        *place = last.map(|last| last * scale);
    }
    if let Some(place) = values.get_mut(at) {
        *place = Some(top * scale);
    }
    Ok(values)
}

/// Fills open values evenly with integers so that all add up to a sum. The first one gets the remainder.
pub(crate) fn fill(series: &mut [&mut Series], sum: f64) {
    let mut open = 0_u64;
    let mut fixed = 0.0;
    for value in series.iter().flat_map(|series| &series.values) {
        match value {
            Some(value) => fixed += value,
            None => open += 1,
        }
    }
    if open == 0 {
        return;
    }
    let each = ((sum - fixed) / open as f64).floor();
    let mut rest = sum - fixed - each * open as f64;
    for value in series.iter_mut().flat_map(|series| &mut series.values) {
        if value.is_none() {
            *value = Some(each + rest);
            rest = 0.0;
        }
    }
}
