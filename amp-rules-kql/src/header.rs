//! Parameter declarations at the start of a query file, as diagnostics of the language.
//!
//! Input: the text of a file. Output: a [`Header`] with the parameters declared by comments such as `// param cluster: string =
//! subject.cluster`, and diagnostics for invalid declarations. [`QueryHeader`] parses them.

use amp_rules_core::rules::model::query::QueryParameter;
use amp_rules_core::rules::model::query_header::QueryHeader;
use kql_lang::diagnostic::{Diagnostic, DiagnosticCode};
use kql_lang::span::Span;

/// The parameter declarations at the start of a query file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// The parameters in source order; names are unique.
    pub parameters: Vec<QueryParameter>,
    /// Diagnostics for invalid or duplicate declarations.
    pub problems: Vec<Diagnostic>,
}

/// Parses the header of a query file.
#[must_use]
pub fn header(text: &str) -> Header {
    let mut header = Header::default();
    for declaration in QueryHeader::read(text).declarations {
        match declaration.parameter {
            Ok(parameter) => header.parameters.push(parameter),
            Err(error) => {
                let span = Span::new(declaration.range.start, declaration.range.end);
                let mut problem = Diagnostic::new(DiagnosticCode::Syntax, span, error.to_string());
                problem.help = error.help().map(str::to_owned);
                header.problems.push(problem);
            }
        }
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_declarations_are_reported_with_their_span() {
        let header =
            header("// param a: string\n// param d: long = $e\n// param d: long = $e\nT\n// param x: int = $y");
        let names: Vec<&str> = header.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(names, ["d"]);
        let spans: Vec<(usize, &str)> =
            header.problems.iter().map(|problem| (problem.span.start, problem.message.as_str())).collect();
        assert_eq!(spans, [(3, "invalid parameter declaration"), (44, "the parameter `d` is declared twice")]);
    }
}
