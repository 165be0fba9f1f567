//! Lowers line tests to KQL conditions.
//!
//! Input: a [`LineTest`]. Output: the text of a condition. A regex becomes `matches regex` here; the `has` filter that is
//! applied to rows before it comes from `has_prefilter`.

use amp_rules_core::telemetry::predicate::{LineTest, See};
use kql_lang::literal;

/// Returns the column that a test reads.
pub(super) fn seen(see: See) -> &'static str {
    match see {
        See::Message => "_seen",
        See::Line => "_line",
    }
}

/// Returns the condition that a line is from one of the components.
pub(super) fn is_component(components: &[String]) -> String {
    let names: Vec<String> = components.iter().map(|name| literal::string(name)).collect();
    format!("_component in ({})", names.join(", "))
}

/// Returns the condition that the text in a column matches a test.
pub(super) fn matches(seen: &str, test: &LineTest) -> String {
    match test {
        LineTest::Regex(regex) => format!("{seen} matches regex {}", literal::string(&format!("(?m){regex}"))),
        LineTest::Contains(text) => format!("{seen} contains_cs {}", literal::string(text)),
    }
}
