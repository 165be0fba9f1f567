//! `parse`: the pattern is compiled to one regex with a group per column.
//!
//! The whole string must match from start to end; `*` matches any text. Without `kind=regex`, strings are literal, and
//! columns and `*` match as little as possible.

use std::fmt::Write;

use regex::Regex;

use crate::eval::Code;
use crate::plan::{ParseMode, Pattern, PatternPart};
use crate::run::error::RunError;
use crate::run::stage::{Flow, Stage};
use crate::run::state::RunState;
use crate::span::Span;
use crate::value::{Row, Type, Value, convert};

pub(crate) struct Parse<'p> {
    pattern: &'p Pattern,
    text: Code,
    regex: Regex,
}

impl<'p> Parse<'p> {
    pub(crate) fn new(run: &RunState, pattern: &'p Pattern, span: Span) -> Result<Self, RunError> {
        let source = source(pattern);
        let regex = Regex::new(&source)
            .map_err(|error| RunError::Value { message: format!("invalid regex in `parse`: {error}"), span })?;
        Ok(Self { pattern, text: run.code(&pattern.text), regex })
    }

    /// The values of the columns, or `None` if the string does not match.
    fn values(&self, text: &str) -> Option<Vec<Value>> {
        let captures = self.regex.captures(text)?;
        let mut values = Vec::with_capacity(self.pattern.columns.len());
        for (index, (_, kind)) in self.pattern.columns.iter().enumerate() {
            let found = captures.name(&group(index)).map_or("", |found| found.as_str());
            let value = convert::to(*kind, &Value::String(found.into()));
            if matches!(value, Value::Null) && self.pattern.mode == ParseMode::Simple {
                return None;
            }
            values.push(value);
        }
        Some(values)
    }
}

fn group(index: usize) -> String {
    format!("c{index}")
}

/// The regex of a pattern. Each column is a named group, so that groups in the author's regexes do not interfere.
fn source(pattern: &Pattern) -> String {
    let (flags, lazy, is_regex) = match &pattern.mode {
        ParseMode::Simple | ParseMode::Relaxed => ("s", "?", false),
        ParseMode::Regex(flags) => (flags.as_str(), "", true),
    };
    let optional = if pattern.mode == ParseMode::Relaxed { "?" } else { "" };
    let mut out = if flags.is_empty() { "^".to_owned() } else { format!("(?{flags})^") };
    let mut columns = 0;
    for (index, part) in pattern.parts.iter().enumerate() {
        let text_follows = matches!(pattern.parts.get(index + 1), Some(PatternPart::Text(_)) | None);
        let anything = if text_follows && pattern.parts.get(index + 1).is_none() && !is_regex {
            ".*".to_owned()
        } else {
            format!(".*{lazy}")
        };
        match part {
            PatternPart::Skip => out.push_str(&anything),
            PatternPart::Text(text) if is_regex => out.push_str(text),
            PatternPart::Text(text) => out.push_str(&regex::escape(text)),
            PatternPart::Column(kind) => {
                let body = match kind {
                    Type::Int | Type::Long if is_regex || !text_follows => format!(r"(?:\s*-?\d+){optional}"),
                    Type::Real | Type::Decimal if is_regex || !text_follows => {
                        format!(r"(?:\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?){optional}")
                    }
                    _ => anything,
                };
                let _ = write!(out, "(?P<{}>{body})", group(columns));
                columns += 1;
            }
        }
    }
    out.push('$');
    out
}

impl Stage for Parse<'_> {
    fn push(&mut self, run: &RunState, rows: Vec<Row>, out: &mut Vec<Row>) -> Result<Flow, RunError> {
        for mut row in rows {
            let values = match &*self.text.value(&row, &run.context) {
                Value::String(text) => self.values(text),
                _ => None,
            };
            if values.is_none() && self.pattern.only_matches {
                continue;
            }
            row.resize(self.pattern.width, Value::Null);
            for (index, (column, kind)) in self.pattern.columns.iter().enumerate() {
                if let Some(cell) = row.get_mut(*column) {
                    *cell = values
                        .as_ref()
                        .and_then(|values| values.get(index))
                        .cloned()
                        .unwrap_or_else(|| Value::nothing(*kind));
                }
            }
            out.push(row);
        }
        Ok(Flow::More)
    }

    fn finish(&mut self, _: &RunState, _: &mut Vec<Row>) -> Result<(), RunError> {
        Ok(())
    }
}
