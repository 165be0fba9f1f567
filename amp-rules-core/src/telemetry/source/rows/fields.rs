//! The fields of a line: of a JSON object, or of a line in logfmt (`level=error msg="…"`).
//!
//! Input: a line and the test of a field. Output: whether the line passes. Names are paths of the JSON object; lists and
//! objects are values that are set, but equal no text. In a line in logfmt every value is a text.

use std::borrow::Cow;

use serde_json::Value;

use super::line::Line;
use super::row::{Number, number_of, text_of};
use crate::telemetry::predicate::{FieldTest, ValueTest};

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
enum FieldValue<'l> {
    Text(Cow<'l, str>),
    /// A list or an object.
    Compound,
}

impl Line<'_> {
    /// Whether the line has a field that passes a test.
    #[must_use]
    pub fn has_field(&self, field: &FieldTest) -> bool {
        let Some(value) = self.value_of(&field.name) else { return false };
        let FieldValue::Text(text) = value else { return field.test == ValueTest::Set };
        let number = || match number_of(&Value::String(text.clone().into_owned())) {
            Number::Is(number) => Some(number),
            Number::Absent | Number::NotFinite => None,
        };
        match &field.test {
            ValueTest::OneOf(wanted) => wanted.iter().any(|wanted| {
                *wanted == text || wanted.trim().parse().is_ok_and(|wanted: f64| number() == Some(wanted))
            }),
            ValueTest::Within(bounds) => number().is_some_and(|number| {
                bounds.iter().all(|(comparison, limit)| comparison.holds(number, limit.number()))
            }),
            ValueTest::Set => !text.is_empty(),
            ValueTest::Empty => text.is_empty(),
        }
    }

    fn value_of(&self, name: &str) -> Option<FieldValue<'_>> {
        let Some(object) = self.json() else { return logfmt_value(&self.text, name).map(FieldValue::Text) };
        let mut keys = name.split('.');
        let outer = keys.next().and_then(|key| object.get(key));
        let nested = keys.fold(outer, |value, key| value?.as_object()?.get(key));
        match nested.filter(|value| !value.is_null()).or_else(|| object.get(name))? {
            Value::Array(_) | Value::Object(_) => Some(FieldValue::Compound),
            value => text_of(value).map(FieldValue::Text),
        }
    }
}

/// The value of a key in a text in logfmt; `None` if the text is not logfmt or lacks the key.
///
/// The text begins with `key=`. A value is in double quotes, in which a backslash precedes a character that is part of the
/// value, or extends to the next blank or quote. Only `\"` is unescaped. This is what the regex [`logfmt_field`] finds.
///
/// [`logfmt_field`]: crate::telemetry::source::template::logfmt_field
fn logfmt_value<'l>(text: &'l str, name: &str) -> Option<Cow<'l, str>> {
    if !is_logfmt(text) {
        return None;
    }
    let after_blank = text.match_indices(['\t', ' ']).map(|(at, blank)| at + blank.len());
    std::iter::once(0).chain(after_blank).find_map(|at| {
        let value = text.get(at..)?.strip_prefix(name)?.strip_prefix('=')?;
        let Some(quoted) = value.strip_prefix('"') else {
            let end = value.find(['"', '\t', ' ']).unwrap_or(value.len());
            return value.get(..end).filter(|value| !value.is_empty()).map(Cow::Borrowed);
        };
        let value = quoted.get(..quoted_length(quoted)?)?;
        Some(if value.contains("\\\"") { Cow::Owned(value.replace("\\\"", "\"")) } else { Cow::Borrowed(value) })
    })
}

/// Whether a text begins with `key=`.
fn is_logfmt(text: &str) -> bool {
    let key = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(text.len());
    key > 0
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.get(key..).is_some_and(|rest| rest.starts_with('='))
}

/// The length of a text up to its first double quote without a backslash; `None` if there is none.
fn quoted_length(text: &str) -> Option<usize> {
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some(at),
            '\\' if characters.next()?.1 == '\n' => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;
    use crate::telemetry::predicate::{Comparison, Limit};
    use crate::telemetry::source::template::{LOGFMT, LOGFMT_FIELD_GROUPS, logfmt_field};

    fn field(name: &str, test: ValueTest) -> FieldTest {
        FieldTest { name: name.to_owned(), test }
    }

    fn one_of(name: &str, text: &str) -> FieldTest {
        field(name, ValueTest::OneOf(vec![text.to_owned()]))
    }

    fn within(name: &str, bounds: &[(Comparison, f64)]) -> FieldTest {
        field(name, ValueTest::Within(bounds.iter().map(|(sign, limit)| (*sign, Limit::new(*limit))).collect()))
    }

    #[track_caller]
    fn check(line: &str, test: &FieldTest, want: bool) {
        assert_eq!(Line::new(0, line).unwrap().has_field(test), want, "{line}: {test}");
    }

    #[test]
    fn a_value_is_compared_as_text_or_as_a_number() {
        for (value, wanted, want) in [
            (r#""error""#, "error", true),
            (r#""error""#, "Error", false),
            ("500", "500", true),
            ("500.0", "500", true),
            (r#""500""#, "500.0", true),
            ("true", "true", true),
            (r#""true""#, "true", true),
            ("true", "1", false),
            ("null", "null", false),
            (r#"["error"]"#, r#"["error"]"#, false),
            (r#""""#, "", true),
        ] {
            check(&format!(r#"{{"level":{value}}}"#), &one_of("level", wanted), want);
        }
    }

    #[test]
    fn a_line_without_the_field_passes_no_test() {
        for test in [
            one_of("level", ""),
            within("level", &[(Comparison::Below, 1.0)]),
            field("level", ValueTest::Set),
            field("level", ValueTest::Empty),
        ] {
            for line in [
                "level",
                "level error",
                r#"{"msg":"level"}"#,
                r#"{"level":null}"#,
                r#"{"level":"error""#,
                "[1]",
                "x level=error",
            ] {
                check(line, &test, false);
            }
        }
    }

    #[test]
    fn dots_go_into_objects_and_a_key_with_dots_is_the_second_choice() {
        let test = one_of("error.code", "5");
        check(r#"{"error":{"code":5}}"#, &test, true);
        check(r#"{"error.code":5}"#, &test, true);
        check(r#"{"error":{"code":6},"error.code":5}"#, &test, false);
        check(r#"{"error":{"code":null},"error.code":5}"#, &test, true);
        check(r#"{"error":"text","error.code":5}"#, &test, true);
        check(r#"{"error":[{"code":5}]}"#, &test, false);
        check(r#"{"code":5}"#, &test, false);
    }

    #[test]
    fn bounds_are_exact_and_all_must_hold() {
        let server_error = within("code", &[(Comparison::AtLeast, 500.0), (Comparison::Below, 600.0)]);
        for (value, want) in [
            ("499.9", false),
            ("500", true),
            (r#""599""#, true),
            ("600", false),
            (r#""5xx""#, false),
            (r#""NaN""#, false),
        ] {
            check(&format!(r#"{{"code":{value}}}"#), &server_error, want);
        }
        check(r#"{"code":499}"#, &within("code", &[(Comparison::Above, 499.0)]), false);
        check(r#"{"code":499}"#, &within("code", &[(Comparison::AtMost, 499.0)]), true);
        check(r#"{"code":"499.0"}"#, &within("code", &[(Comparison::Equals, 499.0)]), true);
    }

    #[test]
    fn a_field_is_set_or_empty_where_it_has_a_value() {
        for (line, set, empty) in [
            (r#"{"a":"x"}"#, true, false),
            (r#"{"a":0}"#, true, false),
            (r#"{"a":[]}"#, true, false),
            (r#"{"a":""}"#, false, true),
            (r#"k=v a="""#, false, true),
            ("k=v a=", false, false),
        ] {
            check(line, &field("a", ValueTest::Set), set);
            check(line, &field("a", ValueTest::Empty), empty);
        }
    }

    #[test]
    fn a_line_in_logfmt_has_fields_too() {
        let line = r#"ts=2026-01-01 level=error msg="it said \"no\"" http.code=503"#;
        check(line, &one_of("level", "error"), true);
        check(line, &one_of("msg", r#"it said "no""#), true);
        check(line, &within("http.code", &[(Comparison::Above, 499.0)]), true);
        check(line, &one_of("evel", "error"), false);
        check("error: level=error", &one_of("level", "error"), false);
    }

    proptest! {
        #[test]
        fn a_logfmt_value_is_what_the_regex_finds(text in "[ab]=[ab= \"\\\\\t\n]{0,16}", name in "[ab. ]{0,3}") {
            let regex = Regex::new(&logfmt_field(&name)).unwrap();
            let found = regex.captures(&text).filter(|_| Regex::new(LOGFMT).unwrap().is_match(&text)).map(|found| {
                let group = LOGFMT_FIELD_GROUPS.iter().find_map(|group| found.get(*group)).unwrap();
                group.as_str().replace("\\\"", "\"")
            });
            prop_assert_eq!(logfmt_value(&text, &name).map(Cow::into_owned), found);
        }
    }
}
