//! What the laws have found in the evaluator, each as a small world of its own.

use amp_rules_core::Entity;
use amp_rules_core::explain::Verdict;
use serde_json::json;

use crate::pack::spoken;
use crate::telemetry::{Pod, Row, Rows};
use crate::verdicts::truths;
use crate::world::{WINDOW, World};

/// A pod of a cluster.
fn pod(cluster: &'static str, name: &str) -> Pod {
    Pod { cluster, controller: "ReplicaSet", name: name.to_owned() }
}

/// A row of so many minutes before the diagnosis.
fn row(table: &'static str, pod: &Pod, minutes: i64, part: &'static str, text: &str) -> Row {
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
fn beats(pod: &Pod, from: i64, to: i64) -> Vec<Row> {
    (to..=from).step_by(5).map(|ago| row("metrics", pod, ago, "alive", "")).collect()
}

/// One pattern with the word `refused`, and some rows.
fn world(rows: Vec<Row>) -> World {
    let mut world = World::new(&[], &[]);
    world.pack.patterns = vec![spoken("p0", "cause", "pod", "refused")];
    world.rows = Rows(rows);
    world
}

fn verdict(world: &World, entity: &[(&str, &str)]) -> Option<Verdict> {
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
