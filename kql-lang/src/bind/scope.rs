//! What names mean: `let` bindings and parameters, each visible from where it is written on.

use std::sync::Arc;

use crate::ast::{Parameter, Statement};
use crate::plan::Scalar;
use crate::value::{Type, Value};

/// A column while a query is bound; without a type, what it holds has been reported.
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

/// The columns that an expression sees.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'s> {
    pub(crate) fields: &'s [Field],
    /// Whether there may be others: the table is unknown, which has been reported.
    pub(crate) open: bool,
}

impl Scope<'_> {
    pub(crate) const NOTHING: Scope<'static> = Scope { fields: &[], open: false };
}

/// An expression with its type; without one, something is wrong that has been reported already.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) scalar: Scalar,
    pub(crate) kind: Option<Type>,
    /// Whether it refers to no column.
    pub(crate) fixed: bool,
    /// The type that a `typeof(…)` names.
    pub(crate) type_of: Option<Type>,
}

impl Typed {
    pub(crate) const fn constant(value: Value, kind: Type) -> Self {
        Self { scalar: Scalar::Constant(value), kind: Some(kind), fixed: true, type_of: None }
    }

    /// What stands for an expression that has been reported.
    pub(crate) const fn wrong() -> Self {
        Self { scalar: Scalar::Constant(Value::Null), kind: None, fixed: true, type_of: None }
    }

    pub(crate) const fn value(&self) -> Option<&Value> {
        match &self.scalar {
            Scalar::Constant(value) => Some(value),
            _ => None,
        }
    }
}

/// What a name is bound to.
#[derive(Clone, Debug)]
pub(crate) enum Meaning<'a> {
    /// A scalar that refers to no column.
    Scalar(Typed),
    /// A table: the number of its definition (none if it has been reported), its columns, and whether it has an order.
    Table(Option<usize>, Vec<Field>, bool),
    /// A function.
    Function(Function<'a>),
}

/// A function that a query defines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Function<'a> {
    pub(crate) parameters: &'a [Parameter],
    pub(crate) body: &'a [Statement],
    /// What was visible where it was written.
    pub(crate) seen: Option<usize>,
}

/// All bindings of a query; each knows which one was visible before it.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    bindings: Vec<(String, Meaning<'a>, Option<usize>)>,
    /// The newest visible binding.
    pub(crate) at: Option<usize>,
}

impl<'a> Names<'a> {
    pub(crate) fn put(&mut self, name: String, meaning: Meaning<'a>) {
        self.bindings.push((name, meaning, self.at));
        self.at = Some(self.bindings.len() - 1);
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Meaning<'a>> {
        self.find_from(self.at, name)
    }

    /// What a name meant where this binding was the newest.
    pub(crate) fn find_from(&self, mut at: Option<usize>, name: &str) -> Option<&Meaning<'a>> {
        while let Some((known, meaning, before)) = at.and_then(|index| self.bindings.get(index)) {
            if known == name {
                return Some(meaning);
            }
            at = *before;
        }
        None
    }

    /// Whether a name was bound after a mark.
    pub(crate) fn bound_since(&self, name: &str, mark: Option<usize>) -> bool {
        let mut at = self.at;
        while at != mark {
            let Some((known, _, before)) = at.and_then(|index| self.bindings.get(index)) else { return false };
            if known == name {
                return true;
            }
            at = *before;
        }
        false
    }

    /// Newest first.
    pub(crate) fn visible(&self) -> impl Iterator<Item = (&str, &Meaning<'a>)> {
        let mut at = self.at;
        std::iter::from_fn(move || {
            let (name, meaning, before) = self.bindings.get(at?)?;
            at = *before;
            Some((name.as_str(), meaning))
        })
    }
}
