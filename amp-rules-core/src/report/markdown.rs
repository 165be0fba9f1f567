//! The report as GitHub-flavoured markdown, for tickets and chats.
//!
//! A diagnosis in, markdown out. Text from rules and telemetry is escaped; it never becomes a link, a heading or HTML.

use std::collections::BTreeMap;

use super::markup::{code, escape, escape_but_code, fenced};
use super::{chain, format, layout, unknown, view};
use crate::diagnosis::{Diagnosis, Finding, Role, Root};
use crate::explain::Explanation;
use crate::unit::Unit;

pub(super) fn render(diagnosis: &Diagnosis, explanation: Option<&Explanation>) -> String {
    let mut out = String::new();
    let (verdict, meaning) = view::headline(diagnosis);
    line(&mut out, &format!("# {}", escape(&capital(&verdict))));
    line(&mut out, "");
    // With roots it begins with the id of a pattern, which is never capitalised.
    let meaning = if view::roots(diagnosis).is_empty() { capital(&meaning) } else { meaning };
    line(&mut out, &format!("{}.", escape(&meaning)));
    line(&mut out, "");
    line(&mut out, &escape(&view::scope(diagnosis)));
    let main = view::main_findings(diagnosis);
    for root in view::roots(diagnosis) {
        heading(&mut out, &format!("{}. {}", root.rank, escape(&root.title)));
        one_root(&mut out, diagnosis, &main, root);
    }
    if !diagnosis.remedy.is_empty() {
        heading(&mut out, "Remedy");
        for (index, step) in diagnosis.remedy.iter().enumerate() {
            let verb = if step.verifies { "Verify: " } else { "" };
            let pattern = view::step_of(diagnosis, index).map_or_else(String::new, |id| format!(" ({})", code(id)));
            line(&mut out, &format!("{}. {verb}{}{pattern}", index + 1, escape(&step.text)));
            if let Some(command) = format::command(&step.run) {
                line(&mut out, &format!("   - Run: {}", code(&command)));
            }
            if step.changes_state {
                line(&mut out, "   - Changes the system");
            }
            if let Some(caution) = &step.caution {
                line(&mut out, &format!("   - **Caution:** {}", escape(caution)));
            }
        }
    }
    let independents = view::independents(diagnosis);
    if !independents.is_empty() {
        heading(&mut out, "Independent problems");
        for root in independents {
            line(
                &mut out,
                &format!("- {} - {} ({})", code(&root.pattern), escape(&root.title), escape(&view::root_summary(root))),
            );
            let finding = main.get(root.pattern.as_str()).copied();
            let evidence = finding.and_then(|finding| view::evidence(finding, &diagnosis.window)).map(|(line, _)| line);
            let contrast = finding.and_then(view::contrast);
            let owner = root.owner.as_ref().map(|owner| format!("owner: {owner}"));
            let why = root.why_not_confirmed.iter().map(|why| format!("not confirmed: {why}"));
            let recurrence = finding.and_then(view::recurrence).into_iter().chain(view::ties(root));
            for item in evidence
                .into_iter()
                .chain(contrast)
                .chain(recurrence)
                .chain(owner)
                .chain(why)
                .chain(view::upstream(root))
            {
                line(&mut out, &format!("  - {}", escape(&item)));
            }
        }
    }
    findings(&mut out, diagnosis, Role::Contributing, "Contributing factors");
    list(
        &mut out,
        "Impact",
        diagnosis
            .impact
            .iter()
            .map(|impact| format!("{}: {}", code(&impact.pattern), escape(&view::magnitude(impact)))),
    );
    list(
        &mut out,
        "Conflicts",
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
        "Resolved",
        diagnosis.history.iter().map(|past| {
            let chain = view::past_chain(past).map_or_else(String::new, |chain| format!("; {}", escape(&chain)));
            format!("{} - {} ({}){chain}", code(&past.pattern), escape(&past.title), escape(&view::past(past)))
        }),
    );
    unknowns(&mut out, diagnosis);
    if let Some(explanation) = explanation {
        queries(&mut out, explanation);
        counterfactuals(&mut out, explanation);
    }
    unmatched(&mut out, diagnosis);
    background(&mut out, diagnosis);
    out
}

fn one_root(out: &mut String, diagnosis: &Diagnosis, main: &BTreeMap<&str, &Finding>, root: &Root) {
    line(out, &format!("{} - {}", code(&root.pattern), escape(&view::root_summary(root))));
    if let Some(contrast) = main.get(root.pattern.as_str()).and_then(|finding| view::contrast(finding)) {
        line(out, "");
        line(out, &escape(&contrast));
    }
    let finding = main.get(root.pattern.as_str()).copied();
    for remark in finding.and_then(view::recurrence).into_iter().chain(view::ties(root)) {
        line(out, "");
        line(out, &escape(&capital(&remark)));
    }
    if !root.explains.is_empty() {
        line(out, "");
        line(out, &format!("Explains: {}", root.explains.iter().map(|id| code(id)).collect::<Vec<_>>().join(", ")));
    }
    if let Some(owner) = &root.owner {
        line(out, "");
        line(out, &format!("Owner: {}", escape(owner)));
    }
    let upstream = view::upstream(root);
    if !(root.why_not_confirmed.is_empty() && upstream.is_empty()) {
        line(out, "");
        for why in &root.why_not_confirmed {
            line(out, &format!("- not confirmed: {}", escape(why)));
        }
        for causes in &upstream {
            line(out, &format!("- {}", escape(causes)));
        }
    }
    line(out, "");
    for branch in chain::tree(root) {
        let finding = main.get(branch.pattern).copied();
        let mut remarks: Vec<String> = finding.map(|finding| finding.scope.clone()).into_iter().collect();
        remarks.extend(branch.remarks);
        if let Some(impact) = diagnosis.impact.iter().find(|impact| impact.pattern == branch.pattern) {
            remarks.push(view::magnitude(impact));
        }
        let effect = finding.filter(|_| branch.depth > 0);
        remarks.extend(effect.and_then(view::distinguished).into_iter().chain(effect.and_then(view::recurrence)));
        let tail = if remarks.is_empty() { String::new() } else { format!(" - {}", escape(&remarks.join("; "))) };
        let indent = "  ".repeat(branch.depth.min(10));
        line(out, &format!("{indent}- {}{tail}", code(branch.pattern)));
        if let Some((evidence, sample)) = finding.and_then(|finding| view::evidence(finding, &diagnosis.window)) {
            line(out, &format!("{indent}  <br>{}", escape(&evidence)));
            if let Some(sample) = sample {
                line(out, &format!("{indent}  <br>{}", code(&layout::shorten(&sample, 200))));
            }
        }
    }
}

fn unknowns(out: &mut String, diagnosis: &Diagnosis) {
    let mut items: Vec<String> = unknown::groups(diagnosis)
        .iter()
        .map(|group| format!("{} - {}", code(&unknown::reason(group.reason)), escape(&group.patterns.join(", "))))
        .collect();
    items.extend(diagnosis.coverage.blind.iter().map(|blind| format!("no heartbeat in {}", escape(blind))));
    let unobservable = unknown::unobservable(diagnosis);
    if !unobservable.is_empty() {
        items.push(format!(
            "not observable in this run, or logged only at startup or on rare events: {}",
            escape(&unobservable.join(", "))
        ));
    }
    list(out, "Unknown", items.into_iter());
    list(
        out,
        "Possible upstream causes",
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
    let next = unknown::next_steps(diagnosis);
    list(out, "Next steps to narrow it down", next.into_iter().map(|step| escape_but_code(&step)));
}

fn queries(out: &mut String, explanation: &Explanation) {
    if explanation.next_queries.is_empty() {
        return;
    }
    heading(out, "Suggested queries");
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
        "Counterfactuals",
        explanation.counterfactuals.iter().map(|one| {
            let symptom = code(&format!("{}.{}", one.pattern, one.symptom));
            format!("{symptom} {}", escape(&view::counterfactual(one)))
        }),
    );
}

fn unmatched(out: &mut String, diagnosis: &Diagnosis) {
    let (lines, remarks) = unknown::unmatched(diagnosis);
    let lines = lines.iter().map(|one| {
        let sample = code(&layout::shorten(&one.sample, 200));
        format!("{} - {}<br>{sample}", code(&one.template), escape(&one.summary))
    });
    list(out, "Unmatched errors", lines.chain(remarks.iter().map(|remark| escape(remark))));
}

fn background(out: &mut String, diagnosis: &Diagnosis) {
    if !diagnosis.indicators.is_empty() {
        heading(out, "Indicators");
        line(out, "| kind | state | indicator |");
        line(out, "|---|---|---|");
        for one in &diagnosis.indicators {
            let (kind, state) = (view::health(one.healthy), view::yes_or_no(one.holds));
            line(out, &format!("| {kind} | {state} | {} |", escape(&one.text)));
        }
    }
    findings(out, diagnosis, Role::Fact, "Facts");
    list(
        out,
        "Assumptions",
        diagnosis.assumptions.iter().map(|one| {
            format!("{} = {} ({})", code(&one.parameter), escape(&view::setting(&one.value)), escape(&one.because))
        }),
    );
    let mut sources: Vec<String> = diagnosis
        .sources
        .iter()
        .map(|one| format!("{}: {}", code(&one.table), escape(&one.completeness.to_string())))
        .collect();
    sources.extend(diagnosis.problems.iter().map(|problem| {
        let place =
            if problem.line == 0 { problem.origin.clone() } else { format!("{}:{}", problem.origin, problem.line) };
        format!("{}: {}", code(&place), escape(&problem.what))
    }));
    let decided = format::quantity(diagnosis.coverage.visible, &Unit::RATIO);
    sources.push(format!("{decided} of the alarm patterns were decided"));
    sources.push(format!(
        "rules: {} {} ({})",
        escape(&diagnosis.pack),
        escape(&diagnosis.version),
        code(&diagnosis.digest)
    ));
    list(out, "Data sources", sources.into_iter());
}

fn findings(out: &mut String, diagnosis: &Diagnosis, role: Role, title: &str) {
    list(
        out,
        title,
        view::findings(diagnosis, role).into_iter().map(|finding| {
            let evidence = view::evidence(finding, &diagnosis.window)
                .map(|(line, _)| format!(": {}", escape(&line)))
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
    line(out, &format!("## {title}"));
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
