//! Clauses that several operators share: named expressions, settings, sort keys, name patterns.

use std::sync::Arc;

use super::{Kind, Parse, Parser};
use crate::ast::{Expr, ExprKind, Name, NamePattern, Named, Setting, SortKey};
use crate::span::Node;
use crate::value::{Type, Value};

impl Parser<'_> {
    /// Parses `x`, `a = x`, `(a, b) = x`, separated by commas.
    pub(super) fn named_list(&mut self) -> Parse<Vec<Named>> {
        self.list(Self::named)
    }

    pub(super) fn named(&mut self) -> Parse<Named> {
        let names = self.given_names()?;
        Ok(Named { names, value: self.expression()? })
    }

    /// Parses the names before an equals sign, if there is one.
    fn given_names(&mut self) -> Parse<Vec<Name>> {
        if let Some(name) = self.given_name()? {
            return Ok(vec![name]);
        }
        let closing = self.token().partner.filter(|_| self.is_mark("("));
        let Some(closing) = closing else { return Ok(Vec::new()) };
        let after = self.token_number(closing + 1);
        if after.kind != Kind::Mark || self.text_of(after.span) != "=" {
            return Ok(Vec::new());
        }
        let opening = self.at;
        self.advance();
        let names = self.list(|parser| parser.name("a name"))?;
        self.expect_closing(opening, ")", "`,` or `)`")?;
        self.expect_mark("=")?;
        Ok(names)
    }

    /// Parses `name =`, if present.
    pub(super) fn given_name(&mut self) -> Parse<Option<Name>> {
        let token = self.token();
        if token.kind == Kind::Word && self.is_mark_after(1, "=") {
            self.refuse_reserved(true)?;
            let name = Node::new(self.here().to_owned(), token.span);
            self.advance();
            self.advance();
            return Ok(Some(name));
        }
        if self.is_mark("[") && self.is_mark_after(3, "=") {
            let name = self.bracketed_name()?;
            if name.is_some() {
                self.advance();
            }
            return Ok(name);
        }
        Ok(None)
    }

    /// Parses settings such as `kind = leftouter hint.strategy = shuffle`: those with the given names, and all hints.
    pub(super) fn settings(&mut self, names: &[&str]) -> Parse<Vec<Setting>> {
        let mut settings = Vec::new();
        loop {
            let token = self.token();
            let name = if self.is_setting(names) {
                let span = self.advance().span;
                self.text_of(span).to_owned()
            } else if self.is_word("hint") && self.is_mark_after(1, ".") && self.is_mark_after(3, "=") {
                self.at += 2;
                let span = self.advance().span;
                format!("hint.{}", self.text_of(span))
            } else {
                return Ok(settings);
            };
            let span = self.span_from(token.span.start);
            self.expect_mark("=")?;
            settings.push(Setting { name: Node::new(name, span), value: self.setting_value()? });
        }
    }

    /// Parses the value of a setting: any word, or a literal.
    pub(super) fn setting_value(&mut self) -> Parse<Expr> {
        let token = self.token();
        let literal = matches!(self.here(), "true" | "false" | "dynamic");
        if token.kind == Kind::Word && !literal {
            let word = self.here().to_owned();
            self.advance();
            return Ok(Node::new(ExprKind::Name(word), token.span));
        }
        if token.kind == Kind::Text {
            // Only one string literal: a second one is not part of the value.
            let text = self.single_string();
            let value = Value::String(Arc::from(text.item.as_str()));
            return Ok(Node::new(ExprKind::Literal(Type::String, value), text.span));
        }
        // A bracket after the value is not an index.
        if self.is_mark("-") || self.is_mark("+") { self.unary() } else { self.primary() }
    }

    /// Parses a key of `sort` or `top`.
    pub(super) fn sort_key(&mut self) -> Parse<SortKey> {
        let value = self.expression()?;
        let ascending = match self.here() {
            "asc" if self.take_word("asc") => Some(true),
            "desc" if self.take_word("desc") => Some(false),
            _ => None,
        };
        let mut nulls_first = None;
        if self.take_word("nulls") {
            nulls_first = Some(self.take_word("first"));
            if nulls_first == Some(false) && !self.take_word("last") {
                return self.fail(self.expected("`first` or `last`"));
            }
        }
        Ok(SortKey { value, ascending, nulls_first })
    }

    /// Parses `new = old`.
    pub(super) fn renamed(&mut self) -> Parse<(Name, Name)> {
        match self.given_name()? {
            Some(new) => Ok((new, self.name("a column name")?)),
            None => self.fail(self.expected("`new = old`")),
        }
    }

    /// Parses a name pattern, optionally with `asc`, `desc`, `granny-asc` or `granny-desc`.
    pub(super) fn reordered(&mut self) -> Parse<(NamePattern, Option<String>)> {
        let pattern = self.name_pattern()?;
        let (word, count) = self.operator_name();
        let order = matches!(word, "asc" | "desc" | "granny-asc" | "granny-desc").then(|| word.to_owned());
        if order.is_some() {
            self.at += count;
        }
        Ok((pattern, order))
    }

    /// Parses a name that may contain `*`.
    pub(super) fn name_pattern(&mut self) -> Parse<NamePattern> {
        match self.wildcard() {
            Some(pattern) => Ok(pattern),
            None => self.name("a column name"),
        }
    }

    /// Parses a name that contains `*`: adjacent words and stars without spaces.
    pub(super) fn wildcard(&mut self) -> Option<NamePattern> {
        let start = self.token().span.start;
        self.at += self.wildcard_after(0)?;
        let span = self.span_from(start);
        Some(Node::new(self.text_of(span).to_owned(), span))
    }

    /// Returns the number of tokens of the name with `*` at this offset.
    pub(super) fn wildcard_after(&self, offset: usize) -> Option<usize> {
        let (mut end, mut count, mut stars) = (self.token_after(offset).span.start, 0, 0_usize);
        loop {
            let token = self.token_after(offset + count);
            let star = self.is_mark_after(offset + count, "*");
            if token.span.start != end || !(star || matches!(token.kind, Kind::Word | Kind::Long)) {
                return (stars > 0).then_some(count);
            }
            stars += usize::from(star);
            end = token.span.end;
            count += 1;
        }
    }
}
