use super::body::{CartAvailability, NewReservation, PostCartAvailability, PostReservation, Reservation};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::ReservationId;
use actix_web::web::Data;
use actix_web::{delete, get, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig) {
    config.service(ask_availability).service(create_reservation).service(get_reservation).service(delete_reservation);
}

/// Ask whether a cart can be had
#[utoipa::path(tag = "checkout", operation_id = "ask_cart_availability", security(("oauth2" = ["checkout"])), request_body = PostCartAvailability, responses(
    (status = 200, description = "Yes or no for each line", body = CartAvailability),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/checkout/availability")]
pub async fn ask_availability(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHECKOUT)?;
    call.no_query()?;
    let body: PostCartAvailability = call.json()?;
    // Asking changes nothing, so a repeated question may get a fresh answer; the key is only checked for its form.
    call.idempotency_key()?;
    let availability = app.db.read(move |connection| service::availability(connection, &context, &body.lines)).await?;
    Answer::ok(&availability)
}

/// Reserve a cart
#[utoipa::path(tag = "checkout", operation_id = "create_reservation", security(("oauth2" = ["checkout"])), request_body = PostReservation, responses(
    (status = 201, description = "All of it is held; the secret is shown this once", body = NewReservation),
    (status = 409, response = crate::openapi::StockConflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/checkout/reservations")]
pub async fn create_reservation(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHECKOUT)?;
    call.no_query()?;
    let body: PostReservation = call.json()?;
    let (key, id) = (call.idempotency_key()?, ReservationId::generate());
    let mut random = [0u8; 32];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| Error::internal("no randomness"))?;
    let secret = URL_SAFE_NO_PAD.encode(random);
    app.db
        .write(move |connection| {
            idempotency::once_secret(connection, key.as_ref(), |connection| {
                let reservation = service::create(connection, &context, id, &secret, &body)?;
                Answer::created(format!("/v1/checkout/reservations/{id}"), &reservation)
            })
        })
        .await
}

/// Get a reservation
#[utoipa::path(tag = "checkout", operation_id = "get_reservation", security(("oauth2" = ["checkout"])), params(("id" = ReservationId, Path, description = "The reservation")), responses(
    (status = 200, description = "The reservation", body = Reservation),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/checkout/reservations/{id}")]
pub async fn get_reservation(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHECKOUT)?;
    call.no_query()?;
    let id: ReservationId = call.path("id")?;
    let reservation = app.db.snapshot(move |connection| service::get(connection, context.organization_id, id)).await?;
    Answer::ok(&reservation)
}

/// Release a reservation
#[utoipa::path(tag = "checkout", operation_id = "delete_reservation", security(("oauth2" = ["checkout"])), params(
    ("id" = ReservationId, Path, description = "The reservation"),
    ("X-Release-Secret" = Option<String>, Header, description = "Its release_secret; a storefront must send it"),
), responses(
    (status = 204, description = "Released"),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
))]
#[delete("/v1/checkout/reservations/{id}")]
pub async fn delete_reservation(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHECKOUT)?;
    call.no_query()?;
    let id: ReservationId = call.path("id")?;
    let secret = call.header("x-release-secret").map(str::to_owned);
    app.db.write(move |connection| service::release(connection, &context, id, secret.as_deref())).await?;
    Ok(Answer::no_content())
}
