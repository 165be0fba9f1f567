//! Telemetry from the services themselves: Application Insights, Log Analytics, Azure Data Explorer.
//!
//! Input: [`Service`]s, a [`TokenProvider`], and the requests of a plan. Output: one answer or error per request. A table is
//! read where its service lies; one that lies nowhere is `not_configured`. All requests on one table go as one query; queries
//! run side by side, at most five per service, and are tried again only where that can help, until the deadline. What fails
//! fails alone. Whatever an answer lacks is declared. Dropping the future ends every call.
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
mod builder;
mod client;
mod configuration;
#[cfg(feature = "entra")]
pub mod entra;
mod exchange;
mod host;
mod schema_check;
mod service;
mod source;
mod token;

pub use self::builder::{BUDGET, Builder, DEADLINE};
pub use self::configuration::ConfigurationError;
pub use self::schema_check::{Difference, TableCheck, TableState};
pub use self::service::{Service, ServiceKind};
pub use self::source::{Live, Progress};
pub use self::token::{AccessToken, Audience, FixedToken, TokenError, TokenProvider};
