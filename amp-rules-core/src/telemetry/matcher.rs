//! Matches many regexes and literals against many lines at once.
//!
//! Input: the [`LineTest`]s of all requests, then one text after another. Output: the indices of the tests that match, the same
//! as if each test were run alone. Most lines match nothing, so the matcher is optimized to reject them: for every regex it
//! extracts a set of literals of which one occurs in each match. Long literals are searched by a few of their bytes
//! (module `grams`), short ones by an Aho-Corasick automaton. Only candidates are confirmed by their regex. A test of fields
//! is a candidate where its text is; one without a text, or whose text has no literals, always is.
//!
//! A text may consist of several lines (the fields of a JSON line): `^` and `$` match at each of them and `.` does not match a
//! newline. Nothing here knows a table, a row or a rule.

mod grams;
mod literals;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use self::grams::Grams;
use crate::telemetry::predicate::{FieldTest, LineTest};

/// A compiled list of tests, identified by their index in the list.
#[derive(Debug)]
pub struct Matcher {
    tests: Vec<Confirm>,
    /// Finds the long literals, ignoring ASCII case; their names are indices into `owners`.
    long: Vec<Grams>,
    /// Finds the short literals, ignoring ASCII case.
    short: Option<AhoCorasick>,
    /// Per literal of `short`, its index into `owners`.
    short_names: Vec<usize>,
    /// Per literal, the tests that it makes candidates, ascending.
    owners: Vec<Vec<usize>>,
    /// The tests without a usable literal, ascending; every text is a candidate for them.
    rest: Vec<usize>,
    /// The tests of `rest` as one automaton, if there are enough of them and it could be built.
    rest_set: Option<RegexSet>,
    /// The tests of fields without a literal in the text, ascending; every text is a candidate for them.
    by_field: Vec<usize>,
    /// Finds literals of the lines that tests of `by_field` match, ignoring ASCII case; `None` if some of these tests has none.
    field_literals: Option<AhoCorasick>,
}

/// A test whose regex does not compile.
#[derive(Debug, thiserror::Error)]
#[error("the regex does not compile: {source}")]
pub struct MatcherError {
    /// The index of the test in the list.
    pub test: usize,
    /// The error of the `regex` crate.
    #[source]
    pub source: regex::Error,
}

/// The exact test of a candidate.
#[derive(Debug)]
struct Confirm {
    text: ConfirmText,
    fields: Vec<FieldTest>,
}

/// The part of a test that searches the text.
#[derive(Debug)]
enum ConfirmText {
    Any,
    Regex(Regex),
    Literal(Box<memchr::memmem::Finder<'static>>),
}

impl Confirm {
    fn new(test: &LineTest) -> Result<Self, regex::Error> {
        let text = match test.of_text() {
            Some(LineTest::Regex(text)) => ConfirmText::Regex(compile(text)?),
            Some(LineTest::Contains(text)) => {
                ConfirmText::Literal(Box::new(memchr::memmem::Finder::new(text.as_bytes()).into_owned()))
            }
            Some(LineTest::Fields { .. }) | None => ConfirmText::Any,
        };
        Ok(Self { text, fields: test.fields().to_vec() })
    }

    fn is_match(&self, text: &str, has_field: impl Fn(&FieldTest) -> bool) -> bool {
        let found = match &self.text {
            ConfirmText::Any => true,
            ConfirmText::Regex(regex) => regex.is_match(text),
            ConfirmText::Literal(finder) => finder.find(text.as_bytes()).is_some(),
        };
        found && self.fields.iter().all(has_field)
    }
}

/// Up to this number, tests without a literal are run one by one; more are combined into one automaton.
const FEW: usize = 2;

/// The distances between the bytes that are inspected, for literals that are long enough.
const STRIDES: [usize; 2] = [8, 4];

/// The memory limit of the automaton of many regexes, in bytes.
pub const SET_BYTES: usize = 64 << 20;

/// The maximum size of all regexes of a pack together: characters and ranges of classes, with bounded repetitions written out.
///
/// Compiled, they need some 30 bytes of memory for each.
pub const PACK_REGEXES: u64 = 1_000_000;

/// Compiles a regex with the options of the matcher: `^` and `$` match at line boundaries.
///
/// # Errors
///
/// The regex does not compile.
pub fn compile(regex: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(regex).multi_line(true).build()
}

/// Literals of which at least one occurs, ignoring ASCII case, in every raw text with a line that the test matches; `None` if
/// there is no useful set.
///
/// This does not hold for raw text with `\u` or an ANSI escape: JSON can write any letter as `\u`, and an escape may split a
/// literal in two.
#[must_use]
pub fn required_literals(test: &LineTest) -> Option<Vec<String>> {
    let literals = literals::best(text_literals(test), literals::of_fields(test.fields()));
    literals?.into_iter().map(|literal| String::from_utf8(literal).ok()).collect()
}

/// Literals of which at least one occurs, ignoring ASCII case, in every searched text that the test matches.
fn text_literals(test: &LineTest) -> Option<Vec<Vec<u8>>> {
    match test.of_text()? {
        LineTest::Regex(regex) => literals::of_regex(regex),
        LineTest::Contains(text) => literals::of_literal(text),
        LineTest::Fields { .. } => None,
    }
}

impl Matcher {
    /// Compiles the tests.
    ///
    /// # Errors
    ///
    /// The first test whose regex does not compile.
    pub fn new(tests: &[LineTest]) -> Result<Self, MatcherError> {
        let mut confirms = Vec::with_capacity(tests.len());
        let mut by_literal = std::collections::BTreeMap::<Vec<u8>, Vec<usize>>::new();
        let mut rest = Vec::new();
        for (test, line_test) in tests.iter().enumerate() {
            confirms.push(Confirm::new(line_test).map_err(|source| MatcherError { test, source })?);
            match text_literals(line_test) {
                Some(set) => set.into_iter().for_each(|literal| by_literal.entry(literal).or_default().push(test)),
                None => rest.push(test),
            }
        }
        let (mut left, mut owners): (Vec<_>, Vec<_>) =
            by_literal.into_iter().enumerate().map(|(name, (literal, tests))| ((literal, name), tests)).unzip();
        owners.iter_mut().for_each(|owner: &mut Vec<usize>| owner.dedup());
        let mut long = Vec::new();
        for stride in STRIDES {
            let (fit, others): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|(literal, _)| literal.len() >= Grams::shortest(stride));
            long.extend(Grams::new(stride, &fit));
            left = others;
        }
        let (patterns, mut short_names): (Vec<_>, Vec<_>) = left.into_iter().unzip();
        let mut short = None;
        if !patterns.is_empty() {
            short = AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::Standard)
                .build(&patterns)
                .ok();
            if short.is_none() {
                // Without an automaton these tests are run on every text: slower, with the same result.
                rest.extend(short_names.drain(..).filter_map(|name| owners.get(name)).flatten());
                rest.sort_unstable();
                rest.dedup();
            }
        }
        let (by_field, rest): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|test| tests.get(*test).is_some_and(|test| !test.fields().is_empty()));
        let rest_set = Self::set_of(tests, &rest);
        let field_literals = Self::field_literals(tests, &by_field);
        Ok(Self { tests: confirms, long, short, short_names, owners, rest, rest_set, by_field, field_literals })
    }

    fn field_literals(tests: &[LineTest], by_field: &[usize]) -> Option<AhoCorasick> {
        if by_field.is_empty() {
            return None;
        }
        let of_one = |at: &usize| literals::of_fields(tests.get(*at)?.fields());
        let literals: Option<Vec<_>> = by_field.iter().map(of_one).collect();
        AhoCorasick::builder().ascii_case_insensitive(true).build(literals?.concat()).ok()
    }

    fn set_of(tests: &[LineTest], rest: &[usize]) -> Option<RegexSet> {
        if rest.len() <= FEW {
            return None;
        }
        let texts = rest.iter().filter_map(|&test| tests.get(test)).map(|test| match test {
            LineTest::Regex(text) => text.clone(),
            LineTest::Contains(text) => regex::escape(text),
            // Not in `rest`.
            LineTest::Fields { .. } => String::new(),
        });
        RegexSetBuilder::new(texts).multi_line(true).size_limit(SET_BYTES).dfa_size_limit(SET_BYTES).build().ok()
    }

    /// The number of tests.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tests.len()
    }

    /// Whether there is no test.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// Replaces the contents of `hits` with the indices of the tests that match a line, ascending.
    ///
    /// `text` is the text of the line that tests search; `has_field` is whether the line passes the test of a field.
    pub fn matches(&self, text: &str, has_field: impl Fn(&FieldTest) -> bool, hits: &mut Vec<usize>) {
        hits.clear();
        let mut add_candidates = |name: usize| hits.extend(self.owners.get(name).into_iter().flatten());
        for grams in &self.long {
            grams.find(text.as_bytes(), |name| {
                add_candidates(name);
                false
            });
        }
        if let Some(short) = &self.short {
            short
                .find_overlapping_iter(text)
                .filter_map(|found| self.short_names.get(found.pattern().as_usize()))
                .for_each(|name| add_candidates(*name));
        }
        if !hits.is_empty() {
            hits.sort_unstable();
            hits.dedup();
            hits.retain(|&test| self.confirms(test, text, &has_field));
        }
        let found = hits.len();
        match &self.rest_set {
            Some(set) => hits.extend(set.matches(text).iter().filter_map(|at| self.rest.get(at))),
            None => hits.extend(self.rest.iter().copied().filter(|&test| self.confirms(test, text, &has_field))),
        }
        hits.extend(self.by_field.iter().copied().filter(|&test| self.confirms(test, text, &has_field)));
        if hits.len() > found {
            hits.sort_unstable();
            hits.dedup();
        }
    }

    fn confirms(&self, test: usize, text: &str, has_field: impl Fn(&FieldTest) -> bool) -> bool {
        self.tests.get(test).is_some_and(|confirm| confirm.is_match(text, has_field))
    }

    /// Whether a test could match a line of `raw`, or the unescaped text of JSON fields in it.
    ///
    /// `false` is certain, `true` is not: this is a cheap check of a batch before it is split into lines. `raw` is the text of a
    /// row, including ANSI and JSON escapes.
    pub(crate) fn could_match(&self, raw: &str) -> bool {
        if self.tests.is_empty() {
            return false;
        }
        // The literals contain no character that JSON must escape, so they appear unchanged in JSON text, unless it uses `\u`.
        // An ANSI escape may split a literal in two.
        !self.rest.is_empty()
            || !self.by_field.is_empty() && self.field_literals.as_ref().is_none_or(|literals| literals.is_match(raw))
            || self.long.iter().any(|grams| grams.find(raw.as_bytes(), |_| true))
            || self.short.as_ref().is_some_and(|short| short.is_match(raw))
            || memchr::memchr(0x1b, raw.as_bytes()).is_some()
            || memchr::memmem::find(raw.as_bytes(), br"\u").is_some()
    }

    /// The text of named groups in the first match of a test in `text`, one entry per name; `None` if the group did not take
    /// part, the test does not match or it is not a regex.
    #[must_use]
    pub fn captured<'t>(&self, test: usize, text: &'t str, names: &[&str]) -> Vec<Option<&'t str>> {
        let captures = match self.tests.get(test).map(|confirm| &confirm.text) {
            Some(ConfirmText::Regex(regex)) if !names.is_empty() => regex.captures(text),
            _ => None,
        };
        names
            .iter()
            .map(|name| captures.as_ref().and_then(|found| found.name(name)).map(|group| group.as_str()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn regexes(texts: &[&str]) -> Vec<LineTest> {
        texts.iter().map(|text| LineTest::Regex((*text).to_owned())).collect()
    }

    fn naive(tests: &[LineTest], text: &str) -> Vec<usize> {
        let holds = |test: &LineTest| match test {
            LineTest::Regex(regex) => compile(regex).unwrap().is_match(text),
            LineTest::Contains(literal) => text.contains(literal.as_str()),
            LineTest::Fields { .. } => unreachable!("these tests search texts only"),
        };
        (0..tests.len()).filter(|&at| holds(&tests[at])).collect()
    }

    #[track_caller]
    fn check(tests: &[LineTest], text: &str, want: &[usize]) {
        let matcher = Matcher::new(tests).unwrap();
        let mut hits = vec![99];
        matcher.matches(text, |_| false, &mut hits);
        assert_eq!(hits, want);
        assert_eq!(hits, naive(tests, text));
        if !hits.is_empty() {
            assert!(matcher.could_match(text));
        }
    }

    #[test]
    fn every_matching_test_is_reported_once_and_in_order() {
        let tests = regexes(&[r"\d+", "refused|denied", "(?i)REFUSED", "absent", "connection refused"]);
        check(&tests, "connection refused, connection refused 55680", &[0, 1, 2, 4]);
    }

    #[test]
    fn anchors_match_at_every_line_and_the_dot_stops_at_newlines() {
        let tests = regexes(&["^second$", "first.second", "^first second$", r"first\nsecond"]);
        check(&tests, "first\nsecond", &[0, 3]);
        check(&tests, "first second", &[1, 2]);
    }

    #[test]
    fn a_literal_compares_with_case_and_a_caseless_regex_without() {
        let tests = [LineTest::Contains("Refused".to_owned()), LineTest::Regex("(?i)refused".to_owned())];
        check(&tests, "REFUSED", &[1]);
        check(&tests, "Refused", &[0, 1]);
    }

    #[test]
    fn letters_beyond_ascii_fold_as_the_regex_crate_folds_them() {
        // U+212A KELVIN SIGN folds to `k`, U+017F LONG S to `s`.
        let tests = regexes(&["(?i)kelvin sisters", "(?i)Äpfel"]);
        check(&tests, "\u{212a}elvin \u{17f}i\u{17f}ter\u{17f}", &[0]);
        check(&tests, "äPFEL", &[1]);
    }

    #[test]
    fn the_empty_regex_matches_everything_and_no_test_matches_nothing() {
        check(&regexes(&[""]), "", &[0]);
        check(&regexes(&[]), "anything", &[]);
        assert!(!Matcher::new(&[]).unwrap().could_match("anything"));
    }

    #[test]
    fn a_regex_that_does_not_compile_is_named() {
        let error = Matcher::new(&regexes(&["fine", "(unclosed"])).unwrap_err();
        assert_eq!(error.test, 1);
    }

    #[test]
    fn groups_are_captured_by_name() {
        let matcher = Matcher::new(&regexes(&[r#"dropped_items":\s*(?P<dropped>\d+)(?P<more>x)?"#])).unwrap();
        assert_eq!(
            matcher.captured(0, r#"{"dropped_items": 7000}"#, &["more", "dropped", "none"]),
            [None, Some("7000"), None]
        );
        assert_eq!(matcher.captured(0, "nothing", &["dropped"]), [None]);
    }

    #[test]
    fn a_batch_that_hides_a_literal_behind_an_escape_is_a_candidate() {
        let matcher = Matcher::new(&regexes(&["connection refused"])).unwrap();
        assert!(matcher.could_match(r#"{"msg":"connection ref\u0075sed"}"#));
        assert!(matcher.could_match("connection \u{1b}[31mrefused"));
        assert!(!matcher.could_match("all is well"));
    }

    #[test]
    fn realistic_texts_match_as_each_test_alone() {
        let tests = regexes(&[
            r"dial tcp 127\.0\.0\.1:55680: (connect: )?connection refused",
            r"unable to (load specified|read|use specified) CA cert (?P<file>\S+)",
            r"(?i)error in ssl handshake",
            r"TokenConfig\.json does not exist",
            r#"\[::\]|"\\"#,
        ]);
        check(&tests, "dial tcp 127.0.0.1:55680: connect: connection refused", &[0]);
        check(&tests, "dial tcp 127.0.0.1:55680: connection refused", &[0]);
        check(&tests, "dial tcp 127.0.0.1:5568: connection refused", &[]);
        check(&tests, "x unable to read CA cert /a: Error in SSL handshake", &[1, 2]);
        check(&tests, r#"listen [::]:80 TokenConfig.json does not exist"#, &[3, 4]);
    }

    /// Regexes of few letters, so that they match often, with every construct that the literal extraction handles.
    fn regex_text() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "[abkS]{1,4}",
            "[ab ]{2,3}",
            Just("[ab]".to_owned()),
            Just("[^a]".to_owned()),
            Just(".".to_owned()),
            Just(r"\b".to_owned()),
            Just("^".to_owned()),
            Just("$".to_owned()),
            Just(r"\d".to_owned()),
            Just(r#"\\""#.to_owned()),
            Just(r"\n".to_owned()),
            Just("é".to_owned()),
            Just("k\u{212a}".to_owned()),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
                prop::collection::vec(inner.clone(), 1..4).prop_map(|arms| format!("({})", arms.join("|"))),
                (
                    inner.clone(),
                    prop_oneof![Just("*"), Just("+"), Just("?"), Just("{2}"), Just("{1,2}"), Just("{0}"), Just("+?")]
                )
                    .prop_map(|(part, many)| format!("(?:{part}){many}")),
                inner.prop_map(|part| format!("(?i:{part})")),
            ]
        })
    }

    fn line_text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[abkABKsS ]{0,12}",
            r#"[abksS1 \\"\né]{0,16}"#,
            prop::collection::vec(
                prop_oneof![Just("\u{212a}"), Just("\u{17f}"), Just("a"), Just("k"), Just("\n"), Just("É")],
                0..8
            )
            .prop_map(|parts| parts.concat()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn the_result_is_that_of_each_test_alone(
            texts in prop::collection::vec(regex_text(), 0..8),
            literal in "[abk ]{0,3}",
            lines in prop::collection::vec(line_text(), 1..8),
        ) {
            let mut tests: Vec<_> = texts.into_iter().filter(|text| compile(text).is_ok()).map(LineTest::Regex).collect();
            tests.push(LineTest::Contains(literal));
            let matcher = Matcher::new(&tests).unwrap();
            let mut hits = Vec::new();
            for line in &lines {
                matcher.matches(line, |_| false, &mut hits);
                prop_assert_eq!(&hits, &naive(&tests, line));
                let escaped = serde_json::to_string(line).unwrap();
                let batch = lines.join("\n");
                prop_assert!(hits.is_empty() || (matcher.could_match(line) && matcher.could_match(&escaped) && matcher.could_match(&batch)));
            }
        }

        #[test]
        fn texts_cut_out_of_a_line_are_found_in_it(
            line in "[abAB1 -]{0,60}",
            cuts in prop::collection::vec((any::<prop::sample::Index>(), 1..24_usize, any::<bool>()), 1..12),
            other in "[abAB1 -]{0,60}",
        ) {
            let cut = |(start, length, caseless): (prop::sample::Index, usize, bool)| {
                let start = if line.is_empty() { 0 } else { start.index(line.len()) };
                let text = regex::escape(&line[start..(start + length).min(line.len())]);
                LineTest::Regex(if caseless { format!("(?i){}", text.to_uppercase()) } else { text })
            };
            let tests: Vec<_> = cuts.into_iter().map(cut).collect();
            let matcher = Matcher::new(&tests).unwrap();
            let mut hits = Vec::new();
            for text in [&line, &other, &format!("{other}{line}")] {
                matcher.matches(text, |_| false, &mut hits);
                prop_assert_eq!(&hits, &naive(&tests, text));
                prop_assert!(hits.is_empty() || matcher.could_match(text));
            }
        }
    }
}
