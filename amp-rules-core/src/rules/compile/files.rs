//! Which files there are: each once, in the order of their names, with what they are.
//!
//! Input: files as they were given. Output: distinct files of known kinds. The same file twice is one file; two files
//! with one name and different texts are an error, and a file of no known kind is remarked on.

use std::collections::BTreeMap;

use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, RuleFile, Span};
use crate::rules::syntax::{FILE_NAMES, FileKind};
use crate::suggest::nearest;

const NAMES: [&str; 7] =
    ["pack.yaml", "pattern.yaml", "cases.yaml", "incident.yaml", "indicators.yaml", "workflow.yaml", "scenario.yaml"];

/// The distinct files by name, with their kinds.
pub(super) fn distinct<'f>(files: &'f [RuleFile], problems: &mut Vec<Diagnostic>) -> Vec<(&'f RuleFile, FileKind)> {
    let mut by_name: BTreeMap<&str, &RuleFile> = BTreeMap::new();
    for file in files {
        match by_name.get(file.name.as_str()) {
            Some(first) if first.text != file.text => {
                problems.push(
                    Diagnostic::new(
                        &codes::DUPLICATE_ID,
                        Span::new(file.name.as_str(), 0, 0),
                        format!("`{}` is given twice with different contents", file.name),
                    )
                    .help("give each file once"),
                );
            }
            Some(_) => {}
            None => {
                by_name.insert(&file.name, file);
            }
        }
    }
    let mut seen: BTreeMap<(FileKind, &str, &str), &str> = BTreeMap::new();
    let mut out = Vec::new();
    for file in by_name.into_values() {
        let Some(kind) = FileKind::of(&file.name) else {
            stray(file, problems);
            continue;
        };
        // The same pack under another folder: its files end alike and read alike.
        if seen.insert((kind, ending(&file.name, kind), &file.text), &file.name).is_none() {
            out.push((file, kind));
        }
    }
    out
}

/// The last parts of a name: what tells a file from others of its kind within one pack.
fn ending(name: &str, kind: FileKind) -> &str {
    let parts = match kind {
        FileKind::Pattern | FileKind::Cases | FileKind::Incident | FileKind::Scenario => 2,
        FileKind::Pack | FileKind::Indicators | FileKind::Workflow | FileKind::Query => 1,
    };
    let cut = name.rmatch_indices(['/', '\\']).nth(parts - 1).map_or(0, |(at, _)| at + 1);
    name.get(cut..).unwrap_or(name)
}

fn stray(file: &RuleFile, problems: &mut Vec<Diagnostic>) {
    let last = file.name.rsplit(['/', '\\']).next().unwrap_or(&file.name);
    // Only what looks like a rule file is one that somebody misses.
    if !(last.ends_with(".yaml") || last.ends_with(".yml")) {
        return;
    }
    let mut problem = Diagnostic::new(
        &codes::STRAY_FILE,
        Span::new(file.name.as_str(), 0, 0),
        format!("`{last}` is none of the rules' files, and is not read"),
    );
    let stem = last.trim_end_matches(".yaml").trim_end_matches(".yml");
    let retired = FILE_NAMES.iter().find_map(|(old, new)| {
        last.strip_suffix(old).filter(|start| start.is_empty() || start.ends_with('.')).zip(Some(new))
    });
    if let Some((start, new)) = retired {
        problems.push(problem.help(format!("`{last}` is now called `{start}{new}`")));
        return;
    }
    problem = match nearest(stem, NAMES.map(|name| name.trim_end_matches(".yaml"))) {
        Some(near) => problem.help(format!("did you mean `{near}.yaml`?")),
        None => problem.help(format!("rule files are called `{}` or `<name>.kql`", NAMES.join("`, `"))),
    };
    problems.push(problem);
}
