#![doc = include_str!("../README.md")]

pub mod ast;
pub mod bind;
pub mod datetime;
pub mod diagnostic;
mod eval;
pub mod literal;
pub mod nearest;
pub mod plan;
pub mod prologue;
pub mod reference;
pub mod registry;
pub mod run;
pub mod span;
pub mod syntax;
pub mod value;
