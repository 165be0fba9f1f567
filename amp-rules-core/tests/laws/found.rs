//! What the laws have found in the evaluator, each as a small world of its own.

use amp_rules_core::Entity;
use amp_rules_core::diagnosis::{Grade, Role, Status};
use amp_rules_core::explain::Verdict;
use amp_rules_core::telemetry::source::SourceErrorKind;
use serde_json::json;

use crate::loss::{Loss, blinded};
use crate::pack::spoken;
use crate::telemetry::{Pod, Row, Rows};
use crate::verdicts::truths;
use crate::world::{WINDOW, World};

/// A pod of a cluster.
pub(crate) fn pod(cluster: &'static str, name: &str) -> Pod {
    Pod { cluster, controller: "ReplicaSet", name: name.to_owned() }
}

/// A row of so many minutes before the diagnosis.
pub(crate) fn row(table: &'static str, pod: &Pod, minutes: i64, part: &'static str, text: &str) -> Row {
    let identity = format!("{table}-{part}-{}-{}-{minutes}", pod.cluster, pod.name);
    Row {
        table,
        pod: pod.clone(),
        ago: minutes * 60,
        part,
        text: text.to_owned(),
        value: 1.0,
        weight: 1,
        mode: None,
        identity,
    }
}

/// Heartbeats of a pod, every five minutes between two ages.
pub(crate) fn beats(pod: &Pod, from: i64, to: i64) -> Vec<Row> {
    (to..=from).step_by(5).map(|ago| row("metrics", pod, ago, "alive", "")).collect()
}

/// One pattern with the word `refused`, and some rows.
pub(crate) fn world(rows: Vec<Row>) -> World {
    let mut world = World::new(&[], &[]);
    world.pack.patterns = vec![spoken("p0", "cause", "pod", "refused")];
    world.rows = Rows(rows);
    world
}

pub(crate) fn verdict(world: &World, entity: &[(&str, &str)]) -> Option<Verdict> {
    let rules = world.rules();
    let entity = Entity::new(entity.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    truths(&rules, &world.seen(&rules, &world.source())).get(&("p0".to_owned(), entity)).copied()
}

/// Found by P17: the seldom heartbeat of the log table was cut to a stretch before the very line that beat.
#[test]
fn a_pod_lived_when_it_wrote_its_last_line() {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 74);
    rows.push(row("logs", &one, 67, "main", "it is refused"));
    assert_eq!(verdict(&world(rows), &[("controller", "ReplicaSet"), ("pod", "a")]), Some(Verdict::True));
}

/// Found by P9: a pod was taken for gone during its silence because a pod of another cluster was alive then.
#[test]
fn a_silence_is_not_explained_by_another_cluster() {
    let (one, two) = (pod("one", "a"), pod("two", "b"));
    let mut rows = beats(&one, WINDOW - 1, 80);
    rows.extend(beats(&one, 39, 0));
    let key = [("cluster", "one"), ("controller", "ReplicaSet"), ("pod", "a")];
    let mut alone = world(rows);
    alone.scope.subject.clear();
    assert_eq!(verdict(&alone, &key), Some(Verdict::Unknown));
    let mut both = alone.clone();
    both.rows.0.extend(beats(&two, WINDOW - 1, 0));
    assert_eq!(verdict(&both, &key), Some(Verdict::Unknown));
}

/// Found on the way to P9: an edge that joins anything within a cluster joined the pods of two.
#[test]
fn an_edge_within_the_cluster_does_not_leave_it() {
    let (one, two) = (pod("one", "a"), pod("two", "b"));
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend(beats(&two, WINDOW - 1, 0));
    rows.push(row("logs", &one, 20, "main", "it is refused"));
    rows.push(row("logs", &two, 20, "main", "it has timeout"));
    let mut both = world(rows);
    both.scope.subject.clear();
    both.pack.patterns[0]["causes"] = json!([{ "pattern": "p1", "strength": "sure", "entities": "cluster" }]);
    both.pack.patterns.push(spoken("p1", "effect", "pod", "timeout"));
    let roots: Vec<String> = both.diagnosis().roots.iter().map(|root| root.pattern.clone()).collect();
    assert_eq!(roots, ["p0", "p1"]);
}

/// Found by P9: an effect that was seen in one cluster was no longer missing in another.
#[test]
fn a_sure_effect_is_missing_in_its_own_cluster() {
    let (one, two) = (pod("one", "a"), pod("two", "b"));
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend(beats(&two, WINDOW - 1, 0));
    rows.extend([row("logs", &one, 30, "main", "it is refused"), row("logs", &two, 30, "main", "it is refused")]);
    rows.push(row("logs", &two, 29, "main", "it has timeout"));
    let mut both = world(rows);
    both.scope.subject.clear();
    both.pack.patterns[0]["causes"] = json!([{ "pattern": "p1", "strength": "sure" }]);
    both.pack.patterns.push(spoken("p1", "effect", "pod", "timeout"));
    let grades: Vec<(Grade, usize)> =
        both.diagnosis().roots.iter().map(|root| (root.grade, root.entities.len())).collect();
    assert_eq!(grades, [(Grade::Confirmed, 1), (Grade::Provisional, 1)]);
}

/// Found by P16: `every` pod of a controller that is gone has anything, so an escalation held after the end of all.
#[test]
fn an_escalation_is_not_fulfilled_by_those_who_are_gone() {
    let (here, gone) = (pod("one", "a"), pod("one", "b"));
    let gone = Pod { controller: "DaemonSet", ..gone };
    let mut rows = beats(&here, WINDOW - 1, 0);
    rows.extend(beats(&gone, WINDOW - 1, 24));
    rows.push(row("logs", &gone, 28, "main", "it is refused"));
    let mut world = world(rows);
    world.pack.patterns[0] = json!({
        "format": "amp-rules/v1", "id": "p0", "title": "P", "class": "effect", "severity": "error", "scope": "controller",
        "symptoms": {
            "said": { "log": { "contains": "refused" }, "per": "pod" },
            "all": { "log": { "contains": "timeout" }, "per": "pod", "rollup": "every" },
        },
        "when": "said", "noise_unless": "all",
    });
    let roles: Vec<Role> = world.diagnosis().findings.iter().map(|finding| finding.role).collect();
    assert_eq!(roles, [Role::Noise]);
}

/// A stretch of a table that is lost, in minutes before now.
pub(crate) fn lost(table: &'static str, from: i64, to: i64) -> Loss {
    Loss::Stretch { table, from: from * 60, to: to * 60, pod: None, lost: vec![true] }
}

/// The verdict on the pattern of a pod when something is lost.
pub(crate) fn after(world: &World, losses: &[Loss]) -> Verdict {
    let rules = world.rules();
    truths(&rules, &blinded(world, &rules, losses))[&("p0".to_owned(), crate::stage::entity(&pod("one", "a")))]
}

/// A world with one flow: what is sent in each of the five minutes before now, the oldest first.
fn flow(kind: &str, sent: &[f64]) -> World {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend((0..WINDOW / 9).map(|at| row("logs", &one, at * 9 + 1, "main", "idle")));
    for (at, value) in sent.iter().rev().enumerate() {
        rows.push(Row { value: *value, ..row("metrics", &one, at as i64 * 5 + 2, "sent", "") });
    }
    let mut world = world(rows);
    world.pack.defaults["ingestion_delay"] = json!("0s");
    let of = json!({ "metric": "sent", "steps": [{ "sum": "value", "every": "5m" }] });
    let symptom = if kind == "drop" {
        json!({ "drop": of, "share": "40 %", "every": "5m" })
    } else {
        json!({ "ceases": of, "every": "5m" })
    };
    world.pack.patterns[0] = json!({
        "format": "amp-rules/v1", "id": "p0", "title": "P", "class": "effect", "severity": "error", "scope": "pod",
        "symptoms": { "flow": symptom },
    });
    // Its lines are signs of life where some pattern reads them.
    world.pack.patterns.push(spoken("p1", "cause", "pod", "refused"));
    world
}

/// The verdict on a flow when a stretch of its table is lost, in minutes before now.
fn without(world: &World, from: i64, to: i64) -> Verdict {
    let losses = if from > to { vec![lost("metrics", from, to)] } else { Vec::new() };
    after(world, &losses)
}

/// Found by P4: bins that could not be seen were left out of the baseline, as if they had never been.
#[test]
fn a_blind_bin_enters_a_baseline_as_anything() {
    let mut sent = vec![3.0; 12];
    sent.extend([9.0; 8]);
    sent.extend([3.0; 4]);
    // Of twenty bins the median is 3, so 3 is no drop; without the first twelve it would be held against 9.
    let world = flow("drop", &sent);
    assert_eq!(without(&world, 0, 0), Verdict::False);
    assert_eq!(without(&world, WINDOW, WINDOW - 50), Verdict::Unknown);
    // Whatever two bins held, most of them were 9.
    let mut sent = vec![9.0; 20];
    sent.extend([3.0; 4]);
    let world = flow("drop", &sent);
    assert_eq!(without(&world, 0, 0), Verdict::True);
    assert_eq!(without(&world, 80, 70), Verdict::True);
}

/// Found by P4: one still bin before a blind one was taken for a lone one.
#[test]
fn a_still_bin_beside_a_blind_one_may_be_a_cessation() {
    let mut sent = vec![4.0; 21];
    sent.extend([0.0; 3]);
    let world = flow("ceases", &sent);
    assert_eq!(without(&world, 0, 0), Verdict::True);
    assert_eq!(without(&world, 10, 0), Verdict::Unknown);
    assert_eq!(without(&world, 5, 0), Verdict::True);
}

/// Found by the reference: of a count within a time, what was blind up to the watermark was not so in a blind stretch
/// that was declared behind it.
#[test]
fn what_is_younger_than_the_watermark_is_as_visible_as_what_came_before() {
    let one = pod("one", "a");
    let mut world = world(beats(&one, WINDOW - 1, 0));
    world.pack.patterns[0] = json!({
        "format": "amp-rules/v1", "id": "p0", "title": "P", "class": "effect", "severity": "error", "scope": "pod",
        "symptoms": { "often": { "log": { "contains": "refused" }, "at_least": 2, "within": "6m" } },
        "when": { "not": "often" },
    });
    assert_eq!(after(&world, &[lost("logs", WINDOW, 0), lost("logs", 10, 0)]), Verdict::Unknown);
}

/// The bin behind the last full one is still filling: until it is full, what was judged last stands.
#[test]
fn what_a_flow_did_in_its_last_full_bin_stands() {
    let mut sent = vec![4.0; 21];
    sent.extend([0.0; 3]);
    let mut world = flow("ceases", &sent);
    world.scope.window.to = world.scope.window.to.saturating_add(std::time::Duration::from_secs(240));
    world.scope.window.from = world.scope.window.from.saturating_add(std::time::Duration::from_secs(240));
    world.rows.0.push(row("logs", &pod("one", "a"), 1, "main", "it is refused"));
    world.pack.patterns[0]["symptoms"]["said"] = json!({ "log": { "contains": "refused" } });
    world.pack.patterns[0]["when"] = json!({ "all": ["flow", "said"] });
    assert_eq!(after(&world, &[]), Verdict::True);
}

/// A pod with one sample of `load` in each of the bins, in minutes before now; what it means is said by the symptom.
fn loaded(samples: &[(i64, f64)], symptom: serde_json::Value) -> World {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend(
        samples.iter().map(|(minutes, value)| Row { value: *value, ..row("metrics", &one, *minutes, "load", "") }),
    );
    let mut world = world(rows);
    world.pack.patterns[0]["symptoms"] = json!({ "a": symptom });
    world
}

/// Found by P4: a bin that was lost ended a row of bins that pass, as if nothing had been sent.
#[test]
fn a_lost_bin_may_be_one_of_several_in_a_row() {
    let world = loaded(
        &[(52, 4.0), (47, 4.0)],
        json!({
            "metric": "load", "steps": [{ "max": "value", "every": "5m" }], "above": 3, "consecutive": 2,
            "absent_means": "false"
        }),
    );
    assert_eq!(after(&world, &[]), Verdict::True);
    assert_eq!(after(&world, &[lost("metrics", 50, 45)]), Verdict::Unknown);
}

/// Found by reading on from there: a single bin that was lost was taken to be as the one before it.
#[test]
fn a_lost_bin_is_not_like_the_one_before_it() {
    let samples: Vec<(i64, f64)> = (0..24).map(|slot| (slot * 5 + 2, if slot == 9 { 9.0 } else { 0.0 })).collect();
    let world = loaded(&samples, json!({ "metric": "load", "steps": [{ "max": "value", "every": "5m" }], "above": 3 }));
    assert_eq!(after(&world, &[]), Verdict::True);
    assert_eq!(after(&world, &[lost("metrics", 50, 45)]), Verdict::Unknown);
}

/// Found by P5: what a property was before rows that were lost was taken to be what it was behind them.
#[test]
fn a_property_may_have_been_otherwise_where_rows_were_lost() {
    let mut world = loaded(
        &[(100, 1.0), (60, 1.0), (10, 1.0)],
        json!({ "property": { "metric": "load", "names": ["mode"] }, "is": "fast" }),
    );
    world.pack.patterns[0]["when"] = json!({ "not": "a" });
    for row in world.rows.0.iter_mut().filter(|row| row.part == "load") {
        row.mode = Some(if row.ago == 6000 { "slow" } else { "fast" });
    }
    assert_eq!(after(&world, &[]), Verdict::True);
    assert_eq!(after(&world, &[lost("metrics", 110, 90)]), Verdict::Unknown);
    // What was lost before the change was seen does not matter to what is so since.
    world.pack.patterns[0]["when"] = json!("a");
    assert_eq!(after(&world, &[lost("metrics", 110, 90)]), Verdict::True);
}

/// Found by P4: of an absence of which only a part could be seen, the rest was taken for presence.
#[test]
fn an_absence_may_reach_into_what_was_lost() {
    let mut world = world(beats(&pod("one", "a"), WINDOW - 1, 0));
    world.pack.patterns[0]["symptoms"] =
        json!({ "a": { "absent": { "log": { "contains": "refused" } }, "for": "30m" } });
    world.pack.patterns[0]["when"] = json!({ "not": "a" });
    assert_eq!(after(&world, &[]), Verdict::False);
    assert_eq!(after(&world, &[lost("logs", WINDOW, 60)]), Verdict::Unknown);
}

/// Found by P9: what lay behind the roots of one cluster cast doubt on a root of another.
#[test]
fn a_hypothesis_covers_the_roots_that_it_leads_to() {
    let (one, two) = (pod("one", "a"), pod("two", "b"));
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend(beats(&two, WINDOW - 1, 0));
    rows.extend([row("logs", &one, 20, "main", "it is refused"), row("logs", &two, 20, "main", "it is refused")]);
    rows.push(row("logs", &one, 21, "main", "it has timeout"));
    let mut both = world(rows);
    both.scope.subject.clear();
    both.pack.patterns.push(spoken("p1", "cause", "pod", "timeout"));
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

/// Found by P4: what is benign unless more is seen did not alarm, so losing all of it read as health.
#[test]
fn what_may_be_more_than_benign_is_not_healthy_when_it_is_lost() {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend([row("logs", &one, 30, "main", "it is refused"), row("logs", &one, 28, "main", "it has timeout")]);
    let mut world = world(rows);
    world.pack.patterns[0]["class"] = json!("benign");
    world.pack.patterns[0]["symptoms"]["more"] = json!({ "log": { "contains": "timeout" } });
    world.pack.patterns[0]["when"] = json!("said");
    world.pack.patterns[0]["noise_unless"] = json!("more");
    let rules = world.rules();
    let status = |losses: &[Loss]| amp_rules_core::evaluate(&rules, &blinded(&world, &rules, losses)).status;
    // Only what is a cause by class can be a confirmed root.
    assert_eq!(status(&[]), Status::DiagnosedPartial);
    assert_eq!(status(&[Loss::Table("logs", SourceErrorKind::Denied)]), Status::InsufficientData);
}

/// A world of one pod that lives throughout, with heartbeats of both tables, and two patterns: lines with a word, and a high load.
fn lines_and_load(rows: Vec<Row>) -> World {
    let one = pod("one", "a");
    let mut all = beats(&one, WINDOW - 1, 0);
    all.extend((0..WINDOW / 9).map(|at| row("logs", &one, at * 9 + 1, "main", "idle")));
    all.extend(rows);
    let mut world = world(all);
    world.pack.defaults = json!({ "ingestion_delay": "0s", "flush": "0s" });
    world.pack.patterns.push(json!({
        "format": "amp-rules/v1", "id": "p1", "title": "P", "class": "cause", "severity": "error", "scope": "pod",
        "symptoms": { "high": { "metric": "load", "steps": [{ "max": "value", "every": "5m" }], "above": 3 } },
    }));
    world
}

/// Found by measuring quality: a sample before the change made its whole bin false, so that a cause seemed to begin after its
/// effect.
#[test]
fn what_a_sample_shows_may_have_begun_right_after_the_one_before() {
    let one = pod("one", "a");
    let load = |ago: i64, value: f64| Row { value, ..row("metrics", &one, ago, "load", "") };
    // Samples at the 59th, 54th, … minute before now; the load rose a minute after the first high one was due.
    let mut rows: Vec<Row> =
        (0..WINDOW / 5).map(|at| load(at * 5 + 4, if at * 5 + 4 > 55 { 1.0 } else { 9.0 })).collect();
    rows.push(row("logs", &one, 58, "main", "it is refused"));
    rows.extend((0..11).map(|at| row("logs", &one, at * 5, "main", "it is refused")));
    let mut world = lines_and_load(rows);
    world.pack.patterns[1]["causes"] = json!([{ "pattern": "p0", "strength": "likely" }]);
    let roots: Vec<String> = world.diagnosis().roots.iter().map(|root| root.pattern.clone()).collect();
    assert_eq!(roots, ["p1"]);
}

/// Found by measuring quality: what held until its table was cut was told to be over.
#[test]
fn what_was_not_looked_at_since_is_not_over() {
    let one = pod("one", "a");
    let rows = (12..24).map(|at| row("logs", &one, at * 5, "main", "it is refused")).collect();
    let world = lines_and_load(rows);
    let rules = world.rules();
    let roles = |from: i64, to: i64| -> Vec<Role> {
        let loss = Loss::Stretch { table: "logs", from: from * 60, to: to * 60, pod: None, lost: vec![true] };
        let losses = if from > to { vec![loss] } else { Vec::new() };
        amp_rules_core::evaluate(&rules, &blinded(&world, &rules, &losses))
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
