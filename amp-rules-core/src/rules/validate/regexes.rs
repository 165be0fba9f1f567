//! Regexes of rules: whether they are valid, and whether they do what they seem to do.
//!
//! Input: the node of a regex. Output: its named captures with their places. Diagnostics mark the place inside the regex,
//! across YAML's quoting.

use regex_syntax::ast;
use regex_syntax::hir::translate::TranslatorBuilder;

use super::reader::Reader;
use super::{hir, lints};
use crate::rules::codes;
use crate::rules::diagnostic::Span;
use crate::rules::syntax::Node;
use crate::telemetry::matcher;

/// Checks a regex and returns its named captures. `whole_line`: it is applied to whole lines, which have no line breaks.
pub(super) fn read_regex(reader: &mut Reader<'_>, node: &Node, whole_line: bool) -> Option<Vec<(String, Span)>> {
    let text = node.text()?;
    // `syntax` has already reported an empty one.
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
    if exceeds_pack(reader, node, hir::size(&meaning)) {
        return None;
    }
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
            Some("all parts of it are optional; require something".to_owned());
    } else if hir::never_matches(&meaning, whole_line) {
        reader.report(&codes::NEVER_MATCHES, node, "the regex matches no line");
    } else if hir::fixed_characters(&meaning) < 4 {
        reader.report(&codes::TOO_BROAD, node, "fewer than four fixed characters are required").help =
            Some("add the text around them in the line".to_owned());
    }
    for finding in lints::findings(text, &tree) {
        let span = reader.part(node, finding.start, finding.end);
        let problem = reader.report_at(finding.code, span, finding.message);
        problem.help = finding.help;
    }
    Some(lints::captures(&tree).into_iter().map(|(name, start, end)| (name, reader.part(node, start, end))).collect())
}

/// Whether the regexes of the pack so far and one more are too large together. Reports the first one that is too many; it and
/// those after it are not compiled.
fn exceeds_pack(reader: &mut Reader<'_>, node: &Node, size: u64) -> bool {
    let before = reader.pack.regexes.get();
    let after = before.saturating_add(size);
    reader.pack.regexes.set(after);
    if before <= matcher::PACK_REGEXES && after > matcher::PACK_REGEXES {
        let limit = matcher::PACK_REGEXES;
        let message = format!("the regexes of the pack have a size of {after} with this one; the limit is {limit}");
        reader.report(&codes::ALIAS_BUDGET, node, message).help = Some(format!(
            "this one has a size of {size}: classes such as `\\w` and repetitions such as `{{1,100}}` count most"
        ));
    }
    after > matcher::PACK_REGEXES
}

fn report_unreadable(reader: &mut Reader<'_>, node: &Node, error: &ast::Error) {
    let (start, end) = (error.span().start.offset, error.span().end.offset);
    let span = reader.part(node, start, end);
    match error.kind() {
        ast::ErrorKind::UnsupportedLookAround => {
            reader.report_at(&codes::REGEX_UNSUPPORTED, span, "look-around is not supported").help =
                Some("match the context too, or write a second symptom and `all: [this, { not: that }]`".to_owned());
        }
        ast::ErrorKind::UnsupportedBackreference => {
            reader.report_at(&codes::REGEX_UNSUPPORTED, span, "back-references are not supported").help =
                Some("write the text out; a digit after a backslash is not an escape".to_owned());
        }
        kind => {
            reader.report_at(&codes::REGEX_SYNTAX, span, lower(&kind.to_string()));
        }
    }
}

/// Returns a message of the regex crate in the style of diagnostics: lower case, one line, no full stop.
fn lower(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message).trim().trim_start_matches("error: ").trim_end_matches('.');
    let mut characters = line.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}
