//! Statements: `let`, `set`, `declare`, and queries.

use super::super::words;
use super::Kind;
use super::{Failed, Parse, Parser, shortened};
use crate::ast::{Expr, ExprKind, Parameter, ParameterKind, Statement};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::span::Node;
use crate::value::Type;

impl Parser<'_> {
    /// Parses statements up to the end of the text, or up to the brace that closes `brace`, the index of an opening one.
    pub(super) fn statements(&mut self, brace: Option<usize>) -> Vec<Statement> {
        let mut statements = Vec::new();
        let depth = self.depth;
        loop {
            self.depth = depth;
            while self.take_mark(";") {}
            if self.at_end() || (brace.is_some() && self.is_mark("}")) {
                return statements;
            }
            let first = self.at;
            match self.statement() {
                Ok(statement) => {
                    statements.extend(statement);
                    self.end_statement(first, brace);
                }
                Err(Failed) => self.recover_statement(first, brace),
            }
        }
    }

    /// Reports an error if the statement is not followed by `;` or an end.
    fn end_statement(&mut self, first: usize, brace: Option<usize>) {
        if self.at_end() || self.is_mark(";") || (brace.is_some() && self.is_mark("}")) {
            return;
        }
        let token = self.token();
        let diagnostic = match self.here() {
            closing @ (")" | "]" | "}") => {
                Diagnostic::new(DiagnosticCode::Syntax, token.span, format!("unmatched `{closing}`")).kusto("KS198")
            }
            "," => Diagnostic::new(
                DiagnosticCode::Syntax,
                token.span,
                "expected `|` or the end of the statement, found `,`",
            )
            .kusto("KS198"),
            _ => self.after_expression(token),
        };
        self.report(diagnostic);
        self.recover_statement(first, brace);
    }

    /// Returns a diagnostic for a token where an infix operator, a `|` or an end was expected.
    fn after_expression(&self, token: super::Token) -> Diagnostic {
        if token.kind == Kind::Bad {
            return self.bad_token(token);
        }
        let diagnostic = self.expected("`|` or the end of the statement");
        match self.here() {
            "is" => diagnostic.help("use `isnull(…)` or `isnotnull(…)`; for strings, `isempty(…)` or `isnotempty(…)`"),
            "=" => diagnostic.help("use `==` to compare"),
            "from" | "group" | "having" | "order" => {
                diagnostic.help("this is KQL: `Table | where … | summarize … by …`")
            }
            _ => diagnostic,
        }
    }

    fn recover_statement(&mut self, first: usize, brace: Option<usize>) {
        let nesting = self.token_number(first).nesting;
        while !self.at_end() {
            let token = self.token();
            if self.is_mark(";") && token.nesting <= nesting {
                return;
            }
            if brace.is_some() && self.is_mark("}") && token.nesting < nesting {
                return;
            }
            self.advance();
        }
    }

    /// Parses one statement; `None` if there is no tree node for it.
    fn statement(&mut self) -> Parse<Option<Statement>> {
        let token = self.token();
        if token.kind == Kind::Word && !self.is_mark_after(1, "|") {
            let next = self.token_after(1);
            // A name is followed by an operator or by nothing; otherwise `let` and similar words start a statement.
            let followed = self.is_mark_after(1, "[")
                || (next.kind == Kind::Word && !super::expression::is_infix(self.text_of(next.span)));
            match self.here() {
                "let" if followed => return self.let_statement().map(Some),
                "set" if followed => return self.set_statement().map(Some),
                "declare" if self.is_word_after(1, "query_parameters") => return self.query_parameters().map(Some),
                word @ ("declare" | "alias" | "restrict" | "pattern") if followed => {
                    let message = format!("`{word}` is not part of the subset that runs offline");
                    return self.fail(Diagnostic::new(DiagnosticCode::Unsupported, token.span, message));
                }
                "select" | "SELECT" | "explain" | "EXPLAIN" if followed => {
                    let message = format!("a query cannot start with `{}`", self.here());
                    let diagnostic = Diagnostic::new(DiagnosticCode::Syntax, token.span, message);
                    return self
                        .fail(diagnostic.help("this is KQL, not SQL: `Table | where … | project …`").kusto("KS005"));
                }
                _ => {}
            }
        }
        if self.is_mark(".") {
            let next = self.token_after(1);
            let span = if next.kind == Kind::Word { token.span.to(next.span) } else { token.span };
            let message = format!("management commands are not supported: `{}`", shortened(self.text_of(span)));
            return self.fail(Diagnostic::new(DiagnosticCode::Forbidden, span, message));
        }
        if self.is_mark("|") {
            let diagnostic =
                Diagnostic::new(DiagnosticCode::Syntax, token.span, "expected a table before `|`").kusto("KS198");
            return self.fail(diagnostic);
        }
        Ok(Some(Statement::Expression(self.pipeline()?)))
    }

    fn let_statement(&mut self) -> Parse<Statement> {
        self.advance();
        let name = self.name("a name")?;
        self.expect_mark("=")?;
        let value = if self.is_function() { self.function()? } else { self.pipeline()? };
        Ok(Statement::Let { name, value })
    }

    /// Whether `(…) {` or `view (…) {` starts here.
    fn is_function(&self) -> bool {
        let opening = if self.is_word("view") { self.at + 1 } else { self.at };
        let token = self.token_number(opening);
        let is_bracket = token.kind == Kind::Mark && self.text_of(token.span) == "(";
        let after = token.partner.map(|closing| self.token_number(closing + 1));
        is_bracket && after.is_some_and(|after| after.kind == Kind::Mark && self.text_of(after.span) == "{")
    }

    fn function(&mut self) -> Parse<Expr> {
        let outer = self.enter()?;
        let start = self.token().span.start;
        let view = self.take_word("view");
        let parameters = self.parameters()?;
        let brace = self.at;
        self.expect_mark("{")?;
        let body = self.statements(Some(brace));
        self.expect_closing(brace, "}", "`}`")?;
        self.leave(&outer);
        Ok(Node::new(ExprKind::Function { view, parameters, body }, self.span_from(start)))
    }

    /// Parses `(name: type = default, …)`.
    fn parameters(&mut self) -> Parse<Vec<Parameter>> {
        let opening = self.at;
        self.expect_mark("(")?;
        let parameters = if self.is_mark(")") { Vec::new() } else { self.list(Self::parameter)? };
        self.expect_closing(opening, ")", "`,` or `)`")?;
        Ok(parameters)
    }

    fn parameter(&mut self) -> Parse<Parameter> {
        let name = self.name("a parameter name")?;
        self.expect_mark(":")?;
        let kind = if self.is_mark("(") {
            ParameterKind::Table(self.columns()?)
        } else {
            ParameterKind::Scalar(self.type_name()?)
        };
        let default = if self.take_mark("=") { Some(self.expression()?) } else { None };
        Ok(Parameter { name, kind, default })
    }

    /// Parses `(name: type, …)`; `(*)` is an empty list.
    pub(super) fn columns(&mut self) -> Parse<Vec<(crate::ast::Name, Type)>> {
        let opening = self.at;
        self.expect_mark("(")?;
        let columns = if self.take_mark("*") || self.is_mark(")") { Vec::new() } else { self.list(Self::column)? };
        self.expect_closing(opening, ")", "`,` or `)`")?;
        Ok(columns)
    }

    fn column(&mut self) -> Parse<(crate::ast::Name, Type)> {
        let name = self.name("a column name")?;
        self.expect_mark(":")?;
        Ok((name, self.type_name()?))
    }

    /// Parses the name of a type.
    pub(super) fn type_name(&mut self) -> Parse<Type> {
        let token = self.token();
        if token.kind != Kind::Word {
            return self.fail(self.expected("a type"));
        }
        let word = self.here();
        if let Some(kind) = words::type_named(word) {
            self.advance();
            return Ok(kind);
        }
        let diagnostic =
            Diagnostic::new(DiagnosticCode::Syntax, token.span, format!("`{word}` is not a type")).kusto("KS160");
        let guess = match word {
            "str" | "text" | "varchar" | "char" => Some("string"),
            "float" | "number" => Some("real"),
            "int32" | "integer" => Some("int"),
            "uuid" => Some("guid"),
            "object" | "json" => Some("dynamic"),
            "timestamp" => Some("datetime"),
            _ => crate::nearest::nearest(word, words::TYPES.iter().copied()),
        };
        self.fail(match guess {
            Some(guess) => diagnostic.help(format!("did you mean `{guess}`?")),
            None => diagnostic.help(format!("the types are {}", words::TYPES.join(", "))),
        })
    }

    fn set_statement(&mut self) -> Parse<Statement> {
        self.advance();
        let name = self.name("an option name")?;
        let value = if self.take_mark("=") { Some(self.expression()?) } else { None };
        Ok(Statement::Set { name, value })
    }

    fn query_parameters(&mut self) -> Parse<Statement> {
        self.advance();
        self.advance();
        Ok(Statement::Parameters(self.parameters()?))
    }
}
