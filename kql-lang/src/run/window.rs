//! Functions of neighbouring rows: `row_number`, `prev`, `next`, `row_cumsum`.
//!
//! All rows are held, as `next` may look at any of them.

use crate::ast::BinaryOp;
use crate::eval::Code;
use crate::plan::{Scalar, Window};
use crate::registry::operators;
use crate::run::stage::{Flow, Stage};
use crate::run::{Run, RunError};
use crate::span::Span;
use crate::value::{Row, Value};

enum Function {
    RowNumber { start: Code, restart: Option<Code> },
    Shift { value: Code, by: i64, default: Code },
    Sum { value: Code, restart: Option<Code> },
}

pub(crate) struct Windows {
    functions: Vec<Function>,
    rows: Vec<Row>,
    span: Span,
}

impl Windows {
    pub(crate) fn new(run: &Run<'_>, windows: &[Window], span: Span) -> Self {
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
                Window::Sum { value, restart } => Function::Sum { value: run.code(value), restart: optional(restart) },
            })
            .collect();
        Self { functions, rows: Vec::new(), span }
    }
}

/// The values of a function for all rows.
fn values(function: &Function, rows: &[Row], run: &Run<'_>) -> Vec<Value> {
    let moment = &run.moment;
    match function {
        Function::RowNumber { start, restart } => {
            let mut next = 0;
            let mut first = true;
            rows.iter()
                .map(|row| {
                    if first || restart.as_ref().is_some_and(|restart| restart.is_true(row, moment)) {
                        next = start
                            .value(row, moment)
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
                    Some(other) => value.value(other, moment).into_owned(),
                    None => default.value(row, moment).into_owned(),
                }
            })
            .collect(),
        Function::Sum { value, restart } => {
            let mut sum = Value::Null;
            rows.iter()
                .map(|row| {
                    if restart.as_ref().is_some_and(|restart| restart.is_true(row, moment)) {
                        sum = Value::Null;
                    }
                    let more = value.value(row, moment).into_owned();
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
    fn push(&mut self, run: &Run<'_>, rows: Vec<Row>, _: &mut Vec<Row>) -> Result<Flow, RunError> {
        run.meter.hold_rows(&rows, self.span)?;
        self.rows.extend(rows);
        Ok(Flow::More)
    }

    fn finish(&mut self, run: &Run<'_>, out: &mut Vec<Row>) -> Result<(), RunError> {
        let mut rows = std::mem::take(&mut self.rows);
        for function in &self.functions {
            let values = values(function, &rows, run);
            rows.iter_mut().zip(values).for_each(|(row, value)| row.push(value));
        }
        *out = rows;
        Ok(())
    }
}
