//! `pattern.yaml` → a draft of a pattern.
//!
//! Input: the checked file and the pack. Output: a [`Draft`], with the places of everything that is checked across files.
//! Checks everything that can be checked for one pattern alone.

use super::condition::read_when;
use super::content::check_content;
use super::symptom::read_symptom;
use super::tables::check_entity_kind;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::condition::{Names, own, symptom_ref};
use super::draft::{Draft, Used};
use super::pack_model::Pack;
use super::reader::Reader;
use super::symptom::SymptomContext;
use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, Label};
use crate::rules::model::{Amplifies, Causes, Class, Magnitude, Pattern, Reach, RemedyStep, Severity, Strength, When};
use crate::rules::syntax::{Checked, Node};
use crate::suggest::nearest;
use crate::time::parse_duration;

/// Reads a pattern. Returns `None` if the file has no tree, or neither an id nor a folder to take it from.
pub(crate) fn read_pattern(checked: &Checked, pack: &Pack, problems: &mut Vec<Diagnostic>) -> Option<Draft> {
    let root = checked.root.as_ref()?;
    root.map()?;
    let mut reader = Reader::new(checked, pack, problems);
    let folder = folder_of(&checked.file);
    let id_node = reader.get(root, "id");
    let id = id_node.and_then(Node::text).or(folder)?.to_owned();
    let id_span = id_node.map_or_else(|| checked.span(root.bytes), |node| checked.span(node.bytes));
    if let (Some(node), Some(folder)) = (id_node, folder)
        && folder != id
    {
        reader.report(&codes::ID_FORMAT, node, format!("pattern `{id}` is in the folder `{folder}`")).help =
            Some("name the folder like the pattern".to_owned());
    }
    let scope = reader.string(root, "scope").unwrap_or_default();
    if let Some(node) = reader.get(root, "scope").cloned() {
        check_entity_kind(&mut reader, &node, &scope);
    }
    let mut draft = Draft {
        pattern: Pattern {
            title: reader.string(root, "title").unwrap_or_default(),
            class: reader.text(root, "class").and_then(Class::named).unwrap_or(Class::Effect),
            severity: reader.text(root, "severity").and_then(Severity::named).unwrap_or(Severity::Error),
            applies_to: read_applies_to(&mut reader, root, &scope),
            entry: reader.is_true(root, "entry"),
            owner: reader.string(root, "owner"),
            summary: reader.string(root, "summary").unwrap_or_default(),
            symptoms: Vec::new(),
            when: None,
            noise_unless: None,
            magnitude: None,
            causes: Vec::new(),
            amplifies: Vec::new(),
            contradicts: reader.texts(root, "contradicts"),
            remedy: read_remedy(&mut reader, root),
            queries: reader.texts(root, "queries"),
            references: reader.texts(root, "references"),
            provenance: reader.string(root, "provenance"),
            id: id.clone(),
            scope,
        },
        is_whole: checked.is_whole(),
        file: checked.file.to_string(),
        id: id_span,
        title: reader.get(root, "title").map(|node| checked.span(node.bytes)),
        symptoms: BTreeMap::new(),
        symptom_uses: Vec::new(),
        pattern_uses: Vec::new(),
        causes: Vec::new(),
        amplifies: Vec::new(),
        contradicts: reader.uses(root, "contradicts"),
        queries: reader.uses(root, "queries"),
        magnitude: None,
        parameters: BTreeSet::new(),
        texts: Vec::new(),
    };
    read_edges(&mut reader, root, &mut draft);
    read_magnitude(&mut reader, root, &mut draft);
    read_symptoms(&mut reader, root, &mut draft);
    read_when_and_noise(&mut reader, root, &mut draft);
    check_content(&mut reader, root);
    draft.parameters = reader.parameters;
    draft.texts = reader.texts;
    draft.texts.iter_mut().for_each(|text| text.name = format!("{}.{}", draft.pattern.id, text.name));
    Some(draft)
}

/// Returns the name of the folder of a `pattern.yaml`.
fn folder_of(file: &str) -> Option<&str> {
    let mut parts = file.rsplit(['/', '\\']);
    let _file = parts.next();
    parts.next().filter(|folder| !folder.is_empty() && *folder != "." && *folder != "..")
}

fn read_applies_to(reader: &mut Reader<'_>, root: &Node, scope: &str) -> BTreeMap<String, Vec<String>> {
    let mut out = BTreeMap::new();
    let Some(map) = reader.get(root, "applies_to").cloned() else { return out };
    let pack = reader.pack;
    for entry in map.map().unwrap_or_default() {
        if let Some(kind) = pack.schema.entity(scope)
            && !kind.keys.contains(&entry.key)
        {
            let near =
                nearest(&entry.key, kind.keys.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
            let span = reader.checked.span(entry.key_bytes);
            reader
                .report_at(&codes::DANGLING_REFERENCE, span, format!("a `{scope}` has no key `{}`", entry.key))
                .help = near;
        }
        let values = entry.value.many().iter().filter_map(|value| value.text().map(str::to_owned)).collect();
        out.insert(entry.key.clone(), values);
    }
    out
}

fn read_remedy(reader: &mut Reader<'_>, root: &Node) -> Vec<RemedyStep> {
    let Some(list) = reader.get(root, "remedy").cloned() else { return Vec::new() };
    let mut out: Vec<RemedyStep> = Vec::new();
    let mut seen: BTreeMap<String, Node> = BTreeMap::new();
    for step in list.many() {
        let (Some(id), Some(node)) = (reader.string(step, "id"), step.get("id")) else { continue };
        if let Some(first) = seen.get(&id) {
            let first = reader.span(first);
            let problem = reader.report(&codes::DUPLICATE_ID, node, format!("two steps with the id `{id}`"));
            problem.labels.push(Label { span: first, text: "first here".to_owned() });
            continue;
        }
        seen.insert(id.clone(), node.clone());
        let verifies = step.get("verify").is_some();
        if let Some(text) = reader.string(step, if verifies { "verify" } else { "do" }) {
            out.push(RemedyStep {
                id,
                text,
                verifies,
                caution: reader.string(step, "caution"),
                changes_state: reader.is_true(step, "changes_state"),
                run: reader.texts(step, "run"),
            });
        }
    }
    out
}

fn read_edges(reader: &mut Reader<'_>, root: &Node, draft: &mut Draft) {
    for edge in root.get("causes").map(Node::many).unwrap_or_default() {
        let Some(target) = reader.get(edge, "pattern").cloned() else { continue };
        let Some(pattern) = target.text().map(str::to_owned) else { continue };
        draft.causes.push(Used { name: pattern.clone(), span: reader.span(&target) });
        draft.pattern.causes.push(Causes {
            pattern,
            strength: reader.text(edge, "strength").and_then(Strength::named).unwrap_or(Strength::Possible),
            lag: read_lag(reader, edge),
            tolerance: reader.duration(edge, "tolerance"),
            reach: match reader.text(edge, "entities") {
                Some("same") => Reach::Same,
                Some("cluster") => Reach::Cluster,
                _ => Reach::Contains,
            },
            feedback: reader.is_true(edge, "feedback"),
            because: reader.string(edge, "because"),
        });
    }
    for edge in root.get("amplifies").map(Node::many).unwrap_or_default() {
        let Some(target) = reader.get(edge, "pattern").cloned() else { continue };
        let Some(pattern) = target.text().map(str::to_owned) else { continue };
        draft.amplifies.push(Used { name: pattern.clone(), span: reader.span(&target) });
        draft.pattern.amplifies.push(Amplifies {
            pattern,
            may_be_sole: reader.is_true(edge, "may_be_sole"),
            feedback: reader.is_true(edge, "feedback"),
            because: reader.string(edge, "because"),
        });
    }
}

fn read_lag(reader: &mut Reader<'_>, edge: &Node) -> (Duration, Option<Duration>) {
    let Some(node) = reader.get(edge, "lag").cloned() else { return (Duration::ZERO, None) };
    let text = node.text().unwrap_or_default();
    let (shortest, longest) = text.split_once("..").unwrap_or((text, ""));
    let shortest = parse_duration(shortest.trim()).unwrap_or_default();
    let longest = parse_duration(longest.trim());
    if longest.is_some_and(|longest| longest < shortest) {
        reader.report(&codes::TEMPORAL_IMPOSSIBLE_EDGE, &node, "the shortest delay is longer than the longest");
    }
    (shortest, longest)
}

fn read_magnitude(reader: &mut Reader<'_>, root: &Node, draft: &mut Draft) {
    let Some(node) = reader.get(root, "magnitude").cloned() else { return };
    let of = node.get("of").cloned().unwrap_or_else(|| node.clone());
    let Some((symptom, capture)) = of.text().and_then(|text| text.rsplit_once('.')) else { return };
    let symptom = symptom_ref(symptom);
    draft.symptom_uses.push(Used { name: symptom.clone(), span: reader.span(&of) });
    draft.magnitude = Some(reader.span(&of));
    draft.pattern.magnitude =
        Some(Magnitude { symptom, capture: capture.to_owned(), unit: reader.string(&node, "unit") });
}

fn read_symptoms(reader: &mut Reader<'_>, root: &Node, draft: &mut Draft) {
    let captures: Vec<(String, String)> = draft
        .pattern
        .magnitude
        .iter()
        .filter(|magnitude| magnitude.symptom.pattern.is_none())
        .map(|magnitude| (magnitude.symptom.symptom.clone(), magnitude.capture.clone()))
        .collect();
    let scope = draft.pattern.scope.clone();
    let context = SymptomContext { scope: &scope, captures: &captures };
    for entry in root.get("symptoms").and_then(Node::map).unwrap_or_default() {
        draft.symptoms.insert(entry.key.clone(), reader.checked.span(entry.key_bytes));
        let mut uses = Names::default();
        let symptom = read_symptom(reader, entry, &context, &mut uses);
        draft.symptom_uses.append(&mut uses.symptoms);
        draft.pattern_uses.append(&mut uses.patterns);
        if let Some(symptom) = symptom {
            draft.pattern.symptoms.push(symptom);
        }
    }
}

fn read_when_and_noise(reader: &mut Reader<'_>, root: &Node, draft: &mut Draft) {
    let mut names = Names::default();
    let when = reader.get(root, "when").cloned();
    draft.pattern.when = when.as_ref().and_then(|node| read_when(reader, node, &mut names));
    let noise_unless = reader.get(root, "noise_unless").cloned();
    draft.pattern.noise_unless = noise_unless.as_ref().and_then(|node| read_when(reader, node, &mut names));
    draft.symptom_uses.append(&mut names.symptoms);
    draft.pattern_uses.append(&mut names.patterns);
    let id = draft.pattern.id.clone();
    let used = own(draft.symptom_uses.iter(), &id);
    let unused: Vec<&String> = draft.symptoms.keys().filter(|name| !used.contains(*name)).collect();
    if root.entry("when").is_none() {
        // With a single symptom that is not used otherwise, it is the condition.
        let only = match unused.as_slice() {
            [only] => Some(only.as_str()),
            _ if draft.symptoms.len() == 1 => draft.symptoms.keys().next().map(String::as_str),
            _ => None,
        };
        if let Some(only) = only {
            draft.pattern.when = Some(When::Symptom(symptom_ref(only)));
        } else if let Some(at) = draft.symptoms.values().next().cloned() {
            let names: Vec<&str> = draft.symptoms.keys().map(String::as_str).collect();
            let help = format!("add `when:`, such as `when: {{ any: [{}] }}`", names.join(", "));
            reader.report_at(&codes::MISSING_FIELD, at, "`when` is missing, and there are several symptoms").help =
                Some(help);
        }
    }
}
