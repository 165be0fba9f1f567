//! A pack, an incident folder and queries with hostile text in every position that accepts a text: the files of
//! `tests/data/hostile`, with their placeholders replaced.
//!
//! `@text@` is a text in double quotes of YAML, `@raw@` a part of one line, `@name@` the name of a column, and `@hidden@` has
//! the characters that YAML accepts without an escape.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::below;

/// Sequences for terminals, commands of CI systems, hidden characters and markup. Where it is wrapped, every line begins
/// with a command.
pub(super) const HOSTILE: &str = concat!(
    "::error::0 x\n::set-output name=a::b\r\n  ##vso[task.setvariable variable=p]1\n##[error]x ##\u{ad}vso[x]",
    "\u{1b}]8;;https://evil.example\u{7}click\u{1b}]8;;\u{7}\u{1b}[35m\u{9b}2J\u{8} \u{202e}fdp\u{2066} \u{200b}\u{2028}",
    "::notice::y\u{85}::warning::z\u{b}\u{c} @team https://evil.example ![i](https://evil.example/x.png) <img src=x> | a | ```",
    " ::error::1 ::error::2 ::error::3 ::error::4 ::error::5 ::error::6 ::error::7 ::error::8 ::error::9 ::error::10",
    " ::error::11 ::error::12 ::error::13 ::error::14 ::error::15 ::error::16 ::error::17 ::error::18 ::error::19",
);

/// Hostile text on one line, without quotes.
const RAW: &str = "::error::a ##vso[x]y \u{1b}]8;;https://evil.example\u{7}\u{1b}[35m\u{202e}\u{9b}\u{200b}";

/// The name of a hostile file.
pub(super) const FILE: &str = "::error::\u{1b}[2J\u{202e}\n::notice::x.kql";

/// The files of one test.
pub(super) struct Input {
    work: TempDir,
}

impl Input {
    pub(super) fn new() -> Self {
        let input = Self { work: tempfile::tempdir().unwrap() };
        input.templates(&below("tests/data/hostile"), "");
        let query = fs::read_to_string(input.folder().join("pack/queries/boils.kql")).unwrap();
        input.write(FILE, &query);
        input.write(&format!("broken/{FILE}"), &query);
        let pattern = fs::read_to_string(input.folder().join("broken/spare/pattern.yaml")).unwrap();
        input.write("broken/\u{1b}[2J::error::x/pattern.yaml", &pattern);
        input.telemetry();
        input
    }

    pub(super) fn folder(&self) -> &Path {
        self.work.path()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn templates(&self, folder: &Path, prefix: &str) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                self.templates(&entry.path(), &format!("{name}/"));
                continue;
            }
            let text = fs::read_to_string(entry.path()).unwrap();
            let text =
                text.replace("@text@", &quoted(HOSTILE)).replace("@raw@", RAW).replace("@name@", "::name::\u{1b}[35m");
            self.write(&name, &text.replace("@hidden@", "\u{202e}\u{85}::error::x\u{2028}::error::y\u{200b}"));
        }
    }

    fn telemetry(&self) {
        let mut rows = String::new();
        for minute in 0..60 {
            for (kettle, text) in [("one", "boiled dry"), (HOSTILE, "switched on"), ("two", "failed")] {
                let row = json!({
                    "at": format!("2025-08-05T11:{minute:02}:00Z"), "kitchen": HOSTILE, "kettle": format!("{HOSTILE}{kettle}"),
                    "message": format!("{text} {HOSTILE}"), "id": format!("{HOSTILE}{kettle}{minute}"),
                });
                let _ = writeln!(rows, "{row}");
            }
        }
        let line = HOSTILE.replace(['\n', '\r'], " ");
        let _ = writeln!(rows, "{line}\n{{\"at\": {}}}", Value::from(HOSTILE));
        for folder in ["incident", "bare"] {
            self.write(&format!("{folder}/journal.ndjson"), &rows);
            self.write(&format!("{folder}/\u{1b}[2J\n::error::x.csv"), "a,b\n");
            self.write(&format!("{folder}/::error::\u{202e}x.ndjson"), "{}\n");
        }
        let incident = fs::read_to_string(self.folder().join("incident/incident.yaml")).unwrap();
        self.write("broken-incident/incident.yaml", &incident.replace("2025-08-05T12:00:00Z", &quoted(HOSTILE)));
        self.write("clusters.txt", &format!("{line}\n/a/{line}\nx{line}\n"));
        self.write(
            "pack/log-lines.jsonl",
            &format!("{}\n{line}\n", json!({ "line": HOSTILE, "matches": ["water-missing"] })),
        );
    }
}

/// A text in double quotes of YAML, with escapes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ => {
                let _ = write!(out, "\\U{:08x}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}
