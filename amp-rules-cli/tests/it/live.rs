//! Every incident of the pack over HTTP, and the commands that query services, against a local test server.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot run has failed")]

use std::collections::BTreeMap;
use std::sync::Arc;

use amp_rules_core::time::{Time, Window};
use amp_rules_core::{RuleFile, RuleSet, Scope, TelemetrySource, collect, compile, evaluate, plan, report};
use amp_rules_fixtures::{FixtureSource, cases, pack};
use amp_rules_kql::live::{FixedToken, Live, Service};
use amp_rules_kql_stub::{Server, Stub};
use serde_json::Value;

use crate::program::{below, run};

const COMPONENT: &str = "/subscriptions/s/resourceGroups/g/providers/microsoft.insights/components/telemetry";

fn rules() -> RuleSet {
    let files: Vec<RuleFile> =
        amp_rules_pack::files().into_iter().map(|(name, text)| RuleFile::new(name, text)).collect();
    compile(&files).unwrap_or_else(|problems| panic!("{}", problems.concise()))
}

/// A server with the tables of a folder.
fn served(rules: &RuleSet, source: &FixtureSource) -> Server {
    let mut stub = Stub::new();
    for name in source.tables() {
        let mut rows = Vec::new();
        source.rows(name, &mut |row| rows.push(Value::Object(row))).unwrap();
        stub = stub.telemetry(name, rules.schema.tables.get(name).unwrap(), &rows, &[]);
    }
    stub.start().unwrap()
}

async fn diagnosed(rules: &RuleSet, scope: &Scope, source: &dyn TelemetrySource) -> Value {
    let plan = plan(rules, scope).unwrap();
    let seen = collect(&plan, source).await;
    without_ids(&report::json(&evaluate(rules, &seen), None))
}

/// A report without the request ids, which only a service assigns.
fn without_ids(report: &str) -> Value {
    let mut report: Value = serde_json::from_str(report).unwrap();
    for source in report.get_mut("sources").and_then(Value::as_array_mut).unwrap() {
        let source = source.as_object_mut().unwrap();
        source.insert("request_id".to_owned(), Value::Null);
        source.insert("request_ids".to_owned(), Value::Array(Vec::new()));
    }
    report
}

#[tokio::test]
async fn every_incident_has_the_same_diagnosis_from_its_folder_and_over_http() {
    let rules = rules();
    let folders = cases::incidents_below(&below("../rules/incidents"));
    assert!(folders.len() >= 7, "{} incidents", folders.len());
    for folder in folders {
        let source = FixtureSource::open(&folder, &rules.schema).unwrap();
        let scope = source.incident().unwrap().scope();
        let server = served(&rules, &source);
        let insights = Service::app_insights(COMPONENT).unwrap().at(&server.url()).unwrap();
        let word = Arc::new(FixedToken::new("word"));
        let live = Live::builder().service(insights).token_provider(word).build().unwrap();
        let (want, got) = (diagnosed(&rules, &scope, &source).await, diagnosed(&rules, &scope, &live).await);
        for (part, want) in want.as_object().unwrap() {
            assert_eq!(got[part], *want, "{}: {part}", folder.display());
        }
        assert_eq!(got, want);
        let calls = server.requests().len();
        assert!(calls <= 4, "{}: {calls} calls", folder.display());
    }
}

/// The dry kettle as a database of Data Explorer, with its address for `--kusto`.
fn kettle() -> (Server, String) {
    let rules = compile(&pack::files(&below("tests/data/kettle")).unwrap()).unwrap();
    let source = FixtureSource::open(&below("tests/data/incidents/dry"), &rules.schema).unwrap();
    let server = served(&rules, &source);
    let place = format!("{}/kitchen", server.url());
    (server, place)
}

const SCOPE: [&str; 8] =
    ["--subject", "kitchen=second-floor", "--now", "2025-08-05T12:00:00Z", "--last", "1h", "--reported", "tea-missing"];

#[test]
fn a_diagnosis_of_services_is_that_of_the_folder_with_request_ids() {
    let (_server, place) = kettle();
    let query = ["diagnose", "--rules", "kettle", "--kusto", &place, "--auth", "fixed", "--format", "json"];
    let (output, live, err) = run(&[&query[..], &SCOPE].concat());
    let (_, folder, _) = run(&["diagnose", "--rules", "kettle", "--fixture", "incidents/dry", "--format", "json"]);
    assert_eq!((output.status.code(), err.as_str()), (Some(1), ""));
    assert_eq!(without_ids(&live), without_ids(&folder));
    let live: Value = serde_json::from_str(&live).unwrap();
    assert!(live["sources"][0]["request_id"].as_str().unwrap().starts_with("amp-rules."));
}

#[test]
fn an_unreachable_service_is_named_and_decides_nothing() {
    let (server, place) = kettle();
    drop(server);
    let query = ["diagnose", "--rules", "kettle", "--kusto", &place, "--auth", "fixed", "--deadline", "500ms"];
    let (output, _, err) = run(&[&query[..], &SCOPE].concat());
    assert_eq!(output.status.code(), Some(4), "{err}");
    assert!(err.contains("cannot read journal") && err.contains("Azure Data Explorer `kitchen`"), "{err}");
    assert!(!err.contains("fixed"), "{err}");
}

#[test]
fn invalid_services_are_reported_before_anything_is_sent() {
    for (arguments, part) in [
        (&["diagnose"][..], "<PATH>..."),
        (&["diagnose", "--fixture", "x", "--app-insights", COMPONENT], "cannot be used with"),
        (&["diagnose", "--app-insights", COMPONENT], "give --cluster"),
        (&["diagnose", "--app-insights", "telemetry", "--cluster", "c"], "app id"),
        (&["diagnose", "--kusto", "https://kusto.evil.example/db", "--cluster", "c"], "not a known host"),
        (&["diagnose", "--app-insights", COMPONENT, "--cluster", "c", "--deadline", "soon"], "`--deadline soon`"),
        (&["diagnose", "--app-insights", COMPONENT, "--cluster", "c", "--auth", "client-secret"], "AZURE_"),
        (&["doctor", "--live"], "give --app-insights"),
        (&["doctor", "--app-insights", COMPONENT], "--live only"),
    ] {
        let (output, _, err) = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {err}");
        assert!(err.contains(part), "{arguments:?}: {err}");
    }
}

/// Addresses that lead to the test server and are not loopback addresses by their text, and look-alikes of known hosts.
#[test]
fn an_endpoint_outside_of_the_allowed_hosts_receives_nothing() {
    let server = Stub::new().start().unwrap();
    let port = server.url().rsplit(':').next().unwrap().trim_end_matches('/').to_owned();
    let unspecified = format!("http://0.0.0.0:{port}");
    let with_user = format!("http://api.loganalytics.us@127.0.0.1:{port}");
    let below = format!("{}/api.loganalytics.us", server.url());
    for (endpoint, trusted, part) in [
        ("https://evil.example", None, "`evil.example` is not a known host"),
        ("https://evil.example", None, "(`--trust-host evil.example`)"),
        ("https://evil.example", Some("other.example"), "`evil.example` is not a known host"),
        ("https://api.loganalytics.us.evil.example", None, "not a known host"),
        ("https://evil-api.loganalytics.us.evil.example", Some("evil.example"), "not a known host"),
        ("https://api.loganalytics.us@evil.example", None, "cannot use the endpoint"),
        ("https://evil.example", Some("https://evil.example"), "cannot trust `https://evil.example`"),
        ("https://evil.example", Some("*"), "cannot trust `*`"),
        ("http://api.loganalytics.us", None, "HTTPS only"),
        (&unspecified, None, "HTTPS only"),
        (&unspecified, Some("0.0.0.0"), "HTTPS only"),
        (&with_user, None, "cannot use the endpoint"),
        (&below, None, "cannot use the endpoint"),
    ] {
        let query = ["doctor", "--live", "--app-insights", COMPONENT, "--endpoint", endpoint, "--auth", "fixed"];
        let trust: Vec<&str> = trusted.into_iter().flat_map(|host| ["--trust-host", host]).collect();
        let (output, _, err) = run(&[&query[..], &trust].concat());
        assert_eq!(output.status.code(), Some(2), "{endpoint}: {err}");
        assert!(err.contains(part), "{endpoint}: {err}");
    }
    assert!(server.requests().is_empty(), "{:?}", server.requests());
    let query = ["doctor", "--live", "--app-insights", COMPONENT, "--endpoint", &server.url(), "--auth", "fixed"];
    assert_ne!(run(&query).0.status.code(), Some(2), "a test server on this machine needs no `--trust-host`");
    assert!(!server.requests().is_empty());
}

#[test]
fn doctor_compares_the_services_with_the_pack() {
    let (_server, place) = kettle();
    let (output, out, err) = run(&["doctor", "--rules", "kettle", "--live", "--kusto", &place, "--auth", "fixed"]);
    assert_eq!((output.status.code(), err.as_str()), (Some(0), ""));
    assert!(out.contains("journal  fits in Azure Data Explorer `kitchen`"), "{out}");
    let other = Stub::new().start().unwrap();
    let place = format!("{}/kitchen", other.url());
    let (output, out, _) = run(&["doctor", "--rules", "kettle", "--live", "--kusto", &place, "--auth", "fixed"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(out.contains("journal  missing table in Azure Data Explorer `kitchen`"), "{out}");
}

/// A fleet: the incidents of the pack in one resource, and a cluster without rows.
#[test]
fn a_sweep_has_the_diagnosis_of_each_cluster_and_marks_a_silent_one() {
    let rules = rules();
    let mut stub: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut wanted: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for folder in cases::incidents_below(&below("../rules/incidents")) {
        let source = FixtureSource::open(&folder, &rules.schema).unwrap();
        let scope = source.incident().unwrap().scope();
        // One window for all, without the reports and parameters of a single incident.
        let scope = scope.subject.iter().fold(Scope::new(window()), |new, (key, value)| new.with_subject(key, value));
        if source.incident().unwrap().window.to != window().to {
            continue;
        }
        for name in source.tables() {
            let rows = stub.entry(name.to_owned()).or_default();
            source.rows(name, &mut |row| rows.push(Value::Object(row))).unwrap();
        }
        let plan = plan(&rules, &scope).unwrap();
        let seen = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(collect(&plan, &source));
        let diagnosis = evaluate(&rules, &seen);
        let roots = diagnosis.roots.iter().map(|root| root.pattern.clone()).collect();
        wanted.insert(scope.subject["cluster"].clone(), (diagnosis.status.as_str().to_owned(), roots));
    }
    assert!(wanted.len() >= 2, "{} clusters", wanted.len());
    let mut served = Stub::new();
    for (name, rows) in &mut stub {
        for (row, number) in rows.iter_mut().zip(1..) {
            row["itemId"] = Value::from(format!("{name}-{number}"));
        }
        served = served.telemetry(name, rules.schema.tables.get(name).unwrap(), rows, &[]);
    }
    let server = served.start().unwrap();
    let work = tempfile::tempdir().unwrap();
    let list = work.path().join("clusters.txt");
    let names: Vec<&str> = wanted.keys().map(String::as_str).collect();
    std::fs::write(&list, format!("# the fleet\n{}\n\n/silent # without rows\n", names.join("\n"))).unwrap();
    let (list, url) = (list.display().to_string(), server.url());
    let query = ["sweep", "--clusters", &list, "--app-insights", COMPONENT, "--endpoint", &url, "--auth", "fixed"];
    let when = ["--now", "2025-07-22T23:59:00Z", "--last", "24h", "--deadline", "10m"];
    let (output, out, err) = run(&[&query[..], &when, &["--format", "json"]].concat());
    assert_eq!((output.status.code(), err.as_str()), (Some(1), ""));
    let swept: Value = serde_json::from_str(&out).unwrap();
    let mut got: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for line in swept["clusters"].as_array().unwrap() {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let roots = line["roots"].as_array().unwrap().iter().map(|root| text(&root["pattern"])).collect();
        got.insert(text(&line["cluster"]), (text(&line["state"]), roots));
    }
    assert_eq!(got.remove("/silent"), Some(("silent".to_owned(), Vec::new())));
    assert_eq!(got, wanted);
    let calls = server.requests().len();
    assert!(calls <= 4, "{calls} calls for {} clusters", wanted.len() + 1);
    let last = swept["clusters"].as_array().unwrap().last().unwrap();
    assert_eq!(last["cluster"], "/silent", "a diagnosed cluster comes before a silent one");
}

fn window() -> Window {
    let to = "2025-07-22T23:59:00Z".parse::<Time>().unwrap();
    Window { from: to.saturating_sub(std::time::Duration::from_secs(86_400)), to }
}

#[test]
fn a_record_of_services_has_their_diagnosis() {
    let (_server, place) = kettle();
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("recorded").display().to_string();
    let query =
        ["record", "--rules", "kettle", "--kusto", &place, "--auth", "fixed", "--out", &out, "--format", "json"];
    let (output, printed, err) = run(&[&query[..], &SCOPE].concat());
    assert_eq!((output.status.code(), err.as_str()), (Some(0), ""));
    let recording: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(recording["same_diagnosis"], true);
    assert!(recording["rows"]["journal"].as_u64().unwrap() > 10, "{recording}");
    let diagnose = |folder: &str| run(&["diagnose", "--rules", "kettle", "--fixture", folder, "--format", "json"]).1;
    let roots = |report: &str| serde_json::from_str::<Value>(report).unwrap()["roots"].clone();
    assert_eq!(roots(&diagnose(&out)), roots(&diagnose("incidents/dry")));
}

#[test]
fn a_record_of_services_that_refuse_everything_fails_with_the_reason() {
    let (server, place) = kettle();
    drop(server);
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("recorded");
    let shown = out.display().to_string();
    let query =
        ["record", "--rules", "kettle", "--kusto", &place, "--auth", "fixed", "--deadline", "500ms", "--out", &shown];
    let (output, printed, err) = run(&[&query[..], &SCOPE].concat());
    assert_eq!((output.status.code(), printed.as_str()), (Some(4), ""), "{err}");
    assert!(err.starts_with("amp-rules: cannot record: no table could be read: journal: "), "{err}");
    assert!(!out.exists() && !err.contains("fixed"), "{err}");
}
