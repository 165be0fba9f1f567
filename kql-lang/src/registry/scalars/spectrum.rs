//! The discrete Fourier transform of a series, and its inverse.

use std::f64::consts::TAU;

use super::scalar;
use super::series_filter::all;
use super::series_fit::{columns, tuple};
use crate::registry::arguments::{dynamic, returns};
use crate::registry::{Argument, ArgumentError, EvalContext, Scalar};
use crate::value::{Type, Value};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "series_fft",
        1..=2,
        transform_kind,
        |context, _, row| transform(context, "series_fft", row, -1.0),
        "The real and the imaginary part of the discrete Fourier transform of a series.",
    )
    .with_columns(|_| columns(&[("real", Type::Dynamic), ("imag", Type::Dynamic)])),
    scalar(
        "series_ifft",
        1..=2,
        transform_kind,
        |context, _, row| transform(context, "series_ifft", row, 1.0),
        "The real and the imaginary part of the inverse discrete Fourier transform of a series.",
    )
    .with_columns(|_| columns(&[("real", Type::Dynamic), ("imag", Type::Dynamic)])),
    scalar(
        "assert",
        2..=2,
        returns!(Bool; truth, text),
        |context, _, row| match row {
            [Value::Bool(true), ..] => Value::Bool(true),
            [_, message, ..] => context.fail(crate::registry::Failure::Function(format!(
                "assertion failed: {}",
                crate::value::convert::text(message)
            ))),
            _ => Value::Null,
        },
        "True if a condition is true; otherwise the query fails with a message.",
    ),
];

fn transform_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    dynamic(arguments, 0)?;
    dynamic(arguments, 1)?;
    Ok(Type::Dynamic)
}

/// The number of elements up to which a series whose length is no power of two is transformed.
const LONGEST: usize = 16_384;

fn transform(context: &EvalContext, function: &str, row: &[Value], sign: f64) -> Value {
    let real = all(row, 0);
    let imaginary = match row.get(1) {
        None => real.as_ref().map(|real| vec![0.0; real.len()]),
        Some(_) => all(row, 1),
    };
    let (Some(real), Some(imaginary)) = (real, imaginary) else { return tuple(2, None) };
    if real.len() != imaginary.len() {
        return tuple(2, None);
    }
    let mut points: Vec<(f64, f64)> = real.into_iter().zip(imaginary).collect();
    let length = points.len();
    context.work(64 * length as u64);
    if length.is_power_of_two() {
        fast(&mut points, sign);
    } else if length <= LONGEST {
        points = slow(&points, sign);
    } else {
        return context.limit(function, "the transform of 16,384 elements, or of a power of two");
    }
    #[expect(clippy::cast_precision_loss, reason = "a series has far fewer than 2^53 elements")]
    let scale = if sign > 0.0 { 1.0 / length as f64 } else { 1.0 };
    let part =
        |of: fn(&(f64, f64)) -> f64| Value::array(points.iter().map(|point| Value::Real(of(point) * scale)).collect());
    Value::array(vec![part(|point| point.0), part(|point| point.1)])
}

#[expect(clippy::cast_precision_loss, reason = "a series has far fewer than 2^53 elements")]
fn turn(sign: f64, place: usize, length: usize) -> (f64, f64) {
    let angle = sign * TAU * place as f64 / length as f64;
    (angle.cos(), angle.sin())
}

fn product(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

fn slow(points: &[(f64, f64)], sign: f64) -> Vec<(f64, f64)> {
    let length = points.len();
    let one = |frequency: usize| {
        let terms = points
            .iter()
            .enumerate()
            .map(|(place, point)| product(*point, turn(sign, frequency * place % length, length)));
        terms.fold((0.0, 0.0), |sum, term| (sum.0 + term.0, sum.1 + term.1))
    };
    (0..length).map(one).collect()
}

/// Halves the length in each round (Cooley and Tukey).
fn fast(points: &mut Vec<(f64, f64)>, sign: f64) {
    let length = points.len();
    if length < 2 {
        return;
    }
    let mut even: Vec<(f64, f64)> = points.iter().step_by(2).copied().collect();
    let mut odd: Vec<(f64, f64)> = points.iter().skip(1).step_by(2).copied().collect();
    fast(&mut even, sign);
    fast(&mut odd, sign);
    let turned: Vec<(f64, f64)> =
        odd.iter().enumerate().map(|(place, point)| product(*point, turn(sign, place, length))).collect();
    let sums = even.iter().zip(&turned).map(|(even, odd)| (even.0 + odd.0, even.1 + odd.1));
    let differences = even.iter().zip(&turned).map(|(even, odd)| (even.0 - odd.0, even.1 - odd.1));
    *points = sums.chain(differences).collect();
}
