//! Diagnostics as SARIF 2.1.0, for code scanning.
//!
//! Diagnostics in; one JSON document out: rules with help, regions with columns in Unicode code points, the other ends of
//! a reference as related locations, a cycle as a code flow, fixes, and fingerprints that survive moved lines.

use std::collections::BTreeMap;

use amp_rules_core::escape::Printable;
use amp_rules_core::rules::codes;
use amp_rules_core::rules::diagnostic::{Diagnostic, Diagnostics, Label, Severity, Span};
use serde_json::{Map, Value, json};

use crate::command::json as pretty;

pub(super) fn render(diagnostics: &Diagnostics) -> Printable {
    let rules: Vec<Value> = codes::ALL
        .iter()
        .map(|code| {
            json!({
                "id": code.name(),
                "name": code.slug,
                "shortDescription": { "text": code.summary },
                "help": { "text": code.page, "markdown": code.page },
                "defaultConfiguration": { "level": level(code.severity) },
            })
        })
        .collect();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let results: Vec<Value> = diagnostics.iter().map(|one| result(one, diagnostics, &mut seen)).collect();
    pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "amp-rules", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn result(one: &Diagnostic, all: &Diagnostics, seen: &mut BTreeMap<String, usize>) -> Value {
    let message = match &one.help {
        Some(help) => format!("{}\n{}", plain(&one.message), plain(help)),
        None => plain(&one.message),
    };
    let mut out = Map::new();
    out.insert("ruleId".to_owned(), json!(one.code.name()));
    if let Some(index) = codes::ALL.iter().position(|code| *code == one.code) {
        out.insert("ruleIndex".to_owned(), json!(index));
    }
    out.insert("level".to_owned(), json!(level(one.severity)));
    out.insert("message".to_owned(), json!({ "text": message }));
    let mut places = one.labels.iter().map(|label| location(label, all));
    out.insert("locations".to_owned(), json!(places.next().into_iter().collect::<Vec<_>>()));
    let others: Vec<Value> = places.collect();
    if !others.is_empty() {
        if one.code == &codes::CAUSAL_CYCLE {
            let steps: Vec<Value> =
                one.labels.iter().map(|label| json!({ "location": location(label, all) })).collect();
            out.insert("codeFlows".to_owned(), json!([{ "threadFlows": [{ "locations": steps }] }]));
        }
        out.insert("relatedLocations".to_owned(), json!(others));
    }
    let print = fingerprint(one, seen);
    out.insert("partialFingerprints".to_owned(), json!({ "ampRules/v1": print }));
    if let Some(fix) = &one.fix {
        let changes: Vec<Value> = fix
            .edits
            .iter()
            .map(|edit| {
                json!({
                    "artifactLocation": { "uri": uri(&edit.span.file) },
                    "replacements": [{ "deletedRegion": region(&edit.span, all), "insertedContent": { "text": edit.replacement } }],
                })
            })
            .collect();
        let description = one.help.as_deref().unwrap_or("fix it");
        out.insert(
            "fixes".to_owned(),
            json!([{ "description": { "text": plain(description) }, "artifactChanges": changes }]),
        );
    }
    Value::Object(out)
}

fn location(label: &Label, all: &Diagnostics) -> Value {
    let mut out = json!({
        "physicalLocation": { "artifactLocation": { "uri": uri(&label.span.file) }, "region": region(&label.span, all) },
    });
    if let (Value::Object(map), false) = (&mut out, label.text.is_empty()) {
        map.insert("message".to_owned(), json!({ "text": plain(&label.text) }));
    }
    out
}

fn region(span: &Span, all: &Diagnostics) -> Value {
    match (all.start(span), all.end(span)) {
        (Some(start), Some(end)) => {
            json!({ "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column })
        }
        _ => json!({ "startLine": 1 }),
    }
}

/// A text as a message without links: SARIF 2.1.0, 3.11.6, makes a link of `[text](target)`.
fn plain(text: &str) -> String {
    let text = amp_rules_core::escape::inline(text);
    if text.contains("](") { text.replace('[', "\\[").replace(']', "\\]") } else { text.into_owned() }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A relative URI reference; bytes that are not allowed in a path are percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A hash of a problem without its position in the file; equal ones are numbered.
fn fingerprint(one: &Diagnostic, seen: &mut BTreeMap<String, usize>) -> String {
    let file = one.span().map_or("", |span| &span.file);
    // FNV-1a of 64 bits: short, and the same in every release.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in format!("{}\n{file}\n{}", one.code.name(), one.message).bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let print = format!("{hash:016x}");
    let count = seen.entry(print.clone()).or_insert(0);
    *count += 1;
    format!("{print}:{count}")
}

#[cfg(test)]
mod tests {
    use amp_rules_core::RuleFile;
    use amp_rules_core::rules::codes;
    use amp_rules_core::rules::diagnostic::{Diagnostic, Diagnostics, Span};
    use serde_json::Value;

    fn sarif(text: &str, at: usize) -> Value {
        let file = RuleFile::new("a b.yaml", text);
        let one = Diagnostic::new(&codes::DANGLING_REFERENCE, Span::new("a b.yaml", at, at + 1), "unknown pattern `y`")
            .also(Span::new("a b.yaml", 0, 2), "here")
            .fix(Span::new("a b.yaml", at, at + 1), "z");
        serde_json::from_str(&super::render(&Diagnostics::new(vec![one], &[file]))).unwrap()
    }

    #[test]
    fn a_result_has_its_place_its_other_end_and_its_fix() {
        let whole = sarif("id: y\n", 4);
        let result = &whole["runs"][0]["results"][0];
        assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "a%20b.yaml");
        assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startColumn"], 5);
        assert_eq!(result["relatedLocations"][0]["message"]["text"], "here");
        assert_eq!(result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"], "z");
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(whole["runs"][0]["tool"]["driver"]["rules"][index]["id"], "AMP104");
    }

    #[test]
    fn a_message_has_no_link() {
        assert_eq!(super::plain("unknown key `[a](https://b.example)`"), "unknown key `\\[a\\](https://b.example)`");
        assert_eq!(super::plain("expected [a]\u{1b}"), "expected [a]\\u{1b}");
    }

    #[test]
    fn a_fingerprint_survives_moved_lines() {
        let print = |value: &Value| value["runs"][0]["results"][0]["partialFingerprints"].clone();
        assert_eq!(print(&sarif("id: y\n", 4)), print(&sarif("\n\n\nid: y\n", 7)));
    }
}
