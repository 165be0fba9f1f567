//! A file of rows: where it is, its format, and how its rows become rows of a table.

use std::sync::Arc;

use amp_rules_core::telemetry::form::FormContent;
use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::SourceErrorKind;

use super::bytes::Place;
use super::sink::Header;
use crate::form::{Catalogue, FileFacts, Fit, Layout, Mapper, Zone};

/// The format of a file of rows, apart from its compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FileFormat {
    /// One JSON object per line.
    Ndjson,
    /// Comma-separated values with a header.
    Csv,
    /// A response of a query service, saved or printed by a command line.
    Response,
    /// A JSON array of rows, or one row.
    Rows,
    /// Lines of a container.
    Lines,
    /// Kubernetes objects: a list, or one.
    Objects,
}

/// A file of rows of one table.
#[derive(Clone, Debug)]
pub(crate) struct TableFile {
    /// The name relative to the folder.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) place: Place,
    /// The format.
    pub(crate) format: FileFormat,
    /// The size on disk in bytes.
    pub(crate) bytes: u64,
    /// Why it is not read; `None` for a file that is.
    pub(crate) refused: Option<Refused>,
    /// How its rows become rows of the table.
    pub(crate) rule: FileRule,
}

/// Why something in place of a file of rows is not read.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    /// The kind of the failure.
    pub(crate) kind: SourceErrorKind,
    /// The reason as a sentence about "it".
    pub(crate) what: String,
}

/// How the rows of a file become rows of a table.
#[derive(Clone, Debug)]
pub(crate) struct FileRule {
    /// The tables and their layouts.
    pub(crate) catalogue: Arc<Catalogue>,
    /// The table's index in the catalogue.
    pub(crate) table: usize,
    /// Whether the name of the file is the table's, so that all its rows are of the table.
    pub(crate) is_named: bool,
    /// The layout; `None` for the table's own columns.
    pub(crate) layout: Option<Arc<Layout>>,
    /// The names of its columns, as far as they were read.
    pub(crate) header: Header,
    /// What is known about it otherwise.
    pub(crate) facts: FileFacts,
}

impl FileRule {
    /// Whether its rows have columns, so that a header decides how they are read.
    fn is_rows(&self) -> bool {
        self.layout.as_ref().is_none_or(|layout| layout.content == FormContent::Rows)
    }

    /// The kind of the objects of the file; empty if it has none.
    pub(crate) fn object_kind(&self) -> &str {
        match self.layout.as_ref().map(|layout| &layout.content) {
            Some(FormContent::Objects(kind)) => kind,
            Some(FormContent::Rows | FormContent::Lines) | None => "",
        }
    }

    /// The form of the file in words.
    pub(crate) fn form_name(&self, table: &Table) -> String {
        match &self.layout {
            None => format!("the columns of `{}`", table.name),
            Some(layout) => layout.name.clone(),
        }
    }

    /// The mapper for rows under the header that was read first.
    pub(crate) fn mapper(&self, table: &Arc<Table>) -> Mapper {
        self.mapper_of(table, self.layout.clone(), &self.header)
    }

    /// The mapper for rows under another header of the file; `None` if they are rows of another table.
    pub(crate) fn mapper_for(&self, table: &Arc<Table>, header: &Header) -> Option<Mapper> {
        if !self.is_rows() {
            return Some(self.mapper(table));
        }
        if self.is_named {
            let layout = self.catalogue.fit_table(self.table, &header.names);
            return Some(self.mapper_of(table, layout, header));
        }
        match self.catalogue.fit(&header.names) {
            Fit::One(layout) if layout.table == self.table => Some(self.mapper_of(table, Some(layout), header)),
            Fit::One(_) | Fit::Tie(_) | Fit::None => None,
        }
    }

    fn mapper_of(&self, table: &Arc<Table>, layout: Option<Arc<Layout>>, header: &Header) -> Mapper {
        let mut facts = self.facts.clone();
        let time = Mapper::time_name(table, layout.as_deref(), &header.names);
        if time.is_some_and(|time| header.utc.contains(time)) {
            facts.times.zone = Some(Zone::UTC);
        }
        Mapper::new(&self.catalogue, table, layout, &header.names, facts)
    }
}
