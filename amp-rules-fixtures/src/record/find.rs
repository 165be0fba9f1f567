//! Finds identifiers of tenants, people and hosts, and secrets, in texts.
//!
//! Input: a text, with the JSON key that it is the value of. Output: ranges with their kinds, from left to right, without
//! overlap. A table has one row per kind, with the source of its format: [`credentials`], [`assignments`], [`clouds`],
//! [`tokens`], [`services`], [`addresses`], [`personal`] and [`people`]. Percent-encoded text, JSON escapes, character references and
//! base64 are decoded and searched too. Random texts of no known kind come last, as [`Class::Doubtful`].
//!
//! Not found are similar texts (versions, times, digests, `a::b`), values that are the same everywhere (loopback addresses,
//! IPv4 link-local addresses, the wire server of Azure, the zero GUID), and pseudonyms. The time is linear in the text.

mod addresses;
mod assignments;
mod blocks;
mod checks;
mod clouds;
mod credentials;
mod domain_user;
mod encoded;
mod entropy;
mod kind;
mod overlap;
mod people;
mod personal;
mod prose;
mod replaced;
mod resources;
mod search;
mod secret_name;
mod services;
mod shape;
mod tables;
mod tokens;
mod values;

#[cfg(test)]
pub(super) mod corpus;
#[cfg(test)]
mod false_friends;
#[cfg(test)]
mod notations;
#[cfg(test)]
pub(super) mod random;
#[cfg(test)]
mod trials;

pub use kind::Class;
pub use search::kinds;

pub(super) use encoded::{encode as encode_base64, layers, texts_in_base64};
pub(super) use entropy::describe;
pub(super) use resources::resource_names;
pub(super) use search::find;
pub(super) use secret_name::is_secret_name;
pub(super) use shape::{REPLACED, is_pseudonym};
