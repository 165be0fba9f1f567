//! How exactly times are known: how coarse numbers are, and whether a thing was seen to be over.
//!
//! Input: rules, and truth over time. Output: durations and yes or no. What was not seen is never taken for an end.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::visibility::Visibility;
use crate::evaluate::timeline::{Timeline, Truth};
use crate::rules::model::{Flow, SeriesSpec, SymptomKind};
use crate::rules::rule_set::{Resolved, RulePattern, RuleSet};
use crate::time::{Time, ticks_of};

/// The widest bin of numbers that a pattern's condition reads; nothing where it reads lines and rows alone.
///
/// A line has an instant. A number stands for its bin: what it shows may have begun anywhere within, or after the last
/// sample of the bin before.
pub(crate) fn grain(rules: &RuleSet, rule: &RulePattern) -> Duration {
    let mut most = Duration::ZERO;
    let mut work: Vec<&Resolved> = rule.when.iter().collect();
    let mut patterns = BTreeSet::new();
    while let Some(when) = work.pop() {
        match when {
            Resolved::Symptom(index) => most = most.max(grain_of(rules, *index)),
            Resolved::Pattern(index) => {
                let known = !patterns.insert(*index);
                work.extend(rules.patterns.get(*index).filter(|_| !known).and_then(|other| other.when.as_ref()));
            }
            Resolved::All(of) | Resolved::Any(of) | Resolved::AtLeast { of, .. } => work.extend(of),
            Resolved::Not(one) => work.push(one),
            Resolved::Requires { that, then } => work.extend([that.as_ref(), then.as_ref()]),
        }
    }
    most
}

fn grain_of(rules: &RuleSet, symptom: usize) -> Duration {
    let last_bin = |series: &SeriesSpec| series.steps.last().and_then(|step| step.every).unwrap_or_default();
    let Some(one) = rules.symptoms.get(symptom) else { return Duration::ZERO };
    match &one.symptom.kind {
        SymptomKind::Metric { series, .. } => last_bin(series),
        SymptomKind::Ratio { of, to, .. } => last_bin(of).max(last_bin(to)),
        SymptomKind::Drop { flow: Flow::Series(_), every, .. }
        | SymptomKind::Ceases { flow: Flow::Series(_), every } => *every,
        SymptomKind::Repeats { .. } | SymptomKind::Persists { .. } => {
            let watched = [one.watches, one.without];
            watched.into_iter().flatten().map(|at| grain_of(rules, at)).max().unwrap_or_default()
        }
        SymptomKind::Drop { flow: Flow::Rows { .. }, .. }
        | SymptomKind::Ceases { flow: Flow::Rows { .. }, .. }
        | SymptomKind::Log { .. }
        | SymptomKind::Property { .. }
        | SymptomKind::Absent { .. }
        | SymptomKind::Event { .. }
        | SymptomKind::Query { .. } => Duration::ZERO,
    }
}

impl Visibility<'_> {
    /// Whether what held last at an instant is still so for all that was seen since: it is over once it was seen not to be
    /// so for longer than counts as now. Stretches that were lost do not count.
    pub(crate) fn may_go_on(&self, steps: &Timeline, last: Time) -> bool {
        let lost: i64 = steps
            .spans()
            .filter(|(segment, _)| self.is_lost(segment.truth))
            .map(|(segment, end)| end.min(self.watermark).ticks_since(segment.from.max(last)).max(0))
            .sum();
        self.watermark.ticks_since(last).saturating_sub(lost) <= ticks_of(self.freshness())
    }

    /// Whether a truth is unknown because telemetry that might be there was not to be had.
    fn is_lost(&self, truth: Truth) -> bool {
        let Truth::Unknown(reasons) = truth else { return false };
        self.reasons.list(reasons).iter().any(|reason| match reason {
            UnknownReason::MissingTable(_)
            | UnknownReason::Denied(_)
            | UnknownReason::Timeout(_)
            | UnknownReason::SourceError(..)
            | UnknownReason::Truncated(..)
            | UnknownReason::ChannelDead(_) => true,
            UnknownReason::Unsupported(_)
            | UnknownReason::NotConfigured(_)
            | UnknownReason::NotIngestedYet
            | UnknownReason::WindowTooShort
            | UnknownReason::NoBaseline
            | UnknownReason::UndefinedRatio
            | UnknownReason::NotEmitted(_)
            | UnknownReason::NotCarried(_)
            | UnknownReason::Silent
            | UnknownReason::Unobservable => false,
        })
    }
}
