//! Keys that earlier versions of the format had under another name.
//!
//! This is the only place that lists the old names. [`super::checker`] reports each of them as an unknown key whose help
//! names the new one.

/// Old key → the key that replaces it.
const RETIRED: [(&str, &str); 4] = [
    ("linger", "max_cause_gap"),
    ("bridges", "max_hidden_hops"),
    ("lift", "rollup"),
    ("incarnation", "restart_marker"),
];

/// Returns the key that replaces a retired one.
pub(super) fn current_name(key: &str) -> Option<&'static str> {
    RETIRED.iter().find(|(old, _)| *old == key).map(|(_, new)| *new)
}
