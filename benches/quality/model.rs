//! A random causal graph with all its probabilities. Nothing here depends on the engine.
//!
//! Input: a random number generator and a [`Setting`]. Output: a [`Model`]: six to fourteen patterns, their causal edges with probabilities
//! and delays, and their symptoms. The engine's pack is generated from it; the exact posterior reads it directly.

use amp_rules_benches::rng::Rng;

/// Pods of the one cluster.
pub(crate) const PODS: usize = 3;

/// The probabilities of one, two and three roots.
pub(crate) const ROOTS: [f64; 3] = [0.6, 0.3, 0.1];

/// The probability that a pod is affected by the incident; at least one is.
pub(crate) const PART: f64 = 0.6;

/// The probability that, on a pod without the pattern, one of two symptoms occurs that only together indicate the
/// pattern. For a given pattern it is always the same symptom.
pub(crate) const HALF: f64 = 0.2;

/// Tables of the generated telemetry.
pub(crate) const TABLES: [&str; 3] = ["logs", "metrics", "events"];

/// The difficulty of the worlds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// The name on the page.
    pub(crate) name: &'static str,
    /// The probability that a pattern has no symptoms.
    pub(crate) hidden: f64,
    /// The probability that a symptom occurs on a pod without a cause.
    pub(crate) false_symptom: f64,
    /// The probability that a symptom that should occur on a pod does not.
    pub(crate) missed: f64,
    /// The maximum clock error of a table, in seconds.
    pub(crate) skew: i64,
    /// The length of the window in seconds.
    pub(crate) window: i64,
    /// How long the first line or event of a symptom takes at most, per pod, in seconds. The pack declares it.
    pub(crate) late: i64,
    /// The probability that a pod restarts during the incident. If positive, a line occurs once per start and lasts until the
    /// next one.
    pub(crate) restarts: f64,
    /// The share of the rows that are lost undeclared.
    pub(crate) dropped: f64,
    /// Whether tables have declared gaps.
    pub(crate) gaps: bool,
    /// Whether an earlier incident with roots of its own ended hours before.
    pub(crate) earlier: bool,
}

/// The difficulty that all settings start from: none but a small clock error.
pub(crate) const PLAIN: Setting = Setting {
    name: "",
    hidden: 0.0,
    false_symptom: 0.0,
    missed: 0.0,
    skew: 90,
    window: 5 * 3600,
    late: 0,
    restarts: 0.0,
    dropped: 0.0,
    gaps: false,
    earlier: false,
};

impl Setting {
    /// The start of the part of the window in which the incident can begin; an earlier incident is over by then.
    pub(crate) fn recent(&self) -> i64 {
        self.window - PLAIN.window
    }
}

/// The class of a pattern, named as in the rule format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Cause,
    Effect,
    Impact,
}

impl Class {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Cause => "cause",
            Self::Effect => "effect",
            Self::Impact => "impact",
        }
    }
}

/// How the symptoms of a pattern combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// No symptoms.
    Hidden,
    /// One symptom, or any of two.
    Any,
    /// Both symptoms together.
    All,
}

/// One pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub(crate) class: Class,
    /// Whether its scope is the pod rather than the cluster.
    pub(crate) per_pod: bool,
    pub(crate) shape: Shape,
    /// The table of each symptom, as an index into [`TABLES`].
    pub(crate) symptoms: Vec<usize>,
}

/// A causal edge.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// The strength in the rule format, and the probability it represents here.
    pub(crate) strength: (&'static str, f64),
    /// The minimum and maximum delay in minutes.
    pub(crate) lag: (i64, i64),
    /// Whether the pack declares the delay.
    pub(crate) lag_known: bool,
}

/// Strengths of the rule format, the probabilities they represent, and how frequent they are.
const STRENGTHS: [(&str, f64, f64); 3] = [("sure", 1.0, 0.3), ("likely", 0.75, 0.45), ("possible", 0.35, 0.25)];

/// A causal model: patterns and edges. Every edge leads from a lower index to a higher one.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) setting: Setting,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) edges: Vec<Edge>,
}

impl Model {
    /// Generates a model with six to fourteen patterns.
    pub(crate) fn new(rng: &mut Rng, setting: Setting) -> Self {
        let many = 6 + rng.below(9);
        let mut edges = Vec::new();
        for to in 1..many {
            let mut causes = Vec::new();
            for _ in 0..rng.weighted(&[0.2, 0.4, 0.25, 0.15]) {
                let from = rng.below(to);
                if !causes.contains(&from) {
                    causes.push(from);
                }
            }
            causes.sort_unstable();
            edges.extend(causes.into_iter().map(|from| edge(rng, from, to)));
        }
        let patterns = (0..many)
            .map(|at| {
                let caused = edges.iter().any(|edge| edge.to == at);
                let causes = edges.iter().any(|edge| edge.from == at);
                pattern(rng, setting, caused, causes)
            })
            .collect();
        Self { setting, patterns, edges }
    }

    /// Returns the patterns that can be roots.
    pub(crate) fn causes(&self) -> Vec<usize> {
        (0..self.patterns.len()).filter(|at| self.patterns[*at].class == Class::Cause).collect()
    }

    /// Returns the probabilities of one, two and three roots, limited by the number of causes; the remainder is added
    /// to the largest.
    pub(crate) fn root_counts(&self) -> Vec<f64> {
        let most = self.causes().len().min(ROOTS.len());
        let mut counts = ROOTS[..most].to_vec();
        counts[most - 1] += ROOTS[most..].iter().sum::<f64>();
        counts
    }
}

fn edge(rng: &mut Rng, from: usize, to: usize) -> Edge {
    let (word, probability, _) = STRENGTHS[rng.weighted(&STRENGTHS.map(|strength| strength.2))];
    let least = *rng.pick(&[0, 0, 0, 1, 2, 5]);
    Edge {
        from,
        to,
        strength: (word, probability),
        lag: (least, least + rng.between(2, 5)),
        lag_known: rng.chance(0.7),
    }
}

fn pattern(rng: &mut Rng, setting: Setting, caused: bool, causes: bool) -> Pattern {
    let class = match (caused, causes) {
        (false, _) => Class::Cause,
        (true, true) => [Class::Cause, Class::Effect][rng.weighted(&[0.45, 0.55])],
        (true, false) => [Class::Cause, Class::Effect, Class::Impact][rng.weighted(&[0.3, 0.4, 0.3])],
    };
    // In a real pack, three in four patterns have the pod as their scope.
    let per_pod = rng.chance(0.75);
    let hidden = rng.chance(setting.hidden);
    let (shape, many) = [(Shape::Any, 1), (Shape::Any, 2), (Shape::All, 2)][rng.weighted(&[0.6, 0.2, 0.2])];
    let symptoms = (0..many).map(|_| rng.weighted(&[0.5, 0.3, 0.2])).collect();
    if hidden {
        return Pattern { class, per_pod, shape: Shape::Hidden, symptoms: Vec::new() };
    }
    Pattern { class, per_pod, shape, symptoms }
}
