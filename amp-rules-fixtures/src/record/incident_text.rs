//! The `incident.yaml` of a record.

use std::collections::BTreeMap;

use amp_rules_core::plan::Scope;
use amp_rules_core::telemetry::source::SourceErrorKind;
use amp_rules_core::time::{Time, duration_of, duration_text};
use serde_json::Value;

use super::pseudonyms::PseudonymMap;
use crate::declared::{Declarations, Declared, State};

/// The text of the `incident.yaml`. Strings are JSON, which is valid YAML.
pub(super) fn incident_text(
    title: &str,
    scope: &Scope,
    declared: &Declarations,
    pseudonyms: &mut PseudonymMap,
) -> String {
    let Scope { subject, window, parameters: set, reports: reported, .. } = scope;
    let quoted = |text: &str| Value::from(text).to_string();
    let map = |pairs: &BTreeMap<String, String>, pseudonyms: &mut PseudonymMap| {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(key, value)| format!("{}: {}", quoted(key), quoted(&pseudonyms.redact_text(value, Some(key)))))
            .collect();
        format!("{{ {} }}", pairs.join(", "))
    };
    let length = duration_of(window.ticks());
    let mut out = format!(
        "format: amp-rules-incident/v1\ntitle: {}\nsubject: {}\nnow: {}\nwindow: {}\n",
        quoted(&pseudonyms.redact_text(title, None)),
        map(subject, pseudonyms),
        window.to,
        duration_text(length),
    );
    out.push_str(&declaration_text(declared));
    if !reported.is_empty() {
        out.push_str("reported:\n");
    }
    for report in reported {
        out.push_str(&format!("  - {{ pattern: {}", quoted(&report.pattern)));
        if !report.entity.is_empty() {
            out.push_str(&format!(", entity: {}", map(&report.entity, pseudonyms)));
        }
        for (key, instant) in [("since", report.since), ("until", report.until)] {
            if let Some(instant) = instant {
                out.push_str(&format!(", {key}: {instant}"));
            }
        }
        out.push_str(" }\n");
    }
    if !set.is_empty() {
        out.push_str(&format!("set: {}\n", map(set, pseudonyms)));
    }
    out.push_str("provenance: recorded; identifiers are replaced\n");
    out
}

/// The declared completeness: the keys `tables` and `inventory`.
pub(crate) fn declaration_text(declared: &Declarations) -> String {
    let mut out = String::new();
    if !declared.tables.is_empty() {
        out.push_str("tables:\n");
    }
    for (name, declared) in &declared.tables {
        out.push_str(&format!("  {}: {}\n", Value::from(name.as_str()), state_text(declared)));
    }
    if declared.inventory_partial {
        out.push_str("inventory: partial\n");
    }
    out
}

/// The value of a table in the `tables:` of an `incident.yaml`.
fn state_text(declared: &Declared) -> String {
    match &declared.state {
        State::Missing(kind) => format!("{{ missing: {} }}", kind.as_str()),
        State::Partial(reason, range) => {
            let edge = |key: &str, at: Time| match at {
                Time::MIN | Time::MAX => String::new(),
                _ => format!(", {key}: {at}"),
            };
            let range = range.map_or_else(String::new, |range| edge("from", range.from) + &edge("to", range.to));
            format!("{{ partial: {}{range} }}", reason.as_str())
        }
        State::Complete => {
            let part = |key: &str, (name, kind): (&String, &SourceErrorKind)| {
                format!("{{ {key}: {}, reason: {} }}", Value::from(name.as_str()), kind.as_str())
            };
            let metrics = declared.missing_metrics.iter().map(|one| part("metric", one));
            let parts: Vec<String> =
                metrics.chain(declared.missing_components.iter().map(|one| part("component", one))).collect();
            if parts.is_empty() { "complete".to_owned() } else { format!("{{ missing: [{}] }}", parts.join(", ")) }
        }
    }
}
