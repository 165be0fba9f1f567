//! Recording: identifiers and secrets are replaced.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::LazyLock;

use amp_rules_core::telemetry::source::data::RowProblem;
use amp_rules_core::telemetry::source::{SourceError, SourceErrorKind};
use amp_rules_core::{Plan, RuleSet, Scope, Window, plan};
use amp_rules_fixtures::declared::Declarations;
use amp_rules_fixtures::record::{IdentifierKind, RawRows, Recording, Replacement, record};
use flate2::read::MultiGzDecoder;
use serde_json::{Map, Value, json};

const CLUSTER: &str = "/subscriptions/1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed/resourceGroups/shop-rg/providers/\
    Microsoft.ContainerService/managedClusters/shop-prod";

/// The size of the text that a repeated input fills, in bytes. Time that grows with its square exceeds the limit.
const LONG: usize = 64 << 10;

/// The minimum length in bytes of an identifier that must not remain as a word of another text.
const MIN_LENGTH: usize = 8;

static RULES: LazyLock<RuleSet> = LazyLock::new(crate::seeds::small_pack);

fn plan_of(cluster: &str) -> Plan {
    let at = |text: &str| text.parse().expect("an instant");
    let window = Window { from: at("2026-01-01T00:00:00Z"), to: at("2026-01-02T00:00:00Z") };
    plan(&RULES, &Scope::new(window).with_subject("cluster", cluster)).expect("a plan")
}

struct Rows(Vec<Map<String, Value>>);

impl RawRows for Rows {
    fn raw(&self, table: &str, each: &mut dyn FnMut(Map<String, Value>)) -> Result<Vec<RowProblem>, SourceError> {
        if table != "traces" {
            return Err(SourceError::new(SourceErrorKind::NotConfigured, "read", "no such table"));
        }
        self.0.iter().cloned().for_each(each);
        Ok(Vec::new())
    }
}

/// The rows of texts. A text that is a JSON object becomes the properties of its row.
fn rows<'t>(texts: impl Iterator<Item = &'t str>) -> Rows {
    let row = |(at, text): (usize, &str)| {
        let mut properties = match serde_json::from_str(text) {
            Ok(Value::Object(properties)) => properties,
            _ => Map::new(),
        };
        properties.insert("cluster".to_owned(), CLUSTER.into());
        properties.insert("podname".to_owned(), format!("p{at}").into());
        properties.entry("note").or_insert_with(|| text.into());
        let row = json!({
            "timestamp": "2026-01-01T12:00:00Z", "itemId": format!("{at}"), "message": text, "customDimensions": properties,
        });
        row.as_object().cloned().unwrap_or_default()
    };
    Rows(texts.enumerate().map(row).collect())
}

/// The result of a recording: the texts of its files, and what was replaced.
#[derive(Debug, PartialEq)]
struct Recorded {
    files: BTreeMap<String, String>,
    replaced: Vec<Replacement>,
}

fn recorded(rows: &Rows, names: bool) -> Recorded {
    let cluster = rows.0.first().and_then(|row| row.get("customDimensions")?.get("cluster")?.as_str());
    let plan = plan_of(cluster.unwrap_or(CLUSTER));
    crate::folder::with_folder(|folder| {
        let folder = folder.join("record");
        let recording = Recording {
            title: "t",
            schema: &RULES.schema,
            plan: &plan,
            declared: &Declarations::default(),
            names,
            words: &[],
            known: &BTreeMap::new(),
        };
        let output = record(&recording, rows, &folder).expect("a record");
        Recorded { files: contents(&folder), replaced: output.pseudonyms.replaced().collect() }
    })
}

fn contents(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder).expect("the record").map(|entry| entry.expect("a file").path());
    files
        .map(|path| {
            let bytes = fs::read(&path).expect("a file of the record");
            let mut text = String::new();
            if path.extension().is_some_and(|ending| ending == "gz") {
                MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("UTF-8");
            } else {
                text = String::from_utf8(bytes).expect("UTF-8");
            }
            (path.file_name().expect("a name").to_string_lossy().into_owned(), text)
        })
        .collect()
}

/// The rows that a record holds.
fn rows_of(recorded: &Recorded) -> Rows {
    let text = recorded.files.get("traces.ndjson.gz").map_or("", String::as_str);
    Rows(text.lines().map(|line| serde_json::from_str(line).expect("a row of the record is a JSON object")).collect())
}

/// Calls `each` with every text in a cell, keys included.
fn texts(cell: &Value, each: &mut dyn FnMut(&str)) {
    match cell {
        Value::String(text) => each(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, each)),
        Value::Object(object) => object.iter().for_each(|(name, item)| {
            each(name);
            texts(item, each);
        }),
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// Whether a text contains a word that is not part of a longer one.
fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.into_iter().chain(after).any(char::is_alphanumeric)
    })
}

/// Records texts, separated by lines `---`. The first byte decides whether names are replaced.
///
/// # Panics
///
/// - A secret that was replaced remains as a word of any text.
/// - The order of the rows changes what is replaced.
/// - Recording a record replaces something again.
pub fn redact(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut letters = text.chars();
    let names = letters.next().is_some_and(|first| u32::from(first) % 2 == 1);
    let text = letters.as_str();
    if text.is_empty() {
        return;
    }
    let mut input = rows(text.split("\n---\n"));
    let first = recorded(&input, names);
    let output = rows_of(&first);
    assert_eq!(output.0.len(), input.0.len(), "a row is lost");
    let secrets: Vec<&Replacement> = first
        .replaced
        .iter()
        .filter(|one| one.kind == IdentifierKind::Secret && one.original.len() >= MIN_LENGTH)
        .collect();
    let mut check = |text: &str| {
        for secret in &secrets {
            assert!(!contains_word(text, &secret.original), "`{}` remains in `{text}`", secret.original);
        }
    };
    output.0.iter().for_each(|row| row.values().for_each(|cell| texts(cell, &mut check)));

    input.0.reverse();
    assert_eq!(recorded(&input, names).replaced, first.replaced, "the order of rows changes the replacement");

    let again = recorded(&output, names);
    assert_eq!(again.files.get("traces.ndjson.gz"), first.files.get("traces.ndjson.gz"), "{:?}", again.replaced);

    if crate::is_chosen(data, 64) {
        recorded(&rows(std::iter::once(text.repeat(LONG / text.len() + 1).as_str())), names);
    }
}
