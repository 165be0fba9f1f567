//! `sequence` from its definition: every choice of one row per step is tried.
//!
//! Input: the occurrences of each step at an entity. Output: a [`Timeline`].

use std::time::Duration;

use amp_rules_core::Entity;
use amp_rules_core::diagnosis::UnknownReason;
use amp_rules_core::plan::{Need, Part};
use amp_rules_core::rules::model::SequenceStep;
use amp_rules_core::time::{Time, ticks_of};

use super::symptoms::Reference;
use super::timeline::{Timeline, Truth};

/// One row of a step: its instant, how many rows the instant has, and the symptom.
#[derive(Clone, Copy)]
struct Chosen {
    at: Time,
    rows: u64,
    symptom: usize,
}

/// A step with what was seen of it.
struct StepRows {
    negated: bool,
    rows: Vec<Chosen>,
    mask: Timeline,
}

/// How sure a choice is: whatever was hidden, as far as was visible, or in some order of the rows of an instant.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Sure {
    Possible,
    Seen,
    Certain,
}

impl Reference<'_> {
    fn step_need(index: usize, number: usize) -> Need {
        Need::Symptom(index, Part::Step(u32::try_from(number).unwrap()))
    }

    /// True where all steps of a sequence were visible.
    pub(crate) fn visible_steps(&self, index: usize, entity: &Entity) -> Timeline {
        let many = self.rules.symptoms[index].steps.len();
        let masks = (0..many).map(|number| self.before_watermark(&self.mask(&Self::step_need(index, number), entity)));
        masks.reduce(|all, one| self.grid.and(&all, &one)).unwrap()
    }

    pub(crate) fn sequence(&self, index: usize, steps: &[SequenceStep], within: Duration, entity: &Entity) -> Timeline {
        let grid = &self.grid;
        let mut seen = Vec::new();
        for (number, (step, symptom)) in steps.iter().zip(&self.rules.symptoms[index].steps).enumerate() {
            let need = Self::step_need(index, number);
            let cells = match self.cells(&need, entity) {
                Ok(cells) => cells,
                Err(reason) => return grid.constant(Truth::unknown(reason)),
            };
            let instants = cells.iter().flat_map(|cell| &cell.instants);
            let rows = instants.map(|one| Chosen { at: one.at, rows: one.rows, symptom: *symptom });
            let mask = self.before_watermark(&self.mask(&need, entity));
            seen.push(StepRows { negated: step.negated, rows: rows.collect(), mask });
        }
        let near = ticks_of(within);
        let mut found: Vec<(Time, Time, Sure)> = Vec::new();
        for first in &seen[0].rows {
            self.choose(&seen, 0, &mut vec![*first], Sure::Certain, near, &mut found);
        }
        let has_end = steps.last().unwrap().negated;
        let is_open = |from: Time| has_end && from.saturating_add(within) >= self.watermark;
        let of = |keep: &dyn Fn(&(Time, Time, Sure)) -> bool| -> Vec<(Time, Time)> {
            found.iter().filter(|one| keep(one)).map(|(from, to, _)| (*from, *to)).collect()
        };
        let certain = of(&|(from, _, sure)| *sure == Sure::Certain && !is_open(*from));
        let not_over = of(&|(from, _, sure)| *sure >= Sure::Seen && is_open(*from));
        let unordered = of(&|(from, to, _)| {
            !found.iter().any(|(other, end, sure)| other == from && end >= to && *sure >= Sure::Seen)
        });
        let mut timeline = grid.constant(Truth::False);
        let mut cover = |runs: Vec<(Time, Time)>, truth: &Truth| {
            let mut left = runs;
            while let Some((mut first, mut last)) = left.pop() {
                while let Some(at) = left.iter().position(|(from, to)| *from <= last && first <= *to) {
                    let (from, to) = left.swap_remove(at);
                    (first, last) = (first.min(from), last.max(to));
                }
                let one = grid.span(first, last.saturating_add_ticks(1), truth, first, last);
                timeline = grid.or(&timeline, &one);
            }
        };
        cover(certain, &Truth::True);
        cover(not_over, &Truth::unknown(UnknownReason::NotIngestedYet));
        cover(unordered, &Truth::unknown(UnknownReason::SameInstant));
        let hidden = self.visible_steps(index, entity);
        for (cell, from, to) in grid.runs(&hidden).into_iter().filter(|(cell, _, _)| cell.truth != Truth::True) {
            let first = from.saturating_sub(within).max(grid.start());
            let last = to.saturating_add(within).min(grid.end()).saturating_add_ticks(-1);
            cover(vec![(first, last)], &cell.truth);
        }
        timeline
    }

    /// Adds every sequence that begins with the chosen rows.
    fn choose(
        &self,
        steps: &[StepRows],
        place: usize,
        chosen: &mut Vec<Chosen>,
        sure: Sure,
        near: i64,
        found: &mut Vec<(Time, Time, Sure)>,
    ) {
        let (start, before) = (chosen[0].at, *chosen.last().unwrap());
        let next = (place + 1..steps.len()).find(|at| !steps[*at].negated);
        let between = &steps[place + 1..next.unwrap_or(steps.len())];
        let Some(next) = next else {
            let over = start.saturating_add_ticks(near);
            if let Some(clear) = self.clear(between, before, over, None) {
                found.push((start, before.at, least(sure, clear)));
            }
            return;
        };
        for row in steps[next].rows.clone() {
            if row.at < before.at || row.at.ticks_since(start) > near {
                continue;
            }
            let order = if row.at > before.at {
                Sure::Certain
            } else if row.symptom != before.symptom {
                Sure::Possible
            } else {
                let same =
                    steps.iter().filter(|step| !step.negated && step.rows.iter().any(|one| one.symptom == row.symptom));
                match row.rows {
                    ..2 => continue,
                    many if many >= same.count() as u64 => Sure::Certain,
                    _ => Sure::Possible,
                }
            };
            if let Some(clear) = self.clear(between, before, row.at, Some(row)) {
                chosen.push(row);
                self.choose(steps, next, chosen, least(sure, least(order, clear)), near, found);
                chosen.pop();
            }
        }
    }

    /// How sure it is that none of the steps occurs after a row, up to another one or to an instant; `None` if one does.
    fn clear(&self, absent: &[StepRows], from: Chosen, to: Time, next: Option<Chosen>) -> Option<Sure> {
        let mut sure = Sure::Certain;
        for step in absent {
            for row in step.rows.iter().filter(|row| row.at >= from.at && row.at <= to) {
                let is_at = |end: &Chosen| row.at == end.at;
                let is_own = |end: &Chosen| is_at(end) && row.rows == 1 && row.symptom == end.symptom;
                if is_own(&from) || next.as_ref().is_some_and(is_own) {
                    continue;
                }
                if !is_at(&from) && !next.as_ref().is_some_and(is_at) {
                    return None;
                }
                sure = Sure::Possible;
            }
            if !self.is_visible(&step.mask, from.at, to.saturating_add_ticks(1)) {
                sure = least(sure, Sure::Seen);
            }
        }
        Some(sure)
    }
}

fn least(one: Sure, other: Sure) -> Sure {
    if one <= other { one } else { other }
}
