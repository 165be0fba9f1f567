//! What came back: per request an answer, or the error in its place.
//!
//! Input: a plan and the answers of a source. Output: [`Observations`], the only thing the evaluator sees of the world.

use crate::plan::Plan;
use crate::telemetry::source::{Answer, SourceError};

/// A plan with its answers.
#[derive(Debug)]
pub struct Observations {
    /// What was asked.
    pub plan: Plan,
    /// One entry per request of the plan, in order.
    pub answers: Vec<Result<Answer, SourceError>>,
}
