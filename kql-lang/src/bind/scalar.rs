//! Binds expressions: resolves names, determines types, and reports type errors.

use crate::ast::{BinaryOp, Expr, ExprKind, InOp, Name, UnaryOp};
use crate::bind::binder::{Binder, HEIGHT};
use crate::bind::operators;
use crate::bind::scope::{Meaning, Scope, Typed};
use crate::diagnostic::DiagnosticCode;
use crate::plan::{Definition, Scalar};
use crate::registry;
use crate::span::Span;
use crate::value::{Type, Value};

impl<'a> Binder<'a> {
    /// Binds an expression and reports its errors; the type of an invalid expression is unknown.
    pub(crate) fn scalar(&mut self, expr: &'a Expr, scope: &Scope<'_>) -> Typed {
        if self.is_too_large(1, expr.span) {
            return Typed::invalid();
        }
        if self.height >= HEIGHT {
            return self.too_deep(expr.span);
        }
        self.height += 1;
        let typed = self.scalar_inner(expr, scope);
        self.height -= 1;
        typed
    }

    fn scalar_inner(&mut self, expr: &'a Expr, scope: &Scope<'_>) -> Typed {
        match &expr.item {
            ExprKind::Literal(kind, value) => Typed::constant(value.clone(), *kind),
            ExprKind::TypeOf(kind) => {
                Typed { type_of: Some(*kind), ..Typed::constant(Value::String("".into()), Type::String) }
            }
            ExprKind::Name(name) => self.name(&Name::new(name.clone(), expr.span), scope),
            ExprKind::Star => {
                self.type_error(expr.span, "KS198", "`*` is not a value here");
                Typed::invalid()
            }
            ExprKind::Member(base, name) => self.member(base, name, scope),
            ExprKind::Element(base, index) => self.element(base, index, scope),
            ExprKind::Call(name, arguments) => self.call(name, arguments, expr.span, scope),
            ExprKind::Unary(op, operand) => {
                let operand = self.scalar(operand, scope);
                let kind = operand.kind.and_then(|kind| self.unary_kind(*op, kind, expr.span));
                let scalar = match op {
                    UnaryOp::Plus => operand.scalar,
                    UnaryOp::Minus => operators::fold_constants(Scalar::Unary(*op, Box::new(operand.scalar))),
                };
                Typed { scalar, kind, fixed: operand.fixed, type_of: None }
            }
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right, scope),
            ExprKind::In(op, operand, list) => self.in_list(*op, operand, list, expr.span, scope),
            ExprKind::Between { negated, operand, low, high } => {
                self.between(*negated, [operand, low, high], expr.span, scope)
            }
            ExprKind::Pipe(..) | ExprKind::Source(_) => {
                // The table is bound nevertheless, to report the errors within it.
                let _ = self.table(expr);
                self.type_error(
                    expr.span,
                    "KS108",
                    "expected a single value, found a table; `toscalar(…)` returns its first cell",
                );
                Typed::invalid()
            }
            ExprKind::Function { .. } => {
                self.type_error(expr.span, "KS108", "expected a single value, found a function");
                Typed::invalid()
            }
        }
    }

    /// Binds an expression that must be a `bool`.
    pub(crate) fn condition(&mut self, expr: &'a Expr, scope: &Scope<'_>) -> Scalar {
        let typed = self.scalar(expr, scope);
        if let Some(kind) = typed.kind
            && kind != Type::Bool
        {
            let text = kind.as_str();
            self.type_error(expr.span, "KS141", format!("a condition must be `bool`, found `{text}`"));
        }
        typed.scalar
    }

    /// Binds an expression that must be a whole number and refer to no column.
    pub(crate) fn whole_number(&mut self, expr: &'a Expr) -> Scalar {
        let typed = self.scalar(expr, &Scope::NOTHING);
        if let Some(kind) = typed.kind
            && !matches!(kind, Type::Int | Type::Long | Type::Dynamic)
        {
            self.type_error(expr.span, "KS134", format!("expected a whole number, found `{}`", kind.as_str()));
        }
        typed.scalar
    }

    pub(crate) fn name(&mut self, name: &Name, scope: &Scope<'_>) -> Typed {
        if let Some(index) = scope.fields.iter().position(|field| *field.name == *name.item) {
            let kind = scope.fields.get(index).and_then(|field| field.kind);
            if self.aggregates.as_ref().is_some_and(|collected| !collected.within) {
                self.type_error(
                    name.span,
                    "KS236",
                    format!("`{}` is not a group key: it needs an aggregate", name.item),
                );
                return Typed::invalid();
            }
            return Typed { scalar: Scalar::Column(index), kind, fixed: false, type_of: None };
        }
        match self.names.find(&name.item) {
            Some(Meaning::Scalar(_)) if self.names.is_of_outer_row(&name.item) => {
                self.unsupported("a table that depends on a value of a row", name.span);
                return Typed::invalid();
            }
            Some(Meaning::Scalar(typed)) => {
                let typed = typed.clone();
                let (size, height) = operators::measure(&typed.scalar);
                if height > HEIGHT {
                    return self.too_deep(name.span);
                }
                return if self.is_too_large(size, name.span) { Typed::invalid() } else { typed };
            }
            Some(Meaning::Table(..)) => {
                self.type_error(
                    name.span,
                    "KS108",
                    format!("`{}` is a table; `toscalar({})` returns its first cell", name.item, name.item),
                );
                return Typed::invalid();
            }
            Some(Meaning::Function(function)) => {
                let function = *function;
                return self.scalar_function(&function, name, &[], name.span, scope);
            }
            None => {}
        }
        if scope.open {
            for table in scope.tables {
                self.inferred.entry(table.clone()).or_default().insert(name.item.clone());
            }
            return Typed { fixed: false, ..Typed::invalid() };
        }
        if self.catalog.tables.contains_key(&name.item) {
            self.type_error(
                name.span,
                "KS108",
                format!("`{}` is a table; `toscalar({})` returns its first cell", name.item, name.item),
            );
            return Typed::invalid();
        }
        let variables: Vec<String> = self.names.visible().map(|(name, _)| name.to_owned()).collect();
        let known: Vec<&str> =
            scope.fields.iter().map(|field| &*field.name).chain(variables.iter().map(String::as_str)).collect();
        self.unknown(DiagnosticCode::UnknownColumn, "KS142", name, known);
        Typed { fixed: false, ..Typed::invalid() }
    }

    fn member(&mut self, base: &'a Expr, name: &'a Name, scope: &Scope<'_>) -> Typed {
        if let ExprKind::Name(side) = &base.item
            && (side == "$left" || side == "$right")
        {
            self.type_error(base.span, "KS142", format!("`{side}` is only valid in the condition of a join"));
            return Typed::invalid();
        }
        if let Some(typed) = self.step_column(base, name, scope) {
            return typed;
        }
        let typed = self.scalar(base, scope);
        match typed.kind {
            None => Typed { fixed: typed.fixed, ..Typed::invalid() },
            Some(Type::Dynamic) => Typed {
                scalar: Scalar::Member(Box::new(typed.scalar), name.item.as_str().into()),
                kind: Some(Type::Dynamic),
                fixed: typed.fixed,
                type_of: None,
            },
            Some(kind) => {
                self.type_error(
                    name.span,
                    "KS142",
                    format!("`.{}` needs a `dynamic`, found `{}`", name.item, kind.as_str()),
                );
                Typed::invalid()
            }
        }
    }

    fn element(&mut self, base: &'a Expr, index: &'a Expr, scope: &Scope<'_>) -> Typed {
        let typed = self.scalar(base, scope);
        let at = self.scalar(index, scope);
        let fixed = typed.fixed && at.fixed;
        match (typed.kind, at.kind) {
            (None, _) | (_, None) => Typed { fixed, ..Typed::invalid() },
            (Some(Type::Dynamic), Some(Type::Int | Type::Long | Type::String | Type::Dynamic)) => Typed {
                scalar: Scalar::Element(Box::new(typed.scalar), Box::new(at.scalar)),
                kind: Some(Type::Dynamic),
                fixed,
                type_of: None,
            },
            (Some(Type::Dynamic), Some(kind)) => {
                self.type_error(
                    index.span,
                    "KS141",
                    format!("an index must be a whole number or a string, found `{}`", kind.as_str()),
                );
                Typed::invalid()
            }
            (Some(kind), _) => {
                self.type_error(base.span, "KS141", format!("`[…]` needs a `dynamic`, found `{}`", kind.as_str()));
                Typed::invalid()
            }
        }
    }

    fn unary_kind(&mut self, op: UnaryOp, kind: Type, span: Span) -> Option<Type> {
        let result = operators::unary(op, kind);
        if result.is_none() {
            self.type_error(span, "KS106", format!("a sign needs a number or timespan, found `{}`", kind.as_str()));
        }
        result
    }

    fn binary(&mut self, op: BinaryOp, left: &'a Expr, right: &'a Expr, scope: &Scope<'_>) -> Typed {
        // Chains of `or` can be long and nest to the left, so they are walked in a loop instead of recursively.
        let mut chain = vec![(op, right)];
        let mut first = left;
        while let ExprKind::Binary(op, left, right) = &first.item {
            chain.push((*op, right));
            first = left;
        }
        if chain.iter().filter(|(op, _)| !matches!(op, BinaryOp::And | BinaryOp::Or)).count() > HEIGHT {
            return self.too_deep(first.span);
        }
        if let (ExprKind::Star, Some((op, right))) = (&first.item, chain.last().copied()) {
            chain.pop();
            let star = self.any_column(op, right, scope);
            return self.chained(star, first.span.to(right.span), chain, scope);
        }
        let typed = self.scalar(first, scope);
        self.chained(typed, first.span, chain, scope)
    }

    /// Applies a chain of operators to an operand, from the left.
    fn chained(
        &mut self,
        mut typed: Typed,
        mut span: Span,
        mut chain: Vec<(BinaryOp, &'a Expr)>,
        scope: &Scope<'_>,
    ) -> Typed {
        while let Some((op, right)) = chain.pop() {
            let other = self.scalar(right, scope);
            let kind = self.binary_kind(op, (typed.kind, span), (other.kind, right.span));
            if op == BinaryOp::MatchesRegex {
                self.regex(&other, right.span);
            }
            span = span.to(right.span);
            let is_dynamic = typed.kind == Some(Type::Dynamic) || other.kind == Some(Type::Dynamic);
            let mut scalar = Scalar::Binary(op, Box::new(typed.scalar), Box::new(other.scalar));
            if let Some(kind) = kind
                && is_dynamic
                && !matches!(kind, Type::Dynamic | Type::Bool)
            {
                scalar = Scalar::Convert(kind, Box::new(scalar));
            }
            let scalar = operators::fold_constants(scalar);
            typed = Typed { scalar, kind, fixed: typed.fixed && other.fixed, type_of: None };
        }
        typed
    }

    /// Reports a constant that is used as a regex and is none.
    pub(crate) fn regex(&mut self, typed: &Typed, span: Span) {
        if let Some(Value::String(text)) = typed.value()
            && let Err(reason) = registry::regex::check(text)
        {
            self.diagnostic(DiagnosticCode::Type, span, format!("invalid regex: {reason}"));
        }
    }

    fn binary_kind(&mut self, op: BinaryOp, left: (Option<Type>, Span), right: (Option<Type>, Span)) -> Option<Type> {
        let (Some(one), Some(two)) = (left.0, right.0) else { return operators::always_bool(op).then_some(Type::Bool) };
        let result = operators::binary(op, one, two);
        if result.is_none() {
            let (one, two) = (one.as_str(), two.as_str());
            let sign = operators::sign(op);
            self.type_error(left.1.to(right.1), "KS106", format!("`{sign}` does not take `{one}` and `{two}`"));
        }
        result.or_else(|| operators::always_bool(op).then_some(Type::Bool))
    }

    fn in_list(&mut self, op: InOp, operand: &'a Expr, list: &'a [Expr], span: Span, scope: &Scope<'_>) -> Typed {
        let value = self.scalar(operand, scope);
        let mut fixed = value.fixed;
        let mut items = Vec::with_capacity(list.len());
        for item in list {
            if list.len() == 1 && self.is_table(item) {
                let rows = self.table(item);
                if rows.open || rows.fields.is_empty() {
                    continue;
                }
                let relation = rows.finish();
                items.push(Scalar::Defined(self.define(Definition::Set(relation))));
                continue;
            }
            let typed = self.scalar(item, scope);
            fixed &= typed.fixed;
            if let (Some(one), Some(two)) = (value.kind, typed.kind)
                && !operators::is_in(op, one, two)
            {
                let (one, two) = (one.as_str(), two.as_str());
                self.type_error(item.span, "KS106", format!("a list for `{one}` contains a `{two}`"));
            }
            items.push(typed.scalar);
        }
        if let Some(kind) = value.kind
            && !matches!(op, InOp::In | InOp::NotIn)
            && !matches!(kind, Type::String | Type::Dynamic)
        {
            self.type_error(
                operand.span,
                "KS106",
                format!("this operator needs a `string`, found `{}`", kind.as_str()),
            );
        }
        let _ = span;
        Typed { scalar: Scalar::In(op, Box::new(value.scalar), items), kind: Some(Type::Bool), fixed, type_of: None }
    }

    fn between(&mut self, negated: bool, parts: [&'a Expr; 3], span: Span, scope: &Scope<'_>) -> Typed {
        let [operand, low, high] = parts;
        let [value, low, high] = [self.scalar(operand, scope), self.scalar(low, scope), self.scalar(high, scope)];
        if let (Some(one), Some(two), Some(three)) = (value.kind, low.kind, high.kind)
            && !registry::operators::between(one, two, three)
        {
            let [one, two, three] = [one, two, three].map(Type::as_str);
            self.type_error(span, "KS106", format!("`between` does not take `{one}`, `{two}` and `{three}`"));
        }
        let fixed = value.fixed && low.fixed && high.fixed;
        let scalar = Scalar::Between {
            negated,
            operand: Box::new(value.scalar),
            low: Box::new(low.scalar),
            high: Box::new(high.scalar),
        };
        Typed { scalar, kind: Some(Type::Bool), fixed, type_of: None }
    }
}
