//! Everything that one run reads, known before anything is read.
//!
//! Input: a [`RuleSet`](crate::RuleSet) and a [`Scope`]. Output: a [`Plan`]: distinct
//! [`Request`](crate::telemetry::request::Request)s in a stable order, and which symptom needs which. Symptoms that need the
//! same telemetry share a request. Nothing here reads the clock or telemetry.

mod bins;
mod check;
mod error;
mod key;
mod need;
mod parameters;
mod planner;
mod requests;
mod scope;

pub(crate) use self::bins::{DEFAULT_BIN, source_steps};
pub use self::error::{PlanError, PlanErrors};
pub use self::need::{Need, Part};
pub(crate) use self::planner::leaf_kind;
pub use self::planner::plan;
pub use self::requests::Plan;
pub use self::scope::{Scope, UserReport};
