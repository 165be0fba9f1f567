//! Expands calls of functions defined by the query: binds the body with each parameter bound to its argument.

use crate::ast::{Argument, Expr, ExprKind, Name, Parameter, ParameterKind, Statement};
use crate::bind::binder::Binder;
use crate::bind::operators;
use crate::bind::rows::Rows;
use crate::bind::scope::{Field, Function, Meaning, Scope, Typed};
use crate::plan::Scalar;
use crate::span::Span;
use crate::value::Type;

impl<'a> Binder<'a> {
    /// Binds a call of a function with a scalar body.
    pub(crate) fn scalar_function(
        &mut self,
        function: &Function<'a>,
        name: &Name,
        arguments: &'a [Argument],
        span: Span,
        scope: &Scope<'_>,
    ) -> Typed {
        let result = self.deeper(span, |binder| {
            binder.in_definition_scope(function, name, None, arguments, scope, |binder, last| {
                if binder.is_table(last) {
                    binder.type_error(
                        span,
                        "KS108",
                        format!("`{}` returns a table; expected a single value", name.item),
                    );
                    return Typed::invalid();
                }
                // The body can refer to the arguments, but not to columns of the row.
                let collected = binder.aggregates.take();
                let typed = binder.scalar(last, &Scope::NOTHING);
                binder.aggregates = collected;
                typed
            })
        });
        let typed = result.flatten().unwrap_or_else(Typed::invalid);
        if typed.fixed { self.evaluate_once(typed) } else { typed }
    }

    /// Binds a call of a function with a tabular body.
    pub(crate) fn table_function(
        &mut self,
        function: &Function<'a>,
        name: &Name,
        arguments: &'a [Argument],
        span: Span,
    ) -> Rows {
        self.table_function_over(function, name, None, arguments, span)
    }

    /// Like [`Self::table_function`]; `first` is an argument before the others.
    pub(crate) fn table_function_over(
        &mut self,
        function: &Function<'a>,
        name: &Name,
        first: Option<Meaning<'a>>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Rows {
        let result = self.deeper(span, |binder| {
            binder.in_definition_scope(function, name, first, arguments, &Scope::NOTHING, |binder, last| {
                if binder.is_table(last) || binder.is_open_table(last) {
                    binder.table(last)
                } else {
                    binder.type_error(
                        span,
                        "KS109",
                        format!("`{}` returns a single value; expected a table", name.item),
                    );
                    Rows::unknown()
                }
            })
        });
        result.flatten().unwrap_or_else(Rows::unknown)
    }

    /// Binds the body of a function in the scope of its definition, with its parameters.
    fn in_definition_scope<T>(
        &mut self,
        function: &Function<'a>,
        name: &Name,
        first: Option<Meaning<'a>>,
        arguments: &'a [Argument],
        scope: &Scope<'_>,
        body: impl FnOnce(&mut Self, &'a Expr) -> T,
    ) -> Option<T> {
        let mut rest = *function;
        let mut bound = Vec::with_capacity(function.parameters.len());
        if let Some(first) = first {
            let Some((parameter, others)) = function.parameters.split_first() else {
                self.arity(name, &(0..=0), arguments.len() + 1);
                return None;
            };
            if let (ParameterKind::Table(wanted), Meaning::Table(index, fields, _)) = (&parameter.kind, &first) {
                let is_open = index.is_none();
                self.has_columns(wanted, fields, is_open, name.span)?;
            } else {
                self.type_error(name.span, "KS108", format!("the first parameter of `{}` is no table", name.item));
                return None;
            }
            bound.push((parameter.name.item.clone(), first));
            rest.parameters = others;
        }
        let given = self.place(&rest, name, arguments)?;
        for (parameter, argument) in given {
            bound.push((parameter.name.item.clone(), self.argument(parameter, argument, name, scope)?));
        }
        let before = self.names.at;
        self.names.at = function.seen;
        for (name, meaning) in bound {
            self.names.put(name, meaning);
        }
        let mark = self.names.at;
        let mut result = None;
        for statement in function.body {
            match statement {
                Statement::Expression(last) => result = Some(last),
                other => self.declare(other, mark),
            }
        }
        if result.is_none() {
            self.type_error(name.span, "KS006", format!("`{}` has no result", name.item));
        }
        let result = result.map(|last| body(self, last));
        self.names.at = before;
        result
    }

    /// Assigns the arguments to the parameters.
    fn place(
        &mut self,
        function: &Function<'a>,
        name: &Name,
        arguments: &'a [Argument],
    ) -> Option<Vec<(&'a Parameter, Option<&'a Argument>)>> {
        let parameters = function.parameters;
        let mut placed: Vec<(&'a Parameter, Option<&'a Argument>)> = parameters.iter().map(|one| (one, None)).collect();
        let mut next = 0;
        for argument in arguments {
            let at = match &argument.name {
                Some(given) => match parameters.iter().position(|parameter| parameter.name.item == given.item) {
                    Some(at) => at,
                    None => {
                        self.type_error(
                            given.span,
                            "KS142",
                            format!("`{}` has no parameter `{}`", name.item, given.item),
                        );
                        return None;
                    }
                },
                None => next,
            };
            next = at + 1;
            let Some(slot) = placed.get_mut(at) else {
                let most = parameters.len();
                let least = parameters.iter().filter(|parameter| parameter.default.is_none()).count();
                self.arity(name, &(least..=most), arguments.len());
                return None;
            };
            slot.1 = Some(argument);
        }
        let missing = placed.iter().find(|(parameter, argument)| argument.is_none() && parameter.default.is_none());
        if missing.is_some() {
            let least = parameters.iter().filter(|parameter| parameter.default.is_none()).count();
            self.arity(name, &(least..=parameters.len()), arguments.len());
            return None;
        }
        Some(placed)
    }

    fn argument(
        &mut self,
        parameter: &'a Parameter,
        argument: Option<&'a Argument>,
        name: &Name,
        scope: &Scope<'_>,
    ) -> Option<Meaning<'a>> {
        let value: &'a Expr = argument.map(|argument| &argument.value).or(parameter.default.as_ref())?;
        match &parameter.kind {
            ParameterKind::Scalar(kind) => {
                let typed = self.scalar(value, scope);
                let Some(given) = typed.kind else { return Some(Meaning::Scalar(typed)) };
                let scalar = if given == *kind {
                    typed.scalar
                } else {
                    operators::fold_constants(Scalar::Convert(*kind, Box::new(typed.scalar)))
                };
                Some(Meaning::Scalar(self.evaluate_once(Typed { scalar, kind: Some(*kind), ..typed })))
            }
            ParameterKind::Table(wanted) => {
                if !self.is_table(value) {
                    self.type_error(
                        value.span,
                        "KS109",
                        format!("`{}` of `{}` is a table", parameter.name.item, name.item),
                    );
                    return None;
                }
                let rows = self.table(value);
                self.has_columns(wanted, &rows.fields, rows.open, value.span)?;
                Some(self.define_table(rows))
            }
        }
    }

    /// Whether an expression is the name of a table that an open catalogue accepts.
    pub(crate) fn is_open_table(&self, expr: &'a Expr) -> bool {
        let ExprKind::Name(name) = &expr.item else { return false };
        self.catalog.open && self.names.find(name).is_none()
    }

    /// Reports a column that a table parameter needs and the argument lacks.
    fn has_columns(&mut self, wanted: &[(Name, Type)], fields: &[Field], is_open: bool, span: Span) -> Option<()> {
        for (column, kind) in wanted {
            let found = fields.iter().find(|field| *field.name == *column.item);
            if !is_open && found.is_none_or(|field| field.kind.is_some_and(|given| given != *kind)) {
                let text = kind.as_str();
                self.type_error(span, "KS249", format!("the table has no column `{}` of type `{text}`", column.item));
                return None;
            }
        }
        Some(())
    }

    /// Whether an expression is a table, from its form and the meaning of its names.
    pub(crate) fn is_table(&self, expr: &'a Expr) -> bool {
        let mut expr = expr;
        let mut inner: Vec<(&'a [Parameter], &'a [Statement])> = Vec::new();
        let mut seen = self.names.at;
        // INVARIANT: each iteration follows one name or call; the count bounds definitions that refer to each other.
        for _ in 0..64 {
            let name = match &expr.item {
                ExprKind::Pipe(..) | ExprKind::Source(_) => return true,
                ExprKind::Member(base, _) => {
                    let ExprKind::Call(name, _) = &base.item else { return false };
                    return matches!(name.item.as_str(), "database" | "cluster")
                        || matches!(base.item, ExprKind::Member(..));
                }
                ExprKind::Call(name, _)
                    if matches!(name.item.as_str(), "materialize" | "table" | "totable" | "externaldata") =>
                {
                    return true;
                }
                ExprKind::Call(name, _) => name.item.as_str(),
                ExprKind::Name(name) => name.as_str(),
                _ => return false,
            };
            if let Some((parameters, body)) = inner.last().copied() {
                if let Some(value) = body.iter().find_map(|statement| match statement {
                    Statement::Let { name: known, value } if known.item == name => Some(value),
                    _ => None,
                }) {
                    expr = value;
                    continue;
                }
                if let Some(parameter) = parameters.iter().find(|parameter| parameter.name.item == name) {
                    return matches!(parameter.kind, ParameterKind::Table(_));
                }
            }
            match self.names.find_from(seen, name) {
                Some(Meaning::Table(..)) => return true,
                Some(Meaning::Scalar(_)) => return false,
                Some(Meaning::Function(function)) => {
                    let Some(last) = function.body.iter().rev().find_map(|statement| match statement {
                        Statement::Expression(last) => Some(last),
                        _ => None,
                    }) else {
                        return false;
                    };
                    inner.push((function.parameters, function.body));
                    seen = function.seen;
                    expr = last;
                }
                None => {
                    let is_name = matches!(expr.item, ExprKind::Name(_));
                    return is_name && (self.catalog.tables.contains_key(name) || name.contains('*'));
                }
            }
        }
        false
    }
}
