//! What the neighbours of a cell show about it: the name in `{"name": "AccountKey", "value": "…"}` is the key of the value.
//!
//! Input: a row, an object or an array. Output: for each part of it, the key by which it is searched: its own column or
//! property, or the name that a neighbour gives. Nothing is searched here.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::find::is_secret_name;

/// Ends of the names of columns and properties that contain a name, in lower case.
const NAMES: &[&str] = &[
    "name",
    "key",
    "header",
    "field",
    "property",
    "setting",
    "label",
    "variable",
    "var",
    "option",
    "parameter",
    "param",
    "attribute",
    "id",
    "k",
    "title",
];

/// Ends of the names of columns and properties that contain what the name stands for, in lower case.
const VALUES: &[&str] = &[
    "value", "val", "values", "content", "contents", "data", "text", "string", "default", "v", "current", "body",
    "plain",
];

/// The maximum length in bytes of a name.
const MAX_NAME: usize = 48;

/// The key of a cell of a row.
pub(super) fn context<'c>(cells: &'c Map<String, Value>, column: &'c str, cell: &Value) -> Cow<'c, str> {
    of_neighbour(cells.iter(), column, cell).unwrap_or(Cow::Borrowed(column))
}

/// The key of a property of an object. `outer`: the key of the object.
pub(super) fn context_of_property<'c>(
    object: &'c Map<String, Value>,
    name: &'c str,
    item: &Value,
    outer: &'c str,
) -> Cow<'c, str> {
    let outer = (is_like(name, VALUES) && is_secret_name(outer) && !item.is_number()).then_some(Cow::Borrowed(outer));
    of_neighbour(object.iter(), name, item).or(outer).unwrap_or(Cow::Borrowed(name))
}

/// The name in a neighbour of a value; `None` if there is none, or if it is not the name of a secret.
fn of_neighbour<'c>(
    mut parts: impl Iterator<Item = (&'c String, &'c Value)>,
    name: &str,
    item: &Value,
) -> Option<Cow<'c, str>> {
    if !is_like(name, VALUES) || !matches!(item, Value::String(_) | Value::Object(_) | Value::Array(_)) {
        return None;
    }
    parts.find_map(|(other, value)| {
        let value = value.as_str().filter(|value| other != name && is_like(other, NAMES) && is_name(value))?;
        Some(Cow::Borrowed(value))
    })
}

/// The key of an item of an array. `key`: that of the array.
pub(super) fn context_of_item<'c>(items: &'c [Value], index: usize, key: &'c str) -> Cow<'c, str> {
    let before = index.checked_sub(1).and_then(|before| items.get(before)).and_then(Value::as_str);
    let named = before.zip(items.get(index).and_then(Value::as_str)).filter(|(name, value)| {
        let is_option = name.starts_with('-');
        let is_shown = value.len() > 5 && value.contains(|c: char| c.is_ascii_digit());
        is_name(name) && !is_name(value) && (is_option || items.len() == 2 || is_shown)
    });
    Cow::Borrowed(named.map_or(key, |(name, _)| name))
}

/// Whether a column or property has one of the ends as its last word: `SettingName`, `setting_name`, `name`.
fn is_like(column: &str, ends: &[&str]) -> bool {
    let lower = column.to_ascii_lowercase();
    ends.iter().any(|end| {
        lower.strip_suffix(end).is_some_and(|rest| {
            let at = rest.len();
            let starts_word = column.get(at..).is_some_and(|last| last.starts_with(|c: char| c.is_ascii_uppercase()));
            rest.is_empty() || starts_word || rest.ends_with(|c: char| !c.is_ascii_alphanumeric())
        })
    })
}

/// Whether a text is the name of a secret rather than a sentence about one.
fn is_name(text: &str) -> bool {
    text.len() <= MAX_NAME
        && !text.contains(char::is_whitespace)
        && !text.contains('/')
        && is_secret_name(text.trim_end_matches([':', '=']).trim_start_matches('-'))
}

/// The names of the columns of a table within an object: `{"columns": ["user", "password"], "rows": [["a", "…"]]}`.
pub(super) struct Headers<'o>(Vec<&'o str>);

impl<'o> Headers<'o> {
    /// The names in the object, if they contain that of a secret; else none.
    pub(super) fn of(object: &'o Map<String, Value>) -> Self {
        let names =
            |items: &'o Value| -> Option<Vec<&'o str>> { items.as_array()?.iter().map(name_of_column).collect() };
        let all = object.values().filter_map(names);
        Self(
            all.filter(|names| names.len() > 1)
                .find(|names| names.iter().any(|name| is_name(name)))
                .unwrap_or_default(),
        )
    }

    /// The cells of an array of rows, each with the name of its column; `None` if it does not fit the names.
    pub(super) fn table(&self, item: &'o Value) -> Option<Vec<Vec<(&'o str, &'o Value)>>> {
        let rows: Vec<&Vec<Value>> = item.as_array()?.iter().map(Value::as_array).collect::<Option<_>>()?;
        let fits = !self.0.is_empty() && !rows.is_empty() && rows.iter().all(|row| row.len() == self.0.len());
        fits.then(|| rows.into_iter().map(|row| self.0.iter().copied().zip(row).collect()).collect())
    }
}

/// The cells of rows whose first one has the names of the columns, as [`Headers::table`].
pub(super) fn rows_with_names(items: &[Value]) -> Option<Vec<Vec<(&str, &Value)>>> {
    let rows: Vec<&Vec<Value>> = items.iter().map(Value::as_array).collect::<Option<_>>()?;
    let (first, rest) = rows.split_first()?;
    let names: Vec<&str> = first.iter().map(Value::as_str).collect::<Option<_>>()?;
    let fits = names.len() > 1 && names.iter().any(|name| is_name(name)) && !rest.is_empty();
    (fits && rest.iter().all(|row| row.len() == names.len())).then(|| {
        let unnamed = first.iter().map(|name| ("", name)).collect();
        let named = rest.iter().map(|row| names.iter().copied().zip(*row).collect());
        std::iter::once(unnamed).chain(named).collect()
    })
}

fn name_of_column(column: &Value) -> Option<&str> {
    match column {
        Value::String(name) => Some(name),
        Value::Object(object) => ["name", "ColumnName", "columnName", "label", "field"]
            .iter()
            .find_map(|name| object.get(*name).and_then(Value::as_str)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(object: &Value, name: &str, outer: &str, want: &str) {
        let object = object.as_object().unwrap();
        assert_eq!(context_of_property(object, name, &object[name], outer), want);
    }

    #[test]
    fn a_name_beside_a_value_is_its_key() {
        check(&json!({"name": "AccountKey", "value": "x"}), "value", "env", "AccountKey");
        check(&json!({"SettingName": "DB_PASSWORD", "SettingValue": "x"}), "SettingValue", "", "DB_PASSWORD");
        check(&json!({"key": "password", "value": {"stringValue": "x"}}), "value", "", "password");
        check(&json!({"stringValue": "x"}), "stringValue", "password", "password");
        check(&json!({"name": "color", "value": "x"}), "value", "env", "value");
        check(&json!({"name": "Syncing secret", "text": "a line"}), "text", "", "text");
        check(&json!({"name": "password", "value": 5}), "value", "", "value");
    }

    #[test]
    fn a_name_before_an_item_is_its_key() {
        let key = |items: Value, index: usize| context_of_item(items.as_array().unwrap(), index, "args").into_owned();
        assert_eq!(key(json!(["--password", "swordfish", "x"]), 1), "--password");
        assert_eq!(key(json!(["AccountKey", "swordfish"]), 1), "AccountKey");
        assert_eq!(key(json!(["user", "password", "email"]), 2), "args");
    }

    #[test]
    fn a_table_has_the_names_of_its_columns() {
        let object =
            json!({"columns": [{"name": "user"}, {"name": "password"}], "rows": [["a", "x"]], "other": [["a"]]});
        let object = object.as_object().unwrap();
        let headers = Headers::of(object);
        assert_eq!(headers.table(&object["rows"]), Some(vec![vec![("user", &json!("a")), ("password", &json!("x"))]]));
        assert_eq!(headers.table(&object["other"]), None);
        assert_eq!(headers.table(&object["columns"]), None);
        let rows = json!([["user", "password"], ["a", "x"]]);
        let rows = rows_with_names(rows.as_array().unwrap()).unwrap();
        assert_eq!(rows[1], [("user", &json!("a")), ("password", &json!("x"))]);
    }
}
