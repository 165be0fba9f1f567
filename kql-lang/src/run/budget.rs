//! Limits of a run, and the consumption so far.

use std::cell::Cell;
use std::sync::Arc;

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
    /// The default: 20 million buffered rows, 1 GB, 2 billion steps.
    pub const DEFAULT: Self = Self { rows: 20_000_000, bytes: 1_000_000_000, steps: 2_000_000_000 };
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

    /// How many bytes are left.
    pub(crate) const fn room(&self) -> u64 {
        self.limits.bytes.saturating_sub(self.bytes.get())
    }

    /// The error for values of the current rows that do not fit.
    pub(crate) const fn out_of_memory(&self, span: Span) -> RunError {
        RunError::LimitReached { limit: Limit::Bytes, value: self.limits.bytes, span }
    }

    /// Checks that rows in transit fit in the memory that is left.
    pub(crate) fn carry(&self, bytes: usize, span: Span) -> Result<(), RunError> {
        if bytes as u64 > self.room() { Err(self.out_of_memory(span)) } else { Ok(()) }
    }

    /// Counts rows that pass a step.
    pub(crate) fn step(&self, rows: usize, span: Span) -> Result<(), RunError> {
        add(&self.steps, rows as u64, self.limits.steps, Limit::Steps, span)
    }

    /// Counts buffered rows and their estimated size.
    pub(crate) fn hold_rows(&self, rows: &[Row], span: Span) -> Result<(), RunError> {
        let mut before: Option<&Row> = None;
        for row in rows {
            self.hold(1, added_weight(row, before), span)?;
            before = Some(row);
        }
        Ok(())
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

/// Estimated size of a row in bytes, with the memory that its values need.
pub(crate) fn weight(values: &[Value]) -> usize {
    ROW + values.iter().map(Value::weight).sum::<usize>()
}

/// What a row needs in addition to its values, in bytes: the row itself and the header of its allocation.
const ROW: usize = 40;

/// Estimated size of rows in transit in bytes, each with so many cells. What cells refer to exists already.
pub(crate) const fn transit(rows: usize, width: usize) -> usize {
    rows.saturating_mul(ROW + width * size_of::<Value>())
}

/// The size of a row in bytes, without what it shares with the row before it: expanded rows share the cells around the
/// expanded one.
fn added_weight(row: &[Value], before: Option<&Row>) -> usize {
    let cell = |(place, value): (usize, &Value)| match before.and_then(|before| before.get(place)) {
        Some(other) if is_shared(value, other) => size_of::<Value>(),
        _ => value.weight(),
    };
    ROW + row.iter().enumerate().map(cell).sum::<usize>()
}

fn is_shared(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => Arc::ptr_eq(one, other),
        (Value::Array(one), Value::Array(other)) => Arc::ptr_eq(one, other),
        (Value::Bag(one), Value::Bag(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}
