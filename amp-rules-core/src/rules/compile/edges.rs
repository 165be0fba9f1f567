//! Checks of edges between patterns: no self-edges, duplicates, contradictions or unmarked loops.
//!
//! Input: the drafts of all patterns, by id. Output: diagnostics. Edges to unknown patterns are skipped, since `names`
//! reports them.

use std::collections::{BTreeMap, BTreeSet};

use super::cycles::cycles;
use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, Severity, Span};
use crate::rules::model::{Class, EndsWhen, SymptomKind, SymptomRef};
use crate::rules::validate::{Draft, Used};

/// Checks all edges.
pub(super) fn check(drafts: &[Draft], problems: &mut Vec<Diagnostic>) {
    for draft in drafts {
        check_one(draft, problems);
    }
    contradictions(drafts, problems);
    loops(drafts, problems);
    circular_conditions(drafts, problems);
    circular_symptoms(drafts, problems);
    orphans(drafts, problems);
}

fn check_one(draft: &Draft, problems: &mut Vec<Diagnostic>) {
    let id = &draft.pattern.id;
    let lists = [(&draft.causes, "causes"), (&draft.amplifies, "amplifies"), (&draft.contradicts, "contradicts")];
    for (list, verb) in lists {
        for used in list.iter().filter(|used| used.name == *id) {
            problems.push(Diagnostic::new(
                &codes::SELF_EDGE,
                used.span.clone(),
                format!("pattern `{id}` {verb} itself"),
            ));
        }
        duplicates(list, verb, problems);
    }
    for used in draft.pattern_uses.iter().filter(|used| used.name == *id) {
        problems.push(Diagnostic::new(
            &codes::SELF_EDGE,
            used.span.clone(),
            format!("the condition of pattern `{id}` refers to the pattern itself"),
        ));
    }
    duplicates(&draft.queries, "queries", problems);
}

fn duplicates(list: &[Used<String>], what: &str, problems: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<&str, &Span> = BTreeMap::new();
    for used in list {
        if let Some(first) = seen.get(used.name.as_str()) {
            problems.push(
                Diagnostic::new(
                    &codes::DUPLICATE_EDGE,
                    used.span.clone(),
                    format!("`{}` is listed twice in `{what}`", used.name),
                )
                .also((*first).clone(), "first here")
                .help("remove one of them"),
            );
        } else {
            seen.insert(&used.name, &used.span);
        }
    }
}

fn contradictions(drafts: &[Draft], problems: &mut Vec<Diagnostic>) {
    let mut pairs: BTreeMap<(&str, &str), &Span> = BTreeMap::new();
    for draft in drafts {
        for used in &draft.contradicts {
            let (one, other) = (draft.pattern.id.as_str(), used.name.as_str());
            pairs.insert((one.min(other), one.max(other)), &used.span);
        }
    }
    for draft in drafts {
        for used in &draft.causes {
            let (one, other) = (draft.pattern.id.as_str(), used.name.as_str());
            if let Some(span) = pairs.get(&(one.min(other), one.max(other))) {
                problems.push(
                    Diagnostic::new(
                        &codes::CONTRADICTORY_EDGES,
                        used.span.clone(),
                        format!("`{one}` causes and contradicts `{other}`"),
                    )
                    .also((*span).clone(), "contradiction here"),
                );
            }
        }
    }
}

/// One edge of a graph: from, to, and its place.
type Edge<'d> = (usize, usize, &'d Span);

fn index(drafts: &[Draft]) -> BTreeMap<&str, usize> {
    let mut index = BTreeMap::new();
    for (at, draft) in drafts.iter().enumerate() {
        index.entry(draft.pattern.id.as_str()).or_insert(at);
    }
    index
}

fn loops(drafts: &[Draft], problems: &mut Vec<Diagnostic>) {
    let index = index(drafts);
    let mut edges: Vec<Edge<'_>> = Vec::new();
    for (from, draft) in drafts.iter().enumerate() {
        for (used, edge) in draft.causes.iter().zip(&draft.pattern.causes) {
            if let Some(to) = index.get(used.name.as_str())
                && !edge.feedback
                && *to != from
            {
                edges.push((from, *to, &used.span));
            }
        }
    }
    for cycle in cycles(drafts.len(), &edges) {
        let mut problem = cycle_diagnostic(&cycle, |at| name(drafts, at), "causal cycle");
        problem.severity = Severity::Warning;
        problems.push(problem.help("mark the edge that closes the loop with `feedback: true`"));
    }
}

fn circular_conditions(drafts: &[Draft], problems: &mut Vec<Diagnostic>) {
    let index = index(drafts);
    let mut edges: Vec<Edge<'_>> = Vec::new();
    for (from, draft) in drafts.iter().enumerate() {
        for used in &draft.pattern_uses {
            if let Some(to) = index.get(used.name.as_str())
                && *to != from
            {
                edges.push((from, *to, &used.span));
            }
        }
    }
    for cycle in cycles(drafts.len(), &edges) {
        problems.push(
            cycle_diagnostic(&cycle, |at| name(drafts, at), "cyclic conditions")
                .help("use a symptom of the other pattern, as `pattern.symptom`, instead of the pattern"),
        );
    }
}

/// Reports symptoms that refer to each other: through `repeats`, `persists`, `except_after`, `ends_when`, and through the
/// conditions of patterns that `ends_when` names.
fn circular_symptoms(drafts: &[Draft], problems: &mut Vec<Diagnostic>) {
    let mut names: Vec<(&str, &str)> = Vec::new();
    let mut at: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for draft in drafts {
        for symptom in &draft.pattern.symptoms {
            at.entry((draft.pattern.id.as_str(), symptom.name.as_str())).or_insert_with(|| {
                names.push((draft.pattern.id.as_str(), symptom.name.as_str()));
                names.len() - 1
            });
        }
        // The pattern as a whole, which depends on the symptoms of its condition.
        names.push((draft.pattern.id.as_str(), ""));
        at.entry((draft.pattern.id.as_str(), "")).or_insert(names.len() - 1);
    }
    let mut edges: Vec<Edge<'_>> = Vec::new();
    for draft in drafts {
        for symptom in &draft.pattern.symptoms {
            let watched: Vec<&SymptomRef> = match &symptom.kind {
                SymptomKind::Repeats { symptom, .. } => vec![symptom],
                SymptomKind::Sequence { steps, .. } => steps.iter().map(|step| &step.symptom).collect(),
                SymptomKind::Persists { symptom, without, .. } => std::iter::once(symptom).chain(without).collect(),
                _ => Vec::new(),
            };
            let except = match &symptom.kind {
                SymptomKind::Repeats { except_after, .. } => except_after.as_ref().map(|except| &except.symptom),
                _ => None,
            };
            let end = match &symptom.ends_when {
                Some(EndsWhen::Symptom(name)) => Some(name),
                Some(EndsWhen::Pattern(_)) | None => None,
            };
            let Some(from) = at.get(&(draft.pattern.id.as_str(), symptom.name.as_str())) else { continue };
            for one in watched.into_iter().chain(except).chain(end) {
                let owner = one.pattern.as_deref().unwrap_or(&draft.pattern.id);
                if let (Some(to), Some(used)) =
                    (at.get(&(owner, one.symptom.as_str())), draft.symptom_uses.iter().find(|used| used.name == *one))
                    && to != from
                {
                    edges.push((*from, *to, &used.span));
                }
            }
            if let Some(EndsWhen::Pattern(id)) = &symptom.ends_when
                && let (Some(to), Some(used)) =
                    (at.get(&(id.as_str(), "")), draft.pattern_uses.iter().find(|used| used.name == *id))
            {
                edges.push((*from, *to, &used.span));
            }
        }
        let Some(from) = at.get(&(draft.pattern.id.as_str(), "")) else { continue };
        for when in draft.pattern.when.iter() {
            for one in when.symptoms() {
                let owner = one.pattern.as_deref().unwrap_or(&draft.pattern.id);
                if let Some(to) = at.get(&(owner, one.symptom.as_str())) {
                    edges.push((*from, *to, &draft.id));
                }
            }
            for id in when.patterns() {
                if let Some(to) = at.get(&(id.as_str(), "")).filter(|to| *to != from) {
                    edges.push((*from, *to, &draft.id));
                }
            }
        }
    }
    for cycle in cycles(names.len(), &edges) {
        // A cycle of patterns alone is one of conditions, which is reported as such.
        if cycle.iter().all(|(at, _, _)| names.get(*at).is_some_and(|(_, symptom)| symptom.is_empty())) {
            continue;
        }
        let name = |at: usize| match names.get(at) {
            Some((pattern, "")) => (*pattern).to_owned(),
            Some((pattern, symptom)) => format!("{pattern}.{symptom}"),
            None => String::new(),
        };
        problems.push(cycle_diagnostic(&cycle, name, "cyclic symptoms"));
    }
}

fn name(drafts: &[Draft], at: usize) -> String {
    drafts.get(at).map(|draft| draft.pattern.id.clone()).unwrap_or_default()
}

/// Returns the diagnostic of a cycle: all nodes in the message, one label per edge.
fn cycle_diagnostic(cycle: &[Edge<'_>], name: impl Fn(usize) -> String, what: &str) -> Diagnostic {
    let mut names: Vec<String> = cycle.iter().map(|(from, _, _)| name(*from)).collect();
    names.extend(cycle.first().map(|(from, _, _)| name(*from)));
    let message = format!("{what}: `{}`", names.join("` → `"));
    let mut edges = cycle.iter();
    let first = edges.next().map_or_else(|| Span::new("", 0, 0), |(_, _, span)| (*span).clone());
    let mut problem = Diagnostic::new(&codes::CAUSAL_CYCLE, first, message);
    problem = problem.label("here");
    for (_, _, span) in edges {
        problem = problem.also((*span).clone(), "then here");
    }
    problem
}

fn orphans(drafts: &[Draft], problems: &mut Vec<Diagnostic>) {
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for draft in drafts {
        for used in draft.causes.iter().chain(&draft.amplifies).chain(&draft.contradicts).chain(&draft.pattern_uses) {
            named.insert(&used.name);
        }
    }
    for draft in drafts.iter().filter(|draft| draft.is_whole) {
        let pattern = &draft.pattern;
        let alone = draft.symptoms.is_empty()
            && draft.causes.is_empty()
            && draft.amplifies.is_empty()
            && draft.contradicts.is_empty()
            && draft.pattern.when.is_none();
        if alone && !named.contains(pattern.id.as_str()) && pattern.class != Class::Complaint {
            problems.push(
                Diagnostic::new(
                    &codes::ORPHAN_PATTERN,
                    draft.id.clone(),
                    format!("pattern `{}` has neither symptoms nor edges", pattern.id),
                )
                .help("it can never be true or explain anything; add a symptom or an edge"),
            );
        }
    }
}
