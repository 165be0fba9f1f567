//! Formats a query: one operator per line, long ones over several, comments where they were.
//!
//! It moves tokens and never changes one: literals, brackets and names stay as the author wrote them, so the text means
//! what it meant. Laying out twice changes nothing more.

use super::lexer::{self, Kind, Lexed, Token};
use crate::diagnostic::Diagnostic;
use crate::span::Span;

mod spacing;

/// How wide a line may be, if there is a place to break it.
const WIDTH: usize = 100;
/// How far what belongs to a line above is indented.
const INDENT: usize = 4;

/// Formats a query.
///
/// # Errors
///
/// Everything that is wrong with the text, if it cannot be read.
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
        remarks: Remarks::of(&lexed),
        out: String::with_capacity(text.len() + text.len() / 8),
        column: 0,
        line_indent: 0,
        levels: vec![Level::default()],
    };
    layout.run();
    Ok(layout.out)
}

/// The comments, by the token before which they stand.
struct Remarks {
    /// Per token, how many comments stand before it or any token before it.
    counts: Vec<usize>,
}

impl Remarks {
    fn of(lexed: &Lexed) -> Self {
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

    /// The comments that stand immediately before a token, as a range of their numbers.
    fn before(&self, token: usize) -> std::ops::Range<usize> {
        let end = self.counts.get(token).copied().unwrap_or_default();
        let start = token.checked_sub(1).and_then(|last| self.counts.get(last)).copied().unwrap_or_default();
        start..end
    }

    /// Whether a comment stands before one of the tokens behind the first and up to the last.
    fn between(&self, first: usize, last: usize) -> bool {
        self.counts.get(first) < self.counts.get(last)
    }
}

/// A pair of brackets, or what stands outside of all.
#[derive(Default)]
struct Level {
    indent: usize,
    /// Whether its items stand on lines of their own; true outside of brackets.
    broken: bool,
    /// Whether the operator or item that is being written does not fit on its line.
    wide: bool,
    /// Whether its commas always end a line.
    commas: bool,
    /// How many items share a line, and how many commas there were.
    row: usize,
    seen: usize,
    /// How far the rest of an item is indented that does not fit on its line.
    hang: usize,
}

struct Layout<'t> {
    text: &'t str,
    lexed: &'t Lexed,
    spacing: &'t spacing::Spacing,
    /// Per token, how wide everything before it would be on one line.
    widths: Vec<usize>,
    remarks: Remarks,
    out: String,
    column: usize,
    /// How far the line that is being written is indented.
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
            self.comments(number, broken);
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

    /// The indent of the line that a token begins, if it begins one.
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
        self.behind_token(number);
    }

    /// Notes what a token changes for those behind it.
    fn behind_token(&mut self, number: usize) {
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

    /// Finds out whether the operator or item that begins with a token fits on its line.
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
        let wide = column + self.width(first, end) > WIDTH || (end > first && self.remarks.between(first, end - 1));
        if let Some(level) = self.levels.last_mut() {
            level.wide = level.broken && wide;
        }
    }

    /// How wide the tokens from the first to before the last would be on one line.
    fn width(&self, first: usize, last: usize) -> usize {
        let at = |number: usize| self.widths.get(number).copied().unwrap_or_default();
        at(last).saturating_sub(at(first))
    }

    /// What is inside of the brackets that were just written.
    fn open(&self, opening: usize, closing: usize) -> Level {
        // What sticks to the closing bracket must fit as well.
        let mut behind = closing + 1;
        while behind < closing + 8 && (self.closes(behind) || self.is_mark(behind, ",") || self.is_mark(behind, ";")) {
            behind += 1;
        }
        let row = self.spacing.rows.get(opening).copied().unwrap_or(0);
        let frozen = self.spacing.frozen.get(opening).copied().unwrap_or(false);
        let fits = frozen || self.column + self.width(opening + 1, behind) <= WIDTH;
        let whole = closing > opening + 2 && (!fits || self.spacing.bodies.get(opening).copied().unwrap_or(false));
        let remarked = !frozen && self.remarks.between(opening, closing);
        let broken = whole || remarked || self.has_rows(opening, closing, row);
        let commas = broken && self.has_comma(opening, closing);
        let indent = self.line_indent + if broken { INDENT } else { 0 };
        let hang = if commas { INDENT } else { 0 };
        Level { indent, broken, wide: false, commas, row: row.max(1), seen: 0, hang }
    }

    /// Whether brackets hold more than one row of a table, if they hold rows of so many values.
    fn has_rows(&self, opening: usize, closing: usize, row: usize) -> bool {
        row > 0 && self.direct_commas(opening, closing) >= row
    }

    fn has_comma(&self, opening: usize, closing: usize) -> bool {
        self.direct_commas(opening, closing) > 0
    }

    /// How many commas stand in brackets and not in brackets within.
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

    /// Whether the author left a line empty before a token.
    fn blank_before(&self, number: usize) -> bool {
        !self.out.is_empty() && self.blank_above(self.token(number).span.start)
    }

    fn blank_above(&self, place: usize) -> bool {
        let before = self.text.get(..place).unwrap_or_default();
        let space = before.len() - before.trim_end().len();
        before.get(before.len() - space..).is_some_and(|space| space.matches('\n').count() > 1)
    }

    /// Writes the comments before a token; `broken` is the indent of its line.
    fn comments(&mut self, number: usize, broken: Option<usize>) {
        let last = number.checked_sub(1).map(|last| self.token(last).span.end);
        let end = self.token(number).kind == Kind::End;
        for comment in self.remarks.before(number) {
            let Some(span) = self.lexed.comments.get(comment).copied() else { continue };
            let remark = self.text.get(span.start..span.end).unwrap_or_default().trim_end();
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
            self.out.push_str(remark);
            self.out.push('\n');
            self.column = 0;
        }
    }
}
