//! Filters: every test, hostile texts, columns that no row has, truncated values.

use serde_json::{Value, json};

use crate::telemetry::predicate::{Aggregate, Comparison, LineTest, Test};
use crate::telemetry::request::{LinesRequest, Request};
use crate::telemetry::source::conformance::build::{
    case, counts, holding, is, lines, log, metrics, partial_answer, pod, rows, sample, series, several, step, traces,
    whole_answer, with,
};
use crate::telemetry::source::conformance::case::{Case, Want};
use crate::telemetry::source::data::{AnswerData, GapReason};

/// Texts with a meaning in a shell, a query language, JSON or a regex.
const HOSTILE: [&str; 16] = [
    "it's",
    "a \"quoted\" text",
    "ends in a backslash\\",
    "\\n is no newline",
    "a\ttab",
    "x | take 0",
    "\"); drop table x; //",
    "$(x) `y` %z",
    "/* c */ // d",
    "é 日本 😀",
    "[a-z]+.*",
    "{{braces}}",
    "@\"verbatim\"",
    "h'hidden'",
    "--",
    "\u{a0}",
];

pub(super) fn cases() -> Vec<Case> {
    vec![
        every_test(),
        a_missing_cell(),
        hostile_values(),
        hostile_pods(),
        hostile_literals(),
        missing_columns(),
        cut_value(),
        cut_message(),
        keys_of_metrics(),
    ]
}

/// A case with one request per test, and the ids of the rows that pass it.
fn passing(name: &str, rows_given: Vec<Value>, asked: Vec<(Test, &[&str])>) -> Case {
    let ask = |(test, ids): (Test, &[&str])| {
        let request = Request::Rows(rows(traces(), vec![with("x", test)]));
        let many = ids.len() as u64;
        let cells: &[_] = if ids.is_empty() { &[] } else { &[("p1", 0, many, 0, 0)] };
        let kept: Vec<_> = ids.iter().take(3).map(|id| ("p1", 0, *id, 0, "t")).collect();
        (request, whole_answer(counts(cells, &kept)))
    };
    several(name, holding(traces(), rows_given), asked.into_iter().map(ask).collect())
}

fn every_test() -> Case {
    let values = [
        ("a", json!("true")),
        ("b", json!("Kubelet.1")),
        ("c", json!("24")),
        ("d", json!(7.5)),
        ("e", json!("6.21.3-main")),
        ("f", json!("")),
    ];
    let given = values.into_iter().map(|(id, value)| log(0, id, "t", json!({"x": value}))).collect();
    let version = |bounds: &[(Comparison, &[u64])]| {
        Test::Version(bounds.iter().map(|(comparison, bound)| (*comparison, bound.to_vec())).collect())
    };
    let asked: Vec<(Test, &[&str])> = vec![
        (is("true"), &["a"]),
        (is("TRUE"), &[]),
        (is("24.0"), &["c"]),
        (is("7.5"), &["d"]),
        (is(""), &["f"]),
        (Test::OneOf(vec!["true".to_owned(), "24".to_owned()]), &["a", "c"]),
        (Test::Prefix("Kube".to_owned()), &["b"]),
        (Test::Prefix("kube".to_owned()), &[]),
        (Test::Contains("LET.".to_owned()), &["b"]),
        (Test::Regex("^K.*1$".to_owned()), &["b"]),
        (Test::Above(7.5), &["c"]),
        (Test::Below(24.0), &["d"]),
        (version(&[(Comparison::AtLeast, &[6, 20]), (Comparison::Below, &[6, 22, 0])]), &["e"]),
        (Test::Not(Box::new(is("true"))), &["b", "c", "d", "e", "f"]),
        (Test::Not(Box::new(Test::Regex(".".to_owned()))), &["f"]),
    ];
    passing("every test of a filter gives the same result", given, asked)
}

fn a_missing_cell() -> Case {
    let given =
        vec![log(0, "a", "t", json!({})), log(0, "b", "t", json!({"x": null})), log(0, "c", "t", json!({"x": "v"}))];
    let asked: Vec<(Test, &[&str])> = vec![
        (is("v"), &["c"]),
        (Test::Contains("v".to_owned()), &["c"]),
        (Test::Above(1.0), &[]),
        (Test::Not(Box::new(is("v"))), &["a", "b"]),
        (Test::Not(Box::new(is("w"))), &["a", "b", "c"]),
    ];
    passing("a missing cell fails every test but a negation", given, asked)
}

fn hostile_values() -> Case {
    let ids: Vec<_> = (0..HOSTILE.len()).map(|index| format!("i{index:02}")).collect();
    let given = ids.iter().zip(HOSTILE).map(|(id, text)| log(0, id, "t", json!({"x": text}))).collect();
    let mut asked = Vec::new();
    for (id, text) in ids.iter().zip(HOSTILE) {
        for test in [is(text), Test::Prefix(text.to_owned())] {
            asked.push((
                Request::Rows(rows(traces(), vec![with("x", test)])),
                whole_answer(counts(&[("p1", 0, 1, 0, 0)], &[("p1", 0, id, 0, "t")])),
            ));
        }
    }
    several("hostile texts in a filter are compared and never run", holding(traces(), given), asked)
}

fn hostile_pods() -> Case {
    let mut names = HOSTILE;
    names.sort_unstable();
    let given = names
        .iter()
        .enumerate()
        .map(|(index, name)| log(0, &format!("i{index:02}"), "refused", json!({"podname": name})))
        .collect();
    let ids: Vec<_> = (0..names.len()).map(|index| format!("i{index:02}")).collect();
    let cells: Vec<_> = names.iter().map(|name| (*name, 0, 1, 0, 0)).collect();
    let kept: Vec<_> = names.iter().zip(&ids).map(|(name, id)| (*name, 0, id.as_str(), 0, "refused")).collect();
    case(
        "hostile texts are returned unchanged",
        holding(traces(), given),
        Request::Lines(lines("refused")),
        whole_answer(counts(&cells, &kept)),
    )
}

fn hostile_literals() -> Case {
    let ids: Vec<_> = (0..HOSTILE.len()).map(|index| format!("i{index:02}")).collect();
    // A leading brace keeps a text with backslash and n from being split.
    let texts: Vec<_> = HOSTILE.iter().map(|text| format!("{{ <{text}>")).collect();
    let given = ids.iter().zip(&texts).map(|(id, text)| log(0, id, text, json!({}))).collect();
    let ask = |((id, text), hostile): ((&String, &String), &str)| {
        let request = LinesRequest { test: LineTest::Contains(format!("<{hostile}>")), ..lines("") };
        (Request::Lines(request), whole_answer(counts(&[("p1", 0, 1, 0, 0)], &[("p1", 0, id, 0, text)])))
    };
    let asked = ids.iter().zip(&texts).zip(HOSTILE).map(ask).collect();
    several("hostile texts are literals of a line test", holding(traces(), given), asked)
}

fn missing_columns() -> Case {
    let given = vec![
        log(0, "a", "refused", json!({"tag": "t"})),
        log(0, "b", "fine", json!({"podname": "p2", "mip": "false"})),
        log(0, "c", "fine", json!({"podname": "p2", "tag": "x"})),
        log(0, "d", "fine", json!({"podname": "p3", "cluster": "elsewhere"})),
    ];
    let mut request = lines("refused");
    request.reading.filter = vec![with("mip", Test::Not(Box::new(is("false")))), with("tag", is("t"))];
    let data = counts(&[("p1", 0, 1, 0, 0)], &[("p1", 0, "a", 0, "refused")]);
    let want = Want::Answer {
        data,
        gaps: std::collections::BTreeSet::new(),
        missing_columns: vec![(pod("p1"), "mip".to_owned())],
    };
    case(
        "a tested column that no row of an entity has is reported",
        holding(traces(), given),
        Request::Lines(request),
        want,
    )
}

fn cut_value() -> Case {
    let cut = "a".repeat(crate::telemetry::source::data::PROPERTY_CHARACTERS);
    let given = vec![log(0, "a", "t", json!({"x": cut}))];
    let ask = |test| Request::Rows(rows(traces(), vec![with("x", test)]));
    let none = || counts(&[], &[]);
    let one = || counts(&[("p1", 0, 1, 0, 0)], &[("p1", 0, "a", 0, "t")]);
    several(
        "a truncated value decides only what its beginning decides",
        holding(traces(), given),
        vec![
            (ask(is(&cut)), partial_answer(none(), GapReason::Truncated)),
            (ask(Test::Contains("b".to_owned())), partial_answer(none(), GapReason::Truncated)),
            (ask(Test::Contains("aa".to_owned())), whole_answer(one())),
            (ask(is("b")), whole_answer(none())),
        ],
    )
}

fn cut_message() -> Case {
    let message = format!("{}\nrefused", "x".repeat(crate::telemetry::source::data::MESSAGE_CHARACTERS - 8));
    let data = counts(&[("p1", 0, 1, 0, 0)], &[("p1", 0, "a", 1, "refused")]);
    case(
        "a truncated message is a gap, since it may have contained more lines",
        holding(traces(), vec![log(0, "a", &message, json!({}))]),
        Request::Lines(lines("refused")),
        partial_answer(data, GapReason::Truncated),
    )
}

fn keys_of_metrics() -> Case {
    let given = vec![
        sample(0, "a", "targets", json!(5), json!({"podname": "scraper", "collector_name": "p7"})),
        sample(0, "b", "targets", json!(9), json!({"podname": "p7", "collector_name": "p8"})),
    ];
    let mut request = series(vec![step(Aggregate::Max, &[])]);
    request.metrics = crate::telemetry::source::conformance::build::named(&["targets"]);
    request.reading.filter = vec![with("podname", is("p7"))];
    let point = crate::telemetry::source::data::Point {
        entity: pod("p7"),
        by: Vec::new(),
        bin: crate::telemetry::source::conformance::build::at(0),
        value: 5.0,
        metrics: 1,
    };
    case(
        "an entity key is read from the column of its metric",
        holding(metrics(), given),
        Request::Series(request),
        whole_answer(AnswerData::Series(vec![point])),
    )
}
