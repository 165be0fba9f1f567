//! `amp-rules explain`: the page of a diagnostic, the description of a pattern, or the text of a query.
//!
//! A name in, its page out. The failure for an unknown name suggests the most similar one.

use amp_rules_core::RuleSet;
use amp_rules_core::escape::Printable;
use amp_rules_core::report::{Colour, Page, TextOptions};
use amp_rules_core::rules::codes;
use amp_rules_core::rules::model::Pattern;
use amp_rules_core::suggest::nearest;
use clap::Args;

use crate::exit::{CommandOutput, Failure};
use crate::rules;
use crate::terminal::Terminal;

/// The arguments of `amp-rules explain`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// A code (AMP104), its name (dangling-reference), a pattern, or a query.
    #[arg(value_name = "CODE|PATTERN|QUERY")]
    pub what: String,
    /// The rules.
    #[command(flatten)]
    pub rules: rules::Choice,
}

/// Returns the page of a name.
///
/// # Errors
///
/// The name is unknown, or the rules are needed and do not load.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<CommandOutput, Failure> {
    let name = arguments.what.trim();
    if let Some(code) = codes::ALL.iter().find(|code| code.slug == name || code.name().eq_ignore_ascii_case(name)) {
        return Ok(CommandOutput::success(page(code.page)));
    }
    let rules = rules::load(&arguments.rules, terminal)?;
    if let Some(rule) = rules.pattern_index(name).and_then(|index| rules.patterns.get(index)) {
        return Ok(CommandOutput::success(pattern(&rule.pattern, &rules, terminal)));
    }
    if let Some(query) = rules.queries.iter().find(|query| query.name == name) {
        return Ok(CommandOutput::success(page(&query.text)));
    }
    let names: Vec<String> = codes::ALL
        .iter()
        .flat_map(|code| [code.name(), code.slug.to_owned()])
        .chain(rules.patterns.iter().map(|rule| rule.pattern.id.clone()))
        .chain(rules.queries.iter().map(|query| query.name.clone()))
        .collect();
    let guess = nearest(name, names.iter().map(String::as_str))
        .map_or(String::new(), |guess| format!("; did you mean `{guess}`?"));
    Err(Failure::usage(&format!("cannot explain `{name}`: it is not a diagnostic, a pattern or a query{guess}")))
}

fn page(text: &str) -> Printable {
    Printable::lines(&format!("{}\n", text.trim_end()))
}

fn pattern(pattern: &Pattern, rules: &RuleSet, terminal: &Terminal) -> Printable {
    let mut page = Page::new(&TextOptions { colour: Colour::Never, ..terminal.text_options() });
    page.line(&format!("{} - {}", pattern.id, pattern.title));
    page.line(&format!("{}, {}, per {}", pattern.class.as_str(), pattern.severity.as_str(), pattern.scope));
    page.line("");
    page.paragraph(&pattern.summary, "", "");
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            page.heading(title);
            for line in lines {
                page.paragraph(&line, "  - ", "    ");
            }
        }
    };
    section(
        "Symptoms",
        pattern
            .symptoms
            .iter()
            .map(|symptom| {
                symptom.because.as_ref().map_or(symptom.name.clone(), |because| format!("{}: {because}", symptom.name))
            })
            .collect(),
    );
    let id = |index: usize| rules.pattern_id(index).to_owned();
    section(
        "Caused by",
        rules.edges.iter().filter(|edge| rules.pattern_id(edge.to) == pattern.id).map(|edge| id(edge.from)).collect(),
    );
    section("Causes", pattern.causes.iter().map(|edge| edge.pattern.clone()).collect());
    section(
        "Remedy",
        pattern
            .remedy
            .iter()
            .map(|step| {
                let verb = if step.verifies { "verify: " } else { "" };
                let caution = step.caution.as_ref().map_or(String::new(), |caution| format!(" (caution: {caution})"));
                format!("{verb}{}{caution}", step.text)
            })
            .collect(),
    );
    section("Queries", pattern.queries.clone());
    section("References", pattern.references.clone());
    page.finish()
}
