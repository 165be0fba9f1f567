//! From a rule set and a scope to the requests of a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::bins::{DEFAULT_BIN, NARROWEST_BIN, binned, counting_bin};
use super::check;
use super::error::PlanErrors;
use super::key::RequestKey;
use super::need::{Need, Part};
use super::parameters::bind;
use super::requests::{Plan, resolve};
use super::scope::Scope;
use crate::rules::model::query::Query;
use crate::rules::model::{Class, Flow, LogLines, SeriesSpec, Setting, Step, SymptomKind};
use crate::rules::rule_set::{RuleSet, RuleSymptom};
use crate::telemetry::predicate::{Aggregate, Condition};
use crate::telemetry::request::{
    Instants, InventoryRequest, KnownLines, LinesRequest, PropertiesRequest, QueryRequest, Reading, Request,
    RowsRequest, SeriesRequest, UnmatchedRequest,
};
use crate::telemetry::schema::{EntityKind, Schema, Table};
use crate::time::{Time, ticks_of};
use crate::unit::Quantity;

/// How many templates of unmatched error lines are requested per table.
const MOST_TEMPLATES: usize = 50;

/// Plans what a rule set has to read for a scope.
///
/// # Errors
///
/// Every problem of the scope at once: unknown parameters or values that do not fit, an empty window, unknown subject keys,
/// reports that do not fit the pack.
pub fn plan(rules: &RuleSet, scope: &Scope) -> Result<Plan, PlanErrors> {
    let mut errors = Vec::new();
    let settings = check::settings(rules, scope, &mut errors);
    check::scope(rules, scope, &mut errors);
    PlanErrors::check(errors)?;
    let delay = scope.ingestion_delay.unwrap_or(rules.schema.defaults.ingestion_delay);
    let watermark = scope.window.to.saturating_sub(delay).max(scope.window.from);
    let mut planner = Planner {
        rules,
        scope,
        settings,
        watermark,
        requests: Vec::new(),
        positions: BTreeMap::new(),
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

struct Planner<'a> {
    rules: &'a RuleSet,
    scope: &'a Scope,
    settings: BTreeMap<String, Quantity>,
    watermark: Time,
    requests: Vec<Request>,
    /// Positions of the requests with a key.
    positions: BTreeMap<RequestKey, Vec<usize>>,
    needs: BTreeMap<Need, usize>,
}

impl Planner<'_> {
    /// Adds a request, or reuses an equal one.
    fn request(&mut self, need: Need, request: Request) {
        let candidates = self.positions.entry(RequestKey::of(&request)).or_default();
        let known = candidates.iter().copied().find(|at| self.requests.get(*at) == Some(&request));
        let at = known.unwrap_or(self.requests.len());
        if known.is_none() {
            candidates.push(at);
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
            SymptomKind::Log { .. } | SymptomKind::Event { .. } => {
                let instants = self.instants(symptom, symptom);
                self.counts(main, &symptom.symptom.kind, &per, bin, instants);
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
                    self.request(
                        main,
                        Request::Properties(PropertiesRequest { reading, metrics, names: names.clone() }),
                    );
                }
            }
            SymptomKind::Absent { of, .. } => match of.as_ref() {
                SymptomKind::Log { .. } => self.counts(main, of, &per, bin, Instants::None),
                SymptomKind::Metric { series, .. } => self.series(main, series, &per),
                _ => {}
            },
            SymptomKind::Drop { flow, every, .. } | SymptomKind::Ceases { flow, every } => {
                self.flow(main, flow, *every, &per)
            }
            // The lines of the watched symptom, counted in bins of another width.
            SymptomKind::Repeats { .. } => {
                if let Some(watched) = symptom.watches.and_then(|at| self.rules.symptoms.get(at)) {
                    let instants = self.instants(symptom, watched);
                    self.counts(main, &watched.symptom.kind, &per, bin, instants);
                }
                if let Some(marker) = symptom.except_after.and_then(|at| self.rules.symptoms.get(at)) {
                    let need = Need::Symptom(index, Part::Marker);
                    self.counts(need, &marker.symptom.kind, &marker.symptom.per, DEFAULT_BIN, Instants::All);
                }
            }
            // The lines or rows of each step, at the entities of the sequence.
            SymptomKind::Sequence { .. } => {
                for (number, step) in (0..).zip(&symptom.steps) {
                    if let Some(step) = self.rules.symptoms.get(*step) {
                        let need = Need::Symptom(index, Part::Step(number));
                        self.counts(need, &step.symptom.kind, &per, DEFAULT_BIN, Instants::All);
                    }
                }
            }
            SymptomKind::Query { query, .. } => self.query(main, query, &per),
            SymptomKind::Persists { .. } => {}
        }
    }

    /// The width of a counting symptom's bins: a third of its `within`, or a minute if it has a startup grace.
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

    /// The instants that decide a symptom which counts the lines or rows of `counted`.
    fn instants(&self, symptom: &RuleSymptom, counted: &RuleSymptom) -> Instants {
        let (at_least, within, except_after) = match &symptom.symptom.kind {
            SymptomKind::Log { at_least, within: Some(within), .. }
            | SymptomKind::Event { at_least, within: Some(within), .. } => (Some(at_least), Some(within), false),
            SymptomKind::Repeats { at_least, within, except_after, .. } => {
                (Some(at_least), Some(within), except_after.is_some())
            }
            _ => (None, None, false),
        };
        if except_after || counted.symptom.apart.is_some() {
            return Instants::All;
        }
        let at_least =
            at_least.and_then(|number| resolve(&self.settings, number)).map_or(1.0, |number| number.in_base());
        match within {
            Some(_) if at_least > 1.0 && symptom.symptom.startup_grace.is_some() => Instants::All,
            // A run that reaches beyond a cell has less than `at_least` in it.
            Some(_) if at_least > 1.0 => Instants::Ends((at_least.ceil() - 1.0).min(f64::from(u32::MAX)) as u32),
            _ => Instants::None,
        }
    }

    /// The lines or rows of a symptom that counts.
    fn counts(&mut self, need: Need, kind: &SymptomKind, per: &str, bin: Duration, instants: Instants) {
        match kind {
            SymptomKind::Log { lines, .. } => self.lines(need, lines, per, bin, instants),
            SymptomKind::Event { table, filter, keys, .. } => {
                if let Some(reading) = self.reading(table, filter, per) {
                    self.request(need, Request::Rows(RowsRequest { reading, sources: keys.clone(), bin, instants }));
                }
            }
            _ => {}
        }
    }

    fn lines(&mut self, need: Need, lines: &LogLines, per: &str, bin: Duration, instants: Instants) {
        let Some(reading) = self.reading(&lines.table, &lines.filter, per) else { return };
        let request = LinesRequest {
            reading,
            components: lines.components.clone(),
            test: lines.test.clone(),
            see: lines.see,
            sources: lines.keys.clone(),
            sums: lines.sums.clone(),
            bin,
            instants,
        };
        self.request(need, Request::Lines(request));
    }

    fn series(&mut self, need: Need, spec: &SeriesSpec, per: &str) {
        let Some(reading) = self.reading(&spec.table, &spec.filter, per) else { return };
        let steps = binned(&spec.steps, &reading.table, self.watermark);
        let metrics = spelled(&reading.table, &spec.metrics);
        self.request(need, Request::Series(SeriesRequest { reading, metrics, value: spec.value.clone(), steps }));
    }

    fn sibling(&mut self, index: usize, spec: &SeriesSpec, per: &str) {
        let Some(sibling) = &spec.zero_if_present else { return };
        // Any sample of the sibling shows that the counter would have been sent, so the counter's filter does not apply.
        let counted = SeriesSpec {
            metrics: vec![sibling.clone()],
            filter: Vec::new(),
            value: None,
            zero_if_present: None,
            living: None,
            steps: vec![Step { aggregate: Aggregate::Count, column: None, by: Vec::new(), every: None }],
            ..spec.clone()
        };
        self.series(Need::Symptom(index, Part::Sibling), &counted, per);
    }

    fn flow(&mut self, need: Need, flow: &Flow, every: Duration, per: &str) {
        match flow {
            Flow::Rows { table, filter } => {
                if let Some(reading) = self.reading(table, filter, per) {
                    self.request(
                        need,
                        Request::Rows(RowsRequest {
                            reading,
                            sources: BTreeMap::new(),
                            bin: every,
                            instants: Instants::None,
                        }),
                    );
                }
            }
            Flow::Series(spec) => self.series(need, spec, per),
        }
    }

    /// A query, unless one of its parameters has no value in this run; the symptom is then unknown.
    fn query(&mut self, need: Need, query: &Query, per: &str) {
        let Some(parameters) = bind(&query.parameters, self.scope, &self.settings) else { return };
        let mut tables = query.tables.iter();
        let Some(reading) = tables.next().and_then(|table| self.reading(table, &[], per)) else { return };
        let mut others: Vec<Arc<Table>> =
            tables.filter_map(|table| self.schema().tables.get(table)).map(Arc::clone).collect();
        others.sort_by(|one, other| one.name.cmp(&other.name));
        self.request(need, Request::Query(QueryRequest { reading, others, text: query.text.clone(), parameters }));
    }

    /// One inventory request per distinct heartbeat of the tables that symptoms read.
    fn heartbeats(&mut self) {
        let read: BTreeSet<String> =
            self.requests.iter().flat_map(Request::tables).map(|table| table.name.clone()).collect();
        let heartbeats: BTreeSet<(String, Option<String>, Duration)> = read
            .iter()
            .filter_map(|table| self.schema().tables.get(table))
            .flat_map(|table| table.heartbeats.iter().map(|one| (one.table.clone(), one.metric.clone(), one.every)))
            .collect();
        for (table, metric, every) in heartbeats {
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
            self.request(Need::Heartbeat(table, metric, ticks_of(every)), Request::Inventory(request));
        }
    }

    /// One request per table whose lines symptoms read and that defines what an error line is. A symptom that matches lines
    /// without knowing their cause does not make them known: one that catches all, or that of an impact.
    fn unmatched(&mut self) {
        let read: BTreeSet<String> = self
            .requests
            .iter()
            .filter(|request| matches!(request, Request::Lines(_)))
            .map(|request| request.reading().table.name.clone())
            .collect();
        for name in read {
            let Some(table) = self.schema().tables.get(&name).filter(|table| table.errors.is_some()) else { continue };
            let per = leaf_kind(self.schema(), table).map_or_else(String::new, |kind| kind.name.clone());
            let is_impact = |symptom: &RuleSymptom| {
                let rule = self.rules.patterns.get(symptom.pattern);
                rule.is_some_and(|rule| rule.pattern.class == Class::Impact)
            };
            let knowing = self.rules.symptoms.iter().filter(|one| !one.symptom.catch_all && !is_impact(one));
            let all = knowing.filter_map(|symptom| lines_of(&symptom.symptom.kind));
            let known: BTreeSet<KnownLines> = all
                .filter(|lines| lines.table == name)
                .map(|lines| KnownLines {
                    components: lines.components.clone(),
                    test: lines.test.clone(),
                    see: lines.see,
                })
                .collect();
            let Some(reading) = self.reading(&name, &[], &per) else { continue };
            let request = UnmatchedRequest { reading, known: known.into_iter().collect(), most: MOST_TEMPLATES };
            self.request(Need::Unmatched(name), Request::Unmatched(request));
        }
    }
}

/// The lines that a symptom reads.
fn lines_of(kind: &SymptomKind) -> Option<&LogLines> {
    match kind {
        SymptomKind::Log { lines, .. } => Some(lines),
        SymptomKind::Absent { of, .. } => lines_of(of),
        _ => None,
    }
}

/// The finest entity kind whose keys the table all has; the first of equally fine ones.
pub(crate) fn leaf_kind<'a>(schema: &'a Schema, table: &Table) -> Option<&'a EntityKind> {
    let known = |kind: &&EntityKind| kind.keys.iter().all(|key| table.keys.contains_key(key));
    schema.entities.iter().filter(known).fold(None, |best: Option<&EntityKind>, kind| match best {
        Some(best) if best.keys.len() >= kind.keys.len() => Some(best),
        _ => Some(kind),
    })
}

fn spelled(table: &Table, metrics: &[String]) -> Vec<(String, Vec<String>)> {
    metrics.iter().map(|metric| (metric.clone(), table.spellings(metric))).collect()
}
