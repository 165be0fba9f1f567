//! Lowers rows requests: counts per entity and bin, the earliest rows as evidence, unused rows and missing columns.
//!
//! Input: a rows request. Output: statements and result parts in the [`Draft`]. Other lowerings use the helpers for row
//! deduplication, unused rows and missing columns.

use std::collections::BTreeMap;

use amp_rules_core::telemetry::predicate::KeySource;
use amp_rules_core::telemetry::request::{Instants, Reading, RowsRequest};
use amp_rules_core::telemetry::schema::{Path, Table};
use kql_lang::literal;

use super::draft::{Draft, ROWS, all};
use super::lowered::EPOCH;
use super::piece::Piece;
use super::{cells, filter};
use crate::convert;

/// Adds the result parts of a rows request.
pub(super) fn lower(draft: &mut Draft, table: &Table, position: usize, request: &RowsRequest) {
    let reading = &request.reading;
    let keys = row_keys(table, &reading.keys, &request.sources);
    let (entity, whole) = cells::entity(&keys);
    let lacking = cells::lacks_one_key(table, reading, &keys, true);
    let verdict = filter::verdict(table, &reading.filter, &[]);
    let text = table.text.as_ref().map_or_else(|| "\"\"".to_owned(), |path| cells::text(table, path));
    let within = draft.within(table, reading).unwrap_or_else(|| "true".to_owned());
    let counted = format!(
        "{ROWS}\n| where {}\n| project _entity = {entity}, _at = {}, _w = {}, _id = {}, _row = {}, _text = {text}",
        all([within.clone(), whole.clone(), verdict.passes.clone()]),
        cells::time(table),
        cells::weight(table),
        cells::identity(table),
        cells::row_id(table),
    );
    let counted = deduplicated(draft, table, position, &counted, "_at, _w, _row, _text", "_entity");
    let bin = literal::timespan(convert::timespan(request.bin));
    draft.parts.push(format!(
        "{counted}\n| summarize _n = sum(_w), _first = min(_at), _last = max(_at) by _entity, _bin = bin_at(_at, {bin}, {EPOCH})\n\
         | project part = long({}), entity = _entity, at = _bin, cells = pack_array(_n, _first, _last)",
        Piece::Cell.number(position)
    ));
    if request.instants != Instants::None {
        draft.parts.push(format!(
            "{counted}\n| extend _bin = bin_at(_at, {bin}, {EPOCH})\n{}\n\
             | project part = long({}), entity = _entity, at = _bin, cells = {}",
            instants_by("_entity"),
            Piece::Instants.number(position),
            listed(&request.instants),
        ));
    }
    draft.parts.push(format!(
        "{counted}\n| sort by _entity asc, _at asc, _row asc, _text asc\n\
         | extend _rank = row_number(1, _entity != prev(_entity))\n| where _rank <= 3\n\
         | project part = long({}), entity = _entity, at = _at, cells = pack_array(_row, 0, substring(_text, 0, 2000))",
        Piece::Sample.number(position)
    ));
    let seen = ScopedRows { rows: ROWS, within, entity, whole };
    missing_columns(draft, table, position, tested(reading), reading, &seen, &[]);
    let bin = format!("bin_at(_at, {bin}, {EPOCH})");
    let may_pass = verdict.may_pass();
    if let Some(unknown) = verdict.unknown {
        let test = all([seen.whole.clone(), unknown]);
        unused(draft, table, (Piece::Truncated, position), &seen, test, Some(&bin), reading);
    }
    let weightless = cells::is_weightless(table).map(|test| (test, all([seen.whole.clone(), verdict.passes])));
    let lacking = lacking.map(|test| (test, may_pass));
    for (test, rest) in lacking.into_iter().chain(weightless) {
        let rows = draft.rows_where(test);
        let seen = ScopedRows { rows: &rows, ..seen.clone() };
        unused(draft, table, (Piece::Unread, position), &seen, rest, Some(&bin), reading);
    }
}

/// Returns the steps that collect the instants of each bin in lists, in order of time; `groups` are the columns that separate
/// cells, besides `_bin`.
pub(super) fn instants_by(groups: &str) -> String {
    format!(
        "| summarize _w = sum(_w), _r = count() by {groups}, _bin, _at\n| sort by _at asc\n\
         | summarize _ts = make_list(_at), _ws = make_list(_w), _rs = make_list(_r) by {groups}, _bin"
    )
}

/// Returns the cells of [`Piece::Instants`]: the lists of instants, or their ends.
pub(super) fn listed(instants: &Instants) -> String {
    let list = |name: &str| match instants {
        Instants::None | Instants::All => name.to_owned(),
        Instants::Ends(ends) => format!(
            "iff(array_length({name}) > {}, array_concat(array_slice({name}, 0, {}), array_slice({name}, -{ends}, -1)), \
             {name})",
            u64::from(*ends) * 2,
            ends.saturating_sub(1),
        ),
    };
    format!("pack_array({}, {}, {})", list("_ts"), list("_ws"), list("_rs"))
}

/// Returns the texts of the keys that are columns of a row (not parts of a line).
pub(super) fn row_keys(table: &Table, keys: &[String], sources: &BTreeMap<String, KeySource>) -> Vec<String> {
    let text = |key: &String| {
        let path = match sources.get(key) {
            None => table.keys.get(key),
            Some(KeySource::Column(path)) => Some(path),
            Some(KeySource::Json(_) | KeySource::Capture(_)) => return None,
        };
        let text = path.map_or_else(|| "\"\"".to_owned(), |path| cells::text(table, path));
        Some(if table.folded_keys.contains(key) { format!("tolower({text})") } else { text })
    };
    keys.iter().filter_map(text).collect()
}

/// Adds a statement with the rows of a pipeline, deduplicated by identity, and returns its name. The rows have `columns`,
/// `groups` and `_id`.
pub(super) fn deduplicated(
    draft: &mut Draft,
    table: &Table,
    position: usize,
    pipeline: &str,
    columns: &str,
    groups: &str,
) -> String {
    draft.statements.push(format!("let _all{position} = {pipeline}"));
    if table.identity.is_none() {
        return format!("_all{position}");
    }
    let by = if groups.is_empty() { "_id".to_owned() } else { format!("_id, {groups}") };
    draft.statements.push(format!(
        "let _once{position} = union (_all{position} | where isempty(_id)),\n\
         (_all{position} | where isnotempty(_id) | summarize take_any({columns}) by {by})"
    ));
    format!("_once{position}")
}

/// The rows that a request reads, and the entity of each row.
#[derive(Clone, Debug)]
pub(super) struct ScopedRows<'t> {
    /// The pipeline that returns the rows.
    pub(super) rows: &'t str,
    /// The test that a row is in the window.
    pub(super) within: String,
    /// The entity of a row.
    pub(super) entity: String,
    /// The test that a row has all keys of the entity.
    pub(super) whole: String,
}

/// Returns the disjunction of tests; `None` if there are none.
pub(super) fn any(tests: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let tests: Vec<String> = tests.into_iter().flatten().map(|test| format!("({test})")).collect();
    (!tests.is_empty()).then(|| format!("({})", tests.join(" or ")))
}

/// Adds a part with the entities and bins of rows that cannot be used, or not entirely, because they pass a test.
pub(super) fn unused(
    draft: &mut Draft,
    table: &Table,
    (piece, position): (Piece, usize),
    seen: &ScopedRows<'_>,
    test: String,
    bin: Option<&str>,
    reading: &Reading,
) {
    let from = literal::datetime(convert::datetime(reading.window.from));
    let text = format!(
        "{}\n| where {}\n| extend _at = {}\n| summarize by _entity = {}, _bin = {}",
        seen.rows,
        all([seen.within.clone(), test]),
        cells::time(table),
        seen.entity,
        bin.unwrap_or(&from),
    );
    draft.share(
        piece,
        position,
        |part| format!("{text}\n| project part = {part}, entity = _entity, at = _bin, cells = dynamic([])"),
        text.clone(),
    );
}

/// Returns the paths of the cells that the filter of a reading tests.
pub(super) fn tested(reading: &Reading) -> impl Iterator<Item = &Path> {
    reading.filter.iter().map(|condition| &condition.path)
}

/// Adds a part with the entities for which no row has a value in a tested column.
pub(super) fn missing_columns<'p>(
    draft: &mut Draft,
    table: &Table,
    position: usize,
    tested: impl Iterator<Item = &'p Path>,
    reading: &Reading,
    seen: &ScopedRows<'_>,
    metrics: &[(String, Vec<String>)],
) {
    let carried = filter::carried(table, &tested.collect::<Vec<_>>(), metrics);
    if carried.is_empty() {
        return;
    }
    let columns: Vec<String> =
        carried.iter().enumerate().map(|(at, carried)| format!("_c{at} = max(toint({carried}))")).collect();
    let names: Vec<String> = (0..carried.len()).map(|at| format!("_c{at}")).collect();
    let lacking: Vec<String> = names.iter().map(|name| format!("{name} == 0")).collect();
    let text = format!(
        "{}\n| where {}\n| summarize {} by _entity = {}\n| where {}",
        seen.rows,
        all([seen.within.clone(), seen.whole.clone()]),
        columns.join(", "),
        seen.entity,
        lacking.join(" or "),
    );
    let from = literal::datetime(convert::datetime(reading.window.from));
    let project = |part| {
        format!(
            "{text}\n| project part = {part}, entity = _entity, at = {from}, cells = pack_array({})",
            names.join(", ")
        )
    };
    draft.share(Piece::MissingColumns, position, project, text.clone());
}
