//! Occurrences by their instants: `apart`, `except_after`, and `at_least n within d`, from the definitions.
//!
//! Input: the count cells of an entity. Output: its occurrences, and a [`Timeline`].

use std::time::Duration;

use amp_rules_core::Entity;
use amp_rules_core::diagnosis::UnknownReason;
use amp_rules_core::plan::{Need, Part};
use amp_rules_core::rules::model::SymptomKind;
use amp_rules_core::rules::rule_set::RuleSymptom;
use amp_rules_core::telemetry::source::data::CountCell;
use amp_rules_core::time::{Time, ticks_of};

use super::counts::Counted;
use super::symptoms::Reference;
use super::timeline::{Cell, Timeline, Truth};

/// How much is enough.
pub(crate) struct Wanted {
    pub(crate) at_least: f64,
    pub(crate) least_rows: u64,
    pub(crate) within: Duration,
}

impl Reference<'_> {
    /// The occurrences at an entity, each as a cell of one instant; or the cells themselves if they list no instants.
    pub(crate) fn occurrences(
        &self,
        counted: &RuleSymptom,
        need: &Need,
        entity: &Entity,
    ) -> Result<Vec<CountCell>, UnknownReason> {
        let mut out: Vec<CountCell> = Vec::new();
        for cell in self.cells(need, entity)? {
            if cell.instants.is_empty() {
                out.push(cell);
                continue;
            }
            let listed: u64 = cell.instants.iter().map(|one| one.weight).sum();
            let half = cell.instants.len() / 2;
            for (at, one) in cell.instants.iter().enumerate() {
                if at == half && listed < cell.count {
                    // What lies between the listed ends.
                    let (first, last) = (cell.instants[at - 1].at, one.at);
                    out.push(CountCell { count: cell.count - listed, first, last, instants: vec![], ..cell.clone() });
                }
                let instants = vec![*one];
                out.push(CountCell { count: one.weight, first: one.at, last: one.at, instants, ..cell.clone() });
            }
        }
        let Some(apart) = &counted.symptom.apart else { return Ok(out) };
        let apart = ticks_of(self.duration(apart));
        let mut groups: Vec<CountCell> = Vec::new();
        while !out.is_empty() {
            let first = out[0].first;
            let group: Vec<CountCell> = out.extract_if(.., |cell| cell.first.ticks_since(first) < apart).collect();
            let count = group.iter().map(|cell| cell.count).max().unwrap();
            groups.push(CountCell { count, first, last: first, instants: Vec::new(), ..group[0].clone() });
        }
        Ok(groups)
    }

    /// The occurrences without planned ones, and why that is not known of some. One that may be planned may count.
    pub(crate) fn without_planned(&self, index: usize, entity: &Entity, cells: Vec<Counted>) -> (Vec<Counted>, Truth) {
        let symptom = &self.rules.symptoms[index];
        let SymptomKind::Repeats { except_after: Some(except), .. } = &symptom.symptom.kind else {
            return (cells, Truth::False);
        };
        let marker = &self.rules.symptoms[symptom.except_after.unwrap()];
        let place = entity.project(&self.keys(&marker.symptom.per));
        let need = Need::Symptom(index, Part::Marker);
        let markers: Vec<Time> = match self.occurrences(marker, &need, &place) {
            Ok(markers) => markers.iter().map(|marker| marker.first).collect(),
            Err(reason) => {
                let unknown = cells.into_iter().map(|(cell, _)| (cell, false)).collect();
                return (unknown, Truth::unknown(reason));
            }
        };
        let (within, tolerance) = (self.duration(&except.within), self.rules.schema.defaults.tolerance);
        let visible = self.before_watermark(&self.mask(&need, &place));
        let unseen: Vec<Truth> = cells
            .iter()
            .map(|(cell, _)| {
                let (from, to) = (cell.first.saturating_sub(within), cell.first.saturating_add(tolerance));
                let around = self.grid.runs(&visible).into_iter().filter(|(_, start, end)| *end > from && *start < to);
                let hidden = Truth::any(around.map(|(cell, _, _)| &cell.truth).filter(|truth| **truth != Truth::True));
                let is_cut = from < self.grid.start();
                if is_cut { hidden.or(&Truth::unknown(UnknownReason::WindowTooShort)) } else { hidden }
            })
            .collect();
        let excused = |of: &dyn Fn(usize) -> bool| -> Vec<usize> {
            let mut excused = Vec::new();
            for marker in &markers {
                let (from, to) = (marker.saturating_sub(tolerance), marker.saturating_add(within));
                let near = |at: &usize| cells[*at].0.first >= from && cells[*at].0.first <= to;
                let free = (0..cells.len()).filter(|at| of(*at) && !excused.contains(at)).find(near);
                excused.extend(free);
            }
            excused
        };
        let certainly = excused(&|_| true);
        let seen = |at: usize| unseen[at] == Truth::False;
        let possibly = [excused(&seen), excused(&|at| seen(at) && cells[at].1)].concat();
        let all_unseen = Truth::any(&unseen);
        let mut why = Truth::False;
        let mut kept = Vec::new();
        for (at, (cell, certain)) in cells.iter().enumerate().filter(|(at, _)| !certainly.contains(at)) {
            let may_be = !seen(at) || possibly.contains(&at);
            if may_be {
                why = why.or(if seen(at) { &all_unseen } else { &unseen[at] });
            }
            kept.push((cell.clone(), *certain && !may_be));
        }
        (kept, why)
    }

    /// `at_least n within d`: every pair of occurrences is the first and last of a run if it is near enough and there is
    /// enough between them.
    pub(crate) fn runs(&self, cells: &[Counted], mask: &Timeline, uncertain: &Truth, wanted: &Wanted) -> Timeline {
        let grid = &self.grid;
        let near = ticks_of(wanted.within);
        let rows = |cell: &CountCell| cell.instants.first().map_or(1, |one| one.rows);
        let runs_of = |some: &[&CountCell]| -> Vec<(Time, Time)> {
            let mut runs = Vec::new();
            for from in 0..some.len() {
                for to in from..some.len() {
                    let run = &some[from..=to];
                    let is_near = some[to].last.ticks_since(some[from].first) <= near;
                    let weight: f64 = run.iter().map(|cell| cell.count as f64).sum();
                    let many: u64 = run.iter().map(|cell| rows(cell)).sum();
                    if is_near && weight >= wanted.at_least && many >= wanted.least_rows {
                        runs.push((some[from].first, some[to].last));
                    }
                }
            }
            runs
        };
        let certain: Vec<&CountCell> = cells.iter().filter(|(_, certain)| *certain).map(|(cell, _)| cell).collect();
        let all: Vec<&CountCell> = cells.iter().map(|(cell, _)| cell).collect();
        let visible = self.before_watermark(mask);
        let mut timeline = grid.mapped(&visible, |truth| match truth {
            Truth::True => Truth::False,
            hidden => hidden.clone(),
        });
        for at in (0..grid.cells()).filter(|at| visible[*at].truth == Truth::True) {
            timeline[at].truth = self.completed_by_hidden(&all, &visible, at, near);
        }
        let mut cover = |runs: Vec<(Time, Time)>, truth: &Truth| {
            for (cell, now) in timeline.iter_mut().zip(&grid.0) {
                let around: Vec<_> = runs.iter().filter(|(from, to)| from <= now && now <= to).collect();
                if around.is_empty() {
                    continue;
                }
                // The evidence is that of all runs that overlap.
                let (mut first, mut last) = *around[0];
                while let Some(more) =
                    runs.iter().find(|(from, to)| *from <= last && first <= *to && (*from < first || *to > last))
                {
                    (first, last) = (first.min(more.0), last.max(more.1));
                }
                *cell = Cell { truth: cell.truth.or(truth), first, last };
            }
        };
        if cells.iter().any(|(_, certain)| !certain) {
            cover(runs_of(&all), uncertain);
        }
        cover(runs_of(&certain), &Truth::True);
        grid.merged(timeline)
    }

    /// Why a visible instant may be in a run that occurrences in a hidden stretch complete; false if it is in none.
    fn completed_by_hidden(&self, all: &[&CountCell], visible: &Timeline, at: usize, near: i64) -> Truth {
        let grid = &self.grid;
        let is_hidden = |at: &usize| visible[*at].truth != Truth::True;
        let before = (0..at).rev().find(is_hidden).map(|cell| (grid.0[cell + 1], &visible[cell].truth));
        let after = (at + 1..grid.cells()).find(is_hidden).map(|cell| (grid.0[cell], &visible[cell].truth));
        let now = grid.0[at];
        let mut why = Truth::False;
        if let Some((start, truth)) = after {
            let from = before.map_or(Time::MIN, |(end, _)| end);
            if all.iter().any(|cell| cell.first >= from && cell.first <= now && start.ticks_since(cell.first) <= near) {
                why = why.or(truth);
            }
        }
        if let Some((end, truth)) = before {
            let to = after.map_or(Time::MAX, |(start, _)| start);
            if all.iter().any(|cell| cell.last >= now && cell.last < to && cell.last.ticks_since(end) < near) {
                why = why.or(truth);
            }
        }
        if let (Some((end, one)), Some((start, other))) = (before, after)
            && start.ticks_since(end) < near
        {
            why = why.or(one).or(other);
        }
        why
    }
}
