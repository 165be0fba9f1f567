//! `dynamic(…)` literals: JSON extended by Kusto's string and scalar literals.

use std::sync::Arc;

use super::{Kind, Parse, Parser};
use crate::ast::{Expr, ExprKind};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::span::Node;
use crate::value::{Bag, Type, Value};

impl Parser<'_> {
    /// Parses `dynamic(…)`.
    pub(super) fn dynamic(&mut self) -> Parse<Expr> {
        let start = self.advance().span.start;
        let opening = self.at;
        self.advance();
        let value = self.json()?;
        self.expect_closing(opening, ")", "`)`")?;
        Ok(Node::new(ExprKind::Literal(Type::Dynamic, value), self.span_from(start)))
    }

    fn json(&mut self) -> Parse<Value> {
        let token = self.token();
        match (token.kind, self.here()) {
            (Kind::Word, "null") => {
                self.advance();
                Ok(Value::Null)
            }
            (Kind::Word, "true" | "True" | "TRUE" | "false" | "False" | "FALSE") => {
                let value = self.here().eq_ignore_ascii_case("true");
                self.advance();
                Ok(Value::Bool(value))
            }
            (Kind::Word, "dynamic") if self.is_mark_after(1, "(") => match self.dynamic()?.item {
                ExprKind::Literal(_, value) => Ok(value),
                _ => Ok(Value::Null),
            },
            (Kind::Text | Kind::OpenText, _) => Ok(Value::String(self.string_literal().item.into())),
            (Kind::Long | Kind::Real | Kind::TimeSpan | Kind::Wrapped(_), _) => Ok(constant(self.literal()?)),
            (Kind::Mark, "-") => self.negative(),
            (Kind::Mark, "[") => self.array(),
            (Kind::Mark, "{") => self.bag(),
            _ => {
                let diagnostic = self.expected("a JSON value").kusto("KS006");
                let help = "`dynamic(…)` takes no columns or functions; use `pack_array(…)` or `bag_pack(…)`";
                let diagnostic = if token.kind == Kind::Word { diagnostic.help(help) } else { diagnostic };
                self.fail(diagnostic)
            }
        }
    }

    fn negative(&mut self) -> Parse<Value> {
        let minus = self.advance();
        if let Some(least) = self.least_long(minus.span) {
            return Ok(constant(least));
        }
        if !matches!(self.token().kind, Kind::Long | Kind::Real) {
            return self.fail(self.expected("a number"));
        }
        Ok(match constant(self.literal()?) {
            Value::Long(number) => Value::Long(number.wrapping_neg()),
            Value::Real(number) => Value::Real(-number),
            other => other,
        })
    }

    fn array(&mut self) -> Parse<Value> {
        let opening = self.at;
        let outer = self.enter()?;
        self.advance();
        let mut items = Vec::new();
        while !self.is_mark("]") {
            items.push(self.json()?);
            if !self.take_mark(",") {
                break;
            }
        }
        self.expect_closing(opening, "]", "`,` or `]`")?;
        self.leave(&outer);
        Ok(Value::Array(Arc::new(items)))
    }

    fn bag(&mut self) -> Parse<Value> {
        let opening = self.at;
        let outer = self.enter()?;
        self.advance();
        let mut bag = Bag::default();
        while !self.is_mark("}") {
            let token = self.token();
            if token.kind != Kind::Text {
                let diagnostic = self.expected("a property name in quotes");
                return self.fail(diagnostic);
            }
            let name = self.string_literal();
            self.expect_mark(":")?;
            let value = self.json()?;
            if bag.len() >= MAX_PROPERTIES {
                let message = format!("a property bag has more than {MAX_PROPERTIES} properties");
                return self.fail(Diagnostic::new(DiagnosticCode::Syntax, token.span, message));
            }
            bag.put(name.item.into(), value);
            if !self.take_mark(",") {
                break;
            }
        }
        self.expect_closing(opening, "}", "`,` or `}`")?;
        self.leave(&outer);
        Ok(Value::Bag(Arc::new(bag)))
    }
}

/// Maximum number of properties of a bag literal: inserting one searches all previous ones.
const MAX_PROPERTIES: usize = 1_000;

fn constant(expr: Expr) -> Value {
    match expr.item {
        ExprKind::Literal(_, value) => value,
        _ => Value::Null,
    }
}
