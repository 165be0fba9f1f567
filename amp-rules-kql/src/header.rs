//! What a query file says of its parameters before the query begins.
//!
//! Input: the text of a file. Output: a [`Header`]: the parameters that comments such as `// param cluster: string =
//! subject.cluster` declare, and what is wrong with those comments. The header is the run of comments at the start.

use amp_rules_core::rules::model::query::{Origin, QueryParameter};
use amp_rules_core::telemetry::schema::ColumnType;
use kql_lang::diagnostic::{Diagnostic, DiagnosticCode};
use kql_lang::span::Span;

/// What stands at the start of a query file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// The parameters in the order of the text, no name twice.
    pub parameters: Vec<QueryParameter>,
    /// Lines that look like declarations and are none.
    pub problems: Vec<Diagnostic>,
}

/// Reads the header of a query file.
#[must_use]
pub fn header(text: &str) -> Header {
    let mut header = Header::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let bare = line.trim_start_matches('\u{feff}').trim();
        let Some(comment) = bare.strip_prefix("//") else {
            if bare.is_empty() {
                continue;
            }
            break;
        };
        let Some(declared) = comment.trim_start().strip_prefix("param ") else { continue };
        let from = start + line.find("param ").unwrap_or(0);
        let span = Span::new(from, start + line.trim_end().len());
        match read(declared) {
            Ok(one) if header.parameters.iter().any(|known| known.name == one.name) => {
                let message = format!("the parameter `{}` is declared twice", one.name);
                header.problems.push(Diagnostic::new(DiagnosticCode::Syntax, span, message));
            }
            Ok(one) => header.parameters.push(one),
            Err(message) => header.problems.push(
                Diagnostic::new(DiagnosticCode::Syntax, span, message)
                    .help("write `// param cluster: string = subject.cluster`"),
            ),
        }
    }
    header
}

fn read(declared: &str) -> Result<QueryParameter, String> {
    let parts = declared.split_once('=').and_then(|(left, origin)| {
        let (name, kind) = left.split_once(':')?;
        Some((name.trim(), kind.trim(), origin.trim()))
    });
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let Some((name, kind, origin)) = parts.filter(|(name, ..)| is_name(name)) else {
        return Err("a parameter that cannot be read".to_owned());
    };
    let kind = ColumnType::named(kind).ok_or_else(|| format!("`{kind}` is no type of KQL"))?;
    let origin = Origin::parse(origin).ok_or_else(|| {
        format!("nothing gives `{name}` the value `{origin}`: expected `subject.<key>`, `window.from`, `window.to` or `$<parameter>`")
    })?;
    Ok(QueryParameter { name: name.to_owned(), kind, origin })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_ends_where_the_query_begins() {
        let text = "// param cluster: string = subject.cluster\n// About it.\n\n// param n: real = $limit\nT\n// param x: int = $y\n";
        let header = header(text);
        let found: Vec<String> =
            header.parameters.iter().map(|one| format!("{} {:?} {}", one.name, one.kind, one.origin)).collect();
        assert_eq!(found, ["cluster String subject.cluster", "n Real $limit"]);
        assert_eq!(header.problems, []);
    }

    #[test]
    fn a_declaration_that_is_none_is_reported_with_its_place() {
        let text = "// param a: string\n// param b: text = window.to\n// param c: long = seven\n// param d: long = $e\n// param d: long = $e";
        let header = header(text);
        let found: Vec<(usize, &str)> =
            header.problems.iter().map(|one| (one.span.start, one.message.as_str())).collect();
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(found.first(), Some(&(3, "a parameter that cannot be read")));
        assert!(found.iter().any(|(_, what)| *what == "`text` is no type of KQL"));
        assert!(found.iter().any(|(_, what)| what.starts_with("nothing gives `c` the value `seven`")));
        assert_eq!(found.last().map(|(_, what)| *what), Some("the parameter `d` is declared twice"));
    }
}
