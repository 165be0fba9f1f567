//! Laws over worlds that do what real agents do: pods that start and end at any second, rows that are lost without a
//! declaration, windows of any length.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::Diagnosis;
use amp_rules_core::diagnosis::{Grade, Role, Status};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use super::verdicts::{Instance, roles};
use crate::generate::dice::Dice;
use crate::generate::healthy::HealthyCluster;
use crate::generate::line_scenario::{LineScenario, SLOTS, slots_as_time, text_of};
use crate::generate::pack::{add_missing_symptoms, id};
use crate::generate::scenario::{WINDOW, cases, numbers};

/// Random worlds of line patterns without what makes a role depend on more than causes: loops, of which all members can be
/// entries, and amplifiers.
fn plain_lines(drawn: &(Vec<u16>, Vec<u16>)) -> LineScenario {
    let mut lines = LineScenario::new(&drawn.0, &drawn.1);
    lines.scenario.pack.each(|pattern| {
        pattern.remove("amplifies");
        if let Some(edges) = pattern.get_mut("causes").and_then(Value::as_array_mut) {
            edges.retain(|edge| edge.get("feedback").is_none());
            if edges.is_empty() {
                pattern.remove("causes");
            }
        }
    });
    add_missing_symptoms(&mut lines.scenario.pack.patterns);
    lines
}

/// The effects that are roots of another diagnosis, each with the patterns that caused it.
fn effects_that_became_roots(
    before: &Diagnosis,
    after: &Diagnosis,
) -> Vec<(Instance, Option<Grade>, BTreeSet<String>)> {
    let known = roles(before);
    let is_root = |role: Role| matches!(role, Role::Root | Role::Independent);
    let mut causes: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for link in before.roots.iter().flat_map(|root| &root.chain).filter(|link| !link.inferred) {
        causes.entry(&link.pattern).or_default().extend(link.from.iter().cloned());
    }
    let made = roles(after).into_iter().filter(|(instance, (role, _))| {
        is_root(*role) && known.get(instance).is_some_and(|(role, _)| *role == Role::Consequence)
    });
    made.map(|(instance, (_, grade))| {
        let of = causes.get(instance.0.as_str()).cloned().unwrap_or_default();
        (instance, grade, of)
    })
    .collect()
}

/// Whether a pattern may hold where an absence does not.
fn may_negate_absence(pattern: &Value) -> bool {
    let mut symptoms = pattern["symptoms"].as_object().into_iter().flat_map(|symptoms| symptoms.values());
    pattern["when"].to_string().contains("\"not\"") && symptoms.any(|symptom| symptom.get("absent").is_some())
}

/// Whether fewer rows make a number of a symptom smaller, and a smaller number makes it true.
fn holds_for_fewer(symptom: &Value) -> bool {
    let falls = |steps: &Value| {
        let steps = steps.as_array().into_iter().flatten();
        steps.into_iter().any(|step| ["sum", "count", "increase"].iter().any(|key| step.get(*key).is_some()))
    };
    let is_below = ["below", "at_most"].iter().any(|key| symptom.get(*key).is_some());
    symptom.get("drop").is_some() || symptom.get("ceases").is_some() || (is_below && falls(&symptom["steps"]))
}

proptest! {
    #![proptest_config(cases())]

    /// P28: A healthy world stays healthy when one of its entities starts or ends at any instant.
    ///
    /// It has less than a quarter of every flow, starts later than one cadence after the start of the window, and the world is
    /// healthy with it and without it. Negated absences are excepted, since a pod that is younger than the time of an absence
    /// has not been without the line for so long, and so are flows, and sums that are compared with a lower limit: those of the pod itself end with it.
    #[test]
    fn p28_a_pod_that_starts_or_ends_at_any_second_is_no_problem(drawn in numbers(), many in 5_i64..7, (starts, ends) in prop::sample::select(vec![(true, false), (false, true), (true, true)]), instants in (0..WINDOW * 60 - 300, 0..WINDOW * 60)) {
        let cluster = HealthyCluster::new(&drawn.0, &drawn.1, many, 300, |pattern| {
            let mut symptoms = pattern["symptoms"].as_object().into_iter().flat_map(|symptoms| symptoms.values());
            !may_negate_absence(pattern) && !symptoms.any(holds_for_fewer)
        });
        prop_assume!(!cluster.scenario.pack.patterns.is_empty());
        // Without a bin of tolerance, the pod is missed in the bin in which it ends.
        prop_assume!(!format!("{:?}", cluster.scenario.pack).contains("\"blind_bins\":0"));
        let (from, to) = (instants.0.max(instants.1.min(WINDOW * 60 - 301)), instants.0.min(instants.1));
        let is_lost = |ago: i64| (starts && ago > from) || (ends && ago < to);
        let diagnosis = cluster.without_last(is_lost).diagnosis();
        let found: Vec<_> = roles(&diagnosis).into_iter().collect();
        prop_assert_eq!(diagnosis.status, Status::Healthy, "{:?} {:?}\nfrom {:?} to {:?} of\n{:?}", found, diagnosis.unresolved, starts.then_some(from), ends.then_some(to), cluster.scenario);
    }

    /// P31, its first sentence: Losing up to 30 % of the rows of a healthy world, undeclared, is no problem, if each series keeps
    /// at least 30 rows an hour.
    ///
    /// Flows, and sums that are compared with a lower limit, are excepted: fewer rows make them smaller.
    #[test]
    fn p31_losing_rows_of_a_healthy_world_is_no_problem(drawn in numbers(), many in 1_i64..4, percent in 1_u64..=30, seed in any::<u64>()) {
        let suits = |pattern: &Value| !pattern["symptoms"].as_object().unwrap().values().any(holds_for_fewer);
        let cluster = HealthyCluster::new(&drawn.0, &drawn.1, many, 60, suits);
        prop_assume!(!cluster.scenario.pack.patterns.is_empty());
        let mut fewer = cluster.scenario.clone();
        let mut state = seed;
        let mut lost: BTreeMap<(String, &str, String, i64), u64> = BTreeMap::new();
        fewer.rows.0.retain(|row| {
            // Any sequence that looks random.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let of_series = lost.entry((row.pod.name.clone(), row.part, row.text.clone(), row.ago / 3600)).or_default();
            let is_lost = (state >> 33) % 100 < percent && *of_series < 18;
            *of_series += u64::from(is_lost);
            !is_lost
        });
        let diagnosis = fewer.diagnosis();
        let is_fine = matches!(diagnosis.status, Status::Healthy | Status::NoKnownProblem | Status::NoiseOnly | Status::InsufficientData);
        let found: Vec<_> = roles(&diagnosis).into_iter().collect();
        prop_assert!(is_fine, "{:?}: {:?}\n{:?}{:?}", diagnosis.status, found, cluster.scenario.pack, fewer.rows);
    }

    /// P34: Where each cause begins no later than its effect, and has not ended before it, lengthening the window at its start
    /// never makes a root of an effect.
    ///
    /// With one pod, a chain of patterns is one of instances. Edges have no lag, which may contradict such times.
    #[test]
    fn p34_a_longer_window_never_makes_a_root_of_an_effect(drawn in numbers(), slots in 2..SLOTS - 1) {
        let mut lines = plain_lines(&drawn).of_one_pod();
        lines.scenario.pack.each(|pattern| {
            for edge in pattern.get_mut("causes").and_then(Value::as_array_mut).into_iter().flatten() {
                edge.as_object_mut().unwrap().remove("lag");
            }
        });
        let patterns = lines.scenario.pack.patterns.clone();
        // Later patterns first: edges lead to later patterns.
        for cause in patterns.iter().rev() {
            let effects: BTreeSet<String> = cause["causes"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|edge| text_of(edge["pattern"].as_str().unwrap()))
                .collect();
            let of_effects = lines.logged.iter().filter(|entry| effects.contains(&entry.text));
            let (Some(first), Some(last)) =
                (of_effects.clone().map(|entry| entry.from).max(), of_effects.map(|entry| entry.from).min())
            else {
                continue;
            };
            for entry in lines.logged.iter_mut().filter(|entry| entry.text == text_of(id(cause))) {
                entry.from = entry.from.max(first);
                entry.to = entry.to.min(last);
            }
        }
        lines.write_rows();
        let mut short = lines.scenario.clone();
        short.scope.window.from = short.scope.window.to.saturating_sub(slots_as_time(slots));
        let made = effects_that_became_roots(&short.diagnosis(), &lines.scenario.diagnosis());
        prop_assert!(made.is_empty(), "{:?} in a window longer than {} slots\n{:?}{:?}", made, slots, lines.scenario.pack, lines.logged);
    }
}

/// Laws over healthy worlds would hold in worlds without patterns.
#[test]
fn the_healthy_worlds_have_patterns_of_every_kind() {
    let mut runner = TestRunner::deterministic();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..150 {
        let drawn = numbers().new_tree(&mut runner).unwrap().current();
        let many = Dice::new(&drawn.1).between(5, 7);
        let cluster = HealthyCluster::new(&drawn.0, &drawn.1, many, 300, |_| true);
        let symptoms =
            cluster.scenario.pack.patterns.iter().flat_map(|pattern| pattern["symptoms"].as_object().unwrap().values());
        for symptom in symptoms {
            for kind in
                ["log", "metric", "ratio", "absent", "drop", "ceases", "property", "event", "persists", "repeats"]
            {
                *kinds.entry(kind.to_owned()).or_default() += usize::from(symptom.get(kind).is_some());
            }
        }
    }
    assert!(kinds.len() == 10 && kinds.values().all(|many| *many >= 3), "{kinds:?}");
}
