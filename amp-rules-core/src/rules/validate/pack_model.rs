//! The telemetry model of a pack, as the validation of patterns uses it.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::rules::diagnostic::Span;
use crate::rules::model::Parameter;
use crate::rules::model::query::{Origin, QueryParameter};
use crate::telemetry::schema::{ColumnType, Schema};
use crate::unit::{Dimension, Quantity};

/// The telemetry model and the parameters of a pack.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pack {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Entities, tables, defaults.
    pub(crate) schema: Schema,
    /// Parameters by name.
    pub(crate) parameters: BTreeMap<String, Parameter>,
    /// The position of the key of each parameter.
    pub(crate) parameter_spans: BTreeMap<String, Span>,
    /// Whether all of it could be read. If not, a name that is missing here may still be defined.
    pub(crate) is_whole: bool,
    /// The size of all regexes so far, in its files too.
    pub(crate) regexes: Cell<u64>,
}

impl Pack {
    /// Returns the parameters that the text of a symptom's query can use, sorted by name: the keys of the coarsest entity
    /// kind, `from`, `to`, and the parameters of the pack.
    pub(crate) fn query_parameters(&self) -> Vec<QueryParameter> {
        let mut all: Vec<QueryParameter> = self.schema.entities.first().map_or_else(Vec::new, |coarsest| {
            let subject = |key: &String| QueryParameter {
                name: key.clone(),
                kind: ColumnType::String,
                origin: Origin::Subject(key.clone()),
            };
            coarsest.keys.iter().map(subject).collect()
        });
        for (name, origin) in [("from", Origin::From), ("to", Origin::To)] {
            all.push(QueryParameter { name: name.to_owned(), kind: ColumnType::DateTime, origin });
        }
        for (name, parameter) in &self.parameters {
            if all.iter().all(|known| known.name != *name) {
                let kind = kind_of(&parameter.value);
                all.push(QueryParameter { name: name.clone(), kind, origin: Origin::Setting(name.clone()) });
            }
        }
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }
}

/// Returns the type of a quantity in queries: `timespan` for a time, `real` in base units for everything else.
pub(crate) fn kind_of(value: &Quantity) -> ColumnType {
    match (value.unit.dimension, value.unit.per) {
        (Dimension::Seconds, None) => ColumnType::TimeSpan,
        _ => ColumnType::Real,
    }
}
