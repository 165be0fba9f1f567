//! Recording: the diagnosis of every incident of the pack, with identifiers added, is the same after their replacement.
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use amp_rules_core::telemetry::source::data::RowProblem;
use amp_rules_core::telemetry::source::{SourceError, SourceErrorKind};
use amp_rules_core::{Diagnosis, RuleSet, collect, evaluate, plan};
use amp_rules_fixtures::FixtureSource;
use amp_rules_fixtures::record::{IdentifierKind, RawRows, RecordError, RecordOutput, Recording, record, same};
use amp_rules_fixtures::scenario::{Rows, write_folder};
use flate2::read::MultiGzDecoder;
use serde_json::{Map, Value, json};

use crate::support::{file_name, pack_incidents, pack_rules};

const SUBSCRIPTION: &str = "4F1C22AB-90d1-4c62-8f4e-6a1e0d3b7c55";
const ZERO: &str = "00000000-0000-0000-0000-000000000000";

/// Texts that no record may contain, with names or without.
const SECRETS: &[&str] =
    &["4f1c22ab", "10.20.30.40", "ops@contoso.example.com", "s3cr3t-Of-Ours", "eyJhbGciOiJIUzI1NiJ9"];

/// Writes a copy of an incident with an id in place of zeros, and with identifiers in every 20th row.
fn add_identifiers(incident: &Path, out: &Path, rules: &RuleSet) {
    let source = FixtureSource::open(incident, &rules.schema).unwrap();
    let mut rows = Rows::new();
    for table in source.tables() {
        let mut all: Vec<Map<String, Value>> = Vec::new();
        let mut each = |row: Map<String, Value>| {
            let text = Value::Object(row).to_string().replace(ZERO, SUBSCRIPTION);
            let mut row: Map<String, Value> = serde_json::from_str(&text).unwrap();
            if all.len().is_multiple_of(20)
                && let Some(Value::Object(dimensions)) = row.get_mut("customDimensions")
            {
                let note = format!(
                    "10.20.30.40 ops@contoso.example.com {} eyJhbGciOiJIUzI1NiJ9.e30abc.x",
                    SUBSCRIPTION.to_lowercase()
                );
                dimensions.insert("note".to_owned(), json!([note, {"header": "password=s3cr3t-Of-Ours"}]));
            }
            all.push(row);
        };
        assert_eq!(source.rows(table, &mut each).unwrap(), Vec::new());
        rows.insert(table.to_owned(), all);
    }
    write_folder(out, &rows).unwrap();
    let text = fs::read_to_string(incident.join("incident.yaml")).unwrap();
    fs::write(out.join("incident.yaml"), text.replace(ZERO, SUBSCRIPTION)).unwrap();
}

fn diagnosed(rules: &RuleSet, folder: &Path) -> Diagnosis {
    let source = FixtureSource::open(folder, &rules.schema).unwrap();
    let plan = plan(rules, &source.incident().unwrap().scope()).unwrap();
    evaluate(rules, &futures::executor::block_on(collect(&plan, &source)))
}

fn recorded(rules: &RuleSet, from: &Path, to: &Path, names: bool) -> Result<RecordOutput, RecordError> {
    let source = FixtureSource::open(from, &rules.schema).unwrap();
    let incident = source.incident().unwrap();
    let plan = plan(rules, &incident.scope()).unwrap();
    let recording = Recording {
        title: &incident.title,
        schema: &rules.schema,
        plan: &plan,
        declared: &incident.tables,
        names,
        words: &[],
    };
    record(&recording, &source, to)
}

/// The files of a folder by name, decompressed.
fn contents(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            let bytes = fs::read(&path).unwrap();
            let mut text = String::new();
            if path.extension().is_some_and(|ending| ending == "gz") {
                MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
            } else {
                text = String::from_utf8(bytes).unwrap();
            }
            (path.file_name().unwrap().to_string_lossy().into_owned(), text)
        })
        .collect()
}

#[test]
fn every_incident_is_diagnosed_the_same_without_its_identifiers() {
    let rules = pack_rules();
    for (at, incident) in pack_incidents().into_iter().enumerate() {
        let work = tempfile::tempdir().unwrap();
        let from = work.path().join("from");
        add_identifiers(&incident, &from, &rules);
        let before = diagnosed(&rules, &from);
        // Once without names: identifiers that remain cannot change a diagnosis.
        for names in if at == 0 { vec![true, false] } else { vec![true] } {
            let to = work.path().join(format!("to-{names}"));
            let mut done = recorded(&rules, &from, &to, names).unwrap();
            let after = diagnosed(&rules, &to);
            assert!(same(&before, &after, &mut done.pseudonyms), "{} with names {names}", incident.display());
            let name = file_name(&incident);
            for (file, text) in contents(&to) {
                let text = text.to_lowercase();
                for secret in SECRETS {
                    assert!(!text.contains(&secret.to_lowercase()), "{file} holds {secret}");
                }
                assert!(!names || !text.contains(&format!("/{name}")), "{file} names {name}");
            }
            let kinds: Vec<IdentifierKind> = done.pseudonyms.replaced().map(|one| one.kind).collect();
            assert!(
                kinds.contains(&IdentifierKind::Id)
                    && kinds.contains(&IdentifierKind::Secret)
                    && kinds.contains(&IdentifierKind::Address)
            );
            assert_eq!(kinds.contains(&IdentifierKind::Name), names);
        }
    }
}

#[test]
fn different_diagnoses_are_not_the_same() {
    let rules = pack_rules();
    let all = pack_incidents();
    let work = tempfile::tempdir().unwrap();
    let mut done = recorded(&rules, &all[1], &work.path().join("to"), false).unwrap();
    let (one, other) = (diagnosed(&rules, &all[1]), diagnosed(&rules, &all[0]));
    assert!(same(&one, &one, &mut done.pseudonyms));
    assert!(!same(&one, &other, &mut done.pseudonyms));
}

#[test]
fn a_record_of_a_record_is_the_same() {
    let rules = pack_rules();
    let incident = &pack_incidents()[1];
    let work = tempfile::tempdir().unwrap();
    let [first, second, third] = ["first", "second", "third"].map(|name| work.path().join(name));
    add_identifiers(incident, &first, &rules);
    recorded(&rules, &first, &second, true).unwrap();
    recorded(&rules, &second, &third, true).unwrap();
    let same = contents(&second) == contents(&third);
    assert!(same, "the second record differs from the first");
}

#[test]
fn a_folder_that_is_not_empty_remains_unchanged() {
    let rules = pack_rules();
    let work = tempfile::tempdir().unwrap();
    fs::write(work.path().join("mine"), "here").unwrap();
    let failed = recorded(&rules, &pack_incidents()[1], work.path(), false).unwrap_err();
    assert!(matches!(failed, RecordError::Exists(_)), "{failed}");
    assert_eq!(contents(work.path()), BTreeMap::from([("mine".to_owned(), "here".to_owned())]));
}

/// Rows of which some are unreadable.
struct Unreadable(FixtureSource);

impl RawRows for Unreadable {
    fn raw(&self, table: &str, each: &mut dyn FnMut(Map<String, Value>)) -> Result<Vec<RowProblem>, SourceError> {
        if table == "customMetrics" {
            return Err(SourceError::new(SourceErrorKind::Denied, "read", "not yours"));
        }
        self.0.raw(table, each)?;
        Ok(vec![RowProblem { origin: "x".to_owned(), line: 1, what: "unreadable".to_owned() }])
    }
}

#[test]
fn unreadable_rows_are_declared_in_the_record() {
    let rules = pack_rules();
    let work = tempfile::tempdir().unwrap();
    let source = FixtureSource::open(&pack_incidents()[1], &rules.schema).unwrap();
    let incident = source.incident().unwrap().clone();
    let plan = plan(&rules, &incident.scope()).unwrap();
    let recording = Recording {
        title: "unreadable",
        schema: &rules.schema,
        plan: &plan,
        declared: &incident.tables,
        names: false,
        words: &["aks-sde-eastus".to_owned()],
    };
    let to = work.path().join("to");
    record(&recording, &Unreadable(source), &to).unwrap();
    let text = fs::read_to_string(to.join("incident.yaml")).unwrap();
    assert!(text.contains("\"customMetrics\": { missing: denied }"), "{text}");
    assert!(text.contains("\"traces\": { partial: bad_rows }"), "{text}");
    assert!(text.contains("resourceGroups/name-1/"), "{text}");
    assert!(FixtureSource::open(&to, &rules.schema).is_ok());
}
