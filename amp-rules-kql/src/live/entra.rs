//! Tokens of Microsoft Entra, by the ways that `azure_identity` knows.
//!
//! Input: a [`Way`] to sign in. Output: a [`TokenProvider`] that keeps tokens while they are good, or an error that names what
//! was tried and what to do. Secrets come from the environment, as the platform sets it, and are never shown.

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

use super::configuration::ConfigurationError;
use super::exchange::chain;
use super::token::{AccessToken, Audience, TokenError, TokenProvider};

/// A token is requested again when it expires within this time.
const SHORT: Duration = Duration::from_secs(120);

/// So many characters of what a credential says are repeated.
const MOST_SAID: usize = 300;

/// A way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As the user who is signed in with the Azure CLI, else with the Azure Developer CLI.
    Developer,
    /// As the identity that Azure gives to this machine; `AZURE_CLIENT_ID` names one of several.
    ManagedIdentity,
    /// As the identity of this Kubernetes service account, by the variables that AKS sets.
    WorkloadIdentity,
    /// As an application, by `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET`.
    ClientSecret,
}

impl Way {
    /// Every way, in the order in which help names them.
    pub const ALL: [Self; 4] = [Self::Developer, Self::ManagedIdentity, Self::WorkloadIdentity, Self::ClientSecret];

    /// Its word on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::ManagedIdentity => "managed-identity",
            Self::WorkloadIdentity => "workload-identity",
            Self::ClientSecret => "client-secret",
        }
    }

    /// What was tried, and what to do when it failed.
    fn advice(self) -> &'static str {
        match self {
            Self::Developer => {
                "tried the Azure CLI and the Azure Developer CLI; sign in with `az login --tenant TENANT`, or choose another way to sign in"
            }
            Self::ManagedIdentity => {
                "tried the managed identity of this machine; give it one, and name it by AZURE_CLIENT_ID where it has several"
            }
            Self::WorkloadIdentity => {
                "tried workload identity; AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE must be set, as AKS does for a labelled pod"
            }
            Self::ClientSecret => {
                "tried a client secret; AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET must be set and in force"
            }
        }
    }
}

impl FromStr for Way {
    type Err = ConfigurationError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|way| way.as_str() == word).ok_or_else(|| {
            let words: Vec<&str> = Self::ALL.into_iter().map(Self::as_str).collect();
            ConfigurationError(format!("cannot sign in by `{word}`: expected one of {}", words.join(", ")))
        })
    }
}

/// Tokens of Microsoft Entra.
pub struct Entra {
    way: Way,
    credential: Arc<dyn TokenCredential>,
    /// Tokens by scope, until shortly before they expire.
    kept: Mutex<BTreeMap<String, (AccessToken, OffsetDateTime)>>,
}

impl fmt::Debug for Entra {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Entra").field("way", &self.way).finish_non_exhaustive()
    }
}

impl Entra {
    /// Gets ready to sign in; nothing is asked yet. `variable` reads a variable of the environment.
    ///
    /// # Errors
    ///
    /// What the way needs is not there: the sentence names it.
    pub fn new(way: Way, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigurationError> {
        let wrong = |error: azure_core::Error| {
            ConfigurationError(format!("cannot sign in by {}: {}; {}", way.as_str(), chain(&error), way.advice()))
        };
        let variable = |name: &str| {
            variable(name).filter(|value| !value.trim().is_empty()).ok_or_else(|| {
                ConfigurationError(format!("cannot sign in by {}: {name} is not set; {}", way.as_str(), way.advice()))
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
        Self { way, credential, kept: Mutex::new(BTreeMap::new()) }
    }
}

#[async_trait]
impl TokenProvider for Entra {
    async fn token(&self, audience: &Audience) -> Result<AccessToken, TokenError> {
        // Held while waiting: of many calls that need a token one asks, and the others find it.
        let mut kept = self.kept.lock().await;
        let soon = OffsetDateTime::now_utc() + SHORT;
        if let Some((token, _)) = kept.get(&audience.scope).filter(|(_, end)| *end > soon) {
            return Ok(token.clone());
        }
        let issued = self.credential.get_token(&[&audience.scope], None).await.map_err(|error| {
            let said: String = chain(&error).chars().take(MOST_SAID).collect();
            TokenError(format!("{} (for {}; {said})", self.way.advice(), audience.scope))
        })?;
        let token = AccessToken::new(issued.token.secret());
        kept.insert(audience.scope.clone(), (token.clone(), issued.expires_on));
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use azure_core::credentials::{AccessToken, TokenRequestOptions};

    use super::*;

    /// Gives `token-1`, `token-2`, … that live for so many seconds, or says no.
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
    async fn a_token_is_kept_for_its_scope_while_it_is_good() {
        let (entra, credential) = entra(Some(3600));
        let one = entra.token(&audience("a")).await.unwrap();
        assert!(one.is(&entra.token(&audience("a")).await.unwrap()));
        assert!(!one.is(&entra.token(&audience("b")).await.unwrap()));
        assert_eq!(credential.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_token_that_is_about_to_expire_is_asked_for_anew() {
        let (entra, credential) = entra(Some(60));
        let one = entra.token(&audience("a")).await.unwrap();
        assert!(!one.is(&entra.token(&audience("a")).await.unwrap()));
        assert_eq!(credential.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_failure_says_what_was_tried_and_what_to_do() {
        let (entra, _) = entra(None);
        let none = entra.token(&audience("a")).await.unwrap_err();
        for part in ["no user is signed in", "Azure CLI", "az login --tenant"] {
            assert!(none.0.contains(part), "{none}");
        }
    }

    #[test]
    fn a_variable_that_is_missing_is_named_and_a_secret_is_not() {
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
    fn a_way_is_known_by_its_word() {
        for way in Way::ALL {
            assert_eq!(way.as_str().parse::<Way>().unwrap(), way);
        }
        assert!("password".parse::<Way>().unwrap_err().to_string().contains("managed-identity"));
    }
}
