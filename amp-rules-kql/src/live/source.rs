//! The services as one source of telemetry: who is asked what, all at once, and what each answer means.
//!
//! Input: the requests of a plan. Output: one answer or error per request, in order. Every service gets the requests on its
//! tables, lowered to its own queries; a table that lies nowhere is answered without asking anybody.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::source::{Answer, Capabilities, SourceError, SourceErrorKind, TelemetrySource};
use async_trait::async_trait;
use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::Instant;

use super::client::Client;
use super::{Live, Service, answers};
use crate::lower::{Dialect, Lowered, lower, lower_fleet};

#[async_trait]
impl TelemetrySource for Live {
    fn capabilities(&self) -> Capabilities {
        // A service rounds a sum at every step, in whatever order it reads the rows.
        Capabilities::all().rounding_sums()
    }

    async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        self.ask_all(requests, 1, lower).await.pop().unwrap_or_default()
    }
}

impl Live {
    /// Fetches for many subjects in as few queries as their answers allow: each subject takes the place of the one in the
    /// requests. One entry per subject, in order, each with one per request.
    pub async fn fetch_fleet(
        &self,
        requests: &[Request],
        subjects: &[BTreeMap<String, String>],
    ) -> Vec<Vec<Result<Answer, SourceError>>> {
        let lower = |requests: &[Request], dialect: &Dialect| lower_fleet(requests, subjects, dialect);
        self.ask_all(requests, subjects.len(), lower).await
    }

    async fn ask_all(
        &self,
        requests: &[Request],
        subjects: usize,
        lower: impl Fn(&[Request], &Dialect) -> Vec<Lowered> + Sync,
    ) -> Vec<Vec<Result<Answer, SourceError>>> {
        // A fleet of fetches holds the queries of a few, not of all.
        let _turn = self.turns.acquire().await;
        let until = Instant::now() + self.deadline;
        let mut replies: Vec<Vec<Option<Result<Answer, SourceError>>>> =
            (0..subjects).map(|_| requests.iter().map(|_| None).collect()).collect();
        let shares = self.shares(requests);
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
                (&share.positions, replies)
            })
            .collect();
        while let Some((positions, some)) = calls.next().await {
            for (subject, at, reply) in some {
                let place = positions.get(at).and_then(|position| replies.get_mut(subject)?.get_mut(*position));
                if let Some(place) = place {
                    *place = Some(reply);
                }
            }
        }
        drop(calls);
        let unanswered = |request: &Request| {
            self.home(request).and_then(|_| {
                let table = &request.reading().table.name;
                Err(SourceError::read(SourceErrorKind::Unsupported, table, "no query asks for this"))
            })
        };
        let of_one = |replies: Vec<Option<Result<Answer, SourceError>>>| {
            let asked = replies.into_iter().zip(requests);
            asked.map(|(reply, request)| reply.unwrap_or_else(|| unanswered(request))).collect()
        };
        replies.into_iter().map(of_one).collect()
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
    /// Who is asked what; what lies nowhere is in no share.
    fn shares(&self, requests: &[Request]) -> Vec<Share<'_>> {
        let mut shares: Vec<Share<'_>> =
            self.clients.iter().map(|client| Share { client, requests: Vec::new(), positions: Vec::new() }).collect();
        for (position, request) in requests.iter().enumerate() {
            if let Some(share) = self.home(request).ok().and_then(|home| shares.get_mut(home)) {
                share.requests.push(request.clone());
                share.positions.push(position);
            }
        }
        shares.retain(|share| !share.requests.is_empty());
        shares
    }

    /// The service that holds all tables of a request; of several the first.
    fn home(&self, request: &Request) -> Result<usize, SourceError> {
        let mut home = None;
        for table in request.tables() {
            let table = table.name.as_str();
            let failed = |kind, context| Err(SourceError::read(kind, table, context));
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
