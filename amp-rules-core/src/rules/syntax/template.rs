//! Expansion of cases with variants: one case per variant, with `${name}` replaced in every text.
//!
//! Input: the tree of a `cases.yaml`. Output: a tree in which no case has variants. Reports names for which a variant has
//! no value.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::node::{Bytes, Entry, Node, Value};
use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, Span};
use crate::suggest::nearest;

/// The most variants that are accepted in one case.
const VARIANTS: usize = 1_000;

/// Replaces each case that has variants by one case per variant.
pub(super) fn expand(file: &Arc<str>, root: Node, problems: &mut Vec<Diagnostic>, wrong: &mut Vec<usize>) -> Node {
    let Value::Map(entries) = root.value else { return root };
    let entries = entries
        .into_iter()
        .map(|mut entry| {
            if entry.key == "cases"
                && let Value::List(items) = entry.value.value
            {
                let mut out = Vec::new();
                for item in items {
                    variants(file, item, &mut out, problems, wrong);
                }
                entry.value.value = Value::List(out);
            }
            entry
        })
        .collect();
    Node { bytes: root.bytes, value: Value::Map(entries) }
}

fn variants(file: &Arc<str>, case: Node, out: &mut Vec<Node>, problems: &mut Vec<Diagnostic>, wrong: &mut Vec<usize>) {
    let rows = match case.entry("cases").map(|entry| &entry.value) {
        Some(Node { value: Value::List(rows), .. })
            if !rows.is_empty()
                && rows.len() <= VARIANTS
                && rows
                    .iter()
                    .all(|row| row.map().is_some_and(|row| row.iter().all(|entry| entry.value.text().is_some()))) =>
        {
            rows.clone()
        }
        // No variants, or invalid ones, which the checker reports.
        _ => {
            out.push(case);
            return;
        }
    };
    for row in rows {
        let values: BTreeMap<&str, &str> = row
            .map()
            .unwrap_or_default()
            .iter()
            .filter_map(|entry| entry.value.text().map(|text| (entry.key.as_str(), text)))
            .collect();
        let mut filler = Filler { file, values: &values, problems, wrong };
        let entries = case.map().unwrap_or_default().iter().filter(|entry| entry.key != "cases");
        let mut filled: Vec<Entry> =
            entries.map(|entry| Entry { value: filler.fill(&entry.value), ..entry.clone() }).collect();
        let named = case.get("name").and_then(Node::text).is_some_and(|name| name.contains("${"));
        if !named
            && let Some(name) = filled.iter_mut().find(|entry| entry.key == "name")
            && let Value::Scalar { text, .. } = &mut name.value.value
        {
            let list: Vec<String> = values.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            text.push_str(&format!(" ({})", list.join(", ")));
        }
        out.push(Node { bytes: case.bytes, value: Value::Map(filled) });
    }
}

struct Filler<'a> {
    file: &'a Arc<str>,
    values: &'a BTreeMap<&'a str, &'a str>,
    problems: &'a mut Vec<Diagnostic>,
    wrong: &'a mut Vec<usize>,
}

impl Filler<'_> {
    fn fill(&mut self, node: &Node) -> Node {
        let value = match &node.value {
            Value::Scalar { text, style } => Value::Scalar { text: self.text(text, node.bytes), style: *style },
            Value::List(items) => Value::List(items.iter().map(|item| self.fill(item)).collect()),
            Value::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|entry| Entry {
                        key: self.text(&entry.key, entry.key_bytes),
                        key_bytes: entry.key_bytes,
                        value: self.fill(&entry.value),
                    })
                    .collect(),
            ),
        };
        Node { bytes: node.bytes, value }
    }

    fn text(&mut self, text: &str, bytes: Bytes) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                out.push_str("${");
                rest = after;
                continue;
            };
            if let Some(value) = self.values.get(name) {
                out.push_str(value);
            } else {
                let span = Span { file: Arc::clone(self.file), start: bytes.start, end: bytes.end };
                let mut problem = Diagnostic::new(
                    &codes::UNDEFINED_TEMPLATE_VARIABLE,
                    span,
                    format!("the variant has no value for `${{{name}}}`"),
                );
                if let Some(near) = nearest(name, self.values.keys().copied()) {
                    problem = problem.help(format!("did you mean `${{{near}}}`?"));
                }
                self.wrong.push(bytes.start);
                self.problems.push(problem);
            }
            rest = tail;
        }
        out.push_str(rest);
        out
    }
}
