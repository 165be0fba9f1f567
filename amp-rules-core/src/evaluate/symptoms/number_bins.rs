//! Bins with a truth each as a timeline: `consecutive`, gaps between bins, and the bin that is still filling.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::expected_bins::ExpectedBins;
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Segment, Timeline, Truth};
use crate::time::{Time, ticks_of};

/// Keeps only bins that are true as part of `consecutive` true bins in a row. A bin without data ends the row; one that
/// was not visible may belong to it.
pub(super) fn in_a_row(
    visibility: &Visibility<'_>,
    mut judged: BTreeMap<Time, Truth>,
    every: Duration,
    consecutive: u32,
    mask: &Timeline,
) -> BTreeMap<Time, Truth> {
    if consecutive <= 1 || every == Duration::ZERO {
        return judged;
    }
    let reasons = &visibility.reasons;
    let with_data: BTreeSet<Time> = judged.keys().copied().collect();
    let mut bin = visibility.window.from.floor(every);
    while bin < visibility.window.to {
        let hidden = mask.unknown_between(bin, bin.saturating_add(every), reasons);
        if !with_data.contains(&bin) && !hidden.is_false() {
            judged.insert(bin, hidden);
        }
        bin = bin.saturating_add(every);
    }
    let bins: Vec<(Time, Truth)> = judged.into_iter().collect();
    // The length of the row around a bin.
    let row = |at: usize, belongs: &dyn Fn(Truth) -> bool| -> usize {
        let adjacent = |a: usize, b: usize| matches!((bins.get(a), bins.get(b)), (Some(a), Some(b)) if b.0.ticks_since(a.0) <= ticks_of(every));
        let mut from = at;
        while from > 0 && adjacent(from - 1, from) && bins.get(from - 1).is_some_and(|bin| belongs(bin.1)) {
            from -= 1;
        }
        let mut to = at;
        while adjacent(to, to + 1) && bins.get(to + 1).is_some_and(|bin| belongs(bin.1)) {
            to += 1;
        }
        to - from + 1
    };
    let wanted = consecutive as usize;
    bins.iter()
        .enumerate()
        .filter(|(_, (bin, _))| with_data.contains(bin))
        .map(|(at, &(bin, truth))| {
            let truth = match truth {
                Truth::False => Truth::False,
                Truth::True if row(at, &|truth| truth.is_true()) >= wanted => Truth::True,
                _ if row(at, &|truth| !truth.is_false()) < wanted => Truth::False,
                Truth::Unknown(reasons) => Truth::Unknown(reasons),
                Truth::True => Truth::any(bins.iter().map(|bin| bin.1).filter(|truth| truth.is_unknown()), reasons),
            };
            (bin, truth)
        })
        .collect()
}

/// Removes the bins that are not expected, unless what they hold decides whatever is missing.
pub(super) fn without_unexpected(judged: &mut BTreeMap<Time, Truth>, every: Duration, expected: &ExpectedBins) {
    judged.retain(|bin, truth| truth.is_true() || expected.contain(*bin, every));
}

/// The timeline of judged bins. A short gap keeps the truth of the bin before it; a long one gets `absent`, or the reasons
/// why it was not visible. After the watermark the last truth holds.
pub(super) fn bin_timeline(
    visibility: &Visibility<'_>,
    judged: &BTreeMap<Time, Truth>,
    every: Duration,
    mask: &Timeline,
    absent: Truth,
    expected: &ExpectedBins,
) -> Timeline {
    if expected.are_none(visibility, every) && judged.is_empty() {
        // Nothing was due yet.
        return visibility.constant(Truth::Unknown(visibility.reasons.one(UnknownReason::Silent)));
    }
    let bridged = ticks_of(every).saturating_mul(i64::from(visibility.rules.schema.defaults.blind_bins) + 1);
    let mut segments: Vec<Segment> = Vec::new();
    let mut before: Option<(Time, Truth)> = None;
    let fill = |segments: &mut Vec<Segment>, from: Time, to: Time, carried: Option<Truth>| {
        // Lost data differs from data that was not sent: lost data could have had any value.
        let is_short = to.ticks_since(from) < bridged;
        let if_visible = carried.filter(|_| is_short).unwrap_or(absent);
        let gap = mask.map(|visible| if visible.is_true() { if_visible } else { visible });
        let inside = gap.spans().filter(|(segment, end)| *end > from && segment.from < to);
        segments.extend(inside.map(|(segment, _)| Segment::new(segment.from.max(from), segment.truth)));
    };
    for (&bin, &truth) in judged {
        let from = bin.max(visibility.window.from);
        let end = bin.saturating_add(every);
        let mut gap_from = before.map_or(visibility.window.from, |(end, _)| end);
        // Before the first expected bin holds the truth of the nearest one.
        if before.is_none() && gap_from < from && gap_from < expected.from {
            segments.push(Segment { from: gap_from, truth, first: from, last: from });
            gap_from = expected.from.min(from);
        }
        if gap_from < from {
            fill(&mut segments, gap_from, from, before.map(|(_, truth)| truth).or(Some(truth)));
        }
        // A bin that is still filling can become true; until then it keeps the truth of the bin before it.
        let is_filling = end > visibility.watermark && !truth.is_true();
        let truth = if is_filling { before.map_or(truth, |(_, truth)| truth) } else { truth };
        segments.push(Segment { from, truth, first: from, last: end.min(visibility.window.to) });
        before = Some((end, truth));
    }
    let tail = before.map_or(visibility.window.from, |(end, _)| end);
    let last_expected = visibility.watermark.min(expected.to.floor(every)).max(tail);
    if tail < last_expected {
        // What holds at the end of the gap holds for the rest, which is not expected.
        fill(&mut segments, tail, last_expected, before.map(|(_, truth)| truth));
    } else if last_expected < visibility.watermark {
        segments.push(Segment::new(last_expected, before.map_or(absent, |(_, truth)| truth)));
    }
    Timeline::from_segments(visibility.window, segments)
}
