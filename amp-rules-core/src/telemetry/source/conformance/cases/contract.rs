//! Promises for every kind of request: windows, subjects, order, missing telemetry, duplicates, weights, cancellation.

use serde_json::{Value, json};

use crate::telemetry::predicate::Aggregate;
use crate::telemetry::request::{LinesRequest, Request};
use crate::telemetry::source::conformance::build::{
    CLUSTER, at, case, counts, holding, inventory, lines, log, metrics, named, partial_answer, pod, points, properties,
    rows, sample, samples, series, several, step, traces, weighing, whole, whole_answer,
};
use crate::telemetry::source::conformance::case::{Case, Dataset, Manner, Want};
use crate::telemetry::source::data::Counts;
use crate::telemetry::source::data::{AnswerData, EntityHeartbeats, GapReason};
use crate::telemetry::source::error::SourceErrorKind;

pub(super) fn cases() -> Vec<Case> {
    [nothing(), bounds(), missing(), counted(), manners()].concat()
}

fn refused() -> Request {
    Request::Lines(lines("refused"))
}

fn sum() -> Request {
    Request::Series(series(vec![step(Aggregate::Sum, &[])]))
}

/// One request of every kind, with its empty answer.
fn each_kind() -> Vec<(&'static str, Request, AnswerData)> {
    let none = || AnswerData::Counts(Counts::default());
    vec![
        ("lines", refused(), none()),
        ("rows", Request::Rows(rows(traces(), Vec::new())), none()),
        ("series", sum(), AnswerData::Series(Vec::new())),
        ("properties", Request::Properties(properties(&["mip"])), AnswerData::Properties(Vec::new())),
        ("inventory", Request::Inventory(inventory(traces(), None)), AnswerData::Inventory(Vec::new())),
    ]
}

fn nothing() -> Vec<Case> {
    let empty = || Dataset {
        tables: [traces(), metrics()].into_iter().map(|table| (std::sync::Arc::new(table), Vec::new())).collect(),
        ..Dataset::default()
    };
    let mut cases = Vec::new();
    for (kind, request, none) in each_kind() {
        cases.push(case(
            &format!("no rows are an empty answer to {kind}, not an error"),
            empty(),
            request.clone(),
            whole_answer(none),
        ));
        cases.push(case(
            &format!("an unknown table is missing and not empty: {kind}"),
            Dataset::default(),
            request,
            Want::NoTable,
        ));
    }
    cases
}

fn bounds() -> Vec<Case> {
    let edge = vec![
        log(-1, "a", "refused", json!({})),
        log(0, "b", "refused", json!({})),
        log(3599, "c", "refused", json!({})),
        log(3600, "d", "refused", json!({})),
    ];
    let kept = [("p1", 0, "b", 0, "refused"), ("p1", 3599, "c", 0, "refused")];
    let mut last_tick = log(3599, "c", "refused", json!({}));
    if let Some(row) = last_tick.as_object_mut() {
        row.insert("timestamp".to_owned(), json!("2025-08-05T12:59:59.9999999Z"));
    }
    let end = at(3600).saturating_add_ticks(-1);
    let upper = |cluster: &str| json!({"cluster": cluster});
    let mut shouted = lines("refused");
    shouted.reading.subject.insert("cluster".to_owned(), CLUSTER.to_uppercase());
    let mut with_key = lines("refused");
    with_key.reading.keys = vec!["cluster".to_owned()];
    let mut unknown_key = lines("refused");
    unknown_key.reading.subject.insert("tenant".to_owned(), "t".to_owned());
    let one = || counts(&[("p1", 0, 1, 0, 0)], &[("p1", 0, "a", 0, "refused")]);
    let order = vec![
        log(700, "e", "refused", json!({"podname": "p2"})),
        log(10, "d", "refused", json!({"podname": "p2"})),
        log(650, "c", "refused", json!({})),
        log(5, "b", "refused", json!({})),
        log(5, "a", "refused", json!({})),
    ];
    let ordered = counts(
        &[("p1", 0, 2, 5, 5), ("p1", 600, 1, 650, 650), ("p2", 0, 1, 10, 10), ("p2", 600, 1, 700, 700)],
        &[
            ("p1", 5, "a", 0, "refused"),
            ("p1", 5, "b", 0, "refused"),
            ("p1", 650, "c", 0, "refused"),
            ("p2", 10, "d", 0, "refused"),
            ("p2", 700, "e", 0, "refused"),
        ],
    );
    let folded = |mut data: AnswerData| {
        let cluster = crate::telemetry::entity::Entity::new([("cluster".to_owned(), CLUSTER.to_owned())]);
        if let AnswerData::Counts(counts) = &mut data {
            counts.cells.iter_mut().for_each(|cell| cell.entity = cluster.clone());
            counts.samples.iter_mut().for_each(|(entity, _)| *entity = cluster.clone());
        }
        data
    };
    let tick = |mut data: AnswerData| {
        if let AnswerData::Counts(counts) = &mut data {
            counts.cells.iter_mut().for_each(|cell| (cell.first, cell.last) = (end, end));
            counts.samples.iter_mut().flat_map(|(_, samples)| samples).for_each(|sample| sample.at = end);
        }
        data
    };
    let mixed = || {
        vec![
            log(0, "a", "refused", upper("/SUBSCRIPTIONS/S/managedClusters/C1")),
            log(0, "b", "refused", upper("/subscriptions/s/managedclusters/c2")),
        ]
    };
    vec![
        case(
            "the window includes its start and excludes its end",
            holding(traces(), edge),
            refused(),
            whole_answer(counts(&[("p1", 0, 1, 0, 0), ("p1", 3300, 1, 3599, 3599)], &kept)),
        ),
        case(
            "times are exact to 100 ns",
            holding(traces(), vec![last_tick]),
            refused(),
            whole_answer(tick(counts(&[("p1", 3300, 1, 0, 0)], &[("p1", 0, "c", 0, "refused")]))),
        ),
        case(
            "samples outside the window do not count",
            holding(metrics(), samples(&[(-1, 1.0), (0, 2.0), (3599, 4.0), (3600, 8.0)])),
            Request::Series(series(vec![whole(step(Aggregate::Sum, &[]))])),
            whole_answer(points(&[(0, 6.0)])),
        ),
        case(
            "answers are sorted in whatever order rows arrive",
            holding(traces(), order),
            refused(),
            whole_answer(ordered),
        ),
        case("rows of other subjects do not count", holding(traces(), mixed()), refused(), whole_answer(one())),
        case(
            "resource ids are compared without case",
            holding(traces(), mixed()),
            Request::Lines(shouted),
            whole_answer(one()),
        ),
        case(
            "resource ids in answers are in lower case",
            holding(traces(), mixed()),
            Request::Lines(with_key),
            whole_answer(folded(one())),
        ),
        case(
            "subject keys that the table does not have are ignored",
            holding(traces(), mixed()),
            Request::Lines(unknown_key),
            whole_answer(one()),
        ),
        case(
            "a row without an entity key does not count, and is missing if it has another key",
            holding(
                traces(),
                vec![
                    log(0, "a", "refused", json!({})),
                    log(0, "b", "refused", json!({"podname": null})),
                    log(0, "c", "refused", json!({"podname": ""})),
                ],
            ),
            refused(),
            partial_answer(one(), GapReason::MissingColumn),
        ),
    ]
}

fn missing() -> Vec<Case> {
    let base = || holding(traces(), vec![log(0, "a", "refused", json!({"tag": "t"}))]);
    let both = || Dataset {
        tables: vec![
            (std::sync::Arc::new(metrics()), samples(&[(0, 1.0)])),
            (std::sync::Arc::new(traces()), vec![log(0, "a", "refused", json!({}))]),
        ],
        ..Dataset::default()
    };
    let one = || counts(&[("p1", 0, 1, 0, 0)], &[("p1", 0, "a", 0, "refused")]);
    let of = |components: &[&str]| {
        Request::Lines(LinesRequest {
            components: components.iter().map(|name| (*name).to_owned()).collect(),
            ..lines("refused")
        })
    };
    let kinds = [
        SourceErrorKind::Denied,
        SourceErrorKind::Timeout,
        SourceErrorKind::TableMissing,
        SourceErrorKind::NotConfigured,
    ];
    let mut cases: Vec<_> = kinds
        .into_iter()
        .map(|kind| {
            let dataset = Dataset { missing: vec![("traces".to_owned(), kind)], ..Dataset::default() };
            case(
                &format!("a table that is declared missing is an error of its kind: {}", kind.as_str()),
                dataset,
                refused(),
                Want::Error(kind),
            )
        })
        .collect();
    let metric = |name: &str, kind| Dataset {
        missing_metrics: vec![("customMetrics".to_owned(), name.to_owned(), kind)],
        ..both()
    };
    let mut other = series(vec![step(Aggregate::Sum, &[])]);
    other.metrics = named(&["m", "n"]);
    let component = Dataset {
        missing_components: vec![("traces".to_owned(), "mdsd".to_owned(), SourceErrorKind::Denied)],
        ..base()
    };
    let life = |entity| {
        AnswerData::Inventory(vec![EntityHeartbeats {
            entity,
            beats: vec![at(0)],
            first: at(0),
            last: at(0),
            attributes: std::collections::BTreeMap::new(),
            starts: Vec::new(),
        }])
    };
    cases.extend([
        several(
            "a failed request affects no other",
            Dataset { missing: vec![("customMetrics".to_owned(), SourceErrorKind::Denied)], ..base() },
            vec![(sum(), Want::Error(SourceErrorKind::Denied)), (refused(), whole_answer(one()))],
        ),
        case(
            "truncation is declared",
            Dataset { partial: vec![("traces".to_owned(), GapReason::Truncated)], ..base() },
            refused(),
            partial_answer(one(), GapReason::Truncated),
        ),
        case(
            "sampling without weights is declared",
            Dataset { partial: vec![("traces".to_owned(), GapReason::Sampled)], ..base() },
            refused(),
            partial_answer(one(), GapReason::Sampled),
        ),
        several(
            "a missing metric fails the requests that name it and no other",
            metric("n", SourceErrorKind::Timeout),
            vec![
                (Request::Series(other), Want::Error(SourceErrorKind::Timeout)),
                (sum(), whole_answer(points(&[(0, 1.0)]))),
                (refused(), whole_answer(one())),
            ],
        ),
        several(
            "a missing component fails the requests that name it and is a gap of those that name none",
            component,
            vec![
                (of(&["mdsd"]), Want::Error(SourceErrorKind::Denied)),
                (of(&["other"]), whole_answer(one())),
                (of(&[]), partial_answer(one(), GapReason::Denied)),
            ],
        ),
        several(
            "a partial inventory is declared",
            Dataset { inventory_partial: true, ..base() },
            vec![
                (Request::Inventory(inventory(traces(), None)), partial_answer(life(pod("p1")), GapReason::Inventory)),
                (refused(), whole_answer(one())),
            ],
        ),
    ]);
    cases
}

fn counted() -> Vec<Case> {
    let copies = |row: Value| vec![row.clone(), row];
    let mut unnamed = traces();
    unnamed.identity = None;
    let mut unnamed_lines = lines("refused");
    unnamed_lines.reading.table = std::sync::Arc::new(unnamed.clone());
    let row = |id: &str, weight: Value| weighing(log(0, id, "refused", json!({})), weight);
    let many: Vec<_> = (0..2500_i64)
        .map(|number| {
            log(number % 3600, &format!("i{number:04}"), if number % 2 == 0 { "refused" } else { "fine" }, json!({}))
        })
        .collect();
    // Rows at even seconds match: 150 per bin of 300 s, and none beyond row 2,499.
    let cells: Vec<_> =
        (0..9_i64)
            .map(|bin| {
                if bin == 8 { ("p1", 2400, 50, 2400, 2498) } else { ("p1", bin * 300, 150, bin * 300, bin * 300 + 298) }
            })
            .collect();
    let kept = [("p1", 0, "i0000", 0, "refused"), ("p1", 2, "i0002", 0, "refused"), ("p1", 4, "i0004", 0, "refused")];
    let twice = || copies(weighing(sample(0, "a", "m", json!(2), json!({})), json!(3)));
    vec![
        case(
            "a line that arrives twice counts once",
            holding(traces(), copies(row("a", json!(1)))),
            refused(),
            whole_answer(counts(&[("p1", 0, 1, 0, 0)], &[("p1", 0, "a", 0, "refused")])),
        ),
        case(
            "a row that arrives twice counts once",
            holding(traces(), copies(row("a", json!(1)))),
            Request::Rows(rows(traces(), Vec::new())),
            whole_answer(counts(&[("p1", 0, 1, 0, 0)], &[("p1", 0, "a", 0, "refused")])),
        ),
        case(
            "a sample that arrives twice enters a sum once",
            holding(metrics(), twice()),
            sum(),
            whole_answer(points(&[(0, 6.0)])),
        ),
        case(
            "rows of a table without an identity all count",
            holding(unnamed, copies(row("a", json!(1)))),
            Request::Lines(unnamed_lines),
            whole_answer(counts(&[("p1", 0, 2, 0, 0)], &[("p1", 0, "", 0, "refused"), ("p1", 0, "", 0, "refused")])),
        ),
        case(
            "a row counts with its weight, and at least once if the cell is not a positive number",
            holding(traces(), vec![row("a", json!(5)), row("b", json!(0)), row("c", json!(-2)), row("d", json!("7"))]),
            refused(),
            partial_answer(
                counts(
                    &[("p1", 0, 14, 0, 0)],
                    &[("p1", 0, "a", 0, "refused"), ("p1", 0, "b", 0, "refused"), ("p1", 0, "c", 0, "refused")],
                ),
                GapReason::MissingColumn,
            ),
        ),
        case(
            "more rows than one page are all read",
            holding(traces(), many),
            refused(),
            whole_answer(counts(&cells, &kept)),
        ),
    ]
}

fn manners() -> Vec<Case> {
    let dataset = || Dataset {
        tables: vec![
            (std::sync::Arc::new(metrics()), samples(&[(0, 1.0), (1, 2.0)])),
            (std::sync::Arc::new(traces()), vec![log(0, "a", "refused", json!({}))]),
        ],
        ..Dataset::default()
    };
    let one = || counts(&[("p1", 0, 1, 0, 0)], &[("p1", 0, "a", 0, "refused")]);
    let asked = || vec![(sum(), whole_answer(points(&[(0, 3.0)]))), (refused(), whole_answer(one()))];
    let mut again = asked();
    again.extend(asked());
    vec![
        Case { manner: Manner::Twice, ..several("two equal calls have equal answers", dataset(), asked()) },
        several("two equal requests in a call have equal answers", dataset(), again),
        Case {
            manner: Manner::AfterCancelling,
            ..several("a cancelled call leaves nothing behind", dataset(), asked())
        },
    ]
}
