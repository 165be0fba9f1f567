//! Unmatched error lines: what is an error, which lines are known, which share a template, what is counted.

use serde_json::json;

use crate::telemetry::predicate::{LineTest, See};
use crate::telemetry::request::{KnownLines, Request, UnmatchedRequest};
use crate::telemetry::source::conformance::build::{
    at, case, holding, log, partial_answer, reading, traces, weighing, whole_answer,
};
use crate::telemetry::source::conformance::case::Case;
use crate::telemetry::source::data::{AnswerData, GapReason, MESSAGE_CHARACTERS, Sample, Template, UnmatchedLines};

pub(super) fn cases() -> Vec<Case> {
    vec![
        errors(),
        known(),
        known_elsewhere(),
        templates(),
        reasons(),
        rows(),
        counted(),
        most(),
        none(),
        duplicates(),
        cut(),
    ]
}

fn ask(known: Vec<KnownLines>, most: usize) -> Request {
    Request::Unmatched(UnmatchedRequest { reading: reading(traces()), known, most })
}

fn knows(components: &[&str], regex: &str, see: See) -> KnownLines {
    let components = components.iter().map(|name| (*name).to_owned()).collect();
    KnownLines { components, test: LineTest::Regex(regex.to_owned()), see }
}

/// Lines of `main`, of one pod and in one instant, with the sample's row, line and text.
fn template(template: &str, count: u64, seconds: i64, sample: (&str, u32, &str)) -> Template {
    let (row, line, text) = sample;
    Template {
        component: "main".to_owned(),
        template: template.to_owned(),
        count,
        rows: 1,
        at_error: false,
        elsewhere: 0,
        entities: 1,
        first: at(seconds),
        last: at(seconds),
        sample: Sample { at: at(seconds), row: row.to_owned(), line, text: text.to_owned() },
    }
}

/// The same of a line at error level.
fn at_error(template: Template) -> Template {
    Template { at_error: true, ..template }
}

/// All templates are listed.
fn lines(templates: Vec<Template>, lines: u64) -> AnswerData {
    let (distinct, news) = (templates.len() as u64, templates.iter().filter(|one| one.is_news()).count() as u64);
    AnswerData::Unmatched(UnmatchedLines { templates, distinct, news, lines })
}

fn main_tag() -> serde_json::Value {
    json!({"tag": "prometheus.log.main"})
}

fn errors() -> Case {
    let text = [
        "all is well",
        "it FAILED",
        "it failed, and that is harmless",
        r#"{"level":"Error","msg":"by its level"}"#,
        r#"{"level":"info","msg":"a failed try by its words"}"#,
        r#"{"msg":"refused without a level"}"#,
        r#"{"level":"fatal","msg":"harmless all the same"}"#,
        r#"{"failed":"in a field that is no message","msg":"well"}"#,
        r#"{"failed":"in the only field"}"#,
        r#"{"level":"warn","msg":"refused in a warning"}"#,
        r#"{"level":"warn","msg":"a warning without a word"}"#,
        r#"{"level":"","severity":"error","msg":"by another field"}"#,
        r#"{"level":"error"}"#,
        "E0824 19:57:17.389 1 x.go:1] by its first letter",
        "I0824 19:57:17.389 1 x.go:1] failed, for information",
        r#"{"log":"E0824 19:57:17.389 1 x.go:1] quoted by its first letter"}"#,
        r#"{"level":"warn","log":"E0824 19:57:17.389 1 x.go:1] its own level counts"}"#,
    ];
    let got = vec![
        at_error(template("<n> <time> <n> x.go:<n>] by its first letter", 1, 0, ("a", 13, text[13]))),
        at_error(template(
            "<n> <time> <n> x.go:<n>] quoted by its first letter",
            1,
            0,
            ("a", 15, "E0824 19:57:17.389 1 x.go:1] quoted by its first letter"),
        )),
        at_error(template("by another field", 1, 0, ("a", 11, "by another field"))),
        at_error(template("by its level", 1, 0, ("a", 3, "by its level"))),
        template("it FAILED", 1, 0, ("a", 1, text[1])),
        template("refused in a warning", 1, 0, ("a", 9, "refused in a warning")),
        template("refused without a level", 1, 0, ("a", 5, "refused without a level")),
        at_error(template("{<quoted>:<quoted>}", 1, 0, ("a", 12, text[12]))),
    ];
    case(
        "the level of a line decides whether it is an error, otherwise its message, and never another field",
        holding(traces(), vec![log(0, "a", &text.join("\n"), main_tag())]),
        ask(Vec::new(), 10),
        whole_answer(lines(got, 8)),
    )
}

fn known() -> Case {
    let text = [
        "failed: one",
        "failed: two",
        r#"{"level":"error","msg":"failed: three"}"#,
        r#"{"level":"error","msg":"failed: four"}"#,
    ];
    let known = vec![
        knows(&[], "one$", See::Message),
        knows(&["mdsd"], "two$", See::Message),
        knows(&["mdsd", "main"], "three$", See::Message),
        // The whole line, unlike its message, ends with a brace.
        knows(&[], "four$", See::Line),
    ];
    let got = vec![
        at_error(template("failed: four", 1, 0, ("a", 3, "failed: four"))),
        template("failed: two", 1, 0, ("a", 1, text[1])),
    ];
    case(
        "a line is known if a test matches its searched text and it is of one of the components",
        holding(traces(), vec![log(0, "a", &text.join("\n"), main_tag())]),
        ask(known, 10),
        whole_answer(lines(got, 2)),
    )
}

fn known_elsewhere() -> Case {
    let given = vec![
        log(0, "a", "failed: one\nfailed: two", main_tag()),
        weighing(log(0, "b", "failed: one\nfailed: two", json!({})), json!(3)),
    ];
    let known = vec![knows(&["mdsd"], "one$", See::Message), knows(&["other"], "three$", See::Message)];
    let other = |one: Template, elsewhere: u64| Template { component: "other".to_owned(), elsewhere, ..one };
    let got = vec![
        other(template("failed: one", 3, 0, ("b", 0, "failed: one")), 3),
        other(template("failed: two", 3, 0, ("b", 1, "failed: two")), 0),
        template("failed: one", 1, 0, ("a", 0, "failed: one")),
        template("failed: two", 1, 0, ("a", 1, "failed: two")),
    ];
    case(
        "lines that are known for another component are counted where their own could not be determined",
        holding(traces(), given),
        ask(known, 10),
        whole_answer(lines(got, 8)),
    )
}

fn reasons() -> Case {
    let url = format!("https://ingest.example/{}", "a1/".repeat(200));
    let logfmt = |error: &str| format!(r#"level=error url={url} msg="cannot \"send\"" count=5 err="{error}""#);
    let text = [
        logfmt("server returned HTTP status 403 Forbidden"),
        logfmt("server returned HTTP status 429 after 7 tries"),
        logfmt("server returned HTTP status 429 after 9 tries"),
        format!("failed to post to {url}: status 500"),
        format!("failed to post to {url}: status 503"),
        format!(r#"{{"level":"error","msg":"{}","error":"the end {} 7"}}"#, "é".repeat(1500), "à".repeat(1500)),
    ];
    let message = |error: &str| format!("cannot \"send\"\n{error}");
    let long = format!("{}…{} 7", "é".repeat(1000), "à".repeat(997));
    let got = vec![
        at_error(template(
            "cannot <quoted> server returned HTTP status 429 after <n> tries",
            2,
            0,
            ("a", 1, &message("server returned HTTP status 429 after 7 tries")),
        )),
        at_error(template(
            "cannot <quoted> server returned HTTP status 403 Forbidden",
            1,
            0,
            ("a", 0, &message("server returned HTTP status 403 Forbidden")),
        )),
        template("failed to post to <url> status 500", 1, 0, ("a", 3, &text[3])),
        template("failed to post to <url> status 503", 1, 0, ("a", 4, &text[4])),
        at_error(template(&format!("{}…{} <n>", "é".repeat(400), "à".repeat(195)), 1, 0, ("a", 5, &long))),
    ];
    case(
        "message and error are compared whatever the length of the line, with the number of an HTTP status",
        holding(traces(), vec![log(0, "a", &text.join("\n"), main_tag())]),
        ask(Vec::new(), 10),
        whole_answer(lines(got, 6)),
    )
}

fn rows() -> Case {
    let given = vec![
        log(0, "a", "failed 1\nfailed 2\nfailed 3\nrefused", main_tag()),
        log(5, "b", "failed 4\nrefused", main_tag()),
        log(5, "b", "failed 4\nrefused", main_tag()),
        log(9, "c", "refused", json!({"tag": "prometheus.log.main", "podname": "p2"})),
        log(9, "d", "refused\nE0824 gone", main_tag()),
    ];
    let mut failed = template("failed <n>", 4, 0, ("a", 0, "failed 1"));
    (failed.rows, failed.last) = (2, at(5));
    let mut refused = template("refused", 4, 0, ("a", 3, "refused"));
    (refused.rows, refused.last, refused.entities) = (3, at(9), 2);
    case(
        "a template is news if it is in three rows or at error level",
        holding(traces(), given),
        ask(Vec::new(), 2),
        // The third, at error level, is not listed.
        whole_answer(AnswerData::Unmatched(UnmatchedLines {
            templates: vec![failed, refused],
            distinct: 3,
            news: 2,
            lines: 9,
        })),
    )
}

fn templates() -> Case {
    let text = [
        "2025-08-05 12:00:01 failed after 12ms at 10.0.0.1:80 for \"x-1\" in /a/b.go:7 (http://h/p?q=1)",
        "2025-08-05 13:59:59.5 failed after 7.5s at 10.1.2.3:8080 for \"other\" in /c/d/e.go:12 (https://other)",
        "failed for 0f70cbe3-d8e4-4efe-b1ad-a27810308ccb",
        "failed for 1b0c0000-d8e4-4efe-b1ad-a27810308ccb",
        "failed for others",
    ];
    let got = vec![
        template("<time> failed after <n> at <ip> for <quoted> in <path>:<n> (<url>)", 2, 0, ("a", 0, text[0])),
        template("failed for <id>", 2, 0, ("a", 2, text[2])),
        template("failed for others", 1, 0, ("a", 4, text[4])),
    ];
    case(
        "lines that differ only in numbers, names and times share a template",
        holding(traces(), vec![log(0, "a", &text.join("\n"), main_tag())]),
        ask(Vec::new(), 10),
        whole_answer(lines(got, 5)),
    )
}

fn counted() -> Case {
    let given = vec![
        log(100, "b", "failed 1", main_tag()),
        weighing(log(50, "c", "failed 2", json!({"tag": "prometheus.log.main", "podname": "p2"})), json!(5)),
        log(200, "a", "failed 3", main_tag()),
        log(150, "d", "failed 4", json!({"tag": "t"})),
        log(-1, "e", "failed 5", main_tag()),
        log(3600, "f", "failed 6", main_tag()),
        log(0, "g", "failed 7", json!({"cluster": "/subscriptions/s/managedclusters/c2"})),
        log(0, "h", "failed 8", json!({"podname": null})),
    ];
    let mut main = template("failed <n>", 7, 50, ("c", 0, "failed 2"));
    (main.entities, main.rows) = (2, 3);
    main.last = at(200);
    let mut other = template("failed <n>", 1, 150, ("d", 0, "failed 4"));
    other.component = "other".to_owned();
    case(
        "error lines are counted by weight and component within the window, the earliest is the sample",
        holding(traces(), given),
        ask(Vec::new(), 10),
        partial_answer(lines(vec![main, other], 8), GapReason::MissingColumn),
    )
}

fn most() -> Case {
    let text = "failed b\nfailed c\nfailed a\nfailed c";
    let got = vec![template("failed c", 2, 0, ("a", 1, "failed c")), template("failed a", 1, 0, ("a", 2, "failed a"))];
    case(
        "the most frequent templates come first, ties are ordered by name, and the rest is counted",
        holding(traces(), vec![log(0, "a", text, main_tag())]),
        ask(Vec::new(), 2),
        whole_answer(AnswerData::Unmatched(UnmatchedLines { templates: got, distinct: 3, news: 0, lines: 4 })),
    )
}

fn none() -> Case {
    case(
        "without error lines there is no template",
        holding(traces(), vec![log(0, "a", "all is well", main_tag())]),
        ask(Vec::new(), 10),
        whole_answer(lines(Vec::new(), 0)),
    )
}

fn duplicates() -> Case {
    let given = vec![log(0, "a", "failed 1", main_tag()), log(0, "a", "failed 1", main_tag())];
    case(
        "error lines of a row that arrives twice count once",
        holding(traces(), given),
        ask(Vec::new(), 10),
        whole_answer(lines(vec![template("failed <n>", 1, 0, ("a", 0, "failed 1"))], 1)),
    )
}

fn cut() -> Case {
    let text = format!("failed 1\n{}", "x".repeat(MESSAGE_CHARACTERS - "failed 1\n".len()));
    case(
        "a truncated message is a gap of the error lines",
        holding(traces(), vec![log(0, "a", &text, main_tag())]),
        ask(Vec::new(), 10),
        partial_answer(lines(vec![template("failed <n>", 1, 0, ("a", 0, "failed 1"))], 1), GapReason::Truncated),
    )
}
