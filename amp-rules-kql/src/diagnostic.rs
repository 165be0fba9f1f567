//! Diagnostics of the query language as diagnostics of rule files.
//!
//! Input: a [`kql_lang::diagnostic::Diagnostic`] and its place in a file. Output: a [`Diagnostic`] of the core with the same
//! message and help, and Kusto's own code as a label. [`CODES`] is the only table of which AMP code a code of the language has.

use amp_rules_core::rules::codes;
use amp_rules_core::rules::diagnostic::{Code, Diagnostic, Diagnostics, RuleFile, Span};
use kql_lang::diagnostic::{Diagnostic as QueryDiagnostic, DiagnosticCode};

/// The AMP code of every code of the language.
pub const CODES: [(DiagnosticCode, &Code); DiagnosticCode::ALL.len()] = [
    (DiagnosticCode::Syntax, &codes::KQL_SYNTAX),
    (DiagnosticCode::UnknownTable, &codes::UNKNOWN_TABLE),
    (DiagnosticCode::UnknownColumn, &codes::UNKNOWN_COLUMN),
    (DiagnosticCode::UnknownFunction, &codes::UNKNOWN_FUNCTION),
    (DiagnosticCode::Type, &codes::TYPE_MISMATCH),
    (DiagnosticCode::Unsupported, &codes::NO_OFFLINE_EVALUATION),
    (DiagnosticCode::Forbidden, &codes::CONTROL_COMMAND),
];

/// Returns the AMP code of a code of the language.
#[must_use]
pub fn code(code: DiagnosticCode) -> &'static Code {
    // A test asserts that every code is in the table, so the fallback is never taken.
    CODES.iter().find(|(known, _)| *known == code).map_or(&codes::KQL_SYNTAX, |(_, amp)| amp)
}

/// Converts a diagnostic of the language, which stands at `place` in a rule file.
#[must_use]
pub fn diagnostic(problem: &QueryDiagnostic, place: Span) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(code(problem.code), place, problem.message.clone());
    if let Some(kusto) = problem.kusto {
        diagnostic = diagnostic.label(format!("{kusto} in Kusto"));
    }
    diagnostic.help.clone_from(&problem.help);
    diagnostic
}

/// Converts the diagnostics of a file that holds nothing but a query.
#[must_use]
pub fn diagnostics<'p>(file: &RuleFile, problems: impl IntoIterator<Item = &'p QueryDiagnostic>) -> Diagnostics {
    let place = |problem: &QueryDiagnostic| Span::new(file.name.as_str(), problem.span.start, problem.span.end);
    let list = problems.into_iter().map(|problem| diagnostic(problem, place(problem))).collect();
    Diagnostics::new(list, std::slice::from_ref(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_language_has_an_amp_code_of_its_own() {
        for known in DiagnosticCode::ALL {
            let rows: Vec<&Code> = CODES.iter().filter(|(row, _)| *row == known).map(|(_, amp)| *amp).collect();
            assert_eq!(rows.len(), 1, "{known}");
            assert!(codes::ALL.iter().any(|amp| amp.number == rows[0].number), "{known}");
        }
        let mut numbers: Vec<_> = CODES.iter().map(|(_, amp)| amp.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), CODES.len());
    }

    #[test]
    fn a_diagnostic_keeps_its_message_its_place_and_the_code_of_kusto() {
        let problem =
            QueryDiagnostic::new(DiagnosticCode::UnknownTable, kql_lang::span::Span::new(2, 4), "unknown table `ab`")
                .help("did you mean `abc`?")
                .kusto("KS142");
        let file = RuleFile::new("q.kql", "x\nab");
        let found = diagnostics(&file, [&problem]);
        assert_eq!(found.concise(), "q.kql:2:1: AMP402 unknown table `ab`\n");
        let full = found.full(amp_rules_core::rules::diagnostic::Look::Plain, 80);
        assert!(full.contains("KS142 in Kusto") && full.contains("did you mean `abc`?"), "{full}");
    }
}
