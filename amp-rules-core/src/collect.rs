//! The only function that waits: a plan and a source in, observations out.
//!
//! Requests of a kind that the source does not serve are answered with `Unsupported` without a call. A reply with the wrong
//! number of answers makes every request `Malformed`. Otherwise a failed request affects no other request.

use crate::observation::Observations;
use crate::plan::Plan;
use crate::telemetry::source::{SourceError, SourceErrorKind, TelemetrySource};

/// Reads all requests of a plan, in one call of [`TelemetrySource::fetch`].
pub async fn collect(plan: &Plan, source: &dyn TelemetrySource) -> Observations {
    let capabilities = source.capabilities();
    let served: Vec<_> =
        plan.requests().iter().filter(|request| capabilities.serves(request.kind())).cloned().collect();
    let replies = if served.is_empty() { Vec::new() } else { source.fetch(&served).await };
    let received = replies.len();
    let complete = received == served.len();
    let mut replies = replies.into_iter();
    let answers = plan
        .requests()
        .iter()
        .map(|request| {
            let table = &request.reading().table.name;
            if !capabilities.serves(request.kind()) {
                let context = format!("the source does not serve {} requests", request.kind());
                return Err(SourceError::read(SourceErrorKind::Unsupported, table, context));
            }
            let malformed = || {
                let context = format!("the source gave {received} answers to {} requests", served.len());
                Err(SourceError::read(SourceErrorKind::Malformed, table, context))
            };
            if complete { replies.next().unwrap_or_else(malformed) } else { malformed() }
        })
        .collect();
    Observations::new(plan.clone(), answers)
}
