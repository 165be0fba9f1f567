//! Checks that parameter values cannot escape from their literals.

use kql_lang::ast::{ExprKind, Statement};
use kql_lang::datetime::DateTime;
use kql_lang::prologue::prologue;
use kql_lang::syntax::parse;
use kql_lang::value::Value;
use kql_testing::hostile::hostile;
use proptest::prelude::*;

/// Parses the generated statements followed by a query. Returns the names and values that they bind, or `None` if the text
/// does not consist of one `let` per parameter and the query.
fn bound(parameters: &[(String, Value)]) -> Option<Vec<(String, Value)>> {
    let text = format!("{}traces | where tostring(customDimensions.cluster) == cluster", prologue(parameters));
    let parsed = parse(&text);
    let [lets @ .., Statement::Expression(_)] = parsed.query.statements.as_slice() else { return None };
    if !parsed.diagnostics.is_empty() || lets.len() != parameters.len() {
        return None;
    }
    lets.iter()
        .map(|statement| match statement {
            Statement::Let { name, value } => match &value.item {
                ExprKind::Literal(_, value) => Some((name.item.clone(), value.clone())),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn strings_cannot_escape_from_their_literal(value in prop_oneof![hostile(), any::<String>()], name in prop_oneof![Just("cluster".to_owned()), hostile().prop_filter("a name is not empty", |name| !name.is_empty())]) {
        let parameters = [(name.clone(), Value::text(value.as_str()))];
        prop_assert_eq!(bound(&parameters), Some(vec![(name, Value::String(value.as_str().into()))]));
    }

    #[test]
    fn numbers_round_trip_exactly(number in any::<f64>().prop_filter("parameter values are finite", |number| number.is_finite())) {
        let parameters = [("cluster".to_owned(), Value::Real(number))];
        prop_assert_eq!(bound(&parameters), Some(vec![("cluster".to_owned(), Value::Real(number))]));
    }
}

#[test]
fn datetimes_and_timespans_round_trip_exactly() {
    let time: DateTime = "2025-08-05T12:00:00.1234567Z".parse().unwrap();
    let parameters =
        [("from".to_owned(), Value::DateTime(time.ticks())), ("wait".to_owned(), Value::TimeSpan(900_000_001))];
    assert_eq!(bound(&parameters).as_deref(), Some(parameters.as_slice()));
}
