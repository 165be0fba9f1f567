//! Files of rows in an incident folder: NDJSON, CSV and saved responses, plain or compressed.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::{RuleSet, Scope, TelemetrySource, Window, plan};
use amp_rules_fixtures::FixtureSource;
use amp_rules_fixtures::declared::Declarations;
use serde_json::{Map, Value};
use tempfile::TempDir;

thread_local! {
    /// The folder that inputs are written to.
    static FOLDER: RefCell<TempDir> = RefCell::new(tempfile::tempdir().expect("a temporary folder"));
}

/// Calls `read` with an empty folder.
pub(crate) fn with_folder<T>(read: impl FnOnce(&Path) -> T) -> T {
    FOLDER.with_borrow(|folder| {
        for entry in fs::read_dir(folder.path()).expect("the folder").flatten() {
            let path = entry.path();
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("an old input");
        }
        read(folder.path())
    })
}

/// The rules that the rows are read for.
static RULES: LazyLock<RuleSet> = LazyLock::new(crate::seeds::small_pack);

/// The table of the rows.
fn table() -> Arc<Table> {
    Arc::clone(RULES.schema.tables.get("traces").expect("the pack has the table `traces`"))
}

/// The rows of a file, and the number of problems; `None` if no row can be read.
fn rows_of(folder: &Path) -> Option<(Vec<Map<String, Value>>, usize)> {
    let source = FixtureSource::of_tables(folder, &[table()], Declarations::default()).expect("the folder exists");
    let mut rows = Vec::new();
    let problems = source.rows("traces", &mut |row| rows.push(row)).ok()?;
    assert!(problems.len() <= 101, "at most 100 problems and their count");
    Some((rows, problems.len()))
}

/// Reads a file in every way in which a folder is read.
fn read(name: &str, data: &[u8]) -> Option<(Vec<Map<String, Value>>, usize)> {
    with_folder(|folder| {
        fs::write(folder.join(name), data).expect("the input");
        let rows = rows_of(folder);
        assert_eq!(rows, rows_of(folder), "reading twice gives the same rows");
        if crate::is_chosen(data, 8)
            && let Ok(source) = FixtureSource::open(folder, &RULES.schema)
        {
            let summary = source.summary(&["cluster".to_owned()]);
            let Some((from, to)) = summary.first.zip(summary.last) else { return rows };
            let subject = summary.subjects.get("cluster").and_then(|values| values.keys().next());
            let subject = subject.map_or("s", String::as_str);
            let scope = Scope::new(Window { from, to }).with_subject("cluster", subject);
            if let Ok(plan) = plan(&RULES, &scope) {
                let answers = futures::executor::block_on(source.fetch(plan.requests()));
                assert_eq!(answers.len(), plan.requests().len(), "one answer or error per request");
            }
        }
        rows
    })
}

/// Whether the file is read as compressed.
fn is_compressed(data: &[u8]) -> bool {
    data.starts_with(&[0x1f, 0x8b]) || data.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

/// Reads rows as NDJSON.
///
/// # Panics
///
/// The rows differ between two readings, or a line that is a JSON object is neither a row nor a problem.
pub fn ndjson(data: &[u8]) {
    let Some((rows, problems)) = read("traces.ndjson", data) else { return };
    if is_compressed(data) {
        return;
    }
    let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    let lines =
        text.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.iter().all(u8::is_ascii_whitespace));
    let mut lines: Vec<_> = lines.collect();
    assert!(problems > 100 || rows.len() + problems >= lines.len(), "a line is lost");
    lines.retain(|line| serde_json::from_slice::<Map<String, Value>>(line).is_ok());
    let mut lines = lines.iter().map(|line| serde_json::from_slice(line).expect("an object"));
    for row in &rows {
        assert!(lines.any(|line: Map<String, Value>| line == *row), "a row that the file does not hold: {row:?}");
    }
}

/// Reads rows as CSV.
///
/// # Panics
///
/// The rows differ between two readings.
pub fn csv(data: &[u8]) {
    read("traces.csv", data);
}

/// Reads a saved response: the tables of Azure Monitor, and Azure Data Explorer v1 and v2.
///
/// # Panics
///
/// The rows differ between two readings.
pub fn responses(data: &[u8]) {
    read("traces.response.json", data);
}
