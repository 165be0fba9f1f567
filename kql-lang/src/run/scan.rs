//! `scan`: follows sequences of rows through steps.
//!
//! The state of a step is the sequence that last reached it: the rows that matched this step and those before it. Each row is
//! tried against the steps from the last to the first: <https://learn.microsoft.com/kusto/query/scan-operator>, read
//! 2026-11-30.

use crate::eval::Code;
use crate::plan::Scan;
use crate::run::budget::transit;
use crate::run::error::RunError;
use crate::run::stage::{Flow, Stage};
use crate::run::state::RunState;
use crate::span::Span;
use crate::value::{Row, Type, Value, convert};

struct Step {
    emits: bool,
    condition: Code,
    assignments: Vec<(usize, Code)>,
}

/// A sequence: its number, and the row that last matched each of its steps.
#[derive(Clone)]
struct Sequence {
    id: i64,
    rows: Vec<Row>,
}

pub(crate) struct Scanned {
    defaults: Vec<(Value, Type)>,
    steps: Vec<Step>,
    match_id: bool,
    states: Vec<Option<Sequence>>,
    next_id: i64,
    span: Span,
}

impl Scanned {
    pub(crate) fn new(run: &RunState, scan: &Scan, span: Span) -> Self {
        let steps = scan.steps.iter().map(|step| Step {
            emits: step.emits,
            condition: run.code(&step.condition),
            assignments: step.assignments.iter().map(|(column, value)| (*column, run.code(value))).collect(),
        });
        let defaults = scan.defaults.iter().map(|(default, kind)| (convert::to(*kind, &run.constant(default)), *kind));
        Self {
            defaults: defaults.collect(),
            steps: steps.collect(),
            match_id: scan.match_id,
            states: vec![None; scan.steps.len()],
            next_id: 0,
            span,
        }
    }

    /// The row that the expressions of a step read, for the sequence that it would continue.
    fn view(&self, row: &Row, width: usize, sequence: Option<&Sequence>) -> Row {
        let mut view = row.clone();
        for step in 0..self.steps.len() {
            match sequence.and_then(|sequence| sequence.rows.get(step)) {
                Some(known) => view.extend_from_slice(known),
                None => {
                    view.extend(std::iter::repeat_n(Value::Null, width - self.defaults.len()));
                    view.extend(self.defaults.iter().map(|(default, _)| default.clone()));
                }
            }
        }
        view
    }

    /// The row with the values that a step assigns, if the row matches the step.
    fn matched(&self, step: &Step, row: &Row, sequence: Option<&Sequence>, run: &RunState) -> Option<Row> {
        let width = row.len();
        let view = self.view(row, width, sequence);
        if !step.condition.is_true(&view, &run.context) {
            return None;
        }
        let mut new = row.clone();
        for (column, value) in &step.assignments {
            let kind = (width - self.defaults.len()..width).zip(&self.defaults).find(|(at, _)| at == column);
            let value = value.value(&view, &run.context);
            if let (Some(cell), Some((_, (_, kind)))) = (new.get_mut(*column), kind) {
                *cell = convert::to(*kind, &value);
            }
        }
        Some(new)
    }

    fn emit(&self, step: &Step, row: &Row, id: i64, out: &mut Vec<Row>) {
        if step.emits {
            let mut row = row.clone();
            row.extend(self.match_id.then_some(Value::Long(id)));
            out.push(row);
        }
    }

    fn row(&mut self, run: &RunState, row: &Row, out: &mut Vec<Row>) {
        for at in (0..self.steps.len()).rev() {
            let Some(step) = self.steps.get(at) else { continue };
            // The sequence of the step before is continued.
            if let Some(before) = at.checked_sub(1)
                && let Some(sequence) = self.states.get(before).cloned().flatten()
                && let Some(new) = self.matched(step, row, Some(&sequence), run)
            {
                self.emit(step, &new, sequence.id, out);
                let mut sequence = sequence;
                sequence.rows.truncate(at);
                sequence.rows.push(new);
                if let Some(state) = self.states.get_mut(before) {
                    *state = None;
                }
                if let Some(state) = self.states.get_mut(at) {
                    *state = Some(sequence);
                }
                continue;
            }
            // The row repeats the step, or begins a sequence.
            let own = self.states.get(at).cloned().flatten();
            if at > 0 && own.is_none() {
                continue;
            }
            let Some(new) = self.matched(step, row, own.as_ref(), run) else { continue };
            let id = match (&own, at) {
                (_, 0) => self.next_id,
                (Some(own), _) => own.id,
                (None, _) => continue,
            };
            self.emit(step, &new, id, out);
            if at == 0 {
                self.next_id += 1;
            }
            let mut rows = own.map(|own| own.rows).unwrap_or_default();
            rows.truncate(at);
            rows.push(new);
            if let Some(state) = self.states.get_mut(at) {
                *state = Some(Sequence { id, rows });
            }
        }
    }
}

impl Stage for Scanned {
    fn push(&mut self, run: &RunState, rows: Vec<Row>, out: &mut Vec<Row>) -> Result<Flow, RunError> {
        let mut bytes = 0;
        for mut row in rows {
            row.extend(self.defaults.iter().map(|(default, _)| default.clone()));
            let before = out.len();
            self.row(run, &row, out);
            bytes += transit(out.len() - before, row.len() + 1);
            run.budget.carry(bytes, self.span)?;
        }
        Ok(Flow::More)
    }

    fn finish(&mut self, _: &RunState, _: &mut Vec<Row>) -> Result<(), RunError> {
        Ok(())
    }
}
