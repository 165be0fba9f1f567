//! The distinct rule files, sorted by name, with their kinds.
//!
//! Input: files in any order. Output: distinct files of known kinds. The same file twice counts once; two files with one
//! name and different texts are an error, and a YAML file of an unknown kind is a warning.

use std::collections::BTreeMap;

use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, RuleFile, Span};
use crate::rules::syntax::{FILE_NAMES, FileKind};
use crate::suggest::nearest;

const NAMES: [&str; 7] =
    ["pack.yaml", "pattern.yaml", "cases.yaml", "incident.yaml", "indicators.yaml", "workflow.yaml", "scenario.yaml"];

/// Returns the distinct files by name, with their kinds.
pub(super) fn distinct<'f>(files: &'f [RuleFile], problems: &mut Vec<Diagnostic>) -> Vec<(&'f RuleFile, FileKind)> {
    let mut by_name: BTreeMap<&str, &RuleFile> = BTreeMap::new();
    for file in files {
        match by_name.get(file.name.as_str()) {
            Some(first) if first.text != file.text => {
                problems.push(
                    Diagnostic::new(
                        &codes::DUPLICATE_ID,
                        Span::new(file.name.as_str(), 0, 0),
                        format!("`{}` occurs twice with different contents", file.name),
                    )
                    .help("pass each file once"),
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
        // The same pack in another folder: its files have the same endings and texts.
        if seen.insert((kind, ending(&file.name, kind), &file.text), &file.name).is_none() {
            out.push((file, kind));
        }
    }
    out
}

/// Returns the last parts of a name, which distinguish a file from others of its kind within one pack.
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
    // Other files are not meant to be rule files.
    if !(last.ends_with(".yaml") || last.ends_with(".yml")) {
        return;
    }
    let mut problem = Diagnostic::new(
        &codes::STRAY_FILE,
        Span::new(file.name.as_str(), 0, 0),
        format!("`{last}` is not a rule file and is ignored"),
    );
    let stem = last.trim_end_matches(".yaml").trim_end_matches(".yml");
    let retired = FILE_NAMES.iter().find_map(|(old, new)| {
        last.strip_suffix(old).filter(|start| start.is_empty() || start.ends_with('.')).zip(Some(new))
    });
    if let Some((start, new)) = retired {
        problems.push(problem.help(format!("`{last}` is called `{start}{new}`")));
        return;
    }
    problem = match nearest(stem, NAMES.map(|name| name.trim_end_matches(".yaml"))) {
        Some(near) => problem.help(format!("did you mean `{near}.yaml`?")),
        None => problem.help(format!("rule files are named `{}` or `<name>.kql`", NAMES.join("`, `"))),
    };
    problems.push(problem);
}
