//! Rule files: parse, check, compile, plan, evaluate, report.

use amp_rules_core::explain::Effort;
use amp_rules_core::report::TextOptions;
use amp_rules_core::rules::diagnostic::Look;
use amp_rules_core::rules::syntax::FileKind;
use amp_rules_core::telemetry::source::memory::MemorySource;
use amp_rules_core::{Evaluation, RuleFile, RuleSet, Scope, Window, collect, plan, report};

const COMMON: &str = include_str!("../../amp-rules-core/testdata/diagnostics/common.yaml");

/// The files in a text: one pattern, or several files, each after a line `#-- path`.
fn split(text: &str) -> Vec<RuleFile> {
    if !text.starts_with("#-- ") {
        let id = text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap_or("pattern").trim();
        return vec![RuleFile::new(format!("{id}/pattern.yaml"), text)];
    }
    let mut files: Vec<RuleFile> = Vec::new();
    for line in text.split_inclusive('\n') {
        match (line.strip_prefix("#-- "), files.last_mut()) {
            (Some(name), _) => files.push(RuleFile::new(name.trim(), "")),
            (None, Some(file)) => file.text.push_str(line),
            (None, None) => {}
        }
    }
    files
}

/// Checks and compiles the rule files in a text. What compiles is planned and evaluated without any rows.
///
/// # Panics
///
/// - Rules are returned beside errors, or neither rules nor errors.
/// - The order of the files changes the result.
pub fn rules(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut files = split(text);
    if !files.iter().any(|file| FileKind::of(&file.name) == Some(FileKind::Pack)) {
        let common = split(COMMON).into_iter().filter(|file| files.iter().all(|own| own.name != file.name));
        files.extend(common.collect::<Vec<_>>());
    }
    let checked = amp_rules_kql::check::check(&files);
    assert_eq!(checked.rules.is_none(), checked.diagnostics.has_errors(), "either rules or errors");
    let full = checked.diagnostics.full(Look::Plain, 80);
    if crate::is_chosen(data, 4) {
        let _ = checked.diagnostics.full(Look::Colour, 40);
        let _ = checked.diagnostics.to_json();
    }
    for diagnostic in checked.diagnostics.iter() {
        if let Some(span) = diagnostic.span() {
            assert!(checked.diagnostics.start(span) <= checked.diagnostics.end(span), "{full}");
        }
    }
    let is_unique = files.iter().all(|file| files.iter().filter(|other| other.name == file.name).count() == 1);
    if is_unique && crate::is_chosen(data, 8) {
        files.reverse();
        let reversed = amp_rules_kql::check::check(&files).diagnostics.full(Look::Plain, 80);
        assert_eq!(full, reversed, "the order of files changes nothing");
    }
    if let Some(rules) = checked.rules {
        evaluate(&rules);
    }
}

/// Evaluates rules without rows, and writes every report.
fn evaluate(rules: &RuleSet) {
    let at = |text: &str| text.parse().expect("an instant");
    let window = Window { from: at("2026-01-01T00:00:00Z"), to: at("2026-01-01T06:00:00Z") };
    let keys = rules.schema.entities.first().map_or(&[][..], |kind| &kind.keys);
    let scope = keys.iter().fold(Scope::new(window), |scope, key| scope.with_subject(key, "s"));
    let Ok(plan) = plan(rules, &scope) else { return };
    let tables = rules.schema.tables.keys().fold(MemorySource::new(), |source, name| source.table(name, []));
    let observations = futures::executor::block_on(collect(&plan, &tables));
    let evaluation = Evaluation::new(rules, &observations);
    let (diagnosis, explanation) = (evaluation.diagnosis(), evaluation.explanation(Effort::Bounded));
    let _ = report::text(&diagnosis, explanation.as_ref(), &TextOptions::default());
    let _ = report::markdown(&diagnosis, explanation.as_ref());
    let _ = report::json(&diagnosis, explanation.as_ref());
}
