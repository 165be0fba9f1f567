//! Injection tests: a value of a request never leaves its literal, so the query has the same shape as with a harmless value.

use std::collections::BTreeMap;

use amp_rules_kql::convert::scalar_type;
use amp_rules_kql::lower::{Dialect, Lowered, lower, lower_fleet};
use kql_lang::bind::{self, Catalog};
use kql_lang::syntax;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::lowering::equivalence::runner;
use crate::lowering::hostile::{hostile, planted};

/// Returns the queries with the value in every position: for one subject, and for a fleet with the value as a subject.
fn queries(value: &str) -> Vec<Lowered> {
    let requests = planted(value);
    let subjects = [BTreeMap::from([("cluster".to_owned(), format!("x{value}"))])];
    let Some((any_line, others)) = requests.split_first() else { return Vec::new() };
    // Few requests at a time, so that a long value does not split a query, and always the one for any line, so that the length
    // of a value does not decide whether a query has a prefilter.
    let queries = others.chunks(4).flat_map(|some| {
        let some: Vec<_> = std::iter::once(any_line).chain(some).cloned().collect();
        let mut queries = lower(&some, &Dialect::new());
        queries.extend(lower_fleet(&some, &subjects, &Dialect::new()));
        queries
    });
    queries.collect()
}

/// Returns the syntax tree of a query without the contents of literals and names, and without spans.
fn shape(lowered: &Lowered) -> Result<String, TestCaseError> {
    let parsed = syntax::parse(&lowered.kql);
    prop_assert!(parsed.diagnostics.is_empty(), "{:?}\n{}", parsed.diagnostics, lowered.kql);
    let mut out = String::new();
    let mut letters = format!("{:?}", parsed.query).chars().collect::<Vec<_>>().into_iter();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                out.push('"');
                while let Some(inner) = letters.next() {
                    match inner {
                        '"' => break,
                        '\\' => drop(letters.next()),
                        _ => {}
                    }
                }
            }
            digit if digit.is_ascii_digit() => {
                if !out.ends_with('0') {
                    out.push('0');
                }
            }
            other => out.push(other),
        }
    }
    Ok(out)
}

#[test]
fn hostile_values_do_not_change_the_shape_of_a_query() {
    let harmless: Vec<String> = queries("plain").iter().map(|query| shape(query).expect("it is a query")).collect();
    assert!(harmless.len() >= 6 && harmless.iter().all(|shape| shape.len() > 200));
    let checked = runner().run(&hostile(), |value| {
        let queries = queries(&value);
        prop_assert_eq!(queries.len(), harmless.len());
        for (query, want) in queries.iter().zip(&harmless) {
            let got = shape(query)?;
            prop_assert!(got == *want, "the shape differs:\n{}", query.kql);
        }
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn hostile_values_in_a_prefilter_stay_literals() {
    let checked = runner().run(&hostile(), |value| {
        // The first request matches any line and would disable the prefilter.
        let requests: Vec<_> = planted(&value).split_off(1);
        for lowered in lower(&requests, &Dialect::new()) {
            shape(&lowered)?;
            let catalog = requests.iter().fold(Catalog::new(), |catalog, request| {
                let table = &request.reading().table;
                let columns = table.columns.iter();
                let columns = columns.map(|(name, kind)| kql_lang::value::Column {
                    name: name.as_str().into(),
                    kind: scalar_type(*kind),
                });
                catalog.with_table(&table.name, columns.collect())
            });
            let bound = bind::bind(&syntax::parse(&lowered.kql).query, &catalog);
            prop_assert!(bound.diagnostics.is_empty(), "{:?}\n{}", bound.diagnostics, lowered.kql);
        }
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}
