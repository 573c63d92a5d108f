//! The HTTP call: no redirect, no proxy, no address inside, bounded in time and in what is read of the answer.

use super::schedule::retry_after;
use super::signature::sign;
use super::target::{PRIVATE, PublicOnly, Targets};
use crate::error::Error;
use crate::platform::reach::literal;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Client, Response, Url};
use std::error::Error as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

const CONNECT: Duration = Duration::from_secs(5);
/// For all of it. A receiver stores what comes and answers; its work comes after.
pub const TOTAL: Duration = Duration::from_secs(15);
/// What is read of an answer, and what is kept of it.
const READ_BYTES: usize = 16 * 1024;
const EXCERPT_CHARACTERS: usize = 1_000;

/// A signed event on its way.
#[derive(Clone, Debug)]
pub struct Message {
    pub url: String,
    /// Of the event: the same at each try, by which a receiver knows what it has.
    pub id: String,
    pub body: Vec<u8>,
    pub secrets: Vec<String>,
}

/// What came of a try.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// HTTP's, where there was an answer.
    pub status: Option<u16>,
    pub duration: Duration,
    /// The beginning of the answer, as far as it is text.
    pub excerpt: String,
    /// Why there was none, or why it did not end.
    pub error: Option<String>,
    /// For how long the receiver asks to be left alone.
    pub retry_after: Option<TimeDelta>,
}

/// Sends to any receiver.
#[derive(Clone)]
pub struct Sender {
    client: Client,
    targets: Targets,
}

impl Sender {
    /// `total` bounds a call in all; [`TOTAL`] but in tests.
    pub fn new(targets: &Targets, total: Duration) -> Result<Self, Error> {
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(PublicOnly(targets.clone())))
            .connect_timeout(CONNECT.min(total))
            .timeout(total)
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(4)
            .user_agent(concat!("Pesanan/", env!("CARGO_PKG_VERSION"), " (webhooks)"))
            .build()
            .map_err(Error::internal)?;
        Ok(Self { client, targets: targets.clone() })
    }

    /// Sends once; `now` is signed with it.
    pub async fn send(&self, message: &Message, now: DateTime<Utc>) -> Outcome {
        let started = Instant::now();
        let mut outcome = match self.try_once(message, now).await {
            Ok(outcome) => outcome,
            Err(error) => Outcome { error: Some(clipped(&error, 500)), ..Outcome::default() },
        };
        outcome.duration = started.elapsed();
        outcome
    }

    async fn try_once(&self, message: &Message, now: DateTime<Utc>) -> Result<Outcome, String> {
        let url = self.url(&message.url)?;
        let signature =
            sign(&message.id, now, &message.body, message.secrets.iter().map(String::as_str)).map_err(|error| error.to_string())?;
        let request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", now.timestamp().to_string())
            .header("webhook-signature", signature)
            .body(message.body.clone());
        let response = request.send().await.map_err(why)?;
        let (status, header) = (response.status().as_u16(), response.headers().get("retry-after").cloned());
        let retry_after = header.and_then(|value| retry_after(value.to_str().ok()?, now));
        // A receiver that answers 2xx has it, whatever comes after.
        let (excerpt, error) = excerpt(response).await;
        let error = error.filter(|_| !(200..300).contains(&status));
        Ok(Outcome { status: Some(status), excerpt, error, retry_after, ..Outcome::default() })
    }

    /// An endpoint may have been set when more was allowed.
    fn url(&self, text: &str) -> Result<Url, String> {
        let url = self.targets.read(text).map_err(|refused| format!("{}: {}", refused.code, refused.detail))?;
        let refused = url.host_str().and_then(literal).is_some_and(|address| !self.targets.allow(address));
        if refused { Err(format!("{}: {}", PRIVATE.code, PRIVATE.detail)) } else { Ok(url) }
    }
}

/// The beginning of an answer, and why there is no more of it.
async fn excerpt(mut response: Response) -> (String, Option<String>) {
    let (mut bytes, mut error) = (vec![], None);
    while bytes.len() < READ_BYTES {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(broken) => {
                error = Some(clipped(&why(broken), 500));
                break;
            }
        }
    }
    (clipped(&String::from_utf8_lossy(&bytes), EXCERPT_CHARACTERS), error)
}

/// The text without what cannot be stored or shown.
fn clipped(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(most).collect()
}

/// All causes of a failed call; the URL stands with the endpoint.
fn why(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return if error.is_connect() { "no connection in time".to_owned() } else { "no answer in time".to_owned() };
    }
    let error = error.without_url();
    let (mut text, mut source) = (error.to_string(), error.source());
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_text_that_can_be_stored() {
        assert_eq!(clipped("a\u{0}b\u{7}c\nd", 10), "abc\nd");
        assert_eq!(clipped(&"é".repeat(2_000), 1_000).chars().count(), 1_000);
    }
}
