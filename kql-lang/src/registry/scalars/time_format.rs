//! Formatting of datetimes and timespans: `format_datetime`, `format_timespan`.

use super::scalar;
use crate::datetime::{DAY, HOUR, MINUTE, SECOND, day};
use crate::registry::arguments::{as_text, datetime, datetime_at, text_at, timespan, timespan_at};
use crate::registry::{Argument, ArgumentError, EvalContext, Scalar};
use crate::value::{Type, Value};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "format_datetime",
        2..=2,
        |arguments| datetime(arguments, 0).and_then(|()| checked(arguments, DATETIME)),
        format_datetime,
        "A datetime formatted with `yyyy`, `MM`, `dd`, `HH`, `mm`, `ss`, `fff` and similar parts.",
    )
    .keeps_name(),
    scalar(
        "format_timespan",
        2..=2,
        |arguments| timespan(arguments, 0).and_then(|()| checked(arguments, TIMESPAN)),
        format_timespan,
        "A timespan formatted with `d`, `hh`, `mm`, `ss`, `fff` and similar parts.",
    )
    .keeps_name(),
];

/// The letters of a format, each with its maximum number of repetitions.
type Letters = &'static [(char, usize)];

const DATETIME: Letters =
    &[('y', 4), ('M', 2), ('d', 2), ('h', 2), ('H', 2), ('m', 2), ('s', 2), ('f', 7), ('F', 7), ('t', 2)];
const TIMESPAN: Letters = &[('d', 8), ('h', 2), ('H', 2), ('m', 2), ('s', 2), ('f', 7), ('F', 7)];

/// Splits a format into runs of one letter and single other characters.
fn runs(format: &str) -> Vec<(char, usize)> {
    let mut runs: Vec<(char, usize)> = Vec::new();
    for character in format.chars() {
        match runs.last_mut() {
            Some((last, times)) if *last == character && character.is_ascii_alphabetic() => *times += 1,
            _ => runs.push((character, 1)),
        }
    }
    runs
}

fn checked(arguments: &[Argument], letters: Letters) -> Result<Type, ArgumentError> {
    let argument_error = |expected: String| Err(ArgumentError { argument: 1, expected });
    let Some(Value::String(format)) = arguments.get(1).and_then(|argument| argument.constant.as_ref()) else {
        return argument_error("a constant format".to_owned());
    };
    for (letter, times) in runs(format) {
        let fits = if letter.is_ascii_alphabetic() {
            letters.iter().any(|(known, most)| *known == letter && times <= *most) && (letter != 't' || times == 2)
        } else {
            matches!(letter, ' ' | '/' | '-' | ':' | ',' | '.' | '_' | '[' | ']')
        };
        if !fits {
            return argument_error(format!("a format without `{}`", letter.to_string().repeat(times)));
        }
    }
    Ok(Type::String)
}

fn padded(number: i64, times: usize) -> String {
    format!("{number:0times$}")
}

/// The first digits of the fraction of a second: `f` keeps trailing zeros, `F` drops them.
fn fraction(ticks: i64, letter: char, times: usize) -> String {
    let digits = format!("{:07}", ticks.rem_euclid(SECOND));
    let digits = digits.get(..times).unwrap_or(&digits);
    if letter == 'F' { digits.trim_end_matches('0').to_owned() } else { digits.to_owned() }
}

fn format_datetime(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    as_text(datetime_at(row, 0).map(|ticks| {
        let date = day(ticks);
        let hour = ticks.rem_euclid(DAY) / HOUR;
        let mut out = String::new();
        for (letter, times) in runs(&text_at(row, 1)) {
            out.push_str(&match letter {
                'y' if times > 2 => padded(date.year, times),
                'y' => padded(date.year % 100, times),
                'M' => padded(date.month, times),
                'd' => padded(date.day, times),
                'H' => padded(hour, times),
                'h' => padded((hour + 11) % 12 + 1, times),
                'm' => padded(ticks.rem_euclid(HOUR) / MINUTE, times),
                's' => padded(ticks.rem_euclid(MINUTE) / SECOND, times),
                'f' | 'F' => fraction(ticks, letter, times),
                't' => if hour < 12 { "AM" } else { "PM" }.to_owned(),
                other => other.to_string(),
            });
        }
        out
    }))
}

fn format_timespan(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    as_text(timespan_at(row, 0).map(|ticks| {
        let sign = if ticks < 0 { "-" } else { "" };
        let ticks = ticks.saturating_abs();
        let mut out = sign.to_owned();
        for (letter, times) in runs(&text_at(row, 1)) {
            out.push_str(&match letter {
                'd' => padded(ticks / DAY, times),
                'h' | 'H' => padded(ticks % DAY / HOUR, times),
                'm' => padded(ticks % HOUR / MINUTE, times),
                's' => padded(ticks % MINUTE / SECOND, times),
                'f' | 'F' => fraction(ticks, letter, times),
                other => other.to_string(),
            });
        }
        out
    }))
}
