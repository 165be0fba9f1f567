//! What the program writes to: how wide it is, whether it has colours, whether somebody watches.
//!
//! Asked once, at the start; everything else takes it as a value. Nothing else in the program asks a terminal.

use std::io::IsTerminal;

use amp_rules_core::report::{Colour, TextOptions};
use amp_rules_core::rules::diagnostic::Look;
use clap::ValueEnum;

/// When to write in colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColourChoice {
    /// Where it goes to a terminal and NO_COLOR is not set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the program writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Columns: the terminal's, at least 60 and at most 120; 80 where there is none.
    pub width: usize,
    /// Whether stdout takes colours.
    pub answer: Colour,
    /// Whether stderr takes colours.
    pub remarks: Colour,
    /// Whether somebody watches stderr, so that progress can be shown.
    pub watched: bool,
}

impl Screen {
    /// No terminal: 80 columns, no colour, nobody watches.
    pub const PLAIN: Self = Self { width: 80, answer: Colour::Never, remarks: Colour::Never, watched: false };

    /// What the process writes to, by its terminal, `NO_COLOR` and `TERM`.
    #[must_use]
    pub fn of_process(choice: ColourChoice) -> Self {
        let (out, err) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colour = |terminal: bool| match choice {
            ColourChoice::Always => Colour::Always,
            ColourChoice::Auto if terminal && !set("NO_COLOR") && !dumb => Colour::Always,
            ColourChoice::Auto | ColourChoice::Never => Colour::Never,
        };
        let width = if out {
            terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0).clamp(60, 120))
        } else {
            80
        };
        Self { width, answer: colour(out), remarks: colour(err), watched: err && !dumb }
    }

    /// The same for reports.
    #[must_use]
    pub fn text_options(&self) -> TextOptions {
        TextOptions { width: self.width, colour: self.answer }
    }
}

/// The look of diagnostics that goes with a choice of colour.
#[must_use]
pub fn look(colour: Colour) -> Look {
    match colour {
        Colour::Always => Look::Colour,
        Colour::Never => Look::Plain,
    }
}
