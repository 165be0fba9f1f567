//! Conversion between UTC and the local time of a zone, by the zone data that is built in.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::scalar;
use crate::datetime::{SECOND, TICKS_TO_EPOCH, in_range};
use crate::registry::arguments::{as_datetime, datetime, datetime_at, text, text_at};
use crate::registry::{Argument, ArgumentError, Scalar};
use crate::value::{Type, Value};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "datetime_utc_to_local",
        2..=2,
        kind,
        |_, _, row| as_datetime(datetime_at(row, 0).and_then(|ticks| local(ticks, &zone(&text_at(row, 1))?))),
        "A datetime in UTC as the local time of a time zone, such as `Europe/Berlin`.",
    ),
    scalar(
        "datetime_local_to_utc",
        2..=2,
        kind,
        |_, _, row| as_datetime(datetime_at(row, 0).and_then(|ticks| utc(ticks, &zone(&text_at(row, 1))?))),
        "The local time of a time zone, such as `Europe/Berlin`, as a datetime in UTC.",
    ),
];

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

fn zone(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok()
}

fn kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    datetime(arguments, 0)?;
    text(arguments, 1)?;
    match arguments.get(1).and_then(|argument| argument.constant.as_ref()) {
        Some(Value::String(name)) if zone(name).is_none() => {
            Err(ArgumentError { argument: 1, expected: "a time zone, such as `Europe/Berlin`,".to_owned() })
        }
        _ => Ok(Type::DateTime),
    }
}

fn instant(ticks: i64) -> Option<Timestamp> {
    Timestamp::from_second((ticks - TICKS_TO_EPOCH).div_euclid(SECOND)).ok()
}

fn local(ticks: i64, zone: &TimeZone) -> Option<i64> {
    let offset = i64::from(zone.to_offset(instant(ticks)?).seconds());
    in_range(ticks.checked_add(offset * SECOND)?)
}

/// A time that exists twice is the earlier instant; one that is skipped is moved forward by the length of the gap.
fn utc(ticks: i64, zone: &TimeZone) -> Option<i64> {
    let seconds = instant(ticks)?;
    let clock = TimeZone::UTC.to_datetime(seconds);
    let found = zone.to_ambiguous_timestamp(clock).compatible().ok()?;
    in_range(found.as_second() * SECOND + TICKS_TO_EPOCH + ticks.rem_euclid(SECOND))
}
