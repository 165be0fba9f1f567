//! What a degradation does to a diagnosis.
//!
//! Input: the diagnosis of the full data, and that of the degraded data. Output: an [`Outcome`]. The roots of the full data
//! are taken as true; what is compared is only what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::Diagnosis;
use amp_rules_core::diagnosis::{Grade, Status};

/// The part of a diagnosis that is compared.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) status: Status,
    /// The roots, best first.
    pub(crate) roots: Vec<(String, Grade)>,
    /// Per root, everything that it explains.
    pub(crate) effects: BTreeMap<String, BTreeSet<String>>,
    /// Every pattern that holds, with its role.
    pub(crate) holds: BTreeMap<String, &'static str>,
    /// Every pattern that is unknown.
    pub(crate) unknown: BTreeSet<String>,
}

impl Verdict {
    pub(crate) fn new(diagnosis: &Diagnosis) -> Self {
        let effects = |root: &amp_rules_core::diagnosis::Root| {
            root.chain.iter().map(|link| &link.pattern).chain(&root.explains).cloned().collect()
        };
        Self {
            status: diagnosis.status,
            roots: diagnosis.roots.iter().map(|root| (root.pattern.clone(), root.grade)).collect(),
            effects: diagnosis.roots.iter().map(|root| (root.pattern.clone(), effects(root))).collect(),
            holds: diagnosis.findings.iter().map(|one| (one.pattern.clone(), one.role.as_str())).collect(),
            unknown: diagnosis.unresolved.iter().map(|one| one.pattern.clone()).collect(),
        }
    }

    /// The position of a root in the ranking.
    fn place(&self, pattern: &str) -> Option<usize> {
        self.roots.iter().position(|(root, _)| root == pattern)
    }

    /// The roots and their grades as text.
    pub(crate) fn text(&self) -> String {
        let roots: Vec<String> =
            self.roots.iter().map(|(root, grade)| format!("`{root}` {}", grade.as_str())).collect();
        let roots = if roots.is_empty() { "no root".to_owned() } else { roots.join(", ") };
        format!("{}: {roots}", self.status.as_str())
    }
}

/// What became of the true roots.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// Confirmed roots that are no roots in the full data, each with what it is there.
    pub(crate) wrong_confirmed: Vec<String>,
    /// True roots that still hold and are below one of their own effects, with that effect.
    pub(crate) below_effect: Vec<String>,
    /// Effects that became roots of their own, ranked after their root, which still holds.
    pub(crate) beside_root: Vec<String>,
    /// Whether the status denies that there is a problem now.
    pub(crate) false_healthy: bool,
    /// Whether every true root is a root.
    pub(crate) kept: bool,
    /// Whether the diagnosis does not name every true root, and says so: not enough data, a cause that was not observed, or
    /// a lost root listed as unknown.
    pub(crate) honest: bool,
}

impl Outcome {
    /// Whether a goal is violated.
    pub(crate) fn is_violation(&self) -> bool {
        !self.wrong_confirmed.is_empty() || !self.below_effect.is_empty() || self.false_healthy
    }
}

/// Compares the degraded diagnosis with the full one, which has at least one root.
pub(crate) fn compare(full: &Verdict, degraded: &Verdict) -> Outcome {
    let is_true_root = |pattern: &str| full.place(pattern).is_some();
    let mut outcome = Outcome {
        false_healthy: matches!(
            degraded.status,
            Status::Healthy | Status::NoKnownProblem | Status::NoiseOnly | Status::Recovered
        ),
        kept: full.roots.iter().all(|(root, _)| degraded.place(root).is_some()),
        ..Outcome::default()
    };
    for (root, grade) in &degraded.roots {
        if *grade == Grade::Confirmed && !is_true_root(root) {
            let role = full.holds.get(root).map_or("false".to_owned(), |role| format!("a {role}"));
            outcome.wrong_confirmed.push(format!("`{root}`, which is {role} in the full data"));
        }
    }
    for (root, _) in full.roots.iter().filter(|(root, _)| degraded.holds.contains_key(root)) {
        let own = degraded.place(root);
        let effects = full.effects.get(root).into_iter().flatten().filter(|effect| !is_true_root(effect));
        for (effect, place) in effects.filter_map(|effect| Some((effect, degraded.place(effect)?))) {
            if own.is_none_or(|own| place < own) {
                outcome.below_effect.push(format!("`{root}` below `{effect}`"));
            } else {
                outcome.beside_root.push(format!("`{effect}` beside `{root}`"));
            }
        }
    }
    let lost_is_unknown = full.roots.iter().any(|(root, _)| degraded.unknown.contains(root));
    let partial = matches!(degraded.status, Status::InsufficientData | Status::DiagnosedPartial);
    outcome.honest = !outcome.kept && !outcome.is_violation() && (partial || lost_is_unknown);
    outcome
}
