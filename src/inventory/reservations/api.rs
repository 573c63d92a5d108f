use super::body::{
    CartAvailability, NewReservation, PostCartAvailability, PostReservation, Reservation, ReservationFilter, ReservationStatus,
};
use super::service::{self, AddressRoom, Room};
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::filters::{known, many, parsed};
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::platform::keyset::{After, Slice, Sort};
use crate::types::id::ReservationId;
use crate::types::page::{Page, page_limit};
use actix_web::web::Data;
use actix_web::{delete, get, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(ask_availability)
        .service(list_reservations)
        .service(create_reservation)
        .service(get_reservation)
        .service(delete_reservation);
}

/// Ask whether a cart can be had
#[utoipa::path(tag = "checkout", operation_id = "ask_cart_availability", extensions(("x-writes-nothing" = json!(true))), security(("oauth2" = ["checkout"])), request_body = PostCartAvailability, responses(
    (status = 200, description = "Yes or no for each line", body = CartAvailability),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/checkout/availability")]
pub async fn ask_availability(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHECKOUT)?;
    call.no_query()?;
    let body: PostCartAvailability = call.json()?;
    let availability = app.db.read(move |connection| service::availability(connection, &context, &body.lines)).await?;
    Answer::ok(&availability)
}

/// Which reservations to list; many values by comma.
#[derive(Clone, Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReservationQuery {
    /// `live consumed released expired`
    #[param(example = "live")]
    status: Option<String>,
    /// Those that hold any of these products.
    #[param(example = "KOPI-250")]
    sku: Option<String>,
    /// Those that these orders took over.
    order_id: Option<String>,
    /// Changed at or after this instant.
    updated_from: Option<DateTime<Utc>>,
    /// `-created_at` (default), `created_at`, `updated_at`, `-updated_at`
    sort: Option<String>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

impl ReservationQuery {
    fn filter(&self) -> Result<ReservationFilter, Error> {
        Ok(ReservationFilter {
            statuses: known::<ReservationStatus>("status", self.status.as_deref())?,
            skus: many(self.sku.as_deref()),
            order_ids: parsed("order_id", self.order_id.as_deref())?,
            updated_from: self.updated_from,
        })
    }

    fn slice(&self) -> Result<Slice<ReservationId>, Error> {
        let filters = format!("reservations {:?}", Self { limit: None, cursor: None, ..self.clone() });
        let sort = Sort::read(self.sort.as_deref(), Sort::CHANGING)?;
        Ok(Slice { sort, after: After::read(self.cursor.as_deref(), &filters, sort)?, limit: page_limit(self.limit)?, filters })
    }
}

/// List reservations
///
/// Not for the role `storefront` (403 `not_for_storefronts`): its key is in everybody's hands, and one shopper's cart is none of
/// another's business.
#[utoipa::path(tag = "checkout", operation_id = "list_reservations", security(("oauth2" = ["checkout"])), params(ReservationQuery), responses(
    (status = 200, description = "One page of reservations, the newest first unless sorted otherwise", body = Page<Reservation>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/checkout/reservations")]
pub async fn list_reservations(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHECKOUT)?;
    service::refuse_storefront(&context)?;
    let query: ReservationQuery = call.query()?;
    let (filter, slice) = (query.filter()?, query.slice()?);
    let page = app.db.snapshot(move |connection| service::list(connection, context.organization_id, &filter, &slice)).await?;
    Answer::ok(&page)
}

/// Reserve a cart
///
/// A client may hold only so many at once (5,000 unless configured otherwise): past that 409 `reservation_limit_reached`.
#[utoipa::path(tag = "checkout", operation_id = "create_reservation", security(("oauth2" = ["checkout"])), request_body = PostReservation, responses(
    (status = 201, description = "All of it is held; the secret is shown this once", body = NewReservation),
    (status = 409, response = crate::openapi::ReservationRefused),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/checkout/reservations")]
pub async fn create_reservation(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHECKOUT)?;
    call.no_query()?;
    let body: PostReservation = call.json()?;
    let (key, id, room) = (call.idempotency_key()?, ReservationId::generate(), room(&call, &app));
    let mut random = [0u8; 32];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| Error::internal("no randomness"))?;
    let secret = URL_SAFE_NO_PAD.encode(random);
    app.db
        .write(move |connection| {
            idempotency::once_secret(connection, key.as_ref(), |connection| {
                let reservation = service::create(connection, &context, id, &secret, &body, &room)?;
                Answer::created(format!("/v1/checkout/reservations/{id}"), &reservation)
            })
        })
        .await
}

/// How many carts the caller may hold: a client by configuration, a storefront's visitors by their key.
fn room(call: &Call, app: &App) -> Room {
    let Some(holder) = &call.storefront else { return Room { carts: app.config.reservations_per_client, address: None } };
    let carts = |limit: i32| u32::try_from(limit).unwrap_or(1);
    let address =
        call.address().map(|address| AddressRoom { address: address.to_string(), carts: carts(holder.key.reservation_limit_per_address) });
    Room { carts: carts(holder.key.reservation_limit), address }
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
    let reservation = app.db.snapshot(move |connection| service::get(connection, &context, id)).await?;
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
