//! Property tests of lowering: for any telemetry and any requests, the lowered query in the interpreter returns the same answers
//! as row aggregation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use amp_rules_core::telemetry::predicate::{LineTest, See};
use amp_rules_core::telemetry::request::{
    Instants, InventoryRequest, LinesRequest, Reading, Request, UnmatchedRequest,
};
use amp_rules_core::telemetry::schema::ColumnType;
use amp_rules_core::telemetry::source::conformance::Dataset;
use amp_rules_core::telemetry::source::data::AnswerData;
use amp_rules_core::telemetry::source::rows::Row;
use amp_rules_core::telemetry::source::{Answer, SourceError};
use amp_rules_core::time::{Time, Window};
use amp_rules_kql::lower::{Dialect, lower, lower_fleet, unsupported};
use kql_lang::bind::Catalog;
use kql_lang::run::Tables;
use kql_lang::value::{Column, Table};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::Value;

use crate::lowering::generate::{CLUSTER, Telemetry, logs, telemetry};
use crate::lowering::interpreted::{Interpreted, run_text, typed};

/// Returns a runner with a fixed seed, so test runs are deterministic. With `AMP_RULES_CASES`, it runs that number of random
/// cases.
pub(crate) fn runner() -> TestRunner {
    let wanted = std::env::var("AMP_RULES_CASES").ok().and_then(|text| text.parse().ok());
    let config =
        Config { cases: wanted.unwrap_or(256), failure_persistence: None, max_shrink_iters: 4000, ..Config::default() };
    match wanted {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    }
}

/// Returns answers in comparable form: ids of rows without an identity are cleared, because they depend on the source.
pub(crate) fn comparable(
    answers: Vec<Result<Answer, SourceError>>,
    identities: &BTreeSet<String>,
) -> Vec<Result<Answer, String>> {
    let clear = |row: &mut String| {
        if !identities.contains(row) {
            row.clear();
        }
    };
    let comparable = |answer: Result<Answer, SourceError>| {
        let mut answer = answer.map_err(|error| error.to_string())?;
        match &mut answer.data {
            AnswerData::Counts(counts) => {
                counts.samples.iter_mut().flat_map(|(_, samples)| samples).for_each(|sample| clear(&mut sample.row))
            }
            AnswerData::Properties(found) => found.iter_mut().for_each(|properties| clear(&mut properties.row)),
            AnswerData::Unmatched(found) => {
                found.templates.iter_mut().for_each(|template| clear(&mut template.sample.row))
            }
            AnswerData::Series(_) | AnswerData::Inventory(_) | AnswerData::Table(_) => {}
        }
        // Only rows can tell names that look like a missing column.
        answer.problems.clear();
        Ok(answer)
    };
    answers.into_iter().map(comparable).collect()
}

pub(crate) fn identities(telemetry: &Telemetry) -> BTreeSet<String> {
    telemetry.rows.iter().filter_map(|row| row.get("itemId")?.as_str().map(str::to_owned)).collect()
}

/// Returns the rows as a service has them: with all columns, with numbers in columns of numbers, and only those that name their cluster. A query for one cluster
/// reads no others.
fn of_service(telemetry: &Telemetry) -> Dataset {
    let table = &telemetry.table;
    let cluster = table.key_path("cluster", None);
    let names_cluster = |row: &Value| {
        let row = row.as_object().and_then(|row| Row::from_json(table, row.clone()).ok());
        row.is_none_or(|row| cluster.is_none_or(|path| row.text(path).is_some_and(|text| !text.is_empty())))
    };
    let completed = |row: &Value| {
        let mut row = row.clone();
        if let Some(row) = row.as_object_mut() {
            for (column, kind) in &table.columns {
                let cell = row.entry(column.clone()).or_insert(Value::Null);
                let is_number = matches!(kind, ColumnType::Int | ColumnType::Long | ColumnType::Real);
                if is_number && cell.as_str().is_some_and(|text| text.trim().parse::<f64>().is_err()) {
                    *cell = Value::Null;
                }
            }
        }
        row
    };
    let rows = telemetry.rows.iter().filter(|row| names_cluster(row)).map(completed).collect();
    Dataset { tables: vec![(table.clone(), rows)], ..Dataset::default() }
}

fn same(telemetry: &Telemetry) -> Result<(), TestCaseError> {
    let dataset = Dataset { tables: vec![(telemetry.table.clone(), telemetry.rows.clone())], ..Dataset::default() };
    let identities = identities(telemetry);
    let want = comparable(of_service(telemetry).in_memory().answer(&telemetry.requests), &identities);
    let got = comparable(Interpreted::new(&dataset).answer(&telemetry.requests), &identities);
    for ((request, want), got) in telemetry.requests.iter().zip(want).zip(got) {
        prop_assert_eq!(
            &got,
            &want,
            "lowered (left) and aggregated (right) answers differ for {:?}",
            WithoutTable(request)
        );
    }
    Ok(())
}

/// Formats a request without its table.
struct WithoutTable<'r>(&'r Request);

impl std::fmt::Debug for WithoutTable<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let reading = self.0.reading();
        write!(out, "{} of {:?} by {:?} in {:?}: ", self.0.kind(), reading.filter, reading.keys, reading.window)?;
        match self.0 {
            Request::Lines(lines) => write!(
                out,
                "{:?} {:?} {:?} {:?} {:?} {:?}",
                lines.test, lines.components, lines.see, lines.sources, lines.sums, lines.bin
            ),
            Request::Series(series) => write!(out, "{:?} {:?} {:#?}", series.metrics, series.value, series.steps),
            Request::Properties(properties) => write!(out, "{:?} {:?}", properties.metrics, properties.names),
            Request::Inventory(inventory) => {
                write!(out, "{:?} {:?} {:?}", inventory.metric, inventory.every, inventory.restart_marker)
            }
            Request::Rows(rows) => write!(out, "{:?} {:?}", rows.sources, rows.bin),
            Request::Unmatched(unmatched) => write!(out, "{:?} {:?}", unmatched.known, unmatched.most),
            Request::Query(query) => out.write_str(&query.text),
        }
    }
}

#[test]
fn lowered_queries_match_row_aggregation() {
    let checked = runner().run(&telemetry(), |telemetry| same(&telemetry));
    if let Err(error) = checked {
        panic!("{}", brief(&error));
    }
}

fn same_with_service_names(telemetry: &Telemetry) -> Result<(), TestCaseError> {
    let dataset = Dataset { tables: vec![(telemetry.table.clone(), telemetry.rows.clone())], ..Dataset::default() };
    let own = typed(&telemetry.table, &telemetry.rows);
    let service_name = |name: &str| format!("Their {name}");
    let columns: Vec<Column> = own
        .columns
        .iter()
        .map(|column| Column { name: service_name(&column.name).as_str().into(), kind: column.kind })
        .collect();
    let names = own.columns.iter().map(|column| (column.name.to_string(), service_name(&column.name)));
    let dialect = Dialect::new().with_table(&telemetry.table.name, "TheirTable", names);
    let catalog = Catalog::new().with_table("TheirTable", columns.clone());
    let tables = Tables::new().with("TheirTable", Table { columns, rows: own.rows });
    let want = Interpreted::new(&dataset);
    let asked = lower(&telemetry.requests, &Dialect::new()).into_iter().zip(lower(&telemetry.requests, &dialect));
    for (plain, renamed) in asked {
        prop_assert_eq!(want.run(&plain).rows, run_text(&renamed.kql, &catalog, &tables).rows);
    }
    Ok(())
}

#[test]
fn service_names_do_not_change_results() {
    let checked = runner().run(&telemetry(), |telemetry| same_with_service_names(&telemetry));
    if let Err(error) = checked {
        panic!("{}", brief(&error));
    }
}

/// Returns the requests for another subject.
fn of_subject(requests: &[Request], subject: &BTreeMap<String, String>) -> Vec<Request> {
    let mut requests = requests.to_vec();
    for request in &mut requests {
        let reading = match request {
            Request::Lines(request) => &mut request.reading,
            Request::Series(request) => &mut request.reading,
            Request::Properties(request) => &mut request.reading,
            Request::Inventory(request) => &mut request.reading,
            Request::Rows(request) => &mut request.reading,
            Request::Unmatched(request) => &mut request.reading,
            Request::Query(request) => &mut request.reading,
        };
        reading.subject.clone_from(subject);
    }
    requests
}

fn same_for_all_subjects(telemetry: &Telemetry) -> Result<(), TestCaseError> {
    let dataset = Dataset { tables: vec![(telemetry.table.clone(), telemetry.rows.clone())], ..Dataset::default() };
    let (identities, source) = (identities(telemetry), Interpreted::new(&dataset));
    let subject = |cluster: &str| BTreeMap::from([("cluster".to_owned(), cluster.to_owned())]);
    let subjects =
        [subject(CLUSTER), subject("/a missing 'n' \"cluster\""), subject("/Other"), subject(&CLUSTER.to_uppercase())];
    let mut answers: BTreeMap<(usize, usize), _> = BTreeMap::new();
    for lowered in lower_fleet(&telemetry.requests, &subjects, &Dialect::new()) {
        for (subject, position, answer) in lowered.answers_of_fleet(&source.run(&lowered)) {
            prop_assert!(answers.insert((subject, position), answer).is_none(), "duplicate answer");
        }
    }
    for (number, subject) in subjects.iter().enumerate() {
        let requests = of_subject(&telemetry.requests, subject);
        let want = comparable(of_service(telemetry).in_memory().answer(&requests), &identities);
        let got = (0..requests.len()).filter_map(|position| answers.remove(&(number, position))).collect();
        let got = comparable(got, &identities);
        prop_assert_eq!(got.len(), want.len());
        for ((request, want), got) in requests.iter().zip(want).zip(got) {
            prop_assert_eq!(
                &got,
                &want,
                "subject {}: fleet (left) and aggregated (right) answers differ for {:?}",
                number,
                WithoutTable(request)
            );
        }
    }
    Ok(())
}

#[test]
fn fleet_queries_match_queries_per_subject() {
    let checked = runner().run(&telemetry(), |telemetry| same_for_all_subjects(&telemetry));
    if let Err(error) = checked {
        panic!("{}", brief(&error));
    }
}

fn brief(error: &proptest::test_runner::TestError<Telemetry>) -> String {
    match error {
        proptest::test_runner::TestError::Fail(why, telemetry) => {
            let rows: Vec<String> =
                telemetry.rows.iter().map(|row| row.to_string().chars().take(700).collect()).collect();
            format!("{why}\nrows:\n{}", rows.join("\n"))
        }
        other @ proptest::test_runner::TestError::Abort(_) => other.to_string(),
    }
}

#[test]
fn lines_that_form_records_are_not_asked_for() {
    let mut table = logs(true, true, true, true, true);
    table.fold = Some("^[0-9]".to_owned());
    table.restart_marker = Some("restarted".to_owned());
    let table = Arc::new(table);
    let requests: Vec<Request> = folded(&table);
    let answered: Vec<usize> = lower(&requests, &Dialect::new()).into_iter().flat_map(|one| one.positions).collect();
    let refused: Vec<usize> = (0..requests.len()).filter(|at| unsupported(&requests[*at]).is_some()).collect();
    // A restart marker tests single lines.
    assert_eq!((answered, refused), (vec![2], vec![0, 1]));
}

/// Lines, unmatched errors and heartbeats of a table.
fn folded(table: &Arc<amp_rules_core::telemetry::schema::Table>) -> Vec<Request> {
    let reading = Reading {
        table: Arc::clone(table),
        subject: BTreeMap::from([("cluster".to_owned(), CLUSTER.to_owned())]),
        window: Window { from: Time::from_ticks(0), to: Time::from_ticks(36_000_000_000) },
        filter: Vec::new(),
        keys: vec!["podname".to_owned()],
    };
    vec![
        Request::Lines(LinesRequest {
            reading: reading.clone(),
            components: Vec::new(),
            test: LineTest::Contains("refused".to_owned()),
            see: See::Message,
            sources: BTreeMap::new(),
            sums: Vec::new(),
            bin: Duration::from_secs(300),
            instants: Instants::None,
        }),
        Request::Unmatched(UnmatchedRequest { reading: reading.clone(), known: Vec::new(), most: 10 }),
        Request::Inventory(InventoryRequest {
            reading,
            metric: None,
            every: Duration::from_secs(300),
            attributes: Vec::new(),
            restart_marker: Some("restarted".to_owned()),
        }),
    ]
}
