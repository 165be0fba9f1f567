//! Parses the parameter declarations at the start of a query file.
//!
//! Input: the text of a file. Output: a [`Header`] with the parameters declared by comments such as `// param cluster: string =
//! subject.cluster`, and diagnostics for malformed declarations. The header ends at the first line that is neither blank nor a
//! comment.

use amp_rules_core::rules::model::query::{Origin, QueryParameter};
use amp_rules_core::telemetry::schema::ColumnType;
use kql_lang::diagnostic::{Diagnostic, DiagnosticCode};
use kql_lang::span::Span;

/// The parameter declarations at the start of a query file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// The parameters in source order; names are unique.
    pub parameters: Vec<QueryParameter>,
    /// Diagnostics for malformed or duplicate declarations.
    pub problems: Vec<Diagnostic>,
}

/// Parses the header of a query file.
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
        return Err("malformed parameter declaration".to_owned());
    };
    let kind = ColumnType::named(kind).ok_or_else(|| format!("unknown type `{kind}`"))?;
    let origin = Origin::parse(origin).ok_or_else(|| {
        format!("unknown origin `{origin}` of the parameter `{name}`: expected `subject.<key>`, `window.from`, `window.to` or `$<parameter>`")
    })?;
    Ok(QueryParameter { name: name.to_owned(), kind, origin })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_ends_at_the_first_line_of_the_query() {
        let text = "// param cluster: string = subject.cluster\n// About it.\n\n// param n: real = $limit\nT\n// param x: int = $y\n";
        let header = header(text);
        let found: Vec<String> =
            header.parameters.iter().map(|one| format!("{} {:?} {}", one.name, one.kind, one.origin)).collect();
        assert_eq!(found, ["cluster String subject.cluster", "n Real $limit"]);
        assert_eq!(header.problems, []);
    }

    #[test]
    fn malformed_declarations_are_reported_with_their_span() {
        let text = "// param a: string\n// param b: text = window.to\n// param c: long = seven\n// param d: long = $e\n// param d: long = $e";
        let header = header(text);
        let found: Vec<(usize, &str)> =
            header.problems.iter().map(|one| (one.span.start, one.message.as_str())).collect();
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(found.first(), Some(&(3, "malformed parameter declaration")));
        assert!(found.iter().any(|(_, what)| *what == "unknown type `text`"));
        assert!(found.iter().any(|(_, what)| what.starts_with("unknown origin `seven` of the parameter `c`")));
        assert_eq!(found.last().map(|(_, what)| *what), Some("the parameter `d` is declared twice"));
    }
}
