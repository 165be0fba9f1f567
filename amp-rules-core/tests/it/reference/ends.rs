//! `ends_when`, from the definition.
//!
//! Input: the evidence of a symptom, and the course of its counter-evidence. Output: the [`Course`] without the time after
//! each end.

use std::time::Duration;

use amp_rules_core::Entity;
use amp_rules_core::plan::{Need, Part};
use amp_rules_core::rules::model::{EndsWhen, SymptomKind};
use amp_rules_core::rules::rule_set::Resolved;
use amp_rules_core::time::Time;

use super::course::Course;
use super::episodes::is_lost;
use super::symptoms::Reference;
use super::timeline::{Cell, Timeline, Truth};

impl Reference<'_> {
    /// The width of the bins in which a symptom is judged.
    fn judged_bin(&self, index: usize) -> Duration {
        let symptom = &self.rules.symptoms[index];
        match &symptom.symptom.kind {
            SymptomKind::Log { at_least, within: Some(_), .. }
            | SymptomKind::Event { at_least, within: Some(_), .. }
            | SymptomKind::Repeats { at_least, .. }
                if self.number(at_least) > 1.0 =>
            {
                // Judged by rows.
                Duration::from_secs(300)
            }
            SymptomKind::Sequence { .. } => Duration::from_secs(300),
            SymptomKind::Drop { every, .. } | SymptomKind::Ceases { every, .. } => *every,
            SymptomKind::Persists { .. } | SymptomKind::Repeats { .. } => self.judged_bin(symptom.watches.unwrap()),
            _ => self.bin(&Need::Symptom(index, Part::Main)),
        }
    }

    fn widest_bin(&self, when: &Resolved) -> Duration {
        let widest = |parts: &[Resolved]| parts.iter().map(|part| self.widest_bin(part)).max().unwrap_or_default();
        match when {
            Resolved::Symptom(index) => self.judged_bin(*index),
            Resolved::Pattern(index) => {
                self.rules.patterns[*index].when.as_ref().map_or(Duration::ZERO, |when| self.widest_bin(when))
            }
            Resolved::All(parts) | Resolved::Any(parts) | Resolved::AtLeast { of: parts, .. } => widest(parts),
            Resolved::Not(part) => self.widest_bin(part),
            Resolved::Requires { that, then } => self.widest_bin(that).max(self.widest_bin(then)),
        }
    }

    /// The starts of the bins of counter-evidence, with as many true ones in a row as are needed.
    fn starts_of_bins(&self, counter: &Timeline, bin: Duration, in_a_row: u32) -> Vec<Time> {
        let mut starts = Vec::new();
        for (_, from, to) in self.grid.runs(counter).into_iter().filter(|run| run.0.truth == Truth::True) {
            let aligned = |at: &Time| *at == from || at.floor(bin) == *at;
            let rest = bin * (in_a_row - 1);
            let inside = self.grid.between(from, to).map(|at| self.grid.0[at]);
            starts.extend(inside.filter(aligned).filter(|at| at.saturating_add(rest) < to));
        }
        starts
    }

    /// A symptom at an entity without the time after its counter-evidence ended it.
    pub(crate) fn ended(&self, index: usize, entity: &Entity, whole: &Course) -> Course {
        let symptom = &self.rules.symptoms[index];
        let Some(ends_when) = &symptom.ends_when else { return whole.clone() };
        let Some((cells, judged)) = self.judged_counts(index, entity) else { return whole.clone() };
        let per = &symptom.symptom.per;
        let (counter, bin) = match ends_when {
            EndsWhen::Symptom(other) => (self.at(*other, per, entity), self.judged_bin(*other)),
            EndsWhen::Pattern(other) => {
                (self.pattern_at(*other, per, entity), self.widest_bin(&Resolved::Pattern(*other)))
            }
        };
        if counter.is_timeless() {
            return whole.clone();
        }
        let counter = &counter.timed().truth;
        let in_a_row = if bin > self.judged_bin(index) { 2 } else { 1 };
        let starts = self.starts_of_bins(counter, bin, in_a_row);
        let evidence: Vec<(Time, Time)> =
            cells.iter().filter(|(_, certain)| *certain).map(|(cell, _)| (cell.first, cell.last)).collect();
        let possible: Vec<usize> = (0..self.grid.cells()).filter(|at| judged[*at].truth.is_unknown()).collect();
        // The end of the last period up to an instant that may hold evidence.
        let possible_until = |at: Time| {
            let before = possible.iter().rev().find(|cell| self.grid.0[**cell] <= at);
            before.map(|cell| self.grid.0[cell + 1])
        };
        let evidence_before = |at: Time| evidence.iter().rev().find(|(first, _)| *first <= at).map(|(_, last)| *last);
        // An instant at which a bin of counter-evidence begins after everything that is or may be evidence.
        let ends = |start: Time, by: Time| {
            let known = evidence_before(by).is_none_or(|last| start > last);
            let maybe = possible_until(by).is_none_or(|until| start >= until);
            known && maybe && (evidence_before(by).is_some() || possible_until(by).is_some())
        };
        let shown = self.with_absence(symptom, judged.clone());
        let truth_at = |at: usize| -> Truth {
            let now = self.grid.0[at];
            let earlier = || starts.iter().copied().filter(|start| *start <= now);
            if earlier().any(|start| ends(start, now)) {
                let own = &shown[at].truth;
                return if *own == Truth::True { Truth::False } else { own.clone() };
            }
            let own = &whole.truth[at].truth;
            let Some(last) = evidence_before(now).filter(|_| *own == Truth::True) else { return own.clone() };
            let after = self.grid.between(last.saturating_add_ticks(1), self.grid.0[at + 1]);
            if let Some(hidden) = after.clone().map(|cell| &counter[cell].truth).find(|truth| is_lost(truth)) {
                return hidden.clone();
            }
            if earlier().any(|start| start > last) {
                // It ended, unless what was not visible is evidence.
                let maybe = possible.iter().find(|cell| self.grid.0[**cell + 1] > last.saturating_add_ticks(1));
                return maybe.map_or(own.clone(), |cell| judged[*cell].truth.clone());
            }
            own.clone()
        };
        let mut truth: Timeline =
            (0..self.grid.cells()).map(|at| Cell { truth: truth_at(at), ..whole.truth[at].clone() }).collect();
        let runs: Vec<(Cell, Time, Time)> =
            self.grid.runs(&truth).into_iter().map(|(cell, from, to)| (cell.clone(), from, to)).collect();
        for (cell, from, to) in runs {
            let inside = self.grid.between(from, to);
            let first = cell.first.max(from);
            let last = truth[inside.clone()].iter().map(|cell| cell.last).max().unwrap().min(to).max(first);
            for at in inside {
                (truth[at].first, truth[at].last) = (first, last);
            }
        }
        let ended: Vec<Time> = starts.iter().copied().filter(|start| ends(*start, *start)).collect();
        // Only the first after a piece of evidence ends something.
        let is_first = |at: &Time| {
            let earlier = ended.iter().filter(|other| *other < at);
            earlier.max().is_none_or(|before| {
                evidence_before(*at) > evidence_before(*before) || possible_until(*at) > possible_until(*before)
            })
        };
        let ends = ended.iter().copied().filter(is_first).collect();
        Course { ends, ..self.bounded(index, entity, truth) }
    }
}
