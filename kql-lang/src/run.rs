//! Execution of bound queries on in-memory rows.
//!
//! Input: a [`Plan`], a [`Source`] of rows, and [`Settings`] with the instant of evaluation, the parameters and
//! [`Limits`]. Output: the result tables of the query, or a [`RunError`]. Rows stream from the source through the
//! steps; only sorting, grouping, joining and window functions buffer rows.
//!
//! Where the language leaves the order open, results follow the order of first occurrence: of groups for `summarize`
//! and `distinct`, of left rows for `join`, of tables for `union`. `take` keeps the first rows. Equal inputs therefore
//! produce equal outputs.
//!
//! A run reads no clock, file or socket, and never recurses into data.

mod apply;
mod budget;
mod chain;
mod error;
mod expand;
mod group;
mod join;
mod key;
mod parse;
mod range;
mod scan;
mod series;
mod sort;
mod source;
mod stage;
mod state;
mod window;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use crate::datetime::DateTime;
use crate::eval::Known;
use crate::plan::{Action, Definition, Origin, Plan, Relation, Step};
use crate::registry::EvalContext;
use crate::run::chain::{Chain, Slot};
use crate::run::stage::{Flow, Stage};
use crate::run::state::RunState;
use crate::span::Span;
use crate::value::{Column, Row, Table, Value, convert};

use self::budget::Budget;
pub use self::budget::Limits;
pub use self::error::{Limit, RunError, SourceError};
pub use self::source::{Source, Tables};

/// Number of rows that pass through the steps at once.
const BATCH: usize = 1024;

/// Inputs of a run other than the plan and the rows.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The instant of evaluation: the value of `now()`, and the base of `ago()`.
    pub now: DateTime,
    /// The values of the parameters.
    pub parameters: BTreeMap<String, Value>,
    /// The limits of the run.
    pub limits: Limits,
}

/// The result of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The result tables in the order of their statements, each with the name assigned by `as`.
    pub tables: Vec<(Option<String>, Table)>,
    /// The number of rows that passed a step, summed over all steps.
    pub steps: u64,
}

/// Runs a query.
///
/// # Errors
///
/// If a limit is reached, a source fails, a parameter is missing, or an operator gets an invalid value.
pub fn run(plan: &Plan, source: &dyn Source, settings: &Settings) -> Result<Outcome, RunError> {
    start(plan, source, settings, EvalContext::new(settings.now.ticks()))
}

/// Runs a query with a limit of time: it fails with [`Limit::Time`] soon after `is_late` returns true.
///
/// The crate reads no clock: `is_late` is called now and then, and decides.
///
/// # Errors
///
/// Those of [`run`], and [`Limit::Time`].
pub fn run_until(
    plan: &Plan,
    source: &dyn Source,
    settings: &Settings,
    is_late: Rc<dyn Fn() -> bool>,
) -> Result<Outcome, RunError> {
    start(plan, source, settings, EvalContext::new(settings.now.ticks()).until(is_late))
}

fn start(plan: &Plan, source: &dyn Source, settings: &Settings, context: EvalContext) -> Result<Outcome, RunError> {
    let mut run = Run {
        source,
        state: RunState {
            context,
            known: Vec::with_capacity(plan.definitions.len()),
            budget: Budget::new(settings.limits),
        },
    };
    for definition in &plan.definitions {
        run.state.start_rows();
        let known = run.define(definition, settings)?;
        run.state.check(Span::default())?;
        run.state.known.push(known);
    }
    let mut tables = Vec::with_capacity(plan.results.len());
    for output in &plan.results {
        let rows = run.collect(&output.relation, Span::default())?;
        tables.push((output.name.clone(), Table { columns: output.relation.columns.clone(), rows }));
    }
    Ok(Outcome { tables, steps: run.state.budget.steps() })
}

/// A run in progress: its source of rows, and the state shared by its steps.
struct Run<'s> {
    source: &'s dyn Source,
    state: RunState,
}

impl Run<'_> {
    fn define(&self, definition: &Definition, settings: &Settings) -> Result<Known, RunError> {
        Ok(match definition {
            Definition::Parameter { name, kind, default } => {
                let value = settings.parameters.get(name).or(default.as_ref());
                let value = value.ok_or_else(|| RunError::Parameter(name.clone()))?;
                Known::Value(convert::to(*kind, value))
            }
            Definition::Scalar(scalar) => Known::Value(self.state.constant(scalar)),
            Definition::Cell(relation, kind) => {
                let mut cell = None;
                self.relation(relation, &mut |rows: Vec<Row>| {
                    if cell.is_none() {
                        cell = rows.into_iter().next().and_then(|row| row.into_iter().next());
                    }
                    Ok(if cell.is_some() { Flow::Done } else { Flow::More })
                })?;
                Known::Value(cell.unwrap_or_else(|| Value::nothing(*kind)))
            }
            Definition::Set(relation) => {
                let rows = self.collect(relation, Span::default())?;
                Known::List(rows.into_iter().filter_map(|row| row.into_iter().next()).collect())
            }
            Definition::Table(relation) => Known::Table(Arc::new(self.collect(relation, Span::default())?)),
        })
    }

    /// All rows of a pipeline.
    fn collect(&self, relation: &Relation, span: Span) -> Result<Vec<Row>, RunError> {
        let mut all = Vec::new();
        self.relation(relation, &mut |rows: Vec<Row>| {
            self.state.budget.hold_rows(&rows, span)?;
            if all.is_empty() {
                all = rows;
            } else {
                all.extend(rows);
            }
            Ok(Flow::More)
        })?;
        Ok(all)
    }

    /// Passes the rows of a pipeline to `sink` in batches, until the sink is done.
    fn relation(
        &self,
        relation: &Relation,
        sink: &mut dyn FnMut(Vec<Row>) -> Result<Flow, RunError>,
    ) -> Result<(), RunError> {
        self.relation_over(relation, None, sink)
    }

    /// Like [`Self::relation`], for a pipeline over rows that the surrounding operator supplies.
    fn relation_over(
        &self,
        relation: &Relation,
        given: Option<Vec<Row>>,
        sink: &mut dyn FnMut(Vec<Row>) -> Result<Flow, RunError>,
    ) -> Result<(), RunError> {
        let mut chain = Chain { slots: Vec::with_capacity(relation.steps.len()), done: None, state: &self.state };
        for step in &relation.steps {
            let slot = match &step.action {
                Action::Append(other) => Slot::Append(other),
                _ => Slot::Stage(self.stage(step)?, step.span),
            };
            chain.slots.push(slot);
        }
        chain.look_for_done();
        if chain.done.is_none() {
            match given {
                Some(rows) => {
                    chain.push(0, rows, sink)?;
                }
                None => self.origin(&relation.origin, &mut |rows| chain.push(0, rows, sink))?,
            }
        }
        let mut at = 0;
        while at < chain.slots.len() {
            if chain.done.is_some_and(|done| done > at) {
                at = chain.done.unwrap_or(at);
                continue;
            }
            let mut out = Vec::new();
            match chain.slots.get_mut(at) {
                Some(Slot::Stage(stage, span)) => {
                    let span = *span;
                    self.state.start_rows();
                    stage.finish(&self.state, &mut out)?;
                    self.state.check(span)?;
                    chain.push(at + 1, out, sink)?;
                }
                Some(Slot::Append(other)) => {
                    let other: &Relation = other;
                    self.relation(other, &mut |rows| chain.push(at + 1, rows, sink))?;
                }
                None => {}
            }
            at += 1;
        }
        Ok(())
    }

    fn stage<'p>(&'p self, step: &'p Step) -> Result<Box<dyn Stage + 'p>, RunError> {
        let span = step.span;
        Ok(match &step.action {
            Action::Filter(condition) => Box::new(stage::Filter { condition: self.state.code(condition) }),
            Action::Map(row) => Box::new(stage::Map::new(row.iter().map(|cell| self.state.code(cell)).collect())),
            Action::Aggregate { keys, aggregates } => {
                Box::new(group::GroupStage::new(&self.state, keys, aggregates, span))
            }
            Action::Sort(keys) => Box::new(sort::Sort::new(&self.state, keys, span)),
            Action::Top(count, keys) => Box::new(sort::Top::new(&self.state, count, keys, span)?),
            Action::Take(count) => Box::new(stage::Take { left: self.state.count(count, span)? }),
            Action::Distinct => Box::new(stage::Distinct { seen: key::Index::default(), span }),
            Action::Count => Box::new(stage::Count { rows: 0 }),
            Action::Expand(expansion) => Box::new(expand::Expand::new(&self.state, expansion, span)?),
            Action::Join(join) => join::stage(&self.state, join, self.collect(&join.right, span)?, span)?,
            Action::Append(_) => Box::new(stage::Take { left: usize::MAX }),
            Action::Parse(pattern) => Box::new(parse::Parse::new(&self.state, pattern, span)?),
            Action::Series(series) => Box::new(series::Make::new(&self.state, series, span)?),
            Action::Window(windows) => Box::new(window::Windows::new(&self.state, windows, span)),
            Action::Apply(apply) => Box::new(apply::Applied::new(self, apply, span)?),
            Action::Scan(scan) => Box::new(scan::Scanned::new(&self.state, scan, span)),
        })
    }

    fn origin(
        &self,
        origin: &Origin,
        push: &mut dyn FnMut(Vec<Row>) -> Result<Flow, RunError>,
    ) -> Result<(), RunError> {
        match origin {
            Origin::Table { name, columns } => self.scan(name, columns, push),
            Origin::Rows(rows) => {
                for chunk in rows.chunks(BATCH) {
                    let rows =
                        chunk.iter().map(|row| row.iter().map(|cell| self.state.constant(cell)).collect()).collect();
                    self.state.check(Span::default())?;
                    if push(rows)? == Flow::Done {
                        break;
                    }
                }
                Ok(())
            }
            Origin::Range { from, to, step, kind, span } => {
                let parts = [from, to, step].map(|part| self.state.constant(part));
                range::range(parts, *kind, *span, push)
            }
            // The surrounding operator passes its rows instead.
            Origin::Given(_) => Ok(()),
            Origin::Defined(index) => {
                let Some(Known::Table(rows)) = self.state.known.get(*index) else { return Ok(()) };
                for chunk in rows.chunks(BATCH) {
                    if push(chunk.to_vec())? == Flow::Done {
                        break;
                    }
                }
                Ok(())
            }
        }
    }

    fn scan(
        &self,
        table: &str,
        columns: &[Column],
        push: &mut dyn FnMut(Vec<Row>) -> Result<Flow, RunError>,
    ) -> Result<(), RunError> {
        let mut batch: Vec<Row> = Vec::with_capacity(BATCH);
        let mut failed = None;
        let mut done = false;
        let read = self.source.scan(table, columns, &mut |row| {
            batch.push(row);
            if batch.len() < BATCH {
                return ControlFlow::Continue(());
            }
            match push(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))) {
                Ok(Flow::More) => ControlFlow::Continue(()),
                Ok(Flow::Done) => {
                    done = true;
                    ControlFlow::Break(())
                }
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        });
        if let Some(error) = failed {
            return Err(error);
        }
        read.map_err(|source| RunError::Source { table: table.to_owned(), source })?;
        if !done && !batch.is_empty() {
            push(batch)?;
        }
        Ok(())
    }
}
