//! The spelling of ids, names, durations and version ranges, and better spellings to suggest.
//!
//! Input: text. Output: whether it is well formed, its parts, or a suggestion. Nothing here reports a diagnostic.

/// The units that are suggested for an unknown one.
pub(super) const UNITS: &[&str] = &[
    "kB",
    "MB",
    "GB",
    "TB",
    "KiB",
    "MiB",
    "GiB",
    "TiB",
    "bytes",
    "ms",
    "s",
    "m",
    "h",
    "d",
    "%",
    "percent",
    "ratio",
    "count",
    "cores",
    "k",
    "M",
    "G",
    "seconds",
    "milliseconds",
    "nanocores",
];

pub(super) fn short(text: &str) -> String {
    text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether a text is an id: `kebab-case`, at most 100 bytes.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}

pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

pub(super) fn kebab(text: &str) -> String {
    let mut out = String::new();
    for c in text.trim().chars() {
        if c.is_ascii_uppercase() {
            if !out.is_empty() && !out.ends_with('-') {
                out.push('-');
            }
            out.push(c.to_ascii_lowercase());
        } else if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_matches('-').to_owned()
}

/// Returns a duration such as `15 min` or `2 hours` in the spelling of the format.
pub(super) fn respelt(text: &str) -> String {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').to_ascii_lowercase();
    let unit = match unit.trim_end_matches('s') {
        "min" | "minute" => "m",
        "hour" | "hr" => "h",
        "day" => "d",
        "week" => "w",
        "sec" | "second" | "" => "s",
        "m" => "m",
        "h" => "h",
        "d" => "d",
        _ => "?",
    };
    format!("{digits}{unit}")
}

/// Returns the bounds of a version range: comparison sign and numbers.
pub(crate) fn version_bounds(text: &str) -> Option<Vec<(&str, Vec<u64>)>> {
    let mut bounds = Vec::new();
    for part in text.split(',') {
        let part = part.trim();
        let sign = [">=", "<=", "==", ">", "<", "="].into_iter().find(|sign| part.starts_with(sign))?;
        let numbers: Option<Vec<u64>> =
            part.get(sign.len()..)?.trim().split('.').map(|number| number.parse().ok()).collect();
        bounds.push((sign, numbers?));
    }
    Some(bounds)
}

#[cfg(test)]
mod tests {
    use super::{is_id, kebab, version_bounds};

    #[test]
    fn an_id_is_kebab_case() {
        assert!(is_id("memory-high-2"));
        for bad in ["", "-a", "a-", "a--b", "A", "a_b", "a b", "ä"] {
            assert!(!is_id(bad), "{bad}");
        }
    }

    #[test]
    fn a_valid_id_is_suggested() {
        assert_eq!(kebab("OomKilled"), "oom-killed");
        assert_eq!(kebab("memory_high "), "memory-high");
    }

    #[test]
    fn version_bounds_are_read() {
        assert_eq!(version_bounds(">=6.20.0, <6.22.0").unwrap(), [(">=", vec![6, 20, 0]), ("<", vec![6, 22, 0])]);
        assert!(version_bounds("6.20").is_none());
        assert!(version_bounds(">=six").is_none());
    }
}
