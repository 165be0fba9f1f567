//! Punycode (RFC 3492), of texts and of the labels of domain names.

use super::scalar;
use crate::registry::Scalar;
use crate::registry::arguments::{as_text, returns, text_at};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "punycode_from_string",
        1..=1,
        returns!(String; text),
        |_, _, row| as_text(encoded(&text_at(row, 0))),
        "A string in punycode, without the prefix `xn--`.",
    ),
    scalar(
        "punycode_to_string",
        1..=1,
        returns!(String; text),
        |_, _, row| as_text(decoded(&text_at(row, 0))),
        "The string that a text in punycode stands for; empty if the text is invalid.",
    ),
    scalar(
        "punycode_domain_from_string",
        1..=1,
        returns!(String; text),
        |_, _, row| {
            let label = |label: &str| {
                if label.is_ascii() { Some(label.to_owned()) } else { encoded(label).map(|text| format!("xn--{text}")) }
            };
            as_text(text_at(row, 0).split('.').map(label).collect::<Option<Vec<_>>>().map(|labels| labels.join(".")))
        },
        "A domain name with its international labels in punycode, after `xn--`.",
    ),
    scalar(
        "punycode_domain_to_string",
        1..=1,
        returns!(String; text),
        |_, _, row| {
            let label = |label: &str| match label.strip_prefix("xn--") {
                Some(text) => decoded(text),
                None => Some(label.to_owned()),
            };
            as_text(text_at(row, 0).split('.').map(label).collect::<Option<Vec<_>>>().map(|labels| labels.join(".")))
        },
        "A domain name with its labels after `xn--` decoded; empty if one is invalid.",
    ),
];

// The parameters of RFC 3492, section 5.
const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const FIRST_BIAS: u32 = 72;
const FIRST_CODE: u32 = 0x80;

/// Encoding takes quadratic time; domain names and similar texts are short.
const LONGEST: usize = 4096;

fn adapt(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = if first { delta / DAMP } else { delta / 2 };
    delta += delta / points.max(1);
    let mut k = 0;
    while delta > ((BASE - T_MIN) * T_MAX) / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

fn threshold(k: u32, bias: u32) -> u32 {
    k.saturating_sub(bias).clamp(T_MIN, T_MAX)
}

fn digit(number: u32) -> Option<char> {
    char::from_digit(number, 36).map(|_| ()).and_then(|()| {
        let code = if number < 26 { u32::from('a') + number } else { u32::from('0') + number - 26 };
        char::from_u32(code)
    })
}

fn digit_value(character: char) -> Option<u32> {
    match character {
        'a'..='z' => Some(u32::from(character) - u32::from('a')),
        'A'..='Z' => Some(u32::from(character) - u32::from('A')),
        '0'..='9' => Some(u32::from(character) - u32::from('0') + 26),
        _ => None,
    }
}

fn encoded(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    let codes: Vec<u32> = text.chars().map(u32::from).collect();
    let mut out: String = text.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(out.len()).ok()?;
    let mut handled = basic;
    if basic > 0 {
        out.push('-');
    }
    let (mut code, mut delta, mut bias) = (FIRST_CODE, 0_u32, FIRST_BIAS);
    let total = u32::try_from(codes.len()).ok()?;
    while handled < total {
        let next = codes.iter().copied().filter(|other| *other >= code).min()?;
        delta = delta.checked_add((next - code).checked_mul(handled + 1)?)?;
        code = next;
        for other in &codes {
            if *other < code {
                delta = delta.checked_add(1)?;
            }
            if *other != code {
                continue;
            }
            let mut rest = delta;
            let mut k = BASE;
            loop {
                let limit = threshold(k, bias);
                if rest < limit {
                    break;
                }
                out.push(digit(limit + (rest - limit) % (BASE - limit))?);
                rest = (rest - limit) / (BASE - limit);
                k += BASE;
            }
            out.push(digit(rest)?);
            bias = adapt(delta, handled + 1, handled == basic);
            delta = 0;
            handled += 1;
        }
        delta = delta.checked_add(1)?;
        code += 1;
    }
    Some(out)
}

fn decoded(text: &str) -> Option<String> {
    if text.len() > LONGEST || !text.is_ascii() {
        return None;
    }
    let (basic, rest) = text.rsplit_once('-').unwrap_or(("", text));
    let mut out: Vec<char> = basic.chars().collect();
    let (mut code, mut place, mut bias) = (FIRST_CODE, 0_u32, FIRST_BIAS);
    let mut digits = rest.chars();
    while let Some(mut character) = digits.next() {
        let before = place;
        let (mut weight, mut k) = (1_u32, BASE);
        loop {
            let value = digit_value(character)?;
            place = place.checked_add(value.checked_mul(weight)?)?;
            let limit = threshold(k, bias);
            if value < limit {
                break;
            }
            weight = weight.checked_mul(BASE - limit)?;
            k += BASE;
            character = digits.next()?;
        }
        let length = u32::try_from(out.len()).ok()? + 1;
        bias = adapt(place - before, length, before == 0);
        code = code.checked_add(place / length)?;
        place %= length;
        out.insert(usize::try_from(place).ok()?, char::from_u32(code)?);
        place += 1;
    }
    Some(out.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::{decoded, encoded};

    // Samples of RFC 3492, section 7.1.
    #[test]
    fn samples_of_the_specification_round_trip() {
        for (text, code) in [
            ("\u{4ED6}\u{4EEC}\u{4E3A}\u{4EC0}\u{4E48}\u{4E0D}\u{8BF4}\u{4E2D}\u{6587}", "ihqwcrb4cv8a8dqg056pqjye"),
            ("Pro\u{10D}prost\u{11B}nemluv\u{ED}\u{10D}esky", "Proprostnemluvesky-uyb24dma41a"),
            ("-> $1.00 <-", "-> $1.00 <--"),
            ("", ""),
        ] {
            assert_eq!(encoded(text).as_deref(), Some(code));
            assert_eq!(decoded(code).as_deref(), Some(text));
        }
    }

    #[test]
    fn invalid_texts_are_rejected() {
        assert_eq!(decoded("a-\u{e9}"), None);
        assert_eq!(decoded("99999999999"), None);
    }
}
