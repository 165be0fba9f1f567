//! The report for a terminal: the answer first, then what supports it, then what stayed open.
//!
//! A diagnosis, a width and a choice of colour in; lines out. A line is longer than the width only where one word is.

use super::{Colour, TextOptions, view, words};
use crate::diagnosis::{Diagnosis, Finding, Grade, Role, Root, Status};
use crate::explain::Explanation;

/// Least number of columns that a report can be laid out in.
const NARROWEST: usize = 40;

/// How many problems of rows are shown; the rest is counted.
const PROBLEMS: usize = 5;

/// How many rows are cited per root.
const CITED: usize = 1;

pub(super) fn render(diagnosis: &Diagnosis, explanation: &Explanation, options: &TextOptions) -> String {
    let mut page = Page { out: String::new(), width: options.width.max(NARROWEST), colour: options.colour };
    answer(&mut page, diagnosis);
    chains(&mut page, diagnosis);
    remedy(&mut page, diagnosis);
    besides(&mut page, diagnosis);
    open(&mut page, diagnosis);
    queries(&mut page, explanation);
    counterfactuals(&mut page, explanation);
    unmatched(&mut page, diagnosis);
    background(&mut page, diagnosis);
    page.out
}

/// The queries that would tell outcomes apart.
fn queries(page: &mut Page, explanation: &Explanation) {
    if explanation.next_queries.is_empty() {
        return;
    }
    page.heading("Queries that would tell more (`amp-rules explain NAME` prints one)");
    for (index, query) in explanation.next_queries.iter().enumerate() {
        let (said, lead) = (format!("- decides {}", query.decides.join(", ")), format!("{:>3}. ", index + 1));
        if query.kql.is_empty() {
            page.paragraph(&format!("no query of the rules {}", said.trim_start_matches("- ")), &lead, "     ");
        } else {
            page.named(&lead, &query.name, &said, "     ");
        }
    }
}

/// What would change the answer.
fn counterfactuals(page: &mut Page, explanation: &Explanation) {
    if !explanation.counterfactuals.is_empty() {
        page.heading("What would change the answer");
        for flip in &explanation.counterfactuals {
            let said = view::flip(flip);
            page.named("  ", &format!("{}.{}", flip.pattern, flip.symptom), &said, "    ");
        }
    }
}

/// The text so far, and how it is laid out.
struct Page {
    out: String,
    width: usize,
    colour: Colour,
}

impl Page {
    fn paint(&self, style: &str, text: &str) -> String {
        match self.colour {
            Colour::Never => text.to_owned(),
            Colour::Always => format!("\u{1b}[{style}m{text}\u{1b}[0m"),
        }
    }

    fn heading(&mut self, text: &str) {
        let painted = self.paint("1", text);
        self.out.push('\n');
        self.out.push_str(&painted);
        self.out.push('\n');
    }

    fn paragraph(&mut self, text: &str, first: &str, rest: &str) {
        self.out.push_str(&words::wrap(text, self.width, first, rest));
    }

    fn item(&mut self, text: &str) {
        self.paragraph(text, "  ", "    ");
    }

    /// A line that is cut rather than wrapped: what telemetry says is shown, not told.
    fn quote(&mut self, lead: &str, text: &str) {
        let room = self.width.saturating_sub(words::width(lead)).max(10);
        self.out.push_str(&format!("{lead}{}\n", words::cut(text, room)));
    }

    /// A name that stands out, with words after it that wrap under it.
    fn named(&mut self, first: &str, name: &str, said: &str, rest: &str) {
        let plain = words::wrap(&format!("{name} {said}"), self.width, first, rest);
        let bold = self.paint("1", name);
        self.out.push_str(&plain.replacen(name, &bold, 1));
    }
}

fn answer(page: &mut Page, diagnosis: &Diagnosis) {
    let (verdict, meaning) = view::headline(diagnosis);
    let style = match diagnosis.status {
        Status::Healthy | Status::NoiseOnly => "1;32",
        Status::Recovered | Status::InsufficientData => "1;33",
        Status::Diagnosed | Status::DiagnosedPartial => "1;31",
    };
    let verdict = verdict.to_uppercase();
    let line = words::wrap(&format!("{verdict}: {meaning}"), page.width, "", "  ");
    let painted = page.paint(style, &verdict);
    page.out.push_str(&line.replacen(&verdict, &painted, 1));
    page.paragraph(&view::scope(diagnosis), "", "  ");
    let roots = view::roots(diagnosis);
    if roots.is_empty() {
        return;
    }
    page.heading(match roots.len() {
        _ if roots.iter().all(|root| root.grade == Grade::Open) => "Where it begins, as far as was seen",
        1 => "Root cause",
        _ => "Root causes",
    });
    let foremost = view::foremost(diagnosis);
    for root in roots {
        one_root(page, foremost.get(root.pattern.as_str()).copied(), root);
    }
}

fn one_root(page: &mut Page, finding: Option<&Finding>, root: &Root) {
    let lead = format!("{:>3}. ", root.rank);
    page.named(&lead, &root.pattern, &format!("- {}", root.title), "     ");
    page.paragraph(&view::standing(root), "     ", "     ");
    if let Some(contrast) = finding.and_then(view::contrast) {
        page.paragraph(&contrast, "     ", "     ");
    }
    if !root.explains.is_empty() {
        page.paragraph(&format!("explains: {}", root.explains.join(", ")), "     ", "       ");
    }
    if let Some(owner) = &root.owner {
        page.paragraph(&format!("to be mended by: {owner}"), "     ", "     ");
    }
    for why in &root.why_not_confirmed {
        page.paragraph(&format!("not confirmed: {why}"), "     ", "       ");
    }
    for said in view::behind(root) {
        page.paragraph(&said, "     ", "       ");
    }
}

fn chains(page: &mut Page, diagnosis: &Diagnosis) {
    let foremost = view::foremost(diagnosis);
    for root in view::roots(diagnosis) {
        page.heading(if root.chain.is_empty() { "What shows it" } else { "What it brought about" });
        let branches = view::tree(root);
        let unordered = root.chain.iter().any(|link| !link.order_verifiable);
        for branch in &branches {
            let finding = foremost.get(branch.pattern).copied();
            let mut said: Vec<String> = branch.remarks.clone();
            if let (Some(finding), true) = (finding, branch.depth > 0)
                && finding.scope != root.scope
            {
                said.insert(0, finding.scope.clone());
            }
            if let Some(impact) = diagnosis.impact.iter().find(|impact| impact.pattern == branch.pattern) {
                said.push(view::magnitude(impact));
            }
            if let (Some(finding), true) = (finding, branch.depth > 0)
                && let Some(apart) = view::distinguished(finding)
            {
                said.push(apart);
            }
            let tail = if said.is_empty() { String::new() } else { format!("- {}", said.join("; ")) };
            page.named(&format!("  {}", branch.lead), branch.pattern, &tail, &format!("  {}", branch.below));
            if let Some(finding) = finding {
                shown(page, diagnosis, finding, &format!("  {}", branch.below), branch.depth == 0);
            }
        }
        if unordered && !root.chain.is_empty() {
            page.item(
                "(the incident is older than what was read: which came first is the rules' word, not the clock's)",
            );
        }
    }
}

/// The strongest evidence below a name, for the root with a row.
fn shown(page: &mut Page, diagnosis: &Diagnosis, finding: &Finding, lead: &str, with_row: bool) {
    let Some((said, sample)) = view::evidence(finding, &diagnosis.window) else { return };
    page.quote(lead, &said);
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
    page.heading("What to do");
    for (index, step) in diagnosis.remedy.iter().enumerate() {
        let verb = if step.verifies { "verify: " } else { "" };
        let whose = view::step_of(diagnosis, index).map_or_else(String::new, |pattern| format!(" [{pattern}]"));
        page.paragraph(&format!("{verb}{}{whose}", step.text), &format!("{:>3}. ", index + 1), "     ");
        if let Some(caution) = &step.caution {
            page.paragraph(&format!("caution: {caution}"), "     ", "     ");
        }
    }
}

/// What holds besides the story: independents, what worsens it, what it costs, what contradicts, noise, the past.
fn besides(page: &mut Page, diagnosis: &Diagnosis) {
    let independents = view::independents(diagnosis);
    if !independents.is_empty() {
        let foremost = view::foremost(diagnosis);
        page.heading("Also wrong, on its own");
        for root in independents {
            page.named("  ", &root.pattern, &format!("- {} ({})", root.title, view::standing(root)), "    ");
            if let Some(finding) = foremost.get(root.pattern.as_str()) {
                shown(page, diagnosis, finding, "    ", false);
            }
            if let Some(owner) = &root.owner {
                page.paragraph(&format!("to be mended by: {owner}"), "    ", "    ");
            }
            for why in &root.why_not_confirmed {
                page.paragraph(&format!("not confirmed: {why}"), "    ", "      ");
            }
        }
    }
    listed(page, diagnosis, Role::Contributing, "Makes it worse");
    if !diagnosis.impact.is_empty() {
        page.heading("What it costs");
        for impact in &diagnosis.impact {
            page.item(&format!("{}: {}", impact.pattern, view::magnitude(impact)));
        }
    }
    if !diagnosis.conflicts.is_empty() {
        page.heading("What contradicts itself");
        for conflict in &diagnosis.conflicts {
            page.item(&format!("{} and {}: {}", conflict.pattern, conflict.other, words::one_line(&conflict.what)));
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
        page.heading("Over");
        for episode in &diagnosis.history {
            let until = words::time(episode.last);
            page.named(
                "  ",
                &episode.pattern,
                &format!("- {}, {}, until {until}", episode.scope, words::since(&episode.onset)),
                "    ",
            );
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
        shown(page, diagnosis, finding, "    ", false);
    }
}

/// What stayed unknown, why, and what would help.
fn open(page: &mut Page, diagnosis: &Diagnosis) {
    let groups = view::unknown(diagnosis);
    let unobservable = view::unobservable(diagnosis);
    if !groups.is_empty() || !unobservable.is_empty() || !diagnosis.coverage.blind.is_empty() {
        page.heading("Not known");
        for group in &groups {
            page.named("  ", &view::reason(group.reason), &format!("- {}", group.patterns.join(", ")), "    ");
        }
        for blind in &diagnosis.coverage.blind {
            page.item(&format!("no sign of life: {}", words::one_line(blind)));
        }
        if !unobservable.is_empty() {
            page.item(&format!(
                "{} cannot be seen in this run, or speak up on rare occasions only: {}",
                words::many(unobservable.len(), "pattern"),
                unobservable.join(", ")
            ));
        }
    }
    if !diagnosis.hypotheses.is_empty() {
        page.heading("Could lie behind it");
        for hypothesis in &diagnosis.hypotheses {
            let reasons = hypothesis.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let explains = hypothesis.explains.join(", ");
            page.named("  ", &hypothesis.pattern, &format!("- would explain {explains}; {reasons}"), "    ");
        }
    }
    let next = view::next_looks(diagnosis);
    if !next.is_empty() {
        page.heading("Look at next");
        for (index, look) in next.iter().enumerate() {
            page.paragraph(look, &format!("{:>3}. ", index + 1), "     ");
        }
    }
}

/// Error lines that no pattern knows.
fn unmatched(page: &mut Page, diagnosis: &Diagnosis) {
    let (told, besides) = view::unmatched(diagnosis);
    if told.is_empty() && besides.is_empty() {
        return;
    }
    page.heading("Errors that no pattern knows");
    for one in &told {
        page.quote("  ", &one.template);
        page.paragraph(&one.said, "    ", "    ");
        if let Some(sample) = &one.sample {
            page.quote("    ", &format!("\"{sample}\""));
        }
    }
    for said in &besides {
        page.item(said);
    }
}

/// Indicators, facts, assumptions, and what was read.
fn background(page: &mut Page, diagnosis: &Diagnosis) {
    if !diagnosis.indicators.is_empty() {
        page.heading("Indicators");
        for (healthy, kind) in [(true, "of health"), (false, "of trouble")] {
            for (holds, said) in [(Some(true), "seen"), (Some(false), "not seen"), (None, "not known")] {
                for one in diagnosis.indicators.iter().filter(|one| one.healthy == healthy && one.holds == holds) {
                    page.paragraph(&one.text, &format!("  {kind:<10}  {said:<9}  "), &" ".repeat(25));
                }
            }
        }
    }
    listed(page, diagnosis, Role::Fact, "Facts");
    if !diagnosis.assumptions.is_empty() {
        page.heading("Assumed");
        for one in &diagnosis.assumptions {
            page.item(&format!("{} = {} ({})", one.parameter, view::setting(&one.value), one.because));
        }
    }
    page.heading("Read");
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
        page.item(&format!("{place}: {}", words::one_line(&problem.what)));
    }
    if diagnosis.problems.len() > PROBLEMS {
        page.item(&format!("and {} more", words::many(diagnosis.problems.len() - PROBLEMS, "problem")));
    }
    let seen = words::quantity(diagnosis.coverage.visible, &crate::unit::Unit::RATIO);
    page.item(&format!("{seen} of the alarm patterns were decided"));
    page.item(&format!("rules: {} {} ({})", diagnosis.pack, diagnosis.version, words::cut(&diagnosis.digest, 20)));
}
