//! The answer: what holds, why, what began it, what is noise, what stayed unknown, what to do first.
//!
//! Plain data, made by [`crate::evaluate()`] and read by [`crate::report`] and by programs. Lists are in rank or id
//! order; equal input gives equal values, byte for byte.

use std::collections::BTreeMap;

use crate::rules::model::{Class, Severity, Strength};
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Comparison;
use crate::telemetry::source::data::RowProblem;
use crate::time::{Time, Window};
use crate::unit::{Quantity, Unit};

/// The sentence over a diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Every alarm pattern was looked at and none holds.
    Healthy,
    /// Only noise holds.
    NoiseOnly,
    /// Something was wrong within the window and is over.
    Recovered,
    /// Something is wrong, and its roots are causes.
    Diagnosed,
    /// Something is wrong; a root's own cause was not seen, or a complaint is unexplained.
    DiagnosedPartial,
    /// Nothing can be said.
    InsufficientData,
}

impl Status {
    /// The word of reports: `diagnosed_partial`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::NoiseOnly => "noise_only",
            Self::Recovered => "recovered",
            Self::Diagnosed => "diagnosed",
            Self::DiagnosedPartial => "diagnosed_partial",
            Self::InsufficientData => "insufficient_data",
        }
    }
}

/// How far a root can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// A cause, and everything that could lie behind it was looked at and is not so.
    Confirmed,
    /// A cause, but something that could lie behind it is not known.
    Provisional,
    /// Not a cause by nature: what brought it about was not seen.
    Open,
}

impl Grade {
    /// The word of reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Provisional => "provisional",
            Self::Open => "open",
        }
    }
}

/// What a true instance is in the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It began the incident.
    Root,
    /// A root of its own that explains none of the complaints and impacts that others explain.
    Independent,
    /// Something else brought it about.
    Consequence,
    /// It worsens what something else brought about.
    Contributing,
    /// Expected, and without consequence.
    Noise,
    /// Over.
    Recovered,
    /// Whether it is noise cannot be told.
    Unresolved,
    /// A statement; never part of the causal graph.
    Fact,
}

impl Role {
    /// The word of reports.
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

/// Why something is unknown. Sorted by what a reader can do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UnknownReason {
    /// The table does not exist there.
    MissingTable(String),
    /// The source refused.
    Denied(String),
    /// The source did not answer in time.
    Timeout(String),
    /// The source failed otherwise: the table and the word for it.
    SourceError(String, &'static str),
    /// The source cannot serve such a request.
    Unsupported(String),
    /// Nothing serves the table in this run.
    NotConfigured(String),
    /// The answer was cut or is otherwise incomplete: the table and the word for it.
    Truncated(String, &'static str),
    /// What would tell has not arrived yet.
    NotIngestedYet,
    /// No sign of life of the channel.
    ChannelDead(String),
    /// The window cannot hold what is asked.
    WindowTooShort,
    /// Too few bins for a baseline.
    NoBaseline,
    /// A quotient over something that may be 0.
    UndefinedRatio,
    /// The metric was not sent although the channel was alive.
    NotEmitted(String),
    /// A column that the rule tests is on no row.
    NotCarried(String),
    /// Printed on rare occasions only; unseen says nothing.
    Silent,
    /// The pattern has no symptoms.
    Unobservable,
}

impl std::fmt::Display for UnknownReason {
    /// `missing_table: traces`, `silent`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::MissingTable(table) => write!(out, "missing_table: {table}"),
            Self::Denied(table) => write!(out, "denied: {table}"),
            Self::Timeout(table) => write!(out, "timeout: {table}"),
            Self::SourceError(table, word) => write!(out, "source_error: {table} ({word})"),
            Self::Unsupported(table) => write!(out, "unsupported: {table}"),
            Self::NotConfigured(table) => write!(out, "not_configured: {table}"),
            Self::Truncated(table, word) => write!(out, "truncated: {table} ({word})"),
            Self::NotIngestedYet => out.write_str("not_ingested_yet"),
            Self::ChannelDead(table) => write!(out, "channel_dead: {table}"),
            Self::WindowTooShort => out.write_str("window_too_short"),
            Self::NoBaseline => out.write_str("no_baseline"),
            Self::UndefinedRatio => out.write_str("undefined_ratio"),
            Self::NotEmitted(what) => write!(out, "not_emitted: {what}"),
            Self::NotCarried(column) => write!(out, "not_emitted: {column}"),
            Self::Silent => out.write_str("silent"),
            Self::Unobservable => out.write_str("unobservable"),
        }
    }
}

/// When something began: no earlier than `earliest`, no later than `latest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Onset {
    /// [`Time::MIN`] where it was so at the window's start already.
    pub earliest: Time,
    /// The first evidence.
    pub latest: Time,
}

/// A row that proves something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Citation {
    /// When.
    pub at: Time,
    /// The row's id.
    pub row: String,
    /// The line or cell.
    pub text: String,
}

/// What one symptom says, for one finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The pattern whose symptom it is.
    pub pattern: String,
    /// The symptom.
    pub symptom: String,
    /// The strongest number seen among the entities of the finding, in the unit of the threshold's number.
    pub value: Option<f64>,
    /// The threshold it was held against.
    pub threshold: Option<(Comparison, f64)>,
    /// The unit of both.
    pub unit: Unit,
    /// The first that was seen.
    pub first: Option<Time>,
    /// The last that was seen.
    pub last: Option<Time>,
    /// Up to three rows, earliest first.
    pub citations: Vec<Citation>,
    /// Whether alone it would give at most a provisional root.
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
    /// The grade of a root or independent.
    pub grade: Option<Grade>,
    /// The severity of the pattern itself, raised by the levels that its numbers reach.
    pub severity: Severity,
    /// For whom it holds, sorted.
    pub entities: Vec<Entity>,
    /// The same in words: `3 of 16 ReplicaSet pods`.
    pub scope: String,
    /// Who does not have it: `0 of 40 DaemonSet pods`.
    pub contrast: Option<String>,
    /// Attributes that all of them share and none of the other living ones has: `agentversion=6.21.0`.
    pub distinguishing_attributes: Vec<String>,
    /// When it began.
    pub onset: Onset,
    /// When it was last seen.
    pub last: Time,
    /// Whether it comes and goes (four transitions or more).
    pub flapping: bool,
    /// Whether it is so because somebody reported it.
    pub reported: bool,
    /// What shows it, in the author's order.
    pub evidence: Vec<Evidence>,
    /// Patterns that explain it directly or by inference, by id.
    pub explained_by: Vec<String>,
    /// Who has to act.
    pub owner: Option<String>,
}

/// A link of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The pattern.
    pub pattern: String,
    /// The links that lead to it within the chain, by id; the root's own id among them.
    pub from: Vec<String>,
    /// The surest edge that leads to it.
    pub strength: Strength,
    /// Whether it was not seen but stands between what was.
    pub inferred: bool,
    /// Whether the times show that it came after what leads to it.
    pub order_verifiable: bool,
}

/// Where an incident begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Root {
    /// The pattern.
    pub pattern: String,
    /// Its title.
    pub title: String,
    /// Whether it is a root or independent.
    pub role: Role,
    /// How far it can be trusted.
    pub grade: Grade,
    /// From 1.
    pub rank: u32,
    /// The worst in what it reaches; at most a warning where few entities are concerned.
    pub severity: Severity,
    /// For whom, sorted.
    pub entities: Vec<Entity>,
    /// The same in words.
    pub scope: String,
    /// When it began.
    pub onset: Onset,
    /// Who has to act.
    pub owner: Option<String>,
    /// The patterns of the loop that it is the entry of, by id; empty where it is no loop.
    pub in_loop: Vec<String>,
    /// Why it is not confirmed, in words; empty where it is.
    pub why_not_confirmed: Vec<String>,
    /// All that it explains, in topological order, complaints left out.
    pub chain: Vec<Link>,
    /// The complaints and impacts that it explains, by id.
    pub explains: Vec<String>,
    /// Everything that is modelled as its cause, with its state: why nothing lies behind it, as far as was seen.
    pub causes: Vec<CauseState>,
}

/// The state of something that could have caused a pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CauseState {
    /// The pattern that is modelled as a cause.
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

/// A pattern of which it is not known whether it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// The pattern.
    pub pattern: String,
    /// For whom, sorted.
    pub entities: Vec<Entity>,
    /// The same in words.
    pub scope: String,
    /// Why.
    pub reasons: Vec<UnknownReason>,
    /// Whether it does hold, and only whether it is noise is not known.
    pub holds: bool,
}

/// An unseen pattern that would explain much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hypothesis {
    /// The pattern.
    pub pattern: String,
    /// The roots it would explain, by id.
    pub explains: Vec<String>,
    /// Why it is unknown.
    pub reasons: Vec<UnknownReason>,
}

/// Two statements that cannot both be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// One pattern.
    pub pattern: String,
    /// The other, or the same where a report stands against telemetry.
    pub other: String,
    /// Of whom, sorted.
    pub entities: Vec<Entity>,
    /// In words.
    pub what: String,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// The pattern whose remedy it is.
    pub pattern: String,
    /// The step's id.
    pub id: String,
    /// What to do or to verify.
    pub text: String,
    /// Whether it checks that the others worked.
    pub verifies: bool,
    /// What it may do besides.
    pub caution: Option<String>,
}

/// How much of the picture could be seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage {
    /// The share of alarm patterns that were decided for every entity, 0 to 1.
    pub visible: f64,
    /// Channels without signs of life: table and entities in words.
    pub blind: Vec<String>,
    /// Patterns that cannot be seen at all in this run, by id.
    pub unobservable: Vec<String>,
    /// Error lines that no pattern matches, by template, the most frequent first; at most 20 per table.
    pub unmatched: Vec<Unmatched>,
    /// How many more templates there are.
    pub unmatched_more: u64,
    /// Why there may be other such lines than those that are counted here, sorted.
    pub unmatched_reasons: Vec<UnknownReason>,
}

/// Error lines that no pattern matches and that differ only in numbers, names and times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// The table.
    pub table: String,
    /// The component that wrote them, where the table tells components apart.
    pub component: Option<String>,
    /// What they have in common; see [`crate::telemetry::source::template`].
    pub template: String,
    /// How many, weighted.
    pub count: u64,
    /// How many entities wrote them.
    pub entities: u64,
    /// The same in words: `3 pods`.
    pub scope: String,
    /// The time of the first.
    pub first: Time,
    /// The time of the last.
    pub last: Time,
    /// The earliest of them.
    pub sample: Citation,
}

/// An indicator of the pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndicatorState {
    /// Its id.
    pub id: String,
    /// Whether it speaks of health.
    pub healthy: bool,
    /// Its words.
    pub text: String,
    /// Whether it holds; `None` where that is unknown.
    pub holds: Option<bool>,
}

/// How bad an impact is.
#[derive(Clone, Debug, PartialEq)]
pub struct Impact {
    /// The impact pattern.
    pub pattern: String,
    /// Its magnitude; a lower bound where telemetry was incomplete.
    pub magnitude: f64,
    /// What is counted.
    pub unit: Option<String>,
    /// Whether more may have been lost than was seen.
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

/// What became of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// The table.
    pub table: String,
    /// `complete`, `partial: truncated`, `missing: denied`, …
    pub completeness: String,
    /// The ids of the calls, as the service knows them.
    pub request_ids: Vec<String>,
}

/// Something that was wrong and is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// The pattern.
    pub pattern: String,
    /// For whom, in words.
    pub scope: String,
    /// When it began.
    pub onset: Onset,
    /// When it was last seen.
    pub last: Time,
}

/// Everything that can be said of one scope.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The pack's name.
    pub pack: String,
    /// Its version.
    pub version: String,
    /// `sha256:…` of its files.
    pub digest: String,
    /// Of whom.
    pub subject: BTreeMap<String, String>,
    /// Of when.
    pub window: Window,
    /// The sentence over it.
    pub status: Status,
    /// Roots and independents, by rank.
    pub roots: Vec<Root>,
    /// Everything that holds: roots first by rank, then by role and id.
    pub findings: Vec<Finding>,
    /// Alarm patterns of which it is not known whether they hold, by id.
    pub unresolved: Vec<Unresolved>,
    /// Unseen patterns that would explain much, by id.
    pub hypotheses: Vec<Hypothesis>,
    /// Statements that cannot both be so.
    pub conflicts: Vec<Conflict>,
    /// What to do, in order.
    pub remedy: Vec<Remedy>,
    /// How much could be seen.
    pub coverage: Coverage,
    /// What is over.
    pub history: Vec<Episode>,
    /// The pack's indicators, in its order.
    pub indicators: Vec<IndicatorState>,
    /// How bad the impacts are, by id.
    pub impact: Vec<Impact>,
    /// Parameters that decided a verdict, by name.
    pub assumptions: Vec<Assumption>,
    /// What became of each table, by name.
    pub sources: Vec<SourceState>,
    /// Rows that could not be used, and warnings such as rows from the future.
    pub problems: Vec<RowProblem>,
}
