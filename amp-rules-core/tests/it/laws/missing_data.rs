//! Laws of truth: losing data moves verdicts only towards unknown, thresholds are literal, streaks are bounded.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::diagnosis::{Diagnosis, Grade, Status};
use amp_rules_core::explain::Verdict;
use amp_rules_core::{Entity, evaluate};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::verdicts::{Instance, truths};
use crate::generate::dice::Dice;
use crate::generate::loss::{Loss, blinded, loss};
use crate::generate::pack::{Pack, id};
use crate::generate::scenario::{Scenario, WINDOW, cases, numbers, scenarios};
use crate::generate::telemetry::{Pod, Row, Rows, pods, rows};

type Truths = BTreeMap<Instance, Verdict>;

/// The instances that are decided in one run and decided the opposite way in another, with both verdicts. If an instance
/// exists in only one of them, the instances of compatible entities are compared instead.
fn reversed(decided: &Truths, other: &Truths) -> Vec<(Instance, Verdict, Verdict)> {
    let mut found = Vec::new();
    for ((pattern, entity), before) in decided {
        if *before == Verdict::Unknown {
            continue;
        }
        let opposite = if *before == Verdict::True { Verdict::False } else { Verdict::True };
        let instance = (pattern.clone(), entity.clone());
        match other.get(&instance) {
            Some(after) if *after == opposite => found.push((instance, *before, *after)),
            Some(_) => {}
            None => {
                // The entity is unknown in the other run: at least one compatible instance must not be decided the other way.
                let around: Vec<Verdict> = other
                    .iter()
                    .filter(|((id, at), _)| id == pattern && at.is_compatible(entity))
                    .map(|(_, verdict)| *verdict)
                    .collect();
                if *before == Verdict::True && !around.is_empty() && around.iter().all(|verdict| *verdict == opposite) {
                    found.push((instance, *before, opposite));
                }
            }
        }
    }
    // A new instance is true where all compatible ones were false.
    for ((pattern, entity), after) in
        other.iter().filter(|(instance, verdict)| **verdict == Verdict::True && !decided.contains_key(*instance))
    {
        let around: Vec<Verdict> = decided
            .iter()
            .filter(|((id, at), _)| id == pattern && at.is_compatible(entity))
            .map(|(_, verdict)| *verdict)
            .collect();
        if !around.is_empty() && around.iter().all(|verdict| *verdict == Verdict::False) {
            found.push(((pattern.clone(), entity.clone()), Verdict::False, *after));
        }
    }
    found
}

fn judged(scenario: &Scenario) -> (Diagnosis, Truths) {
    let rules = scenario.rules();
    let seen = scenario.observe(&rules, &scenario.source());
    (evaluate(&rules, &seen), truths(&rules, &seen))
}

/// Whether a loss counts as declared for every symptom of a pack. What is younger than the watermark is not missing yet. The silence of a channel is its own declaration, except
/// for flows: a flow that stops while another channel of the pod continues is evidence, and a flow of several pods relies
/// on complete answers.
fn is_declared(pack: &Pack, loss: &Loss) -> bool {
    if let Loss::TimeRange { from, .. } = loss {
        let delay = match pack.defaults["ingestion_delay"].as_str() {
            Some("0s") => 0,
            Some("5m") => 300,
            _ => 900,
        };
        return *from > delay;
    }
    let Loss::Silenced { tables, from, .. } = loss else { return true };
    let of_pod = |pattern: &Value| {
        let flows = pattern["symptoms"].as_object().into_iter().flat_map(serde_json::Map::values);
        let mut flows = flows.filter(|symptom| symptom.get("drop").or(symptom.get("ceases")).is_some());
        flows.all(|symptom| {
            symptom.get("per").unwrap_or(&pattern["scope"]) == "pod" && tables.len() == 2 && *from < WINDOW * 60 - 600
        })
    };
    pack.patterns.iter().all(of_pod)
}

/// The patterns that fewer rows cannot make true: counts of lines and events, maxima and sums above a threshold, rolled up
/// by `any` or `at_least`, and conditions of them without `not`.
fn monotone(pack: &Pack) -> BTreeSet<String> {
    let mut good: BTreeSet<String> = BTreeSet::new();
    for pattern in &pack.patterns {
        if let Some(when) = pattern.get("when")
            && monotone_condition(&pattern["symptoms"], when, &good)
        {
            good.insert(id(pattern).to_owned());
        }
    }
    good
}

fn monotone_symptom(all: &Value, name: &Value) -> bool {
    let symptom = &all[name.as_str().unwrap()];
    let has = |key: &str| symptom.get(key).is_some();
    let is_monotone_rollup = symptom.get("rollup").is_none_or(|rollup| rollup.get("at_least").is_some());
    if !is_monotone_rollup || has("startup_grace") || has("zero_if_present") || has("ends_when") {
        return false;
    }
    if has("repeats") {
        return monotone_symptom(all, &symptom["repeats"]);
    }
    let upward = has("above") || has("at_least");
    let growing = || {
        symptom["steps"].as_array().unwrap().iter().all(|step| step.get("max").is_some() || step.get("sum").is_some())
    };
    has("log") || has("event") || (has("metric") && upward && growing())
}

fn monotone_condition(symptoms: &Value, when: &Value, good: &BTreeSet<String>) -> bool {
    if when.is_string() {
        return monotone_symptom(symptoms, when);
    }
    if let Some(name) = when.get("pattern") {
        return good.contains(name.as_str().unwrap());
    }
    if let Some(requires) = when.get("requires") {
        return ["that", "then"].iter().all(|key| monotone_condition(symptoms, &requires[*key], good));
    }
    let parts =
        ["all", "any"].iter().find_map(|key| when.get(*key)).or_else(|| when.get("at_least").map(|of| &of["of"]));
    parts
        .and_then(Value::as_array)
        .is_some_and(|parts| parts.iter().all(|part| monotone_condition(symptoms, part, good)))
}

/// One pattern, one pod, and one metric with the same value throughout.
fn number_scenario(word: &str, threshold: f64, value: f64) -> Scenario {
    let mut scenario = Scenario::new(&[], &[]);
    let mut symptom = json!({ "metric": "load", "steps": [{ "max": "value", "every": "5m" }] });
    symptom[word] = json!(threshold);
    scenario.pack.patterns = vec![
        json!({ "format": "amp-rules/v1", "id": "p0", "title": "P", "class": "cause", "severity": "info", "scope": "pod", "symptoms": { "a": symptom }, "when": "a" }),
    ];
    let pod = Pod { cluster: "one", controller: "ReplicaSet", name: "one-0".to_owned() };
    let row = |ago: i64, part: &'static str, value: f64| Row {
        table: "metrics",
        pod: pod.clone(),
        ago,
        part,
        text: String::new(),
        value,
        weight: 1,
        mode: None,
        identity: format!("{part}-{ago}"),
    };
    scenario.rows = Rows(
        (0..WINDOW / 5)
            .flat_map(|slot| [row(slot * 300 + 60, "alive", 1.0), row(slot * 300 + 60, "load", value)])
            .collect(),
    );
    scenario
}

/// Failures and successes of one pod, in seconds before now, some of them older than the window.
#[derive(Clone, Debug)]
struct Series {
    failures: Vec<i64>,
    successes: Vec<i64>,
    /// A time range that is lost, the earlier end first.
    lost: Option<(i64, i64)>,
}

fn series(numbers: &[u16]) -> Series {
    let mut dice = Dice::new(numbers);
    let before = 4 * WINDOW * 60;
    let mut out = Series { failures: Vec::new(), successes: Vec::new(), lost: None };
    for _ in 0..dice.below(4) {
        let (from, step) = (dice.between(0, before), dice.between(60, 900));
        let end = from - dice.between(0, 7200);
        let mut at = from;
        while at >= end.max(1) {
            out.failures.push(at);
            at -= step;
        }
    }
    for _ in 0..dice.below(4) {
        out.successes.push(dice.between(1, before));
    }
    if dice.chance(1, 2) {
        let from = dice.between(600, WINDOW * 60);
        out.lost = Some((from, from - dice.between(300, from.min(3000))));
    }
    out.failures.sort_unstable_by_key(|ago| -ago);
    out.failures.dedup();
    out
}

/// The length in seconds of the longest streak with enough failures in the window, from the complete series. A success fills
/// its bin of five minutes; `now` is the edge of a bin.
fn longest_streak(series: &Series, at_least: usize) -> Option<i64> {
    let bin = |ago: i64| (ago + 299) / 300;
    let success_bins: BTreeSet<i64> = series.successes.iter().map(|ago| bin(*ago)).collect();
    let mut runs: Vec<Vec<i64>> = vec![Vec::new()];
    let mut last = i64::MAX;
    for &ago in &series.failures {
        if success_bins.contains(&bin(ago)) {
            continue;
        }
        if success_bins.iter().any(|success| *success < last && *success > bin(ago)) {
            runs.push(Vec::new());
        }
        last = bin(ago);
        runs.last_mut().unwrap().push(ago);
    }
    let in_window = |run: &Vec<i64>| run.iter().filter(|ago| **ago <= WINDOW * 60).count();
    runs.into_iter().filter(|run| in_window(run) >= at_least).map(|run| run[0] - run[run.len() - 1]).max()
}

proptest! {
    #![proptest_config(cases())]

    /// P4: Losing declared data never turns true into false or false into true, and never makes the status healthy.
    ///
    /// One to three losses. The status may change from noise only to healthy, because noise does not affect health. Reported
    /// complaints are excepted: a user report decides if telemetry does not.
    #[test]
    fn p4_losing_data_never_reverses_a_verdict(scenario in scenarios(), lost in prop::collection::vec(any::<u16>(), 40)) {
        let mut dice = Dice::new(&lost);
        let losses: Vec<Loss> = (0..=dice.below(3)).map(|_| loss(&mut dice, &scenario)).filter(|one| is_declared(&scenario.pack, one)).collect();
        let rules = scenario.rules();
        let seen = blinded(&scenario, &rules, &losses);
        let (diagnosis, before) = judged(&scenario);
        let reversed = reversed(&before, &truths(&rules, &seen));
        prop_assert!(reversed.is_empty(), "{:?}\nby {:?}", reversed, losses);
        let status = evaluate(&rules, &seen).status;
        prop_assert!(status != Status::Healthy || matches!(diagnosis.status, Status::Healthy | Status::NoKnownProblem | Status::NoiseOnly), "{:?} became healthy by {:?}", diagnosis.status, losses);
    }

    /// P5: Filling missing data with any content never reverses another truth.
    ///
    /// Of two losses one is filled with the rows of another scenario, not only with those that were lost.
    #[test]
    fn p5_filling_missing_data_never_reverses_another_truth(drawn in numbers(), lost in prop::collection::vec(any::<u16>(), 40), other in prop::collection::vec(any::<u16>(), 40..300)) {
        let scenario = Scenario::new(&drawn.0, &drawn.1);
        let mut dice = Dice::new(&lost);
        let mut losses = [loss(&mut dice, &scenario), loss(&mut dice, &scenario)];
        if let Loss::TimeRange { lost, .. } = &mut losses[0] {
            // If some rows of the range were kept, the filling would have to contain them.
            *lost = vec![true];
        }
        // The pods that logged the lines of a missing component are known, so arbitrary lines cannot fill it.
        prop_assume!(!matches!(losses[0], Loss::Component(..)) && losses.iter().all(|one| is_declared(&scenario.pack, one)));
        let rules = scenario.rules();
        let less = truths(&rules, &blinded(&scenario, &rules, &losses));
        let mut dice = Dice::new(&other);
        let other_pods = pods(&mut dice, "one");
        let fill = rows(&mut dice, &other_pods, WINDOW);
        let mut filled = scenario.clone();
        filled.rows.0.retain(|row| !losses[0].covers(row));
        filled.rows.0.extend(fill.0.into_iter().filter(|row| losses[0].covers(row)));
        let more = truths(&rules, &blinded(&filled, &rules, &losses[1..]));
        let reversed = reversed(&more, &less);
        prop_assert!(reversed.is_empty(), "{:?}\nby {:?}\nfilled {:?}\nof {:?}", reversed, losses, filled.rows, scenario);
    }

    /// P7: Deleting rows never makes a monotone pattern true.
    ///
    /// Monotone patterns are made of counts, maxima and sums above a threshold, without `not`.
    #[test]
    fn p7_deleting_rows_never_makes_a_monotone_pattern_true(scenario in scenarios(), lost in prop::collection::vec(any::<u16>(), 60..120)) {
        let mut dice = Dice::new(&lost);
        let mut fewer = scenario.clone();
        let share = 1 + dice.below(4);
        let gone: Vec<bool> = (0..lost.len()).map(|_| dice.chance(share, 5)).collect();
        let mut at = 0;
        fewer.rows.0.retain(|_| { at += 1; !gone[at % gone.len()] });
        let (before, after) = (judged(&scenario).1, judged(&fewer).1);
        let good = monotone(&scenario.pack);
        let became_true: Vec<&Instance> = after
            .iter()
            .filter(|((pattern, _), verdict)| **verdict == Verdict::True && good.contains(pattern))
            .filter(|((pattern, entity), _)| before.iter().any(|((other, at), verdict)| other == pattern && at == entity && *verdict == Verdict::False))
            .map(|(instance, _)| instance)
            .collect();
        prop_assert!(became_true.is_empty(), "{:?} of {:?}\n{:?}", became_true, good, fewer.rows);
    }

    /// P31: After losing up to 30 % of the rows, undeclared, no monotone pattern is a confirmed root that is false in the full
    /// data. Its first sentence is about healthy worlds of realistic packs, which are not generated here.
    #[test]
    fn p31_undeclared_losses_never_confirm_a_monotone_pattern_that_is_false(scenario in scenarios(), lost in prop::collection::vec(any::<u16>(), 60..120)) {
        let mut dice = Dice::new(&lost);
        let gone: Vec<bool> = (0..lost.len()).map(|_| dice.chance(3, 10)).collect();
        let mut fewer = scenario.clone();
        let mut at = 0;
        fewer.rows.0.retain(|_| { at += 1; !gone[at % gone.len()] });
        let (full, diagnosis) = (judged(&scenario).1, judged(&fewer).0);
        let good = monotone(&scenario.pack);
        for root in diagnosis.roots.iter().filter(|root| root.grade == Grade::Confirmed && good.contains(&root.pattern)) {
            for entity in &root.entities {
                let before = full.get(&(root.pattern.clone(), entity.clone()));
                prop_assert!(before != Some(&Verdict::False), "{} is confirmed at {}", root.pattern, entity);
            }
        }
    }

    /// P19: At the threshold and one unit in the last place around it, every comparison is literal.
    #[test]
    fn p19_the_operator_is_literal_around_the_threshold(threshold in 0.001_f64..1e12, word in prop::sample::select(vec!["above", "at_least", "below", "at_most", "equals"]), side in 0_usize..3) {
        let value = [threshold, threshold.next_up(), threshold.next_down()][side];
        let expected = match word {
            "above" => value > threshold,
            "at_least" => value >= threshold,
            "below" => value < threshold,
            "at_most" => value <= threshold,
            _ => value == threshold,
        };
        let verdict = *judged(&number_scenario(word, threshold, value)).1.values().next().unwrap();
        prop_assert_eq!(verdict, if expected { Verdict::True } else { Verdict::False });
    }

    /// P20: A decided streak agrees with the complete series, which includes the data before the window and the lost data.
    ///
    /// A streak counts if enough of its failures are in the window; it may have started before. A success fills its bin.
    #[test]
    fn p20_streak_bounds_agree_with_the_complete_series(numbers in prop::collection::vec(any::<u16>(), 40), at_least in 1_usize..5, minutes in prop::sample::select(vec![10_i64, 25, 60, 90, 150])) {
        let series = series(&numbers);
        let mut scenario = Scenario::new(&[], &[]);
        scenario.pack.defaults["ingestion_delay"] = json!("0s");
        let count = |text: &str| json!({ "log": { "contains": text } });
        scenario.pack.patterns = vec![json!({
            "format": "amp-rules/v1", "id": "p0", "title": "P", "class": "cause", "severity": "info", "scope": "pod",
            "symptoms": { "failed": count("it failed"), "worked": count("it worked"), "long": { "persists": { "symptom": "failed", "for": format!("{minutes}m"), "without": "worked", "at_least": at_least } } },
            "when": "long",
        })];
        let pod = Pod { cluster: "one", controller: "ReplicaSet", name: "one-0".to_owned() };
        let row = |table: &'static str, ago: i64, part: &'static str, text: &str| Row { table, pod: pod.clone(), ago, part, text: text.to_owned(), value: 1.0, weight: 1, mode: None, identity: format!("{text}-{part}-{ago}") };
        let mut rows: Vec<Row> = (0..WINDOW / 5).map(|slot| row("metrics", slot * 300 + 60, "alive", "")).collect();
        rows.extend(series.failures.iter().map(|ago| row("logs", *ago, "main", "it failed")));
        rows.extend(series.successes.iter().map(|ago| row("logs", *ago, "main", "it worked")));
        scenario.rows = Rows(rows);
        let rules = scenario.rules();
        let losses: Vec<_> = series.lost.iter().map(|(from, to)| crate::generate::loss::Loss::TimeRange { table: "logs", from: *from, to: *to, pod: None, lost: vec![true] }).collect();
        let verdict = truths(&rules, &blinded(&scenario, &rules, &losses))[&("p0".to_owned(), crate::generate::telemetry::entity(&pod))];
        let longest = longest_streak(&series, at_least).unwrap_or(-1);
        match verdict {
            Verdict::True => prop_assert!(longest >= minutes * 60, "the longest streak lasted {longest} s: {series:?}"),
            Verdict::False => prop_assert!(longest < minutes * 60, "a streak lasted {longest} s: {series:?}"),
            Verdict::Unknown => {}
        }
    }
}

#[test]
fn a_reversed_instance_is_found() {
    let entity = Entity::default();
    let one = |verdict| BTreeMap::from([(("p".to_owned(), entity.clone()), verdict)]);
    assert_eq!(reversed(&one(Verdict::True), &one(Verdict::False)).len(), 1);
    assert_eq!(reversed(&one(Verdict::False), &one(Verdict::True)).len(), 1);
    assert!(reversed(&one(Verdict::True), &one(Verdict::Unknown)).is_empty());
    assert!(reversed(&one(Verdict::Unknown), &one(Verdict::True)).is_empty());
}
