//! Runs every method on many incidents and counts how often each is right.
//!
//! Input: a [`Setting`], a share of losses, a number of worlds. Output: [`Scores`] per method. The worlds of a setting are
//! the same for every share of losses.

use std::collections::BTreeSet;

use amp_rules_core::diagnosis::Grade;

use crate::engine::{Answer, Engine, Mode};
use crate::exact::posterior;
use crate::incident::Incident;
use crate::losses::{Losses, is_seen};
use crate::model::{Model, Setting};
use amp_rules_benches::rng::Rng;

/// The methods that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Engine,
    EngineWithoutTimes,
    UnknownAsFalse,
    Exact,
    /// The exact posterior, restricted to patterns that are observed to hold.
    ExactSeen,
}

pub(crate) const METHODS: [Method; 5] =
    [Method::Engine, Method::EngineWithoutTimes, Method::UnknownAsFalse, Method::Exact, Method::ExactSeen];

/// The minimum probability at which the exact posterior claims a root; it always claims the most probable one.
pub(crate) const CLAIMED: f64 = 0.5;

/// A number of claims, and how many of them were right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Fraction {
    pub(crate) right: usize,
    pub(crate) all: usize,
}

impl Fraction {
    fn add(&mut self, right: bool) {
        self.right += usize::from(right);
        self.all += 1;
    }

    /// Returns the share from 0 to 1, or `None` if nothing was counted.
    pub(crate) fn value(self) -> Option<f64> {
        (self.all > 0).then(|| self.right as f64 / self.all as f64)
    }
}

/// The scores over many worlds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Scores {
    /// Of all claimed roots, how many are true roots.
    pub(crate) precision: Fraction,
    /// Of all true roots, how many were claimed.
    pub(crate) recall: Fraction,
    /// Of all worlds, in how many the first claim is right; a world without a claim counts as wrong.
    pub(crate) first: Fraction,
    /// The same for the first listed root of any grade.
    pub(crate) first_listed: Fraction,
    /// The same three with hypotheses as additional claims, after the roots.
    pub(crate) wide_precision: Fraction,
    pub(crate) wide_recall: Fraction,
    pub(crate) wide_first: Fraction,
    /// Of the roots with the grade, how many are right. An open one is right if it holds and none of its holding causes
    /// was observed.
    pub(crate) confirmed: Fraction,
    pub(crate) provisional: Fraction,
    pub(crate) open: Fraction,
    /// Of all worlds, in how many no root was claimed.
    pub(crate) without: Fraction,
}

/// Returns the harmonic mean of precision and recall.
pub(crate) fn f1(precision: Fraction, recall: Fraction) -> f64 {
    let (found, named, all) = (precision.right as f64, precision.all as f64, recall.all as f64);
    if named + all == 0.0 { 0.0 } else { 2.0 * found / (named + all) }
}

impl Scores {
    fn add(&mut self, incident: &Incident, answer: &Answer) {
        let is_root = |one: &usize| incident.roots.contains(one);
        let mut claims: BTreeSet<usize> = answer.claims().collect();
        self.without.add(claims.is_empty());
        claims.iter().for_each(|one| self.precision.add(is_root(one)));
        incident.roots.iter().for_each(|root| self.recall.add(claims.contains(root)));
        self.first.add(answer.claims().next().as_ref().is_some_and(is_root));
        self.first_listed.add(answer.ranked.first().is_some_and(|(first, _)| is_root(first)));
        claims.extend(&answer.hypotheses);
        claims.iter().for_each(|one| self.wide_precision.add(is_root(one)));
        incident.roots.iter().for_each(|root| self.wide_recall.add(claims.contains(root)));
        let first = answer.claims().next().or(answer.hypotheses.first().copied());
        self.wide_first.add(first.as_ref().is_some_and(is_root));
        for (root, grade) in &answer.ranked {
            match grade {
                Some(Grade::Confirmed) => self.confirmed.add(is_root(root)),
                Some(Grade::Provisional) => self.provisional.add(is_root(root)),
                Some(Grade::Open) => self.open.add(is_rightly_open(incident, answer, *root)),
                None => {}
            }
        }
    }
}

fn is_rightly_open(incident: &Incident, answer: &Answer, root: usize) -> bool {
    let holds = |at: usize| incident.onsets[at].is_some();
    let mut causes = incident.model.edges.iter().filter(|edge| edge.to == root && holds(edge.from));
    holds(root) && causes.all(|edge| !answer.holding.contains(&edge.from))
}

/// The scores of all methods in one setting at one share of losses.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) setting: Setting,
    /// The requested share of losses.
    pub(crate) wanted: f64,
    /// The mean share that was lost.
    pub(crate) lost: f64,
    /// In the order of [`METHODS`].
    pub(crate) scores: Vec<Scores>,
}

impl Outcome {
    /// Returns the scores of one method.
    pub(crate) fn of(&self, method: Method) -> &Scores {
        let place = METHODS.iter().position(|one| *one == method).unwrap();
        &self.scores[place]
    }
}

/// Returns the incident of one world.
pub(crate) fn incident(setting: Setting, number: u64) -> Incident {
    let mut rng = Rng::new(0x00a5_4d50 + number.wrapping_mul(0x0001_0001));
    let model = Model::new(&mut rng, setting);
    Incident::new(&mut rng, model)
}

/// Returns the losses of one world.
pub(crate) fn losses(incident: &Incident, number: u64, wanted: f64) -> Losses {
    let mut rng = Rng::new(0x1055 + number.wrapping_mul(0x0101_0001) + (wanted * 100.0) as u64);
    Losses::new(&mut rng, &incident.model, wanted)
}

/// Runs all methods on `worlds` worlds for each share of losses.
pub(crate) fn run(setting: Setting, shares: &[f64], worlds: u64) -> Vec<Outcome> {
    let empty = |wanted: &f64| {
        let scores = vec![Scores::default(); METHODS.len()];
        Outcome { setting, wanted: *wanted, lost: 0.0, scores }
    };
    let mut outcomes: Vec<Outcome> = shares.iter().map(empty).collect();
    for number in 0..worlds {
        let incident = incident(setting, number);
        let engine = Engine::new(&incident.model);
        for outcome in &mut outcomes {
            let losses = losses(&incident, number, outcome.wanted);
            outcome.lost += losses.share(&incident.model) / worlds as f64;
            let exact = exact(&incident, &losses);
            for (method, scores) in METHODS.iter().zip(&mut outcome.scores) {
                let answer = match method {
                    Method::Engine => engine.answer(&incident, &losses, Mode::Whole),
                    Method::EngineWithoutTimes => engine.answer(&incident, &losses, Mode::WithoutTimes),
                    Method::UnknownAsFalse => engine.answer(&incident, &losses, Mode::UnknownAsFalse),
                    Method::Exact => exact.0.clone(),
                    Method::ExactSeen => exact.1.clone(),
                };
                scores.add(&incident, &answer);
            }
        }
    }
    outcomes
}

/// Returns the claims of the exact posterior: unrestricted, and restricted to patterns that are observed to hold.
fn exact(incident: &Incident, losses: &Losses) -> (Answer, Answer) {
    let cells = losses.cells(incident);
    let probabilities = posterior(&incident.model, &cells);
    let seen = |at: &usize| is_seen(&incident.model, *at, &cells[*at]);
    (claimed(&probabilities, |_| true), claimed(&probabilities, seen))
}

fn claimed(probabilities: &[f64], may: impl Fn(&usize) -> bool) -> Answer {
    let mut order: Vec<usize> = (0..probabilities.len()).filter(may).filter(|at| probabilities[*at] > 0.0).collect();
    order.sort_by(|a, b| probabilities[*b].total_cmp(&probabilities[*a]).then(a.cmp(b)));
    let many = order.iter().take_while(|at| probabilities[**at] >= CLAIMED).count().max(1);
    order.truncate(many);
    Answer { ranked: order.into_iter().map(|root| (root, None)).collect(), ..Answer::default() }
}
