//! Orders by e-mail: handed in, posted by an inbound-parse service, or fetched from a mailbox.

/// What speaks against making an order of a mail unseen.
mod doubts;
/// What services post.
mod form;
/// Looks into mailboxes.
pub mod imap;
/// From raw bytes to what a mail orders.
pub mod reader;
/// Mails that are handed in.
pub mod upload;
/// From a mail to its order, or to something for a person to look at.
mod work;

use crate::channels::platform::{Admitted, Knock, Listening, NotTheirs, Platform, Workbench};
use crate::error::Error;
use crate::inbox::{Message, Outcome, Proof};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

/// A mail with its attachments; what a service adds around it is small beside it.
pub const LIMIT: usize = 25 * 1024 * 1024;

/// What a message of this kind is called.
pub const TOPIC: &str = "mail";
/// One that is left in its mailbox since it is longer than [`LIMIT`]: its headers alone.
pub const TOO_LARGE: &str = "mail.too_large";
/// One that is left in its mailbox since its server does not give it.
pub const NOT_FETCHED: &str = "mail.not_fetched";

pub struct Email;

impl Platform for Email {
    fn limit(&self) -> usize {
        LIMIT + 1024 * 1024
    }

    fn admit(&self, knock: &Knock, listening: &Listening, _now: DateTime<Utc>) -> Result<Admitted, NotTheirs> {
        if !listening.secrets.is_empty() && !knows_a_secret(knock.header("authorization"), &listening.secrets) {
            return Err(NotTheirs);
        }
        let proof = if listening.secrets.is_empty() { Proof::Address } else { Proof::Signature };
        Ok(Admitted::Message { topic: TOPIC.to_owned(), external_id: message_id(knock.body), proof })
    }

    fn work_in(&self, bench: &Workbench, message: &Message) -> Result<Outcome, Error> {
        left_out(message).map_or_else(|| work::work_in(bench, message), Ok)
    }
}

/// What is told of a mail of which only the headers are here; once a person has put the rest in its place, it is a mail like any other.
fn left_out(message: &Message) -> Option<Outcome> {
    let rest = "it lies in its mailbox as it came; write the order by hand, or try the message again with a body that says it";
    match message.topic.as_str() {
        _ if message.edited => None,
        TOO_LARGE => {
            let bytes = message.header("content-length").unwrap_or_default();
            Some(Outcome::rejected("too_large", format!("it has {bytes} bytes, and no more than {LIMIT} are taken; {rest}"), ""))
        }
        NOT_FETCHED => Some(Outcome::rejected("not_fetched", format!("the server of the mailbox did not give it; {rest}"), "")),
        _ => None,
    }
}

/// HTTP Basic (RFC 7617): the password is the channel's secret, whatever the name.
fn knows_a_secret(authorization: &str, secrets: &[String]) -> bool {
    let encoded = authorization.get(..6).filter(|scheme| scheme.eq_ignore_ascii_case("basic ")).map(|_| authorization[6..].trim());
    let decoded = encoded.and_then(|encoded| STANDARD.decode(encoded).ok()).unwrap_or_default();
    let password = decoded.iter().position(|byte| *byte == b':').map(|colon| &decoded[colon + 1..]).unwrap_or_default();
    let same = |secret: &String| aws_lc_rs::constant_time::verify_slices_are_equal(secret.as_bytes(), password).is_ok();
    // Each is looked at, so that the time tells nothing of which one it was.
    secrets.iter().fold(false, |known, secret| same(secret) | known)
}

/// The id of a mail that comes as it is; that in a form is found when it is worked in.
pub fn message_id(body: &[u8]) -> Option<String> {
    let headers = reader::kind::RawHeaders::of(&body[..body.len().min(256 * 1024)]);
    let id: String = headers.first("message-id")?.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).take(200).collect();
    Some(id).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_a_secret_of_the_channel() {
        let secrets = ["first-secret".to_owned(), "second:secret".to_owned()];
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        assert!(knows_a_secret(&basic("anybody:first-secret"), &secrets));
        assert!(knows_a_secret(&basic(":second:secret"), &secrets));
        assert!(knows_a_secret(&basic(":first-secret").replace("Basic", "basic"), &secrets));
        for wrong in ["", "Basic", "Basic ", "Basic !", "Bearer first-secret", &basic("first-secret"), &basic("a:first-secret2"), "Bäsic x"]
        {
            assert!(!knows_a_secret(wrong, &secrets), "{wrong}");
        }
    }
}
