//! Comments that allow a remark: `# amp: allow AMP206 -- reason`, in query files behind `//`.
//!
//! Input: the files and everything that was found. Output: what is left, and remarks about the comments themselves. An
//! error is never allowed away.

use std::collections::BTreeMap;

use crate::rules::codes;
use crate::rules::diagnostic::{Code, Diagnostic, RuleFile, Severity, Span};
use crate::rules::syntax::FileKind;

struct Allow {
    code: &'static Code,
    span: Span,
    /// The bytes in which it holds.
    from: usize,
    to: usize,
    is_used: bool,
}

/// Takes away what comments allow.
///
/// Where nobody has read the queries, a comment that allows a remark about a query is not held to be without use.
pub(super) fn apply(files: &[(&RuleFile, FileKind)], queries_read: bool, problems: &mut Vec<Diagnostic>) {
    let mut allows: BTreeMap<&str, Vec<Allow>> = BTreeMap::new();
    let mut remarks = Vec::new();
    for (file, kind) in files {
        if file.text.contains("amp:") {
            let found = read(file, *kind, &mut remarks);
            if !found.is_empty() {
                allows.insert(&file.name, found);
            }
        }
    }
    problems.retain(|problem| {
        let Some(span) = problem.span().filter(|_| problem.severity != Severity::Error) else { return true };
        let Some(list) = allows.get_mut(&*span.file) else { return true };
        let mut keep = true;
        for allow in list
            .iter_mut()
            .filter(|allow| allow.code == problem.code && allow.from <= span.start && span.start < allow.to)
        {
            allow.is_used = true;
            keep = false;
        }
        keep
    });
    let judged = |code: &Code| queries_read || !(400..500).contains(&code.number);
    for allow in allows.into_values().flatten().filter(|allow| !allow.is_used && judged(allow.code)) {
        remarks.push(
            Diagnostic::new(&codes::UNUSED_SUPPRESSION, allow.span, format!("`{}` does not occur here", allow.code))
                .help("remove the comment"),
        );
    }
    problems.append(&mut remarks);
}

fn read(file: &RuleFile, kind: FileKind, remarks: &mut Vec<Diagnostic>) -> Vec<Allow> {
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
            remarks.push(
                Diagnostic::new(&codes::MALFORMED_SUPPRESSION, span, "a comment for this program that it cannot read")
                    .help("write `# amp: allow AMP206 -- reason`"),
            );
            continue;
        }
        if reason.is_empty() {
            remarks.push(
                Diagnostic::new(&codes::SUPPRESSION_WITHOUT_REASON, span.clone(), "the comment does not say why")
                    .help("add ` -- ` and the reason"),
            );
        }
        // A comment of its own speaks of the next line with content, one behind a value of its own line.
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
                None => remarks.push(Diagnostic::new(
                    &codes::UNKNOWN_CODE,
                    span.clone(),
                    format!("there is no code `{name}`"),
                )),
                Some(code) if code.severity == Severity::Error => {
                    remarks.push(Diagnostic::new(
                        &codes::MALFORMED_SUPPRESSION,
                        span.clone(),
                        format!("`{code}` is an error, which no comment allows"),
                    ));
                }
                Some(code) => out.push(Allow { code, span: span.clone(), from, to, is_used: false }),
            }
        }
    }
    out
}

/// Where a comment for this program begins in a line, and what it says.
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
