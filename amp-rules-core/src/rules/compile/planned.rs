//! Markers of planned occurrences that cannot be one.
//!
//! Input: the drafts of all patterns. Output: a diagnostic for each `except_after` whose symptoms are not counted by their
//! instants, or whose marker is of a finer kind than what it excuses.

use std::collections::BTreeMap;

use crate::rules::codes;
use crate::rules::diagnostic::Diagnostic;
use crate::rules::model::{Symptom, SymptomKind, SymptomRef};
use crate::rules::validate::{Draft, Pack};

/// Reports `except_after` that cannot be evaluated.
pub(super) fn check(drafts: &[Draft], pack: &Pack, problems: &mut Vec<Diagnostic>) {
    let symptoms: BTreeMap<(&str, &str), &Symptom> = drafts
        .iter()
        .flat_map(|draft| draft.pattern.symptoms.iter().map(move |one| (draft.pattern.id.as_str(), one)))
        .map(|(pattern, symptom)| ((pattern, symptom.name.as_str()), symptom))
        .collect();
    for draft in drafts {
        let find = |name: &SymptomRef| {
            let pattern = name.pattern.as_deref().unwrap_or(&draft.pattern.id);
            symptoms.get(&(pattern, name.symptom.as_str())).copied()
        };
        for symptom in &draft.pattern.symptoms {
            let SymptomKind::Repeats { symptom: repeated, except_after: Some(except), .. } = &symptom.kind else {
                continue;
            };
            let mut report = |name: &SymptomRef, message: String, help: &str| {
                if let Some(used) = draft.symptom_uses.iter().find(|used| used.name == *name) {
                    problems.push(Diagnostic::new(&codes::WRONG_TYPE, used.span.clone(), message).help(help));
                }
            };
            for name in [repeated, &except.symptom] {
                if find(name).is_some_and(|found| !is_counted(found)) {
                    let message = format!("`except_after` needs lines or rows, and `{}` has none", name.symptom);
                    report(name, message, "name a symptom with `log` or `event`: its lines or rows have instants");
                }
            }
            let per = &symptom.per;
            if let Some(marker) = find(&except.symptom).filter(|marker| !pack.schema.contains(&marker.per, per)) {
                let message =
                    format!("the marker `{}` is per {}, and what it excuses is per {per}", marker.name, marker.per);
                report(&except.symptom, message, "evaluate the marker per the same kind, or per a coarser one");
            }
        }
    }
}

fn is_counted(symptom: &Symptom) -> bool {
    matches!(symptom.kind, SymptomKind::Log { .. } | SymptomKind::Event { .. })
}
