//! Changes a pack for a corpus scenario: breaks it, or adds unrelated patterns.
//!
//! Input: the files of the pack, and the changes (`edge a -> b`, `duplicate ids`, a number of patterns). Output: files.

use amp_rules_core::rules::diagnostic::RuleFile;

use super::builder::BuiltScenario;

/// Returns the changed files.
pub(crate) fn change(files: &[RuleFile], scenario: &BuiltScenario) -> Result<Vec<RuleFile>, String> {
    let mut all = files.to_vec();
    for description in &scenario.pack_changes {
        break_pack(&mut all, description)?;
    }
    all.extend((0..scenario.unrelated).map(unrelated));
    Ok(all)
}

fn break_pack(files: &mut Vec<RuleFile>, description: &str) -> Result<(), String> {
    if let Some(edge) = description.strip_prefix("edge ") {
        let (from, to) = edge.split_once("->").ok_or_else(|| format!("`{description}` is not an edge"))?;
        let (from, to) = (from.trim(), to.trim());
        let file = files
            .iter_mut()
            .find(|file| file.name.ends_with(&format!("/{from}/pattern.yaml")))
            .ok_or_else(|| format!("there is no pattern `{from}`"))?;
        let edge = format!("causes:\n  - {{ pattern: {to}, strength: sure }}\n");
        let text = if file.text.contains("\ncauses:\n") {
            file.text.replacen("causes:\n", &edge, 1)
        } else {
            format!("{}{edge}", file.text)
        };
        *file = RuleFile::new(file.name.clone(), text);
        return Ok(());
    }
    if description.starts_with("duplicate") {
        let id =
            description.split_whitespace().find(|word| word.contains('-')).unwrap_or("otlp-export-refused").to_owned();
        let found = files
            .iter()
            .find(|file| file.name.ends_with(&format!("/{id}/pattern.yaml")))
            .ok_or_else(|| format!("there is no pattern `{id}`"))?;
        let text = found.text.replacen("title: ", "title: Again, ", 1);
        files.push(RuleFile::new(format!("again/{id}/pattern.yaml"), text));
        return Ok(());
    }
    Err(format!("`{description}` is not a change to a pack"))
}

/// A pattern that matches no row of any scenario.
fn unrelated(number: usize) -> RuleFile {
    let text = format!(
        "format: amp-rules/v1\nid: unrelated-{number}\ntitle: Something else {number}\nclass: effect\nseverity: info\nscope: pod\n\
         summary: It has nothing to do with anything.\nsymptoms:\n  seen:\n    log: {{ component: main, regex: 'unrelated failure {number} of nothing' }}\n"
    );
    RuleFile::new(format!("unrelated/unrelated-{number}/pattern.yaml"), text)
}
