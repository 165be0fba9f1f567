//! A plan with what the source answered: per request an answer, or the error in its place.
//!
//! Input: a plan and the replies of a source. Output: [`Observations`], the only telemetry that the evaluator sees.

use crate::plan::Plan;
use crate::telemetry::source::{Answer, SourceError, SourceErrorKind};

/// A plan with one answer or error per request.
#[derive(Debug)]
pub struct Observations {
    plan: Plan,
    answers: Vec<Result<Answer, SourceError>>,
}

impl Observations {
    /// Pairs the requests of a plan with their answers, in order.
    ///
    /// If the numbers differ, it is unknown which answer belongs to which request: each request then gets a
    /// [`SourceErrorKind::Malformed`] error.
    #[must_use]
    pub fn new(plan: Plan, mut answers: Vec<Result<Answer, SourceError>>) -> Self {
        let expected = plan.requests().len();
        if answers.len() != expected {
            let context = format!("the source gave {} answers to {expected} requests", answers.len());
            let error = |table: &str| SourceError::read(SourceErrorKind::Malformed, table, context.as_str());
            answers = plan.requests().iter().map(|request| Err(error(&request.reading().table.name))).collect();
        }
        Self { plan, answers }
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// One entry per request of the plan, in order.
    pub fn answers(&self) -> &[Result<Answer, SourceError>] {
        &self.answers
    }

    /// The answers by value, in the order of the plan's requests.
    pub fn into_answers(self) -> Vec<Result<Answer, SourceError>> {
        self.answers
    }
}
