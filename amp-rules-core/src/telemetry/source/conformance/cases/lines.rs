//! Lines of logs: splitting batches, the searched text, regexes, components, and keys and numbers in the line.

use std::collections::BTreeMap;

use serde_json::json;

use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::{KeySource, See};
use crate::telemetry::request::{Instants, LinesRequest, Request};
use crate::telemetry::source::conformance::build::{
    at, case, counts, dimension, holding, lines, log, partial_answer, reading, several, traces, weighing, whole_answer,
};
use crate::telemetry::source::conformance::case::Case;
use crate::telemetry::source::data::{AnswerData, CountedInstant, GapReason};

const MDSD: &str = r#"{"filepath":"/opt/microsoft/linuxmonagent/mdsd.err","msg":"refused"}"#;
const COLLECTOR: &str = r#"{"filepath":"/opt/microsoft/otelcollector/collector-log.txt","msg":"refused"}"#;
const KIND: &str = r#"{"otelcol.component.kind":"exporter","msg":"refused"}"#;

pub(super) fn cases() -> Vec<Case> {
    let others = vec![
        regexes(),
        components(),
        unknown_component(),
        seen(),
        numbers(),
        keys_in_lines(),
        newlines_in_fields(),
        records(),
        instants(),
    ];
    [splitting(), others].concat()
}

/// The lines of one message that contain an `x`, with their indices.
fn split(name: &str, message: &str, want: &[(u32, &str)]) -> Case {
    let many = want.len() as u64;
    let kept: Vec<_> = want.iter().map(|(line, text)| ("p1", 0, "a", *line, *text)).collect();
    let cells: &[_] = if want.is_empty() { &[] } else { &[("p1", 0, many, 0, 0)] };
    case(
        name,
        holding(traces(), vec![log(0, "a", message, json!({}))]),
        Request::Lines(lines("x")),
        whole_answer(counts(cells, &kept)),
    )
}

fn splitting() -> Vec<Case> {
    vec![
        split("a batch splits at newlines", "x1\ny\nx2", &[(0, "x1"), (2, "x2")]),
        split("a row without newline splits at backslash-n", r"x1\ny\nx2", &[(0, "x1"), (2, "x2")]),
        split("a JSON line does not split at backslash-n", r#"{"stack":"x1\nx2"}"#, &[(0, r#"{"stack":"x1\nx2"}"#)]),
        split("with a newline, backslash-n is text", "x1\\nx2\ny", &[(0, "x1\\nx2")]),
        split(
            "ANSI escapes and carriage returns are removed",
            "\u{1b}[1;31mx\u{1b}[0m1\r\nx2\u{1b}[0m\r",
            &[(0, "x1"), (1, "x2")],
        ),
    ]
}

fn regexes() -> Case {
    let texts = [
        "refused 55680",
        "REFUSED",
        "a.b",
        "aXb",
        "tab\there",
        "über refused",
        "line end",
        "10.0.0.1:80",
        "[error] (x) {y}",
        "",
        "ab ab",
        "x\\y",
    ];
    let message = format!("{}\n", texts.join("\n"));
    let asked: [(&str, &[usize]); 20] = [
        ("refused", &[0, 5]),
        ("(?i)refused", &[0, 1, 5]),
        (r"a\.b", &[2]),
        ("a.b", &[2, 3]),
        (r"^refused \d{5}$", &[0]),
        ("refused$", &[5]),
        (r"\bend\b", &[6]),
        (r"\bnd\b", &[]),
        (r"\d+\.\d+\.\d+\.\d+:\d+", &[7]),
        (r"\[error\] \(x\) \{y\}", &[8]),
        ("^(tab|line)", &[4, 6]),
        (r"\s", &[0, 4, 5, 6, 8, 10]),
        ("^ü", &[5]),
        (r"^\w+ \w+$", &[0, 5, 6, 10]),
        ("(ab ?){2}", &[10]),
        ("a[^.]b", &[3]),
        (r"\\", &[11]),
        ("^[A-Z]+$", &[1]),
        ("x.*?y", &[8, 11]),
        (r"\t", &[4]),
    ];
    let ask = |(regex, want): (&str, &[usize])| {
        let kept: Vec<_> = want
            .iter()
            .take(3)
            .filter_map(|index| Some(("p1", 0, "a", u32::try_from(*index).ok()?, *texts.get(*index)?)))
            .collect();
        let cells: &[_] = if want.is_empty() { &[] } else { &[("p1", 0, want.len() as u64, 0, 0)] };
        (Request::Lines(lines(regex)), whole_answer(counts(cells, &kept)))
    };
    several(
        "regexes match as in the regex crate",
        holding(traces(), vec![log(0, "a", &message, json!({}))]),
        asked.into_iter().map(ask).collect(),
    )
}

fn components() -> Case {
    let given = vec![
        log(0, "a", &format!("{MDSD}\n{COLLECTOR}\n{KIND}\nrefused"), json!({"tag": "prometheus.log.main"})),
        log(0, "b", "refused", json!({"tag": "t"})),
    ];
    let of = |name: &str| Request::Lines(LinesRequest { components: vec![name.to_owned()], ..lines("refused") });
    let one = |id: &str, line, text: &str| whole_answer(counts(&[("p1", 0, 1, 0, 0)], &[("p1", 0, id, line, text)]));
    let asked = vec![
        (of("mdsd"), one("a", 0, MDSD)),
        (
            of("otelcollector"),
            whole_answer(counts(&[("p1", 0, 2, 0, 0)], &[("p1", 0, "a", 1, COLLECTOR), ("p1", 0, "a", 2, KIND)])),
        ),
        (of("main"), one("a", 3, "refused")),
        (of("other"), one("b", 0, "refused")),
        (of("unknown"), whole_answer(counts(&[], &[]))),
    ];
    several("a line belongs to the component of the first rule that fits", holding(traces(), given), asked)
}

fn unknown_component() -> Case {
    let given = vec![log(0, "a", "refused", json!({})), log(0, "b", MDSD, json!({}))];
    let of = |names: &[&str]| {
        let components = names.iter().map(|name| (*name).to_owned()).collect();
        Request::Lines(LinesRequest { components, ..lines("refused") })
    };
    let unclear = || partial_answer(counts(&[], &[]), GapReason::MissingColumn);
    let asked = vec![
        (of(&["main"]), unclear()),
        (of(&["other"]), unclear()),
        (of(&["mdsd"]), whole_answer(counts(&[("p1", 0, 1, 0, 0)], &[("p1", 0, "b", 0, MDSD)]))),
        (of(&["unknown"]), whole_answer(counts(&[], &[]))),
    ];
    several(
        "a line without the column that decides may be of any component of the rules on it",
        holding(traces(), given),
        asked,
    )
}

fn seen() -> Case {
    let json_line = r#"{"level":"error","error":"b \"c\"","msg":"a","err":""}"#;
    let bare = r#"{"level":"error","code":5}"#;
    let given = vec![log(0, "a", &format!("{json_line}\n{bare}"), json!({}))];
    let ask = |regex: &str, see, want: &[(u32, &str)]| {
        let kept: Vec<_> = want.iter().map(|(line, text)| ("p1", 0, "a", *line, *text)).collect();
        let cells: &[_] = if want.is_empty() { &[] } else { &[("p1", 0, want.len() as u64, 0, 0)] };
        (Request::Lines(LinesRequest { see, ..lines(regex) }), whole_answer(counts(cells, &kept)))
    };
    let asked = vec![
        ask(r#"^b "c"$"#, See::Message, &[(0, json_line)]),
        ask("^a$", See::Message, &[(0, json_line)]),
        ask(r#""level":"error""#, See::Message, &[(1, bare)]),
        ask(r#""level":"error""#, See::Line, &[(0, json_line), (1, bare)]),
        ask(r#"^b "c"$"#, See::Line, &[]),
    ];
    several("a regex sees the message fields of a JSON line, or the line as it stands", holding(traces(), given), asked)
}

fn newlines_in_fields() -> Case {
    let line = r#"{"msg":"first\nsecond","error":"third"}"#;
    let ask = |regex: &str, matches: bool| {
        let data = if matches { counts(&[("p1", 0, 1, 0, 0)], &[("p1", 0, "a", 0, line)]) } else { counts(&[], &[]) };
        (Request::Lines(lines(regex)), whole_answer(data))
    };
    let asked =
        vec![ask("^second$", true), ask("^third$", true), ask("first.second", false), ask("first.*third", false)];
    several(
        "anchors match at every line of a message and a dot matches no newline",
        holding(traces(), vec![log(0, "a", line, json!({}))]),
        asked,
    )
}

fn records() -> Case {
    let mut table = traces();
    table.fold = Some(r"^\d{4}-".to_owned());
    let first = "2026-01 it failed\n  at refused 5";
    let given =
        vec![log(0, "a", &format!("{first}\n2026-02 refused\n\n  at x"), json!({})), log(10, "b", "  at y", json!({}))];
    let ask = |regex: &str, want: &[(i64, &str, u32, &str)]| {
        let kept: Vec<_> = want.iter().map(|(at, row, line, text)| ("p1", *at, *row, *line, *text)).collect();
        let cells: &[_] = match want {
            [] => &[],
            [(first, ..), .., (last, ..)] => &[("p1", 0, want.len() as u64, *first, *last)],
            [(only, ..)] => &[("p1", 0, 1, *only, *only)],
        };
        let reading = reading(table.clone());
        (Request::Lines(LinesRequest { reading, ..lines(regex) }), whole_answer(counts(cells, &kept)))
    };
    let asked = vec![
        ask(r"failed\n +at refused", &[(0, "a", 0, first)]),
        ask("refused", &[(0, "a", 0, first), (0, "a", 2, "2026-02 refused\n  at x")]),
        ask("^  at y$", &[(10, "b", 0, "  at y")]),
        ask("(?s)failed.*x", &[]),
    ];
    several("lines of one row form records, and rows are never joined", holding(table.clone(), given), asked)
}

fn numbers() -> Case {
    let given = vec![
        weighing(log(0, "a", "dropped 7000 of 8000\ndropped many", json!({})), json!(3)),
        log(10, "b", "dropped 0.5", json!({})),
    ];
    let mut request = lines(r"dropped (?P<dropped>\S+)( of (?P<all>\d+))?");
    request.sums = vec!["all".to_owned(), "dropped".to_owned()];
    let kept = [
        ("p1", 0, "a", 0, "dropped 7000 of 8000"),
        ("p1", 0, "a", 1, "dropped many"),
        ("p1", 10, "b", 0, "dropped 0.5"),
    ];
    let mut data = counts(&[("p1", 0, 7, 0, 10)], &kept);
    if let AnswerData::Counts(counts) = &mut data {
        counts.cells.iter_mut().for_each(|cell| cell.sums = vec![24_000.0, 21_000.5]);
    }
    case(
        "captured numbers are summed with the weight and text adds nothing",
        holding(traces(), given),
        Request::Lines(request),
        whole_answer(data),
    )
}

fn keys_in_lines() -> Case {
    let first = r#"{"msg":"pool a","scrape_pool":"one"}"#;
    let given = vec![log(0, "a", &format!("{first}\npool b"), json!({"tag": "t"}))];
    let ask = |source: KeySource, job: &str, line: u32, text: &str| {
        let mut request = lines(r"pool (?P<job>b)?");
        request.reading.keys = vec!["job_name".to_owned(), "podname".to_owned()];
        request.sources = BTreeMap::from([("job_name".to_owned(), source)]);
        let entity = Entity::new([("job_name".to_owned(), job.to_owned()), ("podname".to_owned(), "p1".to_owned())]);
        let mut data = counts(&[("p1", 0, 1, 0, 0)], &[("p1", 0, "a", line, text)]);
        if let AnswerData::Counts(counts) = &mut data {
            counts.cells.iter_mut().for_each(|cell| cell.entity = entity.clone());
            counts.samples.iter_mut().for_each(|(of, _)| *of = entity.clone());
        }
        (request, data)
    };
    let (by_field, of_field) = ask(KeySource::Json("scrape_pool".to_owned()), "one", 0, first);
    let (by_capture, of_capture) = ask(KeySource::Capture("job".to_owned()), "b", 1, "pool b");
    let (mut by_column, of_column) = ask(KeySource::Column(dimension("tag")), "t", 1, "pool b");
    by_column.test = crate::telemetry::predicate::LineTest::Regex("pool b".to_owned());
    let asked = vec![(by_field, of_field), (by_capture, of_capture), (by_column, of_column)];
    several(
        "entity keys may come from the line, and a line without one does not count",
        holding(traces(), given),
        asked.into_iter().map(|(request, data)| (Request::Lines(request), whole_answer(data))).collect(),
    )
}

fn instants() -> Case {
    // Two lines of one row, a row of weight 3 twice, and three more; the last one is in the next bin.
    let given = vec![
        log(0, "a", "x1\nx2", json!({})),
        weighing(log(10, "b", "x", json!({})), json!(3)),
        weighing(log(10, "b", "x", json!({})), json!(3)),
        log(20, "c", "x", json!({})),
        log(20, "d", "x", json!({})),
        log(30, "e", "x", json!({})),
        log(310, "f", "x", json!({})),
    ];
    let all = [(0, 2, 2), (10, 3, 1), (20, 2, 2), (30, 1, 1)];
    let ask = |instants: Instants, listed: &[(i64, u64, u64)]| {
        let kept = [("p1", 0, "a", 0, "x1"), ("p1", 0, "a", 1, "x2"), ("p1", 10, "b", 0, "x")];
        let mut data = counts(&[("p1", 0, 8, 0, 30), ("p1", 300, 1, 310, 310)], &kept);
        if let AnswerData::Counts(counts) = &mut data {
            let listed = [listed, &[(310, 1, 1)]];
            for (cell, listed) in counts.cells.iter_mut().zip(listed) {
                let one = |&(seconds, weight, rows): &(i64, u64, u64)| CountedInstant { at: at(seconds), weight, rows };
                cell.instants = listed.iter().map(one).collect();
            }
        }
        (Request::Lines(LinesRequest { instants, ..lines("x") }), whole_answer(data))
    };
    several(
        "the instants of a cell are listed, or its ends",
        holding(traces(), given),
        vec![ask(Instants::All, &all), ask(Instants::Ends(2), &all), ask(Instants::Ends(1), &[(0, 2, 2), (30, 1, 1)])],
    )
}
