//! Conversion of diagnostics of `kql-lang` to diagnostics of rule files.
//!
//! Input: a [`kql_lang::diagnostic::Diagnostic`] and its span in a file. Output: a [`Diagnostic`] of the core with the same
//! message and help, and the Kusto code as a label. [`CODES`] is the only mapping from codes of the language to AMP codes.

use amp_rules_core::rules::codes;
use amp_rules_core::rules::diagnostic::{Code, Diagnostic, Diagnostics, RuleFile, Span};
use kql_lang::diagnostic::{Diagnostic as QueryDiagnostic, DiagnosticCode};

/// The AMP code of each code of the language.
pub const CODES: [(DiagnosticCode, &Code); DiagnosticCode::ALL.len()] = [
    (DiagnosticCode::Syntax, &codes::KQL_SYNTAX),
    (DiagnosticCode::UnknownTable, &codes::UNKNOWN_TABLE),
    (DiagnosticCode::UnknownColumn, &codes::UNKNOWN_COLUMN),
    (DiagnosticCode::UnknownFunction, &codes::UNKNOWN_FUNCTION),
    (DiagnosticCode::Type, &codes::TYPE_MISMATCH),
    (DiagnosticCode::Unsupported, &codes::NO_OFFLINE_EVALUATION),
    (DiagnosticCode::Forbidden, &codes::CONTROL_COMMAND),
];

/// Returns the AMP code for a code of the language.
#[must_use]
pub fn code(code: DiagnosticCode) -> &'static Code {
    // A test asserts that every code is in the table, so the fallback is never taken.
    CODES.iter().find(|(known, _)| *known == code).map_or(&codes::KQL_SYNTAX, |(_, amp)| amp)
}

/// Converts a diagnostic of the language; `place` is its span in the rule file.
#[must_use]
pub fn diagnostic(problem: &QueryDiagnostic, place: Span) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(code(problem.code), place, problem.message.clone());
    if let Some(kusto) = problem.kusto {
        diagnostic = diagnostic.label(format!("{kusto} in Kusto"));
    }
    diagnostic.help.clone_from(&problem.help);
    diagnostic
}

/// Converts the diagnostics of a file that contains only a query.
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
    fn every_code_of_the_language_has_a_distinct_amp_code() {
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
    fn conversion_keeps_message_span_help_and_kusto_code() {
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
