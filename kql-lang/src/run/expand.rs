//! `mv-expand`: one row per element of arrays and bags, with several values expanded in parallel.

use std::sync::Arc;

use crate::eval::Code;
use crate::plan::Expansion;
use crate::run::budget::transit;
use crate::run::error::RunError;
use crate::run::stage::{Flow, Stage};
use crate::run::state::RunState;
use crate::span::Span;
use crate::value::{Bag, Row, Type, Value, convert};

pub(crate) struct Expand {
    /// Per expanded value: the expression, the result column, and the element type.
    items: Vec<(Code, usize, Option<Type>)>,
    bags_as_arrays: bool,
    index: Option<usize>,
    limit: usize,
    width: usize,
    span: Span,
}

impl Expand {
    pub(crate) fn new(run: &RunState, expansion: &Expansion, span: Span) -> Result<Self, RunError> {
        let limit = expansion.limit.as_ref().map(|limit| run.count(limit, span)).transpose()?;
        let items = expansion.items.iter().map(|item| (run.code(&item.value), item.column, item.kind)).collect();
        Ok(Self {
            items,
            bags_as_arrays: expansion.bags_as_arrays,
            index: expansion.index,
            limit: limit.unwrap_or(usize::MAX),
            width: expansion.width,
            span,
        })
    }

    /// The element of a value at an index, converted for the result row.
    fn element(&self, value: &Value, at: usize, kind: Option<Type>) -> Value {
        let element = match value {
            Value::Array(items) => items.get(at).cloned().unwrap_or(Value::Null),
            Value::Bag(bag) => match bag.entries().nth(at) {
                Some((name, value)) if self.bags_as_arrays => {
                    Value::Array(Arc::new(vec![Value::String(Arc::clone(name)), value.clone()]))
                }
                Some((name, value)) => {
                    let mut one = Bag::default();
                    one.put(Arc::clone(name), value.clone());
                    Value::Bag(Arc::new(one))
                }
                None => Value::Null,
            },
            value if at == 0 => value.clone(),
            _ => Value::Null,
        };
        match kind {
            Some(Type::Dynamic) | None => element,
            Some(kind) => convert::to(kind, &element),
        }
    }
}

/// The number of result rows for a value: none for an empty array or bag, one for any other type.
fn length(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Bag(bag) => bag.len(),
        _ => 1,
    }
}

impl Stage for Expand {
    fn push(&mut self, run: &RunState, rows: Vec<Row>, out: &mut Vec<Row>) -> Result<Flow, RunError> {
        let mut carried = 0_usize;
        for row in rows {
            let values: Vec<Value> =
                self.items.iter().map(|(code, ..)| code.value(&row, &run.context).into_owned()).collect();
            let count = values.iter().map(length).max().unwrap_or(0).min(self.limit);
            run.budget.step(count, self.span)?;
            carried = carried.saturating_add(transit(count, self.width));
            run.budget.carry(carried, self.span)?;
            for at in 0..count {
                let mut new = Vec::with_capacity(self.width);
                new.extend_from_slice(&row);
                new.resize(self.width, Value::Null);
                for ((_, column, kind), value) in self.items.iter().zip(&values) {
                    if let Some(cell) = new.get_mut(*column) {
                        *cell = self.element(value, at, *kind);
                    }
                }
                if let Some(cell) = self.index.and_then(|index| new.get_mut(index)) {
                    *cell = Value::Long(i64::try_from(at).unwrap_or(i64::MAX));
                }
                out.push(new);
            }
        }
        Ok(Flow::More)
    }

    fn portion(&self) -> usize {
        16
    }

    fn finish(&mut self, _: &RunState, _: &mut Vec<Row>) -> Result<(), RunError> {
        Ok(())
    }
}
