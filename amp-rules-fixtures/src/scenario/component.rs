//! Makes a row whose lines the table's own rules assign to a given component.
//!
//! Input: a row with its lines, and the name of a component. Output: changed cells or lines, so that the first matching
//! component rule is one of that component. A rule on a column sets the column. A rule on a JSON field adds the field to
//! the line; a plain line becomes the `message` of a JSON line. Columns that other rules test are set if they are missing,
//! since the component would not be certain without them. A scenario for which no rule works is an error.

use amp_rules_core::telemetry::schema::{ComponentTest, Path, Table};
use amp_rules_core::telemetry::source::rows::{Line, Row};
use serde_json::{Map, Value};

use super::cells::set_path;
use super::model::ScenarioError;

/// Changes cells and lines so that every line is assigned to `wanted`. Lines that already are remain unchanged.
///
/// # Errors
///
/// The table has no such component, or its rules assign the line to another one whatever is changed.
pub(super) fn assign_component(
    table: &Table,
    row: &mut Map<String, Value>,
    lines: &mut [String],
    wanted: &str,
) -> Result<(), ScenarioError> {
    if !table.components.iter().any(|rule| rule.name == wanted) {
        let known: Vec<&str> = table.components.iter().map(|rule| rule.name.as_str()).collect();
        return Err(ScenarioError(format!(
            "the table `{}` has no component `{wanted}`; it has {}",
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
                set_path(&mut changed, path, Value::String(value.clone()))
            }
            ComponentTest::JsonField(name) => {
                written.iter_mut().for_each(|line| set_field(line, name, Value::Bool(true)))
            }
            ComponentTest::JsonEquals(name, value) => {
                written.iter_mut().for_each(|line| set_field(line, name, Value::String(value.clone())))
            }
            ComponentTest::JsonPrefix(name, value) => {
                written.iter_mut().for_each(|line| set_field(line, name, Value::String(format!("{value}log"))))
            }
            ComponentTest::LinePrefix(prefix) => written.iter_mut().for_each(|line| line.insert_str(0, prefix)),
            ComponentTest::Otherwise => {}
        }
        // A row that lacks a column that a rule tests may be of the component of that rule.
        if !fits(&changed, &written)? {
            let missing: Vec<Path> =
                table.component_columns().filter(|path| path_is_missing(&changed, path)).cloned().collect();
            for path in missing {
                set_path(&mut changed, &path, Value::String(wanted.to_owned()));
            }
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
        "the rules of `{}` assign the line to `{other}` instead of `{wanted}`: {line}",
        table.name
    )))
}

/// Whether a row has no cell at a path.
fn path_is_missing(row: &Map<String, Value>, path: &Path) -> bool {
    let mut parts = path.parts().iter();
    let outer = parts.next().and_then(|column| row.get(column));
    parts.fold(outer, |cell, part| cell?.as_object()?.get(part)).is_none_or(Value::is_null)
}

/// The component of each line of a row: that of the first matching rule, or `None` if there is none or the row lacks the
/// column that decides.
fn components(table: &Table, row: &Map<String, Value>, lines: &[String]) -> Result<Vec<Option<String>>, ScenarioError> {
    let row = Row::from_json(table, row.clone()).map_err(ScenarioError)?;
    Ok(lines
        .iter()
        .map(|line| {
            let line = Line::new(0, line)?;
            let is_certain = line.possible_components(table, &row).is_none();
            line.component(table, &row).filter(|_| is_certain).map(str::to_owned)
        })
        .collect())
}

/// Sets a field of a JSON line. A plain line becomes the `message` of a new JSON line.
fn set_field(line: &mut String, name: &str, value: Value) {
    let json = line.trim_start().starts_with('{').then(|| serde_json::from_str(line).ok()).flatten();
    let mut json: Map<String, Value> =
        json.unwrap_or_else(|| Map::from_iter([("message".to_owned(), Value::String(line.clone()))]));
    json.insert(name.to_owned(), value);
    *line = Value::Object(json).to_string();
}
