//! Column names for unnamed expressions, and column patterns with `*`.

use std::cmp::Ordering;

use crate::ast::{Expr, ExprKind};
use crate::bind::scope::Field;
use crate::registry::{self, ColumnName, Naming};
use crate::value::Value;

/// The column name derived from an expression; `None` for `a + b` and similar expressions.
pub(crate) fn derived(expr: &Expr) -> Option<String> {
    match &expr.item {
        ExprKind::Name(name) => Some(name.clone()),
        ExprKind::Member(base, name) => Some(format!("{}_{}", derived(base)?, name.item)),
        ExprKind::Element(base, index) => {
            let base = derived(base)?;
            match &index.item {
                ExprKind::Literal(_, Value::String(name)) => Some(format!("{base}_{name}")),
                ExprKind::Literal(_, Value::Long(index)) => Some(format!("{base}_{index}")),
                ExprKind::Literal(_, Value::Int(index)) => Some(format!("{base}_{index}")),
                _ => Some(format!("{base}_")),
            }
        }
        ExprKind::Call(name, arguments) => {
            let first = arguments.first();
            let share = match name.item.as_str() {
                "percentile" | "percentiles" => arguments.get(1),
                "percentilew" | "percentilesw" => arguments.get(2),
                _ => None,
            };
            if let Some(percent) = share {
                let base = first.and_then(|argument| derived(&argument.value)).unwrap_or_default();
                return Some(format!("percentile_{base}_{}", self::percentage(&percent.value)));
            }
            let given = first.and_then(|argument| argument.name.as_ref());
            // A few names are both, and differ in the number of arguments.
            let function = registry::scalar(&name.item);
            let aggregate = registry::aggregate(&name.item);
            let naming = function
                .filter(|function| aggregate.is_none() || function.arity.contains(&arguments.len()))
                .map(|function| function.naming)
                .or_else(|| aggregate.map(|function| function.naming))?;
            if let (Some(given), Naming::FirstArgument) = (given, naming) {
                return Some(given.item.clone());
            }
            let inner = || first.and_then(|argument| derived(&argument.value));
            match naming {
                Naming::None => None,
                Naming::FirstArgument => inner(),
                Naming::Prefix(prefix) => Some(format!("{prefix}_{}", inner().unwrap_or_default())),
                Naming::OnlyPrefix(prefix) => Some(format!("{prefix}_")),
                Naming::Fixed(name) => Some(name.to_owned()),
            }
        }
        _ => None,
    }
}

/// The default name of a column of a function with several results.
pub(crate) fn of_column(name: &str, arguments: &[crate::ast::Argument], column: ColumnName) -> String {
    let derived = |place: usize| arguments.get(place).and_then(|argument| derived(&argument.value));
    match column {
        ColumnName::OfArgument { argument, suffix } => {
            format!("{}{suffix}", derived(argument).unwrap_or_else(|| format!("array{argument}")))
        }
        ColumnName::OfFunction(suffix) => format!("{name}_{}_{suffix}", derived(0).unwrap_or_default()),
    }
}

/// The percentage of a percentile as written in a column name.
pub(crate) fn percentage(expr: &Expr) -> String {
    match &expr.item {
        ExprKind::Literal(_, Value::Long(percent)) => percent.to_string(),
        ExprKind::Literal(_, Value::Int(percent)) => percent.to_string(),
        ExprKind::Literal(_, Value::Real(percent)) => percent.to_string().replace('.', "_"),
        _ => String::new(),
    }
}

/// A unique name: the given one if it is free, otherwise with the first number that makes it unique.
pub(crate) fn unique<'n>(taken: impl Iterator<Item = &'n str> + Clone, name: &str) -> String {
    if !taken.clone().any(|known| known == name) {
        return name.to_owned();
    }
    (1_usize..)
        .map(|number| format!("{name}{number}"))
        .find(|name| !taken.clone().any(|known| known == name))
        .unwrap_or_default()
}

/// The next name of an unnamed column: `Column1`, `Column2`.
pub(crate) fn numbered<'n>(taken: impl Iterator<Item = &'n str> + Clone, unnamed: &mut usize) -> String {
    *unnamed += 1;
    unique(taken, &format!("Column{unnamed}"))
}

/// The names of fields.
pub(crate) fn of(fields: &[Field]) -> impl Iterator<Item = &str> + Clone {
    fields.iter().map(|field| &*field.name)
}

/// Whether a name matches a pattern in which `*` matches any text.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else { return false };
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(middle) = last.replace(part) {
            match rest.find(middle) {
                Some(at) => rest = rest.get(at + middle.len()..).unwrap_or_default(),
                None => return false,
            }
        }
    }
    match last {
        Some(last) => rest.ends_with(last),
        None => rest.is_empty(),
    }
}

/// The order of `granny-asc`: runs of digits are compared as numbers.
pub(crate) fn granny(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (text_a, digits_a, rest_a) = stretch(a);
        let (text_b, digits_b, rest_b) = stretch(b);
        let order = text_a.cmp(text_b).then_with(|| {
            let (one, two) = (digits_a.trim_start_matches('0'), digits_b.trim_start_matches('0'));
            one.len().cmp(&two.len()).then_with(|| one.cmp(two))
        });
        if order != Ordering::Equal || rest_a.is_empty() || rest_b.is_empty() {
            return order.then_with(|| rest_a.len().cmp(&rest_b.len())).then_with(|| a.cmp(b));
        }
        (a, b) = (rest_a, rest_b);
    }
}

/// Splits a text into the part before its first digits, the digits, and the rest.
fn stretch(text: &str) -> (&str, &str, &str) {
    let from = text.find(|letter: char| letter.is_ascii_digit()).unwrap_or(text.len());
    let (before, after) = text.split_at(from);
    let to = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
    let (digits, rest) = after.split_at(to);
    (before, digits, rest)
}

#[cfg(test)]
mod tests {
    use super::{fits, granny, unique};
    use std::cmp::Ordering;

    #[test]
    fn a_taken_name_gets_the_first_free_number() {
        let taken = ["a", "a1", "b"];
        assert_eq!(unique(taken.iter().copied(), "a"), "a2");
        assert_eq!(unique(taken.iter().copied(), "c"), "c");
    }

    #[test]
    fn a_star_matches_any_text() {
        assert!(fits("a*", "abc") && fits("*c", "abc") && fits("a*c", "ac") && fits("*", "") && fits("abc", "abc"));
        assert!(fits("*b*", "abc") && fits("a*b*c", "a-b-c"));
        assert!(!fits("a*", "ba") && !fits("abc", "abcd") && !fits("a*b*c", "acb"));
    }

    #[test]
    fn granny_order_compares_digits_as_numbers() {
        assert_eq!(granny("a2", "a10"), Ordering::Less);
        assert_eq!(granny("a10", "a10"), Ordering::Equal);
        assert_eq!(granny("b1", "a2"), Ordering::Greater);
    }
}
