//! Functions that read the values of `hll` and `tdigest`.

use super::scalar;
use crate::registry::aggregates::percentile::nearest;
use crate::registry::aggregates::sketch::Kind;
use crate::registry::arguments::{as_real, at, count, dynamic, fixed_number, long, real_at, returns};
use crate::registry::{Argument, ArgumentError, EvalContext, Naming, Scalar};
use crate::value::{Type, Value, compare, convert};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "dcount_hll",
        1..=1,
        returns!(Long; dynamic),
        |_, _, row| long(Kind::Distinct.values(at(row, 0)).map(|values| count(values.len()))),
        "The number of distinct values of a value of `hll`; exact here.",
    )
    .named(Naming::Prefix("dcount_hll")),
    scalar(
        "hll_merge",
        2..=64,
        returns!(Dynamic; ; ..dynamic),
        |_, _, row| Kind::Distinct.merge(row.iter()),
        "The union of values of `hll`.",
    )
    .named(Naming::Fixed("hll_merged_result")),
    scalar(
        "tdigest_merge",
        2..=64,
        returns!(Dynamic; ; ..dynamic),
        |_, _, row| Kind::All.merge(row.iter()),
        "The union of values of `tdigest`.",
    )
    .also(&["merge_tdigest"])
    .named(Naming::Fixed("tdigests_merge_result")),
    scalar(
        "percentile_tdigest",
        2..=3,
        percentile_kind,
        percentile,
        "A percentile of a value of `tdigest`; exact here.",
    )
    .named(Naming::Prefix("percentile_tdigest")),
    scalar(
        "percentiles_array_tdigest",
        2..=64,
        percentiles_kind,
        percentiles,
        "Several percentiles of a value of `tdigest`, as an array; exact here.",
    )
    .named(Naming::Prefix("percentile_tdigest")),
    scalar(
        "percentrank_tdigest",
        2..=2,
        returns!(Real; dynamic, any),
        |_, _, row| as_real(rank(row).map(|(below, all)| below / all * 100.0)),
        "The percentage of the values of a `tdigest` that are not above a value; exact here.",
    ),
    scalar(
        "rank_tdigest",
        2..=2,
        returns!(Real; dynamic, any),
        |_, _, row| as_real(rank(row).map(|(below, _)| below)),
        "The number of values of a `tdigest` that are not above a value; exact here.",
    ),
];

fn percentile_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    dynamic(arguments, 0)?;
    fixed_number(arguments, 1)?;
    crate::registry::arguments::type_of(arguments, 2)?;
    Ok(arguments.get(2).and_then(|argument| argument.type_of).unwrap_or(Type::Dynamic))
}

fn of_share(sketch: &Value, share: &Value) -> Value {
    let Some(values) = Kind::All.values(sketch) else { return Value::Null };
    let Some(share) = convert::real(share) else { return Value::Null };
    let weighted: Vec<(Value, u64)> = values.iter().map(|value| (value.clone(), 1)).collect();
    nearest(&weighted, values.len() as u128, share)
}

fn percentile(_: &EvalContext, arguments: &[Argument], row: &[Value]) -> Value {
    let value = of_share(at(row, 0), at(row, 1));
    match arguments.get(2).and_then(|argument| argument.type_of) {
        Some(kind) => convert::to(kind, &value),
        None => value,
    }
}

fn percentiles_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    dynamic(arguments, 0)?;
    let is_array = arguments.len() == 2 && arguments.get(1).is_some_and(|argument| argument.kind == Type::Dynamic);
    for place in 1..arguments.len() {
        if !is_array {
            fixed_number(arguments, place)?;
        }
    }
    Ok(Type::Dynamic)
}

fn percentiles(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let shares = row.iter().skip(1).flat_map(|value| match value {
        Value::Array(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    });
    Value::array(shares.map(|share| of_share(at(row, 0), share)).collect())
}

/// The number of values that are not above a value, and of all values.
#[expect(clippy::cast_precision_loss, reason = "a sketch has far fewer than 2^53 values")]
fn rank(row: &[Value]) -> Option<(f64, f64)> {
    let values = Kind::All.values(at(row, 0))?;
    real_at(row, 1)?;
    let below = values.iter().filter(|value| compare(value, at(row, 1)).is_le()).count();
    Some((below as f64, values.len() as f64))
}
