//! `ends_when`: counter-evidence ends an occurrence.
//!
//! Input: the occurrences of a symptom, and the truth of what ends them. Output: the timeline without the time after an end.
//! Where the counter-evidence was not visible, whether the occurrence lasts is unknown.

use std::time::Duration;

use super::ongoing::is_lost;
use crate::evaluate::entities::Visibility;
use crate::evaluate::symptoms::SymptomTimeline;
use crate::evaluate::timeline::{Segment, Timeline, Truth};
use crate::time::Time;

/// A piece of evidence.
struct Piece {
    /// The time of its first evidence.
    first: Time,
    /// The time of its last evidence.
    last: Time,
    /// For a period that may hold evidence, why that is not known.
    unknown: Option<Truth>,
}

/// The truth of a symptom that `counter` ends. `counter_bin` is the width of the bins of the counter-evidence.
pub(super) fn ended(
    visibility: &Visibility<'_>,
    symptom: &SymptomTimeline,
    counter: &Timeline,
    counter_bin: Duration,
) -> Timeline {
    // No bin of a number for the whole window begins after the evidence.
    let Some(occurrences) = symptom.occurrences.as_ref().filter(|_| !counter.is_timeless()) else {
        return symptom.timeline.clone();
    };
    let counter = counter.dated();
    let certain = occurrences.evidence.iter().map(|&(first, last)| Piece { first, last, unknown: None });
    let maybe = occurrences.judged.spans().filter(|(segment, _)| segment.truth.is_unknown());
    let maybe = maybe.map(|(segment, end)| Piece {
        first: segment.from,
        last: end.saturating_add_ticks(-1),
        unknown: Some(segment.truth),
    });
    let mut pieces: Vec<Piece> = certain.chain(maybe).collect();
    pieces.sort_by_key(|piece| (piece.first, piece.last));
    let in_a_row = if counter_bin > occurrences.bin { 2 } else { 1 };
    let end_after = |last: Time| end_after(counter, last, counter_bin, in_a_row);
    let mut timeline = symptom.timeline.clone();
    // From where on it is not known that counter-evidence did not end the evidence before: it was not visible there, or it was
    // true and what may be evidence came before it.
    for (at, piece) in pieces.iter().enumerate().filter(|(_, piece)| piece.unknown.is_none()) {
        let later = pieces.get(at + 1..).unwrap_or_default();
        let stop = later.iter().find(|next| next.unknown.is_none()).map_or(visibility.window.to, |next| next.first);
        let maybe = later.first().and_then(|next| next.unknown);
        let possible_end = end_after(piece.last).and_then(|end| Some((end, maybe?)));
        for (from, unknown) in [hidden_after(visibility, counter, piece.last), possible_end].into_iter().flatten() {
            if from < stop {
                let lasting = timeline.map(|own| if own.is_true() { unknown } else { own });
                timeline = spliced(visibility, &timeline, &lasting, from, stop);
            }
        }
    }
    let over = occurrences.shown.map(|own| if own.is_true() { Truth::False } else { own });
    let mut ends = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let stop = pieces.get(at + 1).map_or(visibility.window.to, |next| next.first);
        if let Some(end) = end_after(piece.last).filter(|end| *end < stop) {
            // The next evidence begins a new occurrence, even if its bin began before the end.
            timeline = spliced(visibility, &timeline, &over, end, stop);
            ends.push(end);
        }
    }
    timeline.with_ends(ends)
}

/// The start of the first bin that begins after an instant and is true, with so many in a row.
fn end_after(counter: &Timeline, after: Time, bin: Duration, in_a_row: u32) -> Option<Time> {
    let holding = counter.spans().filter(|(segment, end)| segment.truth.is_true() && *end > after);
    for (segment, end) in holding {
        let start =
            if segment.from > after { segment.from } else { after.floor(bin).saturating_add(bin).max(segment.from) };
        let further = (1..in_a_row).fold(start, |at, _| at.saturating_add(bin));
        if start > after && further < end {
            return Some(start);
        }
    }
    None
}

/// From when on after an instant the counter-evidence was not visible, and why.
fn hidden_after(visibility: &Visibility<'_>, counter: &Timeline, after: Time) -> Option<(Time, Truth)> {
    let after_it = after.saturating_add_ticks(1);
    let mut hidden = counter.spans().filter(|(segment, end)| is_lost(visibility, segment.truth) && *end > after_it);
    hidden.next().map(|(segment, _)| (segment.from.max(after_it), segment.truth))
}

/// One timeline with another in its place in `from..to`.
fn spliced(visibility: &Visibility<'_>, outside: &Timeline, inside: &Timeline, from: Time, to: Time) -> Timeline {
    let part = |timeline: &Timeline, from: Time, to: Time| -> Vec<Segment> {
        let spans = timeline.spans().filter(|(segment, end)| *end > from && segment.from < to);
        spans
            .map(|(segment, end)| {
                let start = segment.from.max(from);
                let first = segment.first.max(start);
                Segment { from: start, first, last: segment.last.min(end.min(to)).max(first), ..segment }
            })
            .collect()
    };
    let window = visibility.window;
    let mut segments = part(outside, window.from, from);
    segments.extend(part(inside, from, to));
    segments.extend(part(outside, to, window.to));
    Timeline::from_segments(window, segments)
}
