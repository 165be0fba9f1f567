//! What somebody may have meant: the nearest of the known names.
//!
//! Input: a name that is not known and the names that are. Output: at most one guess, near enough to be worth saying.

/// The known name nearest to `name`; nothing where none is near (a third of its length, at most three edits), the
/// first in order where several are equally near.
#[must_use]
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).clamp(1, 3);
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        let folded = name.eq_ignore_ascii_case(candidate);
        let distance = if folded { 0 } else { strsim::damerau_levenshtein(name, candidate) };
        let better = best.is_none_or(|(least, text)| (distance, candidate) < (least, text));
        if distance <= limit && better {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_two_letters_is_guessed_and_another_word_is_not() {
        let known = ["memory-high", "memory-inefficient", "data-loss"];
        assert_eq!(nearest("memory-hgih", known), Some("memory-high"));
        assert_eq!(nearest("Data-Loss", known), Some("data-loss"));
        assert_eq!(nearest("kubelet", known), None);
    }
}
