//! What can be wrong with a file, as the end of a sentence.

use amp_rules_core::telemetry::source::GapReason;

use super::sink::Sink;
use crate::input::{Limit, Limits, Reason};

/// Reports that a file cannot be read to its end.
pub(super) fn cut_off(error: &dyn std::fmt::Display, line: u64, sink: &mut dyn Sink) {
    sink.lost(GapReason::Truncated, line, format!("the file cannot be read further: {error}"));
}

/// A limit that something exceeds, as the end of a sentence.
pub(super) fn more_than(limits: &Limits, limit: Limit, found: Option<u64>) -> Reason {
    Reason::TooLarge { limit, most: limits.get(limit), found }
}

/// The message of a JSON error without its position.
pub(super) fn json_problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message) {
        "recursion limit exceeded" => "nested more than 128 levels deep",
        "lone leading surrogate in hex escape" | "unexpected end of hex escape" => {
            "half of a surrogate pair in `\\u`: the text may have been truncated between the two"
        }
        "expected ident" => "expected a value",
        other => other,
    }
    .to_owned()
}
