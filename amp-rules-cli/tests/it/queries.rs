//! `kql run` of every query of the pack on the incidents that model the case studies: the results are the numbers of the
//! case studies. Expected values are derived from their text and rounded like it.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot run has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use amp_rules_cli::command::kql::run::{Arguments, TableFormat, run};
use amp_rules_cli::rules::Choice;
use amp_rules_cli::terminal::Terminal;
use kql_lang::value::json;
use serde_json::{Value, json};

use crate::program::{program as program_in_data, root};

const FSC: &str = "aks-fsc-prod-app-eaus-001";

fn incident(name: &str) -> PathBuf {
    match name {
        // Events are not part of the add-on's telemetry, so no case study has them.
        "events" => root().join("amp-rules-cli/tests/data/incidents/events"),
        _ => root().join("rules/incidents").join(name),
    }
}

/// The rows of a query on an incident: column → cell.
fn rows(query: &str, on: &str) -> Vec<BTreeMap<String, Value>> {
    let arguments = Arguments {
        file: root().join("rules/queries").join(format!("{query}.kql")),
        fixture: Some(incident(on)),
        param: Vec::new(),
        now: None,
        timeout: 60,
        format: TableFormat::Table,
        rules: Choice::default(),
    };
    let result =
        run(&arguments, &Terminal::PLAIN).unwrap_or_else(|failure| panic!("{query} on {on}: {}", failure.message));
    assert!(result.lacks.is_empty(), "{query} on {on}: {:?}", result.lacks);
    let [(_, table)] = result.tables.as_slice() else { panic!("{query} has one result") };
    let names: Vec<String> = table.columns.iter().map(|column| column.name.to_string()).collect();
    let row = |row: &Vec<_>| names.iter().cloned().zip(row.iter().map(json::to_json)).collect();
    table.rows.iter().map(row).collect()
}

fn text<'r>(row: &'r BTreeMap<String, Value>, column: &str) -> &'r str {
    row.get(column).and_then(Value::as_str).expect("the cell is a text")
}

fn number(row: &BTreeMap<String, Value>, column: &str) -> f64 {
    row.get(column).and_then(Value::as_f64).expect("the cell is a number")
}

/// The pod's name in the case study: without the name of the ReplicaSet.
fn short(pod: &str) -> &str {
    pod.trim_start_matches("ama-metrics-fb679f7bc-")
}

fn all<'r>(rows: &'r [BTreeMap<String, Value>], column: &str) -> BTreeSet<&'r str> {
    rows.iter().map(|row| text(row, column)).collect()
}

#[test]
fn there_are_16_replicas() {
    assert_eq!(json!(rows("replica-count", FSC)), json!([{ "max_replica_pod_count": 16 }]));
}

#[test]
fn only_the_keep_list_of_kube_state_metrics_is_filled() {
    let rows = rows("metric-filtering", FSC);
    let named: BTreeSet<&str> = all(&rows, "Name");
    for list in [
        "API Server",
        "cAdvisor",
        "Core DNS",
        "Kappie Basic",
        "Kube Proxy",
        "Kubelet",
        "Node Exporter",
        "Windows Exporter",
        "AcStor Capacity Provisioner",
        "AcStor Metrics Exporter",
        "Network Observability Cilium",
        "Network Observability Hubble",
        "Network Observability Retina",
        "Kube-State-Metrics",
    ] {
        assert!(named.contains(list), "{list}");
    }
    let filled: Vec<&str> =
        rows.iter().filter(|row| !text(row, "Value").is_empty()).map(|row| text(row, "Name")).collect();
    assert_eq!(filled, ["Kube-State-Metrics"]);
}

/// The table of the case study: pod, memory in GB, million samples, targets, thousand samples per target, GB per million.
const PODS: &[(&str, f64, f64, f64, f64, f64)] = &[
    ("q8qvm", 13.83, 8.7, 10.0, 872.0, 1.59),
    ("hg8sj", 13.72, 10.8, 35.0, 308.0, 1.27),
    ("kn7zf", 13.34, 9.4, 12.0, 786.0, 1.41),
    ("6xp85", 12.57, 9.2, 116.0, 79.0, 1.37),
    ("5bsll", 12.26, 11.4, 112.0, 102.0, 1.08),
    // The text has 91 thousand per target, but its 9.1 million for 101 targets are 90.
    ("9mwdv", 11.64, 9.1, 101.0, 90.0, 1.28),
    ("ndtqp", 11.30, 8.9, 112.0, 79.0, 1.27),
    ("n4r6q", 11.20, 8.6, 104.0, 83.0, 1.31),
    ("z4dz4", 9.35, 9.5, 128.0, 74.0, 0.98),
];

#[test]
fn memory_samples_targets_and_ratios_of_the_pods_are_those_of_the_text() {
    let rows = rows("pod-correlation", FSC);
    // The nine of the text come first, by memory; the other seven of the 16 replicas have no targets.
    let found: Vec<(&str, f64, f64, f64, f64, f64)> = rows
        .iter()
        .take(PODS.len())
        .map(|row| {
            let tenth = |million: f64| (million * 10.0).round() / 10.0;
            (
                short(text(row, "pod")),
                number(row, "memory_gb"),
                tenth(number(row, "metrics_scraped") / 1e6),
                number(row, "targets_assigned"),
                (number(row, "metrics_per_target") / 1e3).round(),
                number(row, "memory_per_million_metrics"),
            )
        })
        .collect();
    assert_eq!(found, PODS);
    let rest: Vec<_> = rows.iter().skip(PODS.len()).collect();
    assert_eq!(rest.len(), 16 - 9);
    assert!(rest.iter().all(|row| row.get("targets_assigned") == Some(&Value::Null)), "{rest:?}");
}

#[test]
fn the_load_of_each_pod_is_that_of_the_text() {
    let rows = rows("metrics-per-pod", FSC);
    assert_eq!(rows.len(), 16);
    for (pod, _, million, ..) in PODS {
        let row = rows.iter().find(|row| short(text(row, "pod")) == *pod).expect("the pod exists");
        assert!((number(row, "value") / 1e6 - million).abs() <= 0.05, "{pod}: {row:?}");
    }
    assert_eq!(short(text(rows.first().unwrap(), "pod")), "5bsll", "11.4 million are the most");
}

#[test]
fn the_memory_of_the_last_hour_is_that_of_the_text() {
    let mut most: BTreeMap<String, f64> = BTreeMap::new();
    for row in rows("replicaset-memory", FSC) {
        if text(&row, "timestamp") >= "2025-08-11T11:00:00" {
            let known = most.entry(short(text(&row, "pod")).to_owned()).or_default();
            *known = known.max(number(&row, "gigabytes"));
        }
    }
    for (pod, gigabytes) in [("ndtqp", 11.3), ("5bsll", 10.92), ("n4r6q", 10.65), ("z4dz4", 4.28), ("6xp85", 2.85)] {
        assert_eq!(most.get(pod), Some(&gigabytes), "{pod}");
    }
}

#[test]
fn pod_monitors_have_87_percent_of_the_jobs() {
    let found: Vec<(String, f64, f64)> = rows("custom-target-share", FSC)
        .iter()
        .map(|row| (text(row, "type").to_owned(), number(row, "unique_jobs"), number(row, "percentage").round()))
        .collect();
    let want = [("PodMonitor", 47.0, 87.0), ("Configmap", 6.0, 11.0), ("ServiceMonitor", 1.0, 2.0)];
    assert_eq!(found, want.map(|(kind, jobs, share)| (kind.to_owned(), jobs, share)));
}

#[test]
fn the_jobs_of_each_kind_are_the_same_in_every_bin() {
    let rows = rows("scrape-jobs", FSC);
    let bins = all(&rows, "timestamp");
    assert!(bins.len() > 1);
    for (kind, jobs) in [("PodMonitor", 47.0), ("Configmap", 6.0), ("ServiceMonitor", 1.0)] {
        let of_kind: Vec<f64> =
            rows.iter().filter(|row| text(row, "type") == kind).map(|row| number(row, "jobs")).collect();
        assert_eq!(of_kind, vec![jobs; bins.len()], "{kind}");
    }
}

#[test]
fn the_applications_of_the_text_are_among_the_jobs() {
    let rows = rows("custom-applications", FSC);
    assert_eq!(rows.len(), 47 + 6 + 1);
    for (part, jobs) in
        [("/streaming-rules-engine-service", 6), ("/soar-", 7), ("/asset-", 5), ("/flows-", 3), ("/task-scheduler", 6)]
    {
        let found: Vec<_> = rows.iter().filter(|row| text(row, "job_name").contains(part)).collect();
        assert_eq!(found.len(), jobs, "{part}");
        assert!(found.iter().all(|row| text(row, "type") == "PodMonitor"), "{part}");
    }
}

#[test]
fn nine_of_48_collectors_have_targets() {
    let rows = rows("target-distribution", FSC);
    let bins = all(&rows, "timestamp").len();
    assert_eq!(all(&rows, "collector").len(), 48);
    let mut loaded: BTreeMap<&str, f64> = BTreeMap::new();
    for row in rows.iter().filter(|row| number(row, "targets") > 0.0) {
        loaded.insert(short(text(row, "collector")), number(row, "targets"));
    }
    let want: BTreeMap<&str, f64> = PODS.iter().map(|(pod, _, _, targets, ..)| (*pod, *targets)).collect();
    assert_eq!(loaded, want);
    assert_eq!(rows.len(), bins * 48);
}

#[test]
fn fifteen_billion_samples_are_received_and_none_is_dropped() {
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    for row in rows("metric-volume", FSC) {
        *sums.entry(text(&row, "name").to_owned()).or_default() += number(&row, "samples");
    }
    let want = json!({
        "meMetricsReceivedCount": 15_075_849_228.0,
        "meMetricsProcessedCount": 15_082_808_271.0,
        "meMetricsDroppedCount": 0.0,
    });
    assert_eq!(json!(sums), want);
}

#[test]
fn no_export_fails_in_a_healthy_pipeline() {
    let rows = rows("component-metrics", FSC);
    let failed: Vec<(&str, f64)> = rows
        .iter()
        .filter(|row| text(row, "name").contains("send_failed"))
        .map(|row| (text(row, "controllertype"), number(row, "gained")))
        .collect();
    assert_eq!(failed, [("DaemonSet", 0.0), ("ReplicaSet", 0.0)]);
    let sent = rows.iter().filter(|row| text(row, "name").contains("exporter_sent"));
    assert!(sent.map(|row| number(row, "gained")).all(|gained| gained > 0.0));
}

#[test]
fn exports_fail_1_700_000_times_without_a_listener() {
    let rows = rows("component-metrics", "aks-sde-eastus");
    assert_eq!(rows.iter().map(|row| number(row, "gained")).sum::<f64>(), 1_700_000.0);
    assert!(rows.iter().all(|row| text(row, "name").contains("send_failed")), "{rows:?}");
}

#[test]
fn the_minimal_profile_is_off_in_every_replica() {
    let rows = rows("agent-version", FSC);
    let replicas: Vec<_> = rows.iter().filter(|row| text(row, "controllertype") == "ReplicaSet").collect();
    let [replicas] = replicas.as_slice() else { panic!("{rows:?}") };
    assert_eq!((number(replicas, "pods"), text(replicas, "mip")), (16.0, "false"));
}

#[test]
fn only_patroni_lacks_its_certificate() {
    for on in ["aks-sde-eastus", "unnamed-oom"] {
        let rows = rows("ca-certificate-errors", on);
        assert_eq!(all(&rows, "scrape_pool"), BTreeSet::from(["patroni"]), "{on}");
        assert!(rows.iter().all(|row| number(row, "lines") > 0.0), "{on}");
    }
    assert_eq!(rows("ca-certificate-errors", FSC), []);
}

#[test]
fn samples_halve_at_21_and_stop() {
    let rows = rows("cluster-health", "cosmic-dev-d00-002");
    let of_hour = |hour: &str| -> f64 {
        rows.iter().filter(|row| text(row, "timestamp").starts_with(hour)).map(|row| number(row, "count_")).sum()
    };
    // About 4,000 an hour, then 1,997, then none. The rows of the incident are sampled, so only the proportion is equal.
    assert_eq!(of_hour("2025-08-08T21") * 2.0, of_hour("2025-08-08T20"));
    assert_eq!(all(&rows, "timestamp").last().copied(), Some("2025-08-08T21:00:00.0000000Z"));
}

#[test]
fn the_process_id_of_a_stopped_process_is_not_found() {
    for on in ["aks-sde-eastus", "kt0f0850119001", "cosmic-dev-d00-002", "falcon-phx", "falcon-phx-staging"] {
        let rows = rows("collector-errors", on);
        let found =
            rows.iter().filter(|row| text(row, "line").contains("Error getting PID for process MetricsExtension"));
        assert!(found.count() > 0, "{on}");
        assert_eq!(all(&rows, "controllertype"), BTreeSet::from(["DaemonSet", "ReplicaSet"]), "{on}");
    }
    assert_eq!(rows("collector-errors", FSC), [], "authentication works, and the pipeline is healthy");
}

#[test]
fn each_incident_logs_which_configuration_is_missing() {
    let private = "Data collection endpoint must be used to access configuration over private link";
    for (on, logged, not_logged) in [
        ("aks-sde-eastus", ["TokenConfig.json does not exist", "InvalidAccess"], private),
        ("falcon-phx", ["TokenConfig.json does not exist", "No configuration present for the AKS resource"], private),
        ("kt0f0850119001", ["TokenConfig.json does not exist", private], "InvalidAccess"),
        (
            "cosmic-dev-d00-002",
            ["TokenConfig.json does not exist", "https://eastus.handler.control.monitor.azure.com"],
            private,
        ),
    ] {
        let rows = rows("configuration-errors", on);
        let has = |part: &str| rows.iter().any(|row| text(row, "line").contains(part));
        assert!(logged.into_iter().all(has), "{on}");
        assert!(!has(not_logged), "{on}");
    }
    assert_eq!(rows("configuration-errors", "unnamed-oom"), [], "no authentication issue is found");
}

#[test]
fn the_lost_points_per_export_are_those_of_the_text() {
    for (on, least, most) in [
        ("aks-sde-eastus", 7000.0, 7000.0),
        ("unnamed-oom", 7000.0, 7000.0),
        ("falcon-phx", 5.0, 1513.0),
        ("kt0f0850119001", 21.0, 4304.0),
        ("cosmic-dev-d00-002", 5.0, 7000.0),
    ] {
        let rows = rows("otlp-export-failures", on);
        let dropped: Vec<f64> = rows.iter().filter_map(|row| row.get("dropped").and_then(Value::as_f64)).collect();
        assert!(!dropped.is_empty(), "{on}");
        assert!(dropped.iter().all(|points| (least..=most).contains(points)), "{on}");
    }
    assert_eq!(rows("otlp-export-failures", FSC), []);
}

#[test]
fn publications_fail_in_handshakes() {
    for on in ["kt0f0850119001", "unnamed-oom", FSC] {
        let rows = rows("publication-failures", on);
        assert!(!rows.is_empty(), "{on}");
        assert!(rows.iter().all(|row| text(row, "line").contains("Error in SSL handshake")), "{on}");
    }
}

#[test]
fn events_of_the_window_and_of_the_cluster_are_counted_per_hour() {
    let want = json!([
        { "reason": "OOMKilled", "timestamp": "2025-08-05T09:00:00.0000000Z", "count_": 2 },
        { "reason": "BackOff", "timestamp": "2025-08-05T09:00:00.0000000Z", "count_": 1 },
        { "reason": "OOMKilled", "timestamp": "2025-08-05T10:00:00.0000000Z", "count_": 1 },
    ]);
    assert_eq!(json!(rows("pod-events", "events")), want);
}

#[test]
fn network_and_dns_events_are_newest_first() {
    let rows = rows("infrastructure-events", "events");
    let reasons: Vec<&str> = rows.iter().map(|row| text(row, "reason")).collect();
    assert_eq!(reasons, ["DNSConfigForming", "NodeNetworkUnavailable"]);
}

#[test]
fn every_query_of_the_pack_is_run_here() {
    let this = fs::read_to_string(root().join("amp-rules-cli/tests/it/queries.rs")).unwrap();
    let mut names: Vec<String> = fs::read_dir(root().join("rules/queries"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 20);
    for name in names {
        assert!(this.contains(&format!("rows(\"{name}\"")), "{name}");
    }
}

fn program() -> Command {
    let mut command = program_in_data(&[]);
    command.current_dir(root());
    command
}

#[test]
fn the_binary_has_the_same_result() {
    let output = program()
        .args(["kql", "run", "rules/queries/replica-count.kql", "--format", "json", "--fixture"])
        .arg(format!("rules/incidents/{FSC}"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let want = json!({ "tables": [{
        "name": "PrimaryResult",
        "columns": [{ "name": "max_replica_pod_count", "type": "long" }],
        "rows": [[16]],
    }] });
    assert_eq!(answer, want);
}

#[test]
fn a_query_can_come_from_stdin() {
    use std::io::Write as _;

    for (arguments, want) in [
        (["run", "-", "--format=csv"].as_slice(), "a\r\n3\r\n"),
        (["fmt", "-"].as_slice(), "print a = 1 + 2\n"),
        (["check", "-"].as_slice(), ""),
    ] {
        let mut child = program()
            .arg("kql")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(b"print a=1+2").unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), want);
    }
}

#[test]
fn formatting_replaces_files_once_and_keeps_comments() {
    let folder = tempfile::tempdir().unwrap();
    let (untidy, broken) = (folder.path().join("a.kql"), folder.path().join("b.kql"));
    fs::write(&untidy, "// A comment.\ntraces|where a==1 // why\n|take 5").unwrap();
    fs::write(&broken, "traces | where (").unwrap();
    let format = || program().args(["kql", "fmt"]).arg(folder.path()).output().unwrap();
    let first = format();
    assert_eq!(first.status.code(), Some(1), "one of them does not parse");
    let tidy = fs::read_to_string(&untidy).unwrap();
    assert_eq!(tidy, "// A comment.\ntraces\n| where a == 1 // why\n| take 5\n");
    assert_eq!(fs::read_to_string(&broken).unwrap(), "traces | where (");
    assert!(String::from_utf8(first.stderr).unwrap().contains("b.kql:1:"));
    let before = fs::metadata(&untidy).unwrap();
    format();
    let after = fs::metadata(&untidy).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap(), "a formatted file is not written");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn formatting_a_folder_changes_nothing_outside_of_it() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (target, link) = (outside.path().join("target"), folder.path().join("a.kql"));
    fs::write(&target, "print a=1").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let format = |path: &std::path::Path| program().args(["kql", "fmt"]).arg(path).output().unwrap();
    let refused = format(folder.path());
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("it is a link"));
    assert_eq!(fs::read_to_string(&target).unwrap(), "print a=1");
    assert_eq!(format(&link).status.code(), Some(0), "a link that was named is followed");
    assert_eq!(fs::read_to_string(&target).unwrap(), "print a = 1\n");
}

#[test]
fn a_closed_stdout_is_not_a_failure() {
    use std::io::Read as _;

    let mut child = program()
        .args(["kql", "run", "rules/queries/replicaset-memory.kql", "--fixture"])
        .arg(format!("rules/incidents/{FSC}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}
