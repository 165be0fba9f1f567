//! Literals: numbers, strings, and the forms with a type name such as `datetime(…)`.

use std::str::FromStr;

use rust_decimal::Decimal;

use super::super::lexer::{number, quoted};
use super::{Kind, Parse, Parser, shortened};
use crate::ast::{Expr, ExprKind};
use crate::datetime::parse as text;
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::span::{Node, Span};
use crate::value::{Type, Value};

impl Parser<'_> {
    /// Parses a literal that is one token.
    pub(super) fn literal(&mut self) -> Parse<Expr> {
        let token = self.token();
        let text = self.here();
        let (kind, value) = match token.kind {
            Kind::Real => (Type::Real, real(text).map(Value::Real)),
            Kind::TimeSpan => (Type::TimeSpan, number::timespan(text).map(Value::TimeSpan)),
            Kind::Wrapped(kind) => {
                if !text.ends_with(')') {
                    let message = format!("`{}` is not closed: expected `)`", shortened(text));
                    return self.fail(Diagnostic::new(DiagnosticCode::Syntax, token.span, message).kusto("KS001"));
                }
                (kind, wrapped(kind, inside(text)))
            }
            _ => (Type::Long, number::long(text).map(Value::Long)),
        };
        let Some(value) = value else { return self.fail(unreadable(kind, text, token.span)) };
        self.advance();
        Ok(Node::new(ExprKind::Literal(kind, value), token.span))
    }

    /// Parses the digits of the minimum `long` after a minus; without the sign they would be out of range.
    pub(super) fn least_long(&mut self, minus: Span) -> Option<Expr> {
        let token = self.token();
        if token.kind != Kind::Long || self.here() != "9223372036854775808" {
            return None;
        }
        self.advance();
        Some(Node::new(ExprKind::Literal(Type::Long, Value::Long(i64::MIN)), minus.to(token.span)))
    }

    /// Parses a string; adjacent string literals are concatenated.
    pub(super) fn string_literal(&mut self) -> Node<String> {
        let mut string = self.single_string();
        while matches!(self.token().kind, Kind::Text | Kind::OpenText) {
            let next = self.single_string();
            string.item.push_str(&next.item);
            string.span = string.span.to(next.span);
        }
        string
    }

    /// Parses a single string literal.
    pub(super) fn single_string(&mut self) -> Node<String> {
        let token = self.advance();
        let literal = self.text_of(token.span);
        let (value, bad) = quoted::value(literal);
        if token.kind == Kind::Text {
            for escape in bad {
                let start = token.span.start + escape.start;
                let span = Span::new(start, start + escape.length);
                let message = format!("unknown escape `{}`", self.text_of(span));
                let diagnostic = Diagnostic::new(DiagnosticCode::Syntax, span, message).kusto("KS002");
                self.report(diagnostic.help("write a backslash as `\\\\`, or put `@` before the quote of the string"));
            }
        }
        Node::new(value, token.span)
    }
}

/// Returns the text between the brackets of a literal, without optional quotes.
fn inside(literal: &str) -> &str {
    let inner = literal.split_once('(').map_or("", |(_, inner)| inner);
    let inner = inner.strip_suffix(')').unwrap_or(inner).trim();
    let bare = ['\'', '"'].into_iter().find_map(|quote| inner.strip_prefix(quote)?.strip_suffix(quote));
    bare.unwrap_or(inner)
}

/// Returns the value of a literal of the form `type(…)`.
fn wrapped(kind: Type, inner: &str) -> Option<Value> {
    if inner == "null" {
        return Some(Value::Null);
    }
    match kind {
        Type::Bool => match inner.to_ascii_lowercase().as_str() {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            number => number.parse::<i64>().ok().map(|number| Value::Bool(number != 0)),
        },
        Type::Int => signed(inner).and_then(|number| i32::try_from(number).ok()).map(Value::Int),
        Type::Long => signed(inner).map(Value::Long),
        Type::Real => real(inner).map(Value::Real),
        Type::Decimal => decimal(inner).map(Value::Decimal),
        Type::DateTime => text::datetime(&dense(inner)).map(Value::DateTime),
        Type::TimeSpan => number::timespan(inner).or_else(|| text::timespan(inner)).map(Value::TimeSpan),
        Type::Guid => guid(inner).map(Value::Guid),
        Type::String | Type::Dynamic => None,
    }
}

/// A datetime without the spaces around the hyphens of its date, which the service skips: `2017 - 08 - 01`.
fn dense(text: &str) -> String {
    let mut parts = text.splitn(3, '-');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), Some(rest)) if year.trim().len() == 4 => {
            format!("{}-{}-{}", year.trim(), month.trim(), rest.trim_start())
        }
        _ => text.to_owned(),
    }
}

/// Parses an integer with an optional sign, in decimal or hexadecimal digits.
fn signed(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(digits) => {
            let digits = digits.trim_start();
            if digits.starts_with(['-', '+']) {
                return None;
            }
            number::long(digits).and_then(i64::checked_neg).or_else(|| format!("-{digits}").parse().ok())
        }
        None => number::long(text.strip_prefix('+').unwrap_or(text).trim_start()),
    }
}

/// Parses a real number; a value out of range is infinite, as in IEEE 754.
pub(super) fn real(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest.trim_start()),
        None => (1.0, text.strip_prefix('+').unwrap_or(text).trim_start()),
    };
    match digits.to_ascii_lowercase().as_str() {
        "nan" => Some(f64::NAN),
        "inf" => Some(sign * f64::INFINITY),
        digits if digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') => {
            digits.parse::<f64>().ok().map(|number| sign * number)
        }
        _ => None,
    }
}

fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

/// Parses a guid, with all hyphens or with none.
fn guid(text: &str) -> Option<u128> {
    let text = text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(text);
    let hyphens = text.bytes().filter(|byte| *byte == b'-').count();
    let placed = [8, 13, 18, 23].into_iter().all(|place| text.as_bytes().get(place) == Some(&b'-'));
    let digits: String = text.chars().filter(|letter| *letter != '-').collect();
    let fits = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    (fits && (hyphens == 0 || (hyphens == 4 && placed))).then(|| u128::from_str_radix(&digits, 16).ok())?
}

fn unreadable(kind: Type, text: &str, span: Span) -> Diagnostic {
    let name = kind.as_str();
    let message = format!("`{}` is not a valid `{name}`", shortened(text));
    let diagnostic = Diagnostic::new(DiagnosticCode::Syntax, span, message);
    match kind {
        Type::DateTime => diagnostic.help("write `datetime(2026-01-31 12:00:00)`, or convert with `todatetime(…)`"),
        Type::TimeSpan => diagnostic.help("write `1d`, `90m` or `time(1.02:03:04)`, or convert with `totimespan(…)`"),
        Type::Guid => diagnostic.help("write `guid(74be27de-1e4e-49d9-b579-fe0b331d3642)`"),
        Type::Int | Type::Long | Type::Real | Type::Decimal | Type::Bool => {
            diagnostic.help(format!("use a literal in range, or convert with `to{name}(…)`"))
        }
        Type::String | Type::Dynamic => diagnostic,
    }
}
