//! Text from rules, telemetry, queries and file names, made safe to print.
//!
//! Any text in, a [`Printable`] out: the only type that the command line writes to a stream. It has no control character
//! besides the line feed, and no character that is invisible or changes the direction of writing; each is shown as an
//! escape such as `\u{1b}`. No line of it starts a workflow command of a CI system. Colours of reports are added by this
//! crate only. Escaping twice changes nothing.
//!
//! JSON stays exact: its escapes are part of its syntax. Nothing here interprets a text.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// Text that is safe to print: on a terminal, in the log of a CI system, in a file.
///
/// Made by [`lines`](Self::lines), [`json`](Self::json), [`annotation`](Self::annotation) and the reports of this crate,
/// which all escape what they are given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printable(String);

impl Printable {
    /// A text of several lines, each escaped. Tabs that indent a line become four blanks each.
    ///
    /// The line breaks of the text are kept, so a text of one line that is put into it belongs into [`inline`] first.
    #[must_use]
    pub fn lines(text: &str) -> Self {
        let mut out = String::with_capacity(text.len());
        for piece in text.split_inclusive('\n') {
            let line = piece.strip_suffix('\n').unwrap_or(piece);
            let line = line.strip_suffix('\r').unwrap_or(line);
            let rest = line.trim_start_matches([' ', '\t']);
            for indent in line.chars().take(line.len() - rest.len()) {
                out.push_str(if indent == '\t' { "    " } else { " " });
            }
            out.push_str(&one_line(rest));
            if piece.ends_with('\n') {
                out.push('\n');
            }
        }
        Self(out)
    }

    /// A text that must not change, such as a program; `None` unless it is safe as it is. It may have tabs.
    #[must_use]
    pub fn unchanged(text: &str) -> Option<Self> {
        let blanks = text.replace('\t', " ");
        (Self::lines(&blanks).0 == blanks).then(|| Self(text.to_owned()))
    }

    /// A JSON text with the same value: characters that are not safe to print are written as `\u001b` in its strings.
    ///
    /// The text must be JSON, of one document or one per line; of any other text the result is safe and not the same.
    #[must_use]
    pub fn json(text: &str) -> Self {
        let mut out = String::with_capacity(text.len());
        for (at, c) in text.char_indices() {
            let in_token = !matches!(c, '\n' | '\t' | '\r') && (is_unsafe(text, at, c) || is_command(text, at));
            match c {
                // Between tokens; inside strings JSON allows none of them.
                '\t' => out.push(' '),
                '\r' => {}
                _ if in_token => {
                    let mut units = [0; 2];
                    for unit in c.encode_utf16(&mut units) {
                        out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                _ => out.push(c),
            }
        }
        // Other text than JSON: `lines` finds nothing in JSON, whose lines begin with a token.
        Self::lines(&out)
    }

    /// One annotation of GitHub Actions: `::error file=a.yaml,line=1::message`, with a line end.
    ///
    /// `notes` are further lines of its message. Source of the encoding: `toolkit/packages/core/src/command.ts` of GitHub
    /// Actions, read 2026-11-30.
    #[must_use]
    pub fn annotation(level: AnnotationLevel, properties: &[(&str, String)], message: &str, notes: &[&str]) -> Self {
        let data = |text: &str| inline(text).replace('%', "%25");
        let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
        let properties: Vec<String> =
            properties.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
        let lines: Vec<String> = std::iter::once(&message).chain(notes).map(|line| data(line)).collect();
        Self(format!("::{} {}::{}\n", level.as_str(), properties.join(","), lines.join("%0A")))
    }

    /// The text with CRLF at the end of each line, as RFC 4180 defines it for CSV.
    #[must_use]
    pub fn with_crlf(self) -> Self {
        Self(self.0.replace('\n', "\r\n"))
    }

    /// Text of this crate whose pieces are escaped: with colours.
    pub(crate) fn of_escaped(text: String) -> Self {
        Self(text)
    }

    /// The texts, each on lines of its own.
    #[must_use]
    pub fn joined(texts: &[Self]) -> Self {
        let texts: Vec<&str> = texts.iter().map(|text| text.0.strip_suffix('\n').unwrap_or(&text.0)).collect();
        Self(texts.join("\n"))
    }

    /// Appends another text.
    pub fn push(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as a string, which can be printed without [`Printable`].
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Deref for Printable {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Printable {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<[u8]> for Printable {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Display for Printable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl PartialEq<str> for Printable {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Printable {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl FromIterator<Self> for Printable {
    fn from_iter<I: IntoIterator<Item = Self>>(texts: I) -> Self {
        Self(texts.into_iter().map(|text| text.0).collect())
    }
}

/// The level of an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotationLevel {
    /// An error.
    Error,
    /// A warning.
    Warning,
    /// A notice.
    Notice,
}

impl AnnotationLevel {
    fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// A text as a part of a line: line breaks, control characters, invisible characters, and characters that change the
/// direction of writing are shown as escapes, and `##[` and `##vso[` are broken up.
///
/// A part that starts a line can still be a command; [`Printable`] is the whole line.
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
fn is_unsafe(text: &str, at: usize, c: char) -> bool {
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
fn is_command(text: &str, at: usize) -> bool {
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
#[must_use]
pub fn what_is(c: char) -> Option<&'static str> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    /// Texts that control a terminal, hide or reorder text, or are commands of a CI system.
    const HOSTILE: [&str; 24] = [
        "\u{1b}[2J\u{1b}[31mred",
        "\u{1b}]8;;https://evil.example\u{1b}\\click\u{1b}]8;;\u{7}",
        "\u{9b}31m\u{9d}0;title\u{9c}",
        "a\r\nb\u{b}c\u{c}d\u{85}e\u{2028}f\u{2029}g",
        "\u{8}\u{7f}\0",
        "user\u{202e}gpj.exe\u{2066}x\u{2069}",
        "ad\u{ad}min\u{200b}\u{feff}\u{e0041}",
        "x\n::set-output name=a::b",
        "  ::error::x",
        "\u{3000}\u{a0}::stop-commands::t",
        "\u{200b}::add-mask::x",
        ":\u{ad}:debug::x",
        "::",
        "a ##vso[task.setvariable variable=x]y",
        "##[error]x",
        "###[group]x",
        "##\u{ad}vso[x]",
        "##VSO[x]",
        "##teamcity[buildStatus]",
        "\t::warning::x",
        "#\n#[group]",
        "\u{fe0f}::error::x",
        ":\u{fe0f}:error::x",
        "\\u{1b}",
    ];

    #[track_caller]
    fn is_safe(text: &str) {
        for line in text.split('\n') {
            assert!(!line.trim_start().starts_with("::"), "{text:?}");
            for c in line.chars() {
                assert!(what_is(c).is_none() || matches!(c, '\u{fe00}'..='\u{fe0f}'), "{text:?}");
            }
            // As .NET compares texts: characters that are shown as nothing do not count.
            let plain: String = line.chars().filter(|c| what_is(*c).is_none()).collect();
            for command in ["##[", "##vso[", "##teamcity["] {
                assert!(!plain.to_lowercase().contains(command), "{text:?}");
            }
            assert!(!plain.trim_start().starts_with("::"), "{text:?}");
        }
    }

    #[test]
    fn hostile_text_is_safe_in_every_form() {
        for text in HOSTILE {
            is_safe(&Printable::lines(text));
            is_safe(&one_line(text));
            is_safe(&same_columns(text).replace("::", "").replace('\r', "").replace('\t', " "));
            let json = Printable::json(&serde_json::to_string_pretty(&[text]).unwrap());
            is_safe(&json);
            assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [text]);
            let annotation = Printable::annotation(AnnotationLevel::Error, &[("file", text.to_owned())], text, &[text]);
            assert_eq!(annotation.lines().count(), 1, "{annotation}");
            assert!(annotation.starts_with("::error file="));
            is_safe(annotation.trim_start_matches("::error"));
        }
    }

    #[test]
    fn escapes_show_what_they_stand_for() {
        for (text, want) in [
            ("a\u{1b}[1mb", "a\\u{1b}[1mb"),
            ("a\nb\tc", "a\\nb\\tc"),
            ("  ::error::x", "  \\u{3a}:error::x"),
            ("##vso[x]", "#\\u{23}vso[x]"),
            ("## heading [x] and std::io, C:\\x, ⚠\u{fe0f}, ü", "## heading [x] and std::io, C:\\x, ⚠\u{fe0f}, ü"),
        ] {
            assert_eq!(one_line(text), want);
        }
        assert_eq!(Printable::lines("\ta\tb\r\n  ::c::\n"), "    a\\tb\n  \\u{3a}:c::\n");
        assert_eq!(Printable::json("{\"a\":\"\u{202e}\u{e0041}##[x]\"}"), r#"{"a":"\u202e\udb40\udc41#\u0023[x]"}"#);
        assert_eq!(Printable::unchanged("a\tb\n").as_deref(), Some("a\tb\n"));
        assert!(["a\u{1b}", "\t::b::", "a\r\n"].iter().all(|text| Printable::unchanged(text).is_none()));
        assert_eq!(same_columns("a\u{1b}b\u{202e}\r\nc\u{7f}"), "a\u{241b}b\u{fffd}\r\nc\u{2421}");
        let properties = [("file", "a,b:c".to_owned()), ("line", "1".to_owned())];
        assert_eq!(
            Printable::annotation(AnnotationLevel::Warning, &properties, "100 %\nx", &["fix"]),
            "::warning file=a%2Cb%3Ac,line=1::100 %25\\nx%0Afix\n"
        );
    }

    #[test]
    fn the_unsafe_characters_are_those_of_unicode() {
        let wanted = Regex::new(r"^[\p{Cc}\p{Zl}\p{Zp}\p{Cf}\p{Default_Ignorable_Code_Point}]$").unwrap();
        // Format characters that have a shape: signs of Arabic, Syriac and Kaithi numbers. Two blocks are listed whole.
        let shaped = Regex::new(r"^[\u{600}-\u{605}\u{6dd}\u{70f}\u{890}-\u{891}\u{8e2}\u{110bd}\u{110cd}]$").unwrap();
        let mut buffer = [0; 4];
        for c in '\0'..=char::MAX {
            let text = &*c.encode_utf8(&mut buffer);
            let want = wanted.is_match(text) && !shaped.is_match(text);
            let rest_of_block = matches!(c, '\u{13430}'..='\u{1343f}');
            assert!(what_is(c).is_some() == want || rest_of_block, "U+{:04X}", u32::from(c));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_safe_and_escaping_twice_changes_nothing(
            parts in prop::collection::vec(prop_oneof![
                prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned),
                "[:# \\[\\]a-z\\n\\t]{0,6}",
                any::<char>().prop_map(String::from),
            ], 0..6),
        ) {
            let text = parts.concat();
            let lines = Printable::lines(&text);
            is_safe(&lines);
            prop_assert_eq!(&Printable::lines(&lines), &lines);
            let once = inline(&text);
            prop_assert_eq!(&inline(&once), &once);
            prop_assert_eq!(same_columns(&text).chars().count(), text.chars().count());
            let json = Printable::json(&serde_json::to_string(&text).unwrap());
            is_safe(&json);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
