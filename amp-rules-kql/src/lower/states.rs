//! Lowers properties and inventory requests: the rows in which a state changes, and the bins with heartbeats.
//!
//! Input: the request. Output: result parts in the [`Draft`].

use amp_rules_core::telemetry::request::{InventoryRequest, PropertiesRequest};
use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::data::PROPERTY_BIN;
use kql_lang::literal;

use super::counts::ScopedRows;
use super::draft::{Draft, ROWS, all};
use super::lowered::EPOCH;
use super::piece::Piece;
use super::{cells, counts, filter};
use crate::convert;

/// Adds the result parts of a properties request: the first row of every run of equal states, the last row of each entity, and
/// the first row of each bin.
pub(super) fn properties(draft: &mut Draft, table: &Table, position: usize, request: &PropertiesRequest) {
    let reading = &request.reading;
    let verdict = filter::verdict(table, &reading.filter, &request.metrics);
    let keys = cells::metric_keys(table, &reading.keys, &request.metrics);
    let (entity, whole) = cells::entity(&keys);
    let named = cells::of_metrics(table, &request.metrics);
    let states: Vec<String> = request
        .names
        .iter()
        .map(|(_, path)| {
            cells::by_metric(table, &request.metrics, |metric| {
                let place = cells::place(table, path, metric);
                format!("iff({}, strcat(\"=\", {}), \"\")", cells::has_value(table, place), cells::text(table, place))
            })
        })
        .collect();
    let columns: Vec<String> = states.iter().enumerate().map(|(at, state)| format!(", _p{at} = {state}")).collect();
    let names: Vec<String> = (0..states.len()).map(|at| format!(", _p{at}")).collect();
    let whole_state = if names.is_empty() {
        "\"\"".to_owned()
    } else {
        format!("tostring(pack_array({}))", names.concat().trim_start_matches(", "))
    };
    let of_metrics = format!("{ROWS}\n| where {named}");
    let within = draft.within(table, reading).unwrap_or_else(|| "true".to_owned());
    let seen = ScopedRows { rows: &of_metrics, within, entity: entity.clone(), whole };
    draft.parts.push(format!(
        "{of_metrics}\n| where {}\n| project _entity = {entity}, _at = {}, _row = {}{}\n\
         | extend _state = {whole_state}\n| sort by _entity asc, _at asc, _row asc, _state asc\n\
         | where _entity != prev(_entity) or _entity != next(_entity) or _state != prev(_state)\n\
         | project part = long({}), entity = _entity, at = _at, cells = pack_array(_row{})",
        all([seen.within.clone(), seen.whole.clone(), verdict.passes.clone()]),
        cells::time(table),
        cells::row_id(table),
        columns.concat(),
        Piece::State.number(position),
        names.concat(),
    ));
    draft.parts.push(format!(
        "{of_metrics}\n| where {}\n| project _entity = {entity}, _at = {}\n\
         | summarize _at = min(_at) by _entity, _bin = bin_at(_at, {}, {EPOCH})\n| sort by _at asc\n\
         | summarize _first = min(_at), _ts = make_list(_at) by _entity\n\
         | project part = long({}), entity = _entity, at = _first, cells = pack_array(_ts)",
        all([seen.within.clone(), seen.whole.clone(), verdict.passes.clone()]),
        cells::time(table),
        literal::timespan(convert::timespan(PROPERTY_BIN)),
        Piece::Instants.number(position),
    ));
    counts::missing_columns(draft, table, position, counts::tested(reading), reading, &seen, &request.metrics);
    if let Some(lacking) = cells::lacks_one_key(table, reading, &keys, request.metrics.is_empty()) {
        let rows = draft.rows_where(lacking);
        let seen = ScopedRows { rows: &rows, ..seen.clone() };
        let test = all([named, verdict.may_pass()]);
        counts::unused(draft, table, (Piece::Unread, position), &seen, test, None, reading);
    }
    if let Some(unknown) = verdict.unknown {
        let test = all([seen.whole.clone(), unknown]);
        counts::unused(draft, table, (Piece::Truncated, position), &seen, test, None, reading);
    }
}

/// Adds the result parts of an inventory request. Restart markers in lines are read in `lines`.
pub(super) fn inventory(draft: &mut Draft, table: &Table, position: usize, request: &InventoryRequest) {
    let reading = &request.reading;
    let metrics = request.metric.as_slice();
    let keys = cells::metric_keys(table, &reading.keys, metrics);
    let (entity, whole) = cells::entity(&keys);
    let attributes: Vec<String> = request
        .attributes
        .iter()
        .enumerate()
        .map(|(at, (_, path))| {
            let text = cells::by_metric(table, metrics, |metric| {
                let place = cells::place(table, path, metric);
                format!("iff({}, strcat(\"=\", {}), \"\")", cells::has_value(table, place), cells::text(table, place))
            });
            format!(", _a{at} = {text}")
        })
        .collect();
    // Of two texts at the same instant the greater one is used, so the order of rows does not matter.
    let latest: Vec<String> = (0..attributes.len())
        .map(|at| {
            format!(
                ", _a{at} = max(iff(isempty(_a{at}), \"\", strcat(format_datetime(_at, \"yyyy-MM-dd HH:mm:ss.fffffff\"), _a{at})))"
            )
        })
        .collect();
    let names: Vec<String> = (0..attributes.len()).map(|at| format!(", _a{at}")).collect();
    let within = draft.within(table, reading).unwrap_or_else(|| "true".to_owned());
    if let Some(lacking) = cells::lacks_one_key(table, reading, &keys, metrics.is_empty()) {
        let rows = draft.rows_where(lacking);
        let test = cells::of_metrics(table, metrics);
        let bin = format!("bin_at(_at, {}, {EPOCH})", literal::timespan(convert::timespan(request.every)));
        let seen = ScopedRows { rows: &rows, within: within.clone(), entity: entity.clone(), whole: whole.clone() };
        counts::unused(draft, table, (Piece::Unread, position), &seen, test, Some(&bin), reading);
    }
    draft.parts.push(format!(
        "{ROWS}\n| where {}\n| project _entity = {entity}, _at = {}{}\n\
         | summarize _first = min(_at), _last = max(_at){} by _entity, _bin = bin_at(_at, {}, {EPOCH})\n\
         | project part = long({}), entity = _entity, at = _bin, cells = pack_array(_first, _last{})",
        all([cells::of_metrics(table, metrics), within, whole]),
        cells::time(table),
        attributes.concat(),
        latest.concat(),
        literal::timespan(convert::timespan(request.every)),
        Piece::Heartbeat.number(position),
        names.concat(),
    ));
}
