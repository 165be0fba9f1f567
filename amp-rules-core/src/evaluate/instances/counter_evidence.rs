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

/// A piece of evidence, or a period that may hold some.
struct Piece {
    /// The start of its bin.
    from: Time,
    /// The time of its first evidence.
    first: Time,
    /// The time of its last evidence.
    last: Time,
}

/// The truth of a symptom that `counter` ends. `counter_bin` is the width of the bins of the counter-evidence; 0 for lines.
pub(super) fn ended(
    visibility: &Visibility<'_>,
    symptom: &SymptomTimeline,
    counter: &Timeline,
    counter_bin: Duration,
) -> Timeline {
    let Some(occurrences) = &symptom.occurrences else { return symptom.timeline.clone() };
    let mut pieces: Vec<Piece> = occurrences
        .evidence
        .iter()
        .map(|&(first, last)| Piece { from: first.floor(occurrences.bin).max(visibility.window.from), first, last })
        .collect();
    let hidden = occurrences.hidden.iter();
    pieces.extend(hidden.map(|&(from, to)| Piece { from, first: from, last: to.saturating_add_ticks(-1) }));
    pieces.sort_by_key(|piece| (piece.first, piece.last));
    let in_a_row = if counter_bin > occurrences.bin { 2 } else { 1 };
    let mut timeline = symptom.timeline.clone();
    let mut ends = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let next = pieces.get(at + 1);
        let stop = next.map_or(visibility.window.to, |next| next.first);
        let end = end_after(counter, piece.last, counter_bin, in_a_row).filter(|end| *end < stop);
        let hidden = hidden_after(visibility, counter, piece.last).filter(|(from, _)| *from < end.unwrap_or(stop));
        if let Some((from, truth)) = hidden {
            let lasting = timeline.map(|own| if own.is_true() { truth } else { own });
            timeline = spliced(visibility, &timeline, &lasting, from, end.unwrap_or(stop));
        }
        if let Some(end) = end {
            // The bin of the next evidence begins a new occurrence, unless it began before the end.
            let until = next.map_or(visibility.window.to, |next| if next.from >= end { next.from } else { next.first });
            timeline = spliced(visibility, &timeline, &occurrences.judged, end, until);
            // The bin that holds the evidence may reach beyond the end.
            let over = visibility.constant(Truth::False);
            let bin_end = piece.last.floor(occurrences.bin).saturating_add(occurrences.bin).min(until);
            if bin_end > end {
                timeline = spliced(visibility, &timeline, &over, end, bin_end);
            }
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
    let mut hidden = counter.spans().filter(|(segment, end)| is_lost(visibility, segment.truth) && *end > after);
    hidden.next().map(|(segment, _)| (segment.from.max(after), segment.truth))
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
