//! Sends one HTTP request: attaches the access token, sends the request, reads the response.
//!
//! Input: an [`HttpRequest`] with its token. Output: the [`HttpResponse`] with its whole body, or a [`TransportError`].
//! `request_headers` puts the token into the `Authorization` header; the header value itself comes from
//! [`AccessToken::authorization_header`]. A body is read in chunks, and reading stops when it exceeds the budget. Redirects are
//! followed only to the same origin, so the token is sent to no other host. Nothing here retries or sets timeouts; the caller
//! cancels by dropping the future.

use std::time::Duration;

use async_trait::async_trait;
use kql_lang::datetime::{self, SECOND};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode, Url, redirect};

use super::token::AccessToken;
use super::trusted_hosts;

/// The maximum number of redirects that are followed.
const MAX_REDIRECTS: usize = 3;

/// A POST request.
#[derive(Clone, Debug)]
pub(super) struct HttpRequest {
    /// The target.
    pub(super) url: Url,
    /// The call id, sent as `x-ms-client-request-id`.
    pub(super) id: String,
    /// The value of the `Prefer` header.
    pub(super) prefer: Option<String>,
    /// The access token.
    pub(super) token: AccessToken,
    /// The JSON body.
    pub(super) body: Vec<u8>,
}

/// A response.
#[derive(Clone, Debug, Default)]
pub(super) struct HttpResponse {
    /// The status code.
    pub(super) status: u16,
    /// The delay in `Retry-After`.
    pub(super) retry_after: Option<Duration>,
    /// `Content-Type`; empty if missing.
    pub(super) content_type: String,
    /// `WWW-Authenticate`; empty if missing.
    pub(super) challenge: String,
    /// The whole body.
    pub(super) body: Vec<u8>,
}

/// The reason why there is no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TransportError {
    /// The service is unreachable, or the connection failed.
    Connection(String),
    /// The body is larger than this number of bytes.
    TooLarge(usize),
    /// The service redirects to this other target.
    Redirect(String),
    /// A header of the request has an invalid value.
    InvalidHeader(String),
}

/// Sends HTTP requests.
#[async_trait]
pub(super) trait Transport: std::fmt::Debug + Send + Sync {
    /// Sends a request and waits for the whole response. Dropping the future closes the connection.
    async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError>;
}

/// A [`Transport`] over HTTP.
#[derive(Debug)]
pub(super) struct Http {
    client: reqwest::Client,
    /// The largest body, in bytes.
    budget: usize,
}

impl Http {
    /// Creates a client for one service. Loopback addresses are never queried through a proxy.
    pub(super) fn new(url: &Url, budget: usize) -> Result<Self, String> {
        let builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .user_agent(concat!("amp-rules/", env!("CARGO_PKG_VERSION")));
        let builder = if url.host_str().is_some_and(trusted_hosts::is_loopback) { builder.no_proxy() } else { builder };
        let client = builder.build().map_err(|error| error_chain(&error))?;
        Ok(Self { client, budget })
    }

    async fn post(&self, url: &Url, headers: &HeaderMap, body: &[u8]) -> Result<reqwest::Response, TransportError> {
        let request = self.client.request(Method::POST, url.clone()).headers(headers.clone()).body(body.to_vec());
        request.send().await.map_err(|error| TransportError::Connection(error_chain(&error.without_url())))
    }
}

#[async_trait]
impl Transport for Http {
    async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let headers = request_headers(request)?;
        let mut url = request.url.clone();
        let mut response = self.post(&url, &headers, &request.body).await?;
        for _ in 0..MAX_REDIRECTS {
            if !response.status().is_redirection() {
                break;
            }
            url = redirect_target(&url, &response)?;
            response = self.post(&url, &headers, &request.body).await?;
        }
        if response.status().is_redirection() {
            return Err(TransportError::Redirect("too many addresses".to_owned()));
        }
        let text = |name: HeaderName| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let mut result = HttpResponse {
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
            return Err(TransportError::TooLarge(self.budget));
        }
        loop {
            let chunk = response
                .chunk()
                .await
                .map_err(|error| TransportError::Connection(error_chain(&error.without_url())))?;
            let Some(chunk) = chunk else { return Ok(result) };
            if result.body.len() + chunk.len() > self.budget {
                return Err(TransportError::TooLarge(self.budget));
            }
            result.body.extend_from_slice(&chunk);
        }
    }
}

/// Returns the headers of a request, including `Authorization` with the access token.
///
/// Without the other headers services send an empty, cached or less detailed response.
fn request_headers(request: &HttpRequest) -> Result<HeaderMap, TransportError> {
    let invalid_header = |what: &str| TransportError::InvalidHeader(format!("the {what} is not a valid header value"));
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, request.token.authorization_header().ok_or_else(|| invalid_header("token"))?);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let id = HeaderValue::from_str(&request.id).map_err(|_| invalid_header("id"))?;
    headers.insert(HeaderName::from_static("x-ms-client-request-id"), id);
    headers.insert(HeaderName::from_static("x-ms-app"), HeaderValue::from_static("amp-rules"));
    if let Some(prefer) = &request.prefer {
        let value = HeaderValue::from_str(prefer).map_err(|_| invalid_header("`Prefer` value"))?;
        headers.insert(HeaderName::from_static("prefer"), value);
    }
    Ok(headers)
}

/// Returns the target of a redirect if it keeps method, scheme, host and port.
fn redirect_target(url: &Url, response: &reqwest::Response) -> Result<Url, TransportError> {
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let target = url.join(location).map_err(|_| TransportError::Redirect("an invalid address".to_owned()))?;
    let keeps_method = matches!(response.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    if keeps_method && target.origin() == url.origin() && !location.is_empty() {
        return Ok(target);
    }
    let port = target.port().map_or_else(String::new, |port| format!(":{port}"));
    Err(TransportError::Redirect(format!("`{}{port}`", target.host_str().unwrap_or_default())))
}

/// Parses `Retry-After`: seconds, or an instant, which is compared with the `Date` header.
fn retry_after(value: &str, date: &str) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let ticks = http_date(value)? - http_date(date.trim())?;
    Some(Duration::from_secs(u64::try_from(ticks / SECOND).unwrap_or(0)))
}

/// Parses `Sun, 06 Nov 1994 08:49:37 GMT` to ticks.
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

/// Returns the message of an error and all its sources in one line.
pub(super) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let message = cause.to_string();
        if !text.ends_with(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        next = cause.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_an_instant_relative_to_the_date_header() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(retry_after("7", date), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", date), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Mon, 07 Nov 1994 08:49:37 GMT", date), Some(Duration::from_secs(86_400)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:00 GMT", date), Some(Duration::ZERO));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", ""), None);
        assert_eq!(retry_after("<seconds>", date), None);
    }

    #[test]
    fn requests_have_the_required_headers() {
        let request = HttpRequest {
            url: Url::parse("https://api.loganalytics.io/").unwrap(),
            id: "id-1".to_owned(),
            prefer: Some("wait=180".to_owned()),
            token: AccessToken::new("t0ken"),
            body: Vec::new(),
        };
        let headers = request_headers(&request).unwrap();
        let of = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        assert_eq!(of("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!(of("cache-control"), Some("no-cache"));
        assert_eq!(of("prefer"), Some("wait=180"));
        assert_eq!(of("x-ms-client-request-id"), Some("id-1"));
        assert_eq!(of("authorization"), Some("Bearer t0ken"));
        assert!(!format!("{request:?}{headers:?}").contains("t0ken"));
    }
}
