//! Statistics of a series, and lines, two lines and polynomials fitted to it by least squares.

use std::sync::Arc;

use super::scalar;
use super::series::real;
use super::series_filter::all;
use crate::registry::arguments::{array_at, dynamic, returns, truth, whole};
use crate::registry::{Argument, ArgumentError, ColumnName, EvalContext, ResultColumn, Scalar};
use crate::value::{Bag, Type, Value, convert};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "series_stats",
        1..=2,
        stats_kind,
        |_, _, row| tuple(STATS.len() - 2, stats(row)),
        "The least and greatest number of a series with their indexes, mean, standard deviation and variance.",
    )
    .with_columns(|_| columns(STATS.get(..STATS.len() - 2).unwrap_or_default())),
    scalar(
        "series_stats_dynamic",
        1..=2,
        stats_kind,
        |_, _, row| bag(STATS, stats(row)),
        "The statistics of `series_stats`, and sum and length, as a bag.",
    ),
    scalar(
        "series_fit_line",
        1..=1,
        returns!(Dynamic; dynamic),
        |_, _, row| tuple(LINE.len(), all(row, 0).and_then(|series| line(&series))),
        "The line fitted to a series, with the quality of the fit.",
    )
    .with_columns(|_| columns(LINE)),
    scalar(
        "series_fit_line_dynamic",
        1..=1,
        returns!(Dynamic; dynamic),
        |_, _, row| bag(LINE, all(row, 0).and_then(|series| line(&series))),
        "The line fitted to a series, with the quality of the fit, as a bag.",
    ),
    scalar(
        "series_fit_2lines",
        1..=1,
        returns!(Dynamic; dynamic),
        |_, _, row| tuple(TWO_LINES.len(), all(row, 0).and_then(|series| two_lines(&series))),
        "The two lines that fit a series best when it is split in two, with the quality of the fit.",
    )
    .with_columns(|_| columns(TWO_LINES)),
    scalar(
        "series_fit_2lines_dynamic",
        1..=1,
        returns!(Dynamic; dynamic),
        |_, _, row| {
            all(row, 0).and_then(|series| two_lines(&series)).map_or(Value::Null, |values| two_lines_bag(&values))
        },
        "The two lines that fit a series best when it is split in two, with the quality of the fit, as a bag.",
    ),
    scalar(
        "series_fit_poly",
        1..=3,
        poly_kind,
        fit_poly,
        "The polynomial of a degree (1 by default) fitted to a series, over the indexes or a second series.",
    )
    .with_columns(|_| columns(POLY)),
];

type Columns = &'static [(&'static str, Type)];

const STATS: Columns = &[
    ("min", Type::Real),
    ("min_idx", Type::Long),
    ("max", Type::Real),
    ("max_idx", Type::Long),
    ("avg", Type::Real),
    ("stdev", Type::Real),
    ("variance", Type::Real),
    ("sum", Type::Real),
    ("len", Type::Long),
];
const LINE: Columns = &[
    ("rsquare", Type::Real),
    ("slope", Type::Real),
    ("variance", Type::Real),
    ("rvariance", Type::Real),
    ("interception", Type::Real),
    ("line_fit", Type::Dynamic),
];
const TWO_LINES: Columns = &[
    ("rsquare", Type::Real),
    ("split_idx", Type::Long),
    ("variance", Type::Real),
    ("rvariance", Type::Real),
    ("line_fit", Type::Dynamic),
    ("right_rsquare", Type::Real),
    ("right_slope", Type::Real),
    ("right_interception", Type::Real),
    ("right_variance", Type::Real),
    ("right_rvariance", Type::Real),
    ("left_rsquare", Type::Real),
    ("left_slope", Type::Real),
    ("left_interception", Type::Real),
    ("left_variance", Type::Real),
    ("left_rvariance", Type::Real),
];
const POLY: Columns = &[
    ("rsquare", Type::Real),
    ("coefficients", Type::Dynamic),
    ("variance", Type::Real),
    ("rvariance", Type::Real),
    ("poly_fit", Type::Dynamic),
];

/// The greatest degree of a polynomial; above it, the fit is dominated by rounding.
const GREATEST_DEGREE: i64 = 20;

#[expect(clippy::unnecessary_wraps, reason = "the type of the registry")]
pub(super) fn columns(columns: &[(&'static str, Type)]) -> Option<Vec<ResultColumn>> {
    let column = |(name, kind): &(&'static str, Type)| ResultColumn { name: ColumnName::OfFunction(name), kind: *kind };
    Some(columns.iter().map(column).collect())
}

/// The values of the columns as an array; nulls if there are none.
pub(super) fn tuple(length: usize, values: Option<Vec<Value>>) -> Value {
    let mut values = values.unwrap_or_default();
    values.resize(length, Value::Null);
    Value::array(values)
}

fn bag(columns: Columns, values: Option<Vec<Value>>) -> Value {
    let Some(values) = values else { return Value::Null };
    Value::bag(Bag::of(columns.iter().map(|(name, _)| Arc::from(*name)).zip(values)))
}

#[expect(clippy::cast_precision_loss, reason = "a series has far fewer than 2^53 elements")]
fn count(length: usize) -> f64 {
    length as f64
}

fn stats_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    dynamic(arguments, 0)?;
    truth(arguments, 1)?;
    Ok(Type::Dynamic)
}

/// Elements that are not numbers make the statistics null, unless they are to be ignored.
fn stats(row: &[Value]) -> Option<Vec<Value>> {
    let items = array_at(row, 0)?;
    let ignore = row.get(1).and_then(convert::truth) == Some(true);
    let mut numbers: Vec<(usize, f64)> = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        match real(item) {
            Some(number) if !ignore || number.is_finite() => numbers.push((place, number)),
            Some(_) => {}
            None if ignore => {}
            None => return None,
        }
    }
    let mut least = *numbers.first()?;
    let mut greatest = least;
    for number in &numbers {
        if number.1 < least.1 {
            least = *number;
        }
        if number.1 > greatest.1 {
            greatest = *number;
        }
    }
    let series: Vec<f64> = numbers.iter().map(|(_, number)| *number).collect();
    let sum: f64 = series.iter().sum();
    let variance = variance(&series);
    let index = |place: usize| Value::Long(i64::try_from(place).unwrap_or(i64::MAX));
    Some(vec![
        Value::Real(least.1),
        index(least.0),
        Value::Real(greatest.1),
        index(greatest.0),
        Value::Real(sum / count(series.len())),
        Value::Real(variance.sqrt()),
        Value::Real(variance),
        Value::Real(sum),
        index(series.len()),
    ])
}

/// The variance of a sample; 0 for a single number.
fn variance(series: &[f64]) -> f64 {
    if series.len() < 2 {
        return 0.0;
    }
    let mean = series.iter().sum::<f64>() / count(series.len());
    series.iter().map(|number| (number - mean) * (number - mean)).sum::<f64>() / (count(series.len()) - 1.0)
}

/// A line fitted to the numbers at 0, 1, 2 and so on.
struct Line {
    slope: f64,
    interception: f64,
    variance: f64,
    rest: f64,
}

impl Line {
    fn fit(series: &[f64]) -> Option<Self> {
        let length = count(series.len());
        if series.is_empty() {
            return None;
        }
        let (x_mean, y_mean) = ((length - 1.0) / 2.0, series.iter().sum::<f64>() / length);
        let (mut both, mut own) = (0.0, 0.0);
        for (place, number) in series.iter().enumerate() {
            let x = count(place) - x_mean;
            both += x * (number - y_mean);
            own += x * x;
        }
        let slope = if own == 0.0 { 0.0 } else { both / own };
        let interception = y_mean - slope * x_mean;
        let rests: Vec<f64> =
            series.iter().enumerate().map(|(place, number)| number - (interception + slope * count(place))).collect();
        Some(Self { slope, interception, variance: variance(series), rest: variance(&rests) })
    }

    fn points(&self, length: usize) -> impl Iterator<Item = f64> + '_ {
        (0..length).map(|place| self.interception + self.slope * count(place))
    }
}

/// How much of the variance a fit explains.
fn quality(variance: f64, rest: f64) -> f64 {
    if variance == 0.0 { 1.0 } else { 1.0 - rest / variance }
}

fn line(series: &[f64]) -> Option<Vec<Value>> {
    let line = Line::fit(series)?;
    Some(vec![
        Value::Real(quality(line.variance, line.rest)),
        Value::Real(line.slope),
        Value::Real(line.variance),
        Value::Real(line.rest),
        Value::Real(line.interception),
        Value::array(line.points(series.len()).map(Value::Real).collect()),
    ])
}

/// Sums over the numbers from the start of a series, from which the error of a line over any part follows.
#[derive(Clone, Copy, Default)]
struct Sums {
    count: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Sums {
    fn with(self, x: f64, y: f64) -> Self {
        Self {
            count: self.count + 1.0,
            x: self.x + x,
            y: self.y + y,
            xx: self.xx + x * x,
            xy: self.xy + x * y,
            yy: self.yy + y * y,
        }
    }

    fn without(self, other: Self) -> Self {
        Self {
            count: self.count - other.count,
            x: self.x - other.x,
            y: self.y - other.y,
            xx: self.xx - other.xx,
            xy: self.xy - other.xy,
            yy: self.yy - other.yy,
        }
    }

    /// The sum of the squared distances from the best line.
    fn error(self) -> f64 {
        let (xx, xy, yy) = (
            self.xx - self.x * self.x / self.count,
            self.xy - self.x * self.y / self.count,
            self.yy - self.y * self.y / self.count,
        );
        if xx > 0.0 { (yy - xy * xy / xx).max(0.0) } else { yy.max(0.0) }
    }
}

fn two_lines(series: &[f64]) -> Option<Vec<Value>> {
    if series.len() < 4 {
        return None;
    }
    let mean = series.iter().sum::<f64>() / count(series.len());
    let mut sums = vec![Sums::default()];
    for (place, number) in series.iter().enumerate() {
        let last = sums.last().copied().unwrap_or_default();
        sums.push(last.with(count(place), number - mean));
    }
    let total = *sums.last()?;
    let error =
        |split: usize| sums.get(split).map_or(f64::INFINITY, |left| left.error() + total.without(*left).error());
    let split = (2..=series.len() - 2).min_by(|a, b| error(*a).total_cmp(&error(*b)))?;
    let (left_part, right_part) = series.split_at_checked(split)?;
    let (left, right) = (Line::fit(left_part)?, Line::fit(right_part)?);
    let points: Vec<f64> = left.points(left_part.len()).chain(right.points(right_part.len())).collect();
    let rests: Vec<f64> = series.iter().zip(&points).map(|(number, point)| number - point).collect();
    let (own, rest) = (variance(series), variance(&rests));
    let mut values = vec![
        Value::Real(quality(own, rest)),
        Value::Long(i64::try_from(split).unwrap_or(i64::MAX)),
        Value::Real(own),
        Value::Real(rest),
        Value::array(points.into_iter().map(Value::Real).collect()),
    ];
    for line in [right, left] {
        let of = [quality(line.variance, line.rest), line.slope, line.interception, line.variance, line.rest];
        values.extend(of.map(Value::Real));
    }
    Some(values)
}

/// The bag has the two lines as bags of their own.
fn two_lines_bag(values: &[Value]) -> Value {
    let mut whole: Vec<(Arc<str>, Value)> = Vec::new();
    let mut left: Vec<(Arc<str>, Value)> = Vec::new();
    let mut right: Vec<(Arc<str>, Value)> = Vec::new();
    for ((name, _), value) in TWO_LINES.iter().zip(values) {
        match (name.strip_prefix("left_"), name.strip_prefix("right_")) {
            (Some(name), _) => left.push((name.into(), value.clone())),
            (_, Some(name)) => right.push((name.into(), value.clone())),
            _ => whole.push(((*name).into(), value.clone())),
        }
    }
    whole.push(("right".into(), Value::bag(Bag::of(right))));
    whole.push(("left".into(), Value::bag(Bag::of(left))));
    Value::bag(Bag::of(whole))
}

fn poly_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    dynamic(arguments, 0)?;
    dynamic(arguments, 1)?;
    whole(arguments, 2)?;
    Ok(Type::Dynamic)
}

fn fit_poly(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let y = all(row, 0);
    // The second series can contain times.
    let x = match row.get(1) {
        None => y.as_ref().map(|y| (0..y.len()).map(count).collect::<Vec<f64>>()),
        Some(_) => array_at(row, 1).and_then(|items| items.iter().map(convert::real).collect()),
    };
    let degree = row.get(2).map_or(Some(1), convert::long).filter(|degree| (0..=GREATEST_DEGREE).contains(degree));
    let values = || {
        let (y, x, degree) = (y?, x?, usize::try_from(degree?).ok()?);
        if y.len() != x.len() || y.len() <= degree {
            return None;
        }
        let coefficients = polynomial(&x, &y, degree)?;
        let points: Vec<f64> =
            x.iter().map(|x| coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)).collect();
        let rests: Vec<f64> = y.iter().zip(&points).map(|(number, point)| number - point).collect();
        let (own, rest) = (variance(&y), variance(&rests));
        Some(vec![
            Value::Real(quality(own, rest)),
            Value::array(coefficients.iter().rev().copied().map(Value::Real).collect()),
            Value::Real(own),
            Value::Real(rest),
            Value::array(points.into_iter().map(Value::Real).collect()),
        ])
    };
    tuple(POLY.len(), values())
}

/// The coefficients of the polynomial of least squares, from the constant one up. The normal equations are solved in a
/// variable scaled to -1..1, where they are well conditioned for low degrees.
fn polynomial(x: &[f64], y: &[f64], degree: usize) -> Option<Vec<f64>> {
    let (low, high) = x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
    let (middle, half) = (f64::midpoint(low, high), if high > low { (high - low) / 2.0 } else { 1.0 });
    let size = degree + 1;
    let mut powers = vec![0.0; 2 * degree + 1];
    let mut right = vec![0.0; size];
    for (x, y) in x.iter().zip(y) {
        let scaled = (x - middle) / half;
        let mut power = 1.0;
        for (place, sum) in powers.iter_mut().enumerate() {
            *sum += power;
            if let Some(right) = right.get_mut(place) {
                *right += power * y;
            }
            power *= scaled;
        }
    }
    let mut rows: Vec<Vec<f64>> = (0..size)
        .map(|line| {
            let own = (0..size).map(|column| powers.get(line + column).copied().unwrap_or(0.0));
            own.chain(right.get(line).copied()).collect()
        })
        .collect();
    let scaled = solve(&mut rows)?;
    // Back from the scaled variable: Horner with polynomials.
    let mut result = vec![0.0; size];
    for coefficient in scaled.iter().rev() {
        let mut next = vec![0.0; size];
        for (place, value) in result.iter().enumerate() {
            if let Some(up) = next.get_mut(place + 1) {
                *up += value / half;
            }
            if let Some(same) = next.get_mut(place) {
                *same -= value * middle / half;
            }
        }
        if let Some(first) = next.first_mut() {
            *first += coefficient;
        }
        result = next;
    }
    Some(result)
}

/// Solves linear equations, each a row of coefficients and the right side.
fn solve(rows: &mut [Vec<f64>]) -> Option<Vec<f64>> {
    let size = rows.len();
    for column in 0..size {
        let cell = |row: &[f64]| row.get(column).copied().unwrap_or(0.0);
        let best = (column..size).max_by(|a, b| {
            let of = |place: &usize| rows.get(*place).map_or(0.0, |row| cell(row).abs());
            of(a).total_cmp(&of(b))
        })?;
        rows.swap(column, best);
        let pivot = rows.get(column)?.clone();
        let head = cell(&pivot);
        if head == 0.0 || !head.is_finite() {
            return None;
        }
        for (line, row) in rows.iter_mut().enumerate() {
            if line != column {
                let factor = cell(row) / head;
                row.iter_mut().zip(&pivot).for_each(|(value, pivot)| *value -= factor * pivot);
            }
        }
    }
    rows.iter().enumerate().map(|(place, row)| Some(row.get(size)? / row.get(place)?)).collect()
}
