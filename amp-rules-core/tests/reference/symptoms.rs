//! What symptoms say, from the definitions; each kind of them is told in a file of its own.
//!
//! Input: rules and observations of things that live throughout the window. Output: a [`Track`] per symptom and entity, and
//! what a finer one says of something coarser. Written as plainly as the definitions read.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use amp_rules_core::diagnosis::UnknownReason;
use amp_rules_core::plan::{Need, Part};
use amp_rules_core::rules::model::{Rollup, Setting, SymptomKind};
use amp_rules_core::rules::rule_set::RuleSymptom;
use amp_rules_core::telemetry::source::{Answer, AnswerData, Completeness, GapReason, SourceErrorKind};
use amp_rules_core::time::Time;
use amp_rules_core::{Entity, Observations, Request, RuleSet};

use crate::numbers::{Numbers, spec_gap};
use crate::track::{Grid, Track, Truth};

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

impl<'a> Reference<'a> {
    pub(crate) fn new(rules: &'a RuleSet, seen: &'a Observations) -> Self {
        let window = seen.plan().scope().window;
        let mut instants: BTreeSet<Time> = BTreeSet::new();
        let mut at = window.from;
        while at < window.to {
            instants.insert(at);
            at = at.saturating_add(Duration::from_secs(60));
        }
        let mut pods = BTreeSet::new();
        let mut complete = true;
        for (need, place) in seen.plan().needs() {
            if let Ok(Answer { completeness: Completeness::Partial(gaps), .. }) = &seen.answers()[place] {
                instants.extend(gaps.iter().filter_map(|gap| gap.range).flat_map(|range| [range.from, range.to]));
            }
            match &seen.answers()[place] {
                Ok(Answer { data: AnswerData::Counts(counts), .. }) => {
                    for cell in &counts.cells {
                        instants.extend([cell.first, cell.last, cell.last.saturating_add_ticks(1)]);
                    }
                }
                Ok(Answer { data: AnswerData::Properties(all), .. }) => {
                    instants.extend(all.iter().flat_map(|one| &one.states).filter_map(|state| state.since));
                }
                Ok(Answer { data: AnswerData::Inventory(lives), completeness, .. }) => {
                    instants.extend(lives.iter().flat_map(|life| &life.starts));
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
        Self { rules, seen, grid, watermark: seen.plan().watermark(), complete, pods }
    }

    pub(crate) fn keys(&self, kind: &str) -> Vec<String> {
        let subject = &self.seen.plan().scope().subject;
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

    pub(crate) fn request(&self, need: &Need) -> &Request {
        &self.seen.plan().requests()[self.seen.plan().request_for(need).unwrap()]
    }

    pub(crate) fn answer(&self, need: &Need) -> Result<&Answer, UnknownReason> {
        let table = self.request(need).reading().table.name.clone();
        self.seen.answers()[self.seen.plan().request_for(need).unwrap()].as_ref().map_err(|error| match error.kind {
            SourceErrorKind::Denied => UnknownReason::Denied(table),
            SourceErrorKind::Timeout => UnknownReason::Timeout(table),
            SourceErrorKind::TableMissing => UnknownReason::MissingTable(table),
            other => UnknownReason::SourceError(table, other.as_str()),
        })
    }

    /// True where everything of an entity could be seen.
    pub(crate) fn mask(&self, need: &Need, entity: &Entity) -> Track {
        let table = &self.request(need).reading().table;
        let mut mask = self.grid.whole(Truth::True);
        let Ok(answer) = self.answer(need) else { return self.grid.whole(Truth::open(self.answer(need).unwrap_err())) };
        if let Completeness::Partial(gaps) = &answer.completeness {
            for gap in gaps.iter().filter(|gap| gap.reason != GapReason::Inventory) {
                if gap.entities.as_ref().is_none_or(|some| some.iter().any(|other| other.is_compatible(entity))) {
                    let (from, to) =
                        gap.range.map_or((self.grid.start(), self.grid.end()), |range| (range.from, range.to));
                    let lost = Truth::open(UnknownReason::Truncated(table.name.clone(), gap.reason.as_str()));
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
    pub(crate) fn unseen(&self, mask: &Track) -> Truth {
        let before = self.grid.between(self.grid.start(), self.watermark).end.max(1);
        mask[..before]
            .iter()
            .filter(|cell| cell.truth != Truth::True)
            .fold(Truth::False, |sum, cell| sum.or(&cell.truth))
    }

    /// Whether all between two instants could be seen. What is younger than the watermark is not missing yet, unless it is
    /// part of a blind stretch that began before.
    pub(crate) fn covers(&self, mask: &Track, from: Time, to: Time) -> bool {
        let blind = self.grid.runs(mask).into_iter().filter(|(cell, _, _)| cell.truth != Truth::True);
        blind.into_iter().all(|(_, start, end)| end <= from || start >= to)
    }

    /// A mask whose cells younger than the watermark are as the one before it.
    pub(crate) fn before_watermark(&self, mask: &Track) -> Track {
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
        self.seen.plan().value(setting).unwrap().in_base()
    }

    pub(crate) fn duration(&self, setting: &Setting) -> Duration {
        self.seen.plan().value(setting).unwrap().duration().unwrap()
    }

    /// What a symptom says of every entity of its kind.
    pub(crate) fn tracks(&self, index: usize) -> BTreeMap<Entity, Track> {
        let symptom = &self.rules.symptoms[index];
        let mut entities = self.universe(&symptom.symptom.per);
        for part in [Part::Main, Part::Denominator] {
            let need = Need::Symptom(index, part);
            if self.seen.plan().request_for(&need).is_some()
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

    pub(crate) fn track(&self, index: usize, symptom: &RuleSymptom, entity: &Entity) -> Track {
        let need = Need::Symptom(index, Part::Main);
        let failed = |reason| self.grid.whole(Truth::open(reason));
        match &symptom.symptom.kind {
            SymptomKind::Log { at_least, within, .. } | SymptomKind::Event { at_least, within, .. } => {
                match self.counting(symptom, &need, entity) {
                    Ok(cells) => self.counted(
                        symptom,
                        entity,
                        &cells,
                        &self.mask(&need, entity),
                        self.bin(&need),
                        self.number(at_least),
                        within.as_ref(),
                    ),
                    Err(reason) => failed(reason),
                }
            }
            SymptomKind::Repeats { at_least, within, .. } => match self.counting(symptom, &need, entity) {
                Ok(cells) => self.counted(
                    symptom,
                    entity,
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
            SymptomKind::Property { .. } => self.property(index, symptom, entity),
            SymptomKind::Drop { .. } | SymptomKind::Ceases { .. } => self.flow(index, entity),
            SymptomKind::Query { .. } => unreachable!("generated packs ask no queries"),
        }
    }

    pub(crate) fn bin(&self, need: &Need) -> Duration {
        match self.request(need) {
            Request::Lines(request) => request.bin,
            Request::Rows(request) => request.bin,
            Request::Series(request) => {
                request.steps.last().and_then(|step| step.every).unwrap_or(Duration::from_secs(300))
            }
            Request::Properties(_) | Request::Inventory(_) | Request::Unmatched(_) | Request::Query(_) => {
                Duration::from_secs(300)
            }
        }
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
        self.lifted(symptom.rollup, &finer)
    }

    /// What holds of a coarser thing, from what holds of the finer ones.
    pub(crate) fn lifted(&self, how: Rollup, finer: &[Track]) -> Track {
        let grid = &self.grid;
        let unknown = grid.whole(Truth::open(UnknownReason::ChannelDead("inventory".to_owned())));
        match how {
            Rollup::Any | Rollup::AtLeast(_) => {
                let some = match how {
                    Rollup::AtLeast(count) => grid.at_least(finer, f64::from(count)),
                    _ => finer.iter().fold(grid.whole(Truth::False), |sum, one| grid.or(&sum, one)),
                };
                if self.complete { some } else { grid.or(&some, &unknown) }
            }
            Rollup::Every => {
                let every = finer.iter().fold(grid.whole(Truth::True), |sum, one| grid.and(&sum, one));
                if self.complete { every } else { grid.and(&every, &unknown) }
            }
            Rollup::Share(share) if self.complete => grid.at_least(finer, share * finer.len() as f64),
            Rollup::Share(_) => unknown,
        }
    }
}
