//! `drop` and `ceases`: a flow of rows or of a metric that falls or stops.
//!
//! Input: the flow per bin. Output: timelines.

use std::collections::BTreeMap;

use super::ceases::ceases_timeline;
use super::drop::drop_timeline;
use super::flow_bins::Flow;
use super::per_entity::{per_entity, unknown};
use super::settings::number;
use super::symptom_timeline::{SymptomTimeline, SymptomTimelines};
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::plan::Need;
use crate::rules::model::{self, SymptomKind};
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Condition;
use crate::telemetry::source::AnswerData;
use crate::time::Time;

pub(super) fn flow_timelines(visibility: &Visibility<'_>, symptom: &RuleSymptom, need: &Need) -> SymptomTimelines {
    let (flow, every) = match &symptom.symptom.kind {
        SymptomKind::Drop { flow, every, .. } | SymptomKind::Ceases { flow, every } => (flow, *every),
        _ => return unknown(visibility, symptom, UnknownReason::Unobservable, &[]),
    };
    let (filter, table): (&[Condition], &str) = match flow {
        model::Flow::Rows { filter, table, .. } => (filter, table),
        model::Flow::Series(spec) => (&spec.filter, &spec.table),
    };
    let answer = match visibility.answer(need) {
        Ok(answer) => answer,
        Err(reason) => return unknown(visibility, symptom, reason, filter),
    };
    let mut flows: BTreeMap<&Entity, BTreeMap<Time, f64>> = BTreeMap::new();
    match &answer.data {
        AnswerData::Counts(counts) => {
            for cell in &counts.cells {
                *flows.entry(&cell.entity).or_default().entry(cell.bin).or_default() += cell.count as f64;
            }
        }
        AnswerData::Series(points) => {
            for point in points {
                *flows.entry(&point.entity).or_default().entry(point.bin.floor(every)).or_default() += point.value;
            }
        }
        AnswerData::Properties(_) | AnswerData::Inventory(_) | AnswerData::Unmatched(_) | AnswerData::Table(_) => {}
    }
    let no_flow = BTreeMap::new();
    let with_data = flows.keys().map(|entity| (*entity).clone()).collect();
    per_entity(visibility, symptom, with_data, filter, |entity| {
        let mut visible = visibility.complete(answer, table, entity);
        if !visibility.inventory.is_fully_known() {
            // While no channel shows that the entity exists, the lack of a flow means nothing.
            visible = visible.and(&visibility.activity(entity), &visibility.reasons);
        }
        let other_channels = visibility.activity_except(table, entity);
        let values = flows.get(entity).unwrap_or(&no_flow);
        let flow = Flow { values, every, visible: &visible, other_channels: &other_channels };
        match &symptom.symptom.kind {
            SymptomKind::Drop { share, baseline_bins, .. } => {
                drop_timeline(visibility, &flow, number(visibility, share), *baseline_bins)
            }
            _ => SymptomTimeline::new(ceases_timeline(visibility, &flow), None),
        }
    })
}
