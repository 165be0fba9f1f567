//! Lowers the rules that attribute a line to a component.
//!
//! Input: the component rules of a table, and the components that a request reads. Output: expressions over the columns of the
//! scan of lines. Where a row lacks a column that a rule tests, the component of its lines may be that of the rule.

use amp_rules_core::telemetry::schema::{ComponentTest, Path, Table};
use kql_lang::literal;

use super::cells;
use super::line_test::is_component;

/// The tests whether a line is of one of the components that a request reads.
#[derive(Clone, Debug)]
pub(super) struct Component {
    /// The test that it certainly is.
    pub(super) is_wanted: String,
    /// The test that it may be, and may be of another component; `None` if the component is always certain.
    pub(super) is_undetermined: Option<String>,
}

impl Component {
    /// Returns the tests for components; `None` if lines of any component are read.
    pub(super) fn of(table: &Table, wanted: &[String]) -> Option<Self> {
        if wanted.is_empty() {
            return None;
        }
        let named = is_component(wanted);
        let possible = |is_wanted: bool| {
            let tests: Vec<String> = column_rules(table)
                .filter(|(_, name, _)| wanted.iter().any(|wanted| wanted == name) == is_wanted)
                .map(|(at, _, path)| format!("(_rule > {at} and {})", lacks(table, path)))
                .collect();
            (!tests.is_empty()).then(|| tests.join(" or "))
        };
        let (inside, outside) = (possible(true), possible(false));
        let is_wanted = match &outside {
            Some(outside) => format!("({named} and not({outside}))"),
            None => named.clone(),
        };
        let is_undetermined = depends_on_columns(table).then(|| {
            let inside = inside.map_or_else(|| named.clone(), |inside| format!("({named} or {inside})"));
            let outside =
                outside.map_or_else(|| format!("not({named})"), |outside| format!("(not({named}) or {outside})"));
            format!("({inside} and {outside})")
        });
        Some(Self { is_wanted, is_undetermined })
    }
}

/// Returns whether a rule of the table tests a column of the row.
pub(super) fn depends_on_columns(table: &Table) -> bool {
    column_rules(table).next().is_some()
}

/// Returns the rules that test a column, each with its index, component and column.
fn column_rules(table: &Table) -> impl Iterator<Item = (usize, &str, &Path)> {
    table.components.iter().enumerate().filter_map(|(at, rule)| match &rule.test {
        ComponentTest::ColumnEquals(path, _) | ComponentTest::ColumnPrefix(path, _) => {
            Some((at, rule.name.as_str(), path))
        }
        _ => None,
    })
}

/// Returns the columns with the tests that a row lacks a column that decides, as further items of `extend`.
pub(super) fn lacking(table: &Table) -> String {
    let columns = deciding(table).into_iter().enumerate();
    columns.map(|(at, path)| format!(", _lacks{at} = not({})", cells::has_value(table, path))).collect()
}

/// Returns the column with the test that a row lacks a column that decides.
fn lacks(table: &Table, path: &Path) -> String {
    format!("_lacks{}", deciding(table).iter().position(|known| *known == path).unwrap_or_default())
}

/// Returns the columns that decide, each once.
fn deciding(table: &Table) -> Vec<&Path> {
    let mut columns: Vec<&Path> = table.component_columns().collect();
    columns.sort();
    columns.dedup();
    columns
}

/// Returns the component that wrote a line: the name in the first matching rule; empty if none matches.
pub(super) fn name(table: &Table) -> String {
    first_match(table, |at| {
        table.components.get(at).map_or_else(|| "\"\"".to_owned(), |rule| literal::string(&rule.name))
    })
}

/// Returns the index of the first matching rule; the number of rules if none matches.
pub(super) fn rule(table: &Table) -> String {
    first_match(table, |at| at.to_string())
}

/// Returns the value of the first matching rule, by its index; that of the number of rules if none matches.
fn first_match(table: &Table, value: impl Fn(usize) -> String) -> String {
    let mut arms = Vec::new();
    let mut otherwise = value(table.components.len());
    for (at, rule) in table.components.iter().enumerate() {
        match test(table, &rule.test) {
            Some(test) => arms.push(format!("{test}, {}", value(at))),
            None => {
                otherwise = value(at);
                break;
            }
        }
    }
    if arms.is_empty() { otherwise } else { format!("case({}, {otherwise})", arms.join(", ")) }
}

/// Returns the test of a rule; `None` for the rule that matches any line.
fn test(table: &Table, test: &ComponentTest) -> Option<String> {
    let field = |field: &str| format!("_json[{}]", literal::string(field));
    Some(match test {
        ComponentTest::JsonField(name) => format!("coalesce(bag_has_key(_json, {}), false)", literal::string(name)),
        ComponentTest::JsonEquals(name, text) => {
            let field = field(name);
            format!("isnotnull({field}) and tostring({field}) == {}", literal::string(text))
        }
        ComponentTest::JsonPrefix(name, text) => {
            let field = field(name);
            format!("isnotnull({field}) and tostring({field}) startswith_cs {}", literal::string(text))
        }
        ComponentTest::ColumnEquals(path, text) => column(table, path, "==", text),
        ComponentTest::ColumnPrefix(path, text) => column(table, path, "startswith_cs", text),
        ComponentTest::LinePrefix(text) => format!("_line startswith_cs {}", literal::string(text)),
        ComponentTest::Otherwise => return None,
    })
}

fn column(table: &Table, path: &Path, operator: &str, text: &str) -> String {
    format!("{} and {} {operator} {}", cells::has_value(table, path), cells::text(table, path), literal::string(text))
}
