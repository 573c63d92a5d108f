//! The application: pool, routes, workers. The only file that knows all features.

use crate::auth::authenticator::Authenticator;
use crate::auth::keys::Keys;
use crate::auth::password::Passwords;
use crate::auth::publishable_keys;
use crate::config::Config;
use crate::documents::renderer::Renderer;
use crate::error::Error;
use crate::events::stream::hub::Hub;
use crate::health;
use crate::jobs::{self, Jobs};
use crate::notices::{Mailer, Worker};
use crate::openapi;
use crate::order_to_cash::capture_queue::{self, CaptureQueue, Desk};
use crate::payments::provider::stripe::StripeApi;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, DbOptions, Stopping};
use crate::platform::file_stream::FileDesk;
use crate::platform::group_commit;
use crate::platform::logging;
use crate::platform::metrics;
use crate::platform::numbers::Numbers;
use crate::webhooks;
use actix_cors::{Cors, CorsError};
use actix_web::body::MessageBody;
use actix_web::dev::{ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::guard;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Compress, Next, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App as ActixApp, HttpRequest, HttpResponse, HttpServer, ResponseError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What handlers share.
pub struct App {
    pub config: Config,
    pub clock: Clock,
    /// For requests: short statements, generic plans.
    pub db: Db,
    /// For reports: long statements, plans made for their values.
    pub reports: Db,
    /// Hashes and compares the passwords of users.
    pub passwords: Passwords,
    /// People's numbers.
    pub numbers: Arc<Numbers>,
    /// What writing orders needs.
    pub desk: Desk,
    /// Where new orders wait for each other; `None` writes each by itself.
    pub capture: Option<CaptureQueue>,
    /// Makes PDFs.
    pub renderer: Renderer,
    /// Who listens to the feed.
    pub streams: Hub,
    /// Makes the files of exports and imports.
    pub files: FileDesk,
    /// Told to stop: no longer ready for new work.
    pub stopping: AtomicBool,
}

/// Every operation of every feature.
pub fn features(config: &mut crate::openapi::ServiceConfig) {
    // Paths are tried in this order: the hot road first.
    config.configure(crate::orders::api::configure);
    config.configure(crate::auth::token::api::configure);
    config.configure(crate::auth::me::configure);
    config.configure(crate::auth::api_clients::api::configure);
    config.configure(crate::auth::publishable_keys::api::configure);
    config.configure(crate::auth::login::api::configure);
    config.configure(crate::auth::users::own_password::configure);
    config.configure(crate::auth::users::api::configure);
    config.configure(crate::audit::api::configure);
    config.configure(crate::notices::api::configure);
    config.configure(crate::organization::profile::api::configure);
    config.configure(crate::organization::payment_terms::api::configure);
    config.configure(crate::fulfillment::fulfillment_orders::api::configure);
    config.configure(crate::fulfillment::shipments::api::configure);
    config.configure(crate::fulfillment::service_completions::api::configure);
    config.configure(crate::inventory::api::configure);
    config.configure(crate::organization::exchange_rates::api::configure);
    config.configure(crate::catalog::products::api::configure);
    config.configure(crate::catalog::prices::api::configure);
    config.configure(crate::catalog::tax_rates::api::configure);
    config.configure(crate::catalog::coupons::api::configure);
    config.configure(crate::customers::api::configure);
    config.configure(crate::customers::history::api::configure);
    config.configure(crate::channels::api::configure);
    config.configure(crate::inbox::api::configure);
    config.configure(crate::inbox::receive::configure);
    config.configure(crate::channels::platforms::email::upload::configure);
    config.configure(crate::verifications::api::configure);
    config.configure(crate::documents::ordering::api::configure);
    config.configure(crate::imports::api::configure);
    // Else the path of an event by its id would take it.
    config.configure(crate::events::stream::api::configure);
    config.configure(crate::exports::api::configure);
    config.configure(crate::changes::api::configure);
    config.configure(crate::events::api::configure);
    config.configure(crate::events::catalogue::api::configure);
    config.configure(crate::webhooks::endpoints::api::configure);
    config.configure(crate::webhooks::deliveries::api::configure);
    config.configure(crate::reports::api::configure);
    config.configure(crate::invoicing::series::api::configure);
    config.configure(crate::invoicing::invoices::api::configure);
    config.configure(crate::invoicing::credit_notes::api::configure);
    config.configure(crate::payments::api::configure);
    config.configure(crate::payments::inbound::configure);
    config.configure(crate::payments::refunds::api::configure);
    config.configure(crate::documents::api::configure);
    config.configure(crate::banking::statements::api::configure);
    config.configure(crate::banking::entries::api::configure);
    config.configure(crate::banking::tolerances::api::configure);
    config.configure(crate::journal::api::configure);
    config.configure(crate::journal::accounts::api::configure);
    config.configure(crate::payments::providers::api::configure);
    config.configure(crate::returns::api::configure);
}

/// A bound server, not yet running.
pub struct Application {
    pub address: std::net::SocketAddr,
    pub app: Data<App>,
    pub authenticator: Data<Authenticator>,
    pub server: actix_web::dev::Server,
    jobs: Option<Jobs>,
    /// Where there is a mail server.
    notices: Option<Worker>,
    webhooks: Option<webhooks::Worker>,
}

impl Application {
    /// Opens the pools, binds the listener and makes the server; [`Application::run`] runs it.
    pub fn build(config: Config) -> Result<Self, Error> {
        metrics::start();
        let keys = Keys::new(&config.keys, &config.issuer)?;
        let options = DbOptions {
            url: config.database_url.clone(),
            connections: config.connections,
            wait: config.wait,
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(10),
            generic_plans: true,
            stopping: Stopping::default(),
        };
        let db = Db::open(&options)?;
        let reports = Db::open(&DbOptions {
            connections: config.report_connections,
            statement_timeout: Duration::from_secs(300),
            generic_plans: false,
            ..options.clone()
        })?;
        let clock = config.clock.clone();
        let authenticator =
            Data::new(Authenticator::new(keys, clock.clone(), config.rate_limit_per_minute, config.checkout_rate_limit_per_minute));
        // Pages may ask before the job has run; where the database is away the job makes up for it.
        if let Err(error) = publishable_keys::service::refresh(&db, &authenticator) {
            log::warn!("publishable keys are not read yet: {error}");
        }
        let desk = Desk { numbers: Arc::default(), master_data: Arc::default(), clock: clock.clone() };
        let jobs = if config.jobs {
            let db = Db::open(&DbOptions { connections: jobs::CONNECTIONS, ..options.clone() })?;
            Some(Jobs::start(db, clock.clone(), authenticator.clone(), desk.clone(), StripeApi::new(&config.stripe_api)?)?)
        } else {
            None
        };
        let (numbers, capture) = (desk.numbers.clone(), capture(&config, &options, desk.clone())?);
        let stopping = AtomicBool::new(false);
        let renderer = Renderer::start(config.document_threads, config.documents_waiting, config.font_folder.clone())?;
        let passwords = Passwords::new(config.workers);
        // Each holds a connection for reports; one is left for the reports themselves.
        let files = FileDesk::new((config.report_connections as usize).saturating_sub(1).max(1));
        let app = Data::new(App {
            clock,
            db,
            reports,
            passwords,
            numbers,
            desk,
            capture,
            renderer,
            streams: Hub::default(),
            files,
            stopping,
            config: config.clone(),
        });
        let mailer = if config.jobs { config.smtp.as_ref().map(Mailer::new).transpose()? } else { None };
        let notices = mailer.map(|mailer| Worker::start(app.clone(), Db::open(&DbOptions { connections: 2, ..options.clone() })?, mailer));
        let notices = notices.transpose()?;
        let webhooks = if config.jobs {
            let db = Db::open(&DbOptions { connections: 2, ..options.clone() })?;
            Some(webhooks::Worker::start(db, app.clock.clone(), &config.webhook_targets)?)
        } else {
            None
        };
        let (address, server) = serve(&config, app.clone(), authenticator.clone())?;
        Ok(Self { address, app, authenticator, server, jobs, notices, webhooks })
    }

    /// Runs until `stop` is ready, then stops in order: readiness off → HTTP (requests under way end) → capture queue → jobs. Where the
    /// database is gone nobody waits for it any more, so that the stop takes seconds all the same.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let handle: ServerHandle = self.server.handle();
        let running = tokio::spawn(self.server);
        stop.await;
        self.app.stopping.store(true, Ordering::Relaxed);
        self.app.db.stop_waiting();
        handle.stop(true).await;
        let result = running.await.map_err(Error::internal)?;
        let app = self.app;
        let drained = tokio::task::spawn_blocking(move || app.capture.as_ref().map(CaptureQueue::drain));
        drained.await.map_err(Error::internal)?;
        if let Some(jobs) = self.jobs {
            jobs.stop();
        }
        if let Some(notices) = self.notices {
            notices.stop();
        }
        if let Some(webhooks) = self.webhooks {
            webhooks.stop();
        }
        result.map_err(Error::internal)
    }
}

/// The capture queue, if orders shall wait for each other.
fn capture(config: &Config, options: &DbOptions, desk: Desk) -> Result<Option<CaptureQueue>, Error> {
    if config.capture_writers == 0 {
        return Ok(None);
    }
    let connections = u32::try_from(config.capture_writers).map_err(Error::internal)?;
    let own = DbOptions { connections, wait: Duration::from_secs(2), lock_timeout: capture_queue::LOCK_WAIT, ..options.clone() };
    let db = Db::open(&own)?;
    let options =
        group_commit::Options { workers: config.capture_writers, batch: config.capture_batch.max(1), length: config.capture_queue_length };
    capture_queue::start(db, desk, options).map(Some)
}

/// The documented paths and the document itself. A thread of its own makes them: what that takes is given back when it ends.
fn describe() -> Result<(Data<openapi::Paths>, web::Bytes), Error> {
    let made = std::thread::spawn(|| {
        let document = openapi::document();
        (Data::new(openapi::Paths::of(&document)), web::Bytes::from(openapi::json(&document)))
    });
    made.join().map_err(|_| Error::internal("the description of the API could not be made"))
}

/// Binds the listener and describes what each worker serves.
fn serve(
    config: &Config,
    app: Data<App>,
    authenticator: Data<Authenticator>,
) -> Result<(std::net::SocketAddr, actix_web::dev::Server), Error> {
    let (paths, json) = describe()?;
    let origins = config.cors_origins.clone();
    let factory = move || {
        ActixApp::new()
            .app_data(app.clone())
            .app_data(authenticator.clone())
            .app_data(paths.clone())
            .wrap(cors(origins.clone(), authenticator.clone()))
            .wrap(Compress::default())
            .wrap(from_fn(limit_head))
            .wrap(from_fn(request_scope))
            // Else the path of an order by its id would take them.
            .route("/v1/orders/quote", web::route().guard(guard::Not(guard::Post())).to(unknown_path))
            .route("/v1/orders/ubl", web::route().guard(guard::Not(guard::Post())).to(unknown_path))
            .configure(|config| openapi::serve(config, features))
            .configure(health::configure)
            .configure(openapi::routes(json.clone()))
            .default_service(web::to(unknown_path))
    };
    let blocking = ((config.connections + config.report_connections) as usize).div_ceil(config.workers).max(4);
    let server = HttpServer::new(factory)
        .workers(config.workers)
        .worker_max_blocking_threads(blocking)
        // A client that is slower than this to send its head holds a connection for nothing.
        .client_request_timeout(Duration::from_secs(10))
        .shutdown_timeout(30)
        .disable_signals()
        .bind(&config.listen)
        .map_err(|error| Error::internal(format!("cannot listen on {}: {error}", config.listen)))?;
    let address = server.addrs().first().copied().ok_or_else(|| Error::internal("no listener"))?;
    Ok((address, server.run()))
}

/// What a request is counted under.
fn route_of(request: &HttpRequest, status: u16) -> String {
    let documented = request.app_data::<Data<openapi::Paths>>().and_then(|paths| paths.template(request.path()));
    let served = || request.match_pattern().filter(|_| status != 404);
    documented.map(str::to_owned).or_else(served).unwrap_or_else(|| "none".to_owned())
}

/// Closed, but for checkout pages and the document to the configured origins, and for checkout pages to those of publishable keys.
fn cors(origins: Vec<String>, authenticator: Data<Authenticator>) -> Cors {
    Cors::default()
        .allowed_origin_fn(move |origin, request| {
            let checkout = request.uri.path().starts_with("/v1/checkout/");
            let configured = || origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes());
            let open = checkout || request.uri.path() == "/openapi.json";
            open && configured() || checkout && authenticator.publishable_keys.allows(origin.as_bytes())
        })
        .allowed_methods(["GET", "HEAD", "POST", "DELETE"])
        .allowed_headers(["authorization", "content-type", "idempotency-key", "x-request-id", "x-release-secret"])
        .expose_headers(["x-request-id", "retry-after"])
        .max_age(600)
}

/// 405 with `Allow` on a documented path, else 404.
async fn unknown_path(request: HttpRequest, paths: Data<openapi::Paths>) -> Result<HttpResponse, Error> {
    match paths.methods(request.path()) {
        Some(allow) if !allow.split(", ").any(|method| method == request.method().as_str()) => Err(Error::MethodNotAllowed { allow }),
        Some(_) | None => Err(Error::not_found("path")),
    }
}

/// What a library refuses in words of its own, or without any, as the problem that it is told as.
fn untold(answer: &HttpResponse<impl MessageBody>) -> Option<Error> {
    if let Some(refused) = answer.error().and_then(|error| error.as_error::<CorsError>()) {
        let code = if matches!(refused, CorsError::OriginNotAllowed) { "origin_not_allowed" } else { "preflight_refused" };
        let detail = format!("no page of this origin may ask this: {}", refused.to_string().to_lowercase());
        return Some(Error::Forbidden { code, detail });
    }
    let silent = answer.status() == StatusCode::NOT_FOUND && !answer.headers().contains_key(CONTENT_TYPE);
    silent.then(|| Error::not_found("path"))
}

/// 431 for a head above the configured size. What is above 128 KiB or has more than 96 headers never gets here: the HTTP library
/// refuses it by itself.
async fn limit_head(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let limit = request.app_data::<Data<App>>().map_or(usize::MAX, |app| app.config.head_bytes);
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum();
    let uri = request.uri();
    let line = request.method().as_str().len() + uri.path().len() + uri.query().map_or(0, str::len);
    if line + headers > limit {
        return Ok(request.into_response(Error::HeadTooLarge { limit }.error_response()).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

/// Takes or makes the request id, runs the request under it, hands it back, counts and logs. `HEAD` is `GET` whose body the
/// connection leaves out (RFC 9110 §9.3.2), so it takes the same route.
async fn request_scope(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let given = request.headers().get("x-request-id").and_then(|value| value.to_str().ok());
    let fine =
        given.filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')));
    let id = fine.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned);
    let (started, method) = (Instant::now(), request.method().clone());
    if method == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let answer = async {
        let response = next.call(request).await?;
        let mut response = match untold(response.response()) {
            Some(problem) => response.into_response(problem.error_response()).map_into_right_body(),
            None => response.map_into_left_body(),
        };
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
        }
        let (status, took) = (response.status().as_u16(), started.elapsed());
        let path = response.request().path().to_owned();
        metrics::request(method.as_str(), &route_of(response.request(), status), status, took);
        let micros = i64::try_from(took.as_micros()).unwrap_or(i64::MAX);
        log::debug!(target: "pesanan::access", method = method.as_str(), path = path.as_str(), status = i64::from(status), micros = micros; "answered");
        Ok(response)
    };
    logging::with_request(id.clone(), answer).await
}
