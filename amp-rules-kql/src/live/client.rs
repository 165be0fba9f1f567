//! One service, asked until it answers or there is no point any more.
//!
//! Input: a query, the window it looks at, and the instant by which everything must be over. Output: the decoded answer with
//! the id of the call that gave it, or [`Trouble`]. What may pass (429, 502 to 504, broken connections, errors of which Kusto
//! says that they are not permanent) is tried again, later each time, and never before the service allows it; anything else is
//! told at once. A token that is refused as expired is asked for anew, once. Dropping the future ends everything.

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
use super::{Bearer, BearerSource, Service};
use crate::wire::{self, Decoded, Failure, FailureKind};

/// How many queries of one user Azure Monitor runs at once.
/// <https://learn.microsoft.com/azure/azure-monitor/service-limits#user-query-throttling>, read 2026-11-23.
pub(super) const AT_ONCE: usize = 5;

/// How often one query is tried again.
const TRIES_AGAIN: usize = 8;

/// How long to wait before the next try, where the service does not say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Before the second try; twice as long before each further one.
    pub(super) first: Duration,
    /// Never longer than this.
    pub(super) most: Duration,
}

/// Why a query has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
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
    bearer: Arc<dyn BearerSource>,
    places: Semaphore,
    pace: Pace,
    /// Nobody asks before this: the service has said so to one of us.
    quiet_until: Mutex<Option<Instant>>,
}

/// What a try has come to.
enum Outcome {
    Answer(Decoded),
    /// It may pass, perhaps not before so long.
    Again(Trouble, Option<Duration>),
    /// Another token may help.
    Expired(Trouble),
    Over(Trouble),
}

impl Client {
    pub(super) fn new(
        service: Service,
        transport: Box<dyn Transport>,
        bearer: Arc<dyn BearerSource>,
        pace: Pace,
    ) -> Self {
        let places = Semaphore::new(AT_ONCE);
        Self { service, transport, bearer, places, pace, quiet_until: Mutex::new(None) }
    }

    pub(super) fn service(&self) -> &Service {
        &self.service
    }

    /// Asks a query.
    pub(super) async fn ask(&self, kql: &str, window: Window, until: Instant) -> Result<Answered, Trouble> {
        let call = call_id();
        let mut last = None;
        let mut refused: Option<Bearer> = None;
        let mut pauses = backon::ExponentialBuilder::default()
            .with_min_delay(self.pace.first)
            .with_max_delay(self.pace.most)
            .with_max_times(TRIES_AGAIN)
            .with_jitter()
            .build();
        for number in 1_usize.. {
            let id = format!("{call}.{number}");
            let tried = timeout_at(until, self.attempt(kql, window, until, &id, refused.as_ref())).await;
            let Ok((outcome, bearer)) = tried else { return Err(self.out_of_time(&id, last)) };
            let (trouble, pause) = match outcome {
                Outcome::Answer(decoded) => return Ok(Answered { decoded, id }),
                Outcome::Over(trouble) => return Err(trouble),
                Outcome::Expired(trouble) => {
                    if refused.is_some() {
                        return Err(trouble);
                    }
                    refused = bearer;
                    last = Some(trouble);
                    continue;
                }
                Outcome::Again(trouble, pause) => (trouble, pause),
            };
            let Some(own) = pauses.next() else { return Err(trouble) };
            let next = Instant::now() + pause.map_or(own, |asked| asked.max(own));
            if pause.is_some() {
                self.keep_quiet(next);
            }
            if next >= until {
                return Err(Trouble {
                    context: format!("{}; the time for this read is up before another try", trouble.context),
                    ..trouble
                });
            }
            tracing::debug!(call = %id, service = %self.service.title(), reason = %trouble.context, "trying again");
            last = Some(trouble);
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
        refused: Option<&Bearer>,
    ) -> (Outcome, Option<Bearer>) {
        let Some(_place) = self.place().await else {
            return (Outcome::Over(self.trouble(SourceErrorKind::Other, "the source is closed", id)), None);
        };
        let audience = self.service.audience();
        let bearer = match self.bearer.bearer(&audience).await {
            Ok(bearer) => bearer,
            Err(none) => {
                let context = format!("there is no token for {}: {none}", self.service.title());
                return (Outcome::Over(Trouble { kind: SourceErrorKind::Denied, context }), None);
            }
        };
        if refused.is_some_and(|refused| refused.is(&bearer)) {
            let context = format!("{} says that the token has expired; sign in again", self.service.title());
            return (Outcome::Over(self.trouble(SourceErrorKind::Denied, &context, id)), None);
        }
        let left = until.saturating_duration_since(Instant::now());
        let outgoing = Outgoing {
            url: self.service.url().clone(),
            id: id.to_owned(),
            preference: self.service.preference(left),
            bearer,
            body: self.service.body(kql, window, left),
        };
        let came = self.transport.send(&outgoing).await;
        let outcome = match came {
            Ok(incoming) => self.judge(&incoming, id, &outgoing.bearer),
            Err(Broken::Connection(what)) => {
                let context =
                    format!("{} cannot be reached: {}", self.service.title(), outgoing.bearer.struck_from(&what));
                Outcome::Again(self.trouble(SourceErrorKind::Unreachable, &context, id), None)
            }
            Err(Broken::TooLarge(most)) => {
                let context = format!("the answer is larger than {most} bytes");
                Outcome::Over(self.trouble(SourceErrorKind::Other, &context, id))
            }
            Err(Broken::Elsewhere(where_to)) => {
                let context = format!("{} redirects to {where_to}; no token is sent there", self.service.title());
                Outcome::Over(self.trouble(SourceErrorKind::Unreachable, &context, id))
            }
            Err(Broken::Unsendable(what)) => Outcome::Over(self.trouble(SourceErrorKind::Other, &what, id)),
        };
        (outcome, Some(outgoing.bearer))
    }

    /// What an answer means.
    fn judge(&self, incoming: &Incoming, id: &str, bearer: &Bearer) -> Outcome {
        let strike = |failure: Failure| Failure { message: bearer.struck_from(&failure.message), ..failure };
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
            Ok(decoded) => match decoded.lacking.iter().find(|lack| lack.kind == FailureKind::Malformed) {
                Some(cut) => Outcome::Again(self.said(SourceErrorKind::Malformed, &strike(cut.clone()), id), None),
                None => Outcome::Answer(decoded),
            },
            Err(failure) => {
                let failure = strike(failure);
                let trouble = self.said(kind_of(failure.kind), &failure, id);
                let passes = failure.permanent == Some(false) || failure.kind == FailureKind::Throttled;
                if passes { Outcome::Again(trouble, incoming.retry_after) } else { Outcome::Over(trouble) }
            }
        }
    }

    fn judge_refusal(&self, incoming: &Incoming, id: &str, failure: &Failure) -> Outcome {
        let trouble = self.said(kind_of(failure.kind), failure, id);
        let told = format!("{} {} {}", incoming.challenge, failure.code, failure.message).to_ascii_lowercase();
        let expired = ["expired", "invalid_token", "invalidauthenticationtoken"].iter().any(|word| told.contains(word));
        match incoming.status {
            401 | 403 if expired => Outcome::Expired(trouble),
            429 => Outcome::Again(trouble, Some(incoming.retry_after.unwrap_or_default())),
            502..=504 if failure.permanent != Some(true) => Outcome::Again(trouble, incoming.retry_after),
            500.. if failure.permanent == Some(false) => Outcome::Again(trouble, incoming.retry_after),
            _ => Outcome::Over(trouble),
        }
    }

    fn said(&self, kind: SourceErrorKind, failure: &Failure, id: &str) -> Trouble {
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
        self.trouble(kind, &context, id)
    }

    /// Trouble, with the id under which the service knows the call.
    #[expect(clippy::unused_self, reason = "it stands beside the other makers of trouble")]
    fn trouble(&self, kind: SourceErrorKind, context: &str, id: &str) -> Trouble {
        Trouble { kind, context: format!("{context} (call {id})") }
    }

    fn out_of_time(&self, id: &str, last: Option<Trouble>) -> Trouble {
        let mut context = format!("{} did not answer in time", self.service.title());
        if let Some(last) = last {
            // Writing to a string cannot fail.
            let _ = write!(context, "; before that: {}", last.context);
        }
        self.trouble(SourceErrorKind::Timeout, &context, id)
    }

    fn keep_quiet(&self, until: Instant) {
        let mut quiet = self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
        *quiet = Some(quiet.map_or(until, |known| known.max(until)));
    }

    /// A place among those who may ask, once the service wants to be asked.
    async fn place(&self) -> Option<SemaphorePermit<'_>> {
        loop {
            let place = self.places.acquire().await.ok()?;
            // Looked at with the place in hand: whoever waited for it may have been told to be quiet in the meantime.
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
        FailureKind::Passing => SourceErrorKind::Unreachable,
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
