//! Checks of cases and incidents: names that exist, expectations that are not empty, and coverage of every pattern.
//!
//! Input: the checked files and the drafts of the patterns. Output: diagnostics. Cases are not run here.

use std::collections::{BTreeMap, BTreeSet};

use super::names::Known;
use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, Span};
use crate::rules::syntax::{CaseText, Checked, ExpectText, FileKind, ReportText, Spanned, TableState, cases, incident};
use crate::rules::validate::{Draft, Used};
use crate::suggest::nearest;

/// Checks all cases and incidents.
pub(super) fn check(known: &Known<'_>, drafts: &[Draft], all: &[Checked], problems: &mut Vec<Diagnostic>) {
    let mut by_folder: BTreeMap<&str, Vec<CaseText>> = BTreeMap::new();
    let mut broken: BTreeSet<&str> = BTreeSet::new();
    for file in all {
        match file.kind {
            FileKind::Cases => match cases(file) {
                Some(text) => {
                    names(&text.cases, problems);
                    for case in &text.cases {
                        check_case(known, case, problems);
                    }
                    by_folder.entry(folder(&file.file)).or_default().extend(text.cases);
                }
                None => {
                    broken.insert(folder(&file.file));
                }
            },
            FileKind::Incident => {
                if let Some(text) = incident(file) {
                    if let Some(expect) = &text.expect {
                        expected(known, expect, problems);
                    }
                    reported(known, &text.reported, problems);
                    tables(known, text.tables.iter().map(|(table, _)| table), problems);
                }
            }
            _ => {}
        }
    }
    // A set of files without any cases is not checked for coverage.
    if by_folder.is_empty() {
        return;
    }
    for draft in drafts.iter().filter(|draft| !draft.symptoms.is_empty() && !broken.contains(folder(&draft.file))) {
        match by_folder.get(folder(&draft.file)) {
            Some(cases) => coverage(draft, cases, problems),
            None => problems.push(
                Diagnostic::new(
                    &codes::NO_POSITIVE_TEST,
                    draft.id.clone(),
                    format!("pattern `{}` has no cases", draft.pattern.id),
                )
                .help("add a `cases.yaml` in its folder with a positive, a quiet and an undecided case"),
            ),
        }
    }
}

fn folder(file: &str) -> &str {
    file.rsplit_once(['/', '\\']).map_or("", |(folder, _)| folder)
}

fn names(cases: &[CaseText], problems: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<&str, &Span> = BTreeMap::new();
    for case in cases {
        if let Some(first) = seen.get(case.name.value.as_str()) {
            // Variants of one case have the same position, and must differ in their values.
            let mut problem = Diagnostic::new(
                &codes::DUPLICATE_TEST_NAME,
                case.name.span.clone(),
                format!("two cases with the name `{}`", case.name.value),
            );
            if **first == case.name.span {
                problem = problem
                    .help("two variants have the same values, or the name does not contain the values that differ");
            } else {
                problem = problem.also((*first).clone(), "first here");
            }
            problems.push(problem);
        } else {
            seen.insert(&case.name.value, &case.name.span);
        }
    }
}

fn check_case(known: &Known<'_>, case: &CaseText, problems: &mut Vec<Diagnostic>) {
    if case.expect.is_empty() {
        let span = case.expect.span.clone().unwrap_or_else(|| case.name.span.clone());
        problems.push(
            Diagnostic::new(&codes::TEST_WITHOUT_ASSERTION, span, "the case expects nothing")
                .help("add an expectation, such as `quiet: true`"),
        );
    }
    expected(known, &case.expect, problems);
    reported(known, &case.given.reported, problems);
    let missing =
        case.given.tables.iter().filter(|(_, state)| !matches!(state, TableState::Complete)).map(|(table, _)| table);
    tables(
        known,
        case.given
            .logs
            .iter()
            .map(|(table, _)| table)
            .chain(case.given.events.iter().map(|(table, _)| table))
            .chain(missing),
        problems,
    );
    for (name, value) in &case.given.set {
        if known.pack.is_whole && !known.pack.parameters.contains_key(name) {
            let mut problem =
                Diagnostic::new(&codes::DANGLING_REFERENCE, value.span.clone(), format!("unknown parameter `{name}`"));
            if let Some(near) = nearest(name, known.pack.parameters.keys().map(String::as_str)) {
                problem = problem.help(format!("did you mean `{near}`?"));
            }
            problems.push(problem);
        }
    }
}

fn expected(known: &Known<'_>, expect: &ExpectText, problems: &mut Vec<Diagnostic>) {
    for id in expect.patterns() {
        known.pattern(
            &Used { name: id.value.clone(), span: id.span.clone() },
            &codes::TEST_UNKNOWN_ID,
            "`expect`",
            problems,
        );
    }
}

fn reported(known: &Known<'_>, reports: &[ReportText], problems: &mut Vec<Diagnostic>) {
    for report in reports {
        known.pattern(
            &Used { name: report.pattern.value.clone(), span: report.pattern.span.clone() },
            &codes::TEST_UNKNOWN_ID,
            "`reported`",
            problems,
        );
    }
}

fn tables<'t>(known: &Known<'_>, tables: impl Iterator<Item = &'t Spanned<String>>, problems: &mut Vec<Diagnostic>) {
    for table in tables {
        if known.pack.is_whole && !known.pack.schema.tables.contains_key(&table.value) {
            let mut problem =
                Diagnostic::new(&codes::UNKNOWN_TABLE, table.span.clone(), format!("unknown table `{}`", table.value));
            if let Some(near) = nearest(&table.value, known.pack.schema.tables.keys().map(String::as_str)) {
                problem = problem.help(format!("did you mean `{near}`?"));
            }
            problems.push(problem);
        }
    }
}

fn coverage(draft: &Draft, cases: &[CaseText], problems: &mut Vec<Diagnostic>) {
    let id = draft.pattern.id.as_str();
    let has = |list: &Option<Vec<Spanned<String>>>| list.iter().flatten().any(|one| one.value == id);
    let is = |expect: &ExpectText, words: &[&str]| {
        expect.instances.iter().any(|one| one.pattern.value == id && words.contains(&one.is.value.as_str()))
    };
    let status = |expect: &ExpectText, word: &str| expect.status.as_ref().is_some_and(|status| status.value == word);
    let positive = |expect: &ExpectText| {
        expect.roots.iter().flatten().any(|root| root.pattern.value == id)
            || has(&expect.chain)
            || has(&expect.consequences)
            || has(&expect.contributing)
            || has(&expect.independent)
            || has(&expect.recovered)
            || has(&expect.noise)
            || expect.instances.iter().any(|one| {
                one.pattern.value == id && !["absent", "false", "undecided", "unknown"].contains(&one.is.value.as_str())
            })
    };
    let negative = |expect: &ExpectText| {
        expect.quiet == Some(true)
            || has(&expect.absent)
            || has(&expect.noise)
            || is(expect, &["absent", "false"])
            || status(expect, "healthy")
            || status(expect, "no_known_problem")
            || status(expect, "noise_only")
    };
    let undecided = |expect: &ExpectText| {
        has(&expect.undecided)
            || has(&expect.unresolved)
            || has(&expect.hypotheses)
            || is(expect, &["undecided", "unknown"])
            || status(expect, "insufficient_data")
    };
    let mut require = |code, found: bool, message: &str, help: &str| {
        if !found {
            problems.push(
                Diagnostic::new(code, draft.id.clone(), format!("no case shows that `{id}` {message}")).help(help),
            );
        }
    };
    let any = |test: &dyn Fn(&ExpectText) -> bool| cases.iter().any(|case| test(&case.expect));
    require(
        &codes::NO_POSITIVE_TEST,
        any(&positive),
        "holds",
        "add a case to `cases.yaml` in its folder with `root:` or another role",
    );
    require(&codes::NO_NEGATIVE_TEST, any(&negative), "stays quiet", "add a case with `quiet: true`");
    require(
        &codes::NO_UNDECIDED_TEST,
        any(&undecided),
        "is undecided without its telemetry",
        "add a case in which its table is missing, with `undecided:`",
    );
}
