//! The incidents of the pack: their rows are what their scenarios tell, to the byte, and their diagnoses are as expected.
//!
//! `UPDATE=1` writes the rows anew.
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use amp_rules_core::compile;
use amp_rules_fixtures::cases::{self, Options, Outcome};
use amp_rules_fixtures::{FixtureSource, Incident, pack};

/// No folder is larger, in bytes.
const LARGEST: u64 = 1_000_000;

fn rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules")
}

fn incidents() -> Vec<PathBuf> {
    cases::incidents_below(&rules().join("incidents"))
}

/// The bytes of a file as they are before they are packed; what packs them may change with its version.
fn plain(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    if path.extension().is_none_or(|end| end != "gz") {
        return bytes;
    }
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
    unpacked
}

#[test]
fn every_incident_folder_matches_its_scenario() {
    let pack_folder = rules();
    let schema = pack::schema(&pack_folder).unwrap_or_else(|error| panic!("{error}"));
    let folders = incidents();
    assert!(folders.len() >= 7, "{} incidents", folders.len());
    for folder in folders {
        let name = folder.file_name().unwrap().to_owned();
        if std::env::var_os("UPDATE").is_some() {
            pack::generate(&pack_folder, &schema, &folder).unwrap_or_else(|error| panic!("{name:?}: {error}"));
        }
        let temporary = tempfile::tempdir().unwrap();
        for file in ["scenario.yaml", "incident.yaml"] {
            fs::copy(folder.join(file), temporary.path().join(file)).unwrap();
        }
        let written =
            pack::generate(&pack_folder, &schema, temporary.path()).unwrap_or_else(|error| panic!("{name:?}: {error}"));
        assert!(written.iter().any(|file| file.rows > 0), "{name:?} has no row");
        for file in &written {
            let kept = folder.join(&file.name);
            assert!(kept.is_file(), "{} is not there", kept.display());
            assert!(
                plain(&kept) == plain(&temporary.path().join(&file.name)),
                "{} differs from its scenario: UPDATE=1 writes it anew",
                kept.display()
            );
        }
        let mut size = 0;
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let known = ["scenario.yaml", "incident.yaml"].iter().any(|file| entry.file_name() == *file)
                || written.iter().any(|file| entry.file_name() == file.name.as_str());
            assert!(known, "{:?} holds {:?}, of which its scenario tells nothing", name, entry.file_name());
            size += entry.metadata().unwrap().len();
        }
        assert!(size < LARGEST, "{name:?} has {size} bytes");
    }
}

#[test]
fn every_incident_is_diagnosed_as_expected() {
    let files = pack::files(&rules()).unwrap();
    let rules = compile(&files).unwrap_or_else(|problems| panic!("{}", problems.concise()));
    let folders = incidents();
    let results = cases::run(&rules, &[], &folders, &Options::default());
    assert_eq!(results.cases.len(), folders.len());
    let mut wrong = Vec::new();
    for case in results.cases.iter().filter(|case| case.is_failure()) {
        let reasons = match &case.outcome {
            Outcome::Failed(failures) => failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  "),
            Outcome::Broken(what) => what.clone(),
            Outcome::Passed | Outcome::Todo(..) => String::new(),
        };
        wrong.push(format!("{}\n  {reasons}", case.id.name));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A sum over a column of the rows of a metric.
fn sum(folder: &str, metric: &str, column: &str, keep: impl Fn(&serde_json::Value) -> bool) -> f64 {
    let folder = rules().join("incidents").join(folder);
    let schema = pack::schema(&rules()).unwrap_or_else(|error| panic!("{error}"));
    let source = FixtureSource::open(&folder, &schema).unwrap();
    let mut total = 0.0;
    let each = &mut |row: serde_json::Map<String, serde_json::Value>| {
        let row = serde_json::Value::Object(row);
        if row.get("name").is_some_and(|name| name == metric) && keep(&row) {
            total += row.get(column).and_then(serde_json::Value::as_f64).unwrap_or(1.0);
        }
    };
    source.rows("customMetrics", each).unwrap();
    total
}

#[test]
fn the_numbers_of_the_case_studies_add_up() {
    const FSC: &str = "aks-fsc-prod-app-eaus-001";
    let controller = |kind: &'static str| {
        move |row: &serde_json::Value| row.pointer("/customDimensions/controllertype").is_some_and(|of| of == kind)
    };
    assert_eq!(sum(FSC, "meMetricsReceivedCount", "value", controller("ReplicaSet")), 15_075_849_228.0);
    assert_eq!(sum(FSC, "meMetricsProcessedCount", "value", controller("ReplicaSet")), 15_082_808_271.0);
    assert_eq!(sum(FSC, "meMetricsDroppedCount", "value", controller("ReplicaSet")), 0.0);
    assert_eq!(sum(FSC, "meMetricsDroppedCount", "value", controller("DaemonSet")), 113_145.0);
    let targets = |prefix: &'static str| {
        let job = move |row: &serde_json::Value| {
            row.pointer("/customDimensions/job_name")
                .and_then(serde_json::Value::as_str)
                .is_some_and(|job| job.starts_with(prefix))
        };
        sum(FSC, "target_allocator_opentelemetry_allocator_targets", "itemCount", job)
    };
    assert_eq!((targets("podMonitor/"), targets("serviceMonitor/"), targets("")), (590_414.0, 12_562.0, 678_348.0));
    let hours = sum("cosmic-dev-d00-002", "otelcollector_memory_rss_095", "itemCount", |row| {
        row.get("timestamp").and_then(serde_json::Value::as_str).is_some_and(|at| at >= "2025-08-08T21:00")
    });
    let beats = sum("cosmic-dev-d00-002", "otelcollector_cpu_usage_095", "itemCount", |row| {
        row.get("timestamp").and_then(serde_json::Value::as_str).is_some_and(|at| at >= "2025-08-08T21:00")
    });
    assert_eq!(hours + beats, 1997.0);
}

#[test]
fn incidents_say_where_they_come_from() {
    for folder in incidents() {
        let incident = Incident::read(&folder).unwrap().unwrap();
        assert!(incident.provenance.is_some_and(|text| !text.trim().is_empty()), "{}", folder.display());
    }
}
