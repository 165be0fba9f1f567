//! Small scenarios that are written by hand: a few pods, a few rows, one pattern.

use amp_rules_core::Entity;
use amp_rules_core::explain::Verdict;

use super::verdicts::truths;
use crate::generate::loss::{Loss, blinded};
use crate::generate::pack::log_pattern;
use crate::generate::scenario::Scenario;
use crate::generate::telemetry::{Pod, Row, Rows};

/// A pod of a cluster.
pub(crate) fn pod(cluster: &'static str, name: &str) -> Pod {
    Pod { cluster, controller: "ReplicaSet", name: name.to_owned() }
}

/// A row at so many minutes before the diagnosis.
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

/// Heartbeats of a pod every five minutes, between two ages in minutes.
pub(crate) fn beats(pod: &Pod, from: i64, to: i64) -> Vec<Row> {
    (to..=from).step_by(5).map(|ago| row("metrics", pod, ago, "alive", "")).collect()
}

/// A scenario of some rows and one pattern, `p0`, whose symptom is the word `refused`.
pub(crate) fn scenario(rows: Vec<Row>) -> Scenario {
    let mut scenario = Scenario::new(&[], &[]);
    scenario.pack.patterns = vec![log_pattern("p0", "cause", "pod", "refused")];
    scenario.rows = Rows(rows);
    scenario
}

/// The verdict on `p0` at an entity; `None` if it has no instance there.
pub(crate) fn verdict(scenario: &Scenario, entity: &[(&str, &str)]) -> Option<Verdict> {
    let rules = scenario.rules();
    let entity = Entity::new(entity.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    truths(&rules, &scenario.observe(&rules, &scenario.source())).get(&("p0".to_owned(), entity)).copied()
}

/// The loss of a table in a time range, in minutes before now.
pub(crate) fn lost(table: &'static str, from: i64, to: i64) -> Loss {
    Loss::TimeRange { table, from: from * 60, to: to * 60, pod: None, lost: vec![true] }
}

/// The verdict on `p0` at the pod `a` after losses.
pub(crate) fn after(scenario: &Scenario, losses: &[Loss]) -> Verdict {
    let rules = scenario.rules();
    truths(&rules, &blinded(scenario, &rules, losses))
        [&("p0".to_owned(), crate::generate::telemetry::entity(&pod("one", "a")))]
}
