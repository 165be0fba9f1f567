//! The texts of the rule files that diagnostics refer to.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::rule_file::RuleFile;
use super::span::{Position, Span, position};

/// Texts by the name of their file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Texts(BTreeMap<Arc<str>, Arc<str>>);

impl Texts {
    /// Takes the texts with these names from the files; of several files with one name, the first.
    pub(super) fn of<'n>(names: impl Iterator<Item = &'n Arc<str>>, files: &[RuleFile]) -> Self {
        let known: BTreeMap<&str, &str> =
            files.iter().rev().map(|file| (file.name.as_str(), file.text.as_str())).collect();
        let mut texts: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
        for name in names {
            if !texts.contains_key(name)
                && let Some(text) = known.get(&**name)
            {
                texts.insert(Arc::clone(name), Arc::from(*text));
            }
        }
        Self(texts)
    }

    /// Merges two sets of texts; for a name that both have, `self` takes precedence.
    pub(super) fn merge(self, other: Self) -> Self {
        let mut texts = other.0;
        texts.extend(self.0);
        Self(texts)
    }

    /// Returns the text of a file.
    pub(super) fn get(&self, file: &str) -> Option<&str> {
        self.0.get(file).map(|text| &**text)
    }

    /// Returns the position of the start of a span.
    pub(super) fn start(&self, span: &Span) -> Option<Position> {
        self.get(&span.file).map(|text| position(text, span.start))
    }

    /// Returns the position after the end of a span.
    pub(super) fn end(&self, span: &Span) -> Option<Position> {
        self.get(&span.file).map(|text| position(text, span.end))
    }
}
