//! URL functions: parsing, encoding, decoding.

use std::sync::Arc;

use super::scalar;
use crate::registry::arguments::{returns, text_at};
use crate::registry::{Argument, EvalContext, Scalar};
use crate::value::{Bag, Value};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "url_encode",
        1..=1,
        returns!(String; text),
        |_, _, row| Value::text(encoded(&text_at(row, 0), Style::Form)),
        "A string encoded for use in a URL, with spaces as `+`.",
    ),
    scalar(
        "url_encode_component",
        1..=1,
        returns!(String; text),
        |_, _, row| Value::text(encoded(&text_at(row, 0), Style::Component)),
        "A string encoded for use in a URL, with spaces as `%20`.",
    ),
    scalar(
        "url_decode",
        1..=1,
        returns!(String; text),
        |_, _, row| Value::text(decoded(&text_at(row, 0))),
        "The string decoded from a part of a URL.",
    ),
    scalar("parse_url", 1..=1, returns!(Dynamic; text), parse_url, "The parts of a URL, as a bag.").also(&["parseurl"]),
    scalar("parse_urlquery", 1..=1, returns!(Dynamic; text), parse_query, "The query parameters of a URL, as a bag.")
        .also(&["parseurlquery"]),
];

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Form,
    Component,
}

fn encoded(text: &str, style: Style) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let stays = byte.is_ascii_alphanumeric()
            || match style {
                Style::Form => matches!(byte, b'-' | b'_' | b'.' | b'!' | b'*' | b'(' | b')'),
                Style::Component => matches!(byte, b'-' | b'_' | b'.' | b'~'),
            };
        match (stays, byte, style) {
            (true, byte, _) => out.push(char::from(byte)),
            (false, b' ', Style::Form) => out.push('+'),
            (false, byte, Style::Form) => out.push_str(&format!("%{byte:02x}")),
            (false, byte, Style::Component) => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Invalid UTF-8 after decoding becomes the replacement character; a `%` without two hex digits is kept.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        (rest, bytes) = match (first, byte) {
            (b'%', Some(byte)) => (after.get(2..).unwrap_or_default(), push(bytes, byte)),
            (b'+', _) => (after, push(bytes, b' ')),
            (other, _) => (after, push(bytes, *other)),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn push(mut bytes: Vec<u8>, byte: u8) -> Vec<u8> {
    bytes.push(byte);
    bytes
}

fn text(part: &str) -> Value {
    Value::text(part)
}

fn parse_url(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let url = text_at(row, 0);
    let (rest, fragment) = url.split_once('#').unwrap_or((&url, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = rest.split_once("://").unwrap_or(("", rest));
    let path_at = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(path_at).unwrap_or((rest, ""));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
        _ => (host, ""),
    };
    let parts = [
        ("Scheme", text(scheme)),
        ("Host", text(host)),
        ("Port", text(port)),
        ("Path", text(path)),
        ("Username", text(name)),
        ("Password", text(password)),
        ("Query Parameters", parameters(query)),
        ("Fragment", text(fragment)),
    ];
    Value::bag(Bag::of(parts.map(|(name, value)| (Arc::from(name), value))))
}

fn parse_query(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let query = text_at(row, 0);
    let query = query.strip_prefix('?').unwrap_or(&query);
    Value::bag(Bag::of([(Arc::from("Query Parameters"), parameters(query))]))
}

fn parameters(query: &str) -> Value {
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (Arc::from(decoded(name)), Value::text(decoded(value)))
    });
    Value::bag(Bag::of(pairs))
}
