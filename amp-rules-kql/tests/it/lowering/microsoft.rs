//! Holds the text of lowered queries against Microsoft's own binder: nothing is wrong with them, and their columns are ours.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use amp_rules_core::plan;
use amp_rules_core::plan::Scope;
use amp_rules_core::rules::compile::compile;
use amp_rules_core::rules::diagnostic::RuleFile;
use amp_rules_core::telemetry::request::Request;
use amp_rules_core::time::{Time, Window};
use amp_rules_kql::convert::scalar_type;
use amp_rules_kql::lower::{Dialect, lower, lower_fleet};
use kql_lang::bind::Catalog;
use kql_lang::value::Column;
use kql_testing::microsoft::{run_service, compare, service, skipped, tables};
use proptest::strategy::{Strategy, ValueTree};
use serde_json::json;

use crate::lowering::generate::world;
use crate::lowering::hostile::{PIECES, planted};
use crate::lowering::law::runner;

/// Queries with the tables that they read.
struct Asked {
    what: &'static str,
    catalog: Catalog,
    names: Vec<String>,
    queries: BTreeMap<String, String>,
}

fn catalog(requests: &[Request]) -> (Catalog, Vec<String>) {
    let mut tables = BTreeMap::new();
    for request in requests {
        let table = &request.reading().table;
        let columns =
            table.columns.iter().map(|(name, kind)| Column { name: name.as_str().into(), kind: scalar_type(*kind) });
        tables.insert(table.name.clone(), columns.collect::<Vec<_>>());
    }
    let names = tables.keys().cloned().collect();
    (tables.into_iter().fold(Catalog::new(), |all, (name, columns)| all.with_table(name, columns)), names)
}

/// The queries of requests, of one subject and of a fleet.
fn texts(name: &str, requests: &[Request], subjects: &[BTreeMap<String, String>], into: &mut BTreeMap<String, String>) {
    let all = lower(requests, &Dialect::new()).into_iter().chain(lower_fleet(requests, subjects, &Dialect::new()));
    for (number, lowered) in all.enumerate() {
        into.insert(format!("{name}/{number}"), lowered.kql);
    }
}

fn subjects(cluster: &str) -> Vec<BTreeMap<String, String>> {
    [cluster, "/other"].map(|cluster| BTreeMap::from([("cluster".to_owned(), cluster.to_owned())])).to_vec()
}

/// What a diagnosis by the pack asks of a cluster with a hostile name.
fn of_pack() -> Asked {
    let files: Vec<RuleFile> =
        amp_rules_pack::files().into_iter().map(|(name, text)| RuleFile::new(name, text)).collect();
    let rules = compile(&files).expect("the pack compiles");
    let now = "2025-08-06T12:00:00Z".parse::<Time>().expect("it is an instant");
    let cluster = "/subscriptions/s\"'\\\n|//;\u{1f600}";
    let mut scope = Scope::new(Window { from: now.saturating_sub(Duration::from_secs(86_400)), to: now });
    scope.subject = subjects(cluster).swap_remove(0);
    let plan = plan(&rules, &scope).expect("the pack can be planned");
    let mut queries = BTreeMap::new();
    texts("pack", plan.requests(), &subjects(cluster), &mut queries);
    let (catalog, names) = catalog(plan.requests());
    Asked { what: "of the pack", catalog, names, queries }
}

/// Requests with hostile values at every place.
fn of_hostile() -> Asked {
    let mut queries = BTreeMap::new();
    for (number, pieces) in PIECES.chunks(6).enumerate() {
        let value = pieces.concat();
        texts(&format!("{number}"), &planted(&value), &subjects(&value), &mut queries);
    }
    let (catalog, names) = catalog(&planted(""));
    Asked { what: "with hostile values", catalog, names, queries }
}

/// Worlds of one kind of table, as the law makes them.
fn of_worlds(table: &str, what: &'static str) -> Asked {
    let (mut queries, mut known) = (BTreeMap::new(), (Catalog::new(), Vec::new()));
    let mut runner = runner();
    for number in 0..24 {
        let world = world().new_tree(&mut runner).expect("a world").current();
        if world.table.name == table {
            known = catalog(&world.requests);
            texts(&format!("{number}"), &world.requests, &subjects("/c"), &mut queries);
        }
    }
    Asked { what, catalog: known.0, names: known.1, queries }
}

#[test]
fn microsoft_finds_nothing_wrong_with_lowered_queries() {
    let Some(place) = service(env!("CARGO_TARGET_TMPDIR")) else {
        return skipped("npm cannot install Microsoft's language service");
    };
    let all = [of_pack(), of_hostile(), of_worlds("traces", "of logs"), of_worlds("customMetrics", "of metrics")];
    for asked in all {
        let list: Vec<_> = asked.queries.iter().map(|(id, text)| json!({ "id": id, "text": text })).collect();
        let tables = tables(&asked.catalog, asked.names.iter().map(String::as_str));
        let Some(answers) = run_service(&place, &json!({ "tables": tables, "queries": list })) else {
            return skipped("node cannot be run");
        };
        assert_eq!(answers.len(), asked.queries.len());
        assert!(answers.len() > 1);
        for (theirs, text) in answers.iter().zip(asked.queries.values()) {
            let errors: Vec<String> = theirs
                .errors
                .iter()
                .map(|error| format!("{} at `{}`: {}", error.code, error.text, error.message))
                .collect();
            assert!(errors.is_empty(), "{} {}: {errors:?}\n{text}", asked.what, theirs.id);
            let compared = compare(theirs, text, &asked.catalog).expect("a lowered query is within the subset");
            assert_eq!(compared, Ok(()), "{} {}\n{text}", asked.what, theirs.id);
        }
        let _ =
            writeln!(std::io::stderr(), "{} queries {} are read as Microsoft reads them", answers.len(), asked.what);
    }
}
