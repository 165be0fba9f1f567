//! Rule files → rules that run.
//!
//! Input: every file of a pack as text, in any order. Output: a [`RuleSet`], or every problem of all files. The same
//! files give the same rule set, whatever their order and however often each is given.
//!
//! Nothing here stops at the first problem, and nothing that follows from a reported problem is reported again: what
//! could not be read is taken as present and right.

use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, Diagnostics, RuleFile, Severity};
use crate::rules::model::query::QueryText;
use crate::rules::rule_set::RuleSet;
use crate::rules::syntax::{Checked as CheckedFile, FileKind, check_file};
use crate::rules::validate::{Draft, Pack, read_pack, read_pattern};
use crate::telemetry::schema::Schema;

mod cases;
mod cycles;
mod digest;
mod duplicate_symptoms;
mod edges;
mod files;
mod indicators;
mod names;
mod queries;
mod resolve;
mod suppressions;
mod workflow;

/// What is to be said of a set of rule files.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The rules; `None` if there are errors.
    pub rules: Option<RuleSet>,
    /// Everything that was found, warnings and remarks included.
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

/// Says what is wrong with the text of a query. Core cannot read KQL; `amp-rules-kql` has such a judge.
pub type QueryJudge<'j> = dyn Fn(&Schema, &QueryText) -> Vec<Diagnostic> + 'j;

/// Compiles rule files and gives warnings and remarks besides.
#[must_use]
pub fn check(files: &[RuleFile]) -> Checked {
    check_all(files, None)
}

/// The same with someone who can read the queries: what the judge says counts like any other diagnostic.
#[must_use]
pub fn check_with(files: &[RuleFile], judge: &QueryJudge<'_>) -> Checked {
    check_all(files, Some(judge))
}

fn check_all(files: &[RuleFile], judge: Option<&QueryJudge<'_>>) -> Checked {
    let mut problems: Vec<Diagnostic> = Vec::new();
    let given = files;
    let files = files::distinct(given, &mut problems);
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
    duplicate_symptoms::check(&drafts, &mut problems);
    cases::check(&known, &drafts, &all, &mut problems);

    if let Some(judge) = judge.filter(|_| pack.is_whole) {
        let texts = drafts.iter().flat_map(|draft| &draft.texts).chain(named.iter().map(|(_, text)| text));
        problems.extend(texts.flat_map(|text| judge(&pack.schema, text)));
    }
    let named = named.into_iter().map(|(query, _)| query).collect();

    suppressions::apply(&files, judge.is_some(), &mut problems);
    let has_errors = problems.iter().any(|problem| problem.severity == Severity::Error);
    let rules = (!has_errors)
        .then(|| resolve::rule_set(pack, drafts, indicators, workflow, digest::digest(&files), named))
        .flatten();
    Checked { rules, diagnostics: Diagnostics::new(problems, given) }
}

/// The only pack among the files; an empty one, of which nothing is known, where there is none.
fn the_pack<'f>(mut packs: impl Iterator<Item = &'f CheckedFile>, problems: &mut Vec<Diagnostic>) -> Pack {
    let Some(first) = packs.next() else {
        let span = crate::rules::diagnostic::Span::new("pack.yaml", 0, 0);
        problems.push(
            Diagnostic::new(&codes::MISSING_FIELD, span, "there is no `pack.yaml`")
                .help("rules need the telemetry model that a pack describes"),
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

fn start_of(file: &CheckedFile) -> crate::rules::syntax::Bytes {
    let start = file.root.as_ref().map_or(0, |root| root.bytes.start);
    let line = file.text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    crate::rules::syntax::Bytes { start, end: start + line }
}
