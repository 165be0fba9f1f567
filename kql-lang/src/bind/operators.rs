//! Type rules used by the binder: accepted operand types, operator spelling, default values.

use crate::ast::{BinaryOp, InOp, UnaryOp};
use crate::bind::scope::Typed;
use crate::eval;
use crate::plan::Scalar;
use crate::registry::EvalContext;
use crate::registry::operators;
use crate::value::{Type, Value, convert};

pub(crate) use crate::registry::operators::is_number;

/// The .NET type name reported by `getschema`.
pub(crate) const fn clr_name(kind: Type) -> &'static str {
    match kind {
        Type::Bool => "System.SByte",
        Type::Int => "System.Int32",
        Type::Long => "System.Int64",
        Type::Real => "System.Double",
        Type::Decimal => "System.Data.SqlTypes.SqlDecimal",
        Type::String => "System.String",
        Type::DateTime => "System.DateTime",
        Type::TimeSpan => "System.TimeSpan",
        Type::Guid => "System.Guid",
        Type::Dynamic => "System.Object",
    }
}

pub(crate) const fn unary(op: UnaryOp, kind: Type) -> Option<Type> {
    operators::unary(op, kind)
}

pub(crate) const fn binary(op: BinaryOp, left: Type, right: Type) -> Option<Type> {
    operators::binary(op, left, right)
}

/// Whether an operator always returns a `bool`.
pub(crate) const fn always_bool(op: BinaryOp) -> bool {
    !matches!(op, BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo)
}

/// The spelling of an operator.
pub(crate) const fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "or",
        BinaryOp::And => "and",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::EqualTilde => "=~",
        BinaryOp::NotEqualTilde => "!~",
        BinaryOp::Less => "<",
        BinaryOp::LessEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEqual => ">=",
        BinaryOp::Contains => "contains",
        BinaryOp::NotContains => "!contains",
        BinaryOp::ContainsCs => "contains_cs",
        BinaryOp::NotContainsCs => "!contains_cs",
        BinaryOp::Has => "has",
        BinaryOp::NotHas => "!has",
        BinaryOp::HasCs => "has_cs",
        BinaryOp::NotHasCs => "!has_cs",
        BinaryOp::HasPrefix => "hasprefix",
        BinaryOp::NotHasPrefix => "!hasprefix",
        BinaryOp::HasPrefixCs => "hasprefix_cs",
        BinaryOp::NotHasPrefixCs => "!hasprefix_cs",
        BinaryOp::HasSuffix => "hassuffix",
        BinaryOp::NotHasSuffix => "!hassuffix",
        BinaryOp::HasSuffixCs => "hassuffix_cs",
        BinaryOp::NotHasSuffixCs => "!hassuffix_cs",
        BinaryOp::StartsWith => "startswith",
        BinaryOp::NotStartsWith => "!startswith",
        BinaryOp::StartsWithCs => "startswith_cs",
        BinaryOp::NotStartsWithCs => "!startswith_cs",
        BinaryOp::EndsWith => "endswith",
        BinaryOp::NotEndsWith => "!endswith",
        BinaryOp::EndsWithCs => "endswith_cs",
        BinaryOp::NotEndsWithCs => "!endswith_cs",
        BinaryOp::MatchesRegex => "matches regex",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
    }
}

/// Whether a list for values of one type may contain values of another.
pub(crate) const fn is_in(op: InOp, value: Type, element: Type) -> bool {
    if matches!(element, Type::Dynamic) || matches!(value, Type::Dynamic) {
        return true;
    }
    match op {
        InOp::In | InOp::NotIn => operators::comparable(value, element),
        InOp::InTilde | InOp::NotInTilde | InOp::HasAny | InOp::HasAll => matches!(element, Type::String),
    }
}

pub(crate) const fn is_whole(kind: Type) -> bool {
    matches!(kind, Type::Int | Type::Long)
}

/// Whether values of a type have an order.
pub(crate) const fn is_ordered(kind: Type) -> bool {
    !matches!(kind, Type::Dynamic | Type::Guid)
}

/// Whether the type of a series bound fits the type of the axis.
pub(crate) const fn is_same_axis(axis: Type, bound: Type) -> bool {
    match axis {
        Type::DateTime => matches!(bound, Type::DateTime),
        Type::TimeSpan => matches!(bound, Type::TimeSpan),
        _ => is_number(axis) && is_number(bound),
    }
}

/// The type of the column produced by `range`.
pub(crate) const fn range(from: Type, to: Type, step: Type) -> Option<Type> {
    match (from, to, step) {
        (Type::DateTime, Type::DateTime, Type::TimeSpan) => Some(Type::DateTime),
        (Type::TimeSpan, Type::TimeSpan, Type::TimeSpan) => Some(Type::TimeSpan),
        _ => {
            if is_number(from) && is_number(to) && is_number(step) {
                match operators::wider(from, to) {
                    Some(wide) => match operators::wider(wide, step) {
                        // Real and decimal steps produce reals.
                        Some(Type::Decimal) => Some(Type::Real),
                        other => other,
                    },
                    None => None,
                }
            } else {
                None
            }
        }
    }
}

/// The default value of an empty bin of a series.
pub(crate) fn zero(kind: Type) -> Value {
    match kind {
        Type::Int => Value::Int(0),
        Type::Long => Value::Long(0),
        Type::Real => Value::Real(0.0),
        Type::TimeSpan => Value::TimeSpan(0),
        Type::Decimal => convert::to(Type::Decimal, &Value::Long(0)),
        _ => Value::nothing(kind),
    }
}

/// Converts an expression to a type.
pub(crate) fn converted(typed: Typed, kind: Type) -> Scalar {
    if kind == Type::Dynamic || typed.kind.is_none_or(|given| given == kind) {
        return typed.scalar;
    }
    fold_constants(Scalar::Convert(kind, Box::new(typed.scalar)))
}

/// Evaluates an expression that consists of constants only; others are returned unchanged.
pub(crate) fn fold_constants(scalar: Scalar) -> Scalar {
    let is = |scalar: &Scalar| matches!(scalar, Scalar::Constant(_));
    let fixed = match &scalar {
        // These functions can return a different value for each run or each call.
        Scalar::Call { function, .. } if matches!(function.name, "now" | "ago" | "rand" | "new_guid") => false,
        Scalar::Call { arguments, .. } => arguments.iter().all(is),
        Scalar::Unary(_, one) | Scalar::Convert(_, one) => is(one),
        Scalar::Binary(_, one, two) | Scalar::Element(one, two) => is(one) && is(two),
        _ => false,
    };
    if !fixed {
        return scalar;
    }
    let context = EvalContext::new(0);
    let value = eval::prepare(&scalar, &[], &context).value(&[], &context).into_owned();
    // What fails stays an expression, and fails in the run if it is needed.
    if context.has_failed() { scalar } else { Scalar::Constant(value) }
}

/// The number of nodes of an expression and its nesting depth; chains of `and` and `or` add no depth.
pub(crate) fn measure(scalar: &Scalar) -> (usize, usize) {
    let (mut count, mut height) = (0, 0);
    let mut rest = vec![(scalar, 1)];
    while let Some((scalar, level)) = rest.pop() {
        count += 1;
        height = height.max(level);
        let below = level + usize::from(!matches!(scalar, Scalar::Binary(BinaryOp::And | BinaryOp::Or, ..)));
        parts(scalar, &mut |part| rest.push((part, below)));
    }
    (count, height)
}

/// Calls `each` for the direct operands of an expression.
pub(crate) fn parts<'s>(scalar: &'s Scalar, each: &mut dyn FnMut(&'s Scalar)) {
    match scalar {
        Scalar::Constant(_) | Scalar::Column(_) | Scalar::Defined(_) => {}
        Scalar::Call { arguments, .. } => arguments.iter().for_each(each),
        Scalar::Unary(_, one) | Scalar::Convert(_, one) | Scalar::Member(one, _) => each(one),
        Scalar::Binary(_, one, two) | Scalar::Element(one, two) => {
            each(one);
            each(two);
        }
        Scalar::Case(branches, otherwise) => {
            for (test, value) in branches {
                each(test);
                each(value);
            }
            each(otherwise);
        }
        Scalar::Coalesce(list) => list.iter().for_each(each),
        Scalar::In(_, operand, list) => {
            each(operand);
            list.iter().for_each(each);
        }
        Scalar::Between { operand, low, high, .. } => {
            each(operand);
            each(low);
            each(high);
        }
    }
}

/// Calls `each` for the direct operands of an expression, mutably.
pub(crate) fn parts_mut<'s>(scalar: &'s mut Scalar, each: &mut dyn FnMut(&'s mut Scalar)) {
    match scalar {
        Scalar::Constant(_) | Scalar::Column(_) | Scalar::Defined(_) => {}
        Scalar::Call { arguments, .. } => arguments.iter_mut().for_each(each),
        Scalar::Unary(_, one) | Scalar::Convert(_, one) | Scalar::Member(one, _) => each(one),
        Scalar::Binary(_, one, two) | Scalar::Element(one, two) => {
            each(one);
            each(two);
        }
        Scalar::Case(branches, otherwise) => {
            for (test, value) in branches {
                each(test);
                each(value);
            }
            each(otherwise);
        }
        Scalar::Coalesce(list) => list.iter_mut().for_each(each),
        Scalar::In(_, operand, list) => {
            each(operand);
            list.iter_mut().for_each(each);
        }
        Scalar::Between { operand, low, high, .. } => {
            each(operand);
            each(low);
            each(high);
        }
    }
}
