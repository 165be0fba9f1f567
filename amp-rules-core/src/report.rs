//! Words for people, JSON for machines: a [`Diagnosis`] in, text out.
//!
//! [`text()`] is for a terminal, [`markdown()`] for tickets and chats, [`json()`] for programs; [`schema()`] is the JSON
//! Schema of the last. All four are pure and deterministic. Nothing here decides anything: what a report says stands in
//! the diagnosis. Nothing here asks a terminal; width and colour are the caller's. Text that came from telemetry is
//! never written as it stands where it could steer a terminal or break the markdown around it.

use crate::diagnosis::Diagnosis;
use crate::explain::{Flip, NextQuery, Why};

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

/// What goes beyond a diagnosis: what would change it, and where to look next. Costs as many evaluations as there are
/// symptoms, so it is asked for apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Symptoms whose opposite would change the answer.
    pub flips: Vec<Flip>,
    /// Queries that would tell outcomes apart, the most telling first.
    pub next_queries: Vec<NextQuery>,
}

/// The report for a terminal. The first lines answer the question; what was not seen, and what decided, comes after.
#[must_use]
pub fn text(diagnosis: &Diagnosis, options: &TextOptions) -> String {
    text::render(diagnosis, options)
}

/// The report as GitHub-flavoured markdown.
#[must_use]
pub fn markdown(diagnosis: &Diagnosis) -> String {
    markdown::render(diagnosis)
}

/// The report as JSON, schema version 1. Field order is fixed, lists are in rank or id order, numbers are exact.
#[must_use]
pub fn json(diagnosis: &Diagnosis) -> String {
    json::render(diagnosis, &Explanation::default())
}

/// The report as JSON with `flips` and `next_queries`, which [`json()`] leaves empty.
#[must_use]
pub fn json_explained(diagnosis: &Diagnosis, explanation: &Explanation) -> String {
    json::render(diagnosis, explanation)
}

/// What would change a diagnosis and where to look next, for a terminal; a part to stand after [`text()`].
#[must_use]
pub fn explanation(explanation: &Explanation, options: &TextOptions) -> String {
    text::explanation(explanation, options)
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

/// The least that keeps a pattern from holding, for a terminal.
#[must_use]
pub fn why_not(proofs: &[Why], options: &TextOptions) -> String {
    proof::why_not(proofs, options)
}
