//! Occurrences that nothing ends although a fact contradicts them.
//!
//! Input: the drafts of all patterns. Output: a diagnostic for each symptom with `lasts: until_restart` and without
//! `ends_when`, in a pattern that contradicts a fact or that a fact contradicts.

use std::collections::BTreeMap;

use crate::rules::codes;
use crate::rules::diagnostic::Diagnostic;
use crate::rules::model::{Class, Lasts};
use crate::rules::validate::Draft;

/// Proposes `ends_when`.
pub(super) fn check(drafts: &[Draft], problems: &mut Vec<Diagnostic>) {
    let by_id: BTreeMap<&str, &Draft> = drafts.iter().map(|draft| (draft.pattern.id.as_str(), draft)).collect();
    for draft in drafts {
        let id = &draft.pattern.id;
        let contradicted = draft.contradicts.iter().filter_map(|used| by_id.get(used.name.as_str()).copied());
        let contradicting = drafts.iter().filter(|other| other.contradicts.iter().any(|used| used.name == *id));
        let mut facts = contradicted.chain(contradicting).filter(|other| other.pattern.class == Class::Fact);
        let Some(fact) = facts.next() else { continue };
        for symptom in &draft.pattern.symptoms {
            let is_endless = symptom.lasts == Some(Lasts::UntilRestart) && symptom.ends_when.is_none();
            if let (true, Some(span)) = (is_endless, draft.symptoms.get(&symptom.name)) {
                let message = format!("`{}` lasts until a restart although a fact contradicts it", symptom.name);
                problems.push(
                    Diagnostic::new(&codes::ENDLESS_OCCURRENCE, span.clone(), message)
                        .also(fact.id.clone(), "the fact")
                        .help(format!(
                            "if the fact shows that it is over, add `ends_when: {{ pattern: {} }}`",
                            fact.pattern.id
                        )),
                );
            }
        }
    }
}
