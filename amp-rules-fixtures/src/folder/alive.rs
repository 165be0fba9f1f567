//! The visibility of texts: a channel is alive from the first to the last line of a container's file, and blind outside.
//!
//! Input: the lines of files whose form declares it. Output: heartbeats and gaps of answers. Of a pod with several containers,
//! nothing is known where the file of one of them has ended.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::telemetry::entity::Entity;
use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::data::{AnswerData, EntityHeartbeats};
use amp_rules_core::telemetry::source::rows::Row;
use amp_rules_core::telemetry::source::{Gap, GapReason};
use amp_rules_core::time::{Time, Window, duration_of};

use super::file::{FileFormat, TableFile};

/// At most so many bins of one entity become heartbeats: ten years of bins of a minute.
const BINS: i64 = 5_000_000;

/// From when to when the files of containers are.
#[derive(Debug, Default)]
pub(super) struct AliveFiles {
    /// Per entity and container, per file.
    spans: BTreeMap<(Entity, String), BTreeMap<String, (Time, Time)>>,
}

impl AliveFiles {
    /// Adds a line with a time of a container's file.
    pub(super) fn add(&mut self, table: &Table, row: &Row, container: &str, file: &str) {
        if row.interval().is_some() {
            return;
        }
        let keys = table.keys.iter().filter_map(|(key, path)| {
            let text = row.text(path).filter(|text| !text.is_empty())?;
            let text = if table.folded_keys.contains(key) { text.to_lowercase() } else { text.into_owned() };
            Some((key.clone(), text))
        });
        let (entity, at) = (Entity::new(keys), row.time());
        let files = self.spans.entry((entity, container.to_owned())).or_default();
        let span = files.entry(file.to_owned()).or_insert((at, at));
        *span = (span.0.min(at), span.1.max(at));
    }

    /// Adds heartbeats to an inventory, and what is not known to the gaps of an answer.
    pub(super) fn apply(&self, request: &Request, data: &mut AnswerData, gaps: &mut Vec<Gap>) {
        let reading = request.reading();
        let is_of_subject = |entity: &Entity| {
            reading.subject.iter().all(|(key, wanted)| {
                let is_folded = reading.table.folded_keys.contains(key);
                entity.value(key).is_none_or(|own| own == wanted || (is_folded && own == wanted.to_lowercase()))
            })
        };
        let own: Vec<(Entity, Vec<(Time, Time)>)> = self
            .spans
            .iter()
            .filter(|((entity, _), _)| is_of_subject(entity))
            .map(|((entity, _), files)| (entity.project(&reading.keys), joined(files.values().copied().collect())))
            .collect();
        if own.is_empty() {
            return;
        }
        match (request, data) {
            (Request::Inventory(inventory), AnswerData::Inventory(entities)) => {
                // There may be other pods whose text was not saved.
                gaps.push(Gap { reason: GapReason::Inventory, range: None, entities: None });
                if inventory.metric.is_none() {
                    for (entity, spans) in own {
                        let limited = spans.iter().filter_map(|span| within(*span, reading.window));
                        limited.for_each(|span| beat(entities, &entity, span, inventory.every));
                    }
                }
            }
            _ => {
                for (entity, spans) in own {
                    let mut from = reading.window.from;
                    for span in spans.into_iter().chain([(reading.window.to, reading.window.to)]) {
                        let to = span.0.min(reading.window.to);
                        if from < to {
                            let entities = Some(vec![entity.clone()]);
                            gaps.push(Gap { reason: GapReason::TimeRange, range: Some(Window { from, to }), entities });
                        }
                        from = from.max(span.1.saturating_add_ticks(1));
                    }
                }
            }
        }
    }
}

/// What files of Kubernetes objects do not show: events before the oldest one, and whatever else has no event.
#[derive(Debug)]
pub(super) struct ObjectFiles {
    /// The files of events; none if there are only other objects.
    events: BTreeSet<String>,
    /// Whether there are objects and nothing else.
    are_all: bool,
    /// The time of the oldest event.
    oldest: Option<Time>,
}

impl ObjectFiles {
    /// The files of objects among those of a table.
    pub(super) fn new(files: &[TableFile]) -> Self {
        let is_object = |file: &&TableFile| file.format == FileFormat::Objects;
        let events = files.iter().filter(is_object).filter(|file| file.rule.object_kind() == "Event");
        Self {
            events: events.map(|file| file.name.clone()).collect(),
            are_all: files.iter().all(|file| is_object(&file)),
            oldest: None,
        }
    }

    /// Adds a row of an object.
    pub(super) fn add(&mut self, row: &Row, file: &str) {
        if self.events.contains(file) && row.interval().is_none() {
            self.oldest = Some(self.oldest.map_or(row.time(), |oldest| oldest.min(row.time())));
        }
    }

    /// The time for which nothing is excluded. Other files of the table have all rows.
    pub(super) fn gap(&self, request: &Request) -> Option<Gap> {
        let window = request.reading().window;
        let to = self.oldest.unwrap_or(window.to).min(window.to);
        let range = Window { from: window.from, to };
        (self.are_all && range.from < to).then_some(Gap {
            reason: GapReason::TimeRange,
            range: Some(range),
            entities: None,
        })
    }
}

fn within(span: (Time, Time), window: Window) -> Option<(Time, Time)> {
    let (from, to) = (span.0.max(window.from), span.1.min(window.to.saturating_add_ticks(-1)));
    (from <= to).then_some((from, to))
}

/// Adds the heartbeats of a span in which a channel was alive.
fn beat(entities: &mut Vec<EntityHeartbeats>, entity: &Entity, (from, to): (Time, Time), every: std::time::Duration) {
    let mut bins: BTreeSet<Time> = BTreeSet::new();
    let mut at = from.floor(every);
    while at <= to && i64::try_from(bins.len()).is_ok_and(|many| many < BINS) {
        bins.insert(at);
        let next = at.saturating_add(every.max(duration_of(1)));
        if next <= at {
            break;
        }
        at = next;
    }
    match entities.binary_search_by(|known| known.entity.cmp(entity)) {
        Ok(index) => {
            if let Some(known) = entities.get_mut(index) {
                bins.extend(known.beats.iter().copied());
                known.beats = bins.into_iter().collect();
                (known.first, known.last) = (known.first.min(from), known.last.max(to));
            }
        }
        Err(index) => entities.insert(
            index,
            EntityHeartbeats {
                entity: entity.clone(),
                beats: bins.into_iter().collect(),
                first: from,
                last: to,
                attributes: BTreeMap::new(),
                starts: Vec::new(),
            },
        ),
    }
}

/// The spans that cover the same times and do not overlap, sorted.
fn joined(mut spans: Vec<(Time, Time)>) -> Vec<(Time, Time)> {
    spans.sort_unstable();
    let mut all: Vec<(Time, Time)> = Vec::new();
    for (from, to) in spans {
        match all.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => all.push((from, to)),
        }
    }
    all
}
