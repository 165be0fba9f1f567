//! Finds long literals in a text by inspecting four bytes at every multiple of a stride.
//!
//! Input: literals in lower case (ASCII), then a text. Output: every occurrence of each literal, ignoring ASCII case. Of each
//! literal a window of `stride + 3` bytes is chosen; the four-byte sequences at its `stride` offsets are entered into a bitmap
//! and a table. One of these offsets of an occurrence is a multiple of `stride` in the text, so inspecting those positions is
//! enough. The bitmap rejects nearly all of them; the others are compared with the whole literal.

/// A set of literals of at least [`Grams::shortest`] bytes each.
#[derive(Debug)]
pub(super) struct Grams {
    stride: usize,
    /// One bit per hash of four bytes; the length is a power of two.
    bitmap: Vec<u64>,
    /// The right shift that turns a hash into a bit index.
    shift: u32,
    /// A hash table: the index of the first entry with the same four bytes, plus one; zero is empty. The length is a power of
    /// two.
    slots: Vec<usize>,
    /// Sorted by their four bytes.
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    gram: u32,
    /// The offset of the four bytes in the literal.
    offset: usize,
    literal: Box<[u8]>,
    /// The caller's number for the literal.
    name: usize,
}

/// Bits of the bitmap per entry, so that about one lookup in 64 is a false positive.
const BITS: usize = 64;

/// The least and greatest number of bits of the bitmap: 1 KB is small, 128 KB still fits the cache.
const LEAST: usize = 1 << 13;
const MOST: usize = 1 << 20;

impl Grams {
    /// The least length of a literal at this stride.
    pub(super) const fn shortest(stride: usize) -> usize {
        stride + 3
    }

    /// A set of literals with their names. Literals that are too short are left out; `None` if none remains.
    pub(super) fn new(stride: usize, literals: &[(Vec<u8>, usize)]) -> Option<Self> {
        let mut entries: Vec<_> =
            literals.iter().flat_map(|(literal, name)| entries_of(stride, literal, *name)).collect();
        if entries.is_empty() {
            return None;
        }
        entries.sort_by_key(|entry| (entry.gram, entry.name, entry.offset));
        let bits = entries.len().saturating_mul(BITS).next_power_of_two().clamp(LEAST, MOST);
        let shift = 32 - bits.trailing_zeros();
        let mut bitmap = vec![0_u64; bits / 64];
        let mut slots = vec![0; entries.len().saturating_mul(2).next_power_of_two()];
        let mut before = None;
        for (place, entry) in entries.iter().enumerate() {
            if before.replace(entry.gram) == Some(entry.gram) {
                continue;
            }
            let bit = hash(entry.gram) >> shift;
            if let Some(word) = bitmap.get_mut((bit / 64) as usize) {
                *word |= 1 << (bit % 64);
            }
            let mask = slots.len() - 1;
            let mut slot = hash(entry.gram) as usize & mask;
            // INVARIANT: there are twice as many slots as entries, so an empty one is found.
            while slots.get(slot).is_some_and(|taken| *taken != 0) {
                slot = (slot + 1) & mask;
            }
            if let Some(empty) = slots.get_mut(slot) {
                *empty = place + 1;
            }
        }
        Some(Self { stride, bitmap, shift, slots, entries })
    }

    /// Calls `found` with the name of each literal in a text, once per occurrence, until it returns `true`.
    ///
    /// Returns whether it returned `true`.
    pub(super) fn find(&self, text: &[u8], mut found: impl FnMut(usize) -> bool) -> bool {
        for (index, chunk) in text.chunks(self.stride).enumerate() {
            let Some(four) = chunk.first_chunk::<4>() else { break };
            let gram = gram(*four);
            let bit = hash(gram) >> self.shift;
            let word = self.bitmap.get((bit / 64) as usize).copied().unwrap_or(0);
            if word & (1 << (bit % 64)) != 0 && self.confirm(text, index * self.stride, gram, &mut found) {
                return true;
            }
        }
        false
    }

    /// Compares the literals that have these four bytes with the text around them.
    #[cold]
    fn confirm(&self, text: &[u8], at: usize, gram: u32, found: &mut impl FnMut(usize) -> bool) -> bool {
        let mask = self.slots.len() - 1;
        let mut slot = hash(gram) as usize & mask;
        loop {
            let Some(place) = self.slots.get(slot).and_then(|place| place.checked_sub(1)) else { return false };
            let Some(rest) = self.entries.get(place..) else { return false };
            if rest.first().is_some_and(|entry| entry.gram == gram) {
                let mut same = rest.iter().take_while(|entry| entry.gram == gram);
                return same.any(|entry| entry.occurs_in(text, at) && found(entry.name));
            }
            slot = (slot + 1) & mask;
        }
    }
}

impl Entry {
    /// Whether the literal occurs in the text with its four bytes at `at`.
    fn occurs_in(&self, text: &[u8], at: usize) -> bool {
        let Some(start) = at.checked_sub(self.offset) else { return false };
        text.get(start..start.saturating_add(self.literal.len()))
            .is_some_and(|found| found.eq_ignore_ascii_case(&self.literal))
    }
}

/// The entries of the rarest window of a literal.
fn entries_of(stride: usize, literal: &[u8], name: usize) -> impl Iterator<Item = Entry> {
    let window =
        literal.windows(Grams::shortest(stride)).enumerate().max_by_key(|(_, window)| super::literals::rarity(window));
    let grams = window
        .into_iter()
        .flat_map(|(start, window)| window.windows(4).enumerate().map(move |(offset, four)| (start + offset, four)));
    grams.filter_map(move |(offset, four)| {
        Some(Entry { gram: gram(*four.first_chunk()?), offset, literal: literal.into(), name })
    })
}

/// Four bytes as a number, in lower case; some characters other than letters also become equal.
fn gram(four: [u8; 4]) -> u32 {
    u32::from_le_bytes(four) | 0x2020_2020
}

fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x9e37_79b1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(stride: usize, literals: &[&str], text: &str) -> Vec<usize> {
        let named: Vec<_> =
            literals.iter().enumerate().map(|(name, literal)| (literal.as_bytes().to_vec(), name)).collect();
        let mut names = Vec::new();
        if let Some(grams) = Grams::new(stride, &named) {
            grams.find(text.as_bytes(), |name| {
                names.push(name);
                false
            });
        }
        names
    }

    #[test]
    fn a_literal_is_found_wherever_it_begins() {
        for before in 0..20 {
            let text = format!("{}Connection Refused!", "-".repeat(before));
            assert_eq!(found(8, &["connection refused", "connection reset"], &text), [0], "{before}");
            assert_eq!(found(4, &["refused"], &text), [0], "{before}");
        }
    }

    #[test]
    fn a_text_that_ends_within_a_literal_does_not_hold_it() {
        assert_eq!(found(4, &["refused"], "connection refuse"), [] as [usize; 0]);
        assert_eq!(found(8, &["connection refused"], "onnection refused"), [] as [usize; 0]);
        assert_eq!(found(4, &["refused"], ""), [] as [usize; 0]);
    }

    #[test]
    fn literals_that_share_their_bytes_are_all_found() {
        assert_eq!(found(4, &["abcdefgh", "abcdefg", "xabcdefgh"], "xABCDEFGH").len(), 3);
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_is_there(literals in prop::collection::vec("[ab]{7,12}", 1..6), text in "[abA]{0,60}", stride in prop::sample::select(vec![4_usize, 8])) {
            let want: std::collections::BTreeSet<_> = (0..literals.len())
                .filter(|&name| literals[name].len() >= Grams::shortest(stride) && text.to_lowercase().contains(&literals[name]))
                .collect();
            let names: Vec<_> = literals.iter().map(String::as_str).collect();
            prop_assert_eq!(found(stride, &names, &text).into_iter().collect::<std::collections::BTreeSet<_>>(), want);
        }
    }
}
