//! The texts of `testdata/secrets`, in which secrets are yet to be assembled: see [`super::random`].
//!
//! Each line is a JSON array of a name and a text. `@{a36}` stands for 36 random characters of an alphabet, and `«…»`
//! encloses a secret.

/// A text of every kind: the kind, and the text.
pub(crate) fn kinds() -> Vec<(String, String)> {
    lines(include_str!("../../../testdata/secrets/kinds.ndjson"))
}

/// Texts as people write them: a group, and the text.
pub(crate) fn trials() -> Vec<(String, String)> {
    lines(include_str!("../../../testdata/secrets/trials.ndjson"))
}

/// Texts without secrets: a group, and the text.
pub(crate) fn harmless() -> Vec<(String, String)> {
    lines(include_str!("../../../testdata/secrets/harmless.ndjson"))
}

fn lines(text: &str) -> Vec<(String, String)> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
