//! Patterns over time, per entity: the instances that causality relates.
//!
//! Reading order; each file uses only those before it:
//!
//! - [`condition`]: which symptoms and patterns a condition names. [`report`]: what users reported.
//! - [`state`]: a pattern at an entity. [`onset`]: episodes, and when each began. [`ongoing`]: whether one may still last.
//!   [`time_resolution`]: how exactly the times are known. [`counter_evidence`]: what ends an occurrence.
//! - [`patterns`]: conditions evaluated, each once. [`instance`]: the states of all patterns, numbered.

mod condition;
mod counter_evidence;
mod instance;
mod ongoing;
mod onset;
mod patterns;
mod report;
mod state;
mod time_resolution;

pub(crate) use self::condition::References;
pub(crate) use self::instance::{Instance, Instances};
pub(crate) use self::ongoing::is_lost;
pub(crate) use self::onset::possible_onsets;
pub(crate) use self::patterns::Patterns;
pub(crate) use self::state::{Episode, PatternState, UNKNOWN_ONSET};
