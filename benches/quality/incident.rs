//! The true incident: one to three roots, their effects with onsets, and every row that was written.
//!
//! Input: dice and a [`Nature`]. Output: an [`Incident`] with all rows that were written, before any loss. A pattern
//! that starts holds until the end. Nothing here depends on the engine.

use std::collections::BTreeSet;

use crate::dice::Dice;
use crate::nature::{HALF, Nature, PART, PODS, Shape, TABLES};

/// The length of the window in seconds; all times are seconds since its start.
pub(crate) const WINDOW: i64 = 5 * 3600;

/// How late rows may arrive, in seconds.
pub(crate) const DELAY: i64 = 300;

/// The content of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// A heartbeat.
    Beat,
    /// A line that no rule matches.
    Idle,
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
    pub(crate) nature: Nature,
    /// The true roots.
    pub(crate) roots: BTreeSet<usize>,
    /// The onset of each pattern that holds.
    pub(crate) onsets: Vec<Option<i64>>,
    pub(crate) rows: Vec<Row>,
}

impl Incident {
    /// Generates an incident in a nature.
    pub(crate) fn new(dice: &mut Dice, nature: Nature) -> Self {
        let roots = roots(dice, &nature);
        let onsets = spread(dice, &nature, &roots);
        let pods = loop {
            let pods: Vec<bool> = (0..PODS).map(|_| dice.chance(PART)).collect();
            if pods.contains(&true) {
                break pods;
            }
        };
        let rows = Writer::new(dice, &nature).write(&onsets, &pods);
        Self { nature, roots, onsets, rows }
    }
}

fn roots(dice: &mut Dice, nature: &Nature) -> BTreeSet<usize> {
    let causes = nature.causes();
    let many = 1 + dice.weighted(&nature.root_counts());
    let mut roots = BTreeSet::new();
    while roots.len() < many {
        roots.insert(*dice.pick(&causes));
    }
    roots
}

/// Noisy-or: each holding cause triggers its effects, each with its own probability and delay; the earliest trigger
/// determines the onset. A root starts without a cause.
fn spread(dice: &mut Dice, nature: &Nature, roots: &BTreeSet<usize>) -> Vec<Option<i64>> {
    let mut onsets: Vec<Option<i64>> = Vec::new();
    for at in 0..nature.patterns.len() {
        let own = 20 * 60 + dice.between(0, 60 * 60);
        let mut first: Option<i64> = None;
        for edge in nature.edges.iter().filter(|edge| edge.to == at) {
            let fires = dice.chance(edge.strength.1);
            let delay = dice.between(edge.lag.0 * 60, edge.lag.1 * 60);
            if let Some(onset) = onsets[edge.from].filter(|_| fires) {
                first = Some(first.map_or(onset + delay, |known: i64| known.min(onset + delay)));
            }
        }
        onsets.push(if roots.contains(&at) { Some(own) } else { first });
    }
    onsets
}

struct Writer<'a> {
    dice: &'a mut Dice,
    nature: &'a Nature,
    /// The clock error of each table, in seconds.
    skews: Vec<i64>,
    /// The instant after which rows of each table have not arrived.
    arrived: Vec<i64>,
    rows: Vec<Row>,
}

impl<'a> Writer<'a> {
    fn new(dice: &'a mut Dice, nature: &'a Nature) -> Self {
        let wrong = dice.below(2 * TABLES.len());
        let skew = dice.between(-nature.setting.skew, nature.setting.skew);
        let skews = (0..TABLES.len()).map(|table| if table == wrong { skew } else { 0 }).collect();
        let arrived = TABLES.iter().map(|_| WINDOW - dice.between(0, DELAY)).collect();
        Self { dice, nature, skews, arrived, rows: Vec::new() }
    }

    fn write(mut self, onsets: &[Option<i64>], pods: &[bool]) -> Vec<Row> {
        // Which of the two symptoms of a pattern sometimes occurs alone.
        let alone: Vec<usize> = onsets.iter().map(|_| self.dice.below(2)).collect();
        for (pod, takes_part) in pods.iter().enumerate() {
            self.life(pod);
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

    /// Writes the rows of a pod that exists for the whole window: heartbeats, and lines without meaning.
    fn life(&mut self, pod: usize) {
        let phase = self.dice.between(5, 290);
        for slot in 0..WINDOW / 300 {
            self.push(1, pod, slot * 300 + phase, Part::Beat);
        }
        let phase = self.dice.between(5, 590);
        for slot in 0..WINDOW / 600 {
            self.push(0, pod, slot * 600 + phase, Part::Beat);
        }
        for _ in 0..10 {
            let at = self.dice.between(0, WINDOW - 1);
            self.push(0, pod, at, Part::Idle);
        }
    }

    /// Writes the symptoms of a pattern on a pod, where it holds since `onset` or does not hold.
    fn pattern(&mut self, at: usize, pod: usize, onset: Option<i64>, which: usize) {
        let (shape, many) = (self.nature.patterns[at].shape, self.nature.patterns[at].symptoms.len());
        let half = self.dice.chance(HALF);
        for symptom in 0..many {
            let setting = self.nature.setting;
            let missed = self.dice.chance(setting.missed);
            let wrongly = self.dice.chance(setting.false_symptom);
            let stray = self.dice.between(0, WINDOW - 3600);
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
        let table = self.nature.patterns[pattern].symptoms[symptom];
        if TABLES[table] == "metrics" {
            let phase = self.dice.between(5, 290);
            for slot in 0..WINDOW / 300 {
                let at = slot * 300 + phase;
                let shows = since.is_some_and(|since| at >= since);
                self.push(table, pod, at, Part::Symptom(pattern, symptom, shows));
            }
            return;
        }
        let Some(since) = since else { return };
        let mut at = since + self.dice.between(0, 20);
        while at < WINDOW {
            self.push(table, pod, at, Part::Symptom(pattern, symptom, true));
            at += self.dice.between(120, 540);
        }
    }
}
