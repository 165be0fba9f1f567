//! Verdicts, roles and roots per instance, read from a diagnosis and from proofs.
//!
//! Input: rules and observations. Output: [`Verdict`]s and roles by pattern and entity, and a diagnosis as text that can be
//! compared. Nothing here evaluates.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::diagnosis::{Grade, Role};
use amp_rules_core::explain::Verdict;
use amp_rules_core::{Diagnosis, Entity, Evaluation, Observations, RuleSet};
use serde_json::Value;

use crate::generate::pack::{Pack, id};

/// A pattern at an entity.
pub(crate) type Instance = (String, Entity);

/// The truth of every instance of patterns without a user report.
pub(crate) fn truths(rules: &RuleSet, seen: &Observations) -> BTreeMap<Instance, Verdict> {
    let reported: BTreeSet<&str> = seen.plan().scope().reports.iter().map(|report| report.pattern.as_str()).collect();
    let ids = rules.patterns.iter().map(|rule| rule.pattern.id.as_str()).filter(|id| !reported.contains(id));
    let evaluation = Evaluation::new(rules, seen);
    let mut all = BTreeMap::new();
    for id in ids {
        for one in evaluation.why(id) {
            all.extend(one.entities.into_iter().map(|entity| ((id.to_owned(), entity), one.verdict)));
        }
    }
    all
}

/// The role of every instance that is true, with the grade of roots and independents.
pub(crate) fn roles(diagnosis: &Diagnosis) -> BTreeMap<Instance, (Role, Option<Grade>)> {
    let mut all = BTreeMap::new();
    for finding in &diagnosis.findings {
        for entity in &finding.entities {
            all.insert((finding.pattern.clone(), entity.clone()), (finding.role, finding.grade));
        }
    }
    all
}

/// The instances that the diagnosis lists as unknown.
pub(crate) fn unknown(diagnosis: &Diagnosis) -> BTreeSet<Instance> {
    let open = diagnosis.unresolved.iter().filter(|one| !one.holds);
    open.flat_map(|one| one.entities.iter().map(|entity| (one.pattern.clone(), entity.clone()))).collect()
}

/// The instances of roots and independents.
pub(crate) fn roots(diagnosis: &Diagnosis) -> BTreeSet<Instance> {
    diagnosis
        .roots
        .iter()
        .flat_map(|root| root.entities.iter().map(|entity| (root.pattern.clone(), entity.clone())))
        .collect()
}

/// A diagnosis without the digest of its rule files, as text.
pub(crate) fn as_text(diagnosis: &Diagnosis) -> String {
    let mut diagnosis = diagnosis.clone();
    diagnosis.digest.clear();
    format!("{diagnosis:#?}")
}

/// The pattern of a pack with an id.
pub(crate) fn pattern<'p>(pack: &'p Pack, wanted: &str) -> &'p Value {
    pack.patterns.iter().find(|pattern| id(pattern) == wanted).unwrap()
}
