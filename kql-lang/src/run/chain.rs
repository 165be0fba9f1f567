//! The steps of a pipeline during its execution.

use crate::plan::Relation;
use crate::run::error::RunError;
use crate::run::stage::{Flow, Stage};
use crate::run::state::RunState;
use crate::span::Span;
use crate::value::Row;

/// The steps of a pipeline during its execution.
pub(crate) struct Chain<'p, 'r> {
    pub(crate) slots: Vec<Slot<'p>>,
    /// The last step that needs no more rows; the steps before it need no more input either.
    pub(crate) done: Option<usize>,
    pub(crate) state: &'r RunState,
}

pub(crate) enum Slot<'p> {
    Stage(Box<dyn Stage + 'p>, Span),
    Append(&'p Relation),
}

impl Chain<'_, '_> {
    pub(crate) fn look_for_done(&mut self) {
        self.done = self.slots.iter().rposition(|slot| matches!(slot, Slot::Stage(stage, _) if stage.is_done()));
    }

    /// Passes rows through the steps, starting at `from`.
    pub(crate) fn push(
        &mut self,
        from: usize,
        mut rows: Vec<Row>,
        sink: &mut dyn FnMut(Vec<Row>) -> Result<Flow, RunError>,
    ) -> Result<Flow, RunError> {
        let mut flow = Flow::More;
        for (index, slot) in self.slots.iter_mut().enumerate().skip(from) {
            if rows.is_empty() {
                return Ok(flow);
            }
            let Slot::Stage(stage, span) = slot else { continue };
            self.state.budget.step(rows.len(), *span)?;
            let mut out = Vec::new();
            let stage_flow = stage.push(self.state, rows, &mut out)?;
            if stage_flow == Flow::Done {
                self.done = Some(self.done.map_or(index, |done| done.max(index)));
                flow = Flow::Done;
            }
            rows = out;
        }
        if !rows.is_empty() && sink(rows)? == Flow::Done {
            self.done = Some(self.slots.len());
            flow = Flow::Done;
        }
        Ok(flow)
    }
}
