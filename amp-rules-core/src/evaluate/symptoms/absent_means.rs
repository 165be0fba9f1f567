//! `absent_means`: the truth of a symptom if a complete answer has no row for an entity.

use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::Truth;
use crate::rules::model::AbsentMeans;

/// The truth that `absent_means` gives. `not_emitted` names what is absent.
pub(super) fn truth_if_absent(
    visibility: &Visibility<'_>,
    absent_means: AbsentMeans,
    not_emitted: impl FnOnce() -> String,
) -> Truth {
    let reason = match absent_means {
        AbsentMeans::False => return Truth::False,
        AbsentMeans::Silence => UnknownReason::Silent,
        AbsentMeans::Unknown => UnknownReason::NotEmitted(not_emitted()),
    };
    Truth::Unknown(visibility.reasons.one(reason))
}
