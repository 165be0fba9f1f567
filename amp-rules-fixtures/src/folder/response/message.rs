//! What the error objects of responses say.

use amp_rules_core::telemetry::source::{GapReason, SourceErrorKind};
use serde_json::Value;

/// The innermost message of an error object, prefixed with its codes.
pub(super) fn message(error: &Value) -> String {
    match error {
        // The payload of a status row is JSON text.
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(payload)) if payload.get("Text").is_some_and(Value::is_string) => {
                payload.get("Text").map(message).unwrap_or_default()
            }
            _ => text.clone(),
        },
        Value::Array(list) => list.first().map(message).unwrap_or_default(),
        Value::Object(object) => {
            let code = object.get("code").and_then(Value::as_str).unwrap_or_default();
            let inner = ["innererror", "details", "error", "OneApiErrors", "Exceptions"]
                .iter()
                .filter_map(|key| object.get(*key))
                .find(|inner| !inner.is_null() && inner.as_array().is_none_or(|list| !list.is_empty()));
            let own =
                object.get("@message").or_else(|| object.get("message")).and_then(Value::as_str).unwrap_or_default();
            let words = inner.map(message).filter(|inner| !inner.is_empty()).unwrap_or_else(|| own.to_owned());
            if code.is_empty() || words.contains(code) { words } else { format!("{code}: {words}") }
        }
        _ => String::new(),
    }
}

/// The first line of a text, at most 200 characters.
pub(super) fn short(words: &str) -> String {
    let line = words.lines().next().unwrap_or_default();
    let mut text: String = line.chars().take(200).collect();
    if text.len() < line.len() {
        text.push('…');
    }
    text
}

/// The error kind that the text of an error message suggests.
pub(super) fn kind_of(words: &str) -> SourceErrorKind {
    let lower = words.to_lowercase();
    let has = |list: &[&str]| list.iter().any(|word| lower.contains(word));
    if has(&["throttl", "too many requests", "429"]) {
        SourceErrorKind::Throttled
    } else if has(&["timeout", "timed out"]) {
        SourceErrorKind::Timeout
    } else if has(&["authoriz", "forbidden", "access", "permission", "credential", "token"]) {
        SourceErrorKind::Denied
    } else {
        SourceErrorKind::Other
    }
}

/// The reason for missing rows that the text of an error message suggests.
pub(super) fn reason_of(words: &str) -> GapReason {
    let lower = words.to_lowercase();
    let has = |list: &[&str]| list.iter().any(|word| lower.contains(word));
    if has(&["result_set_too_large", "limitsexceeded", "limits_exceeded", "truncat", "record count limit", "80da0003"])
    {
        GapReason::Truncated
    } else if has(&["timeout", "timed out", "80da0008"]) {
        GapReason::Timeout
    } else {
        GapReason::Other
    }
}
