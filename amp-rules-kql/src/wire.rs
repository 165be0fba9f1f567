//! Decoders for the response formats of the services: the tables of Azure Monitor, and the frames of Azure Data Explorer (v1
//! and v2).
//!
//! Input: the body of a response with status 200, or of an error response. Output: [`Decoded`] tables, or a [`Failure`]. A
//! partial failure in a response with status 200 is kept in [`Decoded::partial_failures`], never dropped as if the data were
//! complete. Nothing here performs I/O.

mod cell;
mod frames;
mod permissions;
mod tables;

use serde_json::Value as Json;

pub use cell::kind;
pub use frames::{frames, tables_v1};
pub use permissions::{Permissions, Reach};
pub use tables::{failure, tables};

use kql_lang::value::Table;

/// The decoded tables of a response.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// The result tables in order, with their names; tables with metadata about the query are excluded.
    pub tables: Vec<(String, Table)>,
    /// Failures reported next to the rows: the result is incomplete. Empty if it is complete.
    pub partial_failures: Vec<Failure>,
    /// What the caller may not read; `None` if the response has no such report.
    pub permissions: Option<Permissions>,
}

/// An error reported by a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind of error.
    pub kind: FailureKind,
    /// The innermost error code: `SEM0100`, `E_QUERY_RESULT_SET_TOO_LARGE`, `ThrottledError`; may be empty.
    pub code: String,
    /// The first line of the message of the service; may be empty.
    pub message: String,
    /// Whether the service marks the error as permanent (a retry would fail again); `None` if it does not report that.
    pub permanent: Option<bool>,
}

/// The kind of a [`Failure`], by what a caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// The result exceeds the size limit of the service.
    Truncated,
    /// The query timed out.
    Timeout,
    /// Too many requests.
    Throttled,
    /// The caller may not read this.
    Denied,
    /// The query, the table or the URL is wrong. A retry will not help.
    Rejected,
    /// A table in the query does not exist.
    TableMissing,
    /// The body does not have the documented format.
    Malformed,
    /// An internal error of the service. A retry may help.
    Transient,
}

/// Codes for a result that exceeds the size limit, by name, by hexadecimal number and by signed decimal number.
const TRUNCATED: [&str; 6] = [
    "E_QUERY_RESULT_SET_TOO_LARGE",
    "80DA0003",
    "-2133196797",
    "ResponsePayloadTooLarge",
    "LimitsExceeded",
    "ResponseSizeError",
];

/// Codes for missing permissions.
const DENIED: [&str; 5] =
    ["InsufficientAccess", "Forbidden", "Unauthorized", "AuthorizationFailed", "InvalidTokenError"];

impl Failure {
    fn malformed(message: impl Into<String>) -> Self {
        Self { kind: FailureKind::Malformed, code: String::new(), message: message.into(), permanent: None }
    }

    /// Creates a failure from a code and a message, and derives the kind from both.
    fn from_code(code: &str, message: &str) -> Self {
        let message = message.lines().next().unwrap_or_default().trim().to_owned();
        // Codes are names, hexadecimal numbers within the message, or the signed decimal form of those numbers.
        let has = |needles: &[&str]| needles.iter().any(|needle| code.contains(needle) || message.contains(needle));
        let kind = if message.contains("Failed to resolve table") || message.contains("Failed to resolve entity") {
            FailureKind::TableMissing
        } else if has(&TRUNCATED) {
            FailureKind::Truncated
        } else if code == "429" || has(&["Throttl", "TooManyRequests", "80DA0004"]) {
            FailureKind::Throttled
        } else if has(&["Timeout", "timed out"]) {
            FailureKind::Timeout
        } else if has(&DENIED) {
            FailureKind::Denied
        } else if has(&["SEM0", "SYN0", "BadArgument", "BadRequest", "PathNotFound", "NotFound", "Bad request"]) {
            FailureKind::Rejected
        } else {
            FailureKind::Transient
        };
        Self { kind, code: code.to_owned(), message, permanent: None }
    }

    /// Creates a failure from an error object `{code, message, details: […], innererror: {…}}`; the innermost code and message
    /// are the most specific.
    fn from_error_object(error: &Json) -> Self {
        let mut at = error;
        let mut code = "";
        let mut message = "";
        let mut permanent = None;
        // Real error objects nest a few levels deep; the limit bounds malicious ones.
        for _ in 0..16 {
            code = at.get("code").and_then(Json::as_str).filter(|text| !text.is_empty()).unwrap_or(code);
            let message_text = at.get("@message").or_else(|| at.get("message")).and_then(Json::as_str);
            message = message_text.filter(|text| !text.is_empty()).unwrap_or(message);
            permanent = at.get("@permanent").and_then(Json::as_bool).or(permanent);
            let detail = at.get("details").and_then(Json::as_array).and_then(|list| list.first());
            match at.get("innererror").or(detail).or_else(|| at.get("error")) {
                Some(inner) => at = inner,
                None => break,
            }
        }
        Self { permanent, ..Self::from_code(code, message) }
    }
}

#[cfg(test)]
mod tests;
