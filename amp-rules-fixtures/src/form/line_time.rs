//! Times in lines of containers, and what `kubectl logs` puts before a line.
//!
//! Input: one line. Output: its parts and the time in it: RFC 3339, Go's `2006/01/02 15:04:05`, klog's `0102 15:04:05.000000`,
//! `ts` or `time` of JSON and logfmt. Times of containers without a zone are in UTC. klog has no year: a line's is the latest
//! that makes it no later than a reference.

use amp_rules_core::time::Time;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

/// A line of a container without what `kubectl logs` puts before it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ContainerLine<'l> {
    /// The pod, from `[pod/NAME/CONTAINER] `.
    pub(crate) pod: Option<&'l str>,
    /// The container, from the same.
    pub(crate) container: Option<&'l str>,
    /// The line behind it.
    pub(crate) text: &'l str,
}

impl<'l> ContainerLine<'l> {
    /// Splits off the prefix of `kubectl logs --prefix`.
    pub(crate) fn new(line: &'l str) -> Self {
        let whole = Self { text: line, ..Self::default() };
        let Some(rest) = line.strip_prefix("[pod/") else { return whole };
        let Some((names, text)) = rest.split_once("] ").or_else(|| Some((rest.strip_suffix(']')?, ""))) else {
            return whole;
        };
        match names.split_once('/') {
            Some((pod, container)) if !pod.is_empty() && !names.contains(' ') => {
                Self { pod: Some(pod), container: Some(container), text }
            }
            _ => whole,
        }
    }
}

/// Splits off a time of `kubectl logs --timestamps`: RFC 3339 with a zone, and a space.
pub(crate) fn split_timestamp(text: &str) -> Option<(Time, &str)> {
    let (stamp, rest) = text.split_once(' ').unwrap_or((text, ""));
    let is_stamp = stamp.len() >= 20 && stamp.as_bytes().get(10) == Some(&b'T');
    Some((stamp.parse::<jiff::Timestamp>().ok().filter(|_| is_stamp)?.to_string().parse().ok()?, rest))
}

/// Whether a time is as exact as only `kubectl logs --timestamps` writes it: with more than six fractional digits.
pub(crate) fn is_nanoseconds(text: &str) -> bool {
    let stamp = text.split(' ').next().unwrap_or_default();
    let fraction = stamp.split_once('.').map(|(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
    fraction.is_some_and(|digits| digits > 6)
}

/// The time in a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum LineTime {
    /// An instant.
    At(Time),
    /// A time without a year.
    WithoutYear(DateTime),
}

impl LineTime {
    /// The time that a line begins with or, for JSON and logfmt, names.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let text = text.trim_start();
        if text.starts_with('{') {
            return json_time(text).map(Self::At);
        }
        if let Some(at) = leading(text) {
            return Some(Self::At(at));
        }
        if let Some(civil) = klog(text) {
            return Some(Self::WithoutYear(civil));
        }
        ["ts=", "time="].iter().find_map(|name| logfmt(text, name)).map(Self::At)
    }

    /// The instant; `reference` is one that it is not after.
    pub(crate) fn instant(self, reference: Option<Time>) -> Option<Time> {
        match self {
            Self::At(at) => Some(at),
            Self::WithoutYear(civil) => {
                // A container's clock may be ahead by minutes.
                let latest = reference?.saturating_add(std::time::Duration::from_secs(60 * 60));
                let year = jiff::Timestamp::from_second(latest.ticks().div_euclid(10_000_000)).ok()?;
                let year = year.to_zoned(TimeZone::UTC).year();
                // 29 February needs a leap year, of which there is one in any eight.
                (0..=8).find_map(|back| {
                    let date = civil.with().year(year - back).build().ok()?;
                    utc(date).filter(|at| *at <= latest)
                })
            }
        }
    }
}

fn utc(civil: DateTime) -> Option<Time> {
    civil.to_zoned(TimeZone::UTC).ok()?.timestamp().to_string().parse().ok()
}

/// A time at the start of a line: `2025-08-24T19:50:02Z`, `2025-08-24 19:50:02.000`, `2025/08/24 19:50:02`.
fn leading(text: &str) -> Option<Time> {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| bytes.get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    if !(digits(0, 4) && digits(5, 7) && digits(8, 10) && digits(11, 13) && digits(14, 16) && digits(17, 19)) {
        return None;
    }
    let separator = *bytes.get(4)?;
    if !(separator == b'-' || separator == b'/') || bytes.get(7) != Some(&separator) {
        return None;
    }
    if !matches!(bytes.get(10), Some(b'T' | b' ')) || bytes.get(13) != Some(&b':') || bytes.get(16) != Some(&b':') {
        return None;
    }
    let mut end = 19;
    if matches!(bytes.get(end), Some(b'.' | b',')) {
        let fraction = bytes.get(end + 1..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        end += 1 + fraction.min(9);
        if fraction > 9 {
            return None;
        }
    }
    let civil = text.get(..end)?.replace('/', "-").replace(',', ".").replacen(' ', "T", 1);
    let rest = text.get(end..)?;
    let offset = rest.get(..6).filter(|zone| zone.starts_with(['+', '-']) && zone.as_bytes().get(3) == Some(&b':'));
    match offset {
        Some(offset) => format!("{civil}{offset}").parse::<jiff::Timestamp>().ok()?.to_string().parse().ok(),
        None => utc(civil.parse().ok()?),
    }
}

/// `E0824 19:57:17.389123       1 handlers.go:215] …`
fn klog(text: &str) -> Option<DateTime> {
    let rest = text.strip_prefix(['I', 'W', 'E', 'F'])?;
    let (date, rest) = rest.split_once(' ')?;
    if date.len() != 4 || !date.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let clock = rest.split(' ').next()?;
    let (month, day) = date.split_at_checked(2)?;
    // A leap year, so that every date exists.
    format!("2024-{month}-{day}T{clock}").parse().ok().filter(|_| clock.len() >= 8)
}

fn json_time(text: &str) -> Option<Time> {
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(text) else { return None };
    ["ts", "time", "timestamp", "@timestamp"].iter().find_map(|name| match fields.get(*name)? {
        Value::String(text) => leading(text),
        Value::Number(number) => epoch(number.as_f64()?),
        _ => None,
    })
}

/// Seconds, milliseconds or nanoseconds since 1970, of this century.
fn epoch(number: f64) -> Option<Time> {
    let seconds =
        [1.0, 1e3, 1e6, 1e9].iter().map(|unit| number / unit).find(|seconds| (9.4e8..4.2e9).contains(seconds))?;
    Some(Time::from_ticks((seconds * 1e6).round() as i64 * 10))
}

fn logfmt(text: &str, name: &str) -> Option<Time> {
    let at = if text.starts_with(name) { 0 } else { text.find(&format!(" {name}"))? + 1 };
    let value = text.get(at + name.len()..)?.trim_start_matches('"');
    leading(value).or_else(|| epoch(value.split([' ', '"']).next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, want: Option<&str>) {
        let reference = "2025-09-01T00:00:00Z".parse().ok();
        let found = LineTime::of(line).and_then(|time| time.instant(reference)).map(|at| at.to_string());
        assert_eq!(found.as_deref(), want, "{line}");
    }

    #[test]
    fn times_of_lines_are_read_in_every_form() {
        check("2025/08/24 19:50:02 TokenConfig.json does not exist", Some("2025-08-24T19:50:02Z"));
        check("2025-08-24T19:50:02.5Z error x", Some("2025-08-24T19:50:02.5Z"));
        check("2025-08-24T19:50:02.8926450Z: Failed", Some("2025-08-24T19:50:02.892645Z"));
        check("2025-08-24 19:50:02,250 WARN x", Some("2025-08-24T19:50:02.25Z"));
        check("2025-08-24T19:50:02+02:00 x", Some("2025-08-24T17:50:02Z"));
        check("E0824 19:57:17.389123       1 handlers.go:215] x", Some("2025-08-24T19:57:17.389123Z"));
        check("I1224 19:57:17.389       1 x.go:1] x", Some("2024-12-24T19:57:17.389Z"));
        check("I0229 01:00:00.000       1 x.go:1] x", Some("2024-02-29T01:00:00Z"));
        check(r#"{"level":"error","ts":"2025-08-24T19:50:02.000Z","msg":"x"}"#, Some("2025-08-24T19:50:02Z"));
        check(r#"{"ts":1732629746.892878,"msg":"x"}"#, Some("2024-11-26T14:02:26.892878Z"));
        check(r#"{"time":1732629746892,"msg":"x"}"#, Some("2024-11-26T14:02:26.892Z"));
        check("level=info ts=2025-08-24T19:50:02.123Z caller=x", Some("2025-08-24T19:50:02.123Z"));
        check(r#"time="2025-08-24T19:50:02Z" level=error msg=x"#, Some("2025-08-24T19:50:02Z"));
        check("    at main.go:12", None);
        check("2025/13/24 19:50:02 no month", None);
        check("Exit 12 19:50:02", None);
        check(r#"{"ts":"#, None);
    }

    #[test]
    fn a_time_without_a_year_needs_a_reference() {
        let time = LineTime::of("E0824 19:57:17.389       1 a.go:2] x").unwrap();
        assert_eq!(time.instant(None), None);
    }

    #[test]
    fn the_prefix_of_kubectl_names_pod_and_container() {
        let line = ContainerLine::new("[pod/ama-metrics-1/prometheus-collector] 2025/08/24 19:50:02 x");
        assert_eq!((line.pod, line.container), (Some("ama-metrics-1"), Some("prometheus-collector")));
        assert_eq!(line.text, "2025/08/24 19:50:02 x");
        assert_eq!(ContainerLine::new("[pod/a b/c] x").pod, None);
        assert_eq!(ContainerLine::new("[error] x").text, "[error] x");
        assert_eq!(ContainerLine::new("[pod/a/c] ").text, "");
    }

    #[test]
    fn a_timestamp_of_kubectl_is_split_off() {
        let line = "2025-08-24T19:50:02.123456789Z 2025/08/24 19:50:01 x";
        let (at, rest) = split_timestamp(line).unwrap();
        assert_eq!((at.to_string().as_str(), rest), ("2025-08-24T19:50:02.1234567Z", "2025/08/24 19:50:01 x"));
        assert!(is_nanoseconds(line) && !is_nanoseconds("2025-08-24T19:50:02.123Z x"));
        assert_eq!(split_timestamp("2025/08/24 19:50:01 x"), None);
    }
}
