//! The diagnosis as a whole.
//!
//! Input: a [`CausalAnalysis`]. Output: a [`Diagnosis`], or an [`Outcome`]: the part of it that counterfactuals compare.

use std::collections::BTreeSet;

use super::assumption::assumptions;
use super::coverage::coverage;
use super::finding::findings;
use super::history::history;
use super::impact::impacts;
use super::indicator::indicators;
use super::open_questions::{conflicts, hypotheses, unresolved};
use super::rank::ranked;
use super::remedy::remedy;
use super::root::roots;
use super::source_state::{row_problems, source_states};
use super::status::status;
use crate::diagnosis::{Diagnosis, Grade, Role, Status};
use crate::evaluate::causality::CausalAnalysis;

/// The status and the roots of a diagnosis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: Status,
    /// By pattern id.
    pub(crate) roots: BTreeSet<(String, Role, Grade)>,
}

pub(crate) fn outcome(analysis: &CausalAnalysis<'_>) -> Outcome {
    let groups = analysis.roots.groups.iter();
    let roots = groups.map(|group| (analysis.id(group.pattern), group.role, group.grade)).collect();
    Outcome { status: status(analysis), roots }
}

pub(crate) fn diagnosis(analysis: &CausalAnalysis<'_>) -> Diagnosis {
    let visibility = analysis.visibility();
    let ranked = ranked(analysis);
    let roots = roots(analysis, &ranked);
    let findings = findings(analysis, &ranked);
    Diagnosis {
        pack: visibility.rules.pack.clone(),
        version: visibility.rules.version.clone(),
        digest: visibility.rules.digest.clone(),
        subject: visibility.plan.scope().subject.clone(),
        window: visibility.window,
        status: status(analysis),
        remedy: remedy(analysis, &roots),
        unresolved: unresolved(analysis),
        hypotheses: hypotheses(analysis),
        conflicts: conflicts(analysis),
        coverage: coverage(analysis),
        history: history(analysis),
        indicators: indicators(analysis),
        impact: impacts(visibility, &findings),
        assumptions: assumptions(analysis),
        sources: source_states(visibility),
        problems: row_problems(visibility),
        roots,
        findings,
    }
}
