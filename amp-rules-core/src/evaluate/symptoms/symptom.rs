//! What each symptom says of each entity, as truth over time.
//!
//! Input: the observations through a [`Visibility`]. Output: [`Tracks`], one per symptom, computed once. Every kind of symptom
//! of the rule format has its arm here; none of them knows a pattern.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use super::counts::{Counting, Tally, excuse, may_be_excused};
use super::numbers::Limit;
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::entity_set::{EntityMap, EntitySet};
use crate::evaluate::entities::visibility::Visibility;
use crate::evaluate::timeline::truth::{Segment, Timeline, Truth};
use crate::plan::{DEFAULT_BIN, Need, Part};
use crate::rules::model::{AbsentMeans, Lasts, Setting, SymptomKind, Threshold};
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::{Condition, Test};
use crate::telemetry::request::Request;
use crate::telemetry::source::AnswerData;
use crate::telemetry::source::data::CountCell;
use crate::time::Time;

/// What a symptom says of one entity.
#[derive(Clone, Debug)]
pub(crate) struct SymptomTimeline {
    pub(crate) steps: Timeline,
    /// The number that speaks most for it.
    pub(crate) value: Option<f64>,
}

/// What a symptom says of all entities of its kind.
#[derive(Debug)]
pub(crate) struct Tracks {
    /// By entity of the symptom's kind.
    pub(crate) entities: EntityMap<SymptomTimeline>,
    /// What it says where there is no such entity.
    pub(crate) rest: Timeline,
}

/// The numbers of a threshold in this run, for evidence.
pub(crate) fn limit_of(visibility: &Visibility<'_>, threshold: &Threshold) -> Option<Limit> {
    let limit = visibility.plan.value(&threshold.limit)?.in_unit(&threshold.unit)?;
    Some(Limit { comparison: threshold.comparison, limit })
}

/// Computes tracks on demand, each once.
#[derive(Debug)]
pub(crate) struct Symptoms<'w> {
    pub(crate) visibility: Rc<Visibility<'w>>,
    known: std::cell::RefCell<BTreeMap<usize, Rc<Tracks>>>,
    /// A symptom that is assumed to hold, or not to hold, at every entity: the assumption of a counterfactual.
    assumed: Option<(usize, bool)>,
}

impl<'w> Symptoms<'w> {
    pub(crate) fn new(visibility: Rc<Visibility<'w>>) -> Self {
        Self { visibility, known: std::cell::RefCell::default(), assumed: None }
    }

    /// The same, assuming that one symptom holds, or does not hold, at every entity.
    pub(crate) fn assuming(&self, index: usize, so: bool) -> Self {
        let rules = self.visibility.rules;
        let depends = |at: usize| {
            rules
                .symptoms
                .get(at)
                .is_some_and(|symptom| symptom.watches == Some(index) || symptom.without == Some(index))
        };
        let mut known = self.known.borrow().clone();
        known.retain(|at, _| *at != index && !depends(*at));
        Self {
            visibility: Rc::clone(&self.visibility),
            known: std::cell::RefCell::new(known),
            assumed: Some((index, so)),
        }
    }

    pub(crate) fn tracks(&self, index: usize) -> Rc<Tracks> {
        if let Some(known) = self.known.borrow().get(&index) {
            return Rc::clone(known);
        }
        let tracks = Rc::new(match self.visibility.rules.symptoms.get(index) {
            Some(symptom) => match self.assumed {
                Some((assumed, so)) if assumed == index => self.all_alike(symptom, so),
                _ => self.compute(index, symptom),
            },
            None => Tracks { entities: EntityMap::default(), rest: self.visibility.constant(Truth::False) },
        });
        self.known.borrow_mut().insert(index, Rc::clone(&tracks));
        tracks
    }

    fn all_alike(&self, symptom: &RuleSymptom, so: bool) -> Tracks {
        let steps = self.visibility.constant(if so { Truth::True } else { Truth::False });
        self.all(symptom, BTreeSet::new(), &[], steps.clone(), |_| SymptomTimeline {
            steps: steps.clone(),
            value: None,
        })
    }

    pub(crate) fn number(&self, setting: &Setting) -> f64 {
        self.visibility.plan.value(setting).map_or(f64::INFINITY, |quantity| quantity.in_base())
    }

    pub(crate) fn duration(&self, setting: &Setting) -> Duration {
        self.visibility.plan.value(setting).and_then(|quantity| quantity.duration()).unwrap_or(Duration::MAX)
    }

    /// The tracks of all that a symptom speaks of: the living ones of its kind, and those of whom an answer told something.
    /// Of the others one stands for all that are alike.
    pub(crate) fn all(
        &self,
        symptom: &RuleSymptom,
        mut told: BTreeSet<Entity>,
        filter: &[Condition],
        rest: Timeline,
        track: impl Fn(&Entity) -> SymptomTimeline,
    ) -> Tracks {
        let roster = self.visibility.roster(&symptom.symptom.per).unwrap_or_default();
        if self.tells_apart(symptom, filter) {
            told.extend(roster.entities().iter().cloned());
        }
        let speaks_of = |entity: &Entity| !contradicts(entity, filter);
        let entities = EntityMap::new(roster, &told, |entity| speaks_of(entity).then(|| track(entity)));
        Tracks { entities, rest }
    }

    /// Whether a symptom may say different things of entities that are alike, although no answer tells of them.
    pub(crate) fn tells_apart(&self, symptom: &RuleSymptom, filter: &[Condition]) -> bool {
        let watched = symptom.watches.and_then(|at| self.visibility.rules.symptoms.get(at));
        let of_another_kind = watched.is_some_and(|watched| watched.symptom.per != symptom.symptom.per);
        let of_its_name = || {
            let own = self.visibility.own_keys(&symptom.symptom.per);
            filter.iter().any(|condition| own.contains(&condition.name))
        };
        symptom.symptom.lasts == Some(Lasts::UntilRestart) || of_another_kind || (!filter.is_empty() && of_its_name())
    }

    /// Who of a symptom's kind was told to lack a column.
    pub(crate) fn lacking(&self, symptom: &RuleSymptom, missing_columns: &[(Entity, String)]) -> BTreeSet<Entity> {
        let lacking: Vec<Entity> = missing_columns.iter().map(|(entity, _)| entity.clone()).collect();
        let lacking = EntitySet::unparted(&lacking);
        let living = self.visibility.roster(&symptom.symptom.per).filter(|_| !missing_columns.is_empty());
        let living = living.iter().flat_map(|roster| roster.entities().iter().cloned());
        living.filter(|entity| lacking.touches(entity)).collect()
    }

    pub(crate) fn failed(&self, symptom: &RuleSymptom, reason: UnknownReason, filter: &[Condition]) -> Tracks {
        let steps = self.visibility.constant(Truth::Unknown(self.visibility.reasons.one(reason)));
        self.all(symptom, BTreeSet::new(), filter, steps.clone(), |_| SymptomTimeline {
            steps: steps.clone(),
            value: None,
        })
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
            SymptomKind::Query { query, threshold } => self.query(symptom, &main, query, threshold),
            SymptomKind::Absent { of, lasting } => self.absence(symptom, &main, of, self.duration(lasting)),
            SymptomKind::Drop { .. } | SymptomKind::Ceases { .. } => self.flow(symptom, &main),
            SymptomKind::Repeats { at_least, within, .. } => self.repeats(index, symptom, at_least, within),
            SymptomKind::Persists { .. } => self.persists(symptom),
        }
    }

    /// The cells of a counting need by entity.
    pub(crate) fn cells(&self, need: &Need) -> Result<BTreeMap<&'w Entity, Vec<&'w CountCell>>, UnknownReason> {
        let answer = self.visibility.answer(need)?;
        let AnswerData::Counts(counts) = &answer.data else { return Err(UnknownReason::Unobservable) };
        let mut cells: BTreeMap<&Entity, Vec<&CountCell>> = BTreeMap::new();
        for cell in &counts.cells {
            cells.entry(&cell.entity).or_default().push(cell);
        }
        Ok(cells)
    }

    pub(crate) fn bin_of(&self, need: &Need) -> Duration {
        match self.visibility.plan.request_for(need).and_then(|at| self.visibility.plan.requests().get(at)) {
            Some(Request::Lines(request)) => request.bin,
            Some(Request::Rows(request)) => request.bin,
            Some(Request::Series(request)) => request.steps.last().and_then(|step| step.every).unwrap_or(DEFAULT_BIN),
            _ => DEFAULT_BIN,
        }
    }

    /// What was counted of an entity, less what its starts excuse.
    pub(crate) fn tallies(
        &self,
        symptom: &RuleSymptom,
        entity: &Entity,
        cells: Option<&Vec<&CountCell>>,
    ) -> Vec<Tally> {
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
            let (_, death) = self.visibility.life(entity);
            let death = if death >= self.visibility.watermark { Time::MAX } else { death };
            let (known, grace) = (self.visibility.starts_known(entity), self.duration(grace));
            let starts = self.visibility.starts(entity, &known);
            if known.only() == Some(Truth::True) {
                excuse(&mut tallies, &starts, grace, self.visibility.window.to, death);
            } else {
                // A start that was not seen may excuse a failure, or end an excuse.
                let lost = |from: Time, to: Time| !self.visibility.blindness(&known, from, to).is_false();
                may_be_excused(&mut tallies, &starts, grace, lost);
            }
        }
        tallies
    }

    /// Why a failure may or may not count: starts that were lost, or one that is too young to have succeeded.
    fn doubt_of_starts(&self, symptom: &RuleSymptom, entity: &Entity) -> Truth {
        let book = &self.visibility.reasons;
        let young = Truth::Unknown(book.one(UnknownReason::NotIngestedYet));
        if symptom.symptom.startup_grace.is_none() {
            return young;
        }
        let known = self.visibility.starts_known(entity);
        let lost = known.segments().iter().map(|part| part.truth).filter(|truth| !truth.is_true());
        lost.reduce(|sum, one| sum.or(one, book)).unwrap_or(young)
    }

    /// One occurrence stands until the next start; a start that was not seen may have ended it.
    fn until_restart(&self, entity: &Entity, steps: &Timeline) -> Timeline {
        let visibility = &self.visibility;
        let known = visibility.starts_known(entity);
        let starts = visibility.starts(entity, &known);
        let next = |end: Time| starts.iter().copied().find(|start| *start >= end).unwrap_or(Time::MAX);
        let possible = visibility.lasting(steps, next);
        if known.only() == Some(Truth::True) {
            return possible;
        }
        let blind: Vec<(Segment, Time)> = known.spans().filter(|(part, _)| !part.truth.is_true()).collect();
        let lost = |end: Time| blind.iter().find(|(_, to)| *to > end).map_or(Time::MAX, |(part, _)| part.from.max(end));
        let doubt = blind.iter().fold(Truth::False, |sum, (part, _)| sum.or(part.truth, &visibility.reasons));
        let certain = visibility.lasting(steps, |end| next(end).min(lost(end)));
        certain.or(&possible.map(|truth| if truth.is_true() { doubt } else { truth }), &visibility.reasons)
    }

    pub(crate) fn counted(
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
        let missing_columns =
            self.visibility.answer(need).map(|answer| answer.missing_columns.as_slice()).unwrap_or_default();
        let one = |entity: &Entity| {
            let own = cells.get(entity);
            let lacking = missing_columns.iter().find(|(other, _)| other == entity).filter(|_| own.is_none());
            if let Some((_, column)) = lacking {
                return SymptomTimeline {
                    steps: self.visibility.constant(Truth::Unknown(
                        self.visibility.reasons.one(UnknownReason::NotCarried(column.clone())),
                    )),
                    value: None,
                };
            }
            let tallies = self.tallies(symptom, entity, own);
            self.count_track(symptom, entity, &tallies, &self.visibility.mask(need, entity), counting)
        };
        let rest = one(&Entity::default()).steps;
        let mut told = self.lacking(symptom, missing_columns);
        told.extend(cells.keys().map(|entity| (*entity).clone()));
        self.all(symptom, told, filter, rest, one)
    }

    pub(crate) fn count_track(
        &self,
        symptom: &RuleSymptom,
        entity: &Entity,
        tallies: &[Tally],
        mask: &Timeline,
        counting: Counting,
    ) -> SymptomTimeline {
        let visibility = &self.visibility;
        let mut steps = visibility.count_steps(tallies, mask, counting, self.doubt_of_starts(symptom, entity));
        match &symptom.symptom.lasts {
            Some(Lasts::For(setting)) => {
                let lasting = self.duration(setting);
                steps = visibility.lasting(&steps, |end| end.saturating_sub(counting.width()).saturating_add(lasting));
            }
            Some(Lasts::UntilRestart) => steps = self.until_restart(entity, &steps),
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
        SymptomTimeline { steps, value: (count > 0.0).then_some(count) }
    }

    fn instead_of_false(&self, steps: &Timeline, reason: UnknownReason) -> Timeline {
        let unknown = Truth::Unknown(self.visibility.reasons.one(reason));
        steps.map(|truth| if truth.is_false() { unknown } else { truth })
    }

    /// What a symptom says of an entity of any kind: its own, a finer one's lifted, or a coarser one's inherited.
    pub(crate) fn at(&self, index: usize, kind: &str, entity: &Entity) -> Timeline {
        let Some(symptom) = self.visibility.rules.symptoms.get(index) else {
            return self.visibility.constant(Truth::False);
        };
        let tracks = self.tracks(index);
        let own = |entity: &Entity| {
            tracks
                .entities
                .get(entity)
                .map_or_else(|| self.unspoken(symptom, &tracks, entity), |track| track.steps.clone())
        };
        let per = &symptom.symptom.per;
        if per == kind || !self.visibility.rules.schema.contains(kind, per) {
            return own(&entity.project(self.visibility.keys_of(per)));
        }
        let mut finer: Vec<(&Entity, &Timeline)> = tracks
            .entities
            .iter()
            .filter(|(finer, _)| finer.is_within(entity))
            .map(|(finer, track)| (finer, &track.steps))
            .collect();
        if finer.is_empty() {
            return tracks.rest.clone();
        }
        // A kind that no inventory tells of: the rest stands for those of which nothing was seen.
        let told = self.visibility.roster(per).is_some();
        if !told {
            finer.push((entity, &tracks.rest));
        }
        super::rollup::rollup(
            &self.visibility,
            symptom.symptom.rollup,
            &finer,
            !told || self.visibility.inventory_complete,
        )
    }

    /// An entity that the symptom does not speak of: not so, unless nothing could be read.
    fn unspoken(&self, symptom: &RuleSymptom, tracks: &Tracks, entity: &Entity) -> Timeline {
        let living = self.visibility.roster(&symptom.symptom.per).is_some_and(|living| living.contains(entity));
        if living { self.visibility.constant(Truth::False) } else { tracks.rest.clone() }
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
