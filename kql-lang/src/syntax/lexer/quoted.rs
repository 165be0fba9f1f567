//! String literals: their length and their value.

/// Whether a string literal starts here: `'`, `"`, `@"`, `h"`, `H@'`, three backticks or tildes.
pub(super) fn starts(text: &str) -> bool {
    let body = text.strip_prefix(['h', 'H']).unwrap_or(text);
    let verbatim = body.strip_prefix('@').unwrap_or(body);
    verbatim.starts_with(['\'', '"']) || body.starts_with("```") || body.starts_with("~~~")
}

/// The extent of a string literal.
pub(super) struct Length {
    pub(super) bytes: usize,
    pub(super) closed: bool,
    pub(super) quote: &'static str,
    /// Whether the literal ends at the end of its line if it is not closed.
    pub(super) within_line: bool,
}

struct Opening {
    /// Length of the prefixes and the quote.
    length: usize,
    quote: &'static str,
    verbatim: bool,
}

fn opening(text: &str) -> Opening {
    let hidden = usize::from(text.starts_with(['h', 'H']));
    let body = text.get(hidden..).unwrap_or_default();
    for quote in ["```", "~~~"] {
        if body.starts_with(quote) {
            return Opening { length: hidden + quote.len(), quote, verbatim: true };
        }
    }
    let verbatim = body.starts_with('@');
    let start = hidden + usize::from(verbatim);
    let quote = if text.get(start..).is_some_and(|rest| rest.starts_with('"')) { "\"" } else { "'" };
    Opening { length: start + 1, quote, verbatim }
}

/// Returns the extent of the string literal at the start of a text.
pub(super) fn length(text: &str) -> Length {
    let Opening { length, quote, verbatim } = opening(text);
    let inner = text.get(length..).unwrap_or_default();
    if quote.len() == 3 {
        let stop = inner.find(quote);
        let bytes = stop.map_or(text.len(), |stop| length + stop + quote.len());
        return Length { bytes, closed: stop.is_some(), quote, within_line: false };
    }
    let mut letters = inner.char_indices().peekable();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '\\' if !verbatim => {
                letters.next_if(|(_, next)| !matches!(next, '\n' | '\r'));
            }
            '\n' | '\r' => return Length { bytes: length + place, closed: false, quote, within_line: true },
            // In a verbatim string, two quotes represent one.
            _ if quote.starts_with(letter) && !(verbatim && letters.next_if(|(_, next)| *next == letter).is_some()) => {
                return Length { bytes: length + place + 1, closed: true, quote, within_line: false };
            }
            _ => {}
        }
    }
    Length { bytes: text.len(), closed: false, quote, within_line: true }
}

/// An unknown escape sequence: its offset in the literal and its length.
pub(in crate::syntax) struct BadEscape {
    pub(in crate::syntax) start: usize,
    pub(in crate::syntax) length: usize,
}

/// Returns the value of a literal with its escapes resolved, and the unknown escapes, which are kept unchanged.
pub(in crate::syntax) fn value(literal: &str) -> (String, Vec<BadEscape>) {
    let Opening { length, quote, verbatim } = opening(literal);
    let inner = literal.get(length..).unwrap_or_default();
    let inner = inner.strip_suffix(quote).unwrap_or(inner);
    if quote.len() == 3 {
        return (inner.to_owned(), Vec::new());
    }
    if verbatim {
        return (inner.replace(&quote.repeat(2), quote), Vec::new());
    }
    let mut out = String::with_capacity(inner.len());
    let mut bad = Vec::new();
    let mut rest = inner;
    while let Some(place) = rest.find('\\') {
        out.push_str(rest.get(..place).unwrap_or_default());
        rest = rest.get(place..).unwrap_or_default();
        match escape(rest) {
            Some((letter, length)) => {
                out.push(letter);
                rest = rest.get(length..).unwrap_or_default();
            }
            None => {
                let length = 1 + rest.chars().nth(1).map_or(0, char::len_utf8);
                bad.push(BadEscape { start: length_before(literal, rest, quote), length });
                out.push('\\');
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    (out, bad)
}

/// Returns the offset in the literal at which `rest`, the tail of its content, starts.
fn length_before(literal: &str, rest: &str, quote: &str) -> usize {
    let closing = if literal.ends_with(quote) { quote.len() } else { 0 };
    literal.len().saturating_sub(closing + rest.len())
}

/// Returns the character of the escape at the start of a text, and the length of the escape.
fn escape(text: &str) -> Option<(char, usize)> {
    let letter = text.chars().nth(1)?;
    Some(match letter {
        '\\' | '\'' | '"' => (letter, 2),
        'a' => ('\u{7}', 2),
        'b' => ('\u{8}', 2),
        'f' => ('\u{c}', 2),
        'n' => ('\n', 2),
        'r' => ('\r', 2),
        't' => ('\t', 2),
        'v' => ('\u{b}', 2),
        'x' => (char::from_u32(hex(text, 2, 2)?)?, 4),
        'u' => match hex(text, 2, 4)? {
            // A surrogate pair: a character above U+FFFF.
            high @ 0xd800..=0xdbff if text.get(6..8) == Some("\\u") => {
                let low = hex(text, 8, 4).filter(|low| (0xdc00..=0xdfff).contains(low))?;
                (char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))?, 12)
            }
            code => (char::from_u32(code)?, 6),
        },
        'U' => (char::from_u32(hex(text, 2, 8)?)?, 10),
        '0'..='7' => octal(text.get(1..)?)?,
        _ => return None,
    })
}

fn hex(text: &str, start: usize, length: usize) -> Option<u32> {
    let digits = text.get(start..start + length)?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

/// Parses one to three octal digits; three only up to 377.
fn octal(text: &str) -> Option<(char, usize)> {
    let digits = text.bytes().take(3).take_while(|digit| (b'0'..=b'7').contains(digit)).count();
    let digits = if digits == 3 && !text.starts_with(['0', '1', '2', '3']) { 2 } else { digits };
    let code = u32::from_str_radix(text.get(..digits)?, 8).ok()?;
    Some((char::from_u32(code)?, digits + 1))
}
