//! Which entities exist when, and where telemetry could have shown something of them.
//!
//! Reading order; each file uses only those before it:
//!
//! - [`entity_set`], [`entity_map`]: sets of entities with equivalence groups, and values per entity.
//! - [`kinds`]: the entity kinds of the schema, without the keys of the subject.
//! - [`lifetime`]: when one entity existed. [`inventory`]: the lifetimes of all entities.
//! - [`channel`]: where a table's heartbeats show that its rows would have arrived.
//! - [`equivalence`]: which entities evaluation cannot tell apart. [`live_entities`]: those that exist now.
//! - [`visibility`]: all of this for one run, and which answers are complete where.
//! - [`mod@scope_text`], [`distinguishing`]: entities as text, and attributes that only they have.

mod at_risk;
mod channel;
mod distinguishing;
mod entity_map;
mod entity_set;
mod equivalence;
mod inventory;
mod kinds;
mod lifetime;
mod live_entities;
mod scope_text;
mod visibility;

pub(crate) use self::distinguishing::distinguishing_attributes;
pub(crate) use self::entity_map::EntityMap;
pub(crate) use self::entity_set::EntitySet;
pub(crate) use self::scope_text::scope_text;
pub(crate) use self::visibility::Visibility;
