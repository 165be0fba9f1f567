//! The commands: each file holds the arguments, one function that does the work and returns a typed report, and the
//! renderer of that report.

pub mod check;
pub mod diagnose;
pub mod doctor;
pub mod explain;
pub mod kql;
pub mod list;
pub mod plan;
pub mod record;
pub mod schema;
pub mod sweep;
pub mod test;
pub mod why;
pub mod workflow;

/// The forms of an answer that has only two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// A value as indented JSON with a line end.
fn json(value: &impl serde::Serialize) -> String {
    // The wire structs hold texts, booleans and whole numbers only, which always serialise.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// Breaks a text at blanks into lines of so many columns.
fn wrap(text: &str, columns: usize, first: &str, rest: &str) -> String {
    let mut out = String::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > columns {
            out.push_str(line.trim_end());
            out.push('\n');
            rest.clone_into(&mut line);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}
