//! The error lines that no pattern knows: what the rules are blind to.
//!
//! Input: the answers to the plan's requests for such lines. Output: the most frequent over all tables, and why there may
//! be more. Nothing here decides anything.

use super::diagnosis::DiagnosisBuilder;
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

impl DiagnosisBuilder<'_> {
    pub(crate) fn unmatched(&self) -> Strangers {
        let visibility = self.visibility();
        let mut unmatched = Strangers::default();
        for (need, _) in visibility.plan.needs() {
            let Need::Unmatched(table) = need else { continue };
            let answer = match visibility.answer(need) {
                Ok(answer) => answer,
                Err(reason) => {
                    unmatched.reasons.push(reason);
                    continue;
                }
            };
            if let Completeness::Partial(gaps) = &answer.completeness {
                let reasons = gaps.iter().map(|gap| UnknownReason::Truncated(table.clone(), gap.reason.as_str()));
                unmatched.reasons.extend(reasons);
            }
            let AnswerData::Unmatched(lines) = &answer.data else { continue };
            let kind =
                visibility.rules.schema.tables.get(table).and_then(|table| leaf_kind(&visibility.rules.schema, table));
            unmatched.more += lines.distinct.saturating_sub(lines.templates.len() as u64);
            unmatched.told.extend(lines.templates.iter().map(|template| Unmatched {
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
        unmatched.told.sort_by_key(|one| std::cmp::Reverse(one.count));
        unmatched.reasons.sort();
        unmatched.reasons.dedup();
        unmatched
    }
}

fn many(kind: &str, number: u64) -> String {
    if number == 1 { format!("1 {kind}") } else { format!("{number} {kind}s") }
}
