//! What a caller chooses for a report, and what a report can show in addition to the diagnosis.

use crate::explain::{Counterfactual, NextQuery};

/// How a report for a terminal looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextOptions {
    /// The width in columns, treated as at least 40. Only a single word that is wider exceeds it.
    pub width: usize,
    /// Whether headings and verdicts are coloured.
    pub colour: Colour,
}

impl Default for TextOptions {
    /// 80 columns without colour.
    fn default() -> Self {
        Self { width: 80, colour: Colour::Never }
    }
}

/// Whether text has ANSI colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// ANSI colours.
    Always,
}

/// What would change a diagnosis, and where to look next.
///
/// It costs about as many evaluations as there are symptoms and is therefore optional; [`crate::explain::work`] estimates
/// the cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Symptoms whose opposite value would change the roots or the status.
    pub counterfactuals: Vec<Counterfactual>,
    /// Queries whose results would narrow the diagnosis down, the most useful first.
    pub next_queries: Vec<NextQuery>,
}
