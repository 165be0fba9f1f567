//! The meaning of a regex: whether it matches every line or none, and how specific it is.
//!
//! Input: the intermediate representation of the regex crate. Output: `true` only if it is certain.

use regex_syntax::hir::{Hir, HirKind, Look};

/// Returns whether every line matches.
pub(super) fn matches_everything(meaning: &Hir) -> bool {
    meaning.properties().minimum_len() == Some(0) && is_free(meaning, true, true)
}

/// Returns whether an empty match is possible in every line: at the start or at the end, but not only if both are at the
/// same place.
fn is_free(meaning: &Hir, start: bool, end: bool) -> bool {
    match meaning.kind() {
        HirKind::Empty => true,
        HirKind::Literal(_) | HirKind::Class(_) => false,
        HirKind::Look(look) => match look {
            Look::Start | Look::StartLF | Look::StartCRLF => start,
            Look::End | Look::EndLF | Look::EndCRLF => end,
            _ => false,
        },
        HirKind::Repetition(repetition) => repetition.min == 0 || is_free(&repetition.sub, start, end),
        HirKind::Capture(capture) => is_free(&capture.sub, start, end),
        HirKind::Alternation(arms) => arms.iter().any(|arm| is_free(arm, start, end)),
        HirKind::Concat(parts) => {
            // `^$` matches only empty lines; with a wildcard in between it matches everywhere. `.*$^.?` has none in between.
            let spanned = match (parts.iter().rposition(needs_start), parts.iter().position(needs_end)) {
                (Some(start), Some(end)) => parts.get(start + 1..end).unwrap_or_default().iter().any(is_wildcard),
                _ => true,
            };
            spanned && parts.iter().all(|part| is_free(part, start, end))
        }
    }
}

fn needs_start(meaning: &Hir) -> bool {
    meaning.properties().look_set_prefix().contains(Look::StartLF)
        || meaning.properties().look_set_prefix().contains(Look::Start)
}

fn needs_end(meaning: &Hir) -> bool {
    meaning.properties().look_set_suffix().contains(Look::EndLF)
        || meaning.properties().look_set_suffix().contains(Look::End)
}

/// Returns whether it is `.*`, or as wide.
fn is_wildcard(meaning: &Hir) -> bool {
    match meaning.kind() {
        HirKind::Repetition(repetition) => {
            repetition.min == 0
                && repetition.max.is_none()
                && match repetition.sub.kind() {
                    HirKind::Class(class) => match class {
                        regex_syntax::hir::Class::Unicode(class) => {
                            class.iter().map(|range| range.len()).sum::<usize>() > 1_000_000
                        }
                        regex_syntax::hir::Class::Bytes(class) => {
                            class.iter().map(|range| range.len()).sum::<usize>() > 250
                        }
                    },
                    _ => false,
                }
        }
        HirKind::Capture(capture) => is_wildcard(&capture.sub),
        HirKind::Empty
        | HirKind::Literal(_)
        | HirKind::Class(_)
        | HirKind::Look(_)
        | HirKind::Alternation(_)
        | HirKind::Concat(_) => false,
    }
}

/// Returns whether no line matches. `whole_line`: the text that is searched has no line break.
pub(super) fn never_matches(meaning: &Hir, whole_line: bool) -> bool {
    match meaning.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => whole_line && literal.0.contains(&b'\n'),
        HirKind::Class(class) => class.minimum_len().is_none(),
        HirKind::Repetition(repetition) => repetition.min > 0 && never_matches(&repetition.sub, whole_line),
        HirKind::Capture(capture) => never_matches(&capture.sub, whole_line),
        HirKind::Alternation(arms) => arms.iter().all(|arm| never_matches(arm, whole_line)),
        HirKind::Concat(parts) => {
            if parts.iter().any(|part| never_matches(part, whole_line)) {
                return true;
            }
            // A start after something, or something after an end, is only possible across a line break.
            let crosses = |part: &Hir| can_break(part);
            parts.iter().enumerate().any(|(index, part)| match part.kind() {
                HirKind::Look(Look::Start | Look::StartLF | Look::StartCRLF) => {
                    let before = parts.get(..index).unwrap_or_default();
                    before.iter().any(requires) && (whole_line || !before.iter().any(crosses))
                }
                HirKind::Look(Look::End | Look::EndLF | Look::EndCRLF) => {
                    let behind = parts.get(index + 1..).unwrap_or_default();
                    behind.iter().any(requires) && (whole_line || !behind.iter().any(crosses))
                }
                _ => false,
            })
        }
    }
}

fn requires(meaning: &Hir) -> bool {
    meaning.properties().minimum_len().is_some_and(|least| least > 0)
}

/// Returns whether a match can contain a line break.
fn can_break(meaning: &Hir) -> bool {
    match meaning.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.contains(&b'\n'),
        HirKind::Class(class) => match class {
            regex_syntax::hir::Class::Unicode(class) => {
                class.iter().any(|range| range.start() <= '\n' && '\n' <= range.end())
            }
            regex_syntax::hir::Class::Bytes(class) => {
                class.iter().any(|range| range.start() <= b'\n' && b'\n' <= range.end())
            }
        },
        HirKind::Repetition(repetition) => can_break(&repetition.sub),
        HirKind::Capture(capture) => can_break(&capture.sub),
        HirKind::Alternation(parts) | HirKind::Concat(parts) => parts.iter().any(can_break),
    }
}

/// Returns how many characters are the same in every match, apart from their case.
pub(super) fn fixed_characters(meaning: &Hir) -> usize {
    match meaning.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => String::from_utf8_lossy(&literal.0).chars().filter(|c| !c.is_whitespace()).count(),
        HirKind::Class(class) => usize::from(is_one_letter(class)),
        HirKind::Repetition(repetition) => fixed_characters(&repetition.sub).saturating_mul(repetition.min as usize),
        HirKind::Capture(capture) => fixed_characters(&capture.sub),
        HirKind::Alternation(arms) => arms.iter().map(fixed_characters).min().unwrap_or(0),
        HirKind::Concat(parts) => parts.iter().map(fixed_characters).sum(),
    }
}

/// Returns the size of a regex: the characters and the ranges of classes in it, with bounded repetitions written out.
///
/// The memory of the compiled regex grows with it. Saturates.
pub(super) fn size(meaning: &Hir) -> u64 {
    match meaning.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => {
            // A range of characters becomes several ranges of bytes.
            let is_ascii = class.ranges().last().is_none_or(|last| last.end().is_ascii());
            class.ranges().len().max(1) as u64 + if is_ascii { 0 } else { 8 }
        }
        HirKind::Class(regex_syntax::hir::Class::Bytes(class)) => class.ranges().len().max(1) as u64,
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            size(&repetition.sub).saturating_mul(u64::from(times))
        }
        HirKind::Capture(capture) => size(&capture.sub),
        HirKind::Alternation(parts) | HirKind::Concat(parts) => parts.iter().map(size).fold(0, u64::saturating_add),
    }
}

/// Returns whether a class has at most three characters, such as both cases of a letter.
fn is_one_letter(class: &regex_syntax::hir::Class) -> bool {
    match class {
        regex_syntax::hir::Class::Unicode(class) => class.iter().map(|range| range.len()).sum::<usize>() <= 3,
        regex_syntax::hir::Class::Bytes(class) => class.iter().map(|range| range.len()).sum::<usize>() <= 3,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_syntax::ParserBuilder;

    use super::{fixed_characters, matches_everything, never_matches, size};
    use crate::telemetry::matcher;

    fn hir(text: &str) -> regex_syntax::hir::Hir {
        ParserBuilder::new().multi_line(true).build().parse(text).unwrap()
    }

    #[test]
    fn regexes_that_match_every_line_are_found() {
        for text in [".*", "a*", "(error)?", "^", "$", "^.*$", "x*|y", "^a*", "(?:a?b?)*"] {
            assert!(matches_everything(&hir(text)), "{text}");
        }
        for text in ["a", "^$", ".", ".+", r"\b", "a*b", "^a*$"] {
            assert!(!matches_everything(&hir(text)), "{text}");
        }
    }

    #[test]
    fn regexes_that_match_no_line_are_found() {
        for text in ["a^b", "a$b", r"[^\x00-\x{10FFFF}]", "(a$b|c^d)", "foo$ bar"] {
            assert!(never_matches(&hir(text), false), "{text}");
        }
        for text in ["a", "^a$", "a$\nb", "(a$b|c)", "a*^b", r"a\s^b"] {
            assert!(!never_matches(&hir(text), false), "{text}");
        }
        assert!(never_matches(&hir(r"a\nb"), true));
    }

    #[test]
    fn bounded_repetitions_count_as_often_as_they_can_occur() {
        for (text, want) in [("ab", 2), ("a{2,5}", 5), ("a*", 1), ("a{3,}", 4), ("(?:[a-c]{10}){10}", 100), ("^$", 2)] {
            assert_eq!(size(&hir(text)), want, "{text}");
        }
        assert!(size(&hir(".")) > 8);
        assert!(size(&hir(r"\w")) > 700);
        assert_eq!(size(&hir(r"(?:(?:(?:(?:\w{999}){999}){999}){999}){999999}")), u64::MAX);
    }

    #[test]
    fn fixed_characters_are_those_of_the_shortest_match() {
        for (text, count) in
            [("refused", 7), ("(?i)ab", 2), ("a|bcd", 1), (r"\d+x{3}", 3), ("502|503", 3), (r"\w+ \w+", 0)]
        {
            assert_eq!(fixed_characters(&hir(text)), count, "{text}");
        }
    }

    proptest! {
        #[test]
        fn proven_properties_hold_for_every_line(text in r"[ab^$.*?|()]{1,8}", line in "[abc]{0,5}") {
            if let Ok(meaning) = ParserBuilder::new().multi_line(true).build().parse(&text) {
                let regex = matcher::compile(&text).unwrap();
                if matches_everything(&meaning) {
                    prop_assert!(regex.is_match(&line), "{text} does not match {line:?}");
                }
                if never_matches(&meaning, true) {
                    prop_assert!(!regex.is_match(&line), "{text} matches {line:?}");
                }
            }
        }
    }
}
