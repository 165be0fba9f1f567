//! Writes a built scenario: lines, samples, heartbeats, rows per hour, and the incident file.
//!
//! Input: a complete [`Builder`]. Output: rows through a [`Sink`], and the text of `incident.yaml`. Lines that are more
//! frequent than a flush share a row. Nothing is written for inactive pods.

use std::collections::BTreeMap;
use std::time::Duration;

use amp_rules_core::time::Time;
use serde_json::Value;

use super::builder::{AKS, Builder, HEARTBEAT_METRIC, Log, MAIN, text};
use super::parse::{between, instants, scatter, share};
use super::series::Series;
use super::sink::{HOUR, Sink};

impl Builder<'_> {
    /// Writes the rows of lines.
    pub(crate) fn write_log(&self, log: &Log, sink: &mut Sink) -> Result<(), String> {
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
        // Lines within a flush share a row, represented by its weight.
        let crowd = log
            .every
            .filter(|every| *every < shortest && log.limit.is_none())
            .map_or(1, |every| share(shortest, every).round() as u64);
        // An odd stride leaves no pod out.
        let stride = log.limit.map_or(1, |limit| all.div_ceil(limit.max(1)) | 1);
        let mut index = 0_usize;
        for at in times {
            for pod in &log.pods {
                let here = index;
                index += 1;
                if !here.is_multiple_of(stride) || !self.is_active(pod, at) {
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
                sink.lines(at.saturating_add(late), pod, &log.tag, &message, weight)?;
            }
        }
        Ok(())
    }

    /// Writes the samples of a series.
    pub(crate) fn write_series(&self, series: &Series, sink: &mut Sink) -> Result<(), String> {
        if self.missing_metrics.contains_key(&series.name) {
            return Ok(());
        }
        for (index, (at, value)) in series.times.iter().zip(&series.values).enumerate() {
            let Some(value) = value.filter(|_| self.is_active(&series.pod, *at)) else { continue };
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

    /// Writes heartbeats: a line every 15 min, a sample of the CPU metric every 5 min.
    pub(crate) fn write_heartbeats(&self, sink: &mut Sink) -> Result<(), String> {
        let none = BTreeMap::new();
        for heartbeats in &self.heartbeats {
            let traces = heartbeats.table == "traces";
            if !traces
                && self.series.iter().any(|series| series.name == HEARTBEAT_METRIC && series.pod == heartbeats.pod)
            {
                continue;
            }
            for at in
                instants(heartbeats.span.from, heartbeats.span.to, Duration::from_secs(if traces { 900 } else { 300 }))
            {
                if !self.is_active(&heartbeats.pod, at) {
                    continue;
                }
                match traces {
                    true => sink.lines(at, &heartbeats.pod, MAIN, "a heartbeat", 1)?,
                    false => sink.sample(at, Some(&heartbeats.pod), HEARTBEAT_METRIC, 20.0, &none, 1)?,
                }
            }
        }
        Ok(())
    }

    /// Fills hours up to their number of rows: evenly, or, before an hour without rows, at the rate of the hour before.
    pub(crate) fn write_hours(&self, sink: &mut Sink) -> Result<(), String> {
        let Some(hours) = &self.hours else { return Ok(()) };
        let pods = self.pods.all();
        let mut wanted: Vec<(Time, u64)> =
            (0_u32..).zip(&hours.rows).map(|(index, rows)| (hours.first.saturating_add(HOUR * index), *rows)).collect();
        // Hours before the series have as many rows as its first one.
        let mut before = hours.first;
        while before > self.window.from {
            before = before.saturating_sub(HOUR);
            wanted.push((before, hours.rows.first().copied().unwrap_or(0)));
        }
        let none = BTreeMap::new();
        for (index, (start, rows)) in wanted.iter().enumerate() {
            let there = sink.hours.get(&(hours.table.clone(), *start)).copied().unwrap_or(0);
            if there > *rows && self.heartbeats.is_empty() && self.series.is_empty() {
                return Err(format!("the hour from {start} holds {there} rows already, not {rows}"));
            }
            let lacking = rows.saturating_sub(there);
            let (last, next) = (index.checked_sub(1).and_then(|last| hours.rows.get(last)), hours.rows.get(index + 1));
            let length = match (last, next) {
                (Some(last), Some(0)) if rows < last => HOUR.mul_f64(*rows as f64 / *last as f64),
                _ => HOUR,
            };
            for row in 0..lacking {
                let at = start.saturating_add(length.mul_f64(row as f64 / lacking as f64));
                let pod = usize::try_from(row).ok().and_then(|row| pods.get(row % pods.len().max(1)));
                sink.sample(at, pod, "otelcollector_cpu_usage_050", 10.0, &none, 1)?;
            }
        }
        Ok(())
    }

    /// The states of the tables, as lines of an incident file. Creates the files of tables that exist.
    pub(crate) fn tables(&mut self, row: &Value, sink: &mut Sink) -> Result<Vec<String>, String> {
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
            let state = if let Some(rest) = word.strip_prefix("partial") {
                format!("{{ partial: {} }}", rest.trim_matches(['(', ')', ' ', ':']))
            } else if parts.is_empty() {
                "complete".to_owned()
            } else {
                format!("{{ missing: [ {} ] }}", parts.join(", "))
            };
            lines.extend(tables.iter().map(|table| format!("{table}: {state}")));
        }
        Ok(lines)
    }

    /// The text of `incident.yaml`.
    pub(crate) fn incident(&self, row: &Value, cluster: &str, tables: &[String]) -> String {
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
                Some(who) => match self.pods.select(who).unwrap_or_default().first() {
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
