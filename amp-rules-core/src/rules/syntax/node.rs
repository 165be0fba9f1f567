//! The tree of a rule file: every key and value with its bytes and its quoting style.
//!
//! `parse` builds it; `check`, `raw` and `validate` read it. Texts are kept as written: `1.10`, `yes` and `null` are
//! texts here, and the reader of a value converts it.

/// The quoting style of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// A literal block, `|`.
    Literal,
    /// A folded block, `>`.
    Folded,
}

/// A byte range of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bytes {
    /// The first byte.
    pub(crate) start: usize,
    /// The byte after the last.
    pub(crate) end: usize,
}

/// A value with its position.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Its position, without trailing white space.
    pub(crate) bytes: Bytes,
    /// Its content.
    pub(crate) value: Value,
}

/// The content of a node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A text, with quotes and escapes resolved.
    Scalar {
        /// The text.
        text: String,
        /// Its quoting style.
        style: Style,
    },
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file; a key can occur twice.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// The key's text.
    pub(crate) key: String,
    /// The position of the key.
    pub(crate) key_bytes: Bytes,
    /// The value; an empty plain scalar if there is none.
    pub(crate) value: Node,
}

impl Node {
    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The elements of a list.
    pub(crate) fn list(&self) -> Option<&[Self]> {
        match &self.value {
            Value::List(items) => Some(items),
            Value::Scalar { .. } | Value::Map(_) => None,
        }
    }

    /// The entries of a map.
    pub(crate) fn map(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            Value::Scalar { .. } | Value::List(_) => None,
        }
    }

    /// The elements of a list, or the node itself as the only one.
    pub(crate) fn many(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Scalar { .. } | Value::Map(_) => std::slice::from_ref(self),
        }
    }

    /// The entry of a map with this key; the first if there are two.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.map()?.iter().find(|entry| entry.key == key)
    }

    /// The value of a map's key, unless it is empty or `null`.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value).filter(|value| !value.is_null())
    }

    /// The text of a map's key without white space around it; empty if there is none.
    pub(crate) fn trimmed(&self, key: &str) -> String {
        self.get(key).and_then(Self::text).map(|text| text.trim().to_owned()).unwrap_or_default()
    }

    /// The entries of the map that is the value of a key; empty if there is no such map.
    pub(crate) fn entries(&self, key: &str) -> &[Entry] {
        self.get(key).and_then(Self::map).unwrap_or_default()
    }

    /// Whether it is a folded block, `>`.
    pub(crate) fn is_folded(&self) -> bool {
        matches!(self.value, Value::Scalar { style: Style::Folded, .. })
    }

    /// Whether it is empty: an empty plain scalar, `~` or `null`.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, style: Style::Plain } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The bytes of the first line of this value in the file's text: what to mark when the value as a whole is wrong.
    pub(crate) fn head(&self, file: &str) -> Bytes {
        let length = file
            .get(self.bytes.start..self.bytes.end)
            .map_or(0, |raw| raw.lines().next().map_or(0, |line| line.trim_end().len()));
        Bytes { start: self.bytes.start, end: self.bytes.start + length }
    }

    /// Describes this value in messages: `a list`, ``the number `1` ``.
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
            Value::Scalar { .. } if self.is_null() => "nothing".to_owned(),
            Value::Scalar { text, style: Style::Plain } if is_number(text) => format!("the number `{text}`"),
            Value::Scalar { text, style: Style::Plain } if matches!(text.as_str(), "true" | "false") => {
                format!("`{text}`")
            }
            Value::Scalar { text, .. } => {
                let mut short: String = text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
                if short.len() < text.len() {
                    short.push('…');
                }
                format!("the text `{short}`")
            }
        }
    }
}

/// Returns whether a plain scalar is a number.
pub(crate) fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}
