//! Words for people, JSON for machines: a [`Diagnosis`] in, text out.
//!
//! [`text()`] is for a terminal, [`markdown()`] for tickets and chats, [`json()`] for programs; [`schema()`] is the JSON
//! Schema of the last. All four are pure and deterministic. Nothing here decides anything: what a report says stands in
//! the diagnosis. Nothing here asks a terminal; width and colour are the caller's. Text that came from telemetry is
//! never written as it stands where it could steer a terminal or break the markdown around it.

use crate::diagnosis::Diagnosis;
use crate::explain::{Explanation, Why};

mod json;
mod markdown;
mod proof;
mod schema;
#[cfg(test)]
mod tests;
mod text;
mod view;
mod words;

/// How a report for a terminal looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextOptions {
    /// Columns to fill, 40 at least; only a word that is longer than that goes beyond.
    pub width: usize,
    /// Whether headings and verdicts have colours.
    pub colour: Colour,
}

impl Default for TextOptions {
    /// 80 columns without colour.
    fn default() -> Self {
        Self { width: 80, colour: Colour::Never }
    }
}

/// Whether a report has ANSI colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Text only.
    Never,
    /// With colours.
    Always,
}

/// The report for a terminal. The first lines answer the question; what was not seen, and what decided, comes after.
#[must_use]
pub fn text(diagnosis: &Diagnosis, options: &TextOptions) -> String {
    text::render(diagnosis, &Explanation::default(), options)
}

/// The report for a terminal with the queries that would tell more, and with what would change the answer; each only where
/// the explanation has any.
#[must_use]
pub fn text_explained(diagnosis: &Diagnosis, explanation: &Explanation, options: &TextOptions) -> String {
    text::render(diagnosis, explanation, options)
}

/// The report as GitHub-flavoured markdown.
#[must_use]
pub fn markdown(diagnosis: &Diagnosis) -> String {
    markdown::render(diagnosis, &Explanation::default())
}

/// The report as markdown with the same as [`text_explained()`], queries with their text.
#[must_use]
pub fn markdown_explained(diagnosis: &Diagnosis, explanation: &Explanation) -> String {
    markdown::render(diagnosis, explanation)
}

/// The report as JSON, schema version 1. Field order is fixed, lists are in rank or id order, numbers are exact.
#[must_use]
pub fn json(diagnosis: &Diagnosis) -> String {
    json::render(diagnosis, None)
}

/// The report as JSON with `counterfactuals` and `next_queries`, which [`json()`] leaves empty; `explained` says which it is.
#[must_use]
pub fn json_explained(diagnosis: &Diagnosis, explanation: &Explanation) -> String {
    json::render(diagnosis, Some(explanation))
}

/// The JSON Schema (draft 2020-12) of what [`json()`] writes.
#[must_use]
pub fn schema() -> String {
    schema::render()
}

/// The proofs of a pattern as trees, for a terminal.
#[must_use]
pub fn why(proofs: &[Why], options: &TextOptions) -> String {
    proof::why(proofs, options)
}

/// The proofs of a pattern as JSON: one entry per group of entities, with the whole tree.
#[must_use]
pub fn why_json(proofs: &[Why]) -> String {
    json::why(proofs)
}

/// The least that keeps a pattern from holding, as JSON: one entry per group of entities, each proof a list of leaves.
#[must_use]
pub fn why_not_json(proofs: &[Why]) -> String {
    json::why_not(proofs)
}

/// A text for a terminal as a block of markdown, whatever stands in it.
#[must_use]
pub fn fenced(text: &str) -> String {
    markdown::fenced("text", text)
}

/// The least that keeps a pattern from holding, for a terminal.
#[must_use]
pub fn why_not(proofs: &[Why], options: &TextOptions) -> String {
    proof::why_not(proofs, options)
}
