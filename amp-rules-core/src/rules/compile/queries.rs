//! Named queries and the parameters that their headers declare.
//!
//! Input: the `<name>.kql` files. Output: [`NamedQuery`]s, their texts with positions for a query checker, and diagnostics
//! about headers. The text after the header is not parsed as KQL here.

use std::sync::Arc;

use crate::rules::codes;
use crate::rules::diagnostic::{Code, Diagnostic, Span};
use crate::rules::model::query::{Origin, QueryParameter, QueryText, words};
use crate::rules::model::query_header::QueryHeader;
use crate::rules::rule_set::NamedQuery;
use crate::rules::syntax::Checked;
use crate::rules::validate::{Pack, kind_of};
use crate::suggest::nearest;
use crate::telemetry::schema::ColumnType;

/// Reads the named queries, sorted by name, with their texts.
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
            let parameters = parameters(&file.file, &text, pack, problems);
            let query_text = QueryText::of_file(name.clone(), Arc::clone(&file.file), text.clone(), parameters.clone());
            (NamedQuery { name, text, parameters }, query_text)
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
    found
}

fn parameters(file: &Arc<str>, text: &str, pack: &Pack, problems: &mut Vec<Diagnostic>) -> Vec<QueryParameter> {
    let header = QueryHeader::read(text);
    let mut found: Vec<(QueryParameter, Span)> = Vec::new();
    for declaration in header.declarations {
        let span = Span { file: Arc::clone(file), start: declaration.range.start, end: declaration.range.end };
        match declaration.parameter {
            Ok(parameter) => match check(&parameter, pack) {
                None => found.push((parameter, span)),
                Some(mismatch) => {
                    let mut problem = Diagnostic::new(mismatch.code, span, mismatch.message);
                    problem.help = mismatch.help;
                    problems.push(problem);
                }
            },
            Err(error) => {
                let mut problem = Diagnostic::new(&codes::UNBOUND_PARAMETER, span, error.to_string());
                problem.help = error.help().map(str::to_owned);
                problems.push(problem);
            }
        }
    }
    let body = text.get(header.body..).unwrap_or_default();
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

/// A parameter that does not fit the pack.
struct Mismatch {
    code: &'static Code,
    message: String,
    help: Option<String>,
}

impl Mismatch {
    fn unbound(message: String, help: Option<String>) -> Self {
        Self { code: &codes::UNBOUND_PARAMETER, message, help }
    }
}

/// Checks that the pack has the value of a parameter, and that the value has the declared type.
fn check(parameter: &QueryParameter, pack: &Pack) -> Option<Mismatch> {
    let QueryParameter { name, kind, origin } = parameter;
    let actual = match origin {
        Origin::From | Origin::To => ColumnType::DateTime,
        Origin::Subject(key) => {
            let known: Vec<&str> =
                pack.schema.entities.iter().flat_map(|kind| &kind.keys).map(String::as_str).collect();
            if pack.is_whole && !known.contains(&key.as_str()) {
                let help = nearest(key, known).map(|near| format!("did you mean `subject.{near}`?"));
                return Some(Mismatch::unbound(format!("no entity kind has the key `{key}`"), help));
            }
            ColumnType::String
        }
        Origin::Setting(setting) => match pack.parameters.get(setting) {
            Some(parameter) => kind_of(&parameter.value),
            None if !pack.is_whole || pack.parameter_spans.contains_key(setting) => *kind,
            None => {
                let known = pack.parameters.keys().map(String::as_str);
                let help = nearest(setting, known).map(|near| format!("did you mean `${near}`?"));
                return Some(Mismatch::unbound(format!("unknown parameter `${setting}`"), help));
            }
        },
    };
    (actual != *kind).then(|| Mismatch {
        code: &codes::TYPE_MISMATCH,
        message: format!("`{name}` is declared as {}, but `{origin}` is {}", kind.as_str(), actual.as_str()),
        help: Some(format!("write `// param {name}: {} = {origin}`", actual.as_str())),
    })
}
