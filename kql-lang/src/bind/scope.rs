//! Name scopes: columns, `let` bindings and parameters, each visible from its definition on.

use std::sync::Arc;

use crate::ast::{Parameter, Statement};
use crate::plan::Scalar;
use crate::value::{Type, Value};

/// A column during binding; it has no type if its expression has reported errors.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: Arc<str>,
    pub(crate) kind: Option<Type>,
}

impl Field {
    pub(crate) fn new(name: &str, kind: Option<Type>) -> Self {
        Self { name: name.into(), kind }
    }
}

/// The columns visible to an expression.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'s> {
    pub(crate) fields: &'s [Field],
    /// Whether unknown names are accepted as columns, because the table is unknown and already reported.
    pub(crate) open: bool,
    /// The unknown tables of an open catalogue from which the rows come.
    pub(crate) tables: &'s [String],
}

impl Scope<'_> {
    pub(crate) const NOTHING: Scope<'static> = Scope { fields: &[], open: false, tables: &[] };
}

/// An expression with its type; it has no type if its errors were already reported.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) scalar: Scalar,
    pub(crate) kind: Option<Type>,
    /// Whether it refers to no column.
    pub(crate) fixed: bool,
    /// The type named by a `typeof(…)`.
    pub(crate) type_of: Option<Type>,
}

impl Typed {
    pub(crate) const fn constant(value: Value, kind: Type) -> Self {
        Self { scalar: Scalar::Constant(value), kind: Some(kind), fixed: true, type_of: None }
    }

    /// A placeholder for an expression with reported errors.
    pub(crate) const fn invalid() -> Self {
        Self { scalar: Scalar::Constant(Value::Null), kind: None, fixed: true, type_of: None }
    }

    pub(crate) const fn value(&self) -> Option<&Value> {
        match &self.scalar {
            Scalar::Constant(value) => Some(value),
            _ => None,
        }
    }
}

/// The meaning of a name.
#[derive(Clone, Debug)]
pub(crate) enum Meaning<'a> {
    /// A scalar that refers to no column.
    Scalar(Typed),
    /// A table: the number of its definition (`None` if its errors were reported), its columns, and whether it is
    /// ordered.
    Table(Option<usize>, Vec<Field>, bool),
    /// A function.
    Function(Function<'a>),
}

/// A function that the query defines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Function<'a> {
    pub(crate) parameters: &'a [Parameter],
    pub(crate) body: &'a [Statement],
    /// Whether it is declared as a view: wildcards of `union` and `search` find it.
    pub(crate) view: bool,
    /// The newest binding visible at its definition.
    pub(crate) seen: Option<usize>,
}

/// All bindings of a query, as a linked list: each refers to the one visible before it.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    bindings: Vec<Binding<'a>>,
    /// The newest visible binding.
    pub(crate) at: Option<usize>,
    /// The number of tables around the place that is bound.
    pub(crate) level: usize,
}

/// A name, its meaning, the binding that is visible before it, and the number of tables around it.
#[derive(Debug)]
struct Binding<'a> {
    name: String,
    meaning: Meaning<'a>,
    before: Option<usize>,
    level: usize,
}

impl<'a> Names<'a> {
    pub(crate) fn put(&mut self, name: String, meaning: Meaning<'a>) {
        self.bindings.push(Binding { name, meaning, before: self.at, level: self.level });
        self.at = Some(self.bindings.len() - 1);
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Meaning<'a>> {
        self.find_from(self.at, name)
    }

    /// The meaning of a name as seen from a given binding.
    pub(crate) fn find_from(&self, mut at: Option<usize>, name: &str) -> Option<&Meaning<'a>> {
        while let Some(binding) = at.and_then(|index| self.bindings.get(index)) {
            if binding.name == name {
                return Some(&binding.meaning);
            }
            at = binding.before;
        }
        None
    }

    /// Whether a name is a value of a row outside the table that is bound: it has no single value there.
    pub(crate) fn is_of_outer_row(&self, name: &str) -> bool {
        let mut at = self.at;
        while let Some(binding) = at.and_then(|index| self.bindings.get(index)) {
            if binding.name == name {
                return matches!(&binding.meaning, Meaning::Scalar(typed) if !typed.fixed)
                    && binding.level < self.level;
            }
            at = binding.before;
        }
        false
    }

    /// Whether a name was bound after a mark.
    pub(crate) fn bound_since(&self, name: &str, mark: Option<usize>) -> bool {
        let mut at = self.at;
        while at != mark {
            let Some(binding) = at.and_then(|index| self.bindings.get(index)) else { return false };
            if binding.name == name {
                return true;
            }
            at = binding.before;
        }
        false
    }

    /// All visible bindings, newest first.
    pub(crate) fn visible(&self) -> impl Iterator<Item = (&str, &Meaning<'a>)> {
        let mut at = self.at;
        std::iter::from_fn(move || {
            let binding = self.bindings.get(at?)?;
            at = binding.before;
            Some((binding.name.as_str(), &binding.meaning))
        })
    }
}
