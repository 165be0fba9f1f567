//! The report for programs, version 1: structs that are written as JSON and hold nothing of the core's own types.
//!
//! A diagnosis in, JSON out. Field order is that of the structs and is a promise, as is the presence of every field:
//! what is not known is `null` or an empty list. What a later version adds stands at the end of its object.

use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

use super::words;
use crate::diagnosis::{
    CauseState, Conflict, Coverage, Diagnosis, Evidence, Finding, Onset, Remedy, Role, Root, UnknownReason, Unmatched,
};
use crate::explain::{Counterfactual, Explanation, NextQuery};
use crate::telemetry::entity::Entity;
use crate::time::Time;

mod proof;

pub(super) use proof::{why, why_not};

pub(super) fn render(diagnosis: &Diagnosis, explanation: Option<&Explanation>) -> String {
    // The wire structs hold texts, booleans and finite numbers only, which always serialise.
    let mut text = serde_json::to_string_pretty(&ReportWire::new(diagnosis, explanation)).unwrap_or_default();
    text.push('\n');
    text
}

/// A number as JSON: whole numbers without a point, what JSON cannot say as `null`.
#[derive(Clone, Copy)]
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match words::whole(self.0) {
            Some(whole) => out.serialize_i64(whole),
            None if self.0.is_finite() => out.serialize_f64(self.0),
            None => out.serialize_none(),
        }
    }
}

#[derive(Serialize)]
struct ReportWire<'a> {
    schema_version: u32,
    rules: RulesWire<'a>,
    subject: &'a BTreeMap<String, String>,
    window: WindowWire,
    status: &'static str,
    roots: Vec<RootWire<'a>>,
    independent: Vec<RootWire<'a>>,
    findings: Vec<FindingWire<'a>>,
    unresolved: Vec<UnresolvedWire<'a>>,
    hypotheses: Vec<HypothesisWire<'a>>,
    conflicts: Vec<ConflictWire<'a>>,
    remedy: Vec<RemedyWire<'a>>,
    next_queries: Vec<QueryWire<'a>>,
    counterfactuals: Vec<FlipWire<'a>>,
    coverage: CoverageWire<'a>,
    history: Vec<EpisodeWire<'a>>,
    indicators: Vec<IndicatorWire<'a>>,
    impact: Vec<ImpactWire<'a>>,
    facts: Vec<FindingWire<'a>>,
    assumptions: Vec<AssumptionWire<'a>>,
    sources: Vec<SourceWire<'a>>,
    problems: Vec<ProblemWire<'a>>,
    explained: bool,
}

impl<'a> ReportWire<'a> {
    fn new(diagnosis: &'a Diagnosis, explanation: Option<&'a Explanation>) -> Self {
        let (queries, counterfactuals): (&[NextQuery], &[Counterfactual]) =
            explanation.map_or((&[], &[]), |explanation| (&explanation.next_queries, &explanation.counterfactuals));
        let roots = |role| diagnosis.roots.iter().filter(move |root| root.role == role).map(RootWire::new).collect();
        let (facts, findings): (Vec<_>, Vec<_>) =
            diagnosis.findings.iter().partition(|finding| finding.role == Role::Fact);
        Self {
            schema_version: 1,
            rules: RulesWire { pack: &diagnosis.pack, version: &diagnosis.version, digest: &diagnosis.digest },
            subject: &diagnosis.subject,
            window: WindowWire { from: diagnosis.window.from.to_string(), to: diagnosis.window.to.to_string() },
            status: diagnosis.status.as_str(),
            roots: roots(Role::Root),
            independent: roots(Role::Independent),
            findings: findings.into_iter().map(FindingWire::new).collect(),
            unresolved: diagnosis
                .unresolved
                .iter()
                .map(|one| UnresolvedWire {
                    pattern: &one.pattern,
                    reasons: reasons(&one.reasons),
                    holds: one.holds,
                    scope: &one.scope,
                    entities: entities(&one.entities),
                })
                .collect(),
            hypotheses: diagnosis
                .hypotheses
                .iter()
                .map(|one| HypothesisWire {
                    pattern: &one.pattern,
                    explains: &one.explains,
                    reasons: reasons(&one.reasons),
                })
                .collect(),
            conflicts: diagnosis.conflicts.iter().map(ConflictWire::new).collect(),
            remedy: diagnosis.remedy.iter().map(RemedyWire::new).collect(),
            next_queries: queries.iter().map(QueryWire::new).collect(),
            counterfactuals: counterfactuals.iter().map(FlipWire::new).collect(),
            coverage: CoverageWire::new(&diagnosis.coverage),
            history: diagnosis
                .history
                .iter()
                .map(|one| EpisodeWire {
                    pattern: &one.pattern,
                    scope: &one.scope,
                    onset: OnsetWire::new(&one.onset),
                    last: instant(one.last),
                })
                .collect(),
            indicators: diagnosis
                .indicators
                .iter()
                .map(|one| IndicatorWire {
                    id: &one.id,
                    kind: if one.healthy { "healthy" } else { "unhealthy" },
                    holds: one.holds,
                    text: &one.text,
                })
                .collect(),
            impact: diagnosis
                .impact
                .iter()
                .map(|one| ImpactWire {
                    pattern: &one.pattern,
                    magnitude: Number(one.magnitude),
                    unit: one.unit.as_deref(),
                    at_least: one.at_least,
                })
                .collect(),
            facts: facts.into_iter().map(FindingWire::new).collect(),
            assumptions: diagnosis
                .assumptions
                .iter()
                .map(|one| AssumptionWire {
                    parameter: &one.parameter,
                    value: setting(&one.value),
                    because: &one.because,
                })
                .collect(),
            sources: diagnosis
                .sources
                .iter()
                .map(|one| SourceWire {
                    table: &one.table,
                    completeness: &one.completeness,
                    request_id: one.request_ids.first().map(String::as_str),
                    request_ids: &one.request_ids,
                })
                .collect(),
            problems: diagnosis
                .problems
                .iter()
                .map(|one| ProblemWire { file: &one.origin, line: (one.line > 0).then_some(one.line), what: &one.what })
                .collect(),
            explained: explanation.is_some(),
        }
    }
}

#[derive(Serialize)]
struct RulesWire<'a> {
    pack: &'a str,
    version: &'a str,
    digest: &'a str,
}

#[derive(Serialize)]
struct WindowWire {
    from: String,
    to: String,
}

#[derive(Serialize)]
struct OnsetWire {
    earliest: Option<String>,
    latest: Option<String>,
}

impl OnsetWire {
    fn new(onset: &Onset) -> Self {
        Self { earliest: instant(onset.earliest), latest: instant(onset.latest) }
    }
}

#[derive(Serialize)]
struct RootWire<'a> {
    pattern: &'a str,
    title: &'a str,
    grade: &'static str,
    rank: u32,
    severity: &'static str,
    scope: &'a str,
    onset: OnsetWire,
    owner: Option<&'a str>,
    #[serde(rename = "loop")]
    in_loop: &'a [String],
    why_not_confirmed: &'a [String],
    chain: Vec<LinkWire<'a>>,
    explains: &'a [String],
    entities: Vec<BTreeMap<&'a str, &'a str>>,
    causes: Vec<CauseWire<'a>>,
}

impl<'a> RootWire<'a> {
    fn new(root: &'a Root) -> Self {
        Self {
            pattern: &root.pattern,
            title: &root.title,
            grade: root.grade.as_str(),
            rank: root.rank,
            severity: words::severity(root.severity),
            scope: &root.scope,
            onset: OnsetWire::new(&root.onset),
            owner: root.owner.as_deref(),
            in_loop: &root.in_loop,
            why_not_confirmed: &root.why_not_confirmed,
            chain: root
                .chain
                .iter()
                .map(|link| LinkWire {
                    pattern: &link.pattern,
                    inferred: link.inferred,
                    order_verifiable: link.order_verifiable,
                    from: &link.from,
                    strength: words::strength(link.strength),
                })
                .collect(),
            explains: &root.explains,
            entities: entities(&root.entities),
            causes: root.causes.iter().map(CauseWire::new).collect(),
        }
    }
}

#[derive(Serialize)]
struct CauseWire<'a> {
    pattern: &'a str,
    state: String,
}

impl<'a> CauseWire<'a> {
    fn new(cause: &'a CauseState) -> Self {
        Self { pattern: &cause.pattern, state: cause.text() }
    }
}

#[derive(Serialize)]
struct LinkWire<'a> {
    pattern: &'a str,
    inferred: bool,
    order_verifiable: bool,
    from: &'a [String],
    strength: &'static str,
}

#[derive(Serialize)]
struct FindingWire<'a> {
    pattern: &'a str,
    role: &'static str,
    grade: Option<&'static str>,
    entities: Vec<BTreeMap<&'a str, &'a str>>,
    scope: &'a str,
    evidence: Vec<EvidenceWire<'a>>,
    title: &'a str,
    class: &'static str,
    severity: &'static str,
    contrast: Option<&'a str>,
    distinguishing_attributes: &'a [String],
    onset: OnsetWire,
    last: Option<String>,
    flapping: bool,
    reported: bool,
    explained_by: &'a [String],
    owner: Option<&'a str>,
}

impl<'a> FindingWire<'a> {
    fn new(finding: &'a Finding) -> Self {
        Self {
            pattern: &finding.pattern,
            role: finding.role.as_str(),
            grade: finding.grade.map(crate::diagnosis::Grade::as_str),
            entities: entities(&finding.entities),
            scope: &finding.scope,
            evidence: finding.evidence.iter().map(|one| EvidenceWire::new(one, &finding.pattern)).collect(),
            title: &finding.title,
            class: words::class(finding.class),
            severity: words::severity(finding.severity),
            contrast: finding.contrast.as_deref(),
            distinguishing_attributes: &finding.distinguishing_attributes,
            onset: OnsetWire::new(&finding.onset),
            last: instant(finding.last),
            flapping: finding.flapping,
            reported: finding.reported,
            explained_by: &finding.explained_by,
            owner: finding.owner.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct EvidenceWire<'a> {
    symptom: String,
    value: Option<Number>,
    threshold: Option<String>,
    first: Option<String>,
    last: Option<String>,
    sample: Option<&'a str>,
    row: Option<&'a str>,
    unit: String,
    weak: bool,
    citations: Vec<CitationWire<'a>>,
}

impl<'a> EvidenceWire<'a> {
    /// A symptom of another pattern is named with it: `other.symptom`.
    fn new(evidence: &'a Evidence, pattern: &str) -> Self {
        let first = evidence.citations.first();
        Self {
            symptom: if evidence.pattern == pattern {
                evidence.symptom.clone()
            } else {
                format!("{}.{}", evidence.pattern, evidence.symptom)
            },
            value: evidence.value.map(Number),
            threshold: evidence.threshold.map(|(how, limit)| format!("{} {}", words::symbol(how), words::exact(limit))),
            first: evidence.first.and_then(instant),
            last: evidence.last.and_then(instant),
            sample: first.map(|row| row.text.as_str()),
            row: first.map(|row| row.row.as_str()),
            unit: words::unit(&evidence.unit),
            weak: evidence.weak,
            citations: evidence
                .citations
                .iter()
                .map(|row| CitationWire { at: instant(row.at), row: &row.row, text: &row.text })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct CitationWire<'a> {
    at: Option<String>,
    row: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
struct UnresolvedWire<'a> {
    pattern: &'a str,
    reasons: Vec<String>,
    holds: bool,
    scope: &'a str,
    entities: Vec<BTreeMap<&'a str, &'a str>>,
}

#[derive(Serialize)]
struct HypothesisWire<'a> {
    pattern: &'a str,
    explains: &'a [String],
    reasons: Vec<String>,
}

#[derive(Serialize)]
struct ConflictWire<'a> {
    pattern: &'a str,
    other: &'a str,
    what: &'a str,
    entities: Vec<BTreeMap<&'a str, &'a str>>,
}

impl<'a> ConflictWire<'a> {
    fn new(conflict: &'a Conflict) -> Self {
        Self {
            pattern: &conflict.pattern,
            other: &conflict.other,
            what: &conflict.what,
            entities: entities(&conflict.entities),
        }
    }
}

#[derive(Serialize)]
struct RemedyWire<'a> {
    pattern: &'a str,
    id: &'a str,
    #[serde(rename = "do")]
    text: &'a str,
    caution: Option<&'a str>,
    verifies: bool,
}

impl<'a> RemedyWire<'a> {
    fn new(step: &'a Remedy) -> Self {
        Self {
            pattern: &step.pattern,
            id: &step.id,
            text: &step.text,
            caution: step.caution.as_deref(),
            verifies: step.verifies,
        }
    }
}

#[derive(Serialize)]
struct QueryWire<'a> {
    name: &'a str,
    kql: &'a str,
    would_separate: usize,
    decides: &'a [String],
}

impl<'a> QueryWire<'a> {
    fn new(query: &'a NextQuery) -> Self {
        Self { name: &query.name, kql: &query.kql, would_separate: query.would_separate, decides: &query.decides }
    }
}

#[derive(Serialize)]
struct FlipWire<'a> {
    pattern: &'a str,
    symptom: &'a str,
    from: &'static str,
    to: bool,
    status: &'static str,
    roots: Vec<FlippedWire<'a>>,
}

#[derive(Serialize)]
struct FlippedWire<'a> {
    pattern: &'a str,
    role: &'static str,
    grade: &'static str,
}

impl<'a> FlipWire<'a> {
    fn new(flip: &'a Counterfactual) -> Self {
        Self {
            pattern: &flip.pattern,
            symptom: &flip.symptom,
            from: flip.from.as_str(),
            to: flip.to,
            status: flip.status.as_str(),
            roots: flip
                .roots
                .iter()
                .map(|(pattern, role, grade)| FlippedWire { pattern, role: role.as_str(), grade: grade.as_str() })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct CoverageWire<'a> {
    visible: Number,
    blind: &'a [String],
    unobservable: &'a [String],
    unmatched: Vec<UnmatchedWire<'a>>,
    unmatched_more: u64,
    unmatched_reasons: Vec<String>,
}

impl<'a> CoverageWire<'a> {
    fn new(coverage: &'a Coverage) -> Self {
        Self {
            visible: Number(coverage.visible),
            blind: &coverage.blind,
            unobservable: &coverage.unobservable,
            unmatched: coverage.unmatched.iter().map(UnmatchedWire::new).collect(),
            unmatched_more: coverage.unmatched_more,
            unmatched_reasons: reasons(&coverage.unmatched_reasons),
        }
    }
}

#[derive(Serialize)]
struct UnmatchedWire<'a> {
    table: &'a str,
    component: Option<&'a str>,
    template: &'a str,
    count: u64,
    entities: u64,
    scope: &'a str,
    first: Option<String>,
    last: Option<String>,
    sample: &'a str,
    row: &'a str,
}

impl<'a> UnmatchedWire<'a> {
    fn new(lines: &'a Unmatched) -> Self {
        Self {
            table: &lines.table,
            component: lines.component.as_deref(),
            template: &lines.template,
            count: lines.count,
            entities: lines.entities,
            scope: &lines.scope,
            first: instant(lines.first),
            last: instant(lines.last),
            sample: &lines.sample.text,
            row: &lines.sample.row,
        }
    }
}

#[derive(Serialize)]
struct EpisodeWire<'a> {
    pattern: &'a str,
    scope: &'a str,
    onset: OnsetWire,
    last: Option<String>,
}

#[derive(Serialize)]
struct IndicatorWire<'a> {
    id: &'a str,
    kind: &'static str,
    holds: Option<bool>,
    text: &'a str,
}

#[derive(Serialize)]
struct ImpactWire<'a> {
    pattern: &'a str,
    magnitude: Number,
    unit: Option<&'a str>,
    at_least: bool,
}

#[derive(Serialize)]
struct AssumptionWire<'a> {
    parameter: &'a str,
    value: String,
    because: &'a str,
}

#[derive(Serialize)]
struct SourceWire<'a> {
    table: &'a str,
    completeness: &'a str,
    request_id: Option<&'a str>,
    request_ids: &'a [String],
}

#[derive(Serialize)]
struct ProblemWire<'a> {
    file: &'a str,
    line: Option<u64>,
    what: &'a str,
}

/// RFC 3339; the two ends of time are no instants.
fn instant(at: Time) -> Option<String> {
    (at != Time::MIN && at != Time::MAX).then(|| at.to_string())
}

fn entities(entities: &[Entity]) -> Vec<BTreeMap<&str, &str>> {
    entities.iter().map(|entity| entity.keys().collect()).collect()
}

fn reasons(reasons: &[UnknownReason]) -> Vec<String> {
    reasons.iter().map(ToString::to_string).collect()
}

/// A parameter's value as an author would write it, exactly: `24`, `2 h`, `10 GB`.
fn setting(value: &crate::unit::Quantity) -> String {
    let number = words::exact(value.number);
    let unit = words::unit(&value.unit);
    if unit == "count" { number } else { format!("{number} {unit}") }
}
