//! Formats a query: one operator per line, long operators over several lines, comments at their original positions.
//!
//! Only whitespace changes. Literals, brackets and names are copied as written, so the meaning of the query is unchanged.
//! Formatting is idempotent.

use super::lexer::{self, Kind, Lexed, Token};
use crate::diagnostic::Diagnostic;
use crate::span::Span;

mod spacing;

/// Maximum line width in characters, if the line can be broken.
const WIDTH: usize = 100;
/// Number of spaces per indentation level.
const INDENT: usize = 4;

/// Formats a query.
///
/// # Errors
///
/// Returns the diagnostics of [`parse`](super::parse) if there are any.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let parsed = super::parse(text);
    if !parsed.diagnostics.is_empty() {
        return Err(parsed.diagnostics);
    }
    let lexed = lexer::lex(text);
    let spacing = spacing::of(text, &lexed.tokens);
    let mut widths = Vec::with_capacity(lexed.tokens.len() + 1);
    let mut sum = 0;
    for (token, space) in lexed.tokens.iter().zip(&spacing.space) {
        widths.push(sum);
        let shown = text.get(token.span.start..token.span.end).unwrap_or_default();
        sum += usize::from(*space) + shown.split('\n').next().unwrap_or_default().chars().count();
    }
    widths.push(sum);
    let mut layout = Layout {
        text,
        lexed: &lexed,
        spacing: &spacing,
        widths,
        comments: CommentCounts::new(&lexed),
        out: String::with_capacity(text.len() + text.len() / 8),
        column: 0,
        line_indent: 0,
        levels: vec![Level::default()],
    };
    layout.run();
    Ok(layout.out)
}

/// Comments, indexed by the token that follows them.
struct CommentCounts {
    /// Per token, the number of comments before it in the text.
    counts: Vec<usize>,
}

impl CommentCounts {
    fn new(lexed: &Lexed) -> Self {
        let mut counts = Vec::with_capacity(lexed.tokens.len());
        let mut comments = lexed.comments.iter().peekable();
        let mut count = 0;
        for token in &lexed.tokens {
            while comments.next_if(|comment| comment.start < token.span.start || token.kind == Kind::End).is_some() {
                count += 1;
            }
            counts.push(count);
        }
        Self { counts }
    }

    /// The comments between the previous token and this one, as a range of comment indices.
    fn before(&self, token: usize) -> std::ops::Range<usize> {
        let end = self.counts.get(token).copied().unwrap_or_default();
        let start = token.checked_sub(1).and_then(|last| self.counts.get(last)).copied().unwrap_or_default();
        start..end
    }

    /// Whether there is a comment between the tokens `first` and `last`.
    fn between(&self, first: usize, last: usize) -> bool {
        self.counts.get(first) < self.counts.get(last)
    }
}

/// The layout state of one bracket pair, or of the top level.
#[derive(Default)]
struct Level {
    indent: usize,
    /// Whether each item starts on its own line; true at the top level.
    broken: bool,
    /// Whether the current operator or item does not fit on its line.
    wide: bool,
    /// Whether every comma ends a line.
    commas: bool,
    /// Number of items per line.
    row: usize,
    /// Number of commas written so far.
    seen: usize,
    /// Additional indentation of the continuation lines of an item.
    hang: usize,
}

struct Layout<'t> {
    text: &'t str,
    lexed: &'t Lexed,
    spacing: &'t spacing::Spacing,
    /// Per token, the width of everything before it if written on one line.
    widths: Vec<usize>,
    comments: CommentCounts,
    out: String,
    column: usize,
    /// Indentation of the current line.
    line_indent: usize,
    levels: Vec<Level>,
}

impl Layout<'_> {
    fn run(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            *level = Level { broken: true, row: 1, hang: INDENT, ..Level::default() };
        }
        self.begin_item(0);
        for number in 0..self.lexed.tokens.len() {
            let broken = self.break_before(number);
            self.write_comments(number, broken);
            if self.token(number).kind == Kind::End {
                break;
            }
            self.write_token(number, broken);
        }
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn token(&self, number: usize) -> Token {
        self.lexed
            .tokens
            .get(number)
            .copied()
            .unwrap_or(Token::new(Kind::End, Span::new(self.text.len(), self.text.len())))
    }

    fn text_of(&self, number: usize) -> &str {
        let span = self.token(number).span;
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    fn is_mark(&self, number: usize, mark: &str) -> bool {
        self.token(number).kind == Kind::Mark && self.text_of(number) == mark
    }

    fn opens(&self, number: usize) -> Option<usize> {
        self.token(number).partner.filter(|partner| *partner > number)
    }

    fn closes(&self, number: usize) -> bool {
        self.token(number).partner.is_some_and(|partner| partner < number)
    }

    /// Returns the indentation of the line that starts with this token, or `None` if the token does not start a line.
    fn break_before(&self, number: usize) -> Option<usize> {
        let level = self.levels.last()?;
        let Some(last) = number.checked_sub(1) else { return Some(0) };
        if self.closes(number) {
            return level.broken.then_some(level.indent.saturating_sub(INDENT));
        }
        let begins =
            level.broken && (self.is_mark(number, "|") || self.is_mark(last, ";") || self.opens(last).is_some());
        if begins {
            return Some(level.indent);
        }
        if self.is_mark(last, ",") && level.commas && level.seen.is_multiple_of(level.row) {
            return Some(level.indent);
        }
        let soft =
            (self.is_mark(last, ",") && !level.commas) || self.spacing.soft.get(number).copied().unwrap_or(false);
        (soft && level.wide).then_some(level.indent + level.hang)
    }

    fn begin_line(&mut self, indent: usize) {
        while self.out.ends_with(' ') {
            self.out.pop();
        }
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
        self.line_indent = indent;
    }

    fn write_token(&mut self, number: usize, broken: Option<usize>) {
        let at_start = self.out.is_empty() || self.out.ends_with('\n');
        match broken {
            Some(indent) => {
                if self.begins_statement(number) && self.blank_before(number) {
                    self.begin_line(0);
                    self.out.push('\n');
                }
                self.begin_line(indent);
            }
            None if at_start => {
                // A comment ended the line.
                let indent = self.levels.last().map_or(0, |level| level.indent + level.hang);
                self.begin_line(indent);
            }
            None if self.spacing.space.get(number).copied().unwrap_or(false) => {
                self.out.push(' ');
                self.column += 1;
            }
            None => {}
        }
        if self.closes(number) {
            self.levels.pop();
        }
        let shown = self.text_of(number).to_owned();
        self.out.push_str(&shown);
        self.column = match shown.rsplit_once('\n') {
            Some((_, tail)) => tail.chars().count(),
            None => self.column + shown.chars().count(),
        };
        self.after_token(number);
    }

    /// Updates the layout state after a token was written.
    fn after_token(&mut self, number: usize) {
        if let Some(closing) = self.opens(number) {
            let level = self.open(number, closing);
            self.levels.push(level);
            self.begin_item(number + 1);
            return;
        }
        let comma = self.is_mark(number, ",");
        if let Some(level) = self.levels.last_mut()
            && comma
        {
            level.seen += 1;
        }
        let commas = self.levels.last().is_some_and(|level| level.commas);
        if self.is_mark(number, "|") || self.is_mark(number, ";") || (comma && commas) {
            self.begin_item(number + 1);
        }
    }

    /// Determines whether the operator or item that starts with this token fits on its line.
    fn begin_item(&mut self, first: usize) {
        let commas = self.levels.last().is_some_and(|level| level.commas);
        let mut end = first;
        while self.token(end).kind != Kind::End && !self.closes(end) {
            if self.is_mark(end, "|") || self.is_mark(end, ";") || (commas && self.is_mark(end, ",")) {
                break;
            }
            end = self.opens(end).unwrap_or(end) + 1;
        }
        let begins = self.levels.last().is_some_and(|level| level.broken && first > 0 && !self.is_mark(first - 1, "|"));
        let column = if begins { self.levels.last().map_or(0, |level| level.indent) } else { self.column };
        let wide = column + self.width(first, end) > WIDTH || (end > first && self.comments.between(first, end - 1));
        if let Some(level) = self.levels.last_mut() {
            level.wide = level.broken && wide;
        }
    }

    /// Returns the width of the tokens in `first..last` if written on one line.
    fn width(&self, first: usize, last: usize) -> usize {
        let at = |number: usize| self.widths.get(number).copied().unwrap_or_default();
        at(last).saturating_sub(at(first))
    }

    /// Returns the layout state for the bracket pair whose opening bracket was just written.
    fn open(&self, opening: usize, closing: usize) -> Level {
        // The punctuation directly after the closing bracket must fit as well.
        let mut after = closing + 1;
        while after < closing + 8 && (self.closes(after) || self.is_mark(after, ",") || self.is_mark(after, ";")) {
            after += 1;
        }
        let row = self.spacing.rows.get(opening).copied().unwrap_or(0);
        let frozen = self.spacing.frozen.get(opening).copied().unwrap_or(false);
        let fits = frozen || self.column + self.width(opening + 1, after) <= WIDTH;
        let expanded = closing > opening + 2 && (!fits || self.spacing.bodies.get(opening).copied().unwrap_or(false));
        let commented = !frozen && self.comments.between(opening, closing);
        let broken = expanded || commented || self.has_rows(opening, closing, row);
        let commas = broken && self.has_comma(opening, closing);
        let indent = self.line_indent + if broken { INDENT } else { 0 };
        let hang = if commas { INDENT } else { 0 };
        Level { indent, broken, wide: false, commas, row: row.max(1), seen: 0, hang }
    }

    /// Whether the brackets contain more than one table row of `row` values.
    fn has_rows(&self, opening: usize, closing: usize, row: usize) -> bool {
        row > 0 && self.direct_commas(opening, closing) >= row
    }

    fn has_comma(&self, opening: usize, closing: usize) -> bool {
        self.direct_commas(opening, closing) > 0
    }

    /// Returns the number of commas directly inside the brackets, not counting nested brackets.
    fn direct_commas(&self, opening: usize, closing: usize) -> usize {
        let (mut number, mut count) = (opening + 1, 0);
        while number < closing {
            count += usize::from(self.is_mark(number, ","));
            number = self.opens(number).unwrap_or(number) + 1;
        }
        count
    }

    fn begins_statement(&self, number: usize) -> bool {
        number == 0 || (self.levels.len() == 1 && self.is_mark(number - 1, ";"))
    }

    /// Whether the source has a blank line before a token.
    fn blank_before(&self, number: usize) -> bool {
        !self.out.is_empty() && self.blank_above(self.token(number).span.start)
    }

    fn blank_above(&self, place: usize) -> bool {
        let before = self.text.get(..place).unwrap_or_default();
        let space = before.len() - before.trim_end().len();
        before.get(before.len() - space..).is_some_and(|space| space.matches('\n').count() > 1)
    }

    /// Writes the comments before a token; `broken` is the indentation of the token's line.
    fn write_comments(&mut self, number: usize, broken: Option<usize>) {
        let last = number.checked_sub(1).map(|last| self.token(last).span.end);
        let end = self.token(number).kind == Kind::End;
        for comment in self.comments.before(number) {
            let Some(span) = self.lexed.comments.get(comment).copied() else { continue };
            let comment_text = self.text.get(span.start..span.end).unwrap_or_default().trim_end();
            let gap = last.and_then(|last| self.text.get(last..span.start)).unwrap_or("\n");
            if gap.contains(['\n', '\r']) {
                let hang = self.levels.last().map_or(0, |level| level.indent + level.hang);
                let indent = if end || self.begins_statement(number) { 0 } else { broken.unwrap_or(hang) };
                if (end || self.begins_statement(number)) && !self.out.is_empty() && self.blank_above(span.start) {
                    self.begin_line(0);
                    self.out.push('\n');
                }
                self.begin_line(indent);
            } else {
                self.out.push(' ');
            }
            self.out.push_str(comment_text);
            self.out.push('\n');
            self.column = 0;
        }
    }
}
