//! Cycles in a graph of references.
//!
//! Input: edges between numbered nodes. Output: one shortest cycle per strongly connected component, starting at its
//! smallest node.

use std::collections::VecDeque;

use crate::graph::components;
use crate::rules::diagnostic::Span;

/// Returns the cycles, in the order of their smallest nodes.
pub(super) fn cycles<'d>(nodes: usize, edges: &[(usize, usize, &'d Span)]) -> Vec<Vec<(usize, usize, &'d Span)>> {
    let plain: Vec<(usize, usize)> = edges.iter().map(|(from, to, _)| (*from, *to)).collect();
    let component = components(nodes, &plain);
    let same = |one: usize, other: usize| component.get(one).is_some() && component.get(one) == component.get(other);
    let inner: Vec<(usize, usize, &Span)> = edges.iter().copied().filter(|(from, to, _)| same(*from, *to)).collect();
    let mut out: Vec<Vec<(usize, usize, &Span)>> = Vec::new();
    for start in 0..nodes {
        let done = out.iter().flatten().any(|(from, _, _)| same(*from, start));
        if !done && let Some(cycle) = shortest(start, nodes, &inner) {
            out.push(cycle);
        }
    }
    out
}

/// Returns the shortest path from a node back to itself.
fn shortest<'d>(
    start: usize,
    nodes: usize,
    edges: &[(usize, usize, &'d Span)],
) -> Option<Vec<(usize, usize, &'d Span)>> {
    if !edges.iter().any(|(from, _, _)| *from == start) {
        return None;
    }
    let mut reached: Vec<Option<(usize, usize, &Span)>> = vec![None; nodes];
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for edge in edges.iter().filter(|(from, _, _)| *from == at) {
            let Some(place) = reached.get_mut(edge.1) else { continue };
            if place.is_some() {
                continue;
            }
            *place = Some(*edge);
            if edge.1 == start {
                let mut path = vec![*edge];
                while let Some(first) = path.last().map(|edge| edge.0)
                    && first != start
                {
                    path.push(reached.get(first).copied().flatten()?);
                }
                path.reverse();
                return Some(path);
            }
            queue.push_back(edge.1);
        }
    }
    None
}
