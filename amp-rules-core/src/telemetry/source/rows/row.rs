//! One row of a table, as an export or a service returns it.
//!
//! Input: a JSON object and its table. Output: a [`Row`] with a time, with dynamic columns as JSON values, and with cells that
//! can be read as text or as numbers. An object without a valid time is rejected. Cells keep their original form.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::telemetry::number::number_text;
use crate::telemetry::schema::{ColumnType, Path, Table};
use crate::time::Time;

/// A row with a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    time: Time,
    /// The interval in which the time lies, if it is not known.
    interval: Option<(Time, Time)>,
    /// The component of lines whose component cannot be determined.
    component: Option<Arc<str>>,
    cells: Map<String, Value>,
}

/// A cell read as a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Not a number: no cell, null, or text that is not a number.
    Absent,
    /// NaN or infinite, as a number or as text. Such a sample counts as missing.
    NotFinite,
    /// A finite number; never negative zero.
    Is(f64),
}

impl Row {
    /// A row from a JSON object.
    ///
    /// A column of the table that the object lacks is read under the only name in it that differs in case alone, and the
    /// properties of a dynamic column under `column.property`. Text in dynamic columns is parsed as JSON if it is an object or
    /// an array, also if it was encoded twice.
    ///
    /// # Errors
    ///
    /// The time column is missing or is not an instant. The message is meant for people.
    pub fn from_json(table: &Table, mut object: Map<String, Value>) -> Result<Self, String> {
        if object.keys().any(|name| !table.columns.contains_key(name)) {
            resolve_names(table, &mut object);
        }
        for (column, kind) in &table.columns {
            if *kind == ColumnType::Dynamic
                && let Some(cell) = object.get_mut(column)
                && let Value::String(text) = cell
                && let Some(parsed) = parsed(text)
            {
                *cell = parsed;
            }
        }
        let row = Self { time: Time::MIN, interval: None, component: None, cells: object };
        let text = row.text(&table.time).ok_or_else(|| format!("there is no `{}`", table.time))?;
        let time =
            text.parse::<Time>().map_err(|_| format!("`{}` is not an instant: `{}`", table.time, shortened(&text)))?;
        Ok(Self { time, ..row })
    }

    /// The same row, whose time is only known to lie between two instants. [`Row::time`] has to be one of the interval.
    ///
    /// What such a row shows is true at its time and unknown in the rest of the interval. Rows without a time are not counted
    /// together: they may be far from each other.
    #[must_use]
    pub fn between(mut self, earliest: Time, latest: Time) -> Self {
        self.interval = (earliest < latest).then_some((earliest, latest));
        self
    }

    /// The same row, whose lines are of this component where their own cannot be determined.
    #[must_use]
    pub fn with_component(mut self, component: Arc<str>) -> Self {
        self.component = Some(component);
        self
    }

    /// The value of the table's time column, or an instant of [`Row::interval`].
    #[must_use]
    pub fn time(&self) -> Time {
        self.time
    }

    /// The interval in which the time of the row lies; `None` if the time is known.
    #[must_use]
    pub fn interval(&self) -> Option<(Time, Time)> {
        self.interval
    }

    /// The component of lines whose own cannot be determined.
    #[must_use]
    pub fn component(&self) -> Option<&str> {
        self.component.as_deref()
    }

    /// The cell at a path; `None` if the row does not have it, or if it is null. A property is read under the only name that
    /// differs in case alone if it does not have its own.
    #[must_use]
    pub fn cell(&self, path: &Path) -> Option<&Value> {
        let mut parts = path.parts().iter();
        let mut at = self.cells.get(parts.next()?)?;
        for part in parts {
            at = named(at.as_object()?, part)?;
        }
        if at.is_null() { None } else { Some(at) }
    }

    /// The cell at a path as text, see [`text_of`].
    #[must_use]
    pub fn text(&self, path: &Path) -> Option<Cow<'_, str>> {
        self.cell(path).and_then(text_of)
    }

    /// The cell at a path as a number, see [`number_of`].
    #[must_use]
    pub fn number(&self, path: &Path) -> Number {
        self.cell(path).map_or(Number::Absent, number_of)
    }

    /// The identity of the row: the text of the table's identity column, if not empty.
    #[must_use]
    pub fn identity(&self, table: &Table) -> Option<Cow<'_, str>> {
        table.identity.as_ref().and_then(|path| self.text(path)).filter(|text| !text.is_empty())
    }

    /// The row's id in evidence: its identity, else a hash of its content in 32 hexadecimal digits.
    ///
    /// The hash does not depend on the order of keys, nor on whether a number or an object was sent as text; nulls count as
    /// missing. It is the first half of a SHA-256.
    #[must_use]
    pub fn row_id(&self, table: &Table) -> String {
        if let Some(identity) = self.identity(table) {
            return identity.into_owned();
        }
        let mut hash = Sha256::new();
        let time = table.time.to_string();
        for (column, cell) in self.cells.iter().collect::<BTreeMap<_, _>>() {
            if *column == time {
                hash_value(&mut hash, column, &Value::from(self.time.ticks()));
            } else {
                hash_value(&mut hash, column, cell);
            }
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether the row belongs to a subject. Keys of the subject that the table does not have are ignored.
    ///
    /// `metric` is the canonical name of the row's metric, whose rows may have a key in another column.
    #[must_use]
    pub fn matches_subject(&self, table: &Table, metric: Option<&str>, subject: &BTreeMap<String, String>) -> bool {
        let has = |key: &String| table.key_path(key, metric).is_none_or(|path| self.cell(path).is_some());
        subject.keys().all(has) && self.may_be_of_subject(table, metric, subject)
    }

    /// Whether no key of the row says that it belongs to another subject.
    pub(super) fn may_be_of_subject(
        &self,
        table: &Table,
        metric: Option<&str>,
        subject: &BTreeMap<String, String>,
    ) -> bool {
        subject.iter().all(|(key, wanted)| {
            let Some(path) = table.key_path(key, metric) else { return true };
            self.text(path).filter(|text| !text.is_empty()).is_none_or(|text| {
                if table.folded_keys.contains(key) {
                    text.to_lowercase() == wanted.to_lowercase()
                } else {
                    text == wanted.as_str()
                }
            })
        })
    }

    /// How many rows this one stands for, at least 1. It is 1 if the table has no weight column or the cell is less than 1 or
    /// not a number, see [`has_weight`](Self::has_weight); a fraction is truncated.
    #[must_use]
    pub fn weight(&self, table: &Table) -> u64 {
        match table.weight.as_ref().map(|path| self.number(path)) {
            // The cast saturates at `u64::MAX`.
            Some(Number::Is(weight)) if weight >= 1.0 => weight as u64,
            _ => 1,
        }
    }

    /// Whether it is known how many rows this one stands for: the table has no weight column, or the cell is a number of at
    /// least 1. Otherwise the row stands for one or more.
    #[must_use]
    pub fn has_weight(&self, table: &Table) -> bool {
        let is_known = |path| matches!(self.number(path), Number::Is(weight) if weight >= 1.0);
        table.weight.as_ref().is_none_or(is_known)
    }

    /// Whether the row has a column, even if its cell is null.
    pub(super) fn has_column(&self, column: &str) -> bool {
        self.cells.contains_key(column)
    }

    /// Whether the properties of a dynamic column cannot be read: the row does not have the column, or its cell is neither
    /// null, nor empty, nor an object.
    pub(super) fn is_unreadable_bag(&self, column: &str) -> bool {
        match self.cells.get(column) {
            None => true,
            Some(Value::Null | Value::Object(_)) => false,
            Some(Value::String(text)) => !text.is_empty(),
            Some(_) => true,
        }
    }

    /// The cells of the row by column; dynamic columns are parsed.
    #[must_use]
    pub fn cells(&self) -> &Map<String, Value> {
        &self.cells
    }
}

/// The text of a JSON value: a string without quotes, numbers and booleans as in JSON (`24`, never `24.0`), arrays and
/// objects as compact JSON; `None` for null.
#[must_use]
pub fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::Number(number) => Some(Cow::Owned(match number.as_f64() {
            Some(real) if number.is_f64() => number_text(real),
            _ => number.to_string(),
        })),
        Value::Array(_) | Value::Object(_) => Some(Cow::Owned(value.to_string())),
    }
}

/// The number of a JSON value; text is parsed as a number too.
#[must_use]
pub fn number_of(value: &Value) -> Number {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match number {
        None => Number::Absent,
        // Adding zero turns negative zero into zero, so that equal samples have one form.
        Some(number) if number.is_finite() => Number::Is(number + 0.0),
        Some(_) => Number::NotFinite,
    }
}

/// The property of this name; without it, the only one whose name differs in case alone.
fn named<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.get(name).or_else(|| {
        let mut others = object.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let first = others.next()?;
        others.next().is_none().then_some(first.1)
    })
}

/// Renames the cells of an object to the columns of a table that it lacks, where only one name can stand for a column.
fn resolve_names(table: &Table, object: &mut Map<String, Value>) {
    let unknown = |object: &Map<String, Value>, fits: &dyn Fn(&str) -> bool| {
        let names = object.keys().filter(|name| !table.columns.contains_key(*name) && fits(name));
        names.cloned().collect::<Vec<_>>()
    };
    for (column, kind) in &table.columns {
        if !object.contains_key(column)
            && let [name] = unknown(object, &|name| name.eq_ignore_ascii_case(column)).as_slice()
            && let Some(cell) = object.remove(name)
        {
            object.insert(column.clone(), cell);
        }
        if *kind != ColumnType::Dynamic || object.get(column).is_some_and(|cell| !cell.is_null()) {
            continue;
        }
        let property = |name: &str| Some(name.strip_prefix(column.as_str())?.strip_prefix('.')?.to_owned());
        let properties: Map<String, Value> = unknown(object, &|name| property(name).is_some())
            .into_iter()
            .filter_map(|name| Some((property(&name)?, object.remove(&name)?)))
            .collect();
        if !properties.is_empty() {
            object.insert(column.clone(), Value::Object(properties));
        }
    }
}

/// The object or array that a text encodes, once or twice.
fn parsed(text: &str) -> Option<Value> {
    let text = text.trim_start();
    if text.starts_with(['{', '[']) {
        return serde_json::from_str(text).ok();
    }
    if !text.starts_with("\"{") && !text.starts_with("\"[") {
        return None;
    }
    serde_json::from_str(&serde_json::from_str::<String>(text).ok()?).ok()
}

/// Adds a value to a hash; values that mean the same give the same hash.
fn hash_value(hash: &mut Sha256, name: &str, value: &Value) {
    let mut mark = |kind: u8, text: &str| {
        hash.update([kind]);
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(text);
    };
    match value {
        Value::Null => {}
        Value::Object(members) => {
            mark(b'{', name);
            for (member, value) in members.iter().collect::<BTreeMap<_, _>>() {
                hash_value(hash, member, value);
            }
            hash.update(b"}");
        }
        Value::Array(items) => {
            mark(b'[', name);
            for item in items {
                hash_value(hash, "", item);
            }
            hash.update(b"]");
        }
        scalar => {
            mark(b'=', name);
            mark(b':', &text_of(scalar).unwrap_or_default());
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::telemetry::source::rows::testing::traces;

    #[track_caller]
    fn row(value: Value) -> Row {
        Row::from_json(&traces(), value.as_object().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_dynamic_column_that_is_text_of_json_becomes_an_object() {
        let row = row(json!({"timestamp": "2025-08-05T12:00:00Z", "customDimensions": "{\"podname\": \"p1\"}"}));
        assert_eq!(row.text(&Path::of("customDimensions", "podname")).as_deref(), Some("p1"));
    }

    #[test]
    fn columns_and_properties_are_read_under_the_only_name_that_differs_in_case() {
        let pod = Path::of("customDimensions", "podname");
        let time = "2025-08-05T12:00:00Z";
        let read = |value: Value| {
            let row = row(value);
            (row.text(&Path::dotted("message")).map(Cow::into_owned), row.text(&pod).map(Cow::into_owned))
        };
        let (a, p) = (Some("a".to_owned()), Some("p".to_owned()));
        for value in [
            json!({"Timestamp": time, "Message": "a", "CustomDimensions": {"podname": "p"}}),
            json!({"timestamp": time, "MESSAGE": "a", "customDimensions": "{\"PodName\":\"p\"}"}),
            json!({"timestamp": time, "message": "a", "customDimensions.podname": "p"}),
            json!({"timestamp": time, "message": "a", "customDimensions": null, "customDimensions.Podname": "p"}),
            json!({"timestamp": time, "message": "a", "customDimensions": "\"{\\\"podname\\\":\\\"p\\\"}\""}),
        ] {
            assert_eq!(read(value.clone()), (a.clone(), p.clone()), "{value}");
        }
        let two = json!({"timestamp": time, "Message": "a", "MESSAGE": "b", "customDimensions": {"PODNAME": "p", "Podname": "q"}});
        assert_eq!(read(two), (None, None));
        let exact = json!({"timestamp": time, "message": "a", "Message": "b", "customDimensions": {"podname": "p", "Podname": "q"}});
        assert_eq!(read(exact), (a, p));
    }

    #[test]
    fn text_of_another_column_stays_text() {
        let row = row(json!({"timestamp": "2025-08-05T12:00:00Z", "message": "{\"podname\": \"p1\"}"}));
        assert_eq!(row.text(&Path::dotted("message")).as_deref(), Some("{\"podname\": \"p1\"}"));
        assert_eq!(row.cell(&Path::of("message", "podname")), None);
    }

    #[test]
    fn a_row_without_a_readable_time_is_refused_in_words() {
        let refused = |value: Value| Row::from_json(&traces(), value.as_object().unwrap().clone()).unwrap_err();
        assert_eq!(refused(json!({"timestamp": "yesterday"})), "`timestamp` is not an instant: `yesterday`");
        assert_eq!(refused(json!({"timestamp": null})), "there is no `timestamp`");
    }

    #[test]
    fn numbers_may_be_text_and_what_is_not_finite_is_a_missing_sample() {
        for (value, want) in [
            (json!(1.5), Number::Is(1.5)),
            (json!(" 24 "), Number::Is(24.0)),
            (json!("-0"), Number::Is(0.0)),
            (json!("NaN"), Number::NotFinite),
            (json!("-Infinity"), Number::NotFinite),
            (json!("many"), Number::Absent),
            (json!(""), Number::Absent),
            (json!(null), Number::Absent),
            (json!(true), Number::Absent),
        ] {
            assert_eq!(number_of(&value), want, "{value}");
        }
    }

    #[test]
    fn texts_of_numbers_have_no_needless_fraction() {
        let text = |value: Value| text_of(&value).map(Cow::into_owned);
        assert_eq!(text(json!(24.0)).as_deref(), Some("24"));
        assert_eq!(text(json!(9_007_199_254_740_993_u64)).as_deref(), Some("9007199254740993"));
        assert_eq!(text(json!(0.25)).as_deref(), Some("0.25"));
        assert_eq!(text(json!({"b": [1]})).as_deref(), Some("{\"b\":[1]}"));
        assert_eq!(text(json!(null)), None);
    }

    #[test]
    fn the_hash_of_a_row_depends_on_its_content_alone() {
        let mut table = traces();
        table.identity = None;
        let id = |value: Value| row(value).row_id(&table);
        let one = id(
            json!({"timestamp": "2025-08-05T12:00:00Z", "message": "a", "itemCount": 2, "customDimensions": {"x": "1", "y": 2}}),
        );
        let same = id(
            json!({"customDimensions": "{\"y\":\"2\",\"x\":1}", "itemCount": "2", "message": "a", "other": null, "timestamp": "2025-08-05T14:00:00+02:00"}),
        );
        let other = id(
            json!({"timestamp": "2025-08-05T12:00:00Z", "message": "b", "itemCount": 2, "customDimensions": {"x": "1", "y": 2}}),
        );
        assert_eq!(one, same);
        assert_ne!(one, other);
        assert_eq!(one.len(), 32);
    }

    #[test]
    fn the_identity_of_a_row_is_its_id_unless_it_is_empty() {
        let named = row(json!({"timestamp": "2025-08-05T12:00:00Z", "itemId": "i-1"}));
        assert_eq!(named.row_id(&traces()), "i-1");
        let unnamed = row(json!({"timestamp": "2025-08-05T12:00:00Z", "itemId": ""}));
        assert_eq!(unnamed.row_id(&traces()).len(), 32);
    }

    #[test]
    fn a_weight_is_a_positive_number_or_one() {
        for (cell, want) in [
            (json!(5), 5),
            (json!("7"), 7),
            (json!(0), 1),
            (json!(-3), 1),
            (json!("x"), 1),
            (json!(2.9), 2),
            (json!("NaN"), 1),
        ] {
            assert_eq!(
                row(json!({"timestamp": "2025-08-05T12:00:00Z", "itemCount": cell})).weight(&traces()),
                want,
                "{cell}"
            );
        }
        assert_eq!(row(json!({"timestamp": "2025-08-05T12:00:00Z"})).weight(&traces()), 1);
    }
}
