//! The incidents of the pack by way of lowered queries: few requests, and the very diagnosis that their rows give.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run has failed")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use amp_rules_core::report;
use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::source::data::Completeness;
use amp_rules_core::telemetry::source::declared::Declared;
use amp_rules_core::telemetry::source::{Answer, Capabilities, SourceError, SourceErrorKind, TelemetrySource};
use amp_rules_core::{RuleSet, compile};
use amp_rules_fixtures::query::Question;
use amp_rules_fixtures::{FixtureSource, cases, pack};
use amp_rules_kql::lower::{Dialect, LONGEST_TEXT, Lowered, lower};
use async_trait::async_trait;

/// Requests that a diagnosis may cost, authors' own queries left out.
const MOST_REQUESTS: usize = 4;

fn rules_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules")
}

/// A folder that is asked in KQL only.
#[derive(Debug)]
struct Service<'r> {
    folder: FixtureSource,
    declared: Declared,
    rules: &'r RuleSet,
    /// The queries that were asked: how many bytes each has, and whether it is an author's own.
    asked: Mutex<Vec<(usize, bool)>>,
}

impl<'r> Service<'r> {
    fn open(folder: &Path, rules: &'r RuleSet) -> Self {
        let folder = FixtureSource::open(folder, &rules.schema).unwrap();
        let mut declared = folder.incident().unwrap().tables.recorded();
        for table in folder.tables() {
            declared.table(table);
        }
        Self { folder, declared, rules, asked: Mutex::new(Vec::new()) }
    }

    fn ask(&self, lowered: &Lowered, requests: &[Request]) -> Vec<(usize, Result<Answer, SourceError>)> {
        let own = lowered.positions.iter().any(|at| matches!(requests[*at], Request::Query(_)));
        let begun = Instant::now();
        self.asked.lock().unwrap().push((lowered.kql.len(), own));
        let question = Question {
            text: &lowered.kql,
            parameters: &[],
            window: None,
            subject: &BTreeMap::new(),
            now: lowered.window.to,
        };
        match self.folder.query(&self.rules.schema, &question) {
            Ok(queried) => {
                let _ = writeln!(
                    std::io::stderr(),
                    "  {} bytes: {} rows in {:?}",
                    lowered.kql.len(),
                    queried.table.rows.len(),
                    begun.elapsed()
                );
                lowered.answers(&queried.table)
            }
            Err(error) => {
                let error = || SourceError::new(SourceErrorKind::Other, "ask", format!("{error}\n{}", lowered.kql));
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
        let asked: Vec<Request> = positions.iter().map(|at| requests[*at].clone()).collect();
        for lowered in lower(&asked, &Dialect::new()) {
            for (at, answer) in self.ask(&lowered, &asked) {
                let with_gaps = |mut answer: Answer| {
                    let mut gaps = match answer.completeness {
                        Completeness::Complete => Vec::new(),
                        Completeness::Partial(gaps) => gaps,
                    };
                    gaps.extend(self.declared.gaps(&asked[at]));
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

/// The report without the ids of rows that have none of their own, which each source makes as it likes.
fn told(report: &str) -> String {
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
    let files = pack::files(&rules_folder()).unwrap();
    let rules = compile(&files).unwrap();
    let folders = cases::incidents_below(&rules_folder().join("incidents"));
    assert!(folders.len() >= 7);
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let service = Service::open(&folder, &rules);
        let scope = service.folder.incident().unwrap().scope();
        let want = report::json(&cases::diagnose(&rules, &scope, &service.folder).unwrap(), None);
        let begun = Instant::now();
        let got = report::json(&cases::diagnose(&rules, &scope, &service).unwrap(), None);
        let asked = service.asked.lock().unwrap().clone();
        let _ = writeln!(std::io::stderr(), "{name}: {asked:?} in {:?}", begun.elapsed());
        assert!(asked.iter().filter(|(_, own)| !own).count() <= MOST_REQUESTS, "{name}: {asked:?}");
        assert!(asked.iter().all(|(bytes, _)| *bytes <= LONGEST_TEXT), "{name}: {asked:?}");
        let (want, got) = (told(&want), told(&got));
        if want != got {
            let differs = want.lines().zip(got.lines()).find(|(want, got)| want != got);
            assert_eq!(differs, None, "{name}: folded (left) and lowered (right)");
        }
        assert_eq!(want, got, "{name}");
    }
}
