//! One step of a series: items in, one number per group and bin out.
//!
//! The result depends on the items alone, never on their order: sums are exact and rounded once, ties are broken by the
//! items' own ids.

use std::collections::{BTreeSet, HashMap};

use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Aggregate;
use crate::telemetry::source::rows::exact::ExactSum;
use crate::time::Time;

/// Which of the metrics asked for contributed, by their position in the request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Names {
    /// The first 64.
    low: u64,
    /// Those beyond.
    high: BTreeSet<usize>,
}

impl Names {
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

/// What a step folds: a row, or a point of the step before.
pub(super) struct Item<'a> {
    /// When.
    pub(super) at: Time,
    /// The bin of this step that it belongs to.
    pub(super) bin: Time,
    /// The number.
    pub(super) number: f64,
    /// For how many it stands.
    pub(super) weight: u64,
    /// The text to count, where distinct texts are counted.
    pub(super) text: Option<String>,
    /// What tells items of one instant apart; the greater is the later.
    pub(super) tie: &'a dyn Fn() -> String,
    /// Which counter it is a reading of, within its group.
    pub(super) series: &'a dyn Fn() -> Vec<String>,
    /// The metrics that it comes from.
    pub(super) names: Names,
}

/// A number of a step's result.
#[derive(Clone, Debug)]
pub(super) struct Aggregated {
    pub(super) entity: Entity,
    pub(super) by: Vec<String>,
    pub(super) bin: Time,
    pub(super) value: f64,
    pub(super) names: Names,
}

/// One step that is being folded.
#[derive(Debug)]
pub(super) struct StepFold {
    aggregate: Aggregate,
    groups: HashMap<Place, Group>,
    counters: HashMap<CounterKey, Counter>,
}

#[derive(Debug)]
struct Group {
    state: State,
    names: Names,
}

/// A group and a bin of it.
type Place = (Entity, Vec<String>, Time);

/// A group and a counter of it.
type CounterKey = (Entity, Vec<String>, Vec<String>);

/// All readings of one cumulative counter.
#[derive(Debug, Default)]
struct Counter {
    readings: Vec<(Time, f64)>,
    names: Names,
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

impl StepFold {
    pub(super) fn new(aggregate: Aggregate) -> Self {
        Self { aggregate, groups: HashMap::new(), counters: HashMap::new() }
    }

    pub(super) fn add(&mut self, entity: &Entity, by: Vec<String>, item: Item<'_>) {
        if self.aggregate == Aggregate::Increase {
            let counter = self.counters.entry((entity.clone(), by, (item.series)())).or_default();
            counter.readings.push((item.at, item.number));
            counter.names.join(&item.names);
            return;
        }
        let aggregate = self.aggregate;
        let group = self
            .groups
            .entry((entity.clone(), by, item.bin))
            .or_insert_with(|| Group { state: State::empty(aggregate), names: Names::default() });
        group.names.join(&item.names);
        group.state.add(item);
    }

    /// The numbers, sorted; `bin` is the start of the bin of this step that holds an instant. Numbers that are not finite
    /// are left out.
    pub(super) fn finish(self, bin: &dyn Fn(Time) -> Time) -> Vec<Aggregated> {
        let whole = |((entity, by, bin), group): (Place, Group)| Aggregated {
            entity,
            by,
            bin,
            value: group.state.value(),
            names: group.names,
        };
        let mut points: Vec<_> = self.groups.into_iter().map(whole).collect();
        points.extend(gains(self.counters.into_iter().collect(), bin));
        points.retain(|point| point.value.is_finite());
        points.sort_by(|one, other| (&one.entity, &one.by, one.bin).cmp(&(&other.entity, &other.by, other.bin)));
        points
    }
}

/// What cumulative counters gained, per group and bin.
///
/// A gain belongs to the bin of the later reading; a reading below the one before comes after a restart from zero; the
/// first reading gains nothing, since what came before it is not known.
fn gains(counters: Vec<(CounterKey, Counter)>, bin: &dyn Fn(Time) -> Time) -> Vec<Aggregated> {
    let mut groups: HashMap<Place, (ExactSum, Names)> = HashMap::new();
    for ((entity, by, _), mut counter) in counters {
        counter.readings.sort_by(by_time);
        let mut before = None;
        for (at, reading) in counter.readings {
            let gain = match before {
                None => 0.0,
                Some(before) if reading < before => reading.max(0.0),
                Some(before) => reading - before,
            };
            before = Some(reading);
            let (sum, names) = groups.entry((entity.clone(), by.clone(), bin(at))).or_default();
            sum.add(gain);
            names.join(&counter.names);
        }
    }
    groups
        .into_iter()
        .map(|((entity, by, bin), (sum, names))| Aggregated { entity, by, bin, value: sum.value(), names })
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
            // Gains are folded apart, by counter.
            Aggregate::Sum | Aggregate::Increase => Self::Sum(ExactSum::default()),
            Aggregate::Count => Self::Count(0),
            Aggregate::Dcount => Self::Dcount(BTreeSet::new()),
            Aggregate::Percentile(rank) => Self::Percentile(rank, Vec::new()),
            Aggregate::Last => Self::Last(Time::MIN, String::new(), f64::NAN),
            Aggregate::Turns => Self::Turns(Vec::new()),
        }
    }

    fn add(&mut self, item: Item<'_>) {
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
                    texts.insert(text);
                }
            }
            Self::Percentile(_, numbers) => numbers.push(item.number),
            Self::Last(at, tie, value) => {
                if item.at < *at {
                    return;
                }
                let found = (item.tie)();
                if item.at > *at || value.is_nan() || found > *tie || (found == *tie && item.number > *value) {
                    (*at, *tie, *value) = (item.at, found, item.number);
                }
            }
            Self::Turns(readings) => readings.push((item.at, item.number)),
        }
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

/// The nearest-rank percentile: the least number that at least `rank` per cent of the numbers do not exceed.
fn percentile(rank: u8, mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let place = usize::from(rank.min(100)).saturating_mul(numbers.len()).div_ceil(100).max(1);
    numbers.get(place - 1).copied().unwrap_or(f64::NAN)
}

/// How often a series changes between rising and falling; standing still changes nothing.
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
