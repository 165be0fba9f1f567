//! Name resolution and type checking.
//!
//! Input: the syntax tree of a query and a [`Catalog`] of the tables and parameters it may use. Output: a [`Bound`]
//! with the columns of the result and either a [`Plan`] or all diagnostics of the query. Follow-up errors of something
//! already reported are suppressed. A construct outside the subset is rejected by name and never approximated.
//!
//! Binding reads no data: parameters and the instant of evaluation have only types here and get their values in the
//! run.
//!
//! The methods of the internal binder are split into one `impl` block per operator family, one per file; all of them
//! share its state (visible names, definitions, diagnostics).

mod apply;
mod binder;
mod call;
mod catalog;
mod choice;
mod evaluate;
mod functions;
mod join;
mod names;
mod narrow;
mod operators;
mod parts;
mod prune;
mod rows;
mod scalar;
mod scan;
mod scope;
mod search;
mod series;
mod source;
mod summarize;
mod tabular;
mod unfold;
mod window;

use std::collections::{BTreeMap, BTreeSet};

use crate::ast::{Expr, ExprKind, Parameter, ParameterKind, Query, Statement};
use crate::bind::rows::Rows;
use crate::bind::scope::{Function, Meaning, Scope, Typed};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::plan::{Definition, Output, Plan, Scalar};
use crate::span::Span;
use crate::value::{Column, Type, convert};

use self::binder::Binder;
pub use self::binder::LiveOnly;
pub(crate) use self::binder::{DEPTH, HEIGHT, NODES};
pub use self::catalog::Catalog;

/// A query whose names are resolved.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The plan to run; absent if there is any diagnostic.
    pub plan: Option<Plan>,
    /// The columns of the last result. They may be incomplete if there are diagnostics.
    pub columns: Vec<Column>,
    /// All diagnostics, in source order.
    pub diagnostics: Vec<Diagnostic>,
    /// The constructs that only a service can run, in source order.
    pub live_only: Vec<LiveOnly>,
    /// The first use of the instant of evaluation, by `now()` or `ago()`.
    pub uses_now: Option<Span>,
    /// The unknown tables that an [open](Catalog::open) catalogue accepted, each with the columns that the query uses. A
    /// column of several tables is listed for each. A query with such tables has no plan.
    pub inferred: BTreeMap<String, BTreeSet<String>>,
}

/// Binds a query to a catalogue.
#[must_use]
pub fn bind(query: &Query, catalog: &Catalog) -> Bound {
    Binder::new(catalog).query(query)
}

impl<'a> Binder<'a> {
    fn query(&mut self, query: &'a Query) -> Bound {
        for (name, kind) in &self.catalog.parameters {
            self.parameter(name, *kind, None);
        }
        let mark = self.names.at;
        let mut results = Vec::new();
        for statement in &query.statements {
            match statement {
                Statement::Expression(expr) => {
                    let mut rows = self.table(expr);
                    let name = rows.named.take();
                    results.push(Output { name, relation: rows.finish() });
                }
                other => self.declare(other, mark),
            }
        }
        let columns = results.last().map(|output| output.relation.columns.clone()).unwrap_or_default();
        if results.is_empty() && self.diagnostics.is_empty() {
            self.diagnostic(
                DiagnosticCode::Syntax,
                Span::default(),
                "the query has no result: it contains no tabular expression",
            );
        }
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        self.live_only.sort_by_key(|construct| construct.span);
        // What follows a construct that is not bound can be a consequence of it: its columns and types are not known.
        if let Some(first) = self.live_only.first().map(|construct| construct.span) {
            self.diagnostics.retain(|diagnostic| {
                diagnostic.span < first
                    || matches!(diagnostic.code, DiagnosticCode::Unsupported | DiagnosticCode::Forbidden)
            });
        }
        let is_complete = self.diagnostics.is_empty() && self.inferred.is_empty();
        let plan =
            is_complete.then(|| prune::prune(Plan { definitions: std::mem::take(&mut self.definitions), results }));
        Bound {
            plan,
            columns,
            diagnostics: std::mem::take(&mut self.diagnostics),
            live_only: std::mem::take(&mut self.live_only),
            uses_now: self.uses_now,
            inferred: std::mem::take(&mut self.inferred),
        }
    }

    /// Declares the names of a statement that is not a result; `mark` is the newest binding at the start of its block.
    fn declare(&mut self, statement: &'a Statement, mark: Option<usize>) {
        match statement {
            Statement::Let { name, value } => {
                if self.names.bound_since(&name.item, mark) {
                    self.diagnostics.push(
                        Diagnostic::new(
                            DiagnosticCode::Type,
                            name.span,
                            format!("variable `{}` is already declared", name.item),
                        )
                        .kusto("KS201"),
                    );
                }
                let meaning = self.meaning(value);
                self.names.put(name.item.clone(), meaning);
            }
            // Options of this kind restrict what a request may do, and the caller sets them.
            Statement::Set { name, .. } if name.item.to_ascii_lowercase().starts_with("request_") => {
                let message = format!("`set {}` changes the rights of the request", name.item);
                self.diagnostics.push(Diagnostic::new(DiagnosticCode::Forbidden, name.span, message));
            }
            Statement::Set { .. } | Statement::Expression(_) => {}
            Statement::Parameters(parameters) => self.query_parameters(parameters),
        }
    }

    fn query_parameters(&mut self, parameters: &'a [Parameter]) {
        for parameter in parameters {
            match &parameter.kind {
                ParameterKind::Scalar(kind) => {
                    let default = parameter.default.as_ref().map(|value| self.scalar(value, &Scope::NOTHING));
                    let value = default.as_ref().and_then(|default| default.value().cloned());
                    self.parameter(&parameter.name.item, *kind, value);
                }
                ParameterKind::Table(_) => {
                    self.unsupported("tabular query parameters", parameter.name.span);
                }
            }
        }
    }

    fn parameter(&mut self, name: &str, kind: Type, default: Option<crate::value::Value>) {
        let default = default.map(|value| convert::to(kind, &value));
        let index = self.define(Definition::Parameter { name: name.to_owned(), kind, default });
        let typed = Typed { scalar: Scalar::Defined(index), kind: Some(kind), fixed: true, type_of: None };
        self.names.put(name.to_owned(), Meaning::Scalar(typed));
    }

    /// The meaning of a name that is bound to this expression.
    fn meaning(&mut self, value: &'a Expr) -> Meaning<'a> {
        if let ExprKind::Function { view, parameters, body } = &value.item {
            return Meaning::Function(Function { parameters, body, view: *view, seen: self.names.at });
        }
        if self.is_table(value) || self.is_open_table(value) {
            let rows = self.table(value);
            return self.define_table(rows);
        }
        let typed = self.scalar(value, &Scope::NOTHING);
        Meaning::Scalar(self.evaluate_once(typed))
    }

    /// Turns a table into a definition that can be referenced several times.
    fn define_table(&mut self, rows: Rows) -> Meaning<'a> {
        if rows.open {
            return Meaning::Table(None, rows.fields, rows.ordered);
        }
        let (fields, ordered) = (rows.fields.clone(), rows.ordered);
        Meaning::Table(Some(self.define(Definition::Table(rows.finish()))), fields, ordered)
    }

    /// Turns an expression that refers to no column into a definition that is evaluated once.
    fn evaluate_once(&mut self, typed: Typed) -> Typed {
        match &typed.scalar {
            Scalar::Constant(_) | Scalar::Defined(_) => typed,
            _ if !typed.fixed => typed,
            _ => {
                let index = self.define(Definition::Scalar(typed.scalar));
                Typed { scalar: Scalar::Defined(index), ..typed }
            }
        }
    }
}
