//! What is sent, and that a stub in the real shapes is understood.

use std::sync::Arc;

use amp_rules_core::telemetry::schema::ColumnType;
use amp_rules_kql::convert::scalar_type;
use amp_rules_kql::live::{Difference, FixedToken, Live, Service, TableState};
use amp_rules_kql_stub::{Heard, Server, Stub};
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

fn only(server: &Server) -> Heard {
    let mut heard = server.heard();
    assert_eq!(heard.len(), 1);
    heard.remove(0)
}

fn body(heard: &Heard) -> Value {
    serde_json::from_slice(&heard.body).expect("a body of JSON")
}

const BOTH: [(&str, ColumnType); 2] = [("timestamp", ColumnType::DateTime), ("message", ColumnType::String)];

#[tokio::test]
async fn application_insights_is_asked_in_its_words() {
    let server = stub(&BOTH);
    let live = source(Service::app_insights(COMPONENT).expect("a service"), &server);
    let found = live.check_schema(&schema(), window()).await;
    assert!(matches!(found[0].state, TableState::Fits), "{found:?}");
    let heard = only(&server);
    assert_eq!((heard.method.as_str(), heard.path.as_str()), ("POST", format!("/v1{COMPONENT}/query").as_str()));
    assert_eq!(heard.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(heard.header("cache-control"), Some("no-cache"));
    assert_eq!(heard.header("authorization"), Some("Bearer s3cr3t"));
    assert!(heard.header("prefer").is_some_and(|value| value.ends_with(",include-permissions=true")));
    assert!(heard.header("x-ms-client-request-id").is_some_and(|id| id.starts_with("amp-rules.")));
    assert_eq!(body(&heard)["timespan"], format!("{}/{}", window().from, window().to));
}

#[tokio::test]
async fn data_explorer_is_asked_in_its_words_and_answers_in_frames() {
    let server = stub(&BOTH);
    let live = source(Service::kusto(&server.url(), "AKSprod").expect("a service"), &server);
    let found = live.check_schema(&schema(), window()).await;
    assert!(matches!(found[0].state, TableState::Fits), "{found:?}");
    let heard = only(&server);
    assert_eq!(heard.path, "/v2/rest/query");
    assert_eq!(heard.header("prefer"), None);
    let body = body(&heard);
    assert_eq!(body["db"], "AKSprod");
    assert_eq!(body["properties"]["Options"]["request_readonly_hardline"], true);
    assert_eq!(body["properties"]["Options"]["query_now"], window().to.to_string());
}

#[tokio::test]
async fn a_schema_check_reports_how_a_table_differs() {
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
async fn a_table_that_is_not_there_is_missing_and_one_that_lies_nowhere_is_not_configured() {
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
fn a_service_at_a_strange_host_is_refused_before_anything_is_sent() {
    let service = || Service::kusto("https://kusto.evil.example", "db").expect("a service");
    let build =
        |builder: amp_rules_kql::live::Builder| builder.token_provider(Arc::new(FixedToken::new("s3cr3t"))).build();
    let refused = build(Live::builder().service(service())).expect_err("a strange host");
    assert!(refused.to_string().contains("`kusto.evil.example` is no known host"), "{refused}");
    assert!(build(Live::builder().service(service()).trust_host("kusto.evil.example")).is_ok());
    let nothing = build(Live::builder()).expect_err("no service");
    assert_eq!(nothing.to_string(), "no service is configured");
}

#[test]
fn a_source_shows_no_token() {
    let server = stub(&BOTH);
    let live = source(Service::app_insights(COMPONENT).expect("a service"), &server);
    assert!(!format!("{live:?}").contains("s3cr3t"), "{live:?}");
}
