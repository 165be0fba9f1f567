//! Declared completeness of tables: complete, partial, or missing as a whole or in parts.
//!
//! Input: the `tables:` and `inventory:` keys of an incident or a case. Output: [`Declarations`], and from them the
//! requests that a source refuses and the gaps of its answers. A table without a declaration is left to the owner of the
//! rows. Nothing here reads a row.

use std::collections::BTreeMap;

use amp_rules_core::plan::UserReport;
use amp_rules_core::rules::syntax::{ReportText, Spanned, TableState, TimeSpec};
use amp_rules_core::telemetry::source::declared::Declared as SourceDeclarations;
use amp_rules_core::telemetry::source::memory::MemorySource;
use amp_rules_core::telemetry::source::{GapReason, SourceErrorKind};
use amp_rules_core::time::{Time, Window};

/// Declarations for the tables of one folder or case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declarations {
    /// Declarations by table name.
    pub tables: BTreeMap<String, Declared>,
    /// Whether some entities may be unobserved (`inventory: partial`).
    pub inventory_partial: bool,
}

/// The declaration of one table. The default is a complete table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// The table as a whole.
    pub state: State,
    /// Metrics of the table that could not be read, by name, with the reason.
    pub missing_metrics: BTreeMap<String, SourceErrorKind>,
    /// Components whose lines could not be read, by name, with the reason.
    pub missing_components: BTreeMap<String, SourceErrorKind>,
}

/// The state of a table as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// The rows present are all rows.
    #[default]
    Complete,
    /// The table could not be read, for this reason.
    Missing(SourceErrorKind),
    /// Rows are missing: why, and in which time range. `None` stands for the whole window.
    Partial(GapReason, Option<Window>),
}

impl Declarations {
    /// Converts the `tables:` and `inventory:` keys of a checked file; offsets are relative to `now`.
    ///
    /// # Errors
    ///
    /// A reason that no error kind and no gap has, in words.
    pub(crate) fn from_text(
        tables: &[(Spanned<String>, TableState)],
        inventory_partial: bool,
        now: Time,
    ) -> Result<Self, String> {
        let missing = |word: &Spanned<String>| {
            missing_kind(&word.value).ok_or_else(|| format!("`{}` is not a reason for missing telemetry", word.value))
        };
        let mut all = BTreeMap::new();
        for (name, state) in tables {
            let mut declared = Declared::default();
            match state {
                TableState::Complete => {}
                TableState::Missing(reason) => declared.state = State::Missing(missing(reason)?),
                TableState::MissingParts(parts) => {
                    for part in parts {
                        let kind = missing(&part.reason)?;
                        if let Some(metric) = &part.metric {
                            declared.missing_metrics.insert(metric.value.clone(), kind);
                        }
                        if let Some(component) = &part.component {
                            declared.missing_components.insert(component.value.clone(), kind);
                        }
                    }
                }
                TableState::Partial(how, from, to) => {
                    let reason = partial_reason(&how.value)
                        .ok_or_else(|| format!("`{}` is not a reason for a partial answer", how.value))?;
                    let range = (from.is_some() || to.is_some()).then(|| Window {
                        from: from.map_or(Time::MIN, |moment| moment.instant(now)),
                        to: to.map_or(Time::MAX, |moment| moment.instant(now)),
                    });
                    declared.state = State::Partial(reason, range);
                }
            }
            all.insert(name.value.clone(), declared);
        }
        Ok(Self { tables: all, inventory_partial })
    }

    /// The declaration of a table, if it has one.
    #[must_use]
    pub fn get(&self, table: &str) -> Option<&Declared> {
        self.tables.get(table)
    }

    /// Whether a table is declared missing as a whole.
    pub(crate) fn is_missing(&self, table: &str) -> bool {
        self.get(table).is_some_and(Declared::is_missing)
    }

    /// The same declarations in the form that sources use.
    #[must_use]
    pub fn to_source_declarations(&self) -> SourceDeclarations {
        let mut out = SourceDeclarations::new();
        for (name, declared) in &self.tables {
            match &declared.state {
                State::Complete => {}
                State::Missing(kind) => out.missing(name, *kind),
                State::Partial(reason, range) => out.partial(name, *reason, *range),
            }
            for (metric, kind) in &declared.missing_metrics {
                out.missing_metric(name, metric, *kind);
            }
            for (component, kind) in &declared.missing_components {
                out.missing_component(name, component, *kind);
            }
        }
        if self.inventory_partial {
            out.inventory_partial();
        }
        out
    }

    /// The same declarations on an in-memory source, whose own are only reachable through its builder.
    #[must_use]
    pub fn apply(&self, mut source: MemorySource) -> MemorySource {
        for (name, declared) in &self.tables {
            match &declared.state {
                State::Complete => {}
                State::Missing(kind) => source = source.missing(name, *kind),
                State::Partial(reason, range) => source = source.partial(name, *reason, *range),
            }
            for (metric, kind) in &declared.missing_metrics {
                source = source.missing_metric(name, metric, *kind);
            }
            for (component, kind) in &declared.missing_components {
                source = source.missing_component(name, component, *kind);
            }
        }
        if self.inventory_partial { source.inventory_partial() } else { source }
    }
}

impl Declared {
    /// Whether the table is declared missing as a whole.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self.state, State::Missing(_))
    }
}

/// Converts the `reported:` key of a checked file; offsets are relative to `now`.
pub(crate) fn reports_from_text(reported: &[ReportText], now: Time) -> Vec<UserReport> {
    let instant = |moment: Option<TimeSpec>| moment.map(|moment| moment.instant(now));
    reported
        .iter()
        .map(|report| {
            let mut parsed = UserReport::new(report.pattern.value.clone());
            parsed.entity.clone_from(&report.entity);
            parsed.since = instant(report.since);
            parsed.until = instant(report.until);
            parsed
        })
        .collect()
}

/// The gap that remains where a part could not be read for this reason.
pub(crate) fn gap_reason_of(kind: SourceErrorKind) -> GapReason {
    match kind {
        SourceErrorKind::Denied => GapReason::Denied,
        SourceErrorKind::Timeout => GapReason::Timeout,
        _ => GapReason::Other,
    }
}

/// The error kind for the value of a `missing:` key.
fn missing_kind(word: &str) -> Option<SourceErrorKind> {
    use SourceErrorKind::{
        Denied, Malformed, NotConfigured, Other, TableMissing, Throttled, Timeout, Unreachable, Unsupported,
    };
    [Unsupported, NotConfigured, TableMissing, Denied, Throttled, Timeout, Unreachable, Malformed, Other]
        .into_iter()
        .find(|kind| kind.as_str() == word)
}

/// The gap reason for the value of a `partial:` key.
fn partial_reason(word: &str) -> Option<GapReason> {
    use GapReason::{
        BadRows, Denied, Duplicates, Inventory, MissingColumn, Other, Sampled, TimeRange, Timeout, Truncated,
    };
    [Truncated, TimeRange, Sampled, BadRows, MissingColumn, Duplicates, Timeout, Denied, Inventory, Other]
        .into_iter()
        .find(|reason| reason.as_str() == word)
}
