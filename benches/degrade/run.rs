//! Degrades every world, diagnoses it, and compares the diagnosis with that of the full data.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::choose::degradations;
use crate::degradation::Degradation;
use crate::score::{Outcome, Verdict, compare};
use crate::world::{Pack, World};

/// One diagnosis of degraded data.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// The name of the world.
    pub(crate) world: String,
    pub(crate) is_incident: bool,
    pub(crate) degradation: Degradation,
    pub(crate) verdict: Verdict,
    pub(crate) outcome: Outcome,
}

/// All runs, and how many worlds they come from.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    pub(crate) incidents: usize,
    pub(crate) cases: usize,
    pub(crate) runs: Vec<Run>,
}

/// Runs all worlds whose full data has a root. `most` limits the degradations of each kind, for incidents and for cases.
pub(crate) fn run(pack: &Pack, most: (usize, usize)) -> Runs {
    let mut jobs: Vec<(&World, Verdict, Degradation)> = Vec::new();
    let mut out = Runs::default();
    for (number, world) in (0..).zip(&pack.worlds) {
        let full = world.diagnosis(&pack.rules);
        if full.roots.is_empty() {
            continue;
        }
        let most = if world.is_incident { most.0 } else { most.1 };
        *(if world.is_incident { &mut out.incidents } else { &mut out.cases }) += 1;
        let verdict = Verdict::new(&full);
        let chosen = degradations(world, &full, &pack.rules, 0xde60 + number, most);
        jobs.extend(chosen.into_iter().map(|degradation| (world, verdict.clone(), degradation)));
    }
    out.runs = in_parallel(&jobs, |(world, full, degradation)| {
        let verdict = Verdict::new(&degradation.apply(world, &pack.rules).diagnosis(&pack.rules));
        let outcome = compare(full, &verdict);
        let (degradation, world, is_incident) = (degradation.clone(), world.name.clone(), world.is_incident);
        Run { world, is_incident, degradation, verdict, outcome }
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
