//! The conformance suite over HTTP: lowered queries are posted to a stub in the wire format of each service.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::source::conformance::{Dataset, cases, run};
use amp_rules_core::telemetry::source::rows::Row;
use amp_rules_core::telemetry::source::{Answer, Capabilities, SourceError, TelemetrySource};
use amp_rules_kql::live::{FixedToken, Live, Service, ServiceKind};
use amp_rules_kql_stub::{Server, Stub};
use async_trait::async_trait;

/// The column names of the suite's tables in Log Analytics; deliberately independent of the library's own table.
const RENAMED: [(&str, &str); 7] = [
    ("timestamp", "TimeGenerated"),
    ("message", "Message"),
    ("customDimensions", "Properties"),
    ("itemCount", "ItemCount"),
    ("itemId", "_ItemId"),
    ("name", "Name"),
    ("value", "Sum"),
];

/// Columns of a workspace that the suite's tables lack.
const MORE: [&str; 10] = [
    "AppRoleInstance",
    "AppRoleName",
    "IKey",
    "Type",
    "OperationId",
    "OperationName",
    "SDKVersion",
    "Max",
    "Min",
    "SeverityLevel",
];

/// A source with its server.
#[derive(Debug)]
struct Served {
    live: Live,
    _server: Server,
}

#[async_trait]
impl TelemetrySource for Served {
    fn capabilities(&self) -> Capabilities {
        self.live.capabilities()
    }

    async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        self.live.fetch(requests).await
    }
}

fn serve(kind: ServiceKind, dataset: &Dataset) -> Result<Box<dyn TelemetrySource>, String> {
    if dataset.has_declarations() {
        return Err("a service does not report missing data".to_owned());
    }
    let undated = |(table, rows): &(Arc<_>, Vec<serde_json::Value>)| {
        rows.iter().any(|row| row.as_object().is_none_or(|row| Row::from_json(table, row.clone()).is_err()))
    };
    if dataset.tables.iter().any(undated) {
        return Err("a service has no rows without a time".to_owned());
    }
    let stub = dataset.tables.iter().fold(Stub::new(), |stub, (table, rows)| match (kind, table.name.as_str()) {
        (ServiceKind::LogAnalytics, "traces") => workspace(stub, "AppTraces", table, rows),
        (ServiceKind::LogAnalytics, "customMetrics") => workspace(stub, "AppMetrics", table, rows),
        (_, name) => stub.telemetry(name, table, rows, &[]),
    });
    let server = stub.start().map_err(|error| error.to_string())?;
    let service = match kind {
        ServiceKind::AppInsights => Service::app_insights("00000000-0000-0000-0000-00000000000a"),
        ServiceKind::LogAnalytics => Service::log_analytics("00000000-0000-0000-0000-00000000000a"),
        ServiceKind::Kusto => Service::kusto(&server.url(), "db"),
    };
    // This service holds every table of the suite, including tables that do not exist.
    let known = cases().into_iter().flat_map(|case| case.requests).map(|request| request.reading().table.name.clone());
    let service =
        service.and_then(|service| service.at(&server.url())).map_err(|error| error.to_string())?.holding(known);
    let live = Live::builder()
        .service(service)
        .token_provider(Arc::new(FixedToken::new("s3cr3t")))
        .backoff(Duration::from_millis(1), Duration::from_millis(2))
        .build()
        .map_err(|error| error.to_string())?;
    Ok(Box::new(Served { live, _server: server }))
}

/// Adds a table of a workspace: with the workspace names, and the columns that every such table has.
fn workspace(
    stub: Stub,
    name: &str,
    table: &amp_rules_core::telemetry::schema::Table,
    rows: &[serde_json::Value],
) -> Stub {
    let mut table = table.clone();
    for more in MORE {
        table.columns.insert(more.to_owned(), amp_rules_core::telemetry::schema::ColumnType::String);
    }
    stub.telemetry(name, &table, rows, &RENAMED)
}

async fn check(kind: ServiceKind) {
    let report = run(|dataset| serve(kind, dataset)).await;
    let _ = writeln!(std::io::stderr(), "{kind:?}: {report}");
    assert_eq!(report.failed, [], "{report}");
    let known = ["a service does not report missing data", "a service has no rows without a time"];
    let capability: Vec<&str> = report
        .skipped
        .iter()
        .filter(|(_, why)| !known.contains(&why.as_str()))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(capability, ["a sum is rounded once, so the order of rows does not matter"], "{report}");
    assert_eq!(report.passed.len() + report.skipped.len(), cases().len());
    assert!(report.passed.len() > 60, "{report}");
}

#[tokio::test]
async fn application_insights_conforms() {
    check(ServiceKind::AppInsights).await;
}

#[tokio::test]
async fn log_analytics_conforms() {
    check(ServiceKind::LogAnalytics).await;
}

#[tokio::test]
async fn data_explorer_conforms() {
    check(ServiceKind::Kusto).await;
}
