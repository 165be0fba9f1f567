//! Evaluation of expressions, prepared once per run: constant parts are computed, constant lists become sets.

use std::borrow::Cow;
use std::sync::Arc;

use crate::ast::{BinaryOp, InOp, UnaryOp};
use crate::plan::Scalar;
use crate::registry::operators::{self, Membership};
use crate::registry::{self, Argument, EvalContext};
use crate::value::convert::{self, truth as convert_truth};
use crate::value::{Row, Type, Value};

/// The value of a definition.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    Value(Value),
    /// The elements of a list.
    List(Vec<Value>),
    Table(Arc<Vec<Row>>),
}

/// An expression prepared for repeated evaluation.
#[derive(Clone, Debug)]
pub(crate) enum Code {
    Constant(Value),
    Column(usize),
    Call {
        function: &'static registry::Scalar,
        arguments: Vec<Code>,
        described: Vec<Argument>,
    },
    Unary(UnaryOp, Box<Code>),
    Binary(BinaryOp, Box<Code>, Box<Code>),
    /// A chain of `and`, evaluated from the left until a part is false.
    All(Vec<Code>),
    /// A chain of `or`, evaluated from the left until a part is true.
    Any(Vec<Code>),
    Case(Vec<(Code, Code)>, Box<Code>),
    Coalesce(Vec<Code>),
    Convert(Type, Box<Code>),
    Member(Box<Code>, Arc<str>),
    Element(Box<Code>, Box<Code>),
    In(InOp, Box<Code>, Vec<Code>),
    /// A list that is the same for all rows.
    InList(Arc<Membership>, Box<Code>),
    Between {
        negated: bool,
        operand: Box<Code>,
        low: Box<Code>,
        high: Box<Code>,
    },
}

/// Prepares an expression: definitions are replaced by their values, and parts that refer to no column are computed.
pub(crate) fn prepare(scalar: &Scalar, known: &[Known], context: &EvalContext) -> Code {
    let inner = |scalar: &Scalar| Box::new(prepare(scalar, known, context));
    let all = |list: &[Scalar]| list.iter().map(|scalar| prepare(scalar, known, context)).collect::<Vec<_>>();
    let code = match scalar {
        Scalar::Constant(value) => return Code::Constant(value.clone()),
        Scalar::Column(index) => return Code::Column(*index),
        Scalar::Defined(index) => {
            return Code::Constant(match known.get(*index) {
                Some(Known::Value(value)) => value.clone(),
                Some(Known::List(elements)) => Value::Array(Arc::new(elements.clone())),
                Some(Known::Table(_)) | None => Value::Null,
            });
        }
        Scalar::Call { function, arguments, described } => {
            let arguments = all(arguments);
            let mut described = described.clone();
            for (argument, code) in described.iter_mut().zip(&arguments) {
                if let Code::Constant(value) = code {
                    argument.constant = Some(value.clone());
                }
            }
            Code::Call { function, arguments, described }
        }
        Scalar::Unary(op, operand) => Code::Unary(*op, inner(operand)),
        Scalar::Binary(op @ (BinaryOp::And | BinaryOp::Or), ..) => {
            let parts: Vec<Code> = chain(*op, scalar).into_iter().map(|part| prepare(part, known, context)).collect();
            if *op == BinaryOp::And { Code::All(parts) } else { Code::Any(parts) }
        }
        Scalar::Binary(op, left, right) => Code::Binary(*op, inner(left), inner(right)),
        Scalar::Case(branches, otherwise) => {
            let branches = branches.iter().map(|(test, value)| (*inner(test), *inner(value))).collect();
            Code::Case(branches, inner(otherwise))
        }
        Scalar::Coalesce(list) => Code::Coalesce(all(list)),
        Scalar::Convert(kind, operand) => Code::Convert(*kind, inner(operand)),
        Scalar::Member(base, name) => Code::Member(inner(base), Arc::clone(name)),
        Scalar::Element(base, index) => Code::Element(inner(base), inner(index)),
        Scalar::In(op, operand, list) => {
            let list = all(list);
            let fixed: Option<Vec<&Value>> =
                list.iter().map(|code| if let Code::Constant(value) = code { Some(value) } else { None }).collect();
            match fixed {
                Some(values) => {
                    let values: Vec<Value> = values.into_iter().cloned().collect();
                    Code::InList(Arc::new(Membership::new(*op, &values)), inner(operand))
                }
                None => Code::In(*op, inner(operand), list),
            }
        }
        Scalar::Between { negated, operand, low, high } => {
            Code::Between { negated: *negated, operand: inner(operand), low: inner(low), high: inner(high) }
        }
    };
    if !code.is_fixed() {
        return code;
    }
    let value = code.value(&[], context).into_owned();
    // What fails is evaluated, and fails, only if it is needed: it may be a branch that is not taken.
    if context.has_failed() {
        context.take_failure();
        return code;
    }
    Code::Constant(value)
}

/// The operands of a chain of one operator, from the left.
fn chain(op: BinaryOp, scalar: &Scalar) -> Vec<&Scalar> {
    let mut parts = Vec::new();
    let mut rest = vec![scalar];
    while let Some(scalar) = rest.pop() {
        match scalar {
            Scalar::Binary(same, left, right) if *same == op => rest.extend([&**right, &**left]),
            other => parts.push(other),
        }
    }
    parts
}

impl Code {
    /// Whether all operands are constants.
    fn is_fixed(&self) -> bool {
        let is = |code: &Self| matches!(code, Self::Constant(_));
        match self {
            Self::Constant(_) => true,
            Self::Column(_) => false,
            Self::Call { arguments, .. } => arguments.iter().all(is),
            Self::Unary(_, one) | Self::Convert(_, one) | Self::Member(one, _) | Self::InList(_, one) => is(one),
            Self::Binary(_, one, two) | Self::Element(one, two) => is(one) && is(two),
            Self::Case(branches, otherwise) => {
                branches.iter().all(|(test, value)| is(test) && is(value)) && is(otherwise)
            }
            Self::Coalesce(list) | Self::All(list) | Self::Any(list) => list.iter().all(is),
            Self::In(_, one, list) => is(one) && list.iter().all(is),
            Self::Between { operand, low, high, .. } => is(operand) && is(low) && is(high),
        }
    }

    /// Whether the value is true; null is not.
    pub(crate) fn is_true(&self, row: &[Value], context: &EvalContext) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.is_true(row, context)),
            Self::Any(parts) => parts.iter().any(|part| part.is_true(row, context)),
            _ => truth(&self.value(row, context)) == Some(true),
        }
    }

    /// The value for a row.
    pub(crate) fn value<'r>(&'r self, row: &'r [Value], context: &EvalContext) -> Cow<'r, Value> {
        Cow::Owned(match self {
            Self::Constant(value) => return Cow::Borrowed(value),
            Self::Column(index) => return row.get(*index).map_or(Cow::Owned(Value::Null), Cow::Borrowed),
            Self::Call { function, arguments, described } => {
                let value = match arguments.as_slice() {
                    [one] => (function.call)(context, described, &[one.value(row, context).into_owned()]),
                    [one, two] => {
                        let values = [one.value(row, context).into_owned(), two.value(row, context).into_owned()];
                        (function.call)(context, described, &values)
                    }
                    list => {
                        let mut values = Vec::with_capacity(list.len());
                        for code in list {
                            values.push(code.value(row, context).into_owned());
                        }
                        if context.has_failed() {
                            return Cow::Owned(Value::Null);
                        }
                        (function.call)(context, described, &values)
                    }
                };
                context.count(function.name, &value);
                value
            }
            Self::Unary(op, operand) => operators::apply_unary(*op, &operand.value(row, context)),
            Self::All(parts) => {
                let mut result = Value::Bool(true);
                for part in parts {
                    match truth(&part.value(row, context)) {
                        Some(true) => {}
                        Some(false) => return Cow::Owned(Value::Bool(false)),
                        None => result = Value::Null,
                    }
                }
                result
            }
            Self::Any(parts) => {
                let mut result = Value::Bool(false);
                for part in parts {
                    match truth(&part.value(row, context)) {
                        Some(true) => return Cow::Owned(Value::Bool(true)),
                        Some(false) => {}
                        None => result = Value::Null,
                    }
                }
                result
            }
            Self::Binary(BinaryOp::MatchesRegex, one, two) => {
                let (text, regex) = (one.value(row, context), two.value(row, context));
                if let Value::String(regex) = &*regex
                    && registry::regex::get(regex).is_none()
                {
                    return Cow::Owned(context.invalid_regex(regex));
                }
                operators::apply(BinaryOp::MatchesRegex, &text, &regex)
            }
            Self::Binary(op, one, two) => operators::apply(*op, &one.value(row, context), &two.value(row, context)),
            Self::Case(branches, otherwise) => {
                let branch = branches.iter().find(|(test, _)| test.is_true(row, context));
                return branch.map_or(&**otherwise, |(_, value)| value).value(row, context);
            }
            Self::Coalesce(list) => {
                let mut last = Cow::Owned(Value::Null);
                for code in list {
                    last = code.value(row, context);
                    match &*last {
                        Value::Null => {}
                        Value::String(text) if text.is_empty() => {}
                        _ => return last,
                    }
                }
                return last;
            }
            Self::Convert(kind, operand) => convert::to(*kind, &operand.value(row, context)),
            Self::Member(base, name) => match base.value(row, context) {
                Cow::Borrowed(Value::Bag(bag)) => return bag.get(name).map_or(Cow::Owned(Value::Null), Cow::Borrowed),
                Cow::Owned(Value::Bag(bag)) => bag.get(name).cloned().unwrap_or(Value::Null),
                _ => Value::Null,
            },
            Self::Element(base, index) => element(&base.value(row, context), &index.value(row, context)),
            Self::In(op, operand, list) => {
                let values: Vec<Value> = list.iter().map(|code| code.value(row, context).into_owned()).collect();
                Value::Bool(Membership::new(*op, &values).test(&operand.value(row, context)))
            }
            Self::InList(list, operand) => Value::Bool(list.test(&operand.value(row, context))),
            Self::Between { negated, operand, low, high } => {
                let [value, low, high] = [operand, low, high].map(|part| part.value(row, context));
                let inside = operators::apply_between(&value, &low, &high);
                match truth(&inside) {
                    Some(inside) => Value::Bool(inside != *negated),
                    None => Value::Null,
                }
            }
        })
    }
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Null => None,
        other => convert_truth(other),
    }
}

/// An element of an array (counted from the end if the index is negative), or a property of a bag.
fn element(base: &Value, index: &Value) -> Value {
    match (base, index) {
        (Value::Array(items), index) => {
            let Some(at) = index.as_integer() else { return Value::Null };
            let length = items.len() as i128;
            let at = if at < 0 { at + length } else { at };
            usize::try_from(at).ok().and_then(|at| items.get(at)).cloned().unwrap_or(Value::Null)
        }
        (Value::Bag(bag), Value::String(name)) => bag.get(name).cloned().unwrap_or(Value::Null),
        _ => Value::Null,
    }
}
