//! The functions of single values, by topic.

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

/// All of them, by topic.
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

/// How long a text or an array may become that is made of others; what would be longer is null, or the empty text.
const MADE_AT_MOST: usize = 1 << 24;

/// The most elements that `range` and `repeat` make.
const ELEMENTS_AT_MOST: usize = 1 << 20;

type Result_ = fn(&[Argument]) -> Result<Type, ArgumentError>;
type Call = fn(&EvalContext, &[Argument], &[Value]) -> Value;

/// A function whose result has no name of its own.
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
    /// The same function with other names.
    const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// The same function, its result called so.
    const fn named(self, naming: Naming) -> Self {
        Self { naming, ..self }
    }

    /// The same function, its result called as its first argument.
    const fn keeps_name(self) -> Self {
        self.named(Naming::FirstArgument)
    }
}
