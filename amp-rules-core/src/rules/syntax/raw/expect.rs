//! The diagnosis that a case or an incident expects.

use std::collections::BTreeMap;

use super::spanned::Spanned;
use crate::rules::diagnostic::Span;

/// The expected diagnosis. `None` expects nothing; an empty list expects that there are none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExpectText {
    /// The status.
    pub status: Option<Spanned<String>>,
    /// The roots, by rank; `root: x` is a list of one.
    pub roots: Option<Vec<RootText>>,
    /// The grade of the first root.
    pub grade: Option<Spanned<String>>,
    /// Patterns that the roots explain, in this order.
    pub chain: Option<Vec<Spanned<String>>>,
    /// Patterns in the role consequence.
    pub consequences: Option<Vec<Spanned<String>>>,
    /// Patterns in the role contributing.
    pub contributing: Option<Vec<Spanned<String>>>,
    /// Patterns in the role independent.
    pub independent: Option<Vec<Spanned<String>>>,
    /// Patterns in the role noise.
    pub noise: Option<Vec<Spanned<String>>>,
    /// Patterns in the role recovered.
    pub recovered: Option<Vec<Spanned<String>>>,
    /// Patterns in the role unresolved.
    pub unresolved: Option<Vec<Spanned<String>>>,
    /// Patterns that are unknown.
    pub undecided: Option<Vec<Spanned<String>>>,
    /// Patterns that are listed as hypotheses.
    pub hypotheses: Option<Vec<Spanned<String>>>,
    /// Patterns with a conflict.
    pub conflicts: Option<Vec<Spanned<String>>>,
    /// The results for single entities.
    pub instances: Vec<InstanceText>,
    /// Whether the folder's pattern must be quiet.
    pub quiet: Option<bool>,
    /// Patterns that do not hold.
    pub absent: Option<Vec<Spanned<String>>>,
    /// The first steps of the remedy.
    pub remedy_first: Option<Vec<Spanned<String>>>,
    /// The severity of the first root.
    pub severity: Option<Spanned<String>>,
    /// Whether nothing else is allowed.
    pub strict: bool,
    /// The position of the whole section.
    pub span: Option<Span>,
}

impl ExpectText {
    /// Returns whether nothing is expected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let nothing = Self { strict: self.strict, span: self.span.clone(), ..Self::default() };
        *self == nothing
    }

    /// Iterates over every pattern id that is named, with its position.
    pub fn patterns(&self) -> impl Iterator<Item = &Spanned<String>> {
        let roots = self.roots.iter().flatten().map(|root| &root.pattern);
        let lists = [
            &self.chain,
            &self.consequences,
            &self.contributing,
            &self.independent,
            &self.noise,
            &self.recovered,
            &self.unresolved,
            &self.undecided,
            &self.hypotheses,
            &self.conflicts,
            &self.absent,
        ];
        roots
            .chain(lists.into_iter().flatten().flatten())
            .chain(self.instances.iter().map(|instance| &instance.pattern))
    }
}

/// A root.
#[derive(Debug, Clone, PartialEq)]
pub struct RootText {
    /// The pattern.
    pub pattern: Spanned<String>,
    /// Its grade.
    pub grade: Option<Spanned<String>>,
    /// One of its entities.
    pub entity: Option<BTreeMap<String, String>>,
    /// Its severity.
    pub severity: Option<Spanned<String>>,
}

/// The expected result for a pattern and an entity.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceText {
    /// The pattern.
    pub pattern: Spanned<String>,
    /// The entity; a coarser one than the scope stands for all within it.
    pub entity: BTreeMap<String, String>,
    /// The result: `true`, `absent`, `undecided` or a role.
    pub is: Spanned<String>,
}
