//! Who is alive, and what could be seen of whom and when.
//!
//! Input: the heartbeats among the observations. Output: living entities per kind, and per table and entity a mask over
//! the window: visible, or unknown for a reason. Missing data never reads as health because every "no" starts here.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::time::Duration;

use super::entity_set::EntitySet;
use super::equivalence::{LiveEntities, gaps_of};
use crate::diagnosis::UnknownReason;
use crate::evaluate::timeline::truth::{ReasonInterner, Segment, Timeline, Truth};
use crate::observation::Observations;
use crate::plan::{DEFAULT_BIN, Need, Plan, leaf_kind};
use crate::rules::rule_set::RuleSet;
use crate::telemetry::entity::Entity;
use crate::telemetry::request::Request;
use crate::telemetry::schema::{Heartbeat, Table};
use crate::telemetry::source::{Answer, AnswerData, Completeness, GapReason, SourceError, SourceErrorKind};
use crate::time::{Time, Window, duration_of, ticks_of};

/// Stretches in which a channel of one entity showed signs of life, sorted, apart from each other.
type Spans = Vec<(Time, Time)>;

/// One entity of the finest kind that heartbeats tell of.
#[derive(Debug)]
pub(crate) struct EntityLifetime {
    pub(crate) entity: Entity,
    pub(crate) attributes: BTreeMap<String, String>,
    /// When a line told that it started anew.
    starts: Vec<Time>,
    /// Born within the window: that is a start, whether or not a line says so.
    born: Option<Time>,
    /// Its life; the whole window where the inventory is not complete.
    pub(crate) birth: Time,
    pub(crate) death: Time,
    /// Its life as far as its heartbeats tell.
    pub(crate) shown: (Time, Time),
    /// The first and the last heartbeat of any channel.
    first: Time,
    last: Time,
    /// Stretches in which some channel of it was alive, no longer than its fastest channel shows.
    pub(crate) lives: Spans,
    /// Per channel its cadence and the stretches without a missed beat; empty once lives are known.
    sure: Vec<(i64, Spans)>,
    pub(crate) channels: BTreeMap<Need, Spans>,
    /// Leaves of one number showed life at the same times by the same channels.
    pub(crate) alike: usize,
}

/// The observations with what they say of life and visibility.
#[derive(Debug)]
pub(crate) struct Visibility<'a> {
    pub(crate) rules: &'a RuleSet,
    pub(crate) plan: &'a Plan,
    answers: &'a [Result<Answer, SourceError>],
    pub(crate) reasons: ReasonInterner,
    pub(crate) window: Window,
    /// Nothing younger counts as missing.
    pub(crate) watermark: Time,
    pub(crate) leaves: Vec<EntityLifetime>,
    pub(crate) inventory_complete: bool,
    /// Whether any heartbeat was asked for.
    pub(crate) has_inventory: bool,
    masks: RefCell<HashMap<(String, Entity), Timeline>>,
    spans_of_life: RefCell<HashMap<Entity, (Time, Time)>>,
    starts_known: RefCell<HashMap<Entity, Timeline>>,
    pub(crate) rosters: RefCell<BTreeMap<String, Option<Rc<EntitySet>>>>,
    /// Whose data some answer lacks.
    pub(crate) gaps: BTreeSet<&'a [Entity]>,
    /// Per kind its keys without those of the subject.
    keys: BTreeMap<&'a str, Vec<String>>,
    pub(crate) living: RefCell<BTreeMap<String, Rc<LiveEntities>>>,
    /// Whether all leaves have the same keys, so that one of them is found by them.
    pub(crate) uniform: bool,
}

impl<'a> Visibility<'a> {
    pub(crate) fn new(rules: &'a RuleSet, seen: &'a Observations) -> Self {
        let plan = seen.plan();
        let mut visibility = Self {
            rules,
            plan,
            answers: seen.answers(),
            reasons: ReasonInterner::default(),
            window: plan.scope().window,
            watermark: plan.watermark(),
            leaves: Vec::new(),
            inventory_complete: true,
            has_inventory: false,
            masks: RefCell::default(),
            spans_of_life: RefCell::default(),
            starts_known: RefCell::default(),
            rosters: RefCell::default(),
            gaps: gaps_of(seen.answers()),
            keys: keys_of_kinds(rules, plan),
            living: RefCell::default(),
            uniform: true,
        };
        visibility.read_inventory();
        visibility.part_leaves();
        visibility
    }

    /// The answers to the plan's requests, in the plan's order.
    pub(crate) fn answers(&self) -> &'a [Result<Answer, SourceError>] {
        self.answers
    }

    fn read_inventory(&mut self) {
        let mut leaves: BTreeMap<Entity, EntityLifetime> = BTreeMap::new();
        for (need, at) in self.plan.needs() {
            let Need::Heartbeat(_, _, cadence) = need else { continue };
            self.has_inventory = true;
            let Some(Ok(answer)) = self.answers.get(at) else {
                self.inventory_complete = false;
                continue;
            };
            if answer.completeness != Completeness::Complete {
                self.inventory_complete = false;
            }
            let AnswerData::Inventory(lives) = &answer.data else { continue };
            for life in lives {
                let leaf = leaves.entry(life.entity.clone()).or_insert_with(|| EntityLifetime {
                    entity: life.entity.clone(),
                    attributes: BTreeMap::new(),
                    starts: Vec::new(),
                    born: None,
                    birth: Time::MAX,
                    death: Time::MIN,
                    shown: (Time::MAX, Time::MIN),
                    first: Time::MAX,
                    last: Time::MIN,
                    lives: Vec::new(),
                    sure: Vec::new(),
                    channels: BTreeMap::new(),
                    alike: 0,
                });
                let spans = self.spans(&life.beats, *cadence);
                let sure = joined(&life.beats, *cadence, ticks_of(self.rules.schema.defaults.tolerance));
                leaf.sure.push((*cadence, sure));
                leaf.first = leaf.first.min(life.first);
                leaf.last = leaf.last.max(life.last);
                leaf.channels.insert(need.clone(), spans);
                leaf.starts.extend(&life.starts);
                for (name, value) in &life.attributes {
                    leaf.attributes.entry(name.clone()).or_insert_with(|| value.clone());
                }
            }
        }
        for leaf in leaves.values_mut() {
            leaf.lives = self.lives(leaf);
            leaf.sure.clear();
            leaf.birth = leaf.lives.first().map_or(Time::MAX, |life| life.0);
            leaf.death = leaf.lives.last().map_or(Time::MIN, |life| life.1);
            leaf.shown = (leaf.birth, leaf.death);
            leaf.born = (leaf.birth > self.window.from).then_some(leaf.first);
            if !self.inventory_complete {
                (leaf.birth, leaf.death) = (self.window.from, self.window.to);
            }
        }
        self.leaves = leaves.into_values().collect();
    }

    /// Heartbeats as stretches of life: at most `blind_bins` bins without one are bridged, also at the two ends.
    fn spans(&self, beats: &[Time], cadence: i64) -> Spans {
        let slack = cadence.saturating_mul(i64::from(self.rules.schema.defaults.blind_bins));
        let mut spans = joined(beats, cadence, slack);
        if let Some(first) = spans.first_mut()
            && first.0.ticks_since(self.window.from) <= slack
        {
            first.0 = self.window.from;
        }
        if let Some(last) = spans.last_mut()
            && self.watermark.ticks_since(last.1) <= slack
        {
            last.1 = self.window.to;
        }
        spans
    }

    /// The stretches in which a thing lived. A slow channel says of a beat only that the thing lived then, so the fastest
    /// channel decides how long a beat lasts, and a beat that a slow channel missed bridges nothing: a pod that is taken
    /// away, or away for a while, must not leave its faster channels blind.
    fn lives(&self, leaf: &EntityLifetime) -> Spans {
        let fastest = leaf.sure.iter().map(|(cadence, _)| *cadence).min().unwrap_or(0);
        let mut all: Spans = Vec::new();
        for (need, spans) in &leaf.channels {
            if matches!(need, Need::Heartbeat(_, _, cadence) if *cadence == fastest) {
                all.extend(spans);
            }
        }
        for (cadence, spans) in leaf.sure.iter().filter(|(cadence, _)| *cadence != fastest) {
            all.extend(spans.iter().map(|&(from, to)| (from, to.saturating_add_ticks(fastest - cadence))));
        }
        all.sort();
        let mut lives: Spans = Vec::new();
        for (from, to) in all {
            match lives.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => lives.push((from, to)),
            }
        }
        // Whatever beats are cut to, a thing lived when it gave its last sign.
        if let Some(end) = lives.last_mut() {
            end.1 = end.1.max(leaf.last.floor(duration_of(fastest)).saturating_add_ticks(fastest));
        }
        lives
    }

    /// Whether some entity showed a sign of life shortly before the watermark. True where nothing could tell.
    pub(crate) fn anyone_alive(&self) -> bool {
        if !self.has_inventory {
            return true;
        }
        let since = self.watermark.saturating_sub(self.freshness());
        self.leaves.iter().any(|leaf| leaf.last >= since)
    }

    /// How recent a sign of life, or an episode, must be to count as now.
    pub(crate) fn freshness(&self) -> Duration {
        let cadence =
            self.rules.schema.tables.values().flat_map(|table| table.heartbeats.iter().map(|beat| beat.every)).max();
        let cadence = cadence.unwrap_or(DEFAULT_BIN);
        (DEFAULT_BIN * 2).max(cadence * 2).max(self.rules.schema.defaults.merge_gap)
    }

    /// The keys of a kind without those of the subject.
    pub(crate) fn keys_of(&self, kind: &str) -> &[String] {
        self.keys.get(kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// The keys of the coarsest kind, where they are not the subject's: things that differ in them say nothing of each other.
    pub(crate) fn apart(&self) -> Vec<String> {
        self.rules.schema.entities.first().map(|kind| self.keys_of(&kind.name).to_vec()).unwrap_or_default()
    }

    /// The living things below an entity, itself included: those whose keys do not speak against it.
    pub(crate) fn leaves_of<'w>(&'w self, entity: &'w Entity) -> impl Iterator<Item = &'w EntityLifetime> + 'w {
        let same_keys =
            |leaf: &EntityLifetime| leaf.entity.keys().map(|(key, _)| key).eq(entity.keys().map(|(key, _)| key));
        let found = if self.uniform && self.leaves.first().is_some_and(same_keys) {
            let place = self.leaves.binary_search_by(|leaf| leaf.entity.cmp(entity));
            place.ok().and_then(|place| self.leaves.get(place..=place)).unwrap_or_default()
        } else {
            &self.leaves
        };
        found
            .iter()
            .filter(move |leaf| entity.keys().all(|(key, value)| leaf.entity.value(key).is_none_or(|own| own == value)))
    }

    /// The life of an entity: that of all below it.
    pub(crate) fn life(&self, entity: &Entity) -> (Time, Time) {
        if let Some(known) = self.spans_of_life.borrow().get(entity) {
            return *known;
        }
        let life = self.find_life(entity);
        self.spans_of_life.borrow_mut().insert(entity.clone(), life);
        life
    }

    fn find_life(&self, entity: &Entity) -> (Time, Time) {
        if !self.has_inventory || entity.is_subject() {
            return (self.window.from, self.window.to);
        }
        let hull = self
            .leaves_of(entity)
            .fold((Time::MAX, Time::MIN), |(birth, death), leaf| (birth.min(leaf.birth), death.max(leaf.death)));
        if hull.0 >= hull.1 { (self.window.from, self.window.to) } else { hull }
    }

    /// When something below an entity started anew, sorted. What comes first after a blind stretch may have been born
    /// before.
    pub(crate) fn starts(&self, entity: &Entity, known: &Timeline) -> Vec<Time> {
        let born = |at: &Time| self.blindness(known, self.window.from, *at).is_false();
        let mut starts: Vec<Time> =
            self.leaves_of(entity).flat_map(|leaf| leaf.starts.iter().copied().chain(leaf.born.filter(born))).collect();
        starts.sort();
        starts
    }

    /// Where every start of an entity would have been seen.
    pub(crate) fn starts_known(&self, entity: &Entity) -> Timeline {
        if let Some(known) = self.starts_known.borrow().get(entity) {
            return known.clone();
        }
        let mut known = self.constant(Truth::True);
        for (need, _) in self.plan.needs().filter(|(need, _)| matches!(need, Need::Heartbeat(..))) {
            let seen = match self.answer(need) {
                Ok(answer) => self.read(answer, need_table(need), entity, |_| true),
                Err(reason) => self.constant(Truth::Unknown(self.reasons.one(reason))),
            };
            known = known.and(&seen, &self.reasons);
        }
        self.starts_known.borrow_mut().insert(entity.clone(), known.clone());
        known
    }

    /// What is said of an entity, as far as it lives: before its first heartbeat it does not exist. After its last it is
    /// gone, where the inventory is complete; where it is partial nobody knows.
    pub(crate) fn alive(&self, entity: &Entity, steps: &Timeline) -> Timeline {
        let (birth, death) = self.life(entity);
        let lived = steps.within(birth, death, Truth::False);
        if self.inventory_complete { lived } else { lived.and(&self.shown(entity), &self.reasons) }
    }

    /// What is said of an entity, or that it does not live.
    pub(crate) fn alive_or_gone(&self, entity: &Entity, steps: &Timeline) -> Timeline {
        let (birth, death) = self.life(entity);
        let lived = steps.within(birth, death, Truth::True);
        if self.inventory_complete { lived } else { lived.or(&self.shown(entity).negated(), &self.reasons) }
    }

    /// Where heartbeats show that an entity lives; unknown elsewhere.
    fn shown(&self, entity: &Entity) -> Timeline {
        if !self.has_inventory || entity.is_subject() {
            return self.constant(Truth::True);
        }
        let unknown = Truth::Unknown(self.reasons.one(UnknownReason::ChannelDead("inventory".to_owned())));
        let (from, to) = self
            .leaves_of(entity)
            .fold((Time::MAX, Time::MIN), |(from, to), leaf| (from.min(leaf.shown.0), to.max(leaf.shown.1)));
        if from >= to { self.constant(unknown) } else { self.constant(Truth::True).within(from, to, unknown) }
    }

    /// The answer to a need, or why there is none.
    pub(crate) fn answer(&self, need: &Need) -> Result<&'a Answer, UnknownReason> {
        let Some(at) = self.plan.request_for(need) else { return Err(UnknownReason::Unobservable) };
        let table =
            self.plan.requests().get(at).map_or_else(String::new, |request| request.reading().table.name.clone());
        match self.answers.get(at) {
            Some(Ok(answer)) => Ok(answer),
            // Of a query not the table but a construct of its text is what the source cannot serve.
            Some(Err(error))
                if error.kind == SourceErrorKind::Unsupported
                    && matches!(self.plan.requests().get(at), Some(Request::Query(_))) =>
            {
                Err(UnknownReason::Unsupported(error.context.clone()))
            }
            Some(Err(error)) => Err(reason_of(error, table)),
            None => Err(UnknownReason::SourceError(table, SourceErrorKind::Malformed.as_str())),
        }
    }

    /// Where and when a need's answer shows all there was of an entity: its channel alive, its answer without gap.
    pub(crate) fn mask(&self, need: &Need, entity: &Entity) -> Timeline {
        let request = self.plan.request_for(need).and_then(|at| self.plan.requests().get(at));
        let (Some(request), Ok(answer)) = (request, self.answer(need)) else {
            let reason = self.answer(need).err().unwrap_or(UnknownReason::Unobservable);
            return Timeline::constant(self.window, Truth::Unknown(self.reasons.one(reason)));
        };
        // What a query makes of its rows is its own affair, so nobody can tell whose number a lost row would have changed.
        let whose = if matches!(request, Request::Query(_)) { Entity::default() } else { entity.clone() };
        let mut mask = self.complete(answer, &request.reading().table.name, &whose);
        for table in request.tables() {
            mask = mask.and(&self.channel(table, entity), &self.reasons);
        }
        mask
    }

    /// Where an answer is complete for an entity; who else there may be does not matter.
    pub(crate) fn complete(&self, answer: &Answer, table: &str, entity: &Entity) -> Timeline {
        self.read(answer, table, entity, |reason| reason != GapReason::Inventory)
    }

    fn read(&self, answer: &Answer, table: &str, entity: &Entity, matters: impl Fn(GapReason) -> bool) -> Timeline {
        let mut mask = Timeline::constant(self.window, Truth::True);
        if let Completeness::Partial(gaps) = &answer.completeness {
            for gap in gaps {
                let concerns =
                    gap.entities.as_ref().is_none_or(|some| some.iter().any(|other| other.is_compatible(entity)));
                if !concerns || !matters(gap.reason) {
                    continue;
                }
                let lost = Timeline::constant(
                    self.window,
                    Truth::Unknown(self.reasons.one(UnknownReason::Truncated(table.to_owned(), gap.reason.as_str()))),
                );
                let range = gap.range.unwrap_or(self.window);
                mask = mask.and(&lost.within(range.from, range.to, Truth::True), &self.reasons);
            }
        }
        mask
    }

    /// Where the channel of a table was alive for an entity and everything below it.
    pub(crate) fn channel(&self, table: &Table, entity: &Entity) -> Timeline {
        if table.heartbeats.is_empty() {
            return Timeline::constant(self.window, Truth::True);
        }
        let key = (table.name.clone(), entity.clone());
        if let Some(mask) = self.masks.borrow().get(&key) {
            return mask.clone();
        }
        let dead = Truth::Unknown(self.reasons.one(UnknownReason::ChannelDead(table.name.clone())));
        let kind_keys = leaf_kind(&self.rules.schema, table).map(|kind| self.keys_of(&kind.name)).unwrap_or_default();
        let is_leaf = kind_keys.iter().all(|key| entity.value(key).is_some());
        let mut mask = Timeline::constant(self.window, Truth::True);
        let mut any = false;
        for leaf in self.leaves_of(entity) {
            any = true;
            mask = mask.and(&self.leaf_channel(table, leaf, dead), &self.reasons);
        }
        // Of a coarser thing absence is only proven where everything below it is known.
        if !any || (!is_leaf && !self.inventory_complete) {
            mask = Timeline::constant(self.window, dead);
        }
        self.masks.borrow_mut().insert(key, mask.clone());
        mask
    }

    fn leaf_channel(&self, table: &Table, leaf: &EntityLifetime, dead: Truth) -> Timeline {
        let mut spans: Vec<(Time, Time, bool)> = Vec::new();
        let mut cadence = i64::MAX;
        for beat in &table.heartbeats {
            let Some(own) = leaf.channels.get(&need_of(beat)) else { continue };
            cadence = cadence.min(ticks_of(beat.every));
            spans.extend(own.iter().map(|&(from, to)| (from, to, false)));
        }
        let cadence = if spans.is_empty() { 0 } else { cadence };
        if self.inventory_complete {
            // Before its birth, after its end, and while it was gone there is nothing to be seen.
            spans.push((self.window.from, leaf.birth, true));
            spans.push((leaf.death, self.window.to, true));
            spans.extend(self.absences(leaf).into_iter().map(|(from, to)| (from, to, true)));
        }
        spans.retain(|(from, to, _)| from < to);
        spans.sort();
        // A start is followed by the first beat within a cadence; besides, as many bins may be missed as anywhere.
        let slack = cadence.saturating_mul(i64::from(self.rules.schema.defaults.blind_bins));
        let mut bridged: Vec<(Time, Time, bool)> = Vec::new();
        for (from, to, gone) in spans {
            match bridged.last_mut() {
                Some(last)
                    if from.ticks_since(last.1) <= if last.2 { cadence.saturating_add(slack) } else { slack } =>
                {
                    if to > last.1 {
                        (last.1, last.2) = (to, gone);
                    }
                }
                _ => bridged.push((from, to, gone)),
            }
        }
        let mut mask = Timeline::constant(self.window, dead);
        for (from, to, _) in bridged {
            let seen = Timeline::constant(self.window, Truth::True).within(from, to, Truth::False);
            mask = mask.or(&seen, &self.reasons);
        }
        mask
    }

    /// Where every channel of a thing was silent while others lived: it was gone, and came back.
    pub(crate) fn absences(&self, leaf: &EntityLifetime) -> Spans {
        let mut gaps: Spans =
            leaf.lives.iter().zip(leaf.lives.iter().skip(1)).map(|(life, next)| (life.1, next.0)).collect();
        let apart = self.apart();
        let near = |other: &&EntityLifetime| {
            other.entity != leaf.entity && other.entity.project(&apart) == leaf.entity.project(&apart)
        };
        gaps.retain(|(from, to)| {
            let others = self.leaves.iter().filter(near);
            others.flat_map(|other| other.channels.values().flatten()).any(|(start, end)| start <= from && to <= end)
        });
        gaps
    }

    /// Where something below the entity lived, by any channel but those of a table.
    pub(crate) fn other_life(&self, table: &str, entity: &Entity) -> Timeline {
        let mut alive = Timeline::constant(self.window, Truth::False);
        for leaf in self.leaves_of(entity) {
            for (need, spans) in &leaf.channels {
                let own = matches!(need, Need::Heartbeat(name, _, _) if name == table);
                for &(from, to) in spans.iter().filter(|_| !own) {
                    alive = alive.or(
                        &Timeline::constant(self.window, Truth::True).within(from, to, Truth::False),
                        &self.reasons,
                    );
                }
            }
        }
        alive
    }

    /// Where something below the entity gave a sign of life, by any channel; unknown elsewhere.
    pub(crate) fn some_life(&self, entity: &Entity) -> Timeline {
        let dead = Truth::Unknown(self.reasons.one(UnknownReason::ChannelDead("every table".to_owned())));
        if !self.has_inventory {
            return self.constant(Truth::True);
        }
        self.other_life("", entity).map(|truth| if truth.is_true() { truth } else { dead })
    }

    /// Whether reading more would not mend it: silence, nothing to observe, or a table that nobody has set up and that
    /// carries no sign of life of its own.
    pub(crate) fn is_quiet(&self, reason: &UnknownReason) -> bool {
        match reason {
            UnknownReason::Silent | UnknownReason::Unobservable => true,
            UnknownReason::NotConfigured(table) => {
                let known = self.rules.schema.tables.get(table);
                known.is_none_or(|table| table.heartbeats.iter().all(|beat| beat.table != table.name))
            }
            _ => false,
        }
    }

    /// The same truth throughout the window.
    pub(crate) fn constant(&self, truth: Truth) -> Timeline {
        Timeline::constant(self.window, truth)
    }

    /// A segment without evidence.
    pub(crate) fn plain(&self, from: Time, truth: Truth) -> Segment {
        Segment { from, truth, first: from, last: from }
    }
}

/// Beats as stretches that last a cadence beyond each beat; gaps no longer than a slack are bridged.
fn joined(beats: &[Time], cadence: i64, slack: i64) -> Spans {
    let mut spans: Spans = Vec::new();
    for &beat in beats {
        let end = beat.saturating_add_ticks(cadence);
        match spans.last_mut() {
            Some(last) if beat.ticks_since(last.1) <= slack => last.1 = end,
            _ => spans.push((beat, end)),
        }
    }
    spans
}

fn need_table(need: &Need) -> &str {
    match need {
        Need::Heartbeat(table, _, _) => table,
        Need::Symptom(..) | Need::Unmatched(_) => "",
    }
}

/// The keys of every kind without those of the subject.
fn keys_of_kinds<'a>(rules: &'a RuleSet, plan: &Plan) -> BTreeMap<&'a str, Vec<String>> {
    let subject = &plan.scope().subject;
    let own = |keys: &[String]| keys.iter().filter(|key| !subject.contains_key(*key)).cloned().collect();
    rules.schema.entities.iter().map(|kind| (kind.name.as_str(), own(&kind.keys))).collect()
}

fn need_of(beat: &Heartbeat) -> Need {
    Need::Heartbeat(beat.table.clone(), beat.metric.clone(), ticks_of(beat.every))
}

fn reason_of(error: &SourceError, table: String) -> UnknownReason {
    match error.kind {
        SourceErrorKind::Unsupported => UnknownReason::Unsupported(table),
        SourceErrorKind::NotConfigured => UnknownReason::NotConfigured(table),
        SourceErrorKind::TableMissing => UnknownReason::MissingTable(table),
        SourceErrorKind::Denied => UnknownReason::Denied(table),
        SourceErrorKind::Timeout => UnknownReason::Timeout(table),
        other => UnknownReason::SourceError(table, other.as_str()),
    }
}
