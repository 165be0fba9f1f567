//! Requests as KQL: one query per table, whatever the number of requests, and its result back as answers.
//!
//! Input: requests of any kind. Output: per table a [`Lowered`] with the text of its query; given the table that a service (or
//! the interpreter) answered, it gives what row folding would have given from the raw rows. Every value stands in an encoded
//! literal, every column in `['…']`, every instant is absolute. Authors' own queries pass as they are, behind statements that
//! bind their parameters and cut their tables to the window and the subject.
//!
//! A result row has four columns: `part` (which request, and which piece of its answer), `entity` (a JSON list of key values in
//! the order of the request's keys), `at`, and `cells`.
//!
//! Nothing here sends anything.

mod answer;
mod assemble;
mod cells;
mod counts;
mod dialect;
mod draft;
mod filter;
mod fleet;
mod line_test;
mod lines;
mod lowered;
mod part;
mod pieces;
mod prefilter;
mod query;
mod row;
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
use self::lowered::Whose;
pub use self::lowered::{LONGEST_TEXT, Lowered, MOST_ROWS};

/// As many entities are expected of a subject where rows of a result are estimated.
const ENTITIES: usize = 40;

/// Lowers requests: one query per table and subject, more only where its text would be longer than [`LONGEST_TEXT`] or its
/// result greater than [`MOST_ROWS`]; and one per query of an author.
#[must_use]
pub fn lower(requests: &[Request], dialect: &Dialect) -> Vec<Lowered> {
    let mut groups: Vec<(&Reading, Vec<usize>)> = Vec::new();
    let mut queries = Vec::new();
    for (position, request) in requests.iter().enumerate() {
        if let Request::Query(request) = request {
            queries.push(query::lower(position, request, 0, dialect));
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
    let parted = |(reading, positions): (&Reading, Vec<usize>)| {
        parted(&reading.table, &positions, requests, &Whose::One(0), dialect)
    };
    groups.into_iter().flat_map(parted).chain(queries).collect()
}

/// Lowers the requests of one investigation for many subjects at once: each subject takes the place of that in the requests.
///
/// Of a table that does not know a key of the subjects all are asked alike. A query asks for so many subjects that its result
/// stays below [`MOST_ROWS`] by estimate. An author's own query is asked for each subject alone.
#[must_use]
pub fn lower_fleet(requests: &[Request], subjects: &[BTreeMap<String, String>], dialect: &Dialect) -> Vec<Lowered> {
    let mut tables: Vec<(Arc<Table>, Vec<usize>)> = Vec::new();
    let mut lowered = Vec::new();
    for (position, request) in requests.iter().enumerate() {
        if let Request::Query(request) = request {
            lowered.extend(subjects.iter().enumerate().map(|(number, subject)| {
                let reading = Reading { subject: subject.clone(), ..request.reading.clone() };
                query::lower(position, &QueryRequest { reading, ..request.clone() }, number, dialect)
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
        let at_once = (MOST_ROWS / of_one.max(1)).clamp(1, fleet::MOST_SUBJECTS);
        for fleet in Fleet::all(&table, subjects, at_once) {
            let asked: Vec<Request> = requests.iter().map(|request| fleet.request(request, &table)).collect();
            let reads = fleet.table(&table);
            lowered.extend(parted(&reads, &positions, &asked, &Whose::Fleet(fleet), dialect));
        }
    }
    lowered
}

/// One query, or two halves where it is too long or its result too great.
fn parted(
    table: &Arc<Table>,
    positions: &[usize],
    requests: &[Request],
    whose: &Whose,
    dialect: &Dialect,
) -> Vec<Lowered> {
    let chosen: Vec<(usize, &Request)> =
        positions.iter().filter_map(|position| Some((*position, requests.get(*position)?))).collect();
    let rows: usize = chosen.iter().map(|(_, request)| expected_rows(request)).sum();
    let draft = assemble::query(table, &chosen, whose, dialect);
    if (draft.kql.len() > LONGEST_TEXT || rows > MOST_ROWS) && positions.len() > 1 {
        let (one, other) = positions.split_at(positions.len() / 2);
        return [parted(table, one, requests, whose, dialect), parted(table, other, requests, whose, dialect)].concat();
    }
    vec![Lowered {
        table: table.clone(),
        positions: positions.to_vec(),
        window: draft.window,
        kql: draft.kql,
        requests: chosen.iter().map(|(_, request)| (*request).clone()).collect(),
        shared: draft.shared,
        whose: whose.clone(),
    }]
}

/// About how many rows the answer to a request takes for one subject. Lines are seldom: one bin in sixteen holds some.
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
        Request::Properties(_) => ENTITIES * 4,
        Request::Inventory(request) => ENTITIES * bins(request.every),
        Request::Unmatched(request) => request.most,
        Request::Query(_) => 0,
    }
}
