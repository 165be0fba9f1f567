//! What shows a symptom: its number with the threshold, and rows.
//!
//! Input: the timelines of symptoms. Output: [`Evidence`].

use std::collections::BTreeSet;

use super::citation::citations;
use crate::diagnosis::Evidence;
use crate::evaluate::causality::CausalAnalysis;
use crate::evaluate::entities::{EntitySet, Visibility};
use crate::evaluate::instances::Patterns;
use crate::evaluate::symptoms::{SymptomTimeline, limit_of};
use crate::rules::model::{Setting, SymptomKind};
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Comparison;
use crate::unit::{Dimension, Unit};

/// Collects the evidence of symptoms, by index.
pub(crate) struct EvidenceCollector<'a> {
    patterns: &'a Patterns<'a>,
}

impl<'a> EvidenceCollector<'a> {
    pub(crate) fn new(analysis: &'a CausalAnalysis<'a>) -> Self {
        Self { patterns: &analysis.patterns }
    }

    fn visibility(&self) -> &Visibility<'a> {
        self.patterns.visibility()
    }

    /// The evidence of a symptom at entities that are related to the given ones; `None` if it holds at none of them.
    pub(super) fn of_holding(&self, symptom: usize, entities: &[Entity]) -> Option<Evidence> {
        let reasons = &self.visibility().reasons;
        self.of_matching(symptom, entities, |one| one.timeline.overall(reasons).is_true())
    }

    /// The evidence of a symptom at entities that are related to the given ones, whether or not it holds; `None` if it holds at
    /// none of them and no number is known.
    pub(crate) fn of_known(&self, symptom: usize, entities: &[Entity]) -> Option<Evidence> {
        let known = self.of_matching(symptom, entities, |one| one.value.is_some());
        known.or_else(|| self.of_holding(symptom, entities))
    }

    /// The evidence of a symptom that counts, without anything counted: 0 of the threshold. `None` for any other symptom.
    pub(crate) fn of_nothing(&self, symptom: usize) -> Option<Evidence> {
        let rule = self.visibility().rules.symptoms.get(symptom)?;
        let nothing = || Evidence { value: Some(0.0), citations: Vec::new(), ..self.evidence(symptom, rule, &[]) };
        is_count(&rule.symptom.kind).then(nothing)
    }

    fn of_matching(
        &self,
        symptom: usize,
        entities: &[Entity],
        test: impl Fn(&SymptomTimeline) -> bool,
    ) -> Option<Evidence> {
        let rule = self.visibility().rules.symptoms.get(symptom)?;
        let timelines = self.patterns.symptom_timelines(symptom);
        let set = EntitySet::without_groups(entities);
        let mut matching = timelines.entities.matching(test);
        matching.retain(|(entity, _)| set.has_related(entity));
        (!matching.is_empty()).then(|| self.evidence(symptom, rule, &matching))
    }

    fn evidence(&self, symptom: usize, rule: &RuleSymptom, timelines: &[(&Entity, &SymptomTimeline)]) -> Evidence {
        let visibility = self.visibility();
        let (threshold, unit) = self.threshold(&rule.symptom.kind);
        let is_upper_bound = matches!(threshold, Some((Comparison::Below | Comparison::AtMost, _)));
        let values = timelines.iter().filter_map(|(_, one)| one.value);
        // Counts of entities add up; of other numbers the strongest is shown.
        let value = if is_count(&rule.symptom.kind) {
            values.reduce(|a, b| a + b)
        } else if is_upper_bound {
            values.reduce(f64::min)
        } else {
            values.reduce(f64::max)
        };
        // A number for the whole window has no time.
        let dated = timelines.iter().filter(|(_, one)| !one.timeline.is_timeless());
        let segments = dated.flat_map(|(_, one)| one.timeline.segments());
        let holding = segments.filter(|segment| segment.truth.is_true());
        let entities: BTreeSet<&Entity> = timelines.iter().map(|(entity, _)| *entity).collect();
        Evidence {
            pattern: visibility.rules.pattern_id(rule.pattern).to_owned(),
            symptom: rule.symptom.name.clone(),
            value,
            threshold,
            unit,
            first: holding.clone().map(|segment| segment.first).min(),
            last: holding.map(|segment| segment.last).max().map(|last| last.min(visibility.window.to)),
            citations: citations(visibility, symptom, &entities),
            weak: rule.symptom.weak,
        }
    }

    /// The threshold of a symptom in this run, and the unit of its number.
    fn threshold(&self, kind: &SymptomKind) -> (Option<(Comparison, f64)>, Unit) {
        let visibility = self.visibility();
        let at_least = |setting: &Setting| {
            visibility.plan.value(setting).map(|quantity| (Comparison::AtLeast, quantity.in_base()))
        };
        match kind {
            SymptomKind::Metric { threshold, .. }
            | SymptomKind::Ratio { threshold, .. }
            | SymptomKind::Query { threshold, .. } => {
                (limit_of(visibility, threshold).map(|limit| (limit.comparison, limit.limit)), threshold.unit)
            }
            SymptomKind::Log { at_least: count, .. }
            | SymptomKind::Event { at_least: count, .. }
            | SymptomKind::Repeats { at_least: count, .. } => (at_least(count), Unit::COUNT),
            SymptomKind::Property { at_least: count, .. } => {
                (Some((Comparison::AtLeast, f64::from(*count))), Unit::COUNT)
            }
            SymptomKind::Persists { lasting, .. } | SymptomKind::Absent { lasting, .. } => {
                (at_least(lasting), Unit::base(Dimension::Seconds))
            }
            SymptomKind::Drop { share, .. } => (at_least(share), Unit::RATIO),
            SymptomKind::Ceases { .. } | SymptomKind::Sequence { .. } => (None, Unit::COUNT),
        }
    }
}

/// Whether a symptom counts, so that its numbers at several entities add up.
fn is_count(kind: &SymptomKind) -> bool {
    matches!(kind, SymptomKind::Log { .. } | SymptomKind::Event { .. } | SymptomKind::Repeats { .. })
}
