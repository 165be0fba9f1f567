//! Patterns whose symptoms are KQL queries, over folders and in cases.
use std::collections::BTreeMap;
use std::fs;

use amp_rules_core::plan::Scope;
use amp_rules_core::rules::diagnostic::RuleFile;
use amp_rules_core::telemetry::request::ParameterValue;
use amp_rules_core::time::{Time, Window};
use amp_rules_core::{Diagnosis, Entity, RuleSet, compile};
use amp_rules_fixtures::FixtureSource;
use amp_rules_fixtures::cases::{Options, diagnose, run};
use amp_rules_fixtures::query::{QueryError, QueryRequest};
use kql_lang::value::Value;
use serde_json::json;

const PACK: &str = "
format: amp-rules/v1
pack: shop
version: 0.1.0
parameters:
  most: { value: 10, because: an agreement }
entities:
  cluster: { keys: [cluster], fold_case: true }
  pod: { within: cluster, keys: [podname] }
tables:
  traces:
    kind: logs
    time: timestamp
    text: message
    identity: itemId
    columns: { timestamp: datetime, message: string, itemId: string, customDimensions: dynamic }
    keys: { cluster: customDimensions.cluster, podname: customDimensions.podname }
    heartbeat: { every: 15m }
  tickets:
    kind: events
    time: timestamp
    columns: { timestamp: datetime, cluster: string, podname: string }
    keys: { cluster: cluster, podname: podname }
";

const WAITING: &str = "traces
        | where timestamp >= ['from'] and timestamp < ['to'] and tostring(customDimensions.cluster) =~ cluster
        | where message has 'waits'
        | summarize orders = count(), since = min(timestamp) by podname = tostring(customDimensions.podname)
        | where orders > most / 2";

fn pattern(kql: &str) -> String {
    format!(
        "
format: amp-rules/v1
id: late
title: Orders are late
class: cause
severity: error
scope: pod
summary: Too many orders wait for too long.
symptoms:
  waiting:
    query:
      kql: |
        {kql}
      column: orders
    above: $most
remedy: [{{ id: look, do: Look }}, {{ id: check, verify: Orders leave }}]
"
    )
}

fn files(kql: &str) -> Vec<RuleFile> {
    vec![RuleFile::new("pack.yaml", PACK), RuleFile::new("late/pattern.yaml", pattern(kql))]
}

fn rules(kql: &str) -> RuleSet {
    compile(&files(kql)).unwrap_or_else(|problems| panic!("{problems}"))
}

fn now() -> Time {
    "2025-08-05T12:00:00Z".parse::<Time>().unwrap()
}

fn minutes(minutes: i64) -> Time {
    now().saturating_add_ticks(-minutes * 600_000_000)
}

fn row(minute: i64, id: &str, cluster: &str, pod: &str, message: &str) -> String {
    let dimensions = json!({ "cluster": cluster, "podname": pod });
    format!(
        "{}\n",
        json!({ "timestamp": minutes(minute).to_string(), "itemId": id, "message": message, "customDimensions": dimensions.to_string() })
    )
}

/// Rows of two pods: `p1` has 12 waiting orders, `p2` has 3, and more in another cluster, before the window, and as duplicates.
fn rows() -> String {
    let mut rows = String::new();
    for pod in ["p1", "p2"] {
        (0..12).for_each(|step| rows.push_str(&row(1 + step * 10, &format!("b{pod}{step}"), "/c1", pod, "well")));
    }
    (0..12).for_each(|at| rows.push_str(&row(60, &format!("w{at}"), "/C1", "p1", "an order waits")));
    (0..3).for_each(|at| rows.push_str(&row(60, &format!("x{at}"), "/c1", "p2", "an order waits")));
    for at in 0..50 {
        rows.push_str(&row(60, &format!("y{at}"), "/c2", "p2", "an order waits"));
        rows.push_str(&row(200, &format!("z{at}"), "/c1", "p2", "an order waits"));
        rows.push_str(&row(60, "x0", "/c1", "p2", "an order waits"));
    }
    rows
}

fn scope() -> Scope {
    Scope::new(Window::new(minutes(120), now())).with_subject("cluster", "/c1")
}

fn diagnosed(kql: &str, traces: &str) -> Diagnosis {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("traces.ndjson"), traces).unwrap();
    let rules = rules(kql);
    let source = FixtureSource::open(folder.path(), &rules.schema).unwrap();
    diagnose(&rules, &scope(), &source).unwrap()
}

fn pod(name: &str) -> Entity {
    Entity::new([("podname".to_owned(), name.to_owned())])
}

fn reasons(diagnosis: &Diagnosis) -> Vec<String> {
    let mut all: Vec<String> =
        diagnosis.unresolved.iter().flat_map(|one| one.reasons.iter().map(ToString::to_string)).collect();
    all.sort();
    all.dedup();
    all
}

#[test]
fn a_query_sees_the_rows_of_its_window_and_subject_once_each() {
    let diagnosis = diagnosed(WAITING, &rows());
    let [finding] = diagnosis.findings.as_slice() else { panic!("{diagnosis:?}") };
    assert_eq!(finding.entities, [pod("p1")]);
    let evidence = &finding.evidence[0];
    assert_eq!(evidence.value, Some(12.0));
    let cited: Vec<&str> = evidence.citations.iter().map(|cited| cited.text.as_str()).collect();
    assert_eq!(cited, [format!("podname=p1, orders=12, since={}", minutes(60))]);
    assert_eq!(reasons(&diagnosis), [] as [String; 0]);
}

#[test]
fn an_unreadable_row_makes_the_number_unknown() {
    let diagnosis = diagnosed(WAITING, &format!("{}{{\"timestamp\": 7}}\n", rows()));
    assert_eq!(diagnosis.findings.len(), 0);
    assert_eq!(reasons(&diagnosis), ["truncated: traces (bad_rows)"]);
}

#[test]
fn a_construct_that_only_a_service_supports_is_reported() {
    let kql = "traces
        | evaluate autocluster()
        | summarize orders = count() by podname = tostring(customDimensions.podname)";
    let diagnosis = diagnosed(kql, &rows());
    let [reason] = &reasons(&diagnosis)[..] else { panic!("{:?}", reasons(&diagnosis)) };
    assert!(reason.starts_with("unsupported: ") && reason.contains("evaluate"), "{reason}");
}

#[test]
fn a_missing_table_is_not_an_empty_table() {
    let kql = "tickets | summarize orders = count() by podname";
    let diagnosis = diagnosed(kql, &rows());
    assert_eq!(diagnosis.coverage.unobservable, ["late"]);
    assert_eq!(diagnosis.sources[0].completeness.to_string(), "missing: not_configured (query)");
}

#[test]
fn a_folder_runs_queries_directly() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("traces.ndjson"), rows()).unwrap();
    let rules = rules(WAITING);
    let source = FixtureSource::open(folder.path(), &rules.schema).unwrap();
    let subject = BTreeMap::new();
    let parameters = [("wanted".to_owned(), ParameterValue::Text("p2".to_owned()))];
    let query = |text: &'static str| {
        source.query(
            &rules.schema,
            &QueryRequest { text, parameters: &parameters, window: None, subject: &subject, now: now() },
        )
    };
    let found = query("traces | where tostring(customDimensions.podname) == wanted | count").unwrap();
    // 12 heartbeats, 3 orders, 50 in another cluster and 50 before the window. Duplicates count once.
    assert_eq!(found.table.rows, [[Value::Long(115)]]);
    assert!(found.gaps.is_empty() && found.problems.is_empty());
    let wrong = query("traces | where mesage has 'x'").unwrap_err();
    let QueryError::Wrong(problems) = &wrong else { panic!("{wrong}") };
    assert_eq!((problems[0].span.start, problems[0].span.end), (15, 21));
    assert!(matches!(query("tickets | count").unwrap_err(), QueryError::Source(_)));
}

#[test]
fn cases_run_queries_too() {
    let cases = "
format: amp-rules-cases/v1
cases:
  - name: many orders wait
    given:
      window: 2h
      subject: { cluster: /c1 }
      logs: { traces: [{ from: -1h, to: 0m, every: 5m, entity: { podname: p1 }, line: an order waits }] }
    expect: { root: late }
  - name: few orders wait
    given:
      window: 2h
      subject: { cluster: /c1 }
      logs: { traces: [{ from: -50m, to: 0m, every: 5m, entity: { podname: p1 }, line: an order waits }] }
    expect: { quiet: true }
  - name: the lines are denied
    given: { window: 2h, subject: { cluster: /c1 }, alive: [{ entity: { podname: p1 } }], tables: { traces: { missing: denied } } }
    expect: { undecided: [late] }
";
    let mut files = files(WAITING);
    let rules = compile(&files).unwrap();
    files.push(RuleFile::new("late/cases.yaml", cases));
    let results = run(&rules, &files, &[], &Options::default());
    let outcomes: Vec<_> = results.cases.iter().map(|case| (case.id.name.as_str(), &case.outcome)).collect();
    assert_eq!((results.passed(), outcomes.len()), (3, 3), "{outcomes:?}");
}
