//! Findings with their evidence.

use schemars::JsonSchema;
use serde::Serialize;

use super::value::{
    ActivityWire, Entities, Instant, Number, OnsetWire, classes, entities, grades_or_null, roles, severities,
};
use crate::diagnosis::{Citation, Evidence, Finding, Grade};
use crate::report::format;

/// A pattern that matches, in one role.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
pub(super) struct FindingWire<'a> {
    /// The pattern's id.
    pattern: &'a str,
    /// Its role in the diagnosis.
    #[schemars(extend("enum" = roles()))]
    role: &'static str,
    /// The grade of a root cause or an independent problem; else null.
    #[schemars(extend("enum" = grades_or_null()))]
    grade: Option<&'static str>,
    /// The affected entities.
    entities: Entities<'a>,
    /// The affected entities as text.
    scope: &'a str,
    /// The evidence, in the author's order.
    evidence: Vec<EvidenceWire<'a>>,
    /// The pattern's title.
    title: &'a str,
    /// The pattern's class.
    #[schemars(extend("enum" = classes()))]
    class: &'static str,
    /// The severity of the pattern itself.
    #[schemars(extend("enum" = severities()))]
    severity: &'static str,
    /// The unaffected entities of other groups, as text.
    contrast: Option<&'a str>,
    /// Attributes that all affected entities have, and no other entity: `agentversion=6.21.0`.
    distinguishing_attributes: &'a [String],
    /// When it started.
    onset: OnsetWire,
    /// When it was last observed, and whether it still holds.
    #[serde(flatten)]
    activity: ActivityWire,
    /// Whether it starts and stops repeatedly.
    flapping: bool,
    /// How many earlier episodes the window contains, at the entity with most of them.
    earlier: usize,
    /// Whether a user reported it.
    reported: bool,
    /// Since when, as users reported it.
    reported_since: Option<Instant>,
    /// Until when, as users reported it; null if it is ongoing, or if no user reported it.
    reported_until: Option<Instant>,
    /// The patterns that explain it, by id.
    explained_by: &'a [String],
    /// Who has to act.
    owner: Option<&'a str>,
}

impl<'a> FindingWire<'a> {
    pub(super) fn new(finding: &'a Finding) -> Self {
        Self {
            pattern: &finding.pattern,
            role: finding.role.as_str(),
            grade: finding.grade.map(Grade::as_str),
            entities: entities(&finding.entities),
            scope: &finding.scope,
            evidence: finding.evidence.iter().map(|one| EvidenceWire::new(one, &finding.pattern)).collect(),
            title: &finding.title,
            class: finding.class.as_str(),
            severity: finding.severity.as_str(),
            contrast: finding.contrast.as_deref(),
            distinguishing_attributes: &finding.distinguishing_attributes,
            onset: OnsetWire::new(&finding.onset),
            activity: ActivityWire::new(&finding.activity),
            flapping: finding.flapping,
            earlier: finding.earlier,
            reported: finding.reported,
            reported_since: finding.reported_since.and_then(Instant::bounded),
            reported_until: finding.reported_until.and_then(Instant::bounded),
            explained_by: &finding.explained_by,
            owner: finding.owner.as_deref(),
        }
    }
}

/// The evidence of one symptom.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Evidence")]
pub(super) struct EvidenceWire<'a> {
    /// The symptom; `pattern.symptom` if it belongs to another pattern.
    symptom: String,
    /// The strongest number observed, in `unit`.
    value: Option<Number>,
    /// The threshold: `>= 3`, in `unit`.
    threshold: Option<String>,
    /// When it was first observed.
    first: Option<Instant>,
    /// When it was last observed.
    last: Option<Instant>,
    /// The earliest line or cell.
    sample: Option<&'a str>,
    /// The id of its row.
    row: Option<&'a str>,
    /// The unit of value and threshold.
    unit: String,
    /// Whether this evidence alone gives at most a provisional root.
    weak: bool,
    /// Up to three rows, the earliest first.
    citations: Vec<CitationWire<'a>>,
}

impl<'a> EvidenceWire<'a> {
    pub(super) fn new(evidence: &'a Evidence, pattern: &str) -> Self {
        let first = evidence.citations.first();
        Self {
            symptom: if evidence.pattern == pattern {
                evidence.symptom.clone()
            } else {
                format!("{}.{}", evidence.pattern, evidence.symptom)
            },
            value: evidence.value.map(Number),
            threshold: evidence
                .threshold
                .map(|(comparison, limit)| format!("{} {}", format::symbol(comparison), format::exact(limit))),
            first: evidence.first.and_then(Instant::bounded),
            last: evidence.last.and_then(Instant::bounded),
            sample: first.map(|row| row.text.as_str()),
            row: first.map(|row| row.row.as_str()),
            unit: format::unit(&evidence.unit),
            weak: evidence.weak,
            citations: evidence.citations.iter().map(CitationWire::new).collect(),
        }
    }
}

/// A row that supports the evidence.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Citation")]
pub(super) struct CitationWire<'a> {
    /// Its time.
    at: Option<Instant>,
    /// Its id.
    row: &'a str,
    /// The line or cell.
    text: &'a str,
}

impl<'a> CitationWire<'a> {
    pub(super) fn new(row: &'a Citation) -> Self {
        Self { at: Instant::bounded(row.at), row: &row.row, text: &row.text }
    }
}
