//! Rule files → compiled rules.
//!
//! Input: every file of a pack as text, in any order. Output: a [`RuleSet`], or every problem of all files. The same
//! files give the same rule set, regardless of order and duplicates.
//!
//! Nothing here stops at the first problem, and consequences of a reported problem are not reported: what could not be
//! read is assumed to exist and to be valid.

use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, Diagnostics, RuleFile, Severity, Span};
use crate::rules::model::query::QueryText;
use crate::rules::rule_set::RuleSet;
use crate::rules::syntax::{Bytes, Checked as CheckedFile, FileKind, check_file};
use crate::rules::validate::{Draft, Pack, read_pack, read_pattern};
use crate::telemetry::schema::Schema;

mod cases;
mod cycles;
mod digest;
mod duplicate_symptoms;
mod edges;
mod files;
mod indicators;
mod latched;
mod names;
mod planned;
mod queries;
mod resolve;
mod sequences;
mod suppressions;
mod workflow;

/// The outcome of checking a set of rule files.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Checked {
    /// The rules; `None` if there are errors.
    pub rules: Option<RuleSet>,
    /// All diagnostics, including warnings and infos.
    pub diagnostics: Diagnostics,
}

/// Compiles rule files.
///
/// # Errors
///
/// Every problem of all files, warnings included, if at least one of them is an error.
pub fn compile(files: &[RuleFile]) -> Result<RuleSet, Diagnostics> {
    let checked = check(files);
    checked.rules.ok_or(checked.diagnostics)
}

/// Checks the text of a query and returns what is wrong with it. Core does not parse KQL; `amp-rules-kql` has such a check.
pub type QueryCheck<'c> = dyn Fn(&Schema, &QueryText) -> Vec<Diagnostic> + 'c;

/// Compiles rule files and returns the diagnostics in either case.
#[must_use]
pub fn check(files: &[RuleFile]) -> Checked {
    check_all(files, None)
}

/// Compiles rule files like [`check`], and also checks the queries in them.
#[must_use]
pub fn check_with(files: &[RuleFile], query_check: &QueryCheck<'_>) -> Checked {
    check_all(files, Some(query_check))
}

fn check_all(files: &[RuleFile], query_check: Option<&QueryCheck<'_>>) -> Checked {
    let mut problems: Vec<Diagnostic> = Vec::new();
    let all_files = files;
    let files = files::distinct(all_files, &mut problems);
    let all: Vec<CheckedFile> = files.iter().map(|(file, kind)| check_file(file, *kind, &mut problems)).collect();
    let of = |kind| all.iter().filter(move |file| file.kind == kind);

    let pack = the_pack(of(FileKind::Pack), &mut problems);
    let mut drafts: Vec<Draft> =
        of(FileKind::Pattern).filter_map(|file| read_pattern(file, &pack, &mut problems)).collect();
    drafts.sort_by(|one, other| (&one.pattern.id, &one.file).cmp(&(&other.pattern.id, &other.file)));
    let indicators = indicators::read(of(FileKind::Indicators), &pack, &mut problems);
    let workflow = workflow::read(of(FileKind::Workflow), &pack, &mut problems);

    let named = queries::read(of(FileKind::Query), &pack, &mut problems);
    let known = names::Known::new(&drafts, &all, &pack, &named);
    names::check(&known, &drafts, &indicators, &workflow, &mut problems);
    edges::check(&drafts, &mut problems);
    planned::check(&drafts, &pack, &mut problems);
    latched::check(&drafts, &mut problems);
    sequences::check(&drafts, &pack, &mut problems);
    duplicate_symptoms::check(&drafts, &mut problems);
    cases::check(&known, &drafts, &all, &mut problems);

    if let Some(check) = query_check.filter(|_| pack.is_whole) {
        let texts = drafts.iter().flat_map(|draft| &draft.texts).chain(named.iter().map(|(_, text)| text));
        problems.extend(texts.flat_map(|text| check(&pack.schema, text)));
    }
    let named = named.into_iter().map(|(query, _)| query).collect();

    suppressions::apply(&files, query_check.is_some(), &mut problems);
    let has_errors = problems.iter().any(|problem| problem.severity == Severity::Error);
    let rules = (!has_errors)
        .then(|| resolve::rule_set(pack, drafts, indicators, workflow, digest::digest(&files), named))
        .flatten();
    Checked { rules, diagnostics: Diagnostics::new(problems, all_files) }
}

/// Reads the only pack among the files. Without one, returns an empty pack that is not whole.
fn the_pack<'f>(mut packs: impl Iterator<Item = &'f CheckedFile>, problems: &mut Vec<Diagnostic>) -> Pack {
    let Some(first) = packs.next() else {
        let span = Span::new("pack.yaml", 0, 0);
        problems.push(
            Diagnostic::new(&codes::MISSING_FIELD, span, "there is no `pack.yaml`")
                .help("rules need the telemetry model of a pack"),
        );
        return Pack::default();
    };
    for other in packs {
        problems.push(
            Diagnostic::new(&codes::DUPLICATE_ID, other.span(start_of(other)), "a second pack")
                .also(first.span(start_of(first)), "the first one")
                .help("compile one pack at a time"),
        );
    }
    read_pack(first, problems)
}

fn start_of(file: &CheckedFile) -> Bytes {
    let start = file.root.as_ref().map_or(0, |root| root.bytes.start);
    let line = file.text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    Bytes { start, end: start + line }
}
