//! Laws of noise, of evidence, and of suppositions.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::diagnosis::{Finding, Role, Status};
use amp_rules_core::explain::Verdict;
use amp_rules_core::{Diagnosis, Evaluation, evaluate};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::pack::{id, spoken};
use crate::speech::{all_say, none_says};
use crate::stage::{Stage, word};
use crate::verdicts::{pattern, roles, truths};
use crate::world::{World, cases, numbers, worlds};

/// A pattern with one condition over other patterns or symptoms, which is in no graph.
fn fact(id: &str, scope: &str, when: Value) -> Value {
    json!({ "format": "amp-rules/v1", "id": id, "title": id, "class": "fact", "severity": "info", "scope": scope, "when": when })
}

/// A condition with its symptoms named from outside their pattern.
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

/// Whether a pattern's truth is said by single lines that a report cites: one line symptom, or any of several, each of
/// which one line fulfils.
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
                && ["at_least", "rollup", "startup_grace"].iter().all(|key| symptom.get(*key).is_none())
        })
    };
    names.iter().all(simple)
}

/// The rows that a finding cites, by identity.
fn cited(finding: &Finding) -> BTreeSet<&str> {
    finding
        .evidence
        .iter()
        .flat_map(|evidence| evidence.citations.iter().map(|citation| citation.row.as_str()))
        .collect()
}

type Story = (Status, BTreeSet<(String, &'static str, &'static str)>);

fn story(diagnosis: &Diagnosis) -> Story {
    (
        diagnosis.status,
        diagnosis.roots.iter().map(|root| (root.pattern.clone(), root.role.as_str(), root.grade.as_str())).collect(),
    )
}

proptest! {
    #![proptest_config(cases())]

    /// With the table of logs read in either case: its rows are signs of life.
    #[test]
    fn p15_suppression_changes_roles_only(drawn in worlds()) {
        let mut world = drawn;
        world.pack.patterns.push(spoken("y", "cause", "pod", "a line of the table of logs"));
        let mut bare = world.clone();
        bare.pack.each(|pattern| {
            // A symptom that only an escalation reads would be unused without it.
            if let Some(when) = pattern.get("noise_unless").cloned() {
                pattern.remove("noise_unless");
                if let Value::String(name) = when {
                    let own = pattern.get_mut("symptoms").and_then(Value::as_object_mut).unwrap();
                    own.remove(&name);
                }
            }
        });
        let judged = |world: &World| {
            let rules = world.rules();
            truths(&rules, &world.seen(&rules, &world.source()))
        };
        prop_assert_eq!(judged(&bare), judged(&world));
    }

    /// The escalation is looked at by a fact that has it as its condition. A fact has no other role than that.
    #[test]
    fn p16_an_escalation_that_is_true_or_unknown_beats_suppression(world in worlds()) {
        let mut watched = world.clone();
        let mut added = Vec::new();
        for pattern in &world.pack.patterns {
            if let Some(escalation) = pattern.get("noise_unless") {
                added.push(fact(&format!("why-{}", id(pattern)), pattern["scope"].as_str().unwrap(), qualified(escalation, id(pattern))));
            }
        }
        prop_assume!(!added.is_empty());
        watched.pack.patterns.extend(added);
        let rules = watched.rules();
        let seen = watched.seen(&rules, &watched.source());
        let truth = truths(&rules, &seen);
        for ((pattern, entity), (role, _)) in roles(&evaluate(&rules, &seen)).into_iter().filter(|(_, (role, _))| *role != Role::Fact) {
            let Some(escalation) = truth.get(&(format!("why-{pattern}"), entity.clone())) else { continue };
            match escalation {
                Verdict::True => prop_assert!(!matches!(role, Role::Noise | Role::Unresolved), "{} at {} is {:?} though its escalation holds", pattern, entity, role),
                Verdict::Unknown => prop_assert_eq!(role, Role::Unresolved, "{} at {}", pattern, entity),
                Verdict::False => prop_assert_eq!(role, Role::Noise, "{} at {}", pattern, entity),
            }
        }
    }

    /// A report cites the earliest rows, three per symptom and finding, so the law is held where one row is enough: any of
    /// several line symptoms, for a finding of one entity. Heartbeats stay.
    #[test]
    fn p17_the_cited_rows_alone_reproduce_the_verdict(world in worlds()) {
        let diagnosis = world.diagnosis();
        for finding in diagnosis.findings.iter().filter(|finding| finding.entities.len() == 1 && !finding.reported) {
            if !is_cited_whole(pattern(&world.pack, &finding.pattern)) {
                continue;
            }
            let rows = cited(finding);
            prop_assert!(!rows.is_empty(), "{} cites nothing", finding.pattern);
            let mut little = world.clone();
            little.rows = world.rows.kept(|row| row.part == "alive" || rows.contains(row.identity.as_str()));
            let entity = finding.entities[0].clone();
            prop_assert!(roles(&little.diagnosis()).contains_key(&(finding.pattern.clone(), entity)), "{} does not follow from {:?}", finding.pattern, rows);
        }
    }

    /// A flip supposes a symptom so, or not so, of everyone throughout. Here each pattern has a word of its own, so it can
    /// be applied to the rows themselves.
    #[test]
    fn p18_applying_a_reported_flip_gives_the_reported_roots_and_other_flips_change_nothing(drawn in numbers()) {
        let stage = Stage::new(&drawn.0, &drawn.1);
        let rules = stage.world.rules();
        let seen = stage.world.seen(&rules, &stage.world.source());
        let base = story(&evaluate(&rules, &seen));
        let reported: BTreeMap<String, _> = Evaluation::new(&rules, &seen).counterfactuals().into_iter().map(|flip| (flip.pattern.clone(), flip)).collect();
        for pattern in &stage.world.pack.patterns {
            let holds = stage.said.iter().any(|speech| speech.word == word(id(pattern)));
            let mut other = stage.clone();
            if holds { none_says(&mut other, &word(id(pattern))) } else { all_say(&mut other, &word(id(pattern))) }
            let applied = story(&other.world.diagnosis_by(&rules));
            match reported.get(id(pattern)) {
                Some(flip) => {
                    let roots: BTreeSet<_> = flip.roots.iter().map(|(pattern, role, grade)| (pattern.clone(), role.as_str(), grade.as_str())).collect();
                    prop_assert_eq!(flip.to, !holds);
                    prop_assert_eq!((flip.status, roots), applied, "{}", id(pattern));
                }
                None => prop_assert_eq!(&applied, &base, "{} was not reported", id(pattern)),
            }
        }
    }
}
