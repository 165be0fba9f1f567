//! Checks of names across files: defined once, and defined if used.
//!
//! Input: the drafts of patterns, indicators and workflow. Output: diagnostics. A name that a broken file may define counts
//! as defined.

use std::collections::{BTreeMap, BTreeSet};

use super::indicators::IndicatorsDraft;
use super::workflow::WorkflowDraft;
use crate::rules::codes;
use crate::rules::diagnostic::{Code, Diagnostic, Span};
use crate::rules::model::query::{Origin, QueryText};
use crate::rules::model::{SymptomKind, SymptomRef};
use crate::rules::rule_set::NamedQuery;
use crate::rules::syntax::{Checked, FileKind};
use crate::rules::validate::{Draft, Pack, Used};
use crate::suggest::nearest;

/// All defined names.
pub(super) struct Known<'d> {
    /// Patterns by id.
    pub(super) patterns: BTreeMap<&'d str, &'d Draft>,
    /// Ids of patterns whose files could not be parsed, by their folders.
    pub(super) maybe: BTreeSet<String>,
    /// Named queries and their files.
    pub(super) queries: BTreeMap<String, Span>,
    /// The parameters of the pack that named queries use.
    settings: BTreeSet<String>,
    /// The pack.
    pub(super) pack: &'d Pack,
    /// Whether every file could be read in full.
    pub(super) is_whole: bool,
}

impl<'d> Known<'d> {
    pub(super) fn new(drafts: &'d [Draft], all: &[Checked], pack: &'d Pack, named: &[(NamedQuery, QueryText)]) -> Self {
        let mut patterns = BTreeMap::new();
        for draft in drafts {
            patterns.entry(draft.pattern.id.as_str()).or_insert(draft);
        }
        let unread = all.iter().filter(|file| file.kind == FileKind::Pattern && file.root.is_none());
        let maybe = unread.filter_map(|file| Some(file.file.rsplit(['/', '\\']).nth(1)?.to_owned())).collect();
        let queries = all
            .iter()
            .filter(|file| file.kind == FileKind::Query)
            .map(|file| (query_name(&file.file), Span::new(file.file.clone(), 0, 0)))
            .collect();
        let rules = [FileKind::Pack, FileKind::Pattern, FileKind::Indicators, FileKind::Workflow];
        let is_whole = pack.is_whole && all.iter().filter(|file| rules.contains(&file.kind)).all(Checked::is_whole);
        let origins = named.iter().flat_map(|(query, _)| &query.parameters).map(|parameter| &parameter.origin);
        let settings = origins.filter_map(|origin| match origin {
            Origin::Setting(name) => Some(name.clone()),
            Origin::Subject(_) | Origin::From | Origin::To => None,
        });
        Self { patterns, maybe, queries, settings: settings.collect(), pack, is_whole }
    }

    /// Reports a pattern that does not exist.
    pub(super) fn pattern(&self, used: &Used<String>, code: &'static Code, what: &str, problems: &mut Vec<Diagnostic>) {
        if self.patterns.contains_key(used.name.as_str()) || self.maybe.contains(&used.name) {
            return;
        }
        let mut problem =
            Diagnostic::new(code, used.span.clone(), format!("unknown pattern `{}` in {what}", used.name))
                .label("no pattern with this id in the rule set");
        if let Some(near) = nearest(&used.name, self.patterns.keys().copied()) {
            problem = problem.help(format!("did you mean `{near}`?")).fix(used.span.clone(), near);
        }
        problems.push(problem);
    }

    fn query(&self, used: &Used<String>, problems: &mut Vec<Diagnostic>) {
        if self.queries.contains_key(&used.name) {
            return;
        }
        let mut problem =
            Diagnostic::new(&codes::DANGLING_REFERENCE, used.span.clone(), format!("unknown query `{}`", used.name));
        problem = match nearest(&used.name, self.queries.keys().map(String::as_str)) {
            Some(near) => problem.help(format!("did you mean `{near}`?")).fix(used.span.clone(), near),
            None => problem.help(format!("add the file `queries/{}.kql`", used.name)),
        };
        problems.push(problem);
    }
}

fn query_name(file: &str) -> String {
    let last = file.rsplit(['/', '\\']).next().unwrap_or(file);
    last.strip_suffix(".kql").unwrap_or(last).to_owned()
}

/// Checks all names.
pub(super) fn check(
    known: &Known<'_>,
    drafts: &[Draft],
    indicators: &IndicatorsDraft,
    workflow: &WorkflowDraft,
    problems: &mut Vec<Diagnostic>,
) {
    duplicates(drafts, problems);
    for draft in drafts {
        for (list, what) in [
            (&draft.causes, "`causes`"),
            (&draft.amplifies, "`amplifies`"),
            (&draft.contradicts, "`contradicts`"),
            (&draft.pattern_uses, "a condition"),
        ] {
            for used in list {
                known.pattern(used, &codes::DANGLING_REFERENCE, what, problems);
            }
        }
        for used in &draft.queries {
            known.query(used, problems);
        }
        for used in &draft.symptom_uses {
            symptom(known, draft, used, problems);
        }
        magnitude(known, draft, problems);
    }
    for used in indicators.pattern_uses.iter().chain(&workflow.pattern_uses) {
        known.pattern(used, &codes::DANGLING_REFERENCE, "a condition or the workflow", problems);
    }
    for used in &workflow.query_uses {
        known.query(used, problems);
    }
    unused_symptoms(drafts, problems);
    if known.is_whole {
        unused_definitions(known, drafts, workflow, problems);
    }
}

fn duplicates(drafts: &[Draft], problems: &mut Vec<Diagnostic>) {
    let mut ids: BTreeMap<&str, &Draft> = BTreeMap::new();
    let mut titles: BTreeMap<&str, &Span> = BTreeMap::new();
    for draft in drafts {
        let id = draft.pattern.id.as_str();
        if let Some(first) = ids.get(id) {
            problems.push(
                Diagnostic::new(&codes::DUPLICATE_ID, draft.id.clone(), format!("two patterns with the id `{id}`"))
                    .label("again here")
                    .also(first.id.clone(), "first here"),
            );
            continue;
        }
        ids.insert(id, draft);
        if let Some(span) = &draft.title {
            if let Some(first) = titles.get(draft.pattern.title.as_str()) {
                problems.push(
                    Diagnostic::new(&codes::DUPLICATE_TITLE, span.clone(), "two patterns with the same title")
                        .also((*first).clone(), "also here")
                        .help("reports show titles: use titles that differ"),
                );
            } else {
                titles.insert(draft.pattern.title.as_str(), span);
            }
        }
    }
}

fn symptom(known: &Known<'_>, draft: &Draft, used: &Used<SymptomRef>, problems: &mut Vec<Diagnostic>) {
    let name = &used.name.symptom;
    let owner = match &used.name.pattern {
        None => draft,
        Some(id) => match known.patterns.get(id.as_str()) {
            Some(owner) => owner,
            None => {
                let pattern = Used { name: id.clone(), span: used.span.clone() };
                known.pattern(&pattern, &codes::DANGLING_REFERENCE, "a condition", problems);
                return;
            }
        },
    };
    if owner.symptoms.contains_key(name) {
        return;
    }
    let whose =
        if used.name.pattern.is_some() { format!("pattern `{}`", owner.pattern.id) } else { "this pattern".to_owned() };
    let mut problem = Diagnostic::new(
        &codes::CONDITION_UNKNOWN_SYMPTOM,
        used.span.clone(),
        format!("{whose} has no symptom `{name}`"),
    );
    let near = nearest(name, owner.symptoms.keys().map(String::as_str));
    if used.name.pattern.is_none() && known.patterns.contains_key(name.as_str()) {
        problem = problem.help(format!("`{name}` is a pattern: write `{{ pattern: {name} }}`"));
    } else if let Some(near) = near {
        problem = problem.help(format!("did you mean `{near}`?"));
    } else if owner.symptoms.is_empty() {
        problem = problem.help(format!("{whose} has no symptoms"));
    } else {
        let all: Vec<&str> = owner.symptoms.keys().map(String::as_str).collect();
        problem = problem.help(format!("its symptoms are `{}`", all.join("`, `")));
    }
    problems.push(problem);
}

fn magnitude(known: &Known<'_>, draft: &Draft, problems: &mut Vec<Diagnostic>) {
    let (Some(magnitude), Some(span)) = (&draft.pattern.magnitude, &draft.magnitude) else { return };
    let owner = match &magnitude.symptom.pattern {
        None => draft,
        Some(id) => match known.patterns.get(id.as_str()) {
            Some(owner) => owner,
            None => return,
        },
    };
    let Some(symptom) = owner.pattern.symptoms.iter().find(|symptom| symptom.name == magnitude.symptom.symptom) else {
        return;
    };
    let sums: &[String] = match &symptom.kind {
        SymptomKind::Log { lines, .. } => &lines.sums,
        _ => &[],
    };
    if !sums.contains(&magnitude.capture) {
        let mut problem = Diagnostic::new(
            &codes::UNDEFINED_CAPTURE,
            span.clone(),
            format!("symptom `{}` does not sum a capture `{}`", symptom.name, magnitude.capture),
        );
        problem = match nearest(&magnitude.capture, sums.iter().map(String::as_str)) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help(format!("add `extract: {{ {}: sum }}` to the symptom", magnitude.capture)),
        };
        problems.push(problem);
    }
}

/// Reports symptoms that no pattern uses.
fn unused_symptoms(drafts: &[Draft], problems: &mut Vec<Diagnostic>) {
    // A condition that could not be read may use any of them.
    let is_whole = drafts.iter().all(|draft| draft.is_whole);
    let used: BTreeSet<(&str, &str)> = drafts
        .iter()
        .flat_map(|draft| {
            draft
                .symptom_uses
                .iter()
                .map(|used| (used.name.pattern.as_deref().unwrap_or(&draft.pattern.id), used.name.symptom.as_str()))
        })
        .collect();
    for draft in drafts.iter().filter(|draft| draft.is_whole) {
        // A misspelt name probably refers to one of those that seem unused.
        if draft
            .symptom_uses
            .iter()
            .any(|used| used.name.pattern.is_none() && !draft.symptoms.contains_key(&used.name.symptom))
        {
            continue;
        }
        for (name, span) in &draft.symptoms {
            let implied = draft.pattern.when.as_ref().is_some_and(|when| matches!(when, crate::rules::model::When::Symptom(one) if one.pattern.is_none() && one.symptom == *name));
            if !implied
                && !used.contains(&(draft.pattern.id.as_str(), name.as_str()))
                && is_whole
                && draft.pattern.when.is_some()
            {
                problems.push(
                    Diagnostic::new(&codes::UNREFERENCED_SYMPTOM, span.clone(), format!("unused symptom `{name}`"))
                        .help("use it in `when` or `noise_unless`, or remove it"),
                );
            }
        }
    }
}

fn unused_definitions(known: &Known<'_>, drafts: &[Draft], workflow: &WorkflowDraft, problems: &mut Vec<Diagnostic>) {
    let parameters: BTreeSet<&str> = drafts.iter().flat_map(|draft| &draft.parameters).map(String::as_str).collect();
    for (name, span) in &known.pack.parameter_spans {
        if !parameters.contains(name.as_str()) && !known.settings.contains(name) {
            problems.push(
                Diagnostic::new(&codes::UNUSED_DEFINITION, span.clone(), format!("unused parameter `{name}`"))
                    .help(format!("use it as `${name}`, or remove it")),
            );
        }
    }
    let queries: BTreeSet<&str> = drafts
        .iter()
        .flat_map(|draft| &draft.queries)
        .chain(&workflow.query_uses)
        .map(|used| used.name.as_str())
        .collect();
    for (name, span) in &known.queries {
        if !queries.contains(name.as_str()) {
            problems.push(
                Diagnostic::new(&codes::UNUSED_DEFINITION, span.clone(), format!("unused query `{name}`"))
                    .help("add it to `queries` of a pattern or of the workflow"),
            );
        }
    }
}
