//! Runs a bound query on plain rows.
//!
//! Input: a [`Plan`], a [`Source`] of rows, and [`Settings`] with the instant of evaluation, the parameters and a
//! [`Budget`]. Output: the tables of the query, or the reason why there are none. Rows stream from the source through
//! the steps; only sorting, grouping and joining hold any.
//!
//! Where the language leaves an order open, it is that of the first row: of a group for `summarize` and `distinct`, of
//! the left side for `join`, of the tables for `union`. `take` keeps the first rows. So equal inputs give equal outputs.
//!
//! Nothing here reads a clock, a file or a socket, and nothing recurses into data.

mod chain;
mod expand;
mod group;
mod join;
mod key;
mod meter;
mod parse;
mod range;
mod series;
mod sort;
mod stage;
mod window;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::eval::{self, Code, Known};
use crate::plan::{Action, Definition, Origin, Plan, Relation, Step};
use crate::registry::Moment;
use crate::run::chain::{Chain, Slot};
use crate::run::meter::Meter;
use crate::run::stage::{Flow, Stage};
use crate::span::Span;
use crate::value::{Column, Row, Table, Type, Value, convert};

/// How many rows go through the steps at once.
const BATCH: usize = 1024;

/// Where the rows of tables come from.
///
/// A caller may rely on nothing but what `scan` says. An implementer gives each row once, with exactly the wanted
/// columns in the wanted order, each of the wanted type or null, and stops when the sink breaks. An implementation that
/// gives all columns of its table, whatever is wanted, is wrong: values would stand under other names.
pub trait Source {
    /// Gives the rows of a table to `sink`, in a fixed order.
    ///
    /// # Errors
    ///
    /// If the rows cannot be read to the end; the run then fails as a whole.
    fn scan(
        &self,
        table: &str,
        columns: &[Column],
        sink: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), SourceError>;
}

/// Why a source could not give rows.
pub type SourceError = Box<dyn Error + Send + Sync>;

/// Tables in memory.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    tables: BTreeMap<String, Table>,
}

impl Tables {
    /// No tables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same tables and one more.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, table: Table) -> Self {
        self.tables.insert(name.into(), table);
        self
    }
}

impl Source for Tables {
    fn scan(
        &self,
        table: &str,
        columns: &[Column],
        sink: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        let table = self.tables.get(table).ok_or_else(|| format!("there is no table `{table}`"))?;
        let at: Vec<Option<usize>> =
            columns.iter().map(|column| table.columns.iter().position(|known| known.name == column.name)).collect();
        for row in &table.rows {
            let picked = at.iter().map(|at| at.and_then(|at| row.get(at)).cloned().unwrap_or(Value::Null)).collect();
            if sink(picked).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// How much a run may do. Each limit is inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Rows that are held by steps or given as results, over the whole run.
    pub rows: u64,
    /// Bytes that they take, as estimated.
    pub bytes: u64,
    /// Rows that pass a step, over all steps.
    pub steps: u64,
}

impl Default for Budget {
    /// 20 million rows held, 4 GiB, 2 billion steps.
    fn default() -> Self {
        Self { rows: 20_000_000, bytes: 4 << 30, steps: 2_000_000_000 }
    }
}

/// What a run needs besides plan and rows.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The instant of evaluation, in ticks of 100 ns since 0001-01-01: what `now()` gives and `ago()` counts from.
    pub now: i64,
    /// The values of the parameters.
    pub parameters: BTreeMap<String, Value>,
    /// How much may be done.
    pub budget: Budget,
}

/// What a query gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The results in the order of their statements, each with the name that `as` gave it.
    pub tables: Vec<(Option<String>, Table)>,
    /// How many rows passed a step.
    pub steps: u64,
}

/// Which limit of a [`Budget`] was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Rows held.
    Rows,
    /// Bytes held.
    Bytes,
    /// Steps.
    Steps,
}

/// Why a query has no result.
#[derive(Debug)]
pub enum RunError {
    /// A limit of the budget was reached. A narrower query or a greater budget helps.
    Budget {
        /// Which.
        limit: Limit,
        /// What it is.
        value: u64,
        /// The operator that went beyond it.
        span: Span,
    },
    /// A source failed.
    Source {
        /// Of which table.
        table: String,
        /// What it said.
        source: SourceError,
    },
    /// A parameter has no value.
    Parameter(String),
    /// A value that an operator cannot work with, such as a step of zero.
    Value {
        /// What is wrong.
        message: String,
        /// The operator.
        span: Span,
    },
}

impl fmt::Display for RunError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Budget { limit, value, .. } => {
                let what = match limit {
                    Limit::Rows => "rows held",
                    Limit::Bytes => "bytes held",
                    Limit::Steps => "steps",
                };
                write!(out, "cannot finish the query: the limit of {value} {what} is reached")
            }
            Self::Source { table, .. } => write!(out, "cannot read table `{table}`"),
            Self::Parameter(name) => write!(out, "cannot run the query: parameter `{name}` has no value"),
            Self::Value { message, .. } => write!(out, "cannot run the query: {message}"),
        }
    }
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Source { source, .. } => Some(&**source),
            Self::Budget { .. } | Self::Parameter(_) | Self::Value { .. } => None,
        }
    }
}

/// Runs a query.
///
/// # Errors
///
/// If the budget is reached, a source fails, a parameter is missing, or an operator gets a value it cannot work with.
pub fn run(plan: &Plan, source: &dyn Source, settings: &Settings) -> Result<Outcome, RunError> {
    let mut run = Run {
        source,
        moment: Moment { now: settings.now },
        known: Vec::with_capacity(plan.definitions.len()),
        meter: Meter::new(settings.budget),
    };
    for definition in &plan.definitions {
        let known = run.define(definition, settings)?;
        run.known.push(known);
    }
    let mut tables = Vec::with_capacity(plan.results.len());
    for output in &plan.results {
        let rows = run.collect(&output.relation, Span::default())?;
        tables.push((output.name.clone(), Table { columns: output.relation.columns.clone(), rows }));
    }
    Ok(Outcome { tables, steps: run.meter.steps() })
}

/// A run while it goes on.
pub(crate) struct Run<'s> {
    source: &'s dyn Source,
    pub(crate) moment: Moment,
    known: Vec<Known>,
    pub(crate) meter: Meter,
}

impl Run<'_> {
    fn define(&self, definition: &Definition, settings: &Settings) -> Result<Known, RunError> {
        Ok(match definition {
            Definition::Parameter { name, kind, default } => {
                let value = settings.parameters.get(name).or(default.as_ref());
                let value = value.ok_or_else(|| RunError::Parameter(name.clone()))?;
                Known::Value(convert::to(*kind, value))
            }
            Definition::Scalar(scalar) => Known::Value(self.constant(scalar)),
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

    /// An expression, ready to be evaluated often.
    pub(crate) fn code(&self, scalar: &crate::plan::Scalar) -> Code {
        eval::prepare(scalar, &self.known, &self.moment)
    }

    /// The value of an expression that refers to no column.
    pub(crate) fn constant(&self, scalar: &crate::plan::Scalar) -> Value {
        self.code(scalar).value(&[], &self.moment).into_owned()
    }

    /// All rows of a pipeline.
    pub(crate) fn collect(&self, relation: &Relation, span: Span) -> Result<Vec<Row>, RunError> {
        let mut all = Vec::new();
        self.relation(relation, &mut |rows: Vec<Row>| {
            self.meter.hold_rows(&rows, span)?;
            if all.is_empty() {
                all = rows;
            } else {
                all.extend(rows);
            }
            Ok(Flow::More)
        })?;
        Ok(all)
    }

    /// Gives the rows of a pipeline to `sink`, many at once, until it is done.
    pub(crate) fn relation(
        &self,
        relation: &Relation,
        sink: &mut dyn FnMut(Vec<Row>) -> Result<Flow, RunError>,
    ) -> Result<(), RunError> {
        let mut chain = Chain { slots: Vec::with_capacity(relation.steps.len()), done: None, run: self };
        for step in &relation.steps {
            let slot = match &step.action {
                Action::Append(other) => Slot::Append(other),
                _ => Slot::Stage(self.stage(step)?, step.span),
            };
            chain.slots.push(slot);
        }
        chain.look_for_done();
        if chain.done.is_none() {
            self.origin(&relation.origin, &mut |rows| chain.push(0, rows, sink))?;
        }
        let mut at = 0;
        while at < chain.slots.len() {
            if chain.done.is_some_and(|done| done > at) {
                at = chain.done.unwrap_or(at);
                continue;
            }
            let mut out = Vec::new();
            match chain.slots.get_mut(at) {
                Some(Slot::Stage(stage, _)) => {
                    stage.finish(self, &mut out)?;
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

    fn stage<'p>(&self, step: &'p Step) -> Result<Box<dyn Stage + 'p>, RunError> {
        let span = step.span;
        Ok(match &step.action {
            Action::Filter(condition) => Box::new(stage::Filter { condition: self.code(condition) }),
            Action::Map(row) => Box::new(stage::Map::new(row.iter().map(|cell| self.code(cell)).collect())),
            Action::Aggregate { keys, aggregates } => Box::new(group::Group::new(self, keys, aggregates, span)),
            Action::Sort(keys) => Box::new(sort::Sort::new(self, keys, span)),
            Action::Top(count, keys) => Box::new(sort::Top::new(self, count, keys, span)?),
            Action::Take(count) => Box::new(stage::Take { left: self.count(count, span)? }),
            Action::Distinct => Box::new(stage::Distinct { seen: key::Index::default(), span }),
            Action::Count => Box::new(stage::Count { rows: 0 }),
            Action::Expand(expansion) => Box::new(expand::Expand::new(self, expansion, span)?),
            Action::Join(join) => join::stage(self, join, span)?,
            Action::Append(_) => Box::new(stage::Take { left: usize::MAX }),
            Action::Parse(pattern) => Box::new(parse::Parse::new(self, pattern, span)?),
            Action::Series(series) => Box::new(series::Make::new(self, series, span)?),
            Action::Window(windows) => Box::new(window::Windows::new(self, windows, span)),
        })
    }

    /// A number of rows.
    pub(crate) fn count(&self, scalar: &crate::plan::Scalar, span: Span) -> Result<usize, RunError> {
        match convert::to(Type::Long, &self.constant(scalar)) {
            Value::Long(count) => Ok(usize::try_from(count.max(0)).unwrap_or(usize::MAX)),
            _ => Err(RunError::Value { message: "a number of rows is null".to_owned(), span }),
        }
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
                    let rows = chunk.iter().map(|row| row.iter().map(|cell| self.constant(cell)).collect()).collect();
                    if push(rows)? == Flow::Done {
                        break;
                    }
                }
                Ok(())
            }
            Origin::Range { from, to, step, kind, span } => {
                let parts = [from, to, step].map(|part| self.constant(part));
                range::range(parts, *kind, *span, push)
            }
            Origin::Defined(index) => {
                let Some(Known::Table(rows)) = self.known.get(*index) else { return Ok(()) };
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
