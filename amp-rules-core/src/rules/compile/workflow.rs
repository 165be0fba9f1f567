//! The investigation workflow, with patterns as names.
//!
//! Input: the checked `workflow.yaml`. Output: a [`WorkflowDraft`] and diagnostics.

use std::collections::BTreeMap;

use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, Span};
use crate::rules::syntax::{Checked, Node};
use crate::rules::validate::{Pack, Used};
use crate::suggest::nearest;

/// The workflow, and the names that it uses.
#[derive(Debug, Clone, Default)]
pub(super) struct WorkflowDraft {
    /// The steps, by number.
    pub(super) steps: Vec<DraftStep>,
    pub(super) notes: Vec<String>,
    pub(super) pattern_uses: Vec<Used<String>>,
    pub(super) query_uses: Vec<Used<String>>,
}

/// A step of the workflow, with patterns as names.
#[derive(Debug, Clone)]
pub(super) struct DraftStep {
    pub(super) step: u32,
    pub(super) title: String,
    pub(super) items: Vec<DraftItem>,
}

/// An item of a step.
#[derive(Debug, Clone)]
pub(super) struct DraftItem {
    pub(super) text: String,
    pub(super) patterns: Vec<String>,
    pub(super) queries: Vec<String>,
    pub(super) tables: Vec<String>,
}

/// Reads the workflow.
pub(super) fn read<'f>(
    files: impl Iterator<Item = &'f Checked>,
    pack: &Pack,
    problems: &mut Vec<Diagnostic>,
) -> WorkflowDraft {
    let mut draft = WorkflowDraft::default();
    for file in files {
        if let Some(root) = &file.root {
            read_file(file, root, pack, &mut draft, problems);
        }
    }
    draft.steps.sort_by_key(|step| step.step);
    draft
}

fn read_file(file: &Checked, root: &Node, pack: &Pack, draft: &mut WorkflowDraft, problems: &mut Vec<Diagnostic>) {
    draft.notes.extend(
        root.get("notes")
            .and_then(Node::list)
            .unwrap_or_default()
            .iter()
            .filter_map(|note| note.text().map(|text| text.trim().to_owned())),
    );
    let mut numbers: BTreeMap<u32, Span> = BTreeMap::new();
    for step in root.get("steps").and_then(Node::list).unwrap_or_default() {
        let Some(node) = step.get("step") else { continue };
        let Some(number) = node.text().and_then(|text| text.parse::<u32>().ok()) else { continue };
        let span = file.span(node.bytes);
        if let Some(first) = numbers.get(&number) {
            problems.push(
                Diagnostic::new(&codes::DUPLICATE_ID, span, format!("two steps with the number {number}"))
                    .also(first.clone(), "first here"),
            );
            continue;
        }
        numbers.insert(number, span);
        let items = step.get("items").and_then(Node::list).unwrap_or_default();
        let items = items.iter().map(|item| {
            draft.pattern_uses.extend(uses(file, item, "patterns"));
            draft.query_uses.extend(uses(file, item, "queries"));
            let tables = uses(file, item, "tables");
            for table in tables.iter().filter(|table| pack.is_whole && !pack.schema.tables.contains_key(&table.name)) {
                let mut problem = Diagnostic::new(
                    &codes::UNKNOWN_TABLE,
                    table.span.clone(),
                    format!("unknown table `{}`", table.name),
                );
                if let Some(near) = nearest(&table.name, pack.schema.tables.keys().map(String::as_str)) {
                    problem = problem.help(format!("did you mean `{near}`?"));
                }
                problems.push(problem);
            }
            DraftItem {
                text: item.trimmed("text"),
                patterns: names(uses(file, item, "patterns")),
                queries: names(uses(file, item, "queries")),
                tables: names(tables),
            }
        });
        draft.steps.push(DraftStep { step: number, title: step.trimmed("title"), items: items.collect() });
    }
}

fn uses(file: &Checked, map: &Node, key: &str) -> Vec<Used<String>> {
    let list = map.get(key).and_then(Node::list).unwrap_or_default();
    list.iter().filter_map(|item| Some(Used { name: item.text()?.to_owned(), span: file.span(item.bytes) })).collect()
}

fn names(uses: Vec<Used<String>>) -> Vec<String> {
    uses.into_iter().map(|used| used.name).collect()
}
