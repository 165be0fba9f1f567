//! Makes a row whose lines belong to a given process by the table's own rules.
//!
//! Input: a row with its lines, and the name of a component. Output: the lines and cells such that the first rule that
//! fits is that component's: a column is set where a rule asks for one, else a JSON field is put into the line (a plain
//! line becomes the `message` of a JSON line). Where no rule can be satisfied, the scenario is wrong and says so.

use amp_rules_core::schema::{ComponentTest, Path, Table};
use amp_rules_core::source::rows::{Line, Row};
use serde_json::{Map, Value};

use super::ScenarioError;

/// Puts a value where a path points to.
pub(super) fn place(row: &mut Map<String, Value>, path: &Path, value: Value) {
    let mut parts = path.parts().iter();
    let Some(column) = parts.next() else { return };
    let mut at = row.entry(column.clone()).or_insert(Value::Null);
    for part in parts {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Value::Object(inner) = at else { return };
        at = inner.entry(part.clone()).or_insert(Value::Null);
    }
    *at = value;
}

fn fields(line: &str) -> Option<Map<String, Value>> {
    if !line.trim_start().starts_with('{') {
        return None;
    }
    serde_json::from_str(line).ok()
}

/// The components of the lines of a row, by the first rule that fits each.
fn components(table: &Table, row: &Map<String, Value>, lines: &[String]) -> Result<Vec<Option<String>>, ScenarioError> {
    let row = Row::from_json(table, row.clone()).map_err(ScenarioError)?;
    Ok(lines
        .iter()
        .map(|line| Line::new(0, line).and_then(|line| line.component(table, &row).map(str::to_owned)))
        .collect())
}

/// Changes cells and lines so that every line is the component's.
pub(super) fn attribute(
    table: &Table,
    row: &mut Map<String, Value>,
    lines: &mut [String],
    wanted: &str,
) -> Result<(), ScenarioError> {
    if !table.components.iter().any(|rule| rule.name == wanted) {
        let known: Vec<&str> = table.components.iter().map(|rule| rule.name.as_str()).collect();
        return Err(ScenarioError(format!(
            "the table `{}` has no component `{wanted}`, but {}",
            table.name,
            known.join(", ")
        )));
    }
    let fits = |row: &Map<String, Value>, lines: &[String]| {
        components(table, row, lines).map(|all| all.iter().all(|found| found.as_deref() == Some(wanted)))
    };
    if fits(row, lines)? {
        return Ok(());
    }
    for rule in table.components.iter().filter(|rule| rule.name == wanted) {
        let mut changed = row.clone();
        let mut written = lines.to_vec();
        match &rule.test {
            ComponentTest::ColumnEquals(path, value) | ComponentTest::ColumnPrefix(path, value) => {
                place(&mut changed, path, Value::String(value.clone()))
            }
            ComponentTest::JsonField(name) => written.iter_mut().for_each(|line| put(line, name, Value::Bool(true))),
            ComponentTest::JsonEquals(name, value) => {
                written.iter_mut().for_each(|line| put(line, name, Value::String(value.clone())))
            }
            ComponentTest::JsonPrefix(name, value) => {
                written.iter_mut().for_each(|line| put(line, name, Value::String(format!("{value}log"))))
            }
            ComponentTest::LinePrefix(prefix) => written.iter_mut().for_each(|line| line.insert_str(0, prefix)),
            ComponentTest::Otherwise => {}
        }
        if fits(&changed, &written)? {
            *row = changed;
            lines.clone_from_slice(&written);
            return Ok(());
        }
    }
    let found = components(table, row, lines)?;
    let (line, other) = lines
        .iter()
        .zip(&found)
        .find(|(_, found)| found.as_deref() != Some(wanted))
        .map_or(("", "no component"), |(line, found)| (line.as_str(), found.as_deref().unwrap_or("no component")));
    Err(ScenarioError(format!(
        "the rules of `{}` attribute the line to `{other}` instead of `{wanted}`: {line}",
        table.name
    )))
}

/// Puts a field into a JSON line; a plain line becomes its message.
fn put(line: &mut String, name: &str, value: Value) {
    let mut json =
        fields(line).unwrap_or_else(|| Map::from_iter([("message".to_owned(), Value::String(line.clone()))]));
    json.insert(name.to_owned(), value);
    *line = Value::Object(json).to_string();
}
