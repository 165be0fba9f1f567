//! Symptoms that were copied instead of reused.
//!
//! Input: the drafts of all patterns, by id. Output: a diagnostic for each symptom that reads the same lines in the same
//! way as a symptom of an earlier pattern. Different regexes with the same meaning are not recognized.

use std::collections::BTreeMap;

use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, Span};
use crate::rules::model::{LogLines, SymptomKind};
use crate::rules::validate::Draft;

/// Reports copies.
pub(super) fn check(drafts: &[Draft], problems: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<String, Vec<LogSymptom<'_>>> = BTreeMap::new();
    for draft in drafts {
        for symptom in &draft.pattern.symptoms {
            let SymptomKind::Log { lines, .. } = &symptom.kind else { continue };
            let Some(span) = draft.symptoms.get(&symptom.name) else { continue };
            let candidates = seen.entry(format!("{:?}", lines.test)).or_default();
            let first = candidates.iter().find(|other| other.lines == lines && other.per == symptom.per);
            match first {
                Some(first) if first.pattern != draft.pattern.id => problems.push(
                    Diagnostic::new(
                        &codes::SYMPTOM_EQUIVALENT,
                        span.clone(),
                        format!("the same lines as `{}.{}`", first.pattern, first.symptom),
                    )
                    .also(first.span.clone(), "the same here")
                    .help(format!("use `{}.{}` in the condition instead", first.pattern, first.symptom)),
                ),
                Some(_) => {}
                None => candidates.push(LogSymptom {
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

struct LogSymptom<'d> {
    pattern: &'d str,
    symptom: &'d str,
    per: &'d str,
    lines: &'d LogLines,
    span: &'d Span,
}
