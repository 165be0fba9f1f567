//! The services as one source of telemetry: who is asked what, all at once, and what each answer means.
//!
//! Input: the requests of a plan. Output: one answer or error per request, in order. Every service gets the requests on its
//! tables, lowered to its own queries; a table that lies nowhere is answered without asking anybody.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::schema::Schema;
use amp_rules_core::telemetry::source::{Answer, Capabilities, SourceError, SourceErrorKind, TelemetrySource};
use amp_rules_core::time::Window;
use async_trait::async_trait;
use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::answers;
use super::client::Client;
use super::schema_check::{self, TableCheck};
use super::service::Service;
use crate::lower::{Dialect, Lowered, lower, lower_fleet};

/// How many fetches are worked on at once; the others wait, and have not begun.
const FETCHES: usize = 5;

/// The services that telemetry is read from.
pub struct Live {
    clients: Vec<Client>,
    deadline: Duration,
    turns: Semaphore,
    progress: Option<Progress>,
}

/// Called with how many of how many queries are answered.
pub type Progress = Box<dyn Fn(usize, usize) + Send + Sync>;

impl Live {
    /// A source over these clients; the first that holds a table is asked for it.
    pub(super) fn new(clients: Vec<Client>, deadline: Duration, progress: Option<Progress>) -> Self {
        Self { clients, deadline, turns: Semaphore::new(FETCHES), progress }
    }

    /// The services, in the order in which they were configured.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.clients.iter().map(Client::service)
    }

    fn tell(&self, done: usize, all: usize) {
        if let Some(progress) = &self.progress {
            progress(done, all);
        }
    }

    /// Compares every table of a pack with what its service has, in the order of their names.
    pub async fn check_schema(&self, schema: &Schema, window: Window) -> Vec<TableCheck> {
        let _turn = self.turns.acquire().await;
        let until = Instant::now() + self.deadline;
        let mut checks: FuturesUnordered<_> = schema
            .tables
            .values()
            .map(|table| {
                let holder = self.clients.iter().find(|client| client.service().holds(&table.name));
                schema_check::check(holder, table, window, until)
            })
            .collect();
        let mut found = Vec::with_capacity(schema.tables.len());
        while let Some(one) = checks.next().await {
            found.push(one);
            self.tell(found.len(), schema.tables.len());
        }
        found.sort_by(|one, other| one.table.cmp(&other.table));
        found
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Live")
            .field("clients", &self.clients)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

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
        let batches = self.batches(requests);
        let queries: Vec<(&ServiceBatch<'_>, Lowered)> = batches
            .iter()
            .flat_map(|batch| {
                lower(&batch.requests, &batch.client.service().dialect()).into_iter().map(move |query| (batch, query))
            })
            .collect();
        let done = AtomicUsize::new(0);
        let mut calls: FuturesUnordered<_> = queries
            .iter()
            .map(|(batch, query)| async {
                let came = batch.client.ask(&query.kql, query.window, until).await;
                let replies = answers::replies(query, &batch.requests, came);
                self.tell(done.fetch_add(1, Ordering::Relaxed) + 1, queries.len());
                (&batch.positions, replies)
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
            self.service_for(request).and_then(|_| {
                let operation = format!("read {}", request.reading().table.name);
                Err(SourceError::new(SourceErrorKind::Unsupported, operation, "no query asks for this"))
            })
        };
        let of_one = |replies: Vec<Option<Result<Answer, SourceError>>>| {
            let asked = replies.into_iter().zip(requests);
            asked.map(|(reply, request)| reply.unwrap_or_else(|| unanswered(request))).collect()
        };
        replies.into_iter().map(of_one).collect()
    }
}

/// The requests that one service answers.
struct ServiceBatch<'l> {
    client: &'l Client,
    requests: Vec<Request>,
    /// The position of each among all requests.
    positions: Vec<usize>,
}

impl Live {
    /// The requests per service; a request whose tables no service holds is in no batch.
    fn batches(&self, requests: &[Request]) -> Vec<ServiceBatch<'_>> {
        let mut batches: Vec<ServiceBatch<'_>> = self
            .clients
            .iter()
            .map(|client| ServiceBatch { client, requests: Vec::new(), positions: Vec::new() })
            .collect();
        for (position, request) in requests.iter().enumerate() {
            if let Some(batch) = self.service_for(request).ok().and_then(|service| batches.get_mut(service)) {
                batch.requests.push(request.clone());
                batch.positions.push(position);
            }
        }
        batches.retain(|batch| !batch.requests.is_empty());
        batches
    }

    /// The service that holds all tables of a request; of several the first.
    fn service_for(&self, request: &Request) -> Result<usize, SourceError> {
        let mut found = None;
        for table in request.tables() {
            let table = table.name.as_str();
            let failed = |kind, context| Err(SourceError::read(kind, table, context));
            let Some(holder) = self.services().position(|service| service.holds(table)) else {
                let configured: Vec<String> = self.services().map(Service::title).collect();
                let context = format!("no configured service holds it (configured: {})", configured.join(", "));
                return failed(SourceErrorKind::NotConfigured, context);
            };
            if *found.get_or_insert(holder) != holder {
                let context = "the query reads tables of several services, and none can answer it".to_owned();
                return failed(SourceErrorKind::Unsupported, context);
            }
        }
        found.ok_or_else(|| SourceError::new(SourceErrorKind::Other, "read nothing", "the request names no table"))
    }
}

#[cfg(test)]
mod tests;
