//! Names that earlier versions of the format used, each with the name that replaces it.
//!
//! This is the only place that lists them. Checks of unknown names look here first, so that the help of the
//! diagnostic names the new one.

/// Keys.
const KEYS: [(&str, &str); 4] = [
    ("linger", "max_cause_gap"),
    ("bridges", "max_hidden_hops"),
    ("lift", "rollup"),
    ("incarnation", "restart_marker"),
];

/// Format ids.
const FORMATS: [(&str, &str); 1] = [("amp-rules-story/v1", "amp-rules-scenario/v1")];

/// File names, or their endings after a stem: `<name>.story.yaml`.
pub(crate) const FILE_NAMES: [(&str, &str); 2] = [("story.yaml", "scenario.yaml"), ("story.yml", "scenario.yaml")];

fn replacement(names: &'static [(&str, &str)], name: &str) -> Option<&'static str> {
    names.iter().find(|(old, _)| *old == name).map(|(_, new)| *new)
}

/// Returns the key that replaces a retired one.
pub(super) fn current_key(key: &str) -> Option<&'static str> {
    replacement(&KEYS, key)
}

/// Returns the format id that replaces a retired one.
pub(super) fn current_format(id: &str) -> Option<&'static str> {
    replacement(&FORMATS, id)
}
