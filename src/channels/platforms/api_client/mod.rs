//! Calls of a platform's own API: bounded in time and size, no redirects, only addresses within reach. What goes wrong is told in
//! terms of what it means for the message or the task that waits for the answer.

mod failure;
pub mod loose;

pub use failure::{ApiError, UNAVAILABLE};

use crate::channels::body::{Channel, ChannelCredentials};
use crate::error::Error;
use crate::platform::reach::{Reach, WithinReach};
use chrono::{DateTime, Utc};
use failure::{garbage, later, refusal};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Method, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;

/// Of one call, answer included. A message that asks a few times stays within its lease.
const TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes of an answer, at most.
pub const ANSWER: usize = 8 * 1024 * 1024;

/// Whether this machine itself may be called: one answer for the process, like its connections.
static LOOPBACK: AtomicBool = AtomicBool::new(false);

/// Lets channels speak with servers on this machine: a demo and tests do.
pub fn allow_loopback() {
    LOOPBACK.store(true, Ordering::Relaxed);
}

/// How far a channel may reach.
pub fn reach() -> Reach {
    Reach { loopback: LOOPBACK.load(Ordering::Relaxed) }
}

/// How calls say who calls.
#[derive(Clone)]
pub enum Login {
    /// RFC 6750.
    Bearer(String),
    /// RFC 7617.
    Basic {
        user: String,
        password: String,
    },
    /// A header of the platform's own.
    Header(&'static str, String),
    Nobody,
}

/// What stays the same from call to call, of all platforms: connections and the thread that waits on them.
struct Line {
    client: Client,
    runtime: Runtime,
}

fn line(reach: Reach) -> Result<&'static Line, Error> {
    static LINES: [OnceLock<Line>; 2] = [OnceLock::new(), OnceLock::new()];
    let slot = &LINES[usize::from(reach.loopback)];
    if let Some(line) = slot.get() {
        return Ok(line);
    }
    let client = Client::builder()
        .timeout(TIMEOUT)
        .connect_timeout(CONNECT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .dns_resolver(std::sync::Arc::new(WithinReach(reach)))
        .user_agent(concat!("pesanan/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(Error::internal)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("platform-api").enable_all().build();
    let made = Line { client, runtime: runtime.map_err(Error::internal)? };
    Ok(slot.get_or_init(|| made))
}

/// A platform's API. Must not be called from an async thread: it waits.
pub struct Api {
    base: Url,
    login: Login,
    now: DateTime<Utc>,
}

/// An answer of success.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as `T`; anything else is not what the platform's documents promise.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_slice(&self.body).map_err(garbage)
    }
}

/// What is sent with a call.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    Nothing,
    Json(&'a Value),
    Form(&'a [(&'a str, &'a str)]),
}

impl Api {
    /// `base` is the channel's `settings.api_base`, else the platform's own address; where there is neither, or it is out of reach, a
    /// person has to look at the channel.
    pub fn new(channel: &Channel, own: Option<&str>, login: Login, now: DateTime<Utc>) -> Result<Self, ApiError> {
        let base = channel.settings.api_base.as_deref().or(own).ok_or_else(|| ApiError::unset("settings.api_base"))?;
        let base = reach().read(base).map_err(|why| ApiError::Setup { detail: format!("settings.api_base: {}", why.0) })?;
        Ok(Self { base, login, now })
    }

    pub fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Reply, ApiError> {
        self.call(Method::GET, path, query, Payload::Nothing)
    }

    /// Calls and reads the answer. `path` is in segments, so that no id leads elsewhere.
    pub fn call(&self, method: Method, path: &[&str], query: &[(&str, &str)], payload: Payload) -> Result<Reply, ApiError> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| ApiError::Setup { detail: "settings.api_base has no path".into() })?
            .pop_if_empty()
            .extend(path);
        let shown = format!("{method} {}", url.path());
        let line = line(reach()).map_err(|error| ApiError::Later { detail: error.to_string(), at: None })?;
        let mut request = line.client.request(method, url);
        if !query.is_empty() {
            request = request.query(query);
        }
        request = match &self.login {
            Login::Bearer(token) => request.bearer_auth(token),
            Login::Basic { user, password } => request.basic_auth(user, Some(password)),
            Login::Header(name, value) => request.header(*name, value),
            Login::Nobody => request,
        };
        request = match payload {
            Payload::Nothing => request,
            Payload::Json(value) => request.json(value),
            Payload::Form(fields) => request.form(fields),
        };
        let no_answer = |error: reqwest::Error| ApiError::Later { detail: format!("{shown}: {}", whole(&error.without_url())), at: None };
        let reply = line.runtime.block_on(async {
            let mut response = request.header("Accept", "application/json").send().await.map_err(no_answer)?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let mut body = vec![];
            while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
                if body.len() + chunk.len() > ANSWER {
                    return Err(ApiError::Unfit { status, detail: format!("{shown}: the answer has more than {ANSWER} bytes") });
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Reply { status, headers, body })
        })?;
        match reply.status {
            200..=299 => Ok(reply),
            401 | 403 => Err(ApiError::Refused { detail: refusal(&shown, &reply) }),
            404 | 410 => Err(ApiError::Gone { detail: refusal(&shown, &reply) }),
            408 | 425 | 429 | 500.. => {
                let wait = reply.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                Err(later(refusal(&shown, &reply), wait, self.now))
            }
            status => Err(ApiError::Unfit { status, detail: refusal(&shown, &reply) }),
        }
    }
}

/// An error with its causes: the first line alone often says no more than that something failed.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// A credential that the platform's calls need.
pub fn needed<'a>(credentials: &'a ChannelCredentials, name: &'static str) -> Result<&'a str, ApiError> {
    let value = match name {
        "access_token" => credentials.access_token.as_deref(),
        "client_id" => credentials.client_id.as_deref(),
        "client_secret" => credentials.client_secret.as_deref(),
        "username" => credentials.username.as_deref(),
        "password" => credentials.password.as_deref(),
        _ => None,
    };
    value.ok_or_else(|| ApiError::unset(&format!("credentials.{name}")))
}

#[cfg(test)]
mod tests;
