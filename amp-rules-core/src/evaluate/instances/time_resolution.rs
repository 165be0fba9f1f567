//! How exactly the times of a pattern are known.
//!
//! Input: rules. Output: the width of the coarsest numbers that a pattern depends on.

use std::collections::BTreeSet;
use std::time::Duration;

use super::condition::References;
use crate::rules::model::{Flow, SeriesSpec, SymptomKind};
use crate::rules::rule_set::{RulePattern, RuleSet};

/// The widest bin of numbers that a pattern's condition depends on; 0 if it depends on lines and rows alone.
///
/// A line has a time. A number stands for its bin: what it shows may have begun anywhere within the bin, or after the last
/// sample of the bin before.
pub(super) fn time_resolution(rules: &RuleSet, rule: &RulePattern) -> Duration {
    let mut widest = Duration::ZERO;
    let mut known: BTreeSet<usize> = BTreeSet::new();
    let mut open: Vec<&RulePattern> = vec![rule];
    while let Some(rule) = open.pop() {
        let references = References::new(&rule.when);
        let resolutions = references.symptoms.iter().map(|symptom| symptom_resolution(rules, *symptom));
        widest = resolutions.fold(widest, Duration::max);
        let new = references.patterns.into_iter().filter(|pattern| known.insert(*pattern));
        open.extend(new.filter_map(|pattern| rules.patterns.get(pattern)));
    }
    widest
}

/// The width of the bins of numbers that a symptom depends on; 0 if it depends on lines and rows alone.
pub(super) fn symptom_resolution(rules: &RuleSet, symptom: usize) -> Duration {
    let last_bin = |series: &SeriesSpec| series.steps.last().and_then(|step| step.every).unwrap_or_default();
    let Some(rule) = rules.symptoms.get(symptom) else { return Duration::ZERO };
    match &rule.symptom.kind {
        SymptomKind::Metric { series, .. } => last_bin(series),
        SymptomKind::Ratio { of, to, .. } => last_bin(of).max(last_bin(to)),
        SymptomKind::Drop { flow: Flow::Series(_), every, .. }
        | SymptomKind::Ceases { flow: Flow::Series(_), every } => *every,
        SymptomKind::Repeats { .. } | SymptomKind::Persists { .. } => {
            let watched = [rule.watches, rule.without].into_iter().flatten();
            watched.map(|symptom| symptom_resolution(rules, symptom)).max().unwrap_or_default()
        }
        SymptomKind::Drop { flow: Flow::Rows { .. }, .. }
        | SymptomKind::Ceases { flow: Flow::Rows { .. }, .. }
        | SymptomKind::Log { .. }
        | SymptomKind::Property { .. }
        | SymptomKind::Absent { .. }
        | SymptomKind::Event { .. }
        | SymptomKind::Sequence { .. }
        | SymptomKind::Query { .. } => Duration::ZERO,
    }
}
