//! Degrades every cluster, diagnoses it, and compares the diagnosis with that of the full data.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::choose::degradations;
use crate::cluster::{Cluster, Pack};
use crate::degradation::Degradation;
use crate::score::{Outcome, Verdict, compare};

/// One diagnosis of degraded data.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// The name of the cluster.
    pub(crate) cluster: String,
    pub(crate) is_incident: bool,
    pub(crate) degradation: Degradation,
    pub(crate) verdict: Verdict,
    pub(crate) outcome: Outcome,
}

/// All runs, and how many clusters they come from.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    pub(crate) incidents: usize,
    pub(crate) cases: usize,
    pub(crate) runs: Vec<Run>,
}

/// Runs all clusters whose full data has a root. `most` limits the degradations of each kind, for incidents and for cases.
pub(crate) fn run(pack: &Pack, most: (usize, usize)) -> Runs {
    let mut jobs: Vec<(&Cluster, Verdict, Degradation)> = Vec::new();
    let mut out = Runs::default();
    for (number, cluster) in (0..).zip(&pack.clusters) {
        let full = cluster.diagnosis(&pack.rules);
        if full.roots.is_empty() {
            continue;
        }
        let most = if cluster.is_incident { most.0 } else { most.1 };
        *(if cluster.is_incident { &mut out.incidents } else { &mut out.cases }) += 1;
        let verdict = Verdict::new(&full);
        let chosen = degradations(cluster, &full, &pack.rules, 0xde60 + number, most);
        jobs.extend(chosen.into_iter().map(|degradation| (cluster, verdict.clone(), degradation)));
    }
    out.runs = in_parallel(&jobs, |(cluster, full, degradation)| {
        let verdict = Verdict::new(&degradation.apply(cluster, &pack.rules).diagnosis(&pack.rules));
        let outcome = compare(full, &verdict);
        let (degradation, cluster, is_incident) = (degradation.clone(), cluster.name.clone(), cluster.is_incident);
        Run { cluster, is_incident, degradation, verdict, outcome }
    });
    out
}

/// Results in the order of the jobs, on as many threads as there are processors.
fn in_parallel<J: Sync, R: Send>(jobs: &[J], run: impl Fn(&J) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((index, job)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    jobs.get(index).map(|job| (index, job))
                } {
                    let result = run(job);
                    done.lock().unwrap().push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
