//! `drop` and `ceases`, from the definitions, without losses.
//!
//! Input: the flow in the full bins, oldest first, and the heartbeats of other channels. Output: a [`Timeline`].

use std::collections::BTreeMap;

use amp_rules_core::Entity;
use amp_rules_core::diagnosis::UnknownReason;
use amp_rules_core::plan::{Need, Part};
use amp_rules_core::rules::model::{Flow, SymptomKind};
use amp_rules_core::telemetry::source::AnswerData;
use amp_rules_core::time::{Time, ticks_of};

use super::symptoms::Reference;
use super::timeline::{Cell, Timeline, Truth};

/// What a full bin is part of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// A normal flow.
    Flow,
    /// Empty bins after too few bins with flow.
    Short,
    /// Empty bins while all channels are silent.
    Silence,
    /// A cessation.
    Stop,
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) }
}

/// The significant distance from the median: four times the greater of 1.4826 median absolute deviations and 2 % of it.
fn significant(values: &[f64], usual: f64) -> f64 {
    let deviations: Vec<f64> = values.iter().map(|value| (value - usual).abs()).collect();
    4.0 * (1.4826 * median(&deviations)).max(0.02 * usual)
}

/// The kind of every bin. `exists` is whether another channel shows the entity during a run of empty bins.
fn parts(flow: &[f64], exists: impl Fn(usize, usize) -> bool) -> Vec<Kind> {
    let mut parts = vec![Kind::Flow; flow.len()];
    let mut from = 0;
    while from < flow.len() {
        let to = (from..flow.len()).find(|at| flow[*at] > 0.0).unwrap_or(flow.len());
        if to - from < 2 {
            from = to.max(from + 1);
            continue;
        }
        let flowing = (0..from).rev().take_while(|at| flow[*at] > 0.0).count();
        let part = match (flowing >= 6, exists(from, to)) {
            (false, _) => Kind::Short,
            (true, false) => Kind::Silence,
            (true, true) => Kind::Stop,
        };
        parts[from..to].fill(part);
        if flowing >= 6 && from > 1 {
            // The bin before is part of it if the flow stopped within that bin.
            let before = &flow[(from - 1).saturating_sub(6)..from - 1];
            let usual = median(before);
            if usual - flow[from - 1] > significant(before, usual) {
                parts[from - 1] = part;
            }
        }
        from = to;
    }
    parts
}

impl Reference<'_> {
    /// The heartbeats within an entity of channels other than those of a table.
    fn other_heartbeats(&self, table: &str, entity: &Entity) -> Vec<(Time, Time)> {
        let mut all = Vec::new();
        for (need, place) in self.observations.plan().needs() {
            let Need::Heartbeat(of, _, cadence) = need else { continue };
            if of == table {
                continue;
            }
            let Ok(answer) = &self.observations.answers()[place] else { continue };
            let AnswerData::Inventory(inventory) = &answer.data else { unreachable!("the request was for heartbeats") };
            let missed = cadence * i64::from(self.rules.schema.defaults.blind_bins);
            for own in inventory.iter().filter(|own| own.entity.is_within(entity)) {
                let mut beats: Vec<(Time, Time)> =
                    own.beats.iter().map(|at| (*at, at.saturating_add_ticks(*cadence))).collect();
                if let Some(first) = beats.first_mut().filter(|beat| beat.0.ticks_since(self.grid.start()) <= missed) {
                    first.0 = self.grid.start();
                }
                if let Some(last) = beats.last_mut().filter(|beat| self.watermark.ticks_since(beat.1) <= missed) {
                    last.1 = self.grid.end();
                }
                for at in 1..beats.len() {
                    if beats[at].0.ticks_since(beats[at - 1].1) <= missed {
                        beats[at - 1].1 = beats[at].0;
                    }
                }
                all.extend(beats);
            }
        }
        all
    }

    /// `drop` and `ceases`.
    pub(crate) fn flow(&self, index: usize, entity: &Entity) -> Timeline {
        let grid = &self.grid;
        let (flow, every) = match &self.rules.symptoms[index].symptom.kind {
            SymptomKind::Drop { flow, every, .. } | SymptomKind::Ceases { flow, every } => (flow, *every),
            _ => unreachable!("only for flow symptoms"),
        };
        let table = match flow {
            Flow::Rows { table, .. } => table,
            Flow::Series(spec) => &spec.table,
        };
        let answer = match self.answer(&Need::Symptom(index, Part::Main)) {
            Ok(answer) => answer,
            Err(reason) => return grid.constant(Truth::unknown(reason)),
        };
        let mut flow_by_bin: BTreeMap<Time, f64> = BTreeMap::new();
        match &answer.data {
            AnswerData::Counts(counts) => {
                for cell in counts.cells.iter().filter(|cell| cell.entity == *entity) {
                    *flow_by_bin.entry(cell.bin.floor(every)).or_default() += cell.count as f64;
                }
            }
            AnswerData::Series(points) => {
                for point in points.iter().filter(|point| point.entity == *entity) {
                    *flow_by_bin.entry(point.bin.floor(every)).or_default() += point.value;
                }
            }
            _ => unreachable!("a flow is a count or a series"),
        }
        let mut starts: Vec<Time> = Vec::new();
        let mut at = grid.start().floor(every);
        while at.saturating_add(every) <= self.watermark {
            if at >= grid.start() {
                starts.push(at);
            }
            at = at.saturating_add(every);
        }
        let values: Vec<f64> = starts.iter().map(|at| flow_by_bin.get(at).copied().unwrap_or(0.0)).collect();
        let others = self.other_heartbeats(table, entity);
        // A channel that ends in the first empty bin may have ended with the flow: it has to continue after that bin.
        let end = |at: usize| starts.get(at).copied().unwrap_or(self.watermark);
        let exists = |from: usize, to: usize| {
            others.iter().any(|(start, stop)| *start < end(to) && *stop > starts[from].saturating_add(every))
        };
        let parts = parts(&values, exists);
        let silence = || Truth::unknown(UnknownReason::ChannelDead("every table".to_owned()));
        let no_baseline = || Truth::unknown(UnknownReason::NoBaseline);
        let judged: Vec<(Truth, Time)> = match &self.rules.symptoms[index].symptom.kind {
            SymptomKind::Drop { share, baseline_bins, .. } => {
                let defaults = &self.rules.schema.defaults;
                let wanted = baseline_bins.unwrap_or(defaults.baseline_bins) as usize;
                let least = defaults.baseline_at_least as usize;
                let share = self.number(share);
                let judge = |at: usize| -> Option<Truth> {
                    match parts[at] {
                        Kind::Stop | Kind::Short => return None,
                        Kind::Silence => return Some(silence()),
                        Kind::Flow => {}
                    }
                    let past = (0..at).rev().take(wanted);
                    let (hidden, known): (Vec<usize>, Vec<usize>) = past
                        .filter(|at| matches!(parts[*at], Kind::Flow | Kind::Silence))
                        .partition(|at| parts[*at] == Kind::Silence);
                    if hidden.len() + known.len() < least {
                        return None;
                    }
                    let known: Vec<f64> = known.into_iter().map(|at| values[at]).collect();
                    // A bin of silence can have any value from 0.
                    let with = |value: f64| [known.clone(), vec![value; hidden.len()]].concat();
                    let (low, high) = (median(&with(0.0)), median(&with(f64::INFINITY)));
                    let deviation = |value: &f64| (value - low).abs().max((value - high).abs());
                    let deviations =
                        [known.iter().map(deviation).collect(), vec![f64::INFINITY; hidden.len()]].concat();
                    let margin = 4.0 * (1.4826 * median(&deviations)).max(0.02 * low);
                    let below = values[at] < (1.0 - share) * low && low - values[at] > margin;
                    if hidden.is_empty() || (below && known.len() >= least) {
                        Some(if below { Truth::True } else { Truth::False })
                    } else if values[at] >= (1.0 - share) * high {
                        Some(Truth::False)
                    } else {
                        Some(silence())
                    }
                };
                let judged: Vec<Option<Truth>> = (0..starts.len()).map(judge).collect();
                if judged.iter().all(Option::is_none) {
                    return grid.constant(no_baseline());
                }
                judged.into_iter().zip(&starts).map(|(truth, at)| (truth.unwrap_or(Truth::False), *at)).collect()
            }
            _ => {
                if starts.len() < 2 {
                    return grid.constant(Truth::unknown(UnknownReason::WindowTooShort));
                }
                let judge = |at: usize| -> (Truth, Time) {
                    match parts[at] {
                        Kind::Flow => (Truth::False, starts[at]),
                        Kind::Short => (no_baseline(), starts[at]),
                        Kind::Silence => (silence(), starts[at]),
                        Kind::Stop => {
                            // It stopped in this bin, after the share of the usual flow that the bin still has.
                            let before = &values[at.saturating_sub(6)..at];
                            let usual = if before.is_empty() { 0.0 } else { median(before) };
                            let share = if usual > 0.0 { (values[at] / usual).clamp(0.0, 1.0) } else { 0.0 };
                            (Truth::True, starts[at].saturating_add_ticks((share * ticks_of(every) as f64) as i64))
                        }
                    }
                };
                (0..starts.len()).map(judge).collect()
            }
        };
        // The truth of the last full bin holds until the next one is full.
        let mut timeline = grid.constant(Truth::False);
        for (at, (truth, first)) in judged.iter().enumerate() {
            let last = starts[at].saturating_add(every);
            let (to, last) =
                if at + 1 == starts.len() { (grid.end(), self.watermark.max(last)) } else { (starts[at + 1], last) };
            for cell in grid.between(starts[at], to) {
                timeline[cell] = Cell { truth: truth.clone(), first: *first, last };
            }
        }
        grid.merged(timeline)
    }
}
