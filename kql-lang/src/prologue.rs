//! `let` statements that define parameters at the start of a query: `let ['cluster'] = "…";`.
//!
//! Input: parameter names and values. Output: the text of the `let` statements, one per line, in order. It is meant for
//! services without query parameters; the interpreter binds values directly. Every value is written as a literal, so no
//! part of it is ever executed as code.

use crate::literal;
use crate::value::Value;

/// The statements that bind the parameters, one per line; empty without parameters.
#[must_use]
pub fn prologue(parameters: &[(String, Value)]) -> String {
    parameters
        .iter()
        .map(|(name, value)| format!("let {} = {};\n", literal::name(name), literal::value(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datetime::{HOUR, parse};

    #[test]
    fn each_parameter_becomes_a_let_statement_with_a_literal() {
        let parameters = [
            ("cluster".to_owned(), Value::text("/sub's \"c\\1\"\n//;|")),
            ("from".to_owned(), Value::DateTime(parse::datetime("2025-08-05T12:00:00Z").unwrap())),
            ("limit".to_owned(), Value::Real(24.0)),
            ("wait".to_owned(), Value::TimeSpan(2 * HOUR)),
        ];
        assert_eq!(
            prologue(&parameters),
            "let ['cluster'] = \"/sub's \\\"c\\\\1\\\"\\n//;|\";\n\
             let ['from'] = datetime(2025-08-05T12:00:00Z);\n\
             let ['limit'] = real(24.0);\n\
             let ['wait'] = 2h;\n"
        );
        assert_eq!(prologue(&[]), "");
    }
}
