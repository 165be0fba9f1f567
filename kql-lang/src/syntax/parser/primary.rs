//! Primary expressions: names, calls, literals, brackets, and the member and index accesses after them.

use super::super::lexer::token;
use super::super::words;
use super::{Kind, Parse, Parser};
use crate::ast::{Argument, Expr, ExprKind};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::span::Node;
use crate::value::{Type, Value};

impl Parser<'_> {
    /// Parses a primary expression and the `.name` and `[index]` accesses after it.
    pub(super) fn postfix(&mut self) -> Parse<Expr> {
        self.path(false)
    }

    /// Like [`Self::postfix`]; with `tables`, stops before a `.` followed by a name that contains `*`.
    pub(super) fn path(&mut self, tables: bool) -> Parse<Expr> {
        let before = std::mem::take(&mut self.height);
        let mut base = self.primary()?;
        loop {
            if self.is_mark(".") && !(tables && self.wildcard_after(1).is_some()) {
                self.advance();
                // `a.[0]` is `a[0]`, and `a.['b c']` is the property of that name.
                if self.is_mark("[") && !(self.token_after(1).kind == Kind::Text && self.is_mark_after(2, "]")) {
                    continue;
                }
                let name = self.name("a name after `.`")?;
                if self.is_mark("(") {
                    let message = "functions of other databases are not part of the subset that runs offline";
                    return self.fail(Diagnostic::new(DiagnosticCode::Unsupported, name.span, message));
                }
                let span = base.span.to(name.span);
                base = Node::new(ExprKind::Member(Box::new(base), name), span);
            } else if self.is_mark("[") {
                let opening = self.at;
                let outer = self.enter()?;
                self.advance();
                let index = self.expression()?;
                self.expect_closing(opening, "]", "`]`")?;
                self.leave(&outer);
                let span = self.span_from(base.span.start);
                base = Node::new(ExprKind::Element(Box::new(base), Box::new(index)), span);
            } else {
                self.height = self.height.max(before);
                return Ok(base);
            }
            self.raise(self.height + 1)?;
        }
    }

    /// Parses a name, a call, a literal, or an expression in brackets.
    pub(super) fn primary(&mut self) -> Parse<Expr> {
        let token = self.token();
        match token.kind {
            Kind::Word => self.word(),
            Kind::Text | Kind::OpenText => {
                let text = self.string_literal();
                Ok(Node::new(ExprKind::Literal(Type::String, Value::String(text.item.into())), text.span))
            }
            Kind::Long | Kind::Real | Kind::TimeSpan | Kind::Wrapped(_) => self.literal(),
            Kind::Guid => {
                let diagnostic = Diagnostic::new(DiagnosticCode::Syntax, token.span, "a guid literal needs `guid(…)`")
                    .kusto("KS214");
                self.fail(diagnostic.help(format!("write `guid({})`", self.here())))
            }
            Kind::Mark => self.mark(),
            Kind::Bad => self.bad_primary(),
            Kind::End => self.fail(self.missing()),
        }
    }

    /// Returns a diagnostic for a missing expression.
    fn missing(&self) -> Diagnostic {
        self.expected("an expression").kusto("KS006")
    }

    fn mark(&mut self) -> Parse<Expr> {
        let token = self.token();
        match self.here() {
            "(" => self.brackets(),
            "[" => match self.bracketed_name()? {
                Some(name) if self.is_mark("(") => self.call(name.item, name.span),
                Some(name) => Ok(Node::new(ExprKind::Name(name.item), name.span)),
                None => {
                    let diagnostic = self.missing();
                    self.fail(diagnostic.help("write an array as `dynamic([…])` and a quoted name as `['…']`"))
                }
            },
            "*" => {
                self.advance();
                Ok(Node::new(ExprKind::Star, token.span))
            }
            "{" => {
                let diagnostic = self.missing();
                self.fail(diagnostic.help("write a property bag as `dynamic({…})`"))
            }
            "=" if self.is_mark_after(1, "=") || self.at > 0 && self.follows_equals() => {
                let diagnostic = Diagnostic::new(DiagnosticCode::Syntax, token.span, "unexpected `=`").kusto("KS006");
                self.fail(diagnostic.help("use `==` to compare"))
            }
            _ => self.fail(self.missing()),
        }
    }

    fn follows_equals(&self) -> bool {
        self.text_of(self.token_number(self.at.saturating_sub(1)).span).ends_with('=')
    }

    /// Parses `(…)`: an expression or a pipeline. The span includes the brackets; the tree has no node for them.
    fn brackets(&mut self) -> Parse<Expr> {
        let opening = self.at;
        let token = self.advance();
        let inner = self.pipeline()?;
        self.expect_closing(opening, ")", "`)`")?;
        Ok(Node::new(inner.item, self.span_from(token.span.start)))
    }

    fn word(&mut self) -> Parse<Expr> {
        let token = self.token();
        let word = self.here();
        let called = self.is_mark_after(1, "(");
        match word {
            "true" | "True" | "TRUE" => Ok(self.truth(true)),
            "false" | "False" | "FALSE" => Ok(self.truth(false)),
            "dynamic" if called => self.dynamic(),
            "typeof" if called => {
                let kind = self.type_of()?;
                Ok(Node::new(ExprKind::TypeOf(kind), self.span_from(token.span.start)))
            }
            "materialize" | "toscalar" | "totable" if called => self.called(),
            "not" if !called => {
                let diagnostic =
                    Diagnostic::new(DiagnosticCode::Syntax, token.span, "`not` is a function and needs brackets");
                self.fail(diagnostic.help("write `not(…)`").kusto("KS005"))
            }
            _ if words::is_reserved(word) || (called && token::wrapped(word).is_some()) => {
                self.fail(self.reserved_word(word, called))
            }
            _ if called => self.called(),
            _ => {
                self.advance();
                Ok(Node::new(ExprKind::Name(word.to_owned()), token.span))
            }
        }
    }

    /// Returns a diagnostic for a reserved word where an expression was expected.
    fn reserved_word(&self, word: &str, called: bool) -> Diagnostic {
        let span = self.token().span;
        if super::expression::SPELLINGS.iter().any(|(spelling, _)| *spelling == word)
            || matches!(word, "by" | "on" | "asc" | "desc" | "to")
        {
            return self.missing().help(format!("to use it as a name, write `['{word}']`"));
        }
        if words::is_operator(word) {
            return self.missing();
        }
        match word {
            "string" if called => Diagnostic::new(DiagnosticCode::Syntax, span, "there is no function `string`")
                .help("did you mean `tostring`?")
                .kusto("KS006"),
            _ if called && words::type_named(word).is_some() => {
                Diagnostic::new(DiagnosticCode::Syntax, span, format!("expected `(` immediately after `{word}`"))
                    .kusto("KS006")
            }
            _ => super::reserved(word, span),
        }
    }

    fn truth(&mut self, value: bool) -> Expr {
        let span = self.advance().span;
        Node::new(ExprKind::Literal(Type::Bool, Value::Bool(value)), span)
    }

    /// Parses a call whose name is the current word.
    fn called(&mut self) -> Parse<Expr> {
        let token = self.advance();
        self.call(self.text_of(token.span).to_owned(), token.span)
    }

    /// Parses the arguments of a call whose name has been consumed.
    fn call(&mut self, name: String, span: crate::span::Span) -> Parse<Expr> {
        let (_, arguments) = self.arguments()?;
        Ok(Node::new(ExprKind::Call(Node::new(name, span), arguments), self.span_from(span.start)))
    }

    /// Parses `(argument, …)` and returns the index of the opening bracket with the arguments.
    pub(super) fn arguments(&mut self) -> Parse<(usize, Vec<Argument>)> {
        let outside = std::mem::replace(&mut self.in_search, false);
        let opening = self.at;
        self.expect_mark("(")?;
        let arguments = if self.is_mark(")") { Vec::new() } else { self.list(Self::argument)? };
        self.expect_closing(opening, ")", "`,` or `)`")?;
        self.in_search = outside;
        Ok((opening, arguments))
    }

    fn argument(&mut self) -> Parse<Argument> {
        Ok(Argument { name: self.given_name()?, value: self.pipeline()? })
    }

    /// Reports an invalid token. Text in typographic quotes is then treated as a string, so that parsing can go on.
    fn bad_primary(&mut self) -> Parse<Expr> {
        let token = self.token();
        let text = self.here();
        let quoted =
            text.strip_prefix(['“', '”', '„', '‘', '’', '‚']).and_then(|rest| rest.strip_suffix(['“', '”', '‘', '’']));
        self.report(self.bad_token(token));
        let Some(inner) = quoted else { return Err(super::Failed) };
        self.advance();
        Ok(Node::new(ExprKind::Literal(Type::String, Value::String(inner.into())), token.span))
    }
}
