//! `sort` and `top`: both are stable; `top` buffers at most twice its result.

use std::cmp::Ordering;

use crate::eval::Code;
use crate::plan::{Scalar, SortBy};
use crate::run::budget::weight;
use crate::run::error::RunError;
use crate::run::stage::{Flow, Stage};
use crate::run::state::RunState;
use crate::span::Span;
use crate::value::{Row, Value, compare};

/// The sort keys.
struct Keys {
    codes: Vec<Code>,
    /// Per key: whether it is ascending, and whether nulls are first.
    ways: Vec<(bool, bool)>,
}

impl Keys {
    fn new(run: &RunState, keys: &[SortBy]) -> Self {
        Self {
            codes: keys.iter().map(|key| run.code(&key.value)).collect(),
            ways: keys.iter().map(|key| (key.ascending, key.nulls_first)).collect(),
        }
    }

    fn of(&self, row: &[Value], run: &RunState) -> Vec<Value> {
        self.codes.iter().map(|code| code.value(row, &run.context).into_owned()).collect()
    }
}

fn order(ways: &[(bool, bool)], a: &[Value], b: &[Value]) -> Ordering {
    a.iter()
        .zip(b)
        .zip(ways)
        .map(|((a, b), (ascending, nulls_first))| compare::sort_order(a, b, *ascending, *nulls_first))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

pub(crate) struct Sort {
    keys: Keys,
    rows: Vec<(Vec<Value>, Row)>,
    span: Span,
}

impl Sort {
    pub(crate) fn new(run: &RunState, keys: &[SortBy], span: Span) -> Self {
        Self { keys: Keys::new(run, keys), rows: Vec::new(), span }
    }
}

impl Stage for Sort {
    fn push(&mut self, run: &RunState, rows: Vec<Row>, _: &mut Vec<Row>) -> Result<Flow, RunError> {
        run.budget.hold_rows(&rows, self.span)?;
        self.rows.extend(rows.into_iter().map(|row| (self.keys.of(&row, run), row)));
        Ok(Flow::More)
    }

    fn finish(&mut self, _: &RunState, out: &mut Vec<Row>) -> Result<(), RunError> {
        let ways = &self.keys.ways;
        self.rows.sort_by(|(a, _), (b, _)| order(ways, a, b));
        out.extend(std::mem::take(&mut self.rows).into_iter().map(|(_, row)| row));
        Ok(())
    }
}

pub(crate) struct Top {
    count: usize,
    keys: Keys,
    /// At most twice the number of result rows; when full, the worse half is dropped.
    rows: Vec<(Vec<Value>, Row)>,
    span: Span,
}

impl Top {
    pub(crate) fn new(run: &RunState, count: &Scalar, keys: &[SortBy], span: Span) -> Result<Self, RunError> {
        Ok(Self { count: run.count(count, span)?, keys: Keys::new(run, keys), rows: Vec::new(), span })
    }

    fn shrink(&mut self) {
        let ways = &self.keys.ways;
        // The sort is stable and new rows follow old ones, so that ties keep the earliest rows.
        self.rows.sort_by(|(a, _), (b, _)| order(ways, a, b));
        self.rows.truncate(self.count);
    }
}

impl Stage for Top {
    fn push(&mut self, run: &RunState, rows: Vec<Row>, _: &mut Vec<Row>) -> Result<Flow, RunError> {
        for row in rows {
            let key = self.keys.of(&row, run);
            run.budget.hold(0, weight(&row), self.span)?;
            self.rows.push((key, row));
            if self.rows.len() >= self.count.saturating_mul(2).max(1024) {
                self.shrink();
            }
        }
        Ok(Flow::More)
    }

    fn finish(&mut self, _: &RunState, out: &mut Vec<Row>) -> Result<(), RunError> {
        self.shrink();
        out.extend(std::mem::take(&mut self.rows).into_iter().map(|(_, row)| row));
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.count == 0
    }
}
