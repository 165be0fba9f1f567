//! Searches a text for given words, ignoring case or not.

use std::ops::Range;

use aho_corasick::AhoCorasick;

use super::super::find::Class;

/// Words with their classes, and the search for them.
#[derive(Debug)]
pub(super) struct Words {
    search: AhoCorasick,
    words: Vec<(Class, String)>,
    folds: bool,
}

/// An occurrence of a word.
#[derive(Debug)]
pub(super) struct Occurrence<'w> {
    pub(super) class: Class,
    /// The word, in lower case if case is ignored.
    pub(super) word: &'w str,
    pub(super) range: Range<usize>,
    /// Whether it is not a part of a longer word.
    pub(super) is_separate: bool,
}

impl Words {
    /// A search that ignores case; the words are in lower case. `None` if there are no words.
    pub(super) fn ignoring_case(words: Vec<(Class, String)>) -> Option<Self> {
        Self::new(words, true)
    }

    /// A search that distinguishes case.
    pub(super) fn exact(words: Vec<(Class, String)>) -> Option<Self> {
        Self::new(words, false)
    }

    fn new(words: Vec<(Class, String)>, folds: bool) -> Option<Self> {
        // The names and secrets of one cluster are far below the limits of the search.
        let texts = words.iter().map(|(_, word)| word);
        let search = AhoCorasick::builder().ascii_case_insensitive(folds).build(texts).ok()?;
        (!words.is_empty()).then_some(Self { search, words, folds })
    }

    /// All occurrences, also overlapping ones: a longer word that is part of another hides no shorter one.
    pub(super) fn each(&self, text: &str, mut each: impl FnMut(Occurrence<'_>)) {
        let folded = (self.folds && !text.is_ascii()).then(|| fold(text));
        let searched = folded.as_ref().map_or(text, |(folded, _)| folded);
        for hit in self.search.find_overlapping_iter(searched) {
            let place = |at: usize| folded.as_ref().map_or(Some(at), |(_, places)| places.get(at).copied());
            let (Some(start), Some(end)) = (place(hit.start()), place(hit.end())) else { continue };
            if let Some((class, word)) = self.words.get(hit.pattern().as_usize()) {
                let is_separate = is_separate(text, &(start..end));
                each(Occurrence { class: *class, word, range: start..end, is_separate });
            }
        }
    }
}

/// A text in lower case, and for each byte of it, and its end, the position of its character in the original.
fn fold(text: &str) -> (String, Vec<usize>) {
    let (mut folded, mut places) = (String::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
    for (at, c) in text.char_indices() {
        let before = folded.len();
        folded.extend(c.to_lowercase());
        places.extend(std::iter::repeat_n(at, folded.len() - before));
    }
    places.push(text.len());
    (folded, places)
}

/// Whether a range of a text is not part of a longer word.
fn is_separate(text: &str, range: &Range<usize>) -> bool {
    let before = text.get(..range.start).and_then(|before| before.chars().next_back());
    let after = text.get(range.end..).and_then(|after| after.chars().next());
    let inside = text.get(range.clone()).unwrap_or_default();
    let joins = |outer: Option<char>, inner: Option<char>| {
        outer.is_some_and(char::is_alphanumeric) && inner.is_some_and(char::is_alphanumeric)
    };
    !joins(before, inside.chars().next()) && !joins(after, inside.chars().next_back())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_alphabet() {
        let words = ["müller gmbh", "shop", "shop-prod", "+x"].map(|word| (Class::Name, word.to_owned()));
        let words = Words::ignoring_case(words.into()).unwrap();
        let found = |text: &str| {
            let mut found = Vec::new();
            words.each(text, |one| found.push((text[one.range].to_owned(), one.is_separate)));
            found
        };
        assert_eq!(
            found("of MÜLLER GmbH and İmüller gmbh"),
            [("MÜLLER GmbH".into(), true), ("müller gmbh".into(), false)]
        );
        assert_eq!(found("SHOP-production"), [("SHOP".into(), true), ("SHOP-prod".into(), false)]);
        assert_eq!(found("a+x"), [("+x".into(), true)]);
    }
}
