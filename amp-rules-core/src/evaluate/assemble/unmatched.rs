//! The error lines that no pattern knows: what the rules are blind to.
//!
//! Input: the answers to the plan's requests for such lines. Output: the most frequent over all tables, and why there may
//! be more. Nothing here decides anything.

use super::diagnosis::Teller;
use crate::diagnosis::{Citation, UnknownReason, Unmatched};
use crate::plan::{Need, leaf_kind};
use crate::telemetry::source::{AnswerData, Completeness};

/// What is told of such lines.
#[derive(Debug, Default)]
pub(crate) struct Strangers {
    pub(crate) told: Vec<Unmatched>,
    pub(crate) more: u64,
    pub(crate) reasons: Vec<UnknownReason>,
}

impl Teller<'_> {
    pub(crate) fn strangers(&self) -> Strangers {
        let world = self.world();
        let mut strangers = Strangers::default();
        for (need, _) in world.plan.needs() {
            let Need::Unmatched(table) = need else { continue };
            let answer = match world.answer(need) {
                Ok(answer) => answer,
                Err(reason) => {
                    strangers.reasons.push(reason);
                    continue;
                }
            };
            if let Completeness::Partial(gaps) = &answer.completeness {
                let reasons = gaps.iter().map(|gap| UnknownReason::Truncated(table.clone(), gap.reason.word()));
                strangers.reasons.extend(reasons);
            }
            let AnswerData::Unmatched(lines) = &answer.data else { continue };
            let kind = world.rules.schema.tables.get(table).and_then(|table| leaf_kind(&world.rules.schema, table));
            strangers.more += lines.distinct.saturating_sub(lines.templates.len() as u64);
            strangers.told.extend(lines.templates.iter().map(|template| Unmatched {
                table: table.clone(),
                component: Some(template.component.clone()).filter(|component| !component.is_empty()),
                template: template.template.clone(),
                count: template.count,
                entities: template.entities,
                scope: kind.map_or_else(String::new, |kind| many(&kind.name, template.entities)),
                first: template.first,
                last: template.last,
                sample: Citation {
                    at: template.sample.at,
                    row: template.sample.row.clone(),
                    text: template.sample.text.clone(),
                },
            }));
        }
        // Within a table they are in this order already; equal counts keep it.
        strangers.told.sort_by_key(|one| std::cmp::Reverse(one.count));
        strangers.reasons.sort();
        strangers.reasons.dedup();
        strangers
    }
}

fn many(kind: &str, number: u64) -> String {
    if number == 1 { format!("1 {kind}") } else { format!("{number} {kind}s") }
}
