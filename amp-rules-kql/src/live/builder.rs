//! Configuring a live source.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use amp_rules_core::telemetry::schema::Schema;

use super::client::{Backoff, Client};
use super::configuration::ConfigurationError;
use super::exchange::{Http, Transport};
use super::host;
use super::service::Service;
use super::source::{Live, Progress};
use super::token::TokenProvider;

/// How long one fetch may take, everything in it together, where nothing is said.
pub const DEADLINE: Duration = Duration::from_secs(300);

/// How large one answer may be, in bytes, where nothing is said; services stop at about 64 MiB themselves.
pub const BUDGET: usize = 96 << 20;

impl Live {
    /// Nothing configured yet.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            services: Vec::new(),
            tokens: None,
            deadline: DEADLINE,
            budget: BUDGET,
            hosts: Vec::new(),
            backoff: Backoff { first: Duration::from_secs(1), most: Duration::from_secs(30) },
            progress: None,
            schema: None,
        }
    }
}

/// A [`Live`] that is being configured.
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
    pub fn token_provider(mut self, tokens: Arc<dyn TokenProvider>) -> Self {
        self.tokens = Some(tokens);
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
    pub fn backoff(mut self, first: Duration, most: Duration) -> Self {
        self.backoff = Backoff { first, most };
        self
    }

    /// Which service holds which table, under which names, where a pack says so. Of a table that a pack with such words does
    /// not give to any service, none is asked.
    #[must_use]
    pub fn pack(mut self, schema: &Schema) -> Self {
        self.schema = Some(schema.clone());
        self
    }

    /// Called with how many of how many queries are answered.
    #[must_use]
    pub fn with_progress(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
        self
    }

    /// The source.
    ///
    /// # Errors
    ///
    /// No service, no [`TokenProvider`], or a service at a host to which no token may be sent.
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
        let tokens = self.tokens.ok_or_else(|| ConfigurationError("no source of tokens is configured".to_owned()))?;
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
            clients.push(Client::new(service, transport, tokens.clone(), self.backoff));
        }
        Ok(Live::new(clients, self.deadline, self.progress))
    }
}
