//! Laws that say what changes nothing: order, duplicates, threads, unrelated rules, other clusters, shifts, scales.

use std::collections::BTreeMap;

use amp_rules_core::diagnosis::{Onset, Role};
use amp_rules_core::time::{TICKS_PER_SECOND, Time};
use amp_rules_core::{Diagnosis, evaluate, report};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::pack::{id, push, spoken};
use crate::telemetry::{Row, pods, rows};
use crate::verdicts::{roles, told, truths};
use crate::world::{WINDOW, World, cases, numbers, worlds};

/// Puts a list in an order that numbers choose.
fn shuffled<T>(list: &mut [T], dice: &mut Dice<'_>) {
    for at in (1..list.len()).rev() {
        list.swap(at, dice.below(at + 1));
    }
}

fn shift_onset(onset: &mut Onset, ticks: i64) {
    onset.earliest = onset.earliest.saturating_add_ticks(ticks);
    onset.latest = onset.latest.saturating_add_ticks(ticks);
}

/// A diagnosis with all its times shifted. Ids of rows without identity come from their content, times included, so
/// they are left out.
fn shifted(diagnosis: &Diagnosis, ticks: i64) -> Diagnosis {
    let mut out = diagnosis.clone();
    out.window.from = out.window.from.saturating_add_ticks(ticks);
    out.window.to = out.window.to.saturating_add_ticks(ticks);
    for root in &mut out.roots {
        shift_onset(&mut root.onset, ticks);
    }
    for episode in &mut out.history {
        shift_onset(&mut episode.onset, ticks);
        episode.last = episode.last.saturating_add_ticks(ticks);
    }
    for finding in &mut out.findings {
        shift_onset(&mut finding.onset, ticks);
        finding.last = finding.last.saturating_add_ticks(ticks);
        for evidence in &mut finding.evidence {
            evidence.first = evidence.first.map(|at| at.saturating_add_ticks(ticks));
            evidence.last = evidence.last.map(|at| at.saturating_add_ticks(ticks));
            for citation in &mut evidence.citations {
                citation.at = citation.at.saturating_add_ticks(ticks);
                citation.row.clear();
            }
        }
    }
    out
}

/// A multiple of every metric's values and of every number that such a value is held against.
fn scaled(world: &World, by: f64) -> World {
    let mut world = world.clone();
    for row in &mut world.rows.0 {
        if row.table == "metrics" && row.part != "alive" {
            row.value *= by;
        }
    }
    let scale = |number: &mut Value| *number = json!(number.as_f64().unwrap() * by);
    world.pack.each(|pattern| {
        for symptom in
            pattern.get_mut("symptoms").and_then(Value::as_object_mut).into_iter().flat_map(|all| all.values_mut())
        {
            if symptom.get("ratio").is_some() {
                symptom["ratio"].get_mut("min_to").into_iter().for_each(scale);
            } else if symptom.get("metric").is_some() {
                for key in ["above", "at_least", "below", "at_most"] {
                    if let Some(number) = symptom.get_mut(key) {
                        scale(number);
                    }
                }
            }
        }
    });
    world
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn p1_the_same_input_gives_the_same_bytes_on_any_number_of_threads(world in worlds()) {
        let rules = world.rules();
        let seen = world.seen(&rules, &world.source());
        let write = || {
            let diagnosis = evaluate(&rules, &seen);
            (report::json(&diagnosis, None), report::markdown(&diagnosis, None), told(&diagnosis))
        };
        let alone = write();
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..3).map(|_| scope.spawn(write)).collect();
            for one in running {
                assert_eq!(one.join().unwrap(), alone);
            }
        });
    }

    /// Files in any order, edges in any order within their file, rows in any order.
    #[test]
    fn p2_the_order_of_rows_rules_and_edges_changes_nothing(world in worlds(), order in prop::collection::vec(any::<u16>(), 300)) {
        let mut dice = Dice::new(&order);
        let mut other = world.clone();
        shuffled(&mut other.pack.patterns, &mut dice);
        for pattern in &mut other.pack.patterns {
            for key in ["causes", "amplifies", "contradicts"] {
                if let Some(list) = pattern.get_mut(key).and_then(Value::as_array_mut) {
                    shuffled(list, &mut dice);
                }
            }
        }
        shuffled(&mut other.rows.0, &mut dice);
        let mut diagnosis = other.diagnosis();
        diagnosis.indicators.sort_by(|one, other| one.id.cmp(&other.id));
        prop_assert_eq!(told(&diagnosis), told(&world.diagnosis()));
    }

    /// Rows of `events` have no identity: of those a copy is another event.
    #[test]
    fn p3_copies_of_rows_and_of_rule_files_change_nothing(world in worlds(), again in prop::collection::vec(any::<u16>(), 100)) {
        let mut dice = Dice::new(&again);
        let mut other = world.clone();
        let copies: Vec<Row> = world.rows.0.iter().filter(|row| row.table != "events" && dice.chance(1, 3)).cloned().collect();
        other.rows.0.extend(copies);
        let mut files = world.pack.files();
        files.extend(world.pack.files());
        let rules = amp_rules_core::compile(&files).unwrap();
        prop_assert_eq!(told(&other.diagnosis_by(&rules)), told(&world.diagnosis()));
    }

    /// Unrelated is what has no edge to another pattern, is named by no condition, and whose lines nobody writes. It may be
    /// unknown, so the status, coverage and the list of what is unknown are compared without it. It reads a table that is
    /// read anyway: the signs of life of another table would be news of their own.
    #[test]
    fn p8_unrelated_patterns_change_nothing(drawn in worlds()) {
        let mut world = drawn.clone();
        world.pack.patterns.push(spoken("y", "cause", "pod", "a line of the table of logs"));
        let mut more = world.clone();
        for (name, class, scope) in [("aa", "effect", "pod"), ("q", "cause", "cluster"), ("zz", "benign", "controller")] {
            more.pack.patterns.push(spoken(name, class, scope, "of which nobody ever speaks"));
        }
        push(more.pack.patterns.last_mut().unwrap(), "contradicts", json!("q"));
        let ours = |name: &str| world.pack.patterns.iter().any(|pattern| id(pattern) == name);
        let (before, mut after) = (world.diagnosis(), more.diagnosis());
        let undecided = after.unresolved.iter().any(|one| !ours(&one.pattern) && one.pattern != "zz");
        after.unresolved.retain(|one| ours(&one.pattern));
        after.indicators.retain(|one| ours(&one.id));
        after.coverage = before.coverage.clone();
        if undecided {
            after.status = before.status;
        }
        after.sources = before.sources.clone();
        prop_assert_eq!(told(&after), told(&before));
    }

    /// Truth, and roles with their grades, of each cluster's own instances. Which roots are independent, and the rank, are
    /// said of everything that is diagnosed together, so `independent` counts as `root` here.
    #[test]
    fn p9_disjoint_clusters_are_judged_together_as_apart(drawn in numbers(), second in prop::collection::vec(any::<u16>(), 40..300)) {
        let mut one = World::new(&drawn.0, &drawn.1);
        one.scope.reports.clear();
        one.scope.subject.clear();
        let mut dice = Dice::new(&second);
        let there = pods(&mut dice, "two");
        let mut two = one.clone();
        two.rows = rows(&mut dice, &there, WINDOW);
        let mut both = one.clone();
        both.rows.0.extend(two.rows.0.iter().cloned());
        for (at, row) in both.rows.0.iter_mut().enumerate() {
            row.identity = format!("{}-{at}", row.table);
        }
        let rules = one.rules();
        let all = |world: &World| -> BTreeMap<_, _> {
            let seen = world.seen(&rules, &world.source());
            let diagnosis = evaluate(&rules, &seen);
            let told = roles(&diagnosis);
            let role = |(role, grade)| (if role == Role::Independent { Role::Root } else { role }, grade);
            truths(&rules, &seen).into_iter().map(|(instance, truth)| { let role = told.get(&instance).copied().map(role); (instance, (truth, role)) }).collect()
        };
        let mut apart = all(&one);
        apart.extend(all(&two));
        prop_assert_eq!(all(&both), apart);
    }

    /// By six hours, a multiple of every bin that the generated rules use.
    #[test]
    fn p10_shifting_all_times_by_whole_bins_shifts_the_report(world in worlds(), bins in 1_i64..20) {
        let ticks = bins * 6 * 3600 * TICKS_PER_SECOND;
        let mut later = world.clone();
        later.scope.window.from = later.scope.window.from.saturating_add_ticks(ticks);
        later.scope.window.to = later.scope.window.to.saturating_add_ticks(ticks);
        for report in &mut later.scope.reports {
            report.until = report.until.map(|at: Time| at.saturating_add_ticks(ticks));
        }
        prop_assert_eq!(told(&shifted(&later.diagnosis(), -ticks)), told(&shifted(&world.diagnosis(), 0)));
    }

    /// By a power of two, so that no number is rounded. The numbers that are shown change, the story does not.
    #[test]
    fn p25_scaling_values_and_thresholds_together_changes_nothing(world in worlds(), power in -3_i32..8) {
        let other = scaled(&world, 2_f64.powi(power));
        let story = |world: &World| {
            let mut diagnosis = world.diagnosis();
            for evidence in diagnosis.findings.iter_mut().flat_map(|finding| &mut finding.evidence) {
                evidence.value = None;
                evidence.threshold = None;
            }
            told(&diagnosis)
        };
        prop_assert_eq!(story(&other), story(&world));
    }
}
