//! The report as GitHub-flavoured markdown, for tickets and chats.
//!
//! A diagnosis in, markdown out. Words of rules and of telemetry are escaped: none becomes a link, a heading or HTML.

use std::collections::BTreeMap;

use super::{view, words};
use crate::diagnosis::{Diagnosis, Finding, Role, Root};
use crate::explain::Explanation;

pub(super) fn render(diagnosis: &Diagnosis, explanation: &Explanation) -> String {
    let mut out = String::new();
    let (verdict, meaning) = view::headline(diagnosis);
    line(&mut out, &format!("# {}", escape(&capital(&verdict))));
    line(&mut out, "");
    line(&mut out, &format!("{}.", escape(&capital(&meaning))));
    line(&mut out, "");
    line(&mut out, &escape(&view::scope(diagnosis)));
    let foremost = view::foremost(diagnosis);
    for root in view::roots(diagnosis) {
        heading(&mut out, &format!("{}. {}", root.rank, root.title));
        one_root(&mut out, diagnosis, &foremost, root);
    }
    if !diagnosis.remedy.is_empty() {
        heading(&mut out, "What to do");
        for (index, step) in diagnosis.remedy.iter().enumerate() {
            let verb = if step.verifies { "Verify: " } else { "" };
            let whose = view::step_of(diagnosis, index).map_or_else(String::new, |id| format!(" ({})", code(id)));
            line(&mut out, &format!("{}. {verb}{}{whose}", index + 1, escape(&step.text)));
            if let Some(caution) = &step.caution {
                line(&mut out, &format!("   - **Caution:** {}", escape(caution)));
            }
        }
    }
    let independents = view::independents(diagnosis);
    if !independents.is_empty() {
        heading(&mut out, "Also wrong, on its own");
        for root in independents {
            line(
                &mut out,
                &format!("- {} - {} ({})", code(&root.pattern), escape(&root.title), escape(&view::standing(root))),
            );
            let finding = foremost.get(root.pattern.as_str()).copied();
            let evidence = finding.and_then(|finding| view::evidence(finding, &diagnosis.window)).map(|(said, _)| said);
            let contrast = finding.and_then(view::contrast);
            let owner = root.owner.as_ref().map(|owner| format!("to be mended by: {owner}"));
            let why = root.why_not_confirmed.iter().map(|why| format!("not confirmed: {why}"));
            for said in evidence.into_iter().chain(contrast).chain(owner).chain(why).chain(view::behind(root)) {
                line(&mut out, &format!("  - {}", escape(&said)));
            }
        }
    }
    findings(&mut out, diagnosis, Role::Contributing, "Makes it worse");
    list(
        &mut out,
        "What it costs",
        diagnosis
            .impact
            .iter()
            .map(|impact| format!("{}: {}", code(&impact.pattern), escape(&view::magnitude(impact)))),
    );
    list(
        &mut out,
        "What contradicts itself",
        diagnosis.conflicts.iter().map(|conflict| {
            format!("{} and {}: {}", code(&conflict.pattern), code(&conflict.other), escape(&conflict.what))
        }),
    );
    list(
        &mut out,
        "Ignored as noise",
        view::findings(diagnosis, Role::Noise).into_iter().map(|finding| {
            format!("{} - {}: {}", code(&finding.pattern), escape(&finding.scope), view::ignored(finding))
        }),
    );
    list(
        &mut out,
        "Over",
        diagnosis.history.iter().map(|episode| {
            let until = words::time(episode.last);
            format!(
                "{} - {}, {}, until {until}",
                code(&episode.pattern),
                escape(&episode.scope),
                words::since(&episode.onset)
            )
        }),
    );
    open(&mut out, diagnosis);
    queries(&mut out, explanation);
    counterfactuals(&mut out, explanation);
    unmatched(&mut out, diagnosis);
    background(&mut out, diagnosis);
    out
}

fn one_root(out: &mut String, diagnosis: &Diagnosis, foremost: &BTreeMap<&str, &Finding>, root: &Root) {
    line(out, &format!("{} - {}", code(&root.pattern), escape(&view::standing(root))));
    if let Some(contrast) = foremost.get(root.pattern.as_str()).and_then(|finding| view::contrast(finding)) {
        line(out, "");
        line(out, &escape(&contrast));
    }
    if !root.explains.is_empty() {
        line(out, "");
        line(out, &format!("Explains: {}", root.explains.iter().map(|id| code(id)).collect::<Vec<_>>().join(", ")));
    }
    if let Some(owner) = &root.owner {
        line(out, "");
        line(out, &format!("To be mended by: {}", escape(owner)));
    }
    let behind = view::behind(root);
    if !(root.why_not_confirmed.is_empty() && behind.is_empty()) {
        line(out, "");
        for why in &root.why_not_confirmed {
            line(out, &format!("- not confirmed: {}", escape(why)));
        }
        for said in &behind {
            line(out, &format!("- {}", escape(said)));
        }
    }
    line(out, "");
    for branch in view::tree(root) {
        let finding = foremost.get(branch.pattern).copied();
        let mut said: Vec<String> = finding.map(|finding| finding.scope.clone()).into_iter().collect();
        said.extend(branch.remarks);
        if let Some(impact) = diagnosis.impact.iter().find(|impact| impact.pattern == branch.pattern) {
            said.push(view::magnitude(impact));
        }
        said.extend(finding.filter(|_| branch.depth > 0).and_then(view::distinguished));
        let tail = if said.is_empty() { String::new() } else { format!(" - {}", escape(&said.join("; "))) };
        let indent = "  ".repeat(branch.depth.min(10));
        line(out, &format!("{indent}- {}{tail}", code(branch.pattern)));
        if let Some((evidence, sample)) = finding.and_then(|finding| view::evidence(finding, &diagnosis.window)) {
            line(out, &format!("{indent}  <br>{}", escape(&evidence)));
            if let Some(sample) = sample {
                line(out, &format!("{indent}  <br>{}", code(&words::cut(&sample, 200))));
            }
        }
    }
}

fn open(out: &mut String, diagnosis: &Diagnosis) {
    let mut said: Vec<String> = view::unknown(diagnosis)
        .iter()
        .map(|group| format!("{} - {}", code(&view::reason(group.reason)), escape(&group.patterns.join(", "))))
        .collect();
    said.extend(diagnosis.coverage.blind.iter().map(|blind| format!("no sign of life: {}", escape(blind))));
    let unobservable = view::unobservable(diagnosis);
    if !unobservable.is_empty() {
        said.push(format!(
            "cannot be seen in this run, or speak up on rare occasions only: {}",
            escape(&unobservable.join(", "))
        ));
    }
    list(out, "Not known", said.into_iter());
    list(
        out,
        "Could lie behind it",
        diagnosis.hypotheses.iter().map(|hypothesis| {
            let reasons = hypothesis.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            format!(
                "{} - would explain {}; {}",
                code(&hypothesis.pattern),
                escape(&hypothesis.explains.join(", ")),
                escape(&reasons)
            )
        }),
    );
    list(out, "Look at next", view::next_looks(diagnosis).into_iter().map(|look| escape_but_code(&look)));
}

fn queries(out: &mut String, explanation: &Explanation) {
    if explanation.next_queries.is_empty() {
        return;
    }
    heading(out, "Queries that would tell more");
    for query in &explanation.next_queries {
        let decides = query.decides.iter().map(|symptom| code(symptom)).collect::<Vec<_>>().join(", ");
        if query.kql.is_empty() {
            line(out, &format!("- no query of the rules decides {decides}"));
            continue;
        }
        line(out, &format!("- {} - decides {decides}", code(&query.name)));
        line(out, "");
        for text in fenced("kql", &query.kql).lines() {
            line(out, format!("  {text}").trim_end());
        }
    }
}

fn counterfactuals(out: &mut String, explanation: &Explanation) {
    list(
        out,
        "What would change the answer",
        explanation.counterfactuals.iter().map(|flip| {
            let symptom = code(&format!("{}.{}", flip.pattern, flip.symptom));
            format!("{symptom} {}", escape(&view::flip(flip)))
        }),
    );
}

fn unmatched(out: &mut String, diagnosis: &Diagnosis) {
    let (told, besides) = view::unmatched(diagnosis);
    let told = told.iter().map(|one| {
        let sample = one.sample.as_ref().map(|sample| format!("<br>{}", code(&words::cut(sample, 200))));
        format!("{} - {}{}", code(&one.template), escape(&one.said), sample.unwrap_or_default())
    });
    list(out, "Errors that no pattern knows", told.chain(besides.iter().map(|said| escape(said))));
}

fn background(out: &mut String, diagnosis: &Diagnosis) {
    if !diagnosis.indicators.is_empty() {
        heading(out, "Indicators");
        line(out, "| speaks of | state | indicator |");
        line(out, "|---|---|---|");
        for one in &diagnosis.indicators {
            let state = match one.holds {
                Some(true) => "seen",
                Some(false) => "not seen",
                None => "not known",
            };
            let kind = if one.healthy { "health" } else { "trouble" };
            line(out, &format!("| {kind} | {state} | {} |", escape(&one.text)));
        }
    }
    findings(out, diagnosis, Role::Fact, "Facts");
    list(
        out,
        "Assumed",
        diagnosis.assumptions.iter().map(|one| {
            format!("{} = {} ({})", code(&one.parameter), escape(&view::setting(&one.value)), escape(&one.because))
        }),
    );
    let mut read: Vec<String> =
        diagnosis.sources.iter().map(|one| format!("{}: {}", code(&one.table), escape(&one.completeness))).collect();
    read.extend(diagnosis.problems.iter().map(|problem| {
        let place =
            if problem.line == 0 { problem.origin.clone() } else { format!("{}:{}", problem.origin, problem.line) };
        format!("{}: {}", code(&place), escape(&problem.what))
    }));
    let seen = words::quantity(diagnosis.coverage.visible, &crate::unit::Unit::RATIO);
    read.push(format!("{seen} of the alarm patterns were decided"));
    read.push(format!(
        "rules: {} {} ({})",
        escape(&diagnosis.pack),
        escape(&diagnosis.version),
        code(&diagnosis.digest)
    ));
    list(out, "Read", read.into_iter());
}

fn findings(out: &mut String, diagnosis: &Diagnosis, role: Role, title: &str) {
    list(
        out,
        title,
        view::findings(diagnosis, role).into_iter().map(|finding| {
            let evidence = view::evidence(finding, &diagnosis.window)
                .map(|(said, _)| format!(": {}", escape(&said)))
                .unwrap_or_default();
            format!("{} - {} ({}){evidence}", code(&finding.pattern), escape(&finding.title), escape(&finding.scope))
        }),
    );
}

fn list(out: &mut String, title: &str, items: impl Iterator<Item = String>) {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return;
    }
    heading(out, title);
    for item in items {
        line(out, &format!("- {item}"));
    }
}

fn heading(out: &mut String, title: &str) {
    line(out, "");
    line(out, &format!("## {}", escape(title)));
    line(out, "");
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Text in which no character is markup.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in words::one_line(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '@' => out.push_str("@\u{2060}"),
            _ => out.push(c),
        }
    }
    out
}

/// Our own words, in which backticks are meant.
fn escape_but_code(text: &str) -> String {
    text.split('`').enumerate().map(|(at, part)| if at % 2 == 1 { code(part) } else { escape_inner(part) }).collect()
}

/// Escapes without touching the blanks at the ends.
fn escape_inner(text: &str) -> String {
    let lead = if text.starts_with(' ') { " " } else { "" };
    let tail = if text.ends_with(' ') && text.len() > 1 { " " } else { "" };
    format!("{lead}{}{tail}", escape(text))
}

/// A block of text that no backticks in it can end.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_matches('\n'))
}

/// A code span that holds its text whatever backticks are in it.
fn code(text: &str) -> String {
    let text = words::one_line(text);
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    if longest == 0 {
        return format!("`{text}`");
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence} {text} {fence}")
}

#[cfg(test)]
mod tests {
    use super::{code, escape, escape_but_code};

    #[test]
    fn words_of_telemetry_are_never_markup() {
        assert_eq!(escape("<b>*x*</b> [a](b) | c_d\n# e"), "&lt;b&gt;\\*x\\*&lt;/b&gt; \\[a\\](b) \\| c\\_d \\# e");
        assert_eq!(code("a `b` c"), "`` a `b` c ``");
        assert_eq!(escape_but_code("read `a_b` again_"), "read `a_b` again\\_");
    }
}
