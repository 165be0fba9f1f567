//! Regexes of rules: whether they can be read, and whether they say what they seem to say.
//!
//! Input: the node of a regex. Output: its named captures with their places. A mistake is shown inside of the regex, with
//! YAML's quoting taken into account.

use regex_syntax::ast;
use regex_syntax::hir::translate::TranslatorBuilder;

use super::reader::Reader;
use super::{hir, lints};
use crate::rules::codes;
use crate::rules::diagnostic::Span;
use crate::rules::syntax::Node;
use crate::telemetry::matcher;

/// Reads a regex. `whole_line`: it sees lines as they stand, so there is never a line break in what it sees.
pub(super) fn read_regex(reader: &mut Reader<'_>, node: &Node, whole_line: bool) -> Option<Vec<(String, Span)>> {
    let text = node.text()?;
    // An empty one has been remarked on where its quoting was looked at.
    if text.is_empty() || !reader.checked.is_sound(node) {
        return None;
    }
    let tree = match ast::parse::Parser::new().parse(text) {
        Ok(tree) => tree,
        Err(error) => {
            report_unreadable(reader, node, &error);
            return None;
        }
    };
    let meaning = match TranslatorBuilder::new().multi_line(true).build().translate(text, &tree) {
        Ok(meaning) => meaning,
        Err(error) => {
            let span = reader.part(node, error.span().start.offset, error.span().end.offset);
            reader.report_at(&codes::REGEX_SYNTAX, span, lower(&error.kind().to_string()));
            return None;
        }
    };
    if let Err(error) = matcher::compile(text) {
        reader.report(
            &codes::REGEX_SYNTAX,
            node,
            format!("the regex cannot be compiled: {}", lower(&error.to_string())),
        );
        return None;
    }
    if hir::matches_everything(&meaning) {
        reader.report(&codes::MATCHES_EVERYTHING, node, "the regex matches every line").help =
            Some("every part of it may be left out; require something".to_owned());
    } else if hir::never_matches(&meaning, whole_line) {
        reader.report(&codes::NEVER_MATCHES, node, "the regex matches no line");
    } else if hir::fixed_characters(&meaning) < 4 {
        reader.report(&codes::TOO_BROAD, node, "fewer than four fixed characters are required").help =
            Some("add what stands around them in the line".to_owned());
    }
    for remark in lints::remarks(text, &tree) {
        let span = reader.part(node, remark.start, remark.end);
        let problem = reader.report_at(remark.code, span, remark.message);
        problem.help = remark.help;
    }
    Some(lints::captures(&tree).into_iter().map(|(name, start, end)| (name, reader.part(node, start, end))).collect())
}

fn report_unreadable(reader: &mut Reader<'_>, node: &Node, error: &ast::Error) {
    let (start, end) = (error.span().start.offset, error.span().end.offset);
    let span = reader.part(node, start, end);
    match error.kind() {
        ast::ErrorKind::UnsupportedLookAround => {
            reader.report_at(&codes::REGEX_UNSUPPORTED, span, "look-around is not supported").help = Some(
                "match the context too, or make a symptom of it and write `all: [this, { not: that }]`".to_owned(),
            );
        }
        ast::ErrorKind::UnsupportedBackreference => {
            reader.report_at(&codes::REGEX_UNSUPPORTED, span, "back-references are not supported").help =
                Some("write out what may stand there; a digit behind a backslash is no escape".to_owned());
        }
        kind => {
            reader.report_at(&codes::REGEX_SYNTAX, span, lower(&kind.to_string()));
        }
    }
}

/// A message of the regex crate in our style: lower case, one line, no full stop.
fn lower(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message).trim().trim_start_matches("error: ").trim_end_matches('.');
    let mut characters = line.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}
