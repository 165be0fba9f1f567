//! Text from rules, telemetry, queries and file names, made safe to print.
//!
//! Any text in, a [`Printable`] out: the only type that the command line writes to a stream. It has no control character
//! besides the line feed, and no character that is invisible or changes the direction of writing; each is shown as an
//! escape such as `\u{1b}`. No line of it starts a workflow command of a CI system. Colours of reports are added by this
//! crate only. Escaping twice changes nothing.
//!
//! JSON stays exact: its escapes are part of its syntax. Nothing here interprets a text.

mod characters;
mod printable;
#[cfg(test)]
mod tests;

pub use characters::inline;
pub use printable::{AnnotationLevel, Printable};

pub(crate) use characters::{one_line, same_columns, unsafe_characters};
