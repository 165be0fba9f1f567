//! One request over the wire, and what came back of it.
//!
//! Input: an [`Outgoing`] request with its token. Output: the [`Incoming`] answer with its whole body, or how the exchange
//! [`Broken`] off. A body is read piece by piece and given up as soon as it is larger than the budget. A redirect is followed
//! to the same host only; the token goes nowhere else. Nothing here retries or waits for longer than the caller lets it.

use std::time::Duration;

use async_trait::async_trait;
use kql_lang::datetime::{self, SECOND};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode, Url, redirect};

use super::host;
use super::token::AccessToken;

/// How many redirects on one host are followed.
const HOPS: usize = 3;

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    /// Where to.
    pub(super) url: Url,
    /// Under which id the service knows it.
    pub(super) id: String,
    /// What the service is asked to do besides.
    pub(super) preference: Option<String>,
    /// The token.
    pub(super) token: AccessToken,
    /// The body, JSON.
    pub(super) body: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Incoming {
    /// The status.
    pub(super) status: u16,
    /// How long the service asks to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// What kind of text the body claims to be; empty where it claims nothing.
    pub(super) content_type: String,
    /// What the service says about the token (`WWW-Authenticate`); empty where it says nothing.
    pub(super) challenge: String,
    /// The whole body.
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// The service could not be reached, or the connection broke off.
    Connection(String),
    /// The body is larger than so many bytes.
    TooLarge(usize),
    /// The service sends us to another host.
    Elsewhere(String),
    /// The request cannot be written.
    Unsendable(String),
}

/// What sends requests.
#[async_trait]
pub(super) trait Transport: std::fmt::Debug + Send + Sync {
    /// Sends one and waits for the whole answer. Dropping the future drops the connection.
    async fn send(&self, outgoing: &Outgoing) -> Result<Incoming, Broken>;
}

/// Requests over HTTP.
#[derive(Debug)]
pub(super) struct Http {
    client: reqwest::Client,
    /// The largest body, in bytes.
    budget: usize,
}

impl Http {
    /// A client for one service; a service on this machine is never asked through a proxy.
    pub(super) fn new(url: &Url, budget: usize) -> Result<Self, String> {
        let builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .user_agent(concat!("amp-rules/", env!("CARGO_PKG_VERSION")));
        let builder = if url.host_str().is_some_and(host::is_loopback) { builder.no_proxy() } else { builder };
        let client = builder.build().map_err(|error| chain(&error))?;
        Ok(Self { client, budget })
    }

    async fn once(&self, url: &Url, headers: &HeaderMap, body: &[u8]) -> Result<reqwest::Response, Broken> {
        let request = self.client.request(Method::POST, url.clone()).headers(headers.clone()).body(body.to_vec());
        request.send().await.map_err(|error| Broken::Connection(chain(&error.without_url())))
    }
}

#[async_trait]
impl Transport for Http {
    async fn send(&self, outgoing: &Outgoing) -> Result<Incoming, Broken> {
        let headers = headers(outgoing)?;
        let mut url = outgoing.url.clone();
        let mut response = self.once(&url, &headers, &outgoing.body).await?;
        for _ in 0..HOPS {
            if !response.status().is_redirection() {
                break;
            }
            url = next(&url, &response)?;
            response = self.once(&url, &headers, &outgoing.body).await?;
        }
        if response.status().is_redirection() {
            return Err(Broken::Elsewhere("another address again and again".to_owned()));
        }
        let text = |name: HeaderName| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let mut incoming = Incoming {
            status: response.status().as_u16(),
            retry_after: retry_after(&text(header::RETRY_AFTER), &text(header::DATE)),
            content_type: text(header::CONTENT_TYPE),
            challenge: text(header::WWW_AUTHENTICATE),
            body: Vec::new(),
        };
        if response
            .content_length()
            .is_some_and(|length| usize::try_from(length).map_or(true, |length| length > self.budget))
        {
            return Err(Broken::TooLarge(self.budget));
        }
        loop {
            let piece = response.chunk().await.map_err(|error| Broken::Connection(chain(&error.without_url())))?;
            let Some(piece) = piece else { return Ok(incoming) };
            if incoming.body.len() + piece.len() > self.budget {
                return Err(Broken::TooLarge(self.budget));
            }
            incoming.body.extend_from_slice(&piece);
        }
    }
}

/// The headers without which services answer nothing, something old, or less than they know.
fn headers(outgoing: &Outgoing) -> Result<HeaderMap, Broken> {
    let unsendable = |what: &str| Broken::Unsendable(format!("the {what} cannot be written in a header"));
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, outgoing.token.header().ok_or_else(|| unsendable("token"))?);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let id = HeaderValue::from_str(&outgoing.id).map_err(|_| unsendable("id"))?;
    headers.insert(HeaderName::from_static("x-ms-client-request-id"), id);
    headers.insert(HeaderName::from_static("x-ms-app"), HeaderValue::from_static("amp-rules"));
    if let Some(preference) = &outgoing.preference {
        let value = HeaderValue::from_str(preference).map_err(|_| unsendable("preference"))?;
        headers.insert(HeaderName::from_static("prefer"), value);
    }
    Ok(headers)
}

/// Where a redirect leads, if it keeps method, scheme, host and port.
fn next(url: &Url, response: &reqwest::Response) -> Result<Url, Broken> {
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let target = url.join(location).map_err(|_| Broken::Elsewhere("an address that is none".to_owned()))?;
    let keeps = matches!(response.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    if keeps && target.origin() == url.origin() && !location.is_empty() {
        return Ok(target);
    }
    let port = target.port().map_or_else(String::new, |port| format!(":{port}"));
    Err(Broken::Elsewhere(format!("`{}{port}`", target.host_str().unwrap_or_default())))
}

/// `Retry-After`: seconds, or an instant that is compared with the service's own clock.
fn retry_after(value: &str, date: &str) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let ticks = http_date(value)? - http_date(date.trim())?;
    Some(Duration::from_secs(u64::try_from(ticks / SECOND).unwrap_or(0)))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, in ticks.
fn http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = text.split_ascii_whitespace().skip(1);
    let day: i64 = parts.next()?.parse().ok()?;
    let name = parts.next()?;
    let month = i64::try_from(MONTHS.iter().position(|month| *month == name)?).ok()? + 1;
    let year: i64 = parts.next()?.parse().ok()?;
    let mut clock = parts.next()?.split(':').map(|part| part.parse::<i64>().ok());
    let (hours, minutes, seconds) = (clock.next()??, clock.next()??, clock.next()??);
    if parts.next()? != "GMT" {
        return None;
    }
    Some(datetime::start(year, month, day)? + (hours * 3600 + minutes * 60 + seconds) * SECOND)
}

/// An error with all that lies underneath it, in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = cause.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_an_instant_by_the_services_own_clock() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(retry_after("7", date), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", date), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Mon, 07 Nov 1994 08:49:37 GMT", date), Some(Duration::from_secs(86_400)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:00 GMT", date), Some(Duration::ZERO));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", ""), None);
        assert_eq!(retry_after("<seconds>", date), None);
    }

    #[test]
    fn every_request_says_what_services_need_to_hear() {
        let outgoing = Outgoing {
            url: Url::parse("https://api.loganalytics.io/").unwrap(),
            id: "id-1".to_owned(),
            preference: Some("wait=180".to_owned()),
            token: AccessToken::new("t0ken"),
            body: Vec::new(),
        };
        let headers = headers(&outgoing).unwrap();
        let of = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        assert_eq!(of("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!(of("cache-control"), Some("no-cache"));
        assert_eq!(of("prefer"), Some("wait=180"));
        assert_eq!(of("x-ms-client-request-id"), Some("id-1"));
        assert_eq!(of("authorization"), Some("Bearer t0ken"));
        assert!(!format!("{outgoing:?}{headers:?}").contains("t0ken"));
    }
}
