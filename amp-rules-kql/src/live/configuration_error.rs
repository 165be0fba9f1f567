//! The error type for invalid service configurations.

/// An invalid configuration of services or credentials, with a message for the user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigurationError(pub(super) String);
