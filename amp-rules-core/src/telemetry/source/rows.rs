//! Answers from raw rows: what a source needs that can only return rows.
//!
//! Input: requests, then the rows of their tables, one by one and in any order. Output: per request an [`Aggregated`], which
//! becomes an answer once the source has added what it alone knows. The result depends neither on the order of rows nor on
//! rows that arrive twice with the same identity. Memory grows with entities and bins, not with rows, with three exceptions:
//! aggregates that need all samples (percentiles, increases of counters, turns), the history of properties, and the
//! identities of counted rows, of which at most [`IDENTITIES`] per table are kept. Beyond that limit an answer declares
//! [`GapReason::Duplicates`] and its counts are lower bounds. Unmatched error lines are kept apart up to [`TEMPLATES`]
//! templates; beyond that they are grouped more coarsely ([`GapReason::Templates`]). A request whose answer takes more memory
//! than [`Memory`] allows is refused.
//!
//! Nothing here reads a file or waits: the caller passes the rows.
//!
//! [`GapReason::Duplicates`]: crate::telemetry::source::GapReason::Duplicates
//! [`GapReason::Templates`]: crate::telemetry::source::GapReason::Templates

mod aggregated;
mod aggregator;
mod counts;
mod dedup;
mod exact_sum;
mod fields;
mod filter;
mod inventory;
mod lacking;
mod line;
mod member;
mod memory;
mod presence;
mod properties;
mod row;
mod row_context;
mod row_scope;
mod series;
mod table_aggregator;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod unmatched;

pub use self::aggregated::Aggregated;
pub use self::aggregator::{RowAggregator, answer_from_rows};
pub use self::dedup::{Dedup, IDENTITIES, Identities};
pub use self::inventory::starts_of;
pub use self::line::{Line, MESSAGE_FIELDS, Records, lines_of};
pub use self::memory::Memory;
pub use self::row::{Number, Row, number_of, text_of};
pub use self::unmatched::{TEMPLATE_WORDS, TEMPLATES};
