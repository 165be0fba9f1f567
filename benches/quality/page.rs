//! The page of results: the prose of a template with generated tables.
//!
//! Input: outcomes. Output: the text of `docs/quality.md`. The template contains only prose; all figures are generated.

use std::fmt::Write as _;

use crate::score::{Fraction, METHODS, Method, Outcome, Scores, f1};

/// The template with the prose.
pub(crate) const TEMPLATE: &str = include_str!("template.md");

/// Returns the page.
pub(crate) fn page(worlds: u64, outcomes: &[Vec<Outcome>]) -> String {
    TEMPLATE
        .replace("{{worlds}}", &worlds.to_string())
        .replace("{{lost}}", &lost(outcomes))
        .replace("{{distances}}", &distances(outcomes))
        .replace("{{roots}}", &per_setting(outcomes, roots))
        .replace("{{grades}}", &per_setting(outcomes, grades))
        .replace("{{hypotheses}}", &per_setting(outcomes, hypotheses))
}

fn per_setting(outcomes: &[Vec<Outcome>], table: impl Fn(&[Outcome]) -> String) -> String {
    let mut out = String::new();
    for list in outcomes {
        let name = list.first().map_or("", |one| one.setting.name);
        write!(out, "**{name}**\n\n{}\n", table(list)).unwrap();
    }
    out.trim_end().to_owned()
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Returns the mean lost share for each requested share.
fn lost(outcomes: &[Vec<Outcome>]) -> String {
    let many = outcomes.first().map_or(0, Vec::len);
    let mean = |at: usize| {
        let sum: f64 = outcomes.iter().map(|list| list[at].lost).sum();
        format!("{:.1} %", 100.0 * sum / outcomes.len() as f64)
    };
    (0..many).map(mean).collect::<Vec<_>>().join(", ")
}

fn name(method: Method) -> &'static str {
    match method {
        Method::Engine => "engine",
        Method::EngineWithoutTimes => "engine, times ignored",
        Method::UnknownAsFalse => "unknown as false",
        Method::Exact => "exact posterior",
        Method::ExactSeen => "exact, observed only",
    }
}

fn share(share: Fraction) -> String {
    share.value().map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}

/// Returns the F1 of a method.
fn f1_of(scores: &Scores) -> f64 {
    f1(scores.precision, scores.recall)
}

fn roots(list: &[Outcome]) -> String {
    let mut out = "| missing | | precision | recall | F1 | AC@1 |\n|---|---|---|---|---|---|\n".to_owned();
    for one in list {
        for (method, scores) in METHODS.iter().zip(&one.scores) {
            let (precision, recall, first) = (share(scores.precision), share(scores.recall), share(scores.first));
            let (missing, name, f1) = (percent(one.wanted), name(*method), f1_of(scores));
            writeln!(out, "| {missing} | {name} | {precision} | {recall} | {f1:.3} | {first} |").unwrap();
        }
    }
    out
}

/// Returns the engine's F1 and AC@1 minus those of the exact posterior.
fn distances(outcomes: &[Vec<Outcome>]) -> String {
    let mut out =
        "| | missing | F1 − exact | AC@1 − exact | F1 − exact, observed only | AC@1 − exact, observed only |\n\
                   |---|---|---|---|---|---|\n"
            .to_owned();
    for one in outcomes.iter().flatten() {
        let engine = one.of(Method::Engine);
        let less = |method: Method| {
            let other = one.of(method);
            let first = engine.first.value().unwrap_or_default() - other.first.value().unwrap_or_default();
            format!("{:+.3} | {first:+.3}", f1_of(engine) - f1_of(other))
        };
        let (exact, seen) = (less(Method::Exact), less(Method::ExactSeen));
        writeln!(out, "| {} | {} | {exact} | {seen} |", one.setting.name, percent(one.wanted)).unwrap();
    }
    out.trim_end().to_owned()
}

fn of(share: Fraction) -> String {
    share.value().map_or_else(|| "–".to_owned(), |value| format!("{value:.3} of {}", share.all))
}

fn grades(list: &[Outcome]) -> String {
    let mut out =
        "| missing | | confirmed | wrongly confirmed | provisional | open |\n|---|---|---|---|---|---|\n".to_owned();
    for one in list {
        for method in [Method::Engine, Method::UnknownAsFalse] {
            let scores = one.of(method);
            let wrong = scores.confirmed.all - scores.confirmed.right;
            let (confirmed, provisional, open) = (of(scores.confirmed), of(scores.provisional), of(scores.open));
            let (missing, name) = (percent(one.wanted), name(method));
            writeln!(out, "| {missing} | {name} | {confirmed} | {wrong} | {provisional} | {open} |").unwrap();
        }
    }
    out
}

fn hypotheses(list: &[Outcome]) -> String {
    let mut out = "| missing | claims no root | first listed is a root | precision | recall | F1 | AC@1 |\n\
                   |---|---|---|---|---|---|---|\n"
        .to_owned();
    for one in list {
        let scores = one.of(Method::Engine);
        let (missing, without, listed) = (percent(one.wanted), share(scores.without), share(scores.first_listed));
        let (precision, recall) = (share(scores.wide_precision), share(scores.wide_recall));
        let (f1, first) = (f1(scores.wide_precision, scores.wide_recall), share(scores.wide_first));
        writeln!(out, "| {missing} | {without} | {listed} | {precision} | {recall} | {f1:.3} | {first} |").unwrap();
    }
    out
}
