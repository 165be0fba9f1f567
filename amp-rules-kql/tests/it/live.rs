//! The live source against servers of this machine: what it sends, and what it makes of good answers and of bad ones.

mod conformance;
mod faults;
mod wire;
