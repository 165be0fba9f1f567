//! Conditions: trees over symptoms and patterns.
//!
//! Input: the value of `when`, `noise_unless`, or an indicator's `when`. Output: a [`When`] and the names that it uses,
//! with their places. Reports conditions that are provably always or never true, and redundant parts.

use std::collections::BTreeSet;

use super::draft::Used;
use super::reader::Reader;
use crate::rules::codes;
use crate::rules::model::{SymptomRef, When};
use crate::rules::syntax::Node;

/// A condition as written in the rule.
pub(crate) type Condition = When<SymptomRef, String>;

/// Parses a reference to a symptom: `name`, or `other-pattern.name`.
pub(super) fn symptom_ref(text: &str) -> SymptomRef {
    match text.split_once('.') {
        Some((pattern, symptom)) => SymptomRef { pattern: Some(pattern.to_owned()), symptom: symptom.to_owned() },
        None => SymptomRef { pattern: None, symptom: text.to_owned() },
    }
}

/// The names that a condition uses.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) symptoms: Vec<Used<SymptomRef>>,
    pub(super) patterns: Vec<Used<String>>,
}

/// Reads the condition of an indicator: every name is a pattern.
pub(crate) fn read_patterns(reader: &mut Reader<'_>, node: &Node) -> Option<(Condition, Vec<Used<String>>)> {
    let mut names = Names::default();
    let when = read_condition(reader, node, false, &mut names)?;
    check_condition(reader, node, &when);
    Some((when, names.patterns))
}

/// Reads and checks a condition over symptoms.
pub(super) fn read_when(reader: &mut Reader<'_>, node: &Node, names: &mut Names) -> Option<Condition> {
    let when = read_condition(reader, node, true, names)?;
    check_condition(reader, node, &when);
    Some(when)
}

fn read_condition(reader: &mut Reader<'_>, node: &Node, symptoms: bool, names: &mut Names) -> Option<Condition> {
    if let Some(text) = node.text() {
        let span = reader.span(node);
        if symptoms {
            let name = symptom_ref(text);
            names.symptoms.push(Used { name: name.clone(), span });
            return Some(When::Symptom(name));
        }
        names.patterns.push(Used { name: text.to_owned(), span });
        return Some(When::Pattern(text.to_owned()));
    }
    if let Some(list) = node.get("all") {
        return Some(When::All(read_conditions(reader, list, symptoms, names)));
    }
    if let Some(list) = node.get("any") {
        return Some(When::Any(read_conditions(reader, list, symptoms, names)));
    }
    if let Some(inner) = node.get("not") {
        return Some(When::Not(Box::new(read_condition(reader, inner, symptoms, names)?)));
    }
    if let Some(at_least) = node.get("at_least") {
        let count = reader.number(at_least, "count")?;
        return Some(When::AtLeast { count, of: read_conditions(reader, at_least.get("of")?, symptoms, names) });
    }
    if let Some(requires) = node.get("requires") {
        let that = Box::new(read_condition(reader, requires.get("that")?, symptoms, names)?);
        let then = Box::new(read_condition(reader, requires.get("then")?, symptoms, names)?);
        return Some(When::Requires { that, then });
    }
    let other = node.get("pattern")?;
    let name = other.text()?.to_owned();
    names.patterns.push(Used { name: name.clone(), span: reader.span(other) });
    Some(When::Pattern(name))
}

fn read_conditions(reader: &mut Reader<'_>, list: &Node, symptoms: bool, names: &mut Names) -> Vec<Condition> {
    list.many().iter().filter_map(|item| read_condition(reader, item, symptoms, names)).collect()
}

fn check_condition(reader: &mut Reader<'_>, node: &Node, when: &Condition) {
    let before = reader.problems.len();
    check_repetitions(reader, node, when);
    check_counts(reader, node, when);
    if reader.problems.len() > before {
        return;
    }
    let mut atoms = Vec::new();
    collect(when, &mut atoms);
    // All assignments of up to 12 names are tried, which is fast; larger conditions are not checked.
    if atoms.len() > 12 {
        return;
    }
    let (mut can_hold, mut can_fail) = (false, false);
    for bits in 0..(1_u32 << atoms.len()) {
        if holds(when, &atoms, bits) {
            can_hold = true;
        } else {
            can_fail = true;
        }
    }
    if !can_hold {
        reader.report(&codes::CONDITION_UNSATISFIABLE, node, "the condition can never be true");
    } else if !can_fail {
        reader.report(&codes::CONDITION_TAUTOLOGY, node, "the condition is always true");
    }
}

fn check_counts(reader: &mut Reader<'_>, node: &Node, when: &Condition) {
    match when {
        When::AtLeast { count, of } if *count as usize > of.len() => {
            let place = node.get("at_least").and_then(|map| map.get("count")).unwrap_or(node);
            reader.report(&codes::CONDITION_UNSATISFIABLE, place, format!("at least {count} of {}", of.len()));
        }
        When::All(_)
        | When::Any(_)
        | When::AtLeast { .. }
        | When::Not(_)
        | When::Requires { .. }
        | When::Symptom(_)
        | When::Pattern(_) => {}
    }
    for (child, inner) in children(node, when) {
        check_counts(reader, child, inner);
    }
}

fn check_repetitions(reader: &mut Reader<'_>, node: &Node, when: &Condition) {
    let list = match when {
        When::All(list) | When::Any(list) => list.as_slice(),
        When::AtLeast { of, .. } => of.as_slice(),
        When::Symptom(_) | When::Pattern(_) | When::Not(_) | When::Requires { .. } => &[],
    };
    let nodes = children(node, when);
    for (index, (child, one)) in nodes.iter().enumerate() {
        if list.get(..index).is_some_and(|before| before.contains(one)) {
            reader.report(&codes::REDUNDANT_CONJUNCT, child, "duplicate condition");
        }
    }
    for (child, inner) in nodes {
        check_repetitions(reader, child, inner);
    }
}

/// Returns the parts of a condition with their nodes.
fn children<'n>(node: &'n Node, when: &'n Condition) -> Vec<(&'n Node, &'n Condition)> {
    let list = |key: &str| node.get(key).map(Node::many).unwrap_or_default();
    match when {
        When::Symptom(_) | When::Pattern(_) => Vec::new(),
        When::All(parts) => list("all").iter().zip(parts).collect(),
        When::Any(parts) => list("any").iter().zip(parts).collect(),
        When::Not(part) => node.get("not").into_iter().map(|child| (child, &**part)).collect(),
        When::AtLeast { of, .. } => {
            let nodes = node.get("at_least").and_then(|map| map.get("of")).map(Node::many).unwrap_or_default();
            nodes.iter().zip(of).collect()
        }
        When::Requires { that, then } => {
            let map = node.get("requires");
            let that = map.and_then(|map| map.get("that")).map(|child| (child, &**that));
            let then = map.and_then(|map| map.get("then")).map(|child| (child, &**then));
            that.into_iter().chain(then).collect()
        }
    }
}

fn collect<'w>(when: &'w Condition, atoms: &mut Vec<&'w Condition>) {
    match when {
        When::Symptom(_) | When::Pattern(_) => {
            if !atoms.contains(&when) {
                atoms.push(when);
            }
        }
        When::All(parts) | When::Any(parts) | When::AtLeast { of: parts, .. } => {
            parts.iter().for_each(|part| collect(part, atoms))
        }
        When::Not(part) => collect(part, atoms),
        When::Requires { that, then } => {
            collect(that, atoms);
            collect(then, atoms);
        }
    }
}

fn holds(when: &Condition, atoms: &[&Condition], bits: u32) -> bool {
    match when {
        When::Symptom(_) | When::Pattern(_) => {
            atoms.iter().position(|atom| *atom == when).is_some_and(|at| bits & (1 << at) != 0)
        }
        When::All(parts) => parts.iter().all(|part| holds(part, atoms, bits)),
        When::Any(parts) => parts.iter().any(|part| holds(part, atoms, bits)),
        When::Not(part) => !holds(part, atoms, bits),
        When::AtLeast { count, of } => of.iter().filter(|part| holds(part, atoms, bits)).count() >= *count as usize,
        When::Requires { that, then } => holds(that, atoms, bits) && holds(then, atoms, bits),
    }
}

/// Returns the symptoms that a pattern uses and that are its own.
pub(super) fn own<'u>(uses: impl Iterator<Item = &'u Used<SymptomRef>>, id: &str) -> BTreeSet<String> {
    uses.filter(|one| one.name.pattern.as_deref().is_none_or(|pattern| pattern == id))
        .map(|one| one.name.symptom.clone())
        .collect()
}
