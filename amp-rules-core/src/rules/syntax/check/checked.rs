//! The outcome of checking one rule file: its tree, and which parts of it have errors.

use std::sync::Arc;

use crate::rules::diagnostic::Span;
use crate::rules::syntax::document::FileKind;
use crate::rules::syntax::node::{Bytes, Node};

/// A rule file that was read and checked against the format.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    /// The name of the file.
    pub(crate) file: Arc<str>,
    /// Its text.
    pub(crate) text: Arc<str>,
    /// Its kind.
    pub(crate) kind: FileKind,
    /// Its tree; `None` if the file could not be read or is empty.
    pub(crate) root: Option<Node>,
    /// The first bytes of the values and keys with an error, ascending.
    pub(super) wrong: Vec<usize>,
}

impl Checked {
    /// Whether this value and everything in it has no error, so that it can be read as the format defines it.
    pub(crate) fn is_sound(&self, node: &Node) -> bool {
        let first = self.wrong.partition_point(|at| *at < node.bytes.start);
        self.wrong.get(first).is_none_or(|at| *at > node.bytes.end)
    }

    /// Whether the whole file fits the format.
    pub(crate) fn is_whole(&self) -> bool {
        self.root.is_some() && self.wrong.is_empty()
    }

    /// The span of these bytes of the file.
    pub(crate) fn span(&self, bytes: Bytes) -> Span {
        Span { file: Arc::clone(&self.file), start: bytes.start, end: bytes.end }
    }
}
