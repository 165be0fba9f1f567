//! Queries for many subjects: each row gets the number of its subject.
//!
//! Input: subjects. Output: [`Fleet`]s of limited size. A fleet rewrites a request so that the subject number is an additional
//! entity key, and maps subject numbers back to positions.

use std::collections::BTreeMap;
use std::sync::Arc;

use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::schema::{ColumnType, Path, Table};
use kql_lang::literal;

use super::cells;

/// The column and entity key with the number of the subject.
pub(super) const SUBJECT: &str = "_subject";

/// The maximum number of subjects per query. Their key values are part of the query text.
pub(super) const MAX_SUBJECTS: usize = 200;

/// The subjects of one query.
#[derive(Clone, Debug)]
pub(super) struct Fleet {
    /// The subject keys that the table has.
    keys: Vec<String>,
    /// The distinct key values, lower-cased for case-insensitive keys, each with the positions of the subjects that have them.
    subjects: Vec<(Vec<String>, Vec<usize>)>,
}

impl Fleet {
    /// Splits the subjects into fleets of at most `at_once` distinct subjects.
    pub(super) fn all(table: &Table, subjects: &[BTreeMap<String, String>], at_once: usize) -> Vec<Self> {
        let mut known: BTreeMap<Vec<String>, BTreeMap<Vec<String>, Vec<usize>>> = BTreeMap::new();
        for (position, subject) in subjects.iter().enumerate() {
            let of_table = subject.iter().filter(|(key, _)| table.keys.contains_key(*key));
            let (keys, values): (Vec<String>, Vec<String>) = of_table
                .map(|(key, value)| {
                    (key.clone(), if table.folded_keys.contains(key) { value.to_lowercase() } else { value.clone() })
                })
                .unzip();
            known.entry(keys).or_default().entry(values).or_default().push(position);
        }
        let mut fleets = Vec::new();
        for (keys, subjects) in known {
            let subjects: Vec<_> = subjects.into_iter().collect();
            fleets.extend(subjects.chunks(at_once).map(|some| Self { keys: keys.clone(), subjects: some.to_vec() }));
        }
        fleets
    }

    /// Returns the table with the subject number as an additional column and key.
    pub(super) fn table(&self, table: &Table) -> Arc<Table> {
        let mut table = table.clone();
        table.columns.insert(SUBJECT.to_owned(), ColumnType::String);
        table.keys.insert(SUBJECT.to_owned(), Path::dotted(SUBJECT));
        Arc::new(table)
    }

    /// Returns the request without its subject and with the subject number as its first key; requests on other tables are
    /// returned unchanged.
    pub(super) fn request(&self, request: &Request, of: &Table) -> Request {
        let mut request = request.clone();
        if request.reading().table.as_ref() != of {
            return request;
        }
        let reading = match &mut request {
            Request::Lines(request) => &mut request.reading,
            Request::Series(request) => &mut request.reading,
            Request::Properties(request) => &mut request.reading,
            Request::Inventory(request) => &mut request.reading,
            Request::Rows(request) => &mut request.reading,
            Request::Unmatched(request) => &mut request.reading,
            Request::Query(request) => &mut request.reading,
        };
        reading.table = self.table(&reading.table);
        reading.subject.clear();
        reading.keys.insert(0, SUBJECT.to_owned());
        request
    }

    /// Returns the pipeline steps that add the subject number to each row and drop rows of other subjects.
    pub(super) fn steps(&self, table: &Table, statements: &mut Vec<String>) -> String {
        let numbers: Vec<String> = self
            .subjects
            .iter()
            .enumerate()
            .map(|(number, (values, _))| format!("{}: \"{number}\"", json_text(&joined(values))))
            .collect();
        statements
            .push(format!("let _subjects = parse_json({})", literal::string(&format!("{{{}}}", numbers.join(",")))));
        let keys: Vec<String> = self
            .keys
            .iter()
            .map(|key| {
                cells::map_key_text(table, key, |text| {
                    if table.folded_keys.contains(key) { format!("tolower({text})") } else { text }
                })
            })
            .collect();
        let subject_key = match keys.as_slice() {
            [] => "\"\"".to_owned(),
            [one] => one.clone(),
            many => format!("strcat_delim({}, {})", literal::string(SEPARATOR), many.join(", ")),
        };
        format!("\n| extend {SUBJECT} = tostring(_subjects[{subject_key}])\n| where isnotempty({SUBJECT})")
    }

    /// Returns the number of distinct subjects.
    pub(super) fn len(&self) -> usize {
        self.subjects.len()
    }

    /// Returns the positions of the subjects with a subject number.
    pub(super) fn positions(&self, number: usize) -> &[usize] {
        self.subjects.get(number).map_or(&[], |(_, positions)| positions.as_slice())
    }
}

/// The separator between the values of several keys. No key value contains it.
const SEPARATOR: &str = "\u{1f}";

fn joined(values: &[String]) -> String {
    values.join(SEPARATOR)
}

fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
