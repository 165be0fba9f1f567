//! Date and time functions: `now`, `ago`, `datetime_add`, `datetime_diff`, `getyear` and related functions.

use super::scalar;
use crate::datetime::TICKS_TO_EPOCH;
use crate::datetime::{
    DAY, HOUR, MICROSECOND, MILLISECOND, MINUTE, SECOND, add_months, day, day_of_year, in_range, iso_week, start,
    weekday,
};
use crate::registry::arguments::{
    Check, as_datetime, as_real, as_timespan, datetime, datetime_at, int, long, long_at, number, one_of, real_at,
    returns, text_at, timespan_at, whole,
};
use crate::registry::{Argument, ArgumentError, EvalContext, Naming, Scalar};
use crate::value::{Type, Value, convert};

/// A part of a datetime, as an `int`.
macro_rules! part_of {
    ($name:literal, $part:expr, $summary:literal) => {
        scalar($name, 1..=1, returns!(Int; datetime), |_, _, row| int(datetime_at(row, 0).map($part)), $summary)
    };
}

/// A part of a datetime, as a `long`: recorded from the service, whose language service has `int`.
macro_rules! long_part {
    ($name:literal, $part:expr, $summary:literal) => {
        scalar($name, 1..=1, returns!(Long; datetime), |_, _, row| long(datetime_at(row, 0).map($part)), $summary)
    };
}

/// A datetime from a count of units since 1970.
macro_rules! since_epoch {
    ($name:literal, $unit:expr, $summary:literal) => {
        scalar($name, 1..=1, returns!(DateTime; number), |_, _, row| as_datetime(from_epoch(row, $unit)), $summary)
    };
}

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "now",
        0..=1,
        returns!(DateTime; timespan),
        |context, _, row| as_datetime(context.now.checked_add(timespan_at(row, 0).unwrap_or(0)).and_then(in_range)),
        "The instant of evaluation, plus an optional timespan.",
    ),
    scalar(
        "ago",
        1..=1,
        returns!(DateTime; timespan),
        |context, _, row| {
            as_datetime(timespan_at(row, 0).and_then(|span| context.now.checked_sub(span)).and_then(in_range))
        },
        "The instant of evaluation minus a timespan.",
    ),
    long_part!("getyear", |ticks| day(ticks).year, "The year of a datetime."),
    part_of!("getmonth", |ticks| day(ticks).month, "The month of a datetime, from 1."),
    long_part!("monthofyear", |ticks| day(ticks).month, "The month of a datetime, from 1."),
    part_of!("dayofmonth", |ticks| day(ticks).day, "The day of the month of a datetime, from 1."),
    part_of!("dayofyear", day_of_year, "The day of the year of a datetime, from 1."),
    long_part!("hourofday", |ticks| ticks.rem_euclid(DAY) / HOUR, "The hour of the day of a datetime."),
    part_of!("week_of_year", iso_week, "The ISO 8601 week of a datetime, from 1 to 53.").also(&["weekofyear"]),
    scalar(
        "dayofweek",
        1..=1,
        returns!(TimeSpan; datetime),
        |_, _, row| as_timespan(datetime_at(row, 0).map(|ticks| weekday(ticks) * DAY)),
        "The number of days since the last Sunday, as a timespan.",
    ),
    scalar(
        "datetime_part",
        2..=2,
        |arguments| part_kind(arguments, &[datetime], Type::Long),
        |_, _, row| long(datetime_at(row, 1).and_then(|ticks| part(&text_at(row, 0), ticks))),
        "A part of a datetime: `year`, `quarter`, `month`, `hour` and so on, down to `nanosecond`.",
    )
    .also(&["datepart"]),
    scalar(
        "datetime_add",
        3..=3,
        |arguments| part_kind(arguments, &[whole, datetime], Type::DateTime),
        |_, _, row| as_datetime(added(row)),
        "A datetime plus a number of units (`month`, `day` and so on).",
    ),
    scalar(
        "datetime_diff",
        3..=3,
        |arguments| part_kind(arguments, &[datetime, datetime], diff_type(arguments)),
        datetime_diff,
        "The number of unit boundaries (`month`, `day` and so on) between two datetimes; positive if the first is later.",
    ),
    scalar(
        "make_datetime",
        1..=6,
        made_kind,
        make_datetime,
        "The datetime with the given year, month and day, and optionally hour, minute and second.",
    )
    .named(Naming::None),
    scalar(
        "make_timespan",
        1..=4,
        made_span_kind,
        make_timespan,
        "The timespan with the given days (with four arguments), hours, minutes and seconds.",
    ),
    since_epoch!("unixtime_seconds_todatetime", SECOND, "The datetime a number of seconds after 1970."),
    since_epoch!("unixtime_milliseconds_todatetime", MILLISECOND, "The datetime a number of milliseconds after 1970."),
    since_epoch!("unixtime_microseconds_todatetime", MICROSECOND, "The datetime a number of microseconds after 1970."),
    scalar(
        "unixtime_nanoseconds_todatetime",
        1..=1,
        returns!(DateTime; number),
        |_, _, row| {
            as_datetime(long_at(row, 0).and_then(|nanoseconds| in_range(TICKS_TO_EPOCH + nanoseconds.div_euclid(100))))
        },
        "The datetime a number of nanoseconds after 1970.",
    ),
];

const PARTS: [&str; 14] = [
    "year",
    "quarter",
    "month",
    "week",
    "week_of_year",
    "day",
    "dayOfYear",
    "hour",
    "minute",
    "second",
    "millisecond",
    "microsecond",
    "nanosecond",
    "dayOfWeek",
];

fn part_kind(arguments: &[Argument], rest: &[Check], kind: Type) -> Result<Type, ArgumentError> {
    one_of(arguments, 0, &PARTS)?;
    for (place, rule) in rest.iter().enumerate() {
        rule(arguments, place + 1)?;
    }
    Ok(kind)
}

/// The result type of `datetime_diff`: Kusto returns weeks as reals and all other units as longs, as recorded from its
/// emulator.
fn diff_type(arguments: &[Argument]) -> Type {
    match arguments.first().and_then(|argument| argument.constant.as_ref()) {
        Some(Value::String(part)) if part.eq_ignore_ascii_case("week") => Type::Real,
        _ => Type::Long,
    }
}

fn from_epoch(row: &[Value], unit: i64) -> Option<i64> {
    let ticks = match row.first()? {
        Value::Real(_) | Value::Decimal(_) => {
            #[expect(clippy::cast_precision_loss, reason = "the unit is far below 2^53")]
            let ticks = real_at(row, 0)? * unit as f64;
            convert::truncated(ticks.round())?
        }
        _ => long_at(row, 0)?.checked_mul(unit)?,
    };
    in_range(ticks.checked_add(TICKS_TO_EPOCH)?)
}

fn part(name: &str, ticks: i64) -> Option<i64> {
    let date = day(ticks);
    let second = ticks.rem_euclid(SECOND);
    Some(match name.to_ascii_lowercase().as_str() {
        "year" => date.year,
        "quarter" => (date.month + 2) / 3,
        "month" => date.month,
        "week" | "week_of_year" => iso_week(ticks),
        "day" => date.day,
        "dayofyear" => day_of_year(ticks),
        "hour" => ticks.rem_euclid(DAY) / HOUR,
        "minute" => ticks.rem_euclid(HOUR) / MINUTE,
        "second" => ticks.rem_euclid(MINUTE) / SECOND,
        "millisecond" => second / MILLISECOND,
        "microsecond" => second / MICROSECOND,
        "nanosecond" => second * 100,
        _ => return None,
    })
}

/// The ticks of a unit of fixed length.
fn unit(name: &str) -> Option<i64> {
    Some(match name {
        "week" => 7 * DAY,
        "day" => DAY,
        "hour" => HOUR,
        "minute" => MINUTE,
        "second" => SECOND,
        "millisecond" => MILLISECOND,
        "microsecond" => MICROSECOND,
        _ => return None,
    })
}

fn added(row: &[Value]) -> Option<i64> {
    let (amount, ticks) = long_at(row, 1).zip(datetime_at(row, 2))?;
    let name = text_at(row, 0).to_ascii_lowercase();
    match name.as_str() {
        "year" => add_months(ticks, amount.checked_mul(12)?),
        "quarter" => add_months(ticks, amount.checked_mul(3)?),
        "month" => add_months(ticks, amount),
        "nanosecond" => in_range(ticks.checked_add(amount / 100)?),
        other => in_range(ticks.checked_add(amount.checked_mul(unit(other)?)?)?),
    }
}

fn datetime_diff(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let name = text_at(row, 0).to_ascii_lowercase();
    let Some((first, second)) = datetime_at(row, 1).zip(datetime_at(row, 2)) else { return Value::Null };
    let months = |ticks: i64| day(ticks).year * 12 + day(ticks).month - 1;
    let counted = |count: fn(i64) -> i64| Some(count(first) - count(second));
    let between = match name.as_str() {
        "year" => counted(|ticks| day(ticks).year),
        "quarter" => Some(months(first).div_euclid(3) - months(second).div_euclid(3)),
        "month" => Some(months(first) - months(second)),
        // Weeks start on Sunday; the first day of the calendar was a Monday.
        "week" => counted(|ticks| (ticks + DAY).div_euclid(7 * DAY)),
        "nanosecond" => (first - second).checked_mul(100),
        other => unit(other).map(|unit| first.div_euclid(unit) - second.div_euclid(unit)),
    };
    if name == "week" { as_real(between.and_then(|weeks| convert::real(&Value::Long(weeks)))) } else { long(between) }
}

fn made_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    if arguments.len() == 2 {
        return Err(ArgumentError { argument: 1, expected: "year, month and day".to_owned() });
    }
    if arguments.len() > 1 {
        for place in 0..arguments.len() {
            number(arguments, place)?;
        }
    }
    Ok(Type::DateTime)
}

fn make_datetime(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    if let [one] = row {
        return convert::to(Type::DateTime, one);
    }
    let part = |place: usize| row.get(place).map_or(Some(0), convert::long);
    let made = || {
        let (year, month, day_of_month) = (part(0)?, part(1)?, part(2)?);
        let (hour, minute) = (part(3)?, part(4)?);
        let second = ticks_of_seconds(row, 5)?;
        let midnight = start(year, month, day_of_month)?;
        let date = day(midnight);
        let sound = (date.year, date.month, date.day) == (year, month, day_of_month)
            && (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..MINUTE).contains(&second);
        sound.then(|| midnight + hour * HOUR + minute * MINUTE + second)
    };
    as_datetime(made().and_then(in_range))
}

/// The ticks of the argument at an index in seconds, which can be fractional; zero if the argument is missing.
fn ticks_of_seconds(row: &[Value], place: usize) -> Option<i64> {
    match row.get(place) {
        None => Some(0),
        Some(Value::Int(_) | Value::Long(_)) => long_at(row, place)?.checked_mul(SECOND),
        #[expect(clippy::cast_precision_loss, reason = "the unit is far below 2^53")]
        Some(_) => convert::truncated((real_at(row, place)? * SECOND as f64).round()),
    }
}

fn made_span_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    if arguments.len() > 1 {
        for place in 0..arguments.len() {
            number(arguments, place)?;
        }
    }
    Ok(Type::TimeSpan)
}

fn make_timespan(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let made = || {
        let (days, rest) = match row {
            [_, rest @ ..] if row.len() == 4 => (long_at(row, 0)?, rest),
            _ => (0, row),
        };
        let (hours, minutes) = long_at(rest, 0).zip(long_at(rest, 1))?;
        let days = days.checked_mul(DAY)?.checked_add(hours.checked_mul(HOUR)?)?;
        days.checked_add(minutes.checked_mul(MINUTE)?)?.checked_add(ticks_of_seconds(rest, 2)?)
    };
    match row {
        [one] => convert::to(Type::TimeSpan, one),
        _ => as_timespan(made()),
    }
}
