//! Decides: observations in, a diagnosis out, by the rules of `docs/semantics.md`.
//!
//! Layers, each in its file: who there is and what could be seen of them ([`visibility`], [`likeness`], [`roster`]), truth over
//! time ([`truth`]), symptoms ([`symptom`] with [`metric`], [`property`], [`lapse`], [`counts`], [`numbers`], [`flow`],
//! [`streak`]), instances ([`instance`], [`instances`], [`blur`]), what explains what ([`causes`]), roots and roles ([`roots`]), the
//! answer ([`answer`], [`behind`], [`findings`], [`remains`], [`unmatched`], [`words`]). Pure: same input, same bytes; it cannot fail, and what could not be decided
//! is unknown with its reasons. Its time grows with the patterns and with the instances of which something was seen, not
//! with the product of patterns and entities.

pub(crate) mod assemble;
pub(crate) mod causality;
pub(crate) mod entities;
pub(crate) mod instances;
pub(crate) mod symptoms;
pub(crate) mod timeline;

use crate::diagnosis::Diagnosis;
use crate::observation::Observations;
use crate::rules::rule_set::RuleSet;

/// Evaluates a rule set over what was observed.
///
/// The observations must come from a plan of the same rule set; of requests that another plan lacks nothing is known, so
/// the verdicts that need them stay unknown.
#[must_use]
pub fn evaluate(rules: &RuleSet, seen: &Observations) -> Diagnosis {
    let visibility = entities::visibility::Visibility::new(rules, seen);
    let symptoms = symptoms::Symptoms::new(&visibility);
    let patterns = instances::pattern::Patterns::new(&symptoms);
    let (instances, contradicted) = patterns.instances();
    let lookup = causality::causes::Lookup::new(&visibility, &instances);
    let graph = causality::causes::graph(&visibility, &instances, &lookup);
    let analysis =
        causality::roots::RootAnalyzer { symptoms: &symptoms, instances: &instances, lookup: &lookup, graph: &graph }
            .analyze();
    assemble::diagnosis::DiagnosisBuilder {
        patterns: &patterns,
        instances: &instances,
        lookup: &lookup,
        graph: &graph,
        analysis,
        contradicted: &contradicted,
        seen,
    }
    .diagnosis()
}
