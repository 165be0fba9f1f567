//! One service, asked until it answers or there is no point any more.
//!
//! Input: a query, the window it looks at, and the instant by which everything must be over. Output: the decoded answer with
//! the id of the call that gave it, or [`QueryError`]. What may pass (429, 502 to 504, broken connections, errors of which Kusto
//! says that they are not permanent) is tried again, later each time, and never before the service allows it; anything else is
//! reported at once. A token that is refused as expired is requested again, once. Dropping the future ends everything.

use std::collections::hash_map::RandomState;
use std::fmt::Write as _;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use amp_rules_core::telemetry::source::SourceErrorKind;
use amp_rules_core::time::Window;
use backon::BackoffBuilder as _;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::exchange::{Broken, Incoming, Outgoing, Transport};
use super::service::Service;
use super::token::{AccessToken, TokenProvider};
use crate::wire::{self, Decoded, Failure, FailureKind};

/// How many queries of one user Azure Monitor runs at once.
/// <https://learn.microsoft.com/azure/azure-monitor/service-limits#user-query-throttling>, read 2026-11-23.
pub(super) const AT_ONCE: usize = 5;

/// How often one query is tried again.
const TRIES_AGAIN: usize = 8;

/// How long to wait before the next try, where the service does not say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    /// Before the second try; twice as long before each further one.
    pub(super) first: Duration,
    /// Never longer than this.
    pub(super) most: Duration,
}

/// Why a query has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QueryError {
    /// What a caller can do.
    pub(super) kind: SourceErrorKind,
    /// What went wrong, and what would help.
    pub(super) context: String,
}

/// An answer and the id of the call that gave it.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) decoded: Decoded,
    pub(super) id: String,
}

/// One service with all that is needed to ask it.
#[derive(Debug)]
pub(super) struct Client {
    service: Service,
    transport: Box<dyn Transport>,
    tokens: Arc<dyn TokenProvider>,
    places: Semaphore,
    backoff: Backoff,
    /// Nobody asks before this: the service has said so to one of us.
    quiet_until: Mutex<Option<Instant>>,
}

/// What a try has come to.
enum Outcome {
    Answer(Decoded),
    /// It may pass, perhaps not before so long.
    Again(QueryError, Option<Duration>),
    /// Another token may help.
    Expired(QueryError),
    Over(QueryError),
}

impl Client {
    pub(super) fn new(
        service: Service,
        transport: Box<dyn Transport>,
        tokens: Arc<dyn TokenProvider>,
        backoff: Backoff,
    ) -> Self {
        let places = Semaphore::new(AT_ONCE);
        Self { service, transport, tokens, places, backoff, quiet_until: Mutex::new(None) }
    }

    pub(super) fn service(&self) -> &Service {
        &self.service
    }

    /// Asks a query.
    pub(super) async fn ask(&self, kql: &str, window: Window, until: Instant) -> Result<Answered, QueryError> {
        let call = call_id();
        let mut last = None;
        let mut refused: Option<AccessToken> = None;
        let mut pauses = backon::ExponentialBuilder::default()
            .with_min_delay(self.backoff.first)
            .with_max_delay(self.backoff.most)
            .with_max_times(TRIES_AGAIN)
            .with_jitter()
            .build();
        for number in 1_usize.. {
            let id = format!("{call}.{number}");
            let tried = timeout_at(until, self.attempt(kql, window, until, &id, refused.as_ref())).await;
            let Ok((outcome, token)) = tried else { return Err(self.out_of_time(&id, last)) };
            let (error, pause) = match outcome {
                Outcome::Answer(decoded) => return Ok(Answered { decoded, id }),
                Outcome::Over(error) => return Err(error),
                Outcome::Expired(error) => {
                    if refused.is_some() {
                        return Err(error);
                    }
                    refused = token;
                    last = Some(error);
                    continue;
                }
                Outcome::Again(error, pause) => (error, pause),
            };
            let Some(own) = pauses.next() else { return Err(error) };
            let next = Instant::now() + pause.map_or(own, |asked| asked.max(own));
            if pause.is_some() {
                self.keep_quiet(next);
            }
            if next >= until {
                return Err(QueryError {
                    context: format!("{}; the time for this read is up before another try", error.context),
                    ..error
                });
            }
            tracing::debug!(call = %id, service = %self.service.title(), reason = %error.context, "trying again");
            last = Some(error);
            sleep_until(next).await;
        }
        Err(self.out_of_time(&call, last))
    }

    /// One try: a place among the five, the token, the exchange, what it means.
    async fn attempt(
        &self,
        kql: &str,
        window: Window,
        until: Instant,
        id: &str,
        refused: Option<&AccessToken>,
    ) -> (Outcome, Option<AccessToken>) {
        let Some(_place) = self.place().await else {
            return (Outcome::Over(self.error(SourceErrorKind::Other, "the source is closed", id)), None);
        };
        let audience = self.service.audience();
        let token = match self.tokens.token(&audience).await {
            Ok(token) => token,
            Err(none) => {
                let context = format!("there is no token for {}: {none}", self.service.title());
                return (Outcome::Over(QueryError { kind: SourceErrorKind::Denied, context }), None);
            }
        };
        if refused.is_some_and(|refused| refused.is(&token)) {
            let context = format!("{} says that the token has expired; sign in again", self.service.title());
            return (Outcome::Over(self.error(SourceErrorKind::Denied, &context, id)), None);
        }
        let left = until.saturating_duration_since(Instant::now());
        let outgoing = Outgoing {
            url: self.service.url().clone(),
            id: id.to_owned(),
            preference: self.service.preference(left),
            token,
            body: self.service.body(kql, window, left),
        };
        let came = self.transport.send(&outgoing).await;
        let outcome = match came {
            Ok(incoming) => self.judge(&incoming, id, &outgoing.token),
            Err(Broken::Connection(what)) => {
                let context =
                    format!("{} cannot be reached: {}", self.service.title(), outgoing.token.struck_from(&what));
                Outcome::Again(self.error(SourceErrorKind::Unreachable, &context, id), None)
            }
            Err(Broken::TooLarge(most)) => {
                let context = format!("the answer is larger than {most} bytes");
                Outcome::Over(self.error(SourceErrorKind::Other, &context, id))
            }
            Err(Broken::Elsewhere(where_to)) => {
                let context = format!("{} redirects to {where_to}; no token is sent there", self.service.title());
                Outcome::Over(self.error(SourceErrorKind::Unreachable, &context, id))
            }
            Err(Broken::Unsendable(what)) => Outcome::Over(self.error(SourceErrorKind::Other, &what, id)),
        };
        (outcome, Some(outgoing.token))
    }

    /// What an answer means.
    fn judge(&self, incoming: &Incoming, id: &str, token: &AccessToken) -> Outcome {
        let strike = |failure: Failure| Failure { message: token.struck_from(&failure.message), ..failure };
        if incoming.status != 200 {
            return self.judge_refusal(incoming, id, &strike(refusal(incoming)));
        }
        let json = incoming.content_type.is_empty() || incoming.content_type.contains("json");
        let decoded = if !json && !incoming.body.is_empty() {
            let kind: String = incoming.content_type.chars().take(60).collect();
            Err(Failure {
                kind: FailureKind::Malformed,
                code: String::new(),
                message: format!("the answer is `{kind}` and no JSON; does a proxy answer in its place?"),
                permanent: None,
            })
        } else if self.service.is_kusto() {
            wire::frames(&incoming.body)
        } else {
            wire::tables(&incoming.body)
        };
        match decoded {
            // An answer that was cut off on its way says nothing about what it lacks.
            Ok(decoded) => match decoded.partial_failures.iter().find(|lack| lack.kind == FailureKind::Malformed) {
                Some(cut) => Outcome::Again(self.said(SourceErrorKind::Malformed, &strike(cut.clone()), id), None),
                None => Outcome::Answer(decoded),
            },
            Err(failure) => {
                let failure = strike(failure);
                let error = self.said(kind_of(failure.kind), &failure, id);
                let passes = failure.permanent == Some(false) || failure.kind == FailureKind::Throttled;
                if passes { Outcome::Again(error, incoming.retry_after) } else { Outcome::Over(error) }
            }
        }
    }

    fn judge_refusal(&self, incoming: &Incoming, id: &str, failure: &Failure) -> Outcome {
        let error = self.said(kind_of(failure.kind), failure, id);
        let text = format!("{} {} {}", incoming.challenge, failure.code, failure.message).to_ascii_lowercase();
        let expired = ["expired", "invalid_token", "invalidauthenticationtoken"].iter().any(|word| text.contains(word));
        match incoming.status {
            401 | 403 if expired => Outcome::Expired(error),
            429 => Outcome::Again(error, Some(incoming.retry_after.unwrap_or_default())),
            502..=504 if failure.permanent != Some(true) => Outcome::Again(error, incoming.retry_after),
            500.. if failure.permanent == Some(false) => Outcome::Again(error, incoming.retry_after),
            _ => Outcome::Over(error),
        }
    }

    fn said(&self, kind: SourceErrorKind, failure: &Failure, id: &str) -> QueryError {
        let mut said = match (failure.message.as_str(), failure.code.as_str()) {
            ("", "") => "it does not say why".to_owned(),
            ("", code) => code.to_owned(),
            (message, "") => message.to_owned(),
            (message, code) if message.contains(code) => message.to_owned(),
            (message, code) => format!("{message} ({code})"),
        };
        let title = self.service.title();
        said = said.chars().take(400).collect();
        let context = match kind {
            SourceErrorKind::Denied => {
                let role = self.service.role();
                format!(
                    "{title} refuses: {said}; needed: {role}. Signed in to the right tenant? (`az login --tenant TENANT`)"
                )
            }
            SourceErrorKind::Throttled => format!("{title} is throttling: {said}"),
            _ => format!("{title} says: {said}"),
        };
        self.error(kind, &context, id)
    }

    /// QueryError, with the id under which the service knows the call.
    #[expect(clippy::unused_self, reason = "it stands beside the other makers of error")]
    fn error(&self, kind: SourceErrorKind, context: &str, id: &str) -> QueryError {
        QueryError { kind, context: format!("{context} (call {id})") }
    }

    fn out_of_time(&self, id: &str, last: Option<QueryError>) -> QueryError {
        let mut context = format!("{} did not answer in time", self.service.title());
        if let Some(last) = last {
            // Writing to a string cannot fail.
            let _ = write!(context, "; before that: {}", last.context);
        }
        self.error(SourceErrorKind::Timeout, &context, id)
    }

    fn keep_quiet(&self, until: Instant) {
        let mut quiet = self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
        *quiet = Some(quiet.map_or(until, |known| known.max(until)));
    }

    /// A place among those who may ask, once the service wants to be asked.
    async fn place(&self) -> Option<SemaphorePermit<'_>> {
        loop {
            let place = self.places.acquire().await.ok()?;
            // Looked at with the place in hand: the service may have asked for a pause while this call waited.
            let quiet = *self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
            match quiet.filter(|until| *until > Instant::now()) {
                None => return Some(place),
                Some(until) => {
                    drop(place);
                    sleep_until(until).await;
                }
            }
        }
    }
}

/// What an answer that is not 200 says.
fn refusal(incoming: &Incoming) -> Failure {
    match incoming.status {
        // No body, no columns: nothing that could prove that there are no rows.
        201..=299 => Failure {
            kind: FailureKind::Malformed,
            code: incoming.status.to_string(),
            message: "it answers without an answer".to_owned(),
            permanent: None,
        },
        status => wire::failure(status, &incoming.body),
    }
}

/// What a failure means to a caller.
fn kind_of(kind: FailureKind) -> SourceErrorKind {
    match kind {
        FailureKind::Timeout => SourceErrorKind::Timeout,
        FailureKind::Throttled => SourceErrorKind::Throttled,
        FailureKind::Denied => SourceErrorKind::Denied,
        FailureKind::TableMissing => SourceErrorKind::TableMissing,
        FailureKind::Malformed => SourceErrorKind::Malformed,
        FailureKind::Transient => SourceErrorKind::Unreachable,
        FailureKind::Truncated | FailureKind::Rejected => SourceErrorKind::Other,
    }
}

/// An id that no other call has: 128 bits of the randomness with which the process keys its maps.
fn call_id() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("amp-rules.{:016x}{:016x}", random(), random())
}

#[cfg(test)]
mod tests;
