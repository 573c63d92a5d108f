use super::Database;
use super::smtp::Smtp;
use crate::app::Application;
use crate::config::{Config, read_keys};
use crate::error::Error;
use crate::platform::client_address::Network;
use clap::Args;
use std::process::ExitCode;

/// Serve the API. Signing keys must be configured: see docs/access.md.
#[derive(Args)]
pub struct Serve {
    #[arg(long, env = "PESANAN_LISTEN", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Signing keys: a JSON array, or the path of a file with one; the first signs, all verify
    #[arg(long, env = "PESANAN_JWT_KEYS", hide_env_values = true)]
    jwt_keys: Option<String>,
    /// `iss` of the tokens
    #[arg(long, env = "PESANAN_ISSUER", default_value = "pesanan")]
    issuer: String,
    #[arg(long, env = "PESANAN_CONNECTIONS", default_value_t = 16)]
    connections: u32,
    /// Write orders in batches of whoever waits, or each by itself
    #[arg(long, env = "PESANAN_CAPTURE_QUEUE", value_enum, default_value_t = Switch::On)]
    capture_queue: Switch,
    /// Writers of the capture queue, each with a connection of its own
    #[arg(long, env = "PESANAN_CAPTURE_WRITERS", default_value_t = 2)]
    capture_writers: usize,
    /// Most orders in one batch
    #[arg(long, env = "PESANAN_CAPTURE_BATCH", default_value_t = 64)]
    capture_batch: usize,
    /// Requests a minute per caller; none by default
    #[arg(long, env = "PESANAN_RATE_LIMIT")]
    rate_limit_per_minute: Option<u32>,
    /// Requests a minute per publishable key and address; none by default
    #[arg(long, env = "PESANAN_CHECKOUT_RATE_LIMIT")]
    checkout_rate_limit_per_minute: Option<u32>,
    /// Live checkout reservations per API client; 0 = any number
    #[arg(long, env = "PESANAN_RESERVATIONS_PER_CLIENT", default_value_t = 5000)]
    reservations_per_client: u32,
    /// Bytes of a request's head (method, path, query and headers), 1024 to 131072
    #[arg(long, env = "PESANAN_HEAD_BYTES", default_value_t = 16384, value_parser = clap::value_parser!(u32).range(1024..=131_072))]
    head_bytes: u32,
    /// Origins that may call the checkout from a browser, by comma
    #[arg(long, env = "PESANAN_CORS_ORIGINS", value_delimiter = ',')]
    cors_origins: Vec<String>,
    /// Address under which the outside reaches this API, such as https://orders.example.com
    #[arg(long, env = "PESANAN_PUBLIC_URL")]
    public_url: Option<String>,
    /// Proxies whose X-Forwarded-For is believed: addresses or networks such as 10.0.0.0/8, by comma
    #[arg(long, env = "PESANAN_TRUSTED_PROXIES", value_delimiter = ',')]
    trusted_proxies: Vec<Network>,
    /// Bearer token of `/metrics`; without it there is no such path
    #[arg(long, env = "PESANAN_METRICS_TOKEN", hide_env_values = true)]
    metrics_token: Option<String>,
    /// Threads that make PDFs; half of the cores by default
    #[arg(long, env = "PESANAN_DOCUMENT_THREADS")]
    document_threads: Option<usize>,
    /// Documents that may wait for one of them; beyond it 503
    #[arg(long, env = "PESANAN_DOCUMENT_QUEUE", default_value_t = 64)]
    document_queue: usize,
    /// Folder with fonts for scripts that the built-in one lacks
    #[arg(long, env = "PESANAN_FONTS")]
    fonts: Option<std::path::PathBuf>,
    /// Where Stripe is
    #[arg(long, env = "PESANAN_STRIPE_API", default_value = "https://api.stripe.com")]
    stripe_api: String,
    #[command(flatten)]
    smtp: Smtp,
    #[command(flatten)]
    database: Database,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Switch {
    On,
    Off,
}

impl Serve {
    pub fn run(self) -> Result<ExitCode, Error> {
        let Some(keys) = &self.jwt_keys else {
            return Err(Error::internal("no signing keys: set PESANAN_JWT_KEYS (docs/access.md says how to make one)"));
        };
        let keys = read_keys(keys)?;
        let open = self.database.open()?;
        let defaults = Config::new(open.url.clone());
        let config = Config {
            listen: self.listen,
            keys,
            issuer: self.issuer,
            connections: self.connections,
            capture_writers: if self.capture_queue == Switch::On { self.capture_writers } else { 0 },
            capture_batch: self.capture_batch,
            rate_limit_per_minute: self.rate_limit_per_minute,
            checkout_rate_limit_per_minute: self.checkout_rate_limit_per_minute,
            reservations_per_client: self.reservations_per_client,
            head_bytes: self.head_bytes as usize,
            cors_origins: self.cors_origins,
            smtp: self.smtp.config(),
            public_url: self.public_url,
            trusted_proxies: self.trusted_proxies,
            metrics_token: self.metrics_token,
            document_threads: self.document_threads.unwrap_or(defaults.document_threads),
            documents_waiting: self.document_queue,
            font_folder: self.fonts,
            stripe_api: self.stripe_api,
            ..defaults
        };
        let result = run_server(config, |address| println!("ready http://{address}"));
        open.close();
        result.map(|()| ExitCode::SUCCESS)
    }
}

/// Serves until SIGINT or SIGTERM; `ready` is called once the listener is bound and a signal would be heard.
pub fn run_server(config: Config, ready: impl FnOnce(std::net::SocketAddr)) -> Result<(), Error> {
    actix_web::rt::System::new().block_on(async move {
        let application = Application::build(config)?;
        let stop = stop_signal()?;
        ready(application.address);
        application.run(stop).await
    })
}

/// Listens from now on, not from the first poll: a signal in between would end the process at once.
fn stop_signal() -> Result<impl Future<Output = ()>, Error> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        log::info!("stopping");
    })
}
