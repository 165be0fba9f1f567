//! Instances of patterns, from the definitions.
//!
//! Input: a [`Reference`]. Output: an [`Instance`] per pattern and entity.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use amp_rules_core::Entity;
use amp_rules_core::diagnosis::UnknownReason;
use amp_rules_core::rules::model::{Class, Flow, SeriesSpec, SymptomKind};
use amp_rules_core::rules::rule_set::Resolved;
use amp_rules_core::time::{Time, ticks_of};

use super::symptoms::Reference;
use super::timeline::{Timeline, Truth};

/// A pattern at an entity.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) pattern: usize,
    pub(crate) entity: Entity,
    pub(crate) timeline: Timeline,
    pub(crate) truth: Truth,
    /// The earliest possible onset, and the first evidence.
    pub(crate) onset: (Time, Time),
    /// The widest bin of the numbers that its condition reads.
    pub(crate) grain: Duration,
    /// The last evidence.
    pub(crate) last: Time,
    pub(crate) active: bool,
    pub(crate) reported: bool,
    pub(crate) escalated: Truth,
}

impl Instance {
    /// When it can have started: a number stands for its bin, so a bin is added on both sides.
    pub(crate) fn onset_bounds(&self) -> (Time, Time) {
        (
            self.onset.0.saturating_add_ticks(-ticks_of(self.grain)),
            self.onset.1.saturating_add_ticks(ticks_of(self.grain)),
        )
    }

    pub(crate) fn first_seen(&self) -> Time {
        if self.reported { Time::MIN } else { self.onset.1 }
    }
}

pub(crate) fn is_quiet(truth: &Truth) -> bool {
    matches!(truth, Truth::Unknown(reasons) if reasons.iter().all(|reason| matches!(reason, UnknownReason::Silent | UnknownReason::Unobservable)))
}

impl Reference<'_> {
    pub(crate) fn condition(&self, when: &Resolved, kind: &str, entity: &Entity) -> Timeline {
        let grid = &self.grid;
        let each = |parts: &[Resolved]| parts.iter().map(|part| self.condition(part, kind, entity)).collect::<Vec<_>>();
        match when {
            Resolved::Symptom(index) => self.at(*index, kind, entity),
            Resolved::Pattern(index) => self.pattern_at(*index, kind, entity),
            Resolved::All(parts) => each(parts).iter().fold(grid.constant(Truth::True), |sum, one| grid.and(&sum, one)),
            Resolved::Any(parts) => each(parts).iter().fold(grid.constant(Truth::False), |sum, one| grid.or(&sum, one)),
            Resolved::Not(part) => grid.mapped(&self.condition(part, kind, entity), Truth::not),
            Resolved::AtLeast { count, of } => grid.at_least(&each(of), f64::from(*count)),
            Resolved::Requires { that, then } => {
                grid.and(&self.condition(that, kind, entity), &self.condition(then, kind, entity))
            }
        }
    }

    pub(crate) fn pattern(&self, index: usize, entity: &Entity) -> Timeline {
        let rule = &self.rules.patterns[index];
        match &rule.when {
            Some(when) => self.condition(when, &rule.pattern.scope, entity),
            None => self.grid.constant(Truth::unknown(UnknownReason::Unobservable)),
        }
    }

    pub(crate) fn pattern_at(&self, index: usize, kind: &str, entity: &Entity) -> Timeline {
        let scope = &self.rules.patterns[index].pattern.scope;
        if scope == kind || !self.rules.schema.contains(kind, scope) {
            return self.pattern(index, &entity.project(&self.keys(scope)));
        }
        self.pattern_below(index, entity)
    }

    /// A pattern at an entity coarser than its scope.
    pub(crate) fn pattern_below(&self, index: usize, entity: &Entity) -> Timeline {
        let finer: Vec<Timeline> = self
            .entities(index)
            .into_iter()
            .filter(|finer| finer.is_within(entity))
            .map(|finer| self.pattern(index, &finer))
            .collect();
        if finer.is_empty() {
            return self.pattern(index, &Entity::default());
        }
        self.rolled_up(amp_rules_core::rules::model::Rollup::Any, &finer)
    }

    /// The entities with an instance of a pattern.
    pub(crate) fn entities(&self, index: usize) -> BTreeSet<Entity> {
        let pattern = &self.rules.patterns[index].pattern;
        let applies = |entity: &Entity| {
            pattern.applies_to.iter().all(|(key, values)| {
                entity.value(key).is_none_or(|own| values.iter().any(|value| value.eq_ignore_ascii_case(own)))
            })
        };
        self.all_entities(&pattern.scope).into_iter().filter(applies).collect()
    }

    pub(crate) fn instances(&self) -> Vec<Instance> {
        let scope = self.observations.plan().scope();
        let mut all = Vec::new();
        for (index, rule) in self.rules.patterns.iter().enumerate() {
            let named = |entity: &BTreeMap<String, String>| {
                Entity::new(
                    entity
                        .iter()
                        .filter(|(key, _)| !scope.subject.contains_key(*key))
                        .map(|(key, value)| (key.clone(), value.clone())),
                )
            };
            let reports: Vec<_> = scope
                .reports
                .iter()
                .filter(|report| report.pattern == rule.pattern.id)
                .map(|report| (named(&report.entity), report))
                .collect();
            let mut entities = self.entities(index);
            entities.extend(reports.iter().map(|(entity, _)| entity.clone()));
            for entity in entities {
                let own: Vec<_> =
                    reports.iter().filter(|(other, _)| *other == entity).map(|(_, report)| *report).collect();
                let in_scope = self.keys(&rule.pattern.scope).iter().all(|key| entity.value(key).is_some());
                let timeline = if in_scope || own.is_empty() {
                    self.pattern(index, &entity)
                } else {
                    self.pattern_below(index, &entity)
                };
                let mut one = self.instance(index, entity, timeline);
                if !own.is_empty() && one.truth.is_unknown() && rule.pattern.class == Class::Complaint {
                    one.truth = Truth::True;
                    one.reported = true;
                    one.onset = (Time::MIN, Time::MAX);
                    one.last = Time::MAX;
                    one.active = own.iter().any(|report| report.until.is_none_or(|until| until >= self.watermark));
                }
                one.escalated = match &rule.noise_unless {
                    Some(when) if one.truth == Truth::True => {
                        self.grid.overall(&self.condition(when, &rule.pattern.scope, &one.entity))
                    }
                    None if rule.pattern.class == Class::Benign => Truth::False,
                    _ => Truth::True,
                };
                all.push(one);
            }
        }
        all
    }

    pub(crate) fn freshness(&self) -> Duration {
        let cadence = self
            .rules
            .schema
            .tables
            .values()
            .flat_map(|table| table.heartbeats.iter().map(|beat| beat.every))
            .max()
            .unwrap();
        (cadence * 2).max(Duration::from_secs(600)).max(self.rules.schema.defaults.merge_gap)
    }

    /// The time in ticks between an instant and the watermark, without periods in which data was lost.
    fn visible_since(&self, timeline: &Timeline, last: Time) -> i64 {
        let lost = |truth: &Truth| {
            let Truth::Unknown(reasons) = truth else { return false };
            reasons.iter().any(|reason| {
                ["missing_table", "denied", "timeout", "source_error", "truncated", "channel_dead"]
                    .iter()
                    .any(|word| reason.to_string().starts_with(word))
            })
        };
        let overlap = |from: Time, to: Time| to.min(self.watermark).ticks_since(from.max(last)).max(0);
        let lost_ticks: i64 = self
            .grid
            .runs(timeline)
            .iter()
            .filter(|run| lost(&run.0.truth))
            .map(|(_, from, to)| overlap(*from, *to))
            .sum();
        self.watermark.ticks_since(last) - lost_ticks
    }

    fn grain(&self, when: &Resolved) -> Duration {
        let bin = |series: &SeriesSpec| series.steps.last().and_then(|step| step.every).unwrap_or(Duration::ZERO);
        let each = |of: &[Resolved]| of.iter().map(|one| self.grain(one)).max().unwrap_or(Duration::ZERO);
        match when {
            Resolved::Symptom(index) => {
                let one = &self.rules.symptoms[*index];
                let watched =
                    [one.watches, one.without].into_iter().flatten().map(|at| self.grain(&Resolved::Symptom(at)));
                let own = match &one.symptom.kind {
                    SymptomKind::Metric { series, .. } => bin(series),
                    SymptomKind::Ratio { of, to, .. } => bin(of).max(bin(to)),
                    SymptomKind::Drop { flow: Flow::Series(_), every, .. }
                    | SymptomKind::Ceases { flow: Flow::Series(_), every } => *every,
                    _ => Duration::ZERO,
                };
                watched.max().unwrap_or(Duration::ZERO).max(own)
            }
            Resolved::Pattern(index) => {
                self.rules.patterns[*index].when.as_ref().map_or(Duration::ZERO, |when| self.grain(when))
            }
            Resolved::All(of) | Resolved::Any(of) | Resolved::AtLeast { of, .. } => each(of),
            Resolved::Not(one) => self.grain(one),
            Resolved::Requires { that, then } => self.grain(that).max(self.grain(then)),
        }
    }

    /// The instance of a timeline. True periods at most `merge_gap` apart are one episode; the last episode counts.
    pub(crate) fn instance(&self, pattern: usize, entity: Entity, timeline: Timeline) -> Instance {
        let defaults = &self.rules.schema.defaults;
        let truth = self.grid.overall(&timeline);
        let mut onset = (Time::MIN, Time::MAX);
        let (mut last, mut ended, mut false_until) = (Time::MIN, Time::MIN, Time::MIN);
        for (cell, from, to) in self.grid.runs(&timeline) {
            match cell.truth {
                Truth::False => false_until = to,
                Truth::Unknown(_) => {}
                Truth::True => {
                    let end = cell.last.min(to).max(from);
                    if ended == Time::MIN || from.ticks_since(ended) > ticks_of(defaults.merge_gap) {
                        let earliest = if false_until == Time::MIN {
                            Time::MIN
                        } else {
                            false_until.saturating_sub(defaults.flush)
                        };
                        onset = (earliest, cell.first.max(earliest));
                    }
                    (last, ended) = (end, to);
                }
            }
        }
        let active = truth == Truth::True && self.visible_since(&timeline, last) <= ticks_of(self.freshness());
        let grain = self.rules.patterns[pattern].when.as_ref().map_or(Duration::ZERO, |when| self.grain(when));
        Instance {
            pattern,
            entity,
            timeline,
            truth,
            onset,
            grain,
            last,
            active,
            reported: false,
            escalated: Truth::True,
        }
    }
}
