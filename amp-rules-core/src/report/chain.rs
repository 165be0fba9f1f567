//! The causal chain of a root as a tree.
//!
//! A [`Root`] in; branches in the order in which they are drawn out.

use std::collections::BTreeMap;

use crate::diagnosis::Root;

/// One line of a chain that is drawn as a tree.
#[derive(Debug)]
pub(super) struct Branch<'a> {
    /// The lines of the tree before the pattern: `│  └─ `.
    pub lead: String,
    /// The lines of the tree before the text below the pattern: `│     `.
    pub below: String,
    /// The depth in the tree; the root is 0.
    pub depth: usize,
    /// The pattern.
    pub pattern: &'a str,
    /// Remarks on the link: `inferred, not observed`, `also caused by x`.
    pub remarks: Vec<String>,
}

/// The greatest depth that is indented; deeper branches are drawn at it.
const DEEPEST: usize = 10;

/// A root and all that it explains, as a tree.
///
/// A link with several parents is drawn below the one that is farthest from the root, so that the longest path is one
/// branch; the others are named in its remarks unless they are its ancestors.
pub(super) fn tree(root: &Root) -> Vec<Branch<'_>> {
    let mut depths: BTreeMap<&str, usize> = BTreeMap::from([(root.pattern.as_str(), 0)]);
    let mut parents: BTreeMap<&str, &str> = BTreeMap::new();
    let mut children: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut remarks: Vec<Vec<String>> = Vec::new();
    for (index, link) in root.chain.iter().enumerate() {
        let mut parent = (root.pattern.as_str(), 0);
        for from in &link.from {
            if let Some((&name, &depth)) = depths.get_key_value(from.as_str())
                && depth > parent.1
            {
                parent = (name, depth);
            }
        }
        let mut of_link = Vec::new();
        if link.inferred {
            of_link.push("inferred, not observed".to_owned());
        }
        let mut ancestors = vec![parent.0];
        while let Some(&next) = ancestors.last().and_then(|last| parents.get(last)) {
            ancestors.push(next);
        }
        let others: Vec<&str> = link.from.iter().map(String::as_str).filter(|from| !ancestors.contains(from)).collect();
        if !others.is_empty() {
            of_link.push(format!("also caused by {}", others.join(", ")));
        }
        remarks.push(of_link);
        children.entry(parent.0).or_default().push(index);
        if !depths.contains_key(link.pattern.as_str()) {
            depths.insert(&link.pattern, parent.1 + 1);
            parents.insert(&link.pattern, parent.0);
        }
    }
    let stem_of = |name: &str, stem: &str| format!("{stem}{}", if children.contains_key(name) { "│  " } else { "   " });
    let top = Branch {
        lead: String::new(),
        below: stem_of(&root.pattern, ""),
        depth: 0,
        pattern: &root.pattern,
        remarks: in_loop(root),
    };
    let mut out = vec![top];
    // The stack holds the links still to be drawn, the next on top: link, stem before its lead, depth, last of its siblings.
    let mut stack: Vec<(usize, String, usize, bool)> = Vec::new();
    let push = |stack: &mut Vec<(usize, String, usize, bool)>, name: &str, stem: &str, depth: usize| {
        for (at, &child) in children.get(name).into_iter().flatten().rev().enumerate() {
            stack.push((child, stem.to_owned(), depth, at == 0));
        }
    };
    push(&mut stack, &root.pattern, "", 1);
    while let Some((index, stem, depth, last)) = stack.pop() {
        let Some(link) = root.chain.get(index) else { continue };
        let below =
            if depth > DEEPEST { stem.clone() } else { format!("{stem}{}", if last { "   " } else { "│  " }) };
        out.push(Branch {
            lead: format!("{stem}{}", if last { "└─ " } else { "├─ " }),
            below: stem_of(&link.pattern, &below),
            depth,
            pattern: &link.pattern,
            remarks: remarks.get_mut(index).map(std::mem::take).unwrap_or_default(),
        });
        push(&mut stack, &link.pattern, &below, depth + 1);
    }
    out
}

fn in_loop(root: &Root) -> Vec<String> {
    let others: Vec<&str> = root.in_loop.iter().map(String::as_str).filter(|id| *id != root.pattern).collect();
    if others.is_empty() { Vec::new() } else { vec![format!("in a loop with {}", others.join(", "))] }
}
