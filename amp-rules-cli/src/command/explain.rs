//! `amp-rules explain`: the page of a diagnostic, a pattern in words, or the text of a query.
//!
//! A word in, a page out. A word that names nothing is told with the nearest that does.

use amp_rules_core::RuleSet;
use amp_rules_core::rules::codes;
use amp_rules_core::rules::model::Pattern;
use amp_rules_core::suggest::nearest;
use clap::Args;

use super::{list, wrap};
use crate::exit::{Done, Failure};
use crate::rules;
use crate::screen::Screen;

/// What `amp-rules explain` takes.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// A code (AMP104), the name of one (dangling-reference), a pattern, or a query.
    #[arg(value_name = "CODE|PATTERN|QUERY")]
    pub what: String,
    /// Which rules to use.
    #[command(flatten)]
    pub rules: rules::Choice,
}

/// Explains.
///
/// # Errors
///
/// The word names nothing, or the rules are needed and do not load.
pub fn run(arguments: &Arguments, screen: &Screen) -> Result<Done, Failure> {
    let word = arguments.what.trim();
    if let Some(code) = codes::ALL.iter().find(|code| code.slug == word || code.name().eq_ignore_ascii_case(word)) {
        return Ok(Done::fine(page(code.page)));
    }
    let rules = rules::load(&arguments.rules, screen)?;
    if let Some(rule) = rules.pattern_index(word).and_then(|index| rules.patterns.get(index)) {
        return Ok(Done::fine(pattern(&rule.pattern, &rules, screen.width)));
    }
    if let Some(query) = rules.queries.iter().find(|query| query.name == word) {
        return Ok(Done::fine(page(&query.text)));
    }
    let names: Vec<String> = codes::ALL
        .iter()
        .flat_map(|code| [code.name(), code.slug.to_owned()])
        .chain(rules.patterns.iter().map(|rule| rule.pattern.id.clone()))
        .chain(rules.queries.iter().map(|query| query.name.clone()))
        .collect();
    let guess = nearest(word, names.iter().map(String::as_str))
        .map_or(String::new(), |guess| format!("; did you mean `{guess}`?"));
    Err(Failure::usage(&format!("cannot explain `{word}`: it is no diagnostic, pattern or query{guess}")))
}

fn page(text: &str) -> String {
    format!("{}\n", text.trim_end())
}

fn pattern(pattern: &Pattern, rules: &RuleSet, width: usize) -> String {
    let mut out = format!("{} - {}\n", pattern.id, pattern.title);
    out.push_str(&format!(
        "{}, {}, per {}\n\n",
        list::class(pattern.class),
        list::severity(pattern.severity),
        pattern.scope
    ));
    out.push_str(&wrap(&pattern.summary, width, "", ""));
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            out.push_str(&format!("\n{title}\n"));
            for line in lines {
                out.push_str(&wrap(&line, width, "  - ", "    "));
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
        "Brought about by",
        rules.edges.iter().filter(|edge| rules.pattern_id(edge.to) == pattern.id).map(|edge| id(edge.from)).collect(),
    );
    section("Brings about", pattern.causes.iter().map(|edge| edge.pattern.clone()).collect());
    section(
        "What to do",
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
    out
}
