//! Declared losses: rows that are removed, and the source's declaration that they are missing.
//!
//! Input: a scenario and a [`Loss`]. Output: observations. Every loss is declared: a table, a metric or a component is
//! missing, an answer is partial for a time range or for some entities, or an inventory is partial. Rows after the
//! watermark are never removed without a declaration: they are not missing yet.

use std::time::Duration;

use amp_rules_core::telemetry::source::SourceErrorKind;
use amp_rules_core::telemetry::source::data::{Completeness, Gap, GapReason};
use amp_rules_core::telemetry::source::memory::MemorySource;
use amp_rules_core::time::{TICKS_PER_SECOND, Window};
use amp_rules_core::{Observations, Request, RuleSet};

use super::dice::Dice;
use super::scenario::{Scenario, WINDOW};
use super::telemetry::{METRICS, Pod, Row, Rows, TABLES, entity};

/// Telemetry that is lost.
#[derive(Clone, Debug)]
pub(crate) enum Loss {
    /// A table.
    Table(&'static str, SourceErrorKind),
    /// A metric.
    Metric(&'static str, SourceErrorKind),
    /// The lines of a component.
    Component(&'static str, SourceErrorKind),
    /// Some rows of a table between two times (seconds before now, the earlier first), of one pod or of all. The n-th row is
    /// lost if the n-th entry of `lost` is true; the list repeats.
    TimeRange { table: &'static str, from: i64, to: i64, pod: Option<Pod>, lost: Vec<bool> },
    /// The rows that the channels of a pod send from a time on: its samples, or its samples and lines. Samples are a
    /// heartbeat of the log table, so lines are never lost alone; events have no heartbeat. The inventory is partial.
    Silenced { tables: &'static [&'static str], pod: Pod, from: i64 },
}

/// A random loss. A channel falls silent at the start of a bin of the slowest heartbeat, for long enough to be noticed.
pub(crate) fn loss(dice: &mut Dice<'_>, scenario: &Scenario) -> Loss {
    let kinds =
        [SourceErrorKind::Denied, SourceErrorKind::Timeout, SourceErrorKind::TableMissing, SourceErrorKind::Throttled];
    let all: Vec<Pod> = scenario.rows.pods().into_iter().collect();
    let pod = dice.pick(&all);
    let kind = dice.pick(&kinds);
    match dice.below(8) {
        0 => Loss::Table(dice.pick(&TABLES), kind),
        1 => Loss::Metric(dice.pick(&METRICS), kind),
        2 => Loss::Component(dice.pick(&["main", "agent"]), kind),
        3 => Loss::Silenced { tables: &["logs", "metrics"], pod, from: WINDOW * 60 },
        4 => {
            let tables: [&'static [&'static str]; 2] = [&["logs", "metrics"], &["metrics"]];
            let into = scenario.now().ticks_since(scenario.now().floor(Duration::from_secs(900))) / TICKS_PER_SECOND;
            Loss::Silenced { tables: dice.pick(&tables), pod, from: into + 900 * dice.between(5, 7) }
        }
        _ => {
            let from = if dice.chance(1, 3) { WINDOW * 60 } else { dice.between(1, WINDOW * 60) };
            let to = match dice.below(4) {
                0 => 0,
                1 => (from - 300 * dice.between(1, 5)).max(0),
                _ => dice.between(0, from - 1),
            };
            let lost = (0..7).map(|_| !dice.chance(1, 3)).collect();
            Loss::TimeRange { table: dice.pick(&TABLES), from, to, pod: dice.chance(1, 2).then_some(pod), lost }
        }
    }
}

impl Loss {
    /// Whether a row is lost or may be lost.
    pub(crate) fn covers(&self, row: &Row) -> bool {
        match self {
            Self::Table(table, _) => row.table == *table,
            Self::Metric(metric, _) => row.table == "metrics" && row.part == *metric,
            Self::Component(component, _) => row.table == "logs" && row.part == *component,
            Self::TimeRange { table, from, to, pod, .. } => {
                row.table == *table
                    && row.ago <= *from
                    && row.ago > *to
                    && pod.as_ref().is_none_or(|pod| row.pod == *pod)
            }
            Self::Silenced { tables, pod, from } => tables.contains(&row.table) && row.pod == *pod && row.ago <= *from,
        }
    }

    /// The rows that are left. A search in all components does not find the lines of a missing component either.
    fn left(&self, rows: &Rows) -> Rows {
        let at = std::cell::Cell::new(0);
        rows.kept(|row| match self {
            _ if !self.covers(row) => true,
            Self::TimeRange { lost, .. } => {
                at.set(at.get() + 1);
                !lost[at.get() % lost.len()]
            }
            Self::Table(..) | Self::Metric(..) | Self::Component(..) | Self::Silenced { .. } => false,
        })
    }

    fn declared(&self, source: MemorySource) -> MemorySource {
        match self {
            Self::Table(table, kind) => source.missing(table, *kind),
            Self::Metric(metric, kind) => source.missing_metric("metrics", metric, *kind),
            Self::Component(component, kind) => source.missing_component("logs", component, *kind),
            Self::TimeRange { .. } => source,
            Self::Silenced { .. } => source.inventory_partial(),
        }
    }
}

/// The observations after some losses. The lines of a missing component still count as heartbeats.
pub(crate) fn blinded(scenario: &Scenario, rules: &RuleSet, losses: &[Loss]) -> Observations {
    let read = |lost: &dyn Fn(&&Loss) -> bool| {
        let rows = losses.iter().filter(|loss| lost(loss)).fold(scenario.rows.clone(), |rows, loss| loss.left(&rows));
        let source = losses.iter().fold(rows.source(scenario.now()), |source, loss| loss.declared(source));
        scenario.observe(rules, &source)
    };
    let observations = read(&|_| true);
    let plan = observations.plan().clone();
    let mut answers = observations.into_answers();
    let inventories = read(&|loss| !matches!(loss, Loss::Component(..))).into_answers();
    for ((request, answer), complete) in plan.requests().iter().zip(&mut answers).zip(inventories) {
        if matches!(request, Request::Inventory(_)) {
            *answer = complete;
        }
    }
    let tables: Vec<String> = plan.requests().iter().map(|request| request.reading().table.name.clone()).collect();
    for loss in losses {
        let Loss::TimeRange { table, from, to, pod, .. } = loss else { continue };
        let range = Window {
            from: scenario.now().saturating_add_ticks(-from * TICKS_PER_SECOND),
            to: scenario.now().saturating_add_ticks(-to * TICKS_PER_SECOND),
        };
        let named = pod.as_ref().map(|pod| vec![entity(pod)]);
        let gap = Gap {
            reason: if pod.is_some() { GapReason::Denied } else { GapReason::TimeRange },
            range: Some(range),
            entities: named,
        };
        for (answer, of) in answers.iter_mut().zip(&tables) {
            let Ok(answer) = answer else { continue };
            if of == table {
                let mut gaps = match &answer.completeness {
                    Completeness::Complete => Vec::new(),
                    Completeness::Partial(gaps) => gaps.clone(),
                };
                gaps.push(gap.clone());
                gaps.sort();
                answer.completeness = Completeness::Partial(gaps);
            }
        }
    }
    Observations::new(plan, answers)
}
