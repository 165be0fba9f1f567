//! Decodes escaped and encoded texts, with the position of each decoded byte.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// A decoded text.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The text.
    pub(super) text: String,
    /// For each byte of the text, and its end, the position in the original.
    places: Vec<usize>,
}

impl Decoded {
    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The range of the original that a range of the text was decoded from.
    pub(crate) fn original(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let start = *self.places.get(range.start)?;
        let end = *self.places.get(range.end)?;
        (start < end).then_some(start..end)
    }

    /// Decodes once more; positions remain those of the first original.
    pub(super) fn again(&self) -> Option<Self> {
        let mut next = unescape(&self.text)?;
        for place in &mut next.places {
            *place = *self.places.get(*place)?;
        }
        Some(next)
    }
}

/// The maximum number of encodings within each other that are decoded.
pub(super) const MAX_DEPTH: usize = 3;

/// The text decoded once, twice and so on; empty if nothing in it is encoded.
pub(crate) fn layers(text: &str) -> Vec<Decoded> {
    let mut layers: Vec<Decoded> = Vec::new();
    let mut next = unescape(text);
    while let Some(layer) = next.filter(|_| layers.len() < MAX_DEPTH) {
        next = layer.again();
        layers.push(layer);
    }
    layers
}

/// Decodes percent-encoding, the escapes of JSON and character references once. `None` if there are none.
pub(super) fn unescape(text: &str) -> Option<Decoded> {
    text.find(['%', '\\', '&'])?;
    let mut out = Decoded { text: String::with_capacity(text.len()), places: Vec::with_capacity(text.len() + 1) };
    let (mut at, mut changed) = (0, false);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let plain = rest.find(['%', '\\', '&']).unwrap_or(rest.len());
        if plain > 0 {
            out.text.push_str(rest.get(..plain)?);
            out.places.extend(at..at + plain);
            at += plain;
            continue;
        }
        let (decoded, length) = percent(rest)
            .or_else(|| escape(rest))
            .or_else(|| reference(rest))
            .unwrap_or_else(|| (rest.chars().take(1).collect(), 1));
        changed |= length > 1;
        let before = out.text.len();
        out.text.push_str(&decoded);
        out.places.extend(std::iter::repeat_n(at, out.text.len() - before));
        at += length;
    }
    out.places.push(text.len());
    changed.then_some(out)
}

/// The first character of `%XX…`, which may be several bytes.
fn percent(rest: &str) -> Option<(String, usize)> {
    let byte = |at: usize| -> Option<u8> {
        let pair = rest.get(at..at + 3)?.strip_prefix('%')?;
        pair.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u8::from_str_radix(pair, 16).ok())?
    };
    let first = byte(0)?;
    let count = match first {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let bytes: Option<Vec<u8>> = (0..count).map(|index| byte(index * 3)).collect();
    let text = String::from_utf8(bytes?).ok()?;
    // In `%198.18.0.1`, the percent sign stands for itself.
    (!text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))).then_some((text, count * 3))
}

/// The character of an escape of JSON or of similar languages.
fn escape(rest: &str) -> Option<(String, usize)> {
    let escaped = rest.strip_prefix('\\')?;
    let hex = |at: usize, length: usize| u32::from_str_radix(escaped.get(at..at + length)?, 16).ok();
    match escaped.chars().next()? {
        'n' => Some(("\n".to_owned(), 2)),
        'r' => Some(("\r".to_owned(), 2)),
        't' => Some(("\t".to_owned(), 2)),
        c @ ('"' | '\'' | '\\' | '/' | '=' | '&') => Some((c.to_string(), 2)),
        'u' => {
            let unit = u16::try_from(hex(1, 4)?).ok()?;
            let low = escaped.get(5..7).filter(|next| *next == "\\u").and_then(|_| u16::try_from(hex(7, 4)?).ok());
            let pair = [unit, low.unwrap_or_default()];
            let (units, length) =
                if (0xd800..0xdc00).contains(&unit) { (pair.as_slice(), 12) } else { (pair.get(..1)?, 6) };
            Some((String::from_utf16(units).ok()?, length))
        }
        'x' => Some((char::from(u8::try_from(hex(1, 2)?).ok()?).to_string(), 4)),
        _ => None,
    }
}

/// The character of a reference of HTML or XML.
fn reference(rest: &str) -> Option<(String, usize)> {
    const NAMED: &[(&str, &str)] =
        &[("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&apos;", "'"), ("&commat;", "@")];
    if let Some((name, text)) = NAMED.iter().find(|(name, _)| rest.starts_with(name)) {
        return Some(((*text).to_owned(), name.len()));
    }
    let number = rest.strip_prefix("&#")?;
    let end = number.bytes().take(8).position(|byte| byte == b';')?;
    let digits = number.get(..end)?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some((char::from_u32(code)?.to_string(), end + 3))
}

static BASE64: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[A-Za-z0-9+/_-]{16,}(?:(?:\r?\n|\\n)[A-Za-z0-9+/_-]{16,})*={0,2}").ok());

/// Calls `each` with the ranges of a text that are base64 of text, and that text.
pub(super) fn each_base64(text: &str, mut each: impl FnMut(Range<usize>, &str)) {
    // The regex is a constant, and a test compiles it.
    let Some(candidates) = BASE64.as_ref() else { return };
    for found in candidates.find_iter(text) {
        let Some(bytes) = decode(found.as_str()) else { continue };
        let is_text = |text: &&str| !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
        if let Some(inner) = std::str::from_utf8(&bytes).ok().filter(is_text) {
            each(found.range(), inner);
        }
    }
}

/// The bytes of base64, in either alphabet, with or without padding; `None` if it is none.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    for byte in text.trim_end_matches('=').replace("\\n", "").bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'\r' | b'\n' => continue,
            _ => return None,
        };
        buffer = (buffer << 6 | u32::from(value)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(buffer >> bits & 0xff).ok()?);
        }
    }
    // A rest of 6 bits is no byte.
    (bits < 6).then_some(bytes)
}

/// The ranges of a text that are base64 of text, with that text.
pub(crate) fn texts_in_base64(text: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    each_base64(text, |range, inner| found.push((range, inner.to_owned())));
    found
}

/// Base64 of a text, in the alphabet of URLs without padding, or else in the standard one with padding: RFC 4648.
pub(crate) fn encode(text: &str, for_urls: bool) -> String {
    const COMMON: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let digit = |value: u32| match (value, for_urls) {
        (62, true) => '-',
        (62, false) => '+',
        (63, true) => '_',
        (63, false) => '/',
        (value, _) => COMMON.get(value as usize).map_or('=', |byte| char::from(*byte)),
    };
    let mut out = String::with_capacity(text.len().div_ceil(3) * 4);
    for three in text.as_bytes().chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(three.get(at).copied().unwrap_or_default()));
        for at in 0..4 {
            match (at <= three.len(), for_urls) {
                (true, _) => out.push(digit(bits >> (18 - 6 * at) & 63)),
                (false, true) => {}
                (false, false) => out.push('='),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoded_bytes_have_their_places() {
        let decoded = unescape(r#"a%40b \"c\" &#64; \u00e9"#).unwrap();
        assert_eq!(decoded.text, "a@b \"c\" @ é");
        assert_eq!(decoded.original(&(1..2)), Some(1..4));
        assert!(unescape("100% of a\\b & c").is_none());
    }

    #[test]
    fn base64_is_decoded_in_both_alphabets() {
        assert_eq!(decode("eyJhIjoxfQ==").as_deref(), Some(b"{\"a\":1}".as_slice()));
        assert_eq!(decode("_-8"), Some(vec![0xff, 0xef]));
        assert_eq!(decode("a b"), None);
    }

    #[test]
    fn what_is_encoded_is_decoded_to_the_same() {
        for text in ["", "a", "ab", "abc", "{\"a\": \"é>?~\"}"] {
            for for_urls in [true, false] {
                assert_eq!(decode(&encode(text, for_urls)).as_deref(), Some(text.as_bytes()), "{text}");
            }
        }
        assert_eq!((encode("a", false).as_str(), encode("a", true).as_str()), ("YQ==", "YQ"));
    }
}
