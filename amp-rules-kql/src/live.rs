//! A telemetry source that queries live services: Application Insights, Log Analytics, Azure Data Explorer.
//!
//! Input: [`Service`]s, a [`TokenProvider`], and the requests of a plan. Output: one answer or error per request. Each table is
//! read from the service that holds it; a table that no service holds is `not_configured`. All requests on one table are sent as
//! one query. Queries run concurrently, at most five per service, and are retried only if a retry can help, until the deadline.
//! A failed query affects only its own requests. Gaps in an answer are declared. Dropping the future cancels every call.
//!
//! Files: `http` attaches the access token to a request and sends it; `client` decides about retries and token renewal;
//! `trusted_hosts` decides which hosts may receive a token.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use amp_rules_kql::live::{FixedToken, Live};
//!
//! # fn main() -> Result<(), amp_rules_kql::live::ConfigurationError> {
//! let source = Live::builder()
//!     .app_insights("/subscriptions/…/providers/microsoft.insights/components/telemetry")?
//!     .kusto("https://aks.kusto.windows.net", "AKSprod")?
//!     .token_provider(Arc::new(FixedToken::new("for this machine only")))
//!     .build()?;
//! # Ok(())
//! # }
//! ```

mod answers;
mod batch;
mod client;
mod configuration_error;
#[cfg(feature = "entra")]
pub mod entra;
mod http;
mod schema_check;
mod service;
mod source;
mod token;
mod trusted_hosts;

pub use self::configuration_error::ConfigurationError;
pub use self::schema_check::{Difference, TableCheck, TableState};
pub use self::service::{Service, ServiceKind};
pub use self::source::{BUDGET, Builder, DEADLINE, Live, Progress};
pub use self::token::{AccessToken, Audience, FixedToken, TokenError, TokenProvider};
