//! The format of rule files: text in, checked trees and typed raw values out.
//!
//! Input: a [`RuleFile`](crate::rules::diagnostic::RuleFile). Output: a tree in which
//! every key and value has its byte range and quoting style (`parse`), checked against the one definition of the format
//! (`shape`, `document`). The JSON Schema ([`json_schema()`]) and the reference ([`reference()`]) are generated from the same
//! definition.
//!
//! Nothing here interprets a value beyond its spelling, and nothing returns at the first problem: all problems of a file
//! are collected, and a broken file never hides those of another.

mod check;
mod document;
mod json_schema;
mod node;
mod parse;
mod raw;
mod reference;
mod retired;
mod scalar;
mod shape;
mod template;
mod yaml_error;

pub use check::hidden_characters;
pub use document::FileKind;
pub use json_schema::json_schema;
pub use parse::LIMITS;
pub use raw::{
    AliveText, CaseText, CasesText, EntityText, ExpectText, GivenText, IncidentText, InstanceText, MissingPart,
    ReportText, RootText, RowsText, ScenarioText, SeriesText, Spanned, TableState, TimeSpec, read_cases, read_incident,
    read_scenario,
};
pub use reference::reference;

pub(crate) use check::{Checked, check_file, version_bounds};
pub(crate) use node::{Bytes, Entry, Node, Value};
pub(crate) use raw::{cases, incident};
pub(crate) use retired::FILE_NAMES;
pub(crate) use scalar::{locate, places};
