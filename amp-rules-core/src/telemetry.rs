//! The telemetry model: entities, tables, predicates, requests, and the contract of a source.
//!
//! Nothing here knows a rule. In reading order: [`entity`], [`form`], [`schema`], [`predicate`], [`request`], [`matcher`], [`source`].

pub mod entity;
pub mod form;
pub mod matcher;
mod number;
mod path;
pub mod predicate;
pub mod request;
pub mod schema;
pub mod source;
