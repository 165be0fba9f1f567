//! `join` and `lookup`: the right side is buffered and indexed by its keys, the left side is streamed.
//!
//! A null key matches a null key, although `null == null` is not true; the service does the same for every kind of
//! join.

use crate::plan::{Join, JoinKind};
use crate::run::budget::{transit, weight};
use crate::run::error::RunError;
use crate::run::key::Index;
use crate::run::stage::{Flow, Stage};
use crate::run::state::RunState;
use crate::span::Span;
use crate::value::{Column, Row, Value};

pub(crate) fn stage<'p>(
    run: &RunState,
    join: &'p Join,
    right: Vec<Row>,
    span: Span,
) -> Result<Box<dyn Stage + 'p>, RunError> {
    let mut index = Index::default();
    let mut places: Vec<Vec<usize>> = Vec::new();
    let mut key = Vec::new();
    for (place, row) in right.iter().enumerate() {
        key_of(row, join.on.iter().map(|(_, right)| *right), &mut key);
        let (at, new) = index.put(&key);
        if new {
            places.push(Vec::new());
        }
        if let Some(list) = places.get_mut(at) {
            list.push(place);
        }
    }
    run.budget.hold(0, places.len() * 64, span)?;
    let matched = vec![false; right.len()];
    Ok(Box::new(Joining { join, right, index, places, matched, seen: Index::default(), span }))
}

/// Stores the key of a row in `key`.
fn key_of(row: &[Value], on: impl Iterator<Item = usize>, key: &mut Vec<Value>) {
    key.clear();
    key.extend(on.map(|column| row.get(column).cloned().unwrap_or(Value::Null)));
}

struct Joining<'p> {
    join: &'p Join,
    right: Vec<Row>,
    index: Index,
    /// The rows of the right side by key number.
    places: Vec<Vec<usize>>,
    /// Whether each row of the right side has a match.
    matched: Vec<bool>,
    /// The left keys already seen by `innerunique`.
    seen: Index,
    span: Span,
}

impl Joining<'_> {
    /// The result columns of a pair of rows.
    fn pair(&self, left: &[Value], right: &[Value]) -> Row {
        let width = left.len();
        let cell = |at: usize| if at < width { left.get(at) } else { right.get(at - width) };
        self.join.output.iter().map(|at| cell(*at).cloned().unwrap_or(Value::Null)).collect()
    }
}

/// The values of a missing row: empty strings, and null for all other types.
fn absent(columns: &[Column]) -> Row {
    columns.iter().map(|column| Value::nothing(column.kind)).collect()
}

impl Stage for Joining<'_> {
    fn push(&mut self, run: &RunState, rows: Vec<Row>, out: &mut Vec<Row>) -> Result<Flow, RunError> {
        let kind = self.join.kind;
        let absent_row = absent(&self.join.right.columns);
        let mut key = Vec::new();
        for row in rows {
            key_of(&row, self.join.on.iter().map(|(left, _)| *left), &mut key);
            if kind == JoinKind::InnerUnique {
                let (_, new) = self.seen.put(&key);
                if !new {
                    continue;
                }
                run.budget.hold(1, weight(&key), self.span)?;
            }
            let found = self.index.find(&key);
            let places = found.and_then(|at| self.places.get(at)).map(Vec::as_slice).unwrap_or_default();
            match kind {
                JoinKind::LeftSemi if !places.is_empty() => out.push(row),
                JoinKind::LeftAnti if places.is_empty() => out.push(row),
                JoinKind::LeftSemi | JoinKind::LeftAnti => {}
                JoinKind::RightSemi | JoinKind::RightAnti => {
                    for place in places {
                        if let Some(matched) = self.matched.get_mut(*place) {
                            *matched = true;
                        }
                    }
                }
                JoinKind::LeftOuter | JoinKind::FullOuter if places.is_empty() => {
                    out.push(self.pair(&row, &absent_row))
                }
                JoinKind::InnerUnique
                | JoinKind::Inner
                | JoinKind::LeftOuter
                | JoinKind::RightOuter
                | JoinKind::FullOuter => {
                    run.budget.step(places.len(), self.span)?;
                    run.budget.carry(transit(places.len(), self.join.output.len()), self.span)?;
                    for place in places {
                        if let Some(matched) = self.matched.get_mut(*place) {
                            *matched = true;
                        }
                        if let Some(right) = self.right.get(*place) {
                            out.push(self.pair(&row, right));
                        }
                    }
                }
            }
        }
        Ok(Flow::More)
    }

    fn portion(&self) -> usize {
        8
    }

    fn finish(&mut self, _: &RunState, out: &mut Vec<Row>) -> Result<(), RunError> {
        let emit_matched = match self.join.kind {
            JoinKind::RightOuter | JoinKind::FullOuter | JoinKind::RightAnti => false,
            JoinKind::RightSemi => true,
            JoinKind::InnerUnique | JoinKind::Inner | JoinKind::LeftOuter | JoinKind::LeftAnti | JoinKind::LeftSemi => {
                return Ok(());
            }
        };
        let absent_row = absent(&self.join.left);
        for (row, matched) in self.right.iter().zip(&self.matched) {
            if *matched == emit_matched {
                out.push(self.pair(&absent_row, row));
            }
        }
        Ok(())
    }
}
