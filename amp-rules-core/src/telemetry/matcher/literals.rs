//! The literals that every match of a regex contains.
//!
//! Input: a regex. Output: a set of literals of which at least one occurs, ignoring ASCII case, in every text that the regex
//! matches, or `None` if there is no useful set. The literals contain no quote, backslash, slash or control character, so they
//! appear unescaped in the JSON form of such a text. Returning `None` too often costs speed, never a match.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::telemetry::predicate::{FieldTest, ValueTest};

/// The greatest number of literals in a set.
const SET: usize = 64;
/// The greatest number of texts that a part of a regex is expanded to.
const ARMS: usize = 32;
/// The greatest number of characters in a class that is expanded.
const CLASS: usize = 6;
/// The least length of a literal; a shorter one occurs almost everywhere.
const SHORTEST: usize = 2;

/// The required literals of a regex as [`super::compile`] compiles it.
pub(super) fn of_regex(regex: &str) -> Option<Vec<Vec<u8>>> {
    let hir = ParserBuilder::new().multi_line(true).build().parse(regex).ok()?;
    let facts = analyse(&hir);
    best(facts.exact.and_then(usable), facts.required)
}

/// The required literal of a plain text: its rarest part.
pub(super) fn of_literal(text: &str) -> Option<Vec<Vec<u8>>> {
    usable(vec![fold(text.as_bytes())])
}

/// The required literals of the line whose fields pass these tests.
pub(super) fn of_fields(fields: &[FieldTest]) -> Option<Vec<Vec<u8>>> {
    let value = |field: &FieldTest| match &field.test {
        // A number can be written in several ways.
        ValueTest::OneOf(texts) if texts.iter().all(|text| text.trim().parse::<f64>().is_err()) => {
            usable(texts.iter().map(|text| fold(text.as_bytes())).collect())
        }
        ValueTest::OneOf(_) | ValueTest::Within(_) | ValueTest::Set | ValueTest::Empty => None,
    };
    let of_one = |field: &FieldTest| {
        // Whether the objects are nested or the key has dots, every part of the name occurs.
        let keys = field.name.split('.').map(|key| usable(vec![fold(key.as_bytes())]));
        keys.fold(value(field), best)
    };
    fields.iter().map(of_one).fold(None, best)
}

/// What is known about a part of a regex.
struct Facts {
    /// Every text that it can match, in lower case; `None` if there are too many.
    exact: Option<Vec<Vec<u8>>>,
    /// Literals of which at least one occurs in every text that it matches.
    required: Option<Vec<Vec<u8>>>,
}

impl Facts {
    const ANYTHING: Self = Self { exact: None, required: None };

    fn exactly(texts: Vec<Vec<u8>>) -> Self {
        Self { exact: Some(texts), required: None }
    }

    /// The better of the two sets.
    fn set(self) -> Option<Vec<Vec<u8>>> {
        best(self.exact.and_then(usable), self.required)
    }
}

fn analyse(hir: &Hir) -> Facts {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Facts::exactly(vec![Vec::new()]),
        HirKind::Literal(literal) => Facts::exactly(vec![fold(&literal.0)]),
        HirKind::Class(class) => expanded(class).map_or(Facts::ANYTHING, Facts::exactly),
        HirKind::Capture(capture) => analyse(&capture.sub),
        HirKind::Repetition(repetition) => {
            let inner = analyse(&repetition.sub);
            match (repetition.min, repetition.max) {
                (_, Some(0)) => Facts::exactly(vec![Vec::new()]),
                (0, Some(1)) => match inner.exact {
                    Some(mut texts) => {
                        texts.push(Vec::new());
                        Facts::exactly(unique(texts))
                    }
                    None => Facts::ANYTHING,
                },
                (0, _) => Facts::ANYTHING,
                (1, Some(1)) => inner,
                _ => Facts { exact: None, required: inner.set() },
            }
        }
        HirKind::Concat(parts) => concatenation(parts),
        HirKind::Alternation(arms) => alternation(arms),
    }
}

/// Expands runs of parts that are known exactly; the other parts contribute their required literals.
fn concatenation(parts: &[Hir]) -> Facts {
    let mut run: Vec<Vec<u8>> = vec![Vec::new()];
    let mut required = None;
    let mut whole = true;
    for part in parts {
        let facts = analyse(part);
        match facts.exact {
            Some(texts) if run.len().saturating_mul(texts.len()) <= ARMS => {
                run = unique(
                    run.iter()
                        .flat_map(|head| texts.iter().map(move |tail| [head.as_slice(), tail].concat()))
                        .collect(),
                );
            }
            Some(texts) => {
                whole = false;
                required = best(required, usable(std::mem::replace(&mut run, texts)));
            }
            None => {
                whole = false;
                required = best(required, usable(std::mem::replace(&mut run, vec![Vec::new()])));
                required = best(required, facts.required);
            }
        }
    }
    if whole { Facts::exactly(run) } else { Facts { exact: None, required: best(required, usable(run)) } }
}

/// Combines the sets of all arms; an arm without a set makes the whole one `None`.
fn alternation(arms: &[Hir]) -> Facts {
    let facts: Vec<_> = arms.iter().map(analyse).collect();
    let exact: Option<Vec<_>> = facts.iter().map(|arm| arm.exact.clone()).collect();
    if let Some(texts) = exact.map(|texts| unique(texts.concat())).filter(|texts| texts.len() <= ARMS) {
        return Facts::exactly(texts);
    }
    let sets: Option<Vec<_>> = facts.into_iter().map(Facts::set).collect();
    Facts { exact: None, required: sets.map(|sets| shortest(sets.concat())).filter(|set| set.len() <= SET) }
}

/// The texts of a small class, in lower case (ASCII).
fn expanded(class: &Class) -> Option<Vec<Vec<u8>>> {
    let texts: Vec<Vec<u8>> = match class {
        Class::Unicode(class) => {
            let many: usize = class.iter().map(|range| range.len()).sum();
            if many > CLASS {
                return None;
            }
            let letters = class.iter().flat_map(|range| range.start()..=range.end());
            letters.map(|letter| letter.to_ascii_lowercase().to_string().into_bytes()).collect()
        }
        Class::Bytes(class) => {
            let many: usize = class.iter().map(|range| range.len()).sum();
            if many > CLASS {
                return None;
            }
            class
                .iter()
                .flat_map(|range| range.start()..=range.end())
                .map(|byte| vec![byte.to_ascii_lowercase()])
                .collect()
        }
    };
    // A class without members matches nothing. An empty set would mean that no literal is required, so it is `None`.
    if texts.is_empty() { None } else { Some(unique(texts)) }
}

/// The rarest part of each text that JSON never escapes; `None` if one of the parts is too short.
fn usable(texts: Vec<Vec<u8>>) -> Option<Vec<Vec<u8>>> {
    let parts = texts.iter().map(|text| {
        let plain = text.split(|byte| matches!(byte, b'"' | b'\\' | b'/' | 0x7f) || *byte < 0x20);
        plain.max_by_key(|part| rarity(part)).filter(|part| part.len() >= SHORTEST).map(<[u8]>::to_vec)
    });
    let set: Option<Vec<_>> = parts.collect();
    set.map(shortest).filter(|set| !set.is_empty() && set.len() <= SET)
}

/// The set with fewer expected false candidates.
pub(super) fn best(one: Option<Vec<Vec<u8>>>, other: Option<Vec<Vec<u8>>>) -> Option<Vec<Vec<u8>>> {
    let worth =
        |set: &[Vec<u8>]| (set.iter().map(|literal| rarity(literal)).min().unwrap_or(0), std::cmp::Reverse(set.len()));
    match (one, other) {
        (Some(one), Some(other)) => Some(if worth(&one) >= worth(&other) { one } else { other }),
        (one, other) => one.or(other),
    }
}

/// A measure of how rare a literal is: longer is rarer, frequent letters count less.
pub(super) fn rarity(literal: &[u8]) -> usize {
    literal.iter().map(|byte| if b"etaoinsrl 0.-:".contains(byte) { 2 } else { 3 }).sum()
}

fn fold(text: &[u8]) -> Vec<u8> {
    text.to_ascii_lowercase()
}

fn unique(mut texts: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    texts.sort();
    texts.dedup();
    texts
}

/// The set without literals that contain another one: where they occur, that one does.
fn shortest(texts: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let texts = unique(texts);
    let contains = |text: &[u8], part: &[u8]| text.len() > part.len() && text.windows(part.len()).any(|at| at == part);
    let is_implied = |text: &[u8]| texts.iter().any(|other| contains(text, other));
    texts.iter().filter(|text| !is_implied(text)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(regex: &str, want: Option<&[&str]>) {
        let found = of_regex(regex)
            .map(|set| set.into_iter().map(|literal| String::from_utf8(literal).unwrap()).collect::<Vec<_>>());
        assert_eq!(found, want.map(|set| set.iter().map(|text| (*text).to_owned()).collect()));
    }

    #[test]
    fn an_optional_part_multiplies_out() {
        check(
            "55680: (connect: )?connection refused",
            Some(&["55680: connect: connection refused", "55680: connection refused"]),
        );
    }

    #[test]
    fn the_rarest_run_of_a_concatenation_stands_for_it() {
        check(r"code = \w+ desc = context deadline exceeded", Some(&[" desc = context deadline exceeded"]));
    }

    #[test]
    fn every_arm_of_an_alternation_is_needed() {
        check(r"refused.*x|denied.*y", Some(&["denied", "refused"]));
        check(r"refused.*x|\d+", None);
    }

    #[test]
    fn what_may_be_missing_is_not_required() {
        check("(refused)*", None);
        check("(refused)+", Some(&["refused"]));
        check("(refused){0}xy", Some(&["xy"]));
    }

    #[test]
    fn a_caseless_letter_is_its_folded_form() {
        check("(?i)Refuted", Some(&["refuted"]));
        check("(?i)ok", Some(&["ok", "o\u{212a}"]));
    }

    #[test]
    fn characters_that_json_escapes_are_left_out() {
        check(r#""/etc/prometheus/certs""#, Some(&["prometheus"]));
        check(r#""\\/"#, None);
    }
}
