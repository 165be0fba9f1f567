//! Access tokens of Microsoft Entra, through `azure_identity`.
//!
//! Input: a sign-in method ([`Way`]). Output: a [`TokenProvider`] that caches tokens until shortly before they expire, or an
//! error with the attempted method and a remedy. Secrets are read from environment variables and never displayed.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::time::OffsetDateTime;
use azure_identity::{
    ClientSecretCredential, DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
    UserAssignedId, WorkloadIdentityCredential,
};
use tokio::sync::Mutex;

use super::configuration_error::ConfigurationError;
use super::http::error_chain;
use super::token::{AccessToken, Audience, TokenError, TokenProvider};

/// A cached token is replaced if it expires within this time.
const RENEWAL_MARGIN: Duration = Duration::from_secs(120);

/// The maximum number of characters of a credential error in a message.
const MAX_ERROR_CHARACTERS: usize = 300;

/// A sign-in method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The user signed in with the Azure CLI, or else with the Azure Developer CLI.
    Developer,
    /// The managed identity of the machine; `AZURE_CLIENT_ID` selects one of several.
    ManagedIdentity,
    /// The identity of the Kubernetes service account, from the variables that AKS sets.
    WorkloadIdentity,
    /// An application, from `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET`.
    ClientSecret,
}

impl Way {
    /// All methods, in the order of the help text.
    pub const ALL: [Self; 4] = [Self::Developer, Self::ManagedIdentity, Self::WorkloadIdentity, Self::ClientSecret];

    /// Returns the name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::ManagedIdentity => "managed-identity",
            Self::WorkloadIdentity => "workload-identity",
            Self::ClientSecret => "client-secret",
        }
    }

    /// Returns the end of an error message: what was tried, and how to fix it.
    fn advice(self) -> &'static str {
        match self {
            Self::Developer => {
                "tried the Azure CLI and the Azure Developer CLI; sign in with `az login --tenant TENANT`, or choose another sign-in method"
            }
            Self::ManagedIdentity => {
                "tried the managed identity of this machine; assign one, and set AZURE_CLIENT_ID if there are several"
            }
            Self::WorkloadIdentity => {
                "tried workload identity; AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE must be set, as AKS does for a labelled pod"
            }
            Self::ClientSecret => {
                "tried a client secret; AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET must be set and valid"
            }
        }
    }
}

impl FromStr for Way {
    type Err = ConfigurationError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|way| way.as_str() == word).ok_or_else(|| {
            let words: Vec<&str> = Self::ALL.into_iter().map(Self::as_str).collect();
            ConfigurationError(format!("unknown sign-in method `{word}`: expected one of {}", words.join(", ")))
        })
    }
}

/// A [`TokenProvider`] for Microsoft Entra.
pub struct Entra {
    way: Way,
    credential: Arc<dyn TokenCredential>,
    /// Cached tokens by scope, with their expiry.
    cache: Mutex<BTreeMap<String, (AccessToken, OffsetDateTime)>>,
}

impl fmt::Debug for Entra {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Entra").field("way", &self.way).finish_non_exhaustive()
    }
}

impl Entra {
    /// Creates a provider without contacting Microsoft Entra. `variable` reads an environment variable.
    ///
    /// # Errors
    ///
    /// A [`ConfigurationError`] with the name of the missing variable, or the error of `azure_identity`.
    pub fn new(way: Way, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigurationError> {
        let wrong = |error: azure_core::Error| {
            ConfigurationError(format!(
                "cannot sign in with {}: {}; {}",
                way.as_str(),
                error_chain(&error),
                way.advice()
            ))
        };
        let variable = |name: &str| {
            variable(name).filter(|value| !value.trim().is_empty()).ok_or_else(|| {
                ConfigurationError(format!("cannot sign in with {}: {name} is not set; {}", way.as_str(), way.advice()))
            })
        };
        let credential: Arc<dyn TokenCredential> = match way {
            Way::Developer => DeveloperToolsCredential::new(None).map_err(wrong)?,
            Way::ManagedIdentity => {
                let user_assigned_id = variable("AZURE_CLIENT_ID").ok().map(UserAssignedId::ClientId);
                let options = ManagedIdentityCredentialOptions { user_assigned_id, ..Default::default() };
                ManagedIdentityCredential::new(Some(options)).map_err(wrong)?
            }
            Way::WorkloadIdentity => WorkloadIdentityCredential::new(None).map_err(wrong)?,
            Way::ClientSecret => {
                let tenant = variable("AZURE_TENANT_ID")?;
                let client = variable("AZURE_CLIENT_ID")?;
                let secret = Secret::new(variable("AZURE_CLIENT_SECRET")?);
                ClientSecretCredential::new(&tenant, client, secret, None).map_err(wrong)?
            }
        };
        Ok(Self::of(way, credential))
    }

    fn of(way: Way, credential: Arc<dyn TokenCredential>) -> Self {
        Self { way, credential, cache: Mutex::new(BTreeMap::new()) }
    }
}

#[async_trait]
impl TokenProvider for Entra {
    async fn token(&self, audience: &Audience) -> Result<AccessToken, TokenError> {
        // The lock is held while waiting, so concurrent calls share one token request.
        let mut cache = self.cache.lock().await;
        let soon = OffsetDateTime::now_utc() + RENEWAL_MARGIN;
        if let Some((token, _)) = cache.get(&audience.scope).filter(|(_, end)| *end > soon) {
            return Ok(token.clone());
        }
        let issued = self.credential.get_token(&[&audience.scope], None).await.map_err(|error| {
            let text: String = error_chain(&error).chars().take(MAX_ERROR_CHARACTERS).collect();
            TokenError(format!("{} (for {}; {text})", self.way.advice(), audience.scope))
        })?;
        let token = AccessToken::new(issued.token.secret());
        cache.insert(audience.scope.clone(), (token.clone(), issued.expires_on));
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use azure_core::credentials::{AccessToken, TokenRequestOptions};

    use super::*;

    /// Returns `token-1`, `token-2`, … that expire after `seconds`, or an error.
    #[derive(Debug)]
    struct Credential {
        asked: AtomicUsize,
        seconds: Option<i64>,
    }

    #[async_trait]
    impl TokenCredential for Credential {
        async fn get_token(
            &self,
            scopes: &[&str],
            _: Option<TokenRequestOptions<'_>>,
        ) -> azure_core::Result<AccessToken> {
            let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            let Some(seconds) = self.seconds else {
                return Err(azure_core::Error::with_message(
                    azure_core::error::ErrorKind::Credential,
                    "no user is signed in",
                ));
            };
            let end = OffsetDateTime::now_utc() + azure_core::time::Duration::seconds(seconds);
            Ok(AccessToken::new(format!("token-{number}-{}", scopes.join(" ")), end))
        }
    }

    fn entra(seconds: Option<i64>) -> (Entra, Arc<Credential>) {
        let credential = Arc::new(Credential { asked: AtomicUsize::new(0), seconds });
        (Entra::of(Way::Developer, credential.clone()), credential)
    }

    fn audience(scope: &str) -> Audience {
        Audience { scope: scope.to_owned(), host: "h".to_owned() }
    }

    #[tokio::test]
    async fn valid_tokens_are_cached_per_scope() {
        let (entra, credential) = entra(Some(3600));
        let one = entra.token(&audience("a")).await.unwrap();
        assert!(one.equals(&entra.token(&audience("a")).await.unwrap()));
        assert!(!one.equals(&entra.token(&audience("b")).await.unwrap()));
        assert_eq!(credential.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn token_about_to_expire_is_replaced() {
        let (entra, credential) = entra(Some(60));
        let one = entra.token(&audience("a")).await.unwrap();
        assert!(!one.equals(&entra.token(&audience("a")).await.unwrap()));
        assert_eq!(credential.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn error_contains_the_attempted_method_and_a_remedy() {
        let (entra, _) = entra(None);
        let none = entra.token(&audience("a")).await.unwrap_err();
        for part in ["no user is signed in", "Azure CLI", "az login --tenant"] {
            assert!(none.0.contains(part), "{none}");
        }
    }

    #[test]
    fn error_contains_the_missing_variable_but_no_secret() {
        let all = |name: &str| {
            Some(if name.ends_with("SECRET") { "hu$h" } else { "00000000-0000-0000-0000-00000000000a" }.to_owned())
        };
        let entra = Entra::new(Way::ClientSecret, &all).unwrap();
        assert!(!format!("{entra:?}").contains("hu$h"));
        let without = |name: &str| all(name).filter(|_| name != "AZURE_TENANT_ID");
        let error = Entra::new(Way::ClientSecret, &without).unwrap_err();
        assert!(error.to_string().contains("AZURE_TENANT_ID is not set"), "{error}");
        assert!(!error.to_string().contains("hu$h"));
    }

    #[test]
    fn sign_in_methods_parse_by_name() {
        for way in Way::ALL {
            assert_eq!(way.as_str().parse::<Way>().unwrap(), way);
        }
        assert!("password".parse::<Way>().unwrap_err().to_string().contains("managed-identity"));
    }
}
