//! Queries in KQL as rules hold them: a text, the tables and the parameters that it names.
//!
//! Input: a text and what a pack has. Output: a [`Query`], or the parameters that a header declares. The text itself is
//! not read as KQL here: what it means is for a source that runs it. A table or parameter counts as named wherever its
//! name stands as a word, so a text can name more than it reads, and never less.

use std::sync::Arc;

use crate::rules::diagnostic::Span;
use crate::rules::syntax::{Bytes, Node, places};
use crate::telemetry::schema::{ColumnType, Schema};

/// What a symptom asks in KQL.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The text as its author wrote it.
    pub text: String,
    /// The tables of the pack that it may read: those that the rule says, else all that it names, in the order in which
    /// they first stand there. Never empty.
    pub tables: Vec<String>,
    /// The column of the result whose numbers are compared.
    pub column: String,
    /// The parameters that it names, sorted by name.
    pub parameters: Vec<QueryParameter>,
}

/// A name that stands for a value in the text of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryParameter {
    /// The name in the text.
    pub name: String,
    /// Its type there.
    pub kind: ColumnType,
    /// Where its value comes from.
    pub origin: Origin,
}

/// Where the value of a parameter comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A key of the run's subject: `subject.cluster`.
    Subject(String),
    /// The start of the window: `window.from`.
    From,
    /// The end of the window: `window.to`.
    To,
    /// A parameter of the pack: `$hpa_max_replicas`.
    Setting(String),
}

impl Origin {
    /// What is written in the header of a query file: `subject.cluster`, `window.from`, `$limit`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match (text, text.strip_prefix("subject."), text.strip_prefix('$')) {
            ("window.from", _, _) => Some(Self::From),
            ("window.to", _, _) => Some(Self::To),
            (_, Some(key), _) if !key.is_empty() => Some(Self::Subject(key.to_owned())),
            (_, _, Some(name)) if !name.is_empty() => Some(Self::Setting(name.to_owned())),
            _ => None,
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Subject(key) => write!(out, "subject.{key}"),
            Self::From => out.write_str("window.from"),
            Self::To => out.write_str("window.to"),
            Self::Setting(name) => write!(out, "${name}"),
        }
    }
}

/// A text in KQL among rule files, for whoever can read KQL: what it may use, and where each of its bytes stands.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryText {
    /// `pattern.symptom`, or the name of a query file.
    pub name: String,
    /// The text.
    pub text: String,
    /// What it may name besides what it reads. A text of a symptom may name them without declaring them.
    pub parameters: Vec<QueryParameter>,
    /// What a symptom reads of its result; nothing where it is a named query.
    pub wanted: Option<Wanted>,
    file: Arc<str>,
    places: Places,
}

/// What a symptom reads of a query's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The column that is compared, and where the rule names it.
    pub column: (String, Span),
    /// The entity keys that rows are told apart by.
    pub keys: Vec<String>,
    /// Where the rule says so, or else where the text stands.
    pub per: Span,
    /// The tables that a source will let it read.
    pub tables: Vec<String>,
}

/// Where the bytes of a text stand in its file.
#[derive(Clone, Debug, PartialEq)]
enum Places {
    /// At the same bytes: the text is the file.
    Same,
    /// For each byte of the text, and its end, the byte of the file.
    Each(Vec<usize>),
    /// Somewhere within these bytes.
    Within(Bytes),
}

impl QueryText {
    /// The text of a query file.
    pub(crate) fn of_file(name: String, file: Arc<str>, text: String, parameters: Vec<QueryParameter>) -> Self {
        Self { name, text, parameters, wanted: None, file, places: Places::Same }
    }

    /// The text of a scalar of a rule file.
    pub(crate) fn of_scalar(
        name: String,
        (file, content): (Arc<str>, &str),
        node: &Node,
        parameters: Vec<QueryParameter>,
        wanted: Wanted,
    ) -> Self {
        let places = places(content, node).map_or(Places::Within(node.bytes), Places::Each);
        let text = node.text().unwrap_or_default().to_owned();
        Self { name, text, parameters, wanted: Some(wanted), file, places }
    }

    /// Where a stretch of the text stands in the file, through quotes, escapes, indentation and line ends of YAML; the
    /// whole text where that cannot be told.
    #[must_use]
    pub fn span(&self, start: usize, end: usize) -> Span {
        let (start, end) = match &self.places {
            Places::Same => (start, end),
            Places::Within(bytes) => (bytes.start, bytes.end),
            Places::Each(map) => {
                let last = map.last().copied().unwrap_or_default();
                let place = |at: usize| map.get(at).copied().unwrap_or(last);
                (place(start), place(end))
            }
        };
        Span { file: Arc::clone(&self.file), start, end: end.max(start) }
    }
}

/// The words of a text: runs of letters, digits and `_`.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

/// The tables of a pack that a text names, in the order in which they first stand there.
pub(crate) fn tables_named(text: &str, schema: &Schema) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in words(text) {
        if schema.tables.contains_key(word) && !found.iter().any(|known| known == word) {
            found.push(word.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Origin, words};

    #[test]
    fn names_stand_as_words_wherever_they_stand() {
        let found: Vec<&str> = words("traces|where ['from']<ago(1h)//x_1").collect();
        assert_eq!(found, ["traces", "where", "from", "ago", "1h", "x_1"]);
    }

    #[test]
    fn an_origin_reads_back() {
        for text in ["subject.cluster", "window.from", "window.to", "$limit"] {
            assert_eq!(Origin::parse(text).map(|origin| origin.to_string()).as_deref(), Some(text));
        }
        for text in ["subject.", "window.length", "limit", "$", ""] {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
    }
}
