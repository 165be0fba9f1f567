//! The interface of the steps, and the steps that process rows one at a time.

use crate::eval::Code;
use crate::run::budget::weight;
use crate::run::error::RunError;
use crate::run::key::Index;
use crate::run::state::RunState;
use crate::span::Span;
use crate::value::{Row, Value};

/// Whether more rows are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    More,
    Done,
}

/// A step of a pipeline: consumes rows and produces rows, immediately or at the end.
pub(crate) trait Stage {
    /// Consumes rows and adds result rows to `out`.
    fn push(&mut self, run: &RunState, rows: Vec<Row>, out: &mut Vec<Row>) -> Result<Flow, RunError>;

    /// The number of rows that it takes at once; few if each can produce many rows.
    fn portion(&self) -> usize {
        usize::MAX
    }

    /// Adds the rows produced at the end of the input to `out`.
    fn finish(&mut self, run: &RunState, out: &mut Vec<Row>) -> Result<(), RunError>;

    /// Whether the step needs no more input.
    fn is_done(&self) -> bool {
        false
    }
}

pub(crate) struct Filter {
    pub(crate) condition: Code,
}

impl Stage for Filter {
    fn push(&mut self, run: &RunState, mut rows: Vec<Row>, out: &mut Vec<Row>) -> Result<Flow, RunError> {
        rows.retain(|row| self.condition.is_true(row, &run.context));
        *out = rows;
        Ok(Flow::More)
    }

    fn finish(&mut self, _: &RunState, _: &mut Vec<Row>) -> Result<(), RunError> {
        Ok(())
    }
}

pub(crate) struct Map {
    row: Vec<Code>,
    /// Number of leading columns that are unchanged: if it is all of them, the row is extended in place.
    same: usize,
}

impl Map {
    pub(crate) fn new(row: Vec<Code>) -> Self {
        let same =
            row.iter().enumerate().take_while(|(index, code)| matches!(code, Code::Column(at) if at == index)).count();
        Self { row, same }
    }
}

impl Stage for Map {
    fn push(&mut self, run: &RunState, rows: Vec<Row>, out: &mut Vec<Row>) -> Result<Flow, RunError> {
        out.reserve(rows.len());
        for mut row in rows {
            if row.len() == self.same {
                let mut new: Vec<Value> = Vec::with_capacity(self.row.len() - self.same);
                new.extend(self.row.iter().skip(self.same).map(|code| code.value(&row, &run.context).into_owned()));
                row.append(&mut new);
                out.push(row);
            } else {
                out.push(self.row.iter().map(|code| code.value(&row, &run.context).into_owned()).collect());
            }
        }
        Ok(Flow::More)
    }

    fn finish(&mut self, _: &RunState, _: &mut Vec<Row>) -> Result<(), RunError> {
        Ok(())
    }
}

pub(crate) struct Take {
    pub(crate) left: usize,
}

impl Stage for Take {
    fn push(&mut self, _: &RunState, mut rows: Vec<Row>, out: &mut Vec<Row>) -> Result<Flow, RunError> {
        rows.truncate(self.left);
        self.left -= rows.len();
        *out = rows;
        Ok(if self.left == 0 { Flow::Done } else { Flow::More })
    }

    fn finish(&mut self, _: &RunState, _: &mut Vec<Row>) -> Result<(), RunError> {
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.left == 0
    }
}

pub(crate) struct Distinct {
    pub(crate) seen: Index,
    pub(crate) span: Span,
}

impl Stage for Distinct {
    fn push(&mut self, run: &RunState, mut rows: Vec<Row>, out: &mut Vec<Row>) -> Result<Flow, RunError> {
        let mut bytes = 0;
        rows.retain(|row| {
            let (_, new) = self.seen.put(row);
            if new {
                bytes += weight(row);
            }
            new
        });
        run.budget.hold(rows.len(), bytes, self.span)?;
        *out = rows;
        Ok(Flow::More)
    }

    fn finish(&mut self, _: &RunState, _: &mut Vec<Row>) -> Result<(), RunError> {
        Ok(())
    }
}

pub(crate) struct Count {
    pub(crate) rows: i64,
}

impl Stage for Count {
    fn push(&mut self, _: &RunState, rows: Vec<Row>, _: &mut Vec<Row>) -> Result<Flow, RunError> {
        self.rows = self.rows.saturating_add(i64::try_from(rows.len()).unwrap_or(i64::MAX));
        Ok(Flow::More)
    }

    fn finish(&mut self, _: &RunState, out: &mut Vec<Row>) -> Result<(), RunError> {
        out.push(vec![Value::Long(self.rows)]);
        Ok(())
    }
}
