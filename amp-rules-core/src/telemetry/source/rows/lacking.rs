//! The columns that a request needs and that rows lack, as problems for people.
//!
//! Input: rows with the paths that they lack. Output: one [`RowProblem`] per path, with the most similar name in the rows.

use std::collections::{BTreeMap, BTreeSet};

use super::memory::of_text;
use super::row::Row;
use crate::suggest::nearest;
use crate::telemetry::schema::{Path, Table};
use crate::telemetry::source::data::RowProblem;

/// The number of different names in rows that are compared with a missing one.
const NAMES: usize = 100;

/// The columns that rows lack, each with the names in those rows at the same place.
#[derive(Debug, Default)]
pub(super) struct LackingColumns {
    columns: BTreeMap<Path, BTreeSet<String>>,
}

impl LackingColumns {
    /// Adds a row with the paths that it lacks. Returns the estimated memory in bytes that it takes.
    pub(super) fn add<'p>(&mut self, row: &Row, paths: impl IntoIterator<Item = &'p Path>) -> u64 {
        let mut held = 0;
        for path in paths {
            let names = match self.columns.get_mut(path) {
                Some(names) => names,
                None => {
                    held += 64;
                    self.columns.entry(path.clone()).or_default()
                }
            };
            for name in siblings(row, path) {
                if names.len() < NAMES && !names.contains(&name) {
                    held += of_text(&name);
                    names.insert(name);
                }
            }
        }
        held
    }

    /// The problems, by path.
    pub(super) fn problems(&self, table: &Table) -> Vec<RowProblem> {
        let problem = |(path, names): (&Path, &BTreeSet<String>)| {
            let unknown = names.iter().filter(|name| !table.columns.contains_key(*name)).map(String::as_str);
            let guess = nearest(&path.to_string(), unknown);
            let guess = guess.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
            let what = format!("rows without a usable `{path}` were read; what needs it is unknown there{guess}");
            RowProblem { origin: table.name.clone(), line: 0, what }
        };
        self.columns.iter().map(problem).collect()
    }
}

/// The names in a row that may stand in place of a path: its columns and, for a property, the properties of its column.
fn siblings(row: &Row, path: &Path) -> Vec<String> {
    let columns = row.cells().keys().cloned();
    let bag = row.cells().get(path.column()).and_then(|cell| cell.as_object()).filter(|_| path.parts().len() > 1);
    let properties = bag.into_iter().flatten().map(|(name, _)| format!("{}.{name}", path.column()));
    columns.chain(properties).collect()
}
