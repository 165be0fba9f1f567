//! Laws of time: what is found out later, or known in more detail, keeps roots; what is over has its root in the history.

use std::collections::BTreeSet;

use amp_rules_core::diagnosis::{ActivityState, Role, Status};
use amp_rules_core::plan::UserReport;
use amp_rules_core::{Diagnosis, evaluate};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::verdicts::{Instance, roles, roots, truths};
use crate::generate::dice::Dice;
use crate::generate::line_scenario::{LONG, LineScenario, LoggedText};
use crate::generate::pack::id;
use crate::generate::scenario::{Scenario, cases, numbers};

/// So many slots without evidence are enough for everything to be over.
const ALL_OVER: i64 = 24;

/// A long scenario in which nothing is over that may last: each text is logged until now, or ended long before. Causes may
/// precede their effects by longer than an end is uncertain, and an instance has one episode per incident.
fn decided(drawn: &(Vec<u16>, Vec<u16>)) -> LineScenario {
    let mut lines = LineScenario::of_length(&drawn.0, &drawn.1, LONG);
    lines.scenario.pack.defaults["max_cause_gap"] = json!("2h");
    lines.scenario.pack.each(|pattern| {
        pattern.insert("scope".to_owned(), json!("pod"));
    });
    lines.logged.iter_mut().filter(|entry| entry.to < ALL_OVER / 2).for_each(|entry| entry.to = 0);
    lines.write_rows();
    lines
}

/// The instances of the roots of past incidents.
fn past_roots(diagnosis: &Diagnosis) -> BTreeSet<Instance> {
    let past = diagnosis.history.iter();
    past.flat_map(|past| past.entities.iter().map(|entity| (past.pattern.clone(), entity.clone()))).collect()
}

/// The roots that are over.
fn ended_roots(diagnosis: &Diagnosis) -> BTreeSet<String> {
    let ended = diagnosis.roots.iter().filter(|root| root.activity.state != ActivityState::Active);
    ended.map(|root| root.pattern.clone()).collect()
}

/// The patterns that a pattern causes, in any number of steps.
fn effects_of(scenario: &Scenario, cause: &str) -> BTreeSet<String> {
    let patterns = &scenario.pack.patterns;
    let mut found: BTreeSet<String> = BTreeSet::new();
    let mut open = vec![cause.to_owned()];
    while let Some(next) = open.pop() {
        let pattern = patterns.iter().find(|pattern| id(pattern) == next).unwrap();
        for edge in pattern["causes"].as_array().into_iter().flatten() {
            let effect = edge["pattern"].as_str().unwrap().to_owned();
            if found.insert(effect.clone()) {
                open.push(effect);
            }
        }
    }
    found
}

fn without_loops(lines: &mut LineScenario) {
    lines.scenario.pack.each(|pattern| {
        if let Some(edges) = pattern.get_mut("causes").and_then(Value::as_array_mut) {
            edges.retain(|edge| edge.get("feedback").is_none());
            if edges.is_empty() {
                pattern.remove("causes");
            }
        }
    });
    crate::generate::pack::add_missing_symptoms(&mut lines.scenario.pack.patterns);
}

/// Removes what makes a role depend on more than causes in time: amplifiers, whose role depends on what they worsen.
fn without_amplifiers(lines: &mut LineScenario) {
    lines.scenario.pack.each(|pattern| {
        pattern.remove("amplifies");
    });
    crate::generate::pack::add_missing_symptoms(&mut lines.scenario.pack.patterns);
}

proptest! {
    #![proptest_config(cases())]

    /// P27: Making an unknown instance true, with an onset that fits its neighbours and without a contradiction, never makes a
    /// root of what it could explain. The same holds if it is then unknown whether it is noise.
    ///
    /// A number for the whole window fits in time with everything. Tested without loops, sole amplifiers
    /// included: all members of one can be its entries.
    #[test]
    fn p27_seeing_an_unknown_instance_never_makes_a_root_of_its_effect(drawn in numbers(), which in any::<u16>(), is_maybe_noise in any::<bool>()) {
        let mut lines = LineScenario::new(&drawn.0, &drawn.1);
        without_loops(&mut lines);
        without_amplifiers(&mut lines);
        let before = &lines.scenario;
        let is_hidden = |pattern: &&Value| pattern.get("symptoms").is_none() && pattern["class"] != json!("complaint");
        let hidden: Vec<String> = before.pack.patterns.iter().filter(is_hidden).map(|pattern| id(pattern).to_owned()).collect();
        prop_assume!(!hidden.is_empty());
        let seen = Dice::new(&[which]).pick(&hidden);
        let mut after = before.clone();
        for pattern in &mut after.pack.patterns {
            let is_seen = id(pattern) == seen;
            let map = pattern.as_object_mut().unwrap();
            map.remove("contradicts");
            if is_seen {
                let number = json!({ "metric": "alive", "steps": [{ "max": "value", "every": "5m" }, { "max": "value" }], "above": 0, "per": "pod" });
                map.insert("symptoms".to_owned(), json!({ "number": number }));
                map.insert("when".to_owned(), json!("number"));
                if is_maybe_noise {
                    map["symptoms"]["more"] = json!({ "log": { "contains": "a text that is never logged" }, "absent_means": "unknown", "per": "pod" });
                    map.insert("noise_unless".to_owned(), json!("more"));
                }
            }
        }
        let effects = effects_of(before, &seen);
        let was = roots(&before.diagnosis());
        let known = roles(&before.diagnosis());
        // A number that is over with its causes explains nothing.
        prop_assume!(!roles(&after.diagnosis()).iter().any(|(one, (role, _))| one.0 == seen && *role == Role::Recovered));
        let made: Vec<Instance> = roots(&after.diagnosis())
            .into_iter()
            .filter(|one| effects.contains(&one.0) && one.0 != seen && known.contains_key(one) && !was.contains(one))
            .collect();
        prop_assert!(made.is_empty(), "seeing {} makes roots of {:?}\n{:?}{:?}", seen, made, before.pack, lines.logged);
    }

    /// P30: Shifting all times by any duration keeps the truth of patterns with one symptom that one row decides.
    #[test]
    fn p30_shifting_all_times_by_any_duration_keeps_the_truth(drawn in numbers(), seconds in 1_u64..100_000) {
        let lines = LineScenario::new(&drawn.0, &drawn.1);
        let mut later = lines.scenario.clone();
        let shift = std::time::Duration::from_secs(seconds);
        later.scope.window.from = later.scope.window.from.saturating_add(shift);
        later.scope.window.to = later.scope.window.to.saturating_add(shift);
        let rules = later.rules();
        let truth = |scenario: &Scenario| truths(&rules, &scenario.observe(&rules, &scenario.source()));
        prop_assert_eq!(truth(&later), truth(&lines.scenario));
    }

    /// P32: A recovered world has in its history the roots that it had while active.
    #[test]
    fn p32_the_history_has_the_roots_of_the_active_world(drawn in numbers()) {
        let mut lines = decided(&drawn);
        without_amplifiers(&mut lines);
        let active = lines.scenario.diagnosis();
        prop_assume!(!active.roots.is_empty());
        let later = lines.later(ALL_OVER, |_| false).scenario.diagnosis();
        prop_assert_eq!(later.status, Status::Recovered);
        let past = past_roots(&later);
        let lost: Vec<Instance> = roots(&active).into_iter().filter(|root| !past.contains(root)).collect();
        prop_assert!(lost.is_empty(), "{:?} is not in {:?}\n{:?}{:?}", lost, past, lines.scenario.pack, lines.logged);
    }

    /// P33: An effect keeps its root within one episode, while evidence of both lies in the window.
    ///
    /// Later, some texts are still logged and others are not. With one pod, a chain of patterns is one of instances.
    #[test]
    fn p33_an_effect_keeps_its_root_within_one_episode(drawn in numbers(), slots in 1_i64..ALL_OVER * 2, continuing in any::<u16>()) {
        let mut lines = decided(&drawn).of_one_pod();
        without_amplifiers(&mut lines);
        let continues = |entry: &LoggedText| {
            let digits: String = entry.text.chars().filter(char::is_ascii_digit).collect();
            continuing & (1 << digits.parse::<u16>().unwrap()) != 0
        };
        let (before, after) = (lines.scenario.diagnosis(), lines.later(slots, continues).scenario.diagnosis());
        let lasting: BTreeSet<String> = lines
            .logged
            .iter()
            .filter(|entry| entry.to == 0 && continues(entry))
            .filter_map(|entry| entry.text.split(' ').find(|word| word.starts_with('p')).map(str::to_owned))
            .collect();
        for root in &before.roots {
            let explained = root.chain.iter().filter(|link| !link.inferred && lasting.contains(&link.pattern));
            for link in explained {
                let keeps = after.roots.iter().filter(|other| other.pattern == root.pattern);
                let mut keeps = keeps.map(|other| other.chain.iter().any(|one| one.pattern == link.pattern));
                prop_assert!(keeps.any(|keeps| keeps), "{} has lost its root {}\n{:?}{:?}", link.pattern, root.pattern, lines.scenario.pack, lines.logged);
            }
        }
    }

    /// P35: A later now over empty visible time changes only what lasts into what is over.
    ///
    /// Whether a root is independent depends on the complaints that last, so `independent` counts as `root`.
    #[test]
    fn p35_a_later_now_changes_only_active_to_recovered(drawn in numbers(), slots in 1_i64..ALL_OVER * 2) {
        let mut lines = decided(&drawn);
        without_amplifiers(&mut lines);
        let later = lines.later(slots, |_| false);
        let rules = lines.scenario.rules();
        let run = |lines: &LineScenario| {
            let seen = lines.scenario.observe(&rules, &lines.scenario.source());
            (truths(&rules, &seen), roles(&evaluate(&rules, &seen)))
        };
        let ((truth, before), (truth_later, after)) = (run(&lines), run(&later));
        prop_assert_eq!(truth_later, truth);
        let role = |role: Role| if role == Role::Independent { Role::Root } else { role };
        for (instance, (now, _)) in after {
            let then = role(before[&instance].0);
            prop_assert!(role(now) == then || now == Role::Recovered, "{:?} was {:?} and is {:?}\n{:?}{:?}", instance, then, now, lines.scenario.pack, lines.logged);
        }
    }

    /// P36: A report without a begin never makes an ended cause a root. Tested without loops, of which all members can be entries.
    #[test]
    fn p36_a_report_never_makes_an_ended_cause_a_root(drawn in numbers(), from in any::<u16>()) {
        let mut lines = LineScenario::of_length(&drawn.0, &drawn.1, LONG);
        without_loops(&mut lines);
        let complaint = Dice::new(&[from]).below(lines.scenario.pack.patterns.len() - 1) + 1;
        let name = id(&lines.scenario.pack.patterns[complaint]).to_owned();
        let map = lines.scenario.pack.patterns[complaint].as_object_mut().unwrap();
        map.remove("symptoms");
        map.insert("class".to_owned(), json!("complaint"));
        let mut reported = lines.scenario.clone();
        reported.scope.reports.push(UserReport::new(name.as_str()));
        let (without, with) = (ended_roots(&lines.scenario.diagnosis()), ended_roots(&reported.diagnosis()));
        prop_assert!(with.is_subset(&without), "{:?} is over, and a root of the report of {}\n{:?}{:?}", &with - &without, name, lines.scenario.pack, lines.logged);
    }
}

/// Laws of what is over would hold in worlds without anything that is over.
#[test]
fn the_generated_worlds_have_ended_roots_and_several_incidents() {
    let mut runner = TestRunner::deterministic();
    let mut drawn = || numbers().new_tree(&mut runner).unwrap().current();
    let all: Vec<Diagnosis> = (0..100).map(|_| decided(&drawn()).scenario.diagnosis()).collect();
    let many = |test: &dyn Fn(&Diagnosis) -> bool| all.iter().filter(|diagnosis| test(diagnosis)).count();
    assert!(many(&|diagnosis| !ended_roots(diagnosis).is_empty()) >= 3);
    assert!(many(&|diagnosis| diagnosis.history.len() >= 2) >= 20);
    assert!(many(&|diagnosis| !diagnosis.history.is_empty() && !diagnosis.roots.is_empty()) >= 20);
}
