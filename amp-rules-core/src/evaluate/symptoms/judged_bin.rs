//! The width of the bins in which a symptom is judged.

use std::time::Duration;

use super::settings::{bin_width, number};
use crate::evaluate::entities::Visibility;
use crate::plan::{DEFAULT_BIN, Need, Part};
use crate::rules::model::SymptomKind;

/// The width of the bins that are true or false as a whole; the default for a symptom that is judged by rows.
pub(crate) fn judged_bin(visibility: &Visibility<'_>, symptom: usize) -> Duration {
    let Some(rule) = visibility.rules.symptoms.get(symptom) else { return DEFAULT_BIN };
    let own = bin_width(visibility, &Need::Symptom(symptom, Part::Main));
    match &rule.symptom.kind {
        SymptomKind::Log { at_least, within: Some(_), .. }
        | SymptomKind::Event { at_least, within: Some(_), .. }
        | SymptomKind::Repeats { at_least, .. }
            if number(visibility, at_least) > 1.0 =>
        {
            DEFAULT_BIN
        }
        SymptomKind::Sequence { .. } => DEFAULT_BIN,
        SymptomKind::Drop { every, .. } | SymptomKind::Ceases { every, .. } => *every,
        SymptomKind::Persists { .. } | SymptomKind::Repeats { .. } => {
            rule.watches.map_or(own, |watched| judged_bin(visibility, watched))
        }
        SymptomKind::Log { .. }
        | SymptomKind::Event { .. }
        | SymptomKind::Metric { .. }
        | SymptomKind::Ratio { .. }
        | SymptomKind::Property { .. }
        | SymptomKind::Absent { .. }
        | SymptomKind::Query { .. } => own,
    }
}
