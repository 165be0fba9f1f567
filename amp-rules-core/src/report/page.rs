//! The one writer of text reports: lines, paragraphs, headings and quotes.
//!
//! Text in, a [`Printable`] out. Everything that is written passes through [`escape`], so that text from
//! rules and telemetry can neither control a terminal nor be a command of a CI system; colours are added after that.

use super::layout;
use super::options::{Colour, TextOptions};
use crate::escape::{self, Printable};

/// The least width in columns.
const NARROWEST: usize = 40;

/// A text report while it is written.
#[derive(Clone, Debug)]
pub struct Page {
    out: String,
    width: usize,
    colour: Colour,
}

/// How a text is emphasised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Bold,
    Green,
    Yellow,
    Red,
}

impl Style {
    /// The parameters of the sequence that selects the style.
    fn parameters(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Green => "1;32",
            Self::Yellow => "1;33",
            Self::Red => "1;31",
        }
    }
}

impl Page {
    /// An empty page with a width and colours.
    #[must_use]
    pub fn new(options: &TextOptions) -> Self {
        Self { out: String::new(), width: options.width.max(NARROWEST), colour: options.colour }
    }

    /// The written text.
    #[must_use]
    pub fn finish(self) -> Printable {
        Printable::of_escaped(self.out)
    }

    /// Whether nothing is written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Writes a text as one line of any width, without blanks at its end.
    pub fn line(&mut self, text: &str) {
        self.out.push_str(escape::one_line(text).trim_end());
        self.out.push('\n');
    }

    /// Writes a text of several lines that keep their breaks, such as a query, and a line end if it has none.
    pub fn block(&mut self, text: &str) {
        let text = Printable::lines(text);
        self.out.push_str(&text);
        if !text.ends_with('\n') {
            self.out.push('\n');
        }
    }

    /// Writes a heading after an empty line.
    pub fn heading(&mut self, text: &str) {
        let painted = self.paint(Style::Bold, &escape::one_line(text));
        self.out.push('\n');
        self.out.push_str(&painted);
        self.out.push('\n');
    }

    /// Writes a text that is wrapped at blanks. The first line begins with `first`, the others with `rest`.
    pub fn paragraph(&mut self, text: &str, first: &str, rest: &str) {
        for line in layout::wrap(text, self.width, first, rest) {
            self.line(&line);
        }
    }

    /// Writes an item of a list, indented by two blanks.
    pub fn item(&mut self, text: &str) {
        self.paragraph(text, "  ", "    ");
    }

    /// Writes a line of telemetry, shortened rather than wrapped.
    pub(super) fn quote(&mut self, lead: &str, text: &str) {
        // A lead may be as wide as the page.
        let room = self.width.saturating_sub(layout::width(lead)).max(10);
        self.line(&format!("{lead}{}", layout::shorten(&layout::one_line(text), room)));
    }

    /// Writes a name in bold, and text after it that wraps below it.
    pub(super) fn named(&mut self, first: &str, name: &str, text: &str, rest: &str) {
        self.emphasised(Style::Bold, name, &format!(" {text}"), first, rest);
    }

    /// Writes a paragraph that begins with an emphasised text.
    pub(super) fn emphasised(&mut self, style: Style, start: &str, text: &str, first: &str, rest: &str) {
        let before = self.out.len();
        self.paragraph(&format!("{start}{text}"), first, rest);
        let plain = self.out.split_off(before);
        let start = escape::inline(start);
        let painted = if start.is_empty() { plain } else { plain.replacen(&*start, &self.paint(style, &start), 1) };
        self.out.push_str(&painted);
    }

    fn paint(&self, style: Style, escaped: &str) -> String {
        match self.colour {
            Colour::Never => escaped.to_owned(),
            Colour::Always => format!("\u{1b}[{}m{escaped}\u{1b}[0m", style.parameters()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(colour: Colour, write: impl FnOnce(&mut Page)) -> Printable {
        let mut page = Page::new(&TextOptions { width: 40, colour });
        write(&mut page);
        page.finish()
    }

    #[test]
    fn no_line_of_a_wrapped_text_is_a_command() {
        let long = "a".repeat(38);
        let text =
            page(Colour::Never, |page| page.paragraph(&format!("{long} ::error::x {long} ##[group]x"), "", "  "));
        assert_eq!(text, format!("{long}\n  \\u{{3a}}:error::x\n  {long}\n  #\\u{{23}}[group]x\n").as_str());
    }

    #[test]
    fn only_the_page_has_colours() {
        let text = page(Colour::Always, |page| {
            page.heading("a\u{1b}[31mb");
            page.named("  ", "n\u{1b}[1m", "text\u{1b}[0m", "  ");
            page.quote("> ", "x\u{9b}31m");
        });
        assert_eq!(
            text,
            "\n\u{1b}[1ma\\u{1b}[31mb\u{1b}[0m\n  \u{1b}[1mn\\u{1b}[1m\u{1b}[0m text\\u{1b}[0m\n> x\\u{9b}31m\n"
        );
    }
}
