//! Laws of invariance: threads, order, copies, unrelated patterns, other clusters, shifted times and scaled values change
//! nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use amp_rules_core::diagnosis::{Activity, Onset, Role, Root};
use amp_rules_core::time::{TICKS_PER_SECOND, Time};
use amp_rules_core::{Diagnosis, evaluate, report};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::verdicts::{as_text, roles, truths};
use crate::generate::dice::Dice;
use crate::generate::pack::{id, log_pattern, push};
use crate::generate::scenario::{Scenario, WINDOW, cases, numbers, scenarios};
use crate::generate::telemetry::{Row, pods, rows};

/// Shuffles a list.
fn shuffled<T>(list: &mut [T], dice: &mut Dice<'_>) {
    for at in (1..list.len()).rev() {
        list.swap(at, dice.below(at + 1));
    }
}

fn shift_onset(onset: &mut Onset, ticks: i64) {
    onset.earliest = onset.earliest.saturating_add_ticks(ticks);
    onset.latest = onset.latest.saturating_add_ticks(ticks);
}

fn shift_activity(activity: &mut Activity, ticks: i64) {
    activity.last = activity.last.saturating_add_ticks(ticks);
    for gap in &mut activity.unseen {
        gap.from = gap.from.saturating_add_ticks(ticks);
        gap.to = gap.to.saturating_add_ticks(ticks);
    }
}

/// A text with the times in it shifted.
fn shifted_text(text: &str, ticks: i64) -> String {
    let times = regex::Regex::new(r"\d{4}-\d\d-\d\dT[0-9:.]+Z").unwrap();
    let shift = |found: &regex::Captures<'_>| {
        found[0].parse::<Time>().map_or_else(|_| found[0].to_owned(), |at| at.saturating_add_ticks(ticks).to_string())
    };
    times.replace_all(text, shift).into_owned()
}

/// A diagnosis with all times shifted, without the ids of cited rows: for rows without an identity they are computed from
/// the content, which includes the time.
fn shifted(diagnosis: &Diagnosis, ticks: i64) -> Diagnosis {
    let mut out = diagnosis.clone();
    out.window.from = out.window.from.saturating_add_ticks(ticks);
    out.window.to = out.window.to.saturating_add_ticks(ticks);
    for root in &mut out.roots {
        shift_onset(&mut root.onset, ticks);
        shift_activity(&mut root.activity, ticks);
    }
    for episode in &mut out.history {
        shift_onset(&mut episode.onset, ticks);
        episode.last = episode.last.saturating_add_ticks(ticks);
    }
    for finding in &mut out.findings {
        shift_onset(&mut finding.onset, ticks);
        shift_activity(&mut finding.activity, ticks);
        finding.reported_since = finding.reported_since.map(|at| at.saturating_add_ticks(ticks));
        finding.reported_until = finding.reported_until.map(|at| at.saturating_add_ticks(ticks));
        for evidence in &mut finding.evidence {
            evidence.first = evidence.first.map(|at| at.saturating_add_ticks(ticks));
            evidence.last = evidence.last.map(|at| at.saturating_add_ticks(ticks));
            for citation in &mut evidence.citations {
                citation.at = citation.at.saturating_add_ticks(ticks);
                citation.row.clear();
                citation.text = shifted_text(&citation.text, ticks);
            }
        }
    }
    out
}

/// A scenario whose metric values, and the thresholds on them, are multiplied by `by`.
fn scaled(scenario: &Scenario, by: f64) -> Scenario {
    let mut scenario = scenario.clone();
    for row in &mut scenario.rows.0 {
        if row.table == "metrics" && row.part != "alive" {
            row.value *= by;
        }
    }
    let scale = |number: &mut Value| *number = json!(number.as_f64().unwrap() * by);
    scenario.pack.each(|pattern| {
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
    scenario
}

/// The id of a generated pattern in JSON: a whole string, or the pattern of a `pattern.symptom`.
static PATTERN_ID: LazyLock<regex::Regex> = LazyLock::new(|| regex::Regex::new(r#"(")p([0-9])(["./])"#).unwrap());

proptest! {
    #![proptest_config(cases())]

    /// P1: The same input gives the same bytes, on any number of threads.
    #[test]
    fn p1_the_same_input_gives_the_same_bytes_on_any_number_of_threads(scenario in scenarios()) {
        let rules = scenario.rules();
        let seen = scenario.observe(&rules, &scenario.source());
        let write = || {
            let diagnosis = evaluate(&rules, &seen);
            (report::json(&diagnosis, None), report::markdown(&diagnosis, None), as_text(&diagnosis))
        };
        let alone = write();
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..3).map(|_| scope.spawn(write)).collect();
            for one in running {
                assert_eq!(one.join().unwrap(), alone);
            }
        });
    }

    /// P2: The order of rows, rule files and edges changes nothing.
    #[test]
    fn p2_the_order_of_rows_rules_and_edges_changes_nothing(scenario in scenarios(), order in prop::collection::vec(any::<u16>(), 300)) {
        let mut dice = Dice::new(&order);
        let mut other = scenario.clone();
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
        prop_assert_eq!(as_text(&diagnosis), as_text(&scenario.diagnosis()));
    }

    /// P3: Copies of rows with an identity, and copies of rule files, change nothing.
    ///
    /// Rows of `events` have no identity, so a copy of one is another event.
    #[test]
    fn p3_copies_of_rows_and_of_rule_files_change_nothing(scenario in scenarios(), again in prop::collection::vec(any::<u16>(), 100)) {
        let mut dice = Dice::new(&again);
        let mut other = scenario.clone();
        let copies: Vec<Row> = scenario.rows.0.iter().filter(|row| row.table != "events" && dice.chance(1, 3)).cloned().collect();
        other.rows.0.extend(copies);
        let mut files = scenario.pack.files();
        files.extend(scenario.pack.files());
        let rules = amp_rules_core::compile(&files).unwrap();
        prop_assert_eq!(as_text(&other.diagnosis_by(&rules)), as_text(&scenario.diagnosis()));
    }

    /// P8: Adding unrelated patterns changes nothing.
    ///
    /// An unrelated pattern has no edge to another pattern, is referenced by no condition, and its lines are never logged.
    /// It may be unknown, so status, coverage and the list of unknown instances are compared without it. It reads a table
    /// that is read anyway, because the heartbeats of another table would be new evidence.
    #[test]
    fn p8_unrelated_patterns_change_nothing(drawn in scenarios()) {
        let mut scenario = drawn.clone();
        scenario.pack.patterns.push(log_pattern("y", "cause", "pod", "a line of the table of logs"));
        let mut more = scenario.clone();
        for (name, class, scope) in [("aa", "effect", "pod"), ("q", "cause", "cluster"), ("zz", "benign", "controller")] {
            more.pack.patterns.push(log_pattern(name, class, scope, "a text that is never logged"));
        }
        push(more.pack.patterns.last_mut().unwrap(), "contradicts", json!("q"));
        let ours = |name: &str| scenario.pack.patterns.iter().any(|pattern| id(pattern) == name);
        let (before, mut after) = (scenario.diagnosis(), more.diagnosis());
        let undecided = after.unresolved.iter().any(|one| !ours(&one.pattern) && one.pattern != "zz");
        after.unresolved.retain(|one| ours(&one.pattern));
        after.indicators.retain(|one| ours(&one.id));
        after.coverage = before.coverage.clone();
        if undecided {
            after.status = before.status;
        }
        after.sources = before.sources.clone();
        prop_assert_eq!(as_text(&after), as_text(&before));
    }

    /// P9: Disjoint clusters evaluated together give the truth, roles and grades that each gives alone.
    ///
    /// Whether a root is independent depends on everything that is diagnosed together, so `independent` counts as `root`.
    #[test]
    fn p9_disjoint_clusters_are_evaluated_together_as_separately(drawn in numbers(), second in prop::collection::vec(any::<u16>(), 40..300)) {
        let mut one = Scenario::new(&drawn.0, &drawn.1);
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
        let all = |scenario: &Scenario| -> BTreeMap<_, _> {
            let seen = scenario.observe(&rules, &scenario.source());
            let diagnosis = evaluate(&rules, &seen);
            let roles = roles(&diagnosis);
            let role = |(role, grade)| (if role == Role::Independent { Role::Root } else { role }, grade);
            truths(&rules, &seen).into_iter().map(|(instance, truth)| { let role = roles.get(&instance).copied().map(role); (instance, (truth, role)) }).collect()
        };
        let mut apart = all(&one);
        apart.extend(all(&two));
        prop_assert_eq!(all(&both), apart);
    }

    /// P10: Shifting all times by whole bins shifts the report.
    ///
    /// Shifts are multiples of six hours, a multiple of every bin of the generated rules.
    #[test]
    fn p10_shifting_all_times_by_whole_bins_shifts_the_report(scenario in scenarios(), bins in 1_i64..20) {
        let ticks = bins * 6 * 3600 * TICKS_PER_SECOND;
        let mut later = scenario.clone();
        later.scope.window.from = later.scope.window.from.saturating_add_ticks(ticks);
        later.scope.window.to = later.scope.window.to.saturating_add_ticks(ticks);
        for report in &mut later.scope.reports {
            report.since = report.since.map(|at: Time| at.saturating_add_ticks(ticks));
            report.until = report.until.map(|at: Time| at.saturating_add_ticks(ticks));
        }
        prop_assert_eq!(as_text(&shifted(&later.diagnosis(), -ticks)), as_text(&shifted(&scenario.diagnosis(), 0)));
    }

    /// Rank: only roots that the report names as equal are ordered by their ids.
    ///
    /// All patterns get ids in the opposite order.
    #[test]
    fn renaming_patterns_reorders_only_roots_that_rank_equally(scenario in scenarios()) {
        let renamed = |text: &str| PATTERN_ID.replace_all(text, |found: &regex::Captures<'_>| {
            format!("{}z{}{}", &found[1], 9 - found[2].parse::<usize>().unwrap(), &found[3])
        }).into_owned();
        let mut other = scenario.clone();
        for pattern in &mut other.pack.patterns {
            *pattern = serde_json::from_str(&renamed(&pattern.to_string())).unwrap();
        }
        for report in &mut other.scope.reports {
            report.pattern = renamed(&format!("\"{}\"", report.pattern)).trim_matches('"').to_owned();
        }
        let equals = |diagnosis: &Diagnosis, name: &dyn Fn(&str) -> String| -> Vec<(BTreeSet<String>, &'static str)> {
            let one = |root: &Root| {
                let ids = root.ties_with.iter().chain([&root.pattern]).map(|id| name(id)).collect();
                (ids, root.grade.as_str())
            };
            diagnosis.roots.iter().map(one).collect()
        };
        let name = |id: &str| renamed(&format!("\"{id}\"")).trim_matches('"').to_owned();
        prop_assert_eq!(equals(&other.diagnosis(), &|id: &str| id.to_owned()), equals(&scenario.diagnosis(), &name));
    }

    /// P25: Scaling values and thresholds together changes nothing but the numbers in the evidence.
    ///
    /// Factors are powers of two, so that no number is rounded.
    #[test]
    fn p25_scaling_values_and_thresholds_together_changes_nothing(scenario in scenarios(), power in -3_i32..8) {
        let other = scaled(&scenario, 2_f64.powi(power));
        let without_numbers = |scenario: &Scenario| {
            let mut diagnosis = scenario.diagnosis();
            for evidence in diagnosis.findings.iter_mut().flat_map(|finding| &mut finding.evidence) {
                evidence.value = None;
                evidence.threshold = None;
            }
            as_text(&diagnosis)
        };
        prop_assert_eq!(without_numbers(&other), without_numbers(&scenario));
    }
}
