//! Parameters as text that a query can begin with: `let ['cluster'] = "…";`.
//!
//! Input: names with values. Output: the text of `let` statements, one per line, in order. This is how a service that knows
//! no parameters gets them; the interpreter binds values without any text. What is written are literals of
//! [`crate::literal`], so nothing that a value holds is ever code.

use amp_rules_core::telemetry::request::ParameterValue;

use crate::literal;

/// The statements that bind parameters, each on a line of its own; empty where there are none.
#[must_use]
pub fn prologue(parameters: &[(String, ParameterValue)]) -> String {
    parameters.iter().map(|(name, value)| format!("let {} = {};\n", literal::name(name), literal(value))).collect()
}

/// A value as a literal.
#[must_use]
pub fn literal(value: &ParameterValue) -> String {
    match value {
        ParameterValue::Text(text) => literal::string(text),
        ParameterValue::Number(number) => literal::real(*number),
        ParameterValue::Time(time) => literal::datetime(*time),
        ParameterValue::Duration(duration) => literal::timespan(*duration),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use amp_rules_core::time::Time;

    use super::*;

    #[test]
    fn a_parameter_is_a_statement_with_a_literal() {
        let parameters = [
            ("cluster".to_owned(), ParameterValue::Text("/sub's \"c\\1\"\n//;|".to_owned())),
            ("from".to_owned(), ParameterValue::Time("2025-08-05T12:00:00Z".parse::<Time>().unwrap())),
            ("limit".to_owned(), ParameterValue::Number(24.0)),
            ("wait".to_owned(), ParameterValue::Duration(Duration::from_secs(7200))),
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
