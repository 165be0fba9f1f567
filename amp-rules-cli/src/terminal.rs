//! The terminal that the program writes to: its width, its colours, and whether it can show progress.
//!
//! Queried once, at the start; everything else takes it as a value, with the limits on what is read.

use std::io::IsTerminal;

use amp_rules_core::report::{Colour, TextOptions};
use amp_rules_core::rules::diagnostic::Look;
use amp_rules_fixtures::input::Limits;
use clap::ValueEnum;

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColourChoice {
    /// If the output is a terminal and NO_COLOR is not set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The terminal of a process, and its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// The width in columns, 60 to 120; 80 if stdout is not a terminal.
    pub width: usize,
    /// Whether text on stdout is coloured.
    pub answer: Colour,
    /// Whether text on stderr is coloured.
    pub remarks: Colour,
    /// Whether stderr is a terminal that can show progress.
    pub shows_progress: bool,
    /// The limits on what the process reads.
    pub limits: Limits,
}

impl Terminal {
    /// No terminal: 80 columns, no colours, no progress; the default limits.
    pub const PLAIN: Self = Self {
        width: 80,
        answer: Colour::Never,
        remarks: Colour::Never,
        shows_progress: false,
        limits: Limits::DEFAULT,
    };

    /// The terminal of this process, from its streams, `NO_COLOR` and `TERM`.
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
        Self { width, answer: colour(out), remarks: colour(err), shows_progress: err && !dumb, limits: Limits::DEFAULT }
    }

    /// The options of text reports for this terminal.
    #[must_use]
    pub fn text_options(&self) -> TextOptions {
        TextOptions { width: self.width, colour: self.answer }
    }
}

/// The look of diagnostics with or without colours.
#[must_use]
pub fn look(colour: Colour) -> Look {
    match colour {
        Colour::Always => Look::Colour,
        Colour::Never => Look::Plain,
    }
}
