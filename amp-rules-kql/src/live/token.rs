//! Where tokens come from.
//!
//! A [`TokenProvider`] gives a token for an [`Audience`], or says in words what was tried and what would help. A [`AccessToken`]
//! never shows itself: not in `Debug`, not in an error, not in a log.

use std::fmt;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::host;

/// What a token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// The scope to ask for: `https://api.loganalytics.io/.default`.
    pub scope: String,
    /// The host that it will be sent to.
    pub host: String,
}

/// A token, hidden from everything but the request that carries it.
#[derive(Clone)]
pub struct AccessToken(SecretString);

impl AccessToken {
    /// Hides a token.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self(SecretString::from(token.into()))
    }

    /// The value of the header `Authorization`.
    pub(super) fn header(&self) -> Option<reqwest::header::HeaderValue> {
        let mut value = reqwest::header::HeaderValue::from_str(&format!("Bearer {}", self.0.expose_secret())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Whether two tokens are the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }

    /// A text without the token, whatever quoted it.
    pub(super) fn struck_from(&self, text: &str) -> String {
        let token = self.0.expose_secret();
        if token.is_empty() { text.to_owned() } else { text.replace(token, "[token]") }
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Bearer([hidden])")
    }
}

/// Why there is no token: what was tried, and what to do. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TokenError(pub String);

/// Something that gives tokens.
///
/// **A caller may rely on**: a token that is valid at the moment, for the scope asked for; a source that is asked again
/// after a refusal gives another token if it has one. **An implementer must**: keep tokens that are still good (a call costs
/// one question), never write a token anywhere, and say in [`TokenError`] what was tried and what the user can do.
/// **Wrong**: one token for every scope; a service would be handed the token of another.
#[async_trait]
pub trait TokenProvider: fmt::Debug + Send + Sync {
    /// A token for an audience.
    async fn token(&self, audience: &Audience) -> Result<AccessToken, TokenError>;
}

/// The same word for everybody, on this machine only: for stub services.
#[derive(Clone, Debug)]
pub struct FixedToken(AccessToken);

impl FixedToken {
    /// A source of this word.
    #[must_use]
    pub fn new(word: impl Into<String>) -> Self {
        Self(AccessToken::new(word))
    }
}

#[async_trait]
impl TokenProvider for FixedToken {
    async fn token(&self, audience: &Audience) -> Result<AccessToken, TokenError> {
        if host::is_loopback(&audience.host) {
            return Ok(self.0.clone());
        }
        Err(TokenError(format!("a fixed token is for this machine only and is not sent to `{}`", audience.host)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_shows_itself() {
        let token = AccessToken::new("s3cr3t");
        let source = FixedToken::new("s3cr3t");
        for shown in [format!("{token:?}"), format!("{source:?}"), format!("{:?}", token.header())] {
            assert!(!shown.contains("s3cr3t"), "{shown}");
        }
        assert_eq!(token.struck_from("token s3cr3t is bad"), "token [token] is bad");
    }

    #[tokio::test]
    async fn a_fixed_token_does_not_leave_the_machine() {
        let source = FixedToken::new("word");
        let of = |host: &str| Audience { scope: "s".to_owned(), host: host.to_owned() };
        assert!(source.token(&of("127.0.0.1")).await.is_ok());
        let refused = source.token(&of("help.kusto.windows.net")).await.unwrap_err();
        assert!(refused.0.contains("this machine only"), "{refused}");
    }
}
