//! Pipelines: a source followed by operators, separated by `|`.

use super::super::words;
use super::{Failed, Kind, Parse, Parser, shortened};
use crate::ast::{Expr, ExprKind, Operator, Source};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::nearest::nearest;
use crate::span::{Node, Span};

impl Parser<'_> {
    /// Parses a scalar or tabular expression and the operators after it.
    pub(super) fn pipeline(&mut self) -> Parse<Expr> {
        let outer = self.enter()?;
        let first = self.at;
        // An invalid source does not suppress the diagnostics of the operators after it.
        let source = match self.source() {
            Ok(source) => Some(source),
            Err(Failed) => {
                self.depth = outer.depth + 1;
                self.recover(first);
                None
            }
        };
        let mut operators = Vec::new();
        loop {
            if !self.take_mark("|") {
                if source.is_none() || !self.is_pipe_missing() {
                    break;
                }
                let (word, tokens) = self.operator_name();
                let span = self.token().span.to(self.token_after(tokens - 1).span);
                let diagnostic = Diagnostic::new(DiagnosticCode::Syntax, span, format!("expected `|` before `{word}`"));
                self.report(diagnostic.kusto("KS005"));
            }
            let start = self.at;
            match self.operator() {
                Ok(operator) => operators.push(operator),
                Err(Failed) => {
                    self.depth = outer.depth + 1;
                    self.recover(start);
                }
            }
        }
        self.leave(&outer);
        let Some(source) = source else { return Err(Failed) };
        if operators.is_empty() {
            return Ok(source);
        }
        let span = operators.iter().fold(source.span, |span, operator| span.to(operator.span));
        let (source, operators) = match source.item {
            ExprKind::Pipe(source, mut all) => {
                all.append(&mut operators);
                (source, all)
            }
            item => (Box::new(Node::new(item, source.span)), operators),
        };
        Ok(Node::new(ExprKind::Pipe(source, operators), span))
    }

    /// Whether the current word is an operator name, where only `|` or an end is valid.
    fn is_pipe_missing(&self) -> bool {
        self.token().kind == Kind::Word && words::is_operator(self.operator_name().0)
    }

    fn source(&mut self) -> Parse<Expr> {
        let token = self.token();
        if token.kind == Kind::Word {
            let word = self.operator_name().0;
            let bracket = self.is_mark_after(1, "(");
            let source = match word {
                "print" => Some(Self::print as fn(&mut Self) -> Parse<Source>),
                "union" => Some(Self::union_source as fn(&mut Self) -> Parse<Source>),
                "range" if !bracket && self.starts_name(1) => Some(Self::range as fn(&mut Self) -> Parse<Source>),
                "datatable" => Some(Self::datatable as fn(&mut Self) -> Parse<Source>),
                "search" if self.starts_search() => Some(Self::search_source as fn(&mut Self) -> Parse<Source>),
                _ => None,
            };
            if let Some(read) = source {
                let source = read(self)?;
                self.height += 1;
                return Ok(Node::new(ExprKind::Source(Box::new(source)), self.span_from(token.span.start)));
            }
            let followed = !matches!(self.token_after(1).kind, Kind::End | Kind::Mark)
                || (bracket && !matches!(word, "evaluate" | "search" | "find"))
                || self.is_mark_after(1, "*")
                || self.is_mark_after(1, "-");
            if words::is_unsupported_source(word) && followed {
                let source = Source::Unsupported(word.to_owned());
                self.skip_operator();
                return Ok(Node::new(ExprKind::Source(Box::new(source)), self.span_from(token.span.start)));
            }
        }
        self.expression()
    }

    /// Whether the word `search` is followed by what it searches, and is not a name.
    fn starts_search(&self) -> bool {
        let next = self.token_after(1);
        match next.kind {
            Kind::Text | Kind::Long | Kind::Real | Kind::Wrapped(_) => true,
            Kind::Word => !super::expression::is_infix(self.text_of(next.span)) || self.is_word_after(1, "in"),
            Kind::Mark => self.is_mark_after(1, "*") || self.is_mark_after(1, "("),
            _ => false,
        }
    }

    /// Whether a name starts at this offset.
    fn starts_name(&self, offset: usize) -> bool {
        self.token_after(offset).kind == Kind::Word || self.is_mark_after(offset, "[")
    }

    /// Returns the name of the operator at the current token, including hyphens, and its number of tokens.
    pub(super) fn operator_name(&self) -> (&str, usize) {
        let first = self.token();
        let (mut end, mut count) = (first.span.end, 1);
        loop {
            let (hyphen, word) = (self.token_after(count), self.token_after(count + 1));
            let joined = self.is_mark_after(count, "-") && hyphen.span.start == end && word.kind == Kind::Word;
            if !joined || word.span.start != hyphen.span.end {
                return (self.text_of(Span::new(first.span.start, end)), count);
            }
            end = word.span.end;
            count += 2;
        }
    }

    /// Skips an operator that is not parsed: to the next `|` or `;`, or to the closing bracket around it.
    fn skip_operator(&mut self) {
        let from = self.at;
        self.skipped = true;
        self.advance();
        self.recover(from);
        // The arguments are not parsed, but their tokens must be valid.
        let bad = (from..self.at).map(|number| self.token_number(number)).find(|token| match token.kind {
            Kind::Bad => true,
            Kind::Wrapped(_) => !self.text_of(token.span).ends_with(')'),
            _ => false,
        });
        if let Some(token) = bad {
            self.report(self.bad_token(token));
        }
    }

    pub(super) fn operator(&mut self) -> Parse<Operator> {
        let token = self.token();
        if token.kind != Kind::Word {
            let diagnostic = if token.kind == Kind::Bad {
                self.bad_token(token)
            } else if self.is_mark(".") {
                let message = "management commands are not supported".to_owned();
                Diagnostic::new(DiagnosticCode::Forbidden, token.span, message)
            } else {
                self.expected("an operator after `|`").kusto("KS176")
            };
            return self.fail(diagnostic);
        }
        let (word, count) = self.operator_name();
        let word = word.to_owned();
        if words::is_unsupported_operator(&word) {
            let kind = crate::ast::OperatorKind::Unsupported(word);
            self.skip_operator();
            return Ok(Node::new(kind, self.span_from(token.span.start)));
        }
        let name_span = Span::new(token.span.start, self.token_after(count - 1).span.end);
        if !words::is_operator(&word) {
            return self.fail(unknown(&word, name_span));
        }
        self.at += count;
        let kind = self.operator_body(&word, token.span.start)?;
        Ok(Node::new(kind, self.span_from(token.span.start)))
    }
}

/// Returns a diagnostic for a word after `|` that is not an operator.
fn unknown(word: &str, span: Span) -> Diagnostic {
    let message = format!("there is no operator `{}`", shortened(word));
    let diagnostic = Diagnostic::new(DiagnosticCode::UnknownFunction, span, message).kusto("KS176");
    let guess = match word.to_ascii_lowercase().as_str() {
        "select" => Some("project"),
        "group" | "groupby" | "aggregate" | "stats" => Some("summarize"),
        "having" => Some("where"),
        "head" | "first" => Some("take"),
        "expand" | "unnest" | "explode" => Some("mv-expand"),
        "orderby" | "sortby" => Some("sort"),
        "eval" | "let" | "set" => Some("extend"),
        "rename" => Some("project-rename"),
        "dedup" | "unique" => Some("distinct"),
        _ => nearest(word, words::operators()),
    };
    match guess {
        Some(guess) => diagnostic.help(format!("did you mean `{guess}`?")),
        None => diagnostic,
    }
}
