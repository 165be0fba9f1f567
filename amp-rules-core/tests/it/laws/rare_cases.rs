//! Errors that the laws and the reference found only with thousands of random cases, each as a small scenario.

use amp_rules_core::diagnosis::{ActivityState, Grade, Role};
use amp_rules_core::evaluate;
use amp_rules_core::explain::Verdict;
use amp_rules_core::telemetry::source::SourceErrorKind;
use serde_json::json;

use super::small_scenario::{after, beats, lost, pod, row, scenario};
use crate::generate::loss::{Loss, blinded};
use crate::generate::pack::log_pattern;
use crate::generate::scenario::{Scenario, WINDOW};
use crate::generate::telemetry::Row;

/// A scenario of one pod with samples of `load`: minutes before now, value, and the property `mode`.
fn loaded(samples: &[(i64, f64, Option<&'static str>)]) -> Scenario {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend(samples.iter().map(|(minutes, value, mode)| Row {
        value: *value,
        mode: *mode,
        ..row("metrics", &one, *minutes, "load", "")
    }));
    scenario(rows)
}

/// Found by P4: a property that changed counted as never having had the value before, and without the row of the change as
/// having had it.
#[test]
fn a_property_had_its_earlier_value_before_it_changed() {
    let mut scenario = loaded(&[(100, 1.0, Some("fast")), (60, 1.0, Some("fast")), (5, 1.0, Some("slow"))]);
    scenario.pack.defaults = json!({ "ingestion_delay": "0s" });
    scenario.pack.patterns[0]["symptoms"] =
        json!({ "line": { "property": { "metric": "load", "names": ["mode"] }, "is": "fast" } });
    assert_eq!(after(&scenario, &[]), Verdict::True);
    assert_eq!(after(&scenario, &[lost("metrics", 10, 0)]), Verdict::True);
    assert_eq!(
        after(&scenario, &[Loss::Silenced { tables: &["metrics"], pod: pod("one", "a"), from: 1800 }]),
        Verdict::True
    );
    scenario.pack.patterns[0]["symptoms"]["line"]["is"] = json!("slow");
    assert_eq!(after(&scenario, &[lost("metrics", 10, 0)]), Verdict::Unknown);
    scenario.pack.patterns[0]["symptoms"]["line"]["is"] = json!("other");
    assert_eq!(after(&scenario, &[]), Verdict::False);
    assert_eq!(after(&scenario, &[lost("metrics", 80, 70)]), Verdict::Unknown, "a lost row may have had it");
}

/// Found by P16: a number without a time holds at any time, so an escalation outside of the known episode may meet it.
#[test]
fn an_escalation_counts_whenever_a_number_without_a_time_may_hold() {
    let one = pod("one", "a");
    let roles = |load: f64| -> Vec<Role> {
        let mut scenario = loaded(&[(100, load, None)]);
        scenario.rows.0.push(row("logs", &one, 30, "main", "it is refused"));
        scenario.rows.0.push(row("logs", &one, 20, "main", "it has timeout"));
        scenario.pack.patterns[0] = json!({
            "format": "amp-rules/v1", "id": "p0", "title": "P", "class": "cause", "severity": "error", "scope": "pod",
            "symptoms": {
                "line": { "log": { "contains": "refused" } },
                "high": { "metric": "load", "steps": [{ "max": "value", "every": "5m" }, { "max": "value" }], "above": 3 },
                "more": { "log": { "contains": "timeout" } },
            },
            "when": { "any": ["line", "high"] }, "noise_unless": "more",
        });
        scenario.diagnosis().findings.iter().map(|finding| finding.role).collect()
    };
    assert_eq!(roles(9.0), [Role::Root]);
    assert_eq!(roles(1.0), [Role::Noise]);
}

/// Found by the law of ranks, which did not distinguish what is over: it ranks behind what is active, whatever the grades.
#[test]
fn a_root_that_is_over_ranks_behind_a_worse_one_that_is_active() {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.push(row("logs", &one, 60, "main", "it is refused"));
    rows.extend((0..12).map(|at| row("logs", &one, at * 5, "main", "it has timeout")));
    rows.extend((0..4).map(|at| row("logs", &one, at * 5 + 2, "main", "it has crashed")));
    let mut scenario = scenario(rows);
    scenario.pack.defaults = json!({ "ingestion_delay": "0s" });
    scenario.pack.patterns[0]["causes"] = json!([{ "pattern": "p1", "strength": "likely" }]);
    scenario.pack.patterns.push(log_pattern("p1", "effect", "pod", "timeout"));
    scenario.pack.patterns.push(log_pattern("p2", "cause", "pod", "crashed"));
    scenario.pack.patterns[2]["symptoms"]["line"]["weak"] = json!(true);
    let diagnosis = scenario.diagnosis();
    let roots = diagnosis.roots.iter().map(|root| (root.pattern.as_str(), root.grade, root.activity.state));
    let expected = [("p2", Grade::Provisional, ActivityState::Active), ("p0", Grade::Confirmed, ActivityState::Over)];
    assert_eq!(roots.collect::<Vec<_>>(), expected);
}

/// Found by the reference: that a pod exists throughout gave a time to a number without one, so its loss hid the end of another
/// part.
#[test]
fn an_entity_that_exists_gives_no_time_to_a_number_without_one() {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.push(row("logs", &one, 60, "agent", "it is refused"));
    let mut scenario = scenario(rows);
    scenario.pack.defaults = json!({ "ingestion_delay": "0s" });
    scenario.pack.patterns[0] = json!({
        "format": "amp-rules/v1", "id": "p0", "title": "P", "class": "cause", "severity": "error", "scope": "controller",
        "symptoms": {
            "line": { "log": { "contains": "refused", "component": "agent" } },
            "often": {
                "log": { "contains": "timeout", "component": "main" }, "at_least": 2, "per": "pod", "rollup": "every"
            },
        },
        "when": { "any": ["line", { "not": "often" }] },
    });
    let rules = scenario.rules();
    let roles = |losses: &[Loss]| -> Vec<Role> {
        evaluate(&rules, &blinded(&scenario, &rules, losses)).findings.iter().map(|finding| finding.role).collect()
    };
    let denied = Loss::Component("main", SourceErrorKind::Denied);
    assert_eq!(roles(std::slice::from_ref(&denied)), [Role::Recovered]);
    assert_eq!(roles(&[denied, lost("logs", 115, 110)]), [Role::Recovered]);
}

/// Found by the reference: of a cause that is over and takes part with one episode, the others were not tried over hidden hops.
#[test]
fn every_episode_of_a_cause_is_tried_over_a_hidden_hop() {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend([110, 50].map(|minutes| row("logs", &one, minutes, "main", "it is refused")));
    rows.extend((0..=10).map(|at| row("logs", &one, at * 10 + 8, "main", "it has timeout")));
    rows.extend((0..=4).map(|at| row("logs", &one, at * 10 + 7, "main", "it has crashed")));
    let mut scenario = scenario(rows);
    scenario.pack.defaults = json!({ "ingestion_delay": "0s", "merge_gap": "15m" });
    scenario.pack.patterns[0]["causes"] =
        json!([{ "pattern": "p1", "strength": "likely" }, { "pattern": "p3", "strength": "likely" }]);
    scenario.pack.patterns.push(json!({
        "format": "amp-rules/v1", "id": "p1", "title": "P", "class": "effect", "severity": "error", "scope": "pod",
        "causes": [{ "pattern": "p2", "strength": "likely" }],
    }));
    scenario.pack.patterns.push(log_pattern("p2", "effect", "pod", "crashed"));
    scenario.pack.patterns.push(log_pattern("p3", "effect", "pod", "timeout"));
    let diagnosis = scenario.diagnosis();
    let roots: Vec<&str> = diagnosis.roots.iter().map(|root| root.pattern.as_str()).collect();
    assert_eq!(roots, ["p0"]);
    assert!(diagnosis.history.is_empty(), "{:?}", diagnosis.history);
}

/// Found by P4: with an inventory that may be incomplete, an absence lasted to the end of the bin of the last heartbeat.
#[test]
fn an_absence_is_seen_up_to_the_last_heartbeat() {
    let one = pod("one", "a");
    let mut rows: Vec<Row> = (0..12).map(|at| row("metrics", &one, WINDOW - 1 - at * 5, "alive", "")).collect();
    rows.push(row("logs", &one, 61, "main", "it has timeout"));
    // Another pod goes on, so that the telemetry is not silent as a whole.
    rows.extend(beats(&pod("one", "b"), WINDOW - 1, 0));
    let mut scenario = scenario(rows);
    scenario.pack.patterns[0]["symptoms"] =
        json!({ "line": { "absent": { "log": { "contains": "refused" } }, "for": "1h" } });
    assert_eq!(after(&scenario, &[]), Verdict::False, "it existed for 59 minutes");
    let silenced = Loss::Silenced { tables: &["metrics"], pod: one, from: 4500 };
    assert_eq!(after(&scenario, &[silenced]), Verdict::Unknown);
}
