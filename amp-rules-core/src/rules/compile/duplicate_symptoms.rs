//! Symptoms that were copied instead of reused.
//!
//! Input: the drafts of all patterns, by id. Output: a remark for each symptom that reads the same lines in the same way
//! as one of an earlier pattern. Whether two different regexes mean the same is not looked at.

use std::collections::BTreeMap;

use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, Span};
use crate::rules::model::{LogLines, SymptomKind};
use crate::rules::validate::Draft;

/// Remarks on copies.
pub(super) fn check(drafts: &[Draft], problems: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<String, Vec<Seen<'_>>> = BTreeMap::new();
    for draft in drafts {
        for symptom in &draft.pattern.symptoms {
            let SymptomKind::Log { lines, .. } = &symptom.kind else { continue };
            let Some(span) = draft.symptoms.get(&symptom.name) else { continue };
            let alike = seen.entry(format!("{:?}", lines.test)).or_default();
            let first = alike.iter().find(|other| other.lines == lines && other.per == symptom.per);
            match first {
                Some(first) if first.pattern != draft.pattern.id => problems.push(
                    Diagnostic::new(
                        &codes::SYMPTOM_EQUIVALENT,
                        span.clone(),
                        format!("the same lines as `{}.{}`", first.pattern, first.symptom),
                    )
                    .also(first.span.clone(), "the same here")
                    .help(format!("use `{}.{}` in the condition instead of a copy", first.pattern, first.symptom)),
                ),
                Some(_) => {}
                None => alike.push(Seen {
                    pattern: &draft.pattern.id,
                    symptom: &symptom.name,
                    per: &symptom.per,
                    lines,
                    span,
                }),
            }
        }
    }
}

struct Seen<'d> {
    pattern: &'d str,
    symptom: &'d str,
    per: &'d str,
    lines: &'d LogLines,
    span: &'d Span,
}
