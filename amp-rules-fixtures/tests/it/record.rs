//! Recording: the diagnosis of every incident of the pack, with identifiers added, is the same after their replacement.
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use amp_rules_core::diagnosis::{Finding, Grade, Status};
use amp_rules_core::telemetry::source::data::RowProblem;
use amp_rules_core::telemetry::source::{SourceError, SourceErrorKind};
use amp_rules_core::{Diagnosis, RuleSet, collect, evaluate, plan};
use amp_rules_fixtures::record::{IdentifierKind, RawRows, RecordError, RecordOutput, Recording, differences, record};
use amp_rules_fixtures::scenario::{Rows, write_folder};
use amp_rules_fixtures::{FixtureSource, Incident};
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

/// Records the rows of an incident that a source reads.
fn recorded_rows(
    rules: &RuleSet,
    incident: &Incident,
    rows: &dyn RawRows,
    to: &Path,
    names: bool,
    words: &[String],
) -> Result<RecordOutput, RecordError> {
    let plan = plan(rules, &incident.scope()).unwrap();
    let recording = Recording {
        title: &incident.title,
        schema: &rules.schema,
        plan: &plan,
        declared: &incident.tables,
        names,
        words,
        known: &BTreeMap::new(),
    };
    record(&recording, rows, to)
}

fn recorded(rules: &RuleSet, from: &Path, to: &Path, names: bool) -> Result<RecordOutput, RecordError> {
    let source = FixtureSource::open(from, &rules.schema).unwrap();
    recorded_rows(rules, source.incident().unwrap(), &source, to, names, &[])
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
            let done = recorded(&rules, &from, &to, names).unwrap();
            let after = diagnosed(&rules, &to);
            let differs = differences(&before, &after, &done.pseudonyms);
            assert_eq!(differs, [], "{} with names {names}", incident.display());
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
fn only_status_roots_grades_chains_and_findings_are_compared() {
    let rules = pack_rules();
    let all = pack_incidents();
    let work = tempfile::tempdir().unwrap();
    let done = recorded(&rules, &all[1], &work.path().join("to"), false).unwrap();
    let differences = |before: &Diagnosis, after: &Diagnosis| -> Vec<String> {
        differences(before, after, &done.pseudonyms).iter().map(ToString::to_string).collect()
    };
    let (one, other) = (diagnosed(&rules, &all[1]), diagnosed(&rules, &all[0]));
    assert_eq!(differences(&one, &one), [""; 0]);
    assert_ne!(differences(&one, &other), [""; 0]);
    let mut after = one.clone();
    after.coverage.visible = 0.5;
    after.coverage.unmatched.clear();
    after.findings[0].evidence.clear();
    after.findings[0].activity.last = after.window.to;
    after.roots[0].why_not_confirmed.push("another text".to_owned());
    assert_eq!(differences(&one, &after), [""; 0]);
    let root = one.roots[0].pattern.clone();
    let mut after = one.clone();
    after.roots[0].grade = if one.roots[0].grade == Grade::Open { Grade::Confirmed } else { Grade::Open };
    after.status = Status::Healthy;
    after.findings.push(Finding { pattern: "another".to_owned(), ..one.findings[0].clone() });
    let status = format!("the status is healthy instead of {}", one.status.as_str());
    let grade = format!("the grade of the root `{root}` differs");
    assert_eq!(differences(&one, &after), [status, grade, "the finding `another` is new".to_owned()]);
    let mut after = one.clone();
    after.roots.clear();
    after.findings[0].entities.clear();
    let finding = format!("the entities of the finding `{}` differs", one.findings[0].pattern);
    let lost: Vec<String> = differences(&one, &after);
    assert_eq!((&lost[0], lost.last()), (&format!("the root `{root}` is missing"), Some(&finding)));
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
    let to = work.path().join("to");
    recorded_rows(&rules, &incident, &Unreadable(source), &to, false, &["aks-sde-eastus".to_owned()]).unwrap();
    let text = fs::read_to_string(to.join("incident.yaml")).unwrap();
    assert!(text.contains("\"customMetrics\": { missing: denied }"), "{text}");
    assert!(text.contains("\"traces\": { partial: bad_rows }"), "{text}");
    assert!(text.contains("resourceGroups/name-1/"), "{text}");
    assert!(FixtureSource::open(&to, &rules.schema).is_ok());
}

/// A source that refuses every table.
struct Refusing;

impl RawRows for Refusing {
    fn raw(&self, table: &str, _: &mut dyn FnMut(Map<String, Value>)) -> Result<Vec<RowProblem>, SourceError> {
        Err(SourceError::read(SourceErrorKind::Denied, table, "not yours"))
    }
}

#[test]
fn a_source_that_refuses_every_table_is_not_recorded() {
    let rules = pack_rules();
    let work = tempfile::tempdir().unwrap();
    let source = FixtureSource::open(&pack_incidents()[1], &rules.schema).unwrap();
    let to = work.path().join("to");
    let failed = recorded_rows(&rules, source.incident().unwrap(), &Refusing, &to, false, &[]).unwrap_err();
    assert!(matches!(failed, RecordError::Unreadable(_)), "{failed}");
    assert!(failed.to_string().ends_with(": not yours"), "{failed}");
    assert!(!to.exists());
}

#[test]
fn doubtful_texts_are_listed_with_their_place() {
    let rules = pack_rules();
    let work = tempfile::tempdir().unwrap();
    let (from, to) = (work.path().join("from"), work.path().join("to"));
    let source = FixtureSource::open(&pack_incidents()[1], &rules.schema).unwrap();
    let mut rows = Rows::new();
    for table in source.tables() {
        let mut all: Vec<Map<String, Value>> = Vec::new();
        source.rows(table, &mut |row| all.push(row)).unwrap();
        if table == "traces" {
            let dimensions = all[0].get_mut("customDimensions").and_then(Value::as_object_mut).unwrap();
            dimensions.insert("note".to_owned(), json!("see qR7tY2uI9oP4aS6dF8gH1jK"));
        }
        rows.insert(table.to_owned(), all);
    }
    write_folder(&from, &rows).unwrap();
    fs::copy(pack_incidents()[1].join("incident.yaml"), from.join("incident.yaml")).unwrap();
    let done = recorded(&rules, &from, &to, false).unwrap();
    let listed = done.doubtful.iter().find(|one| one.shape == "23 characters: upper case, lower case, digits").unwrap();
    let place = listed.place.clone().unwrap();
    assert_eq!((place.table.as_str(), place.column.as_str()), ("traces", "customDimensions.note"));
    let traces = contents(&to)["traces.ndjson.gz"].clone();
    let row = traces.lines().nth(usize::try_from(place.row).unwrap() - 1).unwrap();
    assert!(row.contains(&format!("see {}", listed.replacement)), "{row}");
}
