//! All requests on one table, answered together in one pass over its rows.
//!
//! Input: rows, one by one and in any order. Output: per request its data, the columns that no row carried, and the gaps. A
//! row is matched once per distinct reading, its text is searched once for all regexes, and only a text with a line that
//! may match is split into lines.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::aggregated::Aggregated;
use super::counts::CountAggregator;
use super::dedup::Identities;
use super::inventory::InventoryAggregator;
use super::line::{Line, Records, lines_of};
use super::member::{Gaps, Kind, LinesAggregator, MatchedTest, Member};
use super::memory::{Memory, MemoryUse};
use super::presence::ColumnPresence;
use super::properties::PropertiesAggregator;
use super::row::Row;
use super::row_context::{RowContext, SharedScope};
use super::row_scope::{RowScope, ScopeMatch};
use super::series::SeriesAggregator;
use super::unmatched::{TEMPLATES, UnmatchedAggregator};
use crate::telemetry::matcher::{self, Matcher};
use crate::telemetry::predicate::{KeySource, LineTest, See};
use crate::telemetry::request::Request;
use crate::telemetry::schema::Table;
use crate::telemetry::source::data::{MESSAGE_CHARACTERS, is_truncated};

/// The requests on one table.
#[derive(Debug)]
pub(super) struct TableAggregator {
    pub(super) table: Arc<Table>,
    scopes: Vec<SharedScope>,
    members: Vec<Member>,
    /// The members that read rows of a metric, by the metric name in the row, with the metric's index in the request.
    by_metric: HashMap<String, Vec<(usize, usize)>>,
    /// The members that read rows of any metric.
    any_row: Vec<usize>,
    /// The tests on lines, per text that they search.
    line_tests: Vec<LineTests>,
    /// The members that count unmatched error lines.
    unmatched: Vec<usize>,
    records: Records,
    identities: Identities,
    memory: MemoryUse,
}

/// The tests that search the same text of a line.
#[derive(Debug)]
struct LineTests {
    see: See,
    /// Whether they test single lines where lines form records.
    of_single_lines: bool,
    matcher: Matcher,
    /// Per test of the matcher, the members that use it.
    readers: Vec<TestReaders>,
}

/// The members that use a test.
#[derive(Debug, Default)]
struct TestReaders {
    /// Members that request the matching lines.
    matching: Vec<usize>,
    /// Members that count unmatched lines, for which a matching line of one of the components is known.
    known: Vec<(usize, Vec<String>)>,
}

impl TableAggregator {
    /// No requests yet; at most `identities` identities of rows are kept.
    pub(super) fn new(table: Arc<Table>, identities: usize, memory: Memory) -> Self {
        Self {
            table,
            scopes: Vec::new(),
            members: Vec::new(),
            by_metric: HashMap::new(),
            any_row: Vec::new(),
            line_tests: Vec::new(),
            unmatched: Vec::new(),
            records: Records::default(),
            identities: Identities::new(identities),
            memory: MemoryUse::new(memory),
        }
    }

    /// Adds a request, which has this position in the list of requests.
    ///
    /// # Errors
    ///
    /// Why the request cannot be answered from rows of the table.
    pub(super) fn add_request(&mut self, position: usize, request: &Request) -> Result<(), String> {
        let no_sources = BTreeMap::new();
        let kind = self.kind(request)?;
        let sources = match request {
            Request::Lines(lines) => &lines.sources,
            Request::Rows(rows) => &rows.sources,
            _ => &no_sources,
        };
        let reading = request.reading();
        let scope = match self.scopes.iter().position(|shared| shared.scope.serves(reading, sources)) {
            Some(scope) => scope,
            None => {
                self.scopes.push(SharedScope { scope: RowScope::new(reading, sources)?, presence: None });
                self.scopes.len() - 1
            }
        };
        let metrics: &[(String, Vec<String>)] = match request {
            Request::Series(request) => &request.metrics,
            Request::Properties(request) => &request.metrics,
            Request::Inventory(request) => request.metric.as_slice(),
            Request::Lines(_) | Request::Rows(_) | Request::Unmatched(_) | Request::Query(_) => &[],
        };
        let member = self.members.len();
        if let Request::Unmatched(_) = request {
            self.unmatched.push(member);
        }
        for (index, (name, spellings)) in metrics.iter().enumerate() {
            let names: BTreeSet<_> = spellings.iter().chain([name]).collect();
            for spelling in names {
                self.by_metric.entry(spelling.clone()).or_default().push((member, index));
            }
        }
        if metrics.is_empty() {
            self.any_row.push(member);
        }
        let filtered = !reading.filter.is_empty();
        if metrics.is_empty()
            && filtered
            && let Some(shared) = self.scopes.get_mut(scope)
        {
            shared.presence.get_or_insert_default();
        }
        let tested: Vec<_> = request.tested_columns().map(|(name, path)| (name.to_owned(), path.clone())).collect();
        let is_own = tested.len() > reading.filter.len() || !metrics.is_empty();
        let presence = (is_own && !tested.is_empty()).then(ColumnPresence::default);
        let metrics = metrics.iter().map(|(name, _)| name.clone()).collect();
        self.members.push(Member {
            position,
            scope,
            metrics,
            tested,
            presence,
            kind,
            gaps: Gaps::default(),
            counted: 0,
        });
        Ok(())
    }

    /// The empty result of a request.
    fn kind(&self, request: &Request) -> Result<Kind, String> {
        let check_regex = |regex: &str| {
            matcher::compile(regex).map(drop).map_err(|error| format!("the regex does not compile: {error}"))
        };
        let check_text = || match self.table.text {
            Some(_) => Ok(()),
            None => Err(format!("the table `{}` has no text", self.table.name)),
        };
        match request {
            Request::Lines(request) => {
                check_text()?;
                if let Some(regex) = request.test.regex() {
                    check_regex(regex)?;
                }
                Ok(Kind::Lines(LinesAggregator::new(request)))
            }
            Request::Rows(request) => {
                let from_line = |key: &&String| {
                    matches!(request.sources.get(*key), Some(KeySource::Json(_) | KeySource::Capture(_)))
                };
                if let Some(key) = request.reading.keys.iter().find(from_line) {
                    return Err(format!("the key `{key}` of rows is not a column"));
                }
                Ok(Kind::Rows(CountAggregator::new(request.bin, 0, request.instants)))
            }
            Request::Series(request) => SeriesAggregator::new(request).map(Kind::Series),
            Request::Properties(request) => Ok(Kind::Properties(PropertiesAggregator::new(&request.names))),
            Request::Inventory(request) => {
                if let Some(regex) = &request.restart_marker {
                    check_regex(regex)?;
                }
                Ok(Kind::Inventory(InventoryAggregator::new(request)))
            }
            Request::Unmatched(request) => {
                check_text()?;
                Ok(Kind::Unmatched(Box::new(UnmatchedAggregator::new(request, TEMPLATES)?)))
            }
            Request::Query(_) => Err("rows alone do not answer a query in KQL".to_owned()),
        }
    }

    /// Compiles the tests of all members; call it once, after the last [`add_request`](Self::add_request).
    ///
    /// # Errors
    ///
    /// Why the tests cannot be compiled together.
    pub(super) fn compile(&mut self) -> Result<(), String> {
        if self.table.text.is_none() {
            return Ok(());
        }
        self.records =
            Records::new(&self.table).map_err(|error| format!("the regex of `fold` does not compile: {error}"))?;
        // A start is reported by a line, whatever record it belongs to.
        let of_single_lines = !self.records.are_lines();
        for (see, of_starts) in [(See::Message, false), (See::Line, false), (See::Message, true)] {
            let mut readers: BTreeMap<LineTest, TestReaders> = BTreeMap::new();
            for (index, member) in self.members.iter().enumerate() {
                match &member.kind {
                    Kind::Inventory(inventory) if of_starts => {
                        if let Some(regex) = inventory.restart_marker() {
                            readers.entry(LineTest::Regex(regex.to_owned())).or_default().matching.push(index);
                        }
                    }
                    _ if of_starts => {}
                    Kind::Lines(lines) if lines.request.see == see => {
                        readers.entry(lines.request.test.clone()).or_default().matching.push(index)
                    }
                    Kind::Unmatched(unmatched) => {
                        for known in unmatched.known().iter().filter(|known| known.see == see) {
                            let readers = readers.entry(known.test.clone()).or_default();
                            readers.known.push((index, known.components.clone()));
                        }
                    }
                    Kind::Lines(_)
                    | Kind::Rows(_)
                    | Kind::Series(_)
                    | Kind::Properties(_)
                    | Kind::Inventory(_)
                    | Kind::TooLarge => {}
                }
            }
            if !readers.is_empty() {
                let (tests, readers): (Vec<_>, Vec<_>) = readers.into_iter().unzip();
                let matcher = Matcher::new(&tests).map_err(|error| error.to_string())?;
                self.line_tests.push(LineTests {
                    see,
                    of_single_lines: of_starts && of_single_lines,
                    matcher,
                    readers,
                });
            }
        }
        Ok(())
    }

    /// Adds a row.
    pub(super) fn add(&mut self, row: &Row) {
        if self.memory.is_exceeded() {
            return;
        }
        let Self { table, scopes, members, by_metric, any_row, line_tests, unmatched, records, identities, .. } = self;
        let memory = &mut self.memory;
        let table: &Table = table;
        let mut context = RowContext::new(table, row, scopes, identities);
        if !by_metric.is_empty()
            && let Some(path) = &table.metric_name
        {
            match row.text(path) {
                Some(name) => {
                    for &(member, index) in by_metric.get(name.as_ref()).into_iter().flatten() {
                        if let Some(member) = members.get_mut(member) {
                            member.add(&mut context, Some(index));
                            count(member, memory);
                        }
                    }
                }
                None => {
                    for member in members.iter_mut().filter(|member| !member.metrics.is_empty()) {
                        member.note_no_metric(&mut context, path);
                        count(member, memory);
                    }
                }
            }
        }
        for &member in any_row.iter() {
            if let Some(member) = members.get_mut(member) {
                member.add(&mut context, None);
                count(member, memory);
            }
        }
        if !(line_tests.is_empty() && unmatched.is_empty())
            && let Some(path) = &table.text
        {
            match row.text(path) {
                Some(text) => add_lines(line_tests, unmatched, records, members, &mut context, &text),
                None if row.has_column(path.column()) => {}
                None => members.iter_mut().for_each(|member| member.note_no_text(&mut context, path)),
            }
            // Members of lines are among those that read any row.
            for &member in any_row.iter() {
                if let Some(member) = members.get_mut(member) {
                    count(member, memory);
                }
            }
        }
        let matches = context.into_matches();
        for (SharedScope { scope, presence }, found) in scopes.iter_mut().zip(matches) {
            if let (Some(presence), Some(ScopeMatch::Entity(entity, _))) = (presence, found)
                && scope.is_whole(&entity)
            {
                let before = presence.held();
                presence.record(&entity, row.time(), scope.filter().present(row));
                memory.add(presence.held() - before);
            }
        }
        if memory.is_exceeded() {
            members.iter_mut().for_each(Member::give_up);
            scopes.iter_mut().for_each(|shared| shared.presence = None);
        }
    }

    /// Ends a file: rows that follow are from another one.
    pub(super) fn end_of_file(&mut self) {
        let of_members = self.members.iter_mut().filter_map(|member| member.presence.as_mut());
        of_members.chain(self.scopes.iter_mut().filter_map(|shared| shared.presence.as_mut())).for_each(|presence| {
            presence.end_of_file();
        });
    }

    /// The results, each with the position of its request. The error is why the request is refused.
    pub(super) fn finish(self) -> Vec<(usize, Result<Aggregated, String>)> {
        let shared: Vec<_> = self
            .scopes
            .into_iter()
            .map(|SharedScope { scope, presence }| presence.map(|presence| presence.finish(&scope.names())))
            .collect();
        let (table, memory) = (self.table, &self.memory);
        let finish = |mut member: Member| {
            let names: Vec<String> = member.tested.iter().map(|(name, _)| name.clone()).collect();
            let of_scope = || shared.get(member.scope).cloned().flatten().filter(|_| member.metrics.is_empty());
            let own = member.presence.take().map(|presence| presence.finish(&names));
            let (missing_columns, of_files) = own.or_else(of_scope).unwrap_or_default();
            let position = member.position;
            let aggregated = match member.finish(&table) {
                Some((data, mut gaps, problems)) => {
                    gaps.extend(of_files);
                    Ok(Aggregated { data, missing_columns, gaps, problems })
                }
                None => Err(memory.reason()),
            };
            (position, aggregated)
        };
        self.members.into_iter().map(finish).collect()
    }
}

/// Counts the memory that a member holds since it was last counted, and gives its answer up if that is too much.
fn count(member: &mut Member, memory: &mut MemoryUse) {
    let held = member.held();
    memory.add(held.saturating_sub(member.counted));
    member.counted = held;
    if memory.is_too_large(held) {
        member.give_up();
    }
}

/// Splits the text of a row into lines, or records, and adds each to the members whose tests it matches.
fn add_lines(
    line_tests: &[LineTests],
    unmatched: &[usize],
    records: &Records,
    members: &mut [Member],
    context: &mut RowContext<'_>,
    text: &str,
) {
    if is_truncated(text, MESSAGE_CHARACTERS) {
        members.iter_mut().for_each(|member| member.note_truncated_text(context));
    }
    let may_have_errors = |member: &&usize| members.get(**member).is_some_and(|member| member.could_be_error(text));
    let unmatched: Vec<usize> = unmatched.iter().filter(may_have_errors).copied().collect();
    if unmatched.is_empty() && !line_tests.iter().any(|tests| tests.matcher.could_match(text)) {
        return;
    }
    if records.are_lines() {
        for line in lines_of(context.table, text) {
            add_line(line_tests.iter(), &unmatched, members, context, &line, line.text.len() < text.len());
        }
        return;
    }
    for record in records.of(context.table, text) {
        let tests = line_tests.iter().filter(|tests| !tests.of_single_lines);
        add_line(tests, &unmatched, members, context, &record, true);
    }
    if line_tests.iter().any(|tests| tests.of_single_lines) {
        for line in lines_of(context.table, text) {
            add_line(line_tests.iter().filter(|tests| tests.of_single_lines), &[], members, context, &line, true);
        }
    }
}

/// Adds a line to the members whose tests it matches. `is_part` is whether the row has more text than the line.
fn add_line<'t>(
    line_tests: impl Iterator<Item = &'t LineTests>,
    unmatched: &[usize],
    members: &mut [Member],
    context: &mut RowContext<'_>,
    line: &Line<'_>,
    is_part: bool,
) {
    let mut hits = Vec::new();
    for LineTests { see, matcher, readers, .. } in line_tests {
        // A row of one line has already passed this check.
        if is_part && !matcher.could_match(&line.text) {
            continue;
        }
        let searched = line.searched_text(*see);
        matcher.matches(&searched, |field| line.has_field(field), &mut hits);
        for &test in &hits {
            let matched = MatchedTest { matcher, test, text: &searched };
            let Some(readers) = readers.get(test) else { continue };
            for &member in &readers.matching {
                if let Some(member) = members.get_mut(member) {
                    member.add_line(context, line, &matched);
                }
            }
            for (member, components) in readers.known.iter().filter(|(member, _)| unmatched.contains(member)) {
                if let Some(member) = members.get_mut(*member) {
                    member.mark_known(context, line, components);
                }
            }
        }
    }
    for &member in unmatched {
        if let Some(member) = members.get_mut(member) {
            member.add_unmatched(context, line);
        }
    }
}
