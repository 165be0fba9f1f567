//! Prints a tree as text in one style: one operator per line, brackets only where needed.
//!
//! Parsing the output with [`super::parse`] gives the same tree. Unsupported operators are printed by name only.

use super::parser::{LIST_SPELLINGS, Level, SPELLINGS, level};
use crate::ast::{Argument, Expr, ExprKind, Name, Parameter, ParameterKind, Query, Statement, UnaryOp};
use crate::value::Type;

mod literal;
mod name;
mod operator;

/// Prints a query.
#[must_use]
pub fn print(query: &Query) -> String {
    let mut printer = Printer { out: String::new(), lines: true };
    printer.statements(&query.statements, ";\n");
    printer.out
}

struct Printer {
    out: String,
    /// Whether each operator starts a new line: true outside of brackets.
    lines: bool,
}

/// The precedence of operands of a unary sign, `.` and `[…]`: above every operator.
const OPERAND: u8 = Level::Text as u8 + 1;

impl Printer {
    fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Writes items separated by commas.
    fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        for (number, item) in items.iter().enumerate() {
            if number > 0 {
                self.text(", ");
            }
            write(self, item);
        }
    }

    /// Writes a bracketed construct on one line.
    fn within(&mut self, open: &str, close: &str, write: impl FnOnce(&mut Self)) {
        let lines = std::mem::replace(&mut self.lines, false);
        self.text(open);
        write(self);
        self.text(close);
        self.lines = lines;
    }

    fn statements(&mut self, statements: &[Statement], between: &str) {
        for (number, statement) in statements.iter().enumerate() {
            if number > 0 {
                self.text(between);
            }
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Let { name, value } => {
                self.text("let ");
                self.name(&name.item);
                self.text(" = ");
                self.pipeline(value);
            }
            Statement::Set { name, value } => {
                self.text("set ");
                self.name(&name.item);
                if let Some(value) = value {
                    self.text(" = ");
                    self.expression(value);
                }
            }
            Statement::Parameters(parameters) => {
                self.text("declare query_parameters ");
                self.parameters(parameters);
            }
            Statement::Expression(query) => self.pipeline(query),
        }
    }

    fn parameters(&mut self, parameters: &[Parameter]) {
        self.within("(", ")", |printer| printer.list(parameters, Self::parameter));
    }

    fn parameter(&mut self, parameter: &Parameter) {
        self.name(&parameter.name.item);
        self.text(": ");
        match &parameter.kind {
            ParameterKind::Scalar(kind) => self.kind(*kind),
            ParameterKind::Table(columns) if columns.is_empty() => self.text("(*)"),
            ParameterKind::Table(columns) => self.columns(columns),
        }
        if let Some(default) = &parameter.default {
            self.text(" = ");
            self.expression(default);
        }
    }

    fn columns(&mut self, columns: &[(Name, Type)]) {
        self.within("(", ")", |printer| {
            printer.list(columns, |printer, (name, kind)| {
                printer.name(&name.item);
                printer.text(": ");
                printer.kind(*kind);
            });
        });
    }

    fn kind(&mut self, kind: Type) {
        self.text(kind.as_str());
    }

    /// Writes an expression that pipeline operators may follow.
    fn pipeline(&mut self, expr: &Expr) {
        match &expr.item {
            ExprKind::Pipe(source, operators) => {
                self.pipeline(source);
                for operator in operators {
                    self.text(if self.lines { "\n| " } else { " | " });
                    self.operator(&operator.item);
                }
            }
            ExprKind::Source(source) => self.source(source),
            ExprKind::Function { view, parameters, body } => {
                if *view {
                    self.text("view ");
                }
                self.parameters(parameters);
                self.within(" { ", " }", |printer| printer.statements(body, "; "));
            }
            _ => self.expression(expr),
        }
    }

    /// Writes an expression that no `|` may follow.
    fn expression(&mut self, expr: &Expr) {
        self.at_least(expr, 0);
    }

    /// Writes an expression, in brackets if its outermost operator has a precedence below `least`.
    fn at_least(&mut self, expr: &Expr, least: u8) {
        if precedence(expr) < least {
            self.within("(", ")", |printer| printer.pipeline(expr));
            return;
        }
        match &expr.item {
            ExprKind::Literal(kind, value) => literal::literal(&mut self.out, *kind, value),
            ExprKind::TypeOf(kind) => {
                self.text("typeof(");
                self.kind(*kind);
                self.text(")");
            }
            ExprKind::Name(name) => self.name(name),
            ExprKind::Star => self.text("*"),
            ExprKind::Member(base, name) => {
                self.base(base);
                self.text(".");
                self.name(&name.item);
            }
            ExprKind::Element(base, index) => {
                self.base(base);
                self.within("[", "]", |printer| printer.expression(index));
            }
            ExprKind::Call(name, arguments) => self.call(&name.item, arguments),
            ExprKind::Unary(operator, operand) => {
                self.text(match operator {
                    UnaryOp::Minus => "-",
                    UnaryOp::Plus => "+",
                });
                self.sign_operand(operand);
            }
            ExprKind::Binary(..) => self.chain(expr),
            ExprKind::In(operator, operand, items) => {
                self.at_least(operand, Level::Order as u8);
                let spelling =
                    LIST_SPELLINGS.iter().find(|(_, other)| other == operator).map_or("in", |(text, _)| *text);
                self.text(&format!(" {spelling} "));
                self.within("(", ")", |printer| match items.as_slice() {
                    [table] => printer.pipeline(table),
                    items => printer.list(items, Self::expression),
                });
            }
            ExprKind::Between { negated, operand, low, high } => {
                self.at_least(operand, Level::Order as u8);
                self.text(if *negated { " !between " } else { " between " });
                self.within("(", ")", |printer| {
                    printer.expression(low);
                    printer.text(" .. ");
                    printer.expression(high);
                });
            }
            ExprKind::Pipe(..) | ExprKind::Source(_) | ExprKind::Function { .. } => {
                self.within("(", ")", |printer| printer.pipeline(expr));
            }
        }
    }

    /// Writes the operand of a unary sign; a second sign needs brackets, since `--` is not valid.
    fn sign_operand(&mut self, operand: &Expr) {
        let signed = matches!(operand.item, ExprKind::Unary(..));
        self.at_least(operand, if signed { u8::MAX } else { OPERAND });
    }

    /// Writes the expression before `.` or `[`; a number needs brackets, since the dot would become part of it.
    fn base(&mut self, base: &Expr) {
        let bare =
            matches!(base.item, ExprKind::Name(_) | ExprKind::Call(..) | ExprKind::Member(..) | ExprKind::Element(..));
        self.at_least(base, if bare { 0 } else { u8::MAX });
    }

    /// Writes a left-associative chain of operators without recursion into the left operands.
    fn chain(&mut self, expr: &Expr) {
        let mut rights = Vec::new();
        let mut left = expr;
        let mut least = 0;
        while let ExprKind::Binary(operator, inner, right) = &left.item {
            if precedence(left) < least {
                break;
            }
            rights.push((*operator, &**right));
            let level = level(*operator);
            least = level as u8 + u8::from(!level.chains());
            left = inner;
        }
        self.at_least(left, least);
        for (operator, right) in rights.into_iter().rev() {
            let spelling = SPELLINGS.iter().find(|(_, other)| *other == operator).map_or("", |(text, _)| *text);
            self.text(&format!(" {spelling} "));
            self.at_least(right, level(operator) as u8 + 1);
        }
    }

    fn call(&mut self, name: &str, arguments: &[Argument]) {
        self.function_name(name);
        // With several arguments, the next one would be parsed as part of the last operator.
        let tabular = arguments.len() == 1 && matches!(name, "toscalar" | "materialize" | "totable");
        self.within("(", ")", |printer| {
            printer.list(arguments, |printer, argument| match &argument.name {
                None if tabular => printer.pipeline(&argument.value),
                _ => printer.argument(argument),
            });
        });
    }

    fn argument(&mut self, argument: &Argument) {
        if let Some(name) = &argument.name {
            self.name(&name.item);
            self.text(" = ");
        }
        self.expression(&argument.value);
    }
}

/// Returns the precedence of the outermost operator of an expression.
fn precedence(expr: &Expr) -> u8 {
    match &expr.item {
        ExprKind::Binary(operator, ..) => level(*operator) as u8,
        ExprKind::In(..) | ExprKind::Between { .. } => Level::Equality as u8,
        // A unary sign has a higher precedence than every binary operator, but a lower one than a dot.
        _ => OPERAND,
    }
}
