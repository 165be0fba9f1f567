//! The law of lowering: for any telemetry and any requests the lowered query, run by the interpreter, gives the answers that
//! row folding gives.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::source::conformance::Dataset;
use amp_rules_core::telemetry::source::data::AnswerData;
use amp_rules_core::telemetry::source::{Answer, SourceError};
use amp_rules_kql::lower::{Dialect, lower, lower_fleet};
use kql_lang::bind::Catalog;
use kql_lang::run::Tables;
use kql_lang::value::{Column, Table};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::lowering::generate::{CLUSTER, World, world};
use crate::lowering::interpreted::{Interpreted, run_text, typed};

/// The same worlds in every ordinary run, so that a run never fails by luck; other ones where `AMP_RULES_CASES` says how many.
pub(crate) fn runner() -> TestRunner {
    let wanted = std::env::var("AMP_RULES_CASES").ok().and_then(|text| text.parse().ok());
    let config =
        Config { cases: wanted.unwrap_or(256), failure_persistence: None, max_shrink_iters: 4000, ..Config::default() };
    match wanted {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    }
}

/// Answers as they compare: the ids of rows without an identity are a source's own.
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
        Ok(answer)
    };
    answers.into_iter().map(comparable).collect()
}

pub(crate) fn identities(world: &World) -> BTreeSet<String> {
    world.rows.iter().filter_map(|row| row.get("itemId")?.as_str().map(str::to_owned)).collect()
}

fn same(world: &World) -> Result<(), TestCaseError> {
    let dataset = Dataset { tables: vec![(world.table.clone(), world.rows.clone())], ..Dataset::default() };
    let identities = identities(world);
    let want = comparable(dataset.in_memory().answer(&world.requests), &identities);
    let got = comparable(Interpreted::new(&dataset).answer(&world.requests), &identities);
    for ((request, want), got) in world.requests.iter().zip(want).zip(got) {
        prop_assert_eq!(&got, &want, "lowered (left) and folded (right) differ for {:?}", Briefly(request));
    }
    Ok(())
}

/// A request without its table.
struct Briefly<'r>(&'r Request);

impl std::fmt::Debug for Briefly<'_> {
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
fn lowered_queries_answer_as_row_folding_does() {
    let checked = runner().run(&world(), |world| same(&world));
    if let Err(error) = checked {
        panic!("{}", brief(&error));
    }
}

fn same_by_other_names(world: &World) -> Result<(), TestCaseError> {
    let dataset = Dataset { tables: vec![(world.table.clone(), world.rows.clone())], ..Dataset::default() };
    let own = typed(&world.table, &world.rows);
    let theirs = |name: &str| format!("Their {name}");
    let columns: Vec<Column> = own
        .columns
        .iter()
        .map(|column| Column { name: theirs(&column.name).as_str().into(), kind: column.kind })
        .collect();
    let names = own.columns.iter().map(|column| (column.name.to_string(), theirs(&column.name)));
    let dialect = Dialect::new().with_table(&world.table.name, "TheirTable", names);
    let catalog = Catalog::new().with_table("TheirTable", columns.clone());
    let tables = Tables::new().with("TheirTable", Table { columns, rows: own.rows });
    let want = Interpreted::new(&dataset);
    let asked = lower(&world.requests, &Dialect::new()).into_iter().zip(lower(&world.requests, &dialect));
    for (ours, renamed) in asked {
        prop_assert_eq!(want.run(&ours).rows, run_text(&renamed.kql, &catalog, &tables).rows);
    }
    Ok(())
}

#[test]
fn other_names_of_a_service_change_no_result() {
    let checked = runner().run(&world(), |world| same_by_other_names(&world));
    if let Err(error) = checked {
        panic!("{}", brief(&error));
    }
}

/// The same requests of another subject.
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

fn same_for_all(world: &World) -> Result<(), TestCaseError> {
    let dataset = Dataset { tables: vec![(world.table.clone(), world.rows.clone())], ..Dataset::default() };
    let (identities, source) = (identities(world), Interpreted::new(&dataset));
    let subject = |cluster: &str| BTreeMap::from([("cluster".to_owned(), cluster.to_owned())]);
    let subjects =
        [subject(CLUSTER), subject("/no one's \"cluster\""), subject("/Other"), subject(&CLUSTER.to_uppercase())];
    let mut answers: BTreeMap<(usize, usize), _> = BTreeMap::new();
    for lowered in lower_fleet(&world.requests, &subjects, &Dialect::new()) {
        for (subject, position, answer) in lowered.answers_of_fleet(&source.run(&lowered)) {
            prop_assert!(answers.insert((subject, position), answer).is_none(), "one answer for each");
        }
    }
    for (number, subject) in subjects.iter().enumerate() {
        let requests = of_subject(&world.requests, subject);
        let want = comparable(dataset.in_memory().answer(&requests), &identities);
        let got = (0..requests.len()).filter_map(|position| answers.remove(&(number, position))).collect();
        let got = comparable(got, &identities);
        prop_assert_eq!(got.len(), want.len());
        for ((request, want), got) in requests.iter().zip(want).zip(got) {
            prop_assert_eq!(
                &got,
                &want,
                "of subject {}: fleet (left) and folded (right) differ for {:?}",
                number,
                Briefly(request)
            );
        }
    }
    Ok(())
}

#[test]
fn a_query_for_a_fleet_answers_for_each_as_a_query_for_it_alone() {
    let checked = runner().run(&world(), |world| same_for_all(&world));
    if let Err(error) = checked {
        panic!("{}", brief(&error));
    }
}

fn brief(error: &proptest::test_runner::TestError<World>) -> String {
    match error {
        proptest::test_runner::TestError::Fail(why, world) => {
            let rows: Vec<String> = world.rows.iter().map(|row| row.to_string().chars().take(700).collect()).collect();
            format!("{why}\nrows:\n{}", rows.join("\n"))
        }
        other @ proptest::test_runner::TestError::Abort(_) => other.to_string(),
    }
}
