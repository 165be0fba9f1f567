//! Counts of log lines and of event rows: `log`, `event`, and `repeats` of either.

use super::absent_means::truth_if_absent;
use super::bin_count::{BinCount, grouped};
use super::count_cells::cells;
use super::count_threshold::{CountThreshold, Judged};
use super::lasts::apply_lasts;
use super::per_entity::{entities_without_column, per_entity, unknown};
use super::planned::Planned;
use super::settings::{bin_width, duration, number};
use super::startup_grace::{apply_startup_grace, uncertain_exemption};
use super::symptom_timeline::{Occurrences, SymptomTimeline, SymptomTimelines};
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Timeline, Truth};
use crate::plan::{DEFAULT_BIN, Need};
use crate::rules::model::{AbsentMeans, Setting, SymptomKind};
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Condition;
use crate::telemetry::source::data::CountCell;

/// The counts of an entity by the `apart` of the symptom whose lines or rows are `counted`, without those that the
/// `startup_grace` of the symptom itself exempts.
pub(super) fn counts_of(
    visibility: &Visibility<'_>,
    symptom: &RuleSymptom,
    counted: &RuleSymptom,
    entity: &Entity,
    cells: Option<&Vec<&CountCell>>,
) -> Vec<BinCount> {
    let mut counts: Vec<BinCount> = cells.into_iter().flatten().flat_map(|cell| BinCount::of_cell(cell)).collect();
    if let Some(apart) = &counted.symptom.apart {
        counts = grouped(counts, duration(visibility, apart));
    }
    apply_startup_grace(visibility, symptom, entity, &mut counts);
    counts
}

/// What a symptom counts, and how many it needs.
pub(super) struct Counting<'a> {
    pub(super) need: &'a Need,
    /// The symptom whose lines or rows are counted: itself, or the one that `repeats` watches.
    pub(super) counted: &'a RuleSymptom,
    pub(super) at_least: &'a Setting,
    pub(super) within: Option<&'a Setting>,
    /// The smallest number of rows that is enough, whatever they weigh.
    pub(super) least_rows: u64,
    /// The markers of planned occurrences.
    pub(super) planned: Option<Planned<'a>>,
}

/// The timelines of a symptom that counts lines or rows.
pub(super) fn line_count_timelines(
    visibility: &Visibility<'_>,
    symptom: &RuleSymptom,
    counting: &Counting<'_>,
) -> SymptomTimelines {
    let Counting { need, counted, .. } = counting;
    let filter: &[Condition] = match &counted.symptom.kind {
        SymptomKind::Log { lines, .. } => &lines.filter,
        SymptomKind::Event { filter, .. } => filter,
        _ => &[],
    };
    let cells = match cells(visibility, need) {
        Ok(cells) => cells,
        Err(reason) => return unknown(visibility, symptom, reason, filter),
    };
    let threshold = CountThreshold {
        at_least: number(visibility, counting.at_least),
        within: counting.within.map(|within| duration(visibility, within)),
        least_rows: counting.least_rows,
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
        let mut counts = counts_of(visibility, symptom, counted, entity, own);
        let uncertain = match &counting.planned {
            Some(planned) => planned.except(visibility, entity, &mut counts),
            None => Truth::False,
        };
        let uncertain = uncertain.or(uncertain_exemption(visibility, symptom, entity), &visibility.reasons);
        let mask = visibility.mask(need, entity);
        let judged = Judged { visibility, counts: &counts, mask: &mask, uncertain };
        count_timeline(symptom, entity, &judged, threshold)
    })
}

/// Counts of one entity judged by a threshold, extended by `lasts`, with `absent_means` where they are false.
pub(super) fn count_timeline(
    symptom: &RuleSymptom,
    entity: &Entity,
    counted: &Judged<'_, '_>,
    threshold: CountThreshold,
) -> SymptomTimeline {
    let Judged { visibility, counts, .. } = *counted;
    let judged = threshold.timeline(counted);
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
            shown: with_absence(judged.clone()),
            judged,
            // Instants are finer than any bin; they are compared with other symptoms as if judged in bins of the usual width.
            bin: if threshold.is_judged_by_instants() { DEFAULT_BIN } else { threshold.bin },
        }
    });
    SymptomTimeline { timeline: with_absence(lasting), value: (total > 0.0).then_some(total), occurrences }
}
