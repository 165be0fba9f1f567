//! Tests of concurrent fetches, declared gaps, and requests that no service can answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::source::conformance::cases;
use amp_rules_core::telemetry::source::data::{Completeness, GapReason};
use amp_rules_core::telemetry::source::{SourceErrorKind, TelemetrySource};
use async_trait::async_trait;

use super::super::http::{HttpRequest, HttpResponse, Transport, TransportError};
use super::super::{FixedToken, Live, Service};

const RENAMED_COLUMNS: &str = r#"[{"name":"part","type":"long"},{"name":"entity","type":"string"},{"name":"at","type":"datetime"},{"name":"cells","type":"dynamic"}]"#;

/// Returns the same body for every query, and counts active calls.
#[derive(Debug)]
struct Counting {
    body: String,
    under_way: Arc<AtomicUsize>,
    most_bytes: Arc<AtomicUsize>,
    calls: Arc<AtomicUsize>,
}

#[async_trait]
impl Transport for Counting {
    async fn send(&self, outgoing: &HttpRequest) -> Result<HttpResponse, TransportError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let bytes = self.under_way.fetch_add(outgoing.body.len(), Ordering::SeqCst) + outgoing.body.len();
        self.most_bytes.fetch_max(bytes, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.under_way.fetch_sub(outgoing.body.len(), Ordering::SeqCst);
        Ok(HttpResponse { status: 200, body: self.body.clone().into_bytes(), ..HttpResponse::default() })
    }
}

struct Counted {
    live: Live,
    most_bytes: Arc<AtomicUsize>,
    calls: Arc<AtomicUsize>,
}

fn answering(rest: &str) -> Counted {
    let body = format!(r#"{{"tables":[{{"name":"PrimaryResult","columns":{RENAMED_COLUMNS},"rows":[]}}]{rest}}}"#);
    let counter = || Arc::new(AtomicUsize::new(0));
    let (under_way, most_bytes, calls) = (counter(), counter(), counter());
    let service = Service::app_insights("00000000-0000-0000-0000-00000000000a").unwrap();
    let live = Live::builder()
        .service(service.at("http://127.0.0.1:9").unwrap())
        .token_provider(Arc::new(FixedToken::new("s3cr3t")))
        .build_over(|_| {
            Ok(Box::new(Counting {
                body: body.clone(),
                under_way: under_way.clone(),
                most_bytes: most_bytes.clone(),
                calls: calls.clone(),
            }))
        })
        .unwrap();
    Counted { live, most_bytes, calls }
}

/// Returns a request for lines of `traces`.
fn lines() -> Request {
    cases().into_iter().flat_map(|case| case.requests).find(|one| matches!(one, Request::Lines(_))).unwrap()
}

#[tokio::test(start_paused = true)]
async fn concurrent_fetches_hold_few_query_texts_in_memory() {
    let counted = answering("");
    let requests = [lines()];
    let one = {
        counted.live.fetch(&requests).await;
        counted.most_bytes.load(Ordering::SeqCst)
    };
    let fetches = (0..10_000).map(|_| counted.live.fetch(&requests));
    let answers = futures::future::join_all(fetches).await;
    assert!(answers.iter().flatten().all(Result::is_ok));
    assert_eq!(counted.calls.load(Ordering::SeqCst), 10_001);
    assert_eq!(counted.most_bytes.load(Ordering::SeqCst), 5 * one);
}

async fn gaps(rest: &str) -> Vec<GapReason> {
    let mut answers = answering(rest).live.fetch(&[lines()]).await;
    let answer = answers.remove(0).unwrap();
    assert!(answer.request_id.is_some_and(|id| id.starts_with("amp-rules.")));
    match answer.completeness {
        Completeness::Complete => Vec::new(),
        Completeness::Partial(gaps) => gaps.into_iter().map(|gap| gap.reason).collect(),
    }
}

#[tokio::test(start_paused = true)]
async fn partial_failures_become_gaps() {
    let error =
        |code: &str| format!(r#","error":{{"code":"PartialError","details":[{{"code":"{code}","message":"m"}}]}}"#);
    assert_eq!(gaps("").await, []);
    assert_eq!(gaps(&error("E_QUERY_RESULT_SET_TOO_LARGE")).await, [GapReason::Truncated]);
    assert_eq!(gaps(&error("QueryTimeout")).await, [GapReason::Timeout]);
    assert_eq!(gaps(&error("E_OVERFLOW")).await, [GapReason::Other]);
    let part = r#","permissions":{"resources":[{"resourceId":"r","dataSources":["a","b"]}],"dataSources":[{"resourceId":"a"}]}"#;
    assert_eq!(gaps(part).await, [GapReason::Denied]);
}

#[tokio::test(start_paused = true)]
async fn unreadable_table_is_denied_not_empty() {
    let none = r#","permissions":{"dataSources":[{"resourceId":"a","denyTables":["AppTraces"]}]}"#;
    let mut answers = answering(none).live.fetch(&[lines()]).await;
    assert_eq!(answers.remove(0).unwrap_err().kind, SourceErrorKind::Denied);
}

#[tokio::test(start_paused = true)]
async fn table_without_a_service_is_not_configured_and_others_are_read() {
    let counted = answering("");
    let mut elsewhere = lines();
    if let Request::Lines(request) = &mut elsewhere {
        Arc::make_mut(&mut request.reading.table).name = "pod_events".to_owned();
    }
    let answers = counted.live.fetch(&[elsewhere, lines()]).await;
    let [Err(error), Ok(_)] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(error.kind, SourceErrorKind::NotConfigured);
    assert!(error.context.contains("Application Insights"), "{error}");
    assert_eq!(counted.calls.load(Ordering::SeqCst), 1);
}
