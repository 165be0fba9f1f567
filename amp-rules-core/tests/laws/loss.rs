//! Declared losses: what a source says it lacks, with the rows that it lacks taken away.
//!
//! Input: a world and a [`Loss`]. Output: observations. Every loss is declared: a table, a metric or a component that is
//! missing, an answer that is partial for a stretch of time or for some entities, an inventory in which entities or
//! channels may be unseen. Rows younger than the watermark are never taken away silently: they are not missing yet.

use amp_rules_core::telemetry::source::SourceErrorKind;
use std::time::Duration;

use amp_rules_core::telemetry::source::data::{Completeness, Gap, GapReason};
use amp_rules_core::telemetry::source::memory::MemorySource;
use amp_rules_core::time::{TICKS_PER_SECOND, Window};
use amp_rules_core::{Observations, Request, RuleSet};

use crate::dice::Dice;
use crate::stage::entity;
use crate::telemetry::{METRICS, Pod, Row, Rows, TABLES};
use crate::world::{WINDOW, World};

/// What is lost.
#[derive(Clone, Debug)]
pub(crate) enum Loss {
    /// A table.
    Table(&'static str, SourceErrorKind),
    /// A metric.
    Metric(&'static str, SourceErrorKind),
    /// A component's lines.
    Component(&'static str, SourceErrorKind),
    /// Some rows of a table between two instants (seconds before now, the older first), of one pod or of all. Each row of
    /// it is lost where the list says so, over and over.
    Stretch { table: &'static str, from: i64, to: i64, pod: Option<Pod>, lost: Vec<bool> },
    /// What the channels of a pod ship from an instant on: its samples, and perhaps its lines too. Samples vouch for lines,
    /// so lines are never lost alone; events have no channel that could be dead. The inventory says that some entities may
    /// be unseen.
    Silenced { tables: &'static [&'static str], pod: Pod, from: i64 },
}

/// A loss. A channel falls silent where a bin of the seldomest heartbeat begins, and for so long that it shows.
pub(crate) fn loss(dice: &mut Dice<'_>, world: &World) -> Loss {
    let kinds =
        [SourceErrorKind::Denied, SourceErrorKind::Timeout, SourceErrorKind::TableMissing, SourceErrorKind::Throttled];
    let all: Vec<Pod> = world.rows.pods().into_iter().collect();
    let pod = dice.pick(&all);
    let kind = dice.pick(&kinds);
    match dice.below(8) {
        0 => Loss::Table(dice.pick(&TABLES), kind),
        1 => Loss::Metric(dice.pick(&METRICS), kind),
        2 => Loss::Component(dice.pick(&["main", "agent"]), kind),
        3 => Loss::Silenced { tables: &["logs", "metrics"], pod, from: WINDOW * 60 },
        4 => {
            let tables: [&'static [&'static str]; 2] = [&["logs", "metrics"], &["metrics"]];
            let into = world.now().ticks_since(world.now().floor(Duration::from_secs(900))) / TICKS_PER_SECOND;
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
            Loss::Stretch { table: dice.pick(&TABLES), from, to, pod: dice.chance(1, 2).then_some(pod), lost }
        }
    }
}

impl Loss {
    /// Whether it covers a row, so that the row is lost or may be.
    pub(crate) fn covers(&self, row: &Row) -> bool {
        match self {
            Self::Table(table, _) => row.table == *table,
            Self::Metric(metric, _) => row.table == "metrics" && row.part == *metric,
            Self::Component(component, _) => row.table == "logs" && row.part == *component,
            Self::Stretch { table, from, to, pod, .. } => {
                row.table == *table
                    && row.ago <= *from
                    && row.ago > *to
                    && pod.as_ref().is_none_or(|pod| row.pod == *pod)
            }
            Self::Silenced { tables, pod, from } => tables.contains(&row.table) && row.pod == *pod && row.ago <= *from,
        }
    }

    /// The rows that are left. The lines of a missing component are no part of a search in all components either.
    fn left(&self, rows: &Rows) -> Rows {
        let at = std::cell::Cell::new(0);
        rows.kept(|row| match self {
            _ if !self.covers(row) => true,
            Self::Stretch { lost, .. } => {
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
            Self::Stretch { .. } => source,
            Self::Silenced { .. } => source.inventory_partial(),
        }
    }
}

/// What is seen after some losses. Who wrote the lines of a missing component is still known: they stay signs of life.
pub(crate) fn blinded(world: &World, rules: &RuleSet, losses: &[Loss]) -> Observations {
    let read = |lost: &dyn Fn(&&Loss) -> bool| {
        let rows = losses.iter().filter(|loss| lost(loss)).fold(world.rows.clone(), |rows, loss| loss.left(&rows));
        let source = losses.iter().fold(rows.source(world.now()), |source, loss| loss.declared(source));
        world.seen(rules, &source)
    };
    let seen = read(&|_| true);
    let plan = seen.plan().clone();
    let mut answers = seen.into_answers();
    let lives = read(&|loss| !matches!(loss, Loss::Component(..)));
    let asked = plan.requests().iter().map(|request| matches!(request, Request::Inventory(_)));
    let asked: Vec<bool> = asked.collect();
    for ((answer, life), _) in answers.iter_mut().zip(lives.into_answers()).zip(asked).filter(|(_, asked)| *asked) {
        *answer = life;
    }
    let tables: Vec<String> = plan.requests().iter().map(|request| request.reading().table.name.clone()).collect();
    for loss in losses {
        let Loss::Stretch { table, from, to, pod, .. } = loss else { continue };
        let range = Window {
            from: world.now().saturating_add_ticks(-from * TICKS_PER_SECOND),
            to: world.now().saturating_add_ticks(-to * TICKS_PER_SECOND),
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
