//! What `record` writes, replaces, lists and refuses.
#![expect(clippy::unwrap_used, reason = "a test that cannot run has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{below, run};

/// A folder of the dry kettle with one more line, and a path for its record.
struct Work {
    folder: TempDir,
}

impl Work {
    fn new(message: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("from");
        fs::create_dir(&from).unwrap();
        fs::copy(below("tests/data/incidents/dry/incident.yaml"), from.join("incident.yaml")).unwrap();
        let line = json!({
            "at": "2025-08-05T11:30:00Z", "kitchen": "second-floor", "kettle": "one", "message": message, "id": "one-x",
        });
        let rows = fs::read_to_string(below("tests/data/incidents/dry/journal.ndjson")).unwrap();
        fs::write(from.join("journal.ndjson"), format!("{line}\n{rows}")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Records into a folder; returns the exit code, stdout and stderr.
    fn record(&self, out: &str, more: &[&str]) -> (i32, String, String) {
        let (from, out) = (self.text("from"), self.text(out));
        let arguments = ["record", "--rules", "kettle", "--fixture", &from, "--out", &out];
        let (output, printed, err) = run(&[&arguments[..], more].concat());
        (output.status.code().unwrap(), printed, err)
    }
}

fn map(path: &Path) -> BTreeMap<String, String> {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_map_keeps_the_pseudonyms_of_an_earlier_record() {
    let work = Work::new("password=swordfish77 from 10.1.2.3");
    let file = work.text("map.json");
    assert_eq!(work.record("one", &["--map", &file]).0, 0);
    let first = map(&work.path("map.json"));
    assert_eq!(first["swordfish77"], "REDACTED-1");
    let other = Work::new("password=angelfish77 pwd=swordfish77 from 10.1.2.0");
    assert_eq!(other.record("two", &["--map", &file]).0, 0);
    let second = map(&work.path("map.json"));
    assert_eq!((second["swordfish77"].as_str(), second["angelfish77"].as_str()), ("REDACTED-1", "REDACTED-2"));
    assert_eq!((&second["10.1.2.3"], second["10.1.2.0"].as_str()), (&first["10.1.2.3"], "198.18.0.2"));
}

#[cfg(unix)]
#[test]
fn a_map_is_private_and_never_written_through_a_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let work = Work::new("password=swordfish77");
    let mode = |name: &str| fs::metadata(work.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(work.record("one", &["--map", &work.text("new.json")]).0, 0);
    assert_eq!(mode("new.json"), 0o600);
    fs::write(work.path("wide.json"), "{}").unwrap();
    fs::set_permissions(work.path("wide.json"), fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(work.record("two", &["--map", &work.text("wide.json")]).0, 0);
    assert_eq!(mode("wide.json"), 0o600);
    fs::write(work.path("target"), "{}").unwrap();
    symlink(work.path("target"), work.path("link")).unwrap();
    symlink(work.path("nowhere"), work.path("dangling")).unwrap();
    for link in ["link", "dangling"] {
        let (exit, _, err) = work.record("three", &["--map", &work.text(link)]);
        assert_eq!(exit, 2, "{err}");
        assert!(err.contains("it is a symbolic link"), "{err}");
    }
    assert_eq!(fs::read_to_string(work.path("target")).unwrap(), "{}");
    assert!(!work.path("nowhere").exists() && !work.path("three").exists());
}

#[test]
fn a_map_that_cannot_be_written_is_refused_before_anything_is() {
    let work = Work::new("password=swordfish77");
    fs::write(work.path("notes.txt"), "my notes").unwrap();
    fs::create_dir(work.path("folder")).unwrap();
    for (path, part) in [
        ("notes.txt", "is not the map of a record"),
        ("folder", "not a regular file"),
        ("out/map.json", "within the folder of the record"),
        ("folder/../out/map.json", "within the folder of the record"),
        ("missing/map.json", "cannot write `--map"),
    ] {
        let (exit, printed, err) = work.record("out", &["--map", &work.text(path)]);
        assert_eq!((exit, printed.as_str()), (2, ""), "{path}: {err}");
        assert!(err.contains(part), "{path}: {err}");
        assert!(!work.path("out").exists(), "{path}");
    }
    assert_eq!(fs::read_to_string(work.path("notes.txt")).unwrap(), "my notes");
}

#[test]
fn words_that_are_not_found_are_named_once_each() {
    let work = Work::new("Contoso and contosos of Fabrikam");
    let words = ["--replace", "CONTOSO", "--replace", "fabrikam", "--replace", "absent", "--replace", "ABSENT"];
    let (exit, _, err) = work.record("out", &[&words[..], &["--replace", "oso"]].concat());
    assert_eq!(exit, 0, "{err}");
    assert_eq!(
        err,
        "amp-rules: warning: `--replace CONTOSO` also remains within longer words (once)\n\
         amp-rules: warning: `--replace absent` was not found\n\
         amp-rules: warning: `--replace oso` was not found as a whole word; it remains within longer words (once)\n"
    );
    let (exit, _, err) = work.record("other", &["--replace", " "]);
    assert_eq!((exit, err.as_str()), (2, "amp-rules: `--replace` needs a word that is not empty\n"));
}

#[test]
fn doubtful_texts_are_listed_without_their_characters() {
    let work = Work::new("see qR7tY2uI9oP4aS6dF8gH1jK");
    let (exit, text, err) = work.record("text", &[]);
    assert_eq!((exit, err.as_str()), (0, ""));
    let want = "  REDACTED-1: journal row 1, message: 23 characters: upper case, lower case, digits\n";
    assert!(text.contains(want) && !text.contains("qR7tY"), "{text}");
    let (_, text, _) = work.record("json", &["--format", "json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    let want = json!([{
        "replacement": "REDACTED-1", "shape": "23 characters: upper case, lower case, digits",
        "table": "journal", "row": 1, "column": "message", "times": 1,
    }]);
    assert_eq!((&report["doubtful"], &report["differences"]), (&want, &json!([])));
}

#[test]
fn a_folder_whose_tables_are_all_missing_is_not_recorded() {
    let work = Work::new("");
    let text = fs::read_to_string(work.path("from/incident.yaml")).unwrap();
    let text = text.replace("tables: { journal: complete }", "tables: { journal: { missing: denied } }");
    fs::write(work.path("from/incident.yaml"), text).unwrap();
    fs::remove_file(work.path("from/journal.ndjson")).unwrap();
    let (exit, printed, err) = work.record("out", &[]);
    assert_eq!((exit, printed.as_str()), (4, ""), "{err}");
    assert_eq!(err, "amp-rules: cannot record: no table could be read: journal: declared as missing (denied)\n");
    assert!(!work.path("out").exists());
}
