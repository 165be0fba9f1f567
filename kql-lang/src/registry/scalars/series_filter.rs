//! Functions of a whole series: filters, interpolation, products and similarities.

use super::scalar;
use super::series::{numbers, real};
use crate::registry::arguments::{array_at, as_real, at, dynamic, returns};
use crate::registry::{Argument, ArgumentError, EvalContext, Scalar};
use crate::value::{Type, Value, compare, convert};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "series_product",
        1..=1,
        returns!(Real; dynamic),
        |_, _, row| as_real(all(row, 0).map(|series| series.iter().product())),
        "The product of a series; null if an element is not a number.",
    ),
    scalar(
        "series_magnitude",
        1..=1,
        returns!(Real; dynamic),
        |_, _, row| as_real(all(row, 0).map(|series| magnitude(&series))),
        "The root of the sum of the squares of a series; null if an element is not a number.",
    ),
    scalar(
        "series_cosine_similarity",
        2..=4,
        returns!(Real; dynamic, dynamic, number, number),
        cosine,
        "The cosine of the angle between two series as vectors; the magnitudes can be given.",
    ),
    scalar(
        "series_pearson_correlation",
        2..=2,
        returns!(Real; dynamic, dynamic),
        correlation,
        "The Pearson correlation coefficient of two series.",
    ),
    scalar(
        "series_fir",
        2..=4,
        fir_kind,
        fir,
        "A series filtered with coefficients; normalized by default, optionally centered.",
    )
    .keeps_name(),
    scalar(
        "series_iir",
        3..=3,
        returns!(Dynamic; dynamic, dynamic, dynamic),
        iir,
        "A series filtered with coefficients of its values and of earlier results.",
    )
    .keeps_name(),
    scalar(
        "series_fill_linear",
        1..=4,
        fill_kind,
        fill_linear,
        "A series with each gap (null, or a given number) filled on the line between its neighbours; the edges by the nearest.",
    )
    .keeps_name(),
    scalar(
        "series_seasonal",
        1..=2,
        seasonal_kind,
        seasonal,
        "The seasonal part of a series of a given period: the median of each place in the period.",
    ),
];

/// The numbers of a series; `None` if an element is not a number.
pub(super) fn all(row: &[Value], place: usize) -> Option<Vec<f64>> {
    array_at(row, place)?.iter().map(real).collect()
}

/// The numbers of a series; other elements are 0.
fn padded(row: &[Value], place: usize) -> Option<Vec<f64>> {
    Some(array_at(row, place)?.iter().map(|item| real(item).unwrap_or(0.0)).collect())
}

fn magnitude(series: &[f64]) -> f64 {
    series.iter().map(|number| number * number).sum::<f64>().sqrt()
}

fn pairs(row: &[Value]) -> Option<Vec<(f64, f64)>> {
    let pairs: Option<Vec<(f64, f64)>> = numbers(row)?.collect();
    pairs.filter(|_| array_at(row, 0).map(<[Value]>::len) == array_at(row, 1).map(<[Value]>::len))
}

fn cosine(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let Some(pairs) = pairs(row) else { return Value::Null };
    let dot: f64 = pairs.iter().map(|(a, b)| a * b).sum();
    let of = |side: fn(&(f64, f64)) -> f64| magnitude(&pairs.iter().map(side).collect::<Vec<_>>());
    let left = row.get(2).map_or_else(|| Some(of(|pair| pair.0)), convert::real);
    let right = row.get(3).map_or_else(|| Some(of(|pair| pair.1)), convert::real);
    as_real(left.zip(right).map(|(left, right)| dot / (left * right)))
}

#[expect(clippy::cast_precision_loss, reason = "a series has far fewer than 2^53 elements")]
fn correlation(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let Some(pairs) = pairs(row).filter(|pairs| !pairs.is_empty()) else { return Value::Null };
    let count = pairs.len() as f64;
    let (left, right) =
        (pairs.iter().map(|pair| pair.0).sum::<f64>() / count, pairs.iter().map(|pair| pair.1).sum::<f64>() / count);
    let (mut both, mut one, mut two) = (0.0, 0.0, 0.0);
    for (a, b) in &pairs {
        both += (a - left) * (b - right);
        one += (a - left) * (a - left);
        two += (b - right) * (b - right);
    }
    Value::Real(both / (one.sqrt() * two.sqrt()))
}

fn fir_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    dynamic(arguments, 0)?;
    dynamic(arguments, 1)?;
    crate::registry::arguments::truth(arguments, 2)?;
    crate::registry::arguments::truth(arguments, 3)?;
    Ok(Type::Dynamic)
}

/// Elements before the start and after the end of the series are 0.
fn fir(context: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let (Some(series), Some(mut filter)) = (padded(row, 0), all(row, 1)) else { return Value::Null };
    let normalize = row.get(2).and_then(convert::truth);
    let has_negative = filter.iter().any(|coefficient| *coefficient < 0.0);
    // As documented, coefficients of both signs are not normalized by default, and cannot be.
    if normalize.unwrap_or(!has_negative) {
        if has_negative {
            return Value::Null;
        }
        let sum: f64 = filter.iter().sum();
        filter.iter_mut().for_each(|coefficient| *coefficient /= sum);
    }
    if work(context, series.len(), filter.len(), "series_fir") {
        return Value::Null;
    }
    let shift = if row.get(3).and_then(convert::truth) == Some(true) { filter.len().saturating_sub(1) / 2 } else { 0 };
    let value = |place: usize| {
        let terms = filter.iter().enumerate().filter_map(|(back, coefficient)| {
            let at = (place + shift).checked_sub(back)?;
            series.get(at).map(|number| coefficient * number)
        });
        Value::Real(terms.sum())
    };
    Value::array((0..series.len()).map(value).collect())
}

/// Counts the work of a filter; whether it is more than is allowed.
fn work(context: &EvalContext, series: usize, filter: usize, function: &str) -> bool {
    let steps = series.saturating_mul(filter);
    context.work(8 * steps as u64);
    if steps > 1 << 32 {
        context.limit(function, "the results of 4,294,967,296 multiplications");
    }
    context.has_failed()
}

fn iir(context: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let (Some(series), Some(forward), Some(back)) = (padded(row, 0), all(row, 1), all(row, 2)) else {
        return Value::Null;
    };
    let Some((first, back)) = back.split_first().filter(|(first, _)| **first != 0.0) else { return Value::Null };
    if work(context, series.len(), forward.len() + back.len(), "series_iir") {
        return Value::Null;
    }
    let mut results: Vec<f64> = Vec::with_capacity(series.len());
    for place in 0..series.len() {
        let from = |list: &[f64], coefficients: &[f64], offset: usize| -> f64 {
            let terms = coefficients.iter().enumerate().filter_map(|(back, coefficient)| {
                list.get(place.checked_sub(back + offset)?).map(|number| coefficient * number)
            });
            terms.sum()
        };
        let next = (from(&series, &forward, 0) - from(&results, back, 1)) / first;
        results.push(next);
    }
    Value::array(results.into_iter().map(Value::Real).collect())
}

fn fill_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    dynamic(arguments, 0)?;
    crate::registry::arguments::truth(arguments, 2)?;
    Ok(Type::Dynamic)
}

fn fill_linear(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let Some(items) = array_at(row, 0) else { return Value::Null };
    let placeholder = row.get(1).filter(|value| !value.is_null());
    let is_gap = |item: &Value| {
        real(item).is_none_or(f64::is_nan) || placeholder.is_some_and(|placeholder| compare(item, placeholder).is_eq())
    };
    let fill_edges = row.get(2).and_then(convert::truth).unwrap_or(true);
    let constant = row.get(3).cloned().unwrap_or(Value::Long(0));
    let known: Vec<(usize, f64)> = items
        .iter()
        .enumerate()
        .filter(|(_, item)| !is_gap(item))
        .filter_map(|(place, item)| Some((place, real(item)?)))
        .collect();
    // As documented, whole numbers stay whole: what is put between them is rounded.
    let is_whole = items.iter().all(|item| is_gap(item) || matches!(item, Value::Int(_) | Value::Long(_)));
    let mut filled = Vec::with_capacity(items.len());
    let mut after = known.iter().copied().peekable();
    let mut before: Option<(usize, f64)> = None;
    for (place, item) in items.iter().enumerate() {
        if let Some(here) = after.next_if(|(at, _)| *at == place) {
            before = Some(here);
            filled.push(item.clone());
            continue;
        }
        filled.push(match (before, after.peek()) {
            (Some((from, low)), Some((to, high))) => {
                #[expect(clippy::cast_precision_loss, reason = "a series has far fewer than 2^53 elements")]
                let number = low + (high - low) * (place - from) as f64 / (to - from) as f64;
                if is_whole {
                    Value::Long(convert::truncated(number.round()).unwrap_or(0))
                } else {
                    Value::Real(number)
                }
            }
            (Some((at, _)), None) | (None, Some(&(at, _))) if fill_edges => {
                items.get(at).cloned().unwrap_or(Value::Null)
            }
            (None, None) => constant.clone(),
            _ => item.clone(),
        });
    }
    Value::array(filled)
}

/// Without a period, it would have to be detected, in a way that is not documented.
fn seasonal_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    dynamic(arguments, 0)?;
    if arguments.len() < 2 {
        return Err(ArgumentError { argument: 0, expected: "a period after the series".to_owned() });
    }
    crate::registry::arguments::whole(arguments, 1)?;
    Ok(Type::Dynamic)
}

fn seasonal(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let (Some(series), Some(period)) = (all(row, 0), convert::long(at(row, 1))) else { return Value::Null };
    let Some(period) = usize::try_from(period).ok().filter(|period| *period > 0) else { return Value::Null };
    let medians: Vec<f64> = (0..period.min(series.len()))
        .map(|phase| {
            let mut values: Vec<f64> = series.iter().skip(phase).step_by(period).copied().collect();
            values.sort_by(f64::total_cmp);
            let middle = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
            let half = values.len() / 2;
            if values.len() % 2 == 1 {
                middle(half)
            } else {
                f64::midpoint(middle(half.saturating_sub(1)), middle(half))
            }
        })
        .collect();
    Value::array((0..series.len()).map(|place| as_real(medians.get(place % period).copied())).collect())
}
