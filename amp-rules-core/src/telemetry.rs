//! The telemetry model: entities, tables, predicates, requests, and the contract of a source.
//!
//! Nothing here knows a rule. In reading order: [`entity`], [`schema`], [`predicate`], [`request`], [`matcher`], [`source`].

pub mod entity;
pub mod matcher;
mod number;
pub mod predicate;
pub mod request;
pub mod schema;
pub mod source;
