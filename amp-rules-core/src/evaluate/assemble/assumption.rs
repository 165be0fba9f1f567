//! The parameters that decided verdicts.
//!
//! Input: the symptoms with data, and the parameters of their rules. Output: [`Assumption`]s, by name.

use std::collections::BTreeSet;

use crate::diagnosis::Assumption;
use crate::evaluate::causality::CausalAnalysis;
use crate::rules::rule_set::parameters_of;

/// The parameters of every symptom that has a number.
pub(super) fn assumptions(analysis: &CausalAnalysis<'_>) -> Vec<Assumption> {
    let visibility = analysis.visibility();
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for (index, rule) in visibility.rules.symptoms.iter().enumerate() {
        let used = parameters_of(&rule.symptom);
        if used.is_empty() {
            continue;
        }
        let timelines = analysis.patterns.symptoms.timelines(index);
        if timelines.entities.values().any(|one| one.value.is_some()) {
            names.extend(used);
        }
    }
    let assumptions = names.into_iter().filter_map(|name| {
        let value = visibility.plan.settings().get(name).copied()?;
        let parameter = visibility.rules.parameters.get(name)?;
        let is_set = visibility.plan.scope().parameters.contains_key(name);
        let because = if is_set { "set for this run".to_owned() } else { parameter.because.clone() };
        Some(Assumption { parameter: name.to_owned(), value, because })
    });
    assumptions.collect()
}
