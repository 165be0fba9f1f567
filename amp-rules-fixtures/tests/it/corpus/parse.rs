//! Parses the notations of corpus scenarios: times, durations, numbers, pattern names with remarks.
//!
//! Input: texts such as `-6h5m`, `-10h+60s`, `2h jitter`, `1_700_000`, `publication-failing@ds (success in between)`.
//! Output: typed values, or an error with the text.

use std::time::Duration;

use amp_rules_core::time::{Time, duration_of, ticks_of};

/// An instant: `0` is now, `-6h5m` is before it, `-10h+60s` is a minute after `-10h`, anything else is an ISO time.
pub(crate) fn instant(text: &str, now: Time) -> Result<Time, String> {
    let text = text.trim();
    let wrong = || format!("`{text}` is not a time");
    if let Some(at) = iso(text) {
        return Ok(at);
    }
    if text == "0" || text == "now" {
        return Ok(now);
    }
    let mut ticks = 0_i64;
    let mut rest = text;
    while !rest.is_empty() {
        let (sign, tail) = match rest.split_at_checked(1) {
            Some(("-", tail)) => (-1, tail),
            Some(("+", tail)) => (1, tail),
            _ => return Err(wrong()),
        };
        let end = tail.find(['-', '+']).unwrap_or(tail.len());
        let (term, behind) = tail.split_at(end);
        ticks += sign * ticks_of(duration(term).map_err(|_| wrong())?);
        rest = behind;
    }
    Ok(now.saturating_add_ticks(ticks))
}

/// An ISO time, seconds optional.
pub(crate) fn iso(text: &str) -> Option<Time> {
    text.parse::<Time>().ok().or_else(|| text.replace('Z', ":00Z").parse::<Time>().ok())
}

/// A duration: `15s`, `4h57m`, `~50ms aggregate`, `1.5h`. Words after it are ignored.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration");
    let word = text.trim().trim_start_matches('~').split_whitespace().next().ok_or_else(wrong)?;
    let mut all = Duration::ZERO;
    let mut rest = word;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (number, behind) = rest.split_at(digits);
        let letters = behind.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(letters);
        let scale = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return Err(wrong()),
        };
        all += Duration::from_secs_f64(number.parse::<f64>().map_err(|_| wrong())? * scale);
        rest = behind;
    }
    Ok(all)
}

/// Every number of a text, in order: `1_700_000`, `13.83e9`, `80.0`, `24`. Digits within words do not count.
pub(crate) fn numbers(text: &str) -> Vec<f64> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() && !before.is_ascii_alphanumeric() {
            let mut end = 0;
            let bytes = rest.as_bytes();
            while let Some(byte) = bytes.get(end) {
                let digit_follows = bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
                let goes_on = match byte {
                    b'0'..=b'9' => true,
                    b'_' | b'.' | b'e' => digit_follows,
                    _ => false,
                };
                if !goes_on {
                    break;
                }
                end += 1;
            }
            let (number, behind) = rest.split_at(end.max(1));
            found.extend(number.replace('_', "").parse::<f64>());
            before = '0';
            rest = behind;
        } else {
            before = first;
            rest = rest.split_at(first.len_utf8()).1;
        }
    }
    found
}

/// The number after a word: `max1h=2.85e9` → 2.85e9.
pub(crate) fn number_after(text: &str, word: &str) -> Option<f64> {
    text.split_once(word).and_then(|(_, behind)| numbers(behind).first().copied())
}

/// A pattern with its scope and remarks: `publication-failing@ds (…)` → (`publication-failing`, `ds`).
pub(crate) struct Named {
    pub(crate) id: String,
    /// The entity after `@`.
    pub(crate) scope: Option<String>,
    /// Whether the pattern is inferred: `Some(true)` for `(inferred)`, `Some(false)` for `?`.
    pub(crate) inferred: Option<bool>,
    /// The rest of the text.
    pub(crate) remark: String,
}

/// Parses a pattern name with its remarks; `None` for a text that does not start with a name (`"all pods down" (…)`, `*`).
pub(crate) fn named(text: &str) -> Option<Named> {
    let (inferred, text) = match text.trim().strip_prefix("(inferred)") {
        Some(rest) => (Some(true), rest.trim()),
        None => (None, text.trim()),
    };
    let end = text.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')).unwrap_or(text.len());
    let (id, rest) = text.split_at(end);
    if id.is_empty() {
        return None;
    }
    let (inferred, rest) = rest.strip_prefix('?').map_or((inferred, rest), |rest| (Some(false), rest));
    let (scope, remark) = match rest.strip_prefix('@') {
        Some(rest) => rest.split_once(" (").map_or((Some(rest), ""), |(scope, remark)| (Some(scope), remark)),
        None => (None, rest),
    };
    Some(Named {
        id: id.to_owned(),
        scope: scope.map(|scope| scope.trim().to_owned()),
        inferred,
        remark: remark.to_owned(),
    })
}

/// A number without visible order that depends only on the index.
pub(crate) fn scatter(index: u64) -> u64 {
    let mut z = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (z ^ (z >> 27)) >> 16
}

/// The instants from `from` to `to`, exclusive.
pub(crate) fn instants(from: Time, to: Time, every: Duration) -> Vec<Time> {
    let step = ticks_of(every).max(1);
    let count = (to.ticks_since(from).max(0) + step - 1) / step;
    (0..count).map(|index| from.saturating_add_ticks(index * step)).collect()
}

/// The ratio of two durations.
pub(crate) fn share(part: Duration, whole: Duration) -> f64 {
    part.as_secs_f64() / whole.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// The time between two instants; zero if they are reversed.
pub(crate) fn between(from: Time, to: Time) -> Duration {
    duration_of(to.ticks_since(from).max(0))
}

#[cfg(test)]
mod tests {
    use super::{Time, duration, instant, named, numbers};

    #[test]
    fn times_are_signed_sums() {
        let now = "2025-08-12T12:00:00Z".parse::<Time>().unwrap();
        let reads =
            |text: &str, want: &str| assert_eq!(instant(text, now).unwrap(), want.parse::<Time>().unwrap(), "{text}");
        reads("0", "2025-08-12T12:00:00Z");
        reads("-6h5m", "2025-08-12T05:55:00Z");
        reads("-10h+60s", "2025-08-12T02:01:00Z");
        reads("2025-08-08T21:28Z", "2025-08-08T21:28:00Z");
        assert!(instant("soon", now).is_err());
    }

    #[test]
    fn numbers_are_found_within_words() {
        assert_eq!(numbers("increase over 24h = 1_700_000 failed (x7000 = 1.19e10)"), [24.0, 1_700_000.0, 1.19e10]);
        assert_eq!(numbers("oscillates 5..15"), [5.0, 15.0]);
        assert_eq!(duration("~50ms aggregate").unwrap().as_millis(), 50);
    }

    #[test]
    fn names_keep_their_scope_and_remarks() {
        let name = named("token-config-missing@rs/p1 (startup, 3m < 15m)").unwrap();
        assert_eq!((name.id.as_str(), name.scope.as_deref()), ("token-config-missing", Some("rs/p1")));
        assert_eq!(named("(inferred) export-backlog").unwrap().inferred, Some(true));
        assert!(named("\"all pods down\" (3 of 4)").is_none());
    }
}
