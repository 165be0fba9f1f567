//! Why a request has no answer.

/// What a caller can do about a [`SourceError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SourceErrorKind {
    /// The source does not serve this kind of request. Retrying does not help.
    Unsupported,
    /// No service or file is configured for the table. Configure one, or accept that its symptoms are unknown.
    NotConfigured,
    /// The table does not exist in the source. Check its name, or the service.
    TableMissing,
    /// The credentials were refused. Retrying does not help.
    Denied,
    /// The source is throttling. Retry later.
    Throttled,
    /// The source did not answer in time. A retry may help.
    Timeout,
    /// The source could not be reached. Check the network; a retry may help.
    Unreachable,
    /// The reply of the source could not be understood. Retrying does not help.
    Malformed,
    /// Any other failure.
    Other,
}

impl SourceErrorKind {
    /// The name in reports and in `missing:` of an incident file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported",
            Self::NotConfigured => "not_configured",
            Self::TableMissing => "missing_table",
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Malformed => "malformed",
            Self::Other => "source_error",
        }
    }

    /// Whether the same request may succeed if it is sent again.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::Throttled | Self::Timeout | Self::Unreachable => true,
            Self::Unsupported
            | Self::NotConfigured
            | Self::TableMissing
            | Self::Denied
            | Self::Malformed
            | Self::Other => false,
        }
    }
}

/// Why a request has no answer. The message completes "cannot …": `cannot read samples: no answer in 30 s`.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation}: {context}")]
#[non_exhaustive]
pub struct SourceError {
    /// What the caller can do.
    pub kind: SourceErrorKind,
    /// What was attempted, as a verb phrase: `read traces`.
    pub operation: String,
    /// What went wrong. Never contains secrets.
    pub context: String,
    /// The underlying error.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
    table: Option<String>,
}

impl SourceError {
    /// A failure of `operation`, a verb phrase such as `list the tables`.
    ///
    /// To report that a table could not be read, use [`SourceError::read`].
    #[must_use]
    pub fn new(kind: SourceErrorKind, operation: impl Into<String>, context: impl Into<String>) -> Self {
        Self { kind, operation: operation.into(), context: context.into(), source: None, table: None }
    }

    /// A failure to read a table.
    #[must_use]
    pub fn read(kind: SourceErrorKind, table: impl Into<String>, context: impl Into<String>) -> Self {
        let table = table.into();
        Self { table: Some(table.clone()), ..Self::new(kind, format!("read {table}"), context) }
    }

    /// Adds the underlying error.
    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// The table that could not be read; `None` if the failure is not about one table.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.table.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_the_table_that_the_error_carries() {
        let error = SourceError::read(SourceErrorKind::Timeout, "traces", "no answer in 30 s");
        assert_eq!(
            (error.to_string().as_str(), error.table()),
            ("cannot read traces: no answer in 30 s", Some("traces"))
        );
        assert!(error.kind.is_retryable());
        assert_eq!(SourceError::new(SourceErrorKind::Other, "list the tables", "x").table(), None);
    }
}
