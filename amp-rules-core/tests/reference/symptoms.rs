//! What symptoms say, from the definitions: counts of lines and events, numbers, quotients, absence, repetition, streaks.
//!
//! Input: rules and observations of things that live throughout the window. Output: a [`Track`] per symptom and entity.
//! Written as plainly as the definitions read; lives, starts, flows and properties are not told here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use amp_rules_core::diagnosis::UnknownReason;
use amp_rules_core::model::{
    AbsentMeans, Aggregate, Comparison, Lasts, Lift, SeriesSpec, Setting, SymptomKind, Threshold,
};
use amp_rules_core::plan::{Need, Part, source_steps};
use amp_rules_core::rule_set::RuleSymptom;
use amp_rules_core::source::data::{CountCell, Point};
use amp_rules_core::source::{Answer, AnswerData, Completeness, GapReason, SourceErrorKind};
use amp_rules_core::time::{Time, ticks_of};
use amp_rules_core::{Entity, Observations, Request, RuleSet};

use crate::track::{Cell, Grid, Track, Truth};

/// Rules, observations, and the instants at which something can change.
#[derive(Debug)]
pub(crate) struct Reference<'a> {
    pub(crate) rules: &'a RuleSet,
    pub(crate) seen: &'a Observations,
    pub(crate) grid: Grid,
    pub(crate) watermark: Time,
    /// Whether every sign of life was read in full.
    pub(crate) complete: bool,
    pods: BTreeSet<Entity>,
}

/// Bounds of a number.
type Interval = (f64, f64);

/// A series as numbers: by bin, or one for the window.
enum Numbers {
    Bins(Duration, BTreeMap<Time, Interval>),
    Whole(Interval),
}

fn compares((low, high): Interval, comparison: Comparison, limit: f64) -> Option<bool> {
    let holds = |x: f64| match comparison {
        Comparison::Above => x > limit,
        Comparison::AtLeast => x >= limit,
        Comparison::Below => x < limit,
        Comparison::AtMost => x <= limit,
        Comparison::Equals => x == limit,
    };
    match comparison {
        // The set of numbers that are equal to something has no inside: the ends do not decide alone.
        Comparison::Equals if low != high => (limit < low || limit > high).then_some(false),
        _ if holds(low) == holds(high) => Some(holds(low)),
        _ => None,
    }
}

/// What an aggregate over part of the samples says of the whole.
fn widened((low, high): Interval, aggregates: &[Aggregate]) -> Interval {
    let grows = |one: &Aggregate| {
        matches!(one, Aggregate::Max | Aggregate::Sum | Aggregate::Count | Aggregate::Dcount | Aggregate::Increase)
    };
    if aggregates.iter().all(grows) && low >= 0.0 {
        (low, f64::INFINITY)
    } else if aggregates.iter().all(|one| *one == Aggregate::Min) {
        (f64::NEG_INFINITY, high)
    } else {
        (f64::NEG_INFINITY, f64::INFINITY)
    }
}

fn folded(aggregate: Aggregate, values: &[Interval]) -> Interval {
    let of = |pick: fn(&Interval) -> f64| {
        let all = values.iter().map(pick);
        match aggregate {
            Aggregate::Max => all.fold(f64::NEG_INFINITY, f64::max),
            Aggregate::Min => all.fold(f64::INFINITY, f64::min),
            Aggregate::Sum => all.sum(),
            Aggregate::Avg => all.sum::<f64>() / values.len() as f64,
            _ => values.last().map(pick).unwrap(),
        }
    };
    (of(|value| value.0), of(|value| value.1))
}

impl<'a> Reference<'a> {
    pub(crate) fn new(rules: &'a RuleSet, seen: &'a Observations) -> Self {
        let window = seen.plan.scope().window;
        let mut instants: BTreeSet<Time> = BTreeSet::new();
        let mut at = window.from;
        while at < window.to {
            instants.insert(at);
            at = at.plus(Duration::from_secs(60));
        }
        let mut pods = BTreeSet::new();
        let mut complete = true;
        for (need, place) in seen.plan.needs() {
            if let Ok(Answer { completeness: Completeness::Partial(gaps), .. }) = &seen.answers[place] {
                instants.extend(gaps.iter().filter_map(|gap| gap.range).flat_map(|range| [range.from, range.to]));
            }
            match &seen.answers[place] {
                Ok(Answer { data: AnswerData::Counts(counts), .. }) => {
                    for cell in &counts.cells {
                        instants.extend([cell.first, cell.last, cell.last.shift(1)]);
                    }
                }
                Ok(Answer { data: AnswerData::Inventory(lives), completeness, .. }) => {
                    complete &= *completeness == Completeness::Complete;
                    pods.extend(lives.iter().map(|life| life.entity.clone()));
                }
                Ok(_) => {}
                Err(_) => complete &= !matches!(need, Need::Heartbeat(..)),
            }
        }
        instants.retain(|at| window.contains(*at));
        instants.insert(window.to);
        let grid = Grid(instants.into_iter().collect());
        Self { rules, seen, grid, watermark: seen.plan.watermark(), complete, pods }
    }

    pub(crate) fn keys(&self, kind: &str) -> Vec<String> {
        let subject = &self.seen.plan.scope().subject;
        self.rules.schema.entity(kind).unwrap().keys.iter().filter(|key| !subject.contains_key(*key)).cloned().collect()
    }

    /// Everything of a kind.
    pub(crate) fn universe(&self, kind: &str) -> BTreeSet<Entity> {
        let keys = self.keys(kind);
        if keys.is_empty() {
            BTreeSet::from([Entity::default()])
        } else {
            self.pods.iter().map(|pod| pod.project(&keys)).collect()
        }
    }

    fn request(&self, need: &Need) -> &Request {
        &self.seen.plan.requests()[self.seen.plan.request_for(need).unwrap()]
    }

    fn answer(&self, need: &Need) -> Result<&Answer, UnknownReason> {
        let table = self.request(need).reading().table.name.clone();
        self.seen.answers[self.seen.plan.request_for(need).unwrap()].as_ref().map_err(|error| match error.kind {
            SourceErrorKind::Denied => UnknownReason::Denied(table),
            SourceErrorKind::Timeout => UnknownReason::Timeout(table),
            SourceErrorKind::TableMissing => UnknownReason::MissingTable(table),
            other => UnknownReason::SourceError(table, other.word()),
        })
    }

    /// True where everything of an entity could be seen.
    fn mask(&self, need: &Need, entity: &Entity) -> Track {
        let table = &self.request(need).reading().table;
        let mut mask = self.grid.whole(Truth::True);
        let Ok(answer) = self.answer(need) else { return self.grid.whole(Truth::open(self.answer(need).unwrap_err())) };
        if let Completeness::Partial(gaps) = &answer.completeness {
            for gap in gaps.iter().filter(|gap| gap.reason != GapReason::Inventory) {
                if gap.entities.as_ref().is_none_or(|some| some.iter().any(|other| other.is_compatible(entity))) {
                    let (from, to) =
                        gap.range.map_or((self.grid.start(), self.grid.end()), |range| (range.from, range.to));
                    let lost = Truth::open(UnknownReason::Truncated(table.name.clone(), gap.reason.word()));
                    let blind = self.grid.stretch(from, to, &lost.not(), from, to);
                    mask = self.grid.and(
                        &mask,
                        &self
                            .grid
                            .mapped(&blind, |truth| if *truth == Truth::False { Truth::True } else { truth.clone() }),
                    );
                }
            }
        }
        let is_leaf = self.keys("pod").iter().all(|key| entity.value(key).is_some());
        if !table.heartbeats.is_empty() && !is_leaf && !self.complete {
            return self.grid.and(&mask, &self.grid.whole(Truth::open(UnknownReason::ChannelDead(table.name.clone()))));
        }
        mask
    }

    /// The doubts of a mask up to the watermark; false where there are none.
    fn unseen(&self, mask: &Track) -> Truth {
        let before = self.grid.between(self.grid.start(), self.watermark).end.max(1);
        mask[..before]
            .iter()
            .filter(|cell| cell.truth != Truth::True)
            .fold(Truth::False, |sum, cell| sum.or(&cell.truth))
    }

    /// Whether all between two instants could be seen. What is younger than the watermark is not missing yet, unless it is
    /// part of a blind stretch that began before.
    fn covers(&self, mask: &Track, from: Time, to: Time) -> bool {
        let blind = self.grid.runs(mask).into_iter().filter(|(cell, _, _)| cell.truth != Truth::True);
        blind.into_iter().all(|(_, start, end)| end <= from || start >= to)
    }

    /// A mask whose cells younger than the watermark are as the one before it.
    fn before_watermark(&self, mask: &Track) -> Track {
        let mut out = mask.clone();
        let young = self.grid.between(self.watermark, self.grid.end());
        if young.start > 0 {
            for at in young.clone() {
                out[at] = mask[young.start - 1].clone();
            }
        }
        out
    }

    pub(crate) fn number(&self, setting: &Setting) -> f64 {
        self.seen.plan.value(setting).unwrap().in_base()
    }

    fn duration(&self, setting: &Setting) -> Duration {
        self.seen.plan.value(setting).unwrap().duration().unwrap()
    }

    /// What a symptom says of every entity of its kind.
    fn tracks(&self, index: usize) -> BTreeMap<Entity, Track> {
        let symptom = &self.rules.symptoms[index];
        let mut entities = self.universe(&symptom.symptom.per);
        for part in [Part::Main, Part::Denominator] {
            let need = Need::Symptom(index, part);
            if self.seen.plan.request_for(&need).is_some()
                && let Ok(answer) = self.answer(&need)
                && let AnswerData::Counts(counts) = &answer.data
            {
                entities.extend(counts.cells.iter().map(|cell| cell.entity.clone()));
            }
        }
        entities
            .into_iter()
            .map(|entity| {
                let track = self.track(index, symptom, &entity);
                (entity, track)
            })
            .collect()
    }

    fn track(&self, index: usize, symptom: &RuleSymptom, entity: &Entity) -> Track {
        let need = Need::Symptom(index, Part::Main);
        let failed = |reason| self.grid.whole(Truth::open(reason));
        match &symptom.symptom.kind {
            SymptomKind::Log { at_least, within, .. } | SymptomKind::Event { at_least, within, .. } => {
                match self.cells(&need, entity) {
                    Ok(cells) => self.counted(
                        symptom,
                        &cells,
                        &self.mask(&need, entity),
                        self.bin(&need),
                        self.number(at_least),
                        within.as_ref(),
                    ),
                    Err(reason) => failed(reason),
                }
            }
            SymptomKind::Repeats { at_least, within, .. } => match self.cells(&need, entity) {
                Ok(cells) => self.counted(
                    symptom,
                    &cells,
                    &self.mask(&need, entity),
                    self.bin(&need),
                    self.number(at_least),
                    Some(within),
                ),
                Err(reason) => failed(reason),
            },
            SymptomKind::Metric { series, threshold, consecutive } => {
                let absent = symptom.symptom.absent_means;
                match self.numbers(&need, series, entity, absent) {
                    Ok(Ok(numbers)) => self.judged(&numbers, &need, entity, threshold, *consecutive, series, absent),
                    Ok(Err(truth)) => {
                        let sibling = Need::Symptom(index, Part::Sibling);
                        let not_sent = self.unseen(&self.mask(&need, entity)) == Truth::False && truth != Truth::False;
                        let sent = series.zero_if_present.is_some()
                            && self.points(&sibling, entity).is_ok_and(|points| !points.is_empty());
                        if not_sent && sent {
                            self.judged(&Numbers::Whole((0.0, 0.0)), &need, entity, threshold, 1, series, absent)
                        } else {
                            self.grid.whole(truth)
                        }
                    }
                    Err(reason) => failed(reason),
                }
            }
            SymptomKind::Ratio { of, to, min_to, threshold } => {
                let absent = symptom.symptom.absent_means;
                let divisor = Need::Symptom(index, Part::Denominator);
                match (self.numbers(&need, of, entity, absent), self.numbers(&divisor, to, entity, absent)) {
                    (Err(reason), _) | (_, Err(reason)) => failed(reason),
                    (Ok(Err(truth)), _) | (_, Ok(Err(truth))) => self.grid.whole(truth),
                    (Ok(Ok(of)), Ok(Ok(to))) => {
                        let least = min_to.as_ref().map(|setting| self.number(setting));
                        self.quotient(
                            &of,
                            &to,
                            least,
                            &need,
                            entity,
                            threshold,
                            &spec_gap(&symptom.symptom.kind, absent),
                        )
                    }
                }
            }
            SymptomKind::Absent { lasting, .. } => self.absent(&need, entity, self.duration(lasting)),
            SymptomKind::Persists { lasting, at_least, .. } => {
                self.persists(symptom, entity, self.duration(lasting), f64::from(*at_least))
            }
            SymptomKind::Property { .. } | SymptomKind::Drop { .. } | SymptomKind::Ceases { .. } => {
                unreachable!("such symptoms are not told here")
            }
        }
    }

    fn bin(&self, need: &Need) -> Duration {
        match self.request(need) {
            Request::Lines(request) => request.bin,
            Request::Rows(request) => request.bin,
            Request::Series(request) => {
                request.steps.last().and_then(|step| step.every).unwrap_or(Duration::from_secs(300))
            }
            Request::Properties(_) | Request::Inventory(_) => Duration::from_secs(300),
        }
    }

    fn cells(&self, need: &Need, entity: &Entity) -> Result<Vec<CountCell>, UnknownReason> {
        let AnswerData::Counts(counts) = &self.answer(need)?.data else { unreachable!("lines and rows are counted") };
        Ok(counts.cells.iter().filter(|cell| cell.entity == *entity).cloned().collect())
    }

    fn counted(
        &self,
        symptom: &RuleSymptom,
        cells: &[CountCell],
        mask: &Track,
        bin: Duration,
        at_least: f64,
        within: Option<&Setting>,
    ) -> Track {
        let grid = &self.grid;
        let seen = self.before_watermark(mask);
        let unseen = grid.mapped(&seen, |truth| if *truth == Truth::True { Truth::False } else { truth.clone() });
        let total: f64 = cells.iter().map(|cell| cell.count as f64).sum();
        let mut track = if at_least <= 1.0 || within.is_none() {
            if total < at_least {
                if at_least > 1.0 { grid.whole(grid.overall(&unseen)) } else { unseen }
            } else {
                let mut said = grid.whole(Truth::False);
                for cell in cells {
                    for at in grid.between(cell.bin, cell.bin.plus(bin)) {
                        said[at] = Cell { truth: Truth::True, first: cell.first, last: cell.last };
                    }
                }
                grid.or(&unseen, &grid.settled(said))
            }
        } else {
            self.runs_of_three(cells, &seen, bin, at_least)
        };
        if let Some(Lasts::For(setting)) = &symptom.symptom.lasts {
            let lasting = self.duration(setting);
            let mut out = grid.whole(Truth::False);
            for (cell, from, to) in grid.runs(&track).into_iter().filter(|(cell, _, _)| cell.truth != Truth::False) {
                let end = to.minus(bin).plus(lasting).max(to);
                out = grid
                    .or(&out, &grid.stretch(from, end, &cell.truth, cell.first, cell.last.max(end.min(grid.end()))));
            }
            track = out;
        }
        match symptom.symptom.absent_means {
            AbsentMeans::False => track,
            AbsentMeans::Silence => grid.mapped(&track, |truth| {
                if *truth == Truth::False { Truth::open(UnknownReason::Silent) } else { truth.clone() }
            }),
            AbsentMeans::Unknown => grid.mapped(&track, |truth| {
                if *truth == Truth::False {
                    Truth::open(UnknownReason::NotEmitted(symptom.symptom.name.clone()))
                } else {
                    truth.clone()
                }
            }),
        }
    }

    /// `at_least n within d`: bins of a third of d, every run of three.
    fn runs_of_three(&self, cells: &[CountCell], seen: &Track, bin: Duration, at_least: f64) -> Track {
        let grid = &self.grid;
        let mut bins: Vec<Time> = Vec::new();
        let mut at = grid.start().floor(bin);
        while at < grid.end() {
            bins.push(at);
            at = at.plus(bin);
        }
        let doubts: Vec<Truth> = bins
            .iter()
            .map(|start| {
                let inside = grid.between(*start, start.plus(bin)).map(|at| &seen[at].truth);
                inside.filter(|truth| **truth != Truth::True).fold(Truth::False, |sum, one| sum.or(one))
            })
            .collect();
        let mut judged: Vec<(Truth, Option<(Time, Time)>)> = vec![(Truth::False, None); bins.len()];
        for start in 0..bins.len() {
            let run = start..bins.len().min(start + 3);
            let inside: Vec<&CountCell> = cells.iter().filter(|cell| bins[run.clone()].contains(&cell.bin)).collect();
            let count: f64 = inside.iter().map(|cell| cell.count as f64).sum();
            let doubt = doubts[run.clone()].iter().fold(Truth::False, |sum, one| sum.or(one));
            if count >= at_least {
                let (first, last) = (inside[0], inside[inside.len() - 1]);
                for place in run.filter(|place| bins[*place] >= first.bin && bins[*place] <= last.bin) {
                    let known = judged[place].1.unwrap_or((first.first, last.last));
                    judged[place] = (Truth::True, Some((known.0.min(first.first), known.1.max(last.last))));
                }
            } else if doubt != Truth::False {
                for place in run.filter(|place| judged[*place].0 != Truth::True).collect::<Vec<_>>() {
                    judged[place].0 = judged[place].0.or(&doubt);
                }
            }
        }
        let mut track = grid.whole(Truth::False);
        for (start, (truth, evidence)) in bins.iter().zip(judged) {
            let (first, last) = evidence.unwrap_or((*start, *start));
            for at in grid.between(*start, start.plus(bin)) {
                track[at] = Cell { truth: truth.clone(), first, last };
            }
        }
        grid.settled(track)
    }

    fn points(&self, need: &Need, entity: &Entity) -> Result<Vec<Point>, UnknownReason> {
        let AnswerData::Series(points) = &self.answer(need)?.data else { unreachable!("a series was asked for") };
        Ok(points.iter().filter(|point| point.entity == *entity).cloned().collect())
    }

    /// The numbers of an entity, or what it means that there are none.
    fn numbers(
        &self,
        need: &Need,
        spec: &SeriesSpec,
        entity: &Entity,
        absent: AbsentMeans,
    ) -> Result<Result<Numbers, Truth>, UnknownReason> {
        let points = self.points(need, entity)?;
        let mask = self.mask(need, entity);
        if points.is_empty() {
            let unseen = self.unseen(&mask);
            return Ok(Err(if unseen == Truth::False { absent_truth(spec, absent) } else { unseen }));
        }
        let Request::Series(request) = self.request(need) else { unreachable!("a series was asked for") };
        let aggregates: Vec<Aggregate> = request.steps.iter().map(|step| step.aggregate).collect();
        let every = request.steps.last().unwrap().every.unwrap();
        let bins: BTreeMap<Time, Interval> = points
            .iter()
            .map(|point| {
                let exact = (point.value, point.value);
                let all = self.covers(&mask, point.bin, point.bin.plus(every).min(self.watermark));
                (point.bin, if all { exact } else { widened(exact, &aggregates) })
            })
            .collect();
        let later = &spec.steps[source_steps(&spec.steps)..];
        if later.is_empty() {
            return Ok(Ok(Numbers::Bins(every, bins)));
        }
        let blind = !self.covers(&mask, self.grid.start(), self.watermark);
        let mut values: Vec<Interval> = bins.into_values().collect();
        for step in later {
            let value = folded(step.aggregate, &values);
            values = vec![if blind { widened(value, &[step.aggregate]) } else { value }];
        }
        Ok(Ok(Numbers::Whole(values[0])))
    }

    fn limit(&self, threshold: &Threshold) -> f64 {
        self.seen.plan.value(&threshold.limit).unwrap().in_unit(&threshold.unit).unwrap()
    }

    fn decided(&self, value: Interval, threshold: &Threshold, mask: &Track, otherwise: UnknownReason) -> Truth {
        match compares(value, threshold.comparison, self.limit(threshold)) {
            Some(true) => Truth::True,
            Some(false) => Truth::False,
            None => {
                let unseen = self.unseen(mask);
                if unseen == Truth::False { Truth::open(otherwise) } else { unseen }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a symptom of numbers has this many parts")]
    fn judged(
        &self,
        numbers: &Numbers,
        need: &Need,
        entity: &Entity,
        threshold: &Threshold,
        consecutive: u32,
        spec: &SeriesSpec,
        absent: AbsentMeans,
    ) -> Track {
        let mask = self.mask(need, entity);
        let some = || UnknownReason::NotEmitted("some of the metrics".to_owned());
        match numbers {
            Numbers::Whole(value) => self.grid.whole(self.decided(*value, threshold, &mask, some())),
            Numbers::Bins(every, bins) => {
                let mut plain: Vec<(Time, Truth)> =
                    bins.iter().map(|(bin, value)| (*bin, self.decided(*value, threshold, &mask, some()))).collect();
                // A bin that could not be seen may have passed as well.
                let mut at = self.grid.start().floor(*every);
                while at < self.grid.end() {
                    let inside = self.grid.between(at, at.plus(*every)).map(|cell| &mask[cell].truth);
                    let lost = inside.filter(|truth| truth.is_open()).fold(Truth::False, |sum, one| sum.or(one));
                    if lost != Truth::False && !bins.contains_key(&at) {
                        plain.push((at, lost));
                    }
                    at = at.plus(*every);
                }
                plain.sort_by_key(|(bin, _)| *bin);
                let judged = (0..plain.len())
                    .filter(|at| bins.contains_key(&plain[*at].0))
                    .map(|at| (plain[at].0, in_a_row(&plain, at, *every, consecutive as usize)))
                    .collect();
                self.binned(&judged, *every, &mask, &absent_truth(spec, absent))
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a quotient has this many parts")]
    fn quotient(
        &self,
        of: &Numbers,
        to: &Numbers,
        least: Option<f64>,
        need: &Need,
        entity: &Entity,
        threshold: &Threshold,
        gap: &Truth,
    ) -> Track {
        let mask = self.mask(need, entity);
        let undefined = || Truth::open(UnknownReason::UndefinedRatio);
        let divided = |of: Interval, to: Interval| {
            if least.is_some_and(|least| to.1 < least) {
                return Truth::False;
            }
            if least.is_some_and(|least| to.0 < least) || (to.0 <= 0.0 && to.1 >= 0.0) {
                return undefined();
            }
            let corners = [of.0 / to.0, of.0 / to.1, of.1 / to.0, of.1 / to.1];
            let known = corners.iter().copied().filter(|x| !x.is_nan());
            self.decided(
                (known.clone().fold(f64::INFINITY, f64::min), known.fold(f64::NEG_INFINITY, f64::max)),
                threshold,
                &mask,
                UnknownReason::UndefinedRatio,
            )
        };
        match (of, to) {
            (Numbers::Bins(every, ofs), Numbers::Bins(_, tos)) => {
                let judged: BTreeMap<Time, Truth> =
                    ofs.iter().filter_map(|(bin, of)| Some((*bin, divided(*of, *tos.get(bin)?)))).collect();
                if judged.is_empty() { self.grid.whole(gap.clone()) } else { self.binned(&judged, *every, &mask, gap) }
            }
            (Numbers::Whole(of), Numbers::Whole(to)) => self.grid.whole(divided(*of, *to)),
            _ => unreachable!("both sides have bins, or neither"),
        }
    }

    /// Judged bins as truth over time. A gap of at most `blind_bins` carries on what was before it.
    fn binned(&self, judged: &BTreeMap<Time, Truth>, every: Duration, mask: &Track, absent: &Truth) -> Track {
        let grid = &self.grid;
        let short = ticks_of(every) * (i64::from(self.rules.schema.defaults.blind_bins) + 1);
        let mut track: Vec<Option<Cell>> = vec![None; grid.cells()];
        let gap = |track: &mut Vec<Option<Cell>>, from: Time, to: Time, carried: &Truth| {
            for at in grid.between(from, to) {
                let near = to.ticks_since(from) < short;
                let truth = match &mask[at].truth {
                    Truth::True if near => carried.clone(),
                    Truth::True => absent.clone(),
                    lost => lost.clone(),
                };
                track[at] = Some(Cell { truth, first: from, last: from });
            }
        };
        let mut before: Option<(Time, Truth)> = None;
        for (bin, truth) in judged {
            let (from, end) = ((*bin).max(grid.start()), bin.plus(every));
            let (gap_from, carried) = before.clone().unwrap_or((grid.start(), truth.clone()));
            gap(&mut track, gap_from, from, &carried);
            // A bin that is still filling may yet pass; it does not yet fail.
            let young = end > self.watermark && *truth != Truth::True;
            let truth = if young { before.clone().map_or(truth.clone(), |(_, truth)| truth) } else { truth.clone() };
            for at in grid.between(from, end) {
                track[at] = Some(Cell { truth: truth.clone(), first: from, last: end.min(grid.end()) });
            }
            before = Some((end, truth));
        }
        let (tail, carried) = before.unwrap_or((grid.start(), absent.clone()));
        if tail < self.watermark {
            gap(&mut track, tail, self.watermark, &carried);
        }
        // What is younger stays as it was.
        let mut out: Track = Vec::new();
        for cell in track {
            let cell = cell.or_else(|| out.last().cloned()).unwrap_or(Cell {
                truth: Truth::False,
                first: grid.start(),
                last: grid.start(),
            });
            out.push(cell);
        }
        grid.settled(out)
    }

    fn absent(&self, need: &Need, entity: &Entity, lasting: Duration) -> Track {
        let grid = &self.grid;
        let present: Vec<Time> = match self.answer(need) {
            Err(reason) => return grid.whole(Truth::open(reason)),
            Ok(Answer { data: AnswerData::Series(_), .. }) => {
                self.points(need, entity).unwrap().iter().map(|point| point.bin).collect()
            }
            Ok(_) => self.cells(need, entity).unwrap().iter().map(|cell| cell.bin).collect(),
        };
        let (bin, mask) = (self.bin(need), self.mask(need, entity));
        let long = |from: Time, to: Time| to.ticks_since(from) >= ticks_of(lasting);
        let mut track = grid.whole(Truth::False);
        let ends = present.iter().map(|at| (*at).min(self.watermark)).chain([self.watermark]);
        let starts = [grid.start()].into_iter().chain(present.iter().map(|at| at.plus(bin)));
        for (from, to) in starts.zip(ends).filter(|(from, to)| from < to && long(*from, *to)) {
            let seen: Vec<(Time, Time)> = grid
                .runs(&mask)
                .into_iter()
                .filter(|(cell, _, _)| cell.truth == Truth::True)
                .map(|(_, start, end)| (start.max(from), end.min(to)))
                .filter(|(start, end)| start < end && long(*start, *end))
                .collect();
            // Where part of the gap could not be seen, something may have been there.
            let blind = grid.runs(&mask).into_iter().filter(|(_, start, end)| *end > from && *start < to);
            let doubt = blind
                .filter(|(cell, _, _)| cell.truth != Truth::True)
                .fold(Truth::False, |sum, one| sum.or(&one.0.truth));
            let until = if to == self.watermark { grid.end() } else { to };
            track = grid.or(&track, &grid.stretch(from, until, &doubt, from, to));
            for (start, end) in seen {
                let until = if end == self.watermark { grid.end() } else { end };
                track = grid.or(&track, &grid.stretch(start, until, &Truth::True, start, end));
            }
        }
        track
    }

    /// Streaks between successes.
    fn persists(&self, symptom: &RuleSymptom, entity: &Entity, lasting: Duration, at_least: f64) -> Track {
        let grid = &self.grid;
        let need = Need::Symptom(symptom.watches.unwrap(), Part::Main);
        let failures = match self.cells(&need, entity) {
            Ok(cells) => cells,
            Err(reason) => return grid.whole(Truth::open(reason)),
        };
        let (bin, mask) = (self.bin(&need), self.before_watermark(&self.mask(&need, entity)));
        let success =
            symptom.without.map_or_else(|| grid.whole(Truth::False), |at| self.at(at, &symptom.symptom.per, entity));
        let width = symptom.without.map_or(bin, |at| {
            let need = Need::Symptom(at, Part::Main);
            if self.seen.plan.request_for(&need).is_some() { self.bin(&need) } else { Duration::from_secs(300) }
        });
        let sure: Vec<(Time, Time)> = grid
            .runs(&success)
            .into_iter()
            .filter(|(cell, _, _)| cell.truth == Truth::True)
            .map(|(_, from, to)| (from, to))
            .collect();
        let mut bounds = vec![(None, grid.start())];
        bounds.extend(sure.iter().map(|(from, to)| (Some(*from), *to)));
        let mut track = grid.whole(Truth::False);
        for (at, (before, from)) in bounds.iter().enumerate() {
            let (before, from) = (*before, *from);
            let to = sure.get(at).map_or(grid.end(), |next| next.0);
            if from >= to {
                continue;
            }
            let mixed =
                |cell: &CountCell| sure.iter().any(|(start, end)| *start < cell.bin.plus(bin) && *end > cell.bin);
            let inside: Vec<&CountCell> =
                failures.iter().filter(|cell| cell.bin.plus(bin) > from && cell.bin < to && !mixed(cell)).collect();
            let longest = grid
                .runs(&success)
                .into_iter()
                .filter(|(cell, start, end)| cell.truth == Truth::False && *start < to && *end > from)
                .filter_map(|(_, start, end)| {
                    let some: Vec<&&CountCell> =
                        inside.iter().filter(|cell| cell.first >= start && cell.last < end).collect();
                    let count: f64 = some.iter().map(|cell| cell.count as f64).sum();
                    let (first, last) = (some.first()?.first, some.last()?.last);
                    (count >= at_least && last.ticks_since(first) >= ticks_of(lasting)).then_some((first, last))
                })
                .reduce(|best, one| if one.1.ticks_since(one.0) > best.1.ticks_since(best.0) { one } else { best });
            let bound = before.map(|_| to.plus(width).min(grid.end()).ticks_since(from.minus(width)));
            let enough = inside.iter().map(|cell| cell.count as f64).sum::<f64>() >= at_least;
            let all_seen = self.covers(&mask, from, to.min(self.watermark));
            let is_short = self.seen.plan.scope().window.ticks() < ticks_of(lasting);
            let truth = if longest.is_some() {
                Truth::True
            } else if bound.is_some_and(|bound| bound < ticks_of(lasting)) || (!enough && all_seen) {
                Truth::False
            } else {
                let open = |track: &Track| {
                    grid.between(from, to)
                        .map(|at| &track[at].truth)
                        .filter(|truth| truth.is_open())
                        .fold(Truth::False, |sum, one| sum.or(one))
                };
                let doubt = open(&mask).or(&open(&success));
                let plain = if is_short || from <= grid.start() {
                    UnknownReason::WindowTooShort
                } else {
                    UnknownReason::NotIngestedYet
                };
                if doubt == Truth::False { Truth::open(plain) } else { doubt }
            };
            if truth == Truth::False {
                continue;
            }
            let extent = longest.or_else(|| Some((inside.first()?.first, inside.last()?.last)));
            let one = match extent {
                Some((first, last)) => grid.stretch(first.max(from), last.shift(1), &truth, first, last),
                None => grid.stretch(from, to, &truth, from, from),
            };
            track = grid.or(&track, &one);
        }
        track
    }

    /// What a symptom says of an entity of any kind.
    pub(crate) fn at(&self, index: usize, kind: &str, entity: &Entity) -> Track {
        let symptom = &self.rules.symptoms[index].symptom;
        let tracks = self.tracks(index);
        if symptom.per == kind || !self.rules.schema.contains(kind, &symptom.per) {
            let own = entity.project(&self.keys(&symptom.per));
            // Of what nobody knows the symptom says what it says of the subject.
            return tracks
                .get(&own)
                .cloned()
                .unwrap_or_else(|| self.track(index, &self.rules.symptoms[index], &Entity::default()));
        }
        let finer: Vec<Track> =
            tracks.into_iter().filter(|(finer, _)| finer.is_within(entity)).map(|(_, track)| track).collect();
        self.lifted(symptom.lift, &finer)
    }

    /// What holds of a coarser thing, from what holds of the finer ones.
    pub(crate) fn lifted(&self, how: Lift, finer: &[Track]) -> Track {
        let grid = &self.grid;
        let unknown = grid.whole(Truth::open(UnknownReason::ChannelDead("inventory".to_owned())));
        match how {
            Lift::Any | Lift::AtLeast(_) => {
                let some = match how {
                    Lift::AtLeast(count) => grid.at_least(finer, f64::from(count)),
                    _ => finer.iter().fold(grid.whole(Truth::False), |sum, one| grid.or(&sum, one)),
                };
                if self.complete { some } else { grid.or(&some, &unknown) }
            }
            Lift::Every => {
                let every = finer.iter().fold(grid.whole(Truth::True), |sum, one| grid.and(&sum, one));
                if self.complete { every } else { grid.and(&every, &unknown) }
            }
            Lift::Share(share) if self.complete => grid.at_least(finer, share * finer.len() as f64),
            Lift::Share(_) => unknown,
        }
    }
}

fn absent_truth(spec: &SeriesSpec, absent: AbsentMeans) -> Truth {
    match absent {
        AbsentMeans::False => Truth::False,
        AbsentMeans::Silence => Truth::open(UnknownReason::Silent),
        AbsentMeans::Unknown => Truth::open(UnknownReason::NotEmitted(spec.metrics.join(", "))),
    }
}

fn spec_gap(kind: &SymptomKind, absent: AbsentMeans) -> Truth {
    match kind {
        SymptomKind::Ratio { of, .. } => absent_truth(of, absent),
        _ => Truth::False,
    }
}

/// A bin passes only with so many in a row.
fn in_a_row(judged: &[(Time, Truth)], at: usize, every: Duration, wanted: usize) -> Truth {
    let run = |holds: fn(&Truth) -> bool| {
        let next_to = |one: usize, other: usize| judged[other].0.ticks_since(judged[one].0) <= ticks_of(every);
        let mut many = 1;
        let mut from = at;
        while from > 0 && next_to(from - 1, from) && holds(&judged[from - 1].1) {
            from -= 1;
            many += 1;
        }
        let mut to = at;
        while to + 1 < judged.len() && next_to(to, to + 1) && holds(&judged[to + 1].1) {
            to += 1;
            many += 1;
        }
        many
    };
    let truth = &judged[at].1;
    if wanted <= 1 || *truth == Truth::False {
        return truth.clone();
    }
    if *truth == Truth::True && run(|truth| *truth == Truth::True) >= wanted {
        return Truth::True;
    }
    if run(|truth| *truth != Truth::False) < wanted {
        return Truth::False;
    }
    if truth.is_open() {
        return truth.clone();
    }
    judged.iter().map(|(_, truth)| truth).filter(|truth| truth.is_open()).fold(Truth::False, |sum, one| sum.or(one))
}
