//! Cells of a row as KQL: texts, numbers, weights, keys, read just as row folding reads them.

use amp_rules_core::telemetry::schema::{ColumnType, Path, Table};
use kql_lang::literal;

/// The value at a path, as it comes.
pub(super) fn value(path: &Path) -> String {
    let mut parts = path.parts().iter();
    let mut out = parts.next().map_or_else(String::new, |column| literal::name(column));
    for part in parts {
        out.push_str(&format!("[{}]", literal::string(part)));
    }
    out
}

/// The instant of a row.
pub(super) fn time(table: &Table) -> String {
    time_at(table, table.time.column())
}

/// The instant of a row whose column is called otherwise.
pub(super) fn time_at(table: &Table, column: &str) -> String {
    let mut out = literal::name(column);
    for part in table.time.parts().iter().skip(1) {
        out.push_str(&format!("[{}]", literal::string(part)));
    }
    let dated = table.time.parts().len() == 1 && table.columns.get(table.time.column()) == Some(&ColumnType::DateTime);
    if dated { out } else { format!("todatetime({out})") }
}

/// Whether a row is of a subject: resource ids and the like compare without case.
pub(super) fn is_of(table: &Table, key: &str, wanted: &str) -> String {
    key_of_any(table, key, |text| {
        if table.folded_keys.contains(key) { format!("{text} =~ {wanted}") } else { format!("{text} == {wanted}") }
    })
}

/// Something of the text of a key, which may stand elsewhere in rows of some metrics.
pub(super) fn key_of_any(table: &Table, key: &str, of: impl Fn(String) -> String) -> String {
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

/// Whether a row is a sample of one of the metrics; `true` where there are none.
pub(super) fn of_metrics(table: &Table, metrics: &[(String, Vec<String>)]) -> String {
    if metrics.is_empty() {
        return "true".to_owned();
    }
    let names: Vec<String> = metrics.iter().map(|(metric, spellings)| is_named(table, metric, spellings)).collect();
    format!("({})", names.join(" or "))
}

/// The texts of the entity keys of rows of some metrics.
pub(super) fn metric_keys(table: &Table, keys: &[String], metrics: &[(String, Vec<String>)]) -> Vec<String> {
    let of = |key: &String| {
        by_metric(table, metrics, |metric| {
            let text = table.key_path(key, metric).map_or_else(|| "\"\"".to_owned(), |path| text(table, path));
            if table.folded_keys.contains(key) { format!("tolower({text})") } else { text }
        })
    };
    keys.iter().map(of).collect()
}

/// Whether a path is a column that holds texts, which are never null.
fn is_string(table: &Table, path: &Path) -> bool {
    path.parts().len() == 1 && table.columns.get(path.column()) == Some(&ColumnType::String)
}

/// The text at a path; empty where there is none.
pub(super) fn text(table: &Table, path: &Path) -> String {
    let value = value(path);
    if is_string(table, path) { value } else { format!("tostring({value})") }
}

/// Whether the row carries the cell.
pub(super) fn carried(table: &Table, path: &Path) -> String {
    let value = value(path);
    if is_string(table, path) { format!("isnotempty({value})") } else { format!("isnotnull({value})") }
}

/// The number at a path: a number, or a text that is one; null where it is neither.
pub(super) fn number(table: &Table, path: &Path) -> String {
    let numeric = path.parts().len() == 1
        && matches!(
            table.columns.get(path.column()),
            Some(ColumnType::Real | ColumnType::Long | ColumnType::Int | ColumnType::Decimal)
        );
    if numeric { format!("toreal({})", value(path)) } else { format!("toreal({})", text(table, path)) }
}

/// For how many rows a row stands.
pub(super) fn weight(table: &Table) -> String {
    match &table.weight {
        Some(path) => {
            let number = number(table, path);
            format!("iff({number} >= 1, tolong({number}), 1)")
        }
        None => "long(1)".to_owned(),
    }
}

/// What identifies a row; empty where nothing does.
pub(super) fn identity(table: &Table) -> String {
    table.identity.as_ref().map_or_else(|| "\"\"".to_owned(), |path| text(table, path))
}

fn time_text(table: &Table) -> String {
    format!("tostring({})", time(table))
}

/// The id of a row in evidence.
pub(super) fn row_id(table: &Table) -> String {
    let body = table.text.as_ref().map_or_else(|| "\"\"".to_owned(), |path| text(table, path));
    let hash = format!("hash_sha256(strcat({}, \"|\", {body}))", time_text(table));
    match &table.identity {
        Some(_) => format!("iff(isempty({0}), {hash}, {0})", identity(table)),
        None => hash,
    }
}

/// Whether a path is that of a key whose values compare without case.
pub(super) fn is_folded(table: &Table, path: &Path) -> bool {
    table.folded_keys.iter().any(|key| table.keys.get(key) == Some(path))
}

/// Where a cell stands in the rows of a metric: keys may stand elsewhere than in other rows.
pub(super) fn place<'t>(table: &'t Table, path: &'t Path, metric: Option<&str>) -> &'t Path {
    let elsewhere = metric.and_then(|metric| table.metric_keys.get(metric));
    match (elsewhere, table.keys.iter().find(|(_, generic)| *generic == path)) {
        (Some(keys), Some((key, _))) => keys.get(key).unwrap_or(path),
        _ => path,
    }
}

/// An expression that is one for most metrics and another for those that keep a key elsewhere.
///
/// `metrics` are canonical names with their spellings; empty where rows of any metric are read, which look as the table says.
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

/// Whether a row is a sample of a metric, in any of its spellings.
pub(super) fn is_named(table: &Table, metric: &str, spellings: &[String]) -> String {
    let mut names: Vec<&str> = spellings.iter().map(String::as_str).chain([metric]).collect();
    names.sort_unstable();
    names.dedup();
    let name = table.metric_name.as_ref().map_or_else(|| "\"\"".to_owned(), |path| text(table, path));
    let list: Vec<String> = names.into_iter().map(literal::string).collect();
    format!("{name} in ({})", list.join(", "))
}

/// The keys of an entity as one text: a JSON list in the order of `keys`; and whether none of them is empty.
pub(super) fn entity(keys: &[String]) -> (String, String) {
    let packed =
        if keys.is_empty() { "\"[]\"".to_owned() } else { format!("tostring(pack_array({}))", keys.join(", ")) };
    let whole: Vec<String> = keys.iter().map(|key| format!("isnotempty({key})")).collect();
    (packed, if whole.is_empty() { "true".to_owned() } else { whole.join(" and ") })
}
