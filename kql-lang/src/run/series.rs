//! `make-series`: one row per group, with an array over the bins of the axis for each aggregate and for the axis.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::eval::Code;
use crate::plan::Series;
use crate::run::budget::weight;
use crate::run::error::RunError;
use crate::run::group::{Aggregate, Cell};
use crate::run::key::Index;
use crate::run::stage::{Flow, Stage};
use crate::run::state::RunState;
use crate::span::Span;
use crate::value::{Row, Type, Value, convert};

/// Maximum number of bins of a series.
const LONGEST: i64 = 1_048_576;

pub(crate) struct Make<'p> {
    series: &'p Series,
    keys: Vec<Code>,
    on: Code,
    axis: Axis,
    /// The first bin and the one after the last, if given explicitly.
    bounds: (Option<i64>, Option<i64>),
    aggregates: Vec<Aggregate>,
    values: Vec<(Code, Value)>,
    groups: Index,
    bins: Vec<BTreeMap<i64, Vec<Cell>>>,
    span: Span,
}

/// The mapping between values of the axis and bin numbers.
#[derive(Clone, Copy, Debug)]
enum Axis {
    /// Whole numbers, instants, timespans: the start of bin 0, and the width of a bin.
    Whole { zero: i128, step: i128, kind: Type },
    /// Real numbers.
    Real { zero: f64, step: f64 },
}

impl Axis {
    fn new(kind: Type, from: Option<&Value>, step: &Value) -> Option<Self> {
        if kind == Type::Real || kind == Type::Decimal || step.as_integer().is_none() {
            let real = |value: &Value| {
                if let Value::Real(real) = convert::to(Type::Real, value) { Some(real) } else { None }
            };
            let step = real(step)?;
            let zero = from.map_or(Some(0.0), real)?;
            return (step > 0.0 && step.is_finite() && zero.is_finite()).then_some(Self::Real { zero, step });
        }
        let step = step.as_integer()?;
        let zero = from.map_or(Some(0), Value::as_integer)?;
        (step > 0).then_some(Self::Whole { zero, step, kind })
    }

    /// The bin that contains a value.
    fn bin(self, value: &Value) -> Option<i64> {
        match self {
            Self::Whole { zero, step, .. } => i64::try_from((value.as_integer()? - zero).div_euclid(step)).ok(),
            Self::Real { zero, step } => match convert::to(Type::Real, value) {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a bin beyond i64 exceeds the maximum length of a series"
                )]
                Value::Real(real) if real.is_finite() => Some(((real - zero) / step).floor() as i64),
                _ => None,
            },
        }
    }

    /// The first bin that starts at or after a value: the exclusive end of a series that ends at the value.
    fn end(self, value: &Value) -> Option<i64> {
        match self {
            Self::Whole { zero, step, .. } => i64::try_from(-(zero - value.as_integer()?).div_euclid(step)).ok(),
            Self::Real { zero, step } => match convert::to(Type::Real, value) {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a bin beyond i64 exceeds the maximum length of a series"
                )]
                Value::Real(real) if real.is_finite() => Some(((real - zero) / step).ceil() as i64),
                _ => None,
            },
        }
    }

    /// The start of a bin.
    fn start(self, bin: i64) -> Value {
        match self {
            Self::Whole { zero, step, kind } => {
                Value::from_integer(zero + i128::from(bin) * step, kind).unwrap_or(Value::Null)
            }
            #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^53 bins")]
            Self::Real { zero, step } => Value::Real(zero + step * bin as f64),
        }
    }
}

impl<'p> Make<'p> {
    pub(crate) fn new(run: &RunState, series: &'p Series, span: Span) -> Result<Self, RunError> {
        let value_error = |message: &str| RunError::Value { message: message.to_owned(), span };
        let from = series.from.as_ref().map(|from| run.constant(from));
        let to = series.to.as_ref().map(|to| run.constant(to));
        let zero = if series.in_range { None } else { from.as_ref() };
        let axis = Axis::new(series.kind, zero, &run.constant(&series.step))
            .ok_or_else(|| value_error("`make-series` needs a start and a step greater than zero"))?;
        // `in range` takes the bins that contain the start and the end.
        let end_of =
            |to: &Value| if series.in_range { axis.bin(to).map(|bin| bin.saturating_add(1)) } else { axis.end(to) };
        let end =
            to.map(|to| end_of(&to).ok_or_else(|| value_error("the end of `make-series` is null"))).transpose()?;
        let start = match &from {
            Some(from) if series.in_range => {
                Some(axis.bin(from).ok_or_else(|| value_error("the start of `make-series` is null"))?)
            }
            Some(_) => Some(0),
            None => None,
        };
        let bounds = (start, end);
        if let (Some(first), Some(end)) = bounds
            && end.saturating_sub(first) > LONGEST
        {
            return Err(value_error("`make-series` has too many bins"));
        }
        Ok(Self {
            series,
            keys: series.keys.iter().map(|key| run.code(key)).collect(),
            on: run.code(&series.on),
            axis,
            bounds,
            aggregates: series.aggregates.iter().map(|aggregation| Aggregate::new(run, aggregation)).collect(),
            values: series.values.iter().map(|(value, empty)| (run.code(value), run.constant(empty))).collect(),
            groups: Index::default(),
            bins: Vec::new(),
            span,
        })
    }

    fn row(&self, run: &RunState, key: Row, mut bins: BTreeMap<i64, Vec<Cell>>) -> Result<Row, RunError> {
        let first = self.bounds.0.or_else(|| bins.keys().next().copied()).unwrap_or(0);
        let end = self.bounds.1.or_else(|| bins.keys().next_back().map(|last| last + 1)).unwrap_or(first);
        if end.saturating_sub(first) > LONGEST {
            return Err(RunError::Value { message: "`make-series` has too many bins".to_owned(), span: self.span });
        }
        let length = usize::try_from(end.saturating_sub(first)).unwrap_or(0);
        run.budget.hold(0, length * size_of::<Value>() * (self.values.len() + 1), self.span)?;
        let mut arrays: Vec<Vec<Value>> = vec![Vec::with_capacity(length); self.values.len()];
        let mut axis = Vec::with_capacity(length);
        for bin in first..end {
            axis.push(self.axis.start(bin));
            let cells = bins.remove(&bin).map(|cells| {
                let mut row = key.clone();
                for (aggregate, cell) in self.aggregates.iter().zip(cells) {
                    aggregate.finish(cell, &mut row, run);
                }
                row
            });
            for (array, (value, empty)) in arrays.iter_mut().zip(&self.values) {
                array.push(match &cells {
                    Some(row) => value.value(row, &run.context).into_owned(),
                    None => empty.clone(),
                });
            }
        }
        let mut row = key;
        row.extend(arrays.into_iter().chain([axis]).map(|array| Value::Array(Arc::new(array))));
        Ok(row)
    }
}

impl Stage for Make<'_> {
    fn push(&mut self, run: &RunState, rows: Vec<Row>, _: &mut Vec<Row>) -> Result<Flow, RunError> {
        let mut key: Row = Vec::with_capacity(self.keys.len());
        for row in &rows {
            let Some(bin) = self.axis.bin(&self.on.value(row, &run.context)) else { continue };
            if self.bounds.0.is_some_and(|first| bin < first) || self.bounds.1.is_some_and(|end| bin >= end) {
                continue;
            }
            key.clear();
            key.extend(self.keys.iter().map(|code| code.value(row, &run.context).into_owned()));
            let (at, new) = self.groups.put(&key);
            let mut bytes = if new { weight(&key) } else { 0 };
            if new {
                self.bins.push(BTreeMap::new());
            }
            if let Some(bins) = self.bins.get_mut(at) {
                let cells = bins.entry(bin).or_insert_with(|| {
                    bytes += 64;
                    self.aggregates.iter().map(Aggregate::start).collect()
                });
                for (aggregate, cell) in self.aggregates.iter().zip(cells) {
                    bytes += aggregate.add(cell, row, run);
                }
            }
            run.budget.hold(usize::from(new), bytes, self.span)?;
        }
        Ok(Flow::More)
    }

    fn finish(&mut self, run: &RunState, out: &mut Vec<Row>) -> Result<(), RunError> {
        let keys = std::mem::take(&mut self.groups).into_keys();
        for (key, bins) in keys.into_iter().zip(std::mem::take(&mut self.bins)) {
            out.push(self.row(run, key, bins)?);
        }
        if out.is_empty() && self.series.nonempty && self.keys.is_empty() {
            out.push(self.row(run, Vec::new(), BTreeMap::new())?);
        }
        Ok(())
    }
}
