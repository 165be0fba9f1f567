//! A problem of a query as a diagnostic with a code.
//!
//! Input: a [`Problem`] and where it stands in a file. Output: a [`Diagnostic`] of core, with the problem's words, Kusto's
//! own code as a label and the guess as help. This is the only place that says which code a kind of problem has.

use amp_rules_core::rules::codes;
use amp_rules_core::rules::diagnostic::{Code, Diagnostic, Diagnostics, RuleFile, Span};

use crate::problem::{Problem, ProblemKind};

/// The code of a kind of problem.
#[must_use]
pub const fn code(kind: ProblemKind) -> &'static Code {
    match kind {
        ProblemKind::Syntax => &codes::KQL_SYNTAX,
        ProblemKind::UnknownTable => &codes::UNKNOWN_TABLE,
        ProblemKind::UnknownColumn => &codes::UNKNOWN_COLUMN,
        ProblemKind::UnknownFunction => &codes::UNKNOWN_FUNCTION,
        ProblemKind::Type => &codes::TYPE_MISMATCH,
        ProblemKind::Unsupported => &codes::NO_OFFLINE_EVALUATION,
        ProblemKind::Forbidden => &codes::CONTROL_COMMAND,
    }
}

/// A problem as a diagnostic at its place.
#[must_use]
pub fn diagnostic(problem: &Problem, place: Span) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(code(problem.kind), place, problem.message.clone());
    if let Some(kusto) = problem.kusto {
        diagnostic = diagnostic.label(format!("{kusto} in Kusto"));
    }
    diagnostic.help.clone_from(&problem.help);
    diagnostic
}

/// The problems of a file that holds nothing but a query.
#[must_use]
pub fn diagnostics<'p>(file: &RuleFile, problems: impl IntoIterator<Item = &'p Problem>) -> Diagnostics {
    let place = |problem: &Problem| Span::new(file.name.as_str(), problem.span.start, problem.span.end);
    let list = problems.into_iter().map(|problem| diagnostic(problem, place(problem))).collect();
    Diagnostics::new(list, std::slice::from_ref(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_keeps_its_words_its_place_and_the_code_of_kusto() {
        let problem = Problem::new(ProblemKind::UnknownTable, crate::span::Span::new(2, 4), "unknown table `ab`")
            .help("did you mean `abc`?")
            .kusto("KS142");
        let file = RuleFile::new("q.kql", "x\nab");
        let told = diagnostics(&file, [&problem]);
        assert_eq!(told.concise(), "q.kql:2:1: AMP402 unknown table `ab`\n");
        let full = told.full(amp_rules_core::rules::diagnostic::Look::Plain, 80);
        assert!(full.contains("KS142 in Kusto") && full.contains("did you mean `abc`?"), "{full}");
    }
}
