//! What services answer, as tables: the tables shape of Azure Monitor, and the frames of Azure Data Explorer (v1 and v2).
//!
//! Input: the bytes of a body that came with status 200, or those of an error. Output: [`Decoded`] tables with what the answer
//! lacks, or a [`Failure`]. A partial failure inside a good status never becomes shorter data: it stands in
//! [`Decoded::lacking`]. Nothing here sends or waits.

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

/// The tables of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// The result tables in order, with their names; tables about the query itself are left out.
    pub tables: Vec<(String, Table)>,
    /// What went wrong after the rows began: the answer is not all there is. Empty where it is.
    pub lacking: Vec<Failure>,
    /// What the caller may not read, where the service was asked and says so.
    pub permissions: Option<Permissions>,
}

/// What a service says went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it means for a caller.
    pub kind: FailureKind,
    /// The innermost code that the service gives: `SEM0100`, `E_QUERY_RESULT_SET_TOO_LARGE`, `ThrottledError`.
    pub code: String,
    /// What it says, in its words, in one line.
    pub message: String,
    /// Whether the service says that the same request would fail again; `None` where it does not say.
    pub permanent: Option<bool>,
}

/// What a failure means for a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The result is larger than the service returns.
    Truncated,
    /// It took too long.
    Timeout,
    /// Too many requests.
    Throttled,
    /// The caller may not read this.
    Denied,
    /// The query, the table or the address is wrong; the same again will fail again.
    Rejected,
    /// A table that the query names is not there.
    TableMissing,
    /// The body is not what the service promises.
    Malformed,
    /// Something of the service's own, which may pass.
    Passing,
}

/// How a service says that a result is larger than it returns: by name, or by number in either form.
const TRUNCATED: [&str; 6] = [
    "E_QUERY_RESULT_SET_TOO_LARGE",
    "80DA0003",
    "-2133196797",
    "ResponsePayloadTooLarge",
    "LimitsExceeded",
    "ResponseSizeError",
];

/// How a service says that it will not show something to this caller.
const DENIED: [&str; 5] =
    ["InsufficientAccess", "Forbidden", "Unauthorized", "AuthorizationFailed", "InvalidTokenError"];

impl Failure {
    fn malformed(message: impl Into<String>) -> Self {
        Self { kind: FailureKind::Malformed, code: String::new(), message: message.into(), permanent: None }
    }

    /// A failure from its code and message, sorted by what they say.
    fn said(code: &str, message: &str) -> Self {
        let message = message.lines().next().unwrap_or_default().trim().to_owned();
        // Codes come as names, as hexadecimal numbers in the text, or as signed decimals of those.
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
            FailureKind::Passing
        };
        Self { kind, code: code.to_owned(), message, permanent: None }
    }

    /// From an error object: `{code, message, details: […], innererror: {…}}`; the innermost code and message are the telling ones.
    fn of_object(error: &Json) -> Self {
        let mut at = error;
        let mut code = "";
        let mut message = "";
        let mut permanent = None;
        // Error objects nest a handful deep; one that goes on for ever is cut.
        for _ in 0..16 {
            code = at.get("code").and_then(Json::as_str).filter(|text| !text.is_empty()).unwrap_or(code);
            let said = at.get("@message").or_else(|| at.get("message")).and_then(Json::as_str);
            message = said.filter(|text| !text.is_empty()).unwrap_or(message);
            permanent = at.get("@permanent").and_then(Json::as_bool).or(permanent);
            let detail = at.get("details").and_then(Json::as_array).and_then(|list| list.first());
            match at.get("innererror").or(detail).or_else(|| at.get("error")) {
                Some(inner) => at = inner,
                None => break,
            }
        }
        Self { permanent, ..Self::said(code, message) }
    }
}

#[cfg(test)]
mod tests;
