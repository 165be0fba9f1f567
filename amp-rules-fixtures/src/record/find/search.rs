//! Searches a text for all kinds.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use super::encoded::{Decoded, MAX_DEPTH, each_base64, unescape};
use super::kind::{Check, Class, Found, Kind};
use super::overlap::without_overlap;
use super::secret_name::is_secret_name;
use super::shape::is_placeholder;
use super::{addresses, assignments, clouds, credentials, entropy, people, personal, services, tokens};

/// All tables.
const TABLES: [&[Kind]; 8] = [
    credentials::KINDS,
    assignments::KINDS,
    clouds::KINDS,
    tokens::KINDS,
    services::KINDS,
    addresses::KINDS,
    personal::KINDS,
    people::KINDS,
];

/// The name of what was decoded from base64.
const ENCODED: &str = "base64-of-secret";

/// The name of a cell whose key is that of a secret.
const BY_KEY: &str = "value-of-secret-key";

/// The name of a random text.
const RANDOM: &str = "random-text";

/// The kinds with their regexes, and the search for their keywords.
struct Search {
    kinds: Vec<(Kind, OnceLock<Option<Regex>>)>,
    keywords: Option<AhoCorasick>,
    /// The kinds of each keyword.
    of_keyword: Vec<Vec<usize>>,
    /// The kinds of each keyword of one byte. These occur in most texts, so that their first occurrence is sufficient.
    of_byte: BTreeMap<u8, Vec<usize>>,
    /// The kinds without keywords.
    always: Vec<usize>,
}

static SEARCH: LazyLock<Search> = LazyLock::new(|| {
    let kinds: Vec<(Kind, OnceLock<Option<Regex>>)> =
        TABLES.iter().copied().flatten().map(|kind| (*kind, OnceLock::new())).collect();
    let mut words: Vec<String> = Vec::new();
    let mut of_keyword: Vec<Vec<usize>> = Vec::new();
    let mut of_byte: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
    let always =
        kinds.iter().enumerate().filter(|(_, (kind, _))| kind.keywords.is_empty()).map(|(index, _)| index).collect();
    for (index, (kind, _)) in kinds.iter().enumerate() {
        for word in kind.keywords.iter().map(|word| word.to_lowercase()) {
            if let [byte] = word.as_bytes() {
                of_byte.entry(*byte).or_default().push(index);
                continue;
            }
            match words.iter().position(|known| *known == word).and_then(|at| of_keyword.get_mut(at)) {
                Some(of) => of.push(index),
                None => {
                    words.push(word);
                    of_keyword.push(vec![index]);
                }
            }
        }
    }
    let keywords =
        AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::Standard).build(&words).ok();
    Search { kinds, keywords, of_keyword, of_byte, always }
});

/// Compiles the regex of a kind. Word boundaries and classes are ASCII, which is faster.
fn compile(kind: &Kind) -> Option<Regex> {
    let ascii = kind.regex.replace(r"\b", r"(?-u:\b)").replace(r"\w", "[0-9A-Za-z_]").replace(r"\d", "[0-9]");
    Regex::new(&ascii.replace(r"\s", r"[ \t\r\n\x0B\x0C]").replace(r"\S", r"[^ \t\r\n\x0B\x0C]")).ok()
}

/// Returns the name, the class and the source of every kind.
pub fn kinds() -> impl Iterator<Item = (&'static str, Class, &'static str)> {
    TABLES.iter().copied().flatten().map(|kind| (kind.name, kind.class, kind.source))
}

/// Finds identifiers and secrets in a text, from left to right, without overlap.
///
/// `key`: the JSON key or column of which the text is the value, if any. The text of a key itself is searched without one.
pub(crate) fn find(text: &str, key: Option<&str>) -> Vec<Found> {
    let whole = key.is_some_and(is_secret_name) && text.len() > 2 && !is_placeholder(text);
    let mut found = match key.filter(|key| whole || is_context(key)) {
        Some(key) => {
            let start = format!("{key}: ");
            let joined = start.clone() + text;
            let shift = |found: Found| {
                let from = found.range.start.checked_sub(start.len())?;
                Some(Found { range: from..found.range.end - start.len(), ..found })
            };
            search(&joined, 0).into_iter().filter_map(shift).collect()
        }
        None => search(text, 0),
    };
    let is_header =
        key.is_some_and(|key| ["authorization", "cookie"].iter().any(|end| key.to_lowercase().ends_with(end)));
    let is_covered = is_header && found.iter().any(|one| one.class == Class::Secret);
    let is_id = found.iter().any(|one| one.class == Class::Id && one.range == (0..text.len()));
    if whole && !is_covered && !is_id {
        let whole = Found { kind: BY_KEY, class: Class::Secret, range: 0..text.len(), decoded: None };
        return without_overlap(text, vec![whole]);
    }
    let mut doubtful = Vec::new();
    let mut next = 0;
    entropy::each(text, |range| {
        while found.get(next).is_some_and(|one| one.range.end <= range.start) {
            next += 1;
        }
        if found.get(next).is_none_or(|one| one.range.start >= range.end) {
            doubtful.push(Found { kind: RANDOM, class: Class::Doubtful, range, decoded: None });
        }
    });
    found.extend(doubtful);
    found.sort_by_key(|one| one.range.start);
    found
}

/// Whether a key may decide what its value is.
fn is_context(key: &str) -> bool {
    let Some(keywords) = SEARCH.keywords.as_ref() else { return false };
    key.len() < 256 && (keywords.is_match(key) || key.to_lowercase().contains("version"))
}

/// All finds of a text, decoded texts included.
fn search(text: &str, depth: usize) -> Vec<Found> {
    let mut found = Vec::new();
    each(text, |kind, range| found.push(Found { kind: kind.name, class: kind.class, range, decoded: None }));
    base64(text, depth, |range| found.push(Found { kind: ENCODED, class: Class::Secret, range, decoded: None }));
    let mut layer = unescape(text);
    let mut layers = depth;
    let mut starts = BTreeSet::new();
    while let Some(decoded) = layer.take().filter(|_| layers < MAX_DEPTH) {
        let mut add = |kind: &'static str, class: Class, range: Range<usize>| {
            let value = decoded.text.get(range.clone()).map(str::to_owned);
            if let Some(original) = decoded.original(&range) {
                let differs = text.get(original.clone()) != value.as_deref();
                starts.insert(original.start);
                found.push(Found { kind, class, range: original, decoded: value.filter(|_| differs) });
            }
        };
        each(&decoded.text, |kind, range| add(kind.name, kind.class, range));
        base64(&decoded.text, depth, |range| add(ENCODED, Class::Secret, range));
        layer = Decoded::again(&decoded);
        layers += 1;
    }
    // After a backslash, the `n` of an escape is not a part of the word that follows it.
    found.retain(|one| {
        let is_escape = one.decoded.is_none()
            && text.get(..one.range.start).is_some_and(|before| before.ends_with('\\'))
            && text.get(one.range.clone()).is_some_and(|word| word.starts_with(['n', 'r', 't']));
        !(is_escape && starts.contains(&(one.range.start + 1)))
    });
    without_overlap(text, found)
}

/// Calls `each` with the ranges that are base64 of a text with finds.
fn base64(text: &str, depth: usize, mut each: impl FnMut(Range<usize>)) {
    if depth < MAX_DEPTH {
        each_base64(text, |range, inner| {
            if search(inner, depth + 1).iter().any(|one| !matches!(one.class, Class::Host | Class::Doubtful)) {
                each(range);
            }
        });
    }
}

/// Calls `each` with all matches of all kinds, which may overlap.
fn each(text: &str, mut each: impl FnMut(&'static Kind, Range<usize>)) {
    let mut wanted: Vec<usize> = SEARCH.always.clone();
    for (_, kinds) in SEARCH.of_byte.iter().filter(|(byte, _)| memchr::memchr(**byte, text.as_bytes()).is_some()) {
        wanted.extend(kinds);
    }
    if let Some(keywords) = &SEARCH.keywords {
        let mut seen: Vec<usize> = Vec::new();
        for hit in keywords.find_overlapping_iter(text) {
            let keyword = hit.pattern().as_usize();
            if !seen.contains(&keyword) {
                seen.push(keyword);
                wanted.extend(SEARCH.of_keyword.get(keyword).into_iter().flatten());
            }
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    for (kind, regex) in wanted.into_iter().filter_map(|index| SEARCH.kinds.get(index)) {
        if let Some(regex) = regex.get_or_init(|| compile(kind)) {
            matches(text, regex, kind, &mut each);
        }
    }
}

/// Calls `each` with the matches of one kind, from left to right.
fn matches(text: &str, regex: &Regex, kind: &'static Kind, each: &mut impl FnMut(&'static Kind, Range<usize>)) {
    let mut at = 0;
    let mut next = regex.find_at(text, at);
    if next.is_none() {
        return;
    }
    let mut places = regex.capture_locations();
    while let Some(whole) = next.and_then(|found| regex.captures_read_at(&mut places, text, found.start())) {
        let group = (1..places.len()).find_map(|group| places.get(group));
        let part = group.map_or(whole.range(), |(start, end)| start..end);
        let mut end = None;
        let mut add = |range: Range<usize>| {
            end = Some(range.end);
            each(kind, range);
        };
        match kind.check {
            Check::Any => add(part),
            Check::Is(test) => {
                if text.get(part.clone()).is_some_and(test) {
                    add(part);
                }
            }
            Check::Place(place) => place(text, part).into_iter().for_each(&mut add),
            Check::Parts(parts) => parts(text, part).into_iter().for_each(&mut add),
        }
        // The search continues after the value, or else after the match: at least one character further.
        at = end.unwrap_or(whole.end()).max(whole.start() + 1);
        while !text.is_char_boundary(at) {
            at += 1;
        }
        next = if at <= text.len() { regex.find_at(text, at) } else { None };
    }
}

/// The finds of one row alone.
#[cfg(test)]
pub(super) fn of_kind(name: &str, text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (kind, regex) in SEARCH.kinds.iter().filter(|(kind, _)| kind.name == name) {
        matches(text, regex.get_or_init(|| compile(kind)).as_ref().unwrap(), kind, &mut |_, range| found.push(range));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_regex_a_source_and_a_name_of_its_own() {
        let mut names = BTreeSet::new();
        for (kind, _) in &SEARCH.kinds {
            assert!(compile(kind).is_some(), "{}", kind.name);
            assert!(is_source(kind.source), "{}", kind.name);
            assert!(names.insert(kind.name), "{}", kind.name);
        }
    }

    /// A standard, a page, a place where the format was observed, or a title that was not verified.
    fn is_source(source: &str) -> bool {
        let starts = ["RFC ", "format observed in ", "not verified: "].iter().any(|start| source.starts_with(start));
        starts || source.contains("https://") || source.split_once(": ").is_some_and(|(issuer, _)| issuer.len() > 2)
    }

    #[test]
    fn a_key_decides_what_its_value_is() {
        assert_eq!(find("swordfish", Some("password")).len(), 1);
        assert_eq!(find("swordfish", None), []);
        assert_eq!(find("swordfish", Some("fish")), []);
        assert_eq!(find("1.2.3.4", Some("agentVersion")), []);
        assert_eq!(find("true", Some("password")), []);
        let cookie = find("sid=abcdef; theme=dark", Some("Cookie"));
        assert_eq!(cookie.iter().map(|one| one.range.clone()).collect::<Vec<_>>(), [4..10, 18..22]);
    }

    #[test]
    fn encoded_values_are_returned_decoded() {
        let found = find("user=bob%40contoso.com&x=1", None);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].decoded.as_deref(), Some("bob@contoso.com"));
        assert_eq!(found[0].range, 5..22);
    }

    #[test]
    fn finds_in_long_repetitive_lines_are_apart() {
        let parts = [
            "a",
            "0",
            "1.",
            "a@",
            "password=",
            "token=\"",
            "-----BEGIN A-----",
            "sig=%3D",
            "://a:",
            "cookie: a=",
            "\\n",
            "::",
            "10-",
            "eyJ",
            "/home/",
            "+1 2",
            "curl -u a",
            "A1b2C3d4",
            "secret\n",
            "-p ",
            "Zm9v",
        ];
        for part in parts {
            let text = part.repeat(1_000_000 / part.len());
            let found = find(&text, None);
            let are_apart = found.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start);
            assert!(are_apart && found.iter().all(|one| text.get(one.range.clone()).is_some()), "{part:?}");
        }
    }
}
