//! Checks the queries in rule files.
//!
//! Input: a [`QueryText`] from the core and the schema of its pack. Output: diagnostics `AMP4xx` with spans in the rule file;
//! the spans account for quotes, escapes, indentation and line ends of YAML. [`check`] and [`compile()`] wrap the functions of
//! the core with the same names and add this checker, because the core does not parse KQL.
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

/// Compiles rule files including their queries, and returns the rule set together with all diagnostics.
#[must_use]
pub fn check(files: &[RuleFile]) -> Checked {
    compile::check_with(files, &check_query)
}

/// Compiles rule files including their queries.
///
/// # Errors
///
/// All diagnostics of all files, including warnings, if at least one of them is an error.
pub fn compile(files: &[RuleFile]) -> Result<RuleSet, Diagnostics> {
    let checked = check(files);
    checked.rules.ok_or(checked.diagnostics)
}

/// Returns the binder catalog with the tables of a schema and the parameters of a query.
#[must_use]
pub fn catalog(schema: &Schema, parameters: &[QueryParameter]) -> Catalog {
    let tables = convert::catalog(schema);
    parameters.iter().fold(tables, |catalog, one| catalog.with_parameter(&one.name, convert::scalar_type(one.kind)))
}

/// Returns the constructs of a query that only a service can run, in source order; empty if the query does not parse.
#[must_use]
pub fn live_only(text: &str, catalog: &Catalog) -> Vec<LiveOnly> {
    let parsed = parse(text);
    if parsed.diagnostics.is_empty() { bind(&parsed.query, catalog).live_only } else { Vec::new() }
}

/// Returns the patterns with a query that only a service can run: pattern id → names of the constructs.
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

/// Returns the diagnostics of one query, ordered by span and code.
#[must_use]
pub fn check_query(schema: &Schema, text: &QueryText) -> Vec<Diagnostic> {
    let checker = QueryChecker { schema, text };
    let catalog = catalog(schema, &text.parameters);
    let parsed = parse(&text.text);
    let mut found: Vec<Diagnostic> = parsed.diagnostics.iter().map(|problem| checker.report(problem)).collect();
    // Binding a query that does not parse would only report consequences of the syntax errors.
    if parsed.diagnostics.is_empty() {
        let bound = bind(&parsed.query, &catalog);
        found.extend(bound.diagnostics.iter().map(|problem| checker.report(problem)));
        found.extend(lints::of(schema, text, &parsed.query));
        if bound.diagnostics.is_empty() {
            found.extend(checker.missing_outputs(&bound));
        }
    }
    found.sort_by(|one, other| one.span().cmp(&other.span()).then_with(|| one.code.number.cmp(&other.code.number)));
    found.dedup();
    found
}

struct QueryChecker<'t> {
    schema: &'t Schema,
    text: &'t QueryText,
}

impl QueryChecker<'_> {
    /// Converts a diagnostic of the language to a diagnostic of the rule file.
    fn report(&self, problem: &QueryDiagnostic) -> Diagnostic {
        let mut found = diagnostic(problem, self.span(problem.span));
        match problem.code {
            DiagnosticCode::UnknownColumn => {
                if let Some((name, line)) = self.undeclared_parameter(problem.span) {
                    found.code = &codes::UNBOUND_PARAMETER;
                    found.message = format!("the parameter `{name}` is not declared");
                    found.help = Some(format!("declare it at the start of the file: `{line}`"));
                }
            }
            DiagnosticCode::Unsupported => {
                found.help.get_or_insert_with(|| self.offline_help().to_owned());
            }
            _ => {}
        }
        found
    }

    fn offline_help(&self) -> &'static str {
        if self.text.wanted.is_some() {
            "offline, the symptom stays unknown and its pattern is marked live-only"
        } else {
            "only a service can run the query"
        }
    }

    fn span(&self, span: Span) -> amp_rules_core::rules::diagnostic::Span {
        self.text.span(span.start, span.end)
    }

    /// Returns the name at `span` and the line that would declare it, if it is a parameter that any query may declare.
    fn undeclared_parameter(&self, span: Span) -> Option<(String, String)> {
        let source = self.text.text.get(span.start..span.end)?;
        let name = source.trim_matches(['[', ']', '\'', '"']);
        let subject = self.schema.entities.first().is_some_and(|kind| kind.keys.iter().any(|key| key == name));
        let line = match name {
            "from" | "to" => format!("// param {name}: datetime = window.{name}"),
            _ if subject => format!("// param {name}: string = subject.{name}"),
            _ => return None,
        };
        (self.text.wanted.is_none()).then(|| (name.to_owned(), line))
    }

    /// Returns diagnostics for columns that the symptom reads and the result lacks or has with another type.
    fn missing_outputs(&self, bound: &Bound) -> Vec<Diagnostic> {
        let Some(wanted) = &self.text.wanted else { return Vec::new() };
        let mut found = Vec::new();
        let names: Vec<&str> = bound.columns.iter().map(|column: &Column| &*column.name).collect();
        let missing_help = |name: &str| {
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
                .help(missing_help(column)),
            ),
            Some(known) if !is_numeric(known) => found.push(
                Diagnostic::new(
                    &codes::TYPE_MISMATCH,
                    span.clone(),
                    format!("`{column}` has type `{}`, expected a number", known.kind.as_str()),
                )
                .help("convert the column: `toreal(…)` or `tolong(…)`"),
            ),
            Some(_) => {}
        }
        for key in wanted.keys.iter().filter(|key| !names.contains(&key.as_str())) {
            found.push(
                Diagnostic::new(
                    &codes::MISSING_OUTPUT_COLUMN,
                    wanted.per.clone(),
                    format!("the query has no column `{key}`, which identifies the entity of a row"),
                )
                .help(missing_help(key)),
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
