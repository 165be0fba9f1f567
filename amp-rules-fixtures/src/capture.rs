//! A folder with what `kubectl` printed of a cluster, as an incident folder.
//!
//! Input: the outputs of `kubectl`, and what could not be read. Output: the containers to read, and the folder: texts of
//! containers, lists of objects, and an `incident.yaml` with the instant of the capture and what is missing. Nothing here calls
//! a program or reads the clock.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;

use amp_rules_core::Plan;
use amp_rules_core::telemetry::form::FormContent;
use amp_rules_core::telemetry::schema::Schema;
use amp_rules_core::telemetry::source::SourceErrorKind;
use amp_rules_core::time::Time;
use regex::Regex;
use serde_json::Value;

use crate::declared::{Declarations, Declared, State, gap_reason_of};
use crate::output_folder::OutputFolder;
use crate::record::{declaration_text, redact_texts};

/// A container whose log is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The pod.
    pub pod: String,
    /// The container.
    pub container: String,
    /// Whether it was restarted, so that there is a previous one.
    pub restarted: bool,
}

impl Target {
    /// The name of the file with its log.
    #[must_use]
    pub fn file(&self, previous: bool) -> String {
        let end = if previous { "_previous" } else { "" };
        format!("{}_{}{end}.log", self.pod, self.container)
    }
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The kind of the failure.
    pub kind: SourceErrorKind,
    /// The message of the program.
    pub message: String,
}

impl Missing {
    /// The failure with this message.
    #[must_use]
    pub fn of_message(message: &str) -> Self {
        let lower = message.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let kind = if has(&["forbidden", "unauthorized", "must be logged in", "cannot list", "cannot get"]) {
            SourceErrorKind::Denied
        } else if has(&["timeout", "timed out", "deadline"]) {
            SourceErrorKind::Timeout
        } else if has(&["unable to connect", "refused", "no such host", "no route"]) {
            SourceErrorKind::Unreachable
        } else {
            SourceErrorKind::Other
        };
        Self { kind, message: message.trim().to_owned() }
    }
}

/// The containers whose logs have a form of the pack, from the list of all pods; sorted.
///
/// # Errors
///
/// The text is not a list of pods.
pub fn targets(pods: &[u8], schema: &Schema) -> Result<Vec<Target>, String> {
    let pods: Value = serde_json::from_slice(pods).map_err(|error| format!("kubectl printed no JSON: {error}"))?;
    let items = pods.get("items").and_then(Value::as_array).ok_or("kubectl printed no list of pods")?;
    let forms = schema.forms.iter().filter(|form| form.content == FormContent::Lines);
    let files: Vec<Regex> = forms.flat_map(|form| &form.files).filter_map(|regex| Regex::new(regex).ok()).collect();
    let mut found = Vec::new();
    for pod in items {
        let Some(name) = pod.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Value::as_str) else {
            continue;
        };
        let containers = pod.get("spec").and_then(|spec| spec.get("containers")).and_then(Value::as_array);
        let statuses = pod.get("status").and_then(|status| status.get("containerStatuses")).and_then(Value::as_array);
        for container in containers.into_iter().flatten().filter_map(|one| one.get("name")?.as_str()) {
            let status =
                statuses.into_iter().flatten().find(|one| one.get("name").and_then(Value::as_str) == Some(container));
            let restarts = status.and_then(|one| one.get("restartCount")?.as_u64()).unwrap_or(0);
            let target = Target { pod: name.to_owned(), container: container.to_owned(), restarted: restarts > 0 };
            if files.iter().any(|regex| regex.is_match(&target.file(false))) {
                found.push(target);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A folder that is being captured.
#[derive(Debug)]
pub struct CaptureFolder {
    folder: OutputFolder,
    redacts: bool,
    files: BTreeMap<String, Vec<u8>>,
    declarations: Declarations,
}

impl CaptureFolder {
    /// Creates the folder, which has to be missing or empty.
    ///
    /// # Errors
    ///
    /// It has entries, or cannot be created.
    pub fn create(path: &Path, redacts: bool) -> io::Result<Self> {
        let folder = OutputFolder::create(path)?;
        if !folder.is_empty()? {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it already exists and is not empty"));
        }
        Ok(Self { folder, redacts, files: BTreeMap::new(), declarations: Declarations::default() })
    }

    /// Adds an output. It is written at once, unless identifiers in it have to be replaced.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn add(&mut self, name: &str, output: Vec<u8>) -> io::Result<()> {
        if self.redacts {
            self.files.insert(name.to_owned(), output);
            return Ok(());
        }
        self.folder.new_file(name)?.write_all(&output)?;
        self.files.insert(name.to_owned(), Vec::new());
        Ok(())
    }

    /// Adds the config maps that belong to captured pods: the first two parts of their names are the same.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn add_configmaps(&mut self, name: &str, output: &[u8], targets: &[Target]) -> io::Result<()> {
        let Ok(mut list) = serde_json::from_slice::<Value>(output) else { return Ok(()) };
        let parts = |name: &str| name.split('-').take(2).map(str::to_owned).collect::<Vec<String>>();
        if let Some(Value::Array(items)) = list.get_mut("items") {
            items.retain(|item| {
                let own = item.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Value::as_str);
                own.is_some_and(|own| targets.iter().any(|target| parts(&target.pod) == parts(own)))
            });
        }
        self.add(name, serde_json::to_vec_pretty(&list)?)
    }

    /// Declares a table that could not be read.
    pub fn missing_table(&mut self, table: &str, missing: &Missing) {
        let declared = Declared { state: State::Missing(missing.kind), ..Declared::default() };
        self.declarations.tables.insert(table.to_owned(), declared);
    }

    /// Declares that the lines of a container could not be read, so that the table lacks some.
    pub fn missing_lines(&mut self, table: &str, missing: &Missing) {
        let declared = self.declarations.tables.entry(table.to_owned()).or_default();
        if declared.state == State::Complete {
            declared.state = State::Partial(gap_reason_of(missing.kind), None);
        }
    }

    /// Writes what is left, and the `incident.yaml`. Returns the names of all files, sorted.
    ///
    /// # Errors
    ///
    /// A file cannot be written, or a replacement would have broken it.
    pub fn finish(mut self, subject: &BTreeMap<String, String>, plan: &Plan, now: Time) -> io::Result<Vec<String>> {
        if self.redacts {
            let names: Vec<String> = self.files.keys().cloned().collect();
            let texts: Vec<String> =
                self.files.values().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
            for (name, text) in names.iter().zip(redact_texts(plan, &texts)) {
                if name.ends_with(".json") && serde_json::from_str::<Value>(&text).is_err() {
                    return Err(io::Error::other(format!("the replacements in `{name}` would leave no JSON")));
                }
                self.folder.new_file(name)?.write_all(text.as_bytes())?;
            }
        }
        self.declarations.inventory_partial = true;
        let quoted = |text: &str| Value::from(text).to_string();
        let pairs: Vec<String> =
            subject.iter().map(|(key, value)| format!("{}: {}", quoted(key), quoted(value))).collect();
        let text = format!(
            "format: amp-rules-incident/v1\ntitle: captured with kubectl\nsubject: {{ {} }}\nnow: {now}\nwindow: 24h\n{}",
            pairs.join(", "),
            declaration_text(&self.declarations),
        );
        self.folder.new_file("incident.yaml")?.write_all(text.as_bytes())?;
        let mut files: Vec<String> = self.files.into_keys().collect();
        files.push("incident.yaml".to_owned());
        files.sort();
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_known_by_its_message() {
        for (message, kind) in [
            ("Error from server (Forbidden): events is forbidden: User \"x\" cannot list", SourceErrorKind::Denied),
            ("error: You must be logged in to the server (Unauthorized)", SourceErrorKind::Denied),
            ("Unable to connect to the server: dial tcp: lookup x: no such host", SourceErrorKind::Unreachable),
            ("Error from server (Timeout): the request timed out", SourceErrorKind::Timeout),
            ("error: context \"x\" does not exist", SourceErrorKind::Other),
        ] {
            assert_eq!(Missing::of_message(message).kind, kind, "{message}");
        }
    }

    #[test]
    fn what_is_no_list_of_pods_is_refused() {
        assert!(targets(b"oops", &Schema::default()).is_err());
        assert!(targets(b"{}", &Schema::default()).is_err());
        assert_eq!(targets(b"{\"items\": []}", &Schema::default()), Ok(Vec::new()));
    }
}
