//! The KQL queries of a plan.
//!
//! Input: a plan and the pack's names of services. Output: table, service and text of each query. Nothing is sent.

use amp_rules_core::escape::{Printable, inline};
use amp_rules_core::{Plan, RuleSet};
use amp_rules_kql::lower::{Dialect, lower};
use serde::Serialize;

/// One query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedQuery {
    /// The table it reads, by its name in the pack; the first one if an author's query reads several.
    pub table: String,
    /// The service it is sent to; `None` if the pack names none for the table.
    pub service: Option<String>,
    /// The text.
    pub kql: String,
}

#[derive(Serialize)]
struct Wire<'a> {
    schema_version: u32,
    queries: &'a [PlannedQuery],
}

/// The queries, in the order in which they are sent.
pub(super) fn of(plan: &Plan, rules: &RuleSet, service: Option<&str>) -> Vec<PlannedQuery> {
    let preferred: Vec<&str> = service.into_iter().collect();
    let dialect = Dialect::of(&rules.schema, &preferred);
    lower(plan.requests(), &dialect)
        .into_iter()
        .map(|lowered| PlannedQuery {
            table: lowered.table.name.clone(),
            service: dialect.service(&lowered.table.name).map(str::to_owned),
            kql: lowered.kql,
        })
        .collect()
}

/// The queries, each after a comment with its table and service.
pub(super) fn text(queries: &[PlannedQuery]) -> Printable {
    let one = |(index, query): (usize, &PlannedQuery)| {
        let service = query.service.as_deref().unwrap_or("no service of the pack");
        let head = format!("{} of {}: {}, sent to {service}", index + 1, queries.len(), query.table);
        format!("// {}\n{}", inline(&head), query.kql)
    };
    Printable::lines(&queries.iter().enumerate().map(one).collect::<Vec<_>>().join("\n"))
}

/// The queries as JSON.
pub(super) fn json(queries: &[PlannedQuery]) -> Printable {
    super::json(&Wire { schema_version: 1, queries })
}
