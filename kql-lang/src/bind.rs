//! Gives every name and expression of a query its meaning and type.
//!
//! Input: the tree of a query and a [`Catalog`] of the tables and parameters it may use. Output: a [`Bound`] with the
//! columns of its result and either a [`Plan`] or everything that is wrong, at once. What an error makes
//! unknown is not reported again. A construct outside the subset is refused by its name and never approximated.
//!
//! Nothing here reads data; parameters and the instant of evaluation have types here, and values in the run.

mod choice;
mod functions;
mod join;
mod names;
mod narrow;
mod operators;
mod prune;
mod scalar;
mod scope;
mod series;
mod source;
mod summarize;
mod tabular;
mod unfold;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ast::{Expr, ExprKind, Name, Parameter, ParameterKind, Query, Statement};
use crate::bind::scope::{Field, Function, Meaning, Names, Scope, Typed};
use crate::bind::summarize::Collected;
use crate::bind::tabular::Rows;
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::nearest::nearest;
use crate::plan::{Definition, Origin, Output, Plan, Relation, Scalar, Window};
use crate::span::Span;
use crate::value::{Column, Type, convert};

/// How deep calls of user functions, subqueries and materialised tables may be nested.
pub(crate) const DEPTH: usize = 48;
/// How deep expressions may be nested, those in place of names included; chains of `and` and `or` are no nesting.
pub(crate) const HEIGHT: usize = 200;
/// How many operators and expressions a query may come to once its functions are put in place.
pub(crate) const NODES: usize = 200_000;

/// The tables and parameters that a query may use.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    tables: BTreeMap<String, Vec<Column>>,
    parameters: BTreeMap<String, Type>,
    database: Option<String>,
}

impl Catalog {
    /// A catalogue without tables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same catalogue with a table; its columns in order.
    #[must_use]
    pub fn with_table(mut self, name: impl Into<String>, columns: Vec<Column>) -> Self {
        self.tables.insert(name.into(), columns);
        self
    }

    /// The same catalogue with a parameter, whose value the run gives.
    #[must_use]
    pub fn with_parameter(mut self, name: impl Into<String>, kind: Type) -> Self {
        self.parameters.insert(name.into(), kind);
        self
    }

    /// The same catalogue with the name by which `database("…")` may call it; without, that is forbidden.
    #[must_use]
    pub fn with_database(mut self, name: impl Into<String>) -> Self {
        self.database = Some(name.into());
        self
    }

    /// The columns of a table.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&[Column]> {
        self.tables.get(name).map(Vec::as_slice)
    }
}

/// A query whose names are resolved.
#[derive(Clone, Debug)]
pub struct Bound {
    /// What to run; absent if there is any diagnostic.
    pub plan: Option<Plan>,
    /// The columns of the last result. They may be incomplete if there are diagnostics.
    pub columns: Vec<Column>,
    /// Everything that is wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// The constructs that run on a service only, by name, in the order of the text.
    pub live_only: Vec<LiveOnly>,
    /// Where the query first asks for the instant of evaluation, by `now()` or `ago()`.
    pub asks_now: Option<Span>,
}

/// A construct outside the subset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOnly {
    /// What the language calls it.
    pub construct: String,
    /// Where it stands.
    pub span: Span,
}

/// Binds a query to a catalogue.
#[must_use]
pub fn bind(query: &Query, catalog: &Catalog) -> Bound {
    let mut binder = Binder {
        catalog,
        names: Names::default(),
        definitions: Vec::new(),
        diagnostics: Vec::new(),
        live_only: Vec::new(),
        depth: 0,
        height: 0,
        nodes: 0,
        aggregates: None,
        windows: None,
        asks_now: None,
    };
    binder.query(query)
}

pub(crate) struct Binder<'a> {
    catalog: &'a Catalog,
    names: Names<'a>,
    definitions: Vec<Definition>,
    diagnostics: Vec<Diagnostic>,
    live_only: Vec<LiveOnly>,
    depth: usize,
    height: usize,
    nodes: usize,
    /// Where aggregates are put, while the expressions of a `summarize` are bound.
    aggregates: Option<Collected>,
    /// Where functions of neighbouring rows are put, where they are allowed.
    windows: Option<Vec<Window>>,
    /// Where the instant of evaluation is asked for first.
    asks_now: Option<Span>,
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
            self.diagnostic(DiagnosticCode::Syntax, Span::default(), "no statement of this query gives a result");
        }
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        self.live_only.sort_by_key(|construct| construct.span);
        let plan = self
            .diagnostics
            .is_empty()
            .then(|| prune::prune(Plan { definitions: std::mem::take(&mut self.definitions), results }));
        Bound {
            plan,
            columns,
            diagnostics: std::mem::take(&mut self.diagnostics),
            live_only: std::mem::take(&mut self.live_only),
            asks_now: self.asks_now,
        }
    }

    /// Takes in a statement that is no result; `mark` is what was visible when its block began.
    fn declare(&mut self, statement: &'a Statement, mark: Option<usize>) {
        match statement {
            Statement::Let { name, value } => {
                if self.names.bound_since(&name.item, mark) {
                    self.diagnostics.push(
                        Diagnostic::new(
                            DiagnosticCode::Type,
                            name.span,
                            format!("a variable called `{}` has already been declared", name.item),
                        )
                        .kusto("KS201"),
                    );
                }
                let meaning = self.meaning(value);
                self.names.put(name.item.clone(), meaning);
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

    /// What a name stands for that is bound to this expression.
    fn meaning(&mut self, value: &'a Expr) -> Meaning<'a> {
        if let ExprKind::Function { parameters, body, .. } = &value.item {
            return Meaning::Function(Function { parameters, body, seen: self.names.at });
        }
        if self.is_table(value) {
            let rows = self.table(value);
            return self.share(rows);
        }
        let typed = self.scalar(value, &Scope::NOTHING);
        Meaning::Scalar(self.once(typed))
    }

    /// Makes a table that can be referred to from several places.
    fn share(&mut self, rows: Rows) -> Meaning<'a> {
        if rows.open {
            return Meaning::Table(None, rows.fields, rows.ordered);
        }
        let (fields, ordered) = (rows.fields.clone(), rows.ordered);
        Meaning::Table(Some(self.define(Definition::Table(rows.finish()))), fields, ordered)
    }

    /// Makes an expression that refers to no column one that is evaluated once.
    fn once(&mut self, typed: Typed) -> Typed {
        match &typed.scalar {
            Scalar::Constant(_) | Scalar::Defined(_) => typed,
            _ if !typed.fixed => typed,
            _ => {
                let index = self.define(Definition::Scalar(typed.scalar));
                Typed { scalar: Scalar::Defined(index), ..typed }
            }
        }
    }

    fn define(&mut self, definition: Definition) -> usize {
        self.definitions.push(definition);
        self.definitions.len() - 1
    }

    fn diagnostic(&mut self, kind: DiagnosticCode, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(kind, span, message));
    }

    fn wrong(&mut self, span: Span, kusto: &'static str, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(DiagnosticCode::Type, span, message).kusto(kusto));
    }

    fn unsupported(&mut self, construct: impl Into<String>, span: Span) {
        let construct = construct.into();
        self.diagnostics.push(
            Diagnostic::new(
                DiagnosticCode::Unsupported,
                span,
                format!("`{construct}` is not part of the subset that runs offline"),
            )
            .help("the query runs on a service only"),
        );
        self.live_only.push(LiveOnly { construct, span });
    }

    fn forbidden(&mut self, construct: &str, span: Span) {
        self.diagnostics.push(Diagnostic::new(
            DiagnosticCode::Forbidden,
            span,
            format!("`{construct}` reaches beyond the query's own database"),
        ));
    }

    /// Reports a name that is not there, with the nearest one that is.
    fn unknown<'n>(
        &mut self,
        kind: DiagnosticCode,
        kusto: &'static str,
        name: &Name,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let what = match kind {
            DiagnosticCode::UnknownTable => "table",
            DiagnosticCode::UnknownFunction => "function",
            _ => "column or variable",
        };
        let diagnostic = Diagnostic::new(kind, name.span, format!("unknown {what} `{}`", name.item)).kusto(kusto);
        self.diagnostics.push(match nearest(&name.item, known) {
            Some(guess) => diagnostic.help(format!("did you mean `{guess}`?")),
            None => diagnostic,
        });
    }

    /// Counts one more node; whether there are too many, which is reported once.
    fn is_too_large(&mut self, nodes: usize, span: Span) -> bool {
        let before = self.nodes;
        self.nodes = self.nodes.saturating_add(nodes);
        if before <= NODES && self.nodes > NODES {
            self.unsupported(format!("a query of more than {NODES} nodes"), span);
        }
        self.nodes > NODES
    }

    /// Refuses an expression that is nested too deep.
    fn too_high(&mut self, span: Span) -> Typed {
        if !self.live_only.iter().any(|one| one.span == span) {
            self.unsupported(format!("an expression nested deeper than {HEIGHT} levels"), span);
        }
        Typed::wrong()
    }

    /// Runs `inner` one level deeper, or reports that it is too deep.
    fn deeper<T>(&mut self, span: Span, inner: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= DEPTH {
            self.unsupported(format!("a query nested deeper than {DEPTH} levels"), span);
            return None;
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        Some(result)
    }
}

pub(crate) fn columns(fields: &[Field]) -> Vec<Column> {
    fields
        .iter()
        .map(|field| Column { name: Arc::clone(&field.name), kind: field.kind.unwrap_or(Type::Dynamic) })
        .collect()
}

/// A pipeline of no rows and no columns, in place of one that has been reported.
pub(crate) const fn nothing() -> Relation {
    Relation { origin: Origin::Rows(Vec::new()), steps: Vec::new(), columns: Vec::new() }
}
