//! Translates requests to KQL, one query per table for any number of requests, and query results to answers.
//!
//! Input: requests of any kind. Output: per table a [`Lowered`] with the query text. Given the result table of a service or of
//! the interpreter, [`Lowered::answers`] returns the answers that row aggregation would compute from the raw rows. All values
//! are encoded literals, all columns are quoted as `['…']`, all instants are absolute. Queries written in rules are passed
//! unchanged, after statements that bind their parameters and restrict their tables to the window and the subject.
//!
//! A result row has four columns: `part` (the request, and the piece of its answer), `entity` (a JSON list of key values in the
//! order of the keys of the request), `at`, and `cells`.
//!
//! `has_prefilter` turns the regexes of a request into a `has` filter on rows. Nothing here performs I/O.

mod answer;
mod answer_data;
mod assemble;
mod cells;
mod component;
mod counts;
mod dialect;
mod draft;
mod filter;
mod fleet;
mod has_prefilter;
mod line_test;
mod lines;
mod lowered;
mod piece;
mod row;
mod rule_query;
mod series;
mod states;
mod unmatched;

use std::collections::BTreeMap;
use std::sync::Arc;

use amp_rules_core::telemetry::request::{QueryRequest, Reading, Request};
use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::time::Window;

pub use self::dialect::Dialect;
use self::fleet::Fleet;
use self::lowered::Subjects;
pub use self::lowered::{Lowered, MAX_QUERY_BYTES, MAX_ROWS};

/// The assumed number of entities per subject when the number of result rows is estimated.
const ENTITIES: usize = 40;

/// Why no query answers a request; `None` if one does.
#[must_use]
pub fn unsupported(request: &Request) -> Option<&'static str> {
    match request {
        Request::Lines(_) | Request::Unmatched(_) if request.reading().table.fold.is_some() => {
            Some("lines are joined to records (`fold`), which no query does")
        }
        _ => None,
    }
}

/// Translates requests to queries: one per table and subject, plus one per query written in a rule. Requests that are
/// [`unsupported`] are left out.
///
/// A query is split if its text would exceed [`MAX_QUERY_BYTES`] or its estimated result [`MAX_ROWS`].
#[must_use]
pub fn lower(requests: &[Request], dialect: &Dialect) -> Vec<Lowered> {
    let mut groups: Vec<(&Reading, Vec<usize>)> = Vec::new();
    let mut queries = Vec::new();
    for (position, request) in requests.iter().enumerate().filter(|(_, request)| unsupported(request).is_none()) {
        if let Request::Query(request) = request {
            queries.push(rule_query::lower(position, request, 0, dialect));
            continue;
        }
        let reading = request.reading();
        let same = |known: &Reading| {
            (Arc::ptr_eq(&known.table, &reading.table) || known.table == reading.table)
                && known.subject == reading.subject
        };
        match groups.iter_mut().find(|(known, _)| same(known)) {
            Some((_, positions)) => positions.push(position),
            None => groups.push((reading, vec![position])),
        }
    }
    let split = |(reading, positions): (&Reading, Vec<usize>)| {
        split(&reading.table, &positions, requests, &Subjects::One(0), dialect)
    };
    groups.into_iter().flat_map(split).chain(queries).collect()
}

/// Translates the requests of one investigation to queries for many subjects; each subject replaces the one in the requests.
///
/// If a table has none of the subject keys, all subjects share one result. The number of subjects per query is limited so that
/// the estimated result stays below [`MAX_ROWS`]. A query written in a rule is run once per subject.
#[must_use]
pub fn lower_fleet(requests: &[Request], subjects: &[BTreeMap<String, String>], dialect: &Dialect) -> Vec<Lowered> {
    let mut tables: Vec<(Arc<Table>, Vec<usize>)> = Vec::new();
    let mut lowered = Vec::new();
    for (position, request) in requests.iter().enumerate().filter(|(_, request)| unsupported(request).is_none()) {
        if let Request::Query(request) = request {
            lowered.extend(subjects.iter().enumerate().map(|(number, subject)| {
                let reading = Reading { subject: subject.clone(), ..request.reading.clone() };
                rule_query::lower(position, &QueryRequest { reading, ..request.clone() }, number, dialect)
            }));
            continue;
        }
        let table = &request.reading().table;
        match tables.iter_mut().find(|(known, _)| Arc::ptr_eq(known, table) || known == table) {
            Some((_, positions)) => positions.push(position),
            None => tables.push((table.clone(), vec![position])),
        }
    }
    for (table, positions) in tables {
        let of_one: usize = positions.iter().filter_map(|position| requests.get(*position)).map(expected_rows).sum();
        let at_once = (MAX_ROWS / of_one.max(1)).clamp(1, fleet::MAX_SUBJECTS);
        for fleet in Fleet::all(&table, subjects, at_once) {
            let asked: Vec<Request> = requests.iter().map(|request| fleet.request(request, &table)).collect();
            let reads = fleet.table(&table);
            lowered.extend(split(&reads, &positions, &asked, &Subjects::Fleet(fleet), dialect));
        }
    }
    lowered
}

/// Returns one query, or several if the text would be too long or the result too large.
fn split(
    table: &Arc<Table>,
    positions: &[usize],
    requests: &[Request],
    subjects: &Subjects,
    dialect: &Dialect,
) -> Vec<Lowered> {
    let chosen: Vec<(usize, &Request)> =
        positions.iter().filter_map(|position| Some((*position, requests.get(*position)?))).collect();
    let rows: usize = chosen.iter().map(|(_, request)| expected_rows(request)).sum();
    let draft = assemble::query(table, &chosen, subjects, dialect);
    if (draft.kql.len() > MAX_QUERY_BYTES || rows > MAX_ROWS) && positions.len() > 1 {
        let (one, other) = positions.split_at(positions.len() / 2);
        return [split(table, one, requests, subjects, dialect), split(table, other, requests, subjects, dialect)]
            .concat();
    }
    vec![Lowered {
        table: table.clone(),
        positions: positions.to_vec(),
        window: draft.window,
        kql: draft.kql,
        requests: chosen.iter().map(|(_, request)| (*request).clone()).collect(),
        shared: draft.shared,
        subjects: subjects.clone(),
    }]
}

/// Returns the estimated number of result rows of a request for one subject. Matching lines are rare: one bin in sixteen is
/// assumed to have some.
fn expected_rows(request: &Request) -> usize {
    let Window { from, to } = request.reading().window;
    let bins = |every: std::time::Duration| {
        let ticks = amp_rules_core::time::ticks_of(every).max(1);
        usize::try_from(to.ticks_since(from) / ticks + 1).unwrap_or(usize::MAX)
    };
    match request {
        Request::Lines(request) => (ENTITIES * bins(request.bin) / 16).max(1),
        Request::Rows(request) => (ENTITIES * bins(request.bin) / 16).max(1),
        Request::Series(request) => ENTITIES * request.steps.last().and_then(|step| step.every).map_or(1, bins),
        Request::Properties(_) => ENTITIES * 5,
        Request::Inventory(request) => ENTITIES * bins(request.every),
        Request::Unmatched(request) => request.most,
        Request::Query(_) => 0,
    }
}
