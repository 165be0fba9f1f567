//! The known name closest to a misspelt one.
//!
//! Input: an unknown name and the known names. Output: at most one suggestion, close enough to be useful.

/// The known name nearest to `name`: nothing where none is near, the first in order where several are equally near.
///
/// Near is a third of the longer name, at least one edit and at most three. Exchanged neighbours count as one edit; case
/// and the choice between `-`, `_` and a space as none.
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
    fn a_slip_of_two_letters_is_guessed_and_another_word_is_not() {
        let known = ["memory-high", "memory-inefficient", "data-loss"];
        assert_eq!(nearest("memory-hgih", known), Some("memory-high"));
        assert_eq!(nearest("Data-Loss", known), Some("data-loss"));
        assert_eq!(nearest("kubelet", known), None);
        assert_eq!(nearest("memory_high", known), Some("memory-high"));
        assert_eq!(nearest("a", ["b"]), None);
    }
}
