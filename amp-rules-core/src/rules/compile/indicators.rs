//! Healthy and unhealthy indicators, with patterns as names.
//!
//! Input: the checked `indicators.yaml`. Output: an [`IndicatorsDraft`] and diagnostics.

use std::collections::BTreeMap;

use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, Span};
use crate::rules::model::{SymptomRef, When};
use crate::rules::syntax::{Checked, Node};
use crate::rules::validate::{Pack, Reader, Used, read_patterns};

/// The indicators, and the names that they use.
#[derive(Debug, Clone, Default)]
pub(super) struct IndicatorsDraft {
    pub(super) indicators: Vec<DraftIndicator>,
    pub(super) pattern_uses: Vec<Used<String>>,
}

/// An indicator, with patterns as names.
#[derive(Debug, Clone)]
pub(super) struct DraftIndicator {
    pub(super) id: String,
    pub(super) healthy: bool,
    pub(super) text: String,
    pub(super) when: When<SymptomRef, String>,
}

/// Reads the indicators.
pub(super) fn read<'f>(
    files: impl Iterator<Item = &'f Checked>,
    pack: &Pack,
    problems: &mut Vec<Diagnostic>,
) -> IndicatorsDraft {
    let mut draft = IndicatorsDraft::default();
    let mut ids: BTreeMap<String, Span> = BTreeMap::new();
    for file in files {
        if let Some(root) = &file.root {
            read_file(file, root, pack, &mut draft, &mut ids, problems);
        }
    }
    draft
}

fn read_file(
    file: &Checked,
    root: &Node,
    pack: &Pack,
    draft: &mut IndicatorsDraft,
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
            draft.pattern_uses.extend(uses);
            draft.indicators.push(DraftIndicator {
                id: name.to_owned(),
                healthy: indicator.trimmed("kind") == "healthy",
                text: indicator.trimmed("text"),
                when,
            });
        }
    }
}
