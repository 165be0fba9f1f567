//! Telemetry from the services themselves: Application Insights, Log Analytics, Azure Data Explorer.
//!
//! Input: [`Service`]s, a [`BearerSource`], and the requests of a plan. Output: one answer or error per request. A table is
//! read where its service lies; one that lies nowhere is `not_configured`. All requests on one table go as one query; queries
//! run side by side, at most five per service, and are tried again only where that can help, until the deadline. What fails
//! fails alone. Whatever an answer lacks is declared. Dropping the future ends every call.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use amp_rules_kql::live::{FixedBearer, Live};
//!
//! # fn main() -> Result<(), amp_rules_kql::live::ConfigurationError> {
//! let source = Live::builder()
//!     .app_insights("/subscriptions/…/providers/microsoft.insights/components/telemetry")?
//!     .kusto("https://aks.kusto.windows.net", "AKSprod")?
//!     .bearer(Arc::new(FixedBearer::new("for this machine only")))
//!     .build()?;
//! # Ok(())
//! # }
//! ```

mod answers;
mod bearer;
mod client;
#[cfg(feature = "entra")]
pub mod entra;
mod exchange;
mod host;
mod service;
mod source;
mod survey;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use amp_rules_core::telemetry::schema::Schema;
use tokio::sync::Semaphore;

pub use self::bearer::{Audience, Bearer, BearerSource, FixedBearer, NoBearer};
pub use self::service::{Service, ServiceKind};
pub use self::survey::{Difference, Surveyed, TableState};

use self::client::{Client, Pace};
use self::exchange::{Http, Transport};

/// How long one fetch may take, everything in it together, where nothing is said.
pub const DEADLINE: Duration = Duration::from_secs(300);

/// How large one answer may be, in bytes, where nothing is said; services stop at about 64 MiB themselves.
pub const BUDGET: usize = 96 << 20;

/// How many fetches are worked on at once; the others wait, and have not begun.
const FETCHES: usize = 5;

/// The services that telemetry is read from.
pub struct Live {
    clients: Vec<Client>,
    deadline: Duration,
    turns: Semaphore,
    progress: Option<Progress>,
}

/// Told how many of how many queries are answered.
pub type Progress = Box<dyn Fn(usize, usize) + Send + Sync>;

/// Why services cannot be used as they are configured: a sentence for whoever configured them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigurationError(String);

impl Live {
    /// Nothing configured yet.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            services: Vec::new(),
            bearer: None,
            deadline: DEADLINE,
            budget: BUDGET,
            hosts: Vec::new(),
            pace: Pace { first: Duration::from_secs(1), most: Duration::from_secs(30) },
            progress: None,
            schema: None,
        }
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

    /// The service that holds a table, as the first that says so.
    fn holder(&self, table: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.service().holds(table))
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

/// A [`Live`] that is being configured.
pub struct Builder {
    services: Vec<Service>,
    bearer: Option<Arc<dyn BearerSource>>,
    deadline: Duration,
    budget: usize,
    hosts: Vec<String>,
    pace: Pace,
    progress: Option<Progress>,
    schema: Option<Schema>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Builder")
            .field("services", &self.services)
            .field("bearer", &self.bearer)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// An Application Insights resource, by resource id or app id.
    ///
    /// # Errors
    ///
    /// As [`Service::app_insights`].
    pub fn app_insights(self, name: &str) -> Result<Self, ConfigurationError> {
        Ok(self.service(Service::app_insights(name)?))
    }

    /// A Log Analytics workspace, by workspace id or resource id.
    ///
    /// # Errors
    ///
    /// As [`Service::log_analytics`].
    pub fn log_analytics(self, name: &str) -> Result<Self, ConfigurationError> {
        Ok(self.service(Service::log_analytics(name)?))
    }

    /// A database of an Azure Data Explorer cluster.
    ///
    /// # Errors
    ///
    /// As [`Service::kusto`].
    pub fn kusto(self, cluster: &str, database: &str) -> Result<Self, ConfigurationError> {
        Ok(self.service(Service::kusto(cluster, database)?))
    }

    /// One more service; of two that hold a table the first is asked.
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.services.push(service);
        self
    }

    /// Where tokens come from.
    #[must_use]
    pub fn bearer(mut self, bearer: Arc<dyn BearerSource>) -> Self {
        self.bearer = Some(bearer);
        self
    }

    /// How long one fetch may take, retries included, once its turn has come.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How large one answer may be, in bytes; a larger one is an error, and no more than this is held of it.
    #[must_use]
    pub fn budget(mut self, bytes: usize) -> Self {
        self.budget = bytes;
        self
    }

    /// A host that tokens may be sent to besides those of the services' own domains.
    #[must_use]
    pub fn trust_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// How long to wait before a second try where the service does not say (twice as long before each further one), and at most.
    #[must_use]
    pub fn pace(mut self, first: Duration, most: Duration) -> Self {
        self.pace = Pace { first, most };
        self
    }

    /// Which service holds which table, under which names, where a pack says so. Of a table that a pack with such words does
    /// not give to any service, none is asked.
    #[must_use]
    pub fn pack(mut self, schema: &Schema) -> Self {
        self.schema = Some(schema.clone());
        self
    }

    /// Is told how many of how many queries are answered.
    #[must_use]
    pub fn with_progress(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
        self
    }

    /// The source.
    ///
    /// # Errors
    ///
    /// No service, no [`BearerSource`], or a service at a host to which no token may be sent.
    pub fn build(self) -> Result<Live, ConfigurationError> {
        let budget = self.budget;
        self.build_over(|service| {
            let http = Http::new(service.url(), budget).map_err(ConfigurationError)?;
            Ok(Box::new(http))
        })
    }

    fn build_over(
        self,
        transport: impl Fn(&Service) -> Result<Box<dyn Transport>, ConfigurationError>,
    ) -> Result<Live, ConfigurationError> {
        let bearer = self.bearer.ok_or_else(|| ConfigurationError("no source of tokens is configured".to_owned()))?;
        if self.services.is_empty() {
            return Err(ConfigurationError("no service is configured".to_owned()));
        }
        let mut clients = Vec::with_capacity(self.services.len());
        for service in self.services {
            let service = match &self.schema {
                Some(schema) => service.of_pack(schema),
                None => service,
            };
            if let Some(refusal) = host::refusal(service.url(), &self.hosts) {
                return Err(ConfigurationError(format!("cannot ask {}: {refusal}", service.title())));
            }
            let transport = transport(&service)?;
            clients.push(Client::new(service, transport, bearer.clone(), self.pace));
        }
        Ok(Live { clients, deadline: self.deadline, turns: Semaphore::new(FETCHES), progress: self.progress })
    }
}
