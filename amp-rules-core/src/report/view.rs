//! The sentences that both reports for people share.
//!
//! A [`Diagnosis`] in; sentences out, without a width, colours or markdown.

use std::collections::{BTreeMap, BTreeSet};

use super::{format, layout, unknown};
use crate::diagnosis::{
    Activity, ActivityState, CauseStatus, Diagnosis, Evidence, Finding, Grade, Impact, Onset, PastIncident, Role, Root,
    Status,
};
use crate::explain::Counterfactual;
use crate::rules::model::Class;
use crate::time::{Time, Window};

/// The first line of a report: the verdict and what it means.
pub(super) fn headline(diagnosis: &Diagnosis) -> (String, String) {
    let roots = roots(diagnosis);
    let ids = patterns(&roots);
    let verdict = match diagnosis.status {
        Status::Diagnosed if roots.len() == 1 => "root cause".to_owned(),
        Status::Diagnosed => "root causes".to_owned(),
        Status::DiagnosedPartial => "partially diagnosed".to_owned(),
        Status::Healthy | Status::NoKnownProblem | Status::NoiseOnly | Status::Recovered | Status::InsufficientData => {
            diagnosis.status.as_str().replace('_', " ")
        }
    };
    let meaning = match diagnosis.status {
        Status::Healthy => "all alarm patterns were evaluated; none matches".to_owned(),
        Status::NoKnownProblem => format!("no pattern matches, but {}", unknown::kinds(diagnosis)),
        Status::NoiseOnly => "only expected noise matches".to_owned(),
        Status::Recovered => {
            let roots: BTreeSet<&str> = diagnosis.history.iter().map(|past| past.pattern.as_str()).collect();
            let roots: Vec<&str> = roots.into_iter().collect();
            format!("{}; the problem occurred within the window and is over", roots.join(", "))
        }
        Status::Diagnosed => ids,
        Status::DiagnosedPartial if roots.iter().any(|root| root.grade == Grade::Open) => {
            format!("{ids}; upstream cause not observed")
        }
        Status::DiagnosedPartial if roots.is_empty() => "a pattern matches that no root cause explains".to_owned(),
        Status::DiagnosedPartial => format!("{ids}; not every complaint is explained"),
        Status::InsufficientData => "the telemetry that would decide is missing".to_owned(),
    };
    let independents = independents(diagnosis);
    if roots.is_empty() || independents.is_empty() {
        return (verdict, meaning);
    }
    let problems = if independents.len() == 1 { "independent problem" } else { "independent problems" };
    (verdict, format!("{meaning}; {problems}: {}", patterns(&independents)))
}

fn patterns(roots: &[&Root]) -> String {
    roots.iter().map(|root| root.pattern.as_str()).collect::<Vec<_>>().join(", ")
}

/// Subject and window: `cluster aks-1, 2025-08-04 12:00Z to 2025-08-05 12:00Z (24h)`.
pub(super) fn scope(diagnosis: &Diagnosis) -> String {
    let subject = diagnosis
        .subject
        .iter()
        .map(|(key, value)| format!("{key} {}", layout::one_line(format::resource(value))))
        .collect::<Vec<_>>()
        .join(", ");
    let window = diagnosis.window;
    let when = format!("{} ({})", format::range(window.from, window.to), format::length(window.ticks()));
    if subject.is_empty() { when } else { format!("{subject}, {when}") }
}

/// The roots with the role root, by rank.
pub(super) fn roots(diagnosis: &Diagnosis) -> Vec<&Root> {
    diagnosis.roots.iter().filter(|root| root.role == Role::Root).collect()
}

/// The independent problems, by rank.
pub(super) fn independents(diagnosis: &Diagnosis) -> Vec<&Root> {
    diagnosis.roots.iter().filter(|root| root.role == Role::Independent).collect()
}

/// Grade, severity, scope and onset in one line.
pub(super) fn root_summary(root: &Root) -> String {
    let when = held(&root.onset, &root.activity);
    format!("{}, {}, {}, {when}", root.grade.as_str(), root.severity.as_str(), root.scope)
}

/// When something held: `since 2025-08-05 09:10Z, not seen from 09:30Z to 10:00Z, last seen at 10:20Z`.
pub(super) fn held(onset: &Onset, activity: &Activity) -> String {
    if activity.timeless {
        return "some time in the window".to_owned();
    }
    let mut parts = vec![format::since(onset)];
    parts.extend(activity.unseen.iter().map(|gap| format!("not seen from {}", format::range(gap.from, gap.to))));
    match activity.state {
        ActivityState::Active => {}
        ActivityState::Over => parts.push(format!("last seen at {}", format::time(activity.last))),
        ActivityState::Resolved => parts.push(format!("resolved, last seen at {}", format::time(activity.last))),
    }
    parts.join(", ")
}

/// A past incident in one line: scope, grade, times, what it explained.
pub(super) fn past(incident: &PastIncident) -> String {
    let until =
        if incident.last == Time::MAX { String::new() } else { format!(", until {}", format::time(incident.last)) };
    let state = if incident.resolved { ", resolved" } else { "" };
    format!("{}, {}, {}{until}{state}", incident.grade.as_str(), incident.scope, format::since(&incident.onset))
}

/// What a past incident explained, by id; `None` if nothing.
pub(super) fn past_chain(incident: &PastIncident) -> Option<String> {
    let chain: Vec<&str> = incident.chain.iter().map(|link| link.pattern.as_str()).collect();
    (!chain.is_empty()).then(|| format!("causal chain: {}", chain.join(", ")))
}

/// The modelled causes of a root by status, one line each: `ruled out upstream: dns-failing, proxy-malformed`.
pub(super) fn upstream(root: &Root) -> Vec<String> {
    let mut ruled_out: Vec<&str> = Vec::new();
    let mut unknown: Vec<&str> = Vec::new();
    let mut others: Vec<String> = Vec::new();
    for cause in &root.causes {
        match cause.statuses.as_slice() {
            // A pattern without an instance here is ruled out, but not worth a reader's time.
            [] => {}
            [CauseStatus::RuledOut] => ruled_out.push(&cause.pattern),
            // Statuses are sorted by text, so all are unknown if the first is.
            [CauseStatus::Unknown(_), ..] => unknown.push(&cause.pattern),
            _ => others.push(format!("{} {}", cause.pattern, cause.text())),
        }
    }
    let listed = |title: &str, names: &[&str]| (!names.is_empty()).then(|| format!("{title}: {}", names.join(", ")));
    let all = [
        listed("ruled out upstream", &ruled_out),
        listed("upstream unknown", &unknown),
        (!others.is_empty()).then(|| others.join(", ")),
    ];
    all.into_iter().flatten().collect()
}

/// The pattern of a remedy step; `None` if it is evident: the pattern of the step before, or for the first step the first
/// root, or if all steps have the same pattern.
pub(super) fn step_of(diagnosis: &Diagnosis, index: usize) -> Option<&str> {
    let step = diagnosis.remedy.get(index)?;
    let before = index.checked_sub(1).and_then(|before| diagnosis.remedy.get(before));
    let first = diagnosis.roots.first().map(|root| root.pattern.as_str());
    let evident = match before {
        Some(before) => before.pattern == step.pattern,
        None => first == Some(step.pattern.as_str()),
    };
    (!evident && diagnosis.remedy.iter().any(|other| other.pattern != step.pattern)).then_some(step.pattern.as_str())
}

/// What distinguishes the affected entities from the others: `but 0 of 40 DaemonSet pods; only these have osType=linux`.
pub(super) fn contrast(finding: &Finding) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(contrast) = &finding.contrast {
        parts.push(format!("but {contrast}"));
    }
    parts.extend(distinguished(finding));
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Whether a finding comes and goes, and how often it happened before: `starts and stops repeatedly; 3 earlier episodes in
/// the window`.
pub(super) fn recurrence(finding: &Finding) -> Option<String> {
    let earlier =
        (finding.earlier > 0).then(|| format!("{} in the window", layout::plural(finding.earlier, "earlier episode")));
    let flapping = finding.flapping.then(|| "starts and stops repeatedly".to_owned());
    let parts: Vec<String> = flapping.into_iter().chain(earlier).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The roots that rank equally: `ranks equally with: dns-failing`.
pub(super) fn ties(root: &Root) -> Option<String> {
    (!root.ties_with.is_empty()).then(|| format!("ranks equally with: {}", root.ties_with.join(", ")))
}

/// When users reported a finding: `reported, since an unknown time, until 2025-08-05 11:00Z`.
fn reported(finding: &Finding) -> String {
    let since = finding
        .reported_since
        .map_or_else(|| format::since(&finding.onset), |at| format!("since {}", format::time(at)));
    let until = finding.reported_until.map_or_else(String::new, |at| format!(", until {}", format::time(at)));
    format!("reported, {since}{until}")
}

/// The attributes that all affected entities have, and no other entity: `only these have agentversion=6.21.0`.
pub(super) fn distinguished(finding: &Finding) -> Option<String> {
    (!finding.distinguishing_attributes.is_empty())
        .then(|| format!("only these have {}", finding.distinguishing_attributes.join(", ")))
}

/// The result of a counterfactual: `(now true), if false: diagnosed partial, token-config-missing (open)`.
pub(super) fn counterfactual(one: &Counterfactual) -> String {
    let roots: Vec<String> =
        one.roots.iter().map(|(pattern, _, grade)| format!("{pattern} ({})", grade.as_str())).collect();
    let roots = if roots.is_empty() { "no root".to_owned() } else { roots.join(", ") };
    format!("(now {}), if {}: {}, {roots}", one.from.as_str(), one.to, one.status.as_str().replace('_', " "))
}

/// The findings with one role, in the order of the diagnosis.
pub(super) fn findings(diagnosis: &Diagnosis, role: Role) -> Vec<&Finding> {
    diagnosis.findings.iter().filter(|finding| finding.role == role).collect()
}

/// One finding per pattern: the one with the most important role, that is the first in the order of [`Role`].
pub(super) fn main_findings(diagnosis: &Diagnosis) -> BTreeMap<&str, &Finding> {
    let mut main: BTreeMap<&str, &Finding> = BTreeMap::new();
    for finding in &diagnosis.findings {
        let known = main.entry(&finding.pattern).or_insert(finding);
        if finding.role < known.role {
            *known = finding;
        }
    }
    main
}

/// The strongest evidence: not weak before weak, with rows before numbers alone, then the author's order.
fn strongest(finding: &Finding) -> Option<&Evidence> {
    finding
        .evidence
        .iter()
        .min_by_key(|evidence| (evidence.weak, evidence.citations.is_empty(), evidence.value.is_none()))
}

/// The strongest evidence of a finding in one line, and its first row.
pub(super) fn evidence(finding: &Finding, window: &Window) -> Option<(String, Option<String>)> {
    let Some(evidence) = strongest(finding) else {
        return finding.reported.then(|| (reported(finding), None));
    };
    let sample = evidence.citations.first().map(|row| format::sample(&row.text)).filter(|text| !text.is_empty());
    Some((format::evidence(evidence, Some(window)), sample))
}

/// The magnitude of an impact: `at least 11.9 G points`.
pub(super) fn magnitude(impact: &Impact) -> String {
    let least = if impact.at_least { "at least " } else { "" };
    let unit = impact.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
    format!("{least}{}{unit}", format::count(impact.magnitude))
}

/// Why a finding is noise.
pub(super) fn ignored(finding: &Finding) -> &'static str {
    match finding.class {
        Class::Benign => "expected noise; no sign of escalation",
        Class::Cause | Class::Effect | Class::Impact | Class::Complaint | Class::Fact => {
            "noise; its escalation condition is false"
        }
    }
}

/// The value of an indicator for people: `yes`, `no`, `unknown`.
pub(super) fn yes_or_no(holds: Option<bool>) -> &'static str {
    match holds {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    }
}

/// The kind of an indicator.
pub(super) fn health(healthy: bool) -> &'static str {
    if healthy { "healthy" } else { "unhealthy" }
}

/// A parameter's value with its unit: `24`, `2h`, `10 GB`.
pub(super) fn setting(value: &crate::unit::Quantity) -> String {
    format::quantity(value.number, &value.unit)
}
