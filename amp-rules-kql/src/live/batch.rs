//! Groups requests by the service that holds their tables.
//!
//! Input: clients in order of configuration, and requests. Output: one [`ServiceBatch`] per service with at least one request.

use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::source::{SourceError, SourceErrorKind};

use super::client::Client;

/// The requests for one service.
pub(super) struct ServiceBatch<'l> {
    pub(super) client: &'l Client,
    /// The requests.
    pub(super) requests: Vec<Request>,
    /// The position of each request among all requests.
    pub(super) positions: Vec<usize>,
}

/// Groups requests by service. A request with a table that no service holds is in no batch.
pub(super) fn batches<'l>(clients: &'l [Client], requests: &[Request]) -> Vec<ServiceBatch<'l>> {
    let mut batches: Vec<ServiceBatch<'_>> =
        clients.iter().map(|client| ServiceBatch { client, requests: Vec::new(), positions: Vec::new() }).collect();
    for (position, request) in requests.iter().enumerate() {
        if let Some(batch) = service_for(clients, request).ok().and_then(|service| batches.get_mut(service)) {
            batch.requests.push(request.clone());
            batch.positions.push(position);
        }
    }
    batches.retain(|batch| !batch.requests.is_empty());
    batches
}

/// Returns the first service that holds all tables of a request.
pub(super) fn service_for(clients: &[Client], request: &Request) -> Result<usize, SourceError> {
    let mut found = None;
    for table in request.tables() {
        let table = table.name.as_str();
        let failed = |kind, context| Err(SourceError::read(kind, table, context));
        let Some(holder) = clients.iter().position(|client| client.service().holds(table)) else {
            let configured: Vec<String> = clients.iter().map(|client| client.service().title()).collect();
            let context = format!("no configured service holds it (configured: {})", configured.join(", "));
            return failed(SourceErrorKind::NotConfigured, context);
        };
        if *found.get_or_insert(holder) != holder {
            let context = "the query reads tables of several services, so no service can run it".to_owned();
            return failed(SourceErrorKind::Unsupported, context);
        }
    }
    found.ok_or_else(|| SourceError::new(SourceErrorKind::Other, "read nothing", "the request has no table"))
}
