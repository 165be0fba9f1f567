//! The HTTP requests of the source, and its decoding of responses in the real wire formats.

use std::sync::Arc;

use amp_rules_core::telemetry::schema::ColumnType;
use amp_rules_kql::convert::scalar_type;
use amp_rules_kql::live::{Difference, FixedToken, Live, Service, TableState};
use amp_rules_kql_stub::{RecordedRequest, Server, Stub};
use kql_lang::value::{Column, Table};
use serde_json::Value;

use crate::live::faults::{schema, window};

const COMPONENT: &str = "/subscriptions/s/resourceGroups/g/providers/microsoft.insights/components/telemetry";

fn stub(columns: &[(&str, ColumnType)]) -> Server {
    let columns =
        columns.iter().map(|(name, kind)| Column { name: (*name).into(), kind: scalar_type(*kind) }).collect();
    Stub::new().table("traces", Table { columns, rows: Vec::new() }).start().expect("a server")
}

fn source(service: Service, server: &Server) -> Live {
    let service = service.at(&server.url()).expect("an address").holding(["traces"]);
    Live::builder().service(service).token_provider(Arc::new(FixedToken::new("s3cr3t"))).build().expect("a source")
}

fn only(server: &Server) -> RecordedRequest {
    let mut requests = server.requests();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

fn body(request: &RecordedRequest) -> Value {
    serde_json::from_slice(&request.body).expect("a body of JSON")
}

const BOTH: [(&str, ColumnType); 2] = [("timestamp", ColumnType::DateTime), ("message", ColumnType::String)];

#[tokio::test]
async fn application_insights_requests_have_the_documented_format() {
    let server = stub(&BOTH);
    let live = source(Service::app_insights(COMPONENT).expect("a service"), &server);
    let found = live.check_schema(&schema(), window()).await;
    assert!(matches!(found[0].state, TableState::Fits), "{found:?}");
    let request = only(&server);
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", format!("/v1{COMPONENT}/query").as_str()));
    assert_eq!(request.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(request.header("cache-control"), Some("no-cache"));
    assert_eq!(request.header("authorization"), Some("Bearer s3cr3t"));
    assert!(request.header("prefer").is_some_and(|value| value.ends_with(",include-permissions=true")));
    assert!(request.header("x-ms-client-request-id").is_some_and(|id| id.starts_with("amp-rules.")));
    assert_eq!(body(&request)["timespan"], format!("{}/{}", window().from, window().to));
}

#[tokio::test]
async fn data_explorer_requests_have_the_documented_format() {
    let server = stub(&BOTH);
    let live = source(Service::kusto(&server.url(), "AKSprod").expect("a service"), &server);
    let found = live.check_schema(&schema(), window()).await;
    assert!(matches!(found[0].state, TableState::Fits), "{found:?}");
    let request = only(&server);
    assert_eq!(request.path, "/v2/rest/query");
    assert_eq!(request.header("prefer"), None);
    let body = body(&request);
    assert_eq!(body["db"], "AKSprod");
    assert_eq!(body["properties"]["Options"]["request_readonly_hardline"], true);
    assert_eq!(body["properties"]["Options"]["query_now"], window().to.to_string());
}

#[tokio::test]
async fn schema_check_reports_missing_and_mistyped_columns() {
    let server = stub(&[("timestamp", ColumnType::String)]);
    let live = source(Service::app_insights(COMPONENT).expect("a service"), &server);
    let found = live.check_schema(&schema(), window()).await;
    let TableState::Differs(differences) = &found[0].state else { panic!("{found:?}") };
    let missing = Difference::ColumnMissing { column: "message".to_owned(), declared: ColumnType::String };
    let other = Difference::ColumnOfOtherType {
        column: "timestamp".to_owned(),
        declared: ColumnType::DateTime,
        found: "string".to_owned(),
    };
    assert_eq!(*differences, [missing, other]);
}

#[tokio::test]
async fn schema_check_distinguishes_missing_tables_from_unconfigured_tables() {
    let server = Stub::new().start().expect("a server");
    for service in [Service::app_insights(COMPONENT), Service::kusto(&server.url(), "db")] {
        let live = source(service.expect("a service"), &server);
        let found = live.check_schema(&schema(), window()).await;
        let TableState::Failed(error) = &found[0].state else { panic!("{found:?}") };
        assert_eq!(error.kind.as_str(), "missing_table", "{error}");
    }
    let service = Service::kusto(&server.url(), "db").expect("a service");
    let live =
        Live::builder().service(service).token_provider(Arc::new(FixedToken::new("s3cr3t"))).build().expect("a source");
    let found = live.check_schema(&schema(), window()).await;
    assert!(matches!(found[0].state, TableState::NotConfigured), "{found:?}");
}

#[test]
fn service_at_an_untrusted_host_is_refused_by_the_builder() {
    let service = || Service::kusto("https://kusto.evil.example", "db").expect("a service");
    let build =
        |builder: amp_rules_kql::live::Builder| builder.token_provider(Arc::new(FixedToken::new("s3cr3t"))).build();
    let refused = build(Live::builder().service(service())).expect_err("an untrusted host");
    assert!(refused.to_string().contains("`kusto.evil.example` is not a known host"), "{refused}");
    assert!(build(Live::builder().service(service()).trust_host("kusto.evil.example")).is_ok());
    let nothing = build(Live::builder()).expect_err("no service");
    assert_eq!(nothing.to_string(), "no service is configured");
}

#[test]
fn debug_output_of_a_source_contains_no_token() {
    let server = stub(&BOTH);
    let live = source(Service::app_insights(COMPONENT).expect("a service"), &server);
    assert!(!format!("{live:?}").contains("s3cr3t"), "{live:?}");
}
