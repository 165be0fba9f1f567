#![doc = include_str!("../README.md")]

pub mod check;
pub mod convert;
pub mod diagnostic;
pub mod header;
#[cfg(feature = "live")]
pub mod live;
pub mod lower;
pub mod wire;
