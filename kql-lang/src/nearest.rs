//! The known name closest to a misspelt one.
//!
//! Input: an unknown name and the known names. Output: at most one suggestion, close enough to be useful.

/// Returns the known name closest to `name`, or `None` if no name is close enough.
///
/// The maximum distance is a third of the length of the longer name, at least one edit and at most three. A transposition
/// of adjacent characters is one edit. Case is ignored, and `-`, `_` and a space are equivalent. Among equally close names
/// the first in alphabetical order is returned. `name` itself is never returned.
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
    fn close_names_are_suggested_and_distant_names_are_not() {
        let known = ["memory-high", "memory-inefficient", "data-loss"];
        assert_eq!(nearest("memory-hgih", known), Some("memory-high"));
        assert_eq!(nearest("Data-Loss", known), Some("data-loss"));
        assert_eq!(nearest("kubelet", known), None);
        assert_eq!(nearest("memory_high", known), Some("memory-high"));
        assert_eq!(nearest("a", ["b"]), None);
    }
}
