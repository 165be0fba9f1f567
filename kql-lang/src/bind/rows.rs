//! A pipeline during binding: its origin, its steps and the columns visible to the next operator.

use std::sync::Arc;

use crate::ast::{Expr, ExprKind};
use crate::bind::scope::{Field, Scope};
use crate::plan::{Action, Origin, Relation, Scalar, Step};
use crate::span::Span;
use crate::value::{Column, Type, Value};

/// A pipeline during binding.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) origin: Origin,
    pub(crate) steps: Vec<Step>,
    pub(crate) fields: Vec<Field>,
    /// Whether the table is unknown and already reported; any name is then accepted as a column.
    pub(crate) open: bool,
    /// Whether the rows have a defined order.
    pub(crate) ordered: bool,
    /// The name assigned by the last operator, `as`.
    pub(crate) named: Option<String>,
    /// The unknown tables of an open catalogue from which the rows come.
    pub(crate) tables: Vec<String>,
}

impl Rows {
    pub(crate) fn new(origin: Origin, fields: Vec<Field>) -> Self {
        Self { origin, steps: Vec::new(), fields, open: false, ordered: false, named: None, tables: Vec::new() }
    }

    /// A placeholder for a table that was already reported.
    pub(crate) fn unknown() -> Self {
        Self { open: true, ..Self::new(empty_relation().origin, Vec::new()) }
    }

    /// Whether the rows are those that a surrounding operator supplies, which cannot be read a second time.
    pub(crate) const fn is_given(&self) -> bool {
        matches!(self.origin, Origin::Given(_))
    }

    pub(crate) fn finish(self) -> Relation {
        Relation { origin: self.origin, steps: self.steps, columns: columns(&self.fields) }
    }

    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope { fields: &self.fields, open: self.open, tables: &self.tables }
    }

    pub(crate) fn push(&mut self, action: Action, span: Span) {
        let width = match self.steps.last().map(|step| (&step.action, step.width)) {
            // A filter after window functions also sees their columns, which are not in `fields`.
            Some((Action::Window(windows), width)) => width + windows.len(),
            _ => self.fields.len(),
        };
        self.steps.push(Step { action, span, width });
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| &*field.name == name)
    }

    /// Keeps these columns, in this order.
    pub(crate) fn keep(&mut self, kept: &[usize], span: Span) {
        self.push(Action::Map(kept.iter().copied().map(Scalar::Column).collect()), span);
        self.fields = kept.iter().filter_map(|index| self.fields.get(*index).cloned()).collect();
    }
}

pub(crate) fn columns(fields: &[Field]) -> Vec<Column> {
    fields
        .iter()
        .map(|field| Column { name: Arc::clone(&field.name), kind: field.kind.unwrap_or(Type::Dynamic) })
        .collect()
}

/// A pipeline without rows and columns, as a placeholder for one that was already reported.
pub(crate) const fn empty_relation() -> Relation {
    Relation { origin: Origin::Rows(Vec::new()), steps: Vec::new(), columns: Vec::new() }
}

/// The value of a setting as an identifier or string.
pub(crate) fn setting_value(value: &Expr) -> Option<&str> {
    match &value.item {
        ExprKind::Name(name) => Some(name),
        ExprKind::Literal(_, Value::String(text)) => Some(text),
        ExprKind::Literal(_, Value::Bool(truth)) => Some(if *truth { "true" } else { "false" }),
        _ => None,
    }
}
