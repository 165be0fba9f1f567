//! Compares lowered queries, run by the interpreter, with row folding; their text with Microsoft's binder.

mod conformance;
mod generate;
mod hostile;
mod injection;
mod interpreted;
mod law;
mod microsoft;
