//! Derives the signature of a function from its type rule.
//!
//! Input: the number of arguments and the type rule. Output: a call with the accepted types of each parameter, optional
//! ones in brackets, and the result type. Only the type rule is called, never the function.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::registry::{Argument, ArgumentError};
use crate::value::{Type, Value};

type Rule = fn(&[Argument]) -> Result<Type, ArgumentError>;

/// Maximum number of parameters shown; further ones are shown as `…`.
const SHOWN: usize = 5;

/// The types in the order in which they are tried and listed.
const TYPES: [Type; 10] = [
    Type::String,
    Type::Dynamic,
    Type::Long,
    Type::Int,
    Type::Real,
    Type::Decimal,
    Type::DateTime,
    Type::TimeSpan,
    Type::Bool,
    Type::Guid,
];

/// Returns the call and the type of its result.
pub(super) fn signature(name: &str, arity: &RangeInclusive<usize>, rule: Rule) -> (String, String) {
    let (least, most) = (*arity.start(), *arity.end());
    let shown = most.min(least.max(1) + 2).min(SHOWN.max(least));
    let mut places: Vec<String> = Vec::new();
    // The types of the first two arguments and of the result.
    let mut seen: BTreeSet<(Option<usize>, Option<usize>, usize)> = BTreeSet::new();
    for count in least..=shown {
        let bases = bases(count, rule);
        for base in &bases {
            let at = |place: usize| base.get(place).and_then(|argument| rank(argument.kind));
            seen.extend(rule(base).ok().and_then(rank).map(|result| (at(0), at(1), result)));
        }
        let first = if count == least { 0 } else { count - 1 };
        for place in first..count.min(if bases.is_empty() { 0 } else { count }) {
            let listed = accepted(&bases, place, rule);
            places.push(if place < least { listed } else { format!("[{listed}]") });
        }
    }
    if most > shown {
        places.push("…".to_owned());
    }
    let results: BTreeSet<usize> = seen.iter().map(|(.., result)| *result).collect();
    let result = if results.len() == 1 {
        results.iter().filter_map(|rank| TYPES.get(*rank)).map(|kind| kind.as_str()).collect()
    } else if seen.iter().all(|(first, _, result)| *first == Some(*result)) {
        "type of the first argument".to_owned()
    } else if seen.iter().all(|(_, second, result)| *second == Some(*result)) {
        "type of the second argument".to_owned()
    } else if results.len() == TYPES.len() {
        "any".to_owned()
    } else {
        let kinds: Vec<Type> = results.iter().filter_map(|rank| TYPES.get(*rank).copied()).collect();
        grouped(&kinds)
    };
    (format!("{name}({})", places.join(", ")), result)
}

fn rank(kind: Type) -> Option<usize> {
    TYPES.iter().position(|known| *known == kind)
}

/// Returns argument lists that the rule accepts, one for each accepted pair of types of the first two arguments.
fn bases(count: usize, rule: Rule) -> Vec<Vec<Argument>> {
    let mut found = Vec::new();
    let firsts: Vec<Option<Argument>> = TYPES.into_iter().map(|kind| Some(sample(kind))).collect();
    let none = [None];
    let seconds = if count > 1 { firsts.as_slice() } else { &none };
    for first in if count > 0 { firsts.as_slice() } else { &none } {
        for second in seconds {
            let fixed: Vec<Argument> = [first, second].into_iter().flatten().cloned().collect();
            found.extend(fitting(count, &fixed, rule));
        }
    }
    if found.is_empty() {
        found.extend(fitting(count, &[], rule));
    }
    found
}

fn sample(kind: Type) -> Argument {
    let value = match kind {
        Type::String => Value::text("(.)"),
        Type::Dynamic => Value::array(vec![Value::Long(1)]),
        Type::Long => Value::Long(1),
        Type::Int => Value::Int(1),
        Type::Real => Value::Real(1.0),
        Type::Bool => Value::Bool(true),
        Type::DateTime => Value::DateTime(0),
        Type::TimeSpan => Value::TimeSpan(1),
        Type::Decimal | Type::Guid => Value::Null,
    };
    Argument { kind, constant: Some(value), type_of: None }
}

fn type_argument() -> Argument {
    Argument { kind: Type::String, constant: None, type_of: Some(Type::Long) }
}

/// Searches for an accepted argument list that starts with `fixed`, by replacing the argument that the rule rejects.
fn fitting(count: usize, fixed: &[Argument], rule: Rule) -> Option<Vec<Argument>> {
    let text = |constant: Option<&str>| Argument { constant: constant.map(Value::text), ..sample(Type::String) };
    let others = [text(Some("$.a")), text(None), type_argument()];
    let candidates: Vec<Argument> = TYPES.into_iter().map(sample).chain(others).collect();
    let mut tried = vec![0; count];
    // Start with the type of the second argument, which the remaining arguments often share.
    let kind = fixed.get(1).map_or(Type::String, |argument| argument.kind);
    let rest = (fixed.len()..count).map(|_| sample(kind));
    let mut arguments: Vec<Argument> = fixed.iter().cloned().chain(rest).take(count).collect();
    loop {
        let argument_error = match rule(&arguments) {
            Ok(_) => return Some(arguments),
            Err(argument_error) => argument_error,
        };
        if argument_error.argument < fixed.len() {
            return None;
        }
        let (place, next) = (arguments.get_mut(argument_error.argument)?, tried.get_mut(argument_error.argument)?);
        *place = match expected_word(&argument_error).filter(|_| *next == 0) {
            Some(word) => text(Some(word)),
            None => candidates.get(*next)?.clone(),
        };
        *next += 1;
    }
}

/// Returns the first of the words that a rule accepts.
fn expected_word(argument_error: &ArgumentError) -> Option<&str> {
    argument_error.expected.strip_prefix("one of `").and_then(|words| words.split('`').next())
}

/// Returns the types that a parameter accepts, given accepted values of the other parameters.
fn accepted(bases: &[Vec<Argument>], place: usize, rule: Rule) -> String {
    let with = |argument: &Argument| {
        bases.iter().any(|base| {
            let mut arguments = base.clone();
            if let Some(slot) = arguments.get_mut(place) {
                slot.clone_from(argument);
            }
            rule(&arguments).is_ok()
        })
    };
    let fits: Vec<Type> = TYPES.into_iter().filter(|kind| with(&sample(*kind))).collect();
    if fits.is_empty() {
        let free = with(&Argument { constant: None, ..sample(Type::String) });
        return if free {
            "string"
        } else if with(&type_argument()) {
            "typeof"
        } else {
            "word"
        }
        .to_owned();
    }
    let free = fits.iter().any(|kind| with(&Argument { constant: None, ..sample(*kind) }));
    let listed = grouped(&fits);
    if free { listed } else { format!("constant {listed}") }
}

fn grouped(fits: &[Type]) -> String {
    use Type::{Bool, DateTime, Decimal, Dynamic, Guid, Int, Long, Real, String, TimeSpan};

    let groups: [(&str, &[Type]); 7] = [
        ("any", &[String, Dynamic, Long, Int, Real, Decimal, DateTime, TimeSpan, Bool, Guid]),
        ("scalar", &[String, Long, Int, Real, Decimal, DateTime, TimeSpan, Bool, Guid]),
        ("summable", &[Long, Int, Real, Decimal, DateTime, TimeSpan]),
        ("number", &[Long, Int, Real, Decimal]),
        ("real number", &[Long, Int, Real]),
        ("whole", &[Long, Int]),
        ("text", &[String, Dynamic]),
    ];
    let mut left: Vec<Type> = fits.to_vec();
    let mut listed: Vec<&str> = Vec::new();
    for (name, group) in groups {
        if group.iter().all(|kind| left.contains(kind)) {
            left.retain(|kind| !group.contains(kind));
            listed.push(name);
        }
    }
    listed.extend(left.into_iter().map(Type::as_str));
    listed.join(" or ")
}
