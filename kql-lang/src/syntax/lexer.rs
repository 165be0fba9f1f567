//! Splits a text into tokens and matches its brackets.
//!
//! Input: a text. Output: a [`Lexed`]. Lexing never fails: unknown characters become [`Kind::Bad`] tokens.

use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::span::Span;

mod brackets;
pub(super) mod number;
pub(super) mod quoted;
pub(super) mod token;

pub(super) use token::{Kind, Token};

/// The tokens of a text.
#[derive(Debug)]
pub(super) struct Lexed {
    /// The tokens in source order; the last is [`Kind::End`].
    pub(super) tokens: Vec<Token>,
    /// Comments (`// …`), without the line end.
    pub(super) comments: Vec<Span>,
    /// Diagnostics about unterminated string literals.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Splits a text into tokens.
pub(super) fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer { text, at: 0, tokens: Vec::new(), comments: Vec::new(), diagnostics: Vec::new() };
    if text.starts_with('\u{feff}') {
        lexer.at = '\u{feff}'.len_utf8();
    }
    while lexer.next() {}
    let end = Span::new(text.len(), text.len());
    lexer.tokens.push(Token::new(Kind::End, end));
    brackets::pair(text, &mut lexer.tokens);
    Lexed { tokens: lexer.tokens, comments: lexer.comments, diagnostics: lexer.diagnostics }
}

/// Punctuation and operators, longest first.
const MARKS: &[&str] = &[
    "..", "<=", ">=", "<>", "==", "!=", "=~", "!~", "=>", "|", "(", ")", "[", "]", "{", "}", ",", ";", ":", ".", "+",
    "-", "*", "/", "%", "<", ">", "=", "?",
];

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<Token>,
    comments: Vec<Span>,
    diagnostics: Vec<Diagnostic>,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let span = Span::new(self.at, self.at + length);
        self.tokens.push(Token::new(kind, span));
        self.at = span.end;
    }

    /// Consumes one token, comment or whitespace character. Returns false at the end of the text.
    fn next(&mut self) -> bool {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return false };
        // Text that was copied from a page can contain zero-width spaces, which the service skips.
        if first.is_whitespace() || matches!(first, '\u{200b}' | '\u{feff}') {
            self.at += first.len_utf8();
        } else if rest.starts_with("//") {
            let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
            self.comments.push(Span::new(self.at, self.at + length));
            self.at += length;
        } else if quoted::starts(rest) {
            self.quoted();
        } else if is_name_start(first) {
            self.word();
        } else if first.is_ascii_digit() {
            self.number();
        } else if first == '!' && rest.get(1..).is_some_and(is_negated) {
            self.word();
        } else if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
            self.push(Kind::Mark, mark.len());
        } else {
            self.bad(first);
        }
        true
    }

    fn quoted(&mut self) {
        let length = quoted::length(self.rest());
        if !length.closed {
            let span = Span::new(self.at, self.at + length.bytes);
            let quote = length.quote;
            let diagnostic =
                Diagnostic::new(DiagnosticCode::Syntax, span, format!("unterminated string: expected `{quote}`"));
            let diagnostic = if length.within_line {
                diagnostic
                    .help(format!("a string in `{quote}` ends on its line; use ``` for a string over several lines"))
            } else {
                diagnostic
            };
            if self.diagnostics.len() < super::MAX_DIAGNOSTICS {
                self.diagnostics.push(diagnostic.kusto("KS001"));
            }
        }
        self.push(if length.closed { Kind::Text } else { Kind::OpenText }, length.bytes);
    }

    /// Consumes a name, a word operator (`in~`, `!has`) or a literal in the form `datetime(…)`.
    fn word(&mut self) {
        let rest = self.rest();
        let negated = usize::from(rest.starts_with('!'));
        let length = negated + name_length(rest.get(negated..).unwrap_or_default());
        let word = rest.get(..length).unwrap_or_default();
        let after = rest.get(length..).unwrap_or_default();
        if let Some(guid) = number::guid_length(rest) {
            return self.push(Kind::Guid, guid);
        }
        if matches!(word, "in" | "!in") && after.starts_with('~') && !after.starts_with("~~~") {
            return self.push(Kind::Word, length + 1);
        }
        if after.starts_with('(')
            && let Some(kind) = token::wrapped(word)
        {
            let stop = after.find([')', '\n', '\r']).unwrap_or(after.len());
            let closed = after.get(stop..).is_some_and(|tail| tail.starts_with(')'));
            return self.push(Kind::Wrapped(kind), length + stop + usize::from(closed));
        }
        self.push(if negated == 1 { Kind::Mark } else { Kind::Word }, length);
    }

    fn number(&mut self) {
        let rest = self.rest();
        let (kind, length) = if let Some(length) = number::guid_length(rest) {
            (Kind::Guid, length)
        } else if let Some(length) = number::real_length(rest) {
            (Kind::Real, length)
        } else if let Some(length) = number::timespan_length(rest) {
            (Kind::TimeSpan, length)
        } else if let Some(length) = number::long_length(rest) {
            (Kind::Long, length)
        } else {
            // A name may start with digits: `2ndTry`.
            (Kind::Word, name_length(rest).max(1))
        };
        self.push(kind, length);
    }

    /// Consumes invalid input: text in typographic quotes, `&&`, a `#` line, or one character.
    fn bad(&mut self, first: char) {
        let rest = self.rest();
        let closing: &[char] = match first {
            '“' | '”' | '„' => &['”', '“'],
            '‘' | '’' | '‚' => &['’', '‘'],
            '#' => return self.push(Kind::Bad, rest.find(['\n', '\r']).unwrap_or(rest.len())),
            '&' if rest.starts_with("&&") => return self.push(Kind::Bad, 2),
            _ => return self.push(Kind::Bad, first.len_utf8()),
        };
        // Search only 200 characters: a closing quote further away is unlikely to belong to this one.
        let mut letters =
            rest.char_indices().skip(1).take(200).take_while(|(_, letter)| !matches!(letter, '\n' | '\r'));
        let close = letters.find(|(_, letter)| closing.contains(letter));
        let length = close.map_or(first.len_utf8(), |(place, letter)| place + letter.len_utf8());
        self.push(Kind::Bad, length);
    }
}

/// Whether the text starts with a word that forms an operator with a preceding `!`.
fn is_negated(text: &str) -> bool {
    let word = text.get(..name_length(text)).unwrap_or_default();
    let word = word.strip_suffix("_cs").unwrap_or(word);
    matches!(word, "in" | "between" | "contains" | "has" | "hasprefix" | "hassuffix" | "startswith" | "endswith")
}

/// Whether a name may start with this character; `$` as in `$left`.
pub(super) const fn is_name_start(letter: char) -> bool {
    letter.is_ascii_alphabetic() || matches!(letter, '_' | '$')
}

pub(super) const fn is_name_part(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Returns the length of the name at the start of a text.
pub(super) fn name_length(text: &str) -> usize {
    let first = usize::from(text.starts_with(is_name_start));
    let rest = text.get(first..).unwrap_or_default();
    first + rest.find(|letter| !is_name_part(letter)).unwrap_or(rest.len())
}
