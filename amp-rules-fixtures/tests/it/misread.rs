//! Nothing is misread: rows of incidents with a column, a property or a table under another name, or without it, never make a
//! sick cluster healthy and never give another root, and the report says what could not be read.
//!
//! A drawn sample runs with the tests. `AMP_RULES_MISREAD=all` runs everything.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::report;
use amp_rules_core::rules::rule_set::RuleSet;
use amp_rules_core::telemetry::source::memory::MemorySource;
use amp_rules_fixtures::{FixtureSource, cases, pack};
use serde_json::{Map, Value};

use crate::support::{file_name, pack_folder, pack_incidents, pack_rules};

/// How many changes run with the tests.
const SAMPLE: usize = 30;

type Rows = BTreeMap<String, Vec<Map<String, Value>>>;

/// A change of the rows of a table.
#[derive(Clone, Debug)]
enum Change {
    /// The column, or the property of `customDimensions`, has another name.
    Renamed(Vec<String>),
    /// The column or the property is not there.
    Dropped(Vec<String>),
    /// The column or the property is not there in the later half of the rows.
    HalfDropped(Vec<String>),
    /// The table has another name.
    TableRenamed,
    /// All times are a year earlier.
    YearBefore,
    /// The times have no zone.
    NoZone,
}

impl Change {
    fn apply(&self, rows: &mut Rows, table: &str) {
        let Some(of_table) = rows.get_mut(table) else { return };
        let half = of_table.len() / 2;
        for (index, row) in of_table.iter_mut().enumerate() {
            match self {
                Self::Renamed(path) => drop(moved(row, path, Some("Other"))),
                Self::Dropped(path) => drop(moved(row, path, None)),
                Self::HalfDropped(path) if index >= half => drop(moved(row, path, None)),
                Self::YearBefore => edit_time(row, |time| time.replacen("2025", "2024", 1)),
                Self::NoZone => edit_time(row, |time| time.trim_end_matches('Z').to_owned()),
                Self::HalfDropped(_) | Self::TableRenamed => {}
            }
        }
        if matches!(self, Self::TableRenamed)
            && let Some(all) = rows.remove(table)
        {
            rows.insert(format!("{table}Other"), all);
        }
    }
}

fn edit_time(row: &mut Map<String, Value>, edit: impl Fn(&str) -> String) {
    if let Some(Value::String(time)) = row.get_mut("timestamp") {
        *time = edit(time);
    }
}

/// Removes a cell and puts it back under a longer name, if one is given.
fn moved(row: &mut Map<String, Value>, path: &[String], end: Option<&str>) -> Option<()> {
    let (name, bag) = match path {
        [column] => (column, row),
        [column, property] => (property, row.get_mut(column)?.as_object_mut()?),
        _ => return None,
    };
    let cell = bag.remove(name)?;
    if let Some(end) = end {
        bag.insert(format!("{name}{end}"), cell);
    }
    Some(())
}

/// Every column and property of a table.
fn paths(rows: &[Map<String, Value>]) -> BTreeSet<Vec<String>> {
    let mut all = BTreeSet::new();
    for row in rows {
        for (column, cell) in row {
            all.insert(vec![column.clone()]);
            for property in cell.as_object().into_iter().flat_map(Map::keys) {
                all.insert(vec![column.clone(), property.clone()]);
            }
        }
    }
    all
}

/// What a report says: the status, the roots with their grades, and the problems.
#[derive(Clone, Debug, PartialEq)]
struct Verdict {
    status: String,
    roots: BTreeMap<String, String>,
    problems: Vec<String>,
}

impl Verdict {
    /// The roots that are known to be the first cause, of any grade.
    fn roots_with_cause(&self) -> impl Iterator<Item = &String> {
        self.roots.iter().filter(|(_, grade)| *grade != "open").map(|(root, _)| root)
    }
}

struct Incident {
    name: String,
    rows: Rows,
    scope: amp_rules_core::plan::Scope,
}

impl Incident {
    fn verdict(&self, rules: &RuleSet, rows: &Rows) -> Verdict {
        let mut source = MemorySource::new();
        for (table, rows) in rows {
            source = source.table(table, rows.iter().cloned().map(Value::Object));
        }
        let diagnosis = cases::diagnose(rules, &self.scope, &source).unwrap();
        let report: Value = serde_json::from_str(&report::json(&diagnosis, None)).unwrap();
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let roots = ["roots", "independent"].into_iter().flat_map(|list| report.get(list).and_then(Value::as_array));
        Verdict {
            status: text(&report, "status"),
            roots: roots.flatten().map(|root| (text(root, "pattern"), text(root, "grade"))).collect(),
            problems: report["problems"].as_array().into_iter().flatten().map(|one| text(one, "what")).collect(),
        }
    }
}

fn incidents() -> Vec<Incident> {
    let schema = pack::schema(&pack_folder()).unwrap_or_else(|error| panic!("{error}"));
    let incident = |folder: std::path::PathBuf| {
        let source = FixtureSource::open(&folder, &schema).unwrap();
        let mut rows = Rows::new();
        for table in source.tables() {
            let mut all = Vec::new();
            source.rows(table, &mut |row| all.push(row)).unwrap();
            rows.insert(table.to_owned(), all);
        }
        Incident { name: file_name(&folder), rows, scope: source.incident().unwrap().scope() }
    };
    pack_incidents().into_iter().map(incident).collect()
}

/// Numbers that look random and are the same in every run.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn nothing_is_misread() {
    let rules = pack_rules();
    let incidents = incidents();
    let mut changes: Vec<(usize, String, Change)> = Vec::new();
    for (index, incident) in incidents.iter().enumerate() {
        for (table, rows) in &incident.rows {
            for path in paths(rows) {
                for change in [Change::Renamed, Change::Dropped, Change::HalfDropped] {
                    changes.push((index, table.clone(), change(path.clone())));
                }
            }
            for change in [Change::TableRenamed, Change::YearBefore, Change::NoZone] {
                changes.push((index, table.clone(), change));
            }
        }
    }
    let all = std::env::var("AMP_RULES_MISREAD").is_ok_and(|value| value == "all");
    let mut state = 0x9e37_79b9_7f4a_7c15;
    while !all && changes.len() > SAMPLE {
        let at = next(&mut state) as usize % changes.len();
        changes.swap_remove(at);
    }
    changes.sort_by_key(|(index, ..)| *index);
    let full: Vec<Verdict> = incidents.iter().map(|incident| incident.verdict(&rules, &incident.rows)).collect();
    let mut wrong = Vec::new();
    for (index, table, change) in &changes {
        let (Some(incident), Some(want)) = (incidents.get(*index), full.get(*index)) else { continue };
        let mut rows = incident.rows.clone();
        change.apply(&mut rows, table);
        let got = incident.verdict(&rules, &rows);
        if got.status == want.status && got.roots_with_cause().eq(want.roots_with_cause()) {
            continue;
        }
        let denies = ["healthy", "no_known_problem", "recovered", "diagnosed"].contains(&got.status.as_str());
        let new: Vec<_> =
            got.roots.iter().filter(|(id, grade)| !want.roots.contains_key(*id) && *grade != "open").collect();
        let named = match change {
            Change::Renamed(path) | Change::Dropped(path) | Change::HalfDropped(path) => {
                let name = path.join(".");
                got.problems.iter().any(|problem| problem.contains(&name))
            }
            // The table is listed as missing, or its rows as unreadable or outside of the window.
            Change::TableRenamed | Change::YearBefore | Change::NoZone => true,
        };
        if denies || !new.is_empty() || !named {
            wrong.push(format!(
                "{} {table} {change:?}: {} {:?} instead of {} {:?}; problems {:?}",
                incident.name, got.status, got.roots, want.status, want.roots, got.problems
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} changes:\n{}", wrong.len(), changes.len(), wrong.join("\n"));
}
