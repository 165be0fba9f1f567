//! Counts what a run does against its budget.

use std::cell::Cell;

use crate::run::{Budget, Limit, RunError};
use crate::span::Span;
use crate::value::{Row, Value};

/// What a run has used of its budget.
#[derive(Debug)]
pub(crate) struct Meter {
    budget: Budget,
    rows: Cell<u64>,
    bytes: Cell<u64>,
    steps: Cell<u64>,
}

impl Meter {
    pub(crate) const fn new(budget: Budget) -> Self {
        Self { budget, rows: Cell::new(0), bytes: Cell::new(0), steps: Cell::new(0) }
    }

    pub(crate) const fn steps(&self) -> u64 {
        self.steps.get()
    }

    /// Counts rows that pass a step.
    pub(crate) fn step(&self, rows: usize, span: Span) -> Result<(), RunError> {
        add(&self.steps, rows as u64, self.budget.steps, Limit::Steps, span)
    }

    /// Counts rows that are kept.
    pub(crate) fn hold_rows(&self, rows: &[Row], span: Span) -> Result<(), RunError> {
        self.hold(rows.len(), rows.iter().map(|row| weight(row)).sum(), span)
    }

    /// Counts rows that are kept, and their bytes.
    pub(crate) fn hold(&self, rows: usize, bytes: usize, span: Span) -> Result<(), RunError> {
        add(&self.rows, rows as u64, self.budget.rows, Limit::Rows, span)?;
        add(&self.bytes, bytes as u64, self.budget.bytes, Limit::Bytes, span)
    }
}

fn add(counter: &Cell<u64>, more: u64, most: u64, limit: Limit, span: Span) -> Result<(), RunError> {
    let sum = counter.get().saturating_add(more);
    counter.set(sum);
    if sum > most { Err(RunError::Budget { limit, value: most, span }) } else { Ok(()) }
}

/// About how many bytes values take.
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
