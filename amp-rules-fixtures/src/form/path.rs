//! Cells of a JSON object by path.

use std::borrow::Cow;

use amp_rules_core::telemetry::schema::Path;
use amp_rules_core::telemetry::source::rows::text_of;
use serde_json::{Map, Value};

/// The cell at a path; `None` if it is missing or null.
pub(super) fn cell<'o>(object: &'o Map<String, Value>, path: &Path) -> Option<&'o Value> {
    let mut parts = path.parts().iter();
    let mut at = object.get(parts.next()?)?;
    for part in parts {
        at = at.as_object()?.get(part)?;
    }
    Some(at).filter(|cell| !cell.is_null())
}

/// The text of the cell at a path; `None` if it is missing or empty.
pub(super) fn text<'o>(object: &'o Map<String, Value>, path: &Path) -> Option<Cow<'o, str>> {
    cell(object, path).and_then(text_of).filter(|text| !text.is_empty())
}

/// Sets the cell at a path. Does nothing where something that has no properties stands in the way.
pub(super) fn set(object: &mut Map<String, Value>, path: &Path, value: Value) {
    let Some((last, parents)) = path.parts().split_last() else { return };
    let mut at = object;
    for part in parents {
        let next = at.entry(part.clone()).or_insert(Value::Null);
        if next.is_null() || next.as_str().is_some_and(str::is_empty) {
            *next = Value::Object(Map::new());
        }
        match next {
            Value::Object(next) => at = next,
            _ => return,
        }
    }
    at.insert(last.clone(), value);
}
