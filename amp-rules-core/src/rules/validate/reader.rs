//! The state of validating one file: access to values that fit the format, and diagnostics.

use std::collections::BTreeSet;
use std::time::Duration;

use super::draft::Used;
use super::pack_model::Pack;
use super::units::{dimension_name, example};
use crate::rules::codes;
use crate::rules::diagnostic::{Code, Diagnostic, Span};
use crate::rules::model::Setting;
use crate::rules::model::query::QueryText;
use crate::rules::syntax::{Bytes, Checked, Node, locate};
use crate::suggest::nearest;
use crate::telemetry::schema::{Path, Table};
use crate::time::parse_duration;
use crate::unit::{Dimension, Quantity, Unit};

/// One file under validation.
pub(crate) struct Reader<'a> {
    /// The file.
    pub(crate) checked: &'a Checked,
    /// The model of the pack.
    pub(crate) pack: &'a Pack,
    /// The diagnostics so far.
    pub(crate) problems: &'a mut Vec<Diagnostic>,
    /// The parameters that the file uses.
    pub(crate) parameters: BTreeSet<String>,
    /// The KQL texts that the file contains.
    pub(crate) texts: Vec<QueryText>,
}

impl<'a> Reader<'a> {
    /// Creates a reader without diagnostics.
    pub(crate) fn new(checked: &'a Checked, pack: &'a Pack, problems: &'a mut Vec<Diagnostic>) -> Self {
        Self { checked, pack, problems, parameters: BTreeSet::new(), texts: Vec::new() }
    }

    pub(super) fn span(&self, node: &Node) -> Span {
        self.checked.span(node.bytes)
    }

    pub(super) fn report(&mut self, code: &'static Code, node: &Node, message: impl Into<String>) -> &mut Diagnostic {
        let span = self.span(node);
        self.report_at(code, span, message)
    }

    pub(super) fn report_at(&mut self, code: &'static Code, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.problems.push_mut(Diagnostic::new(code, span, message))
    }

    /// Returns the span of the bytes `from..to` of a scalar's text.
    pub(super) fn part(&self, node: &Node, from: usize, to: usize) -> Span {
        let bytes: Bytes = locate(&self.checked.text, node, from, to);
        self.checked.span(bytes)
    }

    /// Returns the value of a key, if it fits the format.
    pub(super) fn get<'n>(&self, map: &'n Node, key: &str) -> Option<&'n Node> {
        map.get(key).filter(|node| self.checked.is_sound(node))
    }

    pub(super) fn text<'n>(&self, map: &'n Node, key: &str) -> Option<&'n str> {
        self.get(map, key)?.text()
    }

    pub(super) fn string(&self, map: &Node, key: &str) -> Option<String> {
        self.text(map, key).map(|text| text.trim().to_owned())
    }

    pub(super) fn is_true(&self, map: &Node, key: &str) -> bool {
        self.text(map, key) == Some("true")
    }

    pub(super) fn number(&self, map: &Node, key: &str) -> Option<u32> {
        self.text(map, key)?.parse().ok()
    }

    pub(super) fn duration(&self, map: &Node, key: &str) -> Option<Duration> {
        parse_duration(self.text(map, key)?)
    }

    pub(super) fn texts(&self, map: &Node, key: &str) -> Vec<String> {
        let Some(node) = self.get(map, key) else { return Vec::new() };
        node.many().iter().filter_map(|item| item.text().map(str::to_owned)).collect()
    }

    pub(super) fn uses(&self, map: &Node, key: &str) -> Vec<Used<String>> {
        let Some(node) = self.get(map, key) else { return Vec::new() };
        node.many()
            .iter()
            .filter_map(|item| Some(Used { name: item.text()?.to_owned(), span: self.span(item) }))
            .collect()
    }

    /// Reads a number with a unit or a parameter, and reports a parameter that does not exist.
    pub(super) fn setting(&mut self, node: &Node) -> Option<Setting> {
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

    /// Returns the value of a setting, unless the run sets another one.
    pub(super) fn quantity(&self, setting: &Setting) -> Option<Quantity> {
        match setting {
            Setting::Literal(quantity) => Some(*quantity),
            Setting::Parameter(name) => self.pack.parameters.get(name).map(|parameter| parameter.value),
        }
    }

    /// Reads a setting, and reports one that has another dimension.
    pub(super) fn setting_of(&mut self, map: &Node, key: &str, dimension: Dimension) -> Option<Setting> {
        let node = self.get(map, key)?.clone();
        let setting = self.setting(&node)?;
        if let Some(quantity) = self.quantity(&setting)
            && (quantity.unit.dimension != dimension || quantity.unit.per.is_some())
        {
            let problem = self.report(
                &codes::UNIT_MISMATCH,
                &node,
                format!(
                    "`{key}` measures {}, not {}",
                    dimension_name(&Unit::base(dimension)),
                    dimension_name(&quantity.unit)
                ),
            );
            problem.labels.iter_mut().take(1).for_each(|label| label.text = format!("expected {}", example(dimension)));
        }
        Some(setting)
    }

    /// Resolves the name of a column, key or property, and reports one that the table does not have.
    pub(super) fn column(&mut self, table: &Table, name: &str, node: &Node) -> Option<Path> {
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
