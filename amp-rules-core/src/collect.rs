//! The only place that waits: a plan and a source in, observations out.
//!
//! What the source has declared it cannot serve is answered `Unsupported` without asking. A reply of the wrong length is
//! no reply: every request is then `Malformed`. A failure of one request is that request's own; nothing fails as a whole.

use crate::observation::Observations;
use crate::plan::Plan;
use crate::telemetry::source::{SourceError, SourceErrorKind, TelemetrySource};

/// Reads everything a plan asks for, in one call of the source.
pub async fn collect(plan: &Plan, source: &dyn TelemetrySource) -> Observations {
    let capabilities = source.capabilities();
    let served: Vec<_> =
        plan.requests().iter().filter(|request| capabilities.serves(request.kind())).cloned().collect();
    let mut replies = if served.is_empty() { Vec::new() } else { source.fetch(&served).await };
    let fits = replies.len() == served.len();
    let got = replies.len();
    replies.reverse();
    let answers = plan
        .requests()
        .iter()
        .map(|request| {
            let operation = format!("read {}", request.reading().table.name);
            if !capabilities.serves(request.kind()) {
                let context = format!("the source does not serve {} requests", request.kind());
                return Err(SourceError::new(SourceErrorKind::Unsupported, operation, context));
            }
            let malformed = || {
                let context = format!("the source gave {got} answers to {} requests", served.len());
                SourceError::new(SourceErrorKind::Malformed, operation.clone(), context)
            };
            if fits { replies.pop().unwrap_or_else(|| Err(malformed())) } else { Err(malformed()) }
        })
        .collect();
    Observations { plan: plan.clone(), answers }
}
