//! Strongly connected components and topological order of a graph over indices.
//!
//! Input: a number of nodes, and edges between them. Output: the component of each node; a topological order with ties broken by
//! the caller. Linear in nodes and edges, up to a logarithm for the order. No recursion, so deep graphs do not overflow the stack. Nothing here knows what a node is.

use std::collections::BTreeSet;

/// The strongly connected component of each node, numbered so that every edge between two components goes from a
/// smaller number to a larger one.
///
/// Edges with a node out of range are ignored.
#[must_use]
pub(crate) fn components(nodes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for &(from, to) in edges {
        if to < nodes
            && let Some(list) = next.get_mut(from)
        {
            list.push(to);
        }
    }
    let mut tarjan = Tarjan {
        next: &next,
        index: vec![usize::MAX; nodes],
        low: vec![0; nodes],
        on_stack: vec![false; nodes],
        stack: Vec::new(),
        counter: 0,
        component: vec![0; nodes],
        found: 0,
    };
    for node in 0..nodes {
        if tarjan.index.get(node).copied() == Some(usize::MAX) {
            tarjan.visit(node);
        }
    }
    let found = tarjan.found;
    // Tarjan finds components in reverse topological order.
    tarjan.component.iter().map(|component| found - 1 - component).collect()
}

struct Tarjan<'a> {
    next: &'a [Vec<usize>],
    index: Vec<usize>,
    low: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    counter: usize,
    component: Vec<usize>,
    found: usize,
}

impl Tarjan<'_> {
    fn enter(&mut self, node: usize) {
        if let (Some(index), Some(low), Some(on)) =
            (self.index.get_mut(node), self.low.get_mut(node), self.on_stack.get_mut(node))
        {
            *index = self.counter;
            *low = self.counter;
            *on = true;
        }
        self.counter += 1;
        self.stack.push(node);
    }

    fn lower(&mut self, node: usize, to: usize) {
        if let Some(low) = self.low.get_mut(node) {
            *low = (*low).min(to);
        }
    }

    fn visit(&mut self, start: usize) {
        self.enter(start);
        let mut work: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some(&(node, at)) = work.last() {
            let target = self.next.get(node).and_then(|list| list.get(at)).copied();
            if let Some(top) = work.last_mut() {
                top.1 += 1;
            }
            match target {
                Some(target) if self.index.get(target).copied() == Some(usize::MAX) => {
                    self.enter(target);
                    work.push((target, 0));
                }
                Some(target) => {
                    if self.on_stack.get(target).copied().unwrap_or(false) {
                        let index = self.index.get(target).copied().unwrap_or(usize::MAX);
                        self.lower(node, index);
                    }
                }
                None => {
                    work.pop();
                    let low = self.low.get(node).copied().unwrap_or(0);
                    if let Some(&(parent, _)) = work.last() {
                        self.lower(parent, low);
                    }
                    if Some(&low) == self.index.get(node) {
                        self.close(node);
                    }
                }
            }
        }
    }

    fn close(&mut self, node: usize) {
        while let Some(top) = self.stack.pop() {
            if let (Some(on), Some(component)) = (self.on_stack.get_mut(top), self.component.get_mut(top)) {
                *on = false;
                *component = self.found;
            }
            if top == node {
                break;
            }
        }
        self.found += 1;
    }
}

/// The nodes in topological order; among several that are ready, the one with the least key comes first. Nodes of one
/// component are adjacent, in the order of their keys.
#[must_use]
pub(crate) fn topological<K: Ord>(nodes: usize, edges: &[(usize, usize)], key: impl Fn(usize) -> K) -> Vec<usize> {
    let component = components(nodes, edges);
    let count = component.iter().max().map_or(0, |most| most + 1);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (node, place) in component.iter().enumerate() {
        if let Some(list) = members.get_mut(*place) {
            list.push(node);
        }
    }
    let keys: Vec<K> = (0..nodes).map(key).collect();
    members.iter_mut().for_each(|list| list.sort_by_key(|node| keys.get(*node)));
    let mut between: BTreeSet<(usize, usize)> = BTreeSet::new();
    for &(from, to) in edges {
        if let (Some(&a), Some(&b)) = (component.get(from), component.get(to))
            && a != b
        {
            between.insert((a, b));
        }
    }
    let mut waiting: Vec<usize> = vec![0; count];
    for &(_, to) in &between {
        if let Some(many) = waiting.get_mut(to) {
            *many += 1;
        }
    }
    let least = |place: usize| members.get(place).and_then(|list| list.first()).and_then(|node| keys.get(*node));
    let mut ready: BTreeSet<(Option<&K>, usize)> =
        (0..count).filter(|place| waiting.get(*place) == Some(&0)).map(|place| (least(place), place)).collect();
    let mut order = Vec::with_capacity(nodes);
    while let Some((_, place)) = ready.pop_first() {
        order.extend(members.get(place).into_iter().flatten());
        for &(_, to) in between.range((place, 0)..=(place, usize::MAX)) {
            if let Some(many) = waiting.get_mut(to) {
                *many -= 1;
                if *many == 0 {
                    ready.insert((least(to), to));
                }
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_numbered_along_the_edges() {
        let edges = [(0, 1), (1, 2), (2, 1), (2, 3), (4, 0)];
        let found = components(5, &edges);
        assert_eq!(found[1], found[2]);
        assert!(found[4] < found[0] && found[0] < found[1] && found[1] < found[3]);
    }

    #[test]
    fn a_long_chain_does_not_overflow_the_stack() {
        let edges: Vec<(usize, usize)> = (0..200_000).map(|at| (at, at + 1)).collect();
        let found = components(200_001, &edges);
        assert!(found[0] < found[200_000]);
    }

    #[test]
    fn ties_go_to_the_least_key() {
        assert_eq!(topological(4, &[(0, 3), (1, 3)], |node| 10 - node), vec![2, 1, 0, 3]);
    }
}
