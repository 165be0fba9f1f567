//! What each symptom says of each entity, as truth over time.
//!
//! Input: the observations through a [`World`]. Output: [`Tracks`], one per symptom, computed once. Every kind of symptom
//! of the rule format has its arm here; none of them knows a pattern.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::counts::{Counting, Tally, excuse};
use super::numbers::Limit;
use super::streak::Lasting;
use super::truth::{Steps, Truth};
use super::world::World;
use crate::diagnosis::UnknownReason;
use crate::entity::Entity;
use crate::model::{AbsentMeans, Condition, Flow, Lasts, PropertyState, Setting, SymptomKind, Test, Threshold};
use crate::plan::{DEFAULT_BIN, Need, Part};
use crate::request::Request;
use crate::rule_set::RuleSymptom;
use crate::source::AnswerData;
use crate::source::data::CountCell;
use crate::time::Time;

/// The most characters of a property that the services keep; a longer text is cut there.
const PROPERTY_CUT: usize = 8192;

/// What a symptom says of one entity.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    pub(crate) steps: Steps,
    /// The number that speaks most for it.
    pub(crate) value: Option<f64>,
}

/// What a symptom says of all entities of its kind.
#[derive(Debug)]
pub(crate) struct Tracks {
    /// By entity of the symptom's kind.
    pub(crate) entities: BTreeMap<Entity, Track>,
    /// What it says where there is no such entity.
    pub(crate) rest: Steps,
}

/// The numbers of a threshold in this run, for evidence.
pub(crate) fn limit_of(world: &World<'_>, threshold: &Threshold) -> Option<Limit> {
    let limit = world.plan.value(&threshold.limit)?.in_unit(&threshold.unit)?;
    Some(Limit { comparison: threshold.comparison, limit })
}

/// Computes tracks on demand, each once.
#[derive(Debug)]
pub(crate) struct Symptoms<'w> {
    pub(crate) world: &'w World<'w>,
    known: std::cell::RefCell<BTreeMap<usize, Rc<Tracks>>>,
    /// A symptom that is taken to be so, or not so, of everyone: what would follow if it were.
    supposed: Option<(usize, bool)>,
}

impl<'w> Symptoms<'w> {
    pub(crate) fn new(world: &'w World<'w>) -> Self {
        Self { world, known: std::cell::RefCell::default(), supposed: None }
    }

    /// The same, supposing that one symptom is so, or not so, of everyone.
    pub(crate) fn supposing(&self, index: usize, so: bool) -> Self {
        let rules = self.world.rules;
        let depends = |at: usize| {
            rules
                .symptoms
                .get(at)
                .is_some_and(|symptom| symptom.watches == Some(index) || symptom.without == Some(index))
        };
        let mut known = self.known.borrow().clone();
        known.retain(|at, _| *at != index && !depends(*at));
        Self { world: self.world, known: std::cell::RefCell::new(known), supposed: Some((index, so)) }
    }

    pub(crate) fn tracks(&self, index: usize) -> Rc<Tracks> {
        if let Some(known) = self.known.borrow().get(&index) {
            return Rc::clone(known);
        }
        let tracks = Rc::new(match self.world.rules.symptoms.get(index) {
            Some(symptom) => match self.supposed {
                Some((supposed, so)) if supposed == index => self.all_alike(symptom, so),
                _ => self.compute(index, symptom),
            },
            None => Tracks { entities: BTreeMap::new(), rest: self.world.constant(Truth::False) },
        });
        self.known.borrow_mut().insert(index, Rc::clone(&tracks));
        tracks
    }

    fn all_alike(&self, symptom: &RuleSymptom, so: bool) -> Tracks {
        let steps = self.world.constant(if so { Truth::True } else { Truth::False });
        let entities = self.speaks_of(symptom, std::iter::empty(), &[]);
        self.all(entities, steps.clone(), |_| Track { steps: steps.clone(), value: None })
    }

    fn number(&self, setting: &Setting) -> f64 {
        self.world.plan.value(setting).map_or(f64::INFINITY, |quantity| quantity.in_base())
    }

    fn duration(&self, setting: &Setting) -> Duration {
        self.world.plan.value(setting).and_then(|quantity| quantity.duration()).unwrap_or(Duration::MAX)
    }

    /// The entities that a symptom speaks of: the living ones of its kind, and those of which something was seen.
    fn speaks_of<'e>(
        &self,
        symptom: &RuleSymptom,
        seen: impl Iterator<Item = &'e Entity>,
        filter: &[Condition],
    ) -> Vec<Entity> {
        let living = self.world.universe(&symptom.symptom.per);
        let mut entities: Vec<Entity> = living.iter().flat_map(|living| living.iter().cloned()).collect();
        entities.extend(seen.cloned());
        entities.sort();
        entities.dedup();
        entities.retain(|entity| !contradicts(entity, filter));
        entities
    }

    fn all(&self, entities: Vec<Entity>, rest: Steps, track: impl Fn(&Entity) -> Track) -> Tracks {
        let entities = entities
            .into_iter()
            .map(|entity| {
                let track = track(&entity);
                (entity, track)
            })
            .collect();
        Tracks { entities, rest }
    }

    fn failed(&self, symptom: &RuleSymptom, reason: UnknownReason, filter: &[Condition]) -> Tracks {
        let steps = self.world.constant(Truth::Unknown(self.world.book.one(reason)));
        let entities = self.speaks_of(symptom, std::iter::empty(), filter);
        self.all(entities, steps.clone(), |_| Track { steps: steps.clone(), value: None })
    }

    fn compute(&self, index: usize, symptom: &RuleSymptom) -> Tracks {
        let main = Need::Symptom(index, Part::Main);
        match &symptom.symptom.kind {
            SymptomKind::Log { lines, at_least, within, .. } => {
                self.counted(symptom, &main, &lines.filter, at_least, within.as_ref())
            }
            SymptomKind::Event { filter, at_least, within, .. } => {
                self.counted(symptom, &main, filter, at_least, within.as_ref())
            }
            SymptomKind::Metric { .. } | SymptomKind::Ratio { .. } => self.metric(index, symptom),
            SymptomKind::Property { .. } => self.property(symptom, &main),
            SymptomKind::Absent { of, lasting } => self.absence(symptom, &main, of, self.duration(lasting)),
            SymptomKind::Drop { .. } | SymptomKind::Ceases { .. } => self.flow(symptom, &main),
            SymptomKind::Repeats { at_least, within, .. } => self.repeats(index, symptom, at_least, within),
            SymptomKind::Persists { .. } => self.persists(symptom),
        }
    }

    /// The cells of a counting need by entity.
    fn cells(&self, need: &Need) -> Result<BTreeMap<&'w Entity, Vec<&'w CountCell>>, UnknownReason> {
        let answer = self.world.answer(need)?;
        let AnswerData::Counts(counts) = &answer.data else { return Err(UnknownReason::Unobservable) };
        let mut cells: BTreeMap<&Entity, Vec<&CountCell>> = BTreeMap::new();
        for cell in &counts.cells {
            cells.entry(&cell.entity).or_default().push(cell);
        }
        Ok(cells)
    }

    fn bin_of(&self, need: &Need) -> Duration {
        match self.world.plan.request_for(need).and_then(|at| self.world.plan.requests().get(at)) {
            Some(Request::Lines(request)) => request.bin,
            Some(Request::Rows(request)) => request.bin,
            Some(Request::Series(request)) => request.steps.last().and_then(|step| step.every).unwrap_or(DEFAULT_BIN),
            _ => DEFAULT_BIN,
        }
    }

    /// What was counted of an entity, less what its starts excuse.
    fn tallies(&self, symptom: &RuleSymptom, entity: &Entity, cells: Option<&Vec<&CountCell>>) -> Vec<Tally> {
        let mut tallies: Vec<Tally> = cells
            .into_iter()
            .flatten()
            .map(|cell| Tally {
                bin: cell.bin,
                low: cell.count as f64,
                high: cell.count as f64,
                first: cell.first,
                last: cell.last,
            })
            .collect();
        if let Some(grace) = &symptom.symptom.startup_grace {
            let (_, death) = self.world.life(entity);
            let death = if death >= self.world.watermark { Time::MAX } else { death };
            excuse(&mut tallies, &self.starts(entity), self.duration(grace), self.world.window.to, death);
        }
        tallies
    }

    fn starts(&self, entity: &Entity) -> Vec<Time> {
        let mut starts: Vec<Time> = self.world.leaves_of(entity).flat_map(|leaf| leaf.starts.iter().copied()).collect();
        starts.sort();
        starts
    }

    fn counted(
        &self,
        symptom: &RuleSymptom,
        need: &Need,
        filter: &[Condition],
        at_least: &Setting,
        within: Option<&Setting>,
    ) -> Tracks {
        let cells = match self.cells(need) {
            Ok(cells) => cells,
            Err(reason) => return self.failed(symptom, reason, filter),
        };
        let counting = Counting {
            at_least: self.number(at_least),
            within: within.map(|within| self.duration(within)),
            bin: self.bin_of(need),
        };
        let entities = self.speaks_of(symptom, cells.keys().copied(), filter);
        let uncarried = self.world.answer(need).map(|answer| answer.uncarried.as_slice()).unwrap_or_default();
        let one = |entity: &Entity| {
            let own = cells.get(entity);
            let lacking = uncarried.iter().find(|(other, _)| other == entity).filter(|_| own.is_none());
            if let Some((_, column)) = lacking {
                return Track {
                    steps: self
                        .world
                        .constant(Truth::Unknown(self.world.book.one(UnknownReason::NotCarried(column.clone())))),
                    value: None,
                };
            }
            let tallies = self.tallies(symptom, entity, own);
            self.count_track(symptom, entity, &tallies, &self.world.mask(need, entity), counting)
        };
        let rest = one(&Entity::default()).steps;
        self.all(entities, rest, one)
    }

    fn count_track(
        &self,
        symptom: &RuleSymptom,
        entity: &Entity,
        tallies: &[Tally],
        mask: &Steps,
        counting: Counting,
    ) -> Track {
        let world = self.world;
        let open = Truth::Unknown(world.book.one(UnknownReason::NotIngestedYet));
        let mut steps = world.count_steps(tallies, mask, counting, open);
        match &symptom.symptom.lasts {
            Some(Lasts::For(setting)) => {
                let lasting = self.duration(setting);
                steps = world.lasting(&steps, |end| end.minus(counting.bin).plus(lasting));
            }
            Some(Lasts::UntilRestart) => {
                let starts = self.starts(entity);
                steps = world
                    .lasting(&steps, |end| starts.iter().copied().find(|start| *start >= end).unwrap_or(Time::MAX));
            }
            None => {}
        }
        let steps = match symptom.symptom.absent_means {
            AbsentMeans::False => steps,
            AbsentMeans::Silence => self.instead_of_false(&steps, UnknownReason::Silent),
            AbsentMeans::Unknown => {
                self.instead_of_false(&steps, UnknownReason::NotEmitted(symptom.symptom.name.clone()))
            }
        };
        let count: f64 = tallies.iter().map(|tally| tally.low).sum();
        Track { steps, value: (count > 0.0).then_some(count) }
    }

    fn instead_of_false(&self, steps: &Steps, reason: UnknownReason) -> Steps {
        let unknown = Truth::Unknown(self.world.book.one(reason));
        steps.map(|truth| if truth.is_false() { unknown } else { truth })
    }

    fn metric(&self, index: usize, symptom: &RuleSymptom) -> Tracks {
        let need = Need::Symptom(index, Part::Main);
        let absent = symptom.symptom.absent_means;
        let (spec, threshold) = match &symptom.symptom.kind {
            SymptomKind::Metric { series, threshold, .. } => (series, threshold),
            SymptomKind::Ratio { of, threshold, .. } => (of, threshold),
            _ => return self.failed(symptom, UnknownReason::Unobservable, &[]),
        };
        let Some(limit) = limit_of(self.world, threshold) else {
            return self.failed(symptom, UnknownReason::Unobservable, &spec.filter);
        };
        let series = match self.world.series(need.clone()) {
            Ok(series) => series,
            Err(reason) => return self.failed(symptom, reason, &spec.filter),
        };
        let divisor = match &symptom.symptom.kind {
            SymptomKind::Ratio { .. } => match self.world.series(Need::Symptom(index, Part::Denominator)) {
                Ok(series) => Some(series),
                Err(reason) => return self.failed(symptom, reason, &spec.filter),
            },
            _ => None,
        };
        let sibling =
            spec.zero_if_present.as_ref().and_then(|_| self.world.series(Need::Symptom(index, Part::Sibling)).ok());
        let one = |entity: &Entity| -> Track {
            let mask = self.world.mask(&need, entity);
            let numbers = match self.world.numbers(&series, spec, entity, absent) {
                Ok(numbers) => numbers,
                Err(truth) => {
                    // Only what was not sent is 0; what was lost, or not looked at, stays unknown.
                    let not_sent = self.world.unseen(&mask).is_false() && !series.lacks_a_column(entity);
                    let zero = not_sent
                        && !truth.is_false()
                        && sibling.as_ref().is_some_and(|sibling| sibling.entities().any(|other| other == entity));
                    if !zero {
                        return Track { steps: self.world.constant(truth), value: None };
                    }
                    super::numbers::Numbers::Whole(vec![(Vec::new(), super::interval::Interval::exact(0.0))])
                }
            };
            let gap = self.absent_truth(spec, absent);
            match (&symptom.symptom.kind, &divisor) {
                (SymptomKind::Ratio { to, min_to, .. }, Some(divisor)) => {
                    let least = min_to
                        .as_ref()
                        .and_then(|setting| self.world.plan.value(setting))
                        .map(|quantity| quantity.in_unit(&to.unit).unwrap_or_else(|| quantity.in_base()));
                    match self.world.numbers(divisor, to, entity, absent) {
                        Ok(divisor) => self.quotient(&numbers, &divisor, least, limit, &mask, gap),
                        Err(truth) => Track { steps: self.world.constant(truth), value: None },
                    }
                }
                (SymptomKind::Metric { consecutive, .. }, _) => {
                    let (steps, value) = self.world.threshold_steps(&numbers, limit, *consecutive, &mask, gap);
                    Track { steps, value }
                }
                _ => Track { steps: self.world.constant(Truth::False), value: None },
            }
        };
        let entities = self.speaks_of_series(symptom, &series, &spec.filter);
        let rest = one(&Entity::default()).steps;
        self.all(entities, rest, one)
    }

    /// As [`Symptoms::speaks_of`], without things that only a series knows: a removed collector is no collector.
    fn speaks_of_series(
        &self,
        symptom: &RuleSymptom,
        series: &super::numbers::Series<'_>,
        filter: &[Condition],
    ) -> Vec<Entity> {
        let told = self.world.universe(&symptom.symptom.per).is_some() && self.world.inventory_complete;
        if told {
            self.speaks_of(symptom, std::iter::empty(), filter)
        } else {
            self.speaks_of(symptom, series.entities(), filter)
        }
    }

    fn absent_truth(&self, spec: &crate::model::SeriesSpec, absent: AbsentMeans) -> Truth {
        match absent {
            AbsentMeans::False => Truth::False,
            AbsentMeans::Silence => Truth::Unknown(self.world.book.one(UnknownReason::Silent)),
            AbsentMeans::Unknown => {
                Truth::Unknown(self.world.book.one(UnknownReason::NotEmitted(spec.metrics.join(", "))))
            }
        }
    }

    fn quotient(
        &self,
        of: &super::numbers::Numbers,
        to: &super::numbers::Numbers,
        least: Option<f64>,
        limit: Limit,
        mask: &Steps,
        gap: Truth,
    ) -> Track {
        use super::interval::Interval;
        use super::numbers::Numbers;
        // `Ok` a quotient, `Err` a verdict without one: false where it does not apply, else undefined.
        let divide = |of: Interval, to: Interval| -> Result<Interval, Truth> {
            if let Some(least) = least {
                if to.high < least {
                    return Err(Truth::False);
                }
                if to.low < least {
                    return Err(Truth::Unknown(self.world.book.one(UnknownReason::UndefinedRatio)));
                }
            }
            of.over(to).ok_or_else(|| Truth::Unknown(self.world.book.one(UnknownReason::UndefinedRatio)))
        };
        match (of, to) {
            (Numbers::Bins(every, ofs), Numbers::Bins(_, tos)) => {
                let mut judged = BTreeMap::new();
                let mut best: Option<f64> = None;
                for (bin, values) in ofs {
                    let Some(divisors) = tos.get(bin) else { continue };
                    let (Some(of), Some(to)) = (values.first(), divisors.first()) else { continue };
                    let truth = match divide(*of, *to) {
                        Ok(quotient) => {
                            best = Some(best.map_or(quotient.low, |known| known.max(quotient.low)));
                            self.compared(quotient, limit, mask)
                        }
                        Err(truth) => truth,
                    };
                    judged.insert(*bin, truth);
                }
                if judged.is_empty() {
                    return Track { steps: self.world.constant(gap), value: None };
                }
                Track { steps: self.world.bin_steps(&judged, *every, mask, gap), value: best }
            }
            (of, to) => {
                let mut truth = Truth::False;
                let mut best: Option<f64> = None;
                for (by, of) in whole(of) {
                    let Some((_, to)) = whole(to).into_iter().find(|(other, _)| *other == by || other.is_empty())
                    else {
                        truth = truth.or(gap, &self.world.book);
                        continue;
                    };
                    let one = match divide(of, to) {
                        Ok(quotient) => {
                            best = Some(best.map_or(quotient.low, |known| known.max(quotient.low)));
                            self.compared(quotient, limit, mask)
                        }
                        Err(truth) => truth,
                    };
                    truth = truth.or(one, &self.world.book);
                }
                Track { steps: self.world.constant(truth), value: best.filter(|value| value.is_finite()) }
            }
        }
    }

    fn compared(&self, value: super::interval::Interval, limit: Limit, mask: &Steps) -> Truth {
        match value.compares(limit.comparison, limit.limit) {
            Some(true) => Truth::True,
            Some(false) => Truth::False,
            None => {
                let unseen = self.world.unseen(mask);
                if unseen.is_false() {
                    Truth::Unknown(self.world.book.one(UnknownReason::UndefinedRatio))
                } else {
                    unseen
                }
            }
        }
    }

    fn property(&self, symptom: &RuleSymptom, need: &Need) -> Tracks {
        let SymptomKind::Property { names, filter, absent_is_empty, is, at_least, table, .. } = &symptom.symptom.kind
        else {
            return self.failed(symptom, UnknownReason::Unobservable, &[]);
        };
        let answer = match self.world.answer(need) {
            Ok(answer) => answer,
            Err(reason) => return self.failed(symptom, reason, filter),
        };
        let AnswerData::Properties(all) = &answer.data else {
            return self.failed(symptom, UnknownReason::Unobservable, filter);
        };
        let unknown = |reason: UnknownReason| Truth::Unknown(self.world.book.one(reason));
        let one = |entity: &Entity| -> Track {
            let mask = self.world.mask(need, entity);
            let Some(latest) = all.iter().find(|properties| properties.entity == *entity) else {
                let lacking = answer.uncarried.iter().find(|(other, _)| other == entity);
                let unseen = self.world.unseen(&mask);
                let truth = match lacking {
                    Some((_, column)) => unknown(UnknownReason::NotCarried(column.clone())),
                    None if !unseen.is_false() => unseen,
                    None if symptom.symptom.absent_means == AbsentMeans::False => Truth::False,
                    None if symptom.symptom.absent_means == AbsentMeans::Silence => unknown(UnknownReason::Silent),
                    None => unknown(UnknownReason::NotEmitted(
                        names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "),
                    )),
                };
                return Track { steps: self.world.constant(truth), value: None };
            };
            if !self.world.covers(&mask, latest.at, self.world.watermark) {
                return Track { steps: self.world.constant(self.world.unseen(&mask)), value: None };
            }
            let (mut yes, mut maybe) = (0_u32, Truth::False);
            let mut doubts = 0_u32;
            let mut sinces: Vec<Option<Time>> = Vec::new();
            for ((name, _), property) in names.iter().zip(&latest.states) {
                let text = match (&property.value, absent_is_empty) {
                    (None, true) => Some(""),
                    (value, _) => value.as_deref(),
                };
                let cut = text.is_some_and(|text| text.chars().count() == PROPERTY_CUT);
                match (is, text) {
                    (_, None) if symptom.symptom.absent_means == AbsentMeans::False => {}
                    (_, None) => {
                        doubts += 1;
                        maybe = maybe.or(unknown(UnknownReason::NotEmitted(name.clone())), &self.world.book);
                    }
                    (PropertyState::Text(wanted), Some(text)) if cut && wanted.starts_with(text) => {
                        doubts += 1;
                        maybe = maybe.or(unknown(UnknownReason::Truncated(table.clone(), "cut")), &self.world.book);
                    }
                    (PropertyState::Empty, Some("")) => {
                        yes += 1;
                        sinces.push(property.since);
                    }
                    (PropertyState::Set, Some(text)) if !text.is_empty() => {
                        yes += 1;
                        sinces.push(property.since);
                    }
                    (PropertyState::Text(wanted), Some(text)) if text == wanted => {
                        yes += 1;
                        sinces.push(property.since);
                    }
                    _ => {}
                }
            }
            let steps = if yes >= *at_least {
                // Enough of the names have been so since the k-th of them became so.
                sinces.sort();
                let since = sinces.get(*at_least as usize - usize::from(*at_least > 0)).copied().flatten();
                match since {
                    Some(since) => self
                        .world
                        .overlay(&self.world.constant(Truth::False), [(since, self.world.window.to, since, latest.at)]),
                    None => self.world.constant(Truth::True),
                }
            } else if yes + doubts >= *at_least {
                self.world.constant(maybe)
            } else {
                self.world.constant(Truth::False)
            };
            Track { steps, value: (yes > 0).then_some(f64::from(yes)) }
        };
        let entities = self.speaks_of(symptom, all.iter().map(|properties| &properties.entity), filter);
        let rest = one(&Entity::default()).steps;
        self.all(entities, rest, one)
    }

    fn absence(&self, symptom: &RuleSymptom, need: &Need, of: &SymptomKind, lasting: Duration) -> Tracks {
        let filter: &[Condition] = match of {
            SymptomKind::Log { lines, .. } => &lines.filter,
            SymptomKind::Metric { series, .. } => &series.filter,
            _ => &[],
        };
        let answer = match self.world.answer(need) {
            Ok(answer) => answer,
            Err(reason) => return self.failed(symptom, reason, filter),
        };
        let bin = self.bin_of(need);
        let mut present: BTreeMap<&Entity, Vec<Time>> = BTreeMap::new();
        match &answer.data {
            AnswerData::Counts(counts) => {
                counts.cells.iter().for_each(|cell| present.entry(&cell.entity).or_default().push(cell.bin))
            }
            AnswerData::Series(points) => {
                points.iter().for_each(|point| present.entry(&point.entity).or_default().push(point.bin))
            }
            AnswerData::Properties(_) | AnswerData::Inventory(_) => {}
        }
        let one = |entity: &Entity| -> Track {
            let mask = self.world.mask(need, entity);
            let bins = present.get(entity).map(Vec::as_slice).unwrap_or_default();
            Track { steps: self.absent_steps(bins, bin, &mask, lasting), value: None }
        };
        let entities = self.speaks_of(symptom, present.keys().copied(), filter);
        let rest = one(&Entity::default()).steps;
        self.all(entities, rest, one)
    }

    fn absent_steps(&self, present: &[Time], bin: Duration, mask: &Steps, lasting: Duration) -> Steps {
        let world = self.world;
        let end = world.watermark;
        let mut gaps: Vec<(Time, Time)> = Vec::new();
        let mut from = world.window.from;
        for &at in present {
            if at > from {
                gaps.push((from, at.min(end)));
            }
            from = from.max(at.plus(bin));
        }
        if from < end {
            gaps.push((from, end));
        }
        let long = |from: Time, to: Time| to.ticks_since(from) >= crate::time::ticks_of(lasting);
        let mut steps = world.constant(Truth::False);
        for (from, to) in gaps.into_iter().filter(|(from, to)| long(*from, *to)) {
            let visible: Vec<(Time, Time)> = mask
                .spans()
                .filter(|(segment, _)| segment.truth.is_true())
                .map(|(segment, end)| (segment.from.max(from), end.min(to)))
                .filter(|(a, b)| a < b && long(*a, *b))
                .collect();
            if visible.is_empty() {
                let doubt = world.constant(world.unseen(mask)).within(from, to, Truth::False);
                steps = steps.or(&doubt, &world.book);
            }
            for (a, b) in visible {
                let stretch = world
                    .overlay(&world.constant(Truth::False), [(a, if b == end { world.window.to } else { b }, a, b)]);
                steps = steps.or(&stretch, &world.book);
            }
        }
        steps
    }

    fn flow(&self, symptom: &RuleSymptom, need: &Need) -> Tracks {
        let (flow, every) = match &symptom.symptom.kind {
            SymptomKind::Drop { flow, every, .. } | SymptomKind::Ceases { flow, every } => (flow, *every),
            _ => return self.failed(symptom, UnknownReason::Unobservable, &[]),
        };
        let filter: &[Condition] = match flow {
            Flow::Rows { filter, .. } => filter,
            Flow::Series(spec) => &spec.filter,
        };
        let table = match flow {
            Flow::Rows { table, .. } => table.as_str(),
            Flow::Series(spec) => spec.table.as_str(),
        };
        let answer = match self.world.answer(need) {
            Ok(answer) => answer,
            Err(reason) => return self.failed(symptom, reason, filter),
        };
        let mut flows: BTreeMap<&Entity, BTreeMap<Time, f64>> = BTreeMap::new();
        match &answer.data {
            AnswerData::Counts(counts) => {
                for cell in &counts.cells {
                    *flows.entry(&cell.entity).or_default().entry(cell.bin).or_default() += cell.count as f64;
                }
            }
            AnswerData::Series(points) => {
                for point in points {
                    *flows.entry(&point.entity).or_default().entry(point.bin.floor(every)).or_default() += point.value;
                }
            }
            AnswerData::Properties(_) | AnswerData::Inventory(_) => {}
        }
        let none = BTreeMap::new();
        let one = |entity: &Entity| -> Track {
            let seen = self.world.complete(answer, table, entity);
            let alive = self.world.other_life(table, entity);
            let flows = flows.get(entity).unwrap_or(&none);
            match &symptom.symptom.kind {
                SymptomKind::Drop { share, baseline_bins, .. } => {
                    let share = self.number(share);
                    let (steps, value) = self.world.dropping_steps(flows, every, &seen, &alive, share, *baseline_bins);
                    Track { steps, value }
                }
                _ => Track { steps: self.world.ceasing_steps(flows, every, &seen, &alive), value: None },
            }
        };
        let entities = self.speaks_of(symptom, flows.keys().copied(), filter);
        let rest = one(&Entity::default()).steps;
        self.all(entities, rest, one)
    }

    fn repeats(&self, index: usize, symptom: &RuleSymptom, at_least: &Setting, within: &Setting) -> Tracks {
        let Some(watched) = symptom.watches.and_then(|at| self.world.rules.symptoms.get(at)) else {
            return self.failed(symptom, UnknownReason::Unobservable, &[]);
        };
        match &watched.symptom.kind {
            SymptomKind::Log { lines, .. } => {
                return self.counted(symptom, &Need::Symptom(index, Part::Main), &lines.filter, at_least, Some(within));
            }
            SymptomKind::Event { filter, .. } => {
                return self.counted(symptom, &Need::Symptom(index, Part::Main), filter, at_least, Some(within));
            }
            _ => {}
        }
        let at = symptom.watches.unwrap_or_default();
        let tracks = self.tracks(at);
        let bin = self.bin_of(&Need::Symptom(at, Part::Main));
        let within = self.duration(within);
        let counting = Counting { at_least: self.number(at_least), within: Some(within), bin };
        let seen = self.world.constant(Truth::True);
        let one = |entity: &Entity, steps: &Steps| -> Track {
            let tallies = self.tallies_of(steps, bin);
            let mut track = self.count_track(symptom, entity, &tallies, &seen, counting);
            if tallies.iter().any(|tally| tally.low < tally.high) {
                // What may have happened is unknown for the watched symptom's reasons.
                let doubt = steps
                    .segments()
                    .iter()
                    .map(|segment| segment.truth)
                    .filter(|truth| !truth.is_true() && !truth.is_false())
                    .fold(Truth::False, |sum, truth| sum.or(truth, &self.world.book));
                track.steps = self.world.count_steps(&tallies, &seen, counting, doubt);
            }
            track
        };
        let entities =
            tracks.entities.iter().map(|(entity, track)| (entity.clone(), one(entity, &track.steps))).collect();
        let rest = one(&Entity::default(), &tracks.rest).steps;
        Tracks { entities, rest }
    }

    /// Truth over time as counted bins: one where true, perhaps one where unknown.
    fn tallies_of(&self, steps: &Steps, bin: Duration) -> Vec<Tally> {
        let mut tallies = Vec::new();
        for (segment, end) in steps.spans().filter(|(segment, _)| !segment.truth.is_false()) {
            let low = if segment.truth.is_true() { 1.0 } else { 0.0 };
            let mut from = segment.from;
            while from < end && bin > Duration::ZERO {
                let next = from.floor(bin).plus(bin);
                tallies.push(Tally {
                    bin: from.floor(bin),
                    low,
                    high: 1.0,
                    first: from,
                    last: next.min(end).shift(-1),
                });
                from = next;
            }
        }
        tallies
    }

    fn persists(&self, symptom: &RuleSymptom) -> Tracks {
        let SymptomKind::Persists { lasting, at_least, .. } = &symptom.symptom.kind else {
            return self.failed(symptom, UnknownReason::Unobservable, &[]);
        };
        let Some((at, watched)) =
            symptom.watches.and_then(|at| self.world.rules.symptoms.get(at).map(|watched| (at, watched)))
        else {
            return self.failed(symptom, UnknownReason::Unobservable, &[]);
        };
        let need = Need::Symptom(at, Part::Main);
        let watched_tracks = self.tracks(at);
        let counts = matches!(watched.symptom.kind, SymptomKind::Log { .. } | SymptomKind::Event { .. });
        let cells = if counts { self.cells(&need) } else { Ok(BTreeMap::new()) };
        let cells = match cells {
            Ok(cells) => cells,
            Err(reason) => return self.failed(symptom, reason, &[]),
        };
        let success_bin = symptom.without.map_or(DEFAULT_BIN, |at| self.bin_of(&Need::Symptom(at, Part::Main)));
        let wanted =
            Lasting { lasting: self.duration(lasting), at_least: *at_least, bin: self.bin_of(&need), success_bin };
        let one = |entity: &Entity, failing: &Steps| -> Track {
            let (tallies, mask) = if counts {
                (
                    self.tallies(symptom, entity, cells.get(entity)),
                    self.world.before_watermark(&self.world.mask(&need, entity)),
                )
            } else {
                let known = failing.map(|truth| if truth.is_false() { Truth::True } else { truth });
                (self.tallies_of(failing, wanted.bin), known)
            };
            let success = symptom
                .without
                .map_or_else(|| self.world.constant(Truth::False), |at| self.at(at, &symptom.symptom.per, entity));
            let steps = self.world.streak_steps(&tallies, &mask, &success, wanted);
            let longest = steps
                .spans()
                .filter(|(segment, _)| segment.truth.is_true())
                .map(|(segment, _)| segment.last.ticks_since(segment.first))
                .max();
            Track { steps, value: longest.map(|ticks| ticks as f64 / crate::time::TICKS_PER_SECOND as f64) }
        };
        let entities =
            watched_tracks.entities.iter().map(|(entity, track)| (entity.clone(), one(entity, &track.steps))).collect();
        let rest = one(&Entity::default(), &watched_tracks.rest).steps;
        Tracks { entities, rest }
    }

    /// What a symptom says of an entity of any kind: its own, a finer one's lifted, or a coarser one's inherited.
    pub(crate) fn at(&self, index: usize, kind: &str, entity: &Entity) -> Steps {
        let Some(symptom) = self.world.rules.symptoms.get(index) else { return self.world.constant(Truth::False) };
        let tracks = self.tracks(index);
        let own = |entity: &Entity| {
            tracks
                .entities
                .get(entity)
                .map_or_else(|| self.unspoken(symptom, &tracks, entity), |track| track.steps.clone())
        };
        let per = &symptom.symptom.per;
        if per == kind || !self.world.rules.schema.contains(kind, per) {
            return own(&entity.project(&self.world.keys_of(per)));
        }
        let mut finer: Vec<(&Entity, &Steps)> = tracks
            .entities
            .iter()
            .filter(|(finer, _)| finer.is_within(entity))
            .map(|(finer, track)| (finer, &track.steps))
            .collect();
        if finer.is_empty() {
            return tracks.rest.clone();
        }
        // A kind that no inventory tells of: the rest stands for those of which nothing was seen.
        let told = self.world.universe(per).is_some();
        if !told {
            finer.push((entity, &tracks.rest));
        }
        super::lift::lift(self.world, symptom.symptom.lift, &finer, !told || self.world.inventory_complete)
    }

    /// An entity that the symptom does not speak of: not so, unless nothing could be read.
    fn unspoken(&self, symptom: &RuleSymptom, tracks: &Tracks, entity: &Entity) -> Steps {
        let living =
            self.world.universe(&symptom.symptom.per).is_some_and(|living| living.binary_search(entity).is_ok());
        if living { self.world.constant(Truth::False) } else { tracks.rest.clone() }
    }
}

fn whole(numbers: &super::numbers::Numbers) -> Vec<(Vec<String>, super::interval::Interval)> {
    use super::numbers::Numbers;
    match numbers {
        Numbers::Whole(values) => values.clone(),
        Numbers::Bins(_, bins) => {
            bins.values().next_back().into_iter().flatten().map(|value| (Vec::new(), *value)).collect()
        }
    }
}

/// Whether an entity's own keys speak against a filter on rows.
fn contradicts(entity: &Entity, filter: &[Condition]) -> bool {
    filter
        .iter()
        .any(|condition| entity.value(&condition.name).is_some_and(|value| !key_passes(value, &condition.test)))
}

/// Whether a key's value passes a test; tests that only rows can answer pass. Keys compare without case here, so that a
/// folded key is never ruled out by its spelling.
fn key_passes(value: &str, test: &Test) -> bool {
    let folded = value.to_ascii_lowercase();
    match test {
        Test::OneOf(texts) => texts.iter().any(|text| text.eq_ignore_ascii_case(value)),
        Test::Prefix(text) => folded.starts_with(&text.to_ascii_lowercase()),
        Test::Contains(text) => folded.contains(&text.to_ascii_lowercase()),
        Test::Not(inner) => match inner.as_ref() {
            Test::OneOf(_) | Test::Prefix(_) | Test::Contains(_) => !key_passes(value, inner),
            _ => true,
        },
        Test::Regex(_) | Test::Above(_) | Test::Below(_) | Test::Version(_) => true,
    }
}
