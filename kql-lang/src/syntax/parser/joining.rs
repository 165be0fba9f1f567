//! `join` and `lookup`.

use super::{Parse, Parser};
use crate::ast::Join;
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::span::Span;

impl Parser<'_> {
    /// Parses the arguments of `join` or `lookup`, whose name starts at `start`.
    pub(super) fn join(&mut self, start: usize) -> Parse<Join> {
        let name = Span::new(start, self.end_of_last());
        let settings = self.settings(&["kind"])?;
        let right = self.postfix()?;
        if !self.is_word("on") {
            if !self.ends_operator() && !self.is_word("where") {
                return self.fail(self.expected("`on`"));
            }
            let word = self.text_of(name);
            let diagnostic = Diagnostic::new(DiagnosticCode::Syntax, name, format!("`{word}` needs an `on` clause"));
            let diagnostic = diagnostic.kusto("KS006");
            return self.fail(diagnostic.help(format!("write `{word} (…) on column` or `on $left.a == $right.b`")));
        }
        self.advance();
        let on = self.list(Self::expression)?;
        Ok(Join { settings, right, on })
    }
}
