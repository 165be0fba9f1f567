//! The services as one source of telemetry: who is asked what, all at once, and what each answer means.
//!
//! Input: the requests of a plan. Output: one answer or error per request, in order. Every service gets the requests on its
//! tables, lowered to its own queries; a table that lies nowhere is answered without asking anybody.

use std::sync::atomic::{AtomicUsize, Ordering};

use amp_rules_core::request::Request;
use amp_rules_core::source::{Answer, Capabilities, SourceError, SourceErrorKind, TelemetrySource};
use async_trait::async_trait;
use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::Instant;

use super::client::Client;
use super::{Live, Service, answers};
use crate::lower::{Lowered, lower};

#[async_trait]
impl TelemetrySource for Live {
    fn capabilities(&self) -> Capabilities {
        // A service rounds a sum at every step, in whatever order it reads the rows.
        Capabilities::all().rounding_sums()
    }

    async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        // A fleet of fetches holds the queries of a few, not of all.
        let _turn = self.turns.acquire().await;
        let until = Instant::now() + self.deadline;
        let mut replies: Vec<Option<Result<Answer, SourceError>>> = requests.iter().map(|_| None).collect();
        let mut put = |some: Vec<answers::Reply>| {
            for (position, reply) in some {
                if let Some(place) = replies.get_mut(position) {
                    *place = Some(reply);
                }
            }
        };
        let (shares, homeless) = self.shares(requests);
        put(homeless);
        let queries: Vec<(&Share<'_>, Lowered)> = shares
            .iter()
            .flat_map(|share| {
                lower(&share.requests, &share.client.service().dialect()).into_iter().map(move |query| (share, query))
            })
            .collect();
        let done = AtomicUsize::new(0);
        let mut calls: FuturesUnordered<_> = queries
            .iter()
            .map(|(share, query)| async {
                let came = share.client.ask(&query.kql, query.window, until).await;
                let replies = answers::replies(query, &share.requests, came);
                self.tell(done.fetch_add(1, Ordering::Relaxed) + 1, queries.len());
                replies.into_iter().filter_map(|(at, reply)| Some((*share.positions.get(at)?, reply))).collect()
            })
            .collect();
        while let Some(some) = calls.next().await {
            put(some);
        }
        drop(calls);
        let unanswered = |request: &Request| {
            let operation = format!("read {}", request.reading().table.name);
            Err(SourceError::new(SourceErrorKind::Unsupported, operation, "no query asks for this"))
        };
        replies.into_iter().zip(requests).map(|(reply, request)| reply.unwrap_or_else(|| unanswered(request))).collect()
    }
}

/// What one service is asked.
struct Share<'l> {
    client: &'l Client,
    requests: Vec<Request>,
    /// Where each of them stands among all requests.
    positions: Vec<usize>,
}

impl Live {
    /// Who is asked what; what lies nowhere is answered already.
    fn shares(&self, requests: &[Request]) -> (Vec<Share<'_>>, Vec<answers::Reply>) {
        let mut shares: Vec<Share<'_>> =
            self.clients.iter().map(|client| Share { client, requests: Vec::new(), positions: Vec::new() }).collect();
        let mut homeless = Vec::new();
        for (position, request) in requests.iter().enumerate() {
            match self.home(request) {
                Ok(home) => {
                    if let Some(share) = shares.get_mut(home) {
                        share.requests.push(request.clone());
                        share.positions.push(position);
                    }
                }
                Err(error) => homeless.push((position, Err(error))),
            }
        }
        shares.retain(|share| !share.requests.is_empty());
        (shares, homeless)
    }

    /// The service that holds all tables of a request; of several the first.
    fn home(&self, request: &Request) -> Result<usize, SourceError> {
        let mut home = None;
        for table in request.tables() {
            let table = table.name.as_str();
            let failed = |kind, context| Err(SourceError::new(kind, format!("read {table}"), context));
            let Some(holder) = self.services().position(|service| service.holds(table)) else {
                let configured: Vec<String> = self.services().map(Service::title).collect();
                let context = format!("no configured service holds it (configured: {})", configured.join(", "));
                return failed(SourceErrorKind::NotConfigured, context);
            };
            if *home.get_or_insert(holder) != holder {
                let context = "the query reads tables of several services, and none can answer it".to_owned();
                return failed(SourceErrorKind::Unsupported, context);
            }
        }
        home.ok_or_else(|| SourceError::new(SourceErrorKind::Other, "read nothing", "the request names no table"))
    }
}

#[cfg(test)]
mod tests;
