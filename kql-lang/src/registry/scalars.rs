//! The scalar functions, by topic.

mod array;
mod bag;
mod binning;
mod choice;
mod compression;
mod conversion;
mod encoding;
mod extract;
mod hash;
mod ipv4_search;
mod ipv6;
mod key_values;
mod math;
mod network;
mod part;
mod parts;
mod period;
mod punycode;
mod replace;
mod series;
mod series_filter;
mod series_fit;
mod set;
mod sketch;
mod special;
mod spectrum;
mod text;
mod time;
mod time_format;
mod time_zone;
mod url;
mod xml;

use std::ops::RangeInclusive;

use crate::registry::{Argument, ArgumentError, EvalContext, Naming, ResultColumn, Scalar};
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
    sketch::FUNCTIONS,
    series::FUNCTIONS,
    time_zone::FUNCTIONS,
    special::FUNCTIONS,
    spectrum::FUNCTIONS,
    xml::FUNCTIONS,
    series_fit::FUNCTIONS,
    series_filter::FUNCTIONS,
    punycode::FUNCTIONS,
    parts::FUNCTIONS,
    ipv6::FUNCTIONS,
    ipv4_search::FUNCTIONS,
    compression::FUNCTIONS,
];

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
    Scalar { name, aliases: &[], arity, result, naming: Naming::None, columns: |_| None, call, summary }
}

pub(super) fn pack_filled() -> &'static Scalar {
    &bag::PACK_FILLED
}

pub(super) fn parse_kv() -> &'static Scalar {
    &key_values::PARSE_KV
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

    /// Gives the result several columns.
    const fn with_columns(self, columns: fn(&[Argument]) -> Option<Vec<ResultColumn>>) -> Self {
        Self { columns, ..self }
    }

    /// Names the result column after the first argument.
    const fn keeps_name(self) -> Self {
        self.named(Naming::FirstArgument)
    }
}
