//! As much of IMAP4rev1 (RFC 3501, MOVE of RFC 6851) as taking messages out of a mailbox needs. It blocks, for one thread of its own;
//! every step has a time-out, and no answer may be longer than a mail.

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
use std::time::Duration;

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// A line without its literals.
const LINE: usize = 64 * 1024;
/// Lines of one answer: a search tells everything in one.
const LINES: usize = 20_000;

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
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
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

/// One response: its text, and the literals that were in it, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Response {
    pub text: String,
    pub literals: Vec<Vec<u8>>,
}

/// An open mailbox.
pub struct Client {
    stream: Stream,
    /// Read, but not yet used.
    ahead: Vec<u8>,
    used: usize,
    commands: u32,
    capabilities: String,
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
    pub fn open(account: &Account) -> Result<Self, ImapError> {
        let addresses = (account.host.as_str(), account.port).to_socket_addrs()?;
        let reach = reach();
        let mut last = ImapError::Connection("the name leads to no public address".to_owned());
        for address in addresses.filter(|address| reach.allows(address.ip())).take(4) {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => return Self::login(stream, account),
                Err(error) => last = error.into(),
            }
        }
        Err(last)
    }

    fn login(stream: TcpStream, account: &Account) -> Result<Self, ImapError> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let stream = match account.tls {
            ImapTls::Tls => private(stream, &account.host)?,
            ImapTls::Starttls | ImapTls::None => Stream::Plain(stream),
        };
        let mut client = Self { stream, ahead: vec![], used: 0, commands: 0, capabilities: String::new() };
        let greeting = client.response()?;
        if !greeting.text.starts_with("* OK") && !greeting.text.starts_with("* PREAUTH") {
            return Err(ImapError::Garbled(shown(&greeting.text)));
        }
        if account.tls == ImapTls::Starttls {
            client.command("STARTTLS")?;
            // Whatever was said in clear before is not believed.
            let Stream::Plain(stream) = client.stream else { return Err(ImapError::Garbled("TLS twice".to_owned())) };
            client = Self {
                stream: private(stream, &account.host)?,
                ahead: vec![],
                used: 0,
                commands: client.commands,
                capabilities: String::new(),
            };
        }
        let told = client.command("CAPABILITY")?;
        client.capabilities = told.into_iter().map(|line| line.text.to_ascii_uppercase()).collect::<Vec<_>>().join(" ");
        if client.can("AUTH=PLAIN") {
            let secret = STANDARD.encode(format!("\0{}\0{}", account.username, account.password));
            client.command_with("AUTHENTICATE PLAIN", Some(&secret))?;
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

    /// The message as it came, without marking it; `None` where it is gone, or longer than we take.
    pub fn fetch(&mut self, uid: u32) -> Result<Option<Vec<u8>>, ImapError> {
        let told = self.command(&format!("UID FETCH {uid} (RFC822.SIZE)"))?;
        let size = told.iter().find_map(|line| {
            let at = line.text.find("RFC822.SIZE ")? + "RFC822.SIZE ".len();
            line.text[at..].split(|c: char| !c.is_ascii_digit()).next()?.parse::<usize>().ok()
        });
        if size.is_none_or(|size| size > LIMIT) {
            return Ok(None);
        }
        let told = self.command(&format!("UID FETCH {uid} (BODY.PEEK[])"))?;
        Ok(told.into_iter().find(|line| line.text.contains("FETCH")).and_then(|mut line| line.literals.pop()))
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
        self.command_with(text, None)
    }

    /// Sends a command, and `more` once the server asks for it; what it answers before it says OK.
    fn command_with(&mut self, text: &str, more: Option<&str>) -> Result<Vec<Response>, ImapError> {
        self.commands += 1;
        let tag = format!("A{}", self.commands);
        self.send(&format!("{tag} {text}\r\n"))?;
        let mut told = vec![];
        while told.len() < LINES {
            let response = self.response()?;
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
        self.stream.write_all(text.as_bytes())?;
        Ok(self.stream.flush()?)
    }

    /// A line, with the literals that it announces.
    fn response(&mut self) -> Result<Response, ImapError> {
        let mut response = Response::default();
        loop {
            let line = self.line()?;
            let literal = literal_length(&line);
            response.text.push_str(&line);
            if response.text.len() > 16 * LINE {
                return Err(ImapError::Garbled("a line without end".to_owned()));
            }
            let Some(length) = literal else { return Ok(response) };
            if length > LIMIT {
                return Err(ImapError::Garbled(format!("{length} bytes at once")));
            }
            response.literals.push(self.exactly(length)?);
        }
    }

    /// Up to the next line end, which is left out.
    fn line(&mut self) -> Result<String, ImapError> {
        let mut searched = self.used;
        loop {
            if let Some(at) = self.ahead[searched..].iter().position(|byte| *byte == b'\n') {
                let end = searched + at;
                let line = String::from_utf8_lossy(&self.ahead[self.used..end]).trim_end_matches('\r').to_owned();
                self.used = end + 1;
                return Ok(line);
            }
            searched = self.ahead.len();
            if searched - self.used > LINE * 16 {
                return Err(ImapError::Garbled("a line without end".to_owned()));
            }
            let before = self.used;
            self.more()?;
            // What was used is let go of.
            searched -= before - self.used;
        }
    }

    fn exactly(&mut self, length: usize) -> Result<Vec<u8>, ImapError> {
        while self.ahead.len() - self.used < length {
            self.more()?;
        }
        let bytes = self.ahead[self.used..self.used + length].to_vec();
        self.used += length;
        Ok(bytes)
    }

    fn more(&mut self) -> Result<(), ImapError> {
        self.ahead.drain(..self.used);
        self.used = 0;
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer)? {
            0 => Err(ImapError::Connection("the server has closed it".to_owned())),
            count => {
                self.ahead.extend_from_slice(&buffer[..count]);
                Ok(())
            }
        }
    }
}

fn private(stream: TcpStream, host: &str) -> Result<Stream, ImapError> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| ImapError::Connection(error.to_string()))?.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| ImapError::Connection("the host is no name that a certificate has".to_owned()))?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(|error| ImapError::Connection(error.to_string()))?;
    Ok(Stream::Tls(Box::new(StreamOwned::new(connection, stream))))
}

/// `{123}` at the end of a line announces so many bytes.
fn literal_length(line: &str) -> Option<usize> {
    let inner = line.strip_suffix('}')?;
    let at = inner.rfind('{')?;
    inner[at + 1..].trim_end_matches('+').parse().ok()
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
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A server that says these bytes one after the other, each after it has been told something.
    fn server(answers: Vec<Vec<u8>>) -> Account {
        crate::channels::platforms::api_client::allow_loopback();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for answer in answers {
                if stream.write_all(&answer).is_err() || stream.read(&mut [0; 4096]).is_err() {
                    return;
                }
            }
        });
        Account { host: "127.0.0.1".into(), port, tls: ImapTls::None, username: "a".into(), password: "b\"c".into() }
    }

    #[test]
    fn literals_are_read_whatever_is_in_them() {
        let body = b"Subject: x\r\n\r\nA9 OK {5}\r\n)";
        let mut fetched = format!("* 1 FETCH (UID 7 BODY[] {{{}}}\r\n", body.len()).into_bytes();
        fetched.extend_from_slice(body);
        fetched.extend_from_slice(b")\r\nA7 OK done\r\n");
        let account = server(vec![
            b"* OK hello\r\n".to_vec(),
            b"* CAPABILITY IMAP4rev1\r\nA1 OK\r\n".to_vec(),
            b"A2 OK in\r\n".to_vec(),
            b"* CAPABILITY IMAP4rev1 MOVE\r\nA3 OK\r\n".to_vec(),
            b"* 3 EXISTS\r\n* OK [UIDVALIDITY 42] x\r\n* OK [UIDNEXT 10] x\r\nA4 OK [READ-WRITE] selected\r\n".to_vec(),
            b"* SEARCH 9 7\r\nA5 OK\r\n".to_vec(),
            b"* 1 FETCH (UID 7 RFC822.SIZE 24)\r\nA6 OK\r\n".to_vec(),
            fetched,
        ]);
        let mut client = Client::open(&account).unwrap();
        assert!(client.can("MOVE") && !client.can("UIDPLUS"));
        assert_eq!(client.select("INBOX").unwrap(), Selected { uid_validity: 42, uid_next: Some(10) });
        assert_eq!(client.search("UNSEEN").unwrap(), [7, 9]);
        assert_eq!(client.fetch(7).unwrap().as_deref(), Some(&body[..]));
    }

    #[test]
    fn refusals_and_garbage_are_errors() {
        let failed =
            |answers: Vec<&str>| Client::open(&server(answers.into_iter().map(|text| text.as_bytes().to_vec()).collect())).err().unwrap();
        assert!(matches!(failed(vec!["* OK\r\n", "* CAPABILITY\r\nA1 OK\r\n", "A2 NO bad password\r\n"]), ImapError::Refused(_)));
        assert!(matches!(failed(vec!["HTTP/1.1 400\r\n"]), ImapError::Garbled(_)));
        assert!(matches!(failed(vec!["* OK\r\n", "* BYE\r\n"]), ImapError::Refused(_)));
        assert!(matches!(failed(vec!["* OK\r\n", "* X {99999999999}\r\n"]), ImapError::Garbled(_)));
        assert!(matches!(failed(vec![]), ImapError::Connection(_)));
        assert_eq!(quoted("a\"b\\c").unwrap(), "\"a\\\"b\\\\c\"");
        assert!(quoted("a\r\nA1 LOGOUT").is_err());
    }
}
