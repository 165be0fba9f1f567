//! Many subjects in one query: each row says whose it is, by number.
//!
//! Input: subjects. Output: fleets of some of them each; a fleet rewrites a request so that the number of the subject is one
//! more entity key, and records which subject an answer with that key belongs to.

use std::collections::BTreeMap;
use std::sync::Arc;

use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::schema::{ColumnType, Path, Table};
use kql_lang::literal;

use super::cells;

/// The column, and the entity key, that holds the number of the subject.
pub(super) const SUBJECT: &str = "_subject";

/// So many subjects are asked for at once, at most: their names are part of the text.
pub(super) const MOST_SUBJECTS: usize = 200;

/// Subjects that one query asks for.
#[derive(Clone, Debug)]
pub(super) struct Fleet {
    /// The keys of the subjects that the table knows.
    keys: Vec<String>,
    /// The values of the keys, folded where the key folds case, each with the positions of the subjects that have them.
    subjects: Vec<(Vec<String>, Vec<usize>)>,
}

impl Fleet {
    /// All subjects, at most so many at once.
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

    /// The table with the number of the subject as a column and key.
    pub(super) fn table(&self, table: &Table) -> Arc<Table> {
        let mut table = table.clone();
        table.columns.insert(SUBJECT.to_owned(), ColumnType::String);
        table.keys.insert(SUBJECT.to_owned(), Path::dotted(SUBJECT));
        Arc::new(table)
    }

    /// The request without its subject and with the number of the subject as its first key; of another table as it is.
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

    /// The steps that give each row the number of its subject and leave out those of others.
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
                cells::key_of_any(table, key, |text| {
                    if table.folded_keys.contains(key) { format!("tolower({text})") } else { text }
                })
            })
            .collect();
        let whose = match keys.as_slice() {
            [] => "\"\"".to_owned(),
            [one] => one.clone(),
            many => format!("strcat_delim({}, {})", literal::string(BETWEEN), many.join(", ")),
        };
        format!("\n| extend {SUBJECT} = tostring(_subjects[{whose}])\n| where isnotempty({SUBJECT})")
    }

    /// How many different subjects there are.
    pub(super) fn len(&self) -> usize {
        self.subjects.len()
    }

    /// The positions of the subjects with a number.
    pub(super) fn positions(&self, number: usize) -> &[usize] {
        self.subjects.get(number).map_or(&[], |(_, positions)| positions.as_slice())
    }
}

/// What stands between the values of several keys: no key holds it.
const BETWEEN: &str = "\u{1f}";

fn joined(values: &[String]) -> String {
    values.join(BETWEEN)
}

fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
