//! Window functions: `row_number`, `prev`, `next`, `row_cumsum`, `row_rank_…`, `row_window_session`.
//!
//! All rows are buffered, because `next` can refer to any of them.

use crate::ast::BinaryOp;
use crate::eval::Code;
use crate::plan::{Scalar, Window};
use crate::registry::operators;
use crate::run::error::RunError;
use crate::run::key::same;
use crate::run::stage::{Flow, Stage};
use crate::run::state::RunState;
use crate::span::Span;
use crate::value::{Row, Value};

enum Function {
    RowNumber { start: Code, restart: Option<Code> },
    Shift { value: Code, by: i64, default: Code },
    Sum { value: Code, restart: Option<Code> },
    Rank { value: Code, restart: Option<Code>, dense: bool },
    Session { value: Code, from_first: Code, between: Code, restart: Option<Code> },
}

pub(crate) struct Windows {
    functions: Vec<Function>,
    rows: Vec<Row>,
    span: Span,
}

impl Windows {
    pub(crate) fn new(run: &RunState, windows: &[Window], span: Span) -> Self {
        let optional = |scalar: &Option<Scalar>| scalar.as_ref().map(|scalar| run.code(scalar));
        let functions = windows
            .iter()
            .map(|window| match window {
                Window::RowNumber { start, restart } => {
                    Function::RowNumber { start: run.code(start), restart: optional(restart) }
                }
                Window::Shift { value, by, default } => {
                    Function::Shift { value: run.code(value), by: *by, default: run.code(default) }
                }
                Window::Rank { value, restart, dense } => {
                    Function::Rank { value: run.code(value), restart: optional(restart), dense: *dense }
                }
                Window::Session { value, from_first, between, restart } => Function::Session {
                    value: run.code(value),
                    from_first: run.code(from_first),
                    between: run.code(between),
                    restart: optional(restart),
                },
                Window::Sum { value, restart } => Function::Sum { value: run.code(value), restart: optional(restart) },
            })
            .collect();
        Self { functions, rows: Vec::new(), span }
    }
}

/// The values of a window function for all rows.
fn values(function: &Function, rows: &[Row], run: &RunState) -> Vec<Value> {
    let context = &run.context;
    match function {
        Function::RowNumber { start, restart } => {
            let mut next = 0;
            let mut first = true;
            rows.iter()
                .map(|row| {
                    if first || restart.as_ref().is_some_and(|restart| restart.is_true(row, context)) {
                        next = start
                            .value(row, context)
                            .as_integer()
                            .and_then(|start| i64::try_from(start).ok())
                            .unwrap_or(1);
                        first = false;
                    }
                    let number = next;
                    next = next.saturating_add(1);
                    Value::Long(number)
                })
                .collect()
        }
        Function::Shift { value, by, default } => (0_i64..)
            .zip(rows)
            .map(|(index, row)| {
                let other = index.checked_sub(*by).and_then(|other| usize::try_from(other).ok());
                match other.and_then(|other| rows.get(other)) {
                    Some(other) => value.value(other, context).into_owned(),
                    None => default.value(row, context).into_owned(),
                }
            })
            .collect(),
        Function::Rank { value, restart, dense } => {
            let (mut rank, mut count) = (0, 0);
            let mut last: Option<Value> = None;
            rows.iter()
                .map(|row| {
                    let next = value.value(row, context).into_owned();
                    let restarts = restart.as_ref().is_some_and(|restart| restart.is_true(row, context));
                    if restarts {
                        (rank, count, last) = (0, 0, None);
                    }
                    count += 1;
                    if last.as_ref().is_none_or(|last| !same(last, &next)) {
                        rank = if *dense { rank + 1 } else { count };
                    }
                    last = Some(next);
                    Value::Long(rank)
                })
                .collect()
        }
        Function::Session { value, from_first, between, restart } => {
            let ticks = |value: &Value| if let Value::TimeSpan(ticks) = value { Some(*ticks) } else { None };
            let mut session: Option<(i64, i64)> = None;
            rows.iter()
                .map(|row| {
                    let Value::DateTime(at) = *value.value(row, context) else { return Value::Null };
                    let restarts = restart.as_ref().is_some_and(|restart| restart.is_true(row, context));
                    let (most, gap) = (ticks(&from_first.value(row, context)), ticks(&between.value(row, context)));
                    let first = match (session, most, gap) {
                        (Some((first, last)), Some(most), Some(gap))
                            if !restarts && at.saturating_sub(first) <= most && at.saturating_sub(last) <= gap =>
                        {
                            first
                        }
                        _ => at,
                    };
                    session = Some((first, at));
                    Value::DateTime(first)
                })
                .collect()
        }
        Function::Sum { value, restart } => {
            let mut sum = Value::Null;
            rows.iter()
                .map(|row| {
                    if restart.as_ref().is_some_and(|restart| restart.is_true(row, context)) {
                        sum = Value::Null;
                    }
                    let more = value.value(row, context).into_owned();
                    if matches!(sum, Value::Null) {
                        sum = more;
                    } else if !matches!(more, Value::Null) {
                        sum = operators::apply(BinaryOp::Add, &sum, &more);
                    }
                    sum.clone()
                })
                .collect()
        }
    }
}

impl Stage for Windows {
    fn push(&mut self, run: &RunState, rows: Vec<Row>, _: &mut Vec<Row>) -> Result<Flow, RunError> {
        run.budget.hold_rows(&rows, self.span)?;
        self.rows.extend(rows);
        Ok(Flow::More)
    }

    fn finish(&mut self, run: &RunState, out: &mut Vec<Row>) -> Result<(), RunError> {
        let mut rows = std::mem::take(&mut self.rows);
        for function in &self.functions {
            let values = values(function, &rows, run);
            rows.iter_mut().zip(values).for_each(|(row, value)| row.push(value));
        }
        *out = rows;
        Ok(())
    }
}
