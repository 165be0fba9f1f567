//! Suggestions for misspelled names.
//!
//! Input: an unknown name and the known names. Output: at most one known name that is near enough to suggest.

/// The known name nearest to `name`, if one is near; the first in order if several are equally near.
///
/// A name is near if it is at most a third of the longer name's length away, but at least one and at most three edits. A swap of
/// adjacent characters is one edit (optimal string alignment distance). Case is ignored, and `-`, `_` and a space are equal.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(name);
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in known {
        if candidate == name {
            continue;
        }
        let other = fold(candidate);
        let distance = strsim::osa_distance(&folded, &other);
        let longest = folded.chars().count().max(other.chars().count());
        let better = best.is_none_or(|(least, text)| (distance, candidate) < (least, text));
        if better && distance <= (longest / 3).clamp(1, 3) && distance < longest {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, text)| text)
}

fn fold(name: &str) -> String {
    name.to_lowercase().replace(['-', ' '], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swap_of_two_letters_is_corrected_and_another_word_is_not() {
        let known = ["memory-high", "memory-inefficient", "data-loss"];
        assert_eq!(nearest("memory-hgih", known), Some("memory-high"));
        assert_eq!(nearest("Data-Loss", known), Some("data-loss"));
        assert_eq!(nearest("kubelet", known), None);
        assert_eq!(nearest("memory_high", known), Some("memory-high"));
        assert_eq!(nearest("a", ["b"]), None);
    }
}
