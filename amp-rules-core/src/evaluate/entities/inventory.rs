//! The inventory: all entities with heartbeats, and when each existed.
//!
//! Input: the answers to the heartbeat requests of a plan. Output: an [`Inventory`].

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::at_risk::AtRisk;
use super::lifetime::{ChannelHeartbeats, EntityLifetime, HeartbeatSettings, Spans};
use crate::evaluate::timeline::{ReasonInterner, Timeline, Truth};
use crate::plan::{Need, Plan};
use crate::telemetry::entity::Entity;
use crate::telemetry::source::{Answer, AnswerData, Completeness, SourceError};
use crate::time::Time;

/// The lifetimes of all entities of the finest kinds.
#[derive(Debug)]
pub(crate) struct Inventory {
    /// Sorted by entity.
    pub(crate) lifetimes: Vec<EntityLifetime>,
    /// Whether every heartbeat request was answered completely, except for `gaps`. If not, there may be other entities.
    pub(crate) is_complete: bool,
    /// The periods for which heartbeats are missing; sorted. Other entities may have existed within them.
    pub(crate) gaps: Spans,
    /// Whether the plan requests heartbeats at all.
    pub(crate) is_requested: bool,
    pub(super) settings: HeartbeatSettings,
    /// The keys of the coarsest kind; see [`super::kinds::Kinds::coarsest_keys`].
    coarsest_keys: Vec<String>,
    /// Whether all entities have the same keys, so that one of them can be found by binary search.
    has_uniform_keys: bool,
    known_spans: RefCell<HashMap<Entity, (Time, Time)>>,
}

impl Inventory {
    pub(super) fn new(
        plan: &Plan,
        answers: &[Result<Answer, SourceError>],
        coarsest_keys: Vec<String>,
        settings: HeartbeatSettings,
    ) -> Self {
        let mut is_requested = false;
        let mut is_complete = true;
        let mut gaps: Spans = Vec::new();
        let mut by_entity: BTreeMap<&Entity, Vec<ChannelHeartbeats<'_>>> = BTreeMap::new();
        for (need, at) in plan.needs() {
            let Need::Heartbeat(_, _, cadence) = need else { continue };
            is_requested = true;
            let Some(Ok(answer)) = answers.get(at) else {
                is_complete = false;
                continue;
            };
            if let Completeness::Partial(missing) = &answer.completeness {
                is_complete &= missing.iter().all(|gap| gap.range.is_some());
                gaps.extend(missing.iter().filter_map(|gap| gap.range).map(|range| (range.from, range.to)));
            }
            let AnswerData::Inventory(entities) = &answer.data else { continue };
            for heartbeats in entities {
                let channel = ChannelHeartbeats { need, cadence: *cadence, heartbeats };
                by_entity.entry(&heartbeats.entity).or_default().push(channel);
            }
        }
        gaps.sort_unstable();
        gaps.dedup();
        let mut groups: BTreeMap<Entity, Vec<&Vec<ChannelHeartbeats<'_>>>> = BTreeMap::new();
        for (entity, channels) in &by_entity {
            groups.entry(entity.project(&coarsest_keys)).or_default().push(channels);
        }
        let silences: BTreeMap<Entity, (Time, Time)> = groups
            .into_iter()
            .filter_map(|(group, entities)| Some((group, common_silence(entities.into_iter(), &settings)?)))
            .collect();
        let lifetimes: Vec<EntityLifetime> = by_entity
            .into_iter()
            .map(|(entity, channels)| {
                let silence = silences.get(&entity.project(&coarsest_keys));
                let unseen: Spans = gaps.iter().chain(silence).copied().collect();
                EntityLifetime::new(entity.clone(), &channels, is_complete.then_some(&unseen), &settings)
            })
            .collect();
        let keys =
            |one: &EntityLifetime| one.entity.keys().map(|(key, _)| key.to_owned()).collect::<BTreeSet<String>>();
        let has_uniform_keys = lifetimes.iter().map(keys).collect::<BTreeSet<_>>().len() <= 1;
        let mut inventory = Self {
            lifetimes,
            is_complete,
            gaps,
            is_requested,
            settings,
            coarsest_keys,
            has_uniform_keys,
            known_spans: RefCell::default(),
        };
        inventory.assign_equivalence_classes();
        inventory
    }

    /// Whether every entity of the whole window is known.
    pub(crate) fn is_fully_known(&self) -> bool {
        self.is_complete && self.gaps.is_empty()
    }

    /// Whether every entity of a period is known.
    pub(crate) fn is_complete_between(&self, from: Time, to: Time) -> bool {
        self.is_complete && self.gaps.iter().all(|gap| gap.1 <= from || gap.0 >= to)
    }

    /// True where every entity is known; `unknown` elsewhere.
    pub(crate) fn completeness(&self, unknown: Truth, reasons: &ReasonInterner) -> Timeline {
        let window = self.settings.window;
        if !self.is_complete {
            return Timeline::constant(window, unknown);
        }
        self.gaps.iter().fold(Timeline::constant(window, Truth::True), |complete, &(from, to)| {
            complete.and(&Timeline::constant(window, unknown).within(from, to, Truth::True), reasons)
        })
    }

    /// Numbers the lifetimes so that equal ones have equal numbers.
    fn assign_equivalence_classes(&mut self) {
        let mut known = BTreeMap::new();
        let classes: Vec<usize> = self
            .lifetimes
            .iter()
            .map(|one| {
                let lifetime = (one.first_seen, one.last_seen, AtRisk::of(one, self.settings.watermark));
                let class = (lifetime, &one.active_spans, &one.channels, self.absences(one));
                let next = known.len();
                *known.entry(class).or_insert(next)
            })
            .collect();
        drop(known);
        for (lifetime, class) in self.lifetimes.iter_mut().zip(classes) {
            lifetime.equivalence_class = class;
        }
    }

    /// The lifetimes within an entity, its own included: those that differ from it in no key that both have.
    pub(super) fn within<'i>(&'i self, entity: &'i Entity) -> impl Iterator<Item = &'i EntityLifetime> + 'i {
        let has_same_keys =
            |one: &EntityLifetime| one.entity.keys().map(|(key, _)| key).eq(entity.keys().map(|(key, _)| key));
        let candidates = if self.has_uniform_keys && self.lifetimes.first().is_some_and(has_same_keys) {
            let place = self.lifetimes.binary_search_by(|one| one.entity.cmp(entity));
            place.ok().and_then(|place| self.lifetimes.get(place..=place)).unwrap_or_default()
        } else {
            &self.lifetimes
        };
        candidates
            .iter()
            .filter(move |one| entity.keys().all(|(key, value)| one.entity.value(key).is_none_or(|own| own == value)))
    }

    /// From when to when an entity existed: the hull of the lifetimes within it. The whole window if heartbeats are not
    /// requested, for the subject, and for an entity without heartbeats.
    pub(super) fn lifetime_of(&self, entity: &Entity) -> (Time, Time) {
        if let Some(known) = self.known_spans.borrow().get(entity) {
            return *known;
        }
        let hull = (self.is_requested && !entity.is_subject())
            .then(|| hull(self.within(entity).map(|one| (one.first_seen, one.last_seen))))
            .flatten();
        let lifetime = hull.unwrap_or((self.settings.window.from, self.settings.window.to));
        self.known_spans.borrow_mut().insert(entity.clone(), lifetime);
        lifetime
    }

    /// From when to when the heartbeats of an entity show that it existed; `None` if it has none.
    pub(super) fn observed_lifetime_of(&self, entity: &Entity) -> Option<(Time, Time)> {
        hull(self.within(entity).map(|one| one.observed))
    }

    /// Where an entity was absent and came back: every channel of it was silent while another entity of the same coarsest
    /// entity was active throughout. Without such a witness the telemetry pipeline may have been silent as a whole.
    pub(super) fn absences(&self, lifetime: &EntityLifetime) -> Spans {
        let spans = &lifetime.active_spans;
        let mut gaps: Spans = spans.iter().zip(spans.iter().skip(1)).map(|(span, next)| (span.1, next.0)).collect();
        let is_neighbour = |other: &&EntityLifetime| {
            other.entity != lifetime.entity
                && other.entity.project(&self.coarsest_keys) == lifetime.entity.project(&self.coarsest_keys)
        };
        gaps.retain(|(from, to)| {
            let neighbours = self.lifetimes.iter().filter(is_neighbour);
            neighbours
                .flat_map(|other| other.channels.values().flatten())
                .any(|(start, end)| start <= from && to <= end)
        });
        gaps
    }
}

impl Inventory {
    /// When an entity was at risk: from the first row of anything within it to the last.
    pub(super) fn at_risk(&self, entity: &Entity) -> AtRisk {
        if !self.is_requested || !self.is_complete || entity.is_subject() {
            return AtRisk::ALWAYS;
        }
        let all = self.within(entity).map(|lifetime| AtRisk::of(lifetime, self.settings.watermark));
        all.reduce(AtRisk::hull).unwrap_or(AtRisk::ALWAYS)
    }

    /// The first heartbeat of anything within an entity; [`Time::MIN`] if it may be before the window, or if there is none.
    pub(super) fn first_heartbeat(&self, entity: &Entity) -> Time {
        let starts = self.within(entity).map(|lifetime| lifetime.started_in_window.unwrap_or(Time::MIN));
        starts.min().unwrap_or(Time::MIN)
    }

    /// The last heartbeat of anything within an entity; [`Time::MAX`] if it may still exist, or if there is none.
    pub(super) fn last_heartbeat(&self, entity: &Entity) -> Time {
        let is_over = |lifetime: &EntityLifetime| lifetime.observed.1 < self.settings.watermark;
        let lasts = self.within(entity).map(|one| if is_over(one) { one.last_heartbeat } else { Time::MAX });
        lasts.max().unwrap_or(Time::MAX)
    }

    /// Where an entity was present: from its first to its last heartbeat on the channels that a test selects, without the
    /// periods in which it was absent. A lost heartbeat is no absence.
    pub(crate) fn presence(&self, lifetime: &EntityLifetime, is_selected: impl Fn(&Need) -> bool) -> Vec<(Time, Time)> {
        let Some((mut from, to)) = lifetime.hull(is_selected) else { return Vec::new() };
        let mut present = Vec::new();
        for (absent, back) in self.absences(lifetime) {
            if absent > from && absent < to {
                present.push((from, absent));
            }
            from = from.max(back);
        }
        if from < to {
            present.push((from, to));
        }
        present
    }
}

/// The end of the window without heartbeats, if all entities of a group fell silent within one cadence: then the telemetry as a
/// whole is silent, and none of them is known to be gone.
fn common_silence<'a>(
    entities: impl Iterator<Item = &'a Vec<ChannelHeartbeats<'a>>>,
    settings: &HeartbeatSettings,
) -> Option<(Time, Time)> {
    let (mut first, mut last, mut cadence) = (Time::MAX, Time::MIN, 0);
    for channels in entities {
        let end = channels.iter().map(|channel| channel.heartbeats.last).max()?;
        (first, last) = (first.min(end), last.max(end));
        cadence = cadence.max(channels.iter().map(|channel| channel.cadence).min()?);
    }
    let is_together = first <= last && last.ticks_since(first) <= cadence;
    let silent = (first.saturating_add_ticks(cadence), settings.window.to);
    let is_noticed = last.saturating_add_ticks(cadence + settings.slack(cadence)) < settings.watermark;
    (is_together && is_noticed).then_some(silent)
}

/// The smallest span that contains all of them; `None` if that is empty.
fn hull(spans: impl Iterator<Item = (Time, Time)>) -> Option<(Time, Time)> {
    let (from, to) = spans.fold((Time::MAX, Time::MIN), |(from, to), span| (from.min(span.0), to.max(span.1)));
    (from < to).then_some((from, to))
}
