//! Properties of the latest row, rows, and heartbeats.

use std::collections::BTreeMap;

use serde_json::json;

use crate::telemetry::request::Request;
use crate::telemetry::source::conformance::build::{
    at, case, holding, inventory, log, metrics, pod, properties, rows, sample, traces, weighing, whole_answer,
};
use crate::telemetry::source::conformance::case::Case;
use crate::telemetry::source::data::{AnswerData, EntityHeartbeats, Properties, Property};

pub(super) fn cases() -> Vec<Case> {
    vec![latest(), a_tie(), first_rows_of_bins(), flow(), beats(), beats_of_a_metric(), starts()]
}

fn state(value: Option<&str>, since: Option<i64>, earlier: &[(i64, Option<&str>)]) -> Property {
    let owned = |value: Option<&str>| value.map(str::to_owned);
    let earlier = earlier.iter().map(|(from, value)| (at(*from), owned(*value))).collect();
    Property { value: owned(value), since: since.map(at), earlier }
}

fn latest() -> Case {
    let given = vec![
        sample(300, "b", "m", json!(1), json!({"list": "", "mip": "true", "left": null})),
        sample(0, "a", "m", json!(1), json!({"list": "x", "mip": "true", "left": "y"})),
        sample(600, "c", "m", json!(1), json!({"list": "", "mip": "true"})),
        sample(900, "d", "other", json!(1), json!({"list": "z"})),
    ];
    let states = vec![
        state(Some(""), Some(300), &[(0, Some("x"))]),
        state(Some("true"), None, &[]),
        state(None, Some(300), &[(0, Some("y"))]),
        state(None, None, &[]),
    ];
    let want = AnswerData::Properties(vec![Properties {
        entity: pod("p1"),
        rows: vec![at(0), at(300), at(600)],
        at: at(600),
        row: "c".to_owned(),
        states,
    }]);
    case(
        "properties have the value of the latest row, empty or missing, a start, and the values before",
        holding(metrics(), given),
        Request::Properties(properties(&["list", "mip", "left", "never"])),
        whole_answer(want),
    )
}

fn a_tie() -> Case {
    let given = vec![
        sample(0, "b", "m", json!(1), json!({"list": "late"})),
        sample(0, "a", "m", json!(1), json!({"list": "early"})),
    ];
    let want = AnswerData::Properties(vec![Properties {
        entity: pod("p1"),
        rows: vec![at(0)],
        at: at(0),
        row: "b".to_owned(),
        states: vec![state(Some("late"), Some(0), &[(0, Some("early"))])],
    }]);
    case(
        "among rows of one instant the one with the greatest id is the latest",
        holding(metrics(), given),
        Request::Properties(properties(&["list"])),
        whole_answer(want),
    )
}

fn first_rows_of_bins() -> Case {
    let rows = [(899, "e"), (310, "b"), (599, "c"), (890, "d"), (305, "a"), (1800, "f")];
    let given = rows.map(|(at, id)| sample(at, id, "m", json!(1), json!({"list": "x"}))).to_vec();
    let want = AnswerData::Properties(vec![Properties {
        entity: pod("p1"),
        rows: vec![at(305), at(890), at(1800)],
        at: at(1800),
        row: "f".to_owned(),
        states: vec![state(Some("x"), None, &[])],
    }]);
    case(
        "properties list the first row of each bin of five minutes",
        holding(metrics(), given),
        Request::Properties(properties(&["list"])),
        whole_answer(want),
    )
}

fn flow() -> Case {
    let given = vec![
        weighing(sample(0, "a", "m", json!(1), json!({})), json!(4)),
        sample(10, "b", "n", json!("NaN"), json!({})),
        sample(700, "c", "m", json!(1), json!({})),
    ];
    let want = crate::telemetry::source::conformance::build::counts(
        &[("p1", 0, 5, 0, 10), ("p1", 600, 1, 700, 700)],
        &[("p1", 0, "a", 0, ""), ("p1", 10, "b", 0, ""), ("p1", 700, "c", 0, "")],
    );
    case(
        "rows are counted whatever they contain",
        holding(metrics(), given),
        Request::Rows(rows(metrics(), Vec::new())),
        whole_answer(want),
    )
}

fn life(name: &str, beats: &[i64], first: i64, last: i64, version: Option<&str>) -> EntityHeartbeats {
    let attributes: BTreeMap<_, _> =
        version.into_iter().map(|version| ("agentversion".to_owned(), version.to_owned())).collect();
    EntityHeartbeats {
        entity: pod(name),
        beats: beats.iter().map(|bin| at(*bin)).collect(),
        first: at(first),
        last: at(last),
        attributes,
        starts: Vec::new(),
    }
}

fn beats() -> Case {
    let given = vec![
        log(650, "a", "x", json!({"agentversion": "2"})),
        log(5, "b", "x", json!({"agentversion": "1"})),
        log(8, "c", "x", json!({})),
        log(3000, "d", "x", json!({})),
        log(40, "e", "x", json!({"podname": "p2"})),
    ];
    let want =
        AnswerData::Inventory(vec![life("p1", &[0, 600, 3000], 5, 3000, Some("2")), life("p2", &[0], 40, 40, None)]);
    case(
        "an inventory lists the bins with a heartbeat",
        holding(traces(), given),
        Request::Inventory(inventory(traces(), None)),
        whole_answer(want),
    )
}

fn beats_of_a_metric() -> Case {
    let given = vec![
        sample(0, "a", "cpu", json!("NaN"), json!({})),
        sample(400, "b", "memory", json!(1), json!({})),
        sample(900, "c", "memory", json!(1), json!({"podname": "p2"})),
    ];
    let want = AnswerData::Inventory(vec![life("p1", &[0], 0, 0, None)]);
    case(
        "only samples of the heartbeat metric are heartbeats",
        holding(metrics(), given),
        Request::Inventory(inventory(metrics(), Some("cpu"))),
        whole_answer(want),
    )
}

fn starts() -> Case {
    let running = "Container has been running for 0 minutes";
    let given = vec![
        log(0, "a", running, json!({})),
        log(100, "b", &format!("x\n{running}"), json!({})),
        log(220, "c", running, json!({})),
        log(341, "d", running, json!({})),
        log(400, "e", "x", json!({})),
    ];
    let mut request = inventory(traces(), None);
    request.restart_marker = Some("running for 0 minutes".to_owned());
    let want = EntityHeartbeats { starts: vec![at(0), at(341)], ..life("p1", &[0, 300], 0, 400, None) };
    case(
        "restart markers within 2 min of one another are one restart",
        holding(traces(), given),
        Request::Inventory(request),
        whole_answer(AnswerData::Inventory(vec![want])),
    )
}
