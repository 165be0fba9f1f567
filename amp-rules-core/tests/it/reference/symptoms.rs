//! Symptoms, from the definitions, with their kinds in files of their own.
//!
//! Input: rules, and observations of entities that exist throughout the window. Output: a [`Course`] per symptom and
//! entity, and rollups to coarser entities. Written as plainly as the definitions.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use amp_rules_core::diagnosis::UnknownReason;
use amp_rules_core::plan::{Need, Part};
use amp_rules_core::rules::model::{Flow, Rollup, Setting, SymptomKind};
use amp_rules_core::rules::rule_set::RuleSymptom;
use amp_rules_core::telemetry::source::{Answer, AnswerData, Completeness, GapReason, SourceErrorKind};
use amp_rules_core::time::{Time, ticks_of};
use amp_rules_core::{Entity, Observations, Request, RuleSet};

use super::course::Course;
use super::numbers::{Numbers, spec_gap};
use super::timeline::{Grid, Timeline, Truth};

/// Rules, observations, and the instants at which something can change.
#[derive(Debug)]
pub(crate) struct Reference<'a> {
    pub(crate) rules: &'a RuleSet,
    pub(crate) observations: &'a Observations,
    pub(crate) grid: Grid,
    pub(crate) watermark: Time,
    /// Whether the inventory is complete outside of its gaps.
    pub(crate) complete: bool,
    /// The periods without heartbeats, in which there may have been other entities.
    gaps: Vec<(Time, Time)>,
    pods: BTreeSet<Entity>,
    /// Courses that are already known, by symptom.
    courses: RefCell<BTreeMap<usize, Rc<BTreeMap<Entity, Course>>>>,
}

impl<'a> Reference<'a> {
    pub(crate) fn new(rules: &'a RuleSet, observations: &'a Observations) -> Self {
        let window = observations.plan().scope().window;
        let mut instants: BTreeSet<Time> = BTreeSet::new();
        let mut at = window.from;
        while at < window.to {
            instants.insert(at);
            at = at.saturating_add(Duration::from_secs(60));
        }
        let mut pods = BTreeSet::new();
        let mut complete = true;
        let mut gaps = Vec::new();
        for (need, place) in observations.plan().needs() {
            if let Ok(Answer { completeness: Completeness::Partial(gaps), .. }) = &observations.answers()[place] {
                instants.extend(gaps.iter().filter_map(|gap| gap.range).flat_map(|range| [range.from, range.to]));
            }
            match &observations.answers()[place] {
                Ok(Answer { data: AnswerData::Counts(counts), .. }) => {
                    for cell in &counts.cells {
                        let listed = cell.instants.iter().map(|one| one.at);
                        for at in listed.chain([cell.first, cell.last]) {
                            instants.extend([at, at.saturating_add_ticks(1)]);
                        }
                    }
                }
                Ok(Answer { data: AnswerData::Properties(all), .. }) => {
                    instants.extend(all.iter().flat_map(|one| &one.rows));
                    for state in all.iter().flat_map(|one| &one.states) {
                        instants.extend(state.earlier.iter().map(|(at, _)| *at).chain(state.since));
                    }
                }
                Ok(Answer { data: AnswerData::Inventory(inventory), completeness, .. }) => {
                    instants.extend(inventory.iter().flat_map(|one| &one.starts));
                    if let Completeness::Partial(missing) = completeness {
                        complete &= missing.iter().all(|gap| gap.range.is_some());
                        gaps.extend(missing.iter().filter_map(|gap| gap.range).map(|range| (range.from, range.to)));
                    }
                    pods.extend(inventory.iter().map(|one| one.entity.clone()));
                }
                Ok(_) => {}
                Err(_) => complete &= !matches!(need, Need::Heartbeat(..)),
            }
        }
        // What was not visible may complete a sequence that begins or ends as far from it as a sequence may be long.
        let longest: BTreeSet<Duration> = rules
            .symptoms
            .iter()
            .filter_map(|one| match &one.symptom.kind {
                SymptomKind::Sequence { within, .. } => observations.plan().value(within).unwrap().duration(),
                _ => None,
            })
            .collect();
        for range in observations.answers().iter().flatten().flat_map(|answer| answer.completeness.gaps()) {
            let (from, to) = range.range.map_or((window.from, window.to), |range| (range.from, range.to));
            for within in &longest {
                instants.extend([from.saturating_sub(*within), to.saturating_add(*within)]);
            }
        }
        // A fact may be older than its first row by a delay.
        let delays: BTreeSet<Duration> =
            rules.symptoms.iter().map(|one| onset_delay(rules, observations, one)).collect();
        let before: Vec<Time> =
            instants.iter().flat_map(|at| delays.iter().map(|delay| at.saturating_sub(*delay))).collect();
        instants.extend(before);
        instants.retain(|at| window.contains(*at));
        instants.insert(window.to);
        Self {
            rules,
            observations,
            grid: Grid(instants.into_iter().collect()),
            watermark: observations.plan().watermark(),
            complete,
            gaps,
            pods,
            courses: RefCell::default(),
        }
    }

    pub(crate) fn keys(&self, kind: &str) -> Vec<String> {
        let subject = &self.observations.plan().scope().subject;
        self.rules.schema.entity(kind).unwrap().keys.iter().filter(|key| !subject.contains_key(*key)).cloned().collect()
    }

    /// All entities of a kind.
    pub(crate) fn all_entities(&self, kind: &str) -> BTreeSet<Entity> {
        let keys = self.keys(kind);
        if keys.is_empty() {
            BTreeSet::from([Entity::default()])
        } else {
            self.pods.iter().map(|pod| pod.project(&keys)).collect()
        }
    }

    pub(crate) fn request(&self, need: &Need) -> &Request {
        &self.observations.plan().requests()[self.observations.plan().request_for(need).unwrap()]
    }

    pub(crate) fn answer(&self, need: &Need) -> Result<&Answer, UnknownReason> {
        let table = self.request(need).reading().table.name.clone();
        self.observations.answers()[self.observations.plan().request_for(need).unwrap()].as_ref().map_err(|error| {
            match error.kind {
                SourceErrorKind::Denied => UnknownReason::Denied(table),
                SourceErrorKind::Timeout => UnknownReason::Timeout(table),
                SourceErrorKind::TableMissing => UnknownReason::MissingTable(table),
                other => UnknownReason::SourceError(table, other.as_str()),
            }
        })
    }

    /// True where every entity is known.
    pub(crate) fn all_known(&self, channel: &str) -> Timeline {
        let unknown = Truth::unknown(UnknownReason::ChannelDead(channel.to_owned()));
        if !self.complete {
            return self.grid.constant(unknown);
        }
        let mut known = self.grid.constant(Truth::True);
        for (from, to) in &self.gaps {
            for at in self.grid.between(*from, *to) {
                known[at].truth = unknown.clone();
            }
        }
        known
    }

    /// True where all data of an entity was visible.
    pub(crate) fn mask(&self, need: &Need, entity: &Entity) -> Timeline {
        let table = &self.request(need).reading().table;
        let mut mask = self.grid.constant(Truth::True);
        let Ok(answer) = self.answer(need) else {
            return self.grid.constant(Truth::unknown(self.answer(need).unwrap_err()));
        };
        if let Completeness::Partial(gaps) = &answer.completeness {
            for gap in gaps.iter().filter(|gap| gap.reason != GapReason::Inventory) {
                if gap.entities.as_ref().is_none_or(|some| some.iter().any(|other| other.is_compatible(entity))) {
                    let (from, to) =
                        gap.range.map_or((self.grid.start(), self.grid.end()), |range| (range.from, range.to));
                    let lost = Truth::unknown(UnknownReason::Truncated(table.name.clone(), gap.reason.as_str()));
                    let gap = self.grid.span(from, to, &lost.not(), from, to);
                    mask = self.grid.and(
                        &mask,
                        &self
                            .grid
                            .mapped(&gap, |truth| if *truth == Truth::False { Truth::True } else { truth.clone() }),
                    );
                }
            }
        }
        let is_leaf = self.keys("pod").iter().all(|key| entity.value(key).is_some());
        if !table.heartbeats.is_empty() && !is_leaf {
            return self.grid.and(&mask, &self.all_known(&table.name));
        }
        mask
    }

    /// Why a mask is not true until the watermark; false if it is.
    pub(crate) fn hidden_before_watermark(&self, mask: &Timeline) -> Truth {
        let before = self.grid.between(self.grid.start(), self.watermark).end.max(1);
        Truth::any(mask[..before].iter().map(|cell| &cell.truth).filter(|truth| **truth != Truth::True))
    }

    /// Whether all data between two instants was visible. Data after the watermark is not missing yet, unless it is in a gap
    /// that started before.
    pub(crate) fn is_visible(&self, mask: &Timeline, from: Time, to: Time) -> bool {
        let hidden = self.grid.runs(mask).into_iter().filter(|(cell, _, _)| cell.truth != Truth::True);
        hidden.into_iter().all(|(_, start, end)| end <= from || start >= to)
    }

    /// A mask whose cells after the watermark are like the one before it.
    pub(crate) fn before_watermark(&self, mask: &Timeline) -> Timeline {
        let mut out = mask.clone();
        let after = self.grid.between(self.watermark, self.grid.end());
        if after.start > 0 {
            for at in after.clone() {
                out[at] = mask[after.start - 1].clone();
            }
        }
        out
    }

    pub(crate) fn number(&self, setting: &Setting) -> f64 {
        self.observations.plan().value(setting).unwrap().in_base()
    }

    pub(crate) fn duration(&self, setting: &Setting) -> Duration {
        self.observations.plan().value(setting).unwrap().duration().unwrap()
    }

    /// A symptom at every entity of its kind.
    pub(crate) fn courses(&self, index: usize) -> Rc<BTreeMap<Entity, Course>> {
        if let Some(known) = self.courses.borrow().get(&index) {
            return Rc::clone(known);
        }
        let courses = Rc::new(self.new_courses(index));
        self.courses.borrow_mut().insert(index, Rc::clone(&courses));
        courses
    }

    fn new_courses(&self, index: usize) -> BTreeMap<Entity, Course> {
        let symptom = &self.rules.symptoms[index];
        let mut entities = self.all_entities(&symptom.symptom.per);
        let steps = (0..).zip(&symptom.steps).map(|(number, _)| Part::Step(number));
        for part in [Part::Main, Part::Denominator].into_iter().chain(steps) {
            let need = Need::Symptom(index, part);
            if self.observations.plan().request_for(&need).is_some()
                && let Ok(answer) = self.answer(&need)
                && let AnswerData::Counts(counts) = &answer.data
            {
                entities.extend(counts.cells.iter().map(|cell| cell.entity.clone()));
            }
        }
        entities
            .into_iter()
            .map(|entity| {
                let course = self.course(index, &entity);
                (entity, course)
            })
            .collect()
    }

    /// A symptom at an entity of its kind.
    fn course(&self, index: usize, entity: &Entity) -> Course {
        self.bounded(index, entity, self.timeline(index, &self.rules.symptoms[index], entity))
    }

    /// A symptom with what bounds its onsets. What was not visible excludes nothing, and neither does the time before the
    /// first row in which the row could still have been on its way.
    pub(crate) fn bounded(&self, index: usize, entity: &Entity, truth: Timeline) -> Course {
        let symptom = &self.rules.symptoms[index];
        let own = Need::Symptom(index, Part::Main);
        let need = match symptom.watches {
            Some(watched) if self.observations.plan().request_for(&own).is_none() => Need::Symptom(watched, Part::Main),
            _ => own,
        };
        let mask = match &symptom.symptom.kind {
            SymptomKind::Sequence { .. } => self.visible_steps(index, entity),
            _ => self.before_watermark(&self.mask(&need, entity)),
        };
        let delay = onset_delay(self.rules, self.observations, symptom);
        let is_before_a_fact = |at: usize| {
            let until = self.grid.0[at].saturating_add(delay);
            (at..self.grid.cells())
                .take_while(|later| self.grid.0[*later] <= until)
                .any(|later| truth[later].truth == Truth::True && (later == 0 || truth[later - 1].truth != Truth::True))
        };
        let exclusion = (0..self.grid.cells()).map(|at| match (&truth[at].truth, &mask[at].truth) {
            (Truth::False, hidden) if *hidden != Truth::True => hidden.clone(),
            (Truth::False, _) if is_before_a_fact(at) => Truth::unknown(UnknownReason::NotIngestedYet),
            (known, _) => known.clone(),
        });
        let exclusion = exclusion.collect();
        let course = Course { exclusion, ..Course::plain(truth) };
        if self.is_timeless(index) { course.without_time() } else { course }
    }

    /// Whether a symptom is judged once for the whole window, or in bins wider than half of it.
    fn is_timeless(&self, index: usize) -> bool {
        match &self.rules.symptoms[index].symptom.kind {
            SymptomKind::Log { at_least, within, .. } | SymptomKind::Event { at_least, within, .. } => {
                within.is_none() && self.number(at_least) > 1.0
            }
            SymptomKind::Metric { series, .. } | SymptomKind::Ratio { of: series, .. } => {
                let half = self.observations.plan().scope().window.ticks() / 2;
                series.steps.last().unwrap().every.is_none_or(|every| ticks_of(every) > half)
            }
            SymptomKind::Query { .. } => true,
            SymptomKind::Repeats { .. }
            | SymptomKind::Sequence { .. }
            | SymptomKind::Persists { .. }
            | SymptomKind::Absent { .. }
            | SymptomKind::Drop { .. }
            | SymptomKind::Ceases { .. }
            | SymptomKind::Property { .. } => false,
        }
    }

    pub(crate) fn timeline(&self, index: usize, symptom: &RuleSymptom, entity: &Entity) -> Timeline {
        let need = Need::Symptom(index, Part::Main);
        let unknown = |reason| self.grid.constant(Truth::unknown(reason));
        match &symptom.symptom.kind {
            SymptomKind::Log { at_least, within, .. } | SymptomKind::Event { at_least, within, .. } => {
                self.counted(index, entity, within.as_ref(), self.number(at_least))
            }
            SymptomKind::Repeats { at_least, within, .. } => {
                self.counted(index, entity, Some(within), self.number(at_least))
            }
            SymptomKind::Sequence { steps, within } => self.sequence(index, steps, self.duration(within), entity),
            SymptomKind::Metric { series, threshold, consecutive } => {
                let absent = symptom.symptom.absent_means;
                match self.numbers(&need, series, entity, absent) {
                    Ok(Ok(numbers)) => self.judged(&numbers, &need, entity, threshold, *consecutive, series, absent),
                    Ok(Err(truth)) => {
                        let sibling = Need::Symptom(index, Part::Sibling);
                        let not_sent = self.hidden_before_watermark(&self.mask(&need, entity)) == Truth::False
                            && truth != Truth::False;
                        let sent = series.zero_if_present.is_some()
                            && self.points(&sibling, entity).is_ok_and(|points| !points.is_empty());
                        if not_sent && sent {
                            self.judged(&Numbers::Whole((0.0, 0.0)), &need, entity, threshold, 1, series, absent)
                        } else {
                            self.grid.constant(truth)
                        }
                    }
                    Err(reason) => unknown(reason),
                }
            }
            SymptomKind::Ratio { of, to, min_to, threshold } => {
                let absent = symptom.symptom.absent_means;
                let divisor = Need::Symptom(index, Part::Denominator);
                match (self.numbers(&need, of, entity, absent), self.numbers(&divisor, to, entity, absent)) {
                    (Err(reason), _) | (_, Err(reason)) => unknown(reason),
                    (Ok(Err(truth)), _) | (_, Ok(Err(truth))) => self.grid.constant(truth),
                    (Ok(Ok(of)), Ok(Ok(to))) => {
                        let min_to = min_to.as_ref().map(|setting| self.number(setting));
                        self.quotient(
                            &of,
                            &to,
                            min_to,
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
            SymptomKind::Query { .. } => unreachable!("generated packs have no queries"),
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

    /// A symptom at an entity of any kind, without the time after counter-evidence ended it.
    pub(crate) fn at(&self, index: usize, kind: &str, entity: &Entity) -> Course {
        let of_kind = self.courses(index);
        if self.rules.symptoms[index].ends_when.is_none() {
            return self.at_of(index, &of_kind, kind, entity);
        }
        let ended = |(entity, course): (&Entity, &Course)| (entity.clone(), self.ended(index, entity, course));
        self.at_of(index, &of_kind.iter().map(ended).collect(), kind, entity)
    }

    /// The same with the time after it ended.
    pub(crate) fn at_whole(&self, index: usize, kind: &str, entity: &Entity) -> Course {
        self.at_of(index, &self.courses(index), kind, entity)
    }

    fn at_of(&self, index: usize, courses: &BTreeMap<Entity, Course>, kind: &str, entity: &Entity) -> Course {
        let symptom = &self.rules.symptoms[index].symptom;
        if symptom.per == kind || !self.rules.schema.contains(kind, &symptom.per) {
            let own = entity.project(&self.keys(&symptom.per));
            // An entity that is not known gets the course of the subject.
            return courses.get(&own).cloned().unwrap_or_else(|| self.course(index, &Entity::default()));
        }
        let finer: Vec<Course> =
            courses.iter().filter(|(finer, _)| finer.is_within(entity)).map(|(_, course)| course.clone()).collect();
        self.rolled_up(symptom.rollup, &finer)
    }

    /// The rollup of finer entities to a coarser one.
    pub(crate) fn rolled_up(&self, rollup: Rollup, finer: &[Course]) -> Course {
        let grid = &self.grid;
        let known = self.all_known("inventory");
        let unlisted = Course::plain(grid.mapped(&known, |truth| match truth {
            Truth::True => Truth::False,
            unknown => unknown.clone(),
        }));
        let is_known = known.iter().all(|cell| cell.truth == Truth::True);
        let or_unlisted = |some: Course| if is_known { some } else { grid.any(&[some, unlisted.clone()]) };
        match rollup {
            Rollup::Any => or_unlisted(grid.any(finer)),
            Rollup::AtLeast(count) => or_unlisted(grid.some_of(finer, f64::from(count))),
            Rollup::Every => grid.where_known(&grid.all(finer), &known),
            Rollup::Share(share) => {
                grid.where_known(&or_unlisted(grid.some_of(finer, share * finer.len() as f64)), &known)
            }
        }
    }
}

/// How much older than its first row the fact behind a symptom can be: its `detection_delay`, and the time for which its
/// table batches rows.
fn onset_delay(rules: &RuleSet, observations: &Observations, symptom: &RuleSymptom) -> Duration {
    let setting = symptom.symptom.detection_delay.as_ref();
    let own = setting.map_or(Duration::ZERO, |setting| observations.plan().value(setting).unwrap().duration().unwrap());
    own + match (symptom.watches, table_of(&symptom.symptom.kind)) {
        (Some(watched), _) => onset_delay(rules, observations, &rules.symptoms[watched]),
        (None, Some(table)) => rules.schema.tables[table].flush,
        (None, None) => rules.schema.defaults.flush,
    }
}

fn table_of(kind: &SymptomKind) -> Option<&str> {
    match kind {
        SymptomKind::Log { lines, .. } => Some(&lines.table),
        SymptomKind::Metric { series, .. } | SymptomKind::Ratio { of: series, .. } => Some(&series.table),
        SymptomKind::Property { table, .. } | SymptomKind::Event { table, .. } => Some(table),
        SymptomKind::Absent { of, .. } => table_of(of),
        SymptomKind::Drop { flow: Flow::Rows { table, .. }, .. }
        | SymptomKind::Ceases { flow: Flow::Rows { table, .. }, .. } => Some(table),
        SymptomKind::Drop { flow: Flow::Series(series), .. }
        | SymptomKind::Ceases { flow: Flow::Series(series), .. } => Some(&series.table),
        SymptomKind::Repeats { .. }
        | SymptomKind::Sequence { .. }
        | SymptomKind::Persists { .. }
        | SymptomKind::Query { .. } => None,
    }
}
