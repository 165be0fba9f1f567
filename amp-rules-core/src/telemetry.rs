//! Telemetry as the engine sees it: entities, tables, predicates, requests, and the contract of a source.
//!
//! Nothing here knows a rule. In reading order: [`entity`], [`schema`], [`predicate`], [`request`], [`matcher`], [`source`].

pub mod entity;
pub mod matcher;
pub mod predicate;
pub mod request;
pub mod schema;
pub mod source;
