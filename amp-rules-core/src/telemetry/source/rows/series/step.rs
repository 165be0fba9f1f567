//! One step of a series: aggregates items into one number per group and bin.
//!
//! The result does not depend on the order of the items: sums are exact and rounded once, ties are broken by the items' ids.

use std::collections::{BTreeSet, HashMap};

use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Aggregate;
use crate::telemetry::source::rows::exact_sum::ExactSum;
use crate::telemetry::source::rows::memory::{of_entity, of_text};
use crate::time::Time;

/// The requested metrics that contributed, by their index in the request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct MetricSet {
    /// Bits for the first 64.
    low: u64,
    /// The indices from 64 on.
    high: BTreeSet<usize>,
}

impl MetricSet {
    pub(super) fn one(position: usize) -> Self {
        match u32::try_from(position).ok().and_then(|position| 1_u64.checked_shl(position)) {
            Some(low) => Self { low, high: BTreeSet::new() },
            None => Self { low: 0, high: BTreeSet::from([position]) },
        }
    }

    fn join(&mut self, other: &Self) {
        self.low |= other.low;
        self.high.extend(&other.high);
    }

    pub(super) fn count(&self) -> u32 {
        self.low.count_ones().saturating_add(u32::try_from(self.high.len()).unwrap_or(u32::MAX))
    }
}

/// An input of a step: a row, or a point of the step before.
pub(super) struct Item<'a> {
    /// Its time.
    pub(super) at: Time,
    /// The start of its bin in this step.
    pub(super) bin: Time,
    /// The number.
    pub(super) number: f64,
    /// How many samples it stands for.
    pub(super) weight: u64,
    /// The text, if the step counts distinct texts.
    pub(super) text: Option<String>,
    /// Orders items of one instant; the greater counts as the later.
    pub(super) tie: &'a dyn Fn() -> String,
    /// The cumulative counter that it is a reading of, within its group.
    pub(super) series: &'a dyn Fn() -> Vec<String>,
    /// The metrics that contributed to it.
    pub(super) metrics: MetricSet,
}

/// A result of a step.
#[derive(Clone, Debug)]
pub(super) struct StepPoint {
    pub(super) entity: Entity,
    pub(super) by: Vec<String>,
    pub(super) bin: Time,
    pub(super) value: f64,
    pub(super) metrics: MetricSet,
}

/// The running results of one step.
#[derive(Debug)]
pub(super) struct StepAggregator {
    aggregate: Aggregate,
    groups: HashMap<GroupBin, GroupValues>,
    counters: HashMap<CounterKey, Counter>,
    /// The estimated memory in bytes.
    held: u64,
}

#[derive(Debug)]
struct GroupValues {
    state: State,
    metrics: MetricSet,
}

/// A group (entity and `by`) and a bin.
type GroupBin = (Entity, Vec<String>, Time);

/// A group and one of its counters.
type CounterKey = (Entity, Vec<String>, Vec<String>);

/// All readings of one cumulative counter.
#[derive(Debug, Default)]
struct Counter {
    readings: Vec<(Time, f64)>,
    metrics: MetricSet,
}

#[derive(Debug)]
enum State {
    Max(f64),
    Min(f64),
    Avg(ExactSum, u64),
    Sum(ExactSum),
    Count(u64),
    Dcount(BTreeSet<String>),
    Percentile(u8, Vec<f64>),
    Last(Time, String, f64),
    Turns(Vec<(Time, f64)>),
}

impl StepAggregator {
    pub(super) fn new(aggregate: Aggregate) -> Self {
        Self { aggregate, groups: HashMap::new(), counters: HashMap::new(), held: 0 }
    }

    pub(super) fn add(&mut self, entity: &Entity, by: Vec<String>, item: Item<'_>) {
        if self.aggregate == Aggregate::Increase {
            let counter = self.counters.entry((entity.clone(), by, (item.series)())).or_default();
            self.held += 16 + if counter.readings.is_empty() { 2 * of_entity(entity) + 128 } else { 0 };
            counter.readings.push((item.at, item.number));
            counter.metrics.join(&item.metrics);
            return;
        }
        let aggregate = self.aggregate;
        let held = &mut self.held;
        let group = self.groups.entry((entity.clone(), by, item.bin)).or_insert_with_key(|(_, by, _)| {
            *held += 192 + of_entity(entity) + by.iter().map(|text| of_text(text)).sum::<u64>();
            GroupValues { state: State::empty(aggregate), metrics: MetricSet::default() }
        });
        group.metrics.join(&item.metrics);
        *held += group.state.add(item);
    }

    /// The estimated memory in bytes.
    pub(in crate::telemetry::source::rows) fn held(&self) -> u64 {
        self.held
    }

    /// The results, sorted; `bin` returns the start of the bin of this step that contains an instant. Results that are not
    /// finite are left out.
    pub(super) fn finish(self, bin: &dyn Fn(Time) -> Time) -> Vec<StepPoint> {
        let point = |((entity, by, bin), group): (GroupBin, GroupValues)| StepPoint {
            entity,
            by,
            bin,
            value: group.state.value(),
            metrics: group.metrics,
        };
        let mut points: Vec<_> = self.groups.into_iter().map(point).collect();
        points.extend(increases(self.counters.into_iter().collect(), bin));
        points.retain(|point| point.value.is_finite());
        points.sort_by(|one, other| (&one.entity, &one.by, one.bin).cmp(&(&other.entity, &other.by, other.bin)));
        points
    }
}

/// The increases of cumulative counters, per group and bin.
///
/// An increase belongs to the bin of the later reading. A reading below the one before means that the counter restarted from
/// zero. The first reading counts as an increase of zero, because the reading before it is unknown.
fn increases(counters: Vec<(CounterKey, Counter)>, bin: &dyn Fn(Time) -> Time) -> Vec<StepPoint> {
    let mut groups: HashMap<GroupBin, (ExactSum, MetricSet)> = HashMap::new();
    for ((entity, by, _), mut counter) in counters {
        counter.readings.sort_by(by_time);
        let mut before = None;
        for (at, reading) in counter.readings {
            let increase = match before {
                None => 0.0,
                Some(before) if reading < before => reading.max(0.0),
                Some(before) => reading - before,
            };
            before = Some(reading);
            let (sum, metrics) = groups.entry((entity.clone(), by.clone(), bin(at))).or_default();
            sum.add(increase);
            metrics.join(&counter.metrics);
        }
    }
    groups
        .into_iter()
        .map(|((entity, by, bin), (sum, metrics))| StepPoint { entity, by, bin, value: sum.value(), metrics })
        .collect()
}

fn by_time(one: &(Time, f64), other: &(Time, f64)) -> std::cmp::Ordering {
    one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
}

impl State {
    fn empty(aggregate: Aggregate) -> Self {
        match aggregate {
            Aggregate::Max => Self::Max(f64::NEG_INFINITY),
            Aggregate::Min => Self::Min(f64::INFINITY),
            Aggregate::Avg => Self::Avg(ExactSum::default(), 0),
            // Increases are computed per counter, in `increases`.
            Aggregate::Sum | Aggregate::Increase => Self::Sum(ExactSum::default()),
            Aggregate::Count => Self::Count(0),
            Aggregate::Dcount => Self::Dcount(BTreeSet::new()),
            Aggregate::Percentile(rank) => Self::Percentile(rank, Vec::new()),
            Aggregate::Last => Self::Last(Time::MIN, String::new(), f64::NAN),
            Aggregate::Turns => Self::Turns(Vec::new()),
        }
    }

    /// Adds an item. Returns the estimated memory in bytes that it takes.
    fn add(&mut self, item: Item<'_>) -> u64 {
        let weighted = item.number * item.weight as f64;
        match self {
            Self::Max(value) => *value = value.max(item.number),
            Self::Min(value) => *value = value.min(item.number),
            Self::Avg(sum, weight) => {
                sum.add(weighted);
                *weight = weight.saturating_add(item.weight);
            }
            Self::Sum(sum) => sum.add(weighted),
            Self::Count(count) => *count = count.saturating_add(item.weight),
            Self::Dcount(texts) => {
                if let Some(text) = item.text
                    && !texts.contains(&text)
                {
                    let held = 32 + of_text(&text);
                    texts.insert(text);
                    return held;
                }
            }
            Self::Percentile(_, numbers) => {
                numbers.push(item.number);
                return 8;
            }
            Self::Last(at, tie, value) => {
                if item.at < *at {
                    return 0;
                }
                let found = (item.tie)();
                if item.at > *at || value.is_nan() || found > *tie || (found == *tie && item.number > *value) {
                    let held = (found.len() as u64).saturating_sub(tie.len() as u64);
                    (*at, *tie, *value) = (item.at, found, item.number);
                    return held;
                }
            }
            Self::Turns(readings) => {
                readings.push((item.at, item.number));
                return 16;
            }
        }
        0
    }

    fn value(self) -> f64 {
        match self {
            Self::Max(value) | Self::Min(value) | Self::Last(_, _, value) => value,
            Self::Avg(sum, weight) => sum.value() / weight as f64,
            Self::Sum(sum) => sum.value(),
            Self::Count(count) => count as f64,
            Self::Dcount(texts) => texts.len() as f64,
            Self::Percentile(rank, numbers) => percentile(rank, numbers),
            Self::Turns(readings) => turns(readings),
        }
    }
}

/// The nearest-rank percentile: the least of the numbers such that at least `rank` percent of them do not exceed it.
fn percentile(rank: u8, mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let nearest = usize::from(rank.min(100)).saturating_mul(numbers.len()).div_ceil(100).max(1);
    numbers.get(nearest - 1).copied().unwrap_or(f64::NAN)
}

/// How often a series changes between rising and falling; equal neighbours do not count as a change.
fn turns(mut readings: Vec<(Time, f64)>) -> f64 {
    readings.sort_by(by_time);
    let mut rising = None;
    let mut turns = 0_u64;
    for (one, other) in readings.iter().zip(readings.iter().skip(1)) {
        if one.1 == other.1 {
            continue;
        }
        let now = other.1 > one.1;
        if rising.is_some_and(|before| before != now) {
            turns += 1;
        }
        rising = Some(now);
    }
    turns as f64
}
