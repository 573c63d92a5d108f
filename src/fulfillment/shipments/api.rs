use super::body::{Deliver, NewTrackingEvent, PatchShipment};
use super::service::{self, ShipmentFilter};
use super::shipment::{Shipment, ShipmentStatus};
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::fulfillment::dating::Dating;
use crate::order_to_cash::deliver::{deliver, track};
use crate::platform::filters::{any_of, many, parsed};
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::returns::service as returns;
use crate::types::id::ShipmentId;
use crate::types::page::{Page, page_after, page_limit};
use actix_web::web::Data;
use actix_web::{get, patch, post};
use chrono::{DateTime, Utc};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_shipments).service(get_shipment).service(patch_shipment).service(create_tracking_event).service(deliver_shipment);
}

/// Which shipments to list; many values by comma.
#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShipmentQuery {
    /// Many by comma.
    order_id: Option<String>,
    /// Of orders of these customers.
    customer_id: Option<String>,
    /// `in_transit out_for_delivery exception delivered returned`
    #[param(example = "in_transit,exception")]
    status: Option<String>,
    #[param(example = "SO-000123-S1")]
    number: Option<String>,
    #[param(example = "JNE0123456789")]
    tracking_number: Option<String>,
    /// Changed at or after this instant.
    updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// List shipments
#[utoipa::path(tag = "fulfillment", operation_id = "list_shipments", security(("oauth2" = ["fulfillment:read"])), params(ShipmentQuery), responses(
    (status = 200, description = "One page of shipments, the oldest first", body = Page<Shipment>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/shipments")]
pub async fn list_shipments(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::FULFILLMENT_READ)?;
    let query: ShipmentQuery = call.query()?;
    let filter = ShipmentFilter {
        order_ids: any_of(parsed("order_id", query.order_id.as_deref())?),
        customer_ids: any_of(parsed("customer_id", query.customer_id.as_deref())?),
        statuses: any_of(parsed("status", query.status.as_deref())?),
        numbers: any_of(many(query.number.as_deref())),
        tracking_numbers: any_of(many(query.tracking_number.as_deref())),
        updated_from: query.updated_from,
    };
    let bound_to = format!("shipments {filter:?}");
    let limit = page_limit(query.limit)?;
    let after = page_after(query.cursor.as_deref(), &bound_to, 1)?.and_then(|key| key[0].parse().ok());
    let page =
        app.db.snapshot(move |connection| service::list(connection, context.organization_id, &filter, after, limit, &bound_to)).await?;
    Answer::ok(&page)
}

/// Get a shipment
#[utoipa::path(tag = "fulfillment", operation_id = "get_shipment", security(("oauth2" = ["fulfillment:read"])), params(("id" = ShipmentId, Path, description = "The shipment")), responses(
    (status = 200, description = "The shipment", body = Shipment, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/shipments/{id}")]
pub async fn get_shipment(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::FULFILLMENT_READ)?;
    call.no_query()?;
    let id: ShipmentId = call.path("id")?;
    let shipment = app.db.snapshot(move |connection| service::get(connection, context.organization_id, id)).await?;
    Ok(Answer::ok(&shipment)?.with_version(shipment.version))
}

/// Change a shipment
#[utoipa::path(tag = "fulfillment", operation_id = "patch_shipment", security(("oauth2" = ["fulfillment:write"])), request_body = PatchShipment, params(("id" = ShipmentId, Path, description = "The shipment")), responses(
    (status = 200, description = "The changed shipment", body = Shipment),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/shipments/{id}")]
pub async fn patch_shipment(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::FULFILLMENT_WRITE)?;
    call.no_query()?;
    let (id, body): (ShipmentId, PatchShipment) = (call.path("id")?, call.json()?);
    let precondition = call.precondition()?;
    let shipment = app.db.write(move |connection| service::patch(connection, &context, id, &body, &precondition)).await?;
    Ok(Answer::ok(&shipment)?.with_version(shipment.version))
}

/// Tell what a carrier saw
///
/// Events may come in any order; the same one (status and moment) twice is one. The shipment's status is that of the event which took
/// place last; `delivered` and `returned` win over whatever is scanned later. A `returned` opens an authorized return of all that was in
/// the shipment, once.
#[utoipa::path(tag = "fulfillment", operation_id = "create_tracking_event", security(("oauth2" = ["fulfillment:write"])), request_body = NewTrackingEvent, params(("id" = ShipmentId, Path, description = "The shipment")), responses(
    (status = 200, description = "The shipment as it is now", body = Shipment),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/shipments/{id}/tracking_events")]
pub async fn create_tracking_event(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::FULFILLMENT_WRITE)?;
    call.no_query()?;
    let (id, body): (ShipmentId, NewTrackingEvent) = (call.path("id")?, call.json()?);
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    let mut return_number = None;
    if body.status == ShipmentStatus::Returned {
        let (numbers, organization_id) = (app.numbers.clone(), context.organization_id);
        return_number = Some(app.db.read(move |connection| returns::next_number(connection, &numbers, organization_id)).await?);
    }
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let shipment = track(connection, &context, id, &body, &precondition, return_number.clone())?;
                Ok(Answer::ok(&shipment)?.with_version(shipment.version))
            })
        })
        .await
}

/// Mark a shipment as delivered
#[utoipa::path(tag = "fulfillment", operation_id = "deliver_shipment", security(("oauth2" = ["fulfillment:write"])), request_body = Option<Deliver>, params(("id" = ShipmentId, Path, description = "The shipment")), responses(
    (status = 200, description = "The shipment as it is now", body = Shipment),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/shipments/{id}/deliver")]
pub async fn deliver_shipment(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::FULFILLMENT_WRITE)?;
    call.no_query()?;
    let (id, body): (ShipmentId, Deliver) = (call.path("id")?, call.json_or_empty()?);
    let (key, precondition, dating) = (call.idempotency_key()?, call.precondition()?, Dating::of(&call.actor));
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                body.check(context.now, dating)?;
                let shipment = deliver(connection, &context, id, &body, &precondition)?;
                Ok(Answer::ok(&shipment)?.with_version(shipment.version))
            })
        })
        .await
}
