//! Errors that the laws found in the evaluator, each as a small scenario with the correct answer.

use amp_rules_core::diagnosis::{Grade, Role, Status};
use amp_rules_core::explain::Verdict;
use amp_rules_core::telemetry::source::SourceErrorKind;
use serde_json::json;

use super::small_scenario::{after, beats, lost, pod, row, scenario, verdict};
use crate::generate::loss::{Loss, blinded};
use crate::generate::pack::log_pattern;
use crate::generate::scenario::{Scenario, WINDOW};
use crate::generate::telemetry::{Pod, Row};

/// Found by P17: the lifetime that the slow heartbeat of the log table shows ended before the line that was its heartbeat.
#[test]
fn a_pod_exists_when_it_logs_its_last_line() {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 74);
    rows.push(row("logs", &one, 67, "main", "it is refused"));
    assert_eq!(verdict(&scenario(rows), &[("controller", "ReplicaSet"), ("pod", "a")]), Some(Verdict::True));
}

/// Found by P9: a pod counted as gone while it was silent, because a pod of another cluster sent heartbeats then.
#[test]
fn heartbeats_of_another_cluster_do_not_explain_a_silence() {
    let (one, two) = (pod("one", "a"), pod("two", "b"));
    let mut rows = beats(&one, WINDOW - 1, 80);
    rows.extend(beats(&one, 39, 0));
    let key = [("cluster", "one"), ("controller", "ReplicaSet"), ("pod", "a")];
    let mut alone = scenario(rows);
    alone.scope.subject.clear();
    assert_eq!(verdict(&alone, &key), Some(Verdict::Unknown));
    let mut both = alone.clone();
    both.rows.0.extend(beats(&two, WINDOW - 1, 0));
    assert_eq!(verdict(&both, &key), Some(Verdict::Unknown));
}

/// Found while testing P9: an edge with `entities: cluster` joined pods of two clusters.
#[test]
fn an_edge_within_a_cluster_does_not_join_two_clusters() {
    let (one, two) = (pod("one", "a"), pod("two", "b"));
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend(beats(&two, WINDOW - 1, 0));
    rows.push(row("logs", &one, 20, "main", "it is refused"));
    rows.push(row("logs", &two, 20, "main", "it has timeout"));
    let mut both = scenario(rows);
    both.scope.subject.clear();
    both.pack.patterns[0]["causes"] = json!([{ "pattern": "p1", "strength": "sure", "entities": "cluster" }]);
    both.pack.patterns.push(log_pattern("p1", "effect", "pod", "timeout"));
    let roots: Vec<String> = both.diagnosis().roots.iter().map(|root| root.pattern.clone()).collect();
    assert_eq!(roots, ["p0", "p1"]);
}

/// Found by P9: an effect in one cluster counted as present in another.
#[test]
fn a_sure_effect_must_be_present_in_the_same_cluster() {
    let (one, two) = (pod("one", "a"), pod("two", "b"));
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend(beats(&two, WINDOW - 1, 0));
    rows.extend([row("logs", &one, 30, "main", "it is refused"), row("logs", &two, 30, "main", "it is refused")]);
    rows.push(row("logs", &two, 29, "main", "it has timeout"));
    let mut both = scenario(rows);
    both.scope.subject.clear();
    both.pack.patterns[0]["causes"] = json!([{ "pattern": "p1", "strength": "sure" }]);
    both.pack.patterns.push(log_pattern("p1", "effect", "pod", "timeout"));
    let grades: Vec<(Grade, usize)> =
        both.diagnosis().roots.iter().map(|root| (root.grade, root.entities.len())).collect();
    assert_eq!(grades, [(Grade::Confirmed, 1), (Grade::Provisional, 1)]);
}

/// Found by P16: `rollup: every` was true of a controller without pods, so an escalation was true after all pods had ended.
#[test]
fn pods_that_are_gone_do_not_make_an_escalation_true() {
    let (here, gone) = (pod("one", "a"), pod("one", "b"));
    let gone = Pod { controller: "DaemonSet", ..gone };
    let mut rows = beats(&here, WINDOW - 1, 0);
    rows.extend(beats(&gone, WINDOW - 1, 24));
    rows.push(row("logs", &gone, 28, "main", "it is refused"));
    let mut scenario = scenario(rows);
    scenario.pack.patterns[0] = json!({
        "format": "amp-rules/v1", "id": "p0", "title": "P", "class": "effect", "severity": "error", "scope": "controller",
        "symptoms": {
            "line": { "log": { "contains": "refused" }, "per": "pod" },
            "all": { "log": { "contains": "timeout" }, "per": "pod", "rollup": "every" },
        },
        "when": "line", "noise_unless": "all",
    });
    let roles: Vec<Role> = scenario.diagnosis().findings.iter().map(|finding| finding.role).collect();
    assert_eq!(roles, [Role::Noise]);
}

/// A scenario with one flow. `sent` are its values per five minutes before now, oldest first.
fn flow(kind: &str, sent: &[f64]) -> Scenario {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend((0..WINDOW / 9).map(|at| row("logs", &one, at * 9 + 1, "main", "idle")));
    for (at, value) in sent.iter().rev().enumerate() {
        rows.push(Row { value: *value, ..row("metrics", &one, at as i64 * 5 + 2, "sent", "") });
    }
    let mut scenario = scenario(rows);
    scenario.pack.defaults["ingestion_delay"] = json!("0s");
    let of = json!({ "metric": "sent", "steps": [{ "sum": "value", "every": "5m" }] });
    let symptom = if kind == "drop" {
        json!({ "drop": of, "share": "40 %", "every": "5m" })
    } else {
        json!({ "ceases": of, "every": "5m" })
    };
    scenario.pack.patterns[0] = json!({
        "format": "amp-rules/v1", "id": "p0", "title": "P", "class": "effect", "severity": "error", "scope": "pod",
        "symptoms": { "flow": symptom },
    });
    // Log lines are heartbeats only if some pattern reads the table.
    scenario.pack.patterns.push(log_pattern("p1", "cause", "pod", "refused"));
    scenario
}

/// The verdict on a flow after the loss of a time range of its table, in minutes before now.
fn without(scenario: &Scenario, from: i64, to: i64) -> Verdict {
    let losses = if from > to { vec![lost("metrics", from, to)] } else { Vec::new() };
    after(scenario, &losses)
}

/// Found by P4: bins that were not visible were left out of the baseline.
#[test]
fn a_hidden_bin_of_a_baseline_can_have_any_value() {
    let mut sent = vec![3.0; 12];
    sent.extend([9.0; 8]);
    sent.extend([3.0; 4]);
    // The median of twenty bins is 3, so 3 is no drop. Without the first twelve it would be compared with 9.
    let scenario = flow("drop", &sent);
    assert_eq!(without(&scenario, 0, 0), Verdict::False);
    assert_eq!(without(&scenario, WINDOW, WINDOW - 50), Verdict::Unknown);
    // Most bins are 9, whatever the two hidden ones are.
    let mut sent = vec![9.0; 20];
    sent.extend([3.0; 4]);
    let scenario = flow("drop", &sent);
    assert_eq!(without(&scenario, 0, 0), Verdict::True);
    assert_eq!(without(&scenario, 80, 70), Verdict::True);
}

/// Found by P4: an empty bin before a hidden one counted as a single empty bin.
#[test]
fn an_empty_bin_next_to_a_hidden_one_may_be_a_cessation() {
    let mut sent = vec![4.0; 21];
    sent.extend([0.0; 3]);
    let scenario = flow("ceases", &sent);
    assert_eq!(without(&scenario, 0, 0), Verdict::True);
    assert_eq!(without(&scenario, 10, 0), Verdict::Unknown);
    assert_eq!(without(&scenario, 5, 0), Verdict::True);
}

/// Found by the reference: with `within`, a period that was hidden up to the watermark counted as visible in a gap that was
/// declared after it.
#[test]
fn visibility_after_the_watermark_is_that_before_it() {
    let one = pod("one", "a");
    let mut scenario = scenario(beats(&one, WINDOW - 1, 0));
    scenario.pack.patterns[0] = json!({
        "format": "amp-rules/v1", "id": "p0", "title": "P", "class": "effect", "severity": "error", "scope": "pod",
        "symptoms": { "often": { "log": { "contains": "refused" }, "at_least": 2, "within": "6m" } },
        "when": { "not": "often" },
    });
    assert_eq!(after(&scenario, &[lost("logs", WINDOW, 0), lost("logs", 10, 0)]), Verdict::Unknown);
}

/// The bin after the last full one is still filling: until it is full, the last truth holds.
#[test]
fn the_truth_of_the_last_full_bin_of_a_flow_holds_until_now() {
    let mut sent = vec![4.0; 21];
    sent.extend([0.0; 3]);
    let mut scenario = flow("ceases", &sent);
    scenario.scope.window.to = scenario.scope.window.to.saturating_add(std::time::Duration::from_secs(240));
    scenario.scope.window.from = scenario.scope.window.from.saturating_add(std::time::Duration::from_secs(240));
    scenario.rows.0.push(row("logs", &pod("one", "a"), 1, "main", "it is refused"));
    scenario.pack.patterns[0]["symptoms"]["line"] = json!({ "log": { "contains": "refused" } });
    scenario.pack.patterns[0]["when"] = json!({ "all": ["flow", "line"] });
    assert_eq!(after(&scenario, &[]), Verdict::True);
}

/// A scenario of one pod with samples of `load`, in minutes before now, and one symptom.
fn loaded(samples: &[(i64, f64)], symptom: serde_json::Value) -> Scenario {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend(
        samples.iter().map(|(minutes, value)| Row { value: *value, ..row("metrics", &one, *minutes, "load", "") }),
    );
    let mut scenario = scenario(rows);
    scenario.pack.patterns[0]["symptoms"] = json!({ "a": symptom });
    scenario
}

/// Found by P4: a lost bin ended a row of `consecutive` bins, as if no sample had been sent.
#[test]
fn a_lost_bin_may_belong_to_a_row_of_consecutive_bins() {
    let scenario = loaded(
        &[(52, 4.0), (47, 4.0)],
        json!({
            "metric": "load", "steps": [{ "max": "value", "every": "5m" }], "above": 3, "consecutive": 2,
            "absent_means": "false"
        }),
    );
    assert_eq!(after(&scenario, &[]), Verdict::True);
    assert_eq!(after(&scenario, &[lost("metrics", 50, 45)]), Verdict::Unknown);
}

/// Found by review after that: a single lost bin got the truth of the bin before it.
#[test]
fn a_lost_bin_is_unknown_and_not_like_the_one_before_it() {
    let samples: Vec<(i64, f64)> = (0..24).map(|slot| (slot * 5 + 2, if slot == 9 { 9.0 } else { 0.0 })).collect();
    let scenario =
        loaded(&samples, json!({ "metric": "load", "steps": [{ "max": "value", "every": "5m" }], "above": 3 }));
    assert_eq!(after(&scenario, &[]), Verdict::True);
    assert_eq!(after(&scenario, &[lost("metrics", 50, 45)]), Verdict::Unknown);
}

/// Found by P5: a property was assumed to have the same state before and after lost rows.
#[test]
fn a_property_may_have_had_another_state_in_lost_rows() {
    let mut scenario = loaded(
        &[(100, 1.0), (60, 1.0), (10, 1.0)],
        json!({ "property": { "metric": "load", "names": ["mode"] }, "is": "fast" }),
    );
    scenario.pack.patterns[0]["when"] = json!({ "not": "a" });
    for row in scenario.rows.0.iter_mut().filter(|row| row.part == "load") {
        row.mode = Some(if row.ago == 6000 { "slow" } else { "fast" });
    }
    assert_eq!(after(&scenario, &[]), Verdict::True);
    assert_eq!(after(&scenario, &[lost("metrics", 110, 90)]), Verdict::Unknown);
    // A loss before the observed change does not affect the state after it.
    scenario.pack.patterns[0]["when"] = json!("a");
    assert_eq!(after(&scenario, &[lost("metrics", 110, 90)]), Verdict::True);
}

/// Found by P4: the part of an absence that was not visible counted as presence.
#[test]
fn an_absence_may_extend_into_a_lost_time_range() {
    let mut scenario = scenario(beats(&pod("one", "a"), WINDOW - 1, 0));
    scenario.pack.patterns[0]["symptoms"] =
        json!({ "a": { "absent": { "log": { "contains": "refused" } }, "for": "30m" } });
    scenario.pack.patterns[0]["when"] = json!({ "not": "a" });
    assert_eq!(after(&scenario, &[]), Verdict::False);
    assert_eq!(after(&scenario, &[lost("logs", WINDOW, 60)]), Verdict::Unknown);
}

/// Found by P9: a hidden cause of roots of one cluster made a root of another provisional.
#[test]
fn a_hypothesis_affects_only_the_roots_that_it_leads_to() {
    let (one, two) = (pod("one", "a"), pod("two", "b"));
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend(beats(&two, WINDOW - 1, 0));
    rows.extend([row("logs", &one, 20, "main", "it is refused"), row("logs", &two, 20, "main", "it is refused")]);
    rows.push(row("logs", &one, 21, "main", "it has timeout"));
    let mut both = scenario(rows);
    both.scope.subject.clear();
    both.pack.patterns.push(log_pattern("p1", "cause", "pod", "timeout"));
    both.pack.patterns.push(json!({
        "format": "amp-rules/v1", "id": "p2", "title": "P", "class": "cause", "severity": "error", "scope": "pod",
        "causes": [{ "pattern": "p0", "strength": "likely" }, { "pattern": "p1", "strength": "likely" }],
    }));
    let grades: Vec<(String, Grade)> =
        both.diagnosis().roots.iter().map(|root| (root.pattern.clone(), root.grade)).collect();
    assert_eq!(grades.iter().filter(|(pattern, _)| pattern == "p0").count(), 2, "{grades:?}");
    assert!(grades.contains(&("p0".to_owned(), Grade::Confirmed)), "{grades:?}");
    assert!(grades.contains(&("p1".to_owned(), Grade::Provisional)), "{grades:?}");
}

/// Found by P4: a lost benign pattern with an escalation did not count, so the status became healthy.
#[test]
fn losing_a_benign_pattern_with_an_escalation_is_not_healthy() {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend([row("logs", &one, 30, "main", "it is refused"), row("logs", &one, 28, "main", "it has timeout")]);
    let mut scenario = scenario(rows);
    scenario.pack.patterns[0]["class"] = json!("benign");
    scenario.pack.patterns[0]["symptoms"]["more"] = json!({ "log": { "contains": "timeout" } });
    scenario.pack.patterns[0]["when"] = json!("line");
    scenario.pack.patterns[0]["noise_unless"] = json!("more");
    let rules = scenario.rules();
    let status = |losses: &[Loss]| amp_rules_core::evaluate(&rules, &blinded(&scenario, &rules, losses)).status;
    // Only a pattern of class `cause` can be a confirmed root.
    assert_eq!(status(&[]), Status::DiagnosedPartial);
    assert_eq!(status(&[Loss::Table("logs", SourceErrorKind::Denied)]), Status::InsufficientData);
}

/// A scenario of one pod that exists throughout, with heartbeats of both tables, and two patterns: a log text (`p0`) and a
/// high load (`p1`).
fn lines_and_load(rows: Vec<Row>) -> Scenario {
    let one = pod("one", "a");
    let mut all = beats(&one, WINDOW - 1, 0);
    all.extend((0..WINDOW / 9).map(|at| row("logs", &one, at * 9 + 1, "main", "idle")));
    all.extend(rows);
    let mut scenario = scenario(all);
    scenario.pack.defaults = json!({ "ingestion_delay": "0s", "flush": "0s" });
    scenario.pack.patterns.push(json!({
        "format": "amp-rules/v1", "id": "p1", "title": "P", "class": "cause", "severity": "error", "scope": "pod",
        "symptoms": { "high": { "metric": "load", "steps": [{ "max": "value", "every": "5m" }], "above": 3 } },
    }));
    scenario
}

/// Found by the quality measurement: a sample before the change made its whole bin false, so a cause appeared to start after
/// its effect.
#[test]
fn the_state_of_a_sample_may_have_started_right_after_the_sample_before() {
    let one = pod("one", "a");
    let load = |ago: i64, value: f64| Row { value, ..row("metrics", &one, ago, "load", "") };
    // Samples 59, 54, … minutes before now; the last low one is at 59 minutes, the first line at 58, the first high one at 54.
    let mut rows: Vec<Row> =
        (0..WINDOW / 5).map(|at| load(at * 5 + 4, if at * 5 + 4 > 55 { 1.0 } else { 9.0 })).collect();
    rows.push(row("logs", &one, 58, "main", "it is refused"));
    rows.extend((0..11).map(|at| row("logs", &one, at * 5, "main", "it is refused")));
    let mut scenario = lines_and_load(rows);
    scenario.pack.patterns[1]["causes"] = json!([{ "pattern": "p0", "strength": "likely" }]);
    let roots: Vec<String> = scenario.diagnosis().roots.iter().map(|root| root.pattern.clone()).collect();
    assert_eq!(roots, ["p1"]);
}

/// Found by the quality measurement: a pattern that was true until its table was cut was reported as recovered.
#[test]
fn a_pattern_is_not_recovered_while_its_table_is_lost() {
    let one = pod("one", "a");
    let rows = (12..24).map(|at| row("logs", &one, at * 5, "main", "it is refused")).collect();
    let scenario = lines_and_load(rows);
    let rules = scenario.rules();
    let roles = |from: i64, to: i64| -> Vec<Role> {
        let loss = Loss::TimeRange { table: "logs", from: from * 60, to: to * 60, pod: None, lost: vec![true] };
        let losses = if from > to { vec![loss] } else { Vec::new() };
        amp_rules_core::evaluate(&rules, &blinded(&scenario, &rules, &losses))
            .findings
            .iter()
            .map(|finding| finding.role)
            .collect()
    };
    assert_eq!(roles(0, 0), [Role::Recovered], "an hour without a line");
    assert_eq!(roles(60, 0), [Role::Root], "an hour that was lost");
    assert_eq!(roles(12, 0), [Role::Recovered], "48 minutes without a line are enough");
    assert_eq!(roles(20, 0), [Role::Root], "40 minutes are not");
}
