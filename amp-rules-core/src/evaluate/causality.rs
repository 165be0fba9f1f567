//! Which instances explain which, the roots among them, and their roles.
//!
//! Reading order; each file uses only those before it:
//!
//! - [`edge_index`]: which instances an edge of the rules joins. [`timing`]: whether a cause fits its effect in time.
//! - [`episodes`]: the episodes that take part. [`graph`]: the causal graph; [`build`]: its construction. [`history`]: which
//!   episodes that are over belong together.
//! - [`conflict`], [`hidden_cause`], [`grade`]: contradictions, unseen causes, and how certain a root is.
//! - [`roots`]: roots and roles. [`analysis`]: all of this for one run. [`upstream`]: the status of a root's modelled causes.

mod analysis;
mod build;
mod conflict;
mod edge_index;
mod episodes;
mod grade;
mod graph;
mod hidden_cause;
mod history;
mod roots;
mod timing;
mod upstream;

pub(crate) use self::analysis::{CausalAnalysis, PastIncident};
pub(crate) use self::graph::CausalGraph;
pub(crate) use self::roots::RootGroup;
pub(crate) use self::upstream::UpstreamCauses;
