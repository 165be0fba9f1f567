//! Random texts of no known kind.
//!
//! Letters and digits change between upper case, lower case and digits more often in random texts than in names and paths.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::shape::{after, before, is_placeholder, lookback};

/// The minimum length of a random text. Shorter ones are also names with a hash, as those of pods.
const MIN: usize = 20;

static CANDIDATES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[A-Za-z0-9+/_~-]{20,}={0,2}").ok());

/// Calls `each` with every random text.
pub(super) fn each(text: &str, mut each: impl FnMut(Range<usize>)) {
    // The regex is a constant, and a test compiles it.
    let Some(candidates) = CANDIDATES.as_ref() else { return };
    for found in candidates.find_iter(text) {
        let is_digest = ["sha256:", "sha512:", "sha256-", "sha512-", "sha1:"]
            .iter()
            .any(|name| lookback(text, found.start(), 7).ends_with(name));
        let joined = before(text, &found.range()) == Some('.') || after(text, &found.range()).is_some_and(|c| c == '(');
        if !is_digest && !joined && is_random(found.as_str()) {
            each(found.range());
        }
    }
}

/// The length and the alphabet of a text, without its characters: `24 characters: upper case, lower case, digits`.
pub(crate) fn describe(text: &str) -> String {
    let has = |test: fn(char) -> bool| text.chars().any(test);
    let mut parts: Vec<String> = Vec::new();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        parts.push("hexadecimal digits".to_owned());
    } else {
        let classes: [(bool, &str); 3] = [
            (has(char::is_uppercase), "upper case"),
            (has(char::is_lowercase), "lower case"),
            (has(|c| c.is_ascii_digit()), "digits"),
        ];
        parts.extend(classes.iter().filter(|(has, _)| *has).map(|(_, name)| (*name).to_owned()));
        let others: std::collections::BTreeSet<char> = text.chars().filter(|c| !c.is_alphanumeric()).collect();
        parts.extend(others.iter().map(char::to_string));
    }
    format!("{} characters: {}", text.chars().count(), parts.join(", "))
}

/// Whether a text of letters, digits and joints is random.
fn is_random(text: &str) -> bool {
    if is_placeholder(text) {
        return false;
    }
    let longest = text.split(['/', '-', '_', '+', '~', '=']).max_by_key(|part| part.len()).unwrap_or_default();
    let compact = || text.bytes().filter(u8::is_ascii_alphanumeric);
    let length = compact().count();
    let is_hex = longest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let count = |test: fn(&u8) -> bool| compact().filter(test).count();
    let (digits, upper, lower) =
        (count(u8::is_ascii_digit), count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase));
    let class = |byte: u8| (byte.is_ascii_digit(), byte.is_ascii_uppercase());
    let changes = longest.as_bytes().windows(2).filter(|pair| matches!(pair, [a, b] if class(*a) != class(*b))).count();
    if is_hex || longest.len() < MIN * 3 / 5 || length < MIN || digits * 3 > length * 2 {
        return false;
    }
    let is_mixed = upper > 1 && lower > 1 && digits > 1;
    let dense = if is_mixed {
        changes * 5 >= longest.len() * 2
    } else {
        longest.len() >= 28 && digits > 4 && changes * 3 >= longest.len()
    };
    dense && entropy(text) >= 3.5
}

/// The entropy of the characters of a text, in bits per character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let total = text.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_are_not_random() {
        for text in [
            "AggregatedMetricsPublisher",
            "ama-metrics-operator-targets-6d9c7f8b54-x7k2p",
            "opt/microsoft/otelcollector/collector-log",
            "otelcol_exporter_send_failed_metric_points_total",
            "aks-nodepool1-12345678-vmss000000",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        ] {
            assert!(!is_random(text), "{text}");
        }
    }
}
