//! The reference method: the exact noisy-or posterior of the roots, computed with the probabilities that generated the
//! incident.
//!
//! Input: a [`Model`] and the observable state of each symptom on each pod. Output: per pattern the probability that
//! it is a root. The computation enumerates all sets of holding patterns (at most 2^14), all sets of roots among them
//! and all sets of pods; nothing is sampled. It does not use times. An unknown cell has no effect.

use crate::losses::Cell;
use crate::model::{HALF, Model, PART, PODS, Shape};

/// Returns, per pattern, the probability that it is a root.
pub(crate) fn posterior(model: &Model, cells: &[Vec<[Cell; PODS]>]) -> Vec<f64> {
    let many = model.patterns.len();
    let space = Space::new(model);
    let places = places(model, cells);
    let mut mass = vec![0.0; many];
    let mut total = 0.0;
    for holding in 1_usize..1 << many {
        let likely = likelihood(&places, holding);
        if likely == 0.0 {
            continue;
        }
        total += likely * space.add(holding, likely, &mut mass);
    }
    mass.iter().map(|one| if total == 0.0 { 0.0 } else { one / total }).collect()
}

/// For a set of pods: its probability, and per pattern the likelihood of the observations if it does not and if it does
/// hold.
type Place = (f64, Vec<[f64; 2]>);

fn places(model: &Model, cells: &[Vec<[Cell; PODS]>]) -> Vec<Place> {
    (1_usize..1 << PODS)
        .map(|pods| {
            let takes_part = |pod: usize| pods >> pod & 1 == 1;
            let prior = (0..PODS).map(|pod| if takes_part(pod) { PART } else { 1.0 - PART }).product();
            let likely = cells.iter().enumerate().map(|(at, cells)| {
                let at_pods = |holds: bool, alone: usize| -> f64 {
                    (0..PODS)
                        .map(|pod| {
                            let seen: Vec<Cell> = cells.iter().map(|symptom| symptom[pod]).collect();
                            at_pod(model, at, &seen, holds && takes_part(pod), alone)
                        })
                        .product()
                };
                let either = |holds: bool| 0.5 * (at_pods(holds, 0) + at_pods(holds, 1));
                [either(false), either(true)]
            });
            (prior, likely.collect())
        })
        .collect()
}

/// Returns the likelihood of a pattern's symptoms on a pod where it holds or does not, given which of two symptoms is
/// the one that sometimes occurs alone.
fn at_pod(model: &Model, pattern: usize, seen: &[Cell], holds: bool, alone: usize) -> f64 {
    let (wrongly, missed) = (model.setting.false_symptom, model.setting.missed);
    let one = |cell: Cell, due: bool| {
        // A missed symptom may still occur as a false symptom.
        let shows = if due { 1.0 - missed + missed * wrongly } else { wrongly };
        match cell {
            Cell::Seen => shows,
            Cell::Absent => 1.0 - shows,
            Cell::Unknown => 1.0,
        }
    };
    match (model.patterns[pattern].shape, seen) {
        (Shape::All, [first, second]) if !holds => {
            let half = one(*first, alone == 0) * one(*second, alone == 1);
            (1.0 - HALF) * one(*first, false) * one(*second, false) + HALF * half
        }
        _ => seen.iter().map(|cell| one(*cell, holds)).product(),
    }
}

fn likelihood(places: &[Place], holding: usize) -> f64 {
    let mut sum = 0.0;
    for (prior, likely) in places {
        let mut product = *prior;
        for (at, [without, with]) in likely.iter().enumerate() {
            product *= if holding >> at & 1 == 1 { with } else { without };
            if product == 0.0 {
                break;
            }
        }
        sum += product;
    }
    sum
}

/// The prior, before any observation.
struct Space {
    /// Per pattern its causes, each with the probability that it causes the pattern.
    causes: Vec<Vec<(usize, f64)>>,
    can_be_root: Vec<bool>,
    /// By the number of roots (index + 1), the probability of each single set of that size.
    sets: Vec<f64>,
}

impl Space {
    fn new(model: &Model) -> Self {
        let mut causes = vec![Vec::new(); model.patterns.len()];
        for edge in &model.edges {
            causes[edge.to].push((edge.from, edge.strength.1));
        }
        let possible_roots = model.causes();
        let can_be_root = (0..model.patterns.len()).map(|at| possible_roots.contains(&at)).collect();
        let counts = model.root_counts();
        let all: f64 = counts.iter().sum();
        let set = |(size, count): (usize, &f64)| count / all / choices(possible_roots.len(), size + 1);
        Self { causes, can_be_root, sets: counts.iter().enumerate().map(set).collect() }
    }

    /// Returns the probability that exactly these patterns hold. Adds to each pattern the probability that it is a root
    /// in that case, times the likelihood of the observations.
    fn add(&self, holding: usize, likely: f64, mass: &mut [f64]) -> f64 {
        let mut always = 1.0;
        let mut must = Vec::new();
        let mut may = Vec::new();
        for (at, causes) in self.causes.iter().enumerate() {
            let quiet: f64 = causes
                .iter()
                .filter(|(from, _)| holding >> from & 1 == 1)
                .map(|(_, probability)| 1.0 - probability)
                .product();
            if holding >> at & 1 == 0 {
                always *= quiet;
            } else if quiet == 1.0 {
                must.push(at);
            } else {
                always *= 1.0 - quiet;
                if self.can_be_root[at] {
                    may.push((at, 1.0 / (1.0 - quiet)));
                }
            }
        }
        if always == 0.0 || must.len() > self.sets.len() || must.iter().any(|at| !self.can_be_root[*at]) {
            return 0.0;
        }
        let mut walk = Walk { space: self, may: &may, chosen: must, likely, mass, total: 0.0 };
        walk.go(0, always);
        walk.total
    }
}

/// Enumerates every set of roots.
struct Walk<'a> {
    space: &'a Space,
    may: &'a [(usize, f64)],
    chosen: Vec<usize>,
    likely: f64,
    mass: &'a mut [f64],
    total: f64,
}

impl Walk<'_> {
    fn go(&mut self, next: usize, weight: f64) {
        if let Some(set) = self.chosen.len().checked_sub(1).and_then(|size| self.space.sets.get(size)) {
            let probability = weight * set;
            self.total += probability;
            for at in &self.chosen {
                self.mass[*at] += probability * self.likely;
            }
        }
        if self.chosen.len() == self.space.sets.len() {
            return;
        }
        for place in next..self.may.len() {
            let (at, odds) = self.may[place];
            self.chosen.push(at);
            self.go(place + 1, weight * odds);
            self.chosen.pop();
        }
    }
}

/// Returns the number of ways to choose `many` of `of` elements.
fn choices(of: usize, many: usize) -> f64 {
    (0..many).map(|at| (of - at) as f64 / (at + 1) as f64).product()
}
