//! Generated tests of lines: of their text, of their fields, or of both.

use amp_rules_core::telemetry::predicate::{Comparison, FieldTest, Limit, LineTest, ValueTest};
use proptest::prelude::*;
use proptest::sample::select;

fn line_test() -> impl Strategy<Value = LineTest> {
    select(vec![
        LineTest::Regex("refused".to_owned()),
        LineTest::Regex("(?i)failed (?P<n>[^ ]+) items".to_owned()),
        LineTest::Regex("^(?i:error)".to_owned()),
        LineTest::Regex("took (?P<n>\\S*) ms$".to_owned()),
        LineTest::Regex("\\bfailed\\b".to_owned()),
        LineTest::Regex("(?i)ÜNÏCÖDE|für (?P<n>p[0-9])".to_owned()),
        LineTest::Regex("scrape|\"quoted failed\"".to_owned()),
        LineTest::Regex("^b failed".to_owned()),
        LineTest::Regex(".".to_owned()),
        LineTest::Regex("for the connection refused by [0-9.]+".to_owned()),
        LineTest::Contains("refused by".to_owned()),
        LineTest::Contains("\" | where 1==1 // ;".to_owned()),
        LineTest::Contains("c:\\temp".to_owned()),
    ])
}

fn field_test() -> impl Strategy<Value = FieldTest> {
    let name = select(vec!["level", "job", "error.code", "msg", "count", "never"]);
    let texts = |texts: &[&str]| ValueTest::OneOf(texts.iter().map(|text| (*text).to_owned()).collect());
    let bounds = |bounds: &[(Comparison, f64)]| {
        ValueTest::Within(bounds.iter().map(|(sign, limit)| (*sign, Limit::new(*limit))).collect())
    };
    let test = select(vec![
        texts(&["error"]),
        texts(&["error", "fatal"]),
        texts(&[""]),
        texts(&["5", "true"]),
        texts(&["5.0"]),
        texts(&["a b \" | c"]),
        bounds(&[(Comparison::Above, 4.0)]),
        bounds(&[(Comparison::AtLeast, 5.0), (Comparison::Below, 500.0)]),
        bounds(&[(Comparison::AtMost, 5.0)]),
        bounds(&[(Comparison::Equals, 5.0)]),
        ValueTest::Set,
        ValueTest::Empty,
    ]);
    (name, test).prop_map(|(name, test)| FieldTest { name: name.to_owned(), test })
}

/// A test of the text, of fields, or of both.
pub(crate) fn any_line_test() -> impl Strategy<Value = LineTest> {
    let fields = || prop::collection::vec(field_test(), 1..3);
    prop_oneof![
        4 => line_test(),
        2 => fields().prop_map(|fields| LineTest::Fields { fields, text: None }),
        1 => (fields(), line_test()).prop_map(|(fields, text)| LineTest::Fields { fields, text: Some(Box::new(text)) }),
    ]
}
