//! The scalar functions, by topic.

mod array;
mod bag;
mod binning;
mod choice;
mod conversion;
mod encoding;
mod extract;
mod hash;
mod math;
mod network;
mod part;
mod period;
mod replace;
mod series;
mod set;
mod text;
mod time;
mod time_format;
mod url;

use std::ops::RangeInclusive;

use crate::registry::{Argument, ArgumentError, EvalContext, Naming, Scalar};
use crate::value::{Type, Value};

/// All scalar functions, by topic.
pub(super) static TOPICS: &[&[Scalar]] = &[
    conversion::FUNCTIONS,
    choice::FUNCTIONS,
    math::FUNCTIONS,
    binning::FUNCTIONS,
    text::FUNCTIONS,
    part::FUNCTIONS,
    extract::FUNCTIONS,
    replace::FUNCTIONS,
    encoding::FUNCTIONS,
    hash::FUNCTIONS,
    url::FUNCTIONS,
    network::FUNCTIONS,
    time::FUNCTIONS,
    period::FUNCTIONS,
    time_format::FUNCTIONS,
    array::FUNCTIONS,
    bag::FUNCTIONS,
    set::FUNCTIONS,
    series::FUNCTIONS,
];

/// Maximum length of a string or array computed by a function; longer results are null, or the empty string.
const MADE_AT_MOST: usize = 1 << 24;

/// Maximum number of elements produced by `range` and `repeat`.
const ELEMENTS_AT_MOST: usize = 1 << 20;

type Result_ = fn(&[Argument]) -> Result<Type, ArgumentError>;
type Call = fn(&EvalContext, &[Argument], &[Value]) -> Value;

/// A scalar function without a naming rule for its result.
const fn scalar(
    name: &'static str,
    arity: RangeInclusive<usize>,
    result: Result_,
    call: Call,
    summary: &'static str,
) -> Scalar {
    Scalar { name, aliases: &[], arity, result, naming: Naming::None, call, summary }
}

impl Scalar {
    /// Adds aliases.
    const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// Sets the default name of a result column.
    const fn named(self, naming: Naming) -> Self {
        Self { naming, ..self }
    }

    /// Names the result column after the first argument.
    const fn keeps_name(self) -> Self {
        self.named(Naming::FirstArgument)
    }
}
