//! Compares lowered queries with Microsoft's own binder: it must report no errors and the same result columns.

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
use kql_testing::microsoft::{compare, run_service, service, skipped, tables};
use proptest::strategy::{Strategy, ValueTree};
use serde_json::json;

use crate::lowering::equivalence::runner;
use crate::lowering::generate::telemetry;
use crate::lowering::hostile::{PIECES, planted};

/// Queries with their tables.
struct Queries {
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

/// Adds the queries of requests, for one subject and for a fleet.
fn texts(name: &str, requests: &[Request], subjects: &[BTreeMap<String, String>], into: &mut BTreeMap<String, String>) {
    let all = lower(requests, &Dialect::new()).into_iter().chain(lower_fleet(requests, subjects, &Dialect::new()));
    for (number, lowered) in all.enumerate() {
        into.insert(format!("{name}/{number}"), lowered.kql);
    }
}

fn subjects(cluster: &str) -> Vec<BTreeMap<String, String>> {
    [cluster, "/other"].map(|cluster| BTreeMap::from([("cluster".to_owned(), cluster.to_owned())])).to_vec()
}

/// Returns the queries of a diagnosis with the pack, for a cluster with a hostile name.
fn of_pack() -> Queries {
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
    Queries { what: "of the pack", catalog, names, queries }
}

/// Returns the queries of requests with hostile values in every position.
fn of_hostile() -> Queries {
    let mut queries = BTreeMap::new();
    for (number, pieces) in PIECES.chunks(6).enumerate() {
        let value = pieces.concat();
        texts(&format!("{number}"), &planted(&value), &subjects(&value), &mut queries);
    }
    let (catalog, names) = catalog(&planted(""));
    Queries { what: "with hostile values", catalog, names, queries }
}

/// Returns the queries of generated telemetry for one kind of table.
fn of_generated(table: &str, what: &'static str) -> Queries {
    let (mut queries, mut known) = (BTreeMap::new(), (Catalog::new(), Vec::new()));
    let mut runner = runner();
    for number in 0..24 {
        let telemetry = telemetry().new_tree(&mut runner).expect("a telemetry").current();
        if telemetry.table.name == table {
            known = catalog(&telemetry.requests);
            texts(&format!("{number}"), &telemetry.requests, &subjects("/c"), &mut queries);
        }
    }
    Queries { what, catalog: known.0, names: known.1, queries }
}

#[test]
fn microsofts_binder_accepts_lowered_queries() {
    let Some(place) = service(env!("CARGO_TARGET_TMPDIR")) else {
        return skipped("npm cannot install Microsoft's language service");
    };
    let all = [of_pack(), of_hostile(), of_generated("traces", "of logs"), of_generated("customMetrics", "of metrics")];
    for asked in all {
        let list: Vec<_> = asked.queries.iter().map(|(id, text)| json!({ "id": id, "text": text })).collect();
        let tables = tables(&asked.catalog, asked.names.iter().map(String::as_str));
        let Some(answers) = run_service(&place, &json!({ "tables": tables, "queries": list })) else {
            return skipped("node cannot be run");
        };
        assert_eq!(answers.len(), asked.queries.len());
        assert!(answers.len() > 1);
        for (reply, text) in answers.iter().zip(asked.queries.values()) {
            let errors: Vec<String> = reply
                .errors
                .iter()
                .map(|error| format!("{} at `{}`: {}", error.code, error.text, error.message))
                .collect();
            assert!(errors.is_empty(), "{} {}: {errors:?}\n{text}", asked.what, reply.id);
            let compared = compare(reply, text, &asked.catalog).expect("a lowered query is within the subset");
            assert_eq!(compared, Ok(()), "{} {}\n{text}", asked.what, reply.id);
        }
        let _ = writeln!(std::io::stderr(), "{} queries {} are bound as by Microsoft", answers.len(), asked.what);
    }
}
