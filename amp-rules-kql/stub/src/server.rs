//! A local HTTP/1.1 server with one thread per connection that can also send faulty responses.
//!
//! Input: a function from request to response. Output: the address, and the recorded requests. The server stops when it is
//! dropped. It reads requests as `reqwest` sends them (with a length, not chunked), and closes every connection after one
//! response.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value as Json;

/// The maximum size of a request body, in bytes.
const MAX_REQUEST_BYTES: usize = 16 << 20;

/// A running server on a loopback address.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<RecordedRequest>>>,
    stopped: Arc<AtomicBool>,
    listener_thread: Option<JoinHandle<()>>,
}

/// A recorded request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedRequest {
    /// The method, such as `POST`.
    pub method: String,
    /// The path with the query string.
    pub path: String,
    /// The headers; names are in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl RecordedRequest {
    /// Returns a header by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Headers other than `Content-Length` and `Connection`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How the response is sent.
    pub delivery: Delivery,
}

/// How a response is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Completely.
    Complete,
    /// The connection is closed after this number of bytes of the body.
    CutAfter(usize),
    /// The body is sent byte by byte and never ends.
    Endless,
    /// The connection is closed without a response.
    Close,
}

impl Reply {
    /// Creates a response without a content type.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), delivery: Delivery::Complete }
    }

    /// Creates a JSON response.
    #[must_use]
    pub fn json(status: u16, body: &Json) -> Self {
        Self::new(status, body.to_string()).with("Content-Type", "application/json; charset=utf-8")
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets how the response is sent.
    #[must_use]
    pub fn delivered(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }
}

impl Server {
    /// Starts a server that responds to every request with `respond` until it is dropped.
    ///
    /// # Errors
    ///
    /// An I/O error if no port can be bound.
    pub fn start(respond: impl Fn(&RecordedRequest) -> Reply + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stopped = Arc::new(AtomicBool::new(false));
        let (log, end, respond) = (requests.clone(), stopped.clone(), Arc::new(respond));
        let listener_thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if end.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let (log, end, respond) = (log.clone(), end.clone(), respond.clone());
                // An I/O error on a connection ends only the thread of that connection.
                std::thread::spawn(move || drop(serve(&stream, &log, &end, respond.as_ref())));
            }
        });
        Ok(Self { address, requests, stopped, listener_thread: Some(listener_thread) })
    }

    /// Returns the address: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the requests received so far.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // A connection wakes the listener, which then checks `stopped`.
        drop(TcpStream::connect(self.address));
        if let Some(listener_thread) = self.listener_thread.take() {
            drop(listener_thread.join());
        }
    }
}

fn serve(
    stream: &TcpStream,
    log: &Mutex<Vec<RecordedRequest>>,
    stopped: &AtomicBool,
    respond: &(impl Fn(&RecordedRequest) -> Reply + Sync),
) -> io::Result<()> {
    let request = read(stream)?;
    log.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
    let reply = respond(&request);
    let mut stream = stream;
    if reply.delivery == Delivery::Close {
        return Ok(());
    }
    let mut head =
        format!("HTTP/1.1 {} Stub\r\nConnection: close\r\nContent-Length: {}\r\n", reply.status, reply.body.len());
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    match reply.delivery {
        Delivery::Complete => stream.write_all(&reply.body),
        Delivery::CutAfter(bytes) => stream.write_all(reply.body.get(..bytes).unwrap_or(&reply.body)),
        Delivery::Endless => {
            for byte in reply.body.iter().take(reply.body.len().saturating_sub(1)).cycle() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                stream.write_all(&[*byte])?;
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok(())
        }
        Delivery::Close => Ok(()),
    }
}

fn read(stream: &TcpStream) -> io::Result<RecordedRequest> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_ascii_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Err(wrong("no request line")) };
    let mut request =
        RecordedRequest { method: method.to_owned(), path: path.to_owned(), ..RecordedRequest::default() };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        request.headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length: usize = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    if length > MAX_REQUEST_BYTES {
        return Err(wrong("too large"));
    }
    request.body = vec![0; length];
    reader.read_exact(&mut request.body)?;
    Ok(request)
}
