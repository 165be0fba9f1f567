//! What stands around the patterns: indicators and the investigation workflow.
//!
//! Input: the checked files. Output: [`Around`], with the names that they use still unresolved.

use std::collections::BTreeMap;

use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, Span};
use crate::rules::model::{SymptomRef, When};
use crate::rules::syntax::{Checked, FileKind, Node};
use crate::rules::validate::{Pack, Reader, Used, read_patterns};
use crate::suggest::nearest;

/// An indicator whose patterns are still names.
#[derive(Debug, Clone)]
pub(super) struct DraftIndicator {
    pub(super) id: String,
    pub(super) healthy: bool,
    pub(super) text: String,
    pub(super) when: When<SymptomRef, String>,
}

/// A step of the workflow whose patterns are still names.
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

/// Indicators and workflow, and the names that they use.
#[derive(Debug, Clone, Default)]
pub(super) struct Around {
    pub(super) indicators: Vec<DraftIndicator>,
    pub(super) steps: Vec<DraftStep>,
    pub(super) notes: Vec<String>,
    pub(super) pattern_uses: Vec<Used<String>>,
    pub(super) query_uses: Vec<Used<String>>,
    /// Whether everything could be read.
    pub(super) is_whole: bool,
}

/// Reads indicators and workflow.
pub(super) fn read<'f>(
    files: impl Iterator<Item = &'f Checked>,
    pack: &Pack,
    problems: &mut Vec<Diagnostic>,
) -> Around {
    let mut around = Around { is_whole: true, ..Around::default() };
    let mut ids: BTreeMap<String, Span> = BTreeMap::new();
    for file in files {
        around.is_whole &= file.is_whole();
        let Some(root) = &file.root else { continue };
        match file.kind {
            FileKind::Indicators => indicators(file, root, pack, &mut around, &mut ids, problems),
            _ => workflow(file, root, pack, &mut around, problems),
        }
    }
    around.steps.sort_by_key(|step| step.step);
    around
}

fn indicators(
    file: &Checked,
    root: &Node,
    pack: &Pack,
    around: &mut Around,
    ids: &mut BTreeMap<String, Span>,
    problems: &mut Vec<Diagnostic>,
) {
    for indicator in root.get("indicators").and_then(Node::list).unwrap_or_default() {
        let (Some(id), Some(when)) = (indicator.get("id"), indicator.get("when")) else { continue };
        let Some(name) = id.text() else { continue };
        let span = file.span(id.bytes);
        if let Some(first) = ids.get(name) {
            problems.push(
                Diagnostic::new(&codes::DUPLICATE_ID, span, format!("two indicators with the id `{name}`"))
                    .also(first.clone(), "first here"),
            );
            continue;
        }
        ids.insert(name.to_owned(), span);
        if !file.is_sound(indicator) {
            continue;
        }
        let mut reader = Reader::new(file, pack, problems);
        if let Some((when, uses)) = read_patterns(&mut reader, when) {
            around.pattern_uses.extend(uses);
            around.indicators.push(DraftIndicator {
                id: name.to_owned(),
                healthy: text(indicator, "kind") == "healthy",
                text: text(indicator, "text").trim().to_owned(),
                when,
            });
        }
    }
}

fn workflow(file: &Checked, root: &Node, pack: &Pack, around: &mut Around, problems: &mut Vec<Diagnostic>) {
    around.notes.extend(
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
            around.pattern_uses.extend(uses(file, item, "patterns"));
            around.query_uses.extend(uses(file, item, "queries"));
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
                text: text(item, "text").trim().to_owned(),
                patterns: names(uses(file, item, "patterns")),
                queries: names(uses(file, item, "queries")),
                tables: names(tables),
            }
        });
        around.steps.push(DraftStep {
            step: number,
            title: text(step, "title").trim().to_owned(),
            items: items.collect(),
        });
    }
}

fn text<'n>(map: &'n Node, key: &str) -> &'n str {
    map.get(key).and_then(Node::text).unwrap_or_default()
}

fn uses(file: &Checked, map: &Node, key: &str) -> Vec<Used<String>> {
    let list = map.get(key).and_then(Node::list).unwrap_or_default();
    list.iter().filter_map(|item| Some(Used { name: item.text()?.to_owned(), span: file.span(item.bytes) })).collect()
}

fn names(uses: Vec<Used<String>>) -> Vec<String> {
    uses.into_iter().map(|used| used.name).collect()
}
