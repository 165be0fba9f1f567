//! What a query may say and a rule should not: pasted values, a scope of its own, an answer that differs each time.
//!
//! Input: the tree of a query and the schema of its pack. Output: diagnostics. Everything here is about texts that are
//! right in themselves, so it looks at the tree alone and needs no types.

use amp_rules_core::rules::codes;
use amp_rules_core::rules::diagnostic::Diagnostic;
use amp_rules_core::rules::model::query::QueryText;
use amp_rules_core::telemetry::schema::Schema;
use kql_lang::ast::{BinaryOp, Expr, ExprKind, InOp, Operator, OperatorKind, Query, Statement};
use kql_lang::span::Span;
use kql_lang::value::Value;

use super::walk::expressions;

/// Remarks on what a query is in the habit of.
pub(super) fn of(schema: &Schema, text: &QueryText, query: &Query) -> Vec<Diagnostic> {
    let habits = Habits { schema, text };
    let mut found = Vec::new();
    expressions(query, &mut |expr| {
        found.extend(habits.pasted(expr));
        found.extend(habits.own_scope(expr));
        found.extend(habits.by_chance(expr));
        found.extend(habits.case(expr));
        if let ExprKind::Pipe(_, operators) = &expr.item {
            found.extend(habits.any_rows(operators));
        }
    });
    found.extend(habits.unbounded(query));
    found
}

struct Habits<'t> {
    schema: &'t Schema,
    text: &'t QueryText,
}

/// The text of a literal.
fn literal(expr: &Expr) -> Option<&str> {
    match &expr.item {
        ExprKind::Literal(_, Value::String(text)) => Some(text),
        _ => None,
    }
}

/// Functions whose value is another one at each run.
const CHANCE: [&str; 4] = ["ago", "new_guid", "now", "rand"];

impl Habits<'_> {
    fn remark(
        &self,
        code: &'static amp_rules_core::rules::diagnostic::Code,
        span: Span,
        message: String,
    ) -> Diagnostic {
        Diagnostic::new(code, self.text.span(span.start, span.end), message)
    }

    /// A placeholder in a text, meant to be filled in.
    fn pasted(&self, expr: &Expr) -> Option<Diagnostic> {
        let text = literal(expr)?;
        let known = self.text.parameters.iter().map(|parameter| parameter.name.as_str());
        let keys = self.schema.entities.iter().flat_map(|kind| &kind.keys).map(String::as_str);
        let name = known.chain(keys).find(|name| {
            [format!("{{{name}}}"), format!("<{name}>"), format!("${name}")].iter().any(|sign| text.contains(sign))
        })?;
        let remark = self.remark(
            &codes::INTERPOLATED_PARAMETER,
            expr.span,
            format!("`{name}` would be pasted into a text, where its value could end the text"),
        );
        Some(remark.help(format!("use it by its name, outside of quotes: `… == {name}`")))
    }

    /// A subscription, a resource or another id that only one place has.
    fn own_scope(&self, expr: &Expr) -> Option<Diagnostic> {
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
        let remark = self.remark(&codes::HARD_CODED_SCOPE, expr.span, format!("the query names {id} of one place"));
        Some(remark.help("rules hold for every subject: use a parameter such as `cluster`"))
    }

    /// A function whose value depends on when, or how often, it is asked.
    fn by_chance(&self, expr: &Expr) -> Option<Diagnostic> {
        let ExprKind::Call(name, _) = &expr.item else { return None };
        let function = CHANCE.into_iter().find(|function| *function == name.item)?;
        let remark = self.remark(
            &codes::NONDETERMINISTIC,
            name.span,
            format!("`{function}()` gives another value each time the query runs"),
        );
        let help = if matches!(function, "ago" | "now") {
            "use the run's window: `['from']` and `['to']`"
        } else {
            "the same telemetry should give the same diagnosis"
        };
        Some(remark.help(help))
    }

    /// `take` of rows that nothing has put in order.
    fn any_rows(&self, operators: &[Operator]) -> Vec<Diagnostic> {
        let mut sorted = false;
        let mut found = Vec::new();
        for operator in operators {
            match &operator.item {
                OperatorKind::Sort(_) | OperatorKind::Top(..) => sorted = true,
                OperatorKind::Take(_) if !sorted => found.push(
                    self.remark(
                        &codes::NONDETERMINISTIC,
                        operator.span,
                        "which rows `take` keeps is not said".to_owned(),
                    )
                    .help("put them in order before: `order by …`, or use `top … by …`"),
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

    /// A comparison with case of a key whose values come in several spellings.
    fn case(&self, expr: &Expr) -> Option<Diagnostic> {
        let (sides, better): (Vec<&Expr>, &str) = match &expr.item {
            ExprKind::Binary(BinaryOp::Equal, left, right) => (vec![&**left, &**right], "=~"),
            ExprKind::Binary(BinaryOp::NotEqual, left, right) => (vec![&**left, &**right], "!~"),
            ExprKind::In(InOp::In, left, _) => (vec![&**left], "in~"),
            ExprKind::In(InOp::NotIn, left, _) => (vec![&**left], "!in~"),
            _ => return None,
        };
        let key = sides.into_iter().find_map(|side| self.folded(side))?;
        let remark = self.remark(
            &codes::RESOURCE_ID_CASE,
            expr.span,
            format!("`{key}` is spelled in upper and lower case, and this compares with case"),
        );
        Some(remark.help(format!("compare without case: `{better}`")))
    }

    /// The folded key that an expression reads: `cluster`, `customDimensions.cluster`, `tostring(customDimensions.cluster)`.
    fn folded(&self, expr: &Expr) -> Option<String> {
        let name = match &expr.item {
            ExprKind::Name(name) => name.as_str(),
            ExprKind::Member(_, name) => name.item.as_str(),
            ExprKind::Element(_, index) => literal(index)?,
            ExprKind::Call(name, arguments) if name.item == "tostring" => {
                return arguments.first().and_then(|argument| self.folded(&argument.value));
            }
            _ => return None,
        };
        self.schema.tables.values().any(|table| table.folded_keys.contains(name)).then(|| name.to_owned())
    }

    /// A symptom that fetches every row of a table.
    fn unbounded(&self, query: &Query) -> Option<Diagnostic> {
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
        let remark = self.remark(
            &codes::UNBOUNDED_RESULT,
            source.span,
            "the query gives a row for each row that it reads".to_owned(),
        );
        Some(remark.help("`summarize` what is compared, per entity: a service cuts long answers"))
    }
}

/// Whether a text holds a GUID: 8-4-4-4-12 hexadecimal digits.
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
    fn a_guid_is_found_within_a_text() {
        assert!(guid_in("/x/0b3f5c5e-0000-4000-8000-0123456789ab/y"));
        assert!(!guid_in("0b3f5c5e-0000-4000-8000-0123456789a"));
        assert!(!guid_in("2025-08-05"));
    }
}
