//! Counts of lines and rows per entity and bin, with the earliest kept as evidence.
//!
//! Input: what passed, one by one and in any order. Output: [`Counts`]. Memory grows with entities and bins, never with
//! what is counted.

use std::collections::HashMap;
use std::time::Duration;

use super::exact::ExactSum;
use crate::telemetry::entity::Entity;
use crate::telemetry::source::data::{CountCell, Counts, Sample};
use crate::time::Time;

/// How many samples are kept per entity.
const KEPT: usize = 3;

/// How many characters of a sample's text are kept.
const TEXT: usize = 2000;

/// The running counts of one request.
#[derive(Debug)]
pub(super) struct Tally {
    bin: Duration,
    sums: usize,
    cells: HashMap<(Entity, Time), Cell>,
    samples: HashMap<Entity, Vec<Sample>>,
}

#[derive(Debug)]
struct Cell {
    count: u64,
    first: Time,
    last: Time,
    sums: Vec<ExactSum>,
}

impl Tally {
    /// Nothing counted yet; `sums` numbers are added up besides.
    pub(super) fn new(bin: Duration, sums: usize) -> Self {
        Self { bin, sums, cells: HashMap::new(), samples: HashMap::new() }
    }

    /// The width of a bin.
    pub(super) fn bin(&self) -> Duration {
        self.bin
    }

    /// Counts one line or row; a number that is not there adds nothing.
    pub(super) fn add(&mut self, entity: &Entity, at: Time, weight: u64, numbers: &[Option<f64>]) {
        let fresh = || Cell { count: 0, first: at, last: at, sums: vec![ExactSum::default(); self.sums] };
        let cell = self.cells.entry((entity.clone(), at.floor(self.bin))).or_insert_with(fresh);
        cell.count = cell.count.saturating_add(weight);
        cell.first = cell.first.min(at);
        cell.last = cell.last.max(at);
        for (sum, number) in cell.sums.iter_mut().zip(numbers) {
            if let Some(number) = number {
                sum.add(number * weight as f64);
            }
        }
    }

    /// Keeps a line or row as evidence if it is among the earliest; only then is it written out.
    pub(super) fn keep(&mut self, entity: &Entity, at: Time, row: &dyn Fn() -> String, line: u32, text: &str) {
        let kept = self.samples.entry(entity.clone()).or_default();
        if kept.len() >= KEPT && kept.last().is_some_and(|last| last.at < at) {
            return;
        }
        let sample = Sample { at, row: row(), line, text: text.chars().take(TEXT).collect() };
        let place = kept.partition_point(|other| *other <= sample);
        kept.insert(place, sample);
        kept.truncate(KEPT);
    }

    /// The counts, sorted.
    pub(super) fn finish(self) -> Counts {
        let cell = |((entity, bin), cell): ((Entity, Time), Cell)| CountCell {
            entity,
            bin,
            count: cell.count,
            first: cell.first,
            last: cell.last,
            sums: cell.sums.iter().map(|sum| bounded(sum.value())).collect(),
        };
        let mut cells: Vec<_> = self.cells.into_iter().map(cell).collect();
        cells.sort_by(|one, other| (&one.entity, one.bin).cmp(&(&other.entity, other.bin)));
        let mut samples: Vec<_> = self.samples.into_iter().collect();
        samples.sort();
        Counts { cells, samples }
    }
}

/// A sum beyond all numbers is the greatest number.
fn bounded(sum: f64) -> f64 {
    if sum.is_finite() { sum } else { f64::MAX.copysign(sum) }
}
