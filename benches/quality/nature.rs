//! What can happen: a random causal graph with all its probabilities. Nothing here knows the engine.
//!
//! Input: dice and a [`Setting`]. Output: a [`Nature`]: six to fourteen patterns, what brings about what and how likely and
//! how soon, and what of each can be seen. The pack that the engine gets is written from it; the exact posterior reads it.

use crate::dice::Dice;

/// Pods of the one cluster.
pub(crate) const PODS: usize = 3;

/// How likely one, two or three roots are.
pub(crate) const ROOTS: [f64; 3] = [0.6, 0.3, 0.1];

/// How likely a pod takes part in the incident; at least one does.
pub(crate) const PART: f64 = 0.6;

/// How likely, at a pod without the pattern, one of two symptoms shows that only together mean the pattern; of one pattern
/// always the same one.
pub(crate) const HALF: f64 = 0.2;

/// Tables of the made-up telemetry.
pub(crate) const TABLES: [&str; 3] = ["logs", "metrics", "events"];

/// What is hard about the worlds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// In words.
    pub(crate) name: &'static str,
    /// How likely a pattern has no symptoms.
    pub(crate) hidden: f64,
    /// How likely a symptom shows at a pod where nothing brings it about.
    pub(crate) false_symptom: f64,
    /// How likely a symptom that should show at a pod does not.
    pub(crate) missed: f64,
    /// By how many seconds the clock of a table may be wrong.
    pub(crate) skew: i64,
}

/// What a pattern is by nature; the same words as in the rule format.
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

/// How the symptoms of a pattern tell that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// It has none.
    Hidden,
    /// Its one symptom, or any of its two.
    Any,
    /// Only both of its symptoms together.
    All,
}

/// One pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub(crate) class: Class,
    /// Whether it speaks of each pod, rather than of the cluster.
    pub(crate) per_pod: bool,
    pub(crate) shape: Shape,
    /// The table of each symptom, as a position in [`TABLES`].
    pub(crate) symptoms: Vec<usize>,
}

/// One thing that can bring about another.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// The word of the rule format, and the probability that it stands for here.
    pub(crate) strength: (&'static str, f64),
    /// The least and the greatest delay in minutes.
    pub(crate) lag: (i64, i64),
    /// Whether the pack's author knows the delay.
    pub(crate) lag_known: bool,
}

/// Words for how surely a cause brings about its effect, what they stand for, and how common they are.
const STRENGTHS: [(&str, f64, f64); 3] = [("sure", 1.0, 0.3), ("likely", 0.75, 0.45), ("possible", 0.35, 0.25)];

/// Patterns and edges; every edge leads from a smaller number to a larger one.
#[derive(Clone, Debug)]
pub(crate) struct Nature {
    pub(crate) setting: Setting,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) edges: Vec<Edge>,
}

impl Nature {
    /// A nature with six to fourteen patterns.
    pub(crate) fn new(dice: &mut Dice, setting: Setting) -> Self {
        let many = 6 + dice.below(9);
        let mut edges = Vec::new();
        for to in 1..many {
            let mut causes = Vec::new();
            for _ in 0..dice.weighted(&[0.2, 0.4, 0.25, 0.15]) {
                let from = dice.below(to);
                if !causes.contains(&from) {
                    causes.push(from);
                }
            }
            causes.sort_unstable();
            edges.extend(causes.into_iter().map(|from| edge(dice, from, to)));
        }
        let patterns = (0..many)
            .map(|at| {
                let caused = edges.iter().any(|edge| edge.to == at);
                let causes = edges.iter().any(|edge| edge.from == at);
                pattern(dice, setting, caused, causes)
            })
            .collect();
        Self { setting, patterns, edges }
    }

    /// The patterns at which an incident can begin.
    pub(crate) fn causes(&self) -> Vec<usize> {
        (0..self.patterns.len()).filter(|at| self.patterns[*at].class == Class::Cause).collect()
    }

    /// How likely one, two, three roots are where there are so many causes; what is left over goes to the greatest.
    pub(crate) fn root_counts(&self) -> Vec<f64> {
        let most = self.causes().len().min(ROOTS.len());
        let mut counts = ROOTS[..most].to_vec();
        counts[most - 1] += ROOTS[most..].iter().sum::<f64>();
        counts
    }
}

fn edge(dice: &mut Dice, from: usize, to: usize) -> Edge {
    let (word, probability, _) = STRENGTHS[dice.weighted(&STRENGTHS.map(|strength| strength.2))];
    let least = *dice.pick(&[0, 0, 0, 1, 2, 5]);
    Edge {
        from,
        to,
        strength: (word, probability),
        lag: (least, least + dice.between(2, 5)),
        lag_known: dice.chance(0.7),
    }
}

fn pattern(dice: &mut Dice, setting: Setting, caused: bool, causes: bool) -> Pattern {
    let class = match (caused, causes) {
        (false, _) => Class::Cause,
        (true, true) => [Class::Cause, Class::Effect][dice.weighted(&[0.45, 0.55])],
        (true, false) => [Class::Cause, Class::Effect, Class::Impact][dice.weighted(&[0.3, 0.4, 0.3])],
    };
    // Three in four patterns of a real pack speak of a pod.
    let per_pod = dice.chance(0.75);
    let hidden = dice.chance(setting.hidden);
    let (shape, many) = [(Shape::Any, 1), (Shape::Any, 2), (Shape::All, 2)][dice.weighted(&[0.6, 0.2, 0.2])];
    let symptoms = (0..many).map(|_| dice.weighted(&[0.5, 0.3, 0.2])).collect();
    if hidden {
        return Pattern { class, per_pod, shape: Shape::Hidden, symptoms: Vec::new() };
    }
    Pattern { class, per_pod, shape, symptoms }
}
