//! What stayed unknown, why, and what a reader can do about it.
//!
//! A [`Diagnosis`] in; groups and sentences out, in the order in which they are read.

use std::collections::{BTreeMap, BTreeSet};

use super::{format, layout};
use crate::diagnosis::{Diagnosis, UnknownReason, Unmatched};

/// Whether reading more telemetry cannot resolve the reason.
fn is_unresolvable(reason: &UnknownReason) -> bool {
    matches!(reason, UnknownReason::Silent | UnknownReason::Unobservable | UnknownReason::NotConfigured(_))
}

/// The patterns that are unknown for one reason.
#[derive(Debug)]
pub(super) struct UnknownGroup<'a> {
    /// The reason.
    pub reason: &'a UnknownReason,
    /// The patterns, by id, each with its remark.
    pub patterns: Vec<String>,
}

/// The unknown patterns by reason, without those that [`unobservable`] lists.
pub(super) fn groups(diagnosis: &Diagnosis) -> Vec<UnknownGroup<'_>> {
    let mut groups: BTreeMap<&UnknownReason, Vec<String>> = BTreeMap::new();
    for one in &diagnosis.unresolved {
        if !one.holds && one.reasons.iter().all(is_unresolvable) {
            continue;
        }
        let pattern = if one.holds { format!("{} (matches; may be noise)", one.pattern) } else { one.pattern.clone() };
        for reason in &one.reasons {
            groups.entry(reason).or_default().push(pattern.clone());
        }
    }
    groups.into_iter().map(|(reason, patterns)| UnknownGroup { reason, patterns }).collect()
}

/// The patterns that cannot be observed in this run, sorted by id, without duplicates.
pub(super) fn unobservable(diagnosis: &Diagnosis) -> Vec<&str> {
    let mut ids: Vec<&str> = diagnosis.coverage.unobservable.iter().map(String::as_str).collect();
    for one in &diagnosis.unresolved {
        if !one.holds && one.reasons.iter().all(is_unresolvable) {
            ids.push(&one.pattern);
        }
    }
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// How many names of a list are shown; the others are counted.
const NAMED: usize = 3;

/// A reason with at most [`NAMED`] metrics.
pub(super) fn reason(reason: &UnknownReason) -> String {
    match reason {
        UnknownReason::NotEmitted(what) => format!("not_emitted: {}", few(what.split(", "))),
        other => other.to_string(),
    }
}

/// The first [`NAMED`] names of a list, and how many more it has.
fn few<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown: Vec<&str> = names.iter().take(NAMED).copied().collect();
    let more = names.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", shown.join(", "))
}

/// What a reader can do about a reason; `None` if nothing helps.
fn advice(reason: &UnknownReason) -> Option<String> {
    Some(match reason {
        UnknownReason::MissingTable(table) => format!("provide the table `{table}`, or declare why it is missing"),
        UnknownReason::Denied(table) => format!("request read access to `{table}`"),
        UnknownReason::Timeout(table) | UnknownReason::SourceError(table, _) => format!("read `{table}` again"),
        UnknownReason::Unsupported(table) => format!("use a source that supports these requests for `{table}`"),
        UnknownReason::NotConfigured(table) => format!("configure a source for `{table}`"),
        UnknownReason::Truncated(table, _) => {
            format!("read `{table}` in smaller parts: a shorter window or fewer entities")
        }
        UnknownReason::NotIngestedYet => "run the diagnosis again in 15 minutes".to_owned(),
        UnknownReason::ChannelDead(table) => format!("find out why no rows arrive in `{table}`"),
        UnknownReason::WindowTooShort | UnknownReason::NoBaseline => "use a longer window".to_owned(),
        UnknownReason::NotCarried(column) => format!("check whether rows have the column `{column}`"),
        // One step for all metrics that are not emitted; `next_steps` appends their names.
        UnknownReason::NotEmitted(_) => "find out why these metrics are not emitted".to_owned(),
        UnknownReason::SameInstant
        | UnknownReason::UndefinedRatio
        | UnknownReason::Silent
        | UnknownReason::Unobservable => return None,
    })
}

/// The next steps, those that decide most patterns first, without duplicates.
pub(super) fn next_steps(diagnosis: &Diagnosis) -> Vec<String> {
    let mut steps: Vec<(String, BTreeSet<String>, BTreeSet<&str>)> = Vec::new();
    for group in groups(diagnosis) {
        let Some(advice) = advice(group.reason) else { continue };
        let known = steps.iter().position(|(text, ..)| *text == advice).unwrap_or_else(|| {
            steps.push((advice, BTreeSet::new(), BTreeSet::new()));
            steps.len() - 1
        });
        if let Some((_, patterns, names)) = steps.get_mut(known) {
            patterns.extend(group.patterns);
            if let UnknownReason::NotEmitted(what) = group.reason {
                names.extend(what.split(", "));
            }
        }
    }
    steps.sort_by_key(|(_, patterns, _)| std::cmp::Reverse(patterns.len()));
    let lines = steps.into_iter().map(|(advice, patterns, names)| {
        let names = if names.is_empty() { String::new() } else { format!(": {}", few(names.into_iter())) };
        format!("{advice}{names} (decides {})", layout::plural(patterns.len(), "pattern"))
    });
    lines.collect()
}

/// How many templates of unmatched error lines are shown; the others are counted.
const UNMATCHED: usize = 50;

/// How many of them the first line of a report names, and in how many columns each.
const NAMED_KINDS: (usize, usize) = (3, 60);

/// Error lines of one template that no pattern matches.
#[derive(Debug)]
pub(super) struct UnmatchedLines<'a> {
    /// How many lines, with sampling weights.
    pub count: u64,
    /// The component that wrote them, else the table.
    pub component: &'a str,
    /// The template.
    pub template: String,
    /// How many lines, from which entities and component, in which time range.
    pub summary: String,
    /// The message and error of the earliest line.
    pub sample: String,
}

/// Error lines that no pattern matches, and remarks: how many more templates there are, how many lines are known for another
/// component, why the list may be incomplete.
pub(super) fn unmatched(diagnosis: &Diagnosis) -> (Vec<UnmatchedLines<'_>>, Vec<String>) {
    let coverage = &diagnosis.coverage;
    let shown: Vec<UnmatchedLines<'_>> = coverage
        .unmatched
        .iter()
        .take(UNMATCHED)
        .map(|one| {
            let component = one.component.as_deref().unwrap_or(&one.table);
            let entities = if one.scope.is_empty() { String::new() } else { format!(" on {}", one.scope) };
            let when = format::range(one.first, one.last);
            let lines = format::abbreviated_plural(one.count, "line");
            let level = if one.at_error { " at error level" } else { "" };
            let summary = format!("{lines}{level}{entities}, {component}, {when}");
            let template = layout::one_line(&one.template);
            UnmatchedLines { count: one.count, component, template, summary, sample: format::reason(&one.sample.text) }
        })
        .collect();
    let mut remarks = Vec::new();
    let more = coverage.unmatched_more.saturating_add(coverage.unmatched.len().saturating_sub(UNMATCHED) as u64);
    if more > 0 {
        remarks.push(format!("and {}", format::abbreviated_plural(more, "more kind")));
    }
    let elsewhere: u64 = coverage.unmatched.iter().map(|one| one.elsewhere).sum();
    if elsewhere > 0 {
        let lines = format::abbreviated_plural(elsewhere, "line");
        remarks.push(format!("of these, {lines} without a known component would match a pattern of another component"));
    }
    let unserved = coverage.unmatched_reasons.iter().any(|reason| matches!(reason, UnknownReason::Unsupported(_)));
    if (!shown.is_empty() || unserved) && !coverage.unmatched_reasons.is_empty() {
        let reasons: Vec<String> = coverage.unmatched_reasons.iter().map(ToString::to_string).collect();
        remarks.push(format!("there may be more: {}", reasons.join(", ")));
    }
    (shown, remarks)
}

/// How many kinds of unmatched errors there are, and how many lines of the first ones: `2 kinds of unmatched errors: 12 ×
/// token refused; 3 × out of order sample`.
pub(super) fn kinds(diagnosis: &Diagnosis) -> String {
    let coverage = &diagnosis.coverage;
    let (named, columns) = NAMED_KINDS;
    let name = |one: &Unmatched| {
        let sample = layout::shorten(&format::reason(&one.sample.text), columns);
        format!("{} × {sample}", format::count(one.count as f64))
    };
    let mut parts: Vec<String> = coverage.unmatched.iter().take(named).map(name).collect();
    let all = coverage.unmatched_more.saturating_add(coverage.unmatched.len() as u64);
    let more = all.saturating_sub(parts.len() as u64);
    if more > 0 {
        parts.push(format::abbreviated_plural(more, "more kind"));
    }
    format!("{} of unmatched errors: {}", format::abbreviated_plural(all, "kind"), parts.join("; "))
}
