//! Templates: lines that differ only in numbers, names and times, as one text such as `timed out after <n> on <ip>`.
//!
//! Input: the text of a line that a regex of [`See::Message`] searches. Output: its reason and its template.
//!
//! The *reason* is the message and the error of the line: the text itself, or for a text in logfmt (`level=error msg="…"
//! err="…"`) the values of these keys. The *template* is the reason in which [`MASKS`] have been replaced by placeholders,
//! whatever its length; only then is a long one shortened in its middle. The number of an HTTP status stays, because it names
//! the fault. The masks are the single definition of which lines are grouped: code that groups lines, here or in a query,
//! applies the steps of [`Templates::of`] in this order. The regexes mean the same in RE2 and in Kusto: no look-around, and
//! ASCII classes only.
//!
//! [`See::Message`]: crate::telemetry::predicate::See::Message

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// The number of characters of the beginning and of the end of a template; what is between them is replaced by `…`.
pub const ENDS: (usize, usize) = (400, 199);

/// A regex on the beginning of a text in logfmt: `key=`.
pub const LOGFMT: &str = "^[A-Za-z_][0-9A-Za-z_.]*=";

/// Regexes on a text in logfmt: one that finds its message, one that finds its error. Their groups [`LOGFMT_GROUPS`] are the
/// value with quotes and without; one of them is empty.
pub const LOGFMT_VALUES: [&str; 2] = [
    r#"(^|[\t ])(msg|message)=("(([^"\\]|\\.)*)"|([^"\t ]+))"#,
    r#"(^|[\t ])(error|err)=("(([^"\\]|\\.)*)"|([^"\t ]+))"#,
];

/// The groups of [`LOGFMT_VALUES`].
pub const LOGFMT_GROUPS: [usize; 2] = [4, 6];

/// A regex on a text in logfmt that finds the value of a key. Its groups [`LOGFMT_FIELD_GROUPS`] are the value with quotes and
/// without; at most one of them is not empty.
#[must_use]
pub fn logfmt_field(key: &str) -> String {
    format!(r#"(^|[\t ]){}=("(([^"\\]|\\.)*)"|([^"\t ]+))"#, regex::escape(key))
}

/// The groups of [`logfmt_field`].
pub const LOGFMT_FIELD_GROUPS: [usize; 2] = [3, 5];

/// A regex on a text with the number of an HTTP status, 400 to 599, beside a word that announces one. Its groups
/// [`STATUS_GROUPS`] are the text before the number, the number, and the text after it.
pub const STATUS: &str = "(?i)^((|.*?[^A-Za-z])((HTTP(/[0-9.]+)?|status|code|response|returned|error)[ _-]?)+[\"':= ]{0,3})\
                          ([45][0-9][0-9])(|[^0-9A-Za-z_.].*)$";

/// The groups of [`STATUS`].
pub const STATUS_GROUPS: [usize; 3] = [1, 6, 7];

/// Ten characters that stand for the digits of a status while masks are applied; no mask matches them.
pub const STATUS_DIGITS: &str = "\u{e000}\u{e001}\u{e002}\u{e003}\u{e004}\u{e005}\u{e006}\u{e007}\u{e008}\u{e009}";

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

/// The first mask: white space, including the newlines between message and error.
pub const BLANKS: Mask = mask(r"[\t\n\r ]+", " ");

/// The other masks, in the order in which they are applied.
pub const MASKS: [Mask; 8] = [
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

/// The message and error of a text, joined by a newline; the text itself if it is not in logfmt or has neither.
pub(crate) fn reason(text: &str) -> Cow<'_, str> {
    // INVARIANT: the regexes compile, which a test shows; without them, a text would be its own reason.
    static REGEXES: LazyLock<Option<(Regex, Vec<Regex>)>> = LazyLock::new(|| {
        let values: Result<_, _> = LOGFMT_VALUES.iter().map(|regex| Regex::new(regex)).collect();
        Some((Regex::new(LOGFMT).ok()?, values.ok()?))
    });
    let Some((logfmt, values)) = REGEXES.as_ref() else { return Cow::Borrowed(text) };
    if !logfmt.is_match(text) {
        return Cow::Borrowed(text);
    }
    let value = |regex: &Regex| {
        let found = regex.captures(text)?;
        let group = LOGFMT_GROUPS.iter().find_map(|group| found.get(*group))?;
        Some(group.as_str().replace("\\\"", "\"")).filter(|value| !value.is_empty())
    };
    let values: Vec<String> = values.iter().filter_map(value).collect();
    if values.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(values.join("\n")) }
}

/// The compiled masks.
#[derive(Debug)]
pub(crate) struct Templates {
    blanks: Regex,
    status: Regex,
    masks: Vec<(Regex, &'static str)>,
}

impl Templates {
    /// Compiles the regexes.
    ///
    /// # Errors
    ///
    /// A regex does not compile; tests show that all do.
    pub(crate) fn new() -> Result<Self, regex::Error> {
        let masks = MASKS.iter().map(|mask| Ok((Regex::new(mask.regex)?, mask.placeholder)));
        Ok(Self {
            blanks: Regex::new(BLANKS.regex)?,
            status: Regex::new(STATUS)?,
            masks: masks.collect::<Result<_, _>>()?,
        })
    }

    /// The template of a reason.
    pub(crate) fn of(&self, reason: &str) -> String {
        let mut text = self.blanks.replace_all(reason, BLANKS.placeholder).into_owned();
        if let Some(found) = self.status.captures(&text) {
            let [before, number, after] = STATUS_GROUPS.map(|group| found.get(group).map_or("", |part| part.as_str()));
            text = format!("{before}{}{after}", translated(number, DIGITS, STATUS_DIGITS));
        }
        for (regex, placeholder) in &self.masks {
            if let Cow::Owned(masked) = regex.replace_all(&text, regex::NoExpand(placeholder)) {
                text = masked;
            }
        }
        let text = translated(&text, STATUS_DIGITS, DIGITS);
        without_middle(text.trim_matches(' '), ENDS).into_owned()
    }
}

/// The digits that [`STATUS_DIGITS`] stand for.
pub const DIGITS: &str = "0123456789";

/// The text with every character of one list replaced by the character at its position in the other.
fn translated(text: &str, from: &str, to: &str) -> String {
    let one = |c: char| from.chars().position(|other| other == c).and_then(|at| to.chars().nth(at)).unwrap_or(c);
    text.chars().map(one).collect()
}

/// The text, with `…` in place of its middle if it has more characters than both ends and `…` together.
pub(crate) fn without_middle(text: &str, (first, last): (usize, usize)) -> Cow<'_, str> {
    let many = text.chars().count();
    if many <= first + 1 + last {
        return Cow::Borrowed(text);
    }
    let end: String = text.chars().skip(many - last).collect();
    Cow::Owned(format!("{}…{end}", text.chars().take(first).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(line: &str, want: &str) {
        assert_eq!(Templates::new().unwrap().of(&reason(line)), want);
    }

    #[test]
    fn every_mask_compiles_and_neither_captures_names_nor_looks_around() {
        for mask in MASKS.into_iter().chain([BLANKS]) {
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
    fn a_long_template_loses_its_middle() {
        let long = "é".repeat(ENDS.0 + 1 + ENDS.1);
        check(&long, &long);
        check(&format!("{long}a"), &format!("{}…{}a", "é".repeat(ENDS.0), "é".repeat(ENDS.1 - 1)));
    }

    #[test]
    fn what_stands_behind_a_long_address_is_part_of_the_template() {
        let url = format!("https://ingest.example/{}", "a1/".repeat(300));
        check(&format!("Post \"{url}\": server returned 403"), "Post <quoted>: server returned 403");
        check(&format!("sent to {url}: HTTP status 429: slow down 7"), "sent to <url> HTTP status 429: slow down <n>");
    }

    #[test]
    fn the_number_of_a_status_stays_and_other_numbers_do_not() {
        check("server returned HTTP status 503 after 412 ms", "server returned HTTP status 503 after <n> ms");
        check("statuscode: 404", "statuscode: 404");
        check("HTTP/1.1 502 Bad Gateway", "HTTP/<n> 502 Bad Gateway");
        check("{\"code\":403,\"retry\":404}", "{<quoted>:403,<quoted>:<n>}");
        check("exit code 4031", "exit code <n>");
        check("sent 404 items", "sent <n> items");
        check("decode 404", "decode <n>");
    }

    #[test]
    fn the_message_and_error_of_logfmt_are_the_reason() {
        assert_eq!(reason(r#"ts=1 level=error url=x msg="a \"b\"" err=c d=e"#), "a \"b\"\nc");
        assert_eq!(reason("msg=first level=error"), "first");
        assert_eq!(reason(r#"level=error error="only \\ this""#), r"only \\ this");
        assert_eq!(reason("level=error what=else"), "level=error what=else");
        assert_eq!(reason("level=error msg= err=\"\""), "level=error msg= err=\"\"");
        assert_eq!(reason("plain msg=no"), "plain msg=no");
    }

    proptest! {
        #[test]
        fn lines_that_differ_in_numbers_alone_are_one(word in "[a-z]{1,8}", one in 0_u64.., other in 0_u64..) {
            let templates = Templates::new().unwrap();
            prop_assert_eq!(templates.of(&format!("{word} {one} failed")), templates.of(&format!("{word} {other} failed")));
        }

        #[test]
        fn no_digit_is_left_without_a_status(line in r#"[a-bf-m0-9 "/:.\[\]-]{0,80}"#) {
            prop_assert!(!Templates::new().unwrap().of(&line).contains(|c: char| c.is_ascii_digit()));
        }
    }
}
