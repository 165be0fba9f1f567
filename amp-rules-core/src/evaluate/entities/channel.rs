//! Where a channel was active: a table's rows of an entity would have arrived there.
//!
//! Input: an [`Inventory`] and a table. Output: [`Timeline`]s that are true where heartbeats arrived. A missing row only means
//! "not so" where they did.

use super::inventory::Inventory;
use super::lifetime::EntityLifetime;
use crate::evaluate::timeline::{ReasonInterner, Timeline, Truth};
use crate::plan::Need;
use crate::telemetry::entity::Entity;
use crate::telemetry::schema::{Heartbeat, Table};
use crate::time::{Time, ticks_of};

/// Where a table with heartbeats was active for an entity and for everything within it; `inactive` elsewhere.
///
/// `is_finest` is whether the entity has all keys of the table's finest kind. For a coarser one absence is proven only if
/// every entity within it is known.
pub(super) fn channel_activity(
    inventory: &Inventory,
    reasons: &ReasonInterner,
    table: &Table,
    entity: &Entity,
    is_finest: bool,
    inactive: Truth,
) -> Timeline {
    let window = inventory.settings.window;
    let mut activity = Timeline::constant(window, Truth::True);
    let mut has_lifetimes = false;
    for lifetime in inventory.within(entity) {
        has_lifetimes = true;
        activity = activity.and(&lifetime_activity(inventory, reasons, table, lifetime, inactive), reasons);
    }
    match (has_lifetimes, is_finest) {
        (true, true) => activity,
        (true, false) => activity.and(&inventory.completeness(inactive, reasons), reasons),
        (false, _) => Timeline::constant(window, inactive),
    }
}

/// Where a table was active for one entity of the finest kind. Where the entity did not exist, there is nothing to miss.
fn lifetime_activity(
    inventory: &Inventory,
    reasons: &ReasonInterner,
    table: &Table,
    lifetime: &EntityLifetime,
    inactive: Truth,
) -> Timeline {
    struct Span {
        from: Time,
        to: Time,
        is_absence: bool,
    }
    let window = inventory.settings.window;
    let mut spans: Vec<Span> = Vec::new();
    let mut cadence = i64::MAX;
    for heartbeat in &table.heartbeats {
        let Some(own) = lifetime.channels.get(&need_of(heartbeat)) else { continue };
        cadence = cadence.min(ticks_of(heartbeat.every));
        spans.extend(own.iter().map(|&(from, to)| Span { from, to, is_absence: false }));
    }
    let cadence = if spans.is_empty() { 0 } else { cadence };
    if inventory.is_complete {
        let outside = [(window.from, lifetime.first_seen), (lifetime.last_seen, window.to)];
        let absences = outside.into_iter().chain(inventory.absences(lifetime));
        spans.extend(absences.map(|(from, to)| Span { from, to, is_absence: true }));
    }
    spans.retain(|span| span.from < span.to);
    spans.sort_by_key(|span| (span.from, span.to, span.is_absence));
    // After a start the first heartbeat arrives within one cadence; on top of that, as many bins may be missed as anywhere.
    let slack = inventory.settings.slack(cadence);
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last)
                if span.from.ticks_since(last.to)
                    <= if last.is_absence { cadence.saturating_add(slack) } else { slack } =>
            {
                if span.to > last.to {
                    (last.to, last.is_absence) = (span.to, span.is_absence);
                }
            }
            _ => joined.push(span),
        }
    }
    joined.into_iter().fold(Timeline::constant(window, inactive), |activity, span| {
        let active = Timeline::constant(window, Truth::True).within(span.from, span.to, Truth::False);
        activity.or(&active, reasons)
    })
}

/// Where something within an entity was active on any channel but those of a table; false elsewhere.
pub(super) fn activity_except(
    inventory: &Inventory,
    reasons: &ReasonInterner,
    table: &str,
    entity: &Entity,
) -> Timeline {
    let window = inventory.settings.window;
    let mut activity = Timeline::constant(window, Truth::False);
    for (need, spans) in inventory.within(entity).flat_map(|lifetime| &lifetime.channels) {
        if matches!(need, Need::Heartbeat(name, _, _) if name == table) {
            continue;
        }
        for &(from, to) in spans {
            let active = Timeline::constant(window, Truth::True).within(from, to, Truth::False);
            activity = activity.or(&active, reasons);
        }
    }
    activity
}

fn need_of(heartbeat: &Heartbeat) -> Need {
    Need::Heartbeat(heartbeat.table.clone(), heartbeat.metric.clone(), ticks_of(heartbeat.every))
}
