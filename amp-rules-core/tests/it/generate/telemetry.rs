//! Random telemetry of a few pods over two hours: heartbeats, log lines, samples, events, gaps, restarts.
//!
//! Input: [`Dice`]. Output: [`Rows`], and a [`MemorySource`] of them. Each row has what a declared loss selects by: table,
//! entity, time, component or metric. Times are seconds before the time of the diagnosis; nothing here reads a clock.

use std::collections::BTreeSet;

use amp_rules_core::Entity;
use amp_rules_core::telemetry::source::memory::MemorySource;
use amp_rules_core::time::{TICKS_PER_SECOND, Time};
use serde_json::{Value, json};

use super::dice::Dice;

/// Words of log lines. The last one is logged only by tests that ask for it.
pub(crate) const WORDS: [&str; 5] = ["refused", "timeout", "crashed", "succeeded", "dropped"];

/// The metrics. The first is the heartbeat.
pub(crate) const METRICS: [&str; 4] = ["alive", "load", "sent", "total"];

/// The tables.
pub(crate) const TABLES: [&str; 3] = ["logs", "metrics", "events"];

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pod {
    pub(crate) cluster: &'static str,
    pub(crate) controller: &'static str,
    pub(crate) name: String,
}

/// The entity of a pod within its cluster.
pub(crate) fn entity(pod: &Pod) -> Entity {
    Entity::new([("controller".to_owned(), pod.controller.to_owned()), ("pod".to_owned(), pod.name.clone())])
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) table: &'static str,
    pub(crate) pod: Pod,
    /// Its age: seconds before the time of the diagnosis.
    pub(crate) ago: i64,
    /// A component of `logs`, a metric of `metrics`.
    pub(crate) part: &'static str,
    /// The message of a line, the reason of an event.
    pub(crate) text: String,
    pub(crate) value: f64,
    pub(crate) weight: u64,
    /// `dims.mode` of a sample of `load`.
    pub(crate) mode: Option<&'static str>,
    pub(crate) identity: String,
}

impl Row {
    /// The time of the row, for a diagnosis at `now`.
    pub(crate) fn at(&self, now: Time) -> Time {
        now.saturating_add_ticks(-self.ago * TICKS_PER_SECOND)
    }

    /// The row as a source stores it.
    pub(crate) fn json(&self, now: Time) -> Value {
        let mut dims = json!({ "cluster": self.pod.cluster, "controller": self.pod.controller, "pod": self.pod.name });
        let time = self.at(now).to_string();
        match self.table {
            "logs" => {
                dims["tag"] = json!(self.part);
                json!({ "time": time, "message": self.text, "itemCount": self.weight, "itemId": self.identity, "dims": dims })
            }
            "metrics" => {
                if let Some(mode) = self.mode {
                    dims["mode"] = json!(mode);
                }
                json!({ "time": time, "name": self.part, "value": self.value, "itemId": self.identity, "dims": dims })
            }
            _ => json!({ "time": time, "reason": self.text, "dims": dims }),
        }
    }
}

/// All rows of a scenario.
#[derive(Clone)]
pub(crate) struct Rows(pub(crate) Vec<Row>);

impl std::fmt::Debug for Rows {
    /// One line per series of rows, because there are many heartbeats.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut runs: Vec<(String, Vec<String>)> = Vec::new();
        for row in &self.0 {
            let what =
                format!("{} {} {}/{} {}", row.table, row.part, row.pod.cluster, row.pod.controller, row.pod.name);
            let seen = format!(
                "-{}:{:02}={}{}{}",
                row.ago / 60,
                row.ago % 60,
                if row.table == "metrics" { row.value.to_string() } else { row.text.clone() },
                if row.weight == 1 { String::new() } else { format!("*{}", row.weight) },
                row.mode.map_or(String::new(), |mode| format!(" mode {mode:?}"))
            );
            match runs.iter_mut().find(|(known, _)| *known == what) {
                Some((_, list)) => list.push(seen),
                None => runs.push((what, vec![seen])),
            }
        }
        runs.iter().try_for_each(|(what, list)| writeln!(out, "{what}: {}", list.join(", ")))
    }
}

impl Rows {
    /// A source with the rows. All of its tables are complete.
    pub(crate) fn source(&self, now: Time) -> MemorySource {
        TABLES.iter().fold(MemorySource::new(), |source, table| {
            source.table(table, self.0.iter().filter(|row| row.table == *table).map(|row| row.json(now)))
        })
    }

    /// The rows for which `keep` is true.
    pub(crate) fn kept(&self, keep: impl Fn(&Row) -> bool) -> Self {
        Self(self.0.iter().filter(|row| keep(row)).cloned().collect())
    }

    /// The pods of all rows.
    pub(crate) fn pods(&self) -> BTreeSet<Pod> {
        self.0.iter().map(|row| row.pod.clone()).collect()
    }
}

/// One to three pods of one cluster.
pub(crate) fn pods(dice: &mut Dice<'_>, cluster: &'static str) -> Vec<Pod> {
    let many = 1 + dice.below(3);
    (0..many)
        .map(|at| Pod {
            cluster,
            controller: if at == 1 { "DaemonSet" } else { "ReplicaSet" },
            name: format!("{cluster}-{at}"),
        })
        .collect()
}

/// The rows of the pods in a window of `window` minutes.
pub(crate) fn rows(dice: &mut Dice<'_>, pods: &[Pod], window: i64) -> Rows {
    let mut generator = RowGenerator { rows: Vec::new(), lifetimes: Vec::new(), window };
    for pod in pods {
        generator.lifetime(dice, pod);
    }
    let streams = 2 + dice.below(8);
    for _ in 0..streams {
        let pod = dice.pick(pods);
        generator.lines(dice, &pod);
    }
    for pod in pods {
        for metric in &METRICS[1..] {
            generator.samples(dice, pod, metric);
        }
    }
    for _ in 0..dice.below(4) {
        let pod = dice.pick(pods);
        let ago = dice.between(0, window * 60 - 1);
        let reason = dice.pick(&["Killed", "Evicted"]);
        generator.push("events", &pod, ago, "", reason, 0.0, 1);
    }
    let RowGenerator { mut rows, lifetimes, .. } = generator;
    rows.retain(|row| lifetimes.iter().all(|lifetime| lifetime.pod != row.pod || lifetime.contains(row)));
    Rows(rows)
}

/// When a pod exists, in minutes before now. It sends no rows at other times.
struct Lifetime {
    pod: Pod,
    from: i64,
    to: i64,
    /// From one age to another it sends no metrics.
    gap: (i64, i64),
}

impl Lifetime {
    fn contains(&self, row: &Row) -> bool {
        let minute = row.ago / 60;
        let exists = row.ago <= self.from * 60 && minute >= self.to;
        exists && (row.table != "metrics" || minute > self.gap.0 || minute <= self.gap.1)
    }
}

struct RowGenerator {
    rows: Vec<Row>,
    lifetimes: Vec<Lifetime>,
    window: i64,
}

impl RowGenerator {
    #[expect(clippy::too_many_arguments, reason = "a row has this many parts")]
    fn push(
        &mut self,
        table: &'static str,
        pod: &Pod,
        ago: i64,
        part: &'static str,
        text: &str,
        value: f64,
        weight: u64,
    ) -> &mut Row {
        let identity = format!("{table}-{}", self.rows.len());
        self.rows.push(Row {
            table,
            pod: pod.clone(),
            ago,
            part,
            text: text.to_owned(),
            value,
            weight,
            mode: None,
            identity,
        });
        self.rows.last_mut().unwrap()
    }

    /// Heartbeats, sometimes with a start, an end or a gap; idle lines; restart markers.
    fn lifetime(&mut self, dice: &mut Dice<'_>, pod: &Pod) {
        let window = self.window;
        let from = if dice.chance(1, 6) { dice.between(20, window - 10) } else { window };
        let to = if dice.chance(1, 6) { dice.between(0, from - 15) } else { 0 };
        let gap = if dice.chance(1, 5) {
            let start = dice.between(10, window - 5);
            (start, start - dice.between(5, 40))
        } else {
            (-1, -1)
        };
        self.lifetimes.push(Lifetime { pod: pod.clone(), from, to, gap });
        for ago in (0..window).rev().step_by(5) {
            self.push("metrics", pod, ago * 60 + 7, "alive", "", 1.0, 1);
        }
        if dice.chance(1, 3) {
            let every = dice.between(8, 14);
            let mut ago = from.min(window - 2);
            while ago > to {
                self.push("logs", pod, ago * 60 - 20, "main", "idle", 0.0, 1);
                ago -= every;
            }
        }
        for _ in 0..dice.below(3) {
            if dice.chance(1, 2) {
                let ago = dice.between(1, window - 1);
                self.push("logs", pod, ago * 60 - 3, "main", "container has started", 0.0, 1);
            }
        }
    }

    /// One line, a burst of lines, or lines that continue until now.
    fn lines(&mut self, dice: &mut Dice<'_>, pod: &Pod) {
        let word = dice.pick(&WORDS[..4]);
        let part = if dice.chance(1, 2) { "agent" } else { "main" };
        let weight = if dice.chance(1, 5) { 3 } else { 1 };
        let start = dice.between(0, self.window - 1);
        let (every, end) = match dice.below(4) {
            0 => (1, start),
            1 => (dice.between(1, 4), start - dice.between(2, 12)),
            2 => (dice.between(4, 9), 0),
            _ => (dice.between(8, 25), start - dice.between(20, 80)),
        };
        let second = dice.between(0, 50);
        let mut ago = start;
        while ago >= end.max(0) {
            let text =
                if dice.chance(1, 12) { format!("{word}\n{}", dice.pick(&WORDS[..4])) } else { format!("it {word}") };
            self.push("logs", pod, ago * 60 + second, part, &text, 0.0, weight);
            ago -= every;
        }
    }

    /// A series that is steady, steps, stops or varies; or none.
    fn samples(&mut self, dice: &mut Dice<'_>, pod: &Pod, metric: &'static str) {
        let shape = dice.below(6);
        if shape == 0 {
            return;
        }
        let levels = [4.0, 0.0, 1.0, 2.0, 3.0, 6.0, 7.0];
        let (before, after) = (dice.pick(&levels), dice.pick(&levels));
        let turn = dice.between(0, self.window);
        let mode = [None, Some("fast"), Some(""), Some("slow")];
        let modes = (dice.pick(&mode), dice.pick(&mode));
        let second = dice.between(0, 50);
        let mut total = 0.0;
        let mut ago = self.window - 1 - dice.between(0, 4);
        while ago >= 0 {
            let late = ago < turn;
            let value = match shape {
                1 => before,
                2 | 3 => {
                    if late {
                        after
                    } else {
                        before
                    }
                }
                4 => before,
                _ => dice.pick(&levels),
            };
            let sent = match shape {
                4 => !late,
                5 => !dice.chance(1, 6),
                _ => !dice.chance(1, 24),
            };
            total = if dice.chance(1, 20) { value } else { total + value };
            if sent {
                let value = if metric == "total" { total } else { value };
                let row = self.push("metrics", pod, ago * 60 + second, metric, "", value, 1);
                if metric == "load" {
                    row.mode = if late { modes.1 } else { modes.0 };
                }
            }
            ago -= 5;
        }
    }
}
