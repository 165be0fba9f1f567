//! Tests of the client with a scripted transport and paused time: no test waits or reads a clock.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use amp_rules_core::time::Time;
use async_trait::async_trait;

use super::*;
use crate::live::{Audience, TokenError};

const ROWS: &str = r#"{"tables":[{"name":"PrimaryResult","columns":[{"name":"n","type":"long"}],"rows":[[1]]}]}"#;
const EXPIRED: &str = r#"{"error":{"code":"InvalidTokenError","message":"The token has expired"}}"#;

/// The scripted reaction to one call.
#[derive(Clone, Debug)]
enum Act {
    Answer(u16, Option<u64>, String),
    Break(TransportError),
    /// The response never ends.
    Drip,
}

#[derive(Debug, Default)]
struct Heard {
    acts: Mutex<VecDeque<Act>>,
    calls: Mutex<Vec<(Instant, String, Option<String>)>>,
    under_way: AtomicUsize,
    most: AtomicUsize,
    dropped: AtomicUsize,
}

#[derive(Debug)]
struct Script(Arc<Heard>);

/// Counts a dropped call.
struct UnderWay(Arc<Heard>, bool);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
        if !self.1 {
            self.0.dropped.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, outgoing: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let now = self.0.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(now, Ordering::SeqCst);
        let mut under_way = UnderWay(self.0.clone(), false);
        self.0.calls.lock().unwrap().push((Instant::now(), outgoing.id.clone(), outgoing.prefer.clone()));
        let act = self.0.acts.lock().unwrap().pop_front().unwrap_or(Act::Answer(200, None, ROWS.to_owned()));
        tokio::time::sleep(Duration::from_millis(10)).await;
        let result = match act {
            Act::Answer(status, wait, body) => Ok(HttpResponse {
                status,
                retry_after: wait.map(Duration::from_secs),
                content_type: "application/json".to_owned(),
                challenge: String::new(),
                body: body.into_bytes(),
            }),
            Act::Break(broken) => Err(broken),
            Act::Drip => std::future::pending().await,
        };
        under_way.1 = true;
        result
    }
}

/// Returns `t1`, `t2`, … or always the same token.
#[derive(Debug)]
struct Tokens {
    given: AtomicUsize,
    fresh: bool,
}

#[async_trait]
impl TokenProvider for Tokens {
    async fn token(&self, _: &Audience) -> Result<AccessToken, TokenError> {
        let number = self.given.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(AccessToken::new(if self.fresh { format!("t{number}") } else { "t".to_owned() }))
    }
}

fn window() -> Window {
    let at = |text: &str| text.parse::<Time>().unwrap();
    Window { from: at("2026-01-01T00:00:00Z"), to: at("2026-01-02T00:00:00Z") }
}

fn client_of(service: Service, acts: impl IntoIterator<Item = Act>, fresh: bool) -> (Client, Arc<Heard>) {
    let heard = Arc::new(Heard { acts: Mutex::new(acts.into_iter().collect()), ..Heard::default() });
    let tokens = Arc::new(Tokens { given: AtomicUsize::new(0), fresh });
    let backoff = Backoff { first: Duration::from_secs(1), max: Duration::from_secs(30) };
    (Client::new(service, Box::new(Script(heard.clone())), tokens, backoff), heard)
}

fn client(acts: impl IntoIterator<Item = Act>) -> (Client, Arc<Heard>) {
    client_of(Service::log_analytics("00000000-0000-0000-0000-00000000000a").unwrap(), acts, true)
}

fn calls(heard: &Heard) -> usize {
    heard.calls.lock().unwrap().len()
}

async fn ask(client: &Client, seconds: u64) -> Result<QueryResponse, QueryError> {
    client.query("traces", window(), Instant::now() + Duration::from_secs(seconds)).await
}

fn refused(status: u16) -> Act {
    Act::Answer(status, None, r#"{"error":{"code":"x","message":"no"}}"#.to_owned())
}

#[tokio::test(start_paused = true)]
async fn transient_failures_are_retried() {
    for act in [
        refused(429),
        refused(502),
        refused(503),
        refused(504),
        Act::Break(TransportError::Connection("reset".to_owned())),
    ] {
        let (client, heard) = client([act.clone(), act.clone()]);
        let answered = ask(&client, 300).await.unwrap_or_else(|error| panic!("{act:?}: {error:?}"));
        assert_eq!(calls(&heard), 3, "{act:?}");
        assert!(answered.id.starts_with("amp-rules.") && answered.id.ends_with(".3"), "{}", answered.id);
    }
}

#[tokio::test(start_paused = true)]
async fn permanent_failures_are_returned_immediately() {
    for (status, kind) in [
        (400, SourceErrorKind::Other),
        (401, SourceErrorKind::Denied),
        (403, SourceErrorKind::Denied),
        (404, SourceErrorKind::Other),
        (413, SourceErrorKind::Other),
        (500, SourceErrorKind::Unreachable),
    ] {
        let (client, heard) = client([refused(status)]);
        let error = ask(&client, 300).await.unwrap_err();
        assert_eq!((error.kind, calls(&heard)), (kind, 1), "{status}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn permanent_flag_of_kusto_decides_about_retries() {
    let kusto = || Service::kusto("https://help.kusto.windows.net", "db").unwrap();
    let says = |permanent: bool| {
        let body =
            format!(r#"{{"error":{{"code":"General_InternalServerError","@message":"m","@permanent":{permanent}}}}}"#);
        Act::Answer(500, None, body)
    };
    let rows = r#"[{"FrameType":"DataTable","TableId":1,"TableKind":"PrimaryResult","TableName":"T","Columns":[{"ColumnName":"n","ColumnType":"int"}],"Rows":[[1]]},{"FrameType":"DataSetCompletion","HasErrors":false,"Cancelled":false}]"#;
    let good = Act::Answer(200, None, rows.to_owned());
    let (passing, heard) = client_of(kusto(), [says(false), good.clone()], true);
    assert!(ask(&passing, 300).await.is_ok());
    assert_eq!(calls(&heard), 2);
    let (lasting, heard) = client_of(kusto(), [says(true), good], true);
    assert_eq!(ask(&lasting, 300).await.unwrap_err().kind, SourceErrorKind::Unreachable);
    assert_eq!(calls(&heard), 1);
}

#[tokio::test(start_paused = true)]
async fn retry_after_delays_the_next_call() {
    let throttled = Act::Answer(429, Some(40), String::new());
    let (client, heard) = client([throttled]);
    assert!(ask(&client, 300).await.is_ok());
    let times: Vec<Instant> = heard.calls.lock().unwrap().iter().map(|call| call.0).collect();
    assert!(times[1] - times[0] >= Duration::from_secs(40), "{:?}", times[1] - times[0]);
}

#[tokio::test(start_paused = true)]
async fn throttling_delays_all_calls_and_ends() {
    // Each of the five active calls is throttled; later calls wait without sending.
    let (client, heard) = client((0..5).map(|_| Act::Answer(429, Some(20), String::new())));
    let asked = (0..50).map(|_| ask(&client, 300));
    let answers = futures::future::join_all(asked).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(calls(&heard), 55);
    let times: Vec<Instant> = heard.calls.lock().unwrap().iter().map(|call| call.0).collect();
    let early = times.iter().filter(|time| **time - times[0] < Duration::from_secs(20)).count();
    assert!(early <= 10, "{early} calls before the end of the delay");
}

#[tokio::test(start_paused = true)]
async fn delay_beyond_the_deadline_fails_immediately() {
    let begun = Instant::now();
    let (client, heard) = client([Act::Answer(429, Some(3600), String::new())]);
    let error = ask(&client, 60).await.unwrap_err();
    assert_eq!((error.kind, calls(&heard)), (SourceErrorKind::Throttled, 1));
    assert!(error.context.contains("before a retry is allowed"), "{}", error.context);
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn retries_are_limited() {
    let (client, heard) = client((0..1000).map(|_| refused(503)));
    let error = ask(&client, 100_000).await.unwrap_err();
    assert_eq!((error.kind, calls(&heard)), (SourceErrorKind::Unreachable, 1 + MAX_RETRIES));
}

#[tokio::test(start_paused = true)]
async fn endless_response_ends_at_the_deadline() {
    let begun = Instant::now();
    let (client, heard) = client([Act::Drip]);
    let error = ask(&client, 60).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Timeout);
    assert_eq!(begun.elapsed().as_secs(), 60);
    assert_eq!((heard.dropped.load(Ordering::SeqCst), heard.under_way.load(Ordering::SeqCst)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn dropped_call_releases_its_resources() {
    let (client, heard) = client([Act::Drip]);
    {
        let call = ask(&client, 60);
        tokio::pin!(call);
        assert!(tokio::time::timeout(Duration::from_secs(1), call.as_mut()).await.is_err());
        assert_eq!(heard.under_way.load(Ordering::SeqCst), 1);
    }
    assert_eq!(heard.under_way.load(Ordering::SeqCst), 0);
    assert_eq!(client.permits.available_permits(), MAX_CONCURRENT_QUERIES);
    assert!(ask(&client, 60).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn at_most_five_calls_are_active() {
    let (client, heard) = client([]);
    let answers = futures::future::join_all((0..200).map(|_| ask(&client, 300))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((calls(&heard), heard.most.load(Ordering::SeqCst)), (200, MAX_CONCURRENT_QUERIES));
}

#[tokio::test(start_paused = true)]
async fn expired_token_is_renewed_once() {
    let expired = || Act::Answer(401, None, EXPIRED.to_owned());
    let service = || Service::log_analytics("00000000-0000-0000-0000-00000000000a").unwrap();
    let (renewed, heard) = client_of(service(), [expired()], true);
    assert!(ask(&renewed, 300).await.is_ok());
    assert_eq!(calls(&heard), 2);
    let (twice, heard) = client_of(service(), [expired(), expired()], true);
    assert_eq!(ask(&twice, 300).await.unwrap_err().kind, SourceErrorKind::Denied);
    assert_eq!(calls(&heard), 2);
    let (same, heard) = client_of(service(), [expired()], false);
    let error = ask(&same, 300).await.unwrap_err();
    assert_eq!((error.kind, calls(&heard)), (SourceErrorKind::Denied, 1));
    assert!(error.context.contains("sign in again"), "{}", error.context);
}

#[tokio::test(start_paused = true)]
async fn denied_access_mentions_role_and_tenant() {
    let (client, _) = client([refused(403)]);
    let error = ask(&client, 300).await.unwrap_err();
    for part in ["Log Analytics Reader", "az login", "call amp-rules."] {
        assert!(error.context.contains(part), "{}", error.context);
    }
}

#[tokio::test(start_paused = true)]
async fn token_in_an_error_message_is_redacted() {
    let (client, _) = client_of(
        Service::log_analytics("00000000-0000-0000-0000-00000000000a").unwrap(),
        [Act::Answer(400, None, r#"{"error":{"code":"x","message":"bad header Bearer t1 here"}}"#.to_owned())],
        true,
    );
    let error = ask(&client, 300).await.unwrap_err();
    assert!(error.context.contains("Bearer [token] here"), "{}", error.context);
}

#[tokio::test(start_paused = true)]
async fn empty_or_foreign_responses_are_malformed() {
    for (status, body) in [(200, ""), (204, ""), (202, "{}"), (200, "{}"), (200, "<html>"), (200, r#"{"tables":[{"na"#)]
    {
        let (client, heard) = client([Act::Answer(status, None, body.to_owned())]);
        let error = ask(&client, 300).await.unwrap_err();
        assert_eq!((error.kind, calls(&heard)), (SourceErrorKind::Malformed, 1), "{status} {body}");
    }
}

#[tokio::test(start_paused = true)]
async fn frames_that_end_early_are_retried() {
    let cut = r#"[{"FrameType":"DataTable","TableId":1,"TableKind":"PrimaryResult","TableName":"T","Columns":[{"ColumnName":"n","ColumnType":"int"}],"Rows":[[1]]}]"#;
    let service = Service::kusto("https://help.kusto.windows.net", "db").unwrap();
    let (client, heard) = client_of(service, (0..20).map(|_| Act::Answer(200, None, cut.to_owned())), true);
    assert_eq!(ask(&client, 3000).await.unwrap_err().kind, SourceErrorKind::Malformed);
    assert_eq!(calls(&heard), 1 + MAX_RETRIES);
}

#[tokio::test(start_paused = true)]
async fn every_attempt_has_its_own_id_and_a_server_timeout() {
    let (client, heard) = client([refused(503)]);
    let answered = ask(&client, 300).await.unwrap();
    let calls = heard.calls.lock().unwrap();
    assert_ne!(calls[0].1, calls[1].1);
    assert_eq!(calls[1].1, answered.id);
    assert_eq!(calls[0].2.as_deref(), Some("wait=300,include-permissions=true"));
}
