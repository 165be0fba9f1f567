//! Valid regexes that probably do not do what the author intended.
//!
//! Input: the text and the syntax tree of a regex. Output: findings with positions in that text, and the named captures.

use std::collections::BTreeSet;

use regex_syntax::ast::{
    Assertion, AssertionKind, Ast, ClassBracketed, ClassSet, ClassSetItem, Flag, FlagsItemKind, GroupKind,
    HexLiteralKind, LiteralKind, RepetitionKind, RepetitionRange, Visitor, visit,
};

use crate::rules::codes;
use crate::rules::diagnostic::Code;

/// A finding about a part of a regex, `start..end` in bytes of its text.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) code: &'static Code,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// Words that logs contain in brackets.
const WORDS: &[&str] = &[
    "error",
    "warn",
    "warning",
    "info",
    "debug",
    "fatal",
    "trace",
    "critical",
    "notice",
    "panic",
    "err",
    "fail",
    "failed",
    "exception",
];

/// Returns all findings about a regex.
pub(super) fn findings(text: &str, tree: &Ast) -> Vec<Finding> {
    let mut found = visit(tree, LintVisitor { text, findings: Vec::new() }).unwrap_or_default();
    edges(tree, &mut found);
    found
}

/// Returns the named captures of a regex with the byte ranges of their names.
pub(super) fn captures(tree: &Ast) -> Vec<(String, usize, usize)> {
    visit(tree, Names { found: Vec::new() }).unwrap_or_default()
}

struct Names {
    found: Vec<(String, usize, usize)>,
}

impl Visitor for Names {
    type Output = Vec<(String, usize, usize)>;
    type Err = ();

    fn finish(self) -> Result<Self::Output, ()> {
        Ok(self.found)
    }

    fn visit_pre(&mut self, tree: &Ast) -> Result<(), ()> {
        if let Ast::Group(group) = tree
            && let GroupKind::CaptureName { name, .. } = &group.kind
        {
            self.found.push((name.name.clone(), name.span.start.offset, name.span.end.offset));
        }
        Ok(())
    }
}

struct LintVisitor<'a> {
    text: &'a str,
    findings: Vec<Finding>,
}

impl LintVisitor<'_> {
    fn push(&mut self, code: &'static Code, span: &regex_syntax::ast::Span, message: String, help: Option<String>) {
        self.findings.push(Finding { code, start: span.start.offset, end: span.end.offset, message, help });
    }

    fn older(&mut self, span: &regex_syntax::ast::Span, what: &str) {
        self.push(
            &codes::KQL_DIVERGENCE,
            span,
            format!("older Kusto clusters read {what} differently, or reject it"),
            Some("write it in RE2 syntax".to_owned()),
        );
    }

    fn class(&mut self, class: &ClassBracketed) {
        let ClassSet::Item(item) = &class.kind else {
            self.older(&class.span, "an operation on classes");
            return;
        };
        let items: Vec<&ClassSetItem> = match item {
            ClassSetItem::Union(union) => union.items.iter().collect(),
            other => vec![other],
        };
        if let Some(nested) = items.iter().find(|item| matches!(item, ClassSetItem::Bracketed(_))) {
            self.older(nested.span(), "a class within a class");
        }
        let literals: Option<String> = items
            .iter()
            .map(|item| match item {
                ClassSetItem::Literal(literal) => Some(literal.c),
                _ => None,
            })
            .collect();
        let mut seen = BTreeSet::new();
        let repeated = items.iter().find_map(|item| match item {
            ClassSetItem::Literal(literal) if !seen.insert(literal.c) => Some(literal),
            _ => None,
        });
        if let Some(word) = &literals
            && !class.negated
            && word.chars().all(|c| c.is_ascii_alphabetic())
            && (WORDS.contains(&word.to_ascii_lowercase().as_str()) || (repeated.is_some() && word.len() >= 4))
        {
            self.push(
                &codes::CLASS_LOOKS_LIKE_WORD,
                &class.span,
                format!("`[{word}]` matches one character, not the word"),
                Some(format!("write `\\[{word}\\]` for the word in brackets, or `{word}`")),
            );
        } else if let Some(literal) = repeated {
            self.push(
                &codes::DUPLICATE_CLASS_MEMBER,
                &literal.span,
                format!("`{}` occurs twice in the class", literal.c),
                None,
            );
        }
    }

    /// Finds dots between two letters or digits.
    fn dots(&mut self, parts: &[Ast]) {
        for window in parts.windows(3) {
            let [Ast::Literal(before), Ast::Dot(dot), Ast::Literal(after)] = window else { continue };
            if before.c.is_alphanumeric() && after.c.is_alphanumeric() {
                self.push(
                    &codes::UNESCAPED_DOT,
                    dot,
                    "this dot matches any character".to_owned(),
                    Some(r"write `\.` for a dot".to_owned()),
                );
            }
        }
    }
}

impl Visitor for LintVisitor<'_> {
    type Output = Vec<Finding>;
    type Err = ();

    fn finish(self) -> Result<Self::Output, ()> {
        Ok(self.findings)
    }

    fn visit_pre(&mut self, tree: &Ast) -> Result<(), ()> {
        match tree {
            Ast::ClassBracketed(class) => self.class(class),
            Ast::Concat(concat) => self.dots(&concat.asts),
            Ast::Assertion(assertion) => {
                let Assertion { span, kind } = &**assertion;
                if !matches!(
                    kind,
                    AssertionKind::StartLine
                        | AssertionKind::EndLine
                        | AssertionKind::StartText
                        | AssertionKind::EndText
                        | AssertionKind::WordBoundary
                        | AssertionKind::NotWordBoundary
                ) {
                    self.older(span, "this boundary");
                }
            }
            Ast::Literal(literal) => {
                if let LiteralKind::HexFixed(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong)
                | LiteralKind::HexBrace(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong) = literal.kind
                {
                    self.older(&literal.span, "`\\u`");
                }
            }
            Ast::Flags(flags) => self.flags(&flags.flags),
            Ast::Group(group) => {
                if let GroupKind::NonCapturing(flags) = &group.kind {
                    self.flags(flags);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl LintVisitor<'_> {
    fn flags(&mut self, flags: &regex_syntax::ast::Flags) {
        for item in &flags.items {
            if let FlagsItemKind::Flag(Flag::IgnoreWhitespace | Flag::Unicode | Flag::CRLF) = item.kind {
                let name = self.text.get(item.span.start.offset..item.span.end.offset).unwrap_or_default().to_owned();
                self.older(&item.span, &format!("the flag `{name}`"));
            }
        }
    }
}

/// Finds a `.*` at the start or the end of the whole regex.
fn edges(tree: &Ast, findings: &mut Vec<Finding>) {
    let Ast::Concat(concat) = tree else { return };
    for part in [concat.asts.first(), concat.asts.last()].into_iter().flatten() {
        if let Ast::Repetition(repetition) = part
            && matches!(
                repetition.op.kind,
                RepetitionKind::ZeroOrMore | RepetitionKind::Range(RepetitionRange::AtLeast(0))
            )
            && matches!(*repetition.ast, Ast::Dot(_))
        {
            findings.push(Finding {
                code: &codes::REDUNDANT_EDGE_WILDCARD,
                start: repetition.span.start.offset,
                end: repetition.span.end.offset,
                message: "redundant wildcard".to_owned(),
                help: Some("a regex matches anywhere in the line".to_owned()),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use regex_syntax::ast::parse::Parser;

    use super::{captures, findings};

    #[track_caller]
    fn check(text: &str, want: &[(u16, &str)]) {
        let tree = Parser::new().parse(text).unwrap();
        let found: Vec<_> = findings(text, &tree)
            .into_iter()
            .map(|finding| (finding.code.number, text[finding.start..finding.end].to_owned()))
            .collect();
        let want: Vec<_> = want.iter().map(|(code, piece)| (*code, (*piece).to_owned())).collect();
        assert_eq!(found, want, "{text}");
    }

    #[test]
    fn a_dot_within_a_name_is_reported_and_others_are_not() {
        check("TokenConfig.json", &[(206, ".")]);
        check(r"TokenConfig\.json", &[]);
        check("a.*b", &[]);
        check("failed. Dropping", &[]);
    }

    #[test]
    fn a_word_in_brackets_is_reported_and_a_class_is_not() {
        check("[error] x", &[(207, "[error]")]);
        check("[aeiou]", &[]);
        check("[a-z]", &[]);
        check("[aab]", &[(208, "a")]);
        check("[^error]", &[(208, "r")]);
    }

    #[test]
    fn syntax_that_older_clusters_read_differently_is_reported() {
        check("[a-z&&[^b]]", &[(222, "[a-z&&[^b]]")]);
        check(r"\b{start}abc", &[(222, r"\b{start}")]);
        check("(?x)abc", &[(222, "x")]);
        check("(?i)abc", &[]);
    }

    #[test]
    fn wildcards_at_the_edges_are_reported() {
        check(".*refused.*", &[(209, ".*"), (209, ".*")]);
        check("a.*b", &[]);
    }

    #[test]
    fn named_captures_are_found_in_order() {
        let tree = Parser::new().parse(r"(?P<a>x)(?:y)(?<b>z)(w)").unwrap();
        let names: Vec<String> = captures(&tree).into_iter().map(|(name, _, _)| name).collect();
        assert_eq!(names, ["a", "b"]);
    }
}
