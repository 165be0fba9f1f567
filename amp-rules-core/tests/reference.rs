//! The evaluator against a slow, plain reference that is written from the definitions and shares no code with it.
//!
//! Generated packs are evaluated over generated telemetry by both; status, roles, what stayed open, roots with their
//! grades and entities, chains and hypotheses must be the same. In these worlds every pod lives throughout, and where
//! something was lost there are no starts, flows and properties: lives and dead channels, and what losses do to those, are
//! held by the laws and by the small worlds beside them.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a generator or a judge that goes wrong is a failed test"
)]

#[path = "reference/counts.rs"]
mod counts;
#[path = "generate/dice.rs"]
mod dice;
#[path = "reference/flows.rs"]
mod flows;
#[path = "reference/graph.rs"]
mod graph;
#[path = "reference/latest.rs"]
mod latest;
#[path = "laws/loss.rs"]
mod loss;
#[path = "reference/numbers.rs"]
mod numbers;
#[path = "generate/pack.rs"]
mod pack;
#[path = "generate/stage.rs"]
mod stage;
#[path = "reference/story.rs"]
mod story;
#[path = "reference/symptoms.rs"]
mod symptoms;
#[path = "generate/telemetry.rs"]
mod telemetry;
#[path = "reference/track.rs"]
mod track;
#[path = "generate/world.rs"]
mod world;

use std::collections::BTreeSet;

use amp_rules_core::{Diagnosis, Observations, RuleSet, evaluate};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use dice::Dice;
use loss::{Loss, blinded, loss};
use pack::spoken;
use stage::Stage;
use story::{Told, told};
use symptoms::Reference;
use telemetry::{Row, WORDS};
use world::{WINDOW, World, cases, numbers, worlds};

/// What the evaluator says, in the same sets.
fn said(diagnosis: &Diagnosis) -> Told {
    let mut roots: Vec<story::Root> = diagnosis
        .roots
        .iter()
        .map(|root| {
            let chain = root.chain.iter().map(|link| (link.pattern.clone(), link.inferred)).collect();
            (
                root.pattern.clone(),
                root.role,
                root.grade,
                root.entities.iter().cloned().collect(),
                chain,
                root.explains.iter().cloned().collect(),
            )
        })
        .collect();
    roots.sort_by(|a, b| (&a.0, a.2).cmp(&(&b.0, b.2)));
    Told {
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
    }
}

/// A symptom that the reference can tell after losses: another in its place where it cannot.
fn tellable(symptom: &mut Value) {
    let unknown = ["property", "drop", "ceases"].iter().any(|key| symptom.get(*key).is_some());
    if unknown {
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

/// A world in which every pod lives throughout, with symptoms that the reference can tell after losses.
fn losable(mut world: World) -> World {
    world.pack.each(|pattern| {
        if let Some(symptoms) = pattern.get_mut("symptoms").and_then(Value::as_object_mut) {
            symptoms.values_mut().for_each(tellable);
        }
    });
    world.rows.0.retain(|row| row.text != "container has started");
    plain(world)
}

/// A world in which every pod lives throughout. What repeats or persists in it is counted.
fn plain(mut world: World) -> World {
    world.pack.each(|pattern| {
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
    // Whatever the pack reads, the signs of life of both tables are asked for.
    world.pack.patterns.push(spoken("y", "cause", "pod", "a line of the table of logs"));
    let pods = world.rows.pods();
    world.rows.0.retain(|row| row.part != "alive");
    for (at, pod) in pods.into_iter().enumerate() {
        for slot in 0..WINDOW / 5 {
            world.rows.0.push(Row {
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
            world.rows.0.push(Row {
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
    world
}

/// A loss that leaves the signs of life of the metrics alone.
fn is_tellable(loss: &Loss) -> bool {
    match loss {
        Loss::Table(table, _) | Loss::Stretch { table, .. } => *table != "metrics",
        Loss::Metric(metric, _) => *metric != "alive",
        Loss::Component(..) => true,
        Loss::Silenced { .. } => false,
    }
}

fn agree(rules: &RuleSet, seen: &Observations, world: &World) -> Result<(), TestCaseError> {
    let ours = said(&evaluate(rules, seen));
    let theirs = told(&Reference::new(rules, seen));
    prop_assert_eq!(ours, theirs, "{:?}", world.scope.window);
    Ok(())
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_evaluator_says_what_the_definitions_say(drawn in worlds()) {
        let world = plain(drawn);
        let rules = world.rules();
        agree(&rules, &world.seen(&rules, &world.source()), &world)?;
    }

    #[test]
    fn the_evaluator_says_what_the_definitions_say_after_losses(drawn in worlds(), lost in prop::collection::vec(any::<u16>(), 60)) {
        let world = losable(drawn);
        let mut dice = Dice::new(&lost);
        let losses: Vec<Loss> = (0..4).map(|_| loss(&mut dice, &world)).filter(is_tellable).take(2).collect();
        let rules = world.rules();
        agree(&rules, &blinded(&world, &rules, &losses), &world)?;
    }

    /// Many patterns that hold at many times, so that the graph has much to do.
    #[test]
    fn the_graph_is_that_of_the_definitions(drawn in numbers(), lost in prop::collection::vec(any::<u16>(), 20)) {
        let world = losable(Stage::new(&drawn.0, &drawn.1).world);
        let mut dice = Dice::new(&lost);
        let losses: Vec<Loss> = (0..2).map(|_| loss(&mut dice, &world)).filter(is_tellable).take(1).collect();
        let rules = world.rules();
        agree(&rules, &blinded(&world, &rules, &losses), &world)?;
    }
}

/// Worlds in which nothing happens would agree with anything.
#[test]
fn the_generated_worlds_have_something_to_say() {
    let mut runner = TestRunner::deterministic();
    let mut worlds: Vec<World> = (0..60).map(|_| plain(worlds().new_tree(&mut runner).unwrap().current())).collect();
    worlds.extend(
        (0..200)
            .map(|_| numbers().new_tree(&mut runner).unwrap().current())
            .map(|drawn| plain(Stage::new(&drawn.0, &drawn.1).world)),
    );
    let all: Vec<Diagnosis> = worlds.iter().map(World::diagnosis).collect();
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
    assert!(many >= 3, "something is inferred in {many} worlds");
    assert!(all.iter().any(|diagnosis| !diagnosis.hypotheses.is_empty()));
}
