//! Turns regexes into a Kusto `has` filter.
//!
//! Input: line tests (regexes or literal texts). Output: a condition on the whole text of a row that is true for every row with
//! a matching line, or `None` if no such condition exists. Kusto evaluates `has` from its term index, so the filter avoids
//! running regexes on most rows.
//!
//! For each literal that every match must contain, ignoring ASCII case: if the literal contains a word that is delimited on
//! both sides by characters other than letters and digits, that word is a term of the text, and the condition is `has_any`;
//! otherwise it is `contains`.

use amp_rules_core::telemetry::matcher;
use amp_rules_core::telemetry::predicate::LineTest;
use kql_lang::literal;

/// The minimum length of a term in the index.
// https://learn.microsoft.com/kusto/query/datatypes-string-operators, "What is a term?", read 2026-11-20.
const MIN_TERM_LENGTH: usize = 3;

/// Returns a condition that is true for every text with a line that passes one of the tests.
///
/// JSON or terminal escapes in a text may hide a literal, so texts with such escapes always pass.
pub(super) fn condition<'t>(text: &str, tests: impl IntoIterator<Item = &'t LineTest>) -> Option<String> {
    let mut literals = Vec::new();
    for test in tests {
        literals.extend(matcher::required_literals(test)?);
    }
    literals.sort();
    literals.dedup();
    let mut terms = Vec::new();
    let mut parts = Vec::new();
    for literal in &literals {
        match inner_term(literal) {
            Some(word) => terms.push(literal::string(word)),
            None => parts.push(format!("{text} contains {}", literal::string(literal))),
        }
    }
    terms.sort();
    terms.dedup();
    let has = (!terms.is_empty()).then(|| format!("{text} has_any ({})", terms.join(", ")));
    let escapes = [format!("{text} contains_cs \"\\\\u\""), format!("{text} contains_cs \"\\u001B\"")];
    Some(has.into_iter().chain(parts).chain(escapes).collect::<Vec<_>>().join(" or "))
}

/// Returns the longest word of a literal that is a term in every text that contains the literal.
fn inner_term(literal: &str) -> Option<&str> {
    if !literal.is_ascii() {
        return None;
    }
    // It is not documented whether an underscore separates terms, so a word next to one is not used.
    let mut words: Vec<&str> = literal.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    // The first and last word may continue in the surrounding text.
    words.pop();
    if words.is_empty() {
        return None;
    }
    words.remove(0);
    words.into_iter().filter(|word| word.len() >= MIN_TERM_LENGTH && !word.contains('_')).max_by_key(|word| word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_word_delimited_on_both_sides_is_a_term() {
        assert_eq!(inner_term("connection refused"), None);
        assert_eq!(inner_term("the connection was refused"), Some("connection"));
        assert_eq!(inner_term(" refused "), Some("refused"));
        assert_eq!(inner_term(" up "), None);
        assert_eq!(inner_term(" was_refused "), None);
        assert_eq!(inner_term("é refused é"), None);
        assert_eq!(inner_term(""), None);
    }

    #[test]
    fn texts_with_escapes_pass() {
        let condition =
            condition("m", [&LineTest::Contains("a refused b".to_owned()), &LineTest::Contains("oom".to_owned())]);
        let want = r#"m has_any ("refused") or m contains "oom" or m contains_cs "\\u" or m contains_cs "\u001B""#;
        assert_eq!(condition.as_deref(), Some(want));
    }

    #[test]
    fn regex_without_required_literal_has_no_filter() {
        assert_eq!(condition("m", [&LineTest::Regex("[0-9]+".to_owned())]), None);
    }
}
