//! Properties and `startup_grace`, from the definitions, without losses.
//!
//! Input: the latest rows, and the restart markers. Output: a [`Timeline`], or which failures are exempt.

use std::time::Duration;

use amp_rules_core::Entity;
use amp_rules_core::diagnosis::UnknownReason;
use amp_rules_core::plan::{Need, Part};
use amp_rules_core::rules::model::{AbsentMeans, PropertyState, SymptomKind};
use amp_rules_core::rules::rule_set::RuleSymptom;
use amp_rules_core::telemetry::source::AnswerData;
use amp_rules_core::telemetry::source::data::CountCell;
use amp_rules_core::time::Time;

use super::symptoms::Reference;
use super::timeline::{Timeline, Truth};

/// Whether a failure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counts {
    Yes,
    No,
    Maybe,
}

/// How a start ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Succeeded,
    Failed,
    CutShort,
    Open,
}

impl Reference<'_> {
    /// The property symptom at an entity, from its latest row.
    pub(crate) fn property(&self, index: usize, symptom: &RuleSymptom, entity: &Entity) -> Timeline {
        let grid = &self.grid;
        let need = Need::Symptom(index, Part::Main);
        let SymptomKind::Property { names, absent_is_empty, is, at_least, .. } = &symptom.symptom.kind else {
            unreachable!("only for property symptoms")
        };
        let answer = match self.answer(&need) {
            Ok(answer) => answer,
            Err(reason) => return grid.constant(Truth::unknown(reason)),
        };
        let AnswerData::Properties(all) = &answer.data else { unreachable!("the request was for properties") };
        let not_sent = |names: Vec<&str>| match symptom.symptom.absent_means {
            AbsentMeans::False => Truth::False,
            AbsentMeans::Silence => Truth::unknown(UnknownReason::Silent),
            AbsentMeans::Unknown => Truth::unknown(UnknownReason::NotEmitted(names.join(", "))),
        };
        let Some(latest) = all.iter().find(|one| one.entity == *entity) else {
            let lacking = answer.missing_columns.iter().find(|(other, _)| other == entity);
            let hidden = self.hidden_before_watermark(&self.mask(&need, entity));
            return grid.constant(match lacking {
                Some((_, column)) => Truth::unknown(UnknownReason::NotCarried(column.clone())),
                None if hidden != Truth::False => hidden,
                None => not_sent(names.iter().map(|(name, _)| name.as_str()).collect()),
            });
        };
        let mut since: Vec<Option<Time>> = Vec::new();
        let mut unknown: Vec<Truth> = Vec::new();
        for ((name, _), state) in names.iter().zip(&latest.states) {
            let text = state.value.as_deref().or(absent_is_empty.then_some(""));
            let Some(text) = text else {
                // A property that is not sent is unknown, unless `absent_means: false`.
                if symptom.symptom.absent_means != AbsentMeans::False {
                    unknown.push(Truth::unknown(UnknownReason::NotEmitted(name.clone())));
                }
                continue;
            };
            let holds = match is {
                PropertyState::Empty => text.is_empty(),
                PropertyState::Set => !text.is_empty(),
                PropertyState::Text(wanted) => text == wanted,
            };
            if holds {
                since.push(state.since);
            }
        }
        since.sort();
        let wanted = *at_least as usize;
        if since.len() >= wanted {
            return match since[wanted - 1] {
                Some(from) => grid.span(from, grid.end(), &Truth::True, from, latest.at),
                None => grid.constant(Truth::True),
            };
        }
        if since.len() + unknown.len() < wanted {
            return grid.constant(Truth::False);
        }
        grid.constant(Truth::any(&unknown))
    }

    /// The starts within an entity. Restart markers within two minutes of each other belong to one start.
    fn start_times(&self, entity: &Entity) -> Vec<Time> {
        let mut starts = self.starts(entity);
        let lines = starts.clone();
        starts.retain(|start| {
            lines
                .iter()
                .filter(|line| *line < start)
                .max()
                .is_none_or(|line| *start > line.saturating_add(Duration::from_secs(120)))
        });
        starts
    }

    /// The times of all restart markers within an entity.
    pub(crate) fn starts(&self, entity: &Entity) -> Vec<Time> {
        let mut starts: Vec<Time> = Vec::new();
        for (need, place) in self.observations.plan().needs() {
            if let (Need::Heartbeat(..), Ok(answer)) = (need, &self.observations.answers()[place])
                && let AnswerData::Inventory(heartbeats) = &answer.data
            {
                let within = heartbeats.iter().filter(|one| one.entity.is_within(entity));
                starts.extend(within.flat_map(|one| &one.starts));
            }
        }
        starts.sort();
        starts.dedup();
        starts
    }

    /// Failures that end within the grace of a start do not count if the entity then exists for another grace.
    pub(crate) fn exempted(&self, cells: &[CountCell], entity: &Entity, grace: Duration) -> Vec<Counts> {
        let lead = Duration::from_secs(60);
        let starts = self.start_times(entity);
        let now = self.grid.end();
        let start_of = |cell: &CountCell| starts.iter().rposition(|start| cell.first >= start.saturating_sub(lead));
        let mut ends: Vec<End> = (0..starts.len())
            .map(|at| {
                let last = cells.iter().filter(|cell| start_of(cell) == Some(at)).map(|cell| cell.last).max();
                let Some(last) = last else { return End::Succeeded };
                let next = starts.get(at + 1).copied();
                if last > starts[at].saturating_add(grace) {
                    End::Failed
                } else if next.unwrap_or(now) >= last.saturating_add(grace) {
                    End::Succeeded
                } else if next.is_some() {
                    End::CutShort
                } else {
                    End::Open
                }
            })
            .collect();
        let has_failed = |end: &End| matches!(end, End::CutShort | End::Failed);
        let known = ends.clone();
        for at in 0..ends.len() {
            let before = known[..at].iter().rev().take_while(|end| has_failed(end)).count();
            let from_here = known[at..].iter().take_while(|end| has_failed(end)).count();
            if from_here > 0 && before + from_here >= 3 {
                ends[at] = End::Failed;
            }
        }
        let counts = |cell: &CountCell| match start_of(cell).map(|at| ends[at]) {
            None | Some(End::Failed) => Counts::Yes,
            Some(End::Succeeded | End::CutShort) => Counts::No,
            Some(End::Open) => Counts::Maybe,
        };
        cells.iter().map(counts).collect()
    }
}
