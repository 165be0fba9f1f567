//! The start and end of days, weeks, months and years.

use super::scalar;
use crate::datetime::{DAY, day, in_range, start, weekday};
use crate::registry::Scalar;
use crate::registry::arguments::{as_datetime, datetime_at, long_at, returns};
use crate::value::Value;

/// A function of a datetime and an optional number of periods to add.
macro_rules! period {
    ($name:literal, $edge:expr, $start:expr, $summary:literal) => {
        scalar($name, 1..=2, returns!(DateTime; datetime, number), |_, _, row| as_datetime(edge(row, $edge, $start)), $summary)
    };
}

pub(super) static FUNCTIONS: &[Scalar] = &[
    period!("startofday", Edge::Start, day_start, "The first instant of a day.").keeps_name(),
    period!("startofweek", Edge::Start, week_start, "The first instant of a week; weeks begin on Sunday."),
    period!("startofmonth", Edge::Start, month_start, "The first instant of a month."),
    period!("startofyear", Edge::Start, year_start, "The first instant of a year."),
    period!("endofday", Edge::End, day_start, "The last tick of a day."),
    period!("endofweek", Edge::End, week_start, "The last tick of a week; weeks begin on Sunday."),
    period!("endofmonth", Edge::End, month_start, "The last tick of a month."),
    period!("endofyear", Edge::End, year_start, "The last tick of a year."),
];

#[derive(Clone, Copy)]
enum Edge {
    Start,
    End,
}

/// The first or last tick of the period that contains the first argument, moved by a number of periods; `begin`
/// computes the start of a period.
fn edge(row: &[Value], edge: Edge, begin: fn(i64, i64) -> Option<i64>) -> Option<i64> {
    let ticks = datetime_at(row, 0)?;
    let later = if row.len() > 1 { long_at(row, 1)? } else { 0 };
    match edge {
        Edge::Start => begin(ticks, later).and_then(in_range),
        // The tick before the next period; `None` for the last period of the calendar.
        Edge::End => begin(ticks, later.checked_add(1)?).map(|next| next - 1).and_then(in_range),
    }
}

fn day_start(ticks: i64, later: i64) -> Option<i64> {
    ticks.div_euclid(DAY).checked_add(later)?.checked_mul(DAY)
}

fn week_start(ticks: i64, later: i64) -> Option<i64> {
    day_start(ticks, later.checked_mul(7)?.checked_sub(weekday(ticks))?)
}

fn month_start(ticks: i64, later: i64) -> Option<i64> {
    let date = day(ticks);
    start(date.year, date.month.checked_add(later)?, 1)
}

fn year_start(ticks: i64, later: i64) -> Option<i64> {
    start(day(ticks).year.checked_add(later)?, 1, 1)
}
