//! Fields of lines: paths, kinds of values, bounds, lines in logfmt, and together with a text, a component and known lines.

use serde_json::json;

use crate::telemetry::predicate::{Comparison, FieldTest, Limit, LineTest, See, ValueTest};
use crate::telemetry::request::{KnownLines, LinesRequest, Request, UnmatchedRequest};
use crate::telemetry::source::conformance::build::{
    at, case, counts, holding, lines, log, reading, several, traces, whole_answer,
};
use crate::telemetry::source::conformance::case::{Case, Want};
use crate::telemetry::source::data::{AnswerData, Sample, Template, UnmatchedLines};

pub(super) fn cases() -> Vec<Case> {
    vec![values(), paths(), logfmt(), with_text(), known()]
}

fn field(name: &str, test: ValueTest) -> FieldTest {
    FieldTest { name: name.to_owned(), test }
}

fn is(name: &str, texts: &[&str]) -> FieldTest {
    field(name, ValueTest::OneOf(texts.iter().map(|text| (*text).to_owned()).collect()))
}

fn within(name: &str, bounds: &[(Comparison, f64)]) -> FieldTest {
    field(name, ValueTest::Within(bounds.iter().map(|(sign, limit)| (*sign, Limit::new(*limit))).collect()))
}

fn tested(fields: Vec<FieldTest>, text: Option<LineTest>) -> LinesRequest {
    LinesRequest { test: LineTest::Fields { fields, text: text.map(Box::new) }, ..lines("") }
}

/// The reply with these lines of one message, by index.
fn found(texts: &[&str], want: &[usize]) -> Want {
    let kept: Vec<_> = want
        .iter()
        .take(3)
        .filter_map(|index| Some(("p1", 0, "a", u32::try_from(*index).ok()?, *texts.get(*index)?)))
        .collect();
    let cells: &[_] = if want.is_empty() { &[] } else { &[("p1", 0, want.len() as u64, 0, 0)] };
    whole_answer(counts(cells, &kept))
}

/// A case with one message of several lines, and per request the indices of the lines that it counts.
fn asked(name: &str, texts: &[&str], asked: Vec<(LinesRequest, &[usize])>) -> Case {
    let given = vec![log(0, "a", &format!("{}\n", texts.join("\n")), json!({}))];
    let asked = asked.into_iter().map(|(request, want)| (Request::Lines(request), found(texts, want)));
    several(name, holding(traces(), given), asked.collect())
}

fn values() -> Case {
    let texts = [
        r#"{"level":"error","code":500}"#,
        r#"{"level":"Error","code":"503"}"#,
        r#"{"level":true,"code":499.5}"#,
        r#"{"level":"","code":"many"}"#,
        r#"{"level":null,"code":null}"#,
        r#"{"level":["error"],"code":{"of":500}}"#,
        r#"{"msg":"level error code 500"}"#,
        r#"{"level":"error","code":500"#,
        "error 500",
    ];
    let one = |test| tested(vec![test], None);
    let server = [(Comparison::AtLeast, 500.0), (Comparison::Below, 503.0)];
    let all = vec![
        (one(is("level", &["error"])), &[0][..]),
        (one(is("level", &["Error", "true"])), &[1, 2]),
        (one(is("level", &[""])), &[3]),
        (one(is("level", &[r#"["error"]"#, "null"])), &[]),
        (one(is("code", &["500"])), &[0]),
        (one(is("code", &["5e2", "503.0"])), &[0, 1]),
        (one(within("code", &server)), &[0]),
        (one(within("code", &[(Comparison::Above, 499.0)])), &[0, 1, 2]),
        (one(within("code", &[(Comparison::AtMost, 499.5)])), &[2]),
        (one(within("code", &[(Comparison::Equals, 503.0)])), &[1]),
        (one(field("level", ValueTest::Set)), &[0, 1, 2, 5]),
        (one(field("level", ValueTest::Empty)), &[3]),
        (one(is("never", &[""])), &[]),
    ];
    asked("a field is compared as a text or as a number, and a line without it does not match", &texts, all)
}

fn paths() -> Case {
    let texts = [
        r#"{"error":{"code":5,"at.line":7}}"#,
        r#"{"error.code":5}"#,
        r#"{"error":{"code":6},"error.code":5}"#,
        r#"{"error":{"code":null},"error.code":5}"#,
        r#"{"error":"text","error.code":5}"#,
        r#"{"error":[{"code":5}],"x":"it's \"5\""}"#,
    ];
    let all = vec![
        (tested(vec![is("error.code", &["5"])], None), &[0, 1, 3, 4][..]),
        (tested(vec![is("error.at.line", &["7"])], None), &[]),
        (tested(vec![is("x", &["it's \"5\""])], None), &[5]),
    ];
    asked("dots of a field go into objects, and a key with dots is the second choice", &texts, all)
}

fn logfmt() -> Case {
    let texts = [
        r#"ts=1 level=error msg="it said \"no\"" http.code=503"#,
        r#"ts=1 level="error" msg="level=info x""#,
        "ts=1 level= other=\"\"",
        "E0824 level=error",
        r#"{"msg":"level=error"}"#,
        "ts=1 sublevel=error\tcode=1",
    ];
    let all = vec![
        (tested(vec![is("level", &["error"])], None), &[0, 1][..]),
        (tested(vec![is("msg", &[r#"it said "no""#])], None), &[0]),
        (tested(vec![within("http.code", &[(Comparison::Above, 499.0)])], None), &[0]),
        (tested(vec![field("other", ValueTest::Empty)], None), &[2]),
        (tested(vec![field("level", ValueTest::Set)], None), &[0, 1]),
        (tested(vec![is("code", &["1"])], None), &[5]),
    ];
    asked("a line in logfmt has fields", &texts, all)
}

fn with_text() -> Case {
    let texts = [
        r#"{"level":"error","code":500,"msg":"refused by 5 peers"}"#,
        r#"{"level":"info","code":500,"msg":"refused by 6 peers"}"#,
        r#"{"level":"error","code":200,"msg":"refused by 7 peers"}"#,
        r#"{"level":"error","code":500,"msg":"accepted"}"#,
    ];
    let both = || vec![is("level", &["error"]), within("code", &[(Comparison::AtLeast, 500.0)])];
    let mut summed = tested(both(), Some(LineTest::Regex(r"refused by (?P<n>\d+)".to_owned())));
    summed.sums = vec!["n".to_owned()];
    let mut sum = found(&texts, &[0]);
    if let Want::Answer { data: AnswerData::Counts(counts), .. } = &mut sum {
        counts.cells.iter_mut().for_each(|cell| cell.sums = vec![5.0]);
    }
    let whole = |see| LinesRequest {
        see,
        ..tested(vec![is("level", &["info"])], Some(LineTest::Contains(r#""code":500"#.to_owned())))
    };
    let asked = vec![
        (summed, sum),
        (tested(both(), None), found(&texts, &[0, 3])),
        (whole(See::Line), found(&texts, &[1])),
        (whole(See::Message), found(&texts, &[])),
    ];
    let given = vec![log(0, "a", &texts.join("\n"), json!({}))];
    let asked = asked.into_iter().map(|(request, want)| (Request::Lines(request), want));
    several("fields stand beside a text, and all must hold", holding(traces(), given), asked.collect())
}

fn known() -> Case {
    let error = r#"{"level":"error","code":500,"msg":"refused"}"#;
    let other = r#"{"level":"error","code":400,"msg":"refused"}"#;
    let known = KnownLines {
        components: Vec::new(),
        test: LineTest::Fields { fields: vec![is("code", &["500"])], text: None },
        see: See::Message,
    };
    let request = UnmatchedRequest { reading: reading(traces()), known: vec![known], most: 10 };
    let template = Template {
        component: "main".to_owned(),
        template: "refused".to_owned(),
        count: 1,
        rows: 1,
        at_error: true,
        elsewhere: 0,
        entities: 1,
        first: at(0),
        last: at(0),
        sample: Sample { at: at(0), row: "a".to_owned(), line: 1, text: "refused".to_owned() },
    };
    let data = UnmatchedLines { templates: vec![template], distinct: 1, news: 1, lines: 1 };
    case(
        "a line whose fields a symptom matches is known",
        holding(traces(), vec![log(0, "a", &format!("{error}\n{other}"), json!({"tag": "prometheus.log.main"}))]),
        Request::Unmatched(request),
        whole_answer(AnswerData::Unmatched(data)),
    )
}
