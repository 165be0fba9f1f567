//! Special functions of mathematics: gamma, error function.

use super::scalar;
use crate::registry::Scalar;
use crate::registry::arguments::{as_real, at, real_at, returns};
use crate::value::{Value, compare};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "gamma",
        1..=1,
        returns!(Real; number),
        |_, _, row| as_real(real_at(row, 0).map(gamma)),
        "The gamma function.",
    )
    .keeps_name(),
    scalar(
        "loggamma",
        1..=1,
        returns!(Real; number),
        |_, _, row| as_real(real_at(row, 0).map(log_gamma)),
        "The natural logarithm of the absolute value of the gamma function.",
    )
    .keeps_name(),
    scalar("erf", 1..=1, returns!(Real; number), |_, _, row| as_real(real_at(row, 0).map(erf)), "The error function.")
        .keeps_name(),
    scalar(
        "erfc",
        1..=1,
        returns!(Real; number),
        |_, _, row| as_real(real_at(row, 0).map(erfc)),
        "One minus the error function.",
    )
    .keeps_name(),
    scalar(
        "around",
        3..=3,
        returns!(Bool; summable, summable, summable),
        |_, _, row| around(row),
        "Whether a value is at most a distance away from another.",
    ),
];

/// The bounds are computed like `center - distance` and `center + distance`.
fn around(row: &[Value]) -> Value {
    use crate::ast::BinaryOp;
    use crate::registry::operators::apply;
    let (value, center, distance) = (at(row, 0), at(row, 1), at(row, 2));
    let (low, high) = (apply(BinaryOp::Subtract, center, distance), apply(BinaryOp::Add, center, distance));
    if [value, &low, &high].iter().any(|value| value.is_null()) {
        return Value::Null;
    }
    Value::Bool(compare(value, &low).is_ge() && compare(value, &high).is_le())
}

/// Lanczos' approximation with g = 7: <https://en.wikipedia.org/wiki/Lanczos_approximation>, read 2026-11-30.
const LANCZOS: [f64; 8] = [
    676.520_368_121_885_1,
    -1_259.139_216_722_402_8,
    771.323_428_777_653_1,
    -176.615_029_162_140_6,
    12.507_343_278_686_905,
    -0.138_571_095_265_720_12,
    9.984_369_578_019_572e-6,
    1.505_632_735_149_311_6e-7,
];

fn gamma(x: f64) -> f64 {
    use std::f64::consts::PI;
    if x.fract() == 0.0 && x > 0.0 && x <= 171.0 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 1 to 171")]
        let last = x as u32;
        return (1..last).map(f64::from).product();
    }
    if x < 0.5 {
        return if x.fract() == 0.0 { f64::NAN } else { PI / ((PI * x).sin() * gamma(1.0 - x)) };
    }
    let x = x - 1.0;
    let base = x + 7.5;
    let sum = LANCZOS
        .iter()
        .zip(1_u32..)
        .fold(0.999_999_999_999_809_9, |sum, (part, place)| sum + part / (x + f64::from(place)));
    (2.0 * PI).sqrt() * base.powf(f64::midpoint(x, x + 1.0)) * (-base).exp() * sum
}

fn log_gamma(x: f64) -> f64 {
    use std::f64::consts::PI;
    if x < 0.5 {
        return if x.fract() == 0.0 { f64::INFINITY } else { (PI / (PI * x).sin().abs()).ln() - log_gamma(1.0 - x) };
    }
    if x.fract() == 0.0 && x <= 171.0 {
        return gamma(x).ln();
    }
    let x = x - 1.0;
    let base = x + 7.5;
    let sum = LANCZOS
        .iter()
        .zip(1_u32..)
        .fold(0.999_999_999_999_809_9, |sum, (part, place)| sum + part / (x + f64::from(place)));
    0.5 * (2.0 * PI).ln() + f64::midpoint(x, x + 1.0) * base.ln() - base + sum.ln()
}

/// By the Taylor series near zero, by the continued fraction far from it; both to the precision of a real.
fn erf(x: f64) -> f64 {
    if x.abs() < 2.5 { erf_series(x) } else { x.signum() * (1.0 - erfc_fraction(x.abs())) }
}

fn erfc(x: f64) -> f64 {
    if x.abs() < 2.5 {
        1.0 - erf_series(x)
    } else if x > 0.0 {
        erfc_fraction(x)
    } else {
        2.0 - erfc_fraction(-x)
    }
}

fn erf_series(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for step in 1..200_u32 {
        let step = f64::from(step);
        term *= -x * x / step;
        let more = term / (2.0 * step + 1.0);
        sum += more;
        if more.abs() < 1e-18 * sum.abs() {
            break;
        }
    }
    sum * std::f64::consts::FRAC_2_SQRT_PI
}

fn erfc_fraction(x: f64) -> f64 {
    let fraction = (1..=200_u32).rev().fold(0.0, |below, step| f64::from(step) / 2.0 / (x + below));
    (-x * x).exp() / (x + fraction) * std::f64::consts::FRAC_2_SQRT_PI / 2.0
}
