//! `in` and its variants: membership tests against a list that is prepared once.

use std::collections::HashSet;
use std::sync::Arc;

use super::search::{fold, has};
use crate::ast::InOp;
use crate::value::{Key, Value, convert};

/// The list on the right of `in`, `in~`, `has_any` or `has_all`, prepared for repeated tests.
#[derive(Clone, Debug)]
pub struct Membership {
    op: InOp,
    keys: HashSet<Key>,
    folded: HashSet<String>,
    texts: Vec<Arc<str>>,
}

impl Membership {
    /// Prepares a list of values; arrays are replaced by their elements, bags by their property values. Nulls are
    /// dropped.
    #[must_use]
    pub fn new(op: InOp, list: &[Value]) -> Self {
        let mut items: Vec<&Value> = Vec::new();
        for value in list {
            match value {
                Value::Array(inner) => items.extend(inner.iter()),
                Value::Bag(bag) => items.extend(bag.entries().map(|(_, value)| value)),
                other => items.push(other),
            }
        }
        items.retain(|item| !item.is_null());
        let mut made = Self { op, keys: HashSet::new(), folded: HashSet::new(), texts: Vec::new() };
        match op {
            InOp::In | InOp::NotIn => made.keys = items.into_iter().map(|item| Key(bare(item))).collect(),
            InOp::InTilde | InOp::NotInTilde => {
                made.folded = items.into_iter().map(|item| fold(&convert::text(item)).into_owned()).collect();
            }
            InOp::HasAny | InOp::HasAll => made.texts = items.into_iter().map(convert::text).collect(),
        }
        made
    }

    /// Whether the value is in the list, or not in it for `!in`; a null is in no list. For `has_any` and `has_all`,
    /// whether the string contains one or all of the terms.
    #[must_use]
    pub fn test(&self, value: &Value) -> bool {
        match self.op {
            InOp::In => self.has(value),
            InOp::NotIn => !self.has(value),
            InOp::InTilde => self.has_folded(value),
            InOp::NotInTilde => !self.has_folded(value),
            InOp::HasAny => {
                let text = convert::text(value);
                self.texts.iter().any(|term| has(&text, term))
            }
            InOp::HasAll => {
                let text = convert::text(value);
                self.texts.iter().all(|term| has(&text, term))
            }
        }
    }

    fn has(&self, value: &Value) -> bool {
        let nan = matches!(value, Value::Real(real) if real.is_nan());
        !value.is_null() && !nan && self.keys.contains(&Key(bare(value)))
    }

    fn has_folded(&self, value: &Value) -> bool {
        !value.is_null() && self.folded.contains(&*fold(&convert::text(value)))
    }
}

/// The value in a form that is equal for equal values of different types: decimals as reals, times and guids as
/// strings.
fn bare(value: &Value) -> Value {
    match value {
        Value::Decimal(_) => convert::real(value).map_or(Value::Null, Value::Real),
        Value::Bool(truth) => Value::Long(i64::from(*truth)),
        Value::DateTime(_) | Value::TimeSpan(_) | Value::Guid(_) => Value::String(convert::text(value)),
        other => other.clone(),
    }
}
