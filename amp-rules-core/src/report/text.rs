//! The report for a terminal: the answer first, then its support, then what stayed unknown.
//!
//! A diagnosis and [`TextOptions`] in; lines out. Only a line that is a single word can be wider than the width.

use super::options::TextOptions;
use super::page::{Page, Style};
use super::{chain, format, layout, unknown, view};
use crate::diagnosis::{Diagnosis, Finding, Grade, Role, Root, Status};
use crate::escape::Printable;
use crate::explain::Explanation;
use crate::unit::Unit;

/// How many row problems are shown; the others are counted.
const PROBLEMS: usize = 5;

/// The columns of a component's name.
const COMPONENT: usize = 16;

/// How many rows are shown per root.
const CITED: usize = 1;

pub(super) fn render(diagnosis: &Diagnosis, explanation: Option<&Explanation>, options: &TextOptions) -> Printable {
    let mut page = Page::new(options);
    answer(&mut page, diagnosis);
    chains(&mut page, diagnosis);
    remedy(&mut page, diagnosis);
    other_findings(&mut page, diagnosis);
    unknowns(&mut page, diagnosis);
    if let Some(explanation) = explanation {
        queries(&mut page, explanation);
        counterfactuals(&mut page, explanation);
    }
    unmatched(&mut page, diagnosis);
    background(&mut page, diagnosis);
    page.finish()
}

/// The queries that would narrow the diagnosis down.
fn queries(page: &mut Page, explanation: &Explanation) {
    if explanation.next_queries.is_empty() {
        return;
    }
    page.heading("Suggested queries (`amp-rules explain NAME` prints one)");
    for (index, query) in explanation.next_queries.iter().enumerate() {
        let (symptoms, lead) = (query.decides.join(", "), format!("{:>3}. ", index + 1));
        if query.kql.is_empty() {
            page.paragraph(&format!("no query of the rules decides {symptoms}"), &lead, "     ");
        } else {
            page.named(&lead, &query.name, &format!("- decides {symptoms}"), "     ");
        }
    }
}

/// The symptoms whose opposite value would change the diagnosis.
fn counterfactuals(page: &mut Page, explanation: &Explanation) {
    if !explanation.counterfactuals.is_empty() {
        page.heading("Counterfactuals");
        for one in &explanation.counterfactuals {
            page.named("  ", &format!("{}.{}", one.pattern, one.symptom), &view::counterfactual(one), "    ");
        }
    }
}

fn answer(page: &mut Page, diagnosis: &Diagnosis) {
    let (verdict, meaning) = view::headline(diagnosis);
    let style = match diagnosis.status {
        Status::Healthy | Status::NoiseOnly => Style::Green,
        Status::NoKnownProblem | Status::Recovered | Status::InsufficientData => Style::Yellow,
        Status::Diagnosed | Status::DiagnosedPartial => Style::Red,
    };
    page.emphasised(style, &verdict.to_uppercase(), &format!(": {meaning}"), "", "  ");
    page.paragraph(&view::scope(diagnosis), "", "  ");
    let roots = view::roots(diagnosis);
    if roots.is_empty() {
        return;
    }
    page.heading(match roots.len() {
        1 if roots.iter().all(|root| root.grade == Grade::Open) => "Probable root cause (incomplete data)",
        _ if roots.iter().all(|root| root.grade == Grade::Open) => "Probable root causes (incomplete data)",
        1 => "Root cause",
        _ => "Root causes",
    });
    let main = view::main_findings(diagnosis);
    for root in roots {
        one_root(page, main.get(root.pattern.as_str()).copied(), root);
    }
}

fn one_root(page: &mut Page, finding: Option<&Finding>, root: &Root) {
    let lead = format!("{:>3}. ", root.rank);
    page.named(&lead, &root.pattern, &format!("- {}", root.title), "     ");
    page.paragraph(&view::root_summary(root), "     ", "     ");
    if let Some(contrast) = finding.and_then(view::contrast) {
        page.paragraph(&contrast, "     ", "     ");
    }
    for line in finding.and_then(view::recurrence).into_iter().chain(view::ties(root)) {
        page.paragraph(&line, "     ", "       ");
    }
    if !root.explains.is_empty() {
        page.paragraph(&format!("explains: {}", root.explains.join(", ")), "     ", "       ");
    }
    if let Some(owner) = &root.owner {
        page.paragraph(&format!("owner: {owner}"), "     ", "     ");
    }
    for why in &root.why_not_confirmed {
        page.paragraph(&format!("not confirmed: {why}"), "     ", "       ");
    }
    for line in view::upstream(root) {
        page.paragraph(&line, "     ", "       ");
    }
}

fn chains(page: &mut Page, diagnosis: &Diagnosis) {
    let main = view::main_findings(diagnosis);
    for root in view::roots(diagnosis) {
        page.heading(if root.chain.is_empty() { "Evidence" } else { "Causal chain" });
        let branches = chain::tree(root);
        let unordered = root.chain.iter().any(|link| !link.order_verifiable);
        for branch in &branches {
            let finding = main.get(branch.pattern).copied();
            let mut remarks: Vec<String> = branch.remarks.clone();
            if let (Some(finding), true) = (finding, branch.depth > 0)
                && finding.scope != root.scope
            {
                remarks.insert(0, finding.scope.clone());
            }
            if let Some(impact) = diagnosis.impact.iter().find(|impact| impact.pattern == branch.pattern) {
                remarks.push(view::magnitude(impact));
            }
            if let (Some(finding), true) = (finding, branch.depth > 0) {
                remarks.extend(view::distinguished(finding).into_iter().chain(view::recurrence(finding)));
            }
            let tail = if remarks.is_empty() { String::new() } else { format!("- {}", remarks.join("; ")) };
            page.named(&format!("  {}", branch.lead), branch.pattern, &tail, &format!("  {}", branch.below));
            if let Some(finding) = finding {
                evidence(page, diagnosis, finding, &format!("  {}", branch.below), branch.depth == 0);
            }
        }
        if unordered && !root.chain.is_empty() {
            page.item("(order inferred from the rules: the incident started before the window)");
        }
    }
}

/// The strongest evidence of a finding, for a root with its first row.
fn evidence(page: &mut Page, diagnosis: &Diagnosis, finding: &Finding, lead: &str, with_row: bool) {
    let Some((line, sample)) = view::evidence(finding, &diagnosis.window) else { return };
    page.quote(lead, &line);
    if with_row {
        for sample in sample.iter().take(CITED) {
            page.quote(lead, &format!("\"{sample}\""));
        }
    }
}

fn remedy(page: &mut Page, diagnosis: &Diagnosis) {
    if diagnosis.remedy.is_empty() {
        return;
    }
    page.heading("Remedy");
    for (index, step) in diagnosis.remedy.iter().enumerate() {
        let verb = if step.verifies { "verify: " } else { "" };
        let pattern = view::step_of(diagnosis, index).map_or_else(String::new, |pattern| format!(" [{pattern}]"));
        page.paragraph(&format!("{verb}{}{pattern}", step.text), &format!("{:>3}. ", index + 1), "     ");
        if let Some(command) = format::command(&step.run) {
            page.paragraph(&format!("run: {command}"), "     ", "       ");
        }
        if step.changes_state {
            page.paragraph("changes the system", "     ", "     ");
        }
        if let Some(caution) = &step.caution {
            page.paragraph(&format!("caution: {caution}"), "     ", "     ");
        }
    }
}

/// What matches outside the causal chains: independent problems, contributing factors, impact, conflicts, noise, history.
fn other_findings(page: &mut Page, diagnosis: &Diagnosis) {
    let independents = view::independents(diagnosis);
    if !independents.is_empty() {
        let main = view::main_findings(diagnosis);
        page.heading("Independent problems");
        for root in independents {
            page.named("  ", &root.pattern, &format!("- {} ({})", root.title, view::root_summary(root)), "    ");
            if let Some(finding) = main.get(root.pattern.as_str()) {
                evidence(page, diagnosis, finding, "    ", false);
            }
            let recurrence = main.get(root.pattern.as_str()).and_then(|finding| view::recurrence(finding));
            for line in recurrence.into_iter().chain(view::ties(root)) {
                page.paragraph(&line, "    ", "      ");
            }
            if let Some(owner) = &root.owner {
                page.paragraph(&format!("owner: {owner}"), "    ", "    ");
            }
            for why in &root.why_not_confirmed {
                page.paragraph(&format!("not confirmed: {why}"), "    ", "      ");
            }
        }
    }
    listed(page, diagnosis, Role::Contributing, "Contributing factors");
    if !diagnosis.impact.is_empty() {
        page.heading("Impact");
        for impact in &diagnosis.impact {
            page.item(&format!("{}: {}", impact.pattern, view::magnitude(impact)));
        }
    }
    if !diagnosis.conflicts.is_empty() {
        page.heading("Conflicts");
        for conflict in &diagnosis.conflicts {
            page.item(&format!("{} and {}: {}", conflict.pattern, conflict.other, conflict.what));
        }
    }
    let noise = view::findings(diagnosis, Role::Noise);
    if !noise.is_empty() {
        page.heading("Ignored as noise");
        for finding in noise {
            page.named("  ", &finding.pattern, &format!("- {}: {}", finding.scope, view::ignored(finding)), "    ");
        }
    }
    if !diagnosis.history.is_empty() {
        page.heading("Resolved");
        for past in &diagnosis.history {
            page.named("  ", &past.pattern, &format!("- {} ({})", past.title, view::past(past)), "    ");
            if let Some(chain) = view::past_chain(past) {
                page.paragraph(&chain, "    ", "      ");
            }
            for impact in &past.impact {
                let text = format!("impact: {}: {}", impact.pattern, view::magnitude(impact));
                page.paragraph(&text, "    ", "      ");
            }
        }
    }
}

fn listed(page: &mut Page, diagnosis: &Diagnosis, role: Role, heading: &str) {
    let findings = view::findings(diagnosis, role);
    if findings.is_empty() {
        return;
    }
    page.heading(heading);
    for finding in findings {
        page.named("  ", &finding.pattern, &format!("- {} ({})", finding.title, finding.scope), "    ");
        evidence(page, diagnosis, finding, "    ", false);
    }
}

/// What stayed unknown, why, and the next steps.
fn unknowns(page: &mut Page, diagnosis: &Diagnosis) {
    let groups = unknown::groups(diagnosis);
    let unobservable = unknown::unobservable(diagnosis);
    if !groups.is_empty() || !unobservable.is_empty() || !diagnosis.coverage.blind.is_empty() {
        page.heading("Unknown");
        for group in &groups {
            page.named("  ", &unknown::reason(group.reason), &format!("- {}", group.patterns.join(", ")), "    ");
        }
        for blind in &diagnosis.coverage.blind {
            page.item(&format!("no heartbeat in {}", blind));
        }
        if !unobservable.is_empty() {
            page.item(&format!(
                "{} not observable in this run, or logged only at startup or on rare events: {}",
                layout::plural(unobservable.len(), "pattern"),
                unobservable.join(", ")
            ));
        }
    }
    if !diagnosis.hypotheses.is_empty() {
        page.heading("Possible upstream causes");
        for hypothesis in &diagnosis.hypotheses {
            let reasons = hypothesis.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let explains = hypothesis.explains.join(", ");
            page.named("  ", &hypothesis.pattern, &format!("- would explain {explains}; {reasons}"), "    ");
        }
    }
    let next = unknown::next_steps(diagnosis);
    if !next.is_empty() {
        page.heading("Next steps to narrow it down");
        for (index, step) in next.iter().enumerate() {
            page.paragraph(step, &format!("{:>3}. ", index + 1), "     ");
        }
    }
}

/// Error lines that no pattern matches, one line per kind: how many, of which component, message and error of the first.
fn unmatched(page: &mut Page, diagnosis: &Diagnosis) {
    let (lines, remarks) = unknown::unmatched(diagnosis);
    if lines.is_empty() && remarks.is_empty() {
        return;
    }
    page.heading("Unmatched errors");
    let components = lines.iter().map(|one| layout::width(one.component)).max().unwrap_or(0).min(COMPONENT);
    for one in &lines {
        let count = format::count(one.count as f64);
        let component = layout::truncate(one.component, COMPONENT);
        let blanks = " ".repeat(components.saturating_sub(layout::width(&component)));
        page.quote(&format!("  {count:>7}  {component}{blanks}  "), &one.sample);
    }
    for remark in &remarks {
        page.item(remark);
    }
}

/// Indicators, facts, assumptions and data sources.
fn background(page: &mut Page, diagnosis: &Diagnosis) {
    if !diagnosis.indicators.is_empty() {
        page.heading("Indicators");
        for healthy in [true, false] {
            for holds in [Some(true), Some(false), None] {
                for one in diagnosis.indicators.iter().filter(|one| one.healthy == healthy && one.holds == holds) {
                    let lead = format!("  {:<9}  {:<7}  ", view::health(healthy), view::yes_or_no(holds));
                    page.paragraph(&one.text, &lead, &" ".repeat(lead.len()));
                }
            }
        }
    }
    listed(page, diagnosis, Role::Fact, "Facts");
    if !diagnosis.assumptions.is_empty() {
        page.heading("Assumptions");
        for one in &diagnosis.assumptions {
            page.item(&format!("{} = {} ({})", one.parameter, view::setting(&one.value), one.because));
        }
    }
    page.heading("Data sources");
    for source in &diagnosis.sources {
        let calls = if source.request_ids.is_empty() {
            String::new()
        } else {
            format!(" (calls {})", source.request_ids.join(", "))
        };
        page.item(&format!("{}: {}{calls}", source.table, source.completeness));
    }
    for problem in diagnosis.problems.iter().take(PROBLEMS) {
        let place =
            if problem.line == 0 { problem.origin.clone() } else { format!("{}:{}", problem.origin, problem.line) };
        page.item(&format!("{place}: {}", problem.what));
    }
    if diagnosis.problems.len() > PROBLEMS {
        page.item(&format!("and {}", layout::plural(diagnosis.problems.len() - PROBLEMS, "more problem")));
    }
    let decided = format::quantity(diagnosis.coverage.visible, &Unit::RATIO);
    page.item(&format!("{decided} of the alarm patterns were decided"));
    page.item(&format!(
        "rules: {} {} ({})",
        diagnosis.pack,
        diagnosis.version,
        layout::truncate(&diagnosis.digest, 20)
    ));
}
