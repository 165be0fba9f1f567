//! Base64 and human-readable sizes.

use super::math::rounded;
use super::scalar;
use crate::registry::arguments::{array_at, as_text, at, fixed_number, number, one_of, real_at, returns, text_at};
use crate::registry::{Argument, ArgumentError, EvalContext, Scalar};
use crate::value::{Type, Value, convert};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "base64_encode_tostring",
        1..=1,
        returns!(String; text),
        |_, _, row| Value::text(encode(text_at(row, 0).as_bytes())),
        "The base64 encoding of the UTF-8 bytes of a string.",
    )
    .also(&["base64_encodestring"]),
    scalar(
        "base64_decode_tostring",
        1..=1,
        returns!(String; text),
        |_, _, row| as_text(decode(&text_at(row, 0)).and_then(|bytes| String::from_utf8(bytes).ok())),
        "The string decoded from base64 as UTF-8; empty if the input is invalid.",
    )
    .also(&["base64_decodestring"]),
    scalar(
        "base64_decode_toarray",
        1..=1,
        returns!(Dynamic; text),
        to_array,
        "The bytes decoded from base64, as numbers; null if the input is invalid.",
    ),
    scalar(
        "base64_encode_fromarray",
        1..=1,
        returns!(String; dynamic),
        from_array,
        "The base64 encoding of an array of bytes.",
    ),
    scalar(
        "base64_decode_toguid",
        1..=1,
        returns!(Guid; text),
        |_, _, row| decode(&text_at(row, 0)).and_then(|bytes| guid_of(&bytes)).map_or(Value::Null, Value::Guid),
        "The guid decoded from base64; null if the input is not 16 bytes.",
    ),
    scalar(
        "base64_encode_fromguid",
        1..=1,
        returns!(String; guid),
        |_, _, row| match at(row, 0) {
            Value::Guid(guid) => Value::text(encode(&bytes_of(*guid))),
            _ => Value::text(""),
        },
        "The base64 encoding of the bytes of a guid.",
    ),
    scalar(
        "format_bytes",
        1..=3,
        format_bytes_kind,
        format_bytes,
        "A number of bytes with a unit: `19.08 MB`; the number of decimal places and the unit are optional arguments.",
    )
    .keeps_name(),
];

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().chain([0, 0].iter()).take(3).fold(0_u32, |group, byte| group << 8 | u32::from(*byte));
        for (place, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let digit = usize::try_from(group >> shift & 63).ok().and_then(|digit| ALPHABET.get(digit));
            text.push(if place <= chunk.len() { digit.copied().map_or('=', char::from) } else { '=' });
        }
    }
    text
}

pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    let (mut group, mut bits) = (0_u32, 0);
    for digit in digits.bytes() {
        let value = ALPHABET.iter().position(|known| *known == digit)?;
        group = group << 6 | u32::try_from(value).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(group >> bits & 0xFF).ok()?);
        }
    }
    Some(bytes)
}

/// The order of the bytes of a guid in memory: its first three groups are little-endian.
const GUID_ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

fn guid_of(bytes: &[u8]) -> Option<u128> {
    let ordered = GUID_ORDER
        .iter()
        .map(|place| bytes.get(*place))
        .try_fold(0_u128, |guid, byte| Some(guid << 8 | u128::from(*byte?)));
    ordered.filter(|_| bytes.len() == 16)
}

fn bytes_of(guid: u128) -> [u8; 16] {
    let bytes = guid.to_be_bytes();
    GUID_ORDER.map(|place| bytes.get(place).copied().unwrap_or(0))
}

fn to_array(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let bytes = decode(&text_at(row, 0));
    bytes
        .map_or(Value::Null, |bytes| Value::array(bytes.into_iter().map(|byte| Value::Long(i64::from(byte))).collect()))
}

fn from_array(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let bytes: Option<Vec<u8>> = array_at(row, 0)
        .unwrap_or_default()
        .iter()
        .map(|value| convert::long(value).and_then(|byte| u8::try_from(byte).ok()))
        .collect();
    as_text(bytes.map(|bytes| encode(&bytes)))
}

const UNITS: [&str; 6] = ["Bytes", "KB", "MB", "GB", "TB", "PB"];

fn format_bytes_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    number(arguments, 0)?;
    fixed_number(arguments, 1)?;
    if arguments.len() > 2 {
        one_of(arguments, 2, &UNITS)?;
    }
    Ok(Type::String)
}

fn format_bytes(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let Some(bytes) = real_at(row, 0) else { return Value::text("") };
    let digits = row.get(1).and_then(convert::long).unwrap_or(0).clamp(0, 15);
    let unit = row.get(2).map(convert::text);
    let mut amount = bytes;
    for (place, name) in UNITS.into_iter().enumerate() {
        let wanted = match &unit {
            Some(unit) => unit.eq_ignore_ascii_case(name),
            None => amount.abs() < 1024.0 || place + 1 == UNITS.len(),
        };
        if wanted {
            let amount = rounded(amount, i32::try_from(digits).unwrap_or_default());
            return Value::text(format!("{amount} {name}"));
        }
        amount /= 1024.0;
    }
    Value::text("")
}
