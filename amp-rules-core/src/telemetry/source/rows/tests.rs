use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::testing::{at, metrics, noon, reading, sample, traces, traces_row};
use super::{Aggregated, Memory, Row, RowAggregator};
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::{Aggregate, Condition, KeySource, LineTest, See, Test};
use crate::telemetry::request::{
    BinnedStep, Instants, InventoryRequest, LinesRequest, PropertiesRequest, Reading, Request, RowsRequest,
    SeriesRequest,
};
use crate::telemetry::schema::{Path, Table};
use crate::telemetry::source::data::{
    AnswerData, CountCell, Counts, EntityHeartbeats, Gap, GapReason, PROPERTY_CHARACTERS, Properties, Sample,
    is_truncated,
};
use crate::telemetry::source::error::SourceErrorKind;
use crate::time::{Time, Window};

const FIVE: Duration = Duration::from_secs(300);

fn pod(name: &str) -> Entity {
    Entity::new([("podname".to_owned(), name.to_owned())])
}

fn where_is(table: &Table, name: &str, test: Test) -> Condition {
    Condition { path: table.resolve(name).unwrap(), name: name.to_owned(), test }
}

fn one_of(text: &str) -> Test {
    Test::OneOf(vec![text.to_owned()])
}

fn lines(regex: &str) -> LinesRequest {
    LinesRequest {
        reading: reading(traces(), Vec::new()),
        components: Vec::new(),
        test: LineTest::Regex(regex.to_owned()),
        see: See::Message,
        sources: BTreeMap::new(),
        sums: Vec::new(),
        bin: FIVE,
        instants: Instants::None,
    }
}

fn row(seconds: i64, id: &str, message: &str) -> Row {
    traces_row(json!({"timestamp": at(seconds).to_string(), "itemId": id, "message": message}))
}

fn answer(request: Request, rows: &[Row]) -> Aggregated {
    let table = request.reading().table.name.clone();
    let mut aggregator = RowAggregator::new(&[request]);
    rows.iter().for_each(|row| aggregator.add(&table, row));
    aggregator.finish().remove(0).unwrap()
}

fn counts(aggregated: Aggregated) -> Counts {
    match aggregated.data {
        AnswerData::Counts(counts) => counts,
        other => panic!("{other:?}"),
    }
}

fn count_lines(request: LinesRequest, rows: &[Row]) -> Counts {
    counts(answer(Request::Lines(request), rows))
}

#[test]
fn lines_are_counted_by_entity_and_bin_with_their_weight() {
    let rows = [
        row(10, "1", "refused\nfine\nrefused"),
        traces_row(json!({"timestamp": at(20).to_string(), "itemId": "2", "itemCount": 5, "message": "refused"})),
        row(310, "3", "refused"),
        traces_row(
            json!({"timestamp": at(20).to_string(), "itemId": "4", "message": "refused", "customDimensions": {"podname": "p2"}}),
        ),
    ];
    let cell = |pod_name: &str, bin, count, first, last| CountCell {
        entity: pod(pod_name),
        bin: at(bin),
        count,
        first: at(first),
        last: at(last),
        sums: vec![],
        instants: vec![],
    };
    assert_eq!(
        count_lines(lines("refused"), &rows).cells,
        [cell("p1", 0, 7, 10, 20), cell("p1", 300, 1, 310, 310), cell("p2", 0, 1, 20, 20)]
    );
}

#[test]
fn the_earliest_three_lines_are_kept_as_evidence() {
    let rows = [
        row(40, "d", "refused"),
        row(30, "c", "no\nrefused 1\nrefused 2"),
        row(30, "b", "refused"),
        row(50, "a", "refused"),
    ];
    let samples = count_lines(lines("refused"), &rows).samples;
    let sample = |id: &str, line, text: &str| Sample { at: at(30), row: id.to_owned(), line, text: text.to_owned() };
    assert_eq!(
        samples,
        [(pod("p1"), vec![sample("b", 0, "refused"), sample("c", 1, "refused 1"), sample("c", 2, "refused 2")])]
    );
}

#[test]
fn the_text_of_a_sample_is_truncated() {
    let samples = count_lines(lines("refused"), &[row(0, "a", &format!("refused {}", "é".repeat(3000)))]).samples;
    assert_eq!(samples[0].1[0].text.chars().count(), 2000);
}

#[test]
fn a_row_that_came_twice_counts_once_and_rows_without_identity_each() {
    let twice = [row(10, "1", "refused"), row(10, "1", "refused"), row(10, "", "refused"), row(10, "", "refused")];
    assert_eq!(count_lines(lines("refused"), &twice).cells[0].count, 3);
}

#[test]
fn only_rows_that_enter_a_count_are_remembered() {
    let requests = [Request::Lines(lines("refused")), Request::Lines(lines("denied"))];
    let mut aggregator = RowAggregator::with_identities(&requests, 1, Memory::default());
    aggregator.add("traces", &row(10, "1", "nothing"));
    aggregator.add("traces", &row(10, "2", "refused\ndenied"));
    let found: Vec<_> = aggregator.finish().into_iter().map(Result::unwrap).collect();
    assert!(found.iter().all(|aggregated| aggregated.gaps.is_empty()));
    assert_eq!(found.into_iter().map(|aggregated| counts(aggregated).cells[0].count).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn too_many_identities_make_a_count_a_declared_lower_bound() {
    let mut aggregator = RowAggregator::with_identities(&[Request::Lines(lines("refused"))], 2, Memory::default());
    for id in ["1", "2", "2", "3", "1"] {
        aggregator.add("traces", &row(10, id, "refused"));
    }
    let aggregated = aggregator.finish().remove(0).unwrap();
    assert_eq!(aggregated.gaps, [Gap { reason: GapReason::Duplicates, range: None, entities: None }]);
    assert_eq!(counts(aggregated).cells[0].count, 2);
}

#[test]
fn rows_outside_the_half_open_window_and_of_other_subjects_do_not_count() {
    let rows = [
        row(-1, "1", "refused"),
        row(3600, "2", "refused"),
        traces_row(json!({"itemId": "3", "message": "refused", "customDimensions": {"cluster": "/sub/other"}})),
        traces_row(json!({"itemId": "4", "message": "refused", "customDimensions": {"podname": ""}})),
    ];
    assert_eq!(count_lines(lines("refused"), &rows), Counts::default());
    assert_eq!(count_lines(lines("refused"), &[row(0, "1", "refused"), row(3599, "2", "refused")]).cells.len(), 2);
}

#[test]
fn subjects_that_fold_case_compare_without_it_and_unknown_subject_keys_are_ignored() {
    let mut request = lines("refused");
    request.reading.subject.insert("tenant".to_owned(), "t".to_owned());
    let rows = [traces_row(json!({"itemId": "3", "message": "refused", "customDimensions": {"cluster": "/SUB/c1"}}))];
    assert_eq!(count_lines(request, &rows).cells.len(), 1);
}

#[test]
fn values_of_keys_that_fold_case_are_lower_cased() {
    let mut request = lines("refused");
    request.reading.keys = vec!["cluster".to_owned()];
    let rows = [traces_row(json!({"itemId": "3", "message": "refused", "customDimensions": {"cluster": "/SUB/C1"}}))];
    assert_eq!(
        count_lines(request, &rows).cells[0].entity,
        Entity::new([("cluster".to_owned(), "/sub/c1".to_owned())])
    );
}

#[test]
fn a_line_counts_for_the_component_that_wrote_it() {
    let quoted = r#"{"filepath":"/opt/microsoft/linuxmonagent/mdsd.err","msg":"connection refused"}"#;
    let mut request = lines("refused");
    request.components = vec!["otelcollector".to_owned()];
    assert!(count_lines(request.clone(), &[row(0, "1", quoted)]).cells.is_empty());
    request.components.push("mdsd".to_owned());
    assert_eq!(count_lines(request, &[row(0, "1", quoted)]).cells.len(), 1);
}

#[test]
fn a_regex_sees_the_message_or_the_line_as_asked() {
    let text = r#"{"level":"error","msg":"a \"b\""}"#;
    let mut request = lines(r#"^a "b"$"#);
    assert_eq!(count_lines(request.clone(), &[row(0, "1", text)]).cells.len(), 1);
    request.see = See::Line;
    assert!(count_lines(request, &[row(0, "1", text)]).cells.is_empty());
    let mut raw = lines(r#""level":"error""#);
    assert!(count_lines(raw.clone(), &[row(0, "1", text)]).cells.is_empty());
    raw.see = See::Line;
    assert_eq!(count_lines(raw, &[row(0, "1", text)]).cells.len(), 1);
}

#[test]
fn captures_are_summed_with_the_weight_and_text_adds_nothing() {
    let mut request = lines(r"dropped (?P<dropped>\S+)( of (?P<all>\d+))?");
    request.sums = vec!["all".to_owned(), "dropped".to_owned()];
    let rows = [
        traces_row(json!({"itemId": "1", "itemCount": 3, "message": "dropped 7000 of 8000\ndropped many"})),
        row(1, "2", "dropped 0.5"),
    ];
    let cells = count_lines(request, &rows).cells;
    assert_eq!((cells[0].count, cells[0].sums.clone()), (7, vec![24_000.0, 21_000.5]));
}

#[test]
fn entity_keys_may_stand_in_the_line() {
    let mut request = lines(r"pool (?P<job>\w*)");
    request.reading.keys = vec!["job_name".to_owned(), "podname".to_owned()];
    request.sources = BTreeMap::from([("job_name".to_owned(), KeySource::Capture("job".to_owned()))]);
    let job =
        |name: &str| Entity::new([("podname".to_owned(), "p1".to_owned()), ("job_name".to_owned(), name.to_owned())]);
    let cells = count_lines(request.clone(), &[row(0, "1", "pool a\npool b\npool -")]).cells;
    assert_eq!(cells.iter().map(|cell| cell.entity.clone()).collect::<Vec<_>>(), [job("a"), job("b")]);

    request.sources = BTreeMap::from([("job_name".to_owned(), KeySource::Json("scrape_pool".to_owned()))]);
    let cells =
        count_lines(request.clone(), &[row(0, "1", "{\"msg\":\"pool x\",\"scrape_pool\":\"c\"}\npool a")]).cells;
    assert_eq!(cells.iter().map(|cell| cell.entity.clone()).collect::<Vec<_>>(), [job("c")]);

    request.sources = BTreeMap::from([("job_name".to_owned(), KeySource::Column(Path::of("customDimensions", "tag")))]);
    let rows = [traces_row(json!({"message": "pool a", "customDimensions": {"tag": "t"}}))];
    assert_eq!(count_lines(request, &rows).cells[0].entity, job("t"));
}

#[test]
fn a_message_that_the_service_truncated_leaves_a_gap_where_it_may_have_matched() {
    let message = format!("{}\nrefused", "x".repeat(32_768 - 8));
    let aggregated = answer(Request::Lines(lines("refused")), &[row(310, "1", &message)]);
    let gap = Gap {
        reason: GapReason::Truncated,
        range: Some(Window { from: at(300), to: at(600) }),
        entities: Some(vec![pod("p1")]),
    };
    assert_eq!(aggregated.gaps, [gap]);
    assert_eq!(counts(aggregated).cells[0].count, 1);
    let aggregated = answer(Request::Lines(lines("refused")), &[row(310, "1", &format!("{message}!"))]);
    assert_eq!(aggregated.gaps, []);
}

#[test]
fn a_filter_on_a_value_that_the_service_truncated_leaves_a_gap() {
    let mut request = lines("refused");
    let cut = "a".repeat(8192);
    request.reading.filter = vec![where_is(&traces(), "list", Test::Contains("b".to_owned()))];
    let rows = [
        traces_row(json!({"message": "refused", "customDimensions": {"list": cut}})),
        traces_row(json!({"message": "fine", "customDimensions": {"list": cut}})),
    ];
    let aggregated = answer(Request::Lines(request), &rows);
    let gap = Gap {
        reason: GapReason::Truncated,
        range: Some(Window { from: noon(), to: at(300) }),
        entities: Some(vec![pod("p1")]),
    };
    assert_eq!((aggregated.gaps.clone(), counts(aggregated)), (vec![gap], Counts::default()));
}

#[test]
fn a_column_that_no_row_of_an_entity_carries_is_reported() {
    let table = traces();
    let mut request = lines("refused");
    request.reading.filter =
        vec![where_is(&table, "mip", Test::Not(Box::new(one_of("false")))), where_is(&table, "tag", one_of("t"))];
    let rows = [
        traces_row(json!({"message": "a", "customDimensions": {"tag": "t", "mip": null}})),
        traces_row(json!({"message": "b", "customDimensions": {"podname": "p2", "mip": "true"}})),
        traces_row(json!({"message": "c", "customDimensions": {"podname": "p2", "tag": "x"}})),
        traces_row(json!({"message": "c", "customDimensions": {"podname": "p3", "cluster": "other"}})),
    ];
    assert_eq!(answer(Request::Lines(request), &rows).missing_columns, [(pod("p1"), "mip".to_owned())]);
}

#[test]
fn a_metric_request_asks_what_rows_of_its_metrics_carry() {
    let mut request = series(&["a"], vec![step(Aggregate::Max, &[], Some(FIVE))]);
    request.reading.filter = vec![where_is(&metrics(), "mip", one_of("true"))];
    let rows = [sample(0, "a", json!(1), json!({})), sample(0, "b", json!(1), json!({"mip": "true"}))];
    assert_eq!(answer(Request::Series(request), &rows).missing_columns, [(pod("p1"), "mip".to_owned())]);
}

#[test]
fn rows_are_counted_with_their_weight_and_kept_as_evidence() {
    let request = RowsRequest {
        reading: reading(traces(), Vec::new()),
        sources: BTreeMap::new(),
        bin: FIVE,
        instants: Instants::None,
    };
    let rows = [traces_row(json!({"itemId": "1", "itemCount": 4, "message": "a"})), row(9, "2", "b"), row(9, "2", "b")];
    let counts = counts(answer(Request::Rows(request), &rows));
    assert_eq!(counts.cells[0].count, 5);
    assert_eq!(counts.samples[0].1.iter().map(|sample| sample.text.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn what_rows_cannot_answer_is_unsupported_and_harms_no_other_request() {
    let mut no_text = lines("x");
    no_text.reading = reading(metrics(), Vec::new());
    let mut bad_filter = lines("x");
    bad_filter.reading.filter = vec![where_is(&traces(), "tag", Test::Regex("(".to_owned()))];
    let requests = [
        Request::Lines(lines("(")),
        Request::Lines(lines("refused")),
        Request::Lines(no_text),
        Request::Lines(bad_filter),
    ];
    let mut aggregator = RowAggregator::new(&requests);
    aggregator.add("traces", &row(0, "1", "refused"));
    let found = aggregator.finish();
    assert_eq!(
        found.iter().map(|result| result.as_ref().err().map(|error| error.kind)).collect::<Vec<_>>(),
        [
            Some(SourceErrorKind::Unsupported),
            None,
            Some(SourceErrorKind::Unsupported),
            Some(SourceErrorKind::Unsupported)
        ]
    );
    assert_eq!(found[1].as_ref().unwrap().clone(), answer(Request::Lines(lines("refused")), &[row(0, "1", "refused")]));
}

pub(super) fn step(aggregate: Aggregate, by: &[&str], every: Option<Duration>) -> BinnedStep {
    let by = by
        .iter()
        .map(|name| ((*name).to_owned(), if *name == "name" { None } else { metrics().resolve(name) }))
        .collect();
    BinnedStep { aggregate, column: None, by, every, ending_at: None }
}

pub(super) fn series(names: &[&str], steps: Vec<BinnedStep>) -> SeriesRequest {
    let metrics_asked = names.iter().map(|name| ((*name).to_owned(), vec![(*name).to_owned()])).collect();
    SeriesRequest { reading: reading(metrics(), Vec::new()), metrics: metrics_asked, value: None, steps }
}

fn properties(rows: &[Row], names: &[&str]) -> Vec<Properties> {
    let names = names.iter().map(|name| ((*name).to_owned(), metrics().resolve(name).unwrap())).collect();
    let request = PropertiesRequest {
        reading: reading(metrics(), Vec::new()),
        metrics: vec![("m".to_owned(), vec!["m".to_owned()])],
        names,
    };
    match answer(Request::Properties(request), rows).data {
        AnswerData::Properties(found) => found,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_latest_row_says_how_properties_are_and_since_when() {
    let rows = [
        sample(300, "m", json!(1), json!({"list": "", "mip": "true"})),
        sample(0, "m", json!(1), json!({"list": "a", "mip": "true"})),
        sample(600, "m", json!(1), json!({"list": "", "mip": "true"})),
        sample(900, "other", json!(1), json!({"list": "z"})),
    ];
    let found = properties(&rows, &["list", "mip", "absent"]);
    assert_eq!((found.len(), found[0].at), (1, at(600)));
    let states: Vec<_> = found[0].states.iter().map(|state| (state.value.as_deref(), state.since)).collect();
    assert_eq!(states, [(Some(""), Some(at(300))), (Some("true"), None), (None, None)]);
}

#[test]
fn of_two_rows_of_one_instant_the_greater_id_is_the_latest() {
    let row = |id: &str, list: &str| {
        let mut cells = sample(0, "m", json!(1), json!({"list": list})).cells().clone();
        cells.insert("itemId".to_owned(), json!(id));
        Row::from_json(&metrics(), cells).unwrap()
    };
    let found = properties(&[row("b", "late"), row("a", "early")], &["list"]);
    assert_eq!(
        (found[0].row.as_str(), found[0].states[0].value.as_deref(), found[0].states[0].since),
        ("b", Some("late"), Some(noon()))
    );
}

#[test]
fn a_property_as_long_as_the_limit_says_that_it_may_be_truncated() {
    let found =
        properties(&[sample(0, "m", json!(1), json!({"list": "a".repeat(8192), "mip": "a"}))], &["list", "mip"]);
    let texts = found[0].states.iter().map(|state| state.value.as_deref().unwrap());
    let is_cut = |text: &str| is_truncated(text, PROPERTY_CHARACTERS);
    assert_eq!(texts.map(is_cut).collect::<Vec<_>>(), [true, false]);
}

fn inventory(table: Table, metric: Option<&str>, restart_marker: Option<&str>) -> Request {
    Request::Inventory(InventoryRequest {
        reading: reading(table, Vec::new()),
        metric: metric.map(|name| (name.to_owned(), vec![name.to_owned()])),
        every: FIVE,
        attributes: vec![("agentversion".to_owned(), Path::of("customDimensions", "agentversion"))],
        restart_marker: restart_marker.map(str::to_owned),
    })
}

fn heartbeats(aggregated: Aggregated) -> Vec<EntityHeartbeats> {
    match aggregated.data {
        AnswerData::Inventory(heartbeats) => heartbeats,
        other => panic!("{other:?}"),
    }
}

#[test]
fn heartbeats_of_a_metric_are_listed_by_entity() {
    let rows = [
        sample(610, "cpu", json!(1), json!({"agentversion": "2"})),
        sample(10, "cpu", json!(1), json!({"agentversion": "1"})),
        sample(20, "cpu", json!("NaN"), json!({})),
        sample(900, "memory", json!(1), json!({"agentversion": "3"})),
    ];
    let want = EntityHeartbeats {
        entity: pod("p1"),
        beats: vec![noon(), at(600)],
        first: at(10),
        last: at(610),
        attributes: BTreeMap::from([("agentversion".to_owned(), "2".to_owned())]),
        starts: vec![],
    };
    assert_eq!(heartbeats(answer(inventory(metrics(), Some("cpu"), None), &rows)), [want]);
}

#[test]
fn lines_of_a_start_close_together_are_one_start() {
    let rows = [
        row(0, "1", "running for 0 minutes"),
        row(100, "2", "x\nrunning for 0 minutes"),
        row(220, "3", "running for 0 minutes"),
        row(341, "4", "running for 0 minutes"),
        row(400, "5", "fine"),
    ];
    let found = heartbeats(answer(inventory(traces(), None, Some("running for 0 minutes")), &rows));
    assert_eq!((found[0].starts.clone(), found[0].last), (vec![noon(), at(341)], at(400)));
}

#[test]
fn an_unknown_table_is_not_read() {
    let aggregator = RowAggregator::new(&[Request::Lines(lines("x"))]);
    assert!(aggregator.reads("traces") && !aggregator.reads("customMetrics"));
}

/// Every kind of request, over both tables.
fn all_requests() -> Vec<Request> {
    let mut summed = lines(r"(?P<n>\d+)");
    summed.sums = vec!["n".to_owned()];
    let mut filtered = lines("a");
    filtered.reading.filter = vec![where_is(&traces(), "mip", one_of("true"))];
    let steps = |aggregate| {
        vec![step(aggregate, &["name"], Some(FIVE)), step(Aggregate::Sum, &[], Some(Duration::from_secs(900)))]
    };
    let aggregates = [
        Aggregate::Max,
        Aggregate::Min,
        Aggregate::Avg,
        Aggregate::Sum,
        Aggregate::Count,
        Aggregate::Dcount,
        Aggregate::Percentile(50),
        Aggregate::Last,
        Aggregate::Increase,
        Aggregate::Turns,
    ];
    let names = vec![("mip".to_owned(), Path::of("customDimensions", "mip"))];
    let mut requests = vec![
        Request::Lines(summed),
        Request::Lines(filtered),
        Request::Rows(RowsRequest {
            reading: reading(traces(), Vec::new()),
            sources: BTreeMap::new(),
            bin: FIVE,
            instants: Instants::None,
        }),
        Request::Properties(PropertiesRequest { reading: reading(metrics(), Vec::new()), metrics: vec![], names }),
        inventory(traces(), None, Some("a")),
        inventory(metrics(), Some("m"), None),
    ];
    requests.extend(aggregates.into_iter().map(|aggregate| Request::Series(series(&["m", "n"], steps(aggregate)))));
    requests
}

fn any_row() -> impl Strategy<Value = (String, Row)> {
    let dimensions = (0..3_u8, prop::option::of(any::<bool>()))
        .prop_map(|(pod, mip)| json!({"podname": format!("p{pod}"), "mip": mip.map(|mip| mip.to_string())}));
    let value = prop_oneof![
        (-50..50_i32).prop_map(|n| json!(f64::from(n) / 10.0)),
        Just(json!("NaN")),
        Just(json!(0.1)),
        Just(json!(1e16))
    ];
    (-60..3700_i64, "[ab]", any::<bool>(), 0..1_000_000_u32, 0..4_u32, value, "[am]", dimensions, prop::collection::vec("[ab1]{1,2}", 1..4)).prop_map(
        |(seconds, _, is_log, id, weight, value, name, dimensions, texts)| {
            let mut row = json!({"timestamp": at(seconds).to_string(), "itemId": id.to_string(), "itemCount": weight, "customDimensions": dimensions});
            row["customDimensions"]["cluster"] = json!("/sub/c1");
            let object = row.as_object_mut().unwrap();
            if is_log {
                object.insert("message".to_owned(), json!(texts.join("\n")));
                ("traces".to_owned(), Row::from_json(&traces(), object.clone()).unwrap())
            } else {
                object.insert("name".to_owned(), json!(name));
                object.insert("value".to_owned(), value);
                ("customMetrics".to_owned(), Row::from_json(&metrics(), object.clone()).unwrap())
            }
        },
    )
}

fn all_answers(rows: &[(String, Row)]) -> Vec<Aggregated> {
    let mut aggregator = RowAggregator::new(&all_requests());
    rows.iter().for_each(|(table, row)| aggregator.add(table, row));
    aggregator.finish().into_iter().map(Result::unwrap).collect()
}

/// Rows with distinct identities, so that every one is a row of its own.
fn distinct(rows: Vec<(String, Row)>) -> Vec<(String, Row)> {
    let mut seen = BTreeSet::new();
    rows.into_iter().filter(|(_, row)| seen.insert(row.text(&Path::dotted("itemId")).unwrap().into_owned())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn p2_the_order_of_rows_does_not_matter(
        (rows, shuffled) in prop::collection::vec(any_row(), 0..40).prop_map(distinct).prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
    ) {
        prop_assert_eq!(all_answers(&rows), all_answers(&shuffled));
    }

    #[test]
    fn p3_rows_that_came_twice_change_nothing(rows in prop::collection::vec(any_row(), 0..20).prop_map(distinct), again in prop::collection::vec(any::<prop::sample::Index>(), 0..20)) {
        let mut more = rows.clone();
        if !rows.is_empty() {
            more.extend(again.iter().map(|index| index.get(&rows).clone()));
        }
        prop_assert_eq!(all_answers(&rows), all_answers(&more));
    }

    #[test]
    fn answers_of_a_request_do_not_depend_on_the_others(rows in prop::collection::vec(any_row(), 0..20).prop_map(distinct)) {
        let together = all_answers(&rows);
        for (request, want) in all_requests().into_iter().zip(together) {
            let mut aggregator = RowAggregator::new(&[request]);
            rows.iter().for_each(|(table, row)| aggregator.add(table, row));
            prop_assert_eq!(aggregator.finish().remove(0).unwrap(), want);
        }
    }

    #[test]
    fn counts_agree_with_counting_line_by_line(rows in prop::collection::vec(any_row(), 0..30).prop_map(distinct)) {
        let reading: Reading = reading(traces(), Vec::new());
        let mut want: BTreeMap<(Entity, Time), u64> = BTreeMap::new();
        for (table, row) in &rows {
            if table == "traces" && reading.window.contains(row.time()) {
                let matching = row.text(&Path::dotted("message")).unwrap().split('\n').filter(|line| line.contains('1')).count() as u64;
                if matching > 0 {
                    let entity = pod(&row.text(&Path::of("customDimensions", "podname")).unwrap());
                    *want.entry((entity, row.time().floor(FIVE))).or_default() += matching * row.weight(&traces());
                }
            }
        }
        let rows: Vec<_> = rows.into_iter().filter(|(table, _)| table == "traces").map(|(_, row)| row).collect();
        let found: BTreeMap<_, _> = count_lines(lines("1"), &rows).cells.into_iter().map(|cell| ((cell.entity, cell.bin), cell.count)).collect();
        prop_assert_eq!(found, want);
    }
}

#[test]
fn a_value_of_another_type_is_no_reason_to_fail() {
    let odd = json!({"timestamp": at(0).to_string(), "message": {"a": 1}, "itemId": 7, "itemCount": "x", "customDimensions": "not json"});
    let row = Row::from_json(&traces(), odd.as_object().unwrap().clone()).unwrap();
    assert_eq!(row.text(&Path::dotted("message")).as_deref(), Some("{\"a\":1}"));
    assert_eq!(count_lines(lines("a"), &[row]), Counts::default());
}
