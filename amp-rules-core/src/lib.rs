#![doc = include_str!("../README.md")]

pub mod diagnostic;
pub mod codes;
pub mod syntax;
pub mod entity;
pub mod explain;
pub mod graph;
pub mod matcher;
pub mod model;
pub mod request;
pub mod rule_set;
pub mod schema;
pub mod source;
pub mod time;
pub mod unit;
pub mod diagnosis;
pub mod collect;
pub mod compile;
pub(crate) mod guess;
pub mod observation;
pub mod plan;
pub mod evaluate;

pub use collect::collect;
pub use compile::compile;
pub use diagnostic::RuleFile;
pub use diagnosis::Diagnosis;
pub use entity::Entity;
pub use evaluate::evaluate;
pub use observation::Observations;
pub use plan::{Plan, PlanError, plan};
pub use request::{Report, Request, Scope};
pub use rule_set::RuleSet;
pub use source::{Answer, SourceError, SourceErrorKind, TelemetrySource};
pub use time::{Time, Window};
pub mod report;
