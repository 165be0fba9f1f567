//! The type of text that is safe to print, and its constructors, which all escape what they are given.

use std::fmt;
use std::ops::Deref;

use super::characters::{inline, is_command, is_unsafe, one_line};

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
