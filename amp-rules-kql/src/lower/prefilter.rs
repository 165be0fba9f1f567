//! What a row must hold if any of its lines is to match: a test that the service answers from its index where it can.
//!
//! Input: tests of lines. Output: a test of the whole text of a row that each of them implies, or nothing where there is none.
//! A literal that every match holds, in some ASCII case, becomes `has` for a word that it holds whole, with something that is
//! neither letter nor digit on both sides, for that word is then a term of the text; else `contains`.

use amp_rules_core::telemetry::matcher;
use amp_rules_core::telemetry::predicate::LineTest;
use kql_lang::literal;

/// A shorter term is not in the index.
// https://learn.microsoft.com/kusto/query/datatypes-string-operators, "What is a term?", read 2026-11-20.
const SHORTEST_TERM: usize = 3;

/// A test that every text with a line that matches one of the tests passes.
///
/// A text may hide a literal behind an escape of JSON or of a terminal; those that hold any pass.
pub(super) fn test<'t>(text: &str, tests: impl IntoIterator<Item = &'t LineTest>) -> Option<String> {
    let mut literals = Vec::new();
    for test in tests {
        literals.extend(matcher::required_literals(test)?);
    }
    literals.sort();
    literals.dedup();
    let mut terms = Vec::new();
    let mut parts = Vec::new();
    for one in &literals {
        match inner_word(one) {
            Some(word) => terms.push(literal::string(word)),
            None => parts.push(format!("{text} contains {}", literal::string(one))),
        }
    }
    terms.sort();
    terms.dedup();
    let has = (!terms.is_empty()).then(|| format!("{text} has_any ({})", terms.join(", ")));
    let escapes = [format!("{text} contains_cs \"\\\\u\""), format!("{text} contains_cs \"\\u001B\"")];
    Some(has.into_iter().chain(parts).chain(escapes).collect::<Vec<_>>().join(" or "))
}

/// The longest word of a literal that is a term wherever the literal stands.
fn inner_word(literal: &str) -> Option<&str> {
    if !literal.is_ascii() {
        return None;
    }
    // Whether an underscore parts terms is not documented, so a word beside one is not taken for a term.
    let mut words: Vec<&str> = literal.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    // The first and the last may go on in the text.
    words.pop();
    if words.is_empty() {
        return None;
    }
    words.remove(0);
    words.into_iter().filter(|word| word.len() >= SHORTEST_TERM && !word.contains('_')).max_by_key(|word| word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_word_with_both_its_ends_is_a_term() {
        assert_eq!(inner_word("connection refused"), None);
        assert_eq!(inner_word("the connection was refused"), Some("connection"));
        assert_eq!(inner_word(" refused "), Some("refused"));
        assert_eq!(inner_word(" up "), None);
        assert_eq!(inner_word(" was_refused "), None);
        assert_eq!(inner_word("é refused é"), None);
        assert_eq!(inner_word(""), None);
    }

    #[test]
    fn a_text_that_may_hide_a_literal_passes() {
        let test = test("m", [&LineTest::Contains("a refused b".to_owned()), &LineTest::Contains("oom".to_owned())]);
        let want = r#"m has_any ("refused") or m contains "oom" or m contains_cs "\\u" or m contains_cs "\u001B""#;
        assert_eq!(test.as_deref(), Some(want));
    }

    #[test]
    fn a_regex_that_needs_no_literal_has_no_test() {
        assert_eq!(test("m", [&LineTest::Regex("[0-9]+".to_owned())]), None);
    }
}
