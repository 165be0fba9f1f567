//! Counts of log lines and of event rows: `log`, `event`, and `repeats` of either.

use std::collections::BTreeMap;

use super::absent_means::truth_if_absent;
use super::bin_count::BinCount;
use super::count_threshold::CountThreshold;
use super::lasts::apply_lasts;
use super::per_entity::{entities_without_column, per_entity, unknown};
use super::settings::{bin_width, duration, number};
use super::startup_grace::{apply_startup_grace, uncertain_exemption};
use super::symptom_timeline::{Occurrences, SymptomTimeline, SymptomTimelines};
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Timeline, Truth};
use crate::plan::Need;
use crate::rules::model::{AbsentMeans, Setting};
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Condition;
use crate::telemetry::source::AnswerData;
use crate::telemetry::source::data::CountCell;

/// The cells of a counting need by entity.
pub(super) fn cells<'a>(
    visibility: &Visibility<'a>,
    need: &Need,
) -> Result<BTreeMap<&'a Entity, Vec<&'a CountCell>>, UnknownReason> {
    let answer = visibility.answer(need)?;
    let AnswerData::Counts(counts) = &answer.data else { return Err(UnknownReason::Unobservable) };
    let mut cells: BTreeMap<&Entity, Vec<&CountCell>> = BTreeMap::new();
    for cell in &counts.cells {
        cells.entry(&cell.entity).or_default().push(cell);
    }
    Ok(cells)
}

/// The counts of an entity, without those that `startup_grace` exempts.
pub(super) fn counts_of(
    visibility: &Visibility<'_>,
    symptom: &RuleSymptom,
    entity: &Entity,
    cells: Option<&Vec<&CountCell>>,
) -> Vec<BinCount> {
    let mut counts = cells.into_iter().flatten().map(|cell| BinCount::exact(cell)).collect();
    apply_startup_grace(visibility, symptom, entity, &mut counts);
    counts
}

/// The timelines of a symptom that counts lines or rows.
pub(super) fn line_count_timelines(
    visibility: &Visibility<'_>,
    symptom: &RuleSymptom,
    need: &Need,
    filter: &[Condition],
    at_least: &Setting,
    within: Option<&Setting>,
) -> SymptomTimelines {
    let cells = match cells(visibility, need) {
        Ok(cells) => cells,
        Err(reason) => return unknown(visibility, symptom, reason, filter),
    };
    let threshold = CountThreshold {
        at_least: number(visibility, at_least),
        within: within.map(|within| duration(visibility, within)),
        bin: bin_width(visibility, need),
    };
    let missing_columns = visibility.answer(need).map(|answer| answer.missing_columns.as_slice()).unwrap_or_default();
    let mut with_data = entities_without_column(visibility, symptom, missing_columns);
    with_data.extend(cells.keys().map(|entity| (*entity).clone()));
    per_entity(visibility, symptom, with_data, filter, |entity| {
        let own = cells.get(entity);
        let missing = missing_columns.iter().find(|(other, _)| other == entity).filter(|_| own.is_none());
        if let Some((_, column)) = missing {
            let reason = UnknownReason::NotCarried(column.clone());
            return SymptomTimeline::constant(visibility, Truth::Unknown(visibility.reasons.one(reason)));
        }
        let counts = counts_of(visibility, symptom, entity, own);
        count_timeline(visibility, symptom, entity, &counts, &visibility.mask(need, entity), threshold)
    })
}

/// Counts of one entity judged by a threshold, extended by `lasts`, with `absent_means` where they are false.
pub(super) fn count_timeline(
    visibility: &Visibility<'_>,
    symptom: &RuleSymptom,
    entity: &Entity,
    counts: &[BinCount],
    mask: &Timeline,
    threshold: CountThreshold,
) -> SymptomTimeline {
    let uncertain = uncertain_exemption(visibility, symptom, entity);
    let judged = threshold.timeline(visibility, counts, mask, uncertain);
    let lasts = symptom.symptom.lasts.as_ref();
    let bin = threshold.judged_bin();
    let lasting = apply_lasts(visibility, lasts, entity, judged.clone(), bin);
    let with_absence = |timeline: Timeline| match symptom.symptom.absent_means {
        AbsentMeans::False => timeline,
        AbsentMeans::Silence | AbsentMeans::Unknown => {
            let absent = truth_if_absent(visibility, symptom.symptom.absent_means, || symptom.symptom.name.clone());
            timeline.map(|truth| if truth.is_false() { absent } else { truth })
        }
    };
    let total: f64 = counts.iter().map(|count| count.low).sum();
    let occurrences = symptom.ends_when.is_some().then(|| {
        let certain = counts.iter().filter(|count| count.low > 0.0);
        Occurrences {
            evidence: certain.map(|count| (count.first, count.last)).collect(),
            hidden: judged
                .spans()
                .filter(|(segment, _)| segment.truth.is_unknown())
                .map(|(segment, end)| (segment.from, end))
                .collect(),
            judged: with_absence(judged),
            bin,
        }
    });
    SymptomTimeline { timeline: with_absence(lasting), value: (total > 0.0).then_some(total), occurrences }
}
