//! A value that is bound never leaves its literal, whatever characters it holds.

use amp_rules_core::telemetry::request::ParameterValue;
use amp_rules_kql::ast::{ExprKind, Statement};
use amp_rules_kql::prologue::prologue;
use amp_rules_kql::syntax::parse;
use amp_rules_kql::value::Value;
use proptest::prelude::*;

#[path = "support/pieces.rs"]
mod pieces;

use pieces::hostile;

/// What the statements bind, after a query was put behind them; `None` where they are not what they should be.
fn bound(parameters: &[(String, ParameterValue)]) -> Option<Vec<(String, Value)>> {
    let text = format!("{}traces | where tostring(customDimensions.cluster) == cluster", prologue(parameters));
    let parsed = parse(&text);
    let [lets @ .., Statement::Expression(_)] = parsed.query.statements.as_slice() else { return None };
    if !parsed.problems.is_empty() || lets.len() != parameters.len() {
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
        let parameters = [(name.clone(), ParameterValue::Text(value.clone()))];
        prop_assert_eq!(bound(&parameters), Some(vec![(name, Value::String(value.as_str().into()))]));
    }

    #[test]
    fn a_number_reads_back_exactly(number in any::<f64>().prop_filter("a value of a run is finite", |number| number.is_finite())) {
        let parameters = [("cluster".to_owned(), ParameterValue::Number(number))];
        prop_assert_eq!(bound(&parameters), Some(vec![("cluster".to_owned(), Value::Real(number))]));
    }
}

#[test]
fn instants_and_spans_read_back_exactly() {
    let time = "2025-08-05T12:00:00.1234567Z".parse::<amp_rules_core::Time>().unwrap();
    let parameters = [
        ("from".to_owned(), ParameterValue::Time(time)),
        ("wait".to_owned(), ParameterValue::Duration(std::time::Duration::from_nanos(90_000_000_100))),
    ];
    let found = bound(&parameters).unwrap();
    assert_eq!(found[0].1, Value::DateTime(time.ticks() + amp_rules_kql::value::TICKS_TO_EPOCH));
    assert_eq!(found[1].1, Value::TimeSpan(900_000_001));
}
