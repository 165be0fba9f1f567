//! `startup_grace`: failures shortly after a start do not count if the entity then recovers.
//!
//! Input: the counts of one entity and its starts. Output: the counts without exempted failures.

use std::time::Duration;

use super::bin_count::BinCount;
use super::settings::duration;
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::Truth;
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::time::Time;

/// How long before its start marker the first lines of a start can be logged.
const LEAD: Duration = Duration::from_secs(60);
/// Start markers at most this far apart belong to one start.
const SAME_START: Duration = Duration::from_secs(120);
/// After so many failed starts in a row their failures count.
const FAILED_STARTS: usize = 3;

/// Removes the counts that the symptom's `startup_grace` exempts. Those that it may exempt get the lower bound 0.
pub(super) fn apply_startup_grace(
    visibility: &Visibility<'_>,
    symptom: &RuleSymptom,
    entity: &Entity,
    counts: &mut Vec<BinCount>,
) {
    let Some(grace) = &symptom.symptom.startup_grace else { return };
    let (_, end) = visibility.lifetime(entity);
    let end = if end >= visibility.watermark { Time::MAX } else { end };
    let (known, grace) = (visibility.restart_visibility(entity), duration(visibility, grace));
    let starts = visibility.restarts(entity, &known);
    if known.only() == Some(Truth::True) && counts.iter().all(BinCount::is_exact) {
        exempt(counts, &starts, grace, visibility.window.to, end);
    } else {
        // A start, or a failure, that was not seen may exempt a failure, or end an exemption.
        let hidden: Vec<(Time, Time)> = known
            .spans()
            .filter(|(segment, _)| !segment.truth.is_true())
            .map(|(segment, end)| (segment.from, end))
            .collect();
        may_exempt(counts, &starts, grace, &hidden);
    }
}

/// The truth of counts that may or may not be exempted: unknown because starts were not visible, or because the last start
/// is too recent.
pub(super) fn uncertain_exemption(visibility: &Visibility<'_>, symptom: &RuleSymptom, entity: &Entity) -> Truth {
    let too_recent = || Truth::Unknown(visibility.reasons.one(UnknownReason::NotIngestedYet));
    if symptom.symptom.startup_grace.is_none() {
        return too_recent();
    }
    match visibility.restart_visibility(entity).unknown(&visibility.reasons) {
        Truth::False => too_recent(),
        unknown => unknown,
    }
}

/// Some starts, or failures, were not visible: every count near a start, or near a period that may hold one, may be exempted,
/// unless failures up to its next start show that whichever start was its own has failed.
fn may_exempt(counts: &mut [BinCount], starts: &[Time], grace: Duration, hidden: &[(Time, Time)]) {
    let is_exact: Vec<bool> = counts.iter().map(BinCount::is_exact).collect();
    let known: Vec<BinCount> =
        counts.iter().zip(is_exact).filter(|(_, exact)| *exact).map(|(count, _)| *count).collect();
    for count in counts {
        let (from, to) = (count.first.saturating_sub(grace), count.first.saturating_add(LEAD));
        // The latest instant at which its start may have been, and the earliest at which the next one may be.
        let possible = hidden.iter().filter(|(start, _)| *start <= to).map(|(_, end)| (*end).min(to));
        let latest = starts.iter().copied().filter(|start| *start <= to).chain(possible).max();
        let later = hidden.iter().map(|(start, end)| (*start).max(to).min(*end)).filter(|start| *start >= to);
        let next = starts.iter().copied().filter(|start| *start > to).chain(later).min().unwrap_or(Time::MAX);
        let Some(latest) = latest.filter(|latest| *latest >= from) else { continue };
        let is_own = |other: &&BinCount| other.first >= count.first && other.last < next.saturating_sub(LEAD);
        let has_failed = known.iter().filter(is_own).any(|other| other.last > latest.saturating_add(grace));
        if !has_failed {
            count.low = 0.0;
        }
    }
}

/// All starts are known. `end` is when the entity ceased to exist.
///
/// Failures that stop within `grace` of a start are exempted if the entity then exists for another `grace`. As long as
/// that is open, they may or may not count. A start that ends earlier has failed: its failures are exempted too, but those
/// of [`FAILED_STARTS`] failed starts in a row count.
fn exempt(counts: &mut Vec<BinCount>, starts: &[Time], grace: Duration, now: Time, end: Time) {
    let mut merged: Vec<Time> = Vec::new();
    let mut latest = Time::MIN;
    for &start in starts {
        if merged.is_empty() || start > latest.saturating_add(SAME_START) {
            merged.push(start);
        }
        latest = start;
    }
    let mut outcomes: Vec<(Time, Time, Outcome)> = Vec::new();
    for (index, &start) in merged.iter().enumerate() {
        let next = merged.get(index + 1).copied().unwrap_or(Time::MAX);
        let inside = counts
            .iter()
            .filter(|count| count.first >= start.saturating_sub(LEAD) && count.first < next.saturating_sub(LEAD));
        let last = inside.map(|count| count.last).max();
        let outcome = match last {
            None => Outcome::Recovered,
            Some(last) if last > start.saturating_add(grace) => Outcome::Failing,
            Some(last) => {
                let end = next.min(end);
                if end >= last.saturating_add(grace) && now >= last.saturating_add(grace) {
                    Outcome::Recovered
                } else if end < now && end < last.saturating_add(grace) {
                    Outcome::CutShort
                } else {
                    Outcome::Open
                }
            }
        };
        outcomes.push((start.saturating_sub(LEAD), next.saturating_sub(LEAD), outcome));
    }
    let mut failed = 0;
    for at in 0..outcomes.len() {
        let has_failed = matches!(outcomes.get(at), Some((_, _, Outcome::CutShort | Outcome::Failing)));
        failed = if has_failed { failed + 1 } else { 0 };
        if failed >= FAILED_STARTS {
            for (_, _, outcome) in outcomes.iter_mut().take(at + 1).skip(at + 1 - failed) {
                *outcome = Outcome::Failing;
            }
        }
    }
    counts.retain_mut(|count| {
        let outcome = outcomes
            .iter()
            .find(|(from, to, _)| *from <= count.first && count.first < *to)
            .map(|(_, _, outcome)| *outcome);
        match outcome {
            None | Some(Outcome::Failing) => true,
            Some(Outcome::Recovered | Outcome::CutShort) => false,
            Some(Outcome::Open) => {
                count.low = 0.0;
                true
            }
        }
    });
}

/// How a start ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Its failures stopped within the grace, and the entity went on.
    Recovered,
    /// Its failures lasted longer than the grace.
    Failing,
    /// The entity restarted or ended before it could recover.
    CutShort,
    /// Too recent to decide.
    Open,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Time {
        Time::from_ticks(minutes * 60 * crate::time::TICKS_PER_SECOND)
    }

    fn count(minute: i64) -> BinCount {
        BinCount { bin: at(minute), low: 1.0, high: 1.0, rows: 1, first: at(minute), last: at(minute) }
    }

    /// The failures that are left, with whether they certainly count.
    fn left(failures: &[i64], starts: &[i64], now: i64) -> Vec<(i64, bool)> {
        let mut counts: Vec<BinCount> = failures.iter().copied().map(count).collect();
        let starts: Vec<Time> = starts.iter().copied().map(at).collect();
        exempt(&mut counts, &starts, Duration::from_secs(900), at(now), at(now + 1));
        counts.iter().map(|count| (count.bin.ticks() / at(1).ticks(), count.low > 0.0)).collect()
    }

    #[test]
    fn a_start_that_fails_for_three_minutes_and_recovers_is_exempt() {
        assert_eq!(left(&[100, 101, 102], &[100], 300), vec![]);
    }

    #[test]
    fn all_failures_count_if_some_lie_beyond_the_grace() {
        assert_eq!(left(&[100, 110, 120], &[100], 300).len(), 3);
    }

    #[test]
    fn a_recent_start_is_undecided() {
        assert_eq!(left(&[290, 292], &[290], 300), vec![(290, false), (292, false)]);
    }

    #[test]
    fn three_failed_starts_in_a_row_end_the_exemption() {
        let starts = [100, 110, 120, 130];
        let failures: Vec<i64> = (100..129).collect();
        assert_eq!(left(&failures, &starts, 300).len(), 29);
        assert_eq!(left(&[100, 101, 110, 111], &[100, 110], 300), vec![]);
    }

    #[test]
    fn failures_without_a_known_start_count() {
        assert_eq!(left(&[10, 20], &[100], 300).len(), 2);
    }
}
