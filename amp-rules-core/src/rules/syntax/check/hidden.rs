//! Characters that are hidden or control a terminal: in the text of a file, written as escapes, and in its name.
//!
//! Input: a rule file, and its tree if it is YAML. Output: diagnostics. Which characters these are is defined in
//! [`escape`](crate::escape).

use std::sync::Arc;

use crate::escape::unsafe_characters;
use crate::file_name;
use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, RuleFile, Span};
use crate::rules::syntax::document::FileKind;
use crate::rules::syntax::node::{Bytes, Node, Style, Value};
use crate::rules::syntax::scalar::locate;

/// Returns the hidden characters of a rule file that is not YAML, such as a query.
#[must_use]
pub fn hidden_characters(file: &RuleFile) -> Vec<Diagnostic> {
    in_text(&Arc::from(file.name.as_str()), &file.text)
}

/// Reports characters anywhere in a file, comments included.
pub(super) fn in_text(file: &Arc<str>, text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (at, c, what) in unsafe_characters(text) {
        let line_end = c == '\r' && text.get(at + 1..).is_some_and(|rest| rest.starts_with('\n'));
        if matches!(c, '\n' | '\t') || line_end || (at == 0 && c == '\u{feff}') {
            continue;
        }
        let span = Span { file: Arc::clone(file), start: at, end: at + c.len_utf8() };
        let code = if c.is_control() { &codes::CONTROL_CHARACTER } else { &codes::UNICODE_HAZARD };
        let problem = Diagnostic::new(code, span.clone(), format!("U+{:04X} is {what}", u32::from(c)))
            .help("remove it; if logs contain it, write the escape `\\x{…}` in a regex")
            .unsafe_fix(span, "");
        found.push(problem);
    }
    found
}

/// Reports characters that keys and values of a tree have through escapes.
pub(super) fn in_tree(file: &Arc<str>, source: &str, root: &Node) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        match &node.value {
            Value::Scalar { .. } => in_scalar(file, source, node, &mut found),
            Value::List(items) => open.extend(items),
            Value::Map(entries) => {
                for entry in entries {
                    let value = Value::Scalar { text: entry.key.clone(), style: Style::Double };
                    in_scalar(file, source, &Node { bytes: entry.key_bytes, value }, &mut found);
                    open.push(&entry.value);
                }
            }
        }
    }
    found
}

fn in_scalar(file: &Arc<str>, source: &str, node: &Node, found: &mut Vec<Diagnostic>) {
    let Value::Scalar { text, style: Style::Double } = &node.value else { return };
    let raw = |bytes: Bytes| source.get(bytes.start..bytes.end).unwrap_or_default();
    // Only double quotes have escapes; the style of a key is not known.
    if !raw(node.bytes).starts_with('"') {
        return;
    }
    for (at, c, what) in unsafe_characters(text) {
        if matches!(c, '\n' | '\t') {
            continue;
        }
        let bytes = locate(source, node, at, at + c.len_utf8());
        // One that is not escaped is reported with the text of the file.
        if raw(bytes).starts_with(c) {
            continue;
        }
        let span = Span { file: Arc::clone(file), start: bytes.start, end: bytes.end };
        let code = u32::from(c);
        let regex = if code < 0x80 { format!("\\x{code:02x}") } else { format!("\\x{{{code:04x}}}") };
        found.push(
            Diagnostic::new(&codes::CONTROL_CHARACTER, span, format!("this escape stands for U+{code:04X}"))
                .label(what)
                .help(format!("remove it; a regex in single quotes has its own escape, `{regex}`")),
        );
    }
}

/// Reports a file whose name has such characters, or is not a name on every system.
pub(super) fn in_name(file: &Arc<str>, kind: FileKind) -> Option<Diagnostic> {
    let start = Span { file: Arc::clone(file), start: 0, end: 0 };
    if let Some((_, c, what)) = unsafe_characters(file).next() {
        let message = format!("the name of this file has U+{:04X}", u32::from(c));
        return Some(Diagnostic::new(&codes::CONTROL_CHARACTER, start, message).label(what).help("rename the file"));
    }
    let last = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = match kind {
        FileKind::Query => last.strip_suffix(".kql"),
        FileKind::Scenario => last.strip_suffix(".scenario.yaml"),
        FileKind::Pack
        | FileKind::Pattern
        | FileKind::Cases
        | FileKind::Incident
        | FileKind::Indicators
        | FileKind::Workflow => None,
    };
    let why = file_name::problem(stem?)?;
    let message = format!("the name of this file, `{last}`, {why}");
    Some(Diagnostic::new(&codes::UNSAFE_NAME, start, message).help("rename the file"))
}
