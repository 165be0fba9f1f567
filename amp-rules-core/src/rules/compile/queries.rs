//! Named queries: what their headers declare.
//!
//! Input: the `<name>.kql` files. Output: [`NamedQuery`]s, their texts with places for whoever can read KQL, and what is
//! wrong with headers. A header is the run of comments at the start of a file; `// param cluster: string =
//! subject.cluster` in it gives the text a name for a value. The text itself is not read as KQL here.

use std::sync::Arc;

use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, Span};
use crate::rules::model::query::{Origin, QueryParameter, QueryText, words};
use crate::rules::rule_set::NamedQuery;
use crate::rules::syntax::Checked;
use crate::rules::validate::{Pack, kind_of};
use crate::suggest::nearest;
use crate::telemetry::schema::ColumnType;

/// Named queries by name, with their texts.
pub(super) fn read<'f>(
    files: impl Iterator<Item = &'f Checked>,
    pack: &Pack,
    problems: &mut Vec<Diagnostic>,
) -> Vec<(NamedQuery, QueryText)> {
    let mut found: Vec<(NamedQuery, QueryText)> = files
        .map(|file| {
            let last = file.file.rsplit(['/', '\\']).next().unwrap_or(&file.file);
            let name = last.strip_suffix(".kql").unwrap_or(last).to_owned();
            let text = file.text.to_string();
            let parameters = header(&file.file, &text, pack, problems);
            let whole = QueryText::of_file(name.clone(), Arc::clone(&file.file), text.clone(), parameters.clone());
            (NamedQuery { name, text, parameters }, whole)
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
    found
}

fn header(file: &Arc<str>, text: &str, pack: &Pack, problems: &mut Vec<Diagnostic>) -> Vec<QueryParameter> {
    let mut found: Vec<(QueryParameter, Span)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let bare = line.trim_start_matches('\u{feff}').trim();
        let Some(comment) = bare.strip_prefix("//") else {
            if bare.is_empty() {
                continue;
            }
            at = start;
            break;
        };
        let Some(declared) = comment.trim_start().strip_prefix("param ") else { continue };
        let from = start + line.find("param ").unwrap_or(0);
        let span = Span { file: Arc::clone(file), start: from, end: start + line.trim_end().len() };
        match parameter(declared, pack) {
            Ok(parameter) if found.iter().any(|(known, _)| known.name == parameter.name) => {
                let message = format!("the parameter `{}` is declared twice", parameter.name);
                problems.push(Diagnostic::new(&codes::UNBOUND_PARAMETER, span, message));
            }
            Ok(parameter) => found.push((parameter, span)),
            Err(wrong) => {
                let mut problem = Diagnostic::new(wrong.code, span, wrong.message);
                problem.help = wrong.help;
                problems.push(problem);
            }
        }
    }
    let body = text.get(at..).unwrap_or_default();
    for (parameter, span) in &found {
        if !words(body).any(|word| word == parameter.name) {
            problems.push(
                Diagnostic::new(
                    &codes::UNUSED_PARAMETER,
                    span.clone(),
                    format!("the query does not use its parameter `{}`", parameter.name),
                )
                .help("remove the line, or use the parameter"),
            );
        }
    }
    found.into_iter().map(|(parameter, _)| parameter).collect()
}

struct Wrong {
    code: &'static crate::rules::diagnostic::Code,
    message: String,
    help: Option<String>,
}

impl Wrong {
    fn unbound(message: String, help: Option<String>) -> Self {
        Self { code: &codes::UNBOUND_PARAMETER, message, help }
    }
}

fn parameter(declared: &str, pack: &Pack) -> Result<QueryParameter, Wrong> {
    let example = || Some("write `// param cluster: string = subject.cluster`".to_owned());
    let parts = declared.split_once('=').and_then(|(left, origin)| {
        let (name, kind) = left.split_once(':')?;
        Some((name.trim(), kind.trim(), origin.trim()))
    });
    let Some((name, word, text)) = parts.filter(|(name, ..)| words(name).eq([*name])) else {
        return Err(Wrong::unbound("a parameter that cannot be read".to_owned(), example()));
    };
    let Some(kind) = ColumnType::named(word) else {
        return Err(Wrong::unbound(format!("`{word}` is no type of KQL"), example()));
    };
    let Some(origin) = Origin::parse(text) else {
        return Err(Wrong::unbound(
            format!("nothing gives the parameter `{name}` the value `{text}`"),
            Some("a value comes from `subject.<key>`, `window.from`, `window.to` or `$<parameter>`".to_owned()),
        ));
    };
    let given = match &origin {
        Origin::From | Origin::To => ColumnType::DateTime,
        Origin::Subject(key) => {
            let known: Vec<&str> =
                pack.schema.entities.iter().flat_map(|kind| &kind.keys).map(String::as_str).collect();
            if pack.is_whole && !known.contains(&key.as_str()) {
                let help = nearest(key, known).map(|near| format!("did you mean `subject.{near}`?"));
                return Err(Wrong::unbound(format!("no entity kind has the key `{key}`"), help));
            }
            ColumnType::String
        }
        Origin::Setting(setting) => match pack.parameters.get(setting) {
            Some(parameter) => kind_of(&parameter.value),
            None if !pack.is_whole || pack.parameter_spans.contains_key(setting) => kind,
            None => {
                let known = pack.parameters.keys().map(String::as_str);
                let help = nearest(setting, known).map(|near| format!("did you mean `${near}`?"));
                return Err(Wrong::unbound(format!("unknown parameter `${setting}`"), help));
            }
        },
    };
    if given != kind {
        let message = format!("`{name}` is declared a {}, and `{text}` is a {}", kind.as_str(), given.as_str());
        let help = Some(format!("write `// param {name}: {} = {text}`", given.as_str()));
        return Err(Wrong { code: &codes::TYPE_MISMATCH, message, help });
    }
    Ok(QueryParameter { name: name.to_owned(), kind, origin })
}
