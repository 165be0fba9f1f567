//! Lowers series requests: the first step aggregates samples, each further step aggregates the points of the previous one.
//!
//! Input: a [`SeriesRequest`]. Output: statements and result parts in the [`Draft`].

use amp_rules_core::telemetry::predicate::Aggregate;
use amp_rules_core::telemetry::request::{BinnedStep, Reading, SeriesRequest};
use amp_rules_core::telemetry::schema::{Path, Table};
use kql_lang::literal;

use super::counts::ScopedRows;
use super::draft::{Draft, ROWS, all};
use super::lowered::EPOCH;
use super::piece::Piece;
use super::{cells, counts, filter};
use crate::convert;

/// Adds the result parts of a series request.
pub(super) fn lower(draft: &mut Draft, table: &Table, position: usize, request: &SeriesRequest) {
    let Some(first) = request.steps.first() else { return };
    let reading = &request.reading;
    let metrics = &request.metrics;
    let verdict = filter::verdict(table, &reading.filter, metrics);
    let keys = cells::metric_keys(table, &reading.keys, metrics);
    let (entity, whole) = cells::entity(&keys);
    let lacking = cells::lacks_one_key(table, reading, &keys, metrics.is_empty());
    let named = cells::of_metrics(table, metrics);
    let of_metrics = format!("{ROWS}\n| where {named}");
    let within = draft.within(table, reading).unwrap_or_else(|| "true".to_owned());
    let seen = ScopedRows { rows: &of_metrics, within, entity, whole };

    // The columns of a sample: _k0 … (entity keys), _b0 … (grouping columns), _at, _x (value), _w (weight), _text (for distinct
    // counts), _tie (order within an instant), _series (counter), _m (metric).
    let mut columns: Vec<String> = keys.iter().enumerate().map(|(at, key)| format!("_k{at} = {key}")).collect();
    columns.extend(
        first
            .by
            .iter()
            .enumerate()
            .map(|(at, (_, path))| format!("_b{at} = {}", grouping_text(table, metrics, path.as_ref()))),
    );
    columns.push(format!("_at = {}", cells::time(table)));
    columns.push(format!("_x = {}", number(table, request, first)));
    columns.push(format!("_w = {}", cells::weight(table)));
    columns.push(format!("_text = {}", counted_text(table, request, first)));
    columns.push(format!("_tie = {}", cells::row_id(table)));
    columns.push(format!("_series = {}", counter(table, metrics)));
    columns.push(format!("_m = {}", which_metric(table, metrics)));
    columns.push(format!("_id = {}", cells::identity(table)));
    let mut samples = format!(
        "{of_metrics}\n| where {}\n| project {}\n| where isnotnull(_x) and isfinite(_x)",
        all([seen.within.clone(), seen.whole.clone(), verdict.passes.clone()]),
        columns.join(", ")
    );
    if first.aggregate == Aggregate::Dcount && first.column.is_some() {
        samples.push_str("\n| where isnotempty(_text)");
    }
    let mut names = group_names(keys.len(), first.by.len());
    let needs_deduplication =
        matches!(first.aggregate, Aggregate::Sum | Aggregate::Count | Aggregate::Avg | Aggregate::Percentile(_));
    let mut pipeline = if needs_deduplication {
        counts::deduplicated(
            draft,
            table,
            position,
            &samples,
            "_at, _x, _w, _text, _tie, _series, _m",
            &names.join(", "),
        )
    } else {
        samples
    };
    pipeline.push_str(&aggregate(first, reading, &names));
    let mut before = first;
    for (number, step) in request.steps.iter().enumerate().skip(1) {
        pipeline.push_str(&next_items(step, before, reading, keys.len()));
        names = group_names(keys.len(), step.by.len());
        if step.aggregate == Aggregate::Increase && metrics.len() > 1 {
            // An increase depends on all readings of its counter, so all their metrics contribute.
            let counter = format!("{}_series", names.iter().map(|name| format!("{name}, ")).collect::<String>());
            let readings = format!("_readings{position}_{number}");
            draft.statements.push(format!("let {readings} = materialize({pipeline})"));
            pipeline = format!(
                "{readings}\n| project-away _m\n\
                 | lookup kind=inner ({readings} | summarize _m = make_set(_m) by {counter}) on {counter}"
            );
        }
        pipeline.push_str(&aggregate(step, reading, &names));
        before = step;
    }
    let key_names: Vec<String> = (0..keys.len()).map(|at| format!("_k{at}")).collect();
    let (entity_of_point, _) = cells::entity(&key_names);
    let by: Vec<String> = (0..before.by.len()).map(|at| format!(", _b{at}")).collect();
    draft.parts.push(format!(
        "{pipeline}\n| project part = long({}), entity = {entity_of_point}, at = _bin, cells = pack_array(_v, array_length(_m){})",
        Piece::Point.number(position),
        by.concat()
    ));
    let value = request.value.as_ref().filter(|value| value.default.is_none() && value.path.parts().len() > 1);
    let tested = counts::tested(reading).chain(value.map(|value| &value.path));
    counts::missing_columns(draft, table, position, tested, reading, &seen, metrics);
    let bin = bin(before, reading);
    let may_pass = verdict.may_pass();
    if let Some(unknown) = verdict.unknown {
        let test = all([seen.whole.clone(), unknown]);
        counts::unused(draft, table, (Piece::Truncated, position), &seen, test, Some(&bin), reading);
    }
    let weightless = cells::is_weightless(table).filter(|_| needs_deduplication);
    let has_number = format!("isfinite({})", number(table, request, first));
    let weightless =
        weightless.map(|test| (test, all([named.clone(), seen.whole.clone(), verdict.passes, has_number])));
    let lacking = lacking.map(|test| (test, all([named, may_pass])));
    for (test, rest) in lacking.into_iter().chain(weightless) {
        let rows = draft.rows_where(test);
        let seen = ScopedRows { rows: &rows, ..seen.clone() };
        counts::unused(draft, table, (Piece::Unread, position), &seen, rest, Some(&bin), reading);
    }
}

/// Returns the columns that a step groups by: entity keys and grouping columns.
fn group_names(keys: usize, by: usize) -> Vec<String> {
    (0..keys).map(|at| format!("_k{at}")).chain((0..by).map(|at| format!("_b{at}"))).collect()
}

/// Returns the start of the bin that contains `_at`.
fn bin(step: &BinnedStep, reading: &Reading) -> String {
    match (step.every, step.ending_at) {
        (None, _) => literal::datetime(convert::datetime(reading.window.from)),
        (Some(every), None) => format!("bin_at(_at, {}, {EPOCH})", literal::timespan(convert::timespan(every))),
        (Some(every), Some(end)) => format!(
            "bin_at(_at, {}, {})",
            literal::timespan(convert::timespan(every)),
            literal::datetime(convert::datetime(end))
        ),
    }
}

/// Returns the operators that aggregate items to `_v` and `_m` per group and `_bin`.
fn aggregate(step: &BinnedStep, reading: &Reading, names: &[String]) -> String {
    let group: Vec<&str> = names.iter().map(String::as_str).chain(["_bin"]).collect();
    let group = group.join(", ");
    let binned = format!("\n| extend _bin = {}", bin(step, reading));
    let folded = |value: &str| format!("{binned}\n| summarize _v = {value}, _m = make_set(_m) by {group}");
    let changed = |columns: &[&str]| {
        let parts: Vec<String> = columns.iter().map(|name| format!("{name} != prev({name})")).collect();
        if parts.is_empty() { "false".to_owned() } else { parts.join(" or ") }
    };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let sorted = |columns: &[&str], rest: &str| {
        let list: Vec<String> = columns.iter().map(|name| format!("{name} asc")).collect();
        let list: Vec<&str> = list.iter().map(String::as_str).chain([rest]).collect();
        format!("\n| sort by {}", list.join(", "))
    };
    let body = match step.aggregate {
        Aggregate::Max => folded("max(_x)"),
        Aggregate::Min => folded("min(_x)"),
        Aggregate::Avg => folded("sum(_x * _w) / sum(_w)"),
        Aggregate::Sum => folded("sum(_x * _w)"),
        Aggregate::Count => folded("toreal(sum(_w))"),
        Aggregate::Dcount => folded("toreal(count_distinct(_text))"),
        Aggregate::Percentile(rank) => folded(&format!("percentile(_x, {rank})")),
        Aggregate::Last => {
            format!(
                "{binned}\n| extend _order = strcat(format_datetime(_at, \"yyyy-MM-dd HH:mm:ss.fffffff\"), _tie)\n\
                 | summarize (_order, _v) = arg_max(_order, _x), _m = make_set(_m) by {group}"
            )
        }
        // An increase belongs to the bin of the later reading. A reading below the previous one follows a counter reset to
        // zero. The first reading has no increase.
        Aggregate::Increase => {
            let counter: Vec<&str> = names.iter().copied().chain(["_series"]).collect();
            format!(
                "{}\n| extend _new = row_number() == 1 or {}, _before = prev(_x)\n\
                 | extend _gain = case(_new, 0.0, _x < _before, max_of(_x, 0.0), _x - _before){binned}\n\
                 | summarize _v = sum(_gain), _m = make_set(_m) by {group}",
                sorted(&counter, "_at asc, _x asc"),
                changed(&counter),
            )
        }
        // Consecutive equal values are collapsed first; then a turn is a change of direction.
        Aggregate::Turns => {
            let grouped: Vec<&str> = names.iter().copied().chain(["_bin"]).collect();
            format!(
                "{binned}{0}\n| extend _step = toint(row_number() == 1 or {1} or _x != prev(_x))\n\
                 | extend _run = row_cumsum(_step)\n| summarize _x = max(_x), _m = make_set(_m) by {group}, _run{2}\n\
                 | extend _new = row_number() == 1 or {1}, _before = prev(_x)\n\
                 | extend _way = iff(_new, 0, sign(_x - _before))\n\
                 | extend _turn = toint(not(_new) and not(prev(_new)) and _way != prev(_way))\n\
                 | summarize _v = toreal(sum(_turn)), _m = make_set(_m) by {group}",
                sorted(&grouped, "_at asc, _x asc"),
                changed(&grouped),
                sorted(&grouped, "_run asc"),
            )
        }
    };
    format!("{body}\n| where isnotnull(_v) and isfinite(_v)")
}

/// Returns the operators that turn the points of the previous step into the items of this one.
fn next_items(step: &BinnedStep, before: &BinnedStep, reading: &Reading, keys: usize) -> String {
    let find = |name: &str, path: Option<&Path>| {
        let same =
            |(other, place): &(String, Option<Path>)| other == name || (path.is_some() && place.as_ref() == path);
        if let Some(position) = before.by.iter().position(same) {
            return format!("_b{position}");
        }
        let key =
            reading.keys.iter().position(|key| key == name || (path.is_some() && reading.table.keys.get(key) == path));
        key.map_or_else(|| "\"\"".to_owned(), |position| format!("_k{position}"))
    };
    let mut columns: Vec<String> = (0..keys).map(|at| format!("_k{at}")).collect();
    columns
        .extend(step.by.iter().enumerate().map(|(at, (name, path))| format!("_b{at} = {}", find(name, path.as_ref()))));
    columns.push("_at = _bin, _x = _v, _w = long(1)".to_owned());
    columns.push(match &step.column {
        None => "_text = tostring(_v)".to_owned(),
        Some(path) => format!("_text = {}", find(&path.to_string(), Some(path))),
    });
    let by: Vec<String> = (0..before.by.len()).map(|at| format!("_b{at}")).collect();
    columns.push(if by.is_empty() {
        "_tie = \"\", _series = \"\"".to_owned()
    } else {
        format!("_tie = strcat_delim(\"\\n\", {0}, \"\"), _series = tostring(pack_array({0}))", by.join(", "))
    });
    columns.push("_m".to_owned());
    let counted = if step.aggregate == Aggregate::Dcount { "\n| where isnotempty(_text)" } else { "" };
    format!("\n| project {}{counted}", columns.join(", "))
}

/// Returns the value of a grouping column as text.
fn grouping_text(table: &Table, metrics: &[(String, Vec<String>)], path: Option<&Path>) -> String {
    match path {
        Some(path) => cells::by_metric(table, metrics, |metric| {
            let place = cells::place(table, path, metric);
            let text = cells::text(table, place);
            if cells::is_folded(table, place) { format!("tolower({text})") } else { text }
        }),
        None => canonical(table, metrics),
    }
}

/// Returns the canonical metric name of a sample; the raw name if any metric is read.
fn canonical(table: &Table, metrics: &[(String, Vec<String>)]) -> String {
    let raw = table.metric_name.as_ref().map_or_else(|| "\"\"".to_owned(), |path| cells::text(table, path));
    if metrics.is_empty() {
        return raw;
    }
    let arms: Vec<String> = metrics
        .iter()
        .map(|(metric, spellings)| {
            format!("{}, {}", cells::is_named(table, metric, spellings), literal::string(metric))
        })
        .collect();
    format!("case({}, {raw})", arms.join(", "))
}

/// Returns the position in the request of the metric of a sample.
fn which_metric(table: &Table, metrics: &[(String, Vec<String>)]) -> String {
    if metrics.len() < 2 {
        return "long(0)".to_owned();
    }
    let arms: Vec<String> = metrics
        .iter()
        .enumerate()
        .map(|(at, (metric, spellings))| format!("{}, long({at})", cells::is_named(table, metric, spellings)))
        .collect();
    format!("case({}, long(0))", arms.join(", "))
}

/// Returns the number in a sample that a step aggregates; null if there is none.
fn number(table: &Table, request: &SeriesRequest, step: &BinnedStep) -> String {
    let value = match (&request.value, &table.value) {
        (Some(column), _) => {
            let number = cells::by_metric(table, &request.metrics, |metric| {
                cells::number(table, cells::place(table, &column.path, metric))
            });
            match column.default {
                Some(default) => format!("coalesce({number}, {})", literal::real(default)),
                None => number,
            }
        }
        (None, Some(path)) => cells::number(table, path),
        // A table without a value column counts rows.
        (None, None) => "1.0".to_owned(),
    };
    match (&step.column, step.aggregate) {
        (Some(path), aggregate) if aggregate != Aggregate::Dcount => {
            cells::by_metric(table, &request.metrics, |metric| cells::number(table, cells::place(table, path, metric)))
        }
        _ => value,
    }
}

/// Returns the text for distinct counts; an empty literal for other aggregates.
fn counted_text(table: &Table, request: &SeriesRequest, step: &BinnedStep) -> String {
    match (&step.column, step.aggregate) {
        (Some(path), Aggregate::Dcount) => grouping_text(table, &request.metrics, Some(path)),
        (None, Aggregate::Dcount) => format!("tostring({})", number(table, request, step)),
        _ => "\"\"".to_owned(),
    }
}

/// Returns the id of the counter of a sample: the raw metric name and all entity keys of the table.
fn counter(table: &Table, metrics: &[(String, Vec<String>)]) -> String {
    let raw = table.metric_name.as_ref().map_or_else(|| "\"\"".to_owned(), |path| cells::text(table, path));
    let keys = table.keys.keys().map(|key| {
        cells::by_metric(table, metrics, |metric| {
            table.key_path(key, metric).map_or_else(|| "\"\"".to_owned(), |path| cells::text(table, path))
        })
    });
    let all: Vec<String> = std::iter::once(raw).chain(keys).collect();
    format!("tostring(pack_array({}))", all.join(", "))
}
