//! The texts of a pattern: summary and remedy, without secrets and placeholders.
//!
//! Input: the tree of a pattern. Output: diagnostics. Nothing here affects whether a rule works.

use std::sync::OnceLock;

use regex::Regex;

use super::reader::Reader;
use crate::rules::codes;
use crate::rules::syntax::{Node, Value};

/// Checks the texts of a pattern.
pub(super) fn check_content(reader: &mut Reader<'_>, root: &Node) {
    if root.entry("summary").is_none()
        && let Some(id) = root.get("id")
    {
        reader.report(&codes::MISSING_SUMMARY, id, "the pattern has no summary").help =
            Some("add `summary:`, one or two sentences for people who do not know the rules".to_owned());
    }
    let is_cause = reader.text(root, "class") == Some("cause");
    match root.get("remedy") {
        None => {
            if is_cause
                && root.entry("remedy").is_none()
                && let Some(id) = root.get("id")
            {
                reader.report(&codes::MISSING_REMEDIATION, id, "a cause without a remedy").help =
                    Some("add `remedy:` with what to do if this is the root".to_owned());
            }
        }
        Some(remedy) => check_remedy(reader, remedy),
    }
    check_texts(reader, root);
}

fn check_remedy(reader: &mut Reader<'_>, remedy: &Node) {
    let steps = remedy.list().unwrap_or_default();
    for step in steps {
        let Some(text) = step.get("do") else { continue };
        if step.get("caution").is_none()
            && let Some(words) = text.text()
            && let Some(found) = destructive().and_then(|regex| regex.find(words))
        {
            let span = reader.part(text, found.start(), found.end());
            reader
                .report_at(
                    &codes::DESTRUCTIVE_REMEDIATION_UNMARKED,
                    span,
                    format!("`{}` without a caution", found.as_str()),
                )
                .help = Some("add `caution:` with the side effects".to_owned());
        }
    }
    if !steps.is_empty() && reader.checked.is_sound(remedy) && !steps.iter().any(|step| step.get("verify").is_some()) {
        let first = steps.first().and_then(|step| step.get("id")).unwrap_or(remedy);
        reader.report(&codes::REMEDIATION_NOT_VERIFIABLE, first, "no step verifies that the others have worked").help =
            Some("add a step with `verify:`".to_owned());
    }
}

fn check_texts(reader: &mut Reader<'_>, node: &Node) {
    match &node.value {
        Value::Scalar { text, .. } => {
            if let Some(found) = secret().and_then(|regex| regex.find(text))
                && !found.as_str().ends_with("-000000000000")
            {
                let span = reader.part(node, found.start(), found.end());
                reader.report_at(&codes::SECRET_OR_PII, span, "an identifier, an address or a secret").help =
                    Some("replace it by `…` or zeros".to_owned());
            }
            if let Some(found) = placeholder().and_then(|regex| regex.find(text)) {
                let span = reader.part(node, found.start(), found.end());
                reader.report_at(&codes::PLACEHOLDER_LEFT, span, format!("placeholder `{}`", found.as_str()));
            }
        }
        Value::List(items) => items.iter().for_each(|item| check_texts(reader, item)),
        Value::Map(entries) => entries.iter().for_each(|entry| check_texts(reader, &entry.value)),
    }
}

/// Returns a constant regex, compiled once. A test checks that each of them compiles.
fn fixed(cell: &'static OnceLock<Option<Regex>>, text: &str) -> Option<&'static Regex> {
    cell.get_or_init(|| Regex::new(text).ok()).as_ref()
}

const DESTRUCTIVE: &str = r"(?i)\b(?:delete|drain|cordon|restart|kill|uninstall|purge|scale (?:down|to zero|to 0))\b";
const SECRET: &str = r"(?i)\b(?:subscriptions?|tenant|client|principal|object)[\w ]{0,8}[/=:' ]{1,3}[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[\w.+-]+@[a-z0-9-]+\.[a-z]{2,}\b|\beyJ[\w-]{10,}\.[\w-]{10,}|(?:account|shared ?access)key=\S{8,}";
const PLACEHOLDER: &str = r"\b(?:TODO|FIXME|XXX|TBD)\b";

fn destructive() -> Option<&'static Regex> {
    static CELL: OnceLock<Option<Regex>> = OnceLock::new();
    fixed(&CELL, DESTRUCTIVE)
}

fn secret() -> Option<&'static Regex> {
    static CELL: OnceLock<Option<Regex>> = OnceLock::new();
    fixed(&CELL, SECRET)
}

fn placeholder() -> Option<&'static Regex> {
    static CELL: OnceLock<Option<Regex>> = OnceLock::new();
    fixed(&CELL, PLACEHOLDER)
}

#[cfg(test)]
mod tests {
    use super::{DESTRUCTIVE, PLACEHOLDER, SECRET};
    use regex::Regex;

    #[test]
    fn the_constant_regexes_compile_and_find_what_they_are_for() {
        for (text, yes, no) in [
            (DESTRUCTIVE, "Restart the pod", "Verify that restarts stop"),
            (SECRET, "jane.doe@contoso.com", "user at host"),
            (
                SECRET,
                "/subscriptions/3f2504e0-4f89-11d3-9a0c-0305e82c3301/x",
                "RequestId: 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            ),
            (PLACEHOLDER, "TODO: say more", "a todo list"),
        ] {
            let regex = Regex::new(text).unwrap();
            assert!(regex.is_match(yes) && !regex.is_match(no), "{text}");
        }
    }
}
