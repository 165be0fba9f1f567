#![doc = include_str!("../README.md")]

pub mod collect;
pub mod diagnosis;
pub mod escape;
mod evaluate;
pub mod evaluation;
pub mod explain;
pub mod file_name;
pub mod fleet;
mod graph;
pub mod observation;
pub mod plan;
pub mod report;
pub mod rules;
pub mod suggest;
pub mod telemetry;
pub mod time;
pub mod unit;

pub use collect::collect;
pub use diagnosis::Diagnosis;
pub use evaluation::{Evaluation, evaluate};
pub use observation::Observations;
pub use plan::{Plan, PlanError, PlanErrors, Scope, UserReport, plan};
pub use rules::compile::compile;
pub use rules::diagnostic::RuleFile;
pub use rules::rule_set::RuleSet;
pub use telemetry::entity::Entity;
pub use telemetry::request::Request;
pub use telemetry::source::{Answer, SourceError, SourceErrorKind, TelemetrySource};
pub use time::{Time, Window};
