//! What became of texts that occur often: cells repeat from row to row.

use std::collections::HashMap;

/// The maximum number of texts.
const MAX_TEXTS: usize = 8192;

/// The maximum length of a text with its key, in bytes.
const MAX_LENGTH: usize = 512;

/// Values by text and key. Forgets all of them when there are too many.
#[derive(Debug)]
pub(super) struct Memory<V>(HashMap<String, V>);

impl<V> Default for Memory<V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<V> Memory<V> {
    pub(super) fn get(&self, text: &str, key: Option<&str>) -> Option<&V> {
        self.0.get(&joined(text, key)?)
    }

    pub(super) fn insert(&mut self, text: &str, key: Option<&str>, value: V) {
        let Some(joined) = joined(text, key) else { return };
        if self.0.len() >= MAX_TEXTS {
            self.0.clear();
        }
        self.0.insert(joined, value);
    }
}

/// The text and the key as one; `None` if they are too long. A key has no NUL, or the text is not remembered.
fn joined(text: &str, key: Option<&str>) -> Option<String> {
    let key_length = key.map_or(0, str::len);
    let fits = text.len() + key_length <= MAX_LENGTH && !key.is_some_and(|key| key.contains('\0'));
    fits.then(|| match key {
        Some(key) => format!("+{key}\0{text}"),
        None => format!("-{text}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_differ_by_their_keys_and_old_ones_are_forgotten() {
        let mut memory = Memory::default();
        memory.insert("a", None, 1);
        memory.insert("a", Some(""), 2);
        memory.insert("a", Some("k"), 3);
        assert_eq!(
            [memory.get("a", None), memory.get("a", Some("")), memory.get("a", Some("k"))].map(|v| v.copied()),
            [Some(1), Some(2), Some(3)]
        );
        assert_eq!(memory.get("k\0a", Some("")), None);
        assert_eq!(memory.get("\0a", None), None);
        memory.insert(&"x".repeat(600), None, 4);
        assert_eq!(memory.get(&"x".repeat(600), None), None);
        (0..MAX_TEXTS).for_each(|n| memory.insert(&format!("t{n}"), None, 5));
        assert_eq!(memory.get("a", None), None);
        assert!(memory.0.len() <= MAX_TEXTS);
    }
}
