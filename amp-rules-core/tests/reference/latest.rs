//! Properties and starts, from the definitions, where nothing was lost.
//!
//! Input: the latest rows, and the lines that tell of starts. Output: a [`Track`], or which failures are excused.

use std::time::Duration;

use amp_rules_core::Entity;
use amp_rules_core::diagnosis::UnknownReason;
use amp_rules_core::plan::{Need, Part};
use amp_rules_core::rules::model::{AbsentMeans, PropertyState, SymptomKind};
use amp_rules_core::rules::rule_set::RuleSymptom;
use amp_rules_core::telemetry::source::AnswerData;
use amp_rules_core::telemetry::source::data::CountCell;
use amp_rules_core::time::Time;

use crate::symptoms::Reference;
use crate::track::{Track, Truth};

/// Whether a failure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counts {
    Yes,
    No,
    Perhaps,
}

/// How an restart_marker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Succeeded,
    Failed,
    CutShort,
    Open,
}

impl Reference<'_> {
    /// What the latest row of an entity says of itself.
    pub(crate) fn property(&self, index: usize, symptom: &RuleSymptom, entity: &Entity) -> Track {
        let grid = &self.grid;
        let need = Need::Symptom(index, Part::Main);
        let SymptomKind::Property { names, absent_is_empty, is, at_least, .. } = &symptom.symptom.kind else {
            unreachable!("only properties are told here")
        };
        let answer = match self.answer(&need) {
            Ok(answer) => answer,
            Err(reason) => return grid.whole(Truth::open(reason)),
        };
        let AnswerData::Properties(all) = &answer.data else { unreachable!("properties were asked for") };
        let not_sent = |names: Vec<&str>| match symptom.symptom.absent_means {
            AbsentMeans::False => Truth::False,
            AbsentMeans::Silence => Truth::open(UnknownReason::Silent),
            AbsentMeans::Unknown => Truth::open(UnknownReason::NotEmitted(names.join(", "))),
        };
        let Some(latest) = all.iter().find(|one| one.entity == *entity) else {
            let lacking = answer.missing_columns.iter().find(|(other, _)| other == entity);
            let unseen = self.unseen(&self.mask(&need, entity));
            return grid.whole(match lacking {
                Some((_, column)) => Truth::open(UnknownReason::NotCarried(column.clone())),
                None if unseen != Truth::False => unseen,
                None => not_sent(names.iter().map(|(name, _)| name.as_str()).collect()),
            });
        };
        let mut so: Vec<Option<Time>> = Vec::new();
        let mut doubts: Vec<Truth> = Vec::new();
        for ((name, _), state) in names.iter().zip(&latest.states) {
            let text = state.value.as_deref().or(absent_is_empty.then_some(""));
            let Some(text) = text else {
                // Of one that is not sent its absence says nothing, unless the author says that it is not so.
                if symptom.symptom.absent_means != AbsentMeans::False {
                    doubts.push(Truth::open(UnknownReason::NotEmitted(name.clone())));
                }
                continue;
            };
            let holds = match is {
                PropertyState::Empty => text.is_empty(),
                PropertyState::Set => !text.is_empty(),
                PropertyState::Text(wanted) => text == wanted,
            };
            if holds {
                so.push(state.since);
            }
        }
        so.sort();
        let wanted = *at_least as usize;
        if so.len() >= wanted {
            return match so[wanted - 1] {
                Some(since) => grid.stretch(since, grid.end(), &Truth::True, since, latest.at),
                None => grid.whole(Truth::True),
            };
        }
        if so.len() + doubts.len() < wanted {
            return grid.whole(Truth::False);
        }
        grid.whole(doubts.iter().fold(Truth::False, |sum, one| sum.or(one)))
    }

    /// When something below an entity started anew; lines within two minutes of each other tell of one start.
    fn restart_markers(&self, entity: &Entity) -> Vec<Time> {
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

    /// Every line that tells of a start.
    pub(crate) fn starts(&self, entity: &Entity) -> Vec<Time> {
        let mut starts: Vec<Time> = Vec::new();
        for (need, place) in self.seen.plan().needs() {
            if let (Need::Heartbeat(..), Ok(answer)) = (need, &self.seen.answers()[place])
                && let AnswerData::Inventory(lives) = &answer.data
            {
                starts.extend(lives.iter().filter(|life| life.entity.is_within(entity)).flat_map(|life| &life.starts));
            }
        }
        starts.sort();
        starts.dedup();
        starts
    }

    /// Failures that end within the grace of a start do not count if what started lives on for as long.
    pub(crate) fn excused(&self, cells: &[CountCell], entity: &Entity, grace: Duration) -> Vec<Counts> {
        let lead = Duration::from_secs(60);
        let starts = self.restart_markers(entity);
        let now = self.grid.end();
        let restart_marker =
            |cell: &CountCell| starts.iter().rposition(|start| cell.first >= start.saturating_sub(lead));
        let mut ends: Vec<End> = (0..starts.len())
            .map(|at| {
                let last = cells.iter().filter(|cell| restart_marker(cell) == Some(at)).map(|cell| cell.last).max();
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
        let without_success = |end: &End| matches!(end, End::CutShort | End::Failed);
        let known = ends.clone();
        for at in 0..ends.len() {
            let before = known[..at].iter().rev().take_while(|end| without_success(end)).count();
            let behind = known[at..].iter().take_while(|end| without_success(end)).count();
            if behind > 0 && before + behind >= 3 {
                ends[at] = End::Failed;
            }
        }
        let counts = |cell: &CountCell| match restart_marker(cell).map(|at| ends[at]) {
            None | Some(End::Failed) => Counts::Yes,
            Some(End::Succeeded | End::CutShort) => Counts::No,
            Some(End::Open) => Counts::Perhaps,
        };
        cells.iter().map(counts).collect()
    }
}
