//! Limits of a run, and the consumption so far.

use std::cell::Cell;

use crate::run::error::{Limit, RunError};
use crate::span::Span;
use crate::value::{Row, Value};

/// The limits of a run. Each limit is inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of rows buffered by steps or returned as results, over the whole run.
    pub rows: u64,
    /// Maximum size of these rows in bytes, as estimated.
    pub bytes: u64,
    /// Maximum number of rows that pass a step, summed over all steps.
    pub steps: u64,
}

impl Limits {
    /// The default: 20 million buffered rows, 2 GiB, 2 billion steps.
    pub const DEFAULT: Self = Self { rows: 20_000_000, bytes: 2 << 30, steps: 2_000_000_000 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The consumption of a run against its limits.
#[derive(Debug)]
pub(crate) struct Budget {
    limits: Limits,
    rows: Cell<u64>,
    bytes: Cell<u64>,
    steps: Cell<u64>,
}

impl Budget {
    pub(crate) const fn new(limits: Limits) -> Self {
        Self { limits, rows: Cell::new(0), bytes: Cell::new(0), steps: Cell::new(0) }
    }

    pub(crate) const fn steps(&self) -> u64 {
        self.steps.get()
    }

    /// Counts rows that pass a step.
    pub(crate) fn step(&self, rows: usize, span: Span) -> Result<(), RunError> {
        add(&self.steps, rows as u64, self.limits.steps, Limit::Steps, span)
    }

    /// Counts buffered rows and their estimated size.
    pub(crate) fn hold_rows(&self, rows: &[Row], span: Span) -> Result<(), RunError> {
        self.hold(rows.len(), rows.iter().map(|row| weight(row)).sum(), span)
    }

    /// Counts buffered rows and their bytes.
    pub(crate) fn hold(&self, rows: usize, bytes: usize, span: Span) -> Result<(), RunError> {
        add(&self.rows, rows as u64, self.limits.rows, Limit::Rows, span)?;
        add(&self.bytes, bytes as u64, self.limits.bytes, Limit::Bytes, span)
    }
}

fn add(counter: &Cell<u64>, more: u64, most: u64, limit: Limit, span: Span) -> Result<(), RunError> {
    let sum = counter.get().saturating_add(more);
    counter.set(sum);
    if sum > most { Err(RunError::LimitReached { limit, value: most, span }) } else { Ok(()) }
}

/// Estimated size of values in bytes.
pub(crate) fn weight(values: &[Value]) -> usize {
    let mut sum = 0;
    let mut rest: Vec<&Value> = Vec::new();
    for value in values {
        sum += size_of::<Value>();
        match value {
            Value::String(text) => sum += text.len(),
            Value::Array(_) | Value::Bag(_) => rest.push(value),
            _ => {}
        }
    }
    while let Some(value) = rest.pop() {
        match value {
            Value::Array(items) => {
                sum += items.len() * size_of::<Value>();
                rest.extend(items.iter());
            }
            Value::Bag(bag) => {
                for (name, value) in bag.entries() {
                    sum += name.len() + 2 * size_of::<Value>();
                    rest.push(value);
                }
            }
            Value::String(text) => sum += text.len(),
            _ => {}
        }
    }
    sum
}
