//! What could be seen of each entity, where and when.
//!
//! Input: the rules and the observations. Output: a [`Visibility`]: lifetimes, sets of entities per kind, and per answer and
//! entity a timeline that is true where the answer is complete, else unknown for a reason. Every "false" of the evaluator
//! depends on it, so that missing data is never taken for health.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::time::Duration;

use super::at_risk::AtRisk;
use super::channel::{activity_except, channel_activity};
use super::entity_set::EntitySet;
use super::equivalence::{entities_with_gaps, entity_set};
use super::inventory::Inventory;
use super::kinds::Kinds;
use super::lifetime::HeartbeatSettings;
use super::live_entities::LiveEntities;
use crate::diagnosis::UnknownReason;
use crate::evaluate::timeline::{ReasonInterner, Timeline, Truth};
use crate::observation::Observations;
use crate::plan::{DEFAULT_BIN, Need, Plan, leaf_kind};
use crate::rules::rule_set::RuleSet;
use crate::telemetry::entity::Entity;
use crate::telemetry::request::Request;
use crate::telemetry::schema::{EntityKind, Table};
use crate::telemetry::source::{Answer, Completeness, GapReason, SourceError, SourceErrorKind};
use crate::time::{Time, Window};

/// The observations of one run with the entities and the completeness that follow from them.
#[derive(Debug)]
pub(crate) struct Visibility<'a> {
    pub(crate) rules: &'a RuleSet,
    pub(crate) plan: &'a Plan,
    answers: &'a [Result<Answer, SourceError>],
    pub(crate) reasons: ReasonInterner,
    pub(crate) window: Window,
    /// Data younger than this may not be ingested yet, so it never counts as missing.
    pub(crate) watermark: Time,
    pub(crate) inventory: Inventory,
    kinds: Kinds<'a>,
    gaps: BTreeSet<&'a [Entity]>,
    // Computed on demand, each once.
    entity_sets: RefCell<BTreeMap<String, Option<Rc<EntitySet>>>>,
    live_entities: RefCell<BTreeMap<String, Rc<LiveEntities>>>,
    restart_visibility: RefCell<HashMap<Entity, Timeline>>,
    channel_activity: RefCell<HashMap<(String, Entity), Timeline>>,
}

impl<'a> Visibility<'a> {
    pub(crate) fn new(rules: &'a RuleSet, observations: &'a Observations) -> Self {
        let (plan, answers) = (observations.plan(), observations.answers());
        let (window, watermark) = (plan.scope().window, plan.watermark());
        let kinds = Kinds::new(&rules.schema, &plan.scope().subject);
        let settings = HeartbeatSettings::new(rules, window, watermark);
        Self {
            rules,
            plan,
            answers,
            reasons: ReasonInterner::default(),
            window,
            watermark,
            inventory: Inventory::new(plan, answers, kinds.coarsest_keys(), settings),
            kinds,
            gaps: entities_with_gaps(answers),
            entity_sets: RefCell::default(),
            live_entities: RefCell::default(),
            restart_visibility: RefCell::default(),
            channel_activity: RefCell::default(),
        }
    }

    /// The answers to the plan's requests, in the plan's order.
    pub(crate) fn answers(&self) -> &'a [Result<Answer, SourceError>] {
        self.answers
    }

    /// The keys of a kind, without those of the subject; empty for the subject's kind.
    pub(crate) fn keys_of(&self, kind: &str) -> &[String] {
        self.kinds.keys_of(kind)
    }

    /// The keys that entities of a kind have and those of no other kind.
    pub(crate) fn own_keys(&self, kind: &str) -> Vec<String> {
        self.kinds.own_keys(kind)
    }

    /// The keys of the coarsest kind, if they are not the subject's. Entities with different values of them are unrelated.
    pub(crate) fn coarsest_keys(&self) -> Vec<String> {
        self.kinds.coarsest_keys()
    }

    /// The kind of an entity, by its keys.
    pub(crate) fn kind_of(&self, entity: &Entity) -> Option<&'a EntityKind> {
        self.kinds.kind_of(entity)
    }

    /// All entities of a kind that existed within the window; `None` if no inventory lists the kind.
    pub(crate) fn entity_set(&self, kind: &str) -> Option<Rc<EntitySet>> {
        if let Some(known) = self.entity_sets.borrow().get(kind) {
            return known.clone();
        }
        let set = entity_set(&self.kinds, self.plan, &self.inventory, &self.gaps, kind).map(Rc::new);
        self.entity_sets.borrow_mut().insert(kind.to_owned(), set.clone());
        set
    }

    /// The entities of a kind that exist at the watermark; none if no inventory lists the kind.
    pub(crate) fn live_entities(&self, kind: &str) -> Rc<LiveEntities> {
        if let Some(known) = self.live_entities.borrow().get(kind) {
            return Rc::clone(known);
        }
        let set = self.entity_set(kind).unwrap_or_default();
        let live = Rc::new(LiveEntities::new(&set, self.keys_of(kind), &self.inventory));
        self.live_entities.borrow_mut().insert(kind.to_owned(), Rc::clone(&live));
        live
    }

    /// Whether some entity had a heartbeat shortly before the watermark; true if the plan requests no heartbeats.
    pub(crate) fn has_recent_heartbeat(&self) -> bool {
        let since = self.watermark.saturating_sub(self.freshness());
        !self.inventory.is_requested || self.inventory.lifetimes.iter().any(|one| one.last_heartbeat >= since)
    }

    /// How recent a heartbeat, or the end of an episode, must be to count as current.
    pub(crate) fn freshness(&self) -> Duration {
        let tables = self.rules.schema.tables.values();
        let cadences = tables.flat_map(|table| table.heartbeats.iter().map(|heartbeat| heartbeat.every));
        let slowest = cadences.max().unwrap_or(DEFAULT_BIN);
        (DEFAULT_BIN * 2).max(slowest * 2).max(self.rules.schema.defaults.merge_gap)
    }

    /// From when to when an entity existed; the whole window where heartbeats do not show it.
    pub(crate) fn lifetime(&self, entity: &Entity) -> (Time, Time) {
        self.inventory.lifetime_of(entity)
    }

    /// When an entity was at risk.
    pub(crate) fn at_risk(&self, entity: &Entity) -> AtRisk {
        self.inventory.at_risk(entity)
    }

    /// The first heartbeat of an entity; [`Time::MIN`] if it may be before the window, or if it has none.
    pub(crate) fn first_heartbeat(&self, entity: &Entity) -> Time {
        self.inventory.first_heartbeat(entity)
    }

    /// The last heartbeat of an entity; [`Time::MAX`] if it may still exist, or if it has none.
    pub(crate) fn last_heartbeat(&self, entity: &Entity) -> Time {
        self.inventory.last_heartbeat(entity)
    }

    /// When something within an entity started or restarted, sorted.
    ///
    /// The first heartbeat after a time without visibility is not a start: the entity may have existed before.
    pub(crate) fn restarts(&self, entity: &Entity, visible: &Timeline) -> Vec<Time> {
        let is_visible_before = |at: &Time| visible.unknown_between(self.window.from, *at, &self.reasons).is_false();
        let mut restarts: Vec<Time> = self
            .inventory
            .within(entity)
            .flat_map(|one| one.restarts.iter().copied().chain(one.started_in_window.filter(is_visible_before)))
            .collect();
        restarts.sort();
        restarts
    }

    /// True where every start of an entity would have been seen; else unknown.
    pub(crate) fn restart_visibility(&self, entity: &Entity) -> Timeline {
        if let Some(known) = self.restart_visibility.borrow().get(entity) {
            return known.clone();
        }
        let mut visible = self.constant(Truth::True);
        for (need, _) in self.plan.needs() {
            let Need::Heartbeat(table, _, _) = need else { continue };
            let complete = match self.answer(need) {
                Ok(answer) => self.without_gaps(answer, table, entity, |_| true),
                Err(reason) => self.constant(Truth::Unknown(self.reasons.one(reason))),
            };
            visible = visible.and(&complete, &self.reasons);
        }
        self.restart_visibility.borrow_mut().insert(entity.clone(), visible.clone());
        visible
    }

    /// A timeline of an entity that is false while the entity does not exist; unknown where the inventory is incomplete and
    /// no heartbeat shows the entity.
    pub(crate) fn false_outside_lifetime(&self, entity: &Entity, timeline: &Timeline) -> Timeline {
        let (from, to) = self.lifetime(entity);
        let limited = timeline.within(from, to, Truth::False);
        if self.inventory.is_fully_known() {
            return limited;
        }
        limited.where_it_exists(&self.observed(entity), &self.reasons)
    }

    /// A timeline of an entity that is true while the entity does not exist; unknown where the inventory is incomplete and
    /// no heartbeat shows the entity.
    pub(crate) fn true_outside_lifetime(&self, entity: &Entity, timeline: &Timeline) -> Timeline {
        let (from, to) = self.lifetime(entity);
        let limited = timeline.within(from, to, Truth::True);
        if self.inventory.is_fully_known() {
            return limited;
        }
        limited.or_absent(&self.observed(entity).negated(), &self.reasons)
    }

    /// True where every entity is known; unknown elsewhere.
    pub(crate) fn all_known(&self) -> Timeline {
        let unknown = Truth::Unknown(self.reasons.one(UnknownReason::ChannelDead("inventory".to_owned())));
        self.inventory.completeness(unknown, &self.reasons)
    }

    /// True where heartbeats show that an entity existed; unknown elsewhere.
    fn observed(&self, entity: &Entity) -> Timeline {
        let always = self.constant(Truth::True);
        if !self.inventory.is_requested || entity.is_subject() {
            return always;
        }
        let unknown = Truth::Unknown(self.reasons.one(UnknownReason::ChannelDead("inventory".to_owned())));
        match self.inventory.observed_lifetime_of(entity) {
            Some((from, to)) => always.within(from, to, unknown),
            None => self.constant(unknown),
        }
    }

    /// The answer to a need, or why there is none.
    pub(crate) fn answer(&self, need: &Need) -> Result<&'a Answer, UnknownReason> {
        let Some(at) = self.plan.request_for(need) else { return Err(UnknownReason::Unobservable) };
        let request = self.plan.requests().get(at);
        let table = request.map_or_else(String::new, |request| request.reading().table.name.clone());
        match self.answers.get(at) {
            Some(Ok(answer)) => Ok(answer),
            // For a query, the source cannot serve a construct of its text, not its table.
            Some(Err(error))
                if error.kind == SourceErrorKind::Unsupported && matches!(request, Some(Request::Query(_))) =>
            {
                Err(UnknownReason::Unsupported(error.context.clone()))
            }
            Some(Err(error)) => Err(reason_of(error, table)),
            None => Err(UnknownReason::SourceError(table, SourceErrorKind::Malformed.as_str())),
        }
    }

    /// True where the answer to a need contains all data of an entity: its channels were active and the answer has no gap;
    /// else unknown.
    pub(crate) fn mask(&self, need: &Need, entity: &Entity) -> Timeline {
        let request = self.plan.request_for(need).and_then(|at| self.plan.requests().get(at));
        let (Some(request), Ok(answer)) = (request, self.answer(need)) else {
            let reason = self.answer(need).err().unwrap_or(UnknownReason::Unobservable);
            return self.constant(Truth::Unknown(self.reasons.one(reason)));
        };
        // A query may combine its rows in any way, so a lost row may have changed the number of any entity.
        let affected = if matches!(request, Request::Query(_)) { Entity::default() } else { entity.clone() };
        let mut mask = self.complete(answer, &request.reading().table.name, &affected);
        for table in request.tables() {
            mask = mask.and(&self.channel(table, entity), &self.reasons);
        }
        mask
    }

    /// True where an answer is complete for an entity, whether or not there are other entities; else unknown.
    pub(crate) fn complete(&self, answer: &Answer, table: &str, entity: &Entity) -> Timeline {
        self.without_gaps(answer, table, entity, |reason| reason != GapReason::Inventory)
    }

    /// True where an answer has no gap that affects an entity and whose reason `matters`; else unknown.
    fn without_gaps(
        &self,
        answer: &Answer,
        table: &str,
        entity: &Entity,
        matters: impl Fn(GapReason) -> bool,
    ) -> Timeline {
        let mut complete = self.constant(Truth::True);
        let Completeness::Partial(gaps) = &answer.completeness else { return complete };
        for gap in gaps {
            let affects =
                gap.entities.as_ref().is_none_or(|entities| entities.iter().any(|other| other.is_compatible(entity)));
            if !affects || !matters(gap.reason) {
                continue;
            }
            let reason = UnknownReason::Truncated(table.to_owned(), gap.reason.as_str());
            let lost = self.constant(Truth::Unknown(self.reasons.one(reason)));
            let range = gap.range.unwrap_or(self.window);
            complete = complete.and(&lost.within(range.from, range.to, Truth::True), &self.reasons);
        }
        complete
    }

    /// True where the channel of a table was active for an entity and everything within it; else unknown. True throughout
    /// for a table without heartbeats.
    pub(crate) fn channel(&self, table: &Table, entity: &Entity) -> Timeline {
        if table.heartbeats.is_empty() {
            return self.constant(Truth::True);
        }
        let key = (table.name.clone(), entity.clone());
        if let Some(known) = self.channel_activity.borrow().get(&key) {
            return known.clone();
        }
        let inactive = Truth::Unknown(self.reasons.one(UnknownReason::ChannelDead(table.name.clone())));
        let finest = leaf_kind(&self.rules.schema, table).map(|kind| self.keys_of(&kind.name)).unwrap_or_default();
        let is_finest = finest.iter().all(|key| entity.value(key).is_some());
        let activity = channel_activity(&self.inventory, &self.reasons, table, entity, is_finest, inactive);
        self.channel_activity.borrow_mut().insert(key, activity.clone());
        activity
    }

    /// True where something within an entity was active on any channel but those of a table; false elsewhere.
    pub(crate) fn activity_except(&self, table: &str, entity: &Entity) -> Timeline {
        activity_except(&self.inventory, &self.reasons, table, entity)
    }

    /// True where something within an entity was active on any channel; unknown elsewhere.
    pub(crate) fn activity(&self, entity: &Entity) -> Timeline {
        if !self.inventory.is_requested {
            return self.constant(Truth::True);
        }
        let inactive = Truth::Unknown(self.reasons.one(UnknownReason::ChannelDead("every table".to_owned())));
        self.activity_except("", entity).map(|truth| if truth.is_true() { truth } else { inactive })
    }

    /// Whether a reason cannot be removed by reading more: silence, nothing to observe, or a table that is not configured
    /// and has no heartbeats of its own.
    pub(crate) fn is_inherent(&self, reason: &UnknownReason) -> bool {
        match reason {
            UnknownReason::Silent | UnknownReason::Unobservable => true,
            UnknownReason::NotConfigured(table) => {
                let table = self.rules.schema.tables.get(table);
                table.is_none_or(|table| table.heartbeats.iter().all(|heartbeat| heartbeat.table != table.name))
            }
            _ => false,
        }
    }

    /// Whether a truth is unknown for reasons that all are inherent; see [`Visibility::is_inherent`].
    pub(crate) fn is_inherently_unknown(&self, truth: Truth) -> bool {
        match truth {
            Truth::Unknown(reasons) => self.reasons.list(reasons).iter().all(|reason| self.is_inherent(reason)),
            Truth::True | Truth::False => false,
        }
    }

    /// The same truth throughout the window.
    pub(crate) fn constant(&self, truth: Truth) -> Timeline {
        Timeline::constant(self.window, truth)
    }
}

/// Why the data of a table is unknown after an error.
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
