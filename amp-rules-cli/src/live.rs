//! Live services on the command line: which services, and the identity that queries them.
//!
//! Options in, a [`Live`] source out. Nothing is queried here. This is the only place that reads the environment variables
//! of an Azure identity; their values are passed on and never shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use amp_rules_core::escape::Printable;
use amp_rules_core::report::{Colour, Page, TextOptions};
use amp_rules_core::time::parse_duration;
use amp_rules_core::{Observations, RuleSet, SourceErrorKind};
use amp_rules_kql::live::entra::{Entra, Way};
use amp_rules_kql::live::{ConfigurationError, FixedToken, Live, Service, TokenProvider};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::exit::Failure;
use crate::terminal::Terminal;

/// The services to read telemetry from, and how to sign in.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Live telemetry")]
pub struct Services {
    /// The Application Insights resource that the add-on sends to, by resource id or app id.
    #[arg(long, value_name = "RESOURCE_ID")]
    pub app_insights: Option<String>,
    /// The Log Analytics workspace behind it, by workspace id or resource id; not queried if both are given.
    #[arg(long, value_name = "ID")]
    pub log_analytics: Option<String>,
    /// A database of an Azure Data Explorer cluster: `https://NAME.REGION.kusto.windows.net/DATABASE`.
    #[arg(long, value_name = "URI/DATABASE")]
    pub kusto: Vec<String>,
    /// How to sign in. Tokens are never shown.
    #[arg(long, value_enum, default_value = "developer", value_name = "WAY")]
    pub auth: Auth,
    /// The time limit for reading telemetry, retries included.
    #[arg(long, value_name = "DURATION", default_value = "5m")]
    pub deadline: String,
    /// A host that tokens may be sent to, in addition to those of the services.
    #[arg(long, value_name = "HOST")]
    pub trust_host: Vec<String>,
    /// The endpoint of Application Insights and Log Analytics: a sovereign cloud, a proxy, a test server. A host that is not
    /// of these services also needs --trust-host.
    #[arg(long, value_name = "URL", hide_short_help = true)]
    pub endpoint: Option<String>,
}

/// The ways to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Auth {
    /// The identity that is signed in to the Azure CLI (`az login`) or the Azure Developer CLI.
    Developer,
    /// The managed identity of this machine.
    ManagedIdentity,
    /// The identity of this Kubernetes service account.
    WorkloadIdentity,
    /// An application: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET.
    ClientSecret,
    /// A constant instead of a token; sent to this machine only.
    #[value(hide = true)]
    Fixed,
}

impl Services {
    /// Whether any service is named.
    #[must_use]
    pub fn any(&self) -> bool {
        self.app_insights.is_some() || self.log_analytics.is_some() || !self.kusto.is_empty()
    }

    /// The source of these services, with a progress bar if the terminal shows progress.
    ///
    /// # Errors
    ///
    /// [`crate::exit::Exit::Usage`] for a resource, an address or a way to sign in that is invalid.
    pub fn source(&self, rules: &RuleSet, terminal: &Terminal) -> Result<Live, Failure> {
        self.configured(rules, terminal).map_err(|error| Failure::usage(&error.to_string()))?
    }

    fn configured(&self, rules: &RuleSet, terminal: &Terminal) -> Result<Result<Live, Failure>, ConfigurationError> {
        let Some(deadline) = parse_duration(&self.deadline).filter(|deadline| !deadline.is_zero()) else {
            let sentence = format!("cannot use `--deadline {}`: expected a duration such as 5m", self.deadline);
            return Ok(Err(Failure::usage(&sentence)));
        };
        let mut builder = Live::builder().pack(&rules.schema).deadline(deadline).token_provider(self.token_provider()?);
        let insights = self.app_insights.as_deref().map(Service::app_insights);
        let workspace = self.log_analytics.as_deref().map(Service::log_analytics);
        for service in insights.into_iter().chain(workspace) {
            let service = service?;
            builder = builder.service(match &self.endpoint {
                Some(endpoint) => service.at(endpoint)?,
                None => service,
            });
        }
        for place in &self.kusto {
            let Some((cluster, database)) = place.trim_end_matches('/').rsplit_once('/') else {
                let sentence = format!("cannot use `--kusto {place}`: expected https://CLUSTER/DATABASE");
                return Ok(Err(Failure::usage(&sentence)));
            };
            builder = builder.kusto(cluster, database)?;
        }
        for host in &self.trust_host {
            builder = builder.trust_host(host);
        }
        if let Some(bar) = bar(terminal) {
            builder = builder.with_progress(Box::new(move |done, all| {
                bar.set_length(all as u64);
                bar.set_position(done as u64);
                if done >= all {
                    bar.finish_and_clear();
                }
            }));
        }
        builder.build().map(Ok)
    }

    fn token_provider(&self) -> Result<Arc<dyn TokenProvider>, ConfigurationError> {
        let way = match self.auth {
            Auth::Developer => Way::Developer,
            Auth::ManagedIdentity => Way::ManagedIdentity,
            Auth::WorkloadIdentity => Way::WorkloadIdentity,
            Auth::ClientSecret => Way::ClientSecret,
            Auth::Fixed => return Ok(Arc::new(FixedToken::new("fixed"))),
        };
        Ok(Arc::new(Entra::new(way, &|name| std::env::var(name).ok())?))
    }
}

/// The tables that could not be read, one line per reason, for stderr. Tables without a configured service are left out;
/// the report lists them.
#[must_use]
pub fn remarks(observations: &Observations) -> Printable {
    let mut failed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let errors = observations.answers().iter().filter_map(|answer| answer.as_ref().err());
    for error in errors.filter(|error| error.kind != SourceErrorKind::NotConfigured) {
        failed.entry(&error.context).or_default().insert(error.table().unwrap_or(&error.operation));
    }
    let mut page = Page::new(&TextOptions::default());
    for (context, tables) in failed {
        let tables: Vec<&str> = tables.into_iter().collect();
        page.line(&format!("amp-rules: cannot read {}: {context}", tables.join(", ")));
    }
    page.finish()
}

/// A progress bar of answered queries, if the terminal shows progress.
fn bar(terminal: &Terminal) -> Option<ProgressBar> {
    if !terminal.shows_progress {
        return None;
    }
    let template = match terminal.remarks {
        Colour::Always => "querying {bar:30.cyan} {pos} of {len} queries",
        Colour::Never => "querying {bar:30} {pos} of {len} queries",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    Some(ProgressBar::new(1).with_style(style))
}
