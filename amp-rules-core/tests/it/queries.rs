//! Symptoms that are KQL queries, over a source that answers every query with the same table.
//!
//! The source runs a query; the evaluator interprets its result. These tests are about the second, one fact each.

use std::time::Duration;

use amp_rules_core::diagnosis::{Evidence, Onset, Status};
use amp_rules_core::explain::Verdict;
use amp_rules_core::plan::Scope;
use amp_rules_core::telemetry::request::{ParameterValue, QueryRequest, Request, RequestKind};
use amp_rules_core::telemetry::schema::ColumnType;
use amp_rules_core::telemetry::source::data::{AnswerData, Cell, Gap, GapReason, ResultTable};
use amp_rules_core::telemetry::source::memory::MemorySource;
use amp_rules_core::telemetry::source::{
    Answer, Capabilities, Completeness, SourceError, SourceErrorKind, TelemetrySource,
};
use amp_rules_core::time::{Time, Window};
use amp_rules_core::{
    Diagnosis, Entity, Evaluation, Observations, RuleFile, RuleSet, collect, compile, evaluate, plan,
};
use async_trait::async_trait;
use serde_json::{Value, json};

const PACK: &str = "
format: amp-rules/v1
pack: shop
version: 0.1.0
parameters:
  most: { value: 10, because: an agreement }
  patience: { value: 2h, because: an agreement }
entities:
  cluster: { keys: [cluster], fold_case: true }
  pod: { within: cluster, keys: [podname] }
tables:
  traces:
    kind: logs
    time: timestamp
    text: message
    columns: { timestamp: datetime, message: string, customDimensions: dynamic }
    keys: { cluster: customDimensions.cluster, podname: customDimensions.podname }
    heartbeat: { every: 15m }
  orders:
    kind: events
    time: timestamp
    columns: { timestamp: datetime, cluster: string }
    keys: { cluster: cluster }
";

const PATTERN: &str = "
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
        traces
        | where timestamp >= ['from'] and tostring(customDimensions.cluster) =~ cluster
        | summarize orders = count(), last = max(timestamp) by podname = tostring(customDimensions.podname), patience
      column: orders
      tables: traces
    above: $most
remedy: [{ id: look, do: Look }, { id: check, verify: Orders leave }]
";

fn now() -> Time {
    "2025-08-05T12:00:00Z".parse::<Time>().unwrap()
}

fn minutes(minutes: u64) -> Time {
    now().saturating_sub(Duration::from_secs(minutes * 60))
}

fn rules(pattern: &str) -> RuleSet {
    compile(&[RuleFile::new("pack.yaml", PACK), RuleFile::new("late/pattern.yaml", pattern)])
        .unwrap_or_else(|problems| panic!("{problems}"))
}

fn scope(subject: &[(&str, &str)]) -> Scope {
    let scope = Scope::new(Window::new(minutes(120), now()));
    subject.iter().fold(scope, |scope, (key, value)| scope.with_subject(*key, *value))
}

/// One line per pod every ten minutes. `p1` and `p2` exist throughout, `p3` only in the hour before the last.
fn heartbeats() -> MemorySource {
    let row = |minute: u64, pod: &str| -> Value {
        json!({"timestamp": minutes(minute).to_string(), "message": "-", "customDimensions": {"cluster": "/c1", "podname": pod}})
    };
    let steady = ["p1", "p2"].into_iter().flat_map(|pod| (1..=12).map(move |step| row(step * 10, pod)));
    let ended = (9..=12).map(|step| row(step * 10, "p3"));
    MemorySource::new().table("traces", steady.chain(ended).collect::<Vec<_>>()).table("orders", [])
}

/// Rows from memory, and the same answer to every query.
#[derive(Debug)]
struct Shop {
    rows: MemorySource,
    answer: fn(&QueryRequest) -> Result<Answer, SourceError>,
}

#[async_trait]
impl TelemetrySource for Shop {
    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        let answers = self.rows.answer(requests);
        requests
            .iter()
            .zip(answers)
            .map(|(request, rows)| match request {
                Request::Query(query) => (self.answer)(query),
                _ => rows,
            })
            .collect()
    }
}

fn orders(rows: Vec<(&str, Cell)>) -> AnswerData {
    let columns = [("podname", ColumnType::String), ("orders", ColumnType::Long), ("last", ColumnType::DateTime)];
    AnswerData::Table(ResultTable {
        columns: columns.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect(),
        rows: rows
            .into_iter()
            .map(|(pod, cell)| vec![Cell::Text(pod.to_owned()), cell, Cell::Time(minutes(30))])
            .collect(),
    })
}

fn one_cell(column: &str, cell: Cell) -> Result<Answer, SourceError> {
    let columns = vec![(column.to_owned(), ColumnType::Dynamic)];
    Ok(Answer::complete(AnswerData::Table(ResultTable { columns, rows: vec![vec![cell]] })))
}

fn seen(rules: &RuleSet, answer: fn(&QueryRequest) -> Result<Answer, SourceError>) -> Observations {
    let plan = plan(rules, &scope(&[("cluster", "/c1")])).unwrap();
    futures::executor::block_on(collect(&plan, &Shop { rows: heartbeats(), answer }))
}

fn diagnosed(answer: fn(&QueryRequest) -> Result<Answer, SourceError>) -> Diagnosis {
    let rules = rules(PATTERN);
    evaluate(&rules, &seen(&rules, answer))
}

fn pod(name: &str) -> Entity {
    Entity::new([("podname".to_owned(), name.to_owned())])
}

/// Entities, and the reasons why the pattern is unknown for them.
type Unknown = (Vec<Entity>, Vec<String>);

/// The entities for which the pattern is true, and those for which it is unknown, with the reasons.
fn verdicts(diagnosis: &Diagnosis) -> (Vec<Entity>, Vec<Unknown>) {
    let holds = diagnosis.findings.iter().flat_map(|finding| finding.entities.clone()).collect();
    let unknown = diagnosis
        .unresolved
        .iter()
        .map(|one| (one.entities.clone(), one.reasons.iter().map(ToString::to_string).collect()))
        .collect();
    (holds, unknown)
}

#[test]
fn a_row_that_meets_the_threshold_is_cited_with_its_number() {
    let diagnosis = diagnosed(|_| {
        let rows = vec![
            ("p1", Cell::Integer(10)),
            ("p1", Cell::Integer(12)),
            ("p1", Cell::Integer(11)),
            ("p2", Cell::Real(10.0)),
        ];
        Ok(Answer::complete(orders(rows)))
    });
    assert_eq!(verdicts(&diagnosis), (vec![pod("p1")], Vec::new()));
    let [Evidence { value, threshold, citations, .. }] = diagnosis.findings[0].evidence.as_slice() else {
        panic!("one symptom, one piece of evidence: {:?}", diagnosis.findings)
    };
    assert_eq!((*value, threshold.map(|(_, limit)| limit)), (Some(12.0), Some(10.0)));
    let texts: Vec<&str> = citations.iter().map(|cited| cited.text.as_str()).collect();
    let last = minutes(30);
    assert_eq!(texts, ["12", "11", "10"].map(|orders| format!("podname=p1, orders={orders}, last={last}")));
    assert!(citations.iter().all(|cited| cited.at == last && cited.row.len() == 32));
}

#[test]
fn a_result_has_no_onset() {
    let diagnosis = diagnosed(|_| Ok(Answer::complete(orders(vec![("p1", Cell::Integer(12))]))));
    assert_eq!(diagnosis.roots[0].onset, Onset { earliest: Time::MIN, latest: Time::MAX });
    assert!(diagnosis.roots[0].activity.timeless);
}

#[test]
fn without_a_row_that_meets_the_threshold_the_pattern_is_false() {
    for answer in
        [(|_| Ok(Answer::complete(orders(Vec::new())))) as fn(&QueryRequest) -> Result<Answer, SourceError>, |_| {
            Ok(Answer::complete(orders(vec![("p1", Cell::Integer(10)), ("p2", Cell::Real(9.5))])))
        }]
    {
        let diagnosis = diagnosed(answer);
        assert_eq!(verdicts(&diagnosis), (Vec::new(), Vec::new()));
        assert_eq!(diagnosis.status, Status::Healthy);
    }
}

#[test]
fn a_gap_of_any_entity_makes_every_number_unknown() {
    let diagnosis = diagnosed(|_| {
        let mut answer = Answer::complete(orders(vec![("p1", Cell::Integer(12))]));
        let gap = Gap { reason: GapReason::Truncated, range: None, entities: Some(vec![pod("p2")]) };
        answer.completeness = Completeness::Partial(vec![gap]);
        Ok(answer)
    });
    let all = vec![pod("p1"), pod("p2"), pod("p3")];
    assert_eq!(verdicts(&diagnosis), (Vec::new(), vec![(all, vec!["truncated: traces (truncated)".to_owned()])]));
    assert_eq!(diagnosis.status, Status::InsufficientData);
}

#[test]
fn a_row_without_a_number_may_meet_the_threshold() {
    let diagnosis = diagnosed(|_| {
        let rows = vec![("p1", Cell::Null), ("p1", Cell::Integer(12)), ("p2", Cell::Null), ("p2", Cell::Integer(3))];
        Ok(Answer::complete(orders(rows)))
    });
    let open = vec![(vec![pod("p2")], vec!["not_emitted: orders".to_owned()])];
    assert_eq!(verdicts(&diagnosis), (vec![pod("p1")], open));
}

#[test]
fn a_result_without_the_column_or_the_keys_is_unknown() {
    let check = |name: &str, diagnosis: &Diagnosis| {
        let (holds, unknown) = verdicts(diagnosis);
        assert_eq!(holds, []);
        assert!(unknown.iter().all(|(_, reasons)| *reasons == [format!("not_emitted: {name}")]), "{unknown:?}");
        assert_eq!(diagnosis.status, Status::InsufficientData);
    };
    check("orders", &diagnosed(|_| one_cell("podname", Cell::Text("p1".to_owned()))));
    check("podname", &diagnosed(|_| one_cell("orders", Cell::Integer(99))));
}

#[test]
fn rows_without_an_entity_and_of_another_subject_do_not_count() {
    let diagnosis = diagnosed(|_| {
        let columns = ["cluster", "podname", "orders"].map(|name| (name.to_owned(), ColumnType::String));
        let row = |cluster: &str, pod: Cell, orders| vec![Cell::Text(cluster.to_owned()), pod, Cell::Integer(orders)];
        let text = |text: &str| Cell::Text(text.to_owned());
        let rows = vec![
            row("/c2", text("p1"), 99),
            row("/C1", text(""), 99),
            row("/C1", Cell::Null, 99),
            row("/C1", text("p2"), 11),
            row("/C1", text("not-in-the-inventory"), 99),
        ];
        Ok(Answer::complete(AnswerData::Table(ResultTable { columns: columns.to_vec(), rows })))
    });
    assert_eq!(verdicts(&diagnosis), (vec![pod("p2")], Vec::new()));
}

#[test]
fn a_construct_that_the_source_cannot_run_is_named() {
    let diagnosis = diagnosed(|_| {
        Err(SourceError::new(
            SourceErrorKind::Unsupported,
            "run a query",
            "the operator `evaluate` runs on a service only",
        ))
    });
    let (holds, unknown) = verdicts(&diagnosis);
    assert_eq!(holds, []);
    assert!(
        unknown.iter().all(|(_, reasons)| *reasons == ["unsupported: the operator `evaluate` runs on a service only"])
    );
    let traces = diagnosis.sources.iter().find(|source| source.table == "traces").unwrap();
    assert_eq!(traces.completeness.to_string(), "missing: unsupported (query)");
}

#[test]
fn a_source_without_kql_makes_the_pattern_unknown() {
    let rules = rules(PATTERN);
    let plan = plan(&rules, &scope(&[("cluster", "/c1")])).unwrap();
    let diagnosis = evaluate(&rules, &futures::executor::block_on(collect(&plan, &heartbeats())));
    let (_, unknown) = verdicts(&diagnosis);
    assert!(!unknown.is_empty());
    assert!(
        unknown.iter().all(|(_, reasons)| *reasons == ["unsupported: the source does not serve query requests"]),
        "{unknown:?}"
    );
}

#[test]
fn the_request_has_parameters_and_the_text_contains_no_values() {
    let rules = rules(PATTERN);
    let plan = plan(&rules, &scope(&[("cluster", "/c1'; .drop")])).unwrap();
    let request = plan.requests().iter().find(|request| request.kind() == RequestKind::Query).unwrap();
    let Request::Query(query) = request else { panic!("a query") };
    assert_eq!(
        query.parameters,
        [
            ("cluster".to_owned(), ParameterValue::Text("/c1'; .drop".to_owned())),
            ("from".to_owned(), ParameterValue::Time(minutes(120))),
            ("patience".to_owned(), ParameterValue::Duration(Duration::from_secs(7200))),
        ]
    );
    assert!(!query.text.contains("/c1"));
    assert_eq!(query.reading.keys, ["podname"]);
    assert_eq!(request.tables().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["traces"]);
    // The heartbeats of a table that a query reads are requested.
    assert!(plan.requests().iter().any(|request| request.kind() == RequestKind::Inventory));
}

#[test]
fn by_default_a_query_reads_the_tables_that_its_text_names() {
    let rules = rules(&PATTERN.replace("      tables: traces\n", ""));
    let plan = plan(&rules, &scope(&[("cluster", "/c1")])).unwrap();
    let query = plan.requests().iter().find(|request| request.kind() == RequestKind::Query).unwrap();
    assert_eq!(query.tables().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["traces", "orders"]);
}

#[test]
fn a_query_of_one_subject_is_not_requested_for_several() {
    let rules = rules(PATTERN);
    let plan = plan(&rules, &scope(&[])).unwrap();
    assert!(plan.requests().iter().all(|request| request.kind() != RequestKind::Query));
    let diagnosis = evaluate(&rules, &futures::executor::block_on(collect(&plan, &heartbeats())));
    let (_, unknown) = verdicts(&diagnosis);
    assert!(
        unknown.iter().all(|(_, reasons)| *reasons == ["unsupported: a query of one cluster in a run of several"]),
        "{unknown:?}"
    );
    assert!(!unknown.is_empty());
}

#[test]
fn why_not_shows_the_distance_to_the_threshold() {
    let rules = rules(PATTERN);
    let seen = seen(&rules, |_| Ok(Answer::complete(orders(vec![("p1", Cell::Integer(7)), ("p2", Cell::Integer(4))]))));
    let proofs = Evaluation::new(&rules, &seen).why("late");
    let [one] = proofs.as_slice() else { panic!("{proofs:?}") };
    assert_eq!((one.verdict, one.proof.distance), (Verdict::False, Some(3.0)));
}
