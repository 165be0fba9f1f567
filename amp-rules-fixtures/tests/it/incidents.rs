//! The incidents of the pack: their rows are those of their scenarios, byte for byte, and their diagnoses are as expected.
//!
//! `UPDATE=1` rewrites the rows.
use std::fs;
use std::io::Read;
use std::path::Path;

use amp_rules_fixtures::cases::{self, Options, Outcome};
use amp_rules_fixtures::{FixtureSource, Incident, pack};

use crate::support::{file_name, pack_folder, pack_incidents, pack_rules};

/// The maximum size of an incident folder in bytes.
const MAX_BYTES: u64 = 1_000_000;

/// The decompressed bytes of a file. Compressed ones may differ between versions of the compressor.
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
    let pack_folder = pack_folder();
    let schema = pack::schema(&pack_folder).unwrap_or_else(|error| panic!("{error}"));
    for folder in pack_incidents() {
        let name = file_name(&folder);
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
            assert!(kept.is_file(), "{} does not exist", kept.display());
            assert!(
                plain(&kept) == plain(&temporary.path().join(&file.name)),
                "{} differs from its scenario: UPDATE=1 rewrites it",
                kept.display()
            );
        }
        let mut size = 0;
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let known = ["scenario.yaml", "incident.yaml"].iter().any(|file| entry.file_name() == *file)
                || written.iter().any(|file| entry.file_name() == file.name.as_str());
            assert!(known, "{name:?} holds {:?}, which its scenario does not generate", entry.file_name());
            size += entry.metadata().unwrap().len();
        }
        assert!(size < MAX_BYTES, "{name:?} has {size} bytes");
    }
}

#[test]
fn every_incident_is_diagnosed_as_expected() {
    let rules = pack_rules();
    let folders = pack_incidents();
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

/// The sum of a column over the rows of a metric. Rows without the column count as 1.
fn sum(folder: &str, metric: &str, column: &str, keep: impl Fn(&serde_json::Value) -> bool) -> f64 {
    let folder = pack_folder().join("incidents").join(folder);
    let schema = pack::schema(&pack_folder()).unwrap_or_else(|error| panic!("{error}"));
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
    let heartbeats = sum("cosmic-dev-d00-002", "otelcollector_cpu_usage_095", "itemCount", |row| {
        row.get("timestamp").and_then(serde_json::Value::as_str).is_some_and(|at| at >= "2025-08-08T21:00")
    });
    assert_eq!(hours + heartbeats, 1997.0);
}

#[test]
fn every_incident_has_a_provenance() {
    for folder in pack_incidents() {
        let incident = Incident::read(&folder).unwrap().unwrap();
        assert!(incident.provenance.is_some_and(|text| !text.trim().is_empty()), "{}", folder.display());
    }
}
