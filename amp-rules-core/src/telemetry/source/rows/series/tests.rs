use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::telemetry::predicate::ValueColumn;
use crate::telemetry::request::Request;
use crate::telemetry::source::data::AnswerData;
use crate::telemetry::source::rows::testing::{at, metrics, noon, sample};
use crate::telemetry::source::rows::tests::{series, step};

const FIVE: Duration = Duration::from_secs(300);

fn points(request: SeriesRequest, rows: &[Row]) -> Vec<Point> {
    let mut aggregator = crate::telemetry::source::rows::RowAggregator::new(&[Request::Series(request)]);
    rows.iter().for_each(|row| aggregator.add("customMetrics", row));
    match aggregator.finish().remove(0).unwrap().data {
        AnswerData::Series(points) => points,
        other => panic!("{other:?}"),
    }
}

/// The values of a request over the whole window, one pod.
fn values(request: SeriesRequest, rows: &[Row]) -> Vec<f64> {
    points(request, rows).into_iter().map(|point| point.value).collect()
}

fn of(aggregate: Aggregate) -> SeriesRequest {
    series(&["m"], vec![step(aggregate, &[], None)])
}

fn samples(values: &[(i64, f64)]) -> Vec<Row> {
    values.iter().map(|(seconds, value)| sample(*seconds, "m", json!(value), json!({}))).collect()
}

fn weighted(seconds: i64, value: f64, weight: u64) -> Row {
    let mut cells = sample(seconds, "m", json!(value), json!({})).cells().clone();
    cells.insert("itemCount".to_owned(), json!(weight));
    Row::from_json(&metrics(), cells).unwrap()
}

#[test]
fn each_aggregate_computes_what_its_name_means() {
    let rows = samples(&[(0, 3.0), (60, 1.0), (120, 2.0), (180, 10.0)]);
    for (aggregate, want) in [
        (Aggregate::Max, 10.0),
        (Aggregate::Min, 1.0),
        (Aggregate::Avg, 4.0),
        (Aggregate::Sum, 16.0),
        (Aggregate::Count, 4.0),
        (Aggregate::Dcount, 4.0),
        (Aggregate::Percentile(50), 2.0),
        (Aggregate::Percentile(51), 3.0),
        (Aggregate::Percentile(0), 1.0),
        (Aggregate::Percentile(100), 10.0),
        (Aggregate::Last, 10.0),
        (Aggregate::Increase, 10.0),
        (Aggregate::Turns, 1.0),
    ] {
        assert_eq!(values(of(aggregate), &rows), [want], "{aggregate:?}");
    }
}

#[test]
fn sums_means_and_counts_of_rows_are_weighted_and_others_are_not() {
    let rows = [weighted(0, 1.0, 3), weighted(60, 5.0, 1)];
    assert_eq!(values(of(Aggregate::Sum), &rows), [8.0]);
    assert_eq!(values(of(Aggregate::Avg), &rows), [2.0]);
    assert_eq!(values(of(Aggregate::Count), &rows), [4.0]);
    assert_eq!(values(of(Aggregate::Percentile(50)), &rows), [1.0]);
    // The second step sees one point per bin, whatever its rows weighed.
    let twice =
        series(&["m"], vec![step(Aggregate::Max, &[], Some(Duration::from_secs(60))), step(Aggregate::Sum, &[], None)]);
    assert_eq!(values(twice, &rows), [6.0]);
}

#[test]
fn samples_that_are_no_numbers_are_missing_and_a_gap_stays_a_gap() {
    let request = series(&["m"], vec![step(Aggregate::Max, &[], Some(FIVE))]);
    let rows = [
        sample(0, "m", json!(1), json!({})),
        sample(300, "m", json!("NaN"), json!({})),
        sample(400, "m", json!(null), json!({})),
        sample(600, "m", json!("2.5"), json!({})),
    ];
    let found: Vec<_> = points(request, &rows).into_iter().map(|point| (point.bin, point.value)).collect();
    assert_eq!(found, [(noon(), 1.0), (at(600), 2.5)]);
    assert_eq!(values(of(Aggregate::Count), &rows), [2.0]);
}

#[test]
fn a_sum_too_great_for_a_number_is_no_point() {
    assert_eq!(values(of(Aggregate::Sum), &samples(&[(0, f64::MAX), (1, f64::MAX)])), [] as [f64; 0]);
}

#[test]
fn processes_of_a_pod_add_up_before_the_greatest_is_taken() {
    let rows = [
        sample(0, "collector", json!(6), json!({})),
        sample(10, "collector", json!(7), json!({})),
        sample(20, "extension", json!(4), json!({})),
        sample(300, "collector", json!(9), json!({})),
    ];
    let steps = vec![
        step(Aggregate::Max, &["podname", "name"], Some(FIVE)),
        step(Aggregate::Sum, &["podname"], Some(FIVE)),
        step(Aggregate::Max, &["podname"], None),
    ];
    let found = points(series(&["collector", "extension"], steps.clone()), &rows);
    assert_eq!((found.len(), found[0].value, found[0].metrics), (1, 11.0, 2));
    let binned = points(series(&["collector", "extension"], steps[..2].to_vec()), &rows);
    assert_eq!(binned.iter().map(|point| (point.value, point.metrics)).collect::<Vec<_>>(), [(11.0, 2), (9.0, 1)]);
}

#[test]
fn two_spellings_are_one_metric() {
    let mut request = of(Aggregate::Sum);
    request.metrics = vec![("m".to_owned(), vec!["m".to_owned(), "m_total".to_owned()])];
    let rows = [
        sample(0, "m", json!(1), json!({})),
        sample(0, "m_total", json!(2), json!({})),
        sample(0, "other", json!(4), json!({})),
    ];
    let found = points(request, &rows);
    assert_eq!((found[0].value, found[0].metrics), (3.0, 1));
}

#[test]
fn more_than_64_metrics_are_kept_apart() {
    let names: Vec<_> = (0..70).map(|n| format!("m{n}")).collect();
    let rows: Vec<_> = names.iter().map(|name| sample(0, name, json!(1), json!({}))).collect();
    let request = series(&names.iter().map(String::as_str).collect::<Vec<_>>(), vec![step(Aggregate::Sum, &[], None)]);
    assert_eq!(points(request, &rows)[0].metrics, 70);
}

#[test]
fn distinct_pods_are_counted_per_bin() {
    let mut counted = step(Aggregate::Dcount, &[], Some(FIVE));
    counted.column = metrics().resolve("podname");
    let mut request = series(&["m"], vec![counted.clone()]);
    request.reading.keys.clear();
    let row = |seconds, pod: &str, value: Value| sample(seconds, "m", value, json!({"podname": pod}));
    let rows = [
        row(0, "a", json!(1)),
        row(1, "b", json!(1)),
        row(2, "a", json!(1)),
        row(3, "c", json!("NaN")),
        row(4, "", json!(1)),
        row(300, "a", json!(1)),
    ];
    assert_eq!(values(request.clone(), &rows), [2.0, 1.0]);
    // The same in a later step, from what the first keeps apart.
    request.steps = vec![step(Aggregate::Max, &["podname"], Some(FIVE)), counted];
    assert_eq!(values(request, &rows), [2.0, 1.0]);
}

#[test]
fn a_key_of_a_metric_may_stand_elsewhere() {
    let rows = [sample(0, "targets_per_collector", json!(5), json!({"podname": "scraper", "collector_name": "p7"}))];
    let found = points(series(&["targets_per_collector"], vec![step(Aggregate::Max, &["podname"], None)]), &rows);
    assert_eq!((found[0].entity.value("podname"), found[0].by.clone()), (Some("p7"), vec!["p7".to_owned()]));
}

#[test]
fn a_counter_gains_what_it_grows_and_starts_again_after_a_reset() {
    let rows = samples(&[(0, 100.0), (60, 130.0), (120, 20.0), (180, 20.0), (300, 50.0)]);
    let found: Vec<_> = points(series(&["m"], vec![step(Aggregate::Increase, &[], Some(FIVE))]), &rows)
        .into_iter()
        .map(|point| (point.bin, point.value))
        .collect();
    assert_eq!(found, [(noon(), 50.0), (at(300), 30.0)]);
}

#[test]
fn counters_of_several_keys_and_names_gain_apart() {
    let row =
        |seconds, name: &str, value: i32, job: &str| sample(seconds, name, json!(value), json!({"job_name": job}));
    let rows = [
        row(0, "m", 100, "a"),
        row(60, "m", 110, "a"),
        row(30, "m", 5, "b"),
        row(90, "m", 6, "b"),
        row(30, "m_total", 900, "a"),
        row(60, "m_total", 902, "a"),
    ];
    let mut request = of(Aggregate::Increase);
    request.metrics = vec![("m".to_owned(), vec!["m_total".to_owned()])];
    assert_eq!(values(request, &rows), [13.0]);
}

#[test]
fn a_counter_seen_once_gains_nothing() {
    assert_eq!(values(of(Aggregate::Increase), &samples(&[(0, 7000.0)])), [0.0]);
}

#[test]
fn standing_still_is_no_turn() {
    let rows = samples(&[(0, 1.0), (60, 2.0), (120, 2.0), (180, 3.0), (240, 1.0), (300, 1.0), (360, 5.0)]);
    assert_eq!(values(of(Aggregate::Turns), &rows), [2.0]);
}

#[test]
fn the_last_of_one_instant_is_the_row_with_the_greater_id() {
    let row = |id: &str, value: f64| {
        let mut cells = weighted(0, value, 1).cells().clone();
        cells.insert("itemId".to_owned(), json!(id));
        Row::from_json(&metrics(), cells).unwrap()
    };
    assert_eq!(values(of(Aggregate::Last), &[row("b", 1.0), row("a", 9.0)]), [1.0]);
}

#[test]
fn another_column_may_be_the_number_and_have_a_default() {
    let mut request = of(Aggregate::Sum);
    let path = metrics().resolve("sent").unwrap();
    request.value = Some(ValueColumn { path: path.clone(), default: None });
    let rows = [
        sample(0, "m", json!(1), json!({"sent": "200"})),
        sample(1, "m", json!(1), json!({})),
        sample(2, "m", json!(1), json!({"sent": "NaN"})),
    ];
    assert_eq!(values(request.clone(), &rows), [200.0]);
    request.value = Some(ValueColumn { path: path.clone(), default: Some(7.0) });
    assert_eq!(values(request, &rows), [207.0]);
    let mut by_step = of(Aggregate::Sum);
    by_step.steps[0].column = Some(path);
    assert_eq!(values(by_step, &rows), [200.0]);
}

#[test]
fn bins_may_end_at_an_instant() {
    let mut stepped = step(Aggregate::Sum, &[], Some(FIVE));
    stepped.ending_at = Some(at(1000));
    let rows = samples(&[(99, 1.0), (100, 2.0), (399, 4.0), (400, 8.0), (1000, 16.0)]);
    let found: Vec<_> =
        points(series(&["m"], vec![stepped]), &rows).into_iter().map(|point| (point.bin, point.value)).collect();
    assert_eq!(found, [(at(-200), 1.0), (at(100), 6.0), (at(400), 8.0), (at(1000), 16.0)]);
}

#[test]
fn a_row_without_a_column_to_keep_apart_stands_under_the_empty_text() {
    let rows = [sample(0, "m", json!(1), json!({"job": "a"})), sample(0, "m", json!(2), json!({}))];
    let found: Vec<_> = points(series(&["m"], vec![step(Aggregate::Sum, &["job"], None)]), &rows)
        .into_iter()
        .map(|point| (point.by, point.value))
        .collect();
    assert_eq!(found, [(vec![String::new()], 2.0), (vec!["a".to_owned()], 1.0)]);
}

#[test]
fn what_a_series_lacks_is_said() {
    let refused = |request: SeriesRequest| SeriesAggregator::new(&request).err();
    assert_eq!(refused(series(&["m"], vec![])).as_deref(), Some("the series has no step"));
    let mut request = of(Aggregate::Max);
    let mut table = metrics();
    table.value = None;
    request.reading.table = std::sync::Arc::new(table);
    assert_eq!(refused(request.clone()).as_deref(), Some("the table `customMetrics` has no value column"));
    request.steps[0].aggregate = Aggregate::Count;
    assert_eq!(refused(request), None);
}
