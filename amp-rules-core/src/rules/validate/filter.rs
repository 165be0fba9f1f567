//! `where`: which rows count.
//!
//! Input: a map of columns and tests, and the table. Output: conditions on paths. Reports columns that the table does not
//! have, and invalid regexes.

use super::reader::Reader;
use super::regexes::read_regex;
use super::units::dimension_name;
use crate::rules::codes;
use crate::rules::syntax::{Node, version_bounds};
use crate::telemetry::predicate::{Comparison, Condition, Test};
use crate::telemetry::schema::Table;
use crate::unit::{Dimension, Quantity, Unit};

/// Reads the conditions of the `where` in `map`. `unit` is the unit of the sample, for tests on it.
pub(super) fn read_filter(reader: &mut Reader<'_>, map: &Node, table: &Table, unit: Option<Unit>) -> Vec<Condition> {
    let Some(filter) = reader.get(map, "where").cloned() else { return Vec::new() };
    let mut out = Vec::new();
    for entry in filter.map().unwrap_or_default() {
        let key = Node { bytes: entry.key_bytes, value: entry.value.value.clone() };
        let Some(path) = reader.column(table, &entry.key, &key) else { continue };
        let unit = unit.filter(|_| table.value.as_ref() == Some(&path));
        if let Some(test) = read_test(reader, &entry.value, unit) {
            out.push(Condition { path, name: entry.key.clone(), test });
        }
    }
    out
}

fn read_test(reader: &mut Reader<'_>, node: &Node, unit: Option<Unit>) -> Option<Test> {
    if let Some(text) = node.text() {
        return Some(Test::OneOf(vec![text.to_owned()]));
    }
    if let Some(list) = node.list() {
        return Some(Test::OneOf(list.iter().filter_map(|item| item.text().map(str::to_owned)).collect()));
    }
    if let Some(text) = reader.text(node, "prefix") {
        return Some(Test::Prefix(text.to_owned()));
    }
    if let Some(text) = reader.text(node, "contains") {
        return Some(Test::Contains(text.to_owned()));
    }
    if let Some(regex) = reader.get(node, "regex").cloned() {
        read_regex(reader, &regex, false);
        return regex.text().map(|text| Test::Regex(text.to_owned()));
    }
    if let Some(inner) = reader.get(node, "not").cloned() {
        return Some(Test::Not(Box::new(read_test(reader, &inner, unit)?)));
    }
    if let Some(limit) = reader.get(node, "above").cloned() {
        return read_limit(reader, &limit, unit).map(Test::Above);
    }
    if let Some(limit) = reader.get(node, "below").cloned() {
        return read_limit(reader, &limit, unit).map(Test::Below);
    }
    let bounds = version_bounds(reader.text(node, "version")?)?;
    let bounds = bounds.into_iter().map(|(sign, numbers)| {
        let comparison = match sign {
            ">" => Comparison::Above,
            ">=" => Comparison::AtLeast,
            "<" => Comparison::Below,
            "<=" => Comparison::AtMost,
            _ => Comparison::Equals,
        };
        (comparison, numbers)
    });
    Some(Test::Version(bounds.collect()))
}

fn read_limit(reader: &mut Reader<'_>, node: &Node, unit: Option<Unit>) -> Option<f64> {
    let quantity = Quantity::parse(node.text()?)?;
    let Some(unit) = unit else { return Some(quantity.in_base()) };
    if let Some(number) = quantity.in_unit(&unit) {
        return Some(number);
    }
    // Zero needs no unit.
    if quantity.unit.dimension == Dimension::Count && quantity.number == 0.0 {
        return Some(0.0);
    }
    let message = format!("the sample measures {}, not {}", dimension_name(&unit), dimension_name(&quantity.unit));
    reader.report(&codes::UNIT_MISMATCH, node, message);
    None
}
