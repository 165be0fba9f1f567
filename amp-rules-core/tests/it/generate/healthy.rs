//! Healthy clusters: several pods with steady telemetry, and random patterns that do not hold there.
//!
//! Input: [`Dice`]. Output: a [`HealthyCluster`]. All pods send the same numbers, so that each has the same share of every flow.

use amp_rules_core::diagnosis::Status;
use serde_json::{Value, json};

use super::dice::Dice;
use super::pack::{Pack, defaults, lone_pattern};
use super::scenario::{Scenario, WINDOW};
use super::telemetry::{Pod, Row};

/// A cluster in which no pattern holds.
#[derive(Clone, Debug)]
pub(crate) struct HealthyCluster {
    pub(crate) scenario: Scenario,
    pub(crate) pods: Vec<Pod>,
}

/// What each pod sends.
struct Steady {
    /// Seconds between samples and between lines.
    every: i64,
    lines_every: i64,
    load: f64,
    sent: f64,
    mode: Option<&'static str>,
}

impl Steady {
    /// The rows of a pod in the whole window; the first of each series is at most one interval after its start.
    fn rows(&self, dice: &mut Dice<'_>, pod: &Pod) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut series =
            |table: &'static str, part: &'static str, text: &str, every: i64, value: &dyn Fn(i64) -> f64| {
                let phase = dice.between(0, every - 1);
                for (count, ago) in (0..).zip((0..WINDOW * 60 - phase).rev().step_by(usize::try_from(every).unwrap())) {
                    rows.push(Row {
                        table,
                        pod: pod.clone(),
                        ago,
                        part,
                        text: text.to_owned(),
                        value: value(count),
                        weight: 1,
                        mode: self.mode.filter(|_| part == "load"),
                        identity: format!("{table}-{part}-{text}-{}-{ago}", pod.name),
                    });
                }
            };
        series("metrics", "alive", "", self.every, &|_| 1.0);
        series("metrics", "load", "", self.every, &|_| self.load);
        series("metrics", "sent", "", self.every, &|_| self.sent);
        series("metrics", "total", "", self.every, &|count| self.sent * count as f64);
        series("logs", "main", "idle", self.lines_every, &|_| 0.0);
        series("logs", "agent", "it has succeeded", self.lines_every, &|_| 0.0);
        rows
    }
}

impl HealthyCluster {
    /// A cluster of so many pods, with samples every `every` seconds, and those of some random patterns that satisfy `suits` and
    /// hold neither there nor without the last pod.
    pub(crate) fn new(
        pack_numbers: &[u16],
        telemetry: &[u16],
        many: i64,
        every: i64,
        suits: impl Fn(&Value) -> bool,
    ) -> Self {
        let mut dice = Dice::new(telemetry);
        let pods: Vec<Pod> =
            (0..many).map(|at| Pod { cluster: "one", controller: "ReplicaSet", name: format!("one-{at}") }).collect();
        let steady = Steady {
            every,
            lines_every: if every < 300 { every } else { dice.pick(&[240, 300, 420, 600]) },
            load: dice.pick(&[2.0, 1.0, 4.0]),
            sent: dice.pick(&[2.0, 1.0, 4.0]),
            mode: dice.pick(&[Some("fast"), None]),
        };
        let mut scenario = Scenario::new(&[], &[]);
        scenario.scope.reports.clear();
        scenario.rows.0 = pods.iter().flat_map(|pod| steady.rows(&mut dice, pod)).collect();
        let mut dice = Dice::new(pack_numbers);
        scenario.pack = Pack { defaults: defaults(&mut dice), patterns: Vec::new() };
        let mut cluster = Self { scenario, pods };
        for at in 0..3 {
            let mut pattern = lone_pattern(&mut dice);
            if pattern.get("symptoms").is_none() || !suits(&pattern) {
                continue;
            }
            pattern["id"] = json!(format!("p{at}"));
            let mut alone = cluster.clone();
            alone.scenario.pack.patterns = vec![pattern.clone()];
            let smaller = alone.without_last(|_| true);
            let is_healthy = |scenario: &Scenario| scenario.diagnosis().status == Status::Healthy;
            if is_healthy(&alone.scenario) && is_healthy(&smaller) {
                cluster.scenario.pack.patterns.push(pattern);
            }
        }
        cluster
    }

    /// The same without those rows of the last pod whose age is `lost`.
    pub(crate) fn without_last(&self, lost: impl Fn(i64) -> bool) -> Scenario {
        let mut fewer = self.scenario.clone();
        fewer.rows.0.retain(|row| self.pods.last() != Some(&row.pod) || !lost(row.ago));
        fewer
    }
}
