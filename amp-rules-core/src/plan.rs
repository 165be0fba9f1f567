//! Everything that will be read, known beforehand.
//!
//! Input: a [`RuleSet`] and a [`Scope`]. Output: a [`Plan`]: distinct [`Request`]s in a stable order, and which symptom
//! needs which. Two symptoms that need the same lines share a request. Nothing here reads the clock or telemetry.

mod scope;

pub use self::scope::{Scope, UserReport};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::rules::model::query::{Origin, Query, QueryParameter};
use crate::rules::model::{Flow, LogLines, SeriesSpec, Setting, Step, SymptomKind};
use crate::rules::rule_set::{RuleSet, RuleSymptom};
use crate::telemetry::predicate::{Aggregate, Condition};
use crate::telemetry::request::{
    BinnedStep, InventoryRequest, KnownLines, LinesRequest, ParameterValue, PropertiesRequest, QueryRequest, Reading,
    Request, RowsRequest, SeriesRequest, UnmatchedRequest,
};
use crate::telemetry::schema::{ColumnType, EntityKind, Schema, Table};
use crate::time::{Time, Window};
use crate::unit::Quantity;

/// The width of a bin where the rule says nothing.
pub const DEFAULT_BIN: Duration = Duration::from_secs(300);

/// The narrowest bin that a rule can ask for.
const NARROWEST_BIN: Duration = Duration::from_secs(60);

/// From this width on, bins end at the watermark: "a day" is the last 24 hours, not a calendar day.
const DAY: Duration = Duration::from_secs(86_400);

/// How many kinds of error lines that no pattern knows are told.
const MOST_TEMPLATES: usize = 20;

/// Which part of a symptom a request serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The symptom itself; the numerator of a ratio.
    Main,
    /// The denominator of a ratio.
    Denominator,
    /// The sibling whose presence makes an absent counter 0.
    Sibling,
}

/// What asks for a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// A symptom, by its index in the rule set.
    Symptom(usize, Part),
    /// A heartbeat: table, metric, cadence in ticks.
    Heartbeat(String, Option<String>, i64),
    /// Error lines of a table that no symptom matches.
    Unmatched(String),
}

/// What will be read, and why.
#[derive(Clone, Debug)]
pub struct Plan {
    digest: String,
    scope: Scope,
    settings: BTreeMap<String, Quantity>,
    watermark: Time,
    requests: Vec<Request>,
    needs: BTreeMap<Need, usize>,
}

/// Why a scope makes no sense for a rule set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A parameter that the pack does not have.
    #[error("unknown parameter `{name}`{}", guess.as_ref().map_or(String::new(), |guess| format!(": did you mean `{guess}`?")))]
    UnknownParameter {
        /// As given.
        name: String,
        /// What may be meant.
        guess: Option<String>,
    },
    /// A value that does not fit the parameter.
    #[error("parameter `{name}` cannot be `{text}`: expected {expected}")]
    WrongValue {
        /// The parameter.
        name: String,
        /// As given.
        text: String,
        /// What fits, in words.
        expected: String,
    },
    /// A window without length.
    #[error("the window is empty: {from} is not before {to}")]
    EmptyWindow {
        /// Its start.
        from: Time,
        /// Its end.
        to: Time,
    },
    /// A report of a pattern that is no complaint of the pack.
    #[error("cannot take `{pattern}` as reported: {why}")]
    BadReport {
        /// As given.
        pattern: String,
        /// Why not.
        why: String,
    },
    /// A subject key that no entity kind of the pack has.
    #[error("unknown subject key `{name}`: the pack knows {known}")]
    UnknownSubjectKey {
        /// As given.
        name: String,
        /// What the pack knows.
        known: String,
    },
}

impl Plan {
    /// The distinct requests, in a stable order.
    #[must_use]
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// The scope it was made for.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The digest of the rules it was made from.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Nothing younger than this counts as missing.
    #[must_use]
    pub fn watermark(&self) -> Time {
        self.watermark
    }

    /// The value of every parameter in this run.
    #[must_use]
    pub fn settings(&self) -> &BTreeMap<String, Quantity> {
        &self.settings
    }

    /// The position of the request that serves a need.
    #[must_use]
    pub fn request_for(&self, need: &Need) -> Option<usize> {
        self.needs.get(need).copied()
    }

    /// What asks for each request, in the order of the rule set.
    pub fn needs(&self) -> impl Iterator<Item = (&Need, usize)> {
        self.needs.iter().map(|(need, at)| (need, *at))
    }

    /// The value of a setting in this run; nothing for a parameter that the pack does not have.
    #[must_use]
    pub fn value(&self, setting: &Setting) -> Option<Quantity> {
        resolve(&self.settings, setting)
    }
}

fn resolve(settings: &BTreeMap<String, Quantity>, setting: &Setting) -> Option<Quantity> {
    match setting {
        Setting::Literal(quantity) => Some(*quantity),
        Setting::Parameter(name) => settings.get(name).copied(),
    }
}

/// Plans what a rule set has to read for a scope.
///
/// # Errors
///
/// Every [`PlanError`] of the scope at once: unknown parameters or values, an empty window, reports that make no sense.
pub fn plan(rules: &RuleSet, scope: &Scope) -> Result<Plan, Vec<PlanError>> {
    let mut errors = Vec::new();
    let settings = settings(rules, scope, &mut errors);
    check_scope(rules, scope, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let watermark = scope.window.to.saturating_sub(rules.schema.defaults.ingestion_delay).max(scope.window.from);
    let mut planner = Planner {
        rules,
        scope,
        settings,
        watermark,
        requests: Vec::new(),
        places: BTreeMap::new(),
        needs: BTreeMap::new(),
    };
    for index in 0..rules.symptoms.len() {
        planner.symptom(index);
    }
    planner.heartbeats();
    planner.unmatched();
    let Planner { settings, requests, needs, .. } = planner;
    Ok(Plan { digest: rules.digest.clone(), scope: scope.clone(), settings, watermark, requests, needs })
}

fn settings(rules: &RuleSet, scope: &Scope, errors: &mut Vec<PlanError>) -> BTreeMap<String, Quantity> {
    let mut settings: BTreeMap<String, Quantity> =
        rules.parameters.iter().map(|(name, parameter)| (name.clone(), parameter.value)).collect();
    for (name, text) in &scope.set {
        let Some(known) = settings.get_mut(name) else {
            let guess = crate::suggest::nearest(name, rules.parameters.keys().map(String::as_str)).map(str::to_owned);
            errors.push(PlanError::UnknownParameter { name: name.clone(), guess });
            continue;
        };
        match Quantity::parse(text) {
            Some(quantity) if quantity.unit.fits(&known.unit) => *known = quantity,
            _ => errors.push(PlanError::WrongValue {
                name: name.clone(),
                text: text.clone(),
                expected: format!("a quantity in {}", known.unit),
            }),
        }
    }
    settings
}

fn check_scope(rules: &RuleSet, scope: &Scope, errors: &mut Vec<PlanError>) {
    if scope.window.from >= scope.window.to {
        errors.push(PlanError::EmptyWindow { from: scope.window.from, to: scope.window.to });
    }
    let known: std::collections::BTreeSet<&str> =
        rules.schema.entities.iter().flat_map(|kind| kind.keys.iter().map(String::as_str)).collect();
    for name in scope.subject.keys() {
        if !known.contains(name.as_str()) {
            let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            errors.push(PlanError::UnknownSubjectKey { name: name.clone(), known });
        }
    }
    for report in &scope.reported {
        let bad = |why: String| PlanError::BadReport { pattern: report.pattern.clone(), why };
        match rules.pattern_index(&report.pattern).and_then(|index| rules.patterns.get(index)) {
            None => {
                let guess = crate::suggest::nearest(
                    &report.pattern,
                    rules.patterns.iter().map(|pattern| pattern.pattern.id.as_str()),
                );
                let hint = guess.map_or(String::new(), |guess| format!("; did you mean `{guess}`?"));
                errors.push(bad(format!("no pattern has this id{hint}")));
            }
            Some(pattern) if pattern.pattern.class != crate::rules::model::Class::Complaint => {
                errors.push(bad("only a pattern of class `complaint` can be reported".to_owned()));
            }
            Some(_) => {}
        }
        for (key, value) in &report.entity {
            if !known.contains(key.as_str()) {
                errors.push(bad(format!("`{key}` is no entity key of the pack")));
            }
            // Resource ids compare without case wherever they stand, so a report may spell the subject as it likes.
            if let Some(own) = scope.subject.get(key).filter(|own| !own.eq_ignore_ascii_case(value)) {
                errors.push(bad(format!("it is about `{key}` {value}, and this run about {own}")));
            }
        }
    }
}

struct Planner<'a> {
    rules: &'a RuleSet,
    scope: &'a Scope,
    settings: BTreeMap<String, Quantity>,
    watermark: Time,
    requests: Vec<Request>,
    /// Where requests of one fingerprint stand.
    places: BTreeMap<String, Vec<usize>>,
    needs: BTreeMap<Need, usize>,
}

impl Planner<'_> {
    fn ask(&mut self, need: Need, request: Request) {
        let alike = self.places.entry(fingerprint(&request)).or_default();
        let known = alike.iter().copied().find(|at| self.requests.get(*at) == Some(&request));
        let at = known.unwrap_or(self.requests.len());
        if known.is_none() {
            alike.push(at);
            self.requests.push(request);
        }
        self.needs.insert(need, at);
    }

    fn schema(&self) -> &Schema {
        &self.rules.schema
    }

    fn duration(&self, setting: &Setting) -> Option<Duration> {
        resolve(&self.settings, setting).and_then(|quantity| quantity.duration())
    }

    fn symptom(&mut self, index: usize) {
        let Some(symptom) = self.rules.symptoms.get(index) else { return };
        let bin = self.bin(symptom);
        let per = symptom.symptom.per.clone();
        let main = Need::Symptom(index, Part::Main);
        match &symptom.symptom.kind {
            SymptomKind::Log { lines, .. } => self.lines(main, lines, &per, bin),
            SymptomKind::Event { table, filter, keys, .. } => {
                if let Some(reading) = self.reading(table, filter, &per) {
                    self.ask(main, Request::Rows(RowsRequest { reading, sources: keys.clone(), bin }));
                }
            }
            SymptomKind::Metric { series, .. } => {
                self.series(main, series, &per);
                self.sibling(index, series, &per);
            }
            SymptomKind::Ratio { of, to, .. } => {
                self.series(main, of, &per);
                self.sibling(index, of, &per);
                self.series(Need::Symptom(index, Part::Denominator), to, &per);
            }
            SymptomKind::Property { table, metrics, names, filter, .. } => {
                if let Some(reading) = self.reading(table, filter, &per) {
                    let metrics = spelled(&reading.table, metrics);
                    self.ask(main, Request::Properties(PropertiesRequest { reading, metrics, names: names.clone() }));
                }
            }
            SymptomKind::Absent { of, .. } => match of.as_ref() {
                SymptomKind::Log { lines, .. } => self.lines(main, lines, &per, bin),
                SymptomKind::Metric { series, .. } => self.series(main, series, &per),
                _ => {}
            },
            SymptomKind::Drop { flow, every, .. } | SymptomKind::Ceases { flow, every } => {
                self.flow(main, flow, *every, &per)
            }
            // Counting again within another time needs the same lines in other bins.
            SymptomKind::Repeats { .. } => {
                let watched = symptom
                    .watches
                    .and_then(|at| self.rules.symptoms.get(at))
                    .map(|watched| watched.symptom.kind.clone());
                match watched {
                    Some(SymptomKind::Log { lines, .. }) => self.lines(main, &lines, &per, bin),
                    Some(SymptomKind::Event { table, filter, keys, .. }) => {
                        if let Some(reading) = self.reading(&table, &filter, &per) {
                            self.ask(main, Request::Rows(RowsRequest { reading, sources: keys, bin }));
                        }
                    }
                    _ => {}
                }
            }
            SymptomKind::Query { query, .. } => self.query(main, query, &per),
            SymptomKind::Persists { .. } => {}
        }
    }

    /// The width of a counting symptom's bins: a third of the time it counts within, a minute where starts matter.
    fn bin(&self, symptom: &RuleSymptom) -> Duration {
        if symptom.symptom.startup_grace.is_some() {
            return NARROWEST_BIN;
        }
        let within = match &symptom.symptom.kind {
            SymptomKind::Log { within, .. } | SymptomKind::Event { within, .. } => within.as_ref(),
            SymptomKind::Repeats { within, .. } => Some(within),
            SymptomKind::Absent { lasting, .. } => Some(lasting),
            _ => None,
        };
        within.and_then(|within| self.duration(within)).map_or(DEFAULT_BIN, counting_bin)
    }

    fn keys_of(&self, per: &str) -> Vec<String> {
        let keys = self.schema().entity(per).map(|kind| kind.keys.clone()).unwrap_or_default();
        keys.into_iter().filter(|key| !self.scope.subject.contains_key(key)).collect()
    }

    fn reading(&self, table: &str, filter: &[Condition], per: &str) -> Option<Reading> {
        Some(Reading {
            table: Arc::clone(self.schema().tables.get(table)?),
            subject: self.scope.subject.clone(),
            window: self.scope.window,
            filter: filter.to_vec(),
            keys: self.keys_of(per),
        })
    }

    fn lines(&mut self, need: Need, lines: &LogLines, per: &str, bin: Duration) {
        let Some(reading) = self.reading(&lines.table, &lines.filter, per) else { return };
        let request = LinesRequest {
            reading,
            components: lines.components.clone(),
            test: lines.test.clone(),
            see: lines.see,
            sources: lines.keys.clone(),
            sums: lines.sums.clone(),
            bin,
        };
        self.ask(need, Request::Lines(request));
    }

    fn series(&mut self, need: Need, spec: &SeriesSpec, per: &str) {
        let Some(reading) = self.reading(&spec.table, &spec.filter, per) else { return };
        let steps = binned(&spec.steps, &reading.table, self.watermark);
        let metrics = spelled(&reading.table, &spec.metrics);
        self.ask(need, Request::Series(SeriesRequest { reading, metrics, value: spec.value.clone(), steps }));
    }

    fn sibling(&mut self, index: usize, spec: &SeriesSpec, per: &str) {
        let Some(sibling) = &spec.zero_if_present else { return };
        // Any sample of the sibling shows that the counter would have been sent: the filter is the counter's own.
        let counted = SeriesSpec {
            metrics: vec![sibling.clone()],
            filter: Vec::new(),
            value: None,
            zero_if_present: None,
            steps: vec![Step { aggregate: Aggregate::Count, column: None, by: Vec::new(), every: None }],
            ..spec.clone()
        };
        self.series(Need::Symptom(index, Part::Sibling), &counted, per);
    }

    fn flow(&mut self, need: Need, flow: &Flow, every: Duration, per: &str) {
        match flow {
            Flow::Rows { table, filter } => {
                if let Some(reading) = self.reading(table, filter, per) {
                    self.ask(need, Request::Rows(RowsRequest { reading, sources: BTreeMap::new(), bin: every }));
                }
            }
            Flow::Series(spec) => self.series(need, spec, per),
        }
    }

    /// A query, unless one of its parameters has no value in this run: it is then known that it cannot be asked.
    fn query(&mut self, need: Need, query: &Query, per: &str) {
        let Some(parameters) = bind(&query.parameters, self.scope, &self.settings) else { return };
        let mut tables = query.tables.iter();
        let Some(reading) = tables.next().and_then(|table| self.reading(table, &[], per)) else { return };
        let mut others: Vec<Arc<Table>> =
            tables.filter_map(|table| self.schema().tables.get(table)).map(Arc::clone).collect();
        others.sort_by(|one, other| one.name.cmp(&other.name));
        self.ask(need, Request::Query(QueryRequest { reading, others, text: query.text.clone(), parameters }));
    }

    /// One inventory request per distinct heartbeat of the tables that symptoms read.
    fn heartbeats(&mut self) {
        let read: std::collections::BTreeSet<String> =
            self.requests.iter().flat_map(Request::tables).map(|table| table.name.clone()).collect();
        let beats: std::collections::BTreeSet<(String, Option<String>, Duration)> = read
            .iter()
            .filter_map(|table| self.schema().tables.get(table))
            .flat_map(|table| table.heartbeats.iter().map(|beat| (beat.table.clone(), beat.metric.clone(), beat.every)))
            .collect();
        for (table, metric, every) in beats {
            let Some(found) = self.schema().tables.get(&table).cloned() else { continue };
            let Some(kind) = leaf_kind(self.schema(), &found) else { continue };
            let name = kind.name.clone();
            let Some(reading) = self.reading(&table, &[], &name) else { continue };
            let request = InventoryRequest {
                reading,
                metric: metric.as_ref().map(|metric| (metric.clone(), found.spellings(metric))),
                every,
                attributes: found.attributes.iter().map(|(name, path)| (name.clone(), path.clone())).collect(),
                restart_marker: found.restart_marker.clone().filter(|_| metric.is_none()),
            };
            self.ask(Need::Heartbeat(table, metric, crate::time::ticks_of(every)), Request::Inventory(request));
        }
    }

    /// One request per table whose lines symptoms read and that says what an error is.
    fn unmatched(&mut self) {
        let read: std::collections::BTreeSet<String> = self
            .requests
            .iter()
            .filter(|request| matches!(request, Request::Lines(_)))
            .map(|request| request.reading().table.name.clone())
            .collect();
        for name in read {
            let Some(table) = self.schema().tables.get(&name).filter(|table| table.errors.is_some()) else { continue };
            let per = leaf_kind(self.schema(), table).map_or_else(String::new, |kind| kind.name.clone());
            let all = self.rules.symptoms.iter().filter_map(|symptom| lines_of(&symptom.symptom.kind));
            let known: std::collections::BTreeSet<KnownLines> = all
                .filter(|lines| lines.table == name)
                .map(|lines| KnownLines {
                    components: lines.components.clone(),
                    test: lines.test.clone(),
                    see: lines.see,
                })
                .collect();
            let Some(reading) = self.reading(&name, &[], &per) else { continue };
            let request = UnmatchedRequest { reading, known: known.into_iter().collect(), most: MOST_TEMPLATES };
            self.ask(Need::Unmatched(name), Request::Unmatched(request));
        }
    }
}

/// The lines that a symptom matches.
fn lines_of(kind: &SymptomKind) -> Option<&LogLines> {
    match kind {
        SymptomKind::Log { lines, .. } => Some(lines),
        SymptomKind::Absent { of, .. } => lines_of(of),
        _ => None,
    }
}

/// The values of a query's parameters in a run; `None` where one has none, such as a key that the subject lacks.
///
/// `settings` are the values of the pack's parameters, as [`Plan::settings`] holds them.
#[must_use]
pub fn bind(
    parameters: &[QueryParameter],
    scope: &Scope,
    settings: &BTreeMap<String, Quantity>,
) -> Option<Vec<(String, ParameterValue)>> {
    let value = |parameter: &QueryParameter| {
        Some(match &parameter.origin {
            Origin::Subject(key) => ParameterValue::Text(scope.subject.get(key)?.clone()),
            Origin::From => ParameterValue::Time(scope.window.from),
            Origin::To => ParameterValue::Time(scope.window.to),
            Origin::Setting(name) => {
                let quantity = settings.get(name)?;
                match (parameter.kind, quantity.duration()) {
                    (ColumnType::TimeSpan, Some(duration)) => ParameterValue::Duration(duration),
                    _ => ParameterValue::Number(quantity.in_base()),
                }
            }
        })
    };
    parameters.iter().map(|parameter| Some((parameter.name.clone(), value(parameter)?))).collect()
}

/// The finest entity kind whose keys all stand in every row of a table.
#[must_use]
pub fn leaf_kind<'a>(schema: &'a Schema, table: &Table) -> Option<&'a EntityKind> {
    let known = |kind: &&EntityKind| kind.keys.iter().all(|key| table.keys.contains_key(key));
    schema.entities.iter().filter(known).fold(None, |best: Option<&EntityKind>, kind| match best {
        Some(best) if best.keys.len() >= kind.keys.len() => Some(best),
        _ => Some(kind),
    })
}

/// The bins on which `at_least n within d` is judged: a third of d, at least a minute.
#[must_use]
pub fn counting_bin(within: Duration) -> Duration {
    (within / 3).max(NARROWEST_BIN)
}

/// How many of the steps a source takes: all up to the last that has bins, or all where none has.
#[must_use]
pub fn source_steps(steps: &[Step]) -> usize {
    steps.iter().rposition(|step| step.every.is_some()).map_or(steps.len(), |at| at + 1)
}

/// What tells most requests apart, so that equal ones are found without comparing each with each.
fn fingerprint(request: &Request) -> String {
    let reading = request.reading();
    let own = match request {
        Request::Lines(lines) => format!("{:?} {:?} {:?}", lines.test, lines.components, lines.bin),
        Request::Rows(rows) => format!("{:?}", rows.bin),
        Request::Series(series) => format!("{:?} {:?}", series.metrics, series.steps),
        Request::Properties(properties) => format!("{:?} {:?}", properties.metrics, properties.names),
        Request::Inventory(inventory) => format!("{:?} {:?}", inventory.metric, inventory.every),
        Request::Unmatched(_) => String::new(),
        Request::Query(query) => query.text.clone(),
    };
    format!("{} {} {:?} {:?} {own}", request.kind(), reading.table.name, reading.keys, reading.filter)
}

fn binned(steps: &[Step], table: &Table, watermark: Time) -> Vec<BinnedStep> {
    steps
        .iter()
        .take(source_steps(steps))
        .map(|step| BinnedStep {
            aggregate: step.aggregate,
            column: step.column.as_ref().and_then(|column| table.resolve(column)),
            by: step
                .by
                .iter()
                .map(|name| if name == "name" { (name.clone(), None) } else { (name.clone(), table.resolve(name)) })
                .collect(),
            every: step.every,
            ending_at: step.every.filter(|every| *every >= DAY).map(|_| watermark),
        })
        .collect()
}

fn spelled(table: &Table, metrics: &[String]) -> Vec<(String, Vec<String>)> {
    metrics.iter().map(|metric| (metric.clone(), table.spellings(metric))).collect()
}

/// The window of a run: `length` back from `now`.
#[must_use]
pub fn window_back(now: Time, length: Duration) -> Window {
    Window { from: now.saturating_sub(length), to: now }
}
