//! `pattern.yaml` → a draft of a pattern.
//!
//! Input: the checked file and the pack. Output: a [`Draft`], with the places of everything that other files have to do
//! with. What can be said about one pattern alone is said here.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::{Names, own, symptom_ref};
use super::symptom::Around;
use super::{Draft, Pack, Reader, Used};
use crate::rules::codes;
use crate::rules::diagnostic::Diagnostic;
use crate::rules::model::{Amplifies, Causes, Class, Magnitude, Pattern, Reach, RemedyStep, Severity, Strength, When};
use crate::rules::syntax::{Checked, Node};
use crate::suggest::nearest;
use crate::time::parse_duration;

/// Reads a pattern. `None` where the file has no tree, or no id that could be told.
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
        reader.report(&codes::ID_FORMAT, node, format!("pattern `{id}` stands in the folder `{folder}`")).help =
            Some("give the folder the id as its name".to_owned());
    }
    let scope = reader.string(root, "scope").unwrap_or_default();
    if let Some(node) = reader.get(root, "scope").cloned() {
        reader.entity_exists(&node, &scope);
    }
    let mut draft = Draft {
        pattern: Pattern {
            title: reader.string(root, "title").unwrap_or_default(),
            class: reader.text(root, "class").and_then(Class::named).unwrap_or(Class::Effect),
            severity: reader.text(root, "severity").and_then(Severity::named).unwrap_or(Severity::Error),
            applies_to: reader.applies_to(root, &scope),
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
            remedy: reader.steps_of_remedy(root),
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
    reader.edges(root, &mut draft);
    reader.magnitude(root, &mut draft);
    reader.symptoms(root, &mut draft);
    reader.conditions(root, &mut draft);
    reader.content(root);
    draft.parameters = reader.parameters;
    draft.texts = reader.texts;
    draft.texts.iter_mut().for_each(|text| text.name = format!("{}.{}", draft.pattern.id, text.name));
    Some(draft)
}

/// The name of the folder that holds a `pattern.yaml`.
fn folder_of(file: &str) -> Option<&str> {
    let mut parts = file.rsplit(['/', '\\']);
    let _file = parts.next();
    parts.next().filter(|folder| !folder.is_empty() && *folder != "." && *folder != "..")
}

impl Reader<'_> {
    fn applies_to(&mut self, root: &Node, scope: &str) -> BTreeMap<String, Vec<String>> {
        let mut out = BTreeMap::new();
        let Some(map) = self.get(root, "applies_to").cloned() else { return out };
        let pack = self.pack;
        for entry in map.map().unwrap_or_default() {
            if let Some(kind) = pack.schema.entity(scope)
                && !kind.keys.contains(&entry.key)
            {
                let near = nearest(&entry.key, kind.keys.iter().map(String::as_str))
                    .map(|near| format!("did you mean `{near}`?"));
                let span = self.checked.span(entry.key_bytes);
                self.report_at(&codes::DANGLING_REFERENCE, span, format!("a `{scope}` has no key `{}`", entry.key))
                    .help = near;
            }
            let values = entry.value.many().iter().filter_map(|value| value.text().map(str::to_owned)).collect();
            out.insert(entry.key.clone(), values);
        }
        out
    }

    fn steps_of_remedy(&mut self, root: &Node) -> Vec<RemedyStep> {
        let Some(list) = self.get(root, "remedy").cloned() else { return Vec::new() };
        let mut out: Vec<RemedyStep> = Vec::new();
        let mut seen: BTreeMap<String, Node> = BTreeMap::new();
        for step in list.many() {
            let (Some(id), Some(node)) = (self.string(step, "id"), step.get("id")) else { continue };
            if let Some(first) = seen.get(&id) {
                let first = self.span(first);
                let problem = self.report(&codes::DUPLICATE_ID, node, format!("two steps with the id `{id}`"));
                problem.labels.push(crate::rules::diagnostic::Label { span: first, text: "first here".to_owned() });
                continue;
            }
            seen.insert(id.clone(), node.clone());
            let verifies = step.get("verify").is_some();
            if let Some(text) = self.string(step, if verifies { "verify" } else { "do" }) {
                out.push(RemedyStep { id, text, verifies, caution: self.string(step, "caution") });
            }
        }
        out
    }

    fn edges(&mut self, root: &Node, draft: &mut Draft) {
        for edge in root.get("causes").map(Node::many).unwrap_or_default() {
            let Some(target) = self.get(edge, "pattern").cloned() else { continue };
            let Some(pattern) = target.text().map(str::to_owned) else { continue };
            draft.causes.push(Used { name: pattern.clone(), span: self.span(&target) });
            draft.pattern.causes.push(Causes {
                pattern,
                strength: self.text(edge, "strength").and_then(Strength::named).unwrap_or(Strength::Possible),
                lag: self.lag(edge),
                tolerance: self.duration(edge, "tolerance"),
                reach: match self.text(edge, "entities") {
                    Some("same") => Reach::Same,
                    Some("cluster") => Reach::Cluster,
                    _ => Reach::Contains,
                },
                feedback: self.is_true(edge, "feedback"),
                because: self.string(edge, "because"),
            });
        }
        for edge in root.get("amplifies").map(Node::many).unwrap_or_default() {
            let Some(target) = self.get(edge, "pattern").cloned() else { continue };
            let Some(pattern) = target.text().map(str::to_owned) else { continue };
            draft.amplifies.push(Used { name: pattern.clone(), span: self.span(&target) });
            draft.pattern.amplifies.push(Amplifies {
                pattern,
                may_be_sole: self.is_true(edge, "may_be_sole"),
                feedback: self.is_true(edge, "feedback"),
                because: self.string(edge, "because"),
            });
        }
    }

    fn lag(&mut self, edge: &Node) -> (std::time::Duration, Option<std::time::Duration>) {
        let Some(node) = self.get(edge, "lag").cloned() else { return (std::time::Duration::ZERO, None) };
        let text = node.text().unwrap_or_default();
        let (least, greatest) = text.split_once("..").unwrap_or((text, ""));
        let least = parse_duration(least.trim()).unwrap_or_default();
        let greatest = parse_duration(greatest.trim());
        if greatest.is_some_and(|greatest| greatest < least) {
            self.report(&codes::TEMPORAL_IMPOSSIBLE_EDGE, &node, "the least delay is longer than the greatest");
        }
        (least, greatest)
    }

    fn magnitude(&mut self, root: &Node, draft: &mut Draft) {
        let Some(node) = self.get(root, "magnitude").cloned() else { return };
        let of = node.get("of").cloned().unwrap_or_else(|| node.clone());
        let Some((symptom, capture)) = of.text().and_then(|text| text.rsplit_once('.')) else { return };
        let symptom = symptom_ref(symptom);
        draft.symptom_uses.push(Used { name: symptom.clone(), span: self.span(&of) });
        draft.magnitude = Some(self.span(&of));
        draft.pattern.magnitude =
            Some(Magnitude { symptom, capture: capture.to_owned(), unit: self.string(&node, "unit") });
    }

    fn symptoms(&mut self, root: &Node, draft: &mut Draft) {
        let captures: Vec<(String, String)> = draft
            .pattern
            .magnitude
            .iter()
            .filter(|magnitude| magnitude.symptom.pattern.is_none())
            .map(|magnitude| (magnitude.symptom.symptom.clone(), magnitude.capture.clone()))
            .collect();
        let scope = draft.pattern.scope.clone();
        let around = Around { scope: &scope, captures: &captures };
        for entry in root.get("symptoms").and_then(Node::map).unwrap_or_default() {
            draft.symptoms.insert(entry.key.clone(), self.checked.span(entry.key_bytes));
            if let Some(symptom) = self.symptom(entry, &around, &mut draft.symptom_uses) {
                draft.pattern.symptoms.push(symptom);
            }
        }
    }

    fn conditions(&mut self, root: &Node, draft: &mut Draft) {
        let mut names = Names::default();
        let when = self.get(root, "when").cloned();
        draft.pattern.when = when.as_ref().and_then(|node| self.when(node, &mut names));
        let noise_unless = self.get(root, "noise_unless").cloned();
        draft.pattern.noise_unless = noise_unless.as_ref().and_then(|node| self.when(node, &mut names));
        draft.symptom_uses.append(&mut names.symptoms);
        draft.pattern_uses.append(&mut names.patterns);
        let id = draft.pattern.id.clone();
        let used = own(draft.symptom_uses.iter(), &id);
        let unused: Vec<&String> = draft.symptoms.keys().filter(|name| !used.contains(*name)).collect();
        if root.entry("when").is_none() {
            // With one symptom that nothing else uses `when` may be left out: it is that symptom.
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
                self.report_at(&codes::MISSING_FIELD, at, "`when` is missing, and there are several symptoms").help =
                    Some(help);
            }
        }
    }
}
