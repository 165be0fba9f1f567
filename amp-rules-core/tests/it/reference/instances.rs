//! Instances of patterns, from the definitions.
//!
//! Input: a [`Reference`]. Output: an [`Instance`] per pattern and entity.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use amp_rules_core::Entity;
use amp_rules_core::diagnosis::UnknownReason;
use amp_rules_core::plan::UserReport;
use amp_rules_core::rules::model::{Class, Flow, SeriesSpec, SymptomKind};
use amp_rules_core::rules::rule_set::Resolved;
use amp_rules_core::time::{Time, ticks_of};

use super::course::Course;
use super::episodes::Episode;
use super::symptoms::Reference;
use super::timeline::Truth;

/// A pattern at an entity.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) pattern: usize,
    pub(crate) entity: Entity,
    pub(crate) course: Course,
    pub(crate) truth: Truth,
    /// The periods in which it holds; one without a time if it is only reported.
    pub(crate) episodes: Vec<Episode>,
    /// The widest bin of the numbers that its condition reads.
    pub(crate) grain: Duration,
    /// Whether the last episode may still last.
    pub(crate) active: bool,
    pub(crate) reported: bool,
    /// Since when, as reported.
    pub(crate) since: Option<Time>,
    /// Whether it is more than noise.
    pub(crate) escalated: Truth,
}

impl Instance {
    /// When an episode can have started: a number stands for its bin, so a bin is added on both sides.
    pub(crate) fn bounds(&self, episode: usize) -> Vec<(Time, Time)> {
        let grain = ticks_of(self.grain);
        let readings = self.episodes[episode].readings.iter();
        readings.map(|(lo, hi)| (lo.saturating_add_ticks(-grain), hi.saturating_add_ticks(grain))).collect()
    }
}

pub(crate) fn is_quiet(truth: &Truth) -> bool {
    matches!(truth, Truth::Unknown(reasons) if reasons.iter().all(|reason| matches!(reason, UnknownReason::Silent | UnknownReason::Unobservable)))
}

impl Reference<'_> {
    pub(crate) fn condition(&self, when: &Resolved, kind: &str, entity: &Entity) -> Course {
        let each = |parts: &[Resolved]| parts.iter().map(|part| self.condition(part, kind, entity)).collect::<Vec<_>>();
        match when {
            Resolved::Symptom(index) => self.at(*index, kind, entity),
            Resolved::Pattern(index) => self.pattern_at(*index, kind, entity),
            Resolved::All(parts) => self.grid.all(&each(parts)),
            Resolved::Any(parts) => self.grid.any(&each(parts)),
            Resolved::Not(part) => self.grid.not(&self.condition(part, kind, entity)),
            Resolved::AtLeast { count, of } => self.grid.some_of(&each(of), f64::from(*count)),
            Resolved::Requires { that, then } => {
                self.grid.all(&[self.condition(that, kind, entity), self.condition(then, kind, entity)])
            }
        }
    }

    pub(crate) fn pattern(&self, index: usize, entity: &Entity) -> Course {
        let rule = &self.rules.patterns[index];
        match &rule.when {
            Some(when) => self.condition(when, &rule.pattern.scope, entity),
            None => Course::plain(self.grid.constant(Truth::unknown(UnknownReason::Unobservable))),
        }
    }

    pub(crate) fn pattern_at(&self, index: usize, kind: &str, entity: &Entity) -> Course {
        let scope = &self.rules.patterns[index].pattern.scope;
        if scope == kind || !self.rules.schema.contains(kind, scope) {
            return self.pattern(index, &entity.project(&self.keys(scope)));
        }
        self.pattern_below(index, entity)
    }

    /// A pattern at an entity coarser than its scope.
    pub(crate) fn pattern_below(&self, index: usize, entity: &Entity) -> Course {
        let finer: Vec<Course> = self
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
                let course = if in_scope || own.is_empty() {
                    self.pattern(index, &entity)
                } else {
                    self.pattern_below(index, &entity)
                };
                all.push(self.instance(index, entity, course, &own));
            }
        }
        all
    }

    /// The instance of a course. A reported complaint holds if telemetry does not decide.
    fn instance(&self, pattern: usize, entity: Entity, course: Course, reports: &[&UserReport]) -> Instance {
        let rule = &self.rules.patterns[pattern];
        let truth = self.grid.overall(&course.truth);
        let reported = !reports.is_empty() && truth.is_unknown() && rule.pattern.class.can_be_reported();
        let mut episodes = match truth {
            Truth::True => self.episodes(&course),
            _ if reported => vec![Episode::without_time()],
            _ => Vec::new(),
        };
        for episode in &mut episodes {
            episode.escalated = match &rule.noise_unless {
                Some(when) => {
                    let escalation = self.condition(when, &rule.pattern.scope, &entity).truth;
                    // A part without a time may hold at any time at which nothing with a time holds.
                    let has_no_time = |at: &usize| {
                        course.truth[*at].truth == Truth::True && course.timed().truth[*at].truth != Truth::True
                    };
                    let within = self.grid.between(episode.from, episode.to);
                    let counts = within.chain((0..self.grid.cells()).filter(has_no_time));
                    Truth::any(counts.map(|at| &escalation[at].truth))
                }
                None if rule.pattern.class == Class::Benign => Truth::False,
                None => Truth::True,
            };
        }
        let active = if reported {
            reports.iter().any(|report| report.until.is_none_or(|until| until >= self.watermark))
        } else {
            episodes.last().is_some_and(|last| self.may_last(&course, last))
        };
        let escalated = match episodes.last() {
            Some(last) if active => last.escalated.clone(),
            Some(_) => Truth::any(episodes.iter().map(|episode| &episode.escalated)),
            None => Truth::True,
        };
        Instance {
            grain: rule.when.as_ref().map_or(Duration::ZERO, |when| self.grain(when)),
            since: reports.iter().filter_map(|report| report.since).min().filter(|_| reported),
            truth: if reported { Truth::True } else { truth },
            pattern,
            entity,
            course,
            episodes,
            active,
            reported,
            escalated,
        }
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
}
