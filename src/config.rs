//! Typed configuration, read once and checked at start. Every limit and time-out stands here with its reason.

use crate::auth::keys::KeyConfig;
use crate::error::Error;
use crate::notices::SmtpConfig;
use crate::platform::client_address::Network;
use crate::platform::clock::Clock;
use crate::webhooks::target::Targets;
use std::path::PathBuf;
use std::time::Duration;

/// What an [`crate::app::Application`] is built from.
#[derive(Clone)]
pub struct Config {
    /// `host:port`; port 0 takes a free one (tests).
    pub listen: String,
    pub database_url: String,
    /// Connections for requests. More than a few per core only queue inside Postgres instead of here.
    pub connections: u32,
    /// Connections for reports, which may run long and must not stand in the way of orders.
    pub report_connections: u32,
    /// Writers of the capture queue, each with a connection of its own; 0 writes each order by itself on a connection for requests.
    pub capture_writers: usize,
    /// Most orders that one writer puts into one statement.
    pub capture_batch: usize,
    /// Most orders that wait; beyond it 503. A thousand clients fit, and what waits is served within a second.
    pub capture_queue_length: usize,
    /// How long a request waits for a connection before 503: longer waits only pile up behind a checkout.
    pub wait: Duration,
    pub keys: Vec<KeyConfig>,
    pub issuer: String,
    /// Life of an access token.
    pub token_seconds: i64,
    /// Threads that parse and answer; the blocking pool is sized by `connections`.
    pub workers: usize,
    /// Origins that may call `/v1/checkout/*` and `/openapi.json` from a browser.
    pub cors_origins: Vec<String>,
    /// Requests a minute per caller; `None` = no limit.
    pub rate_limit_per_minute: Option<u32>,
    /// Requests a minute per publishable key and address; `None` = no limit.
    pub checkout_rate_limit_per_minute: Option<u32>,
    /// Live checkout reservations per API client, 0 = any number. A storefront's key is in everybody's hands: without a bound, whoever
    /// has it can put the whole stock aside, cart by cart.
    pub reservations_per_client: u32,
    /// Bytes of a request's head: method, path, query and headers. A token takes 1 KiB, a list of 200 ids 8.
    pub head_bytes: usize,
    /// A second listener for `/metrics`; without one `/metrics` wants this token as bearer, and without both it is off.
    pub metrics_token: Option<String>,
    /// Threads that lay out PDFs; half of the cores, so that orders have the other half.
    pub document_threads: usize,
    /// Documents that may wait for one of them; beyond it 503. One takes tens of milliseconds, one of a thousand lines seconds.
    pub documents_waiting: usize,
    /// Fonts for scripts that the built-in one lacks, such as those of Japan or Thailand: `.ttf`, `.otf` and `.ttc` files of one folder.
    pub font_folder: Option<PathBuf>,
    /// Where Stripe is: its own address, or a test's.
    pub stripe_api: String,
    /// Address under which the outside reaches this API, such as `https://orders.example.com`; platforms that sign the address of a message
    /// sign that one. Without it the request's own `Host` is taken.
    pub public_url: Option<String>,
    /// Proxies whose `X-Forwarded-For` is believed; from anybody else it could be an invention.
    pub trusted_proxies: Vec<Network>,
    /// Life of a user's access token: short, since a refresh token gets the next one.
    pub user_token_seconds: i64,
    /// The mail server for notices; without one none are sent.
    pub smtp: Option<SmtpConfig>,
    /// Event streams of an organization at once, in a process. Each holds a connection and reads the feed.
    pub streams_per_organization: usize,
    /// Where webhooks may be sent.
    pub webhook_targets: Targets,
    pub clock: Clock,
    /// Whether background jobs run by themselves; tests run them by hand.
    pub jobs: bool,
}

impl Config {
    /// A path of this API as the outside knows it: with the whole address in front where that is configured.
    pub fn outside(&self, path: &str) -> String {
        self.public_url.as_ref().map_or_else(|| path.to_owned(), |base| format!("{}{path}", base.trim_end_matches('/')))
    }

    /// Defaults for a database; the caller sets keys and listener.
    pub fn new(database_url: String) -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            database_url,
            connections: 16,
            report_connections: 4,
            capture_writers: 2,
            capture_batch: 64,
            capture_queue_length: 4_096,
            wait: Duration::from_secs(10),
            keys: vec![],
            issuer: "pesanan".to_owned(),
            token_seconds: 3600,
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            cors_origins: vec![],
            rate_limit_per_minute: None,
            checkout_rate_limit_per_minute: None,
            reservations_per_client: 5_000,
            head_bytes: 16 * 1024,
            metrics_token: None,
            document_threads: std::thread::available_parallelism().map_or(1, |cores| usize::from(cores).div_ceil(2)),
            documents_waiting: 64,
            font_folder: None,
            stripe_api: "https://api.stripe.com".to_owned(),
            public_url: None,
            trusted_proxies: vec![],
            user_token_seconds: 900,
            smtp: None,
            streams_per_organization: 100,
            webhook_targets: Targets::default(),
            clock: Clock::System,
            jobs: true,
        }
    }
}

/// Reads the signing keys from what `PESANAN_JWT_KEYS` holds: a JSON array, or the path of a file with one.
pub fn read_keys(text_or_path: &str) -> Result<Vec<KeyConfig>, Error> {
    let text = if text_or_path.trim_start().starts_with('[') {
        text_or_path.to_owned()
    } else {
        std::fs::read_to_string(text_or_path).map_err(|error| Error::internal(format!("PESANAN_JWT_KEYS: {text_or_path}: {error}")))?
    };
    serde_json::from_str(&text).map_err(|error| Error::internal(format!("PESANAN_JWT_KEYS: {error}")))
}
