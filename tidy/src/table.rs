//! The module tables of `ARCHITECTURE.md`.

use std::collections::{BTreeMap, BTreeSet};

/// One row: a module and the modules that it may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The module's path without `crate::`.
    pub module: String,
    /// The modules of the last column.
    pub may_use: BTreeSet<String>,
}

/// Returns the rows of the table in the section with this heading, in reading order; empty where there is none.
#[must_use]
pub fn rows(text: &str, heading: &str) -> Vec<Row> {
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let section = text.split("\n## ").find(|part| part.starts_with(heading)).unwrap_or_default();
    section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .filter_map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            let module = names(cells.first()?).into_iter().next()?;
            Some(Row { module, may_use: names(cells.last()?).into_iter().collect() })
        })
        .collect()
}

/// Returns what is wrong with the uses between files, compared with a table: a module without a row, a row without a
/// module, a use that the row does not allow, and a row that allows a module that stands below it or that it does not use.
#[must_use]
pub fn problems(rows: &[Row], uses: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>) -> Vec<String> {
    let place: BTreeMap<&str, usize> = rows.iter().enumerate().map(|(at, row)| (row.module.as_str(), at)).collect();
    // The row of a file is the longest one that is a prefix of its path.
    let row_of = |module: &[String]| {
        (1..=module.len()).rev().find_map(|length| place.get(module.get(..length)?.join("::").as_str()).copied())
    };
    let mut problems = Vec::new();
    let mut used_rows: BTreeSet<usize> = BTreeSet::new();
    let mut made_use_of: BTreeSet<(usize, &str)> = BTreeSet::new();
    for (module, used) in uses.iter().filter(|(module, _)| !module.is_empty()) {
        let Some(at) = row_of(module) else {
            problems.push(format!("`{}` has no row", module.join("::")));
            continue;
        };
        used_rows.insert(at);
        let Some(row) = rows.get(at) else { continue };
        for other in used {
            let name = row_of(other).and_then(|at| rows.get(at)).map_or("the crate root", |row| row.module.as_str());
            made_use_of.insert((at, name));
            // A module that only declares and re-exports its parts stands above all of them.
            let own_part = other.len() > module.len() && other.starts_with(module) && name.starts_with(&row.module);
            if name != row.module && !row.may_use.contains(name) && !own_part {
                problems.push(format!(
                    "`{}` uses `{}`, which the row of `{}` does not allow",
                    module.join("::"),
                    other.join("::"),
                    row.module
                ));
            }
        }
    }
    for (at, row) in rows.iter().enumerate() {
        if !used_rows.contains(&at) {
            problems.push(format!("the row `{}` is no module", row.module));
        }
        for name in &row.may_use {
            match place.get(name.as_str()) {
                None => problems.push(format!("the row `{}` allows `{name}`, which has no row", row.module)),
                Some(other) if *other >= at => {
                    problems.push(format!("the row `{}` allows `{name}`, which does not stand above it", row.module));
                }
                Some(_) if used_rows.contains(&at) && !made_use_of.contains(&(at, name.as_str())) => {
                    problems.push(format!("the row `{}` allows `{name}`, which it does not use", row.module));
                }
                Some(_) => {}
            }
        }
    }
    problems
}
