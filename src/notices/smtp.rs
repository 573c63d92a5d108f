//! The way to a mail server, and a notice as a message (RFC 5322) for it.

use super::kind::NoticeKind;
use super::store::Outgoing;
use crate::error::Error;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, Message, SmtpTransport, Transport};
use std::time::Duration;

/// How the connection is kept private.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum SmtpTls {
    /// Begins in clear and must change to TLS before anything is said (submission, port 587).
    Starttls,
    /// TLS from the first byte (submissions, port 465).
    Tls,
    /// None at all: for a relay on the same machine.
    None,
}

/// The mail server.
#[derive(Clone)]
pub struct SmtpConfig {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    /// Name and password, if it wants them.
    pub credentials: Option<(String, String)>,
    /// How long each step may take: a server that hangs must not keep the others waiting for long.
    pub timeout: Duration,
}

/// Sends messages, each on a connection of its own.
pub struct Mailer {
    transport: SmtpTransport,
}

/// Why a message was not taken.
#[derive(Debug)]
pub enum NotSent {
    /// The server refuses it for good (5xx).
    Refused(String),
    /// The server asks to come again (4xx).
    Later(String),
    /// No server, no login, or no answer: the next message would fare no better.
    NoServer(String),
}

impl Mailer {
    pub fn new(config: &SmtpConfig) -> Result<Self, Error> {
        let parameters =
            || TlsParameters::new(config.host.clone()).map_err(|error| Error::internal(format!("TLS to the mail server: {error}")));
        let tls = match config.tls {
            SmtpTls::Starttls => Tls::Required(parameters()?),
            SmtpTls::Tls => Tls::Wrapper(parameters()?),
            SmtpTls::None => Tls::None,
        };
        let mut builder = SmtpTransport::builder_dangerous(&config.host).port(config.port).tls(tls).timeout(Some(config.timeout));
        if let Some((name, password)) = &config.credentials {
            builder = builder.credentials(Credentials::new(name.clone(), password.clone()));
        }
        Ok(Self { transport: builder.build() })
    }

    /// Hands the message to the server. Only when this answers is it sent; a process that dies in between does not know.
    pub fn send(&self, message: &Message) -> Result<(), NotSent> {
        let error = match self.transport.send(message) {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        // 530, 534, 535, 538: it is the login that was refused, not the message.
        let login = error.status().is_some_and(|code| matches!(u16::from(code), 530 | 534 | 535 | 538));
        let told = error.to_string();
        if error.is_permanent() && !login {
            Err(NotSent::Refused(told))
        } else if error.is_transient() {
            Err(NotSent::Later(told))
        } else {
            Err(NotSent::NoServer(told))
        }
    }
}

/// Whether this can be written to. Stricter than what is taken as a customer's address.
pub fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

/// The notice as a message. Its id is always the same for the same sending, so that a server or mail program that gets it twice can
/// tell.
pub fn message(notice: &Outgoing, attachment: Option<(String, Vec<u8>)>) -> Result<Message, Error> {
    let mailbox = |name: Option<&str>, email: &str| {
        let address = email.parse::<Address>().map_err(|error| Error::internal(format!("{email}: {error}")))?;
        Ok::<_, Error>(Mailbox::new(name.map(str::to_owned), address))
    };
    let sender = notice.sender_email.as_deref().ok_or_else(|| Error::internal("no sender"))?;
    let domain = sender.rsplit('@').next().unwrap_or_default();
    let id = format!("<{}.{}@{domain}>", notice.id, notice.resends);
    let automatic = |name: &'static str, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
    let mut builder = Message::builder()
        .from(mailbox(notice.sender_name.as_deref(), sender)?)
        .to(mailbox(None, &notice.recipient)?)
        .subject(notice.subject.clone())
        .message_id(Some(id))
        .date(notice.created_at.into())
        .raw_header(automatic("Auto-Submitted", if notice.kind == NoticeKind::OrderReply { "auto-replied" } else { "auto-generated" }))
        .raw_header(automatic("X-Auto-Response-Suppress", "OOF, AutoReply"));
    if let Some(id) = &notice.in_reply_to {
        builder = builder.in_reply_to(format!("<{id}>"));
    }
    if !notice.message_references.is_empty() {
        let ids: Vec<String> = notice.message_references.iter().map(|id| format!("<{id}>")).collect();
        builder = builder.references(ids.join(" "));
    }
    if let Some(reply_to) = &notice.reply_to {
        builder = builder.reply_to(mailbox(None, reply_to)?);
    }
    if let Some(bcc) = &notice.bcc {
        builder = builder.bcc(mailbox(None, bcc)?);
    }
    let body = MultiPart::alternative_plain_html(notice.text_body.clone(), notice.html_body.clone());
    let body = match attachment {
        None => body,
        Some((name, bytes)) => {
            let kind = ContentType::parse("application/pdf").map_err(Error::internal)?;
            let part: SinglePart = Attachment::new(name).body(bytes, kind);
            MultiPart::mixed().multipart(body).singlepart(part)
        }
    };
    builder.multipart(body).map_err(Error::internal)
}
