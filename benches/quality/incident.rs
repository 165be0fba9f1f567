//! The true incident: one to three roots, their effects with onsets, and every row that was written.
//!
//! Input: a random number generator and a [`Model`]. Output: an [`Incident`] with all rows that were written, before any loss. A pattern
//! that starts holds until the end. Nothing here depends on the engine.

use std::collections::BTreeSet;

use crate::model::{HALF, Model, PART, PODS, Shape, TABLES};
use crate::rng::Rng;

/// The length of the window in seconds; all times are seconds since its start.
pub(crate) const WINDOW: i64 = 5 * 3600;

/// How late rows may arrive, in seconds.
pub(crate) const DELAY: i64 = 300;

/// The content of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// A heartbeat.
    Heartbeat,
    /// A line that no rule matches.
    Unmatched,
    /// A symptom of a pattern: the pattern, the index of the symptom, and whether the row shows it (a metric sample may
    /// also be healthy).
    Symptom(usize, usize, bool),
}

/// One row.
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
        let onsets = spread(rng, &model, &roots);
        let pods = loop {
            let pods: Vec<bool> = (0..PODS).map(|_| rng.chance(PART)).collect();
            if pods.contains(&true) {
                break pods;
            }
        };
        let rows = Writer::new(rng, &model).write(&onsets, &pods);
        Self { model, roots, onsets, rows }
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
/// determines the onset. A root starts without a cause.
fn spread(rng: &mut Rng, model: &Model, roots: &BTreeSet<usize>) -> Vec<Option<i64>> {
    let mut onsets: Vec<Option<i64>> = Vec::new();
    for at in 0..model.patterns.len() {
        let own = 20 * 60 + rng.between(0, 60 * 60);
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

struct Writer<'a> {
    rng: &'a mut Rng,
    model: &'a Model,
    /// The clock error of each table, in seconds.
    skews: Vec<i64>,
    /// The instant after which rows of each table have not arrived.
    arrived: Vec<i64>,
    rows: Vec<Row>,
}

impl<'a> Writer<'a> {
    fn new(rng: &'a mut Rng, model: &'a Model) -> Self {
        let wrong = rng.below(2 * TABLES.len());
        let skew = rng.between(-model.setting.skew, model.setting.skew);
        let skews = (0..TABLES.len()).map(|table| if table == wrong { skew } else { 0 }).collect();
        let arrived = TABLES.iter().map(|_| WINDOW - rng.between(0, DELAY)).collect();
        Self { rng, model, skews, arrived, rows: Vec::new() }
    }

    fn write(mut self, onsets: &[Option<i64>], pods: &[bool]) -> Vec<Row> {
        // Which of the two symptoms of a pattern sometimes occurs alone.
        let alone: Vec<usize> = onsets.iter().map(|_| self.rng.below(2)).collect();
        for (pod, takes_part) in pods.iter().enumerate() {
            self.background(pod);
            for (at, onset) in onsets.iter().enumerate() {
                self.pattern(at, pod, onset.filter(|_| *takes_part), alone[at]);
            }
        }
        self.rows
    }

    fn push(&mut self, table: usize, pod: usize, at: i64, part: Part) {
        if at < self.arrived[table] {
            self.rows.push(Row { table, pod, at: at + self.skews[table], part });
        }
    }

    /// Writes the rows of a pod without symptoms, for the whole window: heartbeats, and lines that no rule matches.
    fn background(&mut self, pod: usize) {
        let phase = self.rng.between(5, 290);
        for slot in 0..WINDOW / 300 {
            self.push(1, pod, slot * 300 + phase, Part::Heartbeat);
        }
        let phase = self.rng.between(5, 590);
        for slot in 0..WINDOW / 600 {
            self.push(0, pod, slot * 600 + phase, Part::Heartbeat);
        }
        for _ in 0..10 {
            let at = self.rng.between(0, WINDOW - 1);
            self.push(0, pod, at, Part::Unmatched);
        }
    }

    /// Writes the symptoms of a pattern on a pod; `onset` is `None` if the pattern does not hold there.
    fn pattern(&mut self, at: usize, pod: usize, onset: Option<i64>, which: usize) {
        let (shape, many) = (self.model.patterns[at].shape, self.model.patterns[at].symptoms.len());
        let half = self.rng.chance(HALF);
        for symptom in 0..many {
            let setting = self.model.setting;
            let missed = self.rng.chance(setting.missed);
            let wrongly = self.rng.chance(setting.false_symptom);
            let stray = self.rng.between(0, WINDOW - 3600);
            let alone = onset.is_none() && shape == Shape::All && half && which == symptom;
            let since = match onset {
                Some(onset) if !missed => Some(onset),
                None if alone && !missed => Some(stray),
                _ if wrongly => Some(stray),
                _ => None,
            };
            self.symptom(at, symptom, pod, since);
        }
    }

    fn symptom(&mut self, pattern: usize, symptom: usize, pod: usize, since: Option<i64>) {
        let table = self.model.patterns[pattern].symptoms[symptom];
        if TABLES[table] == "metrics" {
            let phase = self.rng.between(5, 290);
            for slot in 0..WINDOW / 300 {
                let at = slot * 300 + phase;
                let shows = since.is_some_and(|since| at >= since);
                self.push(table, pod, at, Part::Symptom(pattern, symptom, shows));
            }
            return;
        }
        let Some(since) = since else { return };
        let mut at = since + self.rng.between(0, 20);
        while at < WINDOW {
            self.push(table, pod, at, Part::Symptom(pattern, symptom, true));
            at += self.rng.between(120, 540);
        }
    }
}
