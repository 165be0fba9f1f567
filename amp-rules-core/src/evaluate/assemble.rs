//! The diagnosis as data.

pub(crate) mod diagnosis;
pub(crate) mod findings;
pub(crate) mod open_questions;
pub(crate) mod unmatched;
