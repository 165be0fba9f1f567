//! `mv-apply` and `partition`: operators applied to the elements of each row, or to each group of rows.

use crate::eval::Code;
use crate::plan::{Apply, Cell, Parts};
use crate::run::Run;
use crate::run::budget::transit;
use crate::run::error::RunError;
use crate::run::expand::Expand;
use crate::run::key::Index;
use crate::run::stage::{Flow, Stage};
use crate::run::state::RunState;
use crate::span::Span;
use crate::value::{Row, Value};

enum Source {
    /// Expands one row.
    Elements(Expand),
    /// The groups so far.
    Groups { by: Code, index: Index, groups: Vec<Vec<Row>> },
}

pub(crate) struct Applied<'p> {
    run: &'p Run<'p>,
    apply: &'p Apply,
    source: Source,
    span: Span,
}

impl<'p> Applied<'p> {
    pub(crate) fn new(run: &'p Run<'p>, apply: &'p Apply, span: Span) -> Result<Self, RunError> {
        let source = match &apply.parts {
            Parts::Elements(expansion) => Source::Elements(Expand::new(&run.state, expansion, span)?),
            Parts::Groups(by) => Source::Groups { by: run.state.code(by), index: Index::default(), groups: Vec::new() },
        };
        Ok(Self { run, apply, source, span })
    }

    /// Applies the operators to a part and adds the results to `out`; `outer` supplies the cells of the row outside.
    fn part(&self, outer: &[Value], part: Vec<Row>, out: &mut Vec<Row>) -> Result<(), RunError> {
        let mut bytes = 0;
        self.run.relation_over(&self.apply.inner, Some(part), &mut |rows| {
            for row in rows {
                let cell = |cell: &Cell| match cell {
                    Cell::Outer(at) => outer.get(*at),
                    Cell::Inner(at) => row.get(*at),
                };
                let row: Row =
                    self.apply.output.iter().map(|from| cell(from).cloned().unwrap_or(Value::Null)).collect();
                bytes += transit(1, row.len());
                out.push(row);
            }
            self.run.state.budget.carry(bytes, self.span)?;
            Ok(Flow::More)
        })
    }
}

impl Stage for Applied<'_> {
    fn push(&mut self, run: &RunState, rows: Vec<Row>, out: &mut Vec<Row>) -> Result<Flow, RunError> {
        match &mut self.source {
            Source::Groups { by, index, groups } => {
                run.budget.hold_rows(&rows, self.span)?;
                for row in rows {
                    let (at, new) = index.put(&[by.value(&row, &run.context).into_owned()]);
                    if new {
                        groups.push(Vec::new());
                    }
                    if let Some(group) = groups.get_mut(at) {
                        group.push(row);
                    }
                }
            }
            Source::Elements(expand) => {
                let mut parts = Vec::with_capacity(rows.len());
                for row in rows {
                    let mut elements = Vec::new();
                    expand.push(run, vec![row.clone()], &mut elements)?;
                    parts.push((row, elements));
                }
                for (row, elements) in parts {
                    if !elements.is_empty() {
                        self.part(&row, elements, out)?;
                    }
                }
            }
        }
        Ok(Flow::More)
    }

    fn portion(&self) -> usize {
        match self.source {
            Source::Elements(_) => 1,
            Source::Groups { .. } => usize::MAX,
        }
    }

    fn finish(&mut self, _: &RunState, out: &mut Vec<Row>) -> Result<(), RunError> {
        if let Source::Groups { groups, .. } = &mut self.source {
            for group in std::mem::take(groups) {
                self.part(&[], group, out)?;
            }
        }
        Ok(())
    }
}
