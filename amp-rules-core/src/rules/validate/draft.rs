//! Patterns before the checks across files.

use std::collections::{BTreeMap, BTreeSet};

use crate::rules::diagnostic::Span;
use crate::rules::model::query::QueryText;
use crate::rules::model::{Pattern, SymptomRef};

/// A name and the place where it is used.
#[derive(Debug, Clone)]
pub(crate) struct Used<T> {
    /// The name.
    pub(crate) name: T,
    /// The place.
    pub(crate) span: Span,
}

/// A pattern, with the places of everything that is checked across files.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// The pattern, without the parts that do not fit the format.
    pub(crate) pattern: Pattern,
    /// Whether every part could be read.
    pub(crate) is_whole: bool,
    /// The name of its file.
    pub(crate) file: String,
    /// The position of its id.
    pub(crate) id: Span,
    /// The position of its title.
    pub(crate) title: Option<Span>,
    /// All its symptoms with the positions of their names, including those that could not be read.
    pub(crate) symptoms: BTreeMap<String, Span>,
    /// The symptoms that conditions, other symptoms and the magnitude use.
    pub(crate) symptom_uses: Vec<Used<SymptomRef>>,
    /// The patterns that `when` and `noise_unless` name as a whole.
    pub(crate) pattern_uses: Vec<Used<String>>,
    /// Targets of `causes`, in order.
    pub(crate) causes: Vec<Used<String>>,
    /// Targets of `amplifies`, in order.
    pub(crate) amplifies: Vec<Used<String>>,
    /// Targets of `contradicts`, in order.
    pub(crate) contradicts: Vec<Used<String>>,
    /// Named queries, in order.
    pub(crate) queries: Vec<Used<String>>,
    /// The position of the capture of the magnitude.
    pub(crate) magnitude: Option<Span>,
    /// The parameters that it uses.
    pub(crate) parameters: BTreeSet<String>,
    /// The KQL texts of its symptoms.
    pub(crate) texts: Vec<QueryText>,
}
