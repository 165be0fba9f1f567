//! `amp-rules plan`: what a diagnosis would read.
//!
//! Rules and a scope in; a [`PlanReport`] out: each request with its purposes. No row of telemetry is read.

mod queries;

use std::collections::BTreeMap;
use std::path::PathBuf;

use amp_rules_core::escape::Printable;
use amp_rules_core::plan::{Need, Part};
use amp_rules_core::report::{Colour, Page, TextOptions};
use amp_rules_core::telemetry::predicate::{Aggregate, LineTest};
use amp_rules_core::telemetry::request::{Instants, Reading, Request};
use amp_rules_core::time::duration_text;
use amp_rules_core::{Plan, RuleSet};
use amp_rules_fixtures::form::FileOptions;
use amp_rules_kql::check::live_only;
use amp_rules_kql::convert;
use clap::Args;
use serde::Serialize;

use super::{OutputFormat, diagnose, json};
use crate::exit::{CommandOutput, Failure};
use crate::inputs;
use crate::rules;
use crate::scope::{self, DefaultEnd};
use crate::terminal::Terminal;

/// The arguments of `amp-rules plan`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// The incident folder whose scope is planned; without it, `--cluster` and a window define the scope.
    #[arg(long, value_name = "DIR")]
    pub fixture: Option<PathBuf>,
    /// The rules.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// The scope.
    #[command(flatten)]
    pub scope: scope::Options,
    /// Show the KQL queries that are sent to services instead of the requests.
    #[arg(long)]
    pub kql: bool,
    /// Query this service for the tables it has, with its names of tables and columns: `app-insights`, `log-analytics`, `kusto`.
    #[arg(long, value_name = "SERVICE", requires = "kql")]
    pub service: Option<String>,
    /// The output format.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: OutputFormat,
}

/// A plan with the purposes of its requests.
#[derive(Clone, Debug)]
pub struct PlanReport {
    /// The plan.
    pub plan: Plan,
    /// The purposes of each request, in the order of the plan: symptoms as `pattern.symptom`, heartbeats by their table.
    pub purposes: Vec<Vec<String>>,
    /// The constructs of each request's query that only a service has, in the order of the plan.
    pub live_only: Vec<Vec<String>>,
    /// The queries for services, with `--kql`.
    pub queries: Option<Vec<queries::PlannedQuery>>,
}

/// Plans a diagnosis.
///
/// # Errors
///
/// As [`diagnose::run`], without the failures of reading rows.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<PlanReport, Failure> {
    let rules = rules::load(&arguments.rules, terminal)?;
    let scope = match &arguments.fixture {
        Some(folder) => {
            let paths = std::slice::from_ref(folder);
            let mut source = inputs::open(paths, &FileOptions::default(), &rules, terminal)?;
            inputs::scope_of(&mut source, &arguments.scope, &rules)?.scope
        }
        None => scope::of(&arguments.scope, None, &rules, &DefaultEnd::Clock)?,
    };
    let plan = diagnose::plan(&rules, &scope)?;
    let mut purposes = vec![Vec::new(); plan.requests().len()];
    for (need, at) in plan.needs() {
        if let Some(list) = purposes.get_mut(at) {
            list.push(purpose(need, &rules));
        }
    }
    for list in &mut purposes {
        list.sort();
        list.dedup();
    }
    let live_only = plan.requests().iter().map(|request| beyond(request, &rules)).collect();
    let queries = arguments.kql.then(|| queries::of(&plan, &rules, arguments.service.as_deref()));
    Ok(PlanReport { plan, purposes, live_only, queries })
}

/// The constructs of a query that only a service has, sorted.
fn beyond(request: &Request, rules: &RuleSet) -> Vec<String> {
    let Request::Query(query) = request else { return Vec::new() };
    let parameters = query.parameters.iter();
    let catalog = parameters.fold(convert::catalog(&rules.schema), |catalog, (name, value)| {
        catalog.with_parameter(name, convert::scalar_type(value.kind()))
    });
    let mut found: Vec<String> = live_only(&query.text, &catalog).into_iter().map(|one| one.construct).collect();
    found.sort();
    found.dedup();
    found
}

fn purpose(need: &Need, rules: &RuleSet) -> String {
    match need {
        Need::Symptom(index, part) => {
            let Some(symptom) = rules.symptoms.get(*index) else { return String::new() };
            let name = format!("{}.{}", rules.pattern_id(symptom.pattern), symptom.symptom.name);
            match part {
                Part::Main => name,
                Part::Denominator => format!("{name} (divisor)"),
                Part::Sibling => format!("{name} (sibling)"),
                Part::Step(number) => format!("{name} (step {})", number.saturating_add(1)),
                Part::Marker => format!("{name} (marker)"),
            }
        }
        Need::Heartbeat(table, _, _) => format!("heartbeats in {table}"),
        Need::Unmatched(table) => format!("unmatched errors in {table}"),
    }
}

impl PlanReport {
    /// The report in the given format.
    #[must_use]
    pub fn render(&self, format: OutputFormat, terminal: &Terminal) -> CommandOutput {
        CommandOutput::success(match (&self.queries, format) {
            (None, OutputFormat::Text) => self.text(terminal),
            (None, OutputFormat::Json) => json(&self.wire()),
            (Some(queries), OutputFormat::Text) => queries::text(queries),
            (Some(queries), OutputFormat::Json) => queries::json(queries),
        })
    }

    fn text(&self, terminal: &Terminal) -> Printable {
        let scope = self.plan.scope();
        let subject: Vec<String> = scope.subject.iter().map(|(key, value)| format!("{key} {value}")).collect();
        let mut page = Page::new(&TextOptions { colour: Colour::Never, ..terminal.text_options() });
        let requests = self.plan.requests().len();
        page.line(&format!("{requests} requests, from {} to {}", scope.window.from, scope.window.to));
        if !subject.is_empty() {
            page.line(&subject.join(", "));
        }
        let all = self.plan.requests().iter().zip(&self.purposes).zip(&self.live_only);
        for (index, ((request, purposes), beyond)) in all.enumerate() {
            page.line("");
            page.paragraph(&describe(request), &format!("{:>3}. ", index + 1), "     ");
            if !beyond.is_empty() {
                page.paragraph(&format!("live-only: uses {}", beyond.join(", ")), "     ", "         ");
            }
            page.paragraph(&format!("for {}", purposes.join(", ")), "     ", "         ");
        }
        page.finish()
    }

    fn wire(&self) -> PlanWire<'_> {
        let scope = self.plan.scope();
        PlanWire {
            schema_version: 1,
            digest: self.plan.digest(),
            subject: &scope.subject,
            from: scope.window.from.to_string(),
            to: scope.window.to.to_string(),
            requests: self
                .plan
                .requests()
                .iter()
                .zip(&self.purposes)
                .zip(&self.live_only)
                .map(|((request, purposes), live_only)| RequestWire {
                    kind: request.kind().to_string(),
                    table: &request.reading().table.name,
                    metrics: request.metrics(),
                    keys: &request.reading().keys,
                    what: describe(request),
                    needed_for: purposes,
                    live_only,
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct PlanWire<'a> {
    schema_version: u32,
    digest: &'a str,
    subject: &'a BTreeMap<String, String>,
    from: String,
    to: String,
    requests: Vec<RequestWire<'a>>,
}

#[derive(Serialize)]
struct RequestWire<'a> {
    kind: String,
    table: &'a str,
    metrics: Vec<&'a str>,
    keys: &'a [String],
    what: String,
    needed_for: &'a [String],
    live_only: &'a [String],
}

/// A request as text: what it reads from which table, with which filter, keys and bins.
fn describe(request: &Request) -> String {
    let table = &request.reading().table.name;
    let mut text = match request {
        Request::Lines(lines) => {
            let of = if lines.components.is_empty() {
                String::new()
            } else {
                format!(" of {}", lines.components.join(", "))
            };
            let fields: Vec<String> = lines.test.fields().iter().map(ToString::to_string).collect();
            let with = if fields.is_empty() { String::new() } else { format!("with {}", fields.join(", ")) };
            let test = match lines.test.of_text() {
                Some(LineTest::Regex(regex)) => format!("matching /{regex}/ {with}"),
                Some(LineTest::Contains(text)) => format!("containing `{text}` {with}"),
                Some(LineTest::Fields { .. }) | None => with,
            };
            let test = test.trim_end();
            let sums = if lines.sums.is_empty() {
                String::new()
            } else {
                format!(", with the sums of {}", lines.sums.join(", "))
            };
            let bins = duration_text(lines.bin);
            format!("lines in {table}{of} {test}{sums}, in bins of {bins}{}", instants_text(lines.instants))
        }
        Request::Series(series) => {
            let steps: Vec<String> = series
                .steps
                .iter()
                .map(|step| {
                    let column = step.column.as_ref().map_or("value".to_owned(), ToString::to_string);
                    let by: Vec<&str> = step.by.iter().map(|(name, _)| name.as_str()).collect();
                    let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ")) };
                    let every = step.every.map_or(String::new(), |every| format!(" every {}", duration_text(every)));
                    format!("{} of {column}{by}{every}", aggregate(&step.aggregate))
                })
                .collect();
            format!("series of {} in {table}: {}", request.metrics().join(", "), steps.join(", then "))
        }
        Request::Properties(properties) => {
            let names: Vec<&str> = properties.names.iter().map(|(name, _)| name.as_str()).collect();
            format!("the latest {} of {} in {table}", names.join(", "), request.metrics().join(", "))
        }
        Request::Inventory(inventory) => {
            let what = inventory.metric.as_ref().map_or("any row".to_owned(), |(metric, _)| metric.clone());
            format!("heartbeats in {table}: {what}, in bins of {}", duration_text(inventory.every))
        }
        Request::Rows(rows) => {
            format!("rows in {table}, in bins of {}{}", duration_text(rows.bin), instants_text(rows.instants))
        }
        Request::Unmatched(unmatched) => format!(
            "error lines in {table} that match none of {} regexes and texts, the {} most frequent templates",
            unmatched.known.len(),
            unmatched.most
        ),
        Request::Query(query) => {
            let tables: Vec<&str> = request.tables().map(|table| table.name.as_str()).collect();
            let names: Vec<&str> = query.parameters.iter().map(|(name, _)| name.as_str()).collect();
            let of = if names.is_empty() { String::new() } else { format!(", with {}", names.join(", ")) };
            format!("the result of a KQL query over {}{of}", tables.join(", "))
        }
    };
    let Reading { filter, keys, .. } = request.reading();
    if !filter.is_empty() {
        let names: Vec<&str> = filter.iter().map(|condition| condition.name.as_str()).collect();
        text.push_str(&format!(", filtered by {}", names.join(", ")));
    }
    if !keys.is_empty() {
        text.push_str(&format!(", per {}", keys.join(" and ")));
    }
    text
}

fn aggregate(aggregate: &Aggregate) -> String {
    match aggregate {
        Aggregate::Max => "max".to_owned(),
        Aggregate::Min => "min".to_owned(),
        Aggregate::Avg => "avg".to_owned(),
        Aggregate::Sum => "sum".to_owned(),
        Aggregate::Count => "count".to_owned(),
        Aggregate::Dcount => "dcount".to_owned(),
        Aggregate::Percentile(rank) => format!("p{rank}"),
        Aggregate::Last => "last".to_owned(),
        Aggregate::Increase => "increase".to_owned(),
        Aggregate::Turns => "turns".to_owned(),
    }
}

/// The instants that a request asks for, in words.
fn instants_text(instants: Instants) -> String {
    match instants {
        Instants::None => String::new(),
        Instants::Ends(ends) => format!(" with the first and last {ends} instants"),
        Instants::All => " with all instants".to_owned(),
    }
}
