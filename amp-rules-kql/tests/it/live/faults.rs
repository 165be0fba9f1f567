//! Faulty, invalid and slow responses: each must become an error with the cause, never a shorter answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use amp_rules_core::telemetry::schema::{ColumnType, Schema};
use amp_rules_core::telemetry::source::SourceErrorKind;
use amp_rules_core::time::{Time, Window};
use amp_rules_kql::live::{FixedToken, Live, Service, TableCheck, TableState};
use amp_rules_kql_stub::{Delivery, RecordedRequest, Reply, Server};
use serde_json::json;

/// The `getschema` response for the columns of `AppTraces` that the tests use.
const SCHEMA: &str = r#"{"tables":[{"name":"getschema","columns":[{"name":"ColumnName","type":"string"},
    {"name":"ColumnOrdinal","type":"int"},{"name":"DataType","type":"string"},{"name":"ColumnType","type":"string"}],
    "rows":[["TimeGenerated",0,"System.DateTime","datetime"],["Message",1,"System.String","string"]]}]}"#;

const WORKSPACE: &str = "00000000-0000-0000-0000-00000000000a";

pub(crate) fn window() -> Window {
    let at = |text: &str| text.parse::<Time>().expect("an instant");
    Window { from: at("2026-01-01T00:00:00Z"), to: at("2026-01-02T00:00:00Z") }
}

/// Returns a schema with the one table of the tests.
pub(crate) fn schema() -> Schema {
    let rules: Vec<_> = amp_rules_pack::files()
        .into_iter()
        .map(|(name, text)| amp_rules_core::rules::diagnostic::RuleFile::new(name, text))
        .collect();
    let mut schema = amp_rules_core::rules::compile::compile(&rules).expect("the pack compiles").schema;
    schema.tables.retain(|name, _| name == "traces");
    let traces = Arc::make_mut(schema.tables.get_mut("traces").expect("the pack has traces"));
    traces.columns = [("timestamp", ColumnType::DateTime), ("message", ColumnType::String)]
        .map(|(name, kind)| (name.to_owned(), kind))
        .into();
    schema
}

fn good() -> Reply {
    Reply::new(200, SCHEMA).with("Content-Type", "application/json")
}

fn live(server: &Server) -> amp_rules_kql::live::Builder {
    let service = Service::log_analytics(WORKSPACE).and_then(|service| service.at(&server.url())).expect("a service");
    Live::builder()
        .service(service)
        .token_provider(Arc::new(FixedToken::new("s3cr3t")))
        .backoff(Duration::from_millis(1), Duration::from_millis(2))
}

/// Starts a server that sends `reply` for the first `bad` calls, and a valid response for all others.
fn after(bad: usize, reply: impl Fn(&RecordedRequest) -> Reply + Send + Sync + 'static) -> Server {
    let calls = AtomicUsize::new(0);
    Server::start(move |request| if calls.fetch_add(1, Ordering::SeqCst) < bad { reply(request) } else { good() })
        .expect("a server")
}

async fn look(live: &Live) -> TableState {
    let mut found: Vec<TableCheck> = live.check_schema(&schema(), window()).await;
    assert_eq!(found.len(), 1);
    found.remove(0).state
}

#[track_caller]
fn failed(state: &TableState, kind: SourceErrorKind, part: &str) {
    let TableState::Failed(error) = state else { panic!("expected {kind:?}, got {state:?}") };
    assert!(error.kind == kind && error.to_string().contains(part), "{:?}: {error}", error.kind);
    assert!(!format!("{error:?}").contains("s3cr3t"), "{error:?}");
}

async fn check(server: &Server, kind: SourceErrorKind, part: &str, calls: usize) {
    failed(&look(&live(server).build().expect("a source")).await, kind, part);
    assert_eq!(server.requests().len(), calls);
}

#[tokio::test]
async fn connection_reset_within_a_body_is_retried() {
    let server = after(2, |_| good().delivered(Delivery::CutAfter(40)));
    assert!(matches!(look(&live(&server).build().expect("a source")).await, TableState::Fits));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn connection_closed_without_a_response_is_retried() {
    let server = after(2, |_| good().delivered(Delivery::Close));
    assert!(matches!(look(&live(&server).build().expect("a source")).await, TableState::Fits));
}

#[tokio::test]
async fn throttling_is_retried() {
    let server = after(6, |_| Reply::new(429, "").with("Retry-After", "0"));
    assert!(matches!(look(&live(&server).build().expect("a source")).await, TableState::Fits));
    assert_eq!(server.requests().len(), 7);
}

#[tokio::test]
async fn stopped_service_is_unreachable() {
    let server = after(0, |_| good());
    let source = live(&server).build().expect("a source");
    drop(server);
    failed(&look(&source).await, SourceErrorKind::Unreachable, "cannot be reached");
}

#[tokio::test]
async fn endless_response_is_a_timeout() {
    let server = after(usize::MAX, |_| good().delivered(Delivery::Endless));
    let source = live(&server).deadline(Duration::from_millis(200)).build().expect("a source");
    failed(&look(&source).await, SourceErrorKind::Timeout, "did not respond in time");
}

#[tokio::test]
async fn truncated_json_is_malformed() {
    let (half, _): (&str, &str) = SCHEMA.split_at(SCHEMA.len() / 2);
    let server = after(9, move |_| Reply::new(200, half).with("Content-Type", "application/json"));
    check(&server, SourceErrorKind::Malformed, "the response is not a list of tables", 1).await;
}

#[tokio::test]
async fn html_page_of_a_proxy_is_malformed() {
    let server = after(9, |_| Reply::new(200, "<html>Sign in</html>").with("Content-Type", "text/html"));
    check(&server, SourceErrorKind::Malformed, "does a proxy answer", 1).await;
}

#[tokio::test]
async fn successful_status_without_a_body_is_malformed() {
    let server = after(9, |_| Reply::new(200, ""));
    check(&server, SourceErrorKind::Malformed, "no body", 1).await;
    let server = after(9, |_| Reply::new(204, ""));
    check(&server, SourceErrorKind::Malformed, "without a result", 1).await;
}

#[tokio::test]
async fn redirect_to_another_host_is_refused_and_receives_no_token() {
    let thief = after(0, |_| good());
    let there = thief.url();
    let server = after(9, move |_| Reply::new(307, "").with("Location", &format!("{there}/v1/query")));
    check(&server, SourceErrorKind::Unreachable, "no token is sent there", 1).await;
    assert_eq!(thief.requests(), []);
}

#[tokio::test]
async fn redirect_to_the_same_host_is_followed() {
    let server = after(1, |_| Reply::new(307, "").with("Location", "/v1/elsewhere/query"));
    assert!(matches!(look(&live(&server).build().expect("a source")).await, TableState::Fits));
    assert_eq!(server.requests()[1].path, "/v1/elsewhere/query");
    assert_eq!(server.requests()[1].method, "POST");
}

#[tokio::test]
async fn redirect_that_changes_the_method_is_refused() {
    let server = after(9, |_| Reply::new(302, "").with("Location", "/v1/elsewhere/query"));
    check(&server, SourceErrorKind::Unreachable, "no token is sent there", 1).await;
}

#[tokio::test]
async fn redirect_loops_end() {
    let server = after(99, |_| Reply::new(308, "").with("Location", "/v1/again/query"));
    check(&server, SourceErrorKind::Unreachable, "too many addresses", 4).await;
}

#[tokio::test]
async fn response_larger_than_the_budget_is_an_error() {
    let server = after(9, |_| good());
    let source = live(&server).budget(100).build().expect("a source");
    failed(&look(&source).await, SourceErrorKind::Other, "larger than 100 bytes");
}

#[tokio::test]
async fn errors_contain_the_innermost_message_of_the_service() {
    let body = json!({"error": {"message": "The request had some invalid properties", "code": "BadArgumentError",
        "innererror": {"code": "SemanticError", "message": "A semantic error occurred.",
            "innererror": {"code": "SEM0100", "message": "Failed to resolve table or column expression named 'traces'"}}}});
    let server = after(9, move |_| Reply::json(400, &body));
    check(&server, SourceErrorKind::TableMissing, "named 'traces' (SEM0100)", 1).await;
}

#[tokio::test]
async fn dropped_schema_check_releases_its_permits() {
    let server = after(1, |_| good().delivered(Delivery::Endless));
    let source = live(&server).build().expect("a source");
    let (fixed, at) = (schema(), window());
    let call = source.check_schema(&fixed, at);
    assert!(tokio::time::timeout(Duration::from_millis(100), call).await.is_err());
    assert!(matches!(look(&source).await, TableState::Fits));
}
