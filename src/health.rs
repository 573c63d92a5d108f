//! Whether the process lives, whether it can serve, and its figures. Unversioned and without a token.

use crate::app::App;
use crate::error::Error;
use crate::platform::metrics;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get};
use diesel::RunQueryDsl;
use serde_json::json;
use std::sync::atomic::Ordering;

pub fn configure(config: &mut ServiceConfig) {
    config.service(live).service(ready).service(figures);
}

#[get("/health/live")]
async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "live" }))
}

/// 503 while the database is away, and from the moment that the process has been told to stop.
#[get("/health/ready")]
async fn ready(app: Data<App>) -> Result<HttpResponse, Error> {
    if app.stopping.load(Ordering::Relaxed) {
        return Err(Error::unavailable("stopping".to_owned()));
    }
    app.db
        .read(|connection| Ok(diesel::sql_query("SELECT 1").execute(connection)?))
        .await
        .map_err(|error| Error::unavailable(error.to_string()))?;
    Ok(HttpResponse::Ok().json(json!({ "status": "ready" })))
}

/// Prometheus' text format, for callers with the configured token. Without one configured there is nothing here.
#[get("/metrics")]
async fn figures(request: HttpRequest, app: Data<App>) -> Result<HttpResponse, Error> {
    let Some(token) = &app.config.metrics_token else { return Err(Error::not_found("path")) };
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let fits = given
        .strip_prefix("Bearer ")
        .is_some_and(|given| aws_lc_rs::constant_time::verify_slices_are_equal(given.as_bytes(), token.as_bytes()).is_ok());
    if !fits {
        return Err(Error::Unauthenticated { detail: "send the metrics token as bearer".to_owned() });
    }
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(metrics::render()))
}
