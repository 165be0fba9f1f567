//! Templates: lines that differ only in numbers, names and times, as one text such as `timed out after <n> on <ip>`.
//!
//! Input: the text of a line that a regex of [`See::Message`] searches. Output: its template, in which [`MASKS`] have been
//! replaced by placeholders. The masks are the single definition of which lines are grouped: code that groups lines, here or
//! in a query, applies them in this order to the first [`LONGEST`] characters. They mean the same in RE2 and in Kusto's
//! `replace_regex`: ASCII classes only, no references to capture groups, no look-around.
//!
//! [`See::Message`]: crate::telemetry::predicate::See::Message

use regex::Regex;

/// The number of characters of a line that its template covers. The beginning of a line identifies it better than its end.
pub const LONGEST: usize = 300;

/// One kind of text that differs from line to line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mask {
    /// The text to replace; every match is replaced.
    pub regex: &'static str,
    /// The replacement, taken literally.
    pub placeholder: &'static str,
}

const fn mask(regex: &'static str, placeholder: &'static str) -> Mask {
    Mask { regex, placeholder }
}

/// The masks, in the order in which they are applied. Spaces at both ends are trimmed afterwards.
pub const MASKS: [Mask; 9] = [
    // White space, including the newlines between the fields of a JSON line.
    mask(r"[\t\n\r ]+", " "),
    // ISO 8601 and similar, with or without a time of day; `2006/01/02 15:04:05`, `2025-08-24T19:57:17.389Z`.
    mask(
        r"[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?([.,][0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?",
        "<time>",
    ),
    // A time of day alone.
    mask(r"[0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?", "<time>"),
    mask(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}", "<id>"),
    mask(r#"[A-Za-z][0-9A-Za-z+.-]*://[^ "'<>(){}\[\],;]+"#, "<url>"),
    // Two parts or more: `/etc/config`, but not the `/` of `and/or`.
    mask(r"(/[0-9A-Za-z_.~%@+*=-]+){2,}/?", "<path>"),
    // IPv4, and IPv6 in brackets, each with or without a port.
    mask(r"([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|\[[0-9A-Fa-f]*:[0-9A-Fa-f:.]*\])(:[0-9]+)?", "<ip>"),
    // A quoted name; a quoted sentence is part of the message.
    mask(r#""[^" ]*""#, "<quoted>"),
    // Any word with a digit: numbers, hashes, pod names, `12.5ms`.
    mask(r"[A-Za-z_]*[0-9][0-9A-Za-z_]*(\.[0-9][0-9A-Za-z_]*)*", "<n>"),
];

/// The compiled masks.
#[derive(Clone, Debug)]
pub(crate) struct Templates {
    masks: Vec<(Regex, &'static str)>,
}

impl Default for Templates {
    fn default() -> Self {
        Self::new()
    }
}

impl Templates {
    /// Compiles the masks.
    pub(crate) fn new() -> Self {
        // INVARIANT: every mask compiles, which a test checks.
        let compiled = |mask: &Mask| Some((Regex::new(mask.regex).ok()?, mask.placeholder));
        Self { masks: MASKS.iter().filter_map(compiled).collect() }
    }

    /// The template of a line.
    pub(crate) fn of(&self, line: &str) -> String {
        let end = line.char_indices().nth(LONGEST).map_or(line.len(), |(end, _)| end);
        let mut text = line.get(..end).unwrap_or(line).to_owned();
        for (regex, placeholder) in &self.masks {
            if let std::borrow::Cow::Owned(masked) = regex.replace_all(&text, regex::NoExpand(placeholder)) {
                text = masked;
            }
        }
        text.trim_matches(' ').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(line: &str, want: &str) {
        assert_eq!(Templates::new().of(line), want);
    }

    #[test]
    fn every_mask_compiles_and_neither_captures_names_nor_looks_around() {
        assert_eq!(Templates::new().masks.len(), MASKS.len());
        for mask in MASKS {
            assert!(mask.regex.is_ascii(), "{}", mask.regex);
            for refused in ["(?", r"\b", r"\B", r"\d", r"\w", r"\s", r"\p"] {
                assert!(!mask.regex.contains(refused), "{} holds {refused}", mask.regex);
            }
            // Kusto writes groups as `\1` in a rewrite, the regex crate as `$1`.
            assert!(!mask.placeholder.contains(['\\', '$']), "{}", mask.placeholder);
        }
    }

    #[test]
    fn what_differs_from_line_to_line_is_replaced() {
        check(
            "2025/12/02 00:02:38 handlers.go:91: token is uninitialized",
            "<time> handlers.go:<n>: token is uninitialized",
        );
        check("2024-08-07T13:32:58.2896600Z: failed", "<time>: failed");
        check(
            "E0824 19:57:17.389000       1 reflector.go:148] watch failed",
            "<n> <time> <n> reflector.go:<n>] watch failed",
        );
        check("request 0f70cbe3-d8e4-4efe-b1ad-a27810308ccb failed", "request <id> failed");
        check("Get \"http://ama-metrics-operator:80/jobs?x=1\": EOF", "Get <quoted>: EOF");
        check("open /etc/prometheus/certs/ca.crt: no such file", "open <path>: no such file");
        check("dial tcp 10.244.3.17:9187: connect: connection refused", "dial tcp <ip>: connect: connection refused");
        check("listen tcp [::]:80: bind: address in use", "listen tcp <ip>: bind: address in use");
        check("secrets \"aad-msi-auth-token\" not found", "secrets <quoted> not found");
        check(
            "attempt 0 of pod ama-metrics-5c974985b8-x7k2p took 12.5ms",
            "attempt <n> of pod ama-metrics-<n>-<n> took <n>",
        );
        check("rows and/or columns", "rows and/or columns");
        check("a\n\tb  ", "a b");
    }

    #[test]
    fn a_quoted_sentence_stays() {
        check("desc = \"transport: dialing: refused\" 7", "desc = \"transport: dialing: refused\" <n>");
    }

    #[test]
    fn only_the_beginning_counts() {
        let long = "é".repeat(LONGEST);
        check(&format!("{long} and more"), &long);
    }

    proptest! {
        #[test]
        fn lines_that_differ_in_numbers_alone_are_one(word in "[a-z]{1,8}", one in 0_u64.., other in 0_u64..) {
            let templates = Templates::new();
            prop_assert_eq!(templates.of(&format!("{word} {one} failed")), templates.of(&format!("{word} {other} failed")));
        }

        #[test]
        fn no_digit_is_left(line in r#"[a-z0-9 "/:.\[\]-]{0,80}"#) {
            prop_assert!(!Templates::new().of(&line).contains(|c: char| c.is_ascii_digit()));
        }
    }
}
