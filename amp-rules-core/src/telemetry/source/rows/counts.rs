//! Counts of lines and rows per entity and bin, with the earliest kept as evidence.
//!
//! Input: matching lines or rows, one by one and in any order. Output: [`Counts`]. Memory grows with entities and bins, not
//! with the number of lines or rows, unless the request asks for all instants.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::exact_sum::ExactSum;
use super::memory::{of_entity, of_text};
use crate::telemetry::entity::Entity;
use crate::telemetry::request::Instants;
use crate::telemetry::source::data::{CountCell, CountedInstant, Counts, SAMPLE_CHARACTERS, Sample};
use crate::time::Time;

/// The number of samples kept per entity.
const SAMPLES: usize = 3;

/// The running counts of one request.
#[derive(Debug)]
pub(super) struct CountAggregator {
    bin: Duration,
    sums: usize,
    wanted: Instants,
    cells: HashMap<(Entity, Time), Cell>,
    samples: HashMap<Entity, Vec<Sample>>,
    /// The estimated memory in bytes.
    held: u64,
}

#[derive(Debug)]
struct Cell {
    count: u64,
    first: Time,
    last: Time,
    sums: Vec<ExactSum>,
    /// Weight and number per instant.
    instants: BTreeMap<Time, (u64, u64)>,
}

impl CountAggregator {
    /// Empty counts; `sums` is how many numbers are summed per line.
    pub(super) fn new(bin: Duration, sums: usize, wanted: Instants) -> Self {
        Self { bin, sums, wanted, cells: HashMap::new(), samples: HashMap::new(), held: 0 }
    }

    /// The width of a bin.
    pub(super) fn bin(&self) -> Duration {
        self.bin
    }

    /// Counts one line or row. `numbers` are added to the sums, weighted; `None` adds nothing.
    pub(super) fn add(&mut self, entity: &Entity, at: Time, weight: u64, numbers: &[Option<f64>]) {
        let (held, sums) = (&mut self.held, self.sums);
        let cell = self.cells.entry((entity.clone(), at.floor(self.bin))).or_insert_with(|| {
            *held += of_entity(entity) + 64 * (1 + sums as u64);
            Cell { count: 0, first: at, last: at, sums: vec![ExactSum::default(); sums], instants: BTreeMap::new() }
        });
        cell.count = cell.count.saturating_add(weight);
        cell.first = cell.first.min(at);
        cell.last = cell.last.max(at);
        for (sum, number) in cell.sums.iter_mut().zip(numbers) {
            if let Some(number) = number {
                sum.add(number * weight as f64);
            }
        }
        let before = cell.instants.len();
        cell.note_instant(at, weight, self.wanted);
        self.held += 48 * cell.instants.len().saturating_sub(before) as u64;
    }

    /// Keeps a line or row as evidence if it is among the earliest; `row` computes the row id and is called only then.
    pub(super) fn keep(&mut self, entity: &Entity, at: Time, row: &dyn Fn() -> String, line: u32, text: &str) {
        let kept = self.samples.entry(entity.clone()).or_default();
        if kept.len() >= SAMPLES && kept.last().is_some_and(|last| last.at < at) {
            return;
        }
        let sample = Sample { at, row: row(), line, text: text.chars().take(SAMPLE_CHARACTERS).collect() };
        if kept.len() < SAMPLES {
            self.held += of_entity(entity) + of_text(&sample.row) + of_text(&sample.text);
        }
        let index = kept.partition_point(|other| *other <= sample);
        kept.insert(index, sample);
        kept.truncate(SAMPLES);
    }

    /// The estimated memory in bytes.
    pub(super) fn held(&self) -> u64 {
        self.held
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
            instants: cell
                .instants
                .into_iter()
                .map(|(at, (weight, rows))| CountedInstant { at, weight, rows })
                .collect(),
        };
        let mut cells: Vec<_> = self.cells.into_iter().map(cell).collect();
        cells.sort_by(|one, other| (&one.entity, one.bin).cmp(&(&other.entity, other.bin)));
        let mut samples: Vec<_> = self.samples.into_iter().collect();
        samples.sort();
        Counts { cells, samples }
    }
}

impl Cell {
    /// Adds an instant, and removes those between the ends that are wanted. An instant that is removed stays between the
    /// ends, whatever follows.
    fn note_instant(&mut self, at: Time, weight: u64, wanted: Instants) {
        if wanted == Instants::None {
            return;
        }
        let entry = self.instants.entry(at).or_default();
        *entry = (entry.0.saturating_add(weight), entry.1.saturating_add(1));
        if let Instants::Ends(ends) = wanted {
            let ends = usize::try_from(ends).unwrap_or(usize::MAX);
            if self.instants.len() > ends.saturating_mul(2)
                && let Some(&between) = self.instants.keys().nth(ends)
            {
                self.instants.remove(&between);
            }
        }
    }
}

/// Limits an infinite sum to the greatest finite number.
fn bounded(sum: f64) -> f64 {
    if sum.is_finite() { sum } else { f64::MAX.copysign(sum) }
}
