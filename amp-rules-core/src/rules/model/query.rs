//! KQL queries in rules: a text with the tables and parameters that it names.
//!
//! The text is not parsed as KQL here; a source that runs it does that. A table or parameter counts as named wherever its
//! name occurs as a word, so a text can name more than it reads, but never less.

use std::sync::Arc;

use crate::rules::diagnostic::Span;
use crate::rules::syntax::{Bytes, Node, places};
use crate::telemetry::schema::{ColumnType, Schema};

/// The KQL query of a symptom.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Query {
    /// The text as written in the rule.
    pub text: String,
    /// The tables of the pack that it can read: those that the rule lists, otherwise all that the text names, in the order
    /// of their first occurrence. Never empty.
    pub tables: Vec<String>,
    /// The column of the result whose numbers are compared.
    pub column: String,
    /// The parameters that it names, sorted by name.
    pub parameters: Vec<QueryParameter>,
}

/// A parameter of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryParameter {
    /// The name in the text.
    pub name: String,
    /// Its type in KQL.
    pub kind: ColumnType,
    /// The origin of its value.
    pub origin: Origin,
}

/// The origin of the value of a parameter.
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
    /// Parses the notation of query headers: `subject.cluster`, `window.from`, `window.to`, `$limit`.
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

/// A KQL text in a rule file, for a query checker: what it can use, and the positions of its bytes in the file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct QueryText {
    /// `pattern.symptom`, or the name of a query file.
    pub name: String,
    /// The text.
    pub text: String,
    /// The parameters that it can use. The text of a symptom does not have to declare them.
    pub parameters: Vec<QueryParameter>,
    /// What a symptom reads from its result; `None` for a named query.
    pub wanted: Option<Wanted>,
    file: Arc<str>,
    places: Places,
}

/// What a symptom reads from the result of its query.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wanted {
    /// The column that is compared, and the place where the rule names it.
    pub column: (String, Span),
    /// The entity keys that the rows are grouped by.
    pub keys: Vec<String>,
    /// The place where the rule sets the entity kind, otherwise the text.
    pub per: Span,
    /// The tables that a source allows it to read.
    pub tables: Vec<String>,
}

/// The positions of the bytes of a text in its file.
#[derive(Clone, Debug, PartialEq)]
enum Places {
    /// The same positions: the text is the whole file.
    Same,
    /// For each byte of the text, and its end, the position in the file.
    Each(Vec<usize>),
    /// Within these bytes, exact positions unknown.
    Within(Bytes),
}

impl QueryText {
    /// Creates the text of a query file.
    pub(crate) fn of_file(name: String, file: Arc<str>, text: String, parameters: Vec<QueryParameter>) -> Self {
        Self { name, text, parameters, wanted: None, file, places: Places::Same }
    }

    /// Creates the text of a scalar in a rule file.
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

    /// Returns the span in the file of the bytes `start..end` of the text, across quotes, escapes, indentation and line ends
    /// of YAML; the whole text if that cannot be determined.
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

/// Returns the words of a text: maximal runs of letters, digits and `_`.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

/// Returns the tables of a pack that a text names, in the order of their first occurrence.
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
    fn words_are_found_in_any_context() {
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
