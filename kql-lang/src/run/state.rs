//! What the steps of a run share: the context of evaluation, the values of definitions, the budget.

use crate::eval::{self, Code, Known};
use crate::plan::Scalar;
use crate::registry::EvalContext;
use crate::run::budget::Budget;
use crate::run::error::RunError;
use crate::span::Span;
use crate::value::{Type, Value, convert};

/// The state of a run that its steps read.
#[derive(Debug)]
pub(crate) struct RunState {
    pub(crate) context: EvalContext,
    pub(crate) known: Vec<Known>,
    pub(crate) budget: Budget,
}

impl RunState {
    /// An expression, ready to be evaluated often.
    pub(crate) fn code(&self, scalar: &Scalar) -> Code {
        eval::prepare(scalar, &self.known, &self.context)
    }

    /// The value of an expression that refers to no column.
    pub(crate) fn constant(&self, scalar: &Scalar) -> Value {
        self.code(scalar).value(&[], &self.context).into_owned()
    }

    /// A number of rows.
    pub(crate) fn count(&self, scalar: &Scalar, span: Span) -> Result<usize, RunError> {
        match convert::to(Type::Long, &self.constant(scalar)) {
            Value::Long(count) => Ok(usize::try_from(count.max(0)).unwrap_or(usize::MAX)),
            _ => Err(RunError::Value { message: "a number of rows is null".to_owned(), span }),
        }
    }
}
