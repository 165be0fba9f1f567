//! Values that every raw document contains: spanned values and times.

use crate::rules::diagnostic::Span;
use crate::time::Time;

/// A value with its position.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its position in the file.
    pub span: Span,
}

/// A point in time, absolute or relative to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeSpec {
    /// Ticks of 100 ns relative to now; negative in the past.
    Offset(i64),
    /// An absolute time.
    At(Time),
}

impl TimeSpec {
    /// Returns the absolute time, given the time that counts as now.
    #[must_use]
    pub fn instant(self, now: Time) -> Time {
        match self {
            Self::Offset(ticks) => now.saturating_add_ticks(ticks),
            Self::At(time) => time,
        }
    }
}
