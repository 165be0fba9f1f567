//! Who lives and when, each rule as a small world of its own; those that a law found say so.

use amp_rules_core::diagnosis::Status;
use amp_rules_core::explain::Verdict;
use serde_json::json;

use crate::found::{after, beats, lost, pod, row, verdict, world};
use crate::loss::Loss;
use crate::pack::spoken;
use crate::telemetry::{Pod, Row};
use crate::world::{WINDOW, World};

/// A world in which the whole cluster is said to have what one of its pods says: what it says of a pod is true for as long
/// as that pod lives.
fn inherited(rows: Vec<Row>) -> World {
    let mut world = world(rows);
    world.pack.defaults["ingestion_delay"] = json!("0s");
    world.pack.patterns[0]["symptoms"]["said"]["per"] = json!("cluster");
    world
}

/// The pod `a` lives between two ages, and `b` throughout; `b` writes a line.
fn beside(born: i64, gone: i64, said: i64) -> World {
    let (one, other) = (pod("one", "a"), pod("one", "b"));
    let mut rows = beats(&one, born, gone);
    rows.extend(beats(&other, WINDOW - 1, 0));
    rows.push(row("logs", &other, said, "main", "it is refused"));
    inherited(rows)
}

#[test]
fn before_its_first_heartbeat_a_pod_does_not_exist() {
    assert_eq!(after(&beside(60, 0, 100), &[]), Verdict::False);
    assert_eq!(after(&beside(60, 0, 40), &[]), Verdict::True);
}

/// Found by P4: the second half was false where the pod was gone, and true where nobody knew.
#[test]
fn after_its_last_heartbeat_a_pod_is_gone_or_nobody_knows() {
    let world = beside(WINDOW - 1, 60, 20);
    assert_eq!(after(&world, &[]), Verdict::False);
    assert_eq!(after(&world, &[lost("metrics", 100, 95)]), Verdict::Unknown);
    assert_eq!(after(&beside(WINDOW - 1, 60, 80), &[lost("metrics", 30, 25)]), Verdict::True);
}

#[test]
fn a_pod_that_was_away_while_others_lived_wrote_nothing_then() {
    let (one, other) = (pod("one", "a"), pod("one", "b"));
    let mut rows = beats(&one, WINDOW - 1, 80);
    rows.extend(beats(&one, 39, 0));
    let key = [("controller", "ReplicaSet"), ("pod", "a")];
    assert_eq!(verdict(&world(rows.clone()), &key), Some(Verdict::Unknown));
    rows.extend(beats(&other, WINDOW - 1, 0));
    assert_eq!(verdict(&world(rows), &key), Some(Verdict::False));
}

/// The lines of a pod are signs of life for a quarter of an hour, its samples for five minutes.
#[test]
fn a_seldom_sign_of_life_does_not_make_a_life_longer() {
    let one = pod("one", "a");
    let with_line = |said: i64| {
        let mut world = beside(WINDOW - 1, 60, said);
        world.rows.0.push(row("logs", &one, 50, "main", "idle"));
        world
    };
    assert_eq!(after(&with_line(52), &[]), Verdict::True);
    assert_eq!(after(&with_line(38), &[]), Verdict::False);
}

#[test]
fn where_nothing_lives_any_more_data_are_insufficient() {
    let status = |gone: i64| inherited(beats(&pod("one", "a"), WINDOW - 1, gone)).diagnosis().status;
    // Freshness is the merge gap here, which is 45 minutes.
    assert_eq!(status(40), Status::Healthy);
    assert_eq!(status(50), Status::InsufficientData);
}

/// Found by P4: before the first pod was born every pod had whatever was asked for.
#[test]
fn where_nobody_lives_nothing_holds_of_everybody() {
    let one = pod("one", "a");
    let mut rows = beats(&one, 19, 0);
    let every = |rows: Vec<Row>| {
        let mut world = world(rows);
        world.pack.patterns[0]["scope"] = json!("cluster");
        world.pack.patterns[0]["symptoms"] = json!({
            "said": { "event": { "table": "events", "where": { "reason": "Killed" } }, "per": "pod", "rollup": "every" }
        });
        // Events carry no signs of life: some pattern has to read a table that does.
        world.pack.patterns.push(spoken("p1", "cause", "pod", "refused"));
        world
    };
    assert_eq!(verdict(&every(rows.clone()), &[]), Some(Verdict::False));
    rows.push(row("events", &one, 10, "", "Killed"));
    assert_eq!(verdict(&every(rows), &[]), Some(Verdict::True));
}

/// Found by reading on from P4: what a pod that is gone had sent last counted where the inventory was partial.
#[test]
fn nobody_knows_whether_a_silent_pod_counts_where_the_inventory_is_partial() {
    let (one, other) = (pod("one", "a"), pod("one", "b"));
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend(beats(&other, WINDOW - 1, 60));
    let sample = |pod: &Pod, minutes: i64| Row { value: 4.0, ..row("metrics", pod, minutes, "load", "") };
    rows.extend([sample(&one, 62), sample(&one, 2), sample(&other, 62)]);
    let mut world = world(rows);
    world.pack.patterns[0]["scope"] = json!("cluster");
    world.pack.patterns[0]["symptoms"] = json!({ "sum": {
        "metric": "load", "above": 5,
        "steps": [{ "max": "value", "by": ["pod"], "every": "5m" }, { "max": "value", "by": ["pod"] }, { "sum": "value" }],
    } });
    assert_eq!(verdict(&world, &[]), Some(Verdict::False));
    let rules = world.rules();
    let seen = crate::loss::blinded(&world, &rules, &[lost("metrics", 100, 95)]);
    let all = crate::verdicts::truths(&rules, &seen);
    assert_eq!(all[&("p0".to_owned(), amp_rules_core::Entity::default())], Verdict::Unknown);
}

/// A pod that starts anew at 60 minutes before now and writes some lines.
fn started(lines: &[(i64, &str)], symptoms: serde_json::Value) -> World {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.push(row("logs", &one, 60, "main", "container has started"));
    rows.extend(lines.iter().map(|(minutes, text)| row("logs", &one, *minutes, "main", text)));
    let mut world = world(rows);
    let names: Vec<String> = symptoms.as_object().unwrap().keys().cloned().collect();
    world.pack.patterns[0]["when"] = json!({ "all": names });
    world.pack.patterns[0]["symptoms"] = symptoms;
    world
}

/// Found by reading on from P4: without the line that tells of a start nothing was excused by it.
#[test]
fn a_start_that_was_lost_may_excuse_what_follows() {
    let failing = json!({ "a": { "log": { "contains": "refused" }, "startup_grace": "10m" } });
    let world = started(&[(58, "it is refused")], failing.clone());
    assert_eq!(after(&world, &[]), Verdict::False);
    assert_eq!(after(&world, &[lost("logs", 61, 59)]), Verdict::Unknown);
    // What lies far from everything that was lost counts.
    let late = started(&[(20, "it is refused")], failing);
    assert_eq!(after(&late, &[lost("logs", 61, 59)]), Verdict::True);
}

/// Found by reading on from P4: without the line that tells of a start an occurrence stood beyond it.
#[test]
fn a_start_that_was_lost_may_have_ended_what_stands_until_it() {
    let standing = json!({
        "a": { "log": { "contains": "refused" }, "lasts": "until_restart" }, "b": { "log": { "contains": "timeout" } }
    });
    let world = started(&[(80, "it is refused"), (30, "it has timeout")], standing.clone());
    assert_eq!(after(&world, &[]), Verdict::False);
    assert_eq!(after(&world, &[lost("logs", 61, 59)]), Verdict::Unknown);
    let before = started(&[(80, "it is refused"), (70, "it has timeout")], standing);
    assert_eq!(after(&before, &[lost("logs", 61, 59)]), Verdict::True);
}

/// What is counted more finely for the sake of starts stands no longer for it.
#[test]
fn what_stands_for_a_while_stands_as_long_with_a_grace() {
    let one = pod("one", "a");
    let verdict = |said: i64, grace: bool| {
        let mut rows = beats(&one, WINDOW - 1, 0);
        // Both lines lie in the bin that ends at 55 minutes before now; half an hour begins at its start.
        rows.extend([row("logs", &one, 59, "main", "it is refused"), row("logs", &one, 58, "main", "it is refused")]);
        rows.push(row("logs", &one, said, "main", "it has timeout"));
        let mut world = world(rows);
        world.pack.patterns[0]["symptoms"] = json!({
            "a": { "log": { "contains": "refused" }, "at_least": 2, "within": "15m", "lasts": "30m" },
            "b": { "log": { "contains": "timeout" } },
        });
        if grace {
            world.pack.patterns[0]["symptoms"]["a"]["startup_grace"] = json!("1m");
        }
        world.pack.patterns[0]["when"] = json!({ "all": ["a", "b"] });
        after(&world, &[])
    };
    for grace in [false, true] {
        assert_eq!(verdict(32, grace), Verdict::True);
        assert_eq!(verdict(28, grace), Verdict::False);
    }
}

/// Found by P4: of a pod that a partial inventory left out nothing was unknown, so all was well.
#[test]
fn whom_nobody_saw_is_not_known_to_be_well() {
    let (one, other) = (pod("one", "a"), pod("one", "b"));
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend(beats(&other, WINDOW - 1, 0));
    rows.push(row("logs", &other, 20, "main", "it is refused"));
    let world = world(rows);
    let rules = world.rules();
    let status =
        |losses: &[Loss]| amp_rules_core::evaluate(&rules, &crate::loss::blinded(&world, &rules, losses)).status;
    assert_eq!(status(&[]), Status::Diagnosed);
    let silenced = Loss::Silenced { tables: &["logs", "metrics"], pod: other, from: WINDOW * 60 };
    assert_eq!(status(&[silenced]), Status::InsufficientData);
}
