//! Where tokens come from.
//!
//! A [`BearerSource`] gives a token for an [`Audience`], or says in words what was tried and what would help. A [`Bearer`]
//! shows itself to nobody: not in `Debug`, not in an error, not in a log.

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
pub struct Bearer(SecretString);

impl Bearer {
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

impl fmt::Debug for Bearer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Bearer([hidden])")
    }
}

/// Why there is no token: what was tried, and what to do. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoBearer(pub String);

/// Something that gives tokens.
///
/// **A caller may rely on**: a token that is valid at the moment, for the scope asked for; a source that is asked again
/// after a refusal gives another token if it has one. **An implementer must**: keep tokens that are still good (a call costs
/// one question), never write a token anywhere, and say in [`NoBearer`] what was tried and what the user can do.
/// **Wrong**: one token for every scope; a service would be handed the token of another.
#[async_trait]
pub trait BearerSource: fmt::Debug + Send + Sync {
    /// A token for an audience.
    async fn bearer(&self, audience: &Audience) -> Result<Bearer, NoBearer>;
}

/// The same word for everybody, on this machine only: for stub services.
#[derive(Clone, Debug)]
pub struct FixedBearer(Bearer);

impl FixedBearer {
    /// A source of this word.
    #[must_use]
    pub fn new(word: impl Into<String>) -> Self {
        Self(Bearer::new(word))
    }
}

#[async_trait]
impl BearerSource for FixedBearer {
    async fn bearer(&self, audience: &Audience) -> Result<Bearer, NoBearer> {
        if host::is_loopback(&audience.host) {
            return Ok(self.0.clone());
        }
        Err(NoBearer(format!("a fixed token is for this machine only and is not sent to `{}`", audience.host)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_shows_itself_to_nobody() {
        let bearer = Bearer::new("s3cr3t");
        let source = FixedBearer::new("s3cr3t");
        for shown in [format!("{bearer:?}"), format!("{source:?}"), format!("{:?}", bearer.header())] {
            assert!(!shown.contains("s3cr3t"), "{shown}");
        }
        assert_eq!(bearer.struck_from("token s3cr3t is bad"), "token [token] is bad");
    }

    #[tokio::test]
    async fn a_fixed_token_does_not_leave_the_machine() {
        let source = FixedBearer::new("word");
        let of = |host: &str| Audience { scope: "s".to_owned(), host: host.to_owned() };
        assert!(source.bearer(&of("127.0.0.1")).await.is_ok());
        let refused = source.bearer(&of("help.kusto.windows.net")).await.unwrap_err();
        assert!(refused.0.contains("this machine only"), "{refused}");
    }
}
