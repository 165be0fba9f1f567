//! When one entity existed, from its heartbeats.
//!
//! Input: the heartbeats of one entity, per channel. Output: an [`EntityLifetime`]. A channel is one kind of heartbeat: a
//! table and metric with a cadence, the time within which a running entity sends at least one.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::plan::Need;
use crate::rules::rule_set::RuleSet;
use crate::telemetry::entity::Entity;
use crate::telemetry::source::data::EntityHeartbeats;
use crate::time::{Time, Window, duration_of, ticks_of};

/// Half-open time ranges, sorted and disjoint.
pub(super) type Spans = Vec<(Time, Time)>;

/// What heartbeats are compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeartbeatSettings {
    pub(super) window: Window,
    pub(super) watermark: Time,
    /// So many bins without a heartbeat do not end a channel's span.
    blind_bins: u32,
    /// Gaps up to this long do not end an active span.
    tolerance: Duration,
}

impl HeartbeatSettings {
    pub(super) fn new(rules: &RuleSet, window: Window, watermark: Time) -> Self {
        let defaults = &rules.schema.defaults;
        Self { window, watermark, blind_bins: defaults.blind_bins, tolerance: defaults.tolerance }
    }

    /// The longest gap, in ticks, that a channel of a cadence may have without being blind.
    pub(super) fn slack(&self, cadence: i64) -> i64 {
        cadence.saturating_mul(i64::from(self.blind_bins))
    }
}

/// The heartbeats of one entity on one channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChannelHeartbeats<'a> {
    pub(super) need: &'a Need,
    /// In ticks.
    pub(super) cadence: i64,
    pub(super) heartbeats: &'a EntityHeartbeats,
}

/// An entity of the finest kind that has heartbeats, and when it existed.
#[derive(Debug)]
pub(crate) struct EntityLifetime {
    pub(crate) entity: Entity,
    pub(crate) attributes: BTreeMap<String, String>,
    /// When lines say that it restarted.
    pub(super) restarts: Vec<Time>,
    /// Its first heartbeat, if it did not exist at the start of the window: a start, whether or not a line says so.
    pub(super) started_in_window: Option<Time>,
    /// When it began and ceased to exist; the whole window if the inventory is incomplete.
    pub(crate) first_seen: Time,
    pub(crate) last_seen: Time,
    /// The same from its own heartbeats alone, whether or not the inventory is complete.
    pub(crate) observed: (Time, Time),
    /// The last heartbeat on any channel.
    pub(super) last_heartbeat: Time,
    /// Where some channel was active, at the resolution of the fastest one.
    pub(super) active_spans: Spans,
    /// Per channel where it was active.
    pub(super) channels: BTreeMap<Need, Spans>,
    /// Lifetimes with the same number have equal spans on equal channels.
    pub(super) equivalence_class: usize,
}

impl EntityLifetime {
    /// From its first to its last heartbeat on the channels that a test selects; `None` if it has none.
    pub(super) fn hull(&self, is_selected: impl Fn(&Need) -> bool) -> Option<(Time, Time)> {
        let selected = self.channels.iter().filter(|(need, _)| is_selected(need)).flat_map(|(_, spans)| spans);
        selected.copied().reduce(|(from, to), span| (from.min(span.0), to.max(span.1)))
    }

    /// `gaps` are the periods for which heartbeats are missing; `None` if others may be missing too.
    pub(super) fn new(
        entity: Entity,
        channels: &[ChannelHeartbeats<'_>],
        gaps: Option<&Spans>,
        settings: &HeartbeatSettings,
    ) -> Self {
        let mut attributes: BTreeMap<String, String> = BTreeMap::new();
        for channel in channels {
            for (name, value) in &channel.heartbeats.attributes {
                attributes.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        let heartbeats = || channels.iter().map(|channel| channel.heartbeats);
        let first_heartbeat = heartbeats().map(|one| one.first).min().unwrap_or(Time::MAX);
        let last_heartbeat = heartbeats().map(|one| one.last).max().unwrap_or(Time::MIN);
        let spans_of = |channel: &ChannelHeartbeats<'_>| {
            (channel.need.clone(), channel_spans(&channel.heartbeats.beats, channel.cadence, settings))
        };
        let spans: BTreeMap<Need, Spans> = channels.iter().map(spans_of).collect();
        let active_spans = active_spans(channels, &spans, last_heartbeat, settings);
        let start = active_spans.first().map_or(Time::MAX, |span| span.0);
        let end = active_spans.last().map_or(Time::MIN, |span| span.1);
        let window = settings.window;
        // It may have existed from the first period without heartbeats on, or until the end of the last one.
        let (first_seen, last_seen) = match gaps {
            Some(gaps) => gaps.iter().fold((start, end), |(from, to), gap| (from.min(gap.0), to.max(gap.1))),
            None => (window.from, window.to),
        };
        let (first_seen, last_seen) = (first_seen.max(window.from).min(start), last_seen.min(window.to).max(end));
        Self {
            entity,
            attributes,
            restarts: heartbeats().flat_map(|one| one.starts.iter().copied()).collect(),
            started_in_window: (start > window.from).then_some(first_heartbeat),
            first_seen,
            last_seen,
            observed: (start, end),
            last_heartbeat,
            active_spans,
            channels: spans,
            equivalence_class: 0,
        }
    }
}

/// Where a channel was active: gaps of at most `blind_bins` bins are closed, also at both ends of the window.
fn channel_spans(beats: &[Time], cadence: i64, settings: &HeartbeatSettings) -> Spans {
    let slack = settings.slack(cadence);
    let mut spans = joined(beats, cadence, slack);
    if let Some(first) = spans.first_mut()
        && first.0.ticks_since(settings.window.from) <= slack
    {
        first.0 = settings.window.from;
    }
    if let Some(last) = spans.last_mut()
        && settings.watermark.ticks_since(last.1) <= slack
    {
        last.1 = settings.window.to;
    }
    spans
}

/// Where an entity existed.
///
/// A heartbeat of a slow channel only shows that the entity existed at that time, so it lasts as long as one of the fastest
/// channel, and a gap in a slow channel is not closed. Otherwise an entity that was removed, or absent for a while, would
/// still count as existing, and its faster channels as blind.
fn active_spans(
    channels: &[ChannelHeartbeats<'_>],
    spans: &BTreeMap<Need, Spans>,
    last_heartbeat: Time,
    settings: &HeartbeatSettings,
) -> Spans {
    let fastest = channels.iter().map(|channel| channel.cadence).min().unwrap_or(0);
    let mut all: Spans = Vec::new();
    for (need, spans) in spans {
        if matches!(need, Need::Heartbeat(_, _, cadence) if *cadence == fastest) {
            all.extend(spans);
        }
    }
    for channel in channels.iter().filter(|channel| channel.cadence != fastest) {
        let without_gaps = joined(&channel.heartbeats.beats, channel.cadence, ticks_of(settings.tolerance));
        let shorter = fastest - channel.cadence;
        all.extend(without_gaps.into_iter().map(|(from, to)| (from, to.saturating_add_ticks(shorter))));
    }
    all.sort();
    let mut active: Spans = Vec::new();
    for (from, to) in all {
        match active.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => active.push((from, to)),
        }
    }
    // However much heartbeats were shortened, the entity existed at its last one.
    if let Some(end) = active.last_mut() {
        end.1 = end.1.max(last_heartbeat.floor(duration_of(fastest)).saturating_add_ticks(fastest));
    }
    active
}

/// Heartbeats as spans that last one cadence beyond each heartbeat; gaps of at most `slack` ticks are closed.
fn joined(beats: &[Time], cadence: i64, slack: i64) -> Spans {
    let mut spans: Spans = Vec::new();
    for &beat in beats {
        let end = beat.saturating_add_ticks(cadence);
        match spans.last_mut() {
            Some(last) if beat.ticks_since(last.1) <= slack => last.1 = end,
            _ => spans.push((beat, end)),
        }
    }
    spans
}
