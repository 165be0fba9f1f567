//! `parse`, `parse-where` and `make-series`.

use super::{Kind, Parse, Parser};
use crate::ast::{Expr, MakeSeries, Named, OperatorKind, Parse as Pattern, ParsePart};

impl Parser<'_> {
    /// Parses the arguments of `parse`.
    pub(super) fn parse(&mut self) -> Parse<Pattern> {
        let settings = self.settings(&["kind", "flags"])?;
        let text = self.expression()?;
        self.expect_word("with")?;
        let mut parts = Vec::new();
        loop {
            let kind = self.token().kind;
            if self.take_mark("*") {
                parts.push(ParsePart::Skip);
            } else if matches!(kind, Kind::Text | Kind::OpenText) {
                parts.push(ParsePart::Text(self.single_string()));
            } else if kind == Kind::Word || self.is_mark("[") {
                if self.token().kind == Kind::Word && self.is_reserved_operator() {
                    break;
                }
                let name = self.name("a column name")?;
                let kind = if self.take_mark(":") { Some(self.type_name()?) } else { None };
                parts.push(ParsePart::Column(name, kind));
            } else {
                break;
            }
        }
        if parts.is_empty() {
            return self.fail(self.expected("a pattern of strings, columns and `*`"));
        }
        Ok(Pattern { settings, text, parts })
    }

    /// Whether the current word is an operator name that cannot be a column: its `|` is missing.
    fn is_reserved_operator(&self) -> bool {
        let word = self.operator_name().0;
        super::super::words::is_operator(word) && super::super::words::is_reserved(self.here())
    }

    /// Parses the arguments of `make-series`.
    pub(super) fn make_series(&mut self) -> Parse<OperatorKind> {
        let settings = self.settings(&["kind"])?;
        let aggregates = self.list(Self::series)?;
        self.expect_word("on")?;
        let on = self.expression()?;
        if self.is_word("in") && self.is_word_after(1, "range") {
            self.advance();
            self.advance();
            let opening = self.at;
            self.expect_mark("(")?;
            let from = Some(self.expression()?);
            self.expect_mark(",")?;
            let to = Some(self.expression()?);
            self.expect_mark(",")?;
            let step = self.expression()?;
            self.expect_closing(opening, ")", "`)`")?;
            let by = if self.take_word("by") { self.named_list()? } else { Vec::new() };
            let series = MakeSeries { settings, aggregates, on, from, to, step, in_range: true, by };
            return Ok(OperatorKind::MakeSeries(Box::new(series)));
        }
        let from = if self.take_word("from") { Some(self.expression()?) } else { None };
        let to = if self.take_word("to") { Some(self.expression()?) } else { None };
        self.expect_word("step")?;
        let step = self.expression()?;
        let by = if self.take_word("by") { self.named_list()? } else { Vec::new() };
        Ok(OperatorKind::MakeSeries(Box::new(MakeSeries {
            settings,
            aggregates,
            on,
            from,
            to,
            step,
            in_range: false,
            by,
        })))
    }

    /// Parses an aggregate and the value of empty bins.
    fn series(&mut self) -> Parse<(Named, Option<Expr>)> {
        let aggregate = self.named()?;
        let default = if self.is_word("default") {
            self.advance();
            self.expect_mark("=")?;
            Some(self.expression()?)
        } else {
            None
        };
        Ok((aggregate, default))
    }
}
