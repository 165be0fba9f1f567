//! State shared by the steps of a run: evaluation context, values of definitions, budget.

use crate::eval::{self, Code, Known};
use crate::plan::Scalar;
use crate::registry::EvalContext;
use crate::run::budget::Budget;
use crate::run::error::RunError;
use crate::span::Span;
use crate::value::{Type, Value, convert};

/// State shared by the steps of a run.
#[derive(Debug)]
pub(crate) struct RunState {
    pub(crate) context: EvalContext,
    pub(crate) known: Vec<Known>,
    pub(crate) budget: Budget,
}

impl RunState {
    /// Prepares an expression for repeated evaluation.
    pub(crate) fn code(&self, scalar: &Scalar) -> Code {
        eval::prepare(scalar, &self.known, &self.context)
    }

    /// The value of an expression that refers to no column.
    pub(crate) fn constant(&self, scalar: &Scalar) -> Value {
        self.code(scalar).value(&[], &self.context).into_owned()
    }

    /// The value of an expression as a number of rows; negative numbers are 0.
    pub(crate) fn count(&self, scalar: &Scalar, span: Span) -> Result<usize, RunError> {
        match convert::to(Type::Long, &self.constant(scalar)) {
            Value::Long(count) => Ok(usize::try_from(count.max(0)).unwrap_or(usize::MAX)),
            _ => Err(RunError::Value { message: "the number of rows is null".to_owned(), span }),
        }
    }
}
