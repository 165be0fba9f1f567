//! The true incident: one to three roots, their effects with onsets, and every row that was written.
//!
//! Input: a random number generator and a [`Model`]. Output: an [`Incident`] with all rows that arrived, before any loss that is
//! counted. A pattern that starts holds until the end; those of an earlier incident are over. Nothing here depends on the engine.

use std::collections::BTreeSet;

use crate::model::{HALF, Model, PART, PLAIN, PODS, Shape, TABLES};
use amp_rules_benches::rng::Rng;

/// How late rows may arrive, in seconds.
pub(crate) const DELAY: i64 = 300;

/// The content of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// A heartbeat.
    Heartbeat,
    /// A line that no rule matches.
    Unmatched,
    /// The line of a container that starts.
    Restart,
    /// A symptom of a pattern: the pattern, the index of the symptom, and whether the row shows it (a metric sample may
    /// also be healthy).
    Symptom(usize, usize, bool),
}

/// One row; its time is in seconds since the start of the window.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// An index into [`TABLES`].
    pub(crate) table: usize,
    pub(crate) pod: usize,
    pub(crate) at: i64,
    pub(crate) part: Part,
}

/// One incident.
#[derive(Clone, Debug)]
pub(crate) struct Incident {
    pub(crate) model: Model,
    /// The true roots.
    pub(crate) roots: BTreeSet<usize>,
    /// The onset of each pattern that holds.
    pub(crate) onsets: Vec<Option<i64>>,
    pub(crate) rows: Vec<Row>,
}

impl Incident {
    /// Generates an incident of a model.
    pub(crate) fn new(rng: &mut Rng, model: Model) -> Self {
        let roots = roots(rng, &model);
        let onsets = spread(rng, &model, &roots, model.setting.recent());
        let pods = affected(rng);
        let earlier = model.setting.earlier.then(|| {
            let roots = self::roots(rng, &model);
            (spread(rng, &model, &roots, 0), affected(rng))
        });
        let rows = Writer::new(rng, &model).write(&onsets, &pods, earlier.as_ref());
        Self { model, roots, onsets, rows }
    }
}

/// The pods that an incident affects; at least one.
fn affected(rng: &mut Rng) -> Vec<bool> {
    loop {
        let pods: Vec<bool> = (0..PODS).map(|_| rng.chance(PART)).collect();
        if pods.contains(&true) {
            return pods;
        }
    }
}

fn roots(rng: &mut Rng, model: &Model) -> BTreeSet<usize> {
    let causes = model.causes();
    let many = 1 + rng.weighted(&model.root_counts());
    let mut roots = BTreeSet::new();
    while roots.len() < many {
        roots.insert(*rng.pick(&causes));
    }
    roots
}

/// Noisy-or: each holding cause triggers its effects, each with its own probability and delay; the earliest trigger
/// determines the onset. A root starts without a cause, 20 to 80 min after `start`.
fn spread(rng: &mut Rng, model: &Model, roots: &BTreeSet<usize>, start: i64) -> Vec<Option<i64>> {
    let mut onsets: Vec<Option<i64>> = Vec::new();
    for at in 0..model.patterns.len() {
        let own = start + 20 * 60 + rng.between(0, 60 * 60);
        let mut first: Option<i64> = None;
        for edge in model.edges.iter().filter(|edge| edge.to == at) {
            let fires = rng.chance(edge.strength.1);
            let delay = rng.between(edge.lag.0 * 60, edge.lag.1 * 60);
            if let Some(onset) = onsets[edge.from].filter(|_| fires) {
                first = Some(first.map_or(onset + delay, |known: i64| known.min(onset + delay)));
            }
        }
        onsets.push(if roots.contains(&at) { Some(own) } else { first });
    }
    onsets
}

/// The end of an earlier incident.
const EARLIER_END: i64 = 150 * 60;

/// How long a pod is down before it starts again.
const DOWN: i64 = 90;

/// An onset of each pattern that holds, and the affected pods.
type Course = (Vec<Option<i64>>, Vec<bool>);

struct Writer<'a> {
    rng: &'a mut Rng,
    model: &'a Model,
    /// The clock error of each table, in seconds.
    skews: Vec<i64>,
    /// The instant after which rows of each table have not arrived.
    arrived: Vec<i64>,
    /// When each pod starts again; `None` for a pod that does not restart.
    restarts: [Option<i64>; PODS],
    rows: Vec<Row>,
}

impl<'a> Writer<'a> {
    fn new(rng: &'a mut Rng, model: &'a Model) -> Self {
        let wrong = rng.below(2 * TABLES.len());
        let skew = rng.between(-model.setting.skew, model.setting.skew);
        let skews = (0..TABLES.len()).map(|table| if table == wrong { skew } else { 0 }).collect();
        let window = model.setting.window;
        let arrived = TABLES.iter().map(|_| window - rng.between(0, DELAY)).collect();
        let mut restarts = [None; PODS];
        if model.setting.restarts > 0.0 {
            restarts = std::array::from_fn(|_| {
                let at = window - rng.between(45 * 60, 3 * 3600);
                rng.chance(model.setting.restarts).then_some(at)
            });
        }
        Self { rng, model, skews, arrived, restarts, rows: Vec::new() }
    }

    fn write(mut self, onsets: &[Option<i64>], pods: &[bool], earlier: Option<&Course>) -> Vec<Row> {
        // Which of the two symptoms of a pattern sometimes occurs alone.
        let alone: Vec<usize> = onsets.iter().map(|_| self.rng.below(2)).collect();
        for (pod, takes_part) in pods.iter().enumerate() {
            self.background(pod);
            for (at, onset) in onsets.iter().enumerate() {
                let before = earlier.and_then(|(onsets, pods)| onsets[at].filter(|_| pods[pod]));
                self.pattern(at, pod, onset.filter(|_| *takes_part), alone[at], before);
            }
        }
        self.rows
    }

    fn push(&mut self, table: usize, pod: usize, at: i64, part: Part) {
        let dropped = self.model.setting.dropped;
        if dropped > 0.0 && self.rng.chance(dropped) {
            return;
        }
        let is_down = self.restarts[pod].is_some_and(|start| start - DOWN <= at && at < start);
        if at < self.arrived[table] && !is_down {
            self.rows.push(Row { table, pod, at: at + self.skews[table], part });
        }
    }

    /// Writes the rows of a pod without symptoms, for the whole window: heartbeats, and lines that no rule matches.
    fn background(&mut self, pod: usize) {
        let window = self.model.setting.window;
        let phase = self.rng.between(5, 290);
        for slot in 0..window / 300 {
            self.push(1, pod, slot * 300 + phase, Part::Heartbeat);
        }
        let phase = self.rng.between(5, 590);
        for slot in 0..window / 600 {
            self.push(0, pod, slot * 600 + phase, Part::Heartbeat);
        }
        for _ in 0..10 {
            let at = self.rng.between(0, window - 1);
            self.push(0, pod, at, Part::Unmatched);
        }
        if let Some(start) = self.restarts[pod] {
            self.push(0, pod, start, Part::Restart);
        }
    }

    /// Writes the symptoms of a pattern on a pod; `onset` is `None` if the pattern does not hold there, and `before` is its
    /// onset in an earlier incident.
    fn pattern(&mut self, at: usize, pod: usize, onset: Option<i64>, which: usize, before: Option<i64>) {
        let (shape, many) = (self.model.patterns[at].shape, self.model.patterns[at].symptoms.len());
        let half = self.rng.chance(HALF);
        for symptom in 0..many {
            let setting = self.model.setting;
            let missed = self.rng.chance(setting.missed);
            let wrongly = self.rng.chance(setting.false_symptom);
            let stray = setting.recent() + self.rng.between(0, PLAIN.window - 3600);
            let alone = onset.is_none() && shape == Shape::All && half && which == symptom;
            let since = match onset {
                Some(onset) if !missed => Some(onset),
                None if alone && !missed => Some(stray),
                _ if wrongly => Some(stray),
                _ => None,
            };
            let before = before.map(|since| (since, EARLIER_END));
            let spans: Vec<(i64, i64)> = before.into_iter().chain(since.map(|since| (since, setting.window))).collect();
            self.symptom(at, symptom, pod, &spans);
        }
    }

    /// Writes a symptom that shows during spans of time.
    fn symptom(&mut self, pattern: usize, symptom: usize, pod: usize, spans: &[(i64, i64)]) {
        let (setting, table) = (self.model.setting, self.model.patterns[pattern].symptoms[symptom]);
        if TABLES[table] == "metrics" {
            let phase = self.rng.between(5, 290);
            for slot in 0..setting.window / 300 {
                let at = slot * 300 + phase;
                let shows = spans.iter().any(|(since, until)| (*since..*until).contains(&at));
                self.push(table, pod, at, Part::Symptom(pattern, symptom, shows));
            }
            return;
        }
        for (since, until) in spans {
            let mut at = self.first_row(*since);
            if setting.restarts > 0.0 && TABLES[table] == "logs" {
                let again = self.restarts[pod].filter(|start| since < start);
                if again.is_none_or(|start| at < start) {
                    self.push(table, pod, at, Part::Symptom(pattern, symptom, true));
                }
                if let Some(start) = again {
                    let at = self.first_row(start);
                    self.push(table, pod, at, Part::Symptom(pattern, symptom, true));
                }
                continue;
            }
            while at < *until {
                self.push(table, pod, at, Part::Symptom(pattern, symptom, true));
                at += self.rng.between(120, 540);
            }
        }
    }

    /// The time of the first line or event of something that starts.
    fn first_row(&mut self, since: i64) -> i64 {
        let late = self.model.setting.late;
        let at = since + self.rng.between(0, 20);
        if late > 0 { at + self.rng.between(0, late) } else { at }
    }
}
