//! Which characters are not safe to print, and the escapes that stand for them.

use std::borrow::Cow;

/// A text as a part of a line: line breaks, control characters, invisible characters, and characters that change the
/// direction of writing are shown as escapes, and `##[` and `##vso[` are broken up.
///
/// A part that starts a line can still be a command; [`Printable`](super::Printable) is the whole line.
#[must_use]
pub fn inline(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    for (at, c) in text.char_indices() {
        if !(is_unsafe(text, at, c) || is_command(text, at)) {
            continue;
        }
        out.push_str(text.get(copied..at).unwrap_or_default());
        push_escape(&mut out, c);
        copied = at + c.len_utf8();
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// A text as a whole line, without a line end: as [`inline`], and a line that would start with `::` does not.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    let text = inline(text);
    // GitHub Actions ignores white space at the start.
    let rest = text.trim_start();
    if !rest.starts_with("::") {
        return text;
    }
    let at = text.len() - rest.len();
    let (blank, rest) = (text.get(..at).unwrap_or_default(), rest.get(1..).unwrap_or_default());
    Cow::Owned(format!("{blank}\\u{{3a}}{rest}"))
}

/// A text in which every character keeps its place: an unsafe one is replaced by one that stands for it.
///
/// For source lines below which columns are marked. `\n` is kept.
pub(crate) fn same_columns(text: &str) -> Cow<'_, str> {
    let replaced = |at: usize, c: char| c != '\n' && c != '\t' && (is_unsafe(text, at, c) || is_command(text, at));
    if !text.char_indices().any(|(at, c)| replaced(at, c)) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| match u32::from(c) {
        // The control pictures of Unicode stand in the order of the control characters.
        code @ 0..=0x1f => char::from_u32(0x2400 + code).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7f => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    };
    let line_end = |at: usize, c: char| c == '\r' && text.get(at + 1..).is_some_and(|rest| rest.starts_with('\n'));
    Cow::Owned(
        text.char_indices().map(|(at, c)| if replaced(at, c) && !line_end(at, c) { shown(c) } else { c }).collect(),
    )
}

fn push_escape(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ => out.extend(c.escape_unicode()),
    }
}

/// The characters of a text that must not be printed, each with its byte offset and what it is.
pub(crate) fn unsafe_characters(text: &str) -> impl Iterator<Item = (usize, char, &'static str)> {
    text.char_indices().filter(|(at, c)| is_unsafe(text, *at, *c)).filter_map(|(at, c)| Some((at, c, what_is(c)?)))
}

/// Whether a character of a text must not be printed.
///
/// A variation selector is printed after the character that it varies, such as an emoji.
pub(super) fn is_unsafe(text: &str, at: usize, c: char) -> bool {
    let varies = || {
        text.get(..at)
            .and_then(|before| before.chars().next_back())
            .is_some_and(|c| !c.is_ascii() && what_is(c).is_none())
    };
    what_is(c).is_some() && !(matches!(c, '\u{fe00}'..='\u{fe0f}') && varies())
}

/// Whether the character at a position is the second `#` of a command: `##[group]`, `##vso[task.setvariable]`.
///
/// Azure Pipelines and GitHub Actions find these anywhere in a line: `ActionCommand.TryParse` of the runner of GitHub
/// Actions, read 2026-11-30. TeamCity has `##teamcity[`.
pub(super) fn is_command(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    if bytes.get(at) != Some(&b'#') || at == 0 || bytes.get(at - 1) != Some(&b'#') {
        return false;
    }
    let name = bytes.get(at + 1..).unwrap_or_default();
    name.iter().find(|byte| !byte.is_ascii_alphanumeric()) == Some(&b'[')
}

/// What a character is that must not be printed as it is; `None` for all others.
///
/// These are the control characters, the format characters without a shape, the separators of lines and paragraphs, and
/// the characters that a font shows as nothing (`Default_Ignorable_Code_Point` of Unicode 16).
pub(super) fn what_is(c: char) -> Option<&'static str> {
    match c {
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Some("a control character"),
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => Some("an invisible character"),
        '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some("a character that changes the direction of the text")
        }
        '\u{2028}'..='\u{2029}' => Some("a line separator"),
        _ => None,
    }
}
