//! A small HTTP/1.1 server on this machine, one thread per connection, that can also misbehave.
//!
//! Input: what to answer to a request. Output: its address, and what it has heard. It ends when it is dropped. It reads what
//! `reqwest` sends (a length, no chunks), and closes every connection after one answer.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value as Json;

/// The largest request that is read.
const LARGEST: usize = 16 << 20;

/// A server on this machine.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    over: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

/// A request that came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// `POST`.
    pub method: String,
    /// The path, with its query.
    pub path: String,
    /// The headers, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Heard {
    /// A header by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers besides the length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How it is sent.
    pub manner: Manner,
}

/// How an answer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it should be.
    Whole,
    /// The connection is closed after so many bytes of the body.
    CutAfter(usize),
    /// One byte of the body at a time, and never the last.
    Drip,
    /// The connection is closed without a word.
    Silent,
}

impl Reply {
    /// An answer with a body of no kind.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), manner: Manner::Whole }
    }

    /// An answer of JSON.
    #[must_use]
    pub fn json(status: u16, body: &Json) -> Self {
        Self::new(status, body.to_string()).with("Content-Type", "application/json; charset=utf-8")
    }

    /// The same with a header more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, sent otherwise.
    #[must_use]
    pub fn sent(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }
}

impl Server {
    /// Answers every request by `answer` until the server is dropped.
    ///
    /// # Errors
    ///
    /// No port can be had.
    pub fn start(answer: impl Fn(&Heard) -> Reply + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let (log, end, answer) = (heard.clone(), over.clone(), Arc::new(answer));
        let listening = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if end.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let (log, end, answer) = (log.clone(), end.clone(), answer.clone());
                // A connection that breaks is the caller's affair: it gives up, and so does its thread.
                std::thread::spawn(move || drop(serve(&stream, &log, &end, answer.as_ref())));
            }
        });
        Ok(Self { address, heard, over, listening: Some(listening) })
    }

    /// Its address: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it has heard so far.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees that it is over.
        drop(TcpStream::connect(self.address));
        if let Some(listening) = self.listening.take() {
            drop(listening.join());
        }
    }
}

fn serve(
    stream: &TcpStream,
    log: &Mutex<Vec<Heard>>,
    over: &AtomicBool,
    answer: &(impl Fn(&Heard) -> Reply + Sync),
) -> io::Result<()> {
    let heard = read(stream)?;
    log.lock().unwrap_or_else(PoisonError::into_inner).push(heard.clone());
    let reply = answer(&heard);
    let mut stream = stream;
    if reply.manner == Manner::Silent {
        return Ok(());
    }
    let mut head =
        format!("HTTP/1.1 {} Said\r\nConnection: close\r\nContent-Length: {}\r\n", reply.status, reply.body.len());
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    match reply.manner {
        Manner::Whole => stream.write_all(&reply.body),
        Manner::CutAfter(bytes) => stream.write_all(reply.body.get(..bytes).unwrap_or(&reply.body)),
        Manner::Drip => {
            for byte in reply.body.iter().take(reply.body.len().saturating_sub(1)).cycle() {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                stream.write_all(&[*byte])?;
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok(())
        }
        Manner::Silent => Ok(()),
    }
}

fn read(stream: &TcpStream) -> io::Result<Heard> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_ascii_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Err(wrong("no request line")) };
    let mut heard = Heard { method: method.to_owned(), path: path.to_owned(), ..Heard::default() };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        heard.headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length: usize = heard.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    if length > LARGEST {
        return Err(wrong("too large"));
    }
    heard.body = vec![0; length];
    reader.read_exact(&mut heard.body)?;
    Ok(heard)
}
