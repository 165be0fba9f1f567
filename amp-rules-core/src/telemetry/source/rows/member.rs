//! One request on a table, while it is being answered.

use std::collections::{BTreeMap, BTreeSet};

use super::counts::CountAggregator;
use super::dedup::Dedup;
use super::filter::{Verdict, cell_path};
use super::inventory::InventoryAggregator;
use super::lacking::LackingColumns;
use super::line::Line;
use super::memory::of_entity;
use super::presence::ColumnPresence;
use super::properties::PropertiesAggregator;
use super::row::{Number, Row, number_of};
use super::row_context::RowContext;
use super::row_scope::ScopeMatch;
use super::series::SeriesAggregator;
use super::unmatched::UnmatchedAggregator;
use crate::telemetry::entity::Entity;
use crate::telemetry::matcher::Matcher;
use crate::telemetry::predicate::KeySource;
use crate::telemetry::request::LinesRequest;
use crate::telemetry::schema::{Path, Table};
use crate::telemetry::source::data::{AnswerData, Gap, GapReason, RowProblem};
use crate::time::{Time, Window};

/// One request of a table aggregator.
#[derive(Debug)]
pub(super) struct Member {
    /// The request's position in the list of requests.
    pub(super) position: usize,
    /// The index of its scope.
    pub(super) scope: usize,
    /// The canonical names of its metrics; empty if it reads rows of any metric.
    pub(super) metrics: Vec<String>,
    /// The columns whose absence makes it unknown, see [`Request::tested_columns`](crate::telemetry::request::Request::tested_columns).
    pub(super) tested: Vec<(String, Path)>,
    /// The tested columns in rows of its metrics. A member that reads rows of any metric shares that of its scope.
    pub(super) presence: Option<ColumnPresence>,
    pub(super) kind: Kind,
    pub(super) gaps: Gaps,
    /// The estimated memory in bytes that was counted for the table.
    pub(super) counted: u64,
}

/// The running result of a member.
#[derive(Debug)]
pub(super) enum Kind {
    Lines(LinesAggregator),
    Rows(CountAggregator),
    Series(SeriesAggregator),
    Properties(PropertiesAggregator),
    Inventory(InventoryAggregator),
    Unmatched(Box<UnmatchedAggregator>),
    /// The answer takes too much memory, and is given up.
    TooLarge,
}

/// A lines request that is being answered.
#[derive(Debug)]
pub(super) struct LinesAggregator {
    pub(super) request: LinesRequest,
    counts: CountAggregator,
    /// Entity keys whose values come from the line.
    sources: Vec<(String, KeySource)>,
}

/// What is missing from a member's answer.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// Per reason and bin, the entities with a row that could not be used.
    unused: BTreeMap<(GapReason, Option<Window>), BTreeSet<Entity>>,
    /// The columns that rows lack.
    lacking: LackingColumns,
    /// Per entity, the intervals in which rows without a time lie.
    untimed: BTreeMap<Entity, BTreeSet<(Time, Time)>>,
    /// Whether a row was left out because it may be a duplicate.
    duplicates: bool,
    /// The estimated memory in bytes.
    held: u64,
}

impl Gaps {
    /// Notes that a row of an entity could not be used, or not entirely.
    fn note(&mut self, reason: GapReason, bin: Option<Window>, entity: Entity) {
        let size = of_entity(&entity);
        if self.unused.entry((reason, bin)).or_default().insert(entity) {
            self.held += size;
        }
    }

    /// Notes that the row of an entity lacks columns, so that it could not be used, or not entirely.
    fn note_missing<'p>(
        &mut self,
        context: &RowContext<'_>,
        columns: impl IntoIterator<Item = &'p Path>,
        bin: Option<Window>,
        entity: Entity,
    ) {
        self.held += self.lacking.add(context.row, columns);
        self.note(GapReason::MissingColumn, bin, entity);
    }

    /// Notes that the row of an entity could not be used.
    fn note_unused(
        &mut self,
        context: &RowContext<'_>,
        scope: usize,
        reason: GapReason,
        bin: Option<Window>,
        entity: Entity,
        metric: Option<&str>,
    ) {
        if reason == GapReason::MissingColumn
            && let Some(shared) = context.scopes.get(scope)
        {
            self.held += self.lacking.add(context.row, shared.scope.missing(context.table, context.row, metric));
        }
        self.note(reason, bin, entity);
    }

    /// Notes it if a row that was counted does not say how many rows it stands for.
    fn note_weight(&mut self, context: &RowContext<'_>, bin: Option<Window>, entity: Entity) {
        if !context.row.has_weight(context.table) {
            self.note_missing(context, &context.table.weight, bin, entity);
        }
    }

    /// Notes that the time of a row is not known. Returns whether the row counts: of those in one interval, the first does.
    fn untimed(&mut self, interval: (Time, Time), entity: &Entity) -> bool {
        let known = self.untimed.entry(entity.clone()).or_default();
        let is_first = known.insert(interval);
        if is_first {
            self.held += of_entity(entity);
        }
        is_first
    }

    /// Whether the row of the context may be counted; notes if that is unknown.
    fn may_count(&mut self, context: &mut RowContext<'_>) -> bool {
        let dedup = context.dedup();
        self.duplicates |= dedup == Dedup::Unknown;
        dedup == Dedup::First
    }

    fn finish(self, table: &Table) -> (Vec<Gap>, Vec<RowProblem>) {
        let unused = self.unused.into_iter().map(|((reason, range), entities)| Gap {
            reason,
            range,
            entities: Some(entities.into_iter().collect()),
        });
        let untimed = self.untimed.into_iter().flat_map(|(entity, intervals)| {
            joined(intervals).into_iter().map(move |(from, to)| Gap {
                reason: GapReason::TimeRange,
                range: Some(Window { from, to }),
                entities: Some(vec![entity.clone()]),
            })
        });
        let duplicates = self.duplicates.then_some(Gap { reason: GapReason::Duplicates, range: None, entities: None });
        (unused.chain(untimed).chain(duplicates).collect(), self.lacking.problems(table))
    }
}

impl Kind {
    /// The bin of the answer to which a row at this instant belongs; `None` for the whole window.
    fn bin(&self, at: Time) -> Option<Window> {
        let binned = |every| {
            let from = at.floor(every);
            Some(Window { from, to: from.saturating_add(every) })
        };
        match self {
            Self::Lines(lines) => binned(lines.request.bin),
            Self::Rows(counts) => binned(counts.bin()),
            Self::Series(series) => series.last_bin(at),
            Self::Properties(_) | Self::Unmatched(_) | Self::TooLarge => None,
            Self::Inventory(inventory) => binned(inventory.every()),
        }
    }
}

/// The intervals that cover the same times and do not touch each other.
fn joined(intervals: BTreeSet<(Time, Time)>) -> Vec<(Time, Time)> {
    let mut all: Vec<(Time, Time)> = Vec::new();
    for (from, to) in intervals {
        match all.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => all.push((from, to)),
        }
    }
    all
}

impl Member {
    /// The estimated memory in bytes.
    pub(super) fn held(&self) -> u64 {
        let data = match &self.kind {
            Kind::Lines(lines) => lines.counts.held(),
            Kind::Rows(counts) => counts.held(),
            Kind::Series(series) => series.held(),
            Kind::Properties(properties) => properties.held(),
            Kind::Inventory(inventory) => inventory.held(),
            Kind::Unmatched(unmatched) => unmatched.held(),
            Kind::TooLarge => 0,
        };
        data + self.gaps.held + self.presence.as_ref().map_or(0, ColumnPresence::held)
    }

    /// Gives the answer up, and frees its memory.
    pub(super) fn give_up(&mut self) {
        self.kind = Kind::TooLarge;
        self.gaps = Gaps::default();
        self.presence = None;
    }

    /// Adds a row: of the metric at this index in `metrics`, or any row if `None`.
    pub(super) fn add(&mut self, context: &mut RowContext<'_>, metric: Option<usize>) {
        if matches!(self.kind, Kind::TooLarge) {
            return;
        }
        let name = metric.and_then(|index| self.metrics.get(index)).map(String::as_str);
        let ScopeMatch::Entity(entity, verdict) = context.scope_match(self.scope, name) else { return };
        let (table, row) = (context.table, context.row);
        if let Some(presence) = &mut self.presence
            && context.scopes.get(self.scope).is_some_and(|shared| shared.scope.is_whole(&entity))
        {
            let present = self.tested.iter().map(|(_, path)| row.cell(cell_path(table, path, name)).is_some());
            presence.record(&entity, row.time(), present);
        }
        match verdict {
            Verdict::False => return,
            // An undecided row matters for lines only if one of its lines matches.
            Verdict::Unknown(_) if matches!(self.kind, Kind::Lines(_) | Kind::Unmatched(_)) => return,
            Verdict::Unknown(reason) => {
                match row.interval() {
                    Some(interval) => drop(self.gaps.untimed(interval, &entity)),
                    None => {
                        let bin = self.kind.bin(row.time());
                        self.gaps.note_unused(context, self.scope, reason, bin, entity, name);
                    }
                }
                return;
            }
            Verdict::True => {}
        }
        match &mut self.kind {
            Kind::Lines(_) | Kind::Unmatched(_) | Kind::TooLarge => {}
            Kind::Rows(counts) => {
                let is_counted = row.interval().is_none_or(|interval| self.gaps.untimed(interval, &entity));
                if is_counted && self.gaps.may_count(context) {
                    counts.add(&entity, row.time(), row.weight(table), &[]);
                    let text = table.text.as_ref().and_then(|path| row.text(path)).unwrap_or_default();
                    counts.keep(&entity, row.time(), &|| row.row_id(table), 0, &text);
                    self.gaps.note_weight(context, self.kind.bin(row.time()), entity);
                }
            }
            Kind::Series(series) => {
                let missing = series.missing(row, name);
                if !missing.is_empty() {
                    self.gaps.note_missing(context, missing, series.last_bin(row.time()), entity);
                } else if !series.needs_dedup() || (series.has_sample(row, name) && self.gaps.may_count(context)) {
                    series.add(row, &entity, metric.zip(name));
                    if series.needs_dedup() {
                        self.gaps.note_weight(context, self.kind.bin(row.time()), entity);
                    }
                }
            }
            Kind::Properties(properties) => properties.add(table, row, &entity, name),
            // A row without a time proves no heartbeat at any.
            Kind::Inventory(inventory) if row.interval().is_none() => inventory.add(table, row, &entity, name),
            Kind::Inventory(_) => {}
        }
    }

    /// Notes that the row is one of a metric that is not known, because the row lacks the name of its metric.
    pub(super) fn note_no_metric(&mut self, context: &mut RowContext<'_>, column: &Path) {
        if matches!(self.kind, Kind::TooLarge) {
            return;
        }
        if let ScopeMatch::Entity(entity, Verdict::True | Verdict::Unknown(_)) = context.scope_match(self.scope, None) {
            self.gaps.note_missing(context, [column], self.kind.bin(context.row.time()), entity);
        }
    }

    /// Notes that the row lacks the text in which the member searches lines.
    pub(super) fn note_no_text(&mut self, context: &mut RowContext<'_>, column: &Path) {
        if matches!(self.kind, Kind::Lines(_) | Kind::Unmatched(_)) {
            self.note_no_metric(context, column);
        }
    }

    /// Adds a line that matches the member's test.
    pub(super) fn add_line(&mut self, context: &mut RowContext<'_>, line: &Line<'_>, matched: &MatchedTest<'_>) {
        let ScopeMatch::Entity(entity, verdict) = context.scope_match(self.scope, None) else { return };
        let (table, row) = (context.table, context.row);
        let at = row.time();
        let bin = self.kind.bin(at);
        match &mut self.kind {
            Kind::Inventory(inventory) => {
                if verdict == Verdict::True {
                    inventory.add_start(&entity, at);
                }
            }
            Kind::Lines(lines) => {
                if verdict == Verdict::False {
                    return;
                }
                let Some(entity) = lines.entity(table, &entity, line, matched) else { return };
                match lines.includes_component(line, table, row) {
                    Some(false) => return,
                    Some(true) => {}
                    None => {
                        let missing = table.component_columns().filter(|path| row.cell(path).is_none());
                        self.gaps.note_missing(context, missing, bin, entity);
                        return;
                    }
                }
                if let Verdict::Unknown(reason) = verdict {
                    match row.interval() {
                        Some(interval) => drop(self.gaps.untimed(interval, &entity)),
                        None => self.gaps.note_unused(context, self.scope, reason, bin, entity, None),
                    }
                    return;
                }
                let is_counted = row.interval().is_none_or(|interval| self.gaps.untimed(interval, &entity));
                if is_counted && self.gaps.may_count(context) {
                    let names: Vec<_> = lines.request.sums.iter().map(String::as_str).collect();
                    let numbers: Vec<_> = matched.captured(&names).into_iter().map(number).collect();
                    lines.counts.add(&entity, at, row.weight(table), &numbers);
                    lines.counts.keep(&entity, at, &|| row.row_id(table), line.index, &line.text);
                    self.gaps.note_weight(context, self.kind.bin(row.time()), entity);
                }
            }
            Kind::Rows(_) | Kind::Series(_) | Kind::Properties(_) | Kind::Unmatched(_) | Kind::TooLarge => {}
        }
    }

    /// Whether some line of a text could be an error line that the member counts; `false` is certain.
    pub(super) fn could_be_error(&self, text: &str) -> bool {
        matches!(&self.kind, Kind::Unmatched(unmatched) if unmatched.could_be_error(text))
    }

    /// Marks the current line as known if it is of one of the components, or of any if there are none; else as known
    /// elsewhere if its own component could not be determined.
    pub(super) fn mark_known(&mut self, context: &RowContext<'_>, line: &Line<'_>, components: &[String]) {
        if let Kind::Unmatched(unmatched) = &mut self.kind {
            let component = line.component(context.table, context.row);
            if components.is_empty() || component.is_some_and(|own| components.iter().any(|one| one == own)) {
                unmatched.marks.is_known = true;
            } else if context.table.is_undetermined(component) {
                unmatched.marks.is_known_elsewhere = true;
            }
        }
    }

    /// Adds a line after all tests have run on it, if it is an unmatched error.
    pub(super) fn add_unmatched(&mut self, context: &mut RowContext<'_>, line: &Line<'_>) {
        let Kind::Unmatched(unmatched) = &mut self.kind else { return };
        let Some(error) = unmatched.take_unmatched_error(line) else { return };
        match context.scope_match(self.scope, None) {
            ScopeMatch::Entity(entity, Verdict::True) => {
                if self.gaps.may_count(context) {
                    unmatched.add(context.table, context.row, &entity, line, error);
                }
            }
            ScopeMatch::Entity(entity, Verdict::Unknown(reason @ GapReason::MissingColumn)) => {
                self.gaps.note_unused(context, self.scope, reason, None, entity, None);
            }
            ScopeMatch::Entity(..) | ScopeMatch::OtherEntity | ScopeMatch::OutOfScope => {}
        }
    }

    /// Notes that the text of a row was truncated: a line after the cut might have matched.
    pub(super) fn note_truncated_text(&mut self, context: &mut RowContext<'_>) {
        if !matches!(self.kind, Kind::Lines(_) | Kind::Unmatched(_)) {
            return;
        }
        if let ScopeMatch::Entity(entity, Verdict::True | Verdict::Unknown(_)) = context.scope_match(self.scope, None) {
            self.gaps.note(GapReason::Truncated, self.kind.bin(context.row.time()), entity);
        }
    }

    /// The data, the gaps and the problems of rows; `None` if the answer was given up.
    pub(super) fn finish(self, table: &Table) -> Option<(AnswerData, Vec<Gap>, Vec<RowProblem>)> {
        let (mut gaps, problems) = self.gaps.finish(table);
        let data = match self.kind {
            Kind::Lines(lines) => AnswerData::Counts(lines.counts.finish()),
            Kind::Rows(counts) => AnswerData::Counts(counts.finish()),
            Kind::Series(series) => AnswerData::Series(series.finish()),
            Kind::Properties(properties) => AnswerData::Properties(properties.finish()),
            Kind::Inventory(inventory) => AnswerData::Inventory(inventory.finish()),
            Kind::Unmatched(unmatched) => {
                if unmatched.is_coarse() {
                    gaps.push(Gap { reason: GapReason::Templates, range: None, entities: None });
                }
                AnswerData::Unmatched(unmatched.finish())
            }
            Kind::TooLarge => return None,
        };
        Some((data, gaps, problems))
    }
}

impl LinesAggregator {
    /// No lines yet.
    pub(super) fn new(request: &LinesRequest) -> Self {
        let from_line = |(key, source): (&String, &KeySource)| match source {
            KeySource::Column(_) => None,
            _ if !request.reading.keys.contains(key) => None,
            source => Some((key.clone(), source.clone())),
        };
        Self {
            counts: CountAggregator::new(request.bin, request.sums.len(), request.instants),
            sources: request.sources.iter().filter_map(from_line).collect(),
            request: request.clone(),
        }
    }

    /// Whether the line is of a requested component; `None` if the row lacks the column that decides.
    fn includes_component(&self, line: &Line<'_>, table: &Table, row: &Row) -> Option<bool> {
        let wanted = &self.request.components;
        if wanted.is_empty() {
            return Some(true);
        }
        let is_wanted = |found: &str| wanted.iter().any(|wanted| wanted == found);
        let Some(possible) = line.possible_components(table, row) else {
            return Some(line.component(table, row).is_some_and(is_wanted));
        };
        match possible.iter().filter(|found| is_wanted(found)).count() {
            0 => Some(false),
            all if all == possible.len() => Some(true),
            _ => None,
        }
    }

    /// The row's entity with the keys that come from the line added; `None` if the line lacks one of them.
    fn entity(&self, table: &Table, coarse: &Entity, line: &Line<'_>, matched: &MatchedTest<'_>) -> Option<Entity> {
        if self.sources.is_empty() {
            return Some(coarse.clone());
        }
        let mut keys: Vec<_> = coarse.keys().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        for (key, source) in &self.sources {
            let text = match source {
                KeySource::Json(field) => line.field(field)?.into_owned(),
                KeySource::Capture(group) => matched.captured(&[group]).into_iter().next().flatten()?.to_owned(),
                KeySource::Column(_) => continue,
            };
            if text.is_empty() {
                return None;
            }
            keys.push((key.clone(), if table.folded_keys.contains(key) { text.to_lowercase() } else { text }));
        }
        Some(Entity::new(keys))
    }
}

/// A test of a matcher, and the text that it matches.
pub(super) struct MatchedTest<'a> {
    pub(super) matcher: &'a Matcher,
    pub(super) test: usize,
    pub(super) text: &'a str,
}

impl<'a> MatchedTest<'a> {
    fn captured(&self, names: &[&str]) -> Vec<Option<&'a str>> {
        self.matcher.captured(self.test, self.text, names)
    }
}

fn number(text: Option<&str>) -> Option<f64> {
    match text.map(|text| number_of(&serde_json::Value::from(text))) {
        Some(Number::Is(number)) => Some(number),
        _ => None,
    }
}
