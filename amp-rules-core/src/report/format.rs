//! Numbers, units, times and evidence as short text.
//!
//! Values in, text out: `1.7 M`, `13.8 GB`, `2025-08-05 12:00Z`. Rounding keeps the sign, the unit and the direction of a
//! bound; [`exact`] does not round.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::layout::one_line;
use crate::diagnosis::{Evidence, Onset};
use crate::telemetry::predicate::Comparison;
use crate::telemetry::source::template;
use crate::time::{Time, Window, duration_of, duration_text, ticks_of};
use crate::unit::{Dimension, Quantity, Unit};

/// `>=`
pub(super) fn symbol(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Above => ">",
        Comparison::AtLeast => ">=",
        Comparison::Below => "<",
        Comparison::AtMost => "<=",
        Comparison::Equals => "==",
    }
}

/// `at least`
fn comparison(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Above => "above",
        Comparison::AtLeast => "at least",
        Comparison::Below => "below",
        Comparison::AtMost => "at most",
        Comparison::Equals => "equal to",
    }
}

/// The number with all its digits; an integer has no decimal point.
pub(super) fn exact(value: f64) -> String {
    format!("{value}")
}

/// 2^53: an `f64` represents every integer below it exactly.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

/// The number as an integer, if it is one that an `f64` represents exactly.
pub(super) fn as_integer(value: f64) -> Option<i64> {
    if value.is_finite() && value.fract() == 0.0 && value.abs() < EXACT_INTEGERS {
        #[expect(clippy::cast_possible_truncation, reason = "an integer below 2^53 fits")]
        return Some(value as i64);
    }
    None
}

/// The name of a unit in rule files.
pub(super) fn unit(unit: &Unit) -> String {
    const NAMES: [&str; 21] = [
        "count",
        "bytes",
        "seconds",
        "ratio",
        "cores",
        "k",
        "M",
        "G",
        "kB",
        "MB",
        "GB",
        "TB",
        "KiB",
        "MiB",
        "GiB",
        "TiB",
        "milliseconds",
        "m",
        "h",
        "d",
        "percent",
    ];
    let simple = Unit { per: None, ..*unit };
    let name = NAMES.iter().find(|name| Unit::named(name).as_ref() == Some(&simple)).map_or_else(
        || if Unit::named("nanocores") == Some(simple) { "nanocores".to_owned() } else { simple.dimension.to_string() },
        |name| (*name).to_owned(),
    );
    match unit.per {
        Some(per) => format!("{name} per {per}"),
        None => name,
    }
}

/// A number with its unit: `1.7 M`, `13.8 GB`, `80 %`, `2h30m`.
pub(super) fn quantity(value: f64, unit: &Unit) -> String {
    let base = Quantity { number: value, unit: *unit }.in_base();
    let simple = match unit.dimension {
        Dimension::Count => count(base),
        Dimension::Bytes => scaled(base, &[(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")], "bytes"),
        Dimension::Seconds => seconds(base),
        Dimension::Ratio => format!("{} %", short(base * 100.0)),
        Dimension::Cores => format!("{} cores", short(base)),
    };
    match unit.per {
        Some(Dimension::Count) => {
            // A number per item is tiny; rule files write it per million.
            let million = Quantity { number: base * 1e6, unit: Unit::base(unit.dimension) };
            format!("{} per 1 M", quantity(million.number, &million.unit))
        }
        Some(per) => format!("{simple} per {per}"),
        None => simple,
    }
}

/// A count: exact below 100,000, else with one decimal and `k`, `M`, `G` or `T`.
pub(super) fn count(value: f64) -> String {
    if value.abs() < 99_999.5 {
        return if value.fract() == 0.0 { grouped(value) } else { short(value) };
    }
    scaled(value, &[(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")], "")
}

fn seconds(value: f64) -> String {
    if !value.is_finite() || value < 0.0 {
        return format!("{} s", short(value));
    }
    let rounded = if value >= 10.0 { value.round() } else { (value * 1000.0).round() / 1000.0 };
    std::time::Duration::try_from_secs_f64(rounded).map_or_else(|_| format!("{} s", short(value)), duration_text)
}

fn scaled(value: f64, steps: &[(f64, &str)], plain: &str) -> String {
    for &(size, name) in steps {
        // 999.96 of the smaller unit would be rounded to 1,000 of it; write 1 of this unit instead.
        if value.abs() >= size * 0.999_95 {
            return format!("{} {name}", one_decimal(value / size));
        }
    }
    let number = if value.fract() == 0.0 { grouped(value) } else { short(value) };
    if plain.is_empty() { number } else { format!("{number} {plain}") }
}

fn one_decimal(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// At most two decimals; three significant digits below 0.01.
fn short(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.01 {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.2}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if value < 0.0 { format!("-{out}") } else { out }
}

/// `2025-08-05 12:00Z`
pub(super) fn time(at: Time) -> String {
    let text = at.to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(clock)) if text.as_bytes().get(10) == Some(&b'T') => format!("{day} {clock}Z"),
        _ => text,
    }
}

/// A time range: `2025-08-04 12:00Z to 2025-08-05 12:00Z`; a day that is the same is written once.
pub(super) fn range(from: Time, to: Time) -> String {
    let (first, last) = (time(from), time(to));
    if first == last {
        return first;
    }
    match (first.split_once(' '), last.split_once(' ')) {
        (Some((day, clock)), Some((other, until))) if day == other => {
            format!("{day} {} to {until}", clock.trim_end_matches('Z'))
        }
        _ => format!("{first} to {last}"),
    }
}

/// When something started: `since 2025-08-05 09:10Z or before`.
pub(super) fn since(onset: &Onset) -> String {
    if onset.earliest == Time::MIN && onset.latest == Time::MAX {
        return "since an unknown time".to_owned();
    }
    if onset.latest == Time::MIN {
        return "since before the window".to_owned();
    }
    if onset.earliest == Time::MIN {
        return format!("since {} or before", time(onset.latest));
    }
    if onset.latest == Time::MAX {
        return format!("since {} or later", time(onset.earliest));
    }
    let apart = onset.latest.ticks_since(onset.earliest);
    if apart <= ticks_of(std::time::Duration::from_secs(60)) {
        return format!("since {}", time(onset.latest));
    }
    format!("since between {}", range(onset.earliest, onset.latest).replacen(" to ", " and ", 1))
}

/// A duration in ticks of 100 ns: hours up to 48 of them (`24h`, not `1d`).
pub(super) fn length(ticks: i64) -> String {
    let duration = duration_of(ticks);
    let seconds = duration.as_secs();
    if seconds > 0 && seconds.is_multiple_of(3600) && seconds <= 48 * 3600 {
        return format!("{}h", seconds / 3600);
    }
    duration_text(duration)
}

/// The last segment of a resource id; any other text unchanged.
pub(super) fn resource(value: &str) -> &str {
    if value.starts_with('/') { value.trim_end_matches('/').rsplit('/').next().unwrap_or(value) } else { value }
}

/// The evidence of one symptom in one line: `refused: 1.7 M (at least 3), 2025-08-05 09:00 to 12:00Z`; `throughout` if it
/// spans the window.
pub(super) fn evidence(evidence: &Evidence, window: Option<&Window>) -> String {
    let mut parts = Vec::new();
    if let Some(value) = evidence.value {
        let mut number = quantity(value, &evidence.unit);
        if let Some((how, limit)) = evidence.threshold {
            number.push_str(&format!(" ({} {})", comparison(how), quantity(limit, &evidence.unit)));
        }
        parts.push(number);
    }
    match (evidence.first, evidence.last) {
        (Some(first), Some(last)) if window.is_some_and(|window| is_throughout(first, last, window)) => {
            parts.push("throughout".to_owned());
        }
        (Some(first), Some(last)) => parts.push(range(first, last)),
        (Some(at), None) | (None, Some(at)) => parts.push(time(at)),
        (None, None) => {}
    }
    if parts.is_empty() {
        parts.push("observed".to_owned());
    }
    let weak = if evidence.weak { " (weak)" } else { "" };
    format!("{}: {}{weak}", evidence.symptom, parts.join(", "))
}

/// Whether a time range spans the window, up to a twentieth of the window at either end.
fn is_throughout(first: Time, last: Time, window: &Window) -> bool {
    let slack = window.ticks() / 20;
    first.ticks_since(window.from) <= slack && window.to.ticks_since(last) <= slack
}

/// A cited row on one line: the message and error of a line in JSON or logfmt, even if it is cut off, as regexes see them.
pub(super) fn sample(text: &str) -> String {
    let mut fields = BTreeMap::new();
    // The fields before the cut are kept.
    let _ = TopFields(&mut fields).deserialize(&mut serde_json::Deserializer::from_str(text));
    let messages: Vec<&str> = ["msg", "message", "error", "err", "log"]
        .iter()
        .filter_map(|name| fields.get(*name)?.as_str().filter(|message| !message.is_empty()))
        .collect();
    match template::reason(text) {
        _ if !messages.is_empty() => reason(&messages.join("\n")),
        Cow::Owned(values) => reason(&values),
        Cow::Borrowed(line) => one_line(line),
    }
}

/// The fields of a JSON object, up to the first one that cannot be read.
struct TopFields<'f>(&'f mut BTreeMap<String, serde_json::Value>);

impl<'de> DeserializeSeed<'de> for TopFields<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for TopFields<'_> {
    type Value = ();

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, value)) = map.next_entry()? {
            self.0.insert(name, value);
        }
        Ok(())
    }
}

/// The message and error of a line on one line: `cannot send | server returned HTTP status 403`.
pub(super) fn reason(text: &str) -> String {
    let parts: Vec<String> = text.split('\n').map(one_line).filter(|part| !part.is_empty()).collect();
    parts.join(" | ")
}

/// An abbreviated count with its noun, in the plural unless the number is 1: `1 line`, `1.7 M lines`.
pub(super) fn abbreviated_plural(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count(number as f64)) }
}

/// A command as a POSIX shell would take it, with arguments quoted where needed; `None` if it is empty.
pub(super) fn command(arguments: &[String]) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    let quoted = |argument: &String| {
        if !argument.is_empty() && argument.chars().all(is_plain) {
            argument.clone()
        } else {
            format!("'{}'", argument.replace('\'', "'\\''"))
        }
    };
    (!arguments.is_empty()).then(|| arguments.iter().map(quoted).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse::<Time>().unwrap()
    }

    #[test]
    fn counts_are_exact_while_small_and_short_when_large() {
        for (value, want) in [
            (0.0, "0"),
            (3.0, "3"),
            (1440.0, "1,440"),
            (99_999.0, "99,999"),
            (120_000.0, "120 k"),
            (999_960.0, "1 M"),
            (1_700_000.0, "1.7 M"),
            (11_900_000_000.0, "11.9 G"),
            (-1440.0, "-1,440"),
            (0.5, "0.5"),
        ] {
            assert_eq!(count(value), want);
        }
    }

    #[test]
    fn quantities_are_written_in_the_unit_that_fits() {
        let gigabytes = Unit::named("GB").unwrap();
        assert_eq!(quantity(13.8, &gigabytes), "13.8 GB");
        assert_eq!(quantity(13_800_000_000.0, &Unit::base(Dimension::Bytes)), "13.8 GB");
        assert_eq!(quantity(80.0, &Unit::named("percent").unwrap()), "80 %");
        assert_eq!(quantity(0.925, &Unit::RATIO), "92.5 %");
        assert_eq!(quantity(7200.0, &Unit::base(Dimension::Seconds)), "2h");
        let rate = Quantity::parse("1.5 GB per 1M").unwrap();
        assert_eq!(quantity(rate.number, &rate.unit), "1.5 GB per 1 M");
    }

    #[test]
    fn a_unit_has_the_name_of_rule_files() {
        for name in ["count", "GB", "bytes", "milliseconds", "percent", "nanocores", "cores"] {
            assert_eq!(unit(&Unit::named(name).unwrap()), name);
        }
    }

    #[test]
    fn an_onset_is_as_precise_as_its_bounds() {
        let (early, late) = (at("2025-08-05T09:00:00Z"), at("2025-08-05T09:10:00Z"));
        assert_eq!(since(&Onset { earliest: Time::MIN, latest: late }), "since 2025-08-05 09:10Z or before");
        assert_eq!(since(&Onset { earliest: early, latest: late }), "since between 2025-08-05 09:00 and 09:10Z");
        assert_eq!(since(&Onset { earliest: early, latest: early }), "since 2025-08-05 09:00Z");
        assert_eq!(since(&Onset { earliest: Time::MIN, latest: Time::MAX }), "since an unknown time");
    }

    #[test]
    fn the_length_of_a_day_is_24_hours() {
        assert_eq!(length(ticks_of(std::time::Duration::from_secs(86_400))), "24h");
        assert_eq!(length(ticks_of(std::time::Duration::from_secs(5400))), "1h30m");
        assert_eq!(length(ticks_of(std::time::Duration::from_secs(7 * 86_400))), "7d");
    }

    #[test]
    fn a_json_line_is_shown_by_its_messages() {
        assert_eq!(sample(r#"{"level":"error","msg":"dropped","error":"refused\n"}"#), "dropped | refused");
        assert_eq!(sample(r#"{"level":"error"}"#), r#"{"level":"error"}"#);
        assert_eq!(sample("plain { text"), "plain { text");
        assert_eq!(sample(r#"{"ts":1,"msg":"dropped","error":"refused","stack":"at x.go"#), "dropped | refused");
        assert_eq!(sample(r#"ts=1 level=error msg="dropped" err=refused"#), "dropped | refused");
    }
}
