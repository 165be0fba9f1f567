//! Walks the tree of a rule file along the shape of its kind and reports everything that does not fit.
//!
//! Input: one rule file. Output: [`Checked`] and diagnostics. Nothing here stops at the first problem, and nothing here
//! reads another file.

use std::sync::Arc;

use super::super::retired::current_key;
use super::checked::Checked;
use super::hidden;
use super::scalars::check_scalar;
use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, RuleFile, Severity, Span};
use crate::rules::syntax::document::FileKind;
use crate::rules::syntax::node::{Bytes, Entry, Node, Style, Value};
use crate::rules::syntax::parse::parse;
use crate::rules::syntax::shape::{Field, Object, Shape, Variants};
use crate::rules::syntax::template;
use crate::suggest::nearest;

/// Parses a file of a known kind and checks it against the format.
pub(crate) fn check_file(file: &RuleFile, kind: FileKind, problems: &mut Vec<Diagnostic>) -> Checked {
    let name: Arc<str> = Arc::from(file.name.as_str());
    let mut checked =
        Checked { file: Arc::clone(&name), text: Arc::from(file.text.as_str()), kind, root: None, wrong: Vec::new() };
    problems.extend(hidden::in_name(&name, kind));
    let Some(object) = kind.object() else {
        problems.extend(hidden::in_text(&name, &file.text));
        return checked;
    };
    let before = problems.len();
    let Some(mut root) = parse(&name, &file.text, problems) else {
        if problems.len() == before {
            problems.push(Diagnostic::new(&codes::MISSING_FIELD, Span::new(name, 0, 0), "the file is empty").help(
                format!(
                    "a `{}` starts with `format: {}`",
                    kind.file_name(),
                    object.fields.first().map_or_else(String::new, |field| field.shape.expected().replace('`', ""))
                ),
            ));
        }
        checked.wrong.push(0);
        return checked;
    };
    let mut checker = Checker { file: &name, text: &file.text, problems, wrong: Vec::new(), parents: Vec::new() };
    checker.problems.extend(hidden::in_text(&name, &file.text));
    checker.problems.extend(hidden::in_tree(&name, &file.text, &root));
    if kind == FileKind::Cases {
        root = template::expand(&checker.file.clone(), root, checker.problems, &mut checker.wrong);
    }
    checker.check(&root, &Shape::Object(object), &Context { key: "", bytes: Bytes { start: 0, end: 0 } });
    let mut wrong = checker.wrong;
    wrong.sort_unstable();
    checked.wrong = wrong;
    checked.root = Some(root);
    checked
}

/// The key whose value is being checked.
#[derive(Clone, Copy)]
struct Context<'n> {
    key: &'n str,
    bytes: Bytes,
}

/// The keys that a map can have, for hints about misplaced ones.
#[derive(Clone, Copy)]
struct Level<'n> {
    key: &'n str,
    fields: &'static [Field],
}

struct Checker<'a, 'n> {
    file: &'a Arc<str>,
    text: &'a str,
    problems: &'a mut Vec<Diagnostic>,
    wrong: Vec<usize>,
    parents: Vec<Level<'n>>,
}

impl<'n> Checker<'_, 'n> {
    fn span(&self, bytes: Bytes) -> Span {
        Span { file: Arc::clone(self.file), start: bytes.start, end: bytes.end }
    }

    fn report(&mut self, at: Bytes, problem: Diagnostic) {
        if problem.severity == Severity::Error {
            self.wrong.push(at.start);
        }
        self.problems.push(problem);
    }

    fn check(&mut self, node: &'n Node, shape: &Shape, context: &Context<'n>) {
        match shape {
            Shape::List(inner) => self.list(node, inner, shape, true, context),
            Shape::AnyList(inner) => self.list(node, inner, shape, false, context),
            Shape::OneOrMany(inner) => {
                if node.list().is_some() {
                    self.list(node, inner, shape, true, context);
                } else {
                    self.check(node, inner, context);
                }
            }
            Shape::Map(key, value) => self.dictionary(node, key, value, shape, context),
            Shape::Object(object) => self.object(node, object, shape, context),
            Shape::Variants(variants) => self.variants(node, variants, shape, context),
            Shape::Same(shape) => self.check(node, shape, context),
            Shape::Either(shapes) => self.either(node, shapes, shape, context),
            _ => match &node.value {
                Value::Scalar { .. } => self.scalar(node, shape, context),
                Value::List(_) | Value::Map(_) => self.wrong_type(node, shape, context),
            },
        }
    }

    fn scalar(&mut self, node: &Node, shape: &Shape, context: &Context<'n>) {
        if node.is_null() {
            self.wrong_type(node, shape, context);
            return;
        }
        for problem in check_scalar(self.file, self.text, node, shape, context.key) {
            self.report(node.bytes, problem);
        }
    }

    fn wrong_type(&mut self, node: &Node, shape: &Shape, context: &Context<'n>) {
        let name = if context.key.is_empty() { "the file".to_owned() } else { format!("`{}`", context.key) };
        let mut problem = Diagnostic::new(
            &codes::WRONG_TYPE,
            self.span(node.head(self.text)),
            format!("{name} is {}", node.describe()),
        )
        .label(format!("expected {}", shape.expected()));
        if let Value::Map(entries) = &node.value
            && let [only] = entries.as_slice()
            && node.bytes.start < node.bytes.end
            && self.text.get(node.bytes.start..node.bytes.end).is_some_and(|raw| raw.starts_with('{'))
            && only.value.is_null()
        {
            problem = problem.help("a text that starts with a brace needs quotes");
        }
        self.report(node.bytes, problem);
    }

    fn list(&mut self, node: &'n Node, inner: &Shape, shape: &Shape, nonempty: bool, context: &Context<'n>) {
        match node.list() {
            Some([]) if nonempty => {
                let problem = Diagnostic::new(
                    &codes::WRONG_TYPE,
                    self.span(node.bytes),
                    format!("`{}` is an empty list", context.key),
                )
                .help("remove the key, or list at least one");
                self.report(node.bytes, problem);
            }
            Some(items) => {
                for item in items {
                    self.check(item, inner, &Context { key: context.key, bytes: item.bytes });
                }
            }
            None => {
                let mut problem = Diagnostic::new(
                    &codes::WRONG_TYPE,
                    self.span(node.head(self.text)),
                    format!("`{}` is {}", context.key, node.describe()),
                )
                .label(format!("expected {}", shape.expected()));
                if node.text().is_some() && !node.is_null() {
                    let raw = self.text.get(node.bytes.start..node.bytes.end).unwrap_or("").to_owned();
                    problem =
                        problem.help(format!("write a list: `[{raw}]`")).fix(self.span(node.bytes), format!("[{raw}]"));
                }
                self.report(node.bytes, problem);
            }
        }
    }

    fn entries(&mut self, node: &'n Node, shape: &Shape, context: &Context<'n>) -> Option<&'n [Entry]> {
        let Some(entries) = node.map() else {
            self.wrong_type(node, shape, context);
            return None;
        };
        for (index, entry) in entries.iter().enumerate() {
            let earlier = entries.get(..index).and_then(|before| before.iter().find(|other| other.key == entry.key));
            if let Some(earlier) = earlier {
                let problem = Diagnostic::new(
                    &codes::DUPLICATE_KEY,
                    self.span(entry.key_bytes),
                    format!("duplicate key `{}`", entry.key),
                )
                .label("again here")
                .also(self.span(earlier.key_bytes), "first here")
                .help("remove one of them");
                self.report(entry.key_bytes, problem);
            }
        }
        Some(entries)
    }

    fn dictionary(&mut self, node: &'n Node, key: &Shape, value: &Shape, shape: &Shape, context: &Context<'n>) {
        let Some(entries) = self.entries(node, shape, context) else { return };
        for entry in entries {
            // A key is checked as if it were quoted: its spelling matters, not its style.
            let name =
                Node { bytes: entry.key_bytes, value: Value::Scalar { text: entry.key.clone(), style: Style::Single } };
            self.scalar(&name, key, &Context { key: context.key, bytes: entry.key_bytes });
            if self.is_written(entry) {
                self.check(&entry.value, value, &Context { key: &entry.key, bytes: entry.key_bytes });
            }
        }
    }

    /// Returns whether the key has a value, and reports a key without one.
    fn is_written(&mut self, entry: &Entry) -> bool {
        if !entry.value.is_null() {
            return true;
        }
        let problem =
            Diagnostic::new(&codes::WRONG_TYPE, self.span(entry.key_bytes), format!("`{}` has no value", entry.key))
                .help("write a value, or remove the key");
        self.report(entry.key_bytes, problem);
        false
    }

    fn object(&mut self, node: &'n Node, object: &'static Object, shape: &Shape, context: &Context<'n>) {
        let Some(entries) = self.entries(node, shape, context) else { return };
        self.fields(node, entries, object, &[], object.name, context);
    }

    fn variants(&mut self, node: &'n Node, variants: &'static Variants, shape: &Shape, context: &Context<'n>) {
        let Some(entries) = self.entries(node, shape, context) else { return };
        let kinds: Vec<&'static Object> = variants
            .kinds
            .iter()
            .copied()
            .filter(|kind| entries.iter().any(|entry| entry.key == Variants::key(kind)))
            .collect();
        match kinds.as_slice() {
            [kind] => self.fields(node, entries, kind, variants.common, variants.name, context),
            [] => {
                let keys: Vec<&str> = variants.kinds.iter().map(|kind| Variants::key(kind)).collect();
                let misspelt = entries
                    .iter()
                    .find_map(|entry| nearest(&entry.key, keys.iter().copied()).map(|near| (entry, near)));
                if let Some((entry, near)) = misspelt {
                    let problem = Diagnostic::new(
                        &codes::UNKNOWN_FIELD,
                        self.span(entry.key_bytes),
                        format!("unknown key `{}`", entry.key),
                    )
                    .help(format!("did you mean `{near}`?"))
                    .fix(self.span(entry.key_bytes), near);
                    self.report(entry.key_bytes, problem);
                    return;
                }
                let problem = Diagnostic::new(
                    &codes::MISSING_FIELD,
                    self.span(self.place(node, context)),
                    format!("the kind of this {} is missing", lower(variants.name)),
                )
                .label(format!("expected one of `{}`", keys.join("`, `")));
                self.report(node.bytes, problem);
            }
            [first, second, ..] => {
                let names = [Variants::key(first), Variants::key(second)];
                let mut at = entries.iter().filter(|entry| names.contains(&entry.key.as_str()));
                let (Some(one), Some(other)) = (at.next(), at.next()) else { return };
                let problem = Diagnostic::new(
                    &codes::UNKNOWN_FIELD,
                    self.span(other.key_bytes),
                    format!("`{}` and `{}` cannot be combined", one.key, other.key),
                )
                .also(self.span(one.key_bytes), "also here")
                .help(format!("split it into two, each a {}", lower(variants.name)));
                self.report(other.key_bytes, problem);
            }
        }
    }

    /// Returns the bytes to mark if something is missing from a map: its key, otherwise its first line.
    fn place(&self, node: &Node, context: &Context<'n>) -> Bytes {
        if context.bytes.start < context.bytes.end && context.bytes != node.bytes {
            context.bytes
        } else {
            node.head(self.text)
        }
    }

    fn fields(
        &mut self,
        node: &'n Node,
        entries: &'n [Entry],
        object: &'static Object,
        common: &'static [Field],
        name: &str,
        context: &Context<'n>,
    ) {
        let mut suggested: Vec<&str> = Vec::new();
        self.parents.push(Level { key: context.key, fields: object.fields });
        for entry in entries {
            let field = object.field(&entry.key).or_else(|| common.iter().find(|field| field.name == entry.key));
            match field {
                Some(field) => {
                    let is_empty = !field.required && entry.value.is_null() && entry.value.bytes != entry.key_bytes;
                    if !is_empty && self.is_written(entry) {
                        self.check(&entry.value, &field.shape, &Context { key: &entry.key, bytes: entry.key_bytes });
                    }
                }
                None => suggested.extend(self.unknown(entry, entries, object, common, name)),
            }
        }
        self.parents.pop();
        let missing: Vec<&Field> = object
            .fields
            .iter()
            .filter(|field| {
                field.required
                    && !suggested.contains(&field.name)
                    && !entries.iter().any(|entry| entry.key == field.name)
            })
            .collect();
        for field in missing {
            let problem = Diagnostic::new(
                &codes::MISSING_FIELD,
                self.span(self.place(node, context)),
                format!("`{}` is missing", field.name),
            )
            .label(format!("expected `{}: …`, {}", field.name, field.shape.expected()));
            self.report(node.bytes, problem);
        }
        // Two keys may exclude each other in several groups.
        let mut combined: Vec<Bytes> = Vec::new();
        for group in object.exactly_one.iter().chain(object.at_most_one) {
            let present: Vec<&Entry> = entries.iter().filter(|entry| group.contains(&entry.key.as_str())).collect();
            if let [one, other, ..] = present.as_slice()
                && !combined.contains(&other.key_bytes)
            {
                combined.push(other.key_bytes);
                let problem = Diagnostic::new(
                    &codes::UNKNOWN_FIELD,
                    self.span(other.key_bytes),
                    format!("`{}` and `{}` cannot be combined", one.key, other.key),
                )
                .also(self.span(one.key_bytes), "also here");
                self.report(other.key_bytes, problem);
            }
        }
        for group in object.exactly_one.iter().chain(object.at_least_one) {
            if entries.iter().any(|entry| group.contains(&entry.key.as_str()))
                || group.iter().any(|key| suggested.contains(key))
            {
                continue;
            }
            let threshold = group.contains(&"above") && group.contains(&"at_most");
            let (code, message) = if threshold {
                (&codes::MISSING_COMPARISON, "missing threshold".to_owned())
            } else {
                (&codes::MISSING_FIELD, format!("missing one of `{}`", group.join("`, `")))
            };
            let problem = Diagnostic::new(code, self.span(self.place(node, context)), message)
                .label(format!("expected one of `{}`", group.join("`, `")));
            self.report(node.bytes, problem);
        }
    }

    /// Reports an unknown key with what was probably intended. Returns the intended key if this map has it.
    fn unknown(
        &mut self,
        entry: &'n Entry,
        entries: &'n [Entry],
        object: &'static Object,
        common: &'static [Field],
        name: &str,
    ) -> Option<&'static str> {
        let mut problem =
            Diagnostic::new(&codes::UNKNOWN_FIELD, self.span(entry.key_bytes), format!("unknown key `{}`", entry.key));
        if let Some(current) = current_key(&entry.key) {
            let field = object.fields.iter().chain(common).map(|field| field.name).find(|name| *name == current);
            problem = problem.help(format!("`{}` is called `{current}`", entry.key));
            if field.is_some_and(|name| !entries.iter().any(|other| other.key == name)) {
                problem = problem.fix(self.span(entry.key_bytes), current);
            }
            self.report(entry.key_bytes, problem);
            return field;
        }
        let mut intended = None;
        let below = object
            .fields
            .iter()
            .filter(|field| entries.iter().any(|other| other.key == field.name))
            .find(|field| has_key(&field.shape, &entry.key));
        let above =
            self.parents.iter().rev().skip(1).find(|level| level.fields.iter().any(|field| field.name == entry.key));
        let near = nearest(
            &entry.key,
            object
                .fields
                .iter()
                .chain(common)
                .map(|field| field.name)
                .filter(|name| !entries.iter().any(|other| other.key == *name)),
        );
        if entry.key == "<<" {
            problem = problem.help("merge keys are not supported: write the keys out");
        } else if let Some(field) = below {
            problem = problem.help(format!("`{}` belongs under `{}`", entry.key, field.name));
        } else if let Some(level) = above {
            let place = if level.key.is_empty() {
                "at the top level of the file".to_owned()
            } else {
                format!("under `{}`", level.key)
            };
            problem = problem.help(format!("`{}` belongs further up, {place}", entry.key));
        } else if let Some(near) = near {
            problem = problem.help(format!("did you mean `{near}`?")).fix(self.span(entry.key_bytes), near);
            intended = object.fields.iter().chain(common).map(|field| field.name).find(|name| *name == near);
        } else {
            let mut known: Vec<&str> = object.fields.iter().chain(common).map(|field| field.name).collect();
            known.truncate(16);
            problem = problem.help(format!("a {} has `{}`", lower(name), known.join("`, `")));
        }
        self.report(entry.key_bytes, problem);
        intended
    }

    fn either(&mut self, node: &'n Node, shapes: &'static [Shape], shape: &Shape, context: &Context<'n>) {
        let fits: Vec<&Shape> = shapes
            .iter()
            .filter(|one| match node.value {
                Value::Scalar { .. } => is_scalar(one),
                Value::List(_) => matches!(one, Shape::List(_) | Shape::AnyList(_) | Shape::OneOrMany(_)),
                Value::Map(_) => matches!(one, Shape::Map(..) | Shape::Object(_) | Shape::Variants(_)),
            })
            .collect();
        match fits.as_slice() {
            [] => self.wrong_type(node, shape, context),
            [only] => self.check(node, only, context),
            several => {
                let (problems, wrong) = (self.problems.len(), self.wrong.len());
                for one in several {
                    self.check(node, one, context);
                    if self.wrong.len() == wrong {
                        return;
                    }
                    self.problems.truncate(problems);
                    self.wrong.truncate(wrong);
                }
                self.wrong_type(node, shape, context);
            }
        }
    }
}

fn lower(name: &str) -> String {
    let mut out = String::new();
    for (index, c) in name.chars().enumerate() {
        if c.is_uppercase() && index > 0 && !out.ends_with(' ') {
            out.push(' ');
        }
        out.extend(c.to_lowercase());
    }
    out
}

fn is_scalar(shape: &Shape) -> bool {
    match shape {
        Shape::List(_) | Shape::AnyList(_) | Shape::Map(..) | Shape::Object(_) | Shape::Variants(_) => false,
        Shape::OneOrMany(inner) | Shape::Same(inner) => is_scalar(inner),
        Shape::Either(shapes) => shapes.iter().any(is_scalar),
        _ => true,
    }
}

/// Returns whether a map of this shape has the key.
fn has_key(shape: &Shape, key: &str) -> bool {
    match shape {
        Shape::Object(object) => object.field(key).is_some(),
        Shape::Variants(variants) => {
            variants.common.iter().any(|field| field.name == key)
                || variants.kinds.iter().any(|kind| kind.field(key).is_some())
        }
        Shape::Same(shape) => has_key(shape, key),
        Shape::Either(shapes) => shapes.iter().any(|shape| has_key(shape, key)),
        _ => false,
    }
}
