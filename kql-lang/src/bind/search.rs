//! Binds `search`, and conditions on any column: `* has "x"`.

use crate::ast::{BinaryOp, Expr, ExprKind, Name, Search};
use crate::bind::binder::Binder;
use crate::bind::join::combine;
use crate::bind::operators;
use crate::bind::rows::{Rows, setting_value};
use crate::bind::scope::{Scope, Typed};
use crate::plan::{Action, Scalar};
use crate::span::Span;
use crate::value::{Type, Value};

/// The column with the name of the table of a row.
const TABLE: &str = "$table";

impl<'a> Binder<'a> {
    pub(crate) fn search(&mut self, first: Option<Rows>, search: &'a Search, span: Span) -> Rows {
        let mut is_exact = false;
        for setting in &search.settings {
            match (setting.name.item.as_str(), setting_value(&setting.value)) {
                ("kind", Some("case_sensitive")) => is_exact = true,
                ("kind", Some("case_insensitive" | "default")) => {}
                (name, _) => {
                    self.type_error(setting.value.span, "KS005", format!("unsupported `{name}` setting of `search`"));
                }
            }
        }
        let mut inputs: Vec<(String, Rows)> = Vec::new();
        match first {
            Some(rows) => {
                let label = match &rows.origin {
                    crate::plan::Origin::Table { name, .. } => name.clone(),
                    _ => String::new(),
                };
                inputs.push((label, rows));
            }
            None if search.tables.is_empty() => {
                for name in self.matching_tables("*") {
                    let rows = self.named_table(&Name::new(name.clone(), span));
                    inputs.push((name, rows));
                }
            }
            None => {
                for table in &search.tables {
                    for (label, rows) in self.members(table, false) {
                        inputs.push((label.unwrap_or_default(), rows));
                    }
                }
            }
        }
        let mut rows = combine(inputs, false, Some(TABLE), span);
        let condition = self.searched(&search.condition, &rows.scope(), is_exact);
        rows.push(Action::Filter(condition), span);
        rows
    }

    /// The condition of a search, in which a string is a term that any column can contain.
    fn searched(&mut self, expr: &'a Expr, scope: &Scope<'_>, is_exact: bool) -> Scalar {
        match &expr.item {
            ExprKind::Star => Scalar::Constant(Value::Bool(true)),
            ExprKind::Literal(Type::String, Value::String(text)) => {
                let (op, term) = term(text, is_exact);
                let right = Typed::constant(Value::text(term), Type::String);
                self.any_of(op, &right, expr.span, scope)
            }
            ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), left, right) => {
                let (left, right) = (self.searched(left, scope, is_exact), self.searched(right, scope, is_exact));
                Scalar::Binary(*op, Box::new(left), Box::new(right))
            }
            ExprKind::Binary(BinaryOp::Has, left, right) if is_term(right) => {
                let ExprKind::Literal(_, Value::String(text)) = &right.item else {
                    return self.condition(expr, scope);
                };
                let (op, term) = term(text, is_exact);
                let right = Typed::constant(Value::text(term), Type::String);
                if matches!(left.item, ExprKind::Star) {
                    return self.any_of(op, &right, expr.span, scope);
                }
                let left = self.scalar(left, scope);
                Scalar::Binary(op, Box::new(left.scalar), Box::new(right.scalar))
            }
            _ => self.condition(expr, scope),
        }
    }

    /// `* op right`: whether any column fulfils a condition.
    pub(crate) fn any_column(&mut self, op: BinaryOp, right: &'a Expr, scope: &Scope<'_>) -> Typed {
        let typed = self.scalar(right, scope);
        if op == BinaryOp::MatchesRegex {
            self.regex(&typed, right.span);
        }
        let scalar = self.any_of(op, &typed, right.span, scope);
        Typed { scalar, kind: Some(Type::Bool), fixed: false, type_of: None }
    }

    /// Applies to the columns whose type the operator accepts.
    fn any_of(&mut self, op: BinaryOp, right: &Typed, span: Span, scope: &Scope<'_>) -> Scalar {
        let Some(kind) = right.kind else { return Scalar::Constant(Value::Null) };
        if operators::binary(op, Type::Dynamic, kind).is_none() && operators::binary(op, kind, kind).is_none() {
            let (sign, kind) = (operators::sign(op), kind.as_str());
            self.type_error(span, "KS106", format!("`{sign}` does not take any column and `{kind}`"));
        }
        let columns = scope.fields.iter().enumerate().filter(|(_, field)| {
            *field.name != *TABLE
                && field.kind.is_some_and(|left| operators::binary(op, left, kind) == Some(Type::Bool))
        });
        let tests = columns
            .map(|(index, _)| Scalar::Binary(op, Box::new(Scalar::Column(index)), Box::new(right.scalar.clone())));
        tests
            .reduce(|left, right| Scalar::Binary(BinaryOp::Or, Box::new(left), Box::new(right)))
            .unwrap_or(Scalar::Constant(Value::Bool(false)))
    }
}

fn is_term(expr: &Expr) -> bool {
    matches!(&expr.item, ExprKind::Literal(Type::String, Value::String(_)))
}

/// The operator for a term of a search, which can have `*` at its ends, and what it compares with.
fn term(text: &str, is_exact: bool) -> (BinaryOp, String) {
    let (start, end) = (text.starts_with('*'), text.ends_with('*') && text.len() > 1);
    let inner = text.trim_start_matches('*').trim_end_matches('*');
    if inner.contains('*') {
        let parts: Vec<String> = inner.split('*').map(::regex::escape).collect();
        let case = if is_exact { "" } else { "(?i)" };
        let before = if start { "" } else { r"\b" };
        let after = if end { "" } else { r"\b" };
        return (BinaryOp::MatchesRegex, format!("{case}{before}{}{after}", parts.join(".*")));
    }
    let op = match (start, end, is_exact) {
        (true, true, false) => BinaryOp::Contains,
        (true, true, true) => BinaryOp::ContainsCs,
        (false, true, false) => BinaryOp::HasPrefix,
        (false, true, true) => BinaryOp::HasPrefixCs,
        (true, false, false) => BinaryOp::HasSuffix,
        (true, false, true) => BinaryOp::HasSuffixCs,
        (false, false, false) => BinaryOp::Has,
        (false, false, true) => BinaryOp::HasCs,
    };
    (op, inner.to_owned())
}
