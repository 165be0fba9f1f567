//! Reports: a [`Diagnosis`] in, text for people or JSON for programs out.
//!
//! [`text()`] is for a terminal, [`markdown()`] for tickets and chats, [`json()`] for programs; [`json_schema()`] describes
//! the JSON. All are pure and deterministic, and decide nothing. Width and colour are the caller's choice. Every report is
//! [`Printable`]: text from rules and telemetry in it controls no terminal, is no command of a CI system and no markdown.
//! [`Page`] is the writer of text reports.

use crate::diagnosis::Diagnosis;
use crate::escape::Printable;
use crate::explain::{Explanation, Why};

mod chain;
mod format;
mod json;
pub mod layout;
mod markdown;
mod markup;
mod options;
mod page;
mod proof;
#[cfg(test)]
mod tests;
mod text;
mod unknown;
mod view;

pub use options::{Colour, TextOptions};
pub use page::Page;

/// The report for a terminal. The first lines hold the answer; its support and what stayed unknown follow.
///
/// With an explanation it also has the suggested queries and the counterfactuals, if there are any.
#[must_use]
pub fn text(diagnosis: &Diagnosis, explanation: Option<&Explanation>, options: &TextOptions) -> Printable {
    text::render(diagnosis, explanation, options)
}

/// The report as GitHub-flavoured markdown.
///
/// With an explanation it also has the suggested queries with their text, and the counterfactuals, if there are any.
#[must_use]
pub fn markdown(diagnosis: &Diagnosis, explanation: Option<&Explanation>) -> Printable {
    Printable::lines(&markdown::render(diagnosis, explanation))
}

/// The report as JSON, schema version 1. Fields have a fixed order, lists are in rank or id order, numbers are exact.
///
/// Without an explanation `counterfactuals` and `next_queries` are empty and `explained` is false.
#[must_use]
pub fn json(diagnosis: &Diagnosis, explanation: Option<&Explanation>) -> Printable {
    Printable::json(&json::render(diagnosis, explanation))
}

/// The JSON Schema (draft 2020-12) of what [`json()`] writes.
#[must_use]
pub fn json_schema() -> Printable {
    Printable::json(&json::schema())
}

/// The proofs of a pattern as trees, for a terminal.
#[must_use]
pub fn why(proofs: &[Why], options: &TextOptions) -> Printable {
    proof::why(proofs, options)
}

/// The proofs of a pattern as JSON: one entry per group of entities, each with its whole tree.
#[must_use]
pub fn why_json(proofs: &[Why]) -> Printable {
    Printable::json(&json::why(proofs))
}

/// Why a pattern does not match, for a terminal: the smallest set of conditions that fail, per group of entities.
#[must_use]
pub fn why_not(proofs: &[Why], options: &TextOptions) -> Printable {
    proof::why_not(proofs, options)
}

/// Why a pattern does not match, as JSON: one entry per group of entities, each with a list of the conditions that fail.
#[must_use]
pub fn why_not_json(proofs: &[Why]) -> Printable {
    Printable::json(&json::why_not(proofs))
}

/// Terminal text as a markdown code block.
#[must_use]
pub fn fenced(text: &str) -> Printable {
    Printable::lines(&markup::fenced("text", text))
}
