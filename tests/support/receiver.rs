//! A receiver of webhooks of a few lines, which does what a test wants of it and keeps all that came.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on can only stop")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub struct Received {
    /// Method, path and version.
    pub line: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn event_type(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

/// What it says.
#[derive(Clone, Debug)]
pub enum Says {
    Status(u16),
    /// Status, a header line, a body.
    With(u16, &'static str, String),
    /// These bytes, which need be no HTTP.
    Bytes(Vec<u8>),
    /// Nothing for this long, then 200.
    After(Duration),
    /// Hangs up.
    Nothing,
    /// 200 with a body that never ends.
    Endless,
}

type Answer = Box<dyn Fn(&Received) -> Says + Send + Sync>;

/// The running receiver.
#[derive(Clone)]
pub struct Receiver {
    pub port: u16,
    answer: Arc<Mutex<Arc<Answer>>>,
    received: Arc<Mutex<Vec<Received>>>,
    connections: Arc<Mutex<usize>>,
}

impl Receiver {
    /// Says 200 to everything.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let always: Answer = Box::new(|_| Says::Status(200));
        let receiver = Self {
            port: listener.local_addr().unwrap().port(),
            answer: Arc::new(Mutex::new(Arc::new(always))),
            received: Arc::default(),
            connections: Arc::default(),
        };
        let shared = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = shared.clone();
                *shared.connections.lock().unwrap() += 1;
                std::thread::spawn(move || shared.serve(stream.unwrap()));
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// From now on it says what `answer` makes of each request.
    pub fn says(&self, answer: impl Fn(&Received) -> Says + Send + Sync + 'static) {
        let answer: Answer = Box::new(answer);
        *self.answer.lock().unwrap() = Arc::new(answer);
    }

    /// From now on it says this.
    pub fn always(&self, says: Says) {
        self.says(move |_| says.clone());
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// What came since this was last asked.
    pub fn news(&self) -> Vec<Received> {
        std::mem::take(&mut self.received.lock().unwrap())
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    /// One request a connection.
    fn serve(&self, mut stream: TcpStream) {
        let Some(request) = read(&stream) else { return };
        let answer = self.answer.lock().unwrap().clone();
        let says = answer(&request);
        self.received.lock().unwrap().push(request);
        let mut say = |status: u16, header: &str, body: &str| {
            let head = format!("HTTP/1.1 {status} So\r\nConnection: close\r\nContent-Length: {}\r\n{header}\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        };
        match says {
            Says::Status(status) => say(status, "", ""),
            Says::With(status, header, body) => say(status, &format!("{header}\r\n"), &body),
            Says::Bytes(bytes) => {
                let _ = stream.write_all(&bytes);
            }
            Says::After(wait) => {
                std::thread::sleep(wait);
                say(200, "", "");
            }
            Says::Nothing => {}
            Says::Endless => {
                let mut going = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").is_ok();
                while going {
                    going = stream.write_all(&[b'x'; 64 * 1024]).is_ok();
                }
            }
        }
    }
}

fn read(stream: &TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        match header.trim_end().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.to_owned()),
            None => break,
        };
    }
    let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some(Received { line: line.trim_end().to_owned(), headers, body })
}
