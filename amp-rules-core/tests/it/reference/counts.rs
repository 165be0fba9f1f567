//! Counts of lines and events, absence and streaks, from the definitions.
//!
//! Input: the counts per bin of an entity. Output: a [`Timeline`]. A failure that may be exempt may count.

use std::time::Duration;

use amp_rules_core::Entity;
use amp_rules_core::diagnosis::UnknownReason;
use amp_rules_core::plan::{Need, Part};
use amp_rules_core::rules::model::{AbsentMeans, Lasts, Setting, SymptomKind};
use amp_rules_core::rules::rule_set::RuleSymptom;
use amp_rules_core::telemetry::source::data::CountCell;
use amp_rules_core::telemetry::source::{Answer, AnswerData};
use amp_rules_core::time::{Time, duration_of, ticks_of};

use super::occurrences::Wanted;
use super::properties::Counts;
use super::symptoms::Reference;
use super::timeline::{Cell, Timeline, Truth};

/// The count of a bin, and whether it certainly counts.
pub(crate) type Counted = (CountCell, bool);

/// The sum of the counts that certainly count, or of all that may.
fn sum(cells: &[Counted], certain_only: bool) -> f64 {
    cells.iter().filter(|(_, certain)| *certain || !certain_only).map(|(cell, _)| cell.count as f64).sum()
}

impl Reference<'_> {
    pub(crate) fn cells(&self, need: &Need, entity: &Entity) -> Result<Vec<CountCell>, UnknownReason> {
        let AnswerData::Counts(counts) = &self.answer(need)?.data else { unreachable!("the request was for counts") };
        Ok(counts.cells.iter().filter(|cell| cell.entity == *entity).cloned().collect())
    }

    /// The counts of an entity without exempt failures, each with whether it certainly counts.
    pub(crate) fn counting(
        &self,
        symptom: &RuleSymptom,
        need: &Need,
        entity: &Entity,
    ) -> Result<Vec<Counted>, UnknownReason> {
        let watched = symptom.watches.map(|at| &self.rules.symptoms[at]);
        let cells = self.occurrences(watched.unwrap_or(symptom), need, entity)?;
        let Some(grace) = &symptom.symptom.startup_grace else {
            return Ok(cells.into_iter().map(|cell| (cell, true)).collect());
        };
        let counts = self.exempted(&cells, entity, self.duration(grace));
        let kept = cells.into_iter().zip(counts).filter(|(_, counts)| *counts != Counts::No);
        Ok(kept.map(|(cell, counts)| (cell, counts == Counts::Yes)).collect())
    }

    /// What a symptom counts at an entity, and its truth without `lasts`; `None` if nothing could be counted.
    pub(crate) fn judged_counts(&self, index: usize, entity: &Entity) -> Option<(Vec<Counted>, Timeline)> {
        let symptom = &self.rules.symptoms[index];
        let (at_least, within) = match &symptom.symptom.kind {
            SymptomKind::Log { at_least, within, .. } | SymptomKind::Event { at_least, within, .. } => {
                (self.number(at_least), within.as_ref())
            }
            SymptomKind::Repeats { at_least, within, .. } => (self.number(at_least), Some(within)),
            _ => return None,
        };
        let need = Need::Symptom(index, Part::Main);
        let cells = self.counting(symptom, &need, entity).ok()?;
        let (cells, planned) = self.without_planned(index, entity, cells);
        // One row does not repeat, whatever it weighs.
        let least_rows = if symptom.watches.is_some() { 2 } else { 1 };
        let mask = self.mask(&need, entity);
        let uncertain = planned.or(&Truth::unknown(UnknownReason::NotIngestedYet));
        let judged = match within {
            Some(within) if at_least > 1.0 => {
                let wanted = Wanted { at_least, least_rows, within: self.duration(within) };
                self.runs(&cells, &mask, &uncertain, &wanted)
            }
            _ => self.judged_lines(&cells, &mask, self.bin(&need), at_least, &uncertain),
        };
        Some((cells, judged))
    }

    /// The truth of a symptom that counts, with `lasts` and `absent_means`.
    pub(crate) fn counted(&self, index: usize, entity: &Entity, within: Option<&Setting>, at_least: f64) -> Timeline {
        let symptom = &self.rules.symptoms[index];
        let need = Need::Symptom(index, Part::Main);
        let Some((_, judged)) = self.judged_counts(index, entity) else {
            let reason = self.cells(&need, entity).err().unwrap_or(UnknownReason::Unobservable);
            return self.grid.constant(Truth::unknown(reason));
        };
        let bin = self.bin(&need);
        // A run is true up to its last row, a bin to its end.
        let width = within.filter(|_| at_least > 1.0).map_or(bin, |_| duration_of(1));
        let lasting = self.lasting(symptom, entity, judged, width);
        self.with_absence(symptom, lasting)
    }

    fn judged_lines(
        &self,
        cells: &[Counted],
        mask: &Timeline,
        bin: Duration,
        at_least: f64,
        uncertain: &Truth,
    ) -> Timeline {
        let grid = &self.grid;
        let visible = self.before_watermark(mask);
        let hidden = grid.mapped(&visible, |truth| if *truth == Truth::True { Truth::False } else { truth.clone() });
        let (total, most) = (sum(cells, true), sum(cells, false));
        if at_least > 1.0 {
            // The whole window is counted once.
            let unknown = grid.overall(&hidden);
            grid.constant(match (total >= at_least, most >= at_least) {
                (true, _) => Truth::True,
                (false, true) => unknown.or(uncertain),
                (false, false) => unknown,
            })
        } else {
            let mut possible_and_certain = [grid.constant(Truth::False), grid.constant(Truth::False)];
            for (cell, certain) in cells {
                for at in grid.between(cell.bin, cell.bin.saturating_add(bin)) {
                    let truth = if *certain { Truth::True } else { uncertain.clone() };
                    let known = &possible_and_certain[usize::from(*certain)][at];
                    let first = if known.truth == truth { known.first } else { cell.first };
                    possible_and_certain[usize::from(*certain)][at] = Cell { truth, first, last: cell.last };
                }
            }
            let [possible, certain] = possible_and_certain.map(|timeline| grid.merged(timeline));
            grid.or(&grid.or(&hidden, &certain), &possible)
        }
    }

    /// Each true or unknown period extended as `lasts` says.
    fn lasting(&self, symptom: &RuleSymptom, entity: &Entity, mut timeline: Timeline, width: Duration) -> Timeline {
        let grid = &self.grid;
        if let Some(Lasts::For(setting)) = &symptom.symptom.lasts {
            let lasting = self.duration(setting);
            let mut out = grid.constant(Truth::False);
            for (cell, from, to) in grid.runs(&timeline).into_iter().filter(|(cell, _, _)| cell.truth != Truth::False) {
                let end = to.saturating_sub(width).saturating_add(lasting).max(to);
                out = grid.or(&out, &grid.span(from, end, &cell.truth, cell.first, cell.last.max(end.min(grid.end()))));
            }
            timeline = out;
        }
        if let Some(Lasts::UntilRestart) = &symptom.symptom.lasts {
            let starts = self.starts(entity);
            let mut out = grid.constant(Truth::False);
            for (cell, from, to) in grid.runs(&timeline).into_iter().filter(|(cell, _, _)| cell.truth != Truth::False) {
                let end = starts.iter().copied().find(|start| *start >= to).unwrap_or(grid.end());
                out = grid.or(&out, &grid.span(from, end, &cell.truth, cell.first, cell.last.max(end)));
            }
            timeline = out;
        }
        timeline
    }

    /// A timeline with the truth that `absent_means` gives to the time without evidence.
    pub(crate) fn with_absence(&self, symptom: &RuleSymptom, timeline: Timeline) -> Timeline {
        let grid = &self.grid;
        match symptom.symptom.absent_means {
            AbsentMeans::False => timeline,
            AbsentMeans::Silence => grid.mapped(&timeline, |truth| {
                if *truth == Truth::False { Truth::unknown(UnknownReason::Silent) } else { truth.clone() }
            }),
            AbsentMeans::Unknown => grid.mapped(&timeline, |truth| {
                if *truth == Truth::False {
                    Truth::unknown(UnknownReason::NotEmitted(symptom.symptom.name.clone()))
                } else {
                    truth.clone()
                }
            }),
        }
    }

    /// True over gaps between the bins with data that are long enough and were visible.
    pub(crate) fn absent(&self, need: &Need, entity: &Entity, lasting: Duration) -> Timeline {
        let grid = &self.grid;
        let present: Vec<Time> = match self.answer(need) {
            Err(reason) => return grid.constant(Truth::unknown(reason)),
            Ok(Answer { data: AnswerData::Series(_), .. }) => {
                self.points(need, entity).unwrap().iter().map(|point| point.bin).collect()
            }
            Ok(_) => self.cells(need, entity).unwrap().iter().map(|cell| cell.bin).collect(),
        };
        let (bin, mask) = (self.bin(need), self.mask(need, entity));
        let long = |from: Time, to: Time| to.ticks_since(from) >= ticks_of(lasting);
        let mut timeline = grid.constant(Truth::False);
        let ends = present.iter().map(|at| (*at).min(self.watermark)).chain([self.watermark]);
        let starts = [grid.start()].into_iter().chain(present.iter().map(|at| at.saturating_add(bin)));
        for (from, to) in starts.zip(ends).filter(|(from, to)| from < to && long(*from, *to)) {
            let visible: Vec<(Time, Time)> = grid
                .runs(&mask)
                .into_iter()
                .filter(|(cell, _, _)| cell.truth == Truth::True)
                .map(|(_, start, end)| (start.max(from), end.min(to)))
                .filter(|(start, end)| start < end && long(*start, *end))
                .collect();
            // The part of a gap that was not visible may have had data.
            let inside = grid.runs(&mask).into_iter().filter(|(_, start, end)| *end > from && *start < to);
            let hidden = Truth::any(inside.map(|(cell, _, _)| &cell.truth).filter(|truth| **truth != Truth::True));
            let until = if to == self.watermark { grid.end() } else { to };
            timeline = grid.or(&timeline, &grid.span(from, until, &hidden, from, to));
            for (start, end) in visible {
                let until = if end == self.watermark { grid.end() } else { end };
                timeline = grid.or(&timeline, &grid.span(start, until, &Truth::True, start, end));
            }
        }
        timeline
    }

    /// Streaks of failures between successes.
    pub(crate) fn persists(
        &self,
        symptom: &RuleSymptom,
        entity: &Entity,
        lasting: Duration,
        at_least: f64,
    ) -> Timeline {
        let grid = &self.grid;
        let need = Need::Symptom(symptom.watches.unwrap(), Part::Main);
        let failures = match self.counting(symptom, &need, entity) {
            Ok(cells) => cells,
            Err(reason) => return grid.constant(Truth::unknown(reason)),
        };
        let (bin, mask) = (self.bin(&need), self.before_watermark(&self.mask(&need, entity)));
        let success = symptom
            .without
            .map_or_else(|| grid.constant(Truth::False), |at| self.at_whole(at, &symptom.symptom.per, entity).truth);
        let width = symptom.without.map_or(bin, |at| {
            let need = Need::Symptom(at, Part::Main);
            if self.observations.plan().request_for(&need).is_some() {
                self.bin(&need)
            } else {
                Duration::from_secs(300)
            }
        });
        let successes: Vec<(Time, Time)> = grid
            .runs(&success)
            .into_iter()
            .filter(|(cell, _, _)| cell.truth == Truth::True)
            .map(|(_, from, to)| (from, to))
            .collect();
        let mut bounds = vec![(None, grid.start())];
        bounds.extend(successes.iter().map(|(from, to)| (Some(*from), *to)));
        let mut timeline = grid.constant(Truth::False);
        for (at, (before, from)) in bounds.iter().enumerate() {
            let (before, from) = (*before, *from);
            let to = successes.get(at).map_or(grid.end(), |next| next.0);
            if from >= to {
                continue;
            }
            let has_success = |cell: &CountCell| {
                successes.iter().any(|(start, end)| *start < cell.bin.saturating_add(bin) && *end > cell.bin)
            };
            let between = |cell: &CountCell| cell.bin.saturating_add(bin) > from && cell.bin < to && !has_success(cell);
            let all: Vec<Counted> = failures.iter().filter(|(cell, _)| between(cell)).cloned().collect();
            let inside: Vec<&CountCell> = all.iter().map(|(cell, _)| cell).collect();
            let longest = grid
                .runs(&success)
                .into_iter()
                .filter(|(cell, start, end)| cell.truth == Truth::False && *start < to && *end > from)
                .filter_map(|(_, start, end)| {
                    let certain = all.iter().filter(|(_, certain)| *certain).map(|(cell, _)| cell);
                    let some: Vec<&CountCell> = certain.filter(|cell| cell.first >= start && cell.last < end).collect();
                    let count: f64 = some.iter().map(|cell| cell.count as f64).sum();
                    let (first, last) = (some.first()?.first, some.last()?.last);
                    (count >= at_least && last.ticks_since(first) >= ticks_of(lasting)).then_some((first, last))
                })
                .reduce(|best, one| if one.1.ticks_since(one.0) > best.1.ticks_since(best.0) { one } else { best });
            let bound =
                before.map(|_| to.saturating_add(width).min(grid.end()).ticks_since(from.saturating_sub(width)));
            let enough = sum(&all, false) >= at_least;
            let all_visible = self.is_visible(&mask, from, to.min(self.watermark));
            let is_short = self.observations.plan().scope().window.ticks() < ticks_of(lasting);
            let truth = if longest.is_some() {
                Truth::True
            } else if bound.is_some_and(|bound| bound < ticks_of(lasting)) || (!enough && all_visible) {
                Truth::False
            } else {
                let unknown = |timeline: &Timeline| {
                    Truth::any(grid.between(from, to).map(|at| &timeline[at].truth).filter(|truth| truth.is_unknown()))
                };
                let hidden = unknown(&mask).or(&unknown(&success));
                let otherwise = if is_short || from <= grid.start() {
                    UnknownReason::WindowTooShort
                } else {
                    UnknownReason::NotIngestedYet
                };
                if hidden == Truth::False { Truth::unknown(otherwise) } else { hidden }
            };
            if truth == Truth::False {
                continue;
            }
            let extent = longest.or_else(|| Some((inside.first()?.first, inside.last()?.last)));
            let one = match extent {
                Some((first, last)) => grid.span(first.max(from), last.saturating_add_ticks(1), &truth, first, last),
                None => grid.span(from, to, &truth, from, from),
            };
            timeline = grid.or(&timeline, &one);
        }
        timeline
    }
}
