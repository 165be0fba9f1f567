//! Properties and `startup_grace`, from the definitions, without losses.
//!
//! Input: the latest rows with the values before, and the restart markers. Output: a [`Timeline`], or which failures are exempt.

use std::time::Duration;

use amp_rules_core::Entity;
use amp_rules_core::diagnosis::UnknownReason;
use amp_rules_core::plan::{Need, Part};
use amp_rules_core::rules::model::{AbsentMeans, PropertyState, SymptomKind};
use amp_rules_core::rules::rule_set::RuleSymptom;
use amp_rules_core::telemetry::source::AnswerData;
use amp_rules_core::telemetry::source::data::{CountCell, Property};
use amp_rules_core::time::Time;

use super::symptoms::Reference;
use super::timeline::{Cell, Timeline, Truth};

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
    /// The property symptom at an entity, from its latest row and the values before.
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
        // The value that the last row up to an instant has; before the first row that of the first.
        let value_at = |state: &Property, instant: Time| -> Option<String> {
            let mut values: Vec<(Time, &Option<String>)> =
                state.earlier.iter().map(|(at, value)| (*at, value)).collect();
            values.extend(state.since.map(|since| (since, &state.value)));
            let known = values.iter().rev().find(|(from, _)| *from <= instant).or(values.first());
            known.map_or(&state.value, |(_, value)| value).clone()
        };
        let truth_at = |instant: Time| -> Truth {
            let (mut holding, mut unknown) = (0, Vec::new());
            for ((name, _), state) in names.iter().zip(&latest.states) {
                match (value_at(state, instant).or(absent_is_empty.then(String::new)), is) {
                    (Some(text), PropertyState::Empty) => holding += u32::from(text.is_empty()),
                    (Some(text), PropertyState::Set) => holding += u32::from(!text.is_empty()),
                    (Some(text), PropertyState::Text(wanted)) => holding += u32::from(text == *wanted),
                    // A property that is not sent is unknown, unless `absent_means: false`.
                    (None, _) if symptom.symptom.absent_means == AbsentMeans::False => {}
                    (None, _) => unknown.push(Truth::unknown(UnknownReason::NotEmitted(name.clone()))),
                }
            }
            if holding >= *at_least {
                Truth::True
            } else if (holding as usize + unknown.len()) < *at_least as usize {
                Truth::False
            } else {
                Truth::any(&unknown)
            }
        };
        let last_change = latest.states.iter().filter_map(|state| state.since).max();
        let cells = (0..grid.cells()).map(|at| {
            let (from, to) = (grid.0[at], grid.0[at + 1]);
            let last = match last_change {
                None => grid.end(),
                Some(change) if from >= change => latest.at,
                Some(_) => to,
            };
            Cell { truth: truth_at(from), first: from, last }
        });
        grid.merged(cells.collect())
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
