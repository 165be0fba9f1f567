//! Queries that would need more memory or time than there is end with an error that names the limit.

use std::rc::Rc;
use std::time::{Duration, Instant};

use kql_lang::bind::{Catalog, bind};
use kql_lang::run::{Limit, Limits, RunError, Settings, Tables, run, run_until};
use kql_lang::syntax::parse;

fn outcome(text: &str, limits: Limits) -> Result<usize, RunError> {
    let bound = bind(&parse(text).query, &Catalog::new());
    let plan = bound.plan.unwrap_or_else(|| panic!("{text}: {:?}", bound.diagnostics));
    let settings = Settings { limits, ..Settings::default() };
    run(&plan, &Tables::new(), &settings).map(|outcome| outcome.tables.first().map_or(0, |(_, table)| table.rows.len()))
}

#[track_caller]
fn stops_at(limit: Limit, text: &str, limits: Limits) {
    let start = Instant::now();
    match outcome(text, limits) {
        Err(RunError::LimitReached { limit: found, .. }) => assert_eq!(found, limit, "{text}"),
        other => panic!("{text}: {other:?}"),
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{text} took {:?}", start.elapsed());
}

#[track_caller]
fn fails(message: &str, text: &str) {
    match outcome(text, Limits::DEFAULT) {
        Err(error) => assert!(error.to_string().contains(message), "{text}: {error}"),
        Ok(rows) => panic!("{text}: {rows} rows"),
    }
}

const SMALL: Limits = Limits { rows: 20_000_000, bytes: 400_000_000, steps: 5_000_000 };

#[test]
fn doubling_a_value_many_times_fails() {
    let nested = (1..=40).fold("print d0 = dynamic([1])".to_owned(), |text, place| {
        format!("{text} | extend d{place} = pack_array(d{0}, d{0})", place - 1)
    });
    fails("`pack_array` returns at most 16,777,216 bytes", &format!("{nested} | project d40"));
    fails("`pack_array` returns at most 16,777,216 bytes", &format!("{nested} | project strlen(tostring(d40))"));
    let in_function = "let f = (d: dynamic) { pack_array(d, d) }; let g = (d: dynamic) { f(f(f(f(f(f(f(f(d)))))))) }; print g(g(g(g(dynamic([1])))))";
    fails("`pack_array` returns at most 16,777,216 bytes", in_function);
}

#[test]
fn pairs_of_many_rows_with_one_key_stop() {
    let join = "range x from 1 to 50000 step 1 | extend k = 1 | join kind=inner (range y from 1 to 50000 step 1 | extend k = 1) on k";
    stops_at(Limit::Bytes, join, Limits { steps: u64::MAX, ..SMALL });
    stops_at(Limit::Steps, &format!("{join} | count"), SMALL);
    stops_at(Limit::Steps, &format!("{join} | where x == y | count"), SMALL);
}

#[test]
fn many_elements_of_many_rows_stop() {
    let expand = "range x from 1 to 1000 step 1 | extend d = range(1, 100000) | mv-expand d";
    stops_at(Limit::Bytes, expand, Limits { steps: u64::MAX, ..SMALL });
    stops_at(Limit::Steps, &format!("{expand} | count"), SMALL);
    stops_at(Limit::Steps, &expand.replace("mv-expand d", "mv-apply d on (count)"), SMALL);
}

#[test]
fn values_of_one_batch_stop() {
    stops_at(
        Limit::Bytes,
        "range x from 1 to 1000 step 1 | extend d = repeat(x, 100000) | summarize sum(array_length(d))",
        SMALL_ROOM,
    );
    stops_at(Limit::Bytes, "range x from 1 to 3000000 step 1 | summarize make_list(x) by x", SMALL_ROOM);
    stops_at(Limit::Bytes, "range x from 1 to 3000000 step 1 | sort by x desc", SMALL_ROOM);
}

const SMALL_ROOM: Limits = Limits { rows: 20_000_000, bytes: 20_000_000, steps: 100_000_000 };

#[test]
fn rows_that_share_an_array_hold_it_once() {
    let text = "print d = range(1, 20000) | mv-expand e = d | sort by tolong(e) desc | summarize max(tolong(e))";
    assert_eq!(outcome(text, SMALL).ok(), Some(1));
}

#[test]
fn a_run_ends_at_the_limit_of_time() {
    let text = "range x from 1 to 10000000 step 1 | extend y = strcat(x, 'y') | summarize max(y)";
    let bound = bind(&parse(text).query, &Catalog::new());
    let plan = bound.plan.expect("the query is valid");
    let calls = Rc::new(std::cell::Cell::new(0));
    let counted = Rc::clone(&calls);
    let is_late = move || {
        counted.set(counted.get() + 1);
        counted.get() > 3
    };
    match run_until(&plan, &Tables::new(), &Settings::default(), Rc::new(is_late)) {
        Err(error @ RunError::LimitReached { limit: Limit::Time, .. }) => {
            assert_eq!(error.to_string(), "cannot finish the query: the limit of time is reached");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(calls.get(), 4);
}
