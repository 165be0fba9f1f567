//! `summarize`: assigns rows to groups and keeps one accumulator per group and aggregate.

use crate::eval::Code;
use crate::plan::{Aggregation, Scalar};
use crate::registry::{self, Accumulator, Argument};
use crate::run::budget::weight;
use crate::run::error::RunError;
use crate::run::key::Index;
use crate::run::stage::{Flow, Stage};
use crate::run::state::RunState;
use crate::span::Span;
use crate::value::{Row, Value, compare};

/// An aggregate, prepared to be started for each group.
#[derive(Debug)]
pub(crate) enum Aggregate {
    Function { function: &'static registry::Aggregate, arguments: Vec<Code>, described: Vec<Argument> },
    Extreme { greatest: bool, values: Vec<Code> },
    First { values: Vec<Code>, condition: Option<Code> },
}

/// The state of an aggregate for one group.
#[derive(Debug)]
pub(crate) enum Cell {
    Accumulator(Box<dyn Accumulator>),
    Row(Option<Row>),
}

impl Aggregate {
    pub(crate) fn new(run: &RunState, aggregation: &Aggregation) -> Self {
        let all = |list: &[Scalar]| list.iter().map(|scalar| run.code(scalar)).collect::<Vec<_>>();
        match aggregation {
            Aggregation::Function { function, arguments, described } => {
                let arguments = all(arguments);
                let mut described = described.clone();
                for (argument, code) in described.iter_mut().zip(&arguments) {
                    if let Code::Constant(value) = code {
                        argument.constant = Some(value.clone());
                    }
                }
                Self::Function { function, arguments, described }
            }
            Aggregation::Extreme { greatest, values } => Self::Extreme { greatest: *greatest, values: all(values) },
            Aggregation::First { values, condition } => {
                Self::First { values: all(values), condition: condition.as_ref().map(|condition| run.code(condition)) }
            }
        }
    }

    pub(crate) fn start(&self) -> Cell {
        match self {
            Self::Function { function, described, .. } => Cell::Accumulator((function.start)(described)),
            Self::Extreme { .. } | Self::First { .. } => Cell::Row(None),
        }
    }

    /// Adds a row and returns by how many bytes the cell has grown.
    pub(crate) fn add(&self, cell: &mut Cell, row: &[Value], run: &RunState) -> usize {
        let context = &run.context;
        match (self, cell) {
            (Self::Function { arguments, .. }, Cell::Accumulator(tally)) => match arguments.as_slice() {
                [] => tally.add(&[]),
                [one] => tally.add(std::slice::from_ref(&*one.value(row, context))),
                list => {
                    let values: Vec<Value> = list.iter().map(|code| code.value(row, context).into_owned()).collect();
                    tally.add(&values)
                }
            },
            (Self::Extreme { greatest, values }, Cell::Row(best)) => {
                let Some(by) = values.first() else { return 0 };
                let by = by.value(row, context);
                let better = match best.as_ref().and_then(|best| best.first()) {
                    None | Some(Value::Null) if matches!(*by, Value::Null) => best.is_none(),
                    None | Some(Value::Null) => true,
                    Some(_) if matches!(*by, Value::Null) => false,
                    Some(known) if *greatest => compare::compare(&by, known).is_gt(),
                    Some(known) => compare::compare(&by, known).is_lt(),
                };
                if better { replace(best, values, row, run) } else { 0 }
            }
            (Self::First { values, condition }, Cell::Row(first)) => {
                let wanted =
                    first.is_none() && condition.as_ref().is_none_or(|condition| condition.is_true(row, context));
                if wanted { replace(first, values, row, run) } else { 0 }
            }
            (Self::Function { .. }, Cell::Row(_)) | (_, Cell::Accumulator(_)) => 0,
        }
    }

    /// Appends the results of a group to its row.
    pub(crate) fn finish(&self, cell: Cell, into: &mut Row, run: &RunState) {
        match cell {
            Cell::Accumulator(tally) => {
                let value = tally.finish();
                if let Self::Function { function, .. } = self {
                    run.context.count(function.name, &value);
                }
                into.push(value);
            }
            Cell::Row(Some(row)) => into.extend(row),
            Cell::Row(None) => {
                let width = match self {
                    Self::Function { .. } => 1,
                    Self::Extreme { values, .. } | Self::First { values, .. } => values.len(),
                };
                into.extend(std::iter::repeat_n(Value::Null, width));
            }
        }
    }
}

fn replace(slot: &mut Option<Row>, values: &[Code], row: &[Value], run: &RunState) -> usize {
    let new: Row = values.iter().map(|code| code.value(row, &run.context).into_owned()).collect();
    let before = slot.as_deref().map_or(0, weight);
    let grown = weight(&new).saturating_sub(before);
    *slot = Some(new);
    grown
}

pub(crate) struct GroupStage {
    keys: Vec<Code>,
    aggregates: Vec<Aggregate>,
    groups: Index,
    cells: Vec<Vec<Cell>>,
    span: Span,
}

impl GroupStage {
    pub(crate) fn new(run: &RunState, keys: &[Scalar], aggregates: &[Aggregation], span: Span) -> Self {
        Self {
            keys: keys.iter().map(|key| run.code(key)).collect(),
            aggregates: aggregates.iter().map(|aggregation| Aggregate::new(run, aggregation)).collect(),
            groups: Index::default(),
            cells: Vec::new(),
            span,
        }
    }

    fn start(&self) -> Vec<Cell> {
        self.aggregates.iter().map(Aggregate::start).collect()
    }
}

impl Stage for GroupStage {
    fn push(&mut self, run: &RunState, rows: Vec<Row>, _: &mut Vec<Row>) -> Result<Flow, RunError> {
        let mut key: Row = Vec::with_capacity(self.keys.len());
        let (mut held, mut bytes) = (0, 0);
        for row in &rows {
            key.clear();
            key.extend(self.keys.iter().map(|code| code.value(row, &run.context).into_owned()));
            let (at, new) = self.groups.put(&key);
            if new {
                held += 1;
                bytes += weight(&key) + 64 * self.aggregates.len();
                let cells = self.start();
                self.cells.push(cells);
            }
            if let Some(cells) = self.cells.get_mut(at) {
                for (aggregate, cell) in self.aggregates.iter().zip(cells) {
                    bytes += aggregate.add(cell, row, run);
                }
            }
        }
        run.budget.hold(held, bytes, self.span)?;
        Ok(Flow::More)
    }

    fn finish(&mut self, run: &RunState, out: &mut Vec<Row>) -> Result<(), RunError> {
        if self.keys.is_empty() && self.cells.is_empty() {
            // Without keys there is exactly one group, even for no rows.
            let cells = self.start();
            self.groups.put(&[]);
            self.cells.push(cells);
        }
        let keys = std::mem::take(&mut self.groups).into_keys();
        for (mut row, cells) in keys.into_iter().zip(std::mem::take(&mut self.cells)) {
            for (aggregate, cell) in self.aggregates.iter().zip(cells) {
                aggregate.finish(cell, &mut row, run);
            }
            out.push(row);
        }
        Ok(())
    }
}
