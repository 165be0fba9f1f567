//! The format of rule files: text in, checked trees and typed raw values out.
//!
//! Input: a [`RuleFile`](crate::rules::diagnostic::RuleFile). Output: a tree in which every key and value knows its bytes and how it was written
//! (`parse`), checked against the one definition of the format (`shape`, `document`); from the same definition come the
//! JSON Schema ([`json_schema`]) and the reference ([`reference()`]).
//!
//! Nothing here knows what a value means beyond its spelling, and nothing returns at the first problem: all problems of
//! a file are collected, and a broken file never hides those of another.

mod check;
mod document;
mod node;
mod parse;
mod raw;
mod reference;
mod retired;
mod scalar;
mod schema;
mod shape;
mod template;

pub use document::{FORMATS, FileKind};
pub use raw::{
    AliveText, CaseText, CasesText, ExpectText, GivenText, IncidentText, InstanceText, MissingPart, Moment, ReportText,
    RootText, RowsText, ScenarioText, SeriesText, Spanned, TableState, WhoText, read_cases, read_incident,
    read_scenario,
};
pub use reference::reference;
pub use schema::json_schema;

pub(crate) use check::{Checked, check_file, version_bounds};
pub(crate) use node::{Bytes, Entry, Node, Value};
pub(crate) use raw::{cases, incident};
pub(crate) use retired::FILE_NAMES;
pub(crate) use scalar::{locate, places};
