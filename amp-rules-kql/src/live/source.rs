//! The telemetry source over all configured services, and its builder.
//!
//! Input: the requests of a plan. Output: one answer or error per request, in order. Requests are grouped by the service that
//! holds their tables and lowered to its queries; all queries run concurrently. A request for a table that no service holds
//! fails without a query.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
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
use super::batch::{self, ServiceBatch};
use super::client::{Backoff, Client};
use super::configuration_error::ConfigurationError;
use super::http::{Http, Transport};
use super::schema_check::{self, TableCheck};
use super::service::Service;
use super::token::TokenProvider;
use super::trusted_hosts;
use crate::lower::{Dialect, Lowered, lower, lower_fleet, unsupported};

/// The default timeout of one fetch, including all its queries and retries.
pub const DEADLINE: Duration = Duration::from_secs(300);

/// The default maximum size of one response, in bytes. Services limit responses to about 64 MiB.
pub const BUDGET: usize = 96 << 20;

/// The maximum number of concurrent fetches; further fetches wait.
const MAX_CONCURRENT_FETCHES: usize = 5;

/// A telemetry source that queries live services.
pub struct Live {
    clients: Vec<Client>,
    deadline: Duration,
    permits: Semaphore,
    progress: Option<Progress>,
}

/// A progress callback: the number of finished queries and the number of all queries.
pub type Progress = Box<dyn Fn(usize, usize) + Send + Sync>;

impl Live {
    /// Returns a builder without services.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            services: Vec::new(),
            tokens: None,
            deadline: DEADLINE,
            budget: BUDGET,
            hosts: Vec::new(),
            backoff: Backoff { first: Duration::from_secs(1), max: Duration::from_secs(30) },
            progress: None,
            schema: None,
        }
    }

    /// Creates a source. A table is read from the first client whose service holds it.
    pub(super) fn new(clients: Vec<Client>, deadline: Duration, progress: Option<Progress>) -> Self {
        Self { clients, deadline, permits: Semaphore::new(MAX_CONCURRENT_FETCHES), progress }
    }

    /// Returns the services in the order of configuration.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.clients.iter().map(Client::service)
    }

    fn report_progress(&self, done: usize, all: usize) {
        if let Some(progress) = &self.progress {
            progress(done, all);
        }
    }

    /// Compares every table of a pack with the table of its service; the results are ordered by table name.
    pub async fn check_schema(&self, schema: &Schema, window: Window) -> Vec<TableCheck> {
        let _permit = self.permits.acquire().await;
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
            self.report_progress(found.len(), schema.tables.len());
        }
        found.sort_by(|one, other| one.table.cmp(&other.table));
        found
    }

    /// Fetches the requests for many subjects with as few queries as the result limits allow; each subject replaces the one in
    /// the requests. Returns one entry per subject, in order, each with one answer or error per request.
    pub async fn fetch_fleet(
        &self,
        requests: &[Request],
        subjects: &[BTreeMap<String, String>],
    ) -> Vec<Vec<Result<Answer, SourceError>>> {
        let lower = |requests: &[Request], dialect: &Dialect| lower_fleet(requests, subjects, dialect);
        self.fetch_all(requests, subjects.len(), lower).await
    }

    async fn fetch_all(
        &self,
        requests: &[Request],
        subjects: usize,
        lower: impl Fn(&[Request], &Dialect) -> Vec<Lowered> + Sync,
    ) -> Vec<Vec<Result<Answer, SourceError>>> {
        // Query texts are created after the permit, so many waiting fetches do not hold theirs in memory.
        let _permit = self.permits.acquire().await;
        let until = Instant::now() + self.deadline;
        let mut replies: Vec<Vec<Option<Result<Answer, SourceError>>>> =
            (0..subjects).map(|_| requests.iter().map(|_| None).collect()).collect();
        let batches = batch::batches(&self.clients, requests);
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
                let result = batch.client.query(&query.kql, query.window, until).await;
                let replies = answers::replies(query, &batch.requests, result);
                self.report_progress(done.fetch_add(1, Ordering::Relaxed) + 1, queries.len());
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
            batch::service_for(&self.clients, request).and_then(|_| {
                let operation = format!("read {}", request.reading().table.name);
                let reason = unsupported(request).unwrap_or("no query answers this request");
                Err(SourceError::new(SourceErrorKind::Unsupported, operation, reason))
            })
        };
        let of_one = |replies: Vec<Option<Result<Answer, SourceError>>>| {
            let asked = replies.into_iter().zip(requests);
            asked.map(|(reply, request)| reply.unwrap_or_else(|| unanswered(request))).collect()
        };
        replies.into_iter().map(of_one).collect()
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
        // Services round a sum after every addition, in unspecified order of rows.
        Capabilities::all().rounding_sums()
    }

    async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        self.fetch_all(requests, 1, lower).await.pop().unwrap_or_default()
    }
}

/// Configures a [`Live`] source.
pub struct Builder {
    services: Vec<Service>,
    tokens: Option<Arc<dyn TokenProvider>>,
    deadline: Duration,
    budget: usize,
    hosts: Vec<String>,
    backoff: Backoff,
    progress: Option<Progress>,
    schema: Option<Schema>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Builder")
            .field("services", &self.services)
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Adds an Application Insights resource, by resource id or app id.
    ///
    /// # Errors
    ///
    /// As [`Service::app_insights`].
    pub fn app_insights(self, name: &str) -> Result<Self, ConfigurationError> {
        Ok(self.service(Service::app_insights(name)?))
    }

    /// Adds a Log Analytics workspace, by workspace id or resource id.
    ///
    /// # Errors
    ///
    /// As [`Service::log_analytics`].
    pub fn log_analytics(self, name: &str) -> Result<Self, ConfigurationError> {
        Ok(self.service(Service::log_analytics(name)?))
    }

    /// Adds a database of an Azure Data Explorer cluster.
    ///
    /// # Errors
    ///
    /// As [`Service::kusto`].
    pub fn kusto(self, cluster: &str, database: &str) -> Result<Self, ConfigurationError> {
        Ok(self.service(Service::kusto(cluster, database)?))
    }

    /// Adds a service. If several services hold a table, the first one is queried.
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.services.push(service);
        self
    }

    /// Sets the token provider.
    #[must_use]
    pub fn token_provider(mut self, tokens: Arc<dyn TokenProvider>) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Sets the timeout of one fetch, including retries. It starts when the fetch leaves the queue.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets the maximum size of one response, in bytes. A larger response is an error and is not read beyond this size.
    #[must_use]
    pub fn budget(mut self, bytes: usize) -> Self {
        self.budget = bytes;
        self
    }

    /// Allows tokens to be sent to a host outside the domains of the services, by its name; [`Builder::build`] refuses a text
    /// that is not the name of one host.
    #[must_use]
    pub fn trust_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Sets the delay before the first retry, which doubles with each further retry, and the maximum delay. They apply if the
    /// service does not specify a longer delay.
    #[must_use]
    pub fn backoff(mut self, first: Duration, max: Duration) -> Self {
        self.backoff = Backoff { first, max };
        self
    }

    /// Sets the pack that defines which service holds which table, and its names there. If the pack lists services at all, a
    /// table without one is not queried.
    #[must_use]
    pub fn pack(mut self, schema: &Schema) -> Self {
        self.schema = Some(schema.clone());
        self
    }

    /// Sets a callback for progress: the number of finished queries and the number of all queries.
    #[must_use]
    pub fn with_progress(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Creates the source.
    ///
    /// # Errors
    ///
    /// A [`ConfigurationError`] if there is no service or no [`TokenProvider`], if a trusted host is not the name of a host, or
    /// if no token may be sent to the host of a service.
    pub fn build(self) -> Result<Live, ConfigurationError> {
        let budget = self.budget;
        self.build_over(|service| {
            let http = Http::new(service.url(), budget).map_err(ConfigurationError)?;
            Ok(Box::new(http))
        })
    }

    pub(super) fn build_over(
        self,
        transport: impl Fn(&Service) -> Result<Box<dyn Transport>, ConfigurationError>,
    ) -> Result<Live, ConfigurationError> {
        let tokens = self.tokens.ok_or_else(|| ConfigurationError("no token provider is configured".to_owned()))?;
        if self.services.is_empty() {
            return Err(ConfigurationError("no service is configured".to_owned()));
        }
        let hosts = self.hosts.iter().map(|name| trusted_hosts::host_of(name)).collect::<Result<Vec<_>, _>>()?;
        let mut clients = Vec::with_capacity(self.services.len());
        for service in self.services {
            let service = match &self.schema {
                Some(schema) => service.with_pack(schema),
                None => service,
            };
            if let Some(refusal) = trusted_hosts::refusal(service.url(), &hosts) {
                return Err(ConfigurationError(format!("cannot query {}: {refusal}", service.title())));
            }
            let transport = transport(&service)?;
            clients.push(Client::new(service, transport, tokens.clone(), self.backoff));
        }
        Ok(Live::new(clients, self.deadline, self.progress))
    }
}

#[cfg(test)]
mod tests;
