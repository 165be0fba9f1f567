//! Next queries: which query would narrow the diagnosis down most.
//!
//! Input: a [`CausalAnalysis`]. Output: [`NextQuery`]s, the ones that separate most outcomes first.

use std::collections::BTreeMap;

use super::assumption::Assumptions;
use super::proof::Verdict;
use super::prove::verdict;
use crate::evaluate::causality::CausalAnalysis;

/// A query that would decide unknown symptoms on which the diagnosis depends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextQuery {
    /// The query's name in the pack; `pattern.symptom` if the pattern names no query.
    pub name: String,
    /// Its text; empty if the pattern names no query.
    pub kql: String,
    /// The unknown symptoms that it would decide, as `pattern.symptom`.
    pub decides: Vec<String>,
    /// The largest difference between the outcomes of one of these symptoms: the number of roots and grades in only one of
    /// them, plus one if the status differs.
    pub would_separate: usize,
}

/// Every query that would separate outcomes, by how many it separates, descending, then by name.
pub(crate) fn next_queries(analysis: &CausalAnalysis<'_>) -> Vec<NextQuery> {
    let assumptions = Assumptions::new(analysis);
    let rules = assumptions.rules();
    let mut queries: BTreeMap<String, NextQuery> = BTreeMap::new();
    for (index, symptom) in rules.symptoms.iter().enumerate() {
        if verdict(assumptions.truth(index)) != Verdict::Unknown {
            continue;
        }
        let outcome = |holds: bool| assumptions.outcome_if(index, holds).unwrap_or_else(|| assumptions.actual.clone());
        let (yes, no) = (outcome(true), outcome(false));
        let would_separate = yes.roots.symmetric_difference(&no.roots).count() + usize::from(yes.status != no.status);
        if would_separate == 0 {
            continue;
        }
        let Some(rule) = rules.patterns.get(symptom.pattern) else { continue };
        let symptom = format!("{}.{}", rule.pattern.id, symptom.symptom.name);
        let query = rule.pattern.queries.iter().find_map(|name| rules.queries.iter().find(|query| query.name == *name));
        let name = query.map_or_else(|| symptom.clone(), |query| query.name.clone());
        let entry = queries.entry(name.clone()).or_insert_with(|| NextQuery {
            name,
            kql: query.map_or_else(String::new, |query| query.text.clone()),
            decides: Vec::new(),
            would_separate: 0,
        });
        entry.decides.push(symptom);
        entry.would_separate = entry.would_separate.max(would_separate);
    }
    let mut queries: Vec<NextQuery> = queries.into_values().collect();
    queries.sort_by(|a, b| b.would_separate.cmp(&a.would_separate).then_with(|| a.name.cmp(&b.name)));
    queries
}
