#![doc = include_str!("../README.md")]

pub mod codes;
pub mod collect;
pub mod compile;
pub mod diagnosis;
pub mod diagnostic;
pub mod entity;
pub mod evaluate;
pub mod explain;
pub mod graph;
pub(crate) mod guess;
pub mod matcher;
pub mod model;
pub mod observation;
pub mod plan;
pub mod request;
pub mod rule_set;
pub mod schema;
pub mod source;
pub mod syntax;
pub mod time;
pub mod unit;

pub use collect::collect;
pub use compile::compile;
pub use diagnosis::Diagnosis;
pub use diagnostic::RuleFile;
pub use entity::Entity;
pub use evaluate::evaluate;
pub use observation::Observations;
pub use plan::{Plan, PlanError, plan};
pub use request::{Report, Request, Scope};
pub use rule_set::RuleSet;
pub use source::{Answer, SourceError, SourceErrorKind, TelemetrySource};
pub use time::{Time, Window};
pub mod report;
