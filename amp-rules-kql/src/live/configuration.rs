//! Why services cannot be used as they are configured.

/// Why services cannot be used as they are configured: a sentence for the person who configured them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigurationError(pub(super) String);
