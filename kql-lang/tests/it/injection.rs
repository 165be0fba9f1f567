//! A value that is bound never leaves its literal, whatever characters it holds.

use kql_lang::ast::{ExprKind, Statement};
use kql_lang::datetime::DateTime;
use kql_lang::prologue::prologue;
use kql_lang::syntax::parse;
use kql_lang::value::Value;
use kql_testing::hostile::hostile;
use proptest::prelude::*;

/// What the statements bind, after a query was put behind them; `None` where they are not what they should be.
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
    fn a_text_never_leaves_its_literal(value in prop_oneof![hostile(), any::<String>()], name in prop_oneof![Just("cluster".to_owned()), hostile().prop_filter("a name is not empty", |name| !name.is_empty())]) {
        let parameters = [(name.clone(), Value::text(value.as_str()))];
        prop_assert_eq!(bound(&parameters), Some(vec![(name, Value::String(value.as_str().into()))]));
    }

    #[test]
    fn a_number_reads_back_exactly(number in any::<f64>().prop_filter("a value of a run is finite", |number| number.is_finite())) {
        let parameters = [("cluster".to_owned(), Value::Real(number))];
        prop_assert_eq!(bound(&parameters), Some(vec![("cluster".to_owned(), Value::Real(number))]));
    }
}

#[test]
fn instants_and_spans_read_back_exactly() {
    let time: DateTime = "2025-08-05T12:00:00.1234567Z".parse().unwrap();
    let parameters =
        [("from".to_owned(), Value::DateTime(time.ticks())), ("wait".to_owned(), Value::TimeSpan(900_000_001))];
    assert_eq!(bound(&parameters).as_deref(), Some(parameters.as_slice()));
}
