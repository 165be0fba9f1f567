//! Property tests: the interpreter compared with simple loops over random rows, and the binder with random texts.

use std::collections::BTreeMap;

use kql_lang::bind::{self, Catalog};
use kql_lang::run::{Limit, Limits, RunError, Settings, Tables};
use kql_lang::syntax;
use kql_lang::value::{Column, Row, Table, Type, Value};
use kql_testing::case::{self, Answer};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::test_runner::Config;

fn column(name: &str, kind: Type) -> Column {
    Column { name: name.into(), kind }
}

/// Rows of `k:long, v:long` with frequent nulls and duplicate keys.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let key = prop_oneof![1 => Just(Value::Null), 5 => (0_i64..4).prop_map(Value::Long)];
    let value = prop_oneof![1 => Just(Value::Null), 5 => (-3_i64..3).prop_map(Value::Long)];
    proptest::collection::vec((key, value).prop_map(|(key, value)| vec![key, value]), 0..20)
}

fn table(rows: &[Row]) -> Table {
    Table { columns: vec![column("k", Type::Long), column("v", Type::Long)], rows: rows.to_vec() }
}

fn catalog() -> Catalog {
    let columns = || vec![column("k", Type::Long), column("v", Type::Long)];
    Catalog::new().with_table("L", columns()).with_table("R", columns())
}

fn rows_of(text: &str, left: &[Row], right: &[Row]) -> Vec<Row> {
    let source = Tables::new().with("L", table(left)).with("R", table(right));
    match case::answer(text, &catalog(), &source, &Settings::default()) {
        Answer::Rows(table) => table.rows,
        other => panic!("{text}: {other:?}"),
    }
}

fn long(row: &Row, at: usize) -> Option<i64> {
    match row.get(at) {
        Some(Value::Long(number)) => Some(*number),
        _ => None,
    }
}

fn sorted(mut rows: Vec<Row>) -> Vec<String> {
    let mut rows: Vec<String> = rows.drain(..).map(|row| format!("{row:?}")).collect();
    rows.sort();
    rows
}

fn pair(left: &Row, right: &Row) -> Row {
    left.iter().chain(right).cloned().collect()
}

proptest! {
    #![proptest_config(Config { cases: 64, failure_persistence: None, ..Config::default() })]

    #[test]
    fn condition_negation_and_null_partition_the_rows(rows in rows()) {
        let part = |condition: &str| rows_of(&format!("L | where {condition}"), &rows, &[]);
        let mut all = part("v > 0");
        all.extend(part("not(v > 0)"));
        all.extend(part("isnull(v > 0)"));
        assert_eq!(sorted(all), sorted(rows.clone()));
    }

    #[test]
    fn summarize_matches_a_loop_over_groups(rows in rows()) {
        let mut groups: BTreeMap<Option<i64>, (i64, Option<i64>, Option<i64>)> = BTreeMap::new();
        for row in &rows {
            let group = groups.entry(long(row, 0)).or_default();
            group.0 += 1;
            if let Some(value) = long(row, 1) {
                group.1 = Some(group.1.map_or(value, |least| least.min(value)));
                group.2 = Some(group.2.map_or(value, |most| most.max(value)));
            }
        }
        let value = |number: Option<i64>| number.map_or(Value::Null, Value::Long);
        let want = groups.into_iter().map(|(key, (count, least, most))| {
            vec![value(key), Value::Long(count), value(least), value(most)]
        });
        let got = rows_of("L | summarize count(), min(v), max(v) by k", &rows, &[]);
        assert_eq!(sorted(got), sorted(want.collect()));
    }

    #[test]
    fn sort_matches_a_stable_sort(rows in rows()) {
        let mut want = rows.clone();
        // `Option` sorts `None` first, like nulls in an ascending sort.
        want.sort_by_key(|row| long(row, 1));
        assert_eq!(rows_of("L | sort by v asc", &rows, &[]), want);
        want = rows.clone();
        want.sort_by_key(|row| std::cmp::Reverse(long(row, 1)));
        assert_eq!(rows_of("L | sort by v", &rows, &[]), want);
    }

    #[test]
    fn top_matches_the_start_of_a_sort(rows in rows(), count in 0_usize..8) {
        let mut want = rows_of("L | sort by v, k asc", &rows, &[]);
        want.truncate(count);
        let top = rows_of(&format!("L | sort by k asc | top {count} by v"), &rows, &[]);
        assert_eq!(top, want);
    }

    #[test]
    fn joins_match_nested_loops(left in rows(), right in rows()) {
        // A null key matches a null key.
        let matches = |a: &Row, b: &Row| long(a, 0) == long(b, 0);
        let absent = vec![Value::Null, Value::Null];
        let pairs: Vec<Row> = left
            .iter()
            .flat_map(|a| right.iter().filter(|b| matches(a, b)).map(|b| pair(a, b)).collect::<Vec<_>>())
            .collect();
        let left_only: Vec<&Row> = left.iter().filter(|a| !right.iter().any(|b| matches(a, b))).collect();
        let right_only: Vec<&Row> = right.iter().filter(|b| !left.iter().any(|a| matches(a, b))).collect();
        let join = |kind: &str| sorted(rows_of(&format!("L | join kind={kind} R on k"), &left, &right));
        let with = |a: &[&Row], b: &[&Row]| {
            let mut all = pairs.clone();
            all.extend(a.iter().map(|a| pair(a, &absent)));
            all.extend(b.iter().map(|b| pair(&absent, b)));
            sorted(all)
        };
        assert_eq!(join("inner"), with(&[], &[]));
        assert_eq!(join("leftouter"), with(&left_only, &[]));
        assert_eq!(join("rightouter"), with(&[], &right_only));
        assert_eq!(join("fullouter"), with(&left_only, &right_only));
        assert_eq!(join("leftanti"), sorted(left_only.into_iter().cloned().collect()));
        assert_eq!(join("rightanti"), sorted(right_only.into_iter().cloned().collect()));
        let semi = left.iter().filter(|a| right.iter().any(|b| matches(a, b))).cloned().collect();
        assert_eq!(join("leftsemi"), sorted(semi));
        let semi = right.iter().filter(|b| left.iter().any(|a| matches(a, b))).cloned().collect();
        assert_eq!(join("rightsemi"), sorted(semi));
        let mut seen = Vec::new();
        let unique: Vec<Row> = left
            .iter()
            .filter(|a| {
                let new = !seen.contains(&long(a, 0));
                seen.push(long(a, 0));
                new
            })
            .flat_map(|a| right.iter().filter(|b| matches(a, b)).map(|b| pair(a, b)).collect::<Vec<_>>())
            .collect();
        assert_eq!(join("innerunique"), sorted(unique));
    }

    #[test]
    fn pruning_unused_columns_does_not_change_results(rows in rows()) {
        // The first query uses all columns to the end, so that no column can be pruned.
        let all = rows_of("L | extend w = v + 1, x = k | sort by v asc | project k, v, w, x", &rows, &[]);
        let some = rows_of("L | extend w = v + 1, x = k | sort by v asc | project x, w", &rows, &[]);
        let picked: Vec<Row> =
            all.iter().map(|row| [3, 2].iter().filter_map(|at| row.get(*at).cloned()).collect()).collect();
        assert_eq!(some, picked);
    }

    #[test]
    fn table_variable_used_twice_equals_its_text_twice(rows in rows()) {
        let text = "L | where v > -2 | extend w = v * 2";
        let once = rows_of(&format!("let T = {text}; T | summarize n = count() by w | join kind=inner (T | project w, k) on w | project k, n"), &rows, &[]);
        let twice = rows_of(&format!("{text} | summarize n = count() by w | join kind=inner ({text} | project w, k) on w | project k, n"), &rows, &[]);
        assert_eq!(once, twice);
    }

    #[test]
    fn binder_accepts_every_parsed_text(text in any::<String>()) {
        let _ = bind::bind(&syntax::parse(&text).query, &catalog());
    }

    #[test]
    fn binder_returns_a_plan_or_diagnostics(words in proptest::collection::vec(word(), 1..24)) {
        let text = words.join(" ");
        let parsed = syntax::parse(&text);
        let bound = bind::bind(&parsed.query, &catalog());
        assert_eq!(bound.plan.is_some(), bound.diagnostics.is_empty());
    }
}

/// Tokens; many sequences of them are almost valid queries.
fn word() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "L",
        "R",
        "|",
        "where",
        "extend",
        "project",
        "summarize",
        "by",
        "count()",
        "k",
        "v",
        "x",
        "=",
        "==",
        "(",
        ")",
        ",",
        "join",
        "kind=inner",
        "on",
        "union",
        "let",
        ";",
        "1",
        "'a'",
        "dynamic([1])",
        "mv-expand",
        "sort by",
        "top 1 by",
        "toscalar(",
        "iff(",
        "arg_max(",
        "*",
        "and",
        "$left.k",
        "in",
        "between (1 .. 2)",
        "print",
        "distinct",
        "[0]",
        ".a",
        "project-away",
        "make-series",
        "step",
        "parse",
        "with",
        "f",
        "{",
        "}",
        "materialize(",
        "as T",
        "T",
        "getschema",
    ])
}

#[test]
fn limit_error_names_the_limit_and_the_operator() {
    let run = |text: &str, limits: Limits| {
        let settings = Settings { limits, ..Settings::default() };
        match case::answer(text, &Catalog::new(), &Tables::new(), &settings) {
            Answer::Failed(RunError::LimitReached { limit, value, span }) => {
                (limit, value, text.get(span.start..span.end).map(str::to_owned))
            }
            other => panic!("{text}: {other:?}"),
        }
    };
    let wide = Limits::default();
    let text = "range x from 1 to 100000 step 1 | sort by x | take 1";
    let at = |text: &str| Some(text.to_owned());
    assert_eq!(run(text, Limits { rows: 5000, ..wide }), (Limit::Rows, 5000, at("sort by x")));
    assert_eq!(run(text, Limits { bytes: 9000, ..wide }), (Limit::Bytes, 9000, at("sort by x")));
    assert_eq!(run(text, Limits { steps: 70_000, ..wide }), (Limit::Steps, 70_000, at("sort by x")));
    let grows = "range x from 1 to 3000 step 1 | extend k = 1 | join kind=inner (range y from 1 to 3000 step 1 | extend k = 1) on k | count";
    let (limit, ..) = run(grows, Limits { steps: 100_000, ..wide });
    assert_eq!(limit, Limit::Steps);
}

#[test]
fn long_chain_of_definitions_does_not_recurse_deeply() {
    let mut text = "let t0 = range x from 1 to 3 step 1;\n".to_owned();
    for index in 1..400 {
        text += &format!("let t{index} = t{} | union (t{} | where x > 2) | distinct x;\n", index - 1, index - 1);
    }
    text += "t399 | count";
    let Answer::Rows(table) = case::answer(&text, &Catalog::new(), &Tables::new(), &Settings::default()) else {
        panic!("the query does not run");
    };
    assert_eq!(table.rows, [[Value::Long(3)]]);
}

#[test]
fn source_receives_only_the_used_columns() {
    #[derive(Default)]
    struct RecordedScans(std::cell::RefCell<Vec<Vec<String>>>);
    impl kql_lang::run::Source for RecordedScans {
        fn scan(
            &self,
            _: &str,
            columns: &[Column],
            _: &mut dyn FnMut(Row) -> std::ops::ControlFlow<()>,
        ) -> Result<(), kql_lang::run::SourceError> {
            self.0.borrow_mut().push(columns.iter().map(|column| column.name.to_string()).collect());
            Ok(())
        }
    }
    let columns = ["a", "b", "c", "d", "e"].map(|name| column(name, Type::Long)).to_vec();
    let catalog = Catalog::new().with_table("T", columns);
    let scans = |text: &str| {
        let source = RecordedScans::default();
        let answer = case::answer(text, &catalog, &source, &Settings::default());
        assert!(matches!(answer, Answer::Rows(_)), "{text}: {answer:?}");
        source.0.into_inner()
    };
    assert_eq!(scans("T | where b > 1 | extend x = d | summarize max(x) by a"), [["a", "b", "d"]]);
    assert_eq!(scans("T | count"), [Vec::<String>::new()]);
    assert_eq!(scans("T | take 1"), [["a", "b", "c", "d", "e"]]);
    assert_eq!(
        scans(
            "let t = T | where a == 1; t | summarize count() by b | join kind=inner (t | project b, c) on b | project c"
        ),
        [["a", "b", "c"]]
    );
    assert_eq!(scans("T | join kind=inner (T | project-away e) on a | project b1"), [vec!["a", "b"], vec!["a"]]);
    assert_eq!(scans("union (T | extend z = 1), (T | extend z = a) | summarize sum(z)"), [vec![], vec!["a"]]);
}

#[test]
fn failing_source_fails_the_run() {
    let failing = Tables::new();
    let answer = case::answer("L | count", &catalog(), &failing, &Settings::default());
    let Answer::Failed(error) = answer else { panic!("{answer:?}") };
    assert_eq!(error.to_string(), "cannot read table `L`");
    assert!(std::error::Error::source(&error).expect("the cause is kept").to_string().contains("`L`"));
}

#[test]
fn long_chains_and_deep_nesting_do_not_overflow_the_stack() {
    let run = |text: &str| case::answer(text, &Catalog::new(), &Tables::new(), &Settings::default());
    let value = |text: &str| match run(text) {
        Answer::Rows(table) => format!("{:?}", table.rows),
        other => format!("{other:?}").chars().take(60).collect(),
    };
    let chain = |word: &str, count: usize| vec!["x == 7"; count].join(word);
    let rows = "range x from 7 to 8 step 1 | where ";
    assert_eq!(value(&format!("{rows}{}", chain(" or ", 900))), "[[Long(7)]]");
    assert_eq!(value(&format!("{rows}{}", chain(" and ", 900))), "[[Long(7)]]");
    for text in [
        format!("print x = {}1", "-".repeat(900)),
        format!("print x = {}", vec!["1"; 900].join(" + ")),
        format!("print x = dynamic(1){}", ".a".repeat(900)),
        format!("print x = dynamic(1){}", "[0]".repeat(900)),
        format!("print x = {}1{}", "strcat(".repeat(90), ")".repeat(90)),
        format!("print x = {}1{}", "toscalar(print ".repeat(60), ")".repeat(60)),
        format!(
            "let f = (a:long) {{ {}a }}; range x from 1 to 2 step 1 | extend y = {}x{}",
            "-".repeat(180),
            "f(".repeat(40),
            ")".repeat(40)
        ),
        format!(
            "let f = (a:long) {{ a + a }}; range x from 1 to 2 step 1 | extend y = {}x{}",
            "f(".repeat(40),
            ")".repeat(40)
        ),
    ] {
        match run(&text) {
            Answer::Rows(_) | Answer::Refused(_) | Answer::Wrong(_) => {}
            Answer::Failed(error) => panic!("{error}"),
        }
    }
}
