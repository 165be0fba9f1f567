//! Steps of sequences that cannot be one.
//!
//! Input: the drafts of all patterns. Output: a diagnostic for each step that has no lines or rows, or whose rows do not name the
//! entity of the sequence.

use std::collections::BTreeMap;

use crate::rules::codes;
use crate::rules::diagnostic::Diagnostic;
use crate::rules::model::{Symptom, SymptomKind, SymptomRef};
use crate::rules::validate::{Draft, Pack};

/// Reports steps that cannot be evaluated.
pub(super) fn check(drafts: &[Draft], pack: &Pack, problems: &mut Vec<Diagnostic>) {
    let symptoms: BTreeMap<(&str, &str), &Symptom> = drafts
        .iter()
        .flat_map(|draft| draft.pattern.symptoms.iter().map(move |one| (draft.pattern.id.as_str(), one)))
        .map(|(pattern, symptom)| ((pattern, symptom.name.as_str()), symptom))
        .collect();
    for draft in drafts {
        for symptom in &draft.pattern.symptoms {
            let SymptomKind::Sequence { steps, .. } = &symptom.kind else { continue };
            let mut seen: Vec<&SymptomRef> = Vec::new();
            for step in steps.iter().map(|step| &step.symptom) {
                if seen.contains(&step) {
                    continue;
                }
                seen.push(step);
                let pattern = step.pattern.as_deref().unwrap_or(&draft.pattern.id);
                // `validate` reports a step that is the sequence itself.
                if pattern == draft.pattern.id && step.symptom == symptom.name {
                    continue;
                }
                let Some(found) = symptoms.get(&(pattern, step.symptom.as_str())) else { continue };
                let Some(used) = draft.symptom_uses.iter().find(|used| used.name == *step) else { continue };
                let mut report = |message: String, help: &str| {
                    problems.push(Diagnostic::new(&codes::WRONG_TYPE, used.span.clone(), message).help(help));
                };
                if !matches!(found.kind, SymptomKind::Log { .. } | SymptomKind::Event { .. }) {
                    let message = format!("a sequence needs lines or rows, and `{}` has none", step.symptom);
                    report(message, "name a symptom with `log` or `event`: its lines or rows have instants");
                } else if !pack.schema.contains(&symptom.per, &found.per) {
                    let message = format!(
                        "the step `{}` is per {}, and the sequence is per {}",
                        step.symptom, found.per, symptom.per
                    );
                    report(message, "evaluate the step per the same kind, or per a finer one");
                }
            }
        }
    }
}
