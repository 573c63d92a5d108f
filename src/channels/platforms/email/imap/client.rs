//! As much of IMAP4rev1 (RFC 3501, MOVE of RFC 6851) as taking messages out of a mailbox needs. It blocks, for one thread of its own. The
//! server is whatever somebody has written down: every command and all of them together have their time, and no answer is longer than
//! what was asked for may be.

use super::answers::{Answers, Response, content, number_behind, of_message};
use super::timed::{Stop, Timed};
use crate::channels::mail_settings::ImapTls;
use crate::channels::platforms::api_client::reach;
use crate::channels::platforms::email::LIMIT;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Lines of one answer: a search tells everything in one.
const LINES: usize = 20_000;
/// Bytes of an answer that is no mail.
const ANSWER: usize = 2 * 1024 * 1024;
/// What of the headers is asked for of a message that is too long to be taken.
const HEAD: usize = 256 * 1024;

/// How long a server may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection or a command; that for a long message is given more.
    pub command: Duration,
    /// For everything from the connection to the last command.
    pub look: Duration,
}

impl Patience {
    pub const USUAL: Self = Self { command: Duration::from_secs(60), look: Duration::from_secs(600) };
    /// What each second beyond is good for; slower than any line that carries mails.
    const BYTES_A_SECOND: usize = 128 * 1024;
}

/// Where the mailbox is, and who opens it.
#[derive(Clone)]
pub struct Account {
    pub host: String,
    pub port: u16,
    pub tls: ImapTls,
    pub username: String,
    pub password: String,
}

/// Why it did not work, as an administrator may read it.
#[derive(Debug, thiserror::Error)]
pub enum ImapError {
    #[error("no connection: {0}")]
    Connection(String),
    #[error("the server refuses: {0}")]
    Refused(String),
    #[error("the server answers something that is not IMAP: {0}")]
    Garbled(String),
}

impl From<std::io::Error> for ImapError {
    fn from(error: std::io::Error) -> Self {
        Self::Connection(error.to_string())
    }
}

enum Stream {
    Plain(Timed),
    Tls(Box<StreamOwned<ClientConnection, Timed>>),
}

impl Stream {
    fn timed(&mut self) -> &mut Timed {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &mut stream.sock,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// An open mailbox.
pub struct Client {
    answers: Answers<Stream>,
    commands: u32,
    capabilities: String,
    patience: Patience,
    /// When all of it must be over.
    until: Instant,
}

/// A message that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Fetched {
    /// As it came, without marking it.
    Mail(Vec<u8>),
    /// Longer than we take: how long, and its headers.
    TooLarge { bytes: u64, head: Vec<u8> },
    /// Somebody has taken it away.
    Gone,
}

/// What a mailbox says of itself when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected {
    pub uid_validity: u32,
    /// No message has this number or a higher one yet.
    pub uid_next: Option<u32>,
}

impl Client {
    /// Connects, makes it private as wanted, and logs in.
    pub fn open(account: &Account, patience: Patience, stop: &Stop) -> Result<Self, ImapError> {
        let until = Instant::now() + patience.look;
        let addresses = (account.host.as_str(), account.port).to_socket_addrs()?;
        let reach = reach();
        let mut last = ImapError::Connection("the name leads to no public address".to_owned());
        for address in addresses.filter(|address| reach.allows(address.ip())).take(4) {
            match TcpStream::connect_timeout(&address, patience.command / 2) {
                Ok(stream) => return Self::login(Timed::new(stream, stop.clone()), account, patience, until),
                Err(error) => last = error.into(),
            }
        }
        Err(last)
    }

    fn over(stream: Stream, patience: Patience, until: Instant) -> Self {
        let mut client = Self { answers: Answers::new(stream, ANSWER), commands: 0, capabilities: String::new(), patience, until };
        client.begin(ANSWER);
        client
    }

    /// The time and the bytes of the next answer.
    fn begin(&mut self, budget: usize) {
        let more = Duration::from_secs((budget.saturating_sub(ANSWER) / Patience::BYTES_A_SECOND) as u64);
        self.answers.budget = budget;
        self.answers.stream.timed().until = self.until.min(Instant::now() + self.patience.command + more);
    }

    fn login(stream: Timed, account: &Account, patience: Patience, until: Instant) -> Result<Self, ImapError> {
        let stream = match account.tls {
            ImapTls::Tls => private(stream, &account.host)?,
            ImapTls::Starttls | ImapTls::None => Stream::Plain(stream),
        };
        let mut client = Self::over(stream, patience, until);
        let greeting = client.answers.response()?;
        if !greeting.text.starts_with("* OK") && !greeting.text.starts_with("* PREAUTH") {
            return Err(ImapError::Garbled(shown(&greeting.text)));
        }
        if account.tls == ImapTls::Starttls {
            client.command("STARTTLS")?;
            // Whatever was said in clear before is not believed.
            let Stream::Plain(stream) = client.answers.stream else { return Err(ImapError::Garbled("TLS twice".to_owned())) };
            client = Self { commands: client.commands, ..Self::over(private(stream, &account.host)?, patience, until) };
        }
        let told = client.command("CAPABILITY")?;
        client.capabilities = told.into_iter().map(|line| line.text.to_ascii_uppercase()).collect::<Vec<_>>().join(" ");
        if client.can("AUTH=PLAIN") {
            let secret = STANDARD.encode(format!("\0{}\0{}", account.username, account.password));
            client.command_with("AUTHENTICATE PLAIN", Some(&secret), ANSWER)?;
        } else {
            client.command(&format!("LOGIN {} {}", quoted(&account.username)?, quoted(&account.password)?))?;
        }
        // What can be done may change with the login.
        let told = client.command("CAPABILITY")?;
        client.capabilities = told.into_iter().map(|line| line.text.to_ascii_uppercase()).collect::<Vec<_>>().join(" ");
        Ok(client)
    }

    fn can(&self, capability: &str) -> bool {
        self.capabilities.split_whitespace().any(|known| known == capability)
    }

    /// Opens a folder.
    pub fn select(&mut self, folder: &str) -> Result<Selected, ImapError> {
        let told = self.command(&format!("SELECT {}", quoted(folder)?))?;
        let number = |name: &str| -> Option<u32> {
            let said = |line: &Response| line.text.split(&format!("[{name} ")).nth(1)?.split(']').next()?.trim().parse().ok();
            told.iter().find_map(said)
        };
        let uid_validity = number("UIDVALIDITY").ok_or_else(|| ImapError::Garbled("no UIDVALIDITY".to_owned()))?;
        Ok(Selected { uid_validity, uid_next: number("UIDNEXT") })
    }

    /// The UIDs that a search finds, in their order.
    pub fn search(&mut self, criteria: &str) -> Result<Vec<u32>, ImapError> {
        let told = self.command(&format!("UID SEARCH {criteria}"))?;
        let found = told.iter().filter_map(|line| line.text.strip_prefix("* SEARCH"));
        let mut uids: Vec<u32> = found.flat_map(|list| list.split_whitespace()).filter_map(|uid| uid.parse().ok()).collect();
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    /// The message, or why there is none to take.
    pub fn fetch(&mut self, uid: u32) -> Result<Fetched, ImapError> {
        let told = self.command(&format!("UID FETCH {uid} (UID RFC822.SIZE)"))?;
        let Some(line) = of_message(told, uid) else { return Ok(Fetched::Gone) };
        let bytes = number_behind(&line.text, "RFC822.SIZE ").ok_or_else(|| ImapError::Garbled(shown(&line.text)))?;
        if bytes > LIMIT as u64 {
            let told = self.command(&format!("UID FETCH {uid} (UID BODY.PEEK[HEADER]<0.{HEAD}>)"))?;
            let head = of_message(told, uid).and_then(content).unwrap_or_default();
            return Ok(Fetched::TooLarge { bytes, head });
        }
        // Some servers count line ends otherwise than they send them.
        let told = self.command_with(&format!("UID FETCH {uid} (UID BODY.PEEK[])"), None, LIMIT + ANSWER)?;
        let Some(line) = of_message(told, uid) else { return Ok(Fetched::Gone) };
        let raw = content(line).ok_or_else(|| ImapError::Refused(format!("nothing is given for message {uid}")))?;
        Ok(Fetched::Mail(raw))
    }

    /// Marks a message as seen.
    pub fn mark_seen(&mut self, uid: u32) -> Result<(), ImapError> {
        self.command(&format!("UID STORE {uid} +FLAGS.SILENT (\\Seen)")).map(|_| ())
    }

    /// Moves a message, which is marked as seen before.
    pub fn move_to(&mut self, uid: u32, folder: &str) -> Result<(), ImapError> {
        self.mark_seen(uid)?;
        let folder = quoted(folder)?;
        if self.can("MOVE") {
            return self.command(&format!("UID MOVE {uid} {folder}")).map(|_| ());
        }
        self.command(&format!("UID COPY {uid} {folder}"))?;
        self.command(&format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)"))?;
        if self.can("UIDPLUS") {
            self.command(&format!("UID EXPUNGE {uid}"))?;
        }
        Ok(())
    }

    /// Says good-bye; whether that is heard changes nothing.
    pub fn close(mut self) {
        let _ = self.command("LOGOUT");
    }

    fn command(&mut self, text: &str) -> Result<Vec<Response>, ImapError> {
        self.command_with(text, None, ANSWER)
    }

    /// Sends a command, and `more` once the server asks for it; what it answers before it says OK, in so many bytes at most.
    fn command_with(&mut self, text: &str, more: Option<&str>, budget: usize) -> Result<Vec<Response>, ImapError> {
        self.begin(budget);
        self.commands += 1;
        let tag = format!("A{}", self.commands);
        self.send(&format!("{tag} {text}\r\n"))?;
        let mut told = vec![];
        while told.len() < LINES {
            let response = self.answers.response()?;
            if response.text.starts_with('+') {
                let Some(more) = more else { return Err(ImapError::Garbled(shown(&response.text))) };
                self.send(&format!("{more}\r\n"))?;
            } else if let Some(rest) = response.text.strip_prefix(&format!("{tag} ")) {
                let ok = rest.get(..2).is_some_and(|word| word.eq_ignore_ascii_case("OK"));
                return if ok { Ok(told) } else { Err(ImapError::Refused(shown(rest))) };
            } else if response.text.to_ascii_uppercase().starts_with("* BYE") && !text.starts_with("LOGOUT") {
                return Err(ImapError::Refused(shown(&response.text)));
            } else {
                told.push(response);
            }
        }
        Err(ImapError::Garbled("an answer without end".to_owned()))
    }

    fn send(&mut self, text: &str) -> Result<(), ImapError> {
        self.answers.stream.write_all(text.as_bytes())?;
        Ok(self.answers.stream.flush()?)
    }
}

fn private(stream: Timed, host: &str) -> Result<Stream, ImapError> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| ImapError::Connection(error.to_string()))?.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| ImapError::Connection("the host is no name that a certificate has".to_owned()))?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(|error| ImapError::Connection(error.to_string()))?;
    Ok(Stream::Tls(Box::new(StreamOwned::new(connection, stream))))
}

/// A quoted string (RFC 3501 §4.3): nothing in it may end the command.
fn quoted(text: &str) -> Result<String, ImapError> {
    if !text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Err(ImapError::Refused("names and passwords other than of printable ASCII need AUTH=PLAIN".to_owned()));
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests;
