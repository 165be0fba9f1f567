//! Operator expressions: precedence and associativity.

use super::{Kind, Parse, Parser};
use crate::ast::{BinaryOp, Expr, ExprKind, InOp, UnaryOp};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::span::{Node, Span};

/// The precedence of an operator, lowest first. As in Kusto, the string operators have a higher precedence than `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::syntax) enum Level {
    Or,
    And,
    Equality,
    Order,
    Sum,
    Product,
    Text,
}

impl Level {
    /// Whether `a op b op c` is valid.
    pub(in crate::syntax) const fn chains(self) -> bool {
        matches!(self, Self::Or | Self::And | Self::Sum | Self::Product)
    }
}

/// An infix operator.
enum Infix {
    Binary(BinaryOp),
    In(InOp),
    Between { negated: bool },
}

/// Returns the precedence of a binary operator.
pub(in crate::syntax) const fn level(operator: BinaryOp) -> Level {
    match operator {
        BinaryOp::Or => Level::Or,
        BinaryOp::And => Level::And,
        BinaryOp::Equal | BinaryOp::NotEqual => Level::Equality,
        BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => Level::Order,
        BinaryOp::Add | BinaryOp::Subtract => Level::Sum,
        BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => Level::Product,
        _ => Level::Text,
    }
}

/// The spellings of the binary operators.
pub(in crate::syntax) const SPELLINGS: &[(&str, BinaryOp)] = &[
    ("or", BinaryOp::Or),
    ("and", BinaryOp::And),
    ("==", BinaryOp::Equal),
    ("!=", BinaryOp::NotEqual),
    ("<>", BinaryOp::NotEqual),
    ("=~", BinaryOp::EqualTilde),
    ("!~", BinaryOp::NotEqualTilde),
    ("<", BinaryOp::Less),
    ("<=", BinaryOp::LessEqual),
    (">", BinaryOp::Greater),
    (">=", BinaryOp::GreaterEqual),
    ("contains", BinaryOp::Contains),
    ("!contains", BinaryOp::NotContains),
    ("notcontains", BinaryOp::NotContains),
    ("contains_cs", BinaryOp::ContainsCs),
    ("containscs", BinaryOp::ContainsCs),
    ("!contains_cs", BinaryOp::NotContainsCs),
    ("notcontainscs", BinaryOp::NotContainsCs),
    ("has", BinaryOp::Has),
    ("!has", BinaryOp::NotHas),
    ("has_cs", BinaryOp::HasCs),
    ("!has_cs", BinaryOp::NotHasCs),
    ("hasprefix", BinaryOp::HasPrefix),
    ("!hasprefix", BinaryOp::NotHasPrefix),
    ("hasprefix_cs", BinaryOp::HasPrefixCs),
    ("!hasprefix_cs", BinaryOp::NotHasPrefixCs),
    ("hassuffix", BinaryOp::HasSuffix),
    ("!hassuffix", BinaryOp::NotHasSuffix),
    ("hassuffix_cs", BinaryOp::HasSuffixCs),
    ("!hassuffix_cs", BinaryOp::NotHasSuffixCs),
    ("startswith", BinaryOp::StartsWith),
    ("!startswith", BinaryOp::NotStartsWith),
    ("startswith_cs", BinaryOp::StartsWithCs),
    ("!startswith_cs", BinaryOp::NotStartsWithCs),
    ("endswith", BinaryOp::EndsWith),
    ("!endswith", BinaryOp::NotEndsWith),
    ("endswith_cs", BinaryOp::EndsWithCs),
    ("!endswith_cs", BinaryOp::NotEndsWithCs),
    ("matches regex", BinaryOp::MatchesRegex),
    ("+", BinaryOp::Add),
    ("-", BinaryOp::Subtract),
    ("*", BinaryOp::Multiply),
    ("/", BinaryOp::Divide),
    ("%", BinaryOp::Modulo),
];

/// The spellings of the operators that take a list.
pub(in crate::syntax) const LIST_SPELLINGS: &[(&str, InOp)] = &[
    ("in", InOp::In),
    ("!in", InOp::NotIn),
    ("in~", InOp::InTilde),
    ("!in~", InOp::NotInTilde),
    ("has_any", InOp::HasAny),
    ("has_all", InOp::HasAll),
];

/// Whether a word is an infix operator.
pub(super) fn is_infix(word: &str) -> bool {
    SPELLINGS.iter().any(|(spelling, _)| *spelling == word)
        || LIST_SPELLINGS.iter().any(|(spelling, _)| *spelling == word)
        || matches!(word, "between" | "matches" | "like" | "notlike" | "likecs" | "notlikecs")
}

/// An operand and the height of its tree; `level` is the precedence of its outermost operator, if it has one.
struct Operand {
    expr: Expr,
    height: usize,
    level: Option<Level>,
}

/// The stacks of an operator-precedence parser: operands, and operators whose right side is not complete.
#[derive(Default)]
struct Pending {
    operands: Vec<Operand>,
    operators: Vec<(BinaryOp, Level)>,
}

impl Pending {
    /// Combines the operands of all operators with at least the given precedence. Returns the maximum height.
    fn reduce(&mut self, least: Level) -> usize {
        let mut highest = 0;
        while let Some((operator, level)) = self.operators.pop_if(|(_, level)| *level >= least) {
            let (Some(right), Some(left)) = (self.operands.pop(), self.operands.pop()) else { break };
            let span = left.expr.span.to(right.expr.span);
            let height = left.height.max(right.height) + 1;
            highest = highest.max(height);
            let kind = ExprKind::Binary(operator, Box::new(left.expr), Box::new(right.expr));
            self.operands.push(Operand { expr: Node::new(kind, span), height, level: Some(level) });
        }
        highest
    }
}

impl Parser<'_> {
    /// Parses a scalar expression, or a table without operators.
    pub(super) fn expression(&mut self) -> Parse<Expr> {
        let before = std::mem::take(&mut self.height);
        let mut pending = Pending::default();
        self.operand(&mut pending)?;
        while let Some((infix, level, tokens)) = self.infix() {
            let highest = pending.reduce(level);
            self.raise(highest)?;
            if !level.chains() && pending.operands.last().is_some_and(|operand| operand.level == Some(level)) {
                self.report_chain();
            }
            self.at += tokens;
            match infix {
                Infix::Binary(operator) => {
                    pending.operators.push((operator, level));
                    self.operand(&mut pending)?;
                }
                Infix::In(operator) => self.list_operator(operator, &mut pending)?,
                Infix::Between { negated } => self.between(negated, &mut pending)?,
            }
        }
        let highest = pending.reduce(Level::Or);
        self.height = before;
        self.raise(highest)?;
        match pending.operands.pop() {
            Some(operand) => {
                self.raise(operand.height)?;
                Ok(operand.expr)
            }
            None => self.fail(self.expected("an expression")),
        }
    }

    fn operand(&mut self, pending: &mut Pending) -> Parse<()> {
        self.height = 0;
        let expr = self.unary()?;
        pending.operands.push(Operand { expr, height: self.height.max(1), level: None });
        Ok(())
    }

    fn report_chain(&mut self) {
        let word = self.here();
        let message = format!("`{word}` cannot be chained with the comparison before it");
        let diagnostic = Diagnostic::new(DiagnosticCode::Syntax, self.token().span, message);
        self.report(diagnostic.help("combine comparisons with `and`, or use brackets").kusto("KS198"));
    }

    /// Returns the infix operator at the current token, its precedence and its number of tokens.
    fn infix(&mut self) -> Option<(Infix, Level, usize)> {
        let token = self.token();
        let text = self.here();
        match token.kind {
            Kind::Word | Kind::Mark => {}
            Kind::Bad if text == "&&" => {
                self.report(self.bad_token(token));
                return Some((Infix::Binary(BinaryOp::And), Level::And, 1));
            }
            _ => return None,
        }
        if let Some((_, operator)) = SPELLINGS.iter().find(|(spelling, _)| *spelling == text) {
            return Some((Infix::Binary(*operator), level(*operator), 1));
        }
        if let Some((_, operator)) = LIST_SPELLINGS.iter().find(|(spelling, _)| *spelling == text) {
            // `make-series … on t in range(…)`
            let series = text == "in" && self.is_word_after(1, "range");
            return (!series).then_some((Infix::In(*operator), Level::Equality, 1));
        }
        match text {
            "between" => Some((Infix::Between { negated: false }, Level::Equality, 1)),
            "!between" => Some((Infix::Between { negated: true }, Level::Equality, 1)),
            "matches" if self.is_word_after(1, "regex") => {
                Some((Infix::Binary(BinaryOp::MatchesRegex), Level::Text, 2))
            }
            "=" => {
                let diagnostic =
                    Diagnostic::new(DiagnosticCode::Syntax, token.span, "`=` names a column, it does not compare");
                self.report(diagnostic.help("use `==` to compare").kusto("KS198"));
                Some((Infix::Binary(BinaryOp::Equal), Level::Equality, 1))
            }
            "|" => self.double_bar(token.span),
            ":" if self.in_search => Some((Infix::Binary(BinaryOp::Has), Level::Text, 1)),
            "like" | "notlike" | "likecs" | "notlikecs" | ":" => self.unsupported_infix(text, token.span),
            _ => None,
        }
    }

    /// Reports `||` and treats it as `or`, unless a pipeline operator follows.
    fn double_bar(&mut self, first: Span) -> Option<(Infix, Level, usize)> {
        let second = self.token_after(1);
        if !self.is_mark_after(1, "|") || second.span.start != first.end {
            return None;
        }
        let third = self.token_after(2);
        if third.kind == Kind::Word && super::super::words::is_operator(self.text_of(third.span)) {
            return None;
        }
        let diagnostic = Diagnostic::new(DiagnosticCode::Syntax, first.to(second.span), "there is no operator `||`");
        self.report(diagnostic.help("write `or`").kusto("KS176"));
        Some((Infix::Binary(BinaryOp::Or), Level::Or, 2))
    }

    fn unsupported_infix(&mut self, word: &str, span: Span) -> Option<(Infix, Level, usize)> {
        let message = format!("`{word}` is not part of the subset that runs offline");
        let diagnostic = Diagnostic::new(DiagnosticCode::Unsupported, span, message);
        self.report(match word {
            ":" => diagnostic.help("`has` searches a column for a word"),
            _ => diagnostic.help("use `contains`, `startswith` or `matches regex`"),
        });
        Some((Infix::Binary(BinaryOp::Contains), Level::Text, 1))
    }

    /// Parses `(a, b)` or `(table)` after `in` or one of its variants, which has been consumed.
    fn list_operator(&mut self, operator: InOp, pending: &mut Pending) -> Parse<()> {
        let opening = self.at;
        if !self.is_mark("(") {
            let word =
                self.text_of(Span::new(self.token_number(opening - 1).span.start, self.end_of_last())).to_owned();
            let diagnostic = self.expected("`(`");
            return self.fail(diagnostic.help(format!("`{word}` takes a list in brackets: `{word} (\"a\", \"b\")`")));
        }
        self.advance();
        let items = self.list(Self::pipeline)?;
        self.expect_closing(opening, ")", "`,` or `)`")?;
        let end = self.end_of_last();
        self.join_operand(pending, end, |operand| ExprKind::In(operator, operand, items))
    }

    /// Parses `(low .. high)` after `between`, which has been consumed.
    fn between(&mut self, negated: bool, pending: &mut Pending) -> Parse<()> {
        let opening = self.at;
        if !self.is_mark("(") {
            let diagnostic = self.expected("`(`").help("write `between (low .. high)`");
            return self.fail(diagnostic);
        }
        self.advance();
        let outer = self.enter()?;
        let low = Box::new(self.expression()?);
        if !self.is_mark("..") {
            let diagnostic = self.expected("`..`").help("write `between (low .. high)`");
            return self.fail(diagnostic);
        }
        self.advance();
        let high = Box::new(self.expression()?);
        self.expect_closing(opening, ")", "`)`")?;
        self.leave(&outer);
        let end = self.end_of_last();
        self.join_operand(pending, end, |operand| ExprKind::Between { negated, operand, low, high })
    }

    /// Replaces the last operand by a node that contains it and the parts parsed after it.
    fn join_operand(
        &mut self,
        pending: &mut Pending,
        end: usize,
        node: impl FnOnce(Box<Expr>) -> ExprKind,
    ) -> Parse<()> {
        let Some(left) = pending.operands.pop() else { return self.fail(self.expected("an expression")) };
        let span = Span::new(left.expr.span.start, end);
        let height = left.height.max(self.height) + 1;
        let expr = Node::new(node(Box::new(left.expr)), span);
        pending.operands.push(Operand { expr, height, level: Some(Level::Equality) });
        self.raise(height)
    }

    /// Parses `-x`, `+x`, or a postfix expression.
    pub(super) fn unary(&mut self) -> Parse<Expr> {
        let token = self.token();
        let operator = match self.here() {
            "-" if token.kind == Kind::Mark => UnaryOp::Minus,
            "+" if token.kind == Kind::Mark => UnaryOp::Plus,
            _ => return self.postfix(),
        };
        self.advance();
        if operator == UnaryOp::Minus
            && let Some(least) = self.least_long(token.span)
        {
            return Ok(least);
        }
        let before = std::mem::take(&mut self.height);
        let operand = self.postfix()?;
        self.height = before.max(self.height + 1);
        let span = token.span.to(operand.span);
        Ok(Node::new(ExprKind::Unary(operator, Box::new(operand)), span))
    }
}
