//! Why a pattern holds or does not hold, what would change the diagnosis, and where to look next.
//!
//! Input: an evaluated run; [`crate::Evaluation`] has a method for each kind. Output: proofs, counterfactuals and next queries
//! as plain data. Nothing here decides a verdict: proofs show what the evaluator computed, and a counterfactual evaluates the
//! rules again under an assumption.

mod assumption;
mod counterfactual;
mod effort;
mod next_query;
mod proof;
mod prove;

pub use self::counterfactual::Counterfactual;
pub(crate) use self::counterfactual::counterfactuals;
pub(crate) use self::effort::explanation;
pub use self::effort::{Effort, Explanation};
pub use self::next_query::NextQuery;
pub(crate) use self::next_query::next_queries;
pub use self::proof::{NearMiss, Proof, ProofNode, Verdict, Why};
pub(crate) use self::prove::why;
