//! Decides: observations in, a diagnosis out, by the rules of `docs/semantics.md`.
//!
//! Layers, each in its file: who there is and what could be seen of them ([`world`], [`likeness`], [`roster`]), truth over
//! time ([`truth`]), symptoms ([`symptom`] with [`metric`], [`property`], [`lapse`], [`counts`], [`numbers`], [`flow`],
//! [`streak`]), instances ([`instance`], [`instances`], [`blur`]), what explains what ([`causes`]), roots and roles ([`roots`]), the
//! answer ([`answer`], [`behind`], [`findings`], [`remains`], [`unmatched`], [`words`]). Pure: same input, same bytes; it cannot fail, and what could not be decided
//! is unknown with its reasons. Its time grows with the patterns and with the instances of which something was seen, not
//! with the product of patterns and entities.

mod answer;
mod behind;
mod blur;
mod causes;
mod counts;
pub(crate) mod explain;
mod findings;
mod flow;
mod instance;
mod instances;
mod interval;
mod lapse;
mod lift;
mod likeness;
mod metric;
mod numbers;
mod property;
mod query;
mod remains;
mod roots;
mod roster;
mod streak;
mod symptom;
mod truth;
mod unmatched;
mod words;
mod world;

use crate::diagnosis::Diagnosis;
use crate::observation::Observations;
use crate::rule_set::RuleSet;

/// Evaluates a rule set over what was observed.
///
/// The observations must come from a plan of the same rule set; of requests that another plan lacks nothing is known, so
/// the verdicts that need them stay unknown.
#[must_use]
pub fn evaluate(rules: &RuleSet, seen: &Observations) -> Diagnosis {
    let world = world::World::new(rules, seen);
    let symptoms = symptom::Symptoms::new(&world);
    let patterns = instance::Patterns::new(&symptoms);
    let (instances, contradicted) = patterns.instances();
    let lookup = causes::Lookup::new(&world, &instances);
    let graph = causes::graph(&world, &instances, &lookup);
    let story = roots::Teller { symptoms: &symptoms, instances: &instances, lookup: &lookup, graph: &graph }.tell();
    answer::Teller {
        patterns: &patterns,
        instances: &instances,
        lookup: &lookup,
        graph: &graph,
        story,
        contradicted: &contradicted,
        seen,
    }
    .diagnosis()
}
