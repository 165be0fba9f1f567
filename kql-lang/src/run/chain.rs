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
        rows: Vec<Row>,
        sink: &mut dyn FnMut(Vec<Row>) -> Result<Flow, RunError>,
    ) -> Result<Flow, RunError> {
        let mut flow = Flow::More;
        // Rows in transit, each part with the step that it has to pass next. A step that can produce many rows from each takes
        // few at once, so that what it produces passes the later steps before it produces more.
        let mut waiting = vec![(from, rows)];
        while let Some((at, mut rows)) = waiting.pop() {
            if rows.is_empty() || self.done.is_some_and(|done| done >= at) {
                continue;
            }
            let state = self.state;
            match self.slots.get_mut(at) {
                None => {
                    if sink(rows)? == Flow::Done {
                        self.done = Some(self.slots.len());
                        return Ok(Flow::Done);
                    }
                }
                Some(Slot::Append(_)) => waiting.push((at + 1, rows)),
                Some(Slot::Stage(stage, span)) => {
                    let portion = stage.portion();
                    if rows.len() > portion {
                        let rest = rows.split_off(portion);
                        waiting.push((at, rest));
                    }
                    state.start_rows();
                    state.budget.step(rows.len(), *span)?;
                    state.context.work(64 * rows.len() as u64);
                    let mut out = Vec::new();
                    let stage_flow = stage.push(state, rows, &mut out)?;
                    state.check(*span)?;
                    if stage_flow == Flow::Done {
                        self.done = Some(self.done.map_or(at, |done| done.max(at)));
                        flow = Flow::Done;
                    }
                    if !out.is_empty() {
                        waiting.push((at + 1, out));
                    }
                }
            }
        }
        Ok(flow)
    }
}
