//! The degradations to apply to a cluster: all tables, and a seeded choice of everything else.

use std::collections::BTreeSet;
use std::time::Duration;

use amp_rules_benches::rng::Rng;
use amp_rules_core::telemetry::schema::Path;
use amp_rules_core::time::{TICKS_PER_SECOND, Time, Window};
use amp_rules_core::{Diagnosis, RuleSet};

use crate::cluster::{self, Cluster, distinct, table};
use crate::degradation::{Degradation, KINDS};

/// The longest ranges of time to cut.
const RANGES: [Duration; 2] = [Duration::from_secs(20 * 60), Duration::from_secs(2 * 3600)];

/// How often a random share is lost.
const SEEDS: u64 = 3;

/// How many metrics of a cluster are renamed.
const METRICS: usize = 6;

/// How many columns that the schema does not name are renamed, per table.
const COLUMNS: usize = 3;

/// How many pods lose their rows, each from two instants on.
const PODS: usize = 3;

/// The degradations of a cluster, at most `most` of each kind, in the order of their kinds.
pub(crate) fn degradations(
    cluster: &Cluster,
    full: &Diagnosis,
    rules: &RuleSet,
    seed: u64,
    most: usize,
) -> Vec<Degradation> {
    let mut rng = Rng::new(seed);
    let mut all = Vec::new();
    for name in cluster.rows.keys() {
        all.push(Degradation::TableMissing { table: name.clone() });
        all.push(Degradation::TableEmpty { table: name.clone() });
        all.push(Degradation::TableRenamed { table: name.clone() });
        all.extend([-10, -2, 2, 10].map(|minutes| Degradation::Clock { table: name.clone(), minutes }));
        all.extend(columns(cluster, rules, name, &mut rng));
    }
    for range in ranges(cluster.scope.window, full, &mut rng) {
        all.extend([true, false].map(|declared| Degradation::Range { range, declared }));
    }
    for percent in [10, 30] {
        all.extend((0..SEEDS).map(|number| Degradation::Share { percent, seed: number }));
    }
    all.extend(metrics(cluster, rules, &mut rng));
    all.extend(pods(cluster, rules, &mut rng));
    let mut chosen = Vec::new();
    for kind in 0..KINDS.len() {
        let mut of_kind: Vec<&Degradation> = all.iter().filter(|one| one.kind() == kind).collect();
        while of_kind.len() > most {
            of_kind.remove(rng.below(of_kind.len()));
        }
        chosen.extend(of_kind.into_iter().cloned());
    }
    chosen
}

/// Ranges at the start, within, at the end, and around the onset of the first root, of each length.
fn ranges(window: Window, full: &Diagnosis, rng: &mut Rng) -> Vec<Window> {
    let minutes = |time: i64| time * 60 * TICKS_PER_SECOND;
    let length = window.ticks() / minutes(1);
    let mut ranges = Vec::new();
    for longest in RANGES {
        let cut = i64::try_from(longest.as_secs() / 60).unwrap().min(length / 4);
        let onset = full.roots.first().map(|root| root.onset.latest).filter(|at| window.from < *at && *at < window.to);
        let around = onset.map(|at| at.saturating_add_ticks(-minutes(cut / 2)));
        let at = |minute: i64| window.from.saturating_add_ticks(minutes(minute));
        let starts = [Some(at(0)), Some(at(rng.between(cut, length - 2 * cut))), Some(at(length - cut)), around];
        ranges.extend(starts.into_iter().flatten().map(|from| {
            let from = from.max(window.from);
            Window::new(from, from.saturating_add_ticks(minutes(cut)).min(window.to))
        }));
    }
    ranges
}

/// The columns that the schema of a table names, and some that it does not name.
fn columns(cluster: &Cluster, rules: &RuleSet, name: &str, rng: &mut Rng) -> Vec<Degradation> {
    let table = table(rules, name);
    let schema: Vec<&Path> = [Some(&table.time), table.text.as_ref(), table.metric_name.as_ref(), table.value.as_ref()]
        .into_iter()
        .flatten()
        .chain(table.keys.values())
        .collect();
    let mut used: BTreeSet<Vec<String>> = BTreeSet::new();
    for (column, value) in cluster.rows.get(name).into_iter().flatten().flatten() {
        match value.as_object() {
            Some(properties) => used.extend(properties.keys().map(|property| vec![column.clone(), property.clone()])),
            None => {
                used.insert(vec![column.clone()]);
            }
        }
    }
    let (known, mut others): (Vec<_>, Vec<_>) =
        used.into_iter().partition(|parts| schema.iter().any(|path| path.parts() == parts.as_slice()));
    while others.len() > COLUMNS {
        others.remove(rng.below(others.len()));
    }
    let path = |parts: &[String]| match parts {
        [column, property] => Path::of(column, property),
        parts => Path::dotted(&parts.join(".")),
    };
    let renamed = |parts: Vec<String>| Degradation::Column { table: name.to_owned(), path: path(&parts) };
    known.into_iter().chain(others).map(renamed).collect()
}

fn metrics(cluster: &Cluster, rules: &RuleSet, rng: &mut Rng) -> Vec<Degradation> {
    let mut all = Vec::new();
    for name in cluster.rows.keys() {
        let Some(path) = &table(rules, name).metric_name else { continue };
        let named = distinct(&cluster.rows, name, path).into_iter();
        all.extend(named.map(|metric| Degradation::Metric { table: name.clone(), metric }));
    }
    while all.len() > METRICS {
        all.remove(rng.below(all.len()));
    }
    all
}

/// Some pods, each cut off early and late in the window.
fn pods(cluster: &Cluster, rules: &RuleSet, rng: &mut Rng) -> Vec<Degradation> {
    let mut pods: Vec<String> = cluster::pods(&cluster.rows, &rules.schema).into_iter().collect();
    while pods.len() > PODS {
        pods.remove(rng.below(pods.len()));
    }
    let window = cluster.scope.window;
    let minutes = window.ticks() / (60 * TICKS_PER_SECOND);
    let mut all = Vec::new();
    for pod in pods {
        for (least, most) in [(0, minutes / 2), (minutes / 2, minutes - 1)] {
            let from: Time = window.from.saturating_add_ticks(rng.between(least, most) * 60 * TICKS_PER_SECOND);
            all.push(Degradation::Pod { pod: pod.clone(), from });
        }
    }
    all
}
