//! Root causes with their causal chains.

use schemars::JsonSchema;
use serde::Serialize;

use super::value::{ActivityWire, Entities, OnsetWire, entities, grades, severities, strengths};
use crate::diagnosis::{CauseState, Link, Root};

/// A root cause or an independent problem.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Root")]
pub(super) struct RootWire<'a> {
    /// The pattern's id.
    pattern: &'a str,
    /// The pattern's title.
    title: &'a str,
    /// How certain it is that this is a root cause.
    #[schemars(extend("enum" = grades()))]
    grade: &'static str,
    /// The rank, from 1.
    #[schemars(range(min = 1))]
    rank: u32,
    /// The roots with the same grade that nothing but the id ranks after or before it, by id.
    ties_with: &'a [String],
    /// The highest severity among the patterns it explains; at most a warning if few entities are affected.
    #[schemars(extend("enum" = severities()))]
    severity: &'static str,
    /// The affected entities as text.
    scope: &'a str,
    /// When it started.
    onset: OnsetWire,
    /// When it was last observed, and whether it still holds.
    #[serde(flatten)]
    activity: ActivityWire,
    /// Who has to act.
    owner: Option<&'a str>,
    /// The patterns of the causal loop that it is the entry of; empty if there is none.
    #[serde(rename = "loop")]
    in_loop: &'a [String],
    /// Why it is not confirmed, as text; empty if it is.
    why_not_confirmed: &'a [String],
    /// The patterns it explains, in topological order, without complaints and facts.
    chain: Vec<LinkWire<'a>>,
    /// The complaints and impacts it explains, by id.
    explains: &'a [String],
    /// The affected entities.
    entities: Entities<'a>,
    /// Every pattern that is modelled as its cause, with its state.
    causes: Vec<CauseWire<'a>>,
}

impl<'a> LinkWire<'a> {
    pub(super) fn new(link: &'a Link) -> Self {
        Self {
            pattern: &link.pattern,
            inferred: link.inferred,
            order_verifiable: link.order_verifiable,
            from: &link.from,
            strength: link.strength.as_str(),
        }
    }
}

impl<'a> RootWire<'a> {
    pub(super) fn new(root: &'a Root) -> Self {
        Self {
            pattern: &root.pattern,
            title: &root.title,
            grade: root.grade.as_str(),
            rank: root.rank,
            ties_with: &root.ties_with,
            severity: root.severity.as_str(),
            scope: &root.scope,
            onset: OnsetWire::new(&root.onset),
            activity: ActivityWire::new(&root.activity),
            owner: root.owner.as_deref(),
            in_loop: &root.in_loop,
            why_not_confirmed: &root.why_not_confirmed,
            chain: root.chain.iter().map(LinkWire::new).collect(),
            explains: &root.explains,
            entities: entities(&root.entities),
            causes: root.causes.iter().map(CauseWire::new).collect(),
        }
    }
}

/// A pattern in the causal chain of a root.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Link")]
pub(super) struct LinkWire<'a> {
    /// The pattern's id.
    pattern: &'a str,
    /// Whether it was not observed and is inferred from what was observed before and after it in the chain.
    inferred: bool,
    /// Whether the times prove that it started after its causes.
    order_verifiable: bool,
    /// Its causes within the chain, by id.
    from: &'a [String],
    /// The strength of the strongest causal edge that leads to it.
    #[schemars(extend("enum" = strengths()))]
    strength: &'static str,
}

/// A pattern that is modelled as a cause.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Cause")]
pub(super) struct CauseWire<'a> {
    /// The pattern's id.
    pattern: &'a str,
    /// Its state as text: `not so`, `unknown (silent)`, `holds and explains it`.
    state: String,
}

impl<'a> CauseWire<'a> {
    pub(super) fn new(cause: &'a CauseState) -> Self {
        Self { pattern: &cause.pattern, state: cause.text() }
    }
}
