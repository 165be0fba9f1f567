//! What a caller chooses for a report.

/// How a report for a terminal looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextOptions {
    /// The width in columns, treated as at least 40. Only a single word that is wider exceeds it.
    pub width: usize,
    /// Whether headings and verdicts are coloured.
    pub colour: Colour,
}

impl Default for TextOptions {
    /// 80 columns without colour.
    fn default() -> Self {
        Self { width: 80, colour: Colour::Never }
    }
}

/// Whether text has ANSI colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// ANSI colours.
    Always,
}
