//! Suppression comments: `# amp: allow AMP206 -- reason`, in query files after `//`.
//!
//! Input: the files and all diagnostics. Output: the diagnostics that are not suppressed, and new ones about the comments
//! themselves. Errors cannot be suppressed.

use std::collections::BTreeMap;

use crate::rules::codes;
use crate::rules::diagnostic::{Code, Diagnostic, RuleFile, Severity, Span};
use crate::rules::syntax::FileKind;

struct Suppression {
    code: &'static Code,
    span: Span,
    /// The bytes to which it applies.
    from: usize,
    to: usize,
    is_used: bool,
}

/// Removes the diagnostics that comments suppress.
///
/// `queries_checked`: whether queries were checked. If not, unused suppressions of diagnostics about queries are not
/// reported.
pub(super) fn apply(files: &[(&RuleFile, FileKind)], queries_checked: bool, problems: &mut Vec<Diagnostic>) {
    let mut suppressions: BTreeMap<&str, Vec<Suppression>> = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for (file, kind) in files {
        if file.text.contains("amp:") {
            let found = read(file, *kind, &mut diagnostics);
            if !found.is_empty() {
                suppressions.insert(&file.name, found);
            }
        }
    }
    problems.retain(|problem| {
        let Some(span) = problem.span().filter(|_| problem.severity != Severity::Error) else { return true };
        let Some(list) = suppressions.get_mut(&*span.file) else { return true };
        let mut keep = true;
        for suppression in list.iter_mut().filter(|suppression| {
            suppression.code == problem.code && suppression.from <= span.start && span.start < suppression.to
        }) {
            suppression.is_used = true;
            keep = false;
        }
        keep
    });
    let is_checked = |code: &Code| queries_checked || !(400..500).contains(&code.number);
    for suppression in
        suppressions.into_values().flatten().filter(|suppression| !suppression.is_used && is_checked(suppression.code))
    {
        diagnostics.push(
            Diagnostic::new(
                &codes::UNUSED_SUPPRESSION,
                suppression.span,
                format!("`{}` is not reported here", suppression.code),
            )
            .help("remove the comment"),
        );
    }
    problems.append(&mut diagnostics);
}

fn read(file: &RuleFile, kind: FileKind, diagnostics: &mut Vec<Diagnostic>) -> Vec<Suppression> {
    let mark = if kind == FileKind::Query { "//" } else { "#" };
    let mut out = Vec::new();
    let mut start = 0;
    let lines: Vec<(usize, &str)> = file
        .text
        .split_inclusive('\n')
        .map(|line| {
            let at = start;
            start += line.len();
            (at, line)
        })
        .collect();
    for (index, (at, line)) in lines.iter().enumerate() {
        let Some((hash, words)) = comment(line, mark) else { continue };
        let span = Span::new(file.name.as_str(), at + hash, at + line.trim_end().len());
        let (what, reason) = words.split_once("--").map_or((words, ""), |(what, reason)| (what.trim(), reason.trim()));
        let mut parts = what.split_whitespace();
        let verb = parts.next().unwrap_or_default();
        let names: Vec<&str> = parts.flat_map(|part| part.split(',')).filter(|part| !part.is_empty()).collect();
        if !matches!(verb, "allow" | "file-allow") || names.is_empty() {
            diagnostics.push(
                Diagnostic::new(&codes::MALFORMED_SUPPRESSION, span, "malformed suppression comment")
                    .help("write `# amp: allow AMP206 -- reason`"),
            );
            continue;
        }
        if reason.is_empty() {
            diagnostics.push(
                Diagnostic::new(&codes::SUPPRESSION_WITHOUT_REASON, span.clone(), "the suppression has no reason")
                    .help("add ` -- ` and the reason"),
            );
        }
        // A comment on a line of its own applies to the next line with content, a trailing comment to its own line.
        let own_line = line.trim_start().starts_with(mark);
        let (from, to) = if verb == "file-allow" {
            (0, file.text.len() + 1)
        } else if own_line {
            let next = lines
                .iter()
                .skip(index + 1)
                .find(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with(mark));
            (*at, next.map_or(at + line.len(), |(at, line)| at + line.len()))
        } else {
            (*at, at + line.len())
        };
        for name in names {
            match codes::find(name) {
                None => diagnostics.push(Diagnostic::new(
                    &codes::UNKNOWN_CODE,
                    span.clone(),
                    format!("unknown code `{name}`"),
                )),
                Some(code) if code.severity == Severity::Error => {
                    diagnostics.push(Diagnostic::new(
                        &codes::MALFORMED_SUPPRESSION,
                        span.clone(),
                        format!("`{code}` is an error and cannot be suppressed"),
                    ));
                }
                Some(code) => out.push(Suppression { code, span: span.clone(), from, to, is_used: false }),
            }
        }
    }
    out
}

/// Returns where a suppression comment starts in a line, and its text.
fn comment<'l>(line: &'l str, mark: &str) -> Option<(usize, &'l str)> {
    for (hash, _) in line.match_indices(mark) {
        let before = line.get(..hash)?;
        let words = line.get(hash + mark.len()..)?.trim();
        if (before.is_empty() || before.ends_with([' ', '\t']))
            && let Some(words) = words.strip_prefix("amp:")
        {
            return Some((hash, words.trim()));
        }
    }
    None
}
