//! The pack's indicators.
//!
//! Input: conditions over patterns, at the subject. Output: [`IndicatorState`]s, in the pack's order.

use crate::diagnosis::IndicatorState;
use crate::evaluate::causality::CausalAnalysis;
use crate::evaluate::timeline::Truth;
use crate::telemetry::entity::Entity;

pub(super) fn indicators(analysis: &CausalAnalysis<'_>) -> Vec<IndicatorState> {
    let visibility = analysis.visibility();
    let kind = visibility.rules.schema.entities.first().map_or("", |kind| kind.name.as_str());
    let indicators = visibility.rules.indicators.iter();
    indicators
        .map(|indicator| {
            let timeline = analysis.patterns.condition(&indicator.when, kind, &Entity::default());
            IndicatorState {
                id: indicator.id.clone(),
                healthy: indicator.healthy,
                text: indicator.text.clone(),
                holds: match timeline.overall(&visibility.reasons) {
                    Truth::True => Some(true),
                    Truth::False => Some(false),
                    Truth::Unknown(_) => None,
                },
            }
        })
        .collect()
}
