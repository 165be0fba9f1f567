//! What would change the diagnosis, and which queries would narrow it down.

use schemars::JsonSchema;
use serde::Serialize;

use super::value::{grades, roles, statuses, verdicts};
use crate::explain::{Counterfactual, NextQuery};

/// A query that would narrow the diagnosis down.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NextQuery")]
pub(super) struct QueryWire<'a> {
    /// The query's name in the pack, or the symptom if no query decides it.
    name: &'a str,
    /// Its text; empty if no query decides the symptom.
    kql: &'a str,
    /// How much the diagnoses differ that its possible results lead to.
    would_separate: usize,
    /// The unknown symptoms it would decide, as `pattern.symptom`.
    decides: &'a [String],
}

impl<'a> QueryWire<'a> {
    pub(super) fn new(query: &'a NextQuery) -> Self {
        Self { name: &query.name, kql: &query.kql, would_separate: query.would_separate, decides: &query.decides }
    }
}

/// A symptom whose opposite value would change the diagnosis.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Counterfactual")]
pub(super) struct CounterfactualWire<'a> {
    /// The pattern that defines the symptom.
    pattern: &'a str,
    /// The symptom.
    symptom: &'a str,
    /// Its verdict.
    #[schemars(extend("enum" = verdicts()))]
    from: &'static str,
    /// The value that is assumed instead.
    to: bool,
    /// The resulting status.
    #[schemars(extend("enum" = statuses()))]
    status: &'static str,
    /// The resulting roots.
    roots: Vec<CounterfactualRootWire<'a>>,
}

/// A root that would result from a counterfactual.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CounterfactualRoot")]
struct CounterfactualRootWire<'a> {
    /// The pattern's id.
    pattern: &'a str,
    /// Root or independent.
    #[schemars(extend("enum" = roles()))]
    role: &'static str,
    /// Its grade.
    #[schemars(extend("enum" = grades()))]
    grade: &'static str,
}

impl<'a> CounterfactualWire<'a> {
    pub(super) fn new(one: &'a Counterfactual) -> Self {
        Self {
            pattern: &one.pattern,
            symptom: &one.symptom,
            from: one.from.as_str(),
            to: one.to,
            status: one.status.as_str(),
            roots: one
                .roots
                .iter()
                .map(|(pattern, role, grade)| CounterfactualRootWire {
                    pattern,
                    role: role.as_str(),
                    grade: grade.as_str(),
                })
                .collect(),
        }
    }
}
