//! Error lines that no pattern matches.
//!
//! Input: the answers to the plan's requests for such lines. Output: [`UnmatchedErrors`]. They decide no verdict, only whether
//! a run without findings is healthy.

use std::cmp::Reverse;

use crate::diagnosis::{Citation, UnknownReason, Unmatched};
use crate::evaluate::entities::Visibility;
use crate::plan::{Need, leaf_kind};
use crate::telemetry::source::{AnswerData, Completeness};

/// The most frequent unmatched error lines of all tables.
#[derive(Debug, Default)]
pub(super) struct UnmatchedErrors {
    /// Those that are news first, then by number of lines, descending, then by table.
    pub(super) templates: Vec<Unmatched>,
    /// How many more templates there are.
    pub(super) more: u64,
    /// How many templates are news.
    pub(super) news: u64,
    /// Why there may be other lines; sorted.
    pub(super) reasons: Vec<UnknownReason>,
}

/// Whether some unmatched error lines are news; in several rows, or at error level.
pub(super) fn is_news(visibility: &Visibility<'_>) -> bool {
    let needs = visibility.plan.needs().map(|(need, _)| need).filter(|need| matches!(need, Need::Unmatched(_)));
    let mut answers = needs.filter_map(|need| visibility.answer(need).ok());
    answers.any(|answer| matches!(&answer.data, AnswerData::Unmatched(lines) if lines.news > 0))
}

pub(super) fn unmatched_errors(visibility: &Visibility<'_>) -> UnmatchedErrors {
    let mut unmatched = UnmatchedErrors::default();
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
        let schema = &visibility.rules.schema;
        let kind = schema.tables.get(table).and_then(|table| leaf_kind(schema, table));
        unmatched.news += lines.news;
        unmatched.more += lines.distinct.saturating_sub(lines.templates.len() as u64);
        unmatched.templates.extend(lines.templates.iter().map(|template| Unmatched {
            table: table.clone(),
            component: Some(template.component.clone()).filter(|component| !component.is_empty()),
            template: template.template.clone(),
            count: template.count,
            is_news: template.is_news(),
            at_error: template.at_error,
            elsewhere: template.elsewhere,
            entities: template.entities,
            scope: kind.map_or_else(String::new, |kind| counted(&kind.name, template.entities)),
            first: template.first,
            last: template.last,
            sample: Citation {
                at: template.sample.at,
                row: template.sample.row.clone(),
                text: template.sample.text.clone(),
            },
        }));
    }
    // Stable: equal counts keep the order of tables.
    unmatched.templates.sort_by_key(|template| Reverse((template.is_news, template.count)));
    unmatched.reasons.sort();
    unmatched.reasons.dedup();
    unmatched
}

fn counted(kind: &str, number: u64) -> String {
    if number == 1 { format!("1 {kind}") } else { format!("{number} {kind}s") }
}
