//! Laws of noise, evidence and counterfactuals.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::diagnosis::{Finding, Role, Status};
use amp_rules_core::explain::Verdict;
use amp_rules_core::{Diagnosis, Evaluation, evaluate};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::verdicts::{pattern, roles, truths};
use crate::generate::line_changes::{log_everywhere, log_nowhere};
use crate::generate::line_scenario::{LineScenario, text_of};
use crate::generate::pack::{add_missing_symptoms, id, log_pattern};
use crate::generate::scenario::{Scenario, cases, numbers, scenarios};

/// A fact: a pattern with a condition over other patterns or symptoms, which is not part of the causal graph.
fn fact(id: &str, scope: &str, when: Value) -> Value {
    json!({ "format": "amp-rules/v1", "id": id, "title": id, "class": "fact", "severity": "info", "scope": scope, "when": when })
}

/// A condition with symptom names as other patterns refer to them: `pattern.symptom`.
fn qualified(when: &Value, pattern: &str) -> Value {
    match when {
        Value::String(name) if !name.contains('.') => json!(format!("{pattern}.{name}")),
        Value::Array(parts) => parts.iter().map(|part| qualified(part, pattern)).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, part)| {
                (key.clone(), if key == "pattern" || key == "count" { part.clone() } else { qualified(part, pattern) })
            })
            .collect(),
        other => other.clone(),
    }
}

/// Whether the cited lines alone make a pattern true: its condition is one line symptom, or any of several, and one line is
/// enough for each.
fn is_cited_whole(pattern: &Value) -> bool {
    let symptoms = pattern["symptoms"].as_object();
    let when = &pattern["when"];
    let names: Vec<&str> = match when {
        Value::String(name) => vec![name],
        Value::Object(map) => match map.get("any").and_then(Value::as_array) {
            Some(parts) => parts.iter().map(|part| part.as_str().unwrap_or("?")).collect(),
            None => return false,
        },
        _ => return false,
    };
    let simple = |name: &&str| {
        symptoms.and_then(|all| all.get(*name)).is_some_and(|symptom| {
            symptom.get("log").is_some()
                && ["at_least", "rollup", "startup_grace", "ends_when"].iter().all(|key| symptom.get(*key).is_none())
        })
    };
    names.iter().all(simple)
}

/// The identities of the rows that a finding cites.
fn cited(finding: &Finding) -> BTreeSet<&str> {
    finding
        .evidence
        .iter()
        .flat_map(|evidence| evidence.citations.iter().map(|citation| citation.row.as_str()))
        .collect()
}

/// The status, and the roots with role and grade.
type Outcome = (Status, BTreeSet<(String, &'static str, &'static str)>);

fn outcome(diagnosis: &Diagnosis) -> Outcome {
    (
        diagnosis.status,
        diagnosis.roots.iter().map(|root| (root.pattern.clone(), root.role.as_str(), root.grade.as_str())).collect(),
    )
}

proptest! {
    #![proptest_config(cases())]

    /// P15: Removing `noise_unless` changes roles only, no truth.
    ///
    /// Another pattern reads the table of logs in both cases, because its rows are heartbeats.
    #[test]
    fn p15_suppression_changes_roles_only(drawn in scenarios()) {
        let mut scenario = drawn;
        scenario.pack.patterns.push(log_pattern("y", "cause", "pod", "a line of the table of logs"));
        let mut bare = scenario.clone();
        bare.pack.each(|pattern| {
            // A symptom that only the escalation reads would be unused.
            if let Some(when) = pattern.get("noise_unless").cloned() {
                pattern.remove("noise_unless");
                if let Value::String(name) = when {
                    let own = pattern.get_mut("symptoms").and_then(Value::as_object_mut).unwrap();
                    if own.values().all(|symptom| symptom.get("ends_when") != Some(&json!(name))) {
                        own.remove(&name);
                    }
                }
            }
        });
        let judged = |scenario: &Scenario| {
            let rules = scenario.rules();
            truths(&rules, &scenario.observe(&rules, &scenario.source()))
        };
        prop_assert_eq!(judged(&bare), judged(&scenario));
    }

    /// P16: A pattern is noise only if its escalation is false over its episode; an unknown escalation leaves it unresolved.
    ///
    /// A fact with the escalation as its condition shows the escalation's truth, a second one whether both hold at one time.
    /// With a `merge_gap` as long as the window, and without counter-evidence, a pattern has one episode.
    #[test]
    fn p16_an_escalation_that_is_true_or_unknown_beats_suppression(scenario in scenarios(), is_one_episode in any::<bool>()) {
        let mut watched = scenario.clone();
        // An amplifier is unresolved for another reason: it is unknown whether what it worsens holds.
        watched.pack.each(|pattern| { pattern.remove("amplifies"); });
        add_missing_symptoms(&mut watched.pack.patterns);
        if is_one_episode {
            watched.pack.defaults["merge_gap"] = json!("3h");
            watched.pack.each(|pattern| {
                let symptoms = pattern.get_mut("symptoms").and_then(Value::as_object_mut);
                symptoms.into_iter().flat_map(serde_json::Map::values_mut).for_each(|symptom| {
                    symptom.as_object_mut().unwrap().remove("ends_when");
                });
            });
        }
        let mut added = Vec::new();
        for pattern in &watched.pack.patterns {
            if let Some(escalation) = pattern.get("noise_unless") {
                let (own, scope) = (id(pattern), pattern["scope"].as_str().unwrap());
                let escalation = qualified(escalation, own);
                added.push(fact(&format!("both-{own}"), scope, json!({ "all": [{ "pattern": own }, escalation.clone()] })));
                added.push(fact(&format!("escalation-{own}"), scope, escalation));
            }
        }
        prop_assume!(!added.is_empty());
        watched.pack.patterns.extend(added);
        let rules = watched.rules();
        let seen = watched.observe(&rules, &watched.source());
        let truth = truths(&rules, &seen);
        for ((pattern, entity), (role, _)) in roles(&evaluate(&rules, &seen)).into_iter().filter(|(_, (role, _))| *role != Role::Fact) {
            let of = |fact: &str| truth.get(&(format!("{fact}-{pattern}"), entity.clone()));
            match (of("escalation"), of("both")) {
                (Some(Verdict::False), _) => prop_assert_eq!(role, Role::Noise, "{} at {}", pattern, entity),
                (Some(Verdict::Unknown), _) => prop_assert!(matches!(role, Role::Unresolved | Role::Noise), "{} at {} is {:?}", pattern, entity, role),
                (_, Some(Verdict::True)) if is_one_episode => prop_assert!(!matches!(role, Role::Noise | Role::Unresolved), "{} at {} is {:?} although its escalation is true", pattern, entity, role),
                _ => {}
            }
        }
    }

    /// P17: The cited rows alone reproduce the verdict.
    ///
    /// A report cites the three earliest rows per symptom and finding, so the law applies if one row is enough: any of
    /// several line symptoms, for a finding of one entity. Heartbeats are kept.
    #[test]
    fn p17_the_cited_rows_alone_reproduce_the_verdict(scenario in scenarios()) {
        let diagnosis = scenario.diagnosis();
        for finding in diagnosis.findings.iter().filter(|finding| finding.entities.len() == 1 && !finding.reported) {
            if !is_cited_whole(pattern(&scenario.pack, &finding.pattern)) {
                continue;
            }
            let rows = cited(finding);
            prop_assert!(!rows.is_empty(), "{} cites nothing", finding.pattern);
            let mut cited_only = scenario.clone();
            cited_only.rows = scenario.rows.kept(|row| row.part == "alive" || rows.contains(row.identity.as_str()));
            let entity = finding.entities[0].clone();
            prop_assert!(roles(&cited_only.diagnosis()).contains_key(&(finding.pattern.clone(), entity)), "{} does not follow from {:?}", finding.pattern, rows);
        }
    }

    /// P18: Applying a reported counterfactual gives the reported roots, and other single changes change nothing.
    ///
    /// A counterfactual assumes a symptom to be true, or false, for all entities over the whole window. Each pattern has a
    /// log text of its own, so the assumption can be made true in the rows.
    #[test]
    fn p18_applying_a_reported_counterfactual_gives_the_reported_roots_and_other_changes_change_nothing(drawn in numbers()) {
        let lines = LineScenario::new(&drawn.0, &drawn.1);
        let rules = lines.scenario.rules();
        let seen = lines.scenario.observe(&rules, &lines.scenario.source());
        let base = outcome(&evaluate(&rules, &seen));
        let reported: BTreeMap<String, _> = Evaluation::new(&rules, &seen).counterfactuals().into_iter().map(|one| (one.pattern.clone(), one)).collect();
        for pattern in &lines.scenario.pack.patterns {
            let holds = lines.logged.iter().any(|entry| entry.text == text_of(id(pattern)));
            let mut other = lines.clone();
            if holds { log_nowhere(&mut other, &text_of(id(pattern))) } else { log_everywhere(&mut other, &text_of(id(pattern))) }
            let applied = outcome(&other.scenario.diagnosis_by(&rules));
            match reported.get(id(pattern)) {
                Some(reported) => {
                    let roots: BTreeSet<_> = reported.roots.iter().map(|(pattern, role, grade)| (pattern.clone(), role.as_str(), grade.as_str())).collect();
                    prop_assert_eq!(reported.to, !holds);
                    prop_assert_eq!((reported.status, roots), applied, "{}", id(pattern));
                }
                None => prop_assert_eq!(&applied, &base, "{} was not reported", id(pattern)),
            }
        }
    }
}
