//! Headers of query files: the comments before the query, which declare its parameters.
//!
//! Input: the text of a `<name>.kql`. Output: a [`QueryHeader`]. The header is the run of comments and empty lines at the
//! start of the file; `// param cluster: string = subject.cluster` in it declares a parameter. Whether the keys and
//! parameters of the pack exist is not checked here.

use std::fmt;
use std::ops::Range;

use super::query::{Origin, QueryParameter, words};
use crate::telemetry::schema::ColumnType;

/// The header of a query file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryHeader {
    /// Every line that declares a parameter, or tries to, in the order of the text.
    pub declarations: Vec<Declaration>,
    /// The first byte of the query.
    pub body: usize,
}

/// A line `// param name: type = origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The bytes from `param` to the end of the line.
    pub range: Range<usize>,
    /// The parameter, or what is wrong with the line.
    pub parameter: Result<QueryParameter, DeclarationError>,
}

/// What is wrong with a declaration. Its `Display` is a message for diagnostics.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeclarationError {
    /// The line is not `param name: type = origin`.
    Malformed,
    /// This type does not exist in KQL.
    UnknownType(String),
    /// The value of the parameter has no known origin.
    UnknownOrigin {
        /// The parameter.
        name: String,
        /// The text after `=`.
        origin: String,
    },
    /// An earlier line declares a parameter with this name.
    Duplicate(String),
}

impl DeclarationError {
    /// Returns how to fix it, if known.
    #[must_use]
    pub const fn help(&self) -> Option<&'static str> {
        match self {
            Self::Malformed | Self::UnknownType(_) => Some("write `// param cluster: string = subject.cluster`"),
            Self::UnknownOrigin { .. } => {
                Some("a value comes from `subject.<key>`, `window.from`, `window.to` or `$<parameter>`")
            }
            Self::Duplicate(_) => None,
        }
    }
}

impl fmt::Display for DeclarationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("invalid parameter declaration"),
            Self::UnknownType(word) => write!(f, "`{word}` is not a type of KQL"),
            Self::UnknownOrigin { name, origin } => write!(f, "unknown origin `{origin}` of the parameter `{name}`"),
            Self::Duplicate(name) => write!(f, "the parameter `{name}` is declared twice"),
        }
    }
}

impl std::error::Error for DeclarationError {}

impl QueryHeader {
    /// Reads the header of a query file.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut declarations: Vec<Declaration> = Vec::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let start = at;
            at += line.len();
            let bare = line.trim_start_matches('\u{feff}').trim();
            let Some(comment) = bare.strip_prefix("//") else {
                if bare.is_empty() {
                    continue;
                }
                at = start;
                break;
            };
            let Some(declared) = comment.trim_start().strip_prefix("param ") else { continue };
            let range = start + line.find("param ").unwrap_or(0)..start + line.trim_end().len();
            let parameter = declaration(declared).and_then(|parameter| {
                let mut known = declarations.iter().filter_map(|one| one.parameter.as_ref().ok());
                if known.any(|known| known.name == parameter.name) {
                    Err(DeclarationError::Duplicate(parameter.name))
                } else {
                    Ok(parameter)
                }
            });
            declarations.push(Declaration { range, parameter });
        }
        Self { declarations, body: at }
    }
}

fn declaration(text: &str) -> Result<QueryParameter, DeclarationError> {
    let parts = text.split_once('=').and_then(|(left, origin)| {
        let (name, kind) = left.split_once(':')?;
        Some((name.trim(), kind.trim(), origin.trim()))
    });
    let Some((name, word, origin)) = parts.filter(|(name, ..)| words(name).eq([*name])) else {
        return Err(DeclarationError::Malformed);
    };
    let kind = ColumnType::named(word).ok_or_else(|| DeclarationError::UnknownType(word.to_owned()))?;
    let origin = Origin::parse(origin)
        .ok_or_else(|| DeclarationError::UnknownOrigin { name: name.to_owned(), origin: origin.to_owned() })?;
    Ok(QueryParameter { name: name.to_owned(), kind, origin })
}

#[cfg(test)]
mod tests {
    use super::{DeclarationError, QueryHeader};

    #[test]
    fn a_header_ends_where_the_query_begins() {
        let text = "// param cluster: string = subject.cluster\n// About it.\n\n// param n: real = $limit\nT\n// param x: int = $y\n";
        let header = QueryHeader::read(text);
        let found: Vec<String> = header
            .declarations
            .iter()
            .filter_map(|one| one.parameter.as_ref().ok())
            .map(|one| format!("{} {:?} {}", one.name, one.kind, one.origin))
            .collect();
        assert_eq!(found, ["cluster String subject.cluster", "n Real $limit"]);
        assert_eq!(&text[header.body..], "T\n// param x: int = $y\n");
    }

    #[test]
    fn an_invalid_declaration_is_found_with_its_range() {
        let text = "// param a: string\n// param b: text = window.to\n// param c: long = seven\n// param d: long = $e\n// param d: long = $e";
        let header = QueryHeader::read(text);
        let errors: Vec<&DeclarationError> =
            header.declarations.iter().filter_map(|one| one.parameter.as_ref().err()).collect();
        let unknown = DeclarationError::UnknownOrigin { name: "c".to_owned(), origin: "seven".to_owned() };
        let want = [
            &DeclarationError::Malformed,
            &DeclarationError::UnknownType("text".to_owned()),
            &unknown,
            &DeclarationError::Duplicate("d".to_owned()),
        ];
        assert_eq!(errors, want);
        assert_eq!(&text[header.declarations[0].range.clone()], "param a: string");
    }
}
