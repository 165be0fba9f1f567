//! A pack, an incident folder and queries with hostile text in every position that accepts a text.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

/// Sequences for terminals, commands of CI systems, hidden characters and markup. Where it is wrapped, every line begins
/// with a command.
pub(super) const HOSTILE: &str = concat!(
    "::error::0 x\n::set-output name=a::b\r\n  ##vso[task.setvariable variable=p]1\n##[error]x ##\u{ad}vso[x]",
    "\u{1b}]8;;https://evil.example\u{7}click\u{1b}]8;;\u{7}\u{1b}[35m\u{9b}2J\u{8} \u{202e}fdp\u{2066} \u{200b}\u{2028}",
    "::notice::y\u{85}::warning::z\u{b}\u{c} @team https://evil.example ![i](https://evil.example/x.png) <img src=x> | a | ```",
    " ::error::1 ::error::2 ::error::3 ::error::4 ::error::5 ::error::6 ::error::7 ::error::8 ::error::9 ::error::10",
    " ::error::11 ::error::12 ::error::13 ::error::14 ::error::15 ::error::16 ::error::17 ::error::18 ::error::19",
);

/// The files of one test.
pub(super) struct Input {
    work: TempDir,
}

impl Input {
    pub(super) fn new() -> Self {
        let work = tempfile::tempdir().unwrap();
        let input = Self { work };
        input.pack();
        input.broken();
        input.incidents();
        input.queries();
        input
    }

    pub(super) fn folder(&self) -> &Path {
        self.work.path()
    }

    /// A query whose file name is hostile.
    pub(super) fn hostile_query(&self) -> String {
        "::error::\u{1b}[2J\u{202e}\n::notice::x.kql".to_owned()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn pack(&self) {
        let h = quoted(HOSTILE);
        self.write(
            "pack/pack.yaml",
            &format!(
                "format: amp-rules/v1\npack: kettle\nversion: 0.1.0\n\
                 parameters:\n  boils: {{ value: 3, because: {h} }}\n\
                 entities:\n  kitchen: {{ keys: [kitchen] }}\n  kettle: {{ within: kitchen, keys: [kettle] }}\n\
                 tables:\n  journal:\n    kind: logs\n    time: at\n    text: message\n    identity: id\n    \
                 columns: {{ at: datetime, message: string, kitchen: string, kettle: string, id: string }}\n    \
                 keys: {{ kitchen: kitchen, kettle: kettle }}\n    heartbeat: {{ every: 30m }}\n    errors: {{ regex: 'failed' }}\n"
            ),
        );
        self.write(
            "pack/water-missing/pattern.yaml",
            &format!(
                "format: amp-rules/v1\nid: water-missing\ntitle: {h}\nclass: cause\nseverity: error\nscope: kettle\n\
                 owner: {h}\nsummary: {h}\nsymptoms:\n  dry:\n    log: {{ table: journal, regex: 'boiled dry' }}\n    \
                 because: {h}\n    examples: {{ match: [{line}], no_match: [{h}] }}\n  \
                 again: {{ repeats: dry, at_least: $boils, within: 15m, because: {h} }}\n\
                 when: dry\nnoise_unless: again\ncauses:\n  - {{ pattern: tea-missing, strength: likely, because: {h} }}\n\
                 remedy:\n  - {{ id: fill, do: {h}, caution: {h} }}\n  - {{ id: verify-water, verify: {h} }}\n\
                 queries: [boils]\nreferences: [{h}]\n",
                line = quoted(&format!("boiled dry {HOSTILE}")),
            ),
        );
        self.write(
            "pack/tea-missing/pattern.yaml",
            &format!(
                "format: amp-rules/v1\nid: tea-missing\ntitle: {t}\nclass: complaint\nseverity: warning\nscope: kitchen\n\
                 summary: {h}\nremedy:\n  - {{ id: verify-tea, verify: {h} }}\n",
                t = quoted(&format!("tea {HOSTILE}")),
            ),
        );
        self.write(
            "pack/water-missing/cases.yaml",
            &format!(
                "format: amp-rules-cases/v1\ncases:\n  - name: {h}\n    given:\n      subject: {{ kitchen: {h} }}\n      \
                 logs:\n        journal:\n          - {{ at: -10m, entity: {{ kitchen: {h}, kettle: {h} }}, line: {h} }}\n    \
                 expect: {{ status: diagnosed, root: water-missing }}\n  - name: {n}\n    todo: {h}\n    given: {{}}\n    \
                 expect: {{ status: diagnosed, root: water-missing }}\n",
                n = quoted(&format!("todo {HOSTILE}")),
            ),
        );
        self.write(
            "pack/indicators.yaml",
            &format!(
                "format: amp-rules-indicators/v1\nindicators:\n  - {{ id: water, kind: unhealthy, text: {h}, when: water-missing }}\n"
            ),
        );
        self.write(
            "pack/workflow.yaml",
            &format!(
                "format: amp-rules-workflow/v1\nsteps:\n  - step: 1\n    title: {h}\n    items:\n      \
                 - {{ text: {h}, patterns: [water-missing], queries: [boils], tables: [journal] }}\nnotes:\n  - {h}\n"
            ),
        );
        let lines = json!({ "line": HOSTILE, "matches": ["water-missing"] });
        self.write("pack/log-lines.jsonl", &format!("{lines}\n{HOSTILE}\n"));
        self.write("pack/queries/boils.kql", &query());
    }

    /// A pack whose diagnostics quote hostile text, and have hostile file names.
    fn broken(&self) {
        let h = quoted(HOSTILE);
        self.write("broken/pack.yaml", &fs::read_to_string(self.folder().join("pack/pack.yaml")).unwrap());
        self.write(
            "broken/\u{1b}[2J::error::x/pattern.yaml",
            &format!(
                "format: amp-rules/v1\nid: {h}\ntitle: {h}\nclass: {h}\nseverity: {h}\nscope: {h}\n{h}: 1\nsummary: \"a\u{202e}b\"\n\
                 symptoms:\n  dry:\n    log: {{ table: {h}, regex: {h}, component: {h} }}\n  slow:\n    metric: {{ name: {h}, above: {h} }}\n\
                 when: {{ all: [{h}] }}\ncauses:\n  - {{ pattern: {h}, strength: {h}, lag: {h} }}\n\
                 remedy:\n  - {{ id: {h}, do: 1 }}\nqueries: [{h}]\n# ::error::comment \u{2028}::notice::x\n"
            ),
        );
        self.write("broken/a/pattern.yaml", "format: amp-rules/v1\nid: [\n::error::x ##[error]y\n");
        self.write(&format!("broken/{}", self.hostile_query()), &query());
    }

    fn incidents(&self) {
        let (h, message) = (quoted(HOSTILE), format!("boiled dry {HOSTILE}"));
        let incident = format!(
            "format: amp-rules-incident/v1\ntitle: {h}\nsubject: {{ kitchen: {h} }}\nnow: 2025-08-05T12:00:00Z\nwindow: 1h\n\
             tables: {{ journal: complete }}\nreported: [ {{ pattern: tea-missing }} ]\nprovenance: {h}\n"
        );
        let mut rows = String::new();
        for minute in 0..60 {
            for (kettle, text) in [("one", message.as_str()), (HOSTILE, "switched on"), (HOSTILE, HOSTILE)] {
                let row = json!({
                    "at": format!("2025-08-05T11:{minute:02}:00Z"), "kitchen": HOSTILE, "kettle": format!("{kettle} kettle"),
                    "message": if minute % 7 == 0 { format!("failed {text}") } else { text.to_owned() },
                    "id": format!("{HOSTILE}{kettle}{minute}{}", text.len()),
                });
                let _ = writeln!(rows, "{row}");
            }
        }
        let _ = writeln!(rows, "{}\n{{\"at\": {}}}", HOSTILE.replace('\n', " "), Value::from(HOSTILE));
        for folder in ["incident", "bare"] {
            self.write(&format!("{folder}/journal.ndjson"), &rows);
            self.write(&format!("{folder}/\u{1b}[2J\n::error::x.csv"), "a,b\n");
            self.write(&format!("{folder}/::error::\u{202e}x.ndjson"), "{}\n");
        }
        self.write("incident/incident.yaml", &incident);
        self.write(
            "broken-incident/incident.yaml",
            &incident.replace("now: 2025-08-05T12:00:00Z", &format!("now: {h}")),
        );
        let line = HOSTILE.replace(['\n', '\r'], " ");
        self.write("clusters.txt", &format!("{line}\n/a/{line}\nx{line}\n"));
    }

    fn queries(&self) {
        self.write("hostile.kql", &query());
        self.write(&self.hostile_query(), &query());
        self.write(
            "wrong.kql",
            "// \u{1b}[2J\n::error::x\njournal | where ['\u{1b}[2J\u{202e}::error::x'] == '##[error]x'\n",
        );
    }
}

/// A query with hostile text in a comment, in a literal, and in the names of its columns.
fn query() -> String {
    let literal = "::error::a ##vso[x]y \u{1b}[35m\u{202e}\u{9b}";
    format!(
        "// \u{1b}]8;;https://evil.example\u{7} ##[error]x \u{202e}\njournal\n| where kettle != '{literal}'\n\
         | extend ['{literal}'] = strcat('::', kettle), z = '{literal}'\n| project ['{literal}'], z, kettle, message, id | take 20\n"
    )
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
