//! Checked documents → values that make sense.
//!
//! Input: one checked file and the model of the pack. Output: a [`Pack`] or a [`Draft`] of a pattern, and what is wrong
//! with it. A part that does not fit the format is skipped in silence, because `syntax` has already spoken about it; a
//! name that may be defined in a broken pack is not complained about. Other patterns are not known here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::rules::codes;
use crate::rules::diagnostic::{Code, Diagnostic, Span};
use crate::rules::model::query::QueryText;
use crate::rules::model::{Parameter, Pattern, Setting, SymptomRef};
use crate::rules::syntax::{Bytes, Checked, Node, locate};
use crate::suggest::nearest;
use crate::telemetry::schema::Schema;
use crate::time::parse_duration;
use crate::unit::{Dimension, Quantity, Unit};

mod condition;
mod content;
mod filter;
mod hir;
mod lints;
mod pack;
mod pattern;
mod query;
mod regexes;
mod series;
mod symptom;
mod threshold;

pub(crate) use condition::read_patterns;
pub(crate) use pack::read_pack;
pub(crate) use pattern::read_pattern;
pub(crate) use query::kind_of;

/// The model of a pack.
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
    /// Where each parameter is defined.
    pub(crate) parameter_spans: BTreeMap<String, Span>,
    /// Whether everything in it could be read. Otherwise what is not here may well be defined.
    pub(crate) is_whole: bool,
}

/// A name and where it is used.
#[derive(Debug, Clone)]
pub(crate) struct Used<T> {
    /// The name.
    pub(crate) name: T,
    /// Where.
    pub(crate) span: Span,
}

/// A pattern with the places of all that other files have to do with.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// The pattern. Parts that do not fit the format are left out of it.
    pub(crate) pattern: Pattern,
    /// Whether every part could be read.
    pub(crate) is_whole: bool,
    /// The name of its file.
    pub(crate) file: String,
    /// Where its id stands.
    pub(crate) id: Span,
    /// Where its title stands.
    pub(crate) title: Option<Span>,
    /// All its symptoms, those included that could not be read, and where their names stand.
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
    /// Where the capture of the magnitude stands.
    pub(crate) magnitude: Option<Span>,
    /// Parameters that it uses.
    pub(crate) parameters: BTreeSet<String>,
    /// The texts in KQL of its symptoms.
    pub(crate) texts: Vec<QueryText>,
}

/// One file being read.
pub(crate) struct Reader<'a> {
    /// The file.
    pub(crate) checked: &'a Checked,
    /// The model of the pack.
    pub(crate) pack: &'a Pack,
    /// What is wrong.
    pub(crate) problems: &'a mut Vec<Diagnostic>,
    /// Parameters that were used.
    pub(crate) parameters: BTreeSet<String>,
    /// Texts in KQL that were found.
    pub(crate) texts: Vec<QueryText>,
}

impl<'a> Reader<'a> {
    /// Begins to read a file.
    pub(crate) fn new(checked: &'a Checked, pack: &'a Pack, problems: &'a mut Vec<Diagnostic>) -> Self {
        Self { checked, pack, problems, parameters: BTreeSet::new(), texts: Vec::new() }
    }

    fn span(&self, node: &Node) -> Span {
        self.checked.span(node.bytes)
    }

    fn report(&mut self, code: &'static Code, node: &Node, message: impl Into<String>) -> &mut Diagnostic {
        let span = self.span(node);
        self.report_at(code, span, message)
    }

    fn report_at(&mut self, code: &'static Code, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.problems.push_mut(Diagnostic::new(code, span, message))
    }

    /// The bytes of a stretch of a scalar's text.
    fn place(&self, node: &Node, from: usize, to: usize) -> Span {
        let bytes: Bytes = locate(&self.checked.text, node, from, to);
        self.checked.span(bytes)
    }

    /// A value that fits the format.
    fn get<'n>(&self, map: &'n Node, key: &str) -> Option<&'n Node> {
        map.get(key).filter(|node| self.checked.is_sound(node))
    }

    fn text<'n>(&self, map: &'n Node, key: &str) -> Option<&'n str> {
        self.get(map, key)?.text()
    }

    fn string(&self, map: &Node, key: &str) -> Option<String> {
        self.text(map, key).map(|text| text.trim().to_owned())
    }

    fn is_true(&self, map: &Node, key: &str) -> bool {
        self.text(map, key) == Some("true")
    }

    fn number(&self, map: &Node, key: &str) -> Option<u32> {
        self.text(map, key)?.parse().ok()
    }

    fn duration(&self, map: &Node, key: &str) -> Option<Duration> {
        parse_duration(self.text(map, key)?)
    }

    fn texts(&self, map: &Node, key: &str) -> Vec<String> {
        let Some(node) = self.get(map, key) else { return Vec::new() };
        node.many().iter().filter_map(|item| item.text().map(str::to_owned)).collect()
    }

    fn uses(&self, map: &Node, key: &str) -> Vec<Used<String>> {
        let Some(node) = self.get(map, key) else { return Vec::new() };
        node.many()
            .iter()
            .filter_map(|item| Some(Used { name: item.text()?.to_owned(), span: self.span(item) }))
            .collect()
    }

    /// A number with a unit, or a parameter that exists.
    fn setting(&mut self, node: &Node) -> Option<Setting> {
        let text = node.text()?;
        let Some(name) = text.strip_prefix('$') else { return Quantity::parse(text).map(Setting::Literal) };
        self.parameters.insert(name.to_owned());
        if !self.pack.parameters.contains_key(name)
            && self.pack.is_whole
            && !self.pack.parameter_spans.contains_key(name)
        {
            let near = nearest(name, self.pack.parameters.keys().map(String::as_str))
                .map(|near| format!("did you mean `${near}`?"));
            let help = near.unwrap_or_else(|| "define it under `parameters` of the pack".to_owned());
            self.report(&codes::DANGLING_REFERENCE, node, format!("unknown parameter `${name}`")).help = Some(help);
        }
        Some(Setting::Parameter(name.to_owned()))
    }

    /// What a setting is unless the run sets another value.
    fn quantity(&self, setting: &Setting) -> Option<Quantity> {
        match setting {
            Setting::Literal(quantity) => Some(*quantity),
            Setting::Parameter(name) => self.pack.parameters.get(name).map(|parameter| parameter.value),
        }
    }

    /// A setting that measures this; says so where it measures something else.
    fn setting_of(&mut self, map: &Node, key: &str, dimension: Dimension) -> Option<Setting> {
        let node = self.get(map, key)?.clone();
        let setting = self.setting(&node)?;
        if let Some(quantity) = self.quantity(&setting)
            && (quantity.unit.dimension != dimension || quantity.unit.per.is_some())
        {
            let problem = self.report(
                &codes::UNIT_MISMATCH,
                &node,
                format!("`{key}` measures {}, not {}", what(&Unit::base(dimension)), what(&quantity.unit)),
            );
            problem.labels.iter_mut().take(1).for_each(|label| label.text = format!("expected {}", example(dimension)));
        }
        Some(setting)
    }

    /// Where a column, key or property stands; says so if the table does not have it.
    fn column(
        &mut self,
        table: &crate::telemetry::schema::Table,
        name: &str,
        node: &Node,
    ) -> Option<crate::telemetry::schema::Path> {
        let found = match name {
            "value" if !table.columns.contains_key("value") || table.value.is_some() => {
                table.value.clone().or_else(|| table.resolve(name))
            }
            _ => table.resolve(name),
        };
        if found.is_none() {
            let known = table.columns.keys().chain(table.keys.keys()).map(String::as_str);
            let near = nearest(name, known).map(|near| format!("did you mean `{near}`?"));
            self.report(&codes::UNKNOWN_COLUMN, node, format!("table `{}` has no column `{name}`", table.name)).help =
                near;
        }
        found
    }
}

/// A unit in words.
fn what(unit: &Unit) -> String {
    let word = |dimension| match dimension {
        Dimension::Count => "a number of things",
        Dimension::Bytes => "bytes",
        Dimension::Seconds => "a time",
        Dimension::Ratio => "a share",
        Dimension::Cores => "processor cores",
    };
    match unit.per {
        Some(per) => format!("{} per {}", word(unit.dimension), word(per)),
        None => word(unit.dimension).to_owned(),
    }
}

fn example(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Count => "a plain number such as `3`",
        Dimension::Bytes => "bytes such as `10 GB`",
        Dimension::Seconds => "a duration such as `15m`",
        Dimension::Ratio => "a share such as `80 %`",
        Dimension::Cores => "cores such as `2 cores`",
    }
}
