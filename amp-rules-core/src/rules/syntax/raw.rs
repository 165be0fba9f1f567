//! Cases, scenarios and incidents as typed raw values: the content of the file with positions, uninterpreted.
//!
//! Input: one file. Output: [`CasesText`], [`ScenarioText`] or [`IncidentText`], or every problem of the file. Whether the ids
//! and tables that they name exist is checked by `compile`, which has the rules.

mod expect;
mod files;
mod given;
mod read;
mod spanned;

pub use expect::{ExpectText, InstanceText, RootText};
pub use files::{CaseText, CasesText, IncidentText, ScenarioText};
pub use given::{AliveText, EntityText, GivenText, MissingPart, ReportText, RowsText, SeriesText, TableState};
pub(crate) use read::{cases, incident};
pub use read::{read_cases, read_incident, read_scenario};
pub use spanned::{Spanned, TimeSpec};
