//! The report for programs, version 1: structs that are written as JSON, apart from the core's own types.
//!
//! A diagnosis in, JSON out; the JSON Schema is derived from the same structs, and their doc comments are its descriptions.
//! Every field is always present, in the order of its struct: what is unknown is `null` or an empty list. Later versions
//! append fields to an object.

mod coverage;
mod document;
mod explanation;
mod finding;
mod proof;
mod root;
mod value;

pub(super) use document::{render, schema};
pub(super) use proof::{why, why_not};
