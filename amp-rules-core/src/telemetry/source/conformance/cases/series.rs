//! Series of numbers: gaps, missing samples, aggregates, steps, counters, bins.

use serde_json::{Value, json};

use crate::telemetry::predicate::{Aggregate, ValueColumn};
use crate::telemetry::request::{Request, SeriesRequest};
use crate::telemetry::source::conformance::build::{
    at, case, dimension, holding, metrics, named, pod, points, sample, samples, series, several, step, weighing, whole,
    whole_answer,
};
use crate::telemetry::source::conformance::case::Case;
use crate::telemetry::source::data::{AnswerData, Point};

pub(super) fn cases() -> Vec<Case> {
    vec![
        a_gap(),
        missing_samples(),
        untouched(),
        aggregates(),
        weights(),
        union(),
        spellings(),
        distinct(),
        counters(),
        several_counters(),
        turns(),
        ending_at(),
        other_number(),
        apart(),
        exact_sum(),
        as_text(),
    ]
}

fn over(values: &[(i64, f64)]) -> crate::telemetry::source::conformance::Dataset {
    holding(metrics(), samples(values))
}

fn binned(aggregate: Aggregate) -> Request {
    Request::Series(series(vec![step(aggregate, &[])]))
}

fn total(aggregate: Aggregate) -> SeriesRequest {
    series(vec![whole(step(aggregate, &[]))])
}

fn a_gap() -> Case {
    case(
        "a gap stays a gap",
        over(&[(0, 1.0), (650, 2.0)]),
        binned(Aggregate::Max),
        whole_answer(points(&[(0, 1.0), (600, 2.0)])),
    )
}

fn missing_samples() -> Case {
    let values = [json!("NaN"), json!("Infinity"), json!("-Infinity"), json!(null), json!(""), json!("2.5")];
    let rows: Vec<Value> = values
        .into_iter()
        .zip(0_i64..)
        .map(|(value, index)| sample(index * 300, &format!("i{index}"), "m", value, json!({})))
        .collect();
    several(
        "NaN, infinite and null samples are missing samples",
        holding(metrics(), rows),
        vec![
            (binned(Aggregate::Max), whole_answer(points(&[(1500, 2.5)]))),
            (Request::Series(total(Aggregate::Count)), whole_answer(points(&[(0, 1.0)]))),
        ],
    )
}

fn untouched() -> Case {
    let values = [(0, 15_032_385_536.0), (300, 0.000_25), (600, -3.0), (900, 0.1), (1200, 9_007_199_254_740_992.0)];
    case(
        "numbers are returned unchanged, whatever their unit",
        over(&values),
        binned(Aggregate::Last),
        whole_answer(points(&values)),
    )
}

fn aggregates() -> Case {
    let want = [
        (Aggregate::Max, 10.0),
        (Aggregate::Min, 1.0),
        (Aggregate::Avg, 4.0),
        (Aggregate::Sum, 16.0),
        (Aggregate::Count, 4.0),
        (Aggregate::Percentile(50), 2.0),
        (Aggregate::Percentile(51), 3.0),
        (Aggregate::Percentile(95), 10.0),
        (Aggregate::Last, 2.0),
        (Aggregate::Increase, 12.0),
        (Aggregate::Turns, 2.0),
    ];
    let asked = want
        .into_iter()
        .map(|(aggregate, value)| (Request::Series(total(aggregate)), whole_answer(points(&[(0, value)]))))
        .collect();
    several(
        "every aggregate computes what its name means",
        over(&[(180, 2.0), (0, 3.0), (60, 1.0), (120, 10.0)]),
        asked,
    )
}

fn weights() -> Case {
    let row = |seconds, id: &str, value: i32, weight: i32| {
        weighing(sample(seconds, id, "m", json!(value), json!({})), json!(weight))
    };
    let want = [
        (Aggregate::Sum, 8.0),
        (Aggregate::Avg, 2.0),
        (Aggregate::Count, 4.0),
        (Aggregate::Max, 5.0),
        (Aggregate::Percentile(50), 1.0),
    ];
    let mut asked: Vec<_> = want
        .into_iter()
        .map(|(aggregate, value)| (Request::Series(total(aggregate)), whole_answer(points(&[(0, value)]))))
        .collect();
    let twice = series(vec![step(Aggregate::Max, &[]), whole(step(Aggregate::Sum, &[]))]);
    asked.push((Request::Series(twice), whole_answer(points(&[(0, 6.0)]))));
    several(
        "sums, means and counts of rows are weighted, others and later steps are not",
        holding(metrics(), vec![row(0, "a", 1, 3), row(300, "b", 5, 1)]),
        asked,
    )
}

fn union() -> Case {
    let rows = vec![
        sample(0, "a", "collector", json!(6), json!({})),
        sample(10, "b", "collector", json!(7), json!({})),
        sample(20, "c", "extension", json!(4), json!({})),
        sample(300, "d", "collector", json!(9), json!({})),
    ];
    let steps = [step(Aggregate::Max, &["name"]), step(Aggregate::Sum, &[]), whole(step(Aggregate::Max, &[]))];
    let ask = |many: usize| {
        let mut request = series(steps.iter().take(many).cloned().collect());
        request.metrics = named(&["collector", "extension"]);
        Request::Series(request)
    };
    let point = |by: &[&str], bin, value, of| Point {
        entity: pod("p1"),
        by: by.iter().map(|text| (*text).to_owned()).collect(),
        bin: at(bin),
        value,
        metrics: of,
    };
    several(
        "steps aggregate the points of the step before and count the metrics that contributed",
        holding(metrics(), rows),
        vec![
            (
                ask(1),
                whole_answer(AnswerData::Series(vec![
                    point(&["collector"], 0, 7.0, 1),
                    point(&["collector"], 300, 9.0, 1),
                    point(&["extension"], 0, 4.0, 1),
                ])),
            ),
            (ask(2), whole_answer(AnswerData::Series(vec![point(&[], 0, 11.0, 2), point(&[], 300, 9.0, 1)]))),
            (ask(3), whole_answer(AnswerData::Series(vec![point(&[], 0, 11.0, 2)]))),
        ],
    )
}

fn spellings() -> Case {
    let rows = vec![
        sample(0, "a", "m", json!(1), json!({})),
        sample(0, "b", "m_total", json!(2), json!({})),
        sample(0, "c", "m_other", json!(4), json!({})),
    ];
    let mut request = total(Aggregate::Sum);
    request.metrics = vec![("m".to_owned(), vec!["m".to_owned(), "m_total".to_owned()])];
    case(
        "two spellings of a metric are one metric",
        holding(metrics(), rows),
        Request::Series(request),
        whole_answer(points(&[(0, 3.0)])),
    )
}

fn distinct() -> Case {
    let row = |seconds, id: &str, name: &str| sample(seconds, id, "m", json!(1), json!({"podname": name}));
    let mut counted = step(Aggregate::Dcount, &[]);
    counted.column = Some(dimension("podname"));
    let ask = |steps| {
        let mut request = series(steps);
        request.reading.keys = vec!["controllertype".to_owned()];
        Request::Series(request)
    };
    let entity = crate::telemetry::entity::Entity::new([("controllertype".to_owned(), "ReplicaSet".to_owned())]);
    let want = || {
        let point = |bin, value| Point { entity: entity.clone(), by: Vec::new(), bin: at(bin), value, metrics: 1 };
        whole_answer(AnswerData::Series(vec![point(0, 2.0), point(300, 1.0)]))
    };
    several(
        "distinct texts are counted exactly, in rows and in points",
        holding(metrics(), vec![row(0, "a", "x"), row(1, "b", "y"), row(2, "c", "x"), row(300, "d", "x")]),
        vec![(ask(vec![counted.clone()]), want()), (ask(vec![step(Aggregate::Max, &["podname"]), counted]), want())],
    )
}

fn counters() -> Case {
    let values = [(0, 100.0), (60, 130.0), (120, 20.0), (180, 20.0), (300, 50.0), (900, 7.0)];
    case(
        "the increase of a counter restarts from zero after a reset",
        over(&values),
        binned(Aggregate::Increase),
        whole_answer(points(&[(0, 50.0), (300, 30.0), (900, 7.0)])),
    )
}

fn several_counters() -> Case {
    let row = |seconds, id: &str, name: &str, value: i32, job: &str| {
        sample(seconds, id, name, json!(value), json!({"job_name": job}))
    };
    let rows = vec![
        row(0, "a", "m", 100, "x"),
        row(60, "b", "m", 110, "x"),
        row(30, "c", "m", 5, "y"),
        row(90, "d", "m", 6, "y"),
        row(30, "e", "m_total", 900, "x"),
        row(60, "f", "m_total", 902, "x"),
    ];
    let mut request = total(Aggregate::Increase);
    request.metrics = vec![("m".to_owned(), vec!["m".to_owned(), "m_total".to_owned()])];
    case(
        "counters of different keys and spellings increase separately",
        holding(metrics(), rows),
        Request::Series(request),
        whole_answer(points(&[(0, 13.0)])),
    )
}

fn turns() -> Case {
    let values = [(0, 1.0), (60, 2.0), (120, 2.0), (180, 3.0), (240, 1.0), (300, 1.0), (360, 5.0)];
    case(
        "equal neighbours are not a turn",
        over(&values),
        Request::Series(total(Aggregate::Turns)),
        whole_answer(points(&[(0, 2.0)])),
    )
}

fn ending_at() -> Case {
    let mut stepped = step(Aggregate::Sum, &[]);
    stepped.ending_at = Some(at(1000));
    let want = points(&[(-200, 1.0), (100, 6.0), (400, 8.0), (1000, 16.0)]);
    case(
        "bins may be aligned to end at an instant",
        over(&[(99, 1.0), (100, 2.0), (399, 4.0), (400, 8.0), (1000, 16.0)]),
        Request::Series(series(vec![stepped])),
        whole_answer(want),
    )
}

fn other_number() -> Case {
    let rows = vec![
        sample(0, "a", "m", json!(1), json!({"sent": "200"})),
        sample(1, "b", "m", json!(1), json!({})),
        sample(2, "c", "m", json!(1), json!({"sent": "NaN"})),
    ];
    let ask = |default| {
        Request::Series(SeriesRequest {
            value: Some(ValueColumn { path: dimension("sent"), default }),
            ..total(Aggregate::Sum)
        })
    };
    several(
        "another column may be the number, with a default for rows without it",
        holding(metrics(), rows),
        vec![(ask(None), whole_answer(points(&[(0, 200.0)]))), (ask(Some(7.0)), whole_answer(points(&[(0, 207.0)])))],
    )
}

fn apart() -> Case {
    let rows = vec![
        sample(0, "a", "m", json!(1), json!({"job": "x"})),
        sample(0, "b", "m", json!(2), json!({})),
        sample(0, "c", "m", json!(4), json!({"job": "x"})),
    ];
    let point = |by: &str, value| Point { entity: pod("p1"), by: vec![by.to_owned()], bin: at(0), value, metrics: 1 };
    case(
        "a row without a grouping column is in the group of the empty text",
        holding(metrics(), rows),
        Request::Series(series(vec![step(Aggregate::Sum, &["job"])])),
        whole_answer(AnswerData::Series(vec![point("", 2.0), point("x", 5.0)])),
    )
}

fn exact_sum() -> Case {
    let values: Vec<_> = (0..10).map(|index| (index, 0.1)).collect();
    let case = case(
        "a sum is rounded once, so the order of rows does not matter",
        over(&values),
        binned(Aggregate::Sum),
        whole_answer(points(&[(0, 1.0)])),
    );
    Case { exact_sums: true, ..case }
}

fn as_text() -> Case {
    let mut row = sample(0, "a", "m", json!("1.5"), json!({}));
    if let Some(cells) = row.as_object_mut() {
        let text = cells.get("customDimensions").map(Value::to_string);
        cells.insert("customDimensions".to_owned(), json!(text));
    }
    case(
        "a dynamic column may be sent as JSON text",
        holding(metrics(), vec![row]),
        binned(Aggregate::Last),
        whole_answer(points(&[(0, 1.5)])),
    )
}
