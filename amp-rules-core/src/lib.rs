#![doc = include_str!("../README.md")]

pub mod diagnostic;
pub mod codes;
pub mod syntax;
pub mod entity;
pub mod model;
pub mod request;
pub mod rule_set;
pub mod schema;
pub mod source;
pub mod time;
pub mod unit;
pub mod diagnosis;
