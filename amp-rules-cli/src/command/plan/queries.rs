//! The queries of a plan as services are asked them.
//!
//! Input: a plan and the pack's names of services. Output: per query its table, the service, and the text. Nothing is sent.

use amp_rules_core::{Plan, RuleSet};
use amp_rules_kql::lower::{Dialect, lower};
use serde::Serialize;

/// One query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// The table that it reads, as the pack calls it; of an author's own query the first.
    pub table: String,
    /// The service that is asked; `None` where the pack names none for the table.
    pub service: Option<String>,
    /// The text.
    pub kql: String,
}

#[derive(Serialize)]
struct Wire<'a> {
    schema_version: u32,
    queries: &'a [Asked],
}

/// The queries, in the order in which they are sent.
pub(super) fn of(plan: &Plan, rules: &RuleSet, service: Option<&str>) -> Vec<Asked> {
    let preferred: Vec<&str> = service.into_iter().collect();
    let dialect = Dialect::of(&rules.schema, &preferred);
    lower(plan.requests(), &dialect)
        .into_iter()
        .map(|lowered| Asked {
            table: lowered.table.name.clone(),
            service: dialect.service(&lowered.table.name).map(str::to_owned),
            kql: lowered.kql,
        })
        .collect()
}

/// The queries behind comments that say whom they are for.
pub(super) fn text(queries: &[Asked]) -> String {
    let one = |(number, asked): (usize, &Asked)| {
        let service = asked.service.as_deref().unwrap_or("no service that the pack names");
        format!("// {} of {}: {}, asked of {service}\n{}", number + 1, queries.len(), asked.table, asked.kql)
    };
    queries.iter().enumerate().map(one).collect::<Vec<_>>().join("\n")
}

/// The queries as JSON.
pub(super) fn json(queries: &[Asked]) -> String {
    super::json(&Wire { schema_version: 1, queries })
}
