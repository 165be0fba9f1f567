use proptest::prelude::*;

use super::{argument_error, at, call, null, span, table};
use crate::datetime::LAST;
use crate::value::{Type, Value};

#[test]
fn now_and_ago_use_the_instant_of_evaluation() {
    table! {
        now() => r#""2026-01-02T03:04:05.0000000Z""#;
        now(span("-1d")) => r#""2026-01-01T03:04:05.0000000Z""#;
        ago(span("1h")) => r#""2026-01-02T02:04:05.0000000Z""#;
        ago(null(Type::TimeSpan)) => "null";
    }
}

#[test]
fn datetimes_have_parts() {
    let instant = || at("2017-10-30T01:02:03.7654321Z");
    table! {
        getyear(instant()) => "2017";
        getmonth(instant()) => "10";
        monthofyear(instant()) => "10";
        dayofmonth(instant()) => "30";
        dayofyear(instant()) => "303";
        hourofday(instant()) => "1";
        week_of_year(at("2021-01-03")) => "53";
        dayofweek(at("2015-12-14T05:00:00Z")) => r#""1.00:00:00""#;
        datetime_part("year", instant()) => "2017";
        datetime_part("quarter", instant()) => "4";
        datetime_part("week_of_year", instant()) => "44";
        datetime_part("dayOfYear", instant()) => "303";
        datetime_part("minute", instant()) => "2";
        datetime_part("second", instant()) => "3";
        datetime_part("millisecond", instant()) => "765";
        datetime_part("microsecond", instant()) => "765432";
        datetime_part("nanosecond", instant()) => "765432100";
        getyear(null(Type::DateTime)) => "null";
    }
    assert!(argument_error("datetime_part", &["fortnight".into(), instant()]).expected.starts_with("one of `year`"));
}

// Values recorded from Kusto's emulator.
#[test]
fn datetime_diff_counts_boundaries() {
    table! {
        datetime_diff("year", at("2017-01-01"), at("2000-12-31")) => "17";
        datetime_diff("quarter", at("2017-07-01"), at("2017-03-30")) => "2";
        datetime_diff("month", at("2017-01-01"), at("2015-12-30")) => "13";
        datetime_diff("week", at("2017-10-29"), at("2017-09-30T23:59:00Z")) => "5.0";
        datetime_diff("day", at("2017-10-29"), at("2017-09-30T23:59:00Z")) => "29";
        datetime_diff("hour", at("2017-10-31T01:00:00Z"), at("2017-10-30T23:59:00Z")) => "2";
        datetime_diff("minute", at("2017-10-30T23:05:01Z"), at("2017-10-30T23:00:59Z")) => "5";
        datetime_diff("second", at("2017-10-30T23:00:10.1Z"), at("2017-10-30T23:00:00.9Z")) => "10";
        datetime_diff("millisecond", at("2017-10-30T23:00:00.2001Z"), at("2017-10-30T23:00:00.1009Z")) => "100";
        datetime_diff("microsecond", at("2017-10-30T23:00:00.1009001Z"), at("2017-10-30T23:00:00.1008009Z")) => "100";
        datetime_diff("nanosecond", at("2017-10-30T23:00:00Z"), at("2017-10-30T23:00:00.0000007Z")) => "-700";
    }
}

#[test]
fn datetime_arithmetic_and_construction() {
    table! {
        datetime_add("month", 1, at("2024-01-31")) => r#""2024-02-29T00:00:00.0000000Z""#;
        datetime_add("year", -1, at("2024-02-29")) => r#""2023-02-28T00:00:00.0000000Z""#;
        datetime_add("week", 2, at("2024-01-01")) => r#""2024-01-15T00:00:00.0000000Z""#;
        datetime_add("second", i64::MAX, at("2024-01-01")) => "null";
        make_datetime(2017, 10, 1, 12, 10) => r#""2017-10-01T12:10:00.0000000Z""#;
        make_datetime(2017, 10, 1, 12, 11, 0.1234567) => r#""2017-10-01T12:11:00.1234567Z""#;
        make_datetime(2017, 2, 30) => "null";
        make_datetime("2017-10-01") => r#""2017-10-01T00:00:00.0000000Z""#;
        make_timespan(1, 12) => r#""01:12:00""#;
        make_timespan(1, 12, 30) => r#""01:12:30""#;
        make_timespan(1, 12, 30, 55.123) => r#""1.12:30:55.1230000""#;
        unixtime_seconds_todatetime(1_546_300_800) => r#""2019-01-01T00:00:00.0000000Z""#;
        unixtime_seconds_todatetime(1.5) => r#""1970-01-01T00:00:01.5000000Z""#;
        unixtime_milliseconds_todatetime(1_546_300_800_000) => r#""2019-01-01T00:00:00.0000000Z""#;
        unixtime_nanoseconds_todatetime(1_546_300_800_000_000_000) => r#""2019-01-01T00:00:00.0000000Z""#;
        unixtime_seconds_todatetime(i64::MAX) => "null";
    }
}

#[test]
fn periods_start_and_end() {
    let instant = || at("2017-01-01T10:10:17Z");
    table! {
        startofday(instant()) => r#""2017-01-01T00:00:00.0000000Z""#;
        startofday(instant(), -1) => r#""2016-12-31T00:00:00.0000000Z""#;
        startofweek(instant()) => r#""2017-01-01T00:00:00.0000000Z""#;
        startofweek(instant(), -1) => r#""2016-12-25T00:00:00.0000000Z""#;
        startofmonth(instant(), -1) => r#""2016-12-01T00:00:00.0000000Z""#;
        startofyear(instant(), 1) => r#""2018-01-01T00:00:00.0000000Z""#;
        endofday(instant()) => r#""2017-01-01T23:59:59.9999999Z""#;
        endofweek(instant()) => r#""2017-01-07T23:59:59.9999999Z""#;
        endofmonth(instant()) => r#""2017-01-31T23:59:59.9999999Z""#;
        endofyear(instant(), -1) => r#""2016-12-31T23:59:59.9999999Z""#;
    }
}

#[test]
fn times_are_formatted() {
    let instant = || at("2017-01-29T09:00:05.12Z");
    table! {
        format_datetime(instant(), "yyyy-M-dd [H:mm:ss]") => r#""2017-1-29 [9:00:05]""#;
        format_datetime(instant(), "yy-MM-dd hh:mm:ss tt") => r#""17-01-29 09:00:05 AM""#;
        format_datetime(instant(), "ss.fff") => r#""05.120""#;
        format_datetime(instant(), "ss.FFF") => r#""05.12""#;
        format_datetime(at("2017-01-29T12:30:00Z"), "h:mm tt") => r#""12:30 PM""#;
        format_datetime(at("2017-01-29T00:30:00Z"), "h:mm tt") => r#""12:30 AM""#;
        format_timespan(span("29.09:00:05.12345"), "dd.hh:mm:ss:FF") => r#""29.09:00:05:12""#;
        format_timespan(span("29.09:00:05.12345"), "ddd.h:mm:ss [fffffff]") => r#""029.9:00:05 [1234500]""#;
    }
    assert_eq!(argument_error("format_datetime", &[instant(), "dddd".into()]).expected, "a format without `dddd`");
}

proptest! {
    #[test]
    fn a_formatted_timespan_round_trips(ticks in 0..=LAST) {
        let text = call("format_timespan", &[Value::TimeSpan(ticks).into(), "d.hh:mm:ss.fffffff".into()]);
        let back = call("totimespan", &[text.trim_matches('"').into()]);
        prop_assert_eq!(back, call("totimespan", &[Value::TimeSpan(ticks).into()]));
    }

    #[test]
    fn a_day_ends_one_tick_before_the_next(ticks in 0..LAST - 864_000_000_000) {
        let instant = || Value::DateTime(ticks).into();
        let end = crate::registry::scalar("endofday").map(|function| {
            (function.call)(&super::context(), &[], &[Value::DateTime(ticks)])
        });
        let next = call("startofday", &[instant(), 1.into()]);
        let Some(Value::DateTime(end)) = end else { panic!("no end of the day") };
        prop_assert_eq!(next, call("todatetime", &[Value::DateTime(end + 1).into()]));
    }
}
