//! The incidents of the pack through lowered queries: few requests, and the same diagnosis as from rows.
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use amp_rules_core::RuleSet;
use amp_rules_core::report;
use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::source::data::Completeness;
use amp_rules_core::telemetry::source::declared::Declared;
use amp_rules_core::telemetry::source::{Answer, Capabilities, SourceError, SourceErrorKind, TelemetrySource};
use amp_rules_fixtures::query::QueryRequest;
use amp_rules_fixtures::{FixtureSource, cases};
use amp_rules_kql::lower::{Dialect, Lowered, MAX_QUERY_BYTES, lower};
use async_trait::async_trait;

use crate::support::{file_name, pack_incidents, pack_rules};

/// The maximum number of queries of a diagnosis, without queries that patterns contain.
const MAX_REQUESTS: usize = 4;

/// A folder that answers only KQL queries.
#[derive(Debug)]
struct Service<'r> {
    folder: FixtureSource,
    declared: Declared,
    rules: &'r RuleSet,
    /// The queries that ran: the length in bytes, and whether it is a query of a pattern.
    queries: Mutex<Vec<(usize, bool)>>,
}

impl<'r> Service<'r> {
    fn open(folder: &Path, rules: &'r RuleSet) -> Self {
        let folder = FixtureSource::open(folder, &rules.schema).unwrap();
        let mut declared = folder.incident().unwrap().tables.to_source_declarations();
        for table in folder.tables() {
            declared.table(table);
        }
        Self { folder, declared, rules, queries: Mutex::new(Vec::new()) }
    }

    fn run(&self, lowered: &Lowered, requests: &[Request]) -> Vec<(usize, Result<Answer, SourceError>)> {
        let own = lowered.positions.iter().any(|at| matches!(requests[*at], Request::Query(_)));
        let started = Instant::now();
        self.queries.lock().unwrap().push((lowered.kql.len(), own));
        let request = QueryRequest {
            text: &lowered.kql,
            parameters: &[],
            window: None,
            subject: &BTreeMap::new(),
            now: lowered.window.to,
        };
        match self.folder.query(&self.rules.schema, &request) {
            Ok(output) => {
                let _ = writeln!(
                    std::io::stderr(),
                    "  {} bytes: {} rows in {:?}",
                    lowered.kql.len(),
                    output.table.rows.len(),
                    started.elapsed()
                );
                lowered.answers(&output.table)
            }
            Err(error) => {
                let error =
                    || SourceError::new(SourceErrorKind::Other, "run a query", format!("{error}\n{}", lowered.kql));
                lowered.positions.iter().map(|at| (*at, Err(error()))).collect()
            }
        }
    }
}

#[async_trait]
impl TelemetrySource for Service<'_> {
    fn capabilities(&self) -> Capabilities {
        Capabilities::all().rounding_sums()
    }

    async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        let mut answers: Vec<Option<Result<Answer, SourceError>>> =
            requests.iter().map(|request| self.declared.refusal(request).map(Err)).collect();
        let positions: Vec<usize> = (0..requests.len()).filter(|at| answers[*at].is_none()).collect();
        let accepted: Vec<Request> = positions.iter().map(|at| requests[*at].clone()).collect();
        for lowered in lower(&accepted, &Dialect::new()) {
            for (at, answer) in self.run(&lowered, &accepted) {
                let with_gaps = |mut answer: Answer| {
                    let mut gaps = match answer.completeness {
                        Completeness::Complete => Vec::new(),
                        Completeness::Partial(gaps) => gaps,
                    };
                    gaps.extend(self.declared.gaps(&accepted[at]));
                    gaps.sort();
                    answer.completeness =
                        if gaps.is_empty() { Completeness::Complete } else { Completeness::Partial(gaps) };
                    answer
                };
                answers[positions[at]] = Some(answer.map(with_gaps));
            }
        }
        answers.into_iter().map(Option::unwrap).collect()
    }
}

/// The report without generated ids of rows, which differ between sources.
fn normalized(report: &str) -> String {
    let mut out = String::new();
    for (at, part) in report.split('"').enumerate() {
        if at > 0 {
            out.push('"');
        }
        let is_hash = part.len() >= 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        out.push_str(if is_hash { "hash" } else { part });
    }
    out
}

#[test]
fn every_incident_has_the_same_diagnosis_through_lowered_queries() {
    let rules = pack_rules();
    for folder in pack_incidents() {
        let name = file_name(&folder);
        let service = Service::open(&folder, &rules);
        let scope = service.folder.incident().unwrap().scope();
        let want = report::json(&cases::diagnose(&rules, &scope, &service.folder).unwrap(), None);
        let started = Instant::now();
        let got = report::json(&cases::diagnose(&rules, &scope, &service).unwrap(), None);
        let queries = service.queries.lock().unwrap().clone();
        let _ = writeln!(std::io::stderr(), "{name}: {queries:?} in {:?}", started.elapsed());
        assert!(queries.iter().filter(|(_, own)| !own).count() <= MAX_REQUESTS, "{name}: {queries:?}");
        assert!(queries.iter().all(|(bytes, _)| *bytes <= MAX_QUERY_BYTES), "{name}: {queries:?}");
        let (want, got) = (normalized(&want), normalized(&got));
        if want != got {
            let differs = want.lines().zip(got.lines()).find(|(want, got)| want != got);
            assert_eq!(differs, None, "{name}: from rows (left) and from queries (right)");
        }
        assert_eq!(want, got, "{name}");
    }
}
