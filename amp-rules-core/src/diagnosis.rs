//! The result of an evaluation: findings with evidence, root causes, noise, unknowns, and remedies.
//!
//! Plain data, built by [`crate::evaluate()`] and read by [`crate::report`] and by programs. Lists are in rank or id
//! order; equal input gives equal values, byte for byte.

use std::collections::BTreeMap;

use crate::rules::model::{Class, Severity, Strength};
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Comparison;
use crate::telemetry::source::data::RowProblem;
use crate::time::{Time, Window};
use crate::unit::{Quantity, Unit};

mod completeness;
mod unknown_reason;

pub use completeness::{SourceState, TableCompleteness, TableGap, TablePart};
pub use unknown_reason::UnknownReason;

/// The overall result of a diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Every alarm pattern was evaluated and none holds.
    Healthy,
    /// As healthy, but there are errors that no pattern matches: in several rows, or at error level.
    NoKnownProblem,
    /// Only noise holds.
    NoiseOnly,
    /// A problem occurred within the window and is over.
    Recovered,
    /// There is a problem, and its roots are causes.
    Diagnosed,
    /// There is a problem; the cause of a root was not observed, or a complaint is unexplained.
    DiagnosedPartial,
    /// Telemetry is insufficient for any verdict.
    InsufficientData,
}

impl Status {
    /// The name in reports: `diagnosed_partial`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::NoKnownProblem => "no_known_problem",
            Self::NoiseOnly => "noise_only",
            Self::Recovered => "recovered",
            Self::Diagnosed => "diagnosed",
            Self::DiagnosedPartial => "diagnosed_partial",
            Self::InsufficientData => "insufficient_data",
        }
    }
}

/// How certain it is that a root is where an incident starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// A cause, and all its possible causes were evaluated and do not hold.
    Confirmed,
    /// A cause, but one of its possible causes is unknown.
    Provisional,
    /// Not of class cause: its own cause was not observed.
    Open,
}

impl Grade {
    /// The name in reports: `confirmed`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Provisional => "provisional",
            Self::Open => "open",
        }
    }
}

/// The role of a true instance in the diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The incident starts with it.
    Root,
    /// A root that explains none of the complaints and impacts that other roots explain.
    Independent,
    /// Another instance caused it.
    Consequence,
    /// It aggravates what another instance caused.
    Contributing,
    /// Expected, and without consequence.
    Noise,
    /// Over.
    Recovered,
    /// Whether it is noise is unknown.
    Unresolved,
    /// A statement; never part of the causal graph.
    Fact,
}

impl Role {
    /// The name in reports: `root`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Independent => "independent",
            Self::Consequence => "consequence",
            Self::Contributing => "contributing",
            Self::Noise => "noise",
            Self::Recovered => "recovered",
            Self::Unresolved => "unresolved",
            Self::Fact => "fact",
        }
    }
}

/// When something started: no earlier than `earliest`, no later than `latest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Onset {
    /// [`Time::MIN`] if it held at the start of the window.
    pub earliest: Time,
    /// The time of the first evidence.
    pub latest: Time,
}

/// When something held, apart from its onset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Whether it still holds.
    pub state: ActivityState,
    /// When it was last observed; the end of the window if it has no time.
    pub last: Time,
    /// The periods since its onset in which its telemetry was not visible, in order of time.
    pub unseen: Vec<Window>,
    /// Whether it holds at some time in the window that is not known: a number over the whole window.
    pub timeless: bool,
}

/// Whether something still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActivityState {
    /// It holds, as far as is known.
    Active,
    /// It is over: it was not observed for a while.
    Over,
    /// It is over, and counter-evidence shows it.
    Resolved,
}

/// A row that supports evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Citation {
    /// Its time.
    pub at: Time,
    /// Its id.
    pub row: String,
    /// The line or cell.
    pub text: String,
}

/// The evidence of one symptom for one finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The pattern that defines the symptom.
    pub pattern: String,
    /// The symptom.
    pub symptom: String,
    /// The strongest number observed among the entities of the finding, in the unit of the threshold's number.
    pub value: Option<f64>,
    /// The threshold it was compared with.
    pub threshold: Option<(Comparison, f64)>,
    /// The unit of both.
    pub unit: Unit,
    /// When it was first observed.
    pub first: Option<Time>,
    /// When it was last observed.
    pub last: Option<Time>,
    /// Up to three rows, the earliest first.
    pub citations: Vec<Citation>,
    /// Whether this evidence alone gives at most a provisional root.
    pub weak: bool,
}

/// One pattern that holds for some entities, in one role.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The pattern.
    pub pattern: String,
    /// Its title.
    pub title: String,
    /// Its class.
    pub class: Class,
    /// Its role.
    pub role: Role,
    /// The grade of a root or an independent problem; `None` for other roles.
    pub grade: Option<Grade>,
    /// The severity of the pattern itself, raised by the levels that its numbers reach.
    pub severity: Severity,
    /// The entities for which it holds, sorted.
    pub entities: Vec<Entity>,
    /// The entities as text: `3 of 16 ReplicaSet pods`.
    pub scope: String,
    /// The comparable entities for which it does not hold, as text: `0 of 40 DaemonSet pods`.
    pub contrast: Option<String>,
    /// Attributes that all of the entities have, and no other live entity: `agentversion=6.21.0`.
    pub distinguishing_attributes: Vec<String>,
    /// When it started.
    pub onset: Onset,
    /// When it was last observed, and whether it still holds.
    pub activity: Activity,
    /// Whether it starts and stops repeatedly: four transitions or more.
    pub flapping: bool,
    /// How many earlier episodes the window contains, at the entity with most of them.
    pub earlier: usize,
    /// Whether it holds because a user reported it.
    pub reported: bool,
    /// Since when, as users reported it, the earliest; `None` if no report has a start.
    pub reported_since: Option<Time>,
    /// Until when, as users reported it, the latest; `None` if a report has no end.
    pub reported_until: Option<Time>,
    /// The evidence, in the author's order.
    pub evidence: Vec<Evidence>,
    /// Patterns that explain it directly or by inference, by id.
    pub explained_by: Vec<String>,
    /// Who has to act, from the pattern.
    pub owner: Option<String>,
}

/// A pattern in the causal chain of a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The pattern.
    pub pattern: String,
    /// Its causes within the chain, by id; the root can be one of them.
    pub from: Vec<String>,
    /// The strength of the strongest causal edge that leads to it.
    pub strength: Strength,
    /// Whether it was not observed and is inferred from what was observed before and after it in the chain.
    pub inferred: bool,
    /// Whether the times prove that it started after its causes.
    pub order_verifiable: bool,
}

/// A pattern that no other pattern explains: a root cause or an independent problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Root {
    /// The pattern.
    pub pattern: String,
    /// Its title.
    pub title: String,
    /// Whether it is a root or independent.
    pub role: Role,
    /// How certain it is that the incident starts with it.
    pub grade: Grade,
    /// The rank, from 1.
    pub rank: u32,
    /// The roots with the same role and grade whose evidence and effects do not differ in anything that ranks, by id; only
    /// their ids order them.
    pub ties_with: Vec<String>,
    /// The highest severity among the patterns it explains; at most a warning if few entities are affected.
    pub severity: Severity,
    /// The affected entities, sorted.
    pub entities: Vec<Entity>,
    /// The entities as text.
    pub scope: String,
    /// When it started.
    pub onset: Onset,
    /// When it was last observed, and whether it still holds. A root can be over while its effects last.
    pub activity: Activity,
    /// Who has to act, from the pattern.
    pub owner: Option<String>,
    /// The patterns of the causal loop that it is the entry of, by id; empty if there is none.
    pub in_loop: Vec<String>,
    /// Why it is not confirmed, as text; empty if it is.
    pub why_not_confirmed: Vec<String>,
    /// The patterns it explains, in topological order, without complaints.
    pub chain: Vec<Link>,
    /// The complaints and impacts that it explains, by id.
    pub explains: Vec<String>,
    /// Every pattern that is modelled as its cause, with its state: why none of them explains it.
    pub causes: Vec<CauseState>,
}

/// The state of a pattern that is modelled as a cause of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CauseState {
    /// The modelled cause.
    pub pattern: String,
    /// Its distinct statuses over the entities of the effect, sorted by their text; empty if it has no instance that an
    /// edge joins with one of these entities.
    pub statuses: Vec<CauseStatus>,
}

impl CauseState {
    /// The text of reports: the statuses, `not so; unknown (silent)`, or `has no instance here`.
    #[must_use]
    pub fn text(&self) -> String {
        if self.statuses.is_empty() {
            return "has no instance here".to_owned();
        }
        self.statuses.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }
}

/// The status of a modelled cause towards one effect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CauseStatus {
    /// It does not hold.
    RuledOut,
    /// Whether it holds is unknown, for these reasons, sorted.
    Unknown(Vec<UnknownReason>),
    /// It holds and explains the effect.
    Explains,
    /// It holds, as noise.
    Noise,
    /// It held within the window and is over.
    Recovered,
    /// It holds, but whether it is noise is unknown.
    PossiblyNoise,
    /// It holds, but too early or too late to be the cause.
    WrongTime,
    /// It holds, without explaining the effect for another reason.
    Holds,
}

impl std::fmt::Display for CauseStatus {
    /// `not so`, `unknown (silent)`, `holds, but not at a time that fits`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RuledOut => out.write_str("not so"),
            Self::Unknown(reasons) => {
                let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
                write!(out, "unknown ({})", reasons.join(", "))
            }
            Self::Explains => out.write_str("holds and explains it"),
            Self::Noise => out.write_str("holds, as noise"),
            Self::Recovered => out.write_str("held, and is over"),
            Self::PossiblyNoise => out.write_str("holds, and may be noise"),
            Self::WrongTime => out.write_str("holds, but not at a time that fits"),
            Self::Holds => out.write_str("holds"),
        }
    }
}

/// An alarm pattern that stayed unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// The pattern.
    pub pattern: String,
    /// The entities for which it is unknown, sorted.
    pub entities: Vec<Entity>,
    /// The entities as text.
    pub scope: String,
    /// Why it is unknown.
    pub reasons: Vec<UnknownReason>,
    /// Whether it holds, and only whether it is noise is unknown.
    pub holds: bool,
}

/// An unobserved pattern that would explain several roots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hypothesis {
    /// The pattern.
    pub pattern: String,
    /// The roots it would explain, by id.
    pub explains: Vec<String>,
    /// Why it is unknown.
    pub reasons: Vec<UnknownReason>,
}

/// Two statements that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// One pattern.
    pub pattern: String,
    /// The other pattern; the same if a user report contradicts telemetry.
    pub other: String,
    /// The entities, sorted.
    pub entities: Vec<Entity>,
    /// The conflict as text.
    pub what: String,
}

/// A step of a remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// The pattern it belongs to.
    pub pattern: String,
    /// The step's id.
    pub id: String,
    /// What to do or to verify.
    pub text: String,
    /// Whether it verifies that the other steps worked.
    pub verifies: bool,
    /// Possible side effects.
    pub caution: Option<String>,
    /// Whether it changes the system, rather than only reading from it.
    pub changes_state: bool,
    /// A command as program and arguments, to be shown and never executed; empty if there is none.
    pub run: Vec<String>,
}

/// How much could be observed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage {
    /// The fraction of alarm patterns that were decided for every entity, 0 to 1.
    pub visible: f64,
    /// Channels without a heartbeat, as text: table and entities.
    pub blind: Vec<String>,
    /// Patterns that cannot be observed in this run, by id.
    pub unobservable: Vec<String>,
    /// Error lines that no pattern matches, by template, those that are news first, then the most frequent; at most 50 per
    /// table.
    pub unmatched: Vec<Unmatched>,
    /// How many more templates there are.
    pub unmatched_more: u64,
    /// How many templates are news, including those that are not listed.
    pub unmatched_news: u64,
    /// Why `unmatched` may be incomplete, sorted.
    pub unmatched_reasons: Vec<UnknownReason>,
}

impl Coverage {
    /// Whether some error lines that no pattern matches are news, so that a run without any finding is not healthy.
    #[must_use]
    pub fn is_news(&self) -> bool {
        self.unmatched_news > 0
    }
}

/// Error lines that no pattern matches and that differ only in numbers, names and times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// The table.
    pub table: String,
    /// The component that wrote them, if the table has components.
    pub component: Option<String>,
    /// Their common text; see [`crate::telemetry::source::template`].
    pub template: String,
    /// How many lines, with sampling weights.
    pub count: u64,
    /// Whether they are news: one is at error level, or they are in at least three rows.
    pub is_news: bool,
    /// Whether one of them is at error level.
    pub at_error: bool,
    /// How many of them a pattern matches for another component, where their own could not be determined.
    pub elsewhere: u64,
    /// How many entities wrote them.
    pub entities: u64,
    /// These entities as text: `3 pods`.
    pub scope: String,
    /// The time of the first line.
    pub first: Time,
    /// The time of the last line.
    pub last: Time,
    /// The message and error of the first line, in one or two lines of text.
    pub sample: Citation,
}

/// An indicator of the pack with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndicatorState {
    /// Its id.
    pub id: String,
    /// Whether it indicates health rather than a problem.
    pub healthy: bool,
    /// Its text.
    pub text: String,
    /// Whether it is true; `None` if unknown.
    pub holds: Option<bool>,
}

/// The magnitude of an impact.
#[derive(Clone, Debug, PartialEq)]
pub struct Impact {
    /// The pattern of class impact.
    pub pattern: String,
    /// The magnitude, in `unit`.
    pub magnitude: f64,
    /// What is counted.
    pub unit: Option<String>,
    /// Whether the magnitude is a lower bound, because telemetry is incomplete.
    pub at_least: bool,
}

/// A parameter that decided a verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Assumption {
    /// The parameter.
    pub parameter: String,
    /// Its value in this run.
    pub value: Quantity,
    /// Where the value comes from.
    pub because: String,
}

/// A root within the window that is over, with everything that it explained.
#[derive(Clone, Debug, PartialEq)]
pub struct PastIncident {
    /// The pattern of the root.
    pub pattern: String,
    /// Its title.
    pub title: String,
    /// Whether it is a root or independent.
    pub role: Role,
    /// How certain it is that the incident started with it, as far as can be judged.
    pub grade: Grade,
    /// Why it is not confirmed, as text; empty if it is.
    pub why_not_confirmed: Vec<String>,
    /// The entities of the root, sorted.
    pub entities: Vec<Entity>,
    /// These entities as text.
    pub scope: String,
    /// When the incident started.
    pub onset: Onset,
    /// When anything of it was last observed.
    pub last: Time,
    /// Whether counter-evidence shows that the root is over.
    pub resolved: bool,
    /// The patterns that the root explained, in topological order, without complaints.
    pub chain: Vec<Link>,
    /// The complaints and impacts that it explained, by id.
    pub explains: Vec<String>,
    /// The magnitudes of the impacts, by id.
    pub impact: Vec<Impact>,
}

/// The diagnosis of one scope.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The pack's name.
    pub pack: String,
    /// Its version.
    pub version: String,
    /// `sha256:…` of its files.
    pub digest: String,
    /// The subject: keys with values.
    pub subject: BTreeMap<String, String>,
    /// The window.
    pub window: Window,
    /// The overall result.
    pub status: Status,
    /// Roots and independent problems, by rank.
    pub roots: Vec<Root>,
    /// Everything that holds: roots first by rank, then by role and id.
    pub findings: Vec<Finding>,
    /// Alarm patterns that stayed unknown, by id.
    pub unresolved: Vec<Unresolved>,
    /// Unobserved patterns that would explain several roots, by id.
    pub hypotheses: Vec<Hypothesis>,
    /// Statements that contradict each other.
    pub conflicts: Vec<Conflict>,
    /// What to do, in order.
    pub remedy: Vec<Remedy>,
    /// How much could be observed.
    pub coverage: Coverage,
    /// Incidents within the window that are over, by onset. Earlier episodes of an active root are among them.
    pub history: Vec<PastIncident>,
    /// The pack's indicators, in its order.
    pub indicators: Vec<IndicatorState>,
    /// The magnitudes of the impacts, by id.
    pub impact: Vec<Impact>,
    /// Parameters that decided a verdict, by name.
    pub assumptions: Vec<Assumption>,
    /// How completely each table was read, by name.
    pub sources: Vec<SourceState>,
    /// Rows that could not be used, and warnings such as rows from the future.
    pub problems: Vec<RowProblem>,
}
