//! Checks of a scope against a rule set.

use std::collections::{BTreeMap, BTreeSet};

use super::error::PlanError;
use super::scope::{Scope, UserReport};
use crate::rules::rule_set::RuleSet;
use crate::suggest::nearest;
use crate::unit::Quantity;

/// The value of every parameter: the scope's, else the pack's.
pub(super) fn settings(rules: &RuleSet, scope: &Scope, errors: &mut Vec<PlanError>) -> BTreeMap<String, Quantity> {
    let mut settings: BTreeMap<String, Quantity> =
        rules.parameters.iter().map(|(name, parameter)| (name.clone(), parameter.value)).collect();
    for (name, text) in &scope.parameters {
        let Some(known) = settings.get_mut(name) else {
            let suggestion = nearest(name, rules.parameters.keys().map(String::as_str)).map(str::to_owned);
            errors.push(PlanError::UnknownParameter { name: name.clone(), suggestion });
            continue;
        };
        match Quantity::parse(text) {
            Some(quantity) if quantity.unit.fits(&known.unit) => *known = quantity,
            _ => errors.push(PlanError::WrongValue {
                name: name.clone(),
                text: text.clone(),
                expected: format!("a quantity in {}", known.unit),
            }),
        }
    }
    settings
}

/// Checks the window, the subject and the reports.
pub(super) fn scope(rules: &RuleSet, scope: &Scope, errors: &mut Vec<PlanError>) {
    if scope.window.is_empty() {
        errors.push(PlanError::EmptyWindow { from: scope.window.from, to: scope.window.to });
    }
    let known: BTreeSet<&str> =
        rules.schema.entities.iter().flat_map(|kind| kind.keys.iter().map(String::as_str)).collect();
    for name in scope.subject.keys() {
        if !known.contains(name.as_str()) {
            let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            errors.push(PlanError::UnknownSubjectKey { name: name.clone(), known });
        }
    }
    for report in &scope.reports {
        let reasons = report_problems(rules, scope, report, &known);
        errors
            .extend(reasons.into_iter().map(|reason| PlanError::BadReport { pattern: report.pattern.clone(), reason }));
    }
}

fn report_problems(rules: &RuleSet, scope: &Scope, report: &UserReport, known: &BTreeSet<&str>) -> Vec<String> {
    let mut reasons = Vec::new();
    match rules.pattern_index(&report.pattern).and_then(|index| rules.patterns.get(index)) {
        None => {
            let near = nearest(&report.pattern, rules.patterns.iter().map(|pattern| pattern.pattern.id.as_str()));
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            reasons.push(format!("no pattern has this id{hint}"));
        }
        Some(pattern) if !pattern.pattern.class.can_be_reported() => {
            reasons.push("only a pattern of class `complaint` or `impact` can be reported".to_owned());
        }
        Some(_) => {}
    }
    for (key, value) in &report.entity {
        if !known.contains(key.as_str()) {
            reasons.push(format!("`{key}` is no entity key of the pack"));
        }
        // Resource ids compare without case in telemetry, so a report may spell the subject in any case.
        if let Some(subject) = scope.subject.get(key).filter(|subject| !subject.eq_ignore_ascii_case(value)) {
            reasons.push(format!("it is about `{key}` {value}, and this run about {subject}"));
        }
    }
    reasons
}
