//! KQL expressions for cells of a row: texts, numbers, weights, keys.
//!
//! Input: a table and a path. Output: the text of a scalar expression with the same value that row aggregation reads.

use amp_rules_core::telemetry::request::Reading;
use amp_rules_core::telemetry::schema::{ColumnType, Path, Table};
use kql_lang::literal;

/// Returns the value at a path, without conversion.
pub(super) fn value(path: &Path) -> String {
    let mut parts = path.parts().iter();
    let mut out = parts.next().map_or_else(String::new, |column| literal::name(column));
    for part in parts {
        out.push_str(&format!("[{}]", literal::string(part)));
    }
    out
}

/// Returns the instant of a row.
pub(super) fn time(table: &Table) -> String {
    time_at(table, table.time.column())
}

/// Returns the instant of a row for a service that uses another name for the time column.
pub(super) fn time_at(table: &Table, column: &str) -> String {
    let mut out = literal::name(column);
    for part in table.time.parts().iter().skip(1) {
        out.push_str(&format!("[{}]", literal::string(part)));
    }
    let dated = table.time.parts().len() == 1 && table.columns.get(table.time.column()) == Some(&ColumnType::DateTime);
    if dated { out } else { format!("todatetime({out})") }
}

/// Returns the test that a row belongs to a subject; folded keys, such as resource ids, compare case-insensitively.
pub(super) fn is_of_subject(table: &Table, key: &str, wanted: &str) -> String {
    map_key_text(table, key, |text| {
        if table.folded_keys.contains(key) { format!("{text} =~ {wanted}") } else { format!("{text} == {wanted}") }
    })
}

/// Applies `of` to the text of a key. The path of the key may differ for some metrics.
pub(super) fn map_key_text(table: &Table, key: &str, of: impl Fn(String) -> String) -> String {
    let at = |metric: Option<&str>| {
        of(table.key_path(key, metric).map_or_else(|| "\"\"".to_owned(), |path| text(table, path)))
    };
    let usual = at(None);
    let elsewhere = table.metric_keys.iter().filter(|(_, keys)| keys.contains_key(key));
    let arms: Vec<String> = elsewhere
        .map(|(metric, _)| format!("{}, {}", is_named(table, metric, &table.spellings(metric)), at(Some(metric))))
        .collect();
    if arms.is_empty() { usual } else { format!("case({}, {usual})", arms.join(", ")) }
}

/// Returns the test that a row is a sample of one of the metrics; `true` if `metrics` is empty.
pub(super) fn of_metrics(table: &Table, metrics: &[(String, Vec<String>)]) -> String {
    if metrics.is_empty() {
        return "true".to_owned();
    }
    let names: Vec<String> = metrics.iter().map(|(metric, spellings)| is_named(table, metric, spellings)).collect();
    format!("({})", names.join(" or "))
}

/// Returns the texts of the entity keys in rows of the given metrics.
pub(super) fn metric_keys(table: &Table, keys: &[String], metrics: &[(String, Vec<String>)]) -> Vec<String> {
    let of = |key: &String| {
        by_metric(table, metrics, |metric| {
            let text = table.key_path(key, metric).map_or_else(|| "\"\"".to_owned(), |path| text(table, path));
            if table.folded_keys.contains(key) { format!("tolower({text})") } else { text }
        })
    };
    keys.iter().map(of).collect()
}

/// Returns whether a path is a string column. Strings are never null.
fn is_string(table: &Table, path: &Path) -> bool {
    path.parts().len() == 1 && table.columns.get(path.column()) == Some(&ColumnType::String)
}

/// Returns the text at a path; empty if there is no value.
pub(super) fn text(table: &Table, path: &Path) -> String {
    let value = value(path);
    if is_string(table, path) { value } else { format!("tostring({value})") }
}

/// Returns the test that the row has a value at a path.
pub(super) fn has_value(table: &Table, path: &Path) -> String {
    let value = value(path);
    if is_string(table, path) { format!("isnotempty({value})") } else { format!("isnotnull({value})") }
}

/// Returns the number at a path; numeric texts are parsed, other values give null.
pub(super) fn number(table: &Table, path: &Path) -> String {
    let numeric = path.parts().len() == 1
        && matches!(
            table.columns.get(path.column()),
            Some(ColumnType::Real | ColumnType::Long | ColumnType::Int | ColumnType::Decimal)
        );
    if numeric { format!("toreal({})", value(path)) } else { format!("toreal({})", text(table, path)) }
}

/// Returns the number of original rows that a (sampled) row represents.
pub(super) fn weight(table: &Table) -> String {
    match &table.weight {
        Some(path) => {
            let number = number(table, path);
            format!("iff({number} >= 1, tolong({number}), 1)")
        }
        None => "long(1)".to_owned(),
    }
}

/// Returns the test that it is not known how many original rows a row represents; `None` if the table has no weight.
pub(super) fn is_weightless(table: &Table) -> Option<String> {
    table.weight.as_ref().map(|path| format!("not(coalesce({} >= 1, false))", number(table, path)))
}

/// Returns the test that a row may belong to an entity with these keys although it lacks one of them: it has all others and
/// another key of the table. `None` if there are no keys. `of_any_metric`: rows of a metric that has its keys elsewhere lack
/// none.
pub(super) fn lacks_one_key(table: &Table, reading: &Reading, keys: &[String], of_any_metric: bool) -> Option<String> {
    if keys.is_empty() {
        return None;
    }
    let special =
        table.metric_keys.iter().filter(|(_, special)| reading.keys.iter().any(|name| special.contains_key(name)));
    let special: Vec<String> = special
        .filter(|_| of_any_metric && table.metric_name.is_some())
        .map(|(metric, _)| format!(" and not({})", is_named(table, metric, &table.spellings(metric))))
        .collect();
    let missing: Vec<String> = keys.iter().map(|key| format!("toint(isempty({key}))")).collect();
    let others: Vec<String> = table.keys.values().map(|path| format!("isnotempty({})", text(table, path))).collect();
    // A row of the subject has the subject's key.
    let has_another = if reading.subject.keys().any(|key| table.keys.contains_key(key)) {
        String::new()
    } else if others.is_empty() {
        " and false".to_owned()
    } else {
        format!(" and ({})", others.join(" or "))
    };
    Some(format!("({} == 1{has_another}{})", missing.join(" + "), special.concat()))
}

/// Returns the identity of a row; empty if the table has none.
pub(super) fn identity(table: &Table) -> String {
    table.identity.as_ref().map_or_else(|| "\"\"".to_owned(), |path| text(table, path))
}

fn time_text(table: &Table) -> String {
    format!("tostring({})", time(table))
}

/// Returns the row id that evidence refers to.
pub(super) fn row_id(table: &Table) -> String {
    let body = table.text.as_ref().map_or_else(|| "\"\"".to_owned(), |path| text(table, path));
    let hash = format!("hash_sha256(strcat({}, \"|\", {body}))", time_text(table));
    match &table.identity {
        Some(_) => format!("iff(isempty({0}), {hash}, {0})", identity(table)),
        None => hash,
    }
}

/// Returns whether a path is that of a case-insensitive key.
pub(super) fn is_folded(table: &Table, path: &Path) -> bool {
    table.folded_keys.iter().any(|key| table.keys.get(key) == Some(path))
}

/// Returns the path of a cell in the rows of a metric. A metric may store a key at another path than other rows.
pub(super) fn place<'t>(table: &'t Table, path: &'t Path, metric: Option<&str>) -> &'t Path {
    let elsewhere = metric.and_then(|metric| table.metric_keys.get(metric));
    match (elsewhere, table.keys.iter().find(|(_, generic)| *generic == path)) {
        (Some(keys), Some((key, _))) => keys.get(key).unwrap_or(path),
        _ => path,
    }
}

/// Returns an expression that handles metrics with their own key paths as separate `case` arms.
///
/// `metrics` are canonical names with their spellings; empty if rows of any metric are read, with the paths of the table.
pub(super) fn by_metric(
    table: &Table,
    metrics: &[(String, Vec<String>)],
    of: impl Fn(Option<&str>) -> String,
) -> String {
    let usual = of(None);
    let mut arms = Vec::new();
    for (metric, spellings) in metrics {
        let special = of(Some(metric));
        if special != usual {
            arms.push(format!("{}, {special}", is_named(table, metric, spellings)));
        }
    }
    if arms.is_empty() { usual } else { format!("case({}, {usual})", arms.join(", ")) }
}

/// Returns the test that a row is a sample of a metric, in any of its spellings.
pub(super) fn is_named(table: &Table, metric: &str, spellings: &[String]) -> String {
    let mut names: Vec<&str> = spellings.iter().map(String::as_str).chain([metric]).collect();
    names.sort_unstable();
    names.dedup();
    let name = table.metric_name.as_ref().map_or_else(|| "\"\"".to_owned(), |path| text(table, path));
    let list: Vec<String> = names.into_iter().map(literal::string).collect();
    format!("{name} in ({})", list.join(", "))
}

/// Returns the keys of an entity as one text, a JSON list in the order of `keys`, and the test that none of them is empty.
pub(super) fn entity(keys: &[String]) -> (String, String) {
    let packed =
        if keys.is_empty() { "\"[]\"".to_owned() } else { format!("tostring(pack_array({}))", keys.join(", ")) };
    let whole: Vec<String> = keys.iter().map(|key| format!("isnotempty({key})")).collect();
    (packed, if whole.is_empty() { "true".to_owned() } else { whole.join(" and ") })
}
