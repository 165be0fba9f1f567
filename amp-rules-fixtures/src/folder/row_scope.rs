//! The scope of files without an `incident.yaml` that defines it, and the subject of files that name none.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::plan::Scope;
use amp_rules_core::telemetry::source::SourceErrorKind;
use amp_rules_core::telemetry::source::data::RowProblem;

use super::FixtureSource;
use super::file::Refused;
use super::summary::{FolderSummary, RowScope, RowScopeError};

impl FixtureSource {
    /// The scope that follows from the rows; `given` are the keys of the subject that are known otherwise.
    ///
    /// Files of which no row names the subject are of the one subject that the others name, or that is given. If no row names
    /// one, and none is given, its name is `this-` and the key. If the rows name several, such files are refused.
    ///
    /// # Errors
    ///
    /// See [`RowScopeError`].
    pub fn scope_of_rows(
        &mut self,
        summary: &FolderSummary,
        given: &BTreeMap<String, String>,
    ) -> Result<RowScope, RowScopeError> {
        let window = summary.window().ok_or(RowScopeError::NoRows)?;
        let mut scope = Scope::new(window);
        scope.ingestion_delay = Some(std::time::Duration::ZERO);
        scope.subject.clone_from(given);
        let mut words = Vec::new();
        for key in self.catalogue.subject_keys.clone() {
            let values = summary.values(&key);
            let is_folded = |key: &String| self.catalogue.tables.iter().any(|table| table.folded_keys.contains(key));
            let same = |one: &str, other: &str| {
                one == other || (is_folded(&key) && one.to_lowercase() == other.to_lowercase())
            };
            let value = match (given.get(&key), values.as_slice()) {
                (Some(wanted), []) => wanted.clone(),
                (Some(wanted), all) if all.iter().any(|(value, _)| same(value, wanted)) => wanted.clone(),
                (Some(wanted), _) => {
                    return Err(RowScopeError::Unknown { key, wanted: wanted.clone(), values });
                }
                (None, []) => {
                    let value = format!("this-{key}");
                    words.push(format!("`{key}` is `{value}`: no row names one"));
                    value
                }
                (None, [(value, _)]) => {
                    words.push(format!("`{key}` is `{value}`, the only one that the rows name"));
                    value.clone()
                }
                (None, _) => return Err(RowScopeError::Several { key, values }),
            };
            self.complete_subject(summary, &key, &value, values.len());
            scope.subject.insert(key, value);
        }
        let window = format!("the window is {} to {}, up to the last row", window.from, window.to);
        Ok(RowScope { scope, subject: words, window })
    }

    /// Gives files that name no subject the one subject, or refuses them if rows name several.
    fn complete_subject(&mut self, summary: &FolderSummary, key: &str, value: &str, named: usize) {
        let lacking: BTreeSet<(&str, &str)> = summary
            .files
            .iter()
            .filter(|file| file.rows > 0 && file.lacks.iter().any(|lack| lack == key))
            .map(|file| (file.table.as_str(), file.name.as_str()))
            .collect();
        for (table, files) in &mut self.tables {
            for file in files.files.iter_mut().filter(|file| lacking.contains(&(table.as_str(), file.name.as_str()))) {
                if named > 1 {
                    let what = format!("no row names a `{key}`, and other files name several; give `--entity {key}=…`");
                    file.refused = Some(Refused { kind: SourceErrorKind::Malformed, what: what.clone() });
                    self.problems.push(RowProblem { origin: file.name.clone(), line: 0, what });
                } else {
                    file.rule.facts.keys.insert(key.to_owned(), value.to_owned());
                }
            }
        }
        self.problems.sort();
        self.problems.dedup();
    }
}
