//! IPv4 addresses within texts: `has_ipv4`, `has_ipv4_prefix` and the forms for several addresses.
//!
//! An address in a text is a run of digits and dots that is not next to a letter or digit.

use super::network::network;
use super::scalar;
use crate::registry::Scalar;
use crate::registry::arguments::{returns, text_at};
use crate::value::{Value, convert};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "has_ipv4",
        2..=2,
        returns!(Bool; text, text),
        |_, _, row| Value::Bool(any(row, has_address)),
        "Whether a text contains an IPv4 address.",
    ),
    scalar(
        "has_any_ipv4",
        2..=64,
        returns!(Bool; text; ..any),
        |_, _, row| Value::Bool(any(row, has_address)),
        "Whether a text contains one of several IPv4 addresses, given one by one or as an array.",
    ),
    scalar(
        "has_ipv4_prefix",
        2..=2,
        returns!(Bool; text, text),
        |_, _, row| Value::Bool(any(row, has_prefix)),
        "Whether a text contains an IPv4 address that starts with a prefix: an address, or whole numbers and a dot, as in `10.1.`.",
    ),
    scalar(
        "has_any_ipv4_prefix",
        2..=64,
        returns!(Bool; text; ..any),
        |_, _, row| Value::Bool(any(row, has_prefix)),
        "Whether a text contains an IPv4 address that starts with one of several prefixes, given one by one or as an array.",
    ),
];

fn any(row: &[Value], test: fn(&str, &str) -> bool) -> bool {
    let text = text_at(row, 0);
    let mut wanted = row.iter().skip(1).flat_map(|value| match value {
        Value::Array(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    });
    wanted.any(|wanted| test(&text, &convert::text(wanted)))
}

/// The addresses in a text.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '.');
    parts.map(|part| part.trim_matches('.')).filter(|part| is_address(part))
}

fn is_address(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && network(text).is_some()
}

fn has_address(text: &str, wanted: &str) -> bool {
    is_address(wanted) && addresses(text).any(|address| address == wanted)
}

fn has_prefix(text: &str, wanted: &str) -> bool {
    if is_address(wanted) {
        return has_address(text, wanted);
    }
    let numbers = wanted.strip_suffix('.').map(|numbers| numbers.split('.').collect::<Vec<_>>());
    let valid = numbers.is_some_and(|numbers| {
        numbers.len() < 4
            && numbers
                .iter()
                .all(|number| number.bytes().all(|byte| byte.is_ascii_digit()) && number.parse::<u8>().is_ok())
    });
    valid && addresses(text).any(|address| address.starts_with(wanted))
}
