//! The page of results: the prose of a template with generated tables and lists.

use std::fmt::Write as _;

use crate::degradation::KINDS;
use crate::run::{Run, Runs};

/// The template with the prose.
pub(crate) const TEMPLATE: &str = include_str!("template.md");

/// Returns the page.
pub(crate) fn page(runs: &Runs) -> String {
    let all: Vec<&Run> = runs.runs.iter().collect();
    let below = all.iter().filter(|run| !run.outcome.below_effect.is_empty()).count();
    let of = |test: &dyn Fn(&Run) -> bool| all.iter().filter(|run| test(run)).count();
    TEMPLATE
        .replace("{{incidents}}", &runs.incidents.to_string())
        .replace("{{cases}}", &runs.cases.to_string())
        .replace("{{runs}}", &all.len().to_string())
        .replace("{{below}}", &format!("{below} of {}", all.len()))
        .replace("{{wrong}}", &of(&|run| !run.outcome.wrong_confirmed.is_empty()).to_string())
        .replace("{{healthy}}", &of(&|run| run.outcome.false_healthy).to_string())
        .replace("{{counts}}", &counts(&all))
        .replace("{{violations}}", &violations(&all))
        .replace("{{beside}}", &list(&all, |run| run.outcome.beside_root.join(", ")))
        .replace("{{silent}}", &list(&all, |run| if is_silent(run) { run.verdict.text() } else { String::new() }))
}

/// Whether a true root is gone without a trace.
fn is_silent(run: &Run) -> bool {
    let outcome = &run.outcome;
    !outcome.kept && !outcome.honest && !outcome.is_violation()
}

/// A row of figures.
fn figures(name: &str, runs: &[&Run]) -> String {
    let count = |test: &dyn Fn(&Run) -> bool| runs.iter().filter(|run| test(run)).count();
    format!(
        "| {name} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
        runs.len(),
        count(&|run| !run.outcome.wrong_confirmed.is_empty()),
        count(&|run| !run.outcome.below_effect.is_empty()),
        count(&|run| run.outcome.false_healthy),
        count(&|run| run.outcome.kept),
        count(&|run| run.outcome.honest),
        count(&is_silent),
        count(&|run| !run.outcome.beside_root.is_empty()),
    )
}

fn counts(all: &[&Run]) -> String {
    let mut out = "| | runs | wrong confirmed | root below its effect | false healthy | root kept | honest | root lost | effect beside its root |\n\
                   |---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for (kind, name) in KINDS.iter().enumerate() {
        let of_kind: Vec<&Run> = all.iter().filter(|run| run.degradation.kind() == kind).copied().collect();
        out.push_str(&figures(name, &of_kind));
    }
    let (incidents, cases): (Vec<&Run>, Vec<&Run>) = all.iter().partition(|run| run.is_incident);
    out.push_str(&figures("**incidents**", &incidents));
    out.push_str(&figures("**cases**", &cases));
    out.push_str(&figures("**all**", all));
    out.trim_end().to_owned()
}

fn violations(all: &[&Run]) -> String {
    let what = |run: &Run| {
        let outcome = &run.outcome;
        let mut goals = Vec::new();
        goals.extend(outcome.wrong_confirmed.iter().map(|one| format!("confirms {one}")));
        goals.extend(outcome.below_effect.iter().cloned());
        if outcome.false_healthy {
            goals.push("denies the problem".to_owned());
        }
        if goals.is_empty() { String::new() } else { format!("{} ({})", goals.join("; "), run.verdict.text()) }
    };
    list(all, what)
}

/// A list of the runs for which there is something to note.
fn list(all: &[&Run], what: impl Fn(&Run) -> String) -> String {
    let mut out = String::new();
    for run in all {
        let what = what(run);
        if !what.is_empty() {
            writeln!(out, "- {} – {} – {what}", run.cluster, run.degradation).unwrap();
        }
    }
    if out.is_empty() { "None.".to_owned() } else { out.trim_end().to_owned() }
}
