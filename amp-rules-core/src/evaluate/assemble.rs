//! The diagnosis as data, from the causal analysis.
//!
//! Reading order; each file uses only those before it:
//!
//! - [`status`]: the status of the run. [`rank`]: the order of the roots, and how severe each is. [`activity`]: what still
//!   holds. [`chain`]: what a root explains. [`root`]: roots. [`remedy`]: what to do.
//! - [`citation`], [`evidence`]: what shows a symptom. [`finding`]: every pattern that holds.
//! - [`open_questions`]: what stays unknown or contradicts. [`unmatched`], [`coverage`]: what could be seen.
//! - [`impact`]: how large impacts are. [`history`]: what is over. [`indicator`], [`assumption`], [`source_state`]: the rest.
//! - [`mod@diagnosis`]: all of it.
//!
//! Every list is sorted by rank or id. Nothing here decides truth.

mod activity;
mod assumption;
mod chain;
mod citation;
mod coverage;
mod diagnosis;
mod evidence;
mod finding;
mod history;
mod impact;
mod indicator;
mod open_questions;
mod rank;
mod remedy;
mod root;
mod source_state;
mod status;
mod unmatched;

pub(crate) use self::diagnosis::{Outcome, diagnosis, outcome};
pub(crate) use self::evidence::EvidenceCollector;
