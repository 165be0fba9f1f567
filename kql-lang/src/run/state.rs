//! State shared by the steps of a run: evaluation context, values of definitions, budget.

use crate::eval::{self, Code, Known};
use crate::plan::Scalar;
use crate::registry::{EvalContext, Failure};
use crate::run::budget::Budget;
use crate::run::error::{Limit, RunError};
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

    /// Starts a batch of rows: the values computed for them are counted from zero.
    pub(crate) fn start_rows(&self) {
        self.context.start_rows(self.budget.room());
    }

    /// Fails if a function has reached a limit.
    pub(crate) fn check(&self, span: Span) -> Result<(), RunError> {
        if !self.context.has_failed() {
            return Ok(());
        }
        match self.context.take_failure() {
            None => Ok(()),
            Some(Failure::Function(message)) => Err(RunError::Value { message, span }),
            Some(Failure::Memory) => Err(self.budget.out_of_memory(span)),
            Some(Failure::Time) => Err(RunError::LimitReached { limit: Limit::Time, value: 0, span }),
        }
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
