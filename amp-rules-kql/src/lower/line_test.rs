//! Tests of lines as KQL conditions.

use amp_rules_core::telemetry::predicate::{LineTest, See};
use kql_lang::literal;

/// The column that a test looks at.
pub(super) fn seen(see: See) -> &'static str {
    match see {
        See::Message => "_seen",
        See::Line => "_line",
    }
}

/// Whether a line is of one of the components.
pub(super) fn is_component(components: &[String]) -> String {
    let names: Vec<String> = components.iter().map(|name| literal::string(name)).collect();
    format!("_component in ({})", names.join(", "))
}

/// Whether a line matches.
pub(super) fn matches(seen: &str, test: &LineTest) -> String {
    match test {
        LineTest::Regex(regex) => format!("{seen} matches regex {}", literal::string(&format!("(?m){regex}"))),
        LineTest::Contains(text) => format!("{seen} contains_cs {}", literal::string(text)),
    }
}
