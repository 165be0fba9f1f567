//! Runs queries on one service, with retries.
//!
//! Input: a query, its window, and a deadline. Output: the decoded response with the id of its call, or a [`QueryError`].
//! Transient failures (status 429, 502 to 504, broken connections, errors that Kusto marks as not permanent) are retried with
//! exponential backoff, never before the `Retry-After` of the service; other failures are returned immediately. If a token is
//! rejected as expired, one new token is requested. Dropping the future cancels the call.

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

use super::http::{HttpRequest, HttpResponse, Transport, TransportError};
use super::service::Service;
use super::token::{AccessToken, TokenProvider};
use crate::wire::{self, Decoded, Failure, FailureKind};

/// The number of concurrent queries that Azure Monitor allows per user.
/// <https://learn.microsoft.com/azure/azure-monitor/service-limits#user-query-throttling>, read 2026-11-23.
pub(super) const MAX_CONCURRENT_QUERIES: usize = 5;

/// The maximum number of retries of one query.
const MAX_RETRIES: usize = 8;

/// The delay before a retry if the service does not specify a longer one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    /// The delay before the first retry; it doubles with each further retry.
    pub(super) first: Duration,
    /// The maximum delay.
    pub(super) max: Duration,
}

/// The failure of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QueryError {
    /// What a caller can do.
    pub(super) kind: SourceErrorKind,
    /// A message with the failure and, if known, a remedy.
    pub(super) context: String,
}

/// A decoded response and the id of its call.
#[derive(Debug)]
pub(super) struct QueryResponse {
    pub(super) decoded: Decoded,
    pub(super) id: String,
}

/// A client for one service.
#[derive(Debug)]
pub(super) struct Client {
    service: Service,
    transport: Box<dyn Transport>,
    tokens: Arc<dyn TokenProvider>,
    permits: Semaphore,
    backoff: Backoff,
    /// No query is sent before this instant, because a response had a `Retry-After` header.
    retry_after: Mutex<Option<Instant>>,
}

/// The outcome of one attempt.
enum Outcome {
    Success(Decoded),
    /// A transient failure, with the minimum delay before a retry if the service specifies one.
    Retry(QueryError, Option<Duration>),
    /// The token has expired; a new one may help.
    TokenExpired(QueryError),
    Failure(QueryError),
}

impl Client {
    pub(super) fn new(
        service: Service,
        transport: Box<dyn Transport>,
        tokens: Arc<dyn TokenProvider>,
        backoff: Backoff,
    ) -> Self {
        let permits = Semaphore::new(MAX_CONCURRENT_QUERIES);
        Self { service, transport, tokens, permits, backoff, retry_after: Mutex::new(None) }
    }

    pub(super) fn service(&self) -> &Service {
        &self.service
    }

    /// Runs a query, and retries it until it succeeds, fails permanently, or the deadline passes.
    pub(super) async fn query(&self, kql: &str, window: Window, until: Instant) -> Result<QueryResponse, QueryError> {
        let call = call_id();
        let mut last = None;
        let mut refused: Option<AccessToken> = None;
        let mut pauses = backon::ExponentialBuilder::default()
            .with_min_delay(self.backoff.first)
            .with_max_delay(self.backoff.max)
            .with_max_times(MAX_RETRIES)
            .with_jitter()
            .build();
        for number in 1_usize.. {
            let id = format!("{call}.{number}");
            let tried = timeout_at(until, self.attempt(kql, window, until, &id, refused.as_ref())).await;
            let Ok((outcome, token)) = tried else { return Err(self.out_of_time(&id, last)) };
            let (error, pause) = match outcome {
                Outcome::Success(decoded) => return Ok(QueryResponse { decoded, id }),
                Outcome::Failure(error) => return Err(error),
                Outcome::TokenExpired(error) => {
                    if refused.is_some() {
                        return Err(error);
                    }
                    refused = token;
                    last = Some(error);
                    continue;
                }
                Outcome::Retry(error, pause) => (error, pause),
            };
            let Some(own) = pauses.next() else { return Err(error) };
            let next = Instant::now() + pause.map_or(own, |asked| asked.max(own));
            if pause.is_some() {
                self.delay_queries(next);
            }
            if next >= until {
                return Err(QueryError {
                    context: format!("{}; the deadline passes before a retry is allowed", error.context),
                    ..error
                });
            }
            tracing::debug!(call = %id, service = %self.service.title(), reason = %error.context, "retrying");
            last = Some(error);
            sleep_until(next).await;
        }
        Err(self.out_of_time(&call, last))
    }

    /// Makes one attempt: waits for a permit, requests a token, sends the request, evaluates the response.
    async fn attempt(
        &self,
        kql: &str,
        window: Window,
        until: Instant,
        id: &str,
        refused: Option<&AccessToken>,
    ) -> (Outcome, Option<AccessToken>) {
        let Some(_permit) = self.permit().await else {
            return (Outcome::Failure(self.error(SourceErrorKind::Other, "the source is closed", id)), None);
        };
        let audience = self.service.audience();
        let token = match self.tokens.token(&audience).await {
            Ok(token) => token,
            Err(error) => {
                let context = format!("no token for {}: {error}", self.service.title());
                return (Outcome::Failure(QueryError { kind: SourceErrorKind::Denied, context }), None);
            }
        };
        if refused.is_some_and(|refused| refused.equals(&token)) {
            let context = format!("{} rejects the token as expired; sign in again", self.service.title());
            return (Outcome::Failure(self.error(SourceErrorKind::Denied, &context, id)), None);
        }
        let left = until.saturating_duration_since(Instant::now());
        let request = HttpRequest {
            url: self.service.url().clone(),
            id: id.to_owned(),
            prefer: self.service.prefer(left),
            token,
            body: self.service.body(kql, window, left),
        };
        let result = self.transport.send(&request).await;
        let outcome = match result {
            Ok(response) => self.evaluate_response(&response, id, &request.token),
            Err(TransportError::Connection(what)) => {
                let context = format!("{} cannot be reached: {}", self.service.title(), request.token.redact(&what));
                Outcome::Retry(self.error(SourceErrorKind::Unreachable, &context, id), None)
            }
            Err(TransportError::TooLarge(max)) => {
                let context = format!("the response is larger than {max} bytes");
                Outcome::Failure(self.error(SourceErrorKind::Other, &context, id))
            }
            Err(TransportError::Redirect(target)) => {
                let context = format!("{} redirects to {target}; no token is sent there", self.service.title());
                Outcome::Failure(self.error(SourceErrorKind::Unreachable, &context, id))
            }
            Err(TransportError::InvalidHeader(what)) => Outcome::Failure(self.error(SourceErrorKind::Other, &what, id)),
        };
        (outcome, Some(request.token))
    }

    /// Returns the outcome for a response.
    fn evaluate_response(&self, response: &HttpResponse, id: &str, token: &AccessToken) -> Outcome {
        let redact = |failure: Failure| Failure { message: token.redact(&failure.message), ..failure };
        if response.status != 200 {
            return self.evaluate_error_status(response, id, &redact(refusal(response)));
        }
        let json = response.content_type.is_empty() || response.content_type.contains("json");
        let decoded = if !json && !response.body.is_empty() {
            let kind: String = response.content_type.chars().take(60).collect();
            Err(Failure {
                kind: FailureKind::Malformed,
                code: String::new(),
                message: format!(
                    "the content type of the response is `{kind}`, not JSON; does a proxy answer instead?"
                ),
                permanent: None,
            })
        } else if self.service.is_kusto() {
            wire::frames(&response.body)
        } else {
            wire::tables(&response.body)
        };
        match decoded {
            // A response that was cut off in transit may lack its error report as well, so it is retried.
            Ok(decoded) => match decoded.partial_failures.iter().find(|lack| lack.kind == FailureKind::Malformed) {
                Some(cut) => {
                    Outcome::Retry(self.query_error(SourceErrorKind::Malformed, &redact(cut.clone()), id), None)
                }
                None => Outcome::Success(decoded),
            },
            Err(failure) => {
                let failure = redact(failure);
                let error = self.query_error(kind_of(failure.kind), &failure, id);
                let is_transient = failure.permanent == Some(false) || failure.kind == FailureKind::Throttled;
                if is_transient { Outcome::Retry(error, response.retry_after) } else { Outcome::Failure(error) }
            }
        }
    }

    fn evaluate_error_status(&self, response: &HttpResponse, id: &str, failure: &Failure) -> Outcome {
        let error = self.query_error(kind_of(failure.kind), failure, id);
        let text = format!("{} {} {}", response.challenge, failure.code, failure.message).to_ascii_lowercase();
        let expired = ["expired", "invalid_token", "invalidauthenticationtoken"].iter().any(|word| text.contains(word));
        match response.status {
            401 | 403 if expired => Outcome::TokenExpired(error),
            429 => Outcome::Retry(error, Some(response.retry_after.unwrap_or_default())),
            502..=504 if failure.permanent != Some(true) => Outcome::Retry(error, response.retry_after),
            500.. if failure.permanent == Some(false) => Outcome::Retry(error, response.retry_after),
            _ => Outcome::Failure(error),
        }
    }

    fn query_error(&self, kind: SourceErrorKind, failure: &Failure, id: &str) -> QueryError {
        let mut text = match (failure.message.as_str(), failure.code.as_str()) {
            ("", "") => "no error message".to_owned(),
            ("", code) => code.to_owned(),
            (message, "") => message.to_owned(),
            (message, code) if message.contains(code) => message.to_owned(),
            (message, code) => format!("{message} ({code})"),
        };
        let title = self.service.title();
        text = text.chars().take(400).collect();
        let context = match kind {
            SourceErrorKind::Denied => {
                let role = self.service.required_role();
                format!(
                    "{title} denies access: {text}; required: {role}. Signed in to the right tenant? (`az login --tenant TENANT`)"
                )
            }
            SourceErrorKind::Throttled => format!("{title} is throttling: {text}"),
            _ => format!("{title}: {text}"),
        };
        self.error(kind, &context, id)
    }

    /// Returns an error with the id of the call, which is also sent to the service.
    #[expect(clippy::unused_self, reason = "consistent with the other error constructors")]
    fn error(&self, kind: SourceErrorKind, context: &str, id: &str) -> QueryError {
        QueryError { kind, context: format!("{context} (call {id})") }
    }

    fn out_of_time(&self, id: &str, last: Option<QueryError>) -> QueryError {
        let mut context = format!("{} did not respond in time", self.service.title());
        if let Some(last) = last {
            // Writing to a string cannot fail.
            let _ = write!(context, "; before that: {}", last.context);
        }
        self.error(SourceErrorKind::Timeout, &context, id)
    }

    fn delay_queries(&self, until: Instant) {
        let mut delay_end = self.retry_after.lock().unwrap_or_else(PoisonError::into_inner);
        *delay_end = Some(delay_end.map_or(until, |known| known.max(until)));
    }

    /// Waits for a permit to send a query, and for the end of a `Retry-After` delay.
    async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        loop {
            let permit = self.permits.acquire().await.ok()?;
            // Checked while holding a permit: another call may have received a `Retry-After` while this one waited.
            let delay_end = *self.retry_after.lock().unwrap_or_else(PoisonError::into_inner);
            match delay_end.filter(|until| *until > Instant::now()) {
                None => return Some(permit),
                Some(until) => {
                    drop(permit);
                    sleep_until(until).await;
                }
            }
        }
    }
}

/// Returns the failure in a response with a status other than 200.
fn refusal(response: &HttpResponse) -> Failure {
    match response.status {
        // Without a body there are no columns, so the response does not prove that there are no rows.
        201..=299 => Failure {
            kind: FailureKind::Malformed,
            code: response.status.to_string(),
            message: "successful status without a result".to_owned(),
            permanent: None,
        },
        status => wire::failure(status, &response.body),
    }
}

/// Returns the error kind for a failure kind.
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

/// Returns a unique call id with 128 random bits, taken from the seeds of the standard hasher.
fn call_id() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("amp-rules.{:016x}{:016x}", random(), random())
}

#[cfg(test)]
mod tests;
