//! What is wrong with the queries of rule files, at their places in those files.
//!
//! Input: a [`QueryText`] of core and the schema of its pack. Output: diagnostics `AMP4xx`, whose spans are those of the
//! rule file, through quotes, escapes, indentation and line ends of YAML. [`check`] and [`compile()`] are those of core with
//! this judge; core itself cannot read KQL.
//!
//! Nothing here runs a query.

mod lints;
mod walk;

use std::collections::BTreeMap;

use amp_rules_core::rules::codes;
use amp_rules_core::rules::compile;
use amp_rules_core::rules::compile::Checked;
use amp_rules_core::rules::diagnostic::{Diagnostic, Diagnostics};
use amp_rules_core::rules::model::query::{QueryParameter, QueryText};
use amp_rules_core::suggest::nearest;
use amp_rules_core::telemetry::schema::Schema;
use amp_rules_core::{RuleFile, RuleSet};
use kql_lang::bind::{Bound, Catalog, LiveOnly, bind};
use kql_lang::diagnostic::{Diagnostic as QueryDiagnostic, DiagnosticCode};
use kql_lang::span::Span;
use kql_lang::syntax::parse;
use kql_lang::value::Column;

use crate::convert;
use crate::diagnostic::diagnostic;

/// Compiles rule files, queries included, and gives warnings and remarks besides.
#[must_use]
pub fn check(files: &[RuleFile]) -> Checked {
    compile::check_with(files, &judge)
}

/// Compiles rule files, queries included.
///
/// # Errors
///
/// Every problem of all files, warnings included, if at least one of them is an error.
pub fn compile(files: &[RuleFile]) -> Result<RuleSet, Diagnostics> {
    let checked = check(files);
    checked.rules.ok_or(checked.diagnostics)
}

/// The tables of a schema and the parameters of a query, for the binder.
#[must_use]
pub fn catalog(schema: &Schema, parameters: &[QueryParameter]) -> Catalog {
    let tables = convert::catalog(schema);
    parameters.iter().fold(tables, |catalog, one| catalog.with_parameter(&one.name, convert::scalar_type(one.kind)))
}

/// The constructs that let a text run on a service only, in the order of the text. A text that is wrong has none.
#[must_use]
pub fn live_only(text: &str, catalog: &Catalog) -> Vec<LiveOnly> {
    let parsed = parse(text);
    if parsed.diagnostics.is_empty() { bind(&parsed.query, catalog).live_only } else { Vec::new() }
}

/// The patterns of which some query runs on a service only: pattern id → what the language calls the constructs.
#[must_use]
pub fn live_only_patterns(rules: &RuleSet) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for symptom in &rules.symptoms {
        let amp_rules_core::rules::model::SymptomKind::Query { query, .. } = &symptom.symptom.kind else { continue };
        let constructs = live_only(&query.text, &catalog(&rules.schema, &query.parameters));
        if !constructs.is_empty() {
            let known = found.entry(rules.pattern_id(symptom.pattern).to_owned()).or_default();
            known.extend(constructs.into_iter().map(|one| one.construct));
            known.sort();
            known.dedup();
        }
    }
    found
}

/// Says what is wrong with the text of a query.
#[must_use]
pub fn judge(schema: &Schema, text: &QueryText) -> Vec<Diagnostic> {
    let judge = Judge { schema, text };
    let catalog = catalog(schema, &text.parameters);
    let parsed = parse(&text.text);
    let mut found: Vec<Diagnostic> = parsed.diagnostics.iter().map(|problem| judge.report(problem)).collect();
    // A text that does not parse has no meaning yet; the consequences of that are not reported.
    if parsed.diagnostics.is_empty() {
        let bound = bind(&parsed.query, &catalog);
        found.extend(bound.diagnostics.iter().map(|problem| judge.report(problem)));
        found.extend(lints::of(schema, text, &parsed.query));
        if bound.diagnostics.is_empty() {
            found.extend(judge.outputs(&bound));
        }
    }
    found.sort_by(|one, other| one.span().cmp(&other.span()).then_with(|| one.code.number.cmp(&other.code.number)));
    found.dedup();
    found
}

struct Judge<'t> {
    schema: &'t Schema,
    text: &'t QueryText,
}

impl Judge<'_> {
    /// A problem of the language as a diagnostic of the rule file.
    fn report(&self, problem: &QueryDiagnostic) -> Diagnostic {
        let mut found = diagnostic(problem, self.span(problem.span));
        match problem.code {
            DiagnosticCode::UnknownColumn => {
                if let Some((name, line)) = self.undeclared(problem.span) {
                    found.code = &codes::UNBOUND_PARAMETER;
                    found.message = format!("nothing gives `{name}` a value");
                    found.help = Some(format!("declare it at the start of the file: `{line}`"));
                }
            }
            DiagnosticCode::Unsupported => {
                found.help.get_or_insert_with(|| self.beyond().to_owned());
            }
            _ => {}
        }
        found
    }

    fn beyond(&self) -> &'static str {
        if self.text.wanted.is_some() {
            "offline the symptom stays unknown, and its pattern is marked live-only"
        } else {
            "the query runs on a service only"
        }
    }

    fn span(&self, span: Span) -> amp_rules_core::rules::diagnostic::Span {
        self.text.span(span.start, span.end)
    }

    /// A name that every query of the pack could declare, and the line that declares it.
    fn undeclared(&self, span: Span) -> Option<(String, String)> {
        let written = self.text.text.get(span.start..span.end)?;
        let name = written.trim_matches(['[', ']', '\'', '"']);
        let subject = self.schema.entities.first().is_some_and(|kind| kind.keys.iter().any(|key| key == name));
        let line = match name {
            "from" | "to" => format!("// param {name}: datetime = window.{name}"),
            _ if subject => format!("// param {name}: string = subject.{name}"),
            _ => return None,
        };
        (self.text.wanted.is_none()).then(|| (name.to_owned(), line))
    }

    /// Whether the result has what a symptom reads of it.
    fn outputs(&self, bound: &Bound) -> Vec<Diagnostic> {
        let Some(wanted) = &self.text.wanted else { return Vec::new() };
        let mut found = Vec::new();
        let names: Vec<&str> = bound.columns.iter().map(|column: &Column| &*column.name).collect();
        let lacking = |name: &str| {
            let near = nearest(name, names.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            near.unwrap_or_else(|| format!("the result has `{}`", names.join("`, `")))
        };
        let (column, span) = &wanted.column;
        match bound.columns.iter().find(|known| *known.name == **column) {
            None => found.push(
                Diagnostic::new(
                    &codes::MISSING_OUTPUT_COLUMN,
                    span.clone(),
                    format!("the query has no column `{column}`"),
                )
                .help(lacking(column)),
            ),
            Some(known) if !is_numeric(known) => found.push(
                Diagnostic::new(
                    &codes::TYPE_MISMATCH,
                    span.clone(),
                    format!("`{column}` is a {}, and a number is compared", known.kind.as_str()),
                )
                .help("give the column a number: `toreal(…)`, `tolong(…)`"),
            ),
            Some(_) => {}
        }
        for key in wanted.keys.iter().filter(|key| !names.contains(&key.as_str())) {
            found.push(
                Diagnostic::new(
                    &codes::MISSING_OUTPUT_COLUMN,
                    wanted.per.clone(),
                    format!("the query has no column `{key}`, which names the entity of a row"),
                )
                .help(lacking(key)),
            );
        }
        found
    }
}

fn is_numeric(column: &Column) -> bool {
    use kql_lang::value::Type;
    match column.kind {
        Type::Bool | Type::Int | Type::Long | Type::Real | Type::Decimal | Type::TimeSpan | Type::Dynamic => true,
        Type::String | Type::DateTime | Type::Guid => false,
    }
}
