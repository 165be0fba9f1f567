//! Parses tokens into a syntax tree. After an error, parsing resumes at the next operator or statement.
//!
//! The grammar is in the submodules: `statement`, `pipeline`, `operator`, `parse`, `joining`, `clause`, `expression`,
//! `primary`, `literal`, `json`. This file contains what they share: token access, error reporting, and the limits on depth
//! and height.

use super::lexer::{Kind, Lexed, Token};
use super::{MAX_DIAGNOSTICS, MAX_HEIGHT, MAX_NESTING, Parsed, words};
use crate::ast::{Name, Query};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::span::{Node, Span};

mod clause;
mod expression;
mod joining;
mod json;
mod literal;
mod operator;
mod parse;
mod pipeline;
mod primary;
mod statement;

pub(super) use expression::{LIST_SPELLINGS, Level, SPELLINGS, level};

/// A parse error that has already been reported.
#[derive(Debug)]
struct Failed;

type Parse<T> = Result<T, Failed>;

/// Parses the statements of a text from its tokens.
pub(super) fn parse(text: &str, lexed: &Lexed) -> Parsed {
    let mut parser = Parser {
        text,
        tokens: &lexed.tokens,
        at: 0,
        depth: 0,
        height: 0,
        diagnostics: lexed.diagnostics.clone(),
        open_text: lexed.tokens.iter().rfind(|token| token.kind == Kind::OpenText).map(|token| token.span.start),
        stopped: false,
        skipped: false,
        in_search: false,
    };
    let statements = parser.statements(None);
    let forbidden = parser.forbidden_in_skipped();
    let mut diagnostics = parser.diagnostics;
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span, diagnostic.message.clone()));
    diagnostics.dedup_by_key(|diagnostic| diagnostic.span);
    diagnostics.truncate(MAX_DIAGNOSTICS - usize::from(forbidden.is_some()));
    let at = diagnostics.partition_point(|other| forbidden.iter().all(|one| other.span <= one.span));
    diagnostics.splice(at..at, forbidden);
    Parsed { query: Query { statements }, diagnostics }
}

struct Parser<'t> {
    text: &'t str,
    tokens: &'t [Token],
    /// Index of the current token.
    at: usize,
    /// Current nesting depth of brackets, functions and pipelines.
    depth: usize,
    /// Maximum height of the trees parsed since this was last set to zero.
    height: usize,
    diagnostics: Vec<Diagnostic>,
    /// Start of the last unterminated string: brackets before it were probably meant to be closed inside it.
    open_text: Option<usize>,
    /// Whether a limit was exceeded: parsing stops.
    stopped: bool,
    /// Whether the tree lacks a part of the text that is not an error: what a service alone can run.
    skipped: bool,
    /// Whether the condition of a `search` is parsed, where `column : "term"` is valid.
    in_search: bool,
}

/// The depth and height to restore when a nested construct ends.
struct Outer {
    height: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    /// The first call in a text with skipped parts that accesses data outside the query's own database.
    ///
    /// The binder does not see the skipped parts, and a service would run them.
    fn forbidden_in_skipped(&self) -> Option<Diagnostic> {
        let is_mark = |token: Option<&Token>, mark: &str| {
            token.is_some_and(|token| token.kind == Kind::Mark && self.text_of(token.span) == mark)
        };
        let called = |at: usize, token: &Token| {
            let text = self.text_of(token.span);
            let (name, after) = match token.kind {
                Kind::Word => (text, at + 1),
                // `['name'](…)` calls the same function.
                Kind::Text if is_mark(at.checked_sub(1).and_then(|before| self.tokens.get(before)), "[") => {
                    (text.trim_start_matches(['@', 'h', 'H']).trim_matches(['\'', '"']), at + 2)
                }
                _ => return None,
            };
            (is_mark(self.tokens.get(after), "(") && words::leaves_database(name)).then_some((name, token.span))
        };
        let skipped = self.skipped || self.diagnostics.iter().any(|one| one.code == DiagnosticCode::Unsupported);
        let tokens = self.tokens.iter().enumerate().filter(|_| skipped);
        let (name, span) = tokens.into_iter().find_map(|(at, token)| called(at, token))?;
        let message = format!("`{name}` accesses data outside the query's own database");
        Some(Diagnostic::new(DiagnosticCode::Forbidden, span, message))
    }

    fn token(&self) -> Token {
        self.token_after(0)
    }

    /// Returns the token at this offset from the current one; [`Kind::End`] past the last token.
    fn token_after(&self, offset: usize) -> Token {
        self.token_number(self.at + offset)
    }

    fn token_number(&self, number: usize) -> Token {
        let end = Token::new(Kind::End, Span::new(self.text.len(), self.text.len()));
        self.tokens.get(number).copied().unwrap_or(end)
    }

    fn text_of(&self, span: Span) -> &'t str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Returns the text of the current token.
    fn here(&self) -> &'t str {
        self.text_of(self.token().span)
    }

    fn is_mark_after(&self, offset: usize, mark: &str) -> bool {
        let token = self.token_after(offset);
        token.kind == Kind::Mark && self.text_of(token.span) == mark
    }

    fn is_word_after(&self, offset: usize, word: &str) -> bool {
        let token = self.token_after(offset);
        token.kind == Kind::Word && self.text_of(token.span) == word
    }

    fn is_mark(&self, mark: &str) -> bool {
        self.is_mark_after(0, mark)
    }

    fn is_word(&self, word: &str) -> bool {
        self.is_word_after(0, word)
    }

    fn at_end(&self) -> bool {
        self.token().kind == Kind::End
    }

    /// Returns the current token and moves to the next.
    fn advance(&mut self) -> Token {
        let token = self.token();
        if token.kind != Kind::End {
            self.at += 1;
        }
        token
    }

    fn take_mark(&mut self, mark: &str) -> bool {
        let found = self.is_mark(mark);
        if found {
            self.advance();
        }
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    /// Returns the end of the last consumed token.
    fn end_of_last(&self) -> usize {
        self.at.checked_sub(1).map_or(0, |last| self.token_number(last).span.end)
    }

    /// Returns the span from `start` to the end of the last consumed token.
    fn span_from(&self, start: usize) -> Span {
        Span::new(start, self.end_of_last().max(start))
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        // A second diagnostic on the same token is a consequence of the first.
        let reported = self.diagnostics.iter().rev().any(|other| other.span.start == diagnostic.span.start);
        if !self.stopped && !reported && self.diagnostics.len() < MAX_DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        }
    }

    fn fail<T>(&mut self, diagnostic: Diagnostic) -> Parse<T> {
        self.report(diagnostic);
        Err(Failed)
    }

    /// Describes the current token for a message.
    fn found(&self) -> String {
        let token = self.token();
        match token.kind {
            Kind::End => "the end of the query".to_owned(),
            Kind::Text | Kind::OpenText => "a string".to_owned(),
            _ => format!("`{}`", shortened(self.text_of(token.span))),
        }
    }

    /// Returns a diagnostic that reports the current token instead of the expected construct.
    fn expected(&self, what: &str) -> Diagnostic {
        let token = self.token();
        if token.kind == Kind::Bad {
            return self.bad_token(token);
        }
        let message = format!("expected {what}, found {}", self.found());
        Diagnostic::new(DiagnosticCode::Syntax, token.span, message).kusto("KS005")
    }

    /// Returns a diagnostic for characters that are not part of the language.
    fn bad_token(&self, token: Token) -> Diagnostic {
        let text = self.text_of(token.span);
        let message = format!("unexpected `{}`", shortened(text));
        let diagnostic = Diagnostic::new(DiagnosticCode::Syntax, token.span, message).kusto("KS002");
        match text.chars().next() {
            Some('“' | '”' | '„' | '‘' | '’' | '‚') => {
                diagnostic.help("use straight quotes: `\"…\"` or `'…'`")
            }
            Some('&') => diagnostic.help("write `and`"),
            Some('!') => diagnostic.help("write `not(…)`"),
            Some('#') => {
                diagnostic.help("lines with `#` are client directives, not part of the query; comments start with `//`")
            }
            Some('`') => diagnostic.help("quote names with brackets: `['a name']`"),
            _ => diagnostic,
        }
    }

    fn expect_mark(&mut self, mark: &str) -> Parse<Token> {
        if self.is_mark(mark) { Ok(self.advance()) } else { self.fail(self.expected(&format!("`{mark}`"))) }
    }

    fn expect_word(&mut self, word: &str) -> Parse<Token> {
        if self.is_word(word) { Ok(self.advance()) } else { self.fail(self.expected(&format!("`{word}`"))) }
    }

    /// Consumes the closing bracket that matches the opening bracket at the given token index.
    fn expect_closing(&mut self, opening: usize, closing: &str, instead: &str) -> Parse<()> {
        if self.take_mark(closing) {
            return Ok(());
        }
        let open = self.token_number(opening);
        if open.partner.is_some() || self.token().kind == Kind::Bad {
            return self.fail(self.expected(instead));
        }
        if self.open_text.is_some_and(|start| start > open.span.start) {
            return Err(Failed);
        }
        let message =
            format!("`{}` is not closed: expected {instead}, found {}", self.text_of(open.span), self.found());
        self.fail(Diagnostic::new(DiagnosticCode::Syntax, open.span, message).kusto("KS005"))
    }

    /// Enters a construct that can be nested.
    fn enter(&mut self) -> Parse<Outer> {
        if self.depth >= MAX_NESTING {
            return self.stop(format!("brackets are nested more than {MAX_NESTING} deep"));
        }
        let depth = self.depth;
        self.depth += 1;
        Ok(Outer { height: std::mem::take(&mut self.height), depth })
    }

    /// Leaves the construct: its height is one more than that of its highest part.
    fn leave(&mut self, outer: &Outer) {
        self.depth = outer.depth;
        self.height = outer.height.max(self.height + 1);
    }

    /// Records the height of a tree, and stops parsing if it exceeds the limit.
    fn raise(&mut self, height: usize) -> Parse<()> {
        self.height = self.height.max(height);
        if height > MAX_HEIGHT {
            return self.stop(format!("an expression has more than {MAX_HEIGHT} levels of nested operators"));
        }
        Ok(())
    }

    fn stop<T>(&mut self, message: String) -> Parse<T> {
        self.report(Diagnostic::new(DiagnosticCode::Syntax, self.token().span, message));
        self.stopped = true;
        self.at = self.tokens.len().saturating_sub(1);
        Err(Failed)
    }

    /// Skips past an error: to the next `|` or `;` at the nesting depth of the token `from`, or to the closing bracket around
    /// it.
    fn recover(&mut self, from: usize) {
        let nesting = self.token_number(from).nesting;
        while !self.at_end() {
            let token = self.token();
            let ends = token.kind == Kind::Mark
                && match self.here() {
                    "|" | ";" => true,
                    ")" | "]" | "}" => token.partner.is_some_and(|partner| partner < from),
                    _ => false,
                };
            if ends && token.nesting <= nesting {
                return;
            }
            self.advance();
        }
    }

    /// Parses a name: a word that is not reserved, or a string in brackets.
    fn name(&mut self, what: &str) -> Parse<Name> {
        let token = self.token();
        if token.kind == Kind::Word {
            let word = self.here();
            if super::words::is_reserved(word) {
                return self.fail(reserved(word, token.span));
            }
            self.advance();
            return Ok(Node::new(word.to_owned(), token.span));
        }
        match self.bracketed_name()? {
            Some(name) => Ok(name),
            None => self.fail(self.expected(what)),
        }
    }

    /// Parses `['a name']`, if present.
    fn bracketed_name(&mut self) -> Parse<Option<Name>> {
        let opening = self.token();
        if !(self.is_mark("[") && self.token_after(1).kind == Kind::Text && self.is_mark_after(2, "]")) {
            return Ok(None);
        }
        self.advance();
        let name = self.string_literal();
        self.advance();
        let span = self.span_from(opening.span.start);
        if name.item.is_empty() {
            return self.fail(Diagnostic::new(DiagnosticCode::Syntax, span, "a name cannot be empty"));
        }
        Ok(Some(Node::new(name.item, span)))
    }

    /// Parses one or more items separated by commas.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parse<T>) -> Parse<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.take_mark(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }
}

/// Returns a diagnostic for a reserved word used as a name.
fn reserved(word: &str, span: Span) -> Diagnostic {
    Diagnostic::new(DiagnosticCode::Syntax, span, format!("`{word}` is a reserved word"))
        .help(format!("to use it as a name, write `['{word}']`"))
        .kusto("KS228")
}

/// Shortens a text for a message: its first line, at most 40 characters.
fn shortened(text: &str) -> String {
    const LETTERS: usize = 40;
    let line = text.split(['\n', '\r']).next().unwrap_or_default();
    match line.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}
