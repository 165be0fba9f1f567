//! What a person adds to files that lack it: keys of their rows, a time zone, the order of day and month.

use amp_rules_core::time::Time;

use super::times::{DateOrder, Zone};

/// What files lack. The default adds nothing.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FileOptions {
    /// Entity keys for rows that lack them.
    pub keys: Vec<GivenKey>,
    /// The time zone of times without one.
    pub timezone: Option<Zone>,
    /// The order of day and month in dates such as `5/8/2025`.
    pub date_order: Option<DateOrder>,
    /// The instant of the diagnosis: the year of times without one is the latest that is not after it.
    pub now: Option<Time>,
}

/// The value of an entity key, for rows that lack it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenKey {
    /// The path, as given, of the file or folder that it is for; `None` for all.
    pub path: Option<String>,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}
