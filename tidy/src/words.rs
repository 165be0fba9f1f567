//! Words, keys and type names that the project does not use, and where they occur.
//!
//! Three lists: [`WORDS`] as whole words in code, docs and strings; [`KEYS`] as keys of YAML and JSON; [`TYPES`] as names
//! of items that are declared. Why each was retired, and what is written in its place, is in `CONTRIBUTING.md`.

/// Words that are not written in code, docs or strings. Matched as whole words, in any case.
pub const WORDS: [&str; 8] = ["told", "whom", "anew", "nobody", "somebody", "whoever", "mend", "kin"];

/// Keys that the formats no longer have.
pub const KEYS: [&str; 7] = ["linger", "bridges", "lift", "incarnation", "told_apart_by", "flips", "story"];

/// Names that no type, trait or alias has.
pub const TYPES: [&str; 48] = [
    "Behind",
    "Bench",
    "Book",
    "Clash",
    "Done",
    "Flip",
    "Fold",
    "Folded",
    "Form",
    "Glance",
    "Group",
    "Guess",
    "Held",
    "Lacks",
    "Leaf",
    "Ledger",
    "Lens",
    "Life",
    "Lift",
    "Likeness",
    "Living",
    "Meter",
    "Misfit",
    "Moment",
    "Otherwise",
    "Pace",
    "Prover",
    "Queried",
    "Question",
    "ReasonBook",
    "Roster",
    "Screen",
    "Seeker",
    "Seen",
    "Share",
    "Sheet",
    "Steps",
    "Story",
    "Supposing",
    "Swept",
    "Tally",
    "Teller",
    "Track",
    "Trouble",
    "Turn",
    "Untold",
    "Witness",
    "World",
];

/// Returns the words of a text: maximal runs of letters, digits and underscores, with the line of each, from 1.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().flat_map(|(line, text)| {
        text.split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|word| !word.is_empty())
            .map(move |word| (line + 1, word))
    })
}

/// Returns the retired words of a text, each with its line. A name such as `told_by` counts by its parts.
#[must_use]
pub fn retired_words(text: &str) -> Vec<(usize, String)> {
    let parts = |(line, word): (usize, &str)| {
        word.split('_')
            .filter(|part| WORDS.contains(&part.to_lowercase().as_str()))
            .map(move |part| (line, part.to_owned()))
            .collect::<Vec<_>>()
    };
    tokens(text).flat_map(parts).collect()
}

/// Returns the retired keys of a YAML or JSON text, each with its line: a name, quoted or not, that a colon follows.
#[must_use]
pub fn retired_keys(text: &str) -> Vec<(usize, String)> {
    keys(text, true)
}

/// Returns the retired keys of the JSON in a text of another kind, such as code: quoted names that a colon follows.
#[must_use]
pub fn retired_quoted_keys(text: &str) -> Vec<(usize, String)> {
    keys(text, false)
}

fn keys(text: &str, bare: bool) -> Vec<(usize, String)> {
    let is_key = |line: &str, key: &str| {
        line.match_indices(key).any(|(at, _)| {
            let before = line.get(..at).unwrap_or_default().trim_end_matches(['"', '\'', '\\']);
            let after = line.get(at + key.len()..).unwrap_or_default().trim_start_matches(['"', '\'', '\\']);
            let starts = before.is_empty() || before.ends_with([' ', '{', ',', '-', '[', '(']);
            let quoted = before.len() < at;
            starts && ((bare && (after.starts_with(": ") || after == ":")) || (quoted && after.starts_with(':')))
        })
    };
    let lines = text.lines().enumerate();
    lines
        .flat_map(|(at, line)| {
            KEYS.iter().filter(|key| is_key(line, key)).map(move |key| (at + 1, (*key).to_owned())).collect::<Vec<_>>()
        })
        .collect()
}

/// Returns the retired names among the types, traits and aliases that Rust code declares, each with its line.
#[must_use]
pub fn retired_types(code: &str) -> Vec<(usize, String)> {
    let words: Vec<(usize, &str)> = tokens(code).collect();
    let declares = |pair: &[(usize, &str)]| match pair {
        [(_, "struct" | "enum" | "union" | "trait" | "type"), (line, name)]
            if TYPES.contains(name) || name.starts_with("Bearer") =>
        {
            Some((*line, (*name).to_owned()))
        }
        _ => None,
    };
    words.windows(2).filter_map(declares).collect()
}
