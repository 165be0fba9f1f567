//! Recording: every incident of the pack, with identifiers put into it, is diagnosed the same once they are replaced.
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use amp_rules_core::source::data::RowProblem;
use amp_rules_core::source::{SourceError, SourceErrorKind};
use amp_rules_core::{Diagnosis, RuleSet, collect, compile, evaluate, plan};
use amp_rules_fixtures::cases::incidents_below;
use amp_rules_fixtures::record::{Kind, RawRows, RecordError, Recorded, Recording, record, same};
use amp_rules_fixtures::scenario::{Rows, write_folder};
use amp_rules_fixtures::{FixtureSource, pack};
use flate2::read::MultiGzDecoder;
use serde_json::{Map, Value, json};

const SUBSCRIPTION: &str = "4F1C22AB-90d1-4c62-8f4e-6a1e0d3b7c55";
const ZERO: &str = "00000000-0000-0000-0000-000000000000";

/// What must not stand in a record, whatever is asked for.
const SECRETS: &[&str] =
    &["4f1c22ab", "10.20.30.40", "ops@contoso.example.com", "s3cr3t-Of-Ours", "eyJhbGciOiJIUzI1NiJ9"];

fn pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules")
}

fn rules() -> RuleSet {
    compile(&pack::files(&pack()).unwrap()).unwrap()
}

fn incidents() -> Vec<PathBuf> {
    let all = incidents_below(&pack().join("incidents"));
    assert!(all.len() >= 7, "{all:?}");
    all
}

/// A copy of an incident with ids where zeros stood, and now and then something that tells somebody.
fn identified(incident: &Path, out: &Path, rules: &RuleSet) {
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
                let told = format!(
                    "10.20.30.40 ops@contoso.example.com {} eyJhbGciOiJIUzI1NiJ9.e30abc.x",
                    SUBSCRIPTION.to_lowercase()
                );
                dimensions.insert("note".to_owned(), json!([told, {"header": "password=s3cr3t-Of-Ours"}]));
            }
            all.push(row);
        };
        assert_eq!(source.rows(table, &mut each).unwrap(), Vec::new());
        rows.insert(table.to_owned(), all);
    }
    write_folder(out, &rows).unwrap();
    let told = fs::read_to_string(incident.join("incident.yaml")).unwrap();
    fs::write(out.join("incident.yaml"), told.replace(ZERO, SUBSCRIPTION)).unwrap();
}

fn diagnosed(rules: &RuleSet, folder: &Path) -> Diagnosis {
    let source = FixtureSource::open(folder, &rules.schema).unwrap();
    let plan = plan(rules, &source.incident().unwrap().scope()).unwrap();
    evaluate(rules, &futures::executor::block_on(collect(&plan, &source)))
}

fn recorded(rules: &RuleSet, from: &Path, to: &Path, names: bool) -> Result<Recorded, RecordError> {
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

/// Every file of a folder, unpacked.
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
    let rules = rules();
    for (at, incident) in incidents().into_iter().enumerate() {
        let work = tempfile::tempdir().unwrap();
        let from = work.path().join("from");
        identified(&incident, &from, &rules);
        let before = diagnosed(&rules, &from);
        // Without names once: what is left alone then cannot change a diagnosis.
        for names in if at == 0 { vec![true, false] } else { vec![true] } {
            let to = work.path().join(format!("to-{names}"));
            let mut done = recorded(&rules, &from, &to, names).unwrap();
            let after = diagnosed(&rules, &to);
            assert!(same(&before, &after, &mut done.book), "{} with names {names}", incident.display());
            let name = incident.file_name().unwrap().to_string_lossy().into_owned();
            for (file, text) in contents(&to) {
                let text = text.to_lowercase();
                for secret in SECRETS {
                    assert!(!text.contains(&secret.to_lowercase()), "{file} holds {secret}");
                }
                assert!(!names || !text.contains(&format!("/{name}")), "{file} names {name}");
            }
            let kinds: Vec<Kind> = done.book.replaced().map(|one| one.kind).collect();
            assert!(kinds.contains(&Kind::Id) && kinds.contains(&Kind::Secret) && kinds.contains(&Kind::Address));
            assert_eq!(kinds.contains(&Kind::Name), names);
        }
    }
}

#[test]
fn another_diagnosis_is_not_taken_for_the_same() {
    let rules = rules();
    let all = incidents();
    let work = tempfile::tempdir().unwrap();
    let mut done = recorded(&rules, &all[1], &work.path().join("to"), false).unwrap();
    let (one, other) = (diagnosed(&rules, &all[1]), diagnosed(&rules, &all[0]));
    assert!(same(&one, &one, &mut done.book));
    assert!(!same(&one, &other, &mut done.book));
}

#[test]
fn a_record_of_a_record_is_the_same() {
    let rules = rules();
    let incident = &incidents()[1];
    let work = tempfile::tempdir().unwrap();
    let [first, second, third] = ["first", "second", "third"].map(|name| work.path().join(name));
    identified(incident, &first, &rules);
    recorded(&rules, &first, &second, true).unwrap();
    recorded(&rules, &second, &third, true).unwrap();
    let same = contents(&second) == contents(&third);
    assert!(same, "the second record differs from the first");
}

#[test]
fn a_folder_that_holds_something_is_left_alone() {
    let rules = rules();
    let work = tempfile::tempdir().unwrap();
    fs::write(work.path().join("mine"), "here").unwrap();
    let failed = recorded(&rules, &incidents()[1], work.path(), false).unwrap_err();
    assert!(matches!(failed, RecordError::Exists(_)), "{failed}");
    assert_eq!(contents(work.path()), BTreeMap::from([("mine".to_owned(), "here".to_owned())]));
}

/// Rows of which some cannot be read.
struct Torn(FixtureSource);

impl RawRows for Torn {
    fn raw(&self, table: &str, each: &mut dyn FnMut(Map<String, Value>)) -> Result<Vec<RowProblem>, SourceError> {
        if table == "customMetrics" {
            return Err(SourceError::new(SourceErrorKind::Denied, "read", "not yours"));
        }
        self.0.raw(table, each)?;
        Ok(vec![RowProblem { origin: "x".to_owned(), line: 1, what: "torn".to_owned() }])
    }
}

#[test]
fn what_could_not_be_read_is_no_absence_in_the_record() {
    let rules = rules();
    let work = tempfile::tempdir().unwrap();
    let source = FixtureSource::open(&incidents()[1], &rules.schema).unwrap();
    let incident = source.incident().unwrap().clone();
    let plan = plan(&rules, &incident.scope()).unwrap();
    let recording = Recording {
        title: "torn",
        schema: &rules.schema,
        plan: &plan,
        declared: &incident.tables,
        names: false,
        words: &["aks-sde-eastus".to_owned()],
    };
    let to = work.path().join("to");
    record(&recording, &Torn(source), &to).unwrap();
    let told = fs::read_to_string(to.join("incident.yaml")).unwrap();
    assert!(told.contains("\"customMetrics\": { missing: denied }"), "{told}");
    assert!(told.contains("\"traces\": { partial: bad_rows }"), "{told}");
    assert!(told.contains("resourceGroups/name-1/"), "{told}");
    assert!(FixtureSource::open(&to, &rules.schema).is_ok());
}
