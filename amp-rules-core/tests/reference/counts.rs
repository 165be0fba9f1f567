//! Counts of lines and events, absence and streaks, from the definitions.
//!
//! Input: what was counted in each bin of an entity. Output: a [`Track`]. A failure that a start may excuse perhaps counts.

use std::time::Duration;

use amp_rules_core::Entity;
use amp_rules_core::diagnosis::UnknownReason;
use amp_rules_core::plan::{Need, Part};
use amp_rules_core::rules::model::{AbsentMeans, Lasts, Setting};
use amp_rules_core::rules::rule_set::RuleSymptom;
use amp_rules_core::telemetry::source::data::CountCell;
use amp_rules_core::telemetry::source::{Answer, AnswerData};
use amp_rules_core::time::{Time, ticks_of};

use crate::latest::Counts;
use crate::symptoms::Reference;
use crate::track::{Cell, Track, Truth};

/// What was counted in a bin, and whether it surely counts.
pub(crate) type Counted = (CountCell, bool);

/// How many were counted: those that surely count, or all that may.
fn counted(cells: &[Counted], surely: bool) -> f64 {
    cells.iter().filter(|(_, sure)| *sure || !surely).map(|(cell, _)| cell.count as f64).sum()
}

impl Reference<'_> {
    pub(crate) fn cells(&self, need: &Need, entity: &Entity) -> Result<Vec<CountCell>, UnknownReason> {
        let AnswerData::Counts(counts) = &self.answer(need)?.data else { unreachable!("lines and rows are counted") };
        Ok(counts.cells.iter().filter(|cell| cell.entity == *entity).cloned().collect())
    }

    /// What counts of an entity, each with whether it surely does: some failures are excused by a start.
    pub(crate) fn counting(
        &self,
        symptom: &RuleSymptom,
        need: &Need,
        entity: &Entity,
    ) -> Result<Vec<Counted>, UnknownReason> {
        let cells = self.cells(need, entity)?;
        let Some(grace) = &symptom.symptom.startup_grace else {
            return Ok(cells.into_iter().map(|cell| (cell, true)).collect());
        };
        let counts = self.excused(&cells, entity, self.duration(grace));
        let kept = cells.into_iter().zip(counts).filter(|(_, counts)| *counts != Counts::No);
        Ok(kept.map(|(cell, counts)| (cell, counts == Counts::Yes)).collect())
    }

    #[expect(clippy::too_many_arguments, reason = "a count has this many parts")]
    pub(crate) fn counted(
        &self,
        symptom: &RuleSymptom,
        entity: &Entity,
        cells: &[Counted],
        mask: &Track,
        bin: Duration,
        at_least: f64,
        within: Option<&Setting>,
    ) -> Track {
        let grid = &self.grid;
        let seen = self.before_watermark(mask);
        let unseen = grid.mapped(&seen, |truth| if *truth == Truth::True { Truth::False } else { truth.clone() });
        let (total, could) = (counted(cells, true), counted(cells, false));
        let perhaps = Truth::open(UnknownReason::NotIngestedYet);
        // What is counted more finely for the sake of starts is judged on bins of a third of the time all the same.
        let third = |within: &Setting| (self.duration(within) / 3).max(Duration::from_secs(60));
        let width = within.filter(|_| at_least > 1.0).map_or(bin, third);
        let mut track = if at_least <= 1.0 || within.is_none() {
            if total < at_least && at_least > 1.0 {
                let blind = grid.overall(&unseen);
                grid.whole(if could >= at_least { blind.or(&perhaps) } else { blind })
            } else {
                let mut said = [grid.whole(Truth::False), grid.whole(Truth::False)];
                for (cell, sure) in cells {
                    for at in grid.between(cell.bin, cell.bin.saturating_add(bin)) {
                        let truth = if *sure { Truth::True } else { perhaps.clone() };
                        said[usize::from(*sure)][at] = Cell { truth, first: cell.first, last: cell.last };
                    }
                }
                let [maybe, said] = said.map(|track| grid.settled(track));
                grid.or(&grid.or(&unseen, &said), &maybe)
            }
        } else {
            let mut cells = cells.to_vec();
            cells.iter_mut().for_each(|(cell, _)| cell.bin = cell.bin.floor(width));
            self.runs_of_three(&cells, &seen, width, at_least)
        };
        if let Some(Lasts::For(setting)) = &symptom.symptom.lasts {
            let lasting = self.duration(setting);
            let mut out = grid.whole(Truth::False);
            for (cell, from, to) in grid.runs(&track).into_iter().filter(|(cell, _, _)| cell.truth != Truth::False) {
                let end = to.saturating_sub(width).saturating_add(lasting).max(to);
                out = grid
                    .or(&out, &grid.stretch(from, end, &cell.truth, cell.first, cell.last.max(end.min(grid.end()))));
            }
            track = out;
        }
        if let Some(Lasts::UntilRestart) = &symptom.symptom.lasts {
            let starts = self.starts(entity);
            let mut out = grid.whole(Truth::False);
            for (cell, from, to) in grid.runs(&track).into_iter().filter(|(cell, _, _)| cell.truth != Truth::False) {
                let end = starts.iter().copied().find(|start| *start >= to).unwrap_or(grid.end());
                out = grid.or(&out, &grid.stretch(from, end, &cell.truth, cell.first, cell.last.max(end)));
            }
            track = out;
        }
        match symptom.symptom.absent_means {
            AbsentMeans::False => track,
            AbsentMeans::Silence => grid.mapped(&track, |truth| {
                if *truth == Truth::False { Truth::open(UnknownReason::Silent) } else { truth.clone() }
            }),
            AbsentMeans::Unknown => grid.mapped(&track, |truth| {
                if *truth == Truth::False {
                    Truth::open(UnknownReason::NotEmitted(symptom.symptom.name.clone()))
                } else {
                    truth.clone()
                }
            }),
        }
    }

    /// `at_least n within d`: bins of a third of d, every run of three.
    pub(crate) fn runs_of_three(&self, cells: &[Counted], seen: &Track, bin: Duration, at_least: f64) -> Track {
        let grid = &self.grid;
        let mut bins: Vec<Time> = Vec::new();
        let mut at = grid.start().floor(bin);
        while at < grid.end() {
            bins.push(at);
            at = at.saturating_add(bin);
        }
        let doubts: Vec<Truth> = bins
            .iter()
            .map(|start| {
                let inside = grid.between(*start, start.saturating_add(bin)).map(|at| &seen[at].truth);
                inside.filter(|truth| **truth != Truth::True).fold(Truth::False, |sum, one| sum.or(one))
            })
            .collect();
        let mut judged: Vec<(Truth, Option<(Time, Time)>)> = vec![(Truth::False, None); bins.len()];
        for start in 0..bins.len() {
            let run = start..bins.len().min(start + 3);
            let all: Vec<Counted> =
                cells.iter().filter(|(cell, _)| bins[run.clone()].contains(&cell.bin)).cloned().collect();
            let inside: Vec<&CountCell> = all.iter().filter(|(_, sure)| *sure).map(|(cell, _)| cell).collect();
            let (count, could) = (counted(&all, true), counted(&all, false));
            let blind = doubts[run.clone()].iter().fold(Truth::False, |sum, one| sum.or(one));
            let perhaps = blind == Truth::False && could >= at_least;
            let doubt = if perhaps { Truth::open(UnknownReason::NotIngestedYet) } else { blind };
            if count >= at_least {
                let (first, last) = (inside[0], inside[inside.len() - 1]);
                for place in run.filter(|place| bins[*place] >= first.bin && bins[*place] <= last.bin) {
                    let known = judged[place].1.unwrap_or((first.first, last.last));
                    judged[place] = (Truth::True, Some((known.0.min(first.first), known.1.max(last.last))));
                }
            } else if doubt != Truth::False {
                for place in run.filter(|place| judged[*place].0 != Truth::True).collect::<Vec<_>>() {
                    judged[place].0 = judged[place].0.or(&doubt);
                }
            }
        }
        let mut track = grid.whole(Truth::False);
        for (start, (truth, evidence)) in bins.iter().zip(judged) {
            let (first, last) = evidence.unwrap_or((*start, *start));
            for at in grid.between(*start, start.saturating_add(bin)) {
                track[at] = Cell { truth: truth.clone(), first, last };
            }
        }
        grid.settled(track)
    }

    pub(crate) fn absent(&self, need: &Need, entity: &Entity, lasting: Duration) -> Track {
        let grid = &self.grid;
        let present: Vec<Time> = match self.answer(need) {
            Err(reason) => return grid.whole(Truth::open(reason)),
            Ok(Answer { data: AnswerData::Series(_), .. }) => {
                self.points(need, entity).unwrap().iter().map(|point| point.bin).collect()
            }
            Ok(_) => self.cells(need, entity).unwrap().iter().map(|cell| cell.bin).collect(),
        };
        let (bin, mask) = (self.bin(need), self.mask(need, entity));
        let long = |from: Time, to: Time| to.ticks_since(from) >= ticks_of(lasting);
        let mut track = grid.whole(Truth::False);
        let ends = present.iter().map(|at| (*at).min(self.watermark)).chain([self.watermark]);
        let starts = [grid.start()].into_iter().chain(present.iter().map(|at| at.saturating_add(bin)));
        for (from, to) in starts.zip(ends).filter(|(from, to)| from < to && long(*from, *to)) {
            let seen: Vec<(Time, Time)> = grid
                .runs(&mask)
                .into_iter()
                .filter(|(cell, _, _)| cell.truth == Truth::True)
                .map(|(_, start, end)| (start.max(from), end.min(to)))
                .filter(|(start, end)| start < end && long(*start, *end))
                .collect();
            // Where part of the gap could not be seen, something may have been there.
            let blind = grid.runs(&mask).into_iter().filter(|(_, start, end)| *end > from && *start < to);
            let doubt = blind
                .filter(|(cell, _, _)| cell.truth != Truth::True)
                .fold(Truth::False, |sum, one| sum.or(&one.0.truth));
            let until = if to == self.watermark { grid.end() } else { to };
            track = grid.or(&track, &grid.stretch(from, until, &doubt, from, to));
            for (start, end) in seen {
                let until = if end == self.watermark { grid.end() } else { end };
                track = grid.or(&track, &grid.stretch(start, until, &Truth::True, start, end));
            }
        }
        track
    }

    /// Streaks between successes.
    pub(crate) fn persists(&self, symptom: &RuleSymptom, entity: &Entity, lasting: Duration, at_least: f64) -> Track {
        let grid = &self.grid;
        let need = Need::Symptom(symptom.watches.unwrap(), Part::Main);
        let failures = match self.counting(symptom, &need, entity) {
            Ok(cells) => cells,
            Err(reason) => return grid.whole(Truth::open(reason)),
        };
        let (bin, mask) = (self.bin(&need), self.before_watermark(&self.mask(&need, entity)));
        let success =
            symptom.without.map_or_else(|| grid.whole(Truth::False), |at| self.at(at, &symptom.symptom.per, entity));
        let width = symptom.without.map_or(bin, |at| {
            let need = Need::Symptom(at, Part::Main);
            if self.seen.plan().request_for(&need).is_some() { self.bin(&need) } else { Duration::from_secs(300) }
        });
        let sure: Vec<(Time, Time)> = grid
            .runs(&success)
            .into_iter()
            .filter(|(cell, _, _)| cell.truth == Truth::True)
            .map(|(_, from, to)| (from, to))
            .collect();
        let mut bounds = vec![(None, grid.start())];
        bounds.extend(sure.iter().map(|(from, to)| (Some(*from), *to)));
        let mut track = grid.whole(Truth::False);
        for (at, (before, from)) in bounds.iter().enumerate() {
            let (before, from) = (*before, *from);
            let to = sure.get(at).map_or(grid.end(), |next| next.0);
            if from >= to {
                continue;
            }
            let mixed = |cell: &CountCell| {
                sure.iter().any(|(start, end)| *start < cell.bin.saturating_add(bin) && *end > cell.bin)
            };
            let between = |cell: &CountCell| cell.bin.saturating_add(bin) > from && cell.bin < to && !mixed(cell);
            let all: Vec<Counted> = failures.iter().filter(|(cell, _)| between(cell)).cloned().collect();
            let inside: Vec<&CountCell> = all.iter().map(|(cell, _)| cell).collect();
            let longest = grid
                .runs(&success)
                .into_iter()
                .filter(|(cell, start, end)| cell.truth == Truth::False && *start < to && *end > from)
                .filter_map(|(_, start, end)| {
                    let sure = all.iter().filter(|(_, sure)| *sure).map(|(cell, _)| cell);
                    let some: Vec<&CountCell> = sure.filter(|cell| cell.first >= start && cell.last < end).collect();
                    let count: f64 = some.iter().map(|cell| cell.count as f64).sum();
                    let (first, last) = (some.first()?.first, some.last()?.last);
                    (count >= at_least && last.ticks_since(first) >= ticks_of(lasting)).then_some((first, last))
                })
                .reduce(|best, one| if one.1.ticks_since(one.0) > best.1.ticks_since(best.0) { one } else { best });
            let bound =
                before.map(|_| to.saturating_add(width).min(grid.end()).ticks_since(from.saturating_sub(width)));
            let enough = counted(&all, false) >= at_least;
            let all_seen = self.covers(&mask, from, to.min(self.watermark));
            let is_short = self.seen.plan().scope().window.ticks() < ticks_of(lasting);
            let truth = if longest.is_some() {
                Truth::True
            } else if bound.is_some_and(|bound| bound < ticks_of(lasting)) || (!enough && all_seen) {
                Truth::False
            } else {
                let open = |track: &Track| {
                    grid.between(from, to)
                        .map(|at| &track[at].truth)
                        .filter(|truth| truth.is_open())
                        .fold(Truth::False, |sum, one| sum.or(one))
                };
                let doubt = open(&mask).or(&open(&success));
                let plain = if is_short || from <= grid.start() {
                    UnknownReason::WindowTooShort
                } else {
                    UnknownReason::NotIngestedYet
                };
                if doubt == Truth::False { Truth::open(plain) } else { doubt }
            };
            if truth == Truth::False {
                continue;
            }
            let extent = longest.or_else(|| Some((inside.first()?.first, inside.last()?.last)));
            let one = match extent {
                Some((first, last)) => grid.stretch(first.max(from), last.saturating_add_ticks(1), &truth, first, last),
                None => grid.stretch(from, to, &truth, from, from),
            };
            track = grid.or(&track, &one);
        }
        track
    }
}
