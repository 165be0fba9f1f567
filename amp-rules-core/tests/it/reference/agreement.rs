//! Property tests: the evaluator and the reference agree on generated packs and telemetry.
//!
//! Status, roles, unresolved instances, roots with grades and entities, chains, hypotheses and history must be the same. In these
//! scenarios every pod exists throughout, and with losses there are no starts, flows and properties: lifetimes, silent
//! channels, and the effect of losses on those are covered by the laws and by the small scenarios beside them.

use std::collections::BTreeSet;

use amp_rules_core::diagnosis::{ActivityState, Link};
use amp_rules_core::{Diagnosis, Observations, RuleSet, evaluate};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::diagnosis::{Chain, Root, Summary, summary};
use super::symptoms::Reference;
use crate::generate::dice::Dice;
use crate::generate::line_scenario::LineScenario;
use crate::generate::loss::{Loss, blinded, loss};
use crate::generate::pack::log_pattern;
use crate::generate::scenario::{Scenario, WINDOW, cases, numbers, scenarios};
use crate::generate::telemetry::{Row, WORDS};

fn chain_of(links: &[Link]) -> Chain {
    links.iter().map(|link| (link.pattern.clone(), link.inferred)).collect()
}

/// The same parts of a diagnosis of the evaluator.
fn summary_of(diagnosis: &Diagnosis) -> Summary {
    let mut roots: Vec<Root> = diagnosis
        .roots
        .iter()
        .map(|root| {
            (
                root.pattern.clone(),
                root.role,
                root.grade,
                root.activity.state != ActivityState::Active,
                root.entities.iter().cloned().collect(),
                chain_of(&root.chain),
                root.explains.iter().cloned().collect(),
            )
        })
        .collect();
    roots.sort_by(|a, b| (&a.0, a.2, a.3).cmp(&(&b.0, b.2, b.3)));
    Summary {
        status: diagnosis.status,
        roles: diagnosis
            .findings
            .iter()
            .flat_map(|finding| {
                finding.entities.iter().map(|entity| (finding.pattern.clone(), entity.clone(), finding.role))
            })
            .collect(),
        unresolved: diagnosis
            .unresolved
            .iter()
            .map(|one| {
                (
                    one.pattern.clone(),
                    one.entities.iter().cloned().collect(),
                    one.holds,
                    one.reasons.iter().cloned().collect(),
                )
            })
            .collect(),
        roots,
        hypotheses: diagnosis
            .hypotheses
            .iter()
            .map(|one| (one.pattern.clone(), one.explains.iter().cloned().collect::<BTreeSet<_>>()))
            .collect(),
        history: diagnosis
            .history
            .iter()
            .flat_map(|past| {
                let entities = past.entities.iter();
                entities.map(|entity| (past.pattern.clone(), past.grade, entity.clone(), chain_of(&past.chain)))
            })
            .collect(),
    }
}

/// Replaces a symptom that the reference does not implement for losses.
fn make_losable(symptom: &mut Value) {
    let is_unsupported = ["property", "drop", "ceases"].iter().any(|key| symptom.get(*key).is_some());
    if is_unsupported {
        let kept: Vec<(String, Value)> = ["per", "rollup", "weak"]
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), symptom.get(*key)?.clone())))
            .collect();
        *symptom = json!({ "log": { "contains": WORDS[symptom.to_string().len() % 4] } });
        symptom.as_object_mut().unwrap().extend(kept);
    }
    let map = symptom.as_object_mut().unwrap();
    map.remove("startup_grace");
    if map.get("lasts") == Some(&json!("until_restart")) {
        map.remove("lasts");
    }
}

/// A scenario in which every pod exists throughout, with symptoms that the reference implements for losses.
fn losable(mut scenario: Scenario) -> Scenario {
    scenario.pack.each(|pattern| {
        if let Some(symptoms) = pattern.get_mut("symptoms").and_then(Value::as_object_mut) {
            symptoms.values_mut().for_each(make_losable);
        }
    });
    scenario.rows.0.retain(|row| row.text != "container has started");
    plain(scenario)
}

/// A scenario in which every pod exists throughout. `repeats` and `persists` watch only symptoms that count.
fn plain(mut scenario: Scenario) -> Scenario {
    scenario.pack.each(|pattern| {
        let Some(symptoms) = pattern.get_mut("symptoms").and_then(Value::as_object_mut) else { return };
        let counts = symptoms.get("a").is_some_and(|first| first.get("log").is_some() || first.get("event").is_some());
        if !counts && symptoms.contains_key("watch") {
            let kept = symptoms["a"].get("per").cloned();
            symptoms["watch"] = json!({ "log": { "contains": WORDS[0] } });
            if let Some(per) = kept {
                symptoms["watch"]["per"] = per;
            }
        }
    });
    // The heartbeats of both tables are read, whatever the other patterns read.
    scenario.pack.patterns.push(log_pattern("y", "cause", "pod", "a line of the table of logs"));
    let pods = scenario.rows.pods();
    scenario.rows.0.retain(|row| row.part != "alive");
    for (at, pod) in pods.into_iter().enumerate() {
        for slot in 0..WINDOW / 5 {
            scenario.rows.0.push(Row {
                table: "metrics",
                pod: pod.clone(),
                ago: slot * 300 + 7,
                part: "alive",
                text: String::new(),
                value: 1.0,
                weight: 1,
                mode: None,
                identity: format!("alive-{at}-{slot}"),
            });
            scenario.rows.0.push(Row {
                table: "metrics",
                pod: pod.clone(),
                ago: slot * 300 + 250,
                part: "alive",
                text: String::new(),
                value: 1.0,
                weight: 1,
                mode: None,
                identity: format!("alive-{at}-{slot}-again"),
            });
        }
    }
    scenario
}

/// Whether a loss keeps the heartbeats of the metrics, so that the reference implements it.
fn is_supported(loss: &Loss) -> bool {
    match loss {
        Loss::Table(table, _) | Loss::TimeRange { table, .. } => *table != "metrics",
        Loss::Metric(metric, _) => *metric != "alive",
        Loss::Component(..) => true,
        Loss::Silenced { .. } => false,
    }
}

fn agree(rules: &RuleSet, seen: &Observations, scenario: &Scenario, losses: &[Loss]) -> Result<(), TestCaseError> {
    let evaluated = summary_of(&evaluate(rules, seen));
    let expected = summary(&Reference::new(rules, seen));
    prop_assert_eq!(evaluated, expected, "after {:?} of {:?}", losses, scenario);
    Ok(())
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_evaluator_agrees_with_the_reference(drawn in scenarios()) {
        let scenario = plain(drawn);
        let rules = scenario.rules();
        agree(&rules, &scenario.observe(&rules, &scenario.source()), &scenario, &[])?;
    }

    #[test]
    fn the_evaluator_agrees_with_the_reference_after_losses(drawn in scenarios(), lost in prop::collection::vec(any::<u16>(), 60)) {
        let scenario = losable(drawn);
        let mut dice = Dice::new(&lost);
        let losses: Vec<Loss> = (0..4).map(|_| loss(&mut dice, &scenario)).filter(is_supported).take(2).collect();
        let rules = scenario.rules();
        agree(&rules, &blinded(&scenario, &rules, &losses), &scenario, &losses)?;
    }

    /// Many patterns that are true at many times, so that the graph is large.
    #[test]
    fn the_causal_graph_agrees_with_the_reference(drawn in numbers(), lost in prop::collection::vec(any::<u16>(), 20)) {
        let scenario = losable(LineScenario::new(&drawn.0, &drawn.1).scenario);
        let mut dice = Dice::new(&lost);
        let losses: Vec<Loss> = (0..2).map(|_| loss(&mut dice, &scenario)).filter(is_supported).take(1).collect();
        let rules = scenario.rules();
        agree(&rules, &blinded(&scenario, &rules, &losses), &scenario, &losses)?;
    }
}

/// Scenarios without findings would prove nothing.
#[test]
fn the_generated_scenarios_show_every_status_role_and_grade() {
    let mut runner = TestRunner::deterministic();
    let mut scenarios: Vec<Scenario> =
        (0..60).map(|_| plain(scenarios().new_tree(&mut runner).unwrap().current())).collect();
    scenarios.extend(
        (0..200)
            .map(|_| numbers().new_tree(&mut runner).unwrap().current())
            .map(|drawn| plain(LineScenario::new(&drawn.0, &drawn.1).scenario)),
    );
    let all: Vec<Diagnosis> = scenarios.iter().map(Scenario::diagnosis).collect();
    let statuses: BTreeSet<&str> = all.iter().map(|diagnosis| diagnosis.status.as_str()).collect();
    assert!(["diagnosed", "diagnosed_partial"].iter().all(|word| statuses.contains(word)), "{statuses:?}");
    let roles: BTreeSet<&str> =
        all.iter().flat_map(|diagnosis| &diagnosis.findings).map(|finding| finding.role.as_str()).collect();
    let wanted = ["root", "consequence", "contributing", "noise", "recovered", "unresolved", "fact"];
    assert!(wanted.iter().all(|word| roles.contains(word)), "{roles:?}");
    let grades: BTreeSet<&str> =
        all.iter().flat_map(|diagnosis| &diagnosis.roots).map(|root| root.grade.as_str()).collect();
    assert_eq!(grades.len(), 3, "{grades:?}");
    let inferred =
        |diagnosis: &&Diagnosis| diagnosis.roots.iter().any(|root| root.chain.iter().any(|link| link.inferred));
    let many = all.iter().filter(inferred).count();
    assert!(many >= 3, "something is inferred in {many} scenarios");
    assert!(all.iter().any(|diagnosis| !diagnosis.hypotheses.is_empty()));
}
