//! Runs the cases of patterns and the incidents of a pack.
//!
//! Input: a rule set, the files of its pack (for `cases.yaml` and backgrounds) and incident folders. Output: one
//! [`CaseResult`] per case or incident, in the order of files. Each runs on its own through plan, collect and evaluate, in
//! memory or over its folder. Nothing here prints, and no case influences another.

mod diagnose;
mod expect;
mod near_misses;
mod result;
mod run;

pub use diagnose::diagnose;
pub use expect::{Failure, FailureKind};
pub use result::{CaseId, CaseKind, CaseResult, Outcome, Results};
pub use run::{Options, incidents_below, run};
