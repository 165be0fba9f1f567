//! Why something is unknown.

use std::fmt;

/// Why something is unknown, ordered by what a reader can do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UnknownReason {
    /// The source does not have this table.
    MissingTable(String),
    /// The source denied access to this table.
    Denied(String),
    /// The source did not answer a request for this table in time.
    Timeout(String),
    /// The source failed otherwise: the table and the name of the error.
    SourceError(String, &'static str),
    /// The source does not support such a request for this table.
    Unsupported(String),
    /// No source serves this table in this run.
    NotConfigured(String),
    /// An answer is incomplete: the table and the name of the gap.
    Truncated(String, &'static str),
    /// The deciding rows may not be ingested yet.
    NotIngestedYet,
    /// No heartbeat in this table.
    ChannelDead(String),
    /// The window is shorter than the condition requires.
    WindowTooShort,
    /// The order of rows at one instant is not known.
    SameInstant,
    /// Too few bins for a baseline.
    NoBaseline,
    /// The denominator of a ratio may be 0.
    UndefinedRatio,
    /// These metrics, joined by `, `, were not emitted although the channel has a heartbeat.
    NotEmitted(String),
    /// No row has this column, which the rule tests.
    NotCarried(String),
    /// Logged only at startup or on rare events, so absence decides nothing.
    Silent,
    /// The pattern has no symptoms.
    Unobservable,
}

impl fmt::Display for UnknownReason {
    /// `missing_table: traces`, `silent`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
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
            Self::SameInstant => out.write_str("same_instant"),
            Self::NoBaseline => out.write_str("no_baseline"),
            Self::UndefinedRatio => out.write_str("undefined_ratio"),
            Self::NotEmitted(what) => write!(out, "not_emitted: {what}"),
            Self::NotCarried(column) => write!(out, "not_emitted: {column}"),
            Self::Silent => out.write_str("silent"),
            Self::Unobservable => out.write_str("unobservable"),
        }
    }
}
