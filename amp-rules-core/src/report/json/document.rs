//! The report as one document, and its JSON Schema.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

use super::coverage::CoverageWire;
use super::explanation::{CounterfactualWire, QueryWire};
use super::finding::FindingWire;
use super::root::{LinkWire, RootWire};
use super::value::{Entities, Instant, Number, OnsetWire, entities, grades, reasons, setting, statuses};
use crate::diagnosis::{Diagnosis, Impact, PastIncident, Role};
use crate::explain::{Counterfactual, Explanation, NextQuery};

/// The report; without an explanation its `counterfactuals` and `next_queries` are empty and `explained` is false.
pub(in crate::report) fn render(diagnosis: &Diagnosis, explanation: Option<&Explanation>) -> String {
    // The structs consist of strings, booleans and finite numbers, whose serialisation cannot fail.
    let mut text = serde_json::to_string_pretty(&ReportWire::new(diagnosis, explanation)).unwrap_or_default();
    text.push('\n');
    text
}

/// The JSON Schema (draft 2020-12) of the report. Objects are open for fields of later versions.
pub(in crate::report) fn schema() -> String {
    let settings =
        SchemaSettings::draft2020_12().for_serialize().with_transform(RecursiveTransform(remove_integer_formats));
    let schema = settings.into_generator().into_root_schema_for::<ReportWire<'static>>();
    // Maps and strings, whose serialisation cannot fail.
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// Removes formats such as `uint64`, which JSON Schema does not define and strict validators reject.
fn remove_integer_formats(schema: &mut Schema) {
    if schema.get("format").and_then(|format| format.as_str()).is_some_and(|format| format.starts_with("uint")) {
        schema.remove("format");
    }
}

/// The diagnosis of one scope by amp-rules.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Report", title = "amp-rules report, version 1")]
struct ReportWire<'a> {
    /// The version of this format.
    #[schemars(extend("const" = 1))]
    schema_version: u32,
    /// The rules that were evaluated.
    rules: RulesWire<'a>,
    /// The subject as keys and values, such as `cluster` and a resource id.
    subject: &'a BTreeMap<String, String>,
    /// The window.
    window: WindowWire,
    /// The overall status.
    #[schemars(extend("enum" = statuses()))]
    status: &'static str,
    /// The root causes, by rank.
    roots: Vec<RootWire<'a>>,
    /// The independent problems, by rank.
    independent: Vec<RootWire<'a>>,
    /// Every pattern that matches, one entry per pattern and role, without facts.
    findings: Vec<FindingWire<'a>>,
    /// Alarm patterns for which it is unknown whether they match, or whether they are noise.
    unresolved: Vec<UnresolvedWire<'a>>,
    /// Unobserved patterns that would explain roots.
    hypotheses: Vec<HypothesisWire<'a>>,
    /// Statements that contradict each other.
    conflicts: Vec<ConflictWire<'a>>,
    /// What to do, in order.
    remedy: Vec<RemedyWire<'a>>,
    /// Queries that would narrow the diagnosis down, the most useful first; see `explained`.
    next_queries: Vec<QueryWire<'a>>,
    /// Symptoms whose opposite value would change the diagnosis; see `explained`.
    counterfactuals: Vec<CounterfactualWire<'a>>,
    /// How much could be observed.
    coverage: CoverageWire<'a>,
    /// Problems within the window that are over.
    history: Vec<PastIncidentWire<'a>>,
    /// The pack's indicators, in its order.
    indicators: Vec<IndicatorWire<'a>>,
    /// The magnitudes of the impacts.
    impact: Vec<ImpactWire<'a>>,
    /// Facts that match; they are part of no causal chain.
    facts: Vec<FindingWire<'a>>,
    /// The parameters that decided a verdict.
    assumptions: Vec<AssumptionWire<'a>>,
    /// How completely each table was read.
    sources: Vec<SourceWire<'a>>,
    /// Rows that could not be used, and warnings.
    problems: Vec<ProblemWire<'a>>,
    /// Whether `next_queries` and `counterfactuals` were computed; if not, both are empty.
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
            window: WindowWire { from: Instant::new(diagnosis.window.from), to: Instant::new(diagnosis.window.to) },
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
            conflicts: diagnosis
                .conflicts
                .iter()
                .map(|one| ConflictWire {
                    pattern: &one.pattern,
                    other: &one.other,
                    what: &one.what,
                    entities: entities(&one.entities),
                })
                .collect(),
            remedy: diagnosis
                .remedy
                .iter()
                .map(|step| RemedyWire {
                    pattern: &step.pattern,
                    id: &step.id,
                    text: &step.text,
                    caution: step.caution.as_deref(),
                    changes_state: step.changes_state,
                    run: &step.run,
                    verifies: step.verifies,
                })
                .collect(),
            next_queries: queries.iter().map(QueryWire::new).collect(),
            counterfactuals: counterfactuals.iter().map(CounterfactualWire::new).collect(),
            coverage: CoverageWire::new(&diagnosis.coverage),
            history: diagnosis.history.iter().map(PastIncidentWire::new).collect(),
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
            impact: diagnosis.impact.iter().map(ImpactWire::new).collect(),
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
                    completeness: one.completeness.to_string(),
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

/// A rule set.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rules")]
struct RulesWire<'a> {
    /// The pack's name.
    pack: &'a str,
    /// The pack's version.
    version: &'a str,
    /// `sha256:…` of the rule files.
    digest: &'a str,
}

/// A time range.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Window")]
struct WindowWire {
    /// The first instant.
    from: Instant,
    /// The first instant after the window, the `now` of the diagnosis.
    to: Instant,
}

/// An alarm pattern that stayed unknown.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Unresolved")]
struct UnresolvedWire<'a> {
    /// The pattern's id.
    pattern: &'a str,
    /// The reasons: `missing_table: traces`.
    reasons: Vec<String>,
    /// Whether it matches, and only whether it is noise is unknown.
    holds: bool,
    /// The entities as text.
    scope: &'a str,
    /// The entities.
    entities: Entities<'a>,
}

/// An unobserved pattern that would explain roots.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Hypothesis")]
struct HypothesisWire<'a> {
    /// The pattern's id.
    pattern: &'a str,
    /// The roots it would explain, by id.
    explains: &'a [String],
    /// Why it is unknown.
    reasons: Vec<String>,
}

/// Two statements that contradict each other.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Conflict")]
struct ConflictWire<'a> {
    /// One pattern.
    pattern: &'a str,
    /// The other pattern; the same if a user report contradicts telemetry.
    other: &'a str,
    /// The conflict as text.
    what: &'a str,
    /// The entities.
    entities: Entities<'a>,
}

/// A step of a remedy.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Remedy")]
struct RemedyWire<'a> {
    /// The pattern it belongs to.
    pattern: &'a str,
    /// The step's id.
    id: &'a str,
    /// What to do, or to verify.
    #[serde(rename = "do")]
    text: &'a str,
    /// Possible side effects.
    caution: Option<&'a str>,
    /// Whether it changes the system, rather than only reading from it.
    changes_state: bool,
    /// A command as program and arguments, to be shown and never executed; empty if there is none.
    run: &'a [String],
    /// Whether it verifies that the other steps worked.
    verifies: bool,
}

/// A problem within the window that is over.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PastIncident")]
struct PastIncidentWire<'a> {
    /// The id of the root's pattern.
    pattern: &'a str,
    /// Its title.
    title: &'a str,
    /// Whether it is a root or independent.
    #[schemars(extend("enum" = ["root", "independent"]))]
    role: &'static str,
    /// How certain it is that the incident started with it, as far as can be judged.
    #[schemars(extend("enum" = grades()))]
    grade: &'static str,
    /// The affected entities as text.
    scope: &'a str,
    /// When the incident started.
    onset: OnsetWire,
    /// When anything of it was last observed.
    last: Option<Instant>,
    /// Whether counter-evidence shows that the root is over.
    resolved: bool,
    /// The patterns it explained, in topological order, without complaints and facts.
    chain: Vec<LinkWire<'a>>,
    /// The complaints and impacts it explained, by id.
    explains: &'a [String],
    /// The magnitudes of the impacts, by id.
    impact: Vec<ImpactWire<'a>>,
    /// Why it is not confirmed, as text; empty if it is.
    why_not_confirmed: &'a [String],
    /// The affected entities.
    entities: Entities<'a>,
}

impl<'a> PastIncidentWire<'a> {
    fn new(one: &'a PastIncident) -> Self {
        Self {
            pattern: &one.pattern,
            title: &one.title,
            role: one.role.as_str(),
            grade: one.grade.as_str(),
            scope: &one.scope,
            onset: OnsetWire::new(&one.onset),
            last: Instant::bounded(one.last),
            resolved: one.resolved,
            chain: one.chain.iter().map(LinkWire::new).collect(),
            explains: &one.explains,
            impact: one.impact.iter().map(ImpactWire::new).collect(),
            why_not_confirmed: &one.why_not_confirmed,
            entities: entities(&one.entities),
        }
    }
}

impl<'a> ImpactWire<'a> {
    fn new(impact: &'a Impact) -> Self {
        Self {
            pattern: &impact.pattern,
            magnitude: Number(impact.magnitude),
            unit: impact.unit.as_deref(),
            at_least: impact.at_least,
        }
    }
}

/// An indicator.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Indicator")]
struct IndicatorWire<'a> {
    /// Its id.
    id: &'a str,
    /// Whether it indicates health or a problem.
    #[schemars(extend("enum" = ["healthy", "unhealthy"]))]
    kind: &'static str,
    /// Whether it is true; null if unknown.
    holds: Option<bool>,
    /// Its text.
    text: &'a str,
}

/// The magnitude of an impact.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Impact")]
struct ImpactWire<'a> {
    /// The pattern's id.
    pattern: &'a str,
    /// The magnitude; null if it is not finite.
    #[schemars(with = "Option<Number>")]
    magnitude: Number,
    /// What is counted.
    unit: Option<&'a str>,
    /// Whether the magnitude is a lower bound, because telemetry is incomplete.
    at_least: bool,
}

/// A parameter that decided a verdict.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Assumption")]
struct AssumptionWire<'a> {
    /// Its name.
    parameter: &'a str,
    /// Its value in this run, with its unit.
    value: String,
    /// Where the value comes from.
    because: &'a str,
}

/// A table of a data source.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Source")]
struct SourceWire<'a> {
    /// The table.
    table: &'a str,
    /// `complete`, or gaps joined by `; `: `partial: REASON`, `missing: REASON`.
    completeness: String,
    /// The id of the first request, assigned by the service.
    request_id: Option<&'a str>,
    /// The ids of all requests.
    request_ids: &'a [String],
}

/// A row that could not be used, or a warning.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
struct ProblemWire<'a> {
    /// The file or table.
    file: &'a str,
    /// The line, from 1.
    #[schemars(range(min = 1))]
    line: Option<u64>,
    /// What is wrong.
    what: &'a str,
}
