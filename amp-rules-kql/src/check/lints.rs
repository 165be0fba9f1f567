//! Lints for queries that are valid KQL but unsuitable for a rule: interpolated parameters, hard-coded scopes, results that
//! differ between runs, case-sensitive comparisons of case-insensitive ids, unbounded results.
//!
//! Input: the syntax tree of a query and the schema of its pack. Output: diagnostics. The lints need no type information.

use amp_rules_core::rules::codes;
use amp_rules_core::rules::diagnostic::Diagnostic;
use amp_rules_core::rules::model::query::QueryText;
use amp_rules_core::telemetry::schema::Schema;
use kql_lang::ast::{BinaryOp, Expr, ExprKind, InOp, Operator, OperatorKind, Query, Statement};
use kql_lang::span::Span;
use kql_lang::value::Value;

use super::walk::expressions;

/// Returns the lint diagnostics of a query.
pub(super) fn of(schema: &Schema, text: &QueryText, query: &Query) -> Vec<Diagnostic> {
    let lints = Lints { schema, text };
    let mut found = Vec::new();
    expressions(query, &mut |expr| {
        found.extend(lints.interpolated(expr));
        found.extend(lints.hard_coded_scope(expr));
        found.extend(lints.nondeterministic_call(expr));
        found.extend(lints.case_sensitive(expr));
        if let ExprKind::Pipe(_, operators) = &expr.item {
            found.extend(lints.unsorted_take(operators));
        }
    });
    found.extend(lints.unbounded_result(query));
    found
}

struct Lints<'t> {
    schema: &'t Schema,
    text: &'t QueryText,
}

/// Returns the text of a string literal.
fn literal(expr: &Expr) -> Option<&str> {
    match &expr.item {
        ExprKind::Literal(_, Value::String(text)) => Some(text),
        _ => None,
    }
}

/// Functions that return a different value on each run.
const NONDETERMINISTIC: [&str; 4] = ["ago", "new_guid", "now", "rand"];

impl Lints<'_> {
    fn diagnostic(
        &self,
        code: &'static amp_rules_core::rules::diagnostic::Code,
        span: Span,
        message: String,
    ) -> Diagnostic {
        Diagnostic::new(code, self.text.span(span.start, span.end), message)
    }

    /// Reports a string literal with a placeholder for a parameter or an entity key.
    fn interpolated(&self, expr: &Expr) -> Option<Diagnostic> {
        let text = literal(expr)?;
        let known = self.text.parameters.iter().map(|parameter| parameter.name.as_str());
        let keys = self.schema.entities.iter().flat_map(|kind| &kind.keys).map(String::as_str);
        let name = known.chain(keys).find(|name| {
            [format!("{{{name}}}"), format!("<{name}>"), format!("${name}")]
                .iter()
                .any(|placeholder| text.contains(placeholder))
        })?;
        let diagnostic = self.diagnostic(
            &codes::INTERPOLATED_PARAMETER,
            expr.span,
            format!("`{name}` is interpolated into a string literal, which its value could terminate"),
        );
        Some(diagnostic.help(format!("use the parameter outside of quotes: `… == {name}`")))
    }

    /// Reports a literal with a resource id or a GUID, which limits the query to one deployment.
    fn hard_coded_scope(&self, expr: &Expr) -> Option<Diagnostic> {
        let id = match &expr.item {
            ExprKind::Literal(_, Value::Guid(_)) => "an id".to_owned(),
            _ => {
                let text = literal(expr)?;
                let lower = text.to_ascii_lowercase();
                if lower.starts_with("/subscriptions/") {
                    "a resource id".to_owned()
                } else if guid_in(text) {
                    "an id".to_owned()
                } else {
                    return None;
                }
            }
        };
        let diagnostic = self.diagnostic(&codes::HARD_CODED_SCOPE, expr.span, format!("the query hard-codes {id}"));
        Some(diagnostic.help("rules apply to every subject: use a parameter such as `cluster`"))
    }

    /// Reports a call whose value differs between runs.
    fn nondeterministic_call(&self, expr: &Expr) -> Option<Diagnostic> {
        let ExprKind::Call(name, _) = &expr.item else { return None };
        let function = NONDETERMINISTIC.into_iter().find(|function| *function == name.item)?;
        let diagnostic = self.diagnostic(
            &codes::NONDETERMINISTIC,
            name.span,
            format!("`{function}()` returns a different value on each run"),
        );
        let help = if matches!(function, "ago" | "now") {
            "use the window of the run: `['from']` and `['to']`"
        } else {
            "the same telemetry should give the same diagnosis"
        };
        Some(diagnostic.help(help))
    }

    /// Reports `take` on unsorted rows.
    fn unsorted_take(&self, operators: &[Operator]) -> Vec<Diagnostic> {
        let mut sorted = false;
        let mut found = Vec::new();
        for operator in operators {
            match &operator.item {
                OperatorKind::Sort(_) | OperatorKind::Top(..) => sorted = true,
                OperatorKind::Take(_) if !sorted => found.push(
                    self.diagnostic(
                        &codes::NONDETERMINISTIC,
                        operator.span,
                        "`take` keeps arbitrary rows of an unsorted input".to_owned(),
                    )
                    .help("sort the rows first with `order by …`, or use `top … by …`"),
                ),
                OperatorKind::Summarize { .. }
                | OperatorKind::Distinct(_)
                | OperatorKind::Join(_)
                | OperatorKind::Union { .. }
                | OperatorKind::MakeSeries(_) => sorted = false,
                _ => {}
            }
        }
        found
    }

    /// Reports a case-sensitive comparison of a key whose values differ in case between sources.
    fn case_sensitive(&self, expr: &Expr) -> Option<Diagnostic> {
        let (sides, better): (Vec<&Expr>, &str) = match &expr.item {
            ExprKind::Binary(BinaryOp::Equal, left, right) => (vec![&**left, &**right], "=~"),
            ExprKind::Binary(BinaryOp::NotEqual, left, right) => (vec![&**left, &**right], "!~"),
            ExprKind::In(InOp::In, left, _) => (vec![&**left], "in~"),
            ExprKind::In(InOp::NotIn, left, _) => (vec![&**left], "!in~"),
            _ => return None,
        };
        let key = sides.into_iter().find_map(|side| self.case_insensitive_key(side))?;
        let diagnostic = self.diagnostic(
            &codes::RESOURCE_ID_CASE,
            expr.span,
            format!("case-sensitive comparison of `{key}`, which occurs in upper and lower case"),
        );
        Some(diagnostic.help(format!("use the case-insensitive operator `{better}`")))
    }

    /// Returns the case-insensitive key that an expression reads: `cluster`, `customDimensions.cluster`,
    /// `tostring(customDimensions.cluster)`.
    fn case_insensitive_key(&self, expr: &Expr) -> Option<String> {
        let name = match &expr.item {
            ExprKind::Name(name) => name.as_str(),
            ExprKind::Member(_, name) => name.item.as_str(),
            ExprKind::Element(_, index) => literal(index)?,
            ExprKind::Call(name, arguments) if name.item == "tostring" => {
                return arguments.first().and_then(|argument| self.case_insensitive_key(&argument.value));
            }
            _ => return None,
        };
        self.schema.tables.values().any(|table| table.folded_keys.contains(name)).then(|| name.to_owned())
    }

    /// Reports a symptom query that returns every row of a table.
    fn unbounded_result(&self, query: &Query) -> Option<Diagnostic> {
        self.text.wanted.as_ref()?;
        let result = query.statements.iter().rev().find_map(|statement| match statement {
            Statement::Expression(expr) => Some(expr),
            Statement::Let { .. } | Statement::Set { .. } | Statement::Parameters(_) => None,
        })?;
        let ExprKind::Pipe(source, operators) = &result.item else { return None };
        let from_a_table = matches!(&source.item, ExprKind::Name(name) if self.schema.tables.contains_key(name));
        let bounds = |operator: &Operator| {
            matches!(
                operator.item,
                OperatorKind::Summarize { .. }
                    | OperatorKind::Count
                    | OperatorKind::Distinct(_)
                    | OperatorKind::Take(_)
                    | OperatorKind::Top(..)
                    | OperatorKind::MakeSeries(_)
            )
        };
        if !from_a_table || operators.iter().any(bounds) {
            return None;
        }
        let diagnostic = self.diagnostic(
            &codes::UNBOUNDED_RESULT,
            source.span,
            "the query returns one row per input row".to_owned(),
        );
        Some(diagnostic.help("aggregate per entity with `summarize`: services truncate large results"))
    }
}

/// Returns whether a text contains a GUID: 8-4-4-4-12 hexadecimal digits.
fn guid_in(text: &str) -> bool {
    let is_guid = |part: &str| {
        let groups: Vec<&str> = part.split('-').collect();
        groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
            && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    text.split(|c: char| !(c.is_ascii_hexdigit() || c == '-')).any(is_guid)
}

#[cfg(test)]
mod tests {
    use super::guid_in;

    #[test]
    fn guid_is_found_inside_a_longer_text() {
        assert!(guid_in("/x/0b3f5c5e-0000-4000-8000-0123456789ab/y"));
        assert!(!guid_in("0b3f5c5e-0000-4000-8000-0123456789a"));
        assert!(!guid_in("2025-08-05"));
    }
}
