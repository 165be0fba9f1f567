//! Parameters as text that a query can start with: `let ['cluster'] = "…";`.
//!
//! Input: names with values. Output: the text of `let` statements, one per line, in order. A service without query
//! parameters gets them this way; the interpreter binds values without any text. The values are written as literals, so
//! no part of a value is ever code.

use crate::literal;
use crate::value::Value;

/// The statements that bind parameters, each on a line of its own; empty if there are none.
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
    fn a_parameter_is_a_statement_with_a_literal() {
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
