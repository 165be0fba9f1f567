//! The values of `range`: numbers, instants or timespans at equal distances.

use crate::run::BATCH;
use crate::run::error::RunError;
use crate::run::stage::Flow;
use crate::span::Span;
use crate::value::{Row, Type, Value, convert};

/// Maximum number of values of one `range`.
const MOST: u64 = 10_000_000;

/// Passes the values of `range` to `push`, both ends inclusive; none if the step leads away from the end.
pub(crate) fn range(
    parts: [Value; 3],
    kind: Type,
    span: Span,
    push: &mut dyn FnMut(Vec<Row>) -> Result<Flow, RunError>,
) -> Result<(), RunError> {
    let value_error = |message: &str| RunError::Value { message: message.to_owned(), span };
    let [from, to, step] = &parts;
    let step_kind = if kind == Type::DateTime { Type::TimeSpan } else { kind };
    let (from, to, step) = (convert::to(kind, from), convert::to(kind, to), convert::to(step_kind, step));
    let value: Box<dyn Fn(u64) -> Option<Value>> = match (from, to, step) {
        (Value::Real(from), Value::Real(to), Value::Real(step)) => {
            if step == 0.0 || !step.is_finite() || !from.is_finite() {
                return Err(value_error("the step of `range` must not be zero"));
            }
            Box::new(move |index| {
                #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^53 values")]
                let value = from + step * index as f64;
                let inside = if step > 0.0 { value <= to } else { value >= to };
                inside.then_some(Value::Real(value))
            })
        }
        (from, to, step) => {
            let (Some(from), Some(to), Some(step)) = (from.as_integer(), to.as_integer(), step.as_integer()) else {
                return Ok(());
            };
            if step == 0 {
                return Err(value_error("the step of `range` must not be zero"));
            }
            Box::new(move |index| {
                let value = from + step * i128::from(index);
                let inside = if step > 0 { value <= to } else { value >= to };
                inside.then(|| Value::from_integer(value, kind)).flatten()
            })
        }
    };
    let mut index = 0;
    loop {
        let rows: Vec<Row> = (index..index + BATCH as u64).map_while(&value).map(|value| vec![value]).collect();
        index += rows.len() as u64;
        if index > MOST {
            return Err(value_error("`range` produces too many values"));
        }
        let last = rows.len() < BATCH;
        if push(rows)? == Flow::Done || last {
            return Ok(());
        }
    }
}
