//! `except_after`: planned occurrences, which do not count.
//!
//! Input: the occurrences of an entity, and those of a marker. Output: the occurrences without those that a marker excuses.
//! Each marker excuses the first one near it that no earlier marker excuses.

use std::collections::BTreeSet;
use std::time::Duration;

use super::bin_count::{BinCount, grouped};
use super::count_cells::{CountCells, cells};
use super::settings::duration;
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::Truth;
use crate::plan::{Need, Part};
use crate::rules::model::ExceptAfter;
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::time::Time;

/// The markers that a `repeats` symptom excepts, read once for all entities.
pub(super) struct Planned<'a> {
    need: Need,
    marker: &'a RuleSymptom,
    cells: Result<CountCells<'a>, UnknownReason>,
    within: Duration,
    tolerance: Duration,
}

impl<'a> Planned<'a> {
    /// The markers of the symptom at an index; `None` if it excepts nothing.
    pub(super) fn new(
        visibility: &Visibility<'a>,
        index: usize,
        symptom: &RuleSymptom,
        except: Option<&ExceptAfter>,
    ) -> Option<Self> {
        let marker = visibility.rules.symptoms.get(symptom.except_after?)?;
        let need = Need::Symptom(index, Part::Marker);
        Some(Self {
            marker,
            cells: cells(visibility, &need),
            need,
            within: duration(visibility, &except?.within),
            tolerance: visibility.rules.schema.defaults.tolerance,
        })
    }

    /// Removes the occurrences of an entity that are planned; one that may be planned gets the lower bound 0. Returns why
    /// that is not known of some; false if it is known of all.
    pub(super) fn except(&self, visibility: &Visibility<'_>, entity: &Entity, counts: &mut Vec<BinCount>) -> Truth {
        let reasons = &visibility.reasons;
        let place = entity.project(visibility.keys_of(&self.marker.symptom.per));
        let cells = match &self.cells {
            Ok(cells) => cells,
            Err(reason) => {
                counts.iter_mut().for_each(|count| count.low = 0.0);
                return Truth::Unknown(reasons.one(reason.clone()));
            }
        };
        let markers = cells.get(&place).into_iter().flatten().flat_map(|cell| BinCount::of_cell(cell)).collect();
        let apart = self.marker.symptom.apart.as_ref().map_or(Duration::ZERO, |apart| duration(visibility, apart));
        let markers: Vec<Time> = grouped(markers, apart).iter().map(|marker| marker.first).collect();
        let visible = visibility.mask(&self.need, &place).frozen_at(visibility.watermark);
        // Why a marker of an occurrence may not have been seen.
        let unseen = |count: &BinCount| {
            let (from, to) = (count.first.saturating_sub(self.within), count.first.saturating_add(self.tolerance));
            let hidden = visible.unknown_between(from, to, reasons);
            if from >= visibility.window.from {
                return hidden;
            }
            hidden.or(Truth::Unknown(reasons.one(UnknownReason::WindowTooShort)), reasons)
        };
        let hidden: Vec<Truth> = counts.iter().map(unseen).collect();
        let times = |keep: &dyn Fn(&BinCount, &Truth) -> bool| -> Vec<(usize, Time)> {
            let all = counts.iter().zip(&hidden).enumerate().filter(|(_, (count, truth))| keep(count, truth));
            all.map(|(at, (count, _))| (at, count.first)).collect()
        };
        let excused = self.excused(&markers, &times(&|_, _| true));
        // Hidden markers may excuse what is near them, and leave the others to the markers that were seen.
        let mut possibly = self.excused(&markers, &times(&|_, truth| truth.is_false()));
        possibly.extend(self.excused(&markers, &times(&|count, truth| truth.is_false() && count.low > 0.0)));
        let mut unknown = Truth::False;
        let all_hidden = Truth::any(hidden.iter().copied(), reasons);
        let mut at = 0;
        counts.retain_mut(|count| {
            let own = hidden.get(at).copied().unwrap_or(Truth::False);
            let (is_excused, may_be) = (excused.contains(&at), !own.is_false() || possibly.contains(&at));
            at += 1;
            if !is_excused && may_be {
                count.low = 0.0;
                unknown = unknown.or(if own.is_false() { all_hidden } else { own }, reasons);
            }
            !is_excused
        });
        unknown
    }

    /// The occurrences that markers excuse. Both are in order of time.
    fn excused(&self, markers: &[Time], occurrences: &[(usize, Time)]) -> BTreeSet<usize> {
        let mut excused = BTreeSet::new();
        for marker in markers {
            let (from, to) = (marker.saturating_sub(self.tolerance), marker.saturating_add(self.within));
            let near = |(at, time): &&(usize, Time)| *time >= from && *time <= to && !excused.contains(at);
            if let Some(&(at, _)) = occurrences.iter().find(near) {
                excused.insert(at);
            }
        }
        excused
    }
}
