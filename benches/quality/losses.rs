//! The lost part of the telemetry, and what remains observable.
//!
//! Input: an incident and the share of its symptoms to lose. Output: [`Losses`], and for each symptom on each pod
//! whether it is observed as present, observed as absent, or unknown. Losses only remove rows.

use crate::incident::{Incident, Part, Row};
use crate::model::{Model, PLAIN, PODS, Shape, TABLES};
use amp_rules_benches::rng::Rng;

/// A single loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The component or metric of one symptom.
    Symptom(usize, usize),
    /// A table, for one of several reasons.
    Table(usize, usize),
    /// The logs (0) or the metrics and events (1) of a pod from an instant on. This loss is not declared.
    Channel { pod: usize, table: usize, from: i64 },
    /// A time range of a table.
    Range { table: usize, from: i64, to: i64 },
}

/// The observable state of one symptom on one pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Seen,
    Absent,
    Unknown,
}

/// All losses of a world.
#[derive(Clone, Debug, Default)]
pub(crate) struct Losses {
    pub(crate) all: Vec<Loss>,
    /// Declared gaps that belong to the setting and do not count as losses.
    pub(crate) gaps: Vec<Loss>,
}

/// The starts of the slots of 300 s in which visibility is judged, from an instant on.
fn slots(model: &Model, from: i64) -> impl Iterator<Item = i64> + Clone {
    (from / 300..model.setting.window / 300).map(|slot| slot * 300)
}

/// The accepted deviation from the wanted share of losses.
const NEAR: f64 = 0.02;

impl Losses {
    /// Generates losses of about the wanted share of the symptoms.
    pub(crate) fn new(rng: &mut Rng, model: &Model, wanted: f64) -> Self {
        let mut losses = Self::default();
        if model.setting.gaps {
            losses.gaps = (0..GAPS).map(|_| gap(rng, model)).collect();
        }
        let mut share = 0.0;
        for _ in 0..200 {
            if share >= wanted - NEAR {
                break;
            }
            let Some(loss) = candidate(rng, model) else { continue };
            let mut more = losses.clone();
            more.all.push(loss);
            let greater = more.share(model);
            if greater > share && greater <= wanted + NEAR {
                (losses, share) = (more, greater);
            }
        }
        losses
    }

    /// Returns the lost share of the symptoms, over pods and time.
    pub(crate) fn share(&self, model: &Model) -> f64 {
        let (mut lost, mut all) = (0, 0);
        for (at, pattern) in model.patterns.iter().enumerate() {
            for (symptom, table) in pattern.symptoms.iter().enumerate() {
                for pod in 0..PODS {
                    let hides = |slot: &i64| hides(&self.all, *table, pod, Some((at, symptom)), *slot);
                    lost += slots(model, 0).filter(hides).count();
                    all += slots(model, 0).count();
                }
            }
        }
        if all == 0 { 0.0 } else { lost as f64 / all as f64 }
    }

    /// Returns whether a row is lost.
    pub(crate) fn loses(&self, row: &Row) -> bool {
        let symptom = match row.part {
            Part::Symptom(pattern, symptom, _) => Some((pattern, symptom)),
            Part::Heartbeat | Part::Unmatched | Part::Restart => None,
        };
        let hides = |losses: &[Loss]| hides(losses, row.table, row.pod, symptom, row.at);
        hides(&self.all) || hides(&self.gaps)
    }

    /// Returns the observable state per pattern, symptom and pod. An earlier incident is not part of it, and a gap that belongs
    /// to the setting hides nothing that lasts.
    pub(crate) fn cells(&self, incident: &Incident) -> Vec<Vec<[Cell; PODS]>> {
        let (recent, window) = (incident.model.setting.recent(), incident.model.setting.window);
        let mut cells: Vec<Vec<[Cell; PODS]>> = Vec::new();
        for (at, pattern) in incident.model.patterns.iter().enumerate() {
            let blind = |symptom: usize, table: usize, pod: usize| {
                let mut slots = slots(&incident.model, recent);
                slots.any(|slot| hides(&self.all, table, pod, Some((at, symptom)), slot))
            };
            let cell = |symptom, table, pod| if blind(symptom, table, pod) { Cell::Unknown } else { Cell::Absent };
            let row = |(symptom, table): (usize, &usize)| std::array::from_fn(|pod| cell(symptom, *table, pod));
            cells.push(pattern.symptoms.iter().enumerate().map(row).collect());
        }
        for row in incident.rows.iter().filter(|row| (recent..window).contains(&row.at) && !self.loses(row)) {
            if let Part::Symptom(pattern, symptom, true) = row.part {
                cells[pattern][symptom][row.pod] = Cell::Seen;
            }
        }
        cells
    }
}

/// Returns whether losses hide a table, or a symptom in it, of a pod at an instant.
fn hides(losses: &[Loss], table: usize, pod: usize, symptom: Option<(usize, usize)>, at: i64) -> bool {
    losses.iter().any(|loss| match *loss {
        Loss::Symptom(pattern, own) => symptom == Some((pattern, own)),
        Loss::Table(lost, _) => lost == table,
        Loss::Channel { pod: silent, table: channel, from } => silent == pod && channel == table.min(1) && from <= at,
        Loss::Range { table: cut, from, to } => cut == table && from <= at && at < to,
    })
}

/// The number of gaps in a world whose tables have gaps.
const GAPS: usize = 2;

/// Returns a gap of 10 to 30 min that ends before the last half hour.
fn gap(rng: &mut Rng, model: &Model) -> Loss {
    let minutes = rng.between(10, 30);
    let from = model.setting.recent() + rng.between(0, PLAIN.window / 60 - 60) * 60;
    Loss::Range { table: rng.below(TABLES.len()), from, to: from + minutes * 60 }
}

/// Returns a loss of a random kind, or `None` if the kind does not apply.
fn candidate(rng: &mut Rng, model: &Model) -> Option<Loss> {
    let kind = rng.weighted(&[0.55, 0.1, 0.15, 0.2]);
    let (pattern, table) = (rng.below(model.patterns.len()), rng.below(TABLES.len()));
    let (pod, at) = (rng.below(PODS), model.setting.recent() + rng.between(1, PLAIN.window / 300 - 2) * 300);
    let (side, reason) = (rng.chance(0.5), rng.below(3));
    match kind {
        0 => {
            // A source cannot refuse a part of the events table.
            let symptoms = &model.patterns[pattern].symptoms;
            let symptom = if symptoms.len() == 2 && side { 1 } else { 0 };
            symptoms.get(symptom).filter(|table| TABLES[**table] != "events").map(|_| Loss::Symptom(pattern, symptom))
        }
        1 => Some(Loss::Table(table, reason)),
        2 => Some(Loss::Channel { pod, table: table.min(1), from: if side { 0 } else { at } }),
        _ if side => Some(Loss::Range { table, from: 0, to: at }),
        _ => Some(Loss::Range { table, from: at, to: model.setting.window }),
    }
}

/// Returns whether a pattern is observed to hold anywhere, by its condition.
pub(crate) fn is_seen(model: &Model, pattern: usize, cells: &[[Cell; PODS]]) -> bool {
    let seen = |symptom: &[Cell; PODS], pod: usize| symptom[pod] == Cell::Seen;
    let anywhere = |symptom: &[Cell; PODS]| symptom.contains(&Cell::Seen);
    let one = &model.patterns[pattern];
    match (one.shape, one.per_pod) {
        (Shape::Hidden, _) => false,
        (Shape::Any, _) => cells.iter().any(anywhere),
        (Shape::All, true) => (0..PODS).any(|pod| cells.iter().all(|symptom| seen(symptom, pod))),
        (Shape::All, false) => cells.iter().all(anywhere),
    }
}
