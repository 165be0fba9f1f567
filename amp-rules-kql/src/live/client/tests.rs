//! The client over a scripted transport, on paused time: no test waits, none looks at a clock.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use amp_rules_core::time::Time;
use async_trait::async_trait;

use super::*;
use crate::live::{Audience, TokenError};

const ROWS: &str = r#"{"tables":[{"name":"PrimaryResult","columns":[{"name":"n","type":"long"}],"rows":[[1]]}]}"#;
const EXPIRED: &str = r#"{"error":{"code":"InvalidTokenError","message":"The token has expired"}}"#;

/// What a scripted transport does with one call.
#[derive(Clone, Debug)]
enum Act {
    Answer(u16, Option<u64>, String),
    Break(Broken),
    /// Bytes come and come, and never the last.
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

/// Counts a call that is given up.
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
    async fn send(&self, outgoing: &Outgoing) -> Result<Incoming, Broken> {
        let now = self.0.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(now, Ordering::SeqCst);
        let mut under_way = UnderWay(self.0.clone(), false);
        self.0.calls.lock().unwrap().push((Instant::now(), outgoing.id.clone(), outgoing.preference.clone()));
        let act = self.0.acts.lock().unwrap().pop_front().unwrap_or(Act::Answer(200, None, ROWS.to_owned()));
        tokio::time::sleep(Duration::from_millis(10)).await;
        let came = match act {
            Act::Answer(status, wait, body) => Ok(Incoming {
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
        came
    }
}

/// Gives `t1`, `t2`, … or always the same.
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
    let backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(30) };
    (Client::new(service, Box::new(Script(heard.clone())), tokens, backoff), heard)
}

fn client(acts: impl IntoIterator<Item = Act>) -> (Client, Arc<Heard>) {
    client_of(Service::log_analytics("00000000-0000-0000-0000-00000000000a").unwrap(), acts, true)
}

fn calls(heard: &Heard) -> usize {
    heard.calls.lock().unwrap().len()
}

async fn ask(client: &Client, seconds: u64) -> Result<Answered, QueryError> {
    client.ask("traces", window(), Instant::now() + Duration::from_secs(seconds)).await
}

fn refused(status: u16) -> Act {
    Act::Answer(status, None, r#"{"error":{"code":"x","message":"no"}}"#.to_owned())
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again() {
    for act in
        [refused(429), refused(502), refused(503), refused(504), Act::Break(Broken::Connection("reset".to_owned()))]
    {
        let (client, heard) = client([act.clone(), act.clone()]);
        let answered = ask(&client, 300).await.unwrap_or_else(|error| panic!("{act:?}: {error:?}"));
        assert_eq!(calls(&heard), 3, "{act:?}");
        assert!(answered.id.starts_with("amp-rules.") && answered.id.ends_with(".3"), "{}", answered.id);
    }
}

#[tokio::test(start_paused = true)]
async fn what_will_not_pass_is_told_at_once() {
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
async fn kustos_own_word_on_permanence_decides() {
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
async fn nobody_asks_before_the_service_allows_it() {
    let throttled = Act::Answer(429, Some(40), String::new());
    let (client, heard) = client([throttled]);
    assert!(ask(&client, 300).await.is_ok());
    let times: Vec<Instant> = heard.calls.lock().unwrap().iter().map(|call| call.0).collect();
    assert!(times[1] - times[0] >= Duration::from_secs(40), "{:?}", times[1] - times[0]);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_throttling_silences_everybody_and_ends() {
    // Each of the five calls under way is throttled; a later one waits without asking.
    let (client, heard) = client((0..5).map(|_| Act::Answer(429, Some(20), String::new())));
    let asked = (0..50).map(|_| ask(&client, 300));
    let answers = futures::future::join_all(asked).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(calls(&heard), 55);
    let times: Vec<Instant> = heard.calls.lock().unwrap().iter().map(|call| call.0).collect();
    let early = times.iter().filter(|time| **time - times[0] < Duration::from_secs(20)).count();
    assert!(early <= 10, "{early} calls before the service allowed it");
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    let begun = Instant::now();
    let (client, heard) = client([Act::Answer(429, Some(3600), String::new())]);
    let error = ask(&client, 60).await.unwrap_err();
    assert_eq!((error.kind, calls(&heard)), (SourceErrorKind::Throttled, 1));
    assert!(error.context.contains("before another try"), "{}", error.context);
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_never_recovers_is_given_up() {
    let (client, heard) = client((0..1000).map(|_| refused(503)));
    let error = ask(&client, 100_000).await.unwrap_err();
    assert_eq!((error.kind, calls(&heard)), (SourceErrorKind::Unreachable, 1 + TRIES_AGAIN));
}

#[tokio::test(start_paused = true)]
async fn a_slow_drip_ends_at_the_deadline() {
    let begun = Instant::now();
    let (client, heard) = client([Act::Drip]);
    let error = ask(&client, 60).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Timeout);
    assert_eq!(begun.elapsed().as_secs(), 60);
    assert_eq!((heard.dropped.load(Ordering::SeqCst), heard.under_way.load(Ordering::SeqCst)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_leaves_nothing_behind() {
    let (client, heard) = client([Act::Drip]);
    {
        let call = ask(&client, 60);
        tokio::pin!(call);
        assert!(tokio::time::timeout(Duration::from_secs(1), call.as_mut()).await.is_err());
        assert_eq!(heard.under_way.load(Ordering::SeqCst), 1);
    }
    assert_eq!(heard.under_way.load(Ordering::SeqCst), 0);
    assert_eq!(client.places.available_permits(), AT_ONCE);
    assert!(ask(&client, 60).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn at_most_five_are_under_way() {
    let (client, heard) = client([]);
    let answers = futures::future::join_all((0..200).map(|_| ask(&client, 300))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((calls(&heard), heard.most.load(Ordering::SeqCst)), (200, AT_ONCE));
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_asked_for_anew_once() {
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
async fn a_refusal_says_which_role_and_tenant_would_help() {
    let (client, _) = client([refused(403)]);
    let error = ask(&client, 300).await.unwrap_err();
    for part in ["Log Analytics Reader", "az login", "call amp-rules."] {
        assert!(error.context.contains(part), "{}", error.context);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_quotes_the_token_is_not_repeated() {
    let (client, _) = client_of(
        Service::log_analytics("00000000-0000-0000-0000-00000000000a").unwrap(),
        [Act::Answer(400, None, r#"{"error":{"code":"x","message":"bad header Bearer t1 here"}}"#.to_owned())],
        true,
    );
    let error = ask(&client, 300).await.unwrap_err();
    assert!(error.context.contains("Bearer [token] here"), "{}", error.context);
}

#[tokio::test(start_paused = true)]
async fn an_empty_or_foreign_answer_is_no_answer() {
    for (status, body) in [(200, ""), (204, ""), (202, "{}"), (200, "{}"), (200, "<html>"), (200, r#"{"tables":[{"na"#)]
    {
        let (client, heard) = client([Act::Answer(status, None, body.to_owned())]);
        let error = ask(&client, 300).await.unwrap_err();
        assert_eq!((error.kind, calls(&heard)), (SourceErrorKind::Malformed, 1), "{status} {body}");
    }
}

#[tokio::test(start_paused = true)]
async fn frames_that_end_early_are_asked_for_again() {
    let cut = r#"[{"FrameType":"DataTable","TableId":1,"TableKind":"PrimaryResult","TableName":"T","Columns":[{"ColumnName":"n","ColumnType":"int"}],"Rows":[[1]]}]"#;
    let service = Service::kusto("https://help.kusto.windows.net", "db").unwrap();
    let (client, heard) = client_of(service, (0..20).map(|_| Act::Answer(200, None, cut.to_owned())), true);
    assert_eq!(ask(&client, 3000).await.unwrap_err().kind, SourceErrorKind::Malformed);
    assert_eq!(calls(&heard), 1 + TRIES_AGAIN);
}

#[tokio::test(start_paused = true)]
async fn every_try_has_an_id_of_its_own_and_says_how_long_to_wait() {
    let (client, heard) = client([refused(503)]);
    let answered = ask(&client, 300).await.unwrap();
    let calls = heard.calls.lock().unwrap();
    assert_ne!(calls[0].1, calls[1].1);
    assert_eq!(calls[1].1, answered.id);
    assert_eq!(calls[0].2.as_deref(), Some("wait=300,include-permissions=true"));
}
