//! What both reports for people say, before either says it in its own way.
//!
//! A [`Diagnosis`] in; sentences, trees and groups out, in the order in which they are to be read. Nothing here knows a
//! width, a colour or markdown.

use std::collections::{BTreeMap, BTreeSet};

use super::words;
use crate::diagnosis::{CauseStatus, Diagnosis, Evidence, Finding, Grade, Impact, Role, Root, Status, UnknownReason};
use crate::explain::Counterfactual;
use crate::time::Window;

/// The sentence over a report: its verdict and what it means.
pub(super) fn headline(diagnosis: &Diagnosis) -> (String, String) {
    let roots = roots(diagnosis);
    let ids = roots.iter().map(|root| root.pattern.as_str()).collect::<Vec<_>>().join(", ");
    let verdict = match diagnosis.status {
        Status::DiagnosedPartial => "diagnosed in part".to_owned(),
        Status::Healthy | Status::NoiseOnly | Status::Recovered | Status::Diagnosed | Status::InsufficientData => {
            diagnosis.status.as_str().replace('_', " ")
        }
    };
    let meaning = match diagnosis.status {
        Status::Healthy => "every alarm pattern was looked at, and none holds".to_owned(),
        Status::NoiseOnly => "all that holds is expected and without consequence".to_owned(),
        Status::Recovered => "something was wrong within the window and is over".to_owned(),
        Status::Diagnosed if roots.len() == 1 => format!("{ids} began it"),
        Status::Diagnosed => format!("{} root causes: {ids}", roots.len()),
        Status::DiagnosedPartial if roots.iter().any(|root| root.grade == Grade::Open) => {
            format!("{ids}; what lies behind was not seen")
        }
        Status::DiagnosedPartial if roots.is_empty() => "something holds that nothing explains".to_owned(),
        Status::DiagnosedPartial => format!("{ids}; not all that people suffer from is explained by it"),
        Status::InsufficientData => "the telemetry that would decide is not there".to_owned(),
    };
    let apart = independents(diagnosis).iter().map(|root| root.pattern.as_str()).collect::<Vec<_>>().join(", ");
    let meaning =
        if roots.is_empty() || apart.is_empty() { meaning } else { format!("{meaning}; apart from that: {apart}") };
    (verdict, meaning)
}

/// Of whom and when: `cluster aks-1, 2025-08-04 12:00Z to 2025-08-05 12:00Z (24h)`.
pub(super) fn scope(diagnosis: &Diagnosis) -> String {
    let subject = diagnosis
        .subject
        .iter()
        .map(|(key, value)| format!("{key} {}", words::one_line(words::resource(value))))
        .collect::<Vec<_>>()
        .join(", ");
    let window = diagnosis.window;
    let when = format!("{} ({})", words::stretch(window.from, window.to), words::length(window.ticks()));
    if subject.is_empty() { when } else { format!("{subject}, {when}") }
}

/// The roots in role root, by rank.
pub(super) fn roots(diagnosis: &Diagnosis) -> Vec<&Root> {
    diagnosis.roots.iter().filter(|root| root.role == Role::Root).collect()
}

/// The roots of their own, by rank.
pub(super) fn independents(diagnosis: &Diagnosis) -> Vec<&Root> {
    diagnosis.roots.iter().filter(|root| root.role == Role::Independent).collect()
}

/// Grade, severity, scope and since when, in one line.
pub(super) fn standing(root: &Root) -> String {
    let onset = words::since(&root.onset);
    format!("{}, {}, {}, {onset}", root.grade.as_str(), words::severity(root.severity), root.scope)
}

/// What was looked at behind a root, by what came of it: `behind it, ruled out: dns-failing, proxy-malformed`.
pub(super) fn behind(root: &Root) -> Vec<String> {
    let mut out: Vec<&str> = Vec::new();
    let mut unknown: Vec<&str> = Vec::new();
    let mut others: Vec<String> = Vec::new();
    for cause in &root.causes {
        match cause.statuses.as_slice() {
            // A pattern without an instance here has been checked as well.
            [] => {}
            [CauseStatus::RuledOut] => out.push(&cause.pattern),
            // Statuses are sorted by text, so all are unknown if the first is.
            [CauseStatus::Unknown(_), ..] => unknown.push(&cause.pattern),
            _ => others.push(format!("{} {}", cause.pattern, cause.text())),
        }
    }
    let named = |said: &str, names: &[&str]| (!names.is_empty()).then(|| format!("{said}: {}", names.join(", ")));
    let all = [
        named("behind it, ruled out", &out),
        named("behind it, not known", &unknown),
        (!others.is_empty()).then(|| others.join(", ")),
    ];
    all.into_iter().flatten().collect()
}

/// The pattern that a step belongs to, where that is not plain: where it is neither the first root's nor that of the step
/// before.
pub(super) fn step_of(diagnosis: &Diagnosis, index: usize) -> Option<&str> {
    let step = diagnosis.remedy.get(index)?;
    let before = index.checked_sub(1).and_then(|before| diagnosis.remedy.get(before));
    let first = diagnosis.roots.first().map(|root| root.pattern.as_str());
    let plain = match before {
        Some(before) => before.pattern == step.pattern,
        None => first == Some(step.pattern.as_str()),
    };
    (!plain && diagnosis.remedy.iter().any(|other| other.pattern != step.pattern)).then_some(step.pattern.as_str())
}

/// Who does not have it, and what tells those apart who do: `but 0 of 40 DaemonSet pods; they alone have osType=linux`.
pub(super) fn contrast(finding: &Finding) -> Option<String> {
    let mut said = Vec::new();
    if let Some(contrast) = &finding.contrast {
        said.push(format!("but {contrast}"));
    }
    said.extend(distinguished(finding));
    (!said.is_empty()).then(|| said.join("; "))
}

/// What would follow from a supposition: `(now true), if it were not so: diagnosed partial, token-config-missing (open)`.
pub(super) fn flip(flip: &Counterfactual) -> String {
    let supposed = if flip.to { "were so" } else { "were not so" };
    let roots: Vec<String> =
        flip.roots.iter().map(|(pattern, _, grade)| format!("{pattern} ({})", grade.as_str())).collect();
    let roots = if roots.is_empty() { "no root".to_owned() } else { roots.join(", ") };
    format!("(now {}), if it {supposed}: {}, {roots}", flip.from.as_str(), flip.status.as_str().replace('_', " "))
}

/// What all have who have it, and nobody else: `they alone have agentversion=6.21.0`.
pub(super) fn distinguished(finding: &Finding) -> Option<String> {
    (!finding.distinguishing_attributes.is_empty())
        .then(|| format!("they alone have {}", finding.distinguishing_attributes.join(", ")))
}

/// The findings in one role, in the diagnosis' order.
pub(super) fn findings(diagnosis: &Diagnosis, role: Role) -> Vec<&Finding> {
    diagnosis.findings.iter().filter(|finding| finding.role == role).collect()
}

/// By pattern the finding that says most: one that is part of the story rather than noise or past.
pub(super) fn foremost(diagnosis: &Diagnosis) -> BTreeMap<&str, &Finding> {
    let mut foremost: BTreeMap<&str, &Finding> = BTreeMap::new();
    for finding in &diagnosis.findings {
        let known = foremost.entry(&finding.pattern).or_insert(finding);
        if finding.role < known.role {
            *known = finding;
        }
    }
    foremost
}

/// The strongest evidence: not weak before weak, rows before numbers alone, then the author's order.
pub(super) fn strongest(finding: &Finding) -> Option<&Evidence> {
    finding
        .evidence
        .iter()
        .min_by_key(|evidence| (evidence.weak, evidence.citations.is_empty(), evidence.value.is_none()))
}

/// The evidence of a finding in one line, with its first row.
pub(super) fn evidence(finding: &Finding, window: &Window) -> Option<(String, Option<String>)> {
    let Some(evidence) = strongest(finding) else {
        return finding.reported.then(|| (format!("reported, {}", words::since(&finding.onset)), None));
    };
    let sample = evidence.citations.first().map(|row| words::sample(&row.text)).filter(|text| !text.is_empty());
    Some((words::evidence(evidence, Some(window)), sample))
}

/// How bad an impact is: `at least 11.9 G points`.
pub(super) fn magnitude(impact: &Impact) -> String {
    let least = if impact.at_least { "at least " } else { "" };
    let unit = impact.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
    format!("{least}{}{unit}", words::count(impact.magnitude))
}

/// One line of a chain drawn as a tree.
#[derive(Debug)]
pub(super) struct Branch<'a> {
    /// What stands before the name: `│  └─ `.
    pub lead: String,
    /// What stands before the lines below the name: `│     `.
    pub below: String,
    /// How deep it hangs; the root is 0.
    pub depth: usize,
    /// The pattern.
    pub pattern: &'a str,
    /// What is to be said of the link: `inferred`, `also after x`.
    pub remarks: Vec<String>,
}

/// How deep a tree is drawn; what hangs deeper is drawn at this depth.
const DEEPEST: usize = 10;

/// A root and all that it explains, as a tree: each link hangs below the one that is furthest from the root of those
/// that lead to it, so that the longest story is one branch.
pub(super) fn tree(root: &Root) -> Vec<Branch<'_>> {
    let mut depths: BTreeMap<&str, usize> = BTreeMap::from([(root.pattern.as_str(), 0)]);
    let mut above: BTreeMap<&str, &str> = BTreeMap::new();
    let mut children: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut remarks: Vec<Vec<String>> = Vec::new();
    for (index, link) in root.chain.iter().enumerate() {
        let mut parent = (root.pattern.as_str(), 0);
        for from in &link.from {
            if let Some((&name, &depth)) = depths.get_key_value(from.as_str())
                && depth > parent.1
            {
                parent = (name, depth);
            }
        }
        let mut said = Vec::new();
        if link.inferred {
            said.push("inferred, not seen".to_owned());
        }
        // What stands above in the branch anyway need not be named.
        let mut line = vec![parent.0];
        while let Some(&next) = line.last().and_then(|last| above.get(last)) {
            line.push(next);
        }
        let others: Vec<&str> = link.from.iter().map(String::as_str).filter(|from| !line.contains(from)).collect();
        if !others.is_empty() {
            said.push(format!("also after {}", others.join(", ")));
        }
        remarks.push(said);
        children.entry(parent.0).or_default().push(index);
        if !depths.contains_key(link.pattern.as_str()) {
            depths.insert(&link.pattern, parent.1 + 1);
            above.insert(&link.pattern, parent.0);
        }
    }
    let stem_of = |name: &str, stem: &str| format!("{stem}{}", if children.contains_key(name) { "│  " } else { "   " });
    let begin = Branch {
        lead: String::new(),
        below: stem_of(&root.pattern, ""),
        depth: 0,
        pattern: &root.pattern,
        remarks: loop_of(root),
    };
    let mut out = vec![begin];
    // The stack holds what is still to be drawn, the next on top: link, its lead's stem, its depth, whether it is last.
    let mut stack: Vec<(usize, String, usize, bool)> = Vec::new();
    let push = |stack: &mut Vec<(usize, String, usize, bool)>, name: &str, stem: &str, depth: usize| {
        for (at, &child) in children.get(name).into_iter().flatten().rev().enumerate() {
            stack.push((child, stem.to_owned(), depth, at == 0));
        }
    };
    push(&mut stack, &root.pattern, "", 1);
    while let Some((index, stem, depth, last)) = stack.pop() {
        let Some(link) = root.chain.get(index) else { continue };
        let below =
            if depth > DEEPEST { stem.clone() } else { format!("{stem}{}", if last { "   " } else { "│  " }) };
        out.push(Branch {
            lead: format!("{stem}{}", if last { "└─ " } else { "├─ " }),
            below: stem_of(&link.pattern, &below),
            depth,
            pattern: &link.pattern,
            remarks: remarks.get_mut(index).map(std::mem::take).unwrap_or_default(),
        });
        push(&mut stack, &link.pattern, &below, depth + 1);
    }
    out
}

fn loop_of(root: &Root) -> Vec<String> {
    let others: Vec<&str> = root.in_loop.iter().map(String::as_str).filter(|id| *id != root.pattern).collect();
    if others.is_empty() { Vec::new() } else { vec![format!("in a loop with {}", others.join(", "))] }
}

/// Why a finding is not part of the story.
pub(super) fn ignored(finding: &Finding) -> &'static str {
    match finding.class {
        crate::rules::model::Class::Benign => "expected, and nothing says that it is more",
        crate::rules::model::Class::Cause
        | crate::rules::model::Class::Effect
        | crate::rules::model::Class::Impact
        | crate::rules::model::Class::Complaint
        | crate::rules::model::Class::Fact => "what would make it more than noise does not hold",
    }
}

/// Whether nobody can mend it by reading more.
fn is_quiet(reason: &UnknownReason) -> bool {
    matches!(reason, UnknownReason::Silent | UnknownReason::Unobservable | UnknownReason::NotConfigured(_))
}

/// What stayed unknown for one reason.
#[derive(Debug)]
pub(super) struct Open<'a> {
    /// The reason.
    pub reason: &'a UnknownReason,
    /// The patterns, by id, each with what is to be said of it.
    pub patterns: Vec<String>,
}

/// What stayed unknown, by reason; patterns that are unknown only because nothing can be seen are left out.
pub(super) fn unknown(diagnosis: &Diagnosis) -> Vec<Open<'_>> {
    let mut groups: BTreeMap<&UnknownReason, Vec<String>> = BTreeMap::new();
    for one in &diagnosis.unresolved {
        if !one.holds && one.reasons.iter().all(is_quiet) {
            continue;
        }
        let said =
            if one.holds { format!("{} (holds; noise or not is open)", one.pattern) } else { one.pattern.clone() };
        for reason in &one.reasons {
            groups.entry(reason).or_default().push(said.clone());
        }
    }
    groups.into_iter().map(|(reason, patterns)| Open { reason, patterns }).collect()
}

/// Patterns that nobody can see in this run, by id, each once.
pub(super) fn unobservable(diagnosis: &Diagnosis) -> Vec<&str> {
    let mut ids: Vec<&str> = diagnosis.coverage.unobservable.iter().map(String::as_str).collect();
    for one in &diagnosis.unresolved {
        if !one.holds && one.reasons.iter().all(is_quiet) {
            ids.push(&one.pattern);
        }
    }
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// How many names of a list are told; the rest is counted.
const NAMED: usize = 3;

/// A reason with no more names than a reader takes in.
pub(super) fn reason(reason: &UnknownReason) -> String {
    match reason {
        UnknownReason::NotEmitted(what) => format!("not_emitted: {}", few(what.split(", "))),
        other => other.to_string(),
    }
}

/// The first few of a list, and how many more there are.
fn few<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown: Vec<&str> = names.iter().take(NAMED).copied().collect();
    let more = names.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", shown.join(", "))
}

/// What a reader can do about a reason; nothing where nothing helps.
fn advice(reason: &UnknownReason) -> Option<String> {
    Some(match reason {
        UnknownReason::MissingTable(table) => format!("provide the table `{table}`, or say why it is missing"),
        UnknownReason::Denied(table) => format!("ask for the right to read `{table}`"),
        UnknownReason::Timeout(table) | UnknownReason::SourceError(table, _) => format!("read `{table}` again"),
        UnknownReason::Unsupported(table) => format!("use a source that can answer this of `{table}`"),
        UnknownReason::NotConfigured(table) => format!("configure a source for `{table}`"),
        UnknownReason::Truncated(table, _) => {
            format!("read `{table}` in smaller pieces: a shorter window, fewer entities")
        }
        UnknownReason::NotIngestedYet => "look again in a quarter of an hour".to_owned(),
        UnknownReason::ChannelDead(table) => format!("find out why nothing arrives in `{table}`"),
        UnknownReason::WindowTooShort | UnknownReason::NoBaseline => "look at a longer window".to_owned(),
        UnknownReason::NotCarried(column) => format!("check whether rows carry `{column}`"),
        // Metrics that are not sent are told together.
        UnknownReason::NotEmitted(_) => "find out why these are not sent".to_owned(),
        UnknownReason::UndefinedRatio | UnknownReason::Silent | UnknownReason::Unobservable => return None,
    })
}

/// What to look at next, most helpful first, each once.
pub(super) fn next_looks(diagnosis: &Diagnosis) -> Vec<String> {
    let mut looks: Vec<(String, BTreeSet<String>, BTreeSet<&str>)> = Vec::new();
    for group in unknown(diagnosis) {
        let Some(advice) = advice(group.reason) else { continue };
        let known = looks.iter().position(|(said, ..)| *said == advice).unwrap_or_else(|| {
            looks.push((advice, BTreeSet::new(), BTreeSet::new()));
            looks.len() - 1
        });
        if let Some((_, patterns, names)) = looks.get_mut(known) {
            patterns.extend(group.patterns);
            if let UnknownReason::NotEmitted(what) = group.reason {
                names.extend(what.split(", "));
            }
        }
    }
    looks.sort_by_key(|(_, patterns, _)| std::cmp::Reverse(patterns.len()));
    let told = looks.into_iter().map(|(advice, patterns, names)| {
        let names = if names.is_empty() { String::new() } else { format!(": {}", few(names.into_iter())) };
        format!("{advice}{names} (decides {})", words::many(patterns.len(), "pattern"))
    });
    told.collect()
}

/// How many kinds of error lines that no pattern knows are told to people; the rest is counted.
const UNMATCHED: usize = 5;

/// Error lines that no pattern knows: what is told of each kind, with an example where it says more; and what else is to be
/// said of them.
pub(super) fn unmatched(diagnosis: &Diagnosis) -> (Vec<Stranger>, Vec<String>) {
    let coverage = &diagnosis.coverage;
    let told: Vec<Stranger> = coverage
        .unmatched
        .iter()
        .take(UNMATCHED)
        .map(|one| {
            let sample = words::sample(&one.sample.text);
            let template = words::one_line(&one.template);
            let component = one.component.as_deref().unwrap_or(&one.table);
            let whose = if one.scope.is_empty() { String::new() } else { format!(" on {}", one.scope) };
            let when = words::stretch(one.first, one.last);
            let said = format!("{}{whose}, {component}, {when}", words::many_of(one.count, "line"));
            Stranger { said, sample: Some(sample).filter(|sample| *sample != template), template }
        })
        .collect();
    let mut besides = Vec::new();
    let more = coverage.unmatched_more.saturating_add(coverage.unmatched.len().saturating_sub(UNMATCHED) as u64);
    if more > 0 {
        besides.push(format!("and {}", words::many_of(more, "more kind")));
    }
    let unserved = coverage.unmatched_reasons.iter().any(|reason| matches!(reason, UnknownReason::Unsupported(_)));
    if (!told.is_empty() || unserved) && !coverage.unmatched_reasons.is_empty() {
        let reasons: Vec<String> = coverage.unmatched_reasons.iter().map(ToString::to_string).collect();
        besides.push(format!("there may be others: {}", reasons.join(", ")));
    }
    (told, besides)
}

/// Error lines of one kind.
#[derive(Debug)]
pub(super) struct Stranger {
    /// What they have in common.
    pub template: String,
    /// How many, whose, when.
    pub said: String,
    /// One of them, where it differs from the template.
    pub sample: Option<String>,
}

/// A parameter's value in its unit: `24`, `2h`, `10 GB`.
pub(super) fn setting(value: &crate::unit::Quantity) -> String {
    words::quantity(value.number, &value.unit)
}
