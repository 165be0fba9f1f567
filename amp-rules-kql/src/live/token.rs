//! Access tokens and their providers.
//!
//! Input: an [`Audience`]. Output: an [`AccessToken`] from a [`TokenProvider`], or a [`TokenError`] with a message. A token never
//! appears in `Debug` output, errors or logs; [`AccessToken::authorization_header`] is its only way into a request.

use std::fmt;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::trusted_hosts;

/// The audience of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// The OAuth scope: `https://api.loganalytics.io/.default`.
    pub scope: String,
    /// The host that receives the token.
    pub host: String,
}

/// An access token. Its value is accessible only to the code that sends the request.
#[derive(Clone)]
pub struct AccessToken(SecretString);

impl AccessToken {
    /// Wraps a token.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self(SecretString::from(token.into()))
    }

    /// Returns the value of the `Authorization` header, marked as sensitive; `None` if the token is not a valid header value.
    pub(super) fn authorization_header(&self) -> Option<reqwest::header::HeaderValue> {
        let mut value = reqwest::header::HeaderValue::from_str(&format!("Bearer {}", self.0.expose_secret())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Returns whether two tokens are equal.
    pub(super) fn equals(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }

    /// Replaces the token in a text by `[token]`.
    pub(super) fn redact(&self, text: &str) -> String {
        let token = self.0.expose_secret();
        if token.is_empty() { text.to_owned() } else { text.replace(token, "[token]") }
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Bearer([hidden])")
    }
}

/// The failure to get a token: what was tried, and how to fix it. Never contains a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TokenError(pub String);

/// A provider of access tokens.
///
/// **A caller may rely on**: the token is currently valid for the requested scope; a second call after a service rejected the
/// token returns a different token if there is one. **An implementer must**: cache valid tokens (every query calls the provider),
/// never write a token anywhere, and describe in [`TokenError`] what was tried and how to fix it. **Wrong**: one token for every
/// scope, because a service would receive the token for another service.
#[async_trait]
pub trait TokenProvider: fmt::Debug + Send + Sync {
    /// Returns a token for an audience.
    async fn token(&self, audience: &Audience) -> Result<AccessToken, TokenError>;
}

/// A provider of one fixed token, for loopback hosts only: for stub services in tests.
#[derive(Clone, Debug)]
pub struct FixedToken(AccessToken);

impl FixedToken {
    /// Creates a provider of this token.
    #[must_use]
    pub fn new(word: impl Into<String>) -> Self {
        Self(AccessToken::new(word))
    }
}

#[async_trait]
impl TokenProvider for FixedToken {
    async fn token(&self, audience: &Audience) -> Result<AccessToken, TokenError> {
        if trusted_hosts::is_loopback(&audience.host) {
            return Ok(self.0.clone());
        }
        Err(TokenError(format!("a fixed token is for loopback hosts only and is not sent to `{}`", audience.host)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_never_displayed() {
        let token = AccessToken::new("s3cr3t");
        let source = FixedToken::new("s3cr3t");
        for shown in [format!("{token:?}"), format!("{source:?}"), format!("{:?}", token.authorization_header())] {
            assert!(!shown.contains("s3cr3t"), "{shown}");
        }
        assert_eq!(token.redact("token s3cr3t is bad"), "token [token] is bad");
    }

    #[tokio::test]
    async fn fixed_token_is_for_loopback_hosts_only() {
        let source = FixedToken::new("word");
        let of = |host: &str| Audience { scope: "s".to_owned(), host: host.to_owned() };
        assert!(source.token(&of("127.0.0.1")).await.is_ok());
        let refused = source.token(&of("help.kusto.windows.net")).await.unwrap_err();
        assert!(refused.0.contains("loopback hosts only"), "{refused}");
    }
}
