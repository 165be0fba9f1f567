//! Which lines the pack takes for errors: `errors:` of its `traces` table.
//!
//! The project's own wordings are in this file. The shared log lines are expected in `log-lines.jsonl` of the shared corpus;
//! without it, their test prints that it was skipped.

use std::fs;

use amp_rules_core::rules::rule_set::RuleSet;
use amp_rules_core::telemetry::matcher::required_literals;
use amp_rules_core::telemetry::predicate::LineTest;
use amp_rules_core::telemetry::request::{Reading, Request, UnmatchedRequest};
use amp_rules_core::telemetry::source::AnswerData;
use amp_rules_core::telemetry::source::memory::MemorySource;
use amp_rules_core::time::{Time, Window};
use serde_json::{Value, json};

use crate::corpus::{pack_rules, shared_corpus};

/// The kinds of errors in a line of the main container: their templates, each with whether it is at error level.
fn errors_in(rules: &RuleSet, line: &str) -> Vec<(String, bool)> {
    let at = |text: &str| text.parse::<Time>().unwrap();
    let request = Request::Unmatched(UnmatchedRequest {
        reading: Reading {
            table: rules.schema.tables["traces"].clone(),
            subject: [("cluster".to_owned(), "c".to_owned())].into(),
            window: Window { from: at("2025-03-05T06:00:00Z"), to: at("2025-03-05T07:00:00Z") },
            filter: Vec::new(),
            keys: Vec::new(),
        },
        known: Vec::new(),
        most: 10,
    });
    let tag = "prometheus.log.prometheuscollectorcontainer";
    let row = json!({
        "timestamp": "2025-03-05T06:10:00Z", "message": line, "itemId": "1", "itemCount": 1,
        "customDimensions": { "cluster": "c", "controllertype": "ReplicaSet", "podname": "p", "tag": tag },
    });
    match MemorySource::new().table("traces", [row]).answer(&[request]).remove(0).unwrap().data {
        AnswerData::Unmatched(found) => found.templates.into_iter().map(|one| (one.template, one.at_error)).collect(),
        other => panic!("{other:?}"),
    }
}

/// Wordings of real reports that are errors by their words alone.
const WORDS: &[&str] = &[
    "scrape of job kubelet: body size limit exceeded",
    "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
    "dial tcp 10.1.2.3:443: i/o timeout",
    "dial tcp: lookup agent.kube-system.svc: no such host",
    "open /etc/certs/tls.key: no such file or directory",
    "pods is forbidden: User \"system:serviceaccount:a:b\" cannot list resource \"pods\"",
    "server returned HTTP status 401 Unauthorized",
    "HTTP status: 503 for a probe",
    "upstream answered with status code 429",
    "response 500 from the service",
    "write tcp 10.0.0.1:1->10.0.0.2:2: write: broken pipe",
    "read: connection reset by peer",
    "x509: certificate has expired or is not yet valid",
    "signal: killed",
    "process terminated",
    "unsupported feature: rule_files",
    "duplicate sample for timestamp",
    "out of order sample",
    "request throttled by the workspace",
    "secret \"token\" not found",
    "invalid UTF-8 label value",
    r#"{"level":"warn","msg":"Failed to scrape Prometheus endpoint","error":"x"}"#,
    r#"{"level":"WARN","msg":"Append broke","error":"label_limit exceeded"}"#,
    r#"{"msg":"Exporting broke","error":"connection refused"}"#,
    "level=warn msg=\"Failed to scrape\"",
];

/// Lines at error level, whatever their words.
const LEVELS: &[&str] = &[
    r#"{"level":"ERROR","msg":"upper case"}"#,
    r#"{"severity":"error","msg":"another field"}"#,
    r#"{"level":"error","msg":"cut off in the middle"#,
    "level=error msg=boom",
    "ts=1 lvl=fatal msg=boom",
    "E0202 22:02:08.428816       1 metrics_handler.go:215] \"x\" err=\"y\"",
    "2023-10-06T12:45:50.546Z\terror\tqueue/sender.go:426\tgiving up",
    "E! [inputs.prometheus] boom",
];

/// Lines that are no errors.
const HEALTHY: &[&str] = &[
    r#"{"level":"info","msg":"Failed try 1, will retry"}"#,
    r#"{"level":"debug","msg":"x","error":"connection refused"}"#,
    r#"{"level":"warn","msg":"slow","caller":"error_handler.go:12","errors":"timeout"}"#,
    r#"{"level":"warn","msg":"scraped","url":"http://10.0.0.1/status/500"}"#,
    r#"{"ts":1,"failed":0}"#,
    "I0202 22:02:08.428816       1 reflector.go:539] watch closed: timeout",
    "level=info msg=\"retry after timeout\"",
    "2023-10-06T12:45:50.546Z   info    exporterhelper/queued_retry.go:426  Exporting failed. Will retry",
    "took 500 ms for 404 samples",
    "AZMON_INVALID_CUSTOM_PROMETHEUS_CONFIG=false",
    "http: TLS handshake error from 10.42.0.201:40804: EOF",
    "scrapeInterval 30s",
];

#[test]
fn the_words_of_real_reports_are_errors() {
    let rules = pack_rules();
    for line in WORDS {
        let found = errors_in(&rules, line);
        assert_eq!(found.iter().map(|(_, at_error)| *at_error).collect::<Vec<_>>(), [false], "{line}: {found:?}");
    }
}

#[test]
fn the_level_of_a_line_makes_it_an_error() {
    let rules = pack_rules();
    for line in LEVELS {
        let found = errors_in(&rules, line);
        assert_eq!(found.iter().map(|(_, at_error)| *at_error).collect::<Vec<_>>(), [true], "{line}: {found:?}");
    }
}

#[test]
fn healthy_lines_are_no_errors() {
    let rules = pack_rules();
    for line in HEALTHY {
        assert_eq!(errors_in(&rules, line), [], "{line}");
    }
}

/// Without literals, every row of the table would be searched line by line, in memory and in a service.
#[test]
fn every_error_line_contains_a_literal_to_search_for() {
    let rules = pack_rules();
    for regex in rules.schema.tables["traces"].errors.as_ref().unwrap().hints() {
        assert!(required_literals(&LineTest::Regex(regex.clone())).is_some(), "{regex}");
    }
}

#[test]
fn two_statuses_behind_a_long_address_are_two_kinds() {
    let rules = pack_rules();
    let line = |error: &str| {
        let url = format!("https://amw.example/dataCollectionRules/dcr-{}/api/v1/write", "0".repeat(400));
        format!(
            "ts=2025-03-05T06:10:00.000Z level=error url={url} msg=\"non-recoverable error\" count=500 err=\"{error}\""
        )
    };
    let found = |error: &str| errors_in(&rules, &line(error)).remove(0).0;
    assert_eq!(found("server returned HTTP status 403"), "non-recoverable error server returned HTTP status 403");
    assert_eq!(found("server returned HTTP status 429"), "non-recoverable error server returned HTTP status 429");
}

/// A shared line is healthy if its note says so, and no pattern is expected.
fn is_healthy(line: &Value) -> bool {
    let note = line["note"].as_str().unwrap_or_default();
    let says_so = ["healthy", "benign", "negative", "info level"].iter().any(|word| note.contains(word));
    line["expected"] == json!([]) && says_so && !note.starts_with("AMBIGUOUS")
}

#[test]
fn healthy_lines_of_the_shared_corpus_are_no_errors() {
    let lines = shared_corpus().and_then(|folder| fs::read_to_string(folder.join("log-lines.jsonl")).ok());
    let Some(lines) = lines else {
        eprintln!("SKIPPED: 0 log lines, no log-lines.jsonl (set AMP_RULES_SHARED)");
        return;
    };
    let rules = pack_rules();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let healthy: Vec<&str> =
        lines.iter().filter(|line| is_healthy(line)).filter_map(|line| line["line"].as_str()).collect();
    eprintln!("{} healthy log lines of {}", healthy.len(), lines.len());
    assert!(healthy.len() > 30, "{}", healthy.len());
    let wrong: Vec<_> =
        healthy.iter().map(|line| (line, errors_in(&rules, line))).filter(|one| !one.1.is_empty()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
