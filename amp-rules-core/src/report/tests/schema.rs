//! The JSON Schema of the report, and reports that match it.

use serde_json::Value;

use super::samples::{explained, partial, quiet, storm};
use crate::report::{json, json_schema};
use crate::time::Time;

/// The violations of a schema document by a value; knows the keywords that the report's schema uses.
fn violations(document: &Value, value: &Value) -> Vec<String> {
    broken(document, document, value, "report")
}

fn broken(document: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(Value::String(reference)) = schema.get("$ref") {
        let target = document.pointer(reference.trim_start_matches('#')).unwrap();
        return broken(document, target, value, place);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is = |allowed: &Value| allowed == kind || (allowed == "number" && kind == "integer");
    match schema.get("type") {
        Some(Value::Array(kinds)) if !kinds.iter().any(is) => out.push(format!("{place}: {kind}")),
        Some(one @ Value::String(_)) if !is(one) => out.push(format!("{place}: {kind}")),
        _ => {}
    }
    if schema.get("const").is_some_and(|one| one != value) {
        out.push(format!("{place}: not the constant"));
    }
    if let Some(Value::Array(allowed)) = schema.get("enum")
        && !allowed.contains(value)
    {
        out.push(format!("{place}: {value} is not one of {allowed:?}"));
    }
    if schema["format"] == "date-time"
        && let Value::String(text) = value
        && text.parse::<Time>().is_err()
    {
        out.push(format!("{place}: {text} is not an instant"));
    }
    if let (Some(Value::Array(required)), Value::Object(map)) = (schema.get("required"), value) {
        for name in required.iter().filter_map(Value::as_str).filter(|name| !map.contains_key(*name)) {
            out.push(format!("{place}: {name} is missing"));
        }
        for name in map.keys().filter(|name| schema["properties"].get(name.as_str()).is_none()) {
            out.push(format!("{place}: {name} is not in the schema"));
        }
    }
    if let (Some(Value::Object(fields)), Value::Object(map)) = (schema.get("properties"), value) {
        for (name, inner) in map {
            if let Some(shape) = fields.get(name) {
                out.extend(broken(document, shape, inner, &format!("{place}.{name}")));
            }
        }
    }
    if let (Some(shape), Value::Object(map)) = (schema.get("additionalProperties"), value) {
        for (name, inner) in map {
            out.extend(broken(document, shape, inner, &format!("{place}.{name}")));
        }
    }
    if let (Some(items), Value::Array(list)) = (schema.get("items"), value) {
        for inner in list {
            out.extend(broken(document, items, inner, &format!("{place}[]")));
        }
    }
    out
}

#[test]
fn reports_match_their_schema() {
    let schema: Value = serde_json::from_str(&json_schema()).unwrap();
    for diagnosis in [quiet(), storm(), partial()] {
        for explanation in [None, Some(&explained())] {
            let report: Value = serde_json::from_str(&json(&diagnosis, explanation)).unwrap();
            assert_eq!(violations(&schema, &report), Vec::<String>::new());
        }
    }
}

#[test]
fn violations_of_the_schema_are_found() {
    let schema: Value = serde_json::from_str(&json_schema()).unwrap();
    let mut report: Value = serde_json::from_str(&json(&storm(), None)).unwrap();
    report["status"] = Value::from("fine");
    report["roots"][0]["rank"] = Value::from("first");
    report["window"].as_object_mut().unwrap().remove("to");
    let wrong = violations(&schema, &report).join("\n");
    for part in ["report.status", "report.roots[].rank", "report.window: to is missing"] {
        assert!(wrong.contains(part), "{part} in {wrong}");
    }
}
