//! The application: pool, routes, workers. The only file that knows all features.

use crate::auth::authenticator::Authenticator;
use crate::auth::keys::Keys;
use crate::config::Config;
use crate::error::Error;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, DbOptions};
use crate::platform::logging;
use crate::platform::numbers::Numbers;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App as ActixApp, HttpServer};
use std::sync::Arc;
use std::time::Duration;
use utoipa_actix_web::AppExt;

/// What handlers share.
pub struct App {
    pub config: Config,
    pub clock: Clock,
    /// For requests: short statements, generic plans.
    pub db: Db,
    /// For reports: long statements, plans made for their values.
    pub reports: Db,
    /// People's numbers.
    pub numbers: Arc<Numbers>,
}

/// Every route of every feature, and the OpenAPI document that they make up.
pub fn routes(base: utoipa::openapi::OpenApi) -> (impl FnOnce(&mut ServiceConfig), utoipa::openapi::OpenApi) {
    let (_, document) = ActixApp::new().into_utoipa_app().openapi(base).configure(features).split_for_parts();
    let configure = |config: &mut ServiceConfig| {
        let mut config = utoipa_actix_web::service_config::ServiceConfig::new(config);
        features(&mut config);
    };
    (configure, document)
}

fn features(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.configure(crate::auth::token::api::configure);
    config.configure(crate::auth::me::configure);
    config.configure(crate::auth::api_clients::api::configure);
    config.configure(crate::organization::profile::api::configure);
    config.configure(crate::organization::payment_terms::api::configure);
    config.configure(crate::orders::api::configure);
    config.configure(crate::organization::exchange_rates::api::configure);
    config.configure(crate::channels::api::configure);
    config.configure(crate::events::api::configure);
    config.configure(crate::reports::api::configure);
    config.configure(crate::invoicing::series::api::configure);
    config.configure(crate::invoicing::invoices::api::configure);
    config.configure(crate::invoicing::credit_notes::api::configure);
    config.configure(crate::payments::api::configure);
    config.configure(crate::payments::refunds::api::configure);
}

/// A bound server, not yet running.
pub struct Application {
    pub address: std::net::SocketAddr,
    pub app: Data<App>,
    pub authenticator: Data<Authenticator>,
    pub server: actix_web::dev::Server,
}

impl Application {
    /// Opens the pools, binds the listener and makes the server; `server.await` runs it.
    pub fn build(config: Config) -> Result<Self, Error> {
        let keys = Keys::new(&config.keys, &config.issuer)?;
        let options = DbOptions {
            url: config.database_url.clone(),
            connections: config.connections,
            wait: config.wait,
            statement_timeout: Duration::from_secs(30),
            generic_plans: true,
        };
        let db = Db::open(&options)?;
        let reports = Db::open(&DbOptions {
            connections: config.report_connections,
            statement_timeout: Duration::from_secs(300),
            generic_plans: false,
            ..options
        })?;
        let clock = config.clock.clone();
        let authenticator = Data::new(Authenticator::new(keys, clock.clone()));
        let app = Data::new(App { clock, db, reports, numbers: Arc::default(), config: config.clone() });
        let (data, auth) = (app.clone(), authenticator.clone());
        let server = HttpServer::new(move || {
            let (configure, _) = routes(Default::default());
            ActixApp::new().app_data(data.clone()).app_data(auth.clone()).wrap(from_fn(request_scope)).configure(configure)
        })
        .workers(config.workers)
        .worker_max_blocking_threads(((config.connections + config.report_connections) as usize).div_ceil(config.workers).max(4))
        .client_request_timeout(Duration::from_secs(10))
        .shutdown_timeout(30)
        .disable_signals()
        .bind(&config.listen)
        .map_err(|error| Error::internal(format!("cannot listen on {}: {error}", config.listen)))?;
        let address = server.addrs().first().copied().ok_or_else(|| Error::internal("no listener"))?;
        Ok(Self { address, app, authenticator, server: server.run() })
    }
}

/// Takes or makes the request id, runs the request under it and hands it back.
async fn request_scope(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let given = request.headers().get("x-request-id").and_then(|value| value.to_str().ok());
    let fine =
        given.filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')));
    let id = fine.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned);
    let mut response = logging::with_request(id.clone(), next.call(request)).await?;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    Ok(response)
}
