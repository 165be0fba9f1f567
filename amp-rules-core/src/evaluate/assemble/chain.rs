//! The causal chain of a root: everything that it explains, in order.
//!
//! Input: a root group and the causal graph. Output: [`Link`]s, one per pattern.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::diagnosis::Link;
use crate::evaluate::causality::{CausalAnalysis, CausalGraph, RootGroup};
use crate::graph::topological;
use crate::rules::model::{Class, Strength};

/// An edge between patterns.
struct PatternEdge {
    from: usize,
    to: usize,
    strength: Strength,
    is_order_verifiable: bool,
}

/// What a group explains, in topological order; among patterns that could come next, the one with the strongest edge comes
/// first, then by id. Complaints and facts are left out.
pub(super) fn chain(analysis: &CausalAnalysis<'_>, graph: &CausalGraph, group: &RootGroup) -> Vec<Link> {
    let taking_part: BTreeSet<usize> = group.reached.union(&group.instances).copied().collect();
    let edges = pattern_edges(analysis, graph, &taking_part);
    let seen = analysis.patterns_of(&taking_part);
    let all: BTreeSet<usize> = edges.iter().flat_map(|edge| [edge.from, edge.to]).chain(seen.iter().copied()).collect();
    let patterns: Vec<usize> = all.into_iter().collect();
    let position = |pattern: usize| patterns.binary_search(&pattern).unwrap_or(0);
    // The root comes first even if a loop leads back to it.
    let pairs: Vec<(usize, usize)> = edges
        .iter()
        .filter(|edge| edge.to != group.pattern)
        .map(|edge| (position(edge.from), position(edge.to)))
        .collect();
    let mut edges_into: BTreeMap<usize, Vec<&PatternEdge>> = BTreeMap::new();
    edges.iter().for_each(|edge| edges_into.entry(edge.to).or_default().push(edge));
    let edges_into = |pattern: usize| edges_into.get(&pattern).into_iter().flatten().copied();
    let strongest = |pattern: usize| edges_into(pattern).map(|edge| edge.strength).max();
    let order = topological(patterns.len(), &pairs, |at| {
        let pattern = patterns.get(at).copied().unwrap_or(usize::MAX);
        (Reverse(strongest(pattern)), analysis.id(pattern))
    });
    let is_shown = |pattern: &usize| {
        *pattern != group.pattern && !matches!(analysis.class_of(*pattern), Class::Complaint | Class::Fact)
    };
    order
        .into_iter()
        .filter_map(|at| patterns.get(at).copied())
        .filter(is_shown)
        .map(|pattern| {
            let from: BTreeSet<String> = edges_into(pattern).map(|edge| analysis.id(edge.from)).collect();
            Link {
                pattern: analysis.id(pattern),
                from: from.into_iter().collect(),
                strength: strongest(pattern).unwrap_or(Strength::Possible),
                inferred: !seen.contains(&pattern),
                order_verifiable: edges_into(pattern).any(|edge| edge.is_order_verifiable),
            }
        })
        .collect()
}

/// The edges between the patterns of these instances, over unseen patterns where a link passes some.
fn pattern_edges(analysis: &CausalAnalysis<'_>, graph: &CausalGraph, instances: &BTreeSet<usize>) -> Vec<PatternEdge> {
    let mut edges: Vec<PatternEdge> = Vec::new();
    let links = instances.iter().flat_map(|from| graph.links_from(*from));
    for link in links.filter(|link| instances.contains(&link.to)) {
        let stops = [link.from].into_iter().chain(link.hidden.iter().copied()).chain([link.to]);
        let stops: Vec<usize> = stops.map(|instance| analysis.pattern_of(instance)).collect();
        for (&from, &to) in stops.iter().zip(stops.iter().skip(1)).filter(|(from, to)| from != to) {
            let modelled = if link.hidden.is_empty() { None } else { modelled_strength(analysis, from, to) };
            let strength = modelled.unwrap_or(link.strength);
            edges.push(PatternEdge { from, to, strength, is_order_verifiable: link.is_order_verifiable });
        }
    }
    edges
}

/// The greatest strength of the rules' edges from one pattern to another.
fn modelled_strength(analysis: &CausalAnalysis<'_>, from: usize, to: usize) -> Option<Strength> {
    let edges = &analysis.visibility().rules.edges;
    let start = edges.partition_point(|edge| (edge.from, edge.to) < (from, to));
    let between = edges.iter().skip(start).take_while(|edge| (edge.from, edge.to) == (from, to));
    between.map(|edge| edge.edge.strength).max()
}
