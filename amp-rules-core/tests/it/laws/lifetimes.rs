//! When entities exist, one rule per small scenario. Errors that a law found are marked.

use amp_rules_core::diagnosis::Status;
use amp_rules_core::explain::Verdict;
use serde_json::json;

use super::small_scenario::{after, beats, lost, pod, row, scenario, verdict};
use crate::generate::loss::Loss;
use crate::generate::pack::log_pattern;
use crate::generate::scenario::{Scenario, WINDOW};
use crate::generate::telemetry::{Pod, Row};

/// A scenario whose symptom is evaluated per cluster and inherited by its pods: `p0` at a pod is true if the cluster has the
/// text while that pod exists.
fn inherited(rows: Vec<Row>) -> Scenario {
    let mut scenario = scenario(rows);
    scenario.pack.defaults["ingestion_delay"] = json!("0s");
    scenario.pack.patterns[0]["symptoms"]["line"]["per"] = json!("cluster");
    scenario
}

/// The pod `a` exists between two ages in minutes, and `b` throughout. `b` logs a line at the age `logged`.
fn two_pods(from: i64, to: i64, logged: i64) -> Scenario {
    let (one, other) = (pod("one", "a"), pod("one", "b"));
    let mut rows = beats(&one, from, to);
    rows.extend(beats(&other, WINDOW - 1, 0));
    rows.push(row("logs", &other, logged, "main", "it is refused"));
    inherited(rows)
}

#[test]
fn before_its_first_heartbeat_a_pod_does_not_exist() {
    assert_eq!(after(&two_pods(60, 0, 100), &[]), Verdict::False);
    assert_eq!(after(&two_pods(60, 0, 40), &[]), Verdict::True);
}

/// Found by P4: the time after the last heartbeat was false for a pod that was gone, and true if that was not known.
#[test]
fn after_its_last_heartbeat_a_pod_is_gone_or_unknown() {
    let scenario = two_pods(WINDOW - 1, 60, 20);
    assert_eq!(after(&scenario, &[]), Verdict::False);
    assert_eq!(after(&scenario, &[lost("metrics", 100, 95)]), Verdict::Unknown);
    assert_eq!(after(&two_pods(WINDOW - 1, 60, 80), &[lost("metrics", 30, 25)]), Verdict::True);
}

#[test]
fn a_pod_that_was_away_while_others_existed_logged_nothing_then() {
    let (one, other) = (pod("one", "a"), pod("one", "b"));
    let mut rows = beats(&one, WINDOW - 1, 80);
    rows.extend(beats(&one, 39, 0));
    let key = [("controller", "ReplicaSet"), ("pod", "a")];
    assert_eq!(verdict(&scenario(rows.clone()), &key), Some(Verdict::Unknown));
    rows.extend(beats(&other, WINDOW - 1, 0));
    assert_eq!(verdict(&scenario(rows), &key), Some(Verdict::False));
}

/// A log line is a heartbeat for a quarter of an hour, a sample for five minutes.
#[test]
fn a_slow_heartbeat_does_not_extend_a_lifetime() {
    let one = pod("one", "a");
    let with_line = |logged: i64| {
        let mut scenario = two_pods(WINDOW - 1, 60, logged);
        scenario.rows.0.push(row("logs", &one, 50, "main", "idle"));
        scenario
    };
    assert_eq!(after(&with_line(52), &[]), Verdict::True);
    assert_eq!(after(&with_line(38), &[]), Verdict::False);
}

#[test]
fn without_recent_heartbeats_data_are_insufficient() {
    let status = |last: i64| inherited(beats(&pod("one", "a"), WINDOW - 1, last)).diagnosis().status;
    // The only pod of the cluster fell silent: two heartbeats before the watermark are missing, or more.
    assert_eq!(status(9), Status::Healthy);
    assert_eq!(status(11), Status::InsufficientData);
    assert_eq!(status(50), Status::InsufficientData);
}

/// Where everything falls silent at once, the telemetry is silent, and nothing is known to be over. A pod that falls silent
/// alone is gone.
#[test]
fn entities_that_fall_silent_together_are_not_gone() {
    let role = |other_until: i64| {
        let mut rows = beats(&pod("one", "a"), WINDOW - 1, 80);
        rows.extend(beats(&pod("one", "b"), WINDOW - 1, other_until));
        rows.push(row("logs", &pod("one", "a"), 81, "main", "it is refused"));
        let diagnosis = inherited(rows).diagnosis();
        (diagnosis.status, diagnosis.history.len())
    };
    assert_eq!(role(80).1, 0);
    assert_eq!(role(80).0, Status::InsufficientData);
    assert_eq!(role(0), (Status::Recovered, 1));
}

/// Found by P4: `rollup: every` was true before the first pod existed.
#[test]
fn every_is_false_while_no_pod_exists() {
    let one = pod("one", "a");
    let mut rows = beats(&one, 19, 0);
    let every = |rows: Vec<Row>| {
        let mut scenario = scenario(rows);
        scenario.pack.patterns[0]["scope"] = json!("cluster");
        scenario.pack.patterns[0]["symptoms"] = json!({
            "line": { "event": { "table": "events", "where": { "reason": "Killed" } }, "per": "pod", "rollup": "every" }
        });
        // Events are no heartbeats, so some pattern has to read a table with heartbeats.
        scenario.pack.patterns.push(log_pattern("p1", "cause", "pod", "refused"));
        scenario
    };
    assert_eq!(verdict(&every(rows.clone()), &[]), Some(Verdict::False));
    rows.push(row("events", &one, 10, "", "Killed"));
    assert_eq!(verdict(&every(rows), &[]), Some(Verdict::True));
}

/// Found by review after P4: the last samples of a pod that was gone counted if the inventory was partial.
#[test]
fn with_a_partial_inventory_it_is_unknown_whether_a_silent_pod_counts() {
    let (one, other) = (pod("one", "a"), pod("one", "b"));
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend(beats(&other, WINDOW - 1, 60));
    let sample = |pod: &Pod, minutes: i64| Row { value: 4.0, ..row("metrics", pod, minutes, "load", "") };
    rows.extend([sample(&one, 62), sample(&one, 2), sample(&other, 62)]);
    let mut scenario = scenario(rows);
    scenario.pack.patterns[0]["scope"] = json!("cluster");
    scenario.pack.patterns[0]["symptoms"] = json!({ "sum": {
        "metric": "load", "above": 5,
        "steps": [{ "max": "value", "by": ["pod"], "every": "5m" }, { "max": "value", "by": ["pod"] }, { "sum": "value" }],
    } });
    assert_eq!(verdict(&scenario, &[]), Some(Verdict::False));
    let rules = scenario.rules();
    let seen = crate::generate::loss::blinded(&scenario, &rules, &[lost("metrics", 100, 95)]);
    let all = super::verdicts::truths(&rules, &seen);
    assert_eq!(all[&("p0".to_owned(), amp_rules_core::Entity::default())], Verdict::Unknown);
}

/// A scenario of a pod that restarts 60 minutes before now and logs some lines; `p0` is the conjunction of its symptoms.
fn started(lines: &[(i64, &str)], symptoms: serde_json::Value) -> Scenario {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.push(row("logs", &one, 60, "main", "container has started"));
    rows.extend(lines.iter().map(|(minutes, text)| row("logs", &one, *minutes, "main", text)));
    let mut scenario = scenario(rows);
    let names: Vec<String> = symptoms.as_object().unwrap().keys().cloned().collect();
    scenario.pack.patterns[0]["when"] = json!({ "all": names });
    scenario.pack.patterns[0]["symptoms"] = symptoms;
    scenario
}

/// Found by review after P4: a start whose marker was lost exempted no failures.
#[test]
fn a_lost_start_may_exempt_the_failures_after_it() {
    let failing = json!({ "a": { "log": { "contains": "refused" }, "startup_grace": "10m" } });
    let scenario = started(&[(58, "it is refused")], failing.clone());
    assert_eq!(after(&scenario, &[]), Verdict::False);
    assert_eq!(after(&scenario, &[lost("logs", 61, 59)]), Verdict::Unknown);
    // A start that failed exempts nothing, whenever it was.
    let lasting: Vec<(i64, &str)> = [58, 55, 52, 49, 46].map(|minute| (minute, "it is refused")).to_vec();
    assert_eq!(after(&started(&lasting, failing.clone()), &[lost("logs", 61, 59)]), Verdict::True);
    assert_eq!(after(&started(&lasting[..3], failing.clone()), &[lost("logs", 61, 59)]), Verdict::Unknown);
    // Another start may have been between the failures.
    assert_eq!(
        after(&started(&lasting, failing.clone()), &[lost("logs", 61, 59), lost("logs", 51, 50)]),
        Verdict::Unknown
    );
    // A failure far from the lost time range counts.
    let late = started(&[(20, "it is refused")], failing);
    assert_eq!(after(&late, &[lost("logs", 61, 59)]), Verdict::True);
}

/// Found by review after P4: with `lasts: until_restart`, an occurrence lasted beyond a start whose marker was lost.
#[test]
fn a_lost_start_may_have_ended_an_occurrence() {
    let standing = json!({
        "a": { "log": { "contains": "refused" }, "lasts": "until_restart" }, "b": { "log": { "contains": "timeout" } }
    });
    let scenario = started(&[(80, "it is refused"), (30, "it has timeout")], standing.clone());
    assert_eq!(after(&scenario, &[]), Verdict::False);
    assert_eq!(after(&scenario, &[lost("logs", 61, 59)]), Verdict::Unknown);
    let before = started(&[(80, "it is refused"), (70, "it has timeout")], standing);
    assert_eq!(after(&before, &[lost("logs", 61, 59)]), Verdict::True);
}

/// What lasts begins with the last line of a run, with and without a `startup_grace`, which makes the counted bins narrower.
#[test]
fn an_occurrence_lasts_as_long_with_a_startup_grace() {
    let one = pod("one", "a");
    let verdict = |logged: i64, grace: bool| {
        let mut rows = beats(&one, WINDOW - 1, 0);
        // The half hour of `lasts` ends 28 minutes before now, in the bin that ends 25 minutes before now.
        rows.extend([row("logs", &one, 59, "main", "it is refused"), row("logs", &one, 58, "main", "it is refused")]);
        rows.push(row("logs", &one, logged, "main", "it has timeout"));
        let mut scenario = scenario(rows);
        scenario.pack.patterns[0]["symptoms"] = json!({
            "a": { "log": { "contains": "refused" }, "at_least": 2, "within": "15m", "lasts": "30m" },
            "b": { "log": { "contains": "timeout" } },
        });
        if grace {
            scenario.pack.patterns[0]["symptoms"]["a"]["startup_grace"] = json!("1m");
        }
        scenario.pack.patterns[0]["when"] = json!({ "all": ["a", "b"] });
        after(&scenario, &[])
    };
    for grace in [false, true] {
        assert_eq!(verdict(32, grace), Verdict::True);
        assert_eq!(verdict(24, grace), Verdict::False);
    }
}

/// Found by P4: a pod that a partial inventory left out had no unknown instances, so the status was healthy.
#[test]
fn an_unlisted_pod_is_not_known_to_be_healthy() {
    let (one, other) = (pod("one", "a"), pod("one", "b"));
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend(beats(&other, WINDOW - 1, 0));
    rows.push(row("logs", &other, 20, "main", "it is refused"));
    let scenario = scenario(rows);
    let rules = scenario.rules();
    let status = |losses: &[Loss]| {
        amp_rules_core::evaluate(&rules, &crate::generate::loss::blinded(&scenario, &rules, losses)).status
    };
    assert_eq!(status(&[]), Status::Diagnosed);
    let silenced = Loss::Silenced { tables: &["logs", "metrics"], pod: other, from: WINDOW * 60 };
    assert_eq!(status(&[silenced]), Status::InsufficientData);
}

/// A line that was not visible may have covered the first bin after a hidden stretch, or the last one before it.
#[test]
fn a_bin_that_was_hidden_in_part_may_have_had_a_line() {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend((47..WINDOW).step_by(5).map(|minutes| row("logs", &one, minutes, "main", "it is refused")));
    let mut scenario = scenario(rows);
    scenario.pack.patterns[0]["symptoms"]["line"] =
        json!({ "absent": { "log": { "contains": "refused" } }, "for": "30m" });
    // The last line is in the bin that ends 40 min before now, 25 min before the watermark.
    assert_eq!(after(&scenario, &[]), Verdict::False);
    assert_eq!(after(&scenario, &[lost("logs", 48, 46)]), Verdict::Unknown);
}

/// Found by P5: the first heartbeat after a time without any is somewhere in its bin, and the pod may have started with it.
#[test]
fn a_pod_is_visible_one_cadence_after_a_period_without_heartbeats() {
    let one = pod("one", "a");
    let mut rows = beats(&pod("one", "b"), WINDOW - 1, 0);
    rows.extend((1..=41).step_by(5).map(|minutes| row("metrics", &one, minutes, "alive", "")));
    let mut scenario = scenario(rows);
    scenario.pack.patterns[0]["symptoms"]["line"] =
        json!({ "absent": { "log": { "contains": "refused" } }, "for": "30m" });
    // It exists for 26 min until the watermark.
    assert_eq!(after(&scenario, &[]), Verdict::False);
    assert_eq!(after(&scenario, &[lost("metrics", 100, 42)]), Verdict::Unknown);
}
