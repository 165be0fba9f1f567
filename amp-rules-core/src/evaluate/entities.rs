//! Which entities exist when, and what was visible of them.

pub(crate) mod entity_set;
pub(crate) mod equivalence;
pub(crate) mod scope_text;
pub(crate) mod visibility;
