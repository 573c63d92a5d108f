use super::body::{
    CancelFulfillmentOrder, FulfillmentOrderBody, MergeFulfillmentOrders, MoveFulfillmentOrder, Pack, Pick, Ship, SplitFulfillmentOrder,
};
use super::service::{self, FulfillmentOrderFilter};
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::fulfillment::dating::Dating;
use crate::fulfillment::shipments::shipment::Shipment;
use crate::openapi::ServiceConfig;
use crate::order_to_cash::cancel_fulfillment_order::cancel_fulfillment_order;
use crate::order_to_cash::dry_run::difference::DryRun;
use crate::order_to_cash::dry_run::dry_run;
use crate::order_to_cash::merge_fulfillment_orders::merge_fulfillment_orders;
use crate::order_to_cash::move_fulfillment_order::move_fulfillment_order;
use crate::order_to_cash::pack::pack;
use crate::order_to_cash::pick::pick;
use crate::order_to_cash::ship::{ShipRequest, ship_all};
use crate::order_to_cash::split_fulfillment_order::split_fulfillment_order;
use crate::platform::filters::{any_of, many, parsed};
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::FulfillmentOrderId;
use crate::types::page::{Page, page_after, page_limit};
use actix_web::web::Data;
use actix_web::{get, post};
use chrono::{DateTime, Utc};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_fulfillment_orders)
        .service(get_fulfillment_order)
        .service(pick_fulfillment_order)
        .service(pack_fulfillment_order)
        .service(ship_fulfillment_order)
        .service(post_cancel)
        .service(post_move)
        .service(post_split)
        .service(post_merge);
}

/// Which fulfillment orders to list; many values by comma.
#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FulfillmentOrderQuery {
    /// Many by comma.
    order_id: Option<String>,
    /// Of orders of these customers.
    customer_id: Option<String>,
    #[param(example = "jakarta-1")]
    location: Option<String>,
    /// `open on_hold picking packed shipped cancelled`
    #[param(example = "open,picking")]
    status: Option<String>,
    #[param(example = "SO-000123-F1")]
    number: Option<String>,
    /// Changed at or after this instant.
    updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// List fulfillment orders
#[utoipa::path(tag = "fulfillment", operation_id = "list_fulfillment_orders", security(("oauth2" = ["fulfillment:read"])), params(FulfillmentOrderQuery), responses(
    (status = 200, description = "One page of fulfillment orders, the oldest first", body = Page<FulfillmentOrderBody>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/fulfillment_orders")]
pub async fn list_fulfillment_orders(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::FULFILLMENT_READ)?;
    let query: FulfillmentOrderQuery = call.query()?;
    let filter = FulfillmentOrderFilter {
        order_ids: any_of(parsed("order_id", query.order_id.as_deref())?),
        customer_ids: any_of(parsed("customer_id", query.customer_id.as_deref())?),
        locations: any_of(many(query.location.as_deref())),
        statuses: any_of(parsed("status", query.status.as_deref())?),
        numbers: any_of(many(query.number.as_deref())),
        updated_from: query.updated_from,
    };
    let bound_to = format!("fulfillment_orders {filter:?}");
    let limit = page_limit(query.limit)?;
    let after = page_after(query.cursor.as_deref(), &bound_to, 1)?.and_then(|key| key[0].parse().ok());
    let page =
        app.db.snapshot(move |connection| service::list(connection, context.organization_id, &filter, after, limit, &bound_to)).await?;
    Answer::ok(&page)
}

/// Get a fulfillment order
#[utoipa::path(tag = "fulfillment", operation_id = "get_fulfillment_order", security(("oauth2" = ["fulfillment:read"])), params(("id" = FulfillmentOrderId, Path, description = "The fulfillment order")), responses(
    (status = 200, description = "The fulfillment order", body = FulfillmentOrderBody, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/fulfillment_orders/{id}")]
pub async fn get_fulfillment_order(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::FULFILLMENT_READ)?;
    call.no_query()?;
    let id: FulfillmentOrderId = call.path("id")?;
    let found = app.db.snapshot(move |connection| service::get(connection, context.organization_id, id)).await?;
    Ok(Answer::ok(&found)?.with_version(found.version))
}

/// Pick a fulfillment order
///
/// Without lines all of it is picked. `picked_quantity` below the line's quantity leaves the rest to be picked later; with
/// `short_reason` the rest is taken as missing: it is written off the shelf (adjustment `short_pick`), and the line is
/// backordered where the order's `on_shortage` is `backorder`, else unallocated under a hold `insufficient_stock`.
#[utoipa::path(tag = "fulfillment", operation_id = "pick_fulfillment_order", security(("oauth2" = ["fulfillment:write"])), request_body = Option<Pick>, params(("id" = FulfillmentOrderId, Path, description = "The fulfillment order")), responses(
    (status = 200, description = "The fulfillment order as it is now", body = FulfillmentOrderBody),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/fulfillment_orders/{id}/pick")]
pub async fn pick_fulfillment_order(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::FULFILLMENT_WRITE)?;
    call.no_query()?;
    let (id, body): (FulfillmentOrderId, Pick) = (call.path("id")?, call.json_or_empty()?);
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let picked = pick(connection, &context, id, &body, &precondition)?;
                Ok(Answer::ok(&picked)?.with_version(picked.version))
            })
        })
        .await
}

/// Pack a fulfillment order
///
/// Packs what is picked; where nothing is picked yet, packing implies picking all of it. The packages leave with the next shipment.
#[utoipa::path(tag = "fulfillment", operation_id = "pack_fulfillment_order", security(("oauth2" = ["fulfillment:write"])), request_body = Option<Pack>, params(("id" = FulfillmentOrderId, Path, description = "The fulfillment order")), responses(
    (status = 200, description = "The fulfillment order as it is now", body = FulfillmentOrderBody),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/fulfillment_orders/{id}/pack")]
pub async fn pack_fulfillment_order(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::FULFILLMENT_WRITE)?;
    call.no_query()?;
    let (id, body): (FulfillmentOrderId, Pack) = (call.path("id")?, call.json_or_empty()?);
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let packed = pack(connection, &context, id, &body, &precondition)?;
                Ok(Answer::ok(&packed)?.with_version(packed.version))
            })
        })
        .await
}

/// Ship a fulfillment order
///
/// Without lines all that is open leaves; the rest of a part stays. Shipping implies picking and packing. 409 `order_on_hold` while a
/// hold blocks shipping, 409 `delivery_rule` while the order waits to be complete. With `dry_run`, which also wants `orders:read`, the
/// answer is what would change, and nothing does.
#[utoipa::path(tag = "fulfillment", operation_id = "ship_fulfillment_order", security(("oauth2" = ["fulfillment:write"])), request_body = Ship, params(("id" = FulfillmentOrderId, Path, description = "The fulfillment order")), responses(
    (status = 200, description = "With `dry_run`: what would change of the order", body = DryRun),
    (status = 201, description = "The shipment", body = Shipment, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/fulfillment_orders/{id}/ship")]
pub async fn ship_fulfillment_order(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::FULFILLMENT_WRITE)?;
    call.no_query()?;
    let (fulfillment_order_id, body): (FulfillmentOrderId, Ship) = (call.path("id")?, call.json()?);
    let (key, precondition, dating) = (call.idempotency_key()?, call.precondition()?, Dating::of(&call.actor));
    let only_asked = body.dry_run;
    if only_asked {
        call.also(Permission::ORDERS_READ)?;
    }
    let requests = [ShipRequest { fulfillment_order_id, body, precondition }];
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                requests[0].body.check(context.now, dating)?;
                if only_asked {
                    let order_id = service::order_of(connection, context.organization_id, fulfillment_order_id)?;
                    let ship = |connection: &mut _| ship_all(connection, &context, &requests).map(drop);
                    return Answer::ok(&dry_run(connection, &context, order_id, ship)?);
                }
                let shipment = ship_all(connection, &context, &requests)?.pop().ok_or_else(|| Error::internal("nothing was shipped"))?;
                Ok(Answer::created(format!("/v1/shipments/{}", shipment.id), &shipment)?.with_version(shipment.version))
            })
        })
        .await
}

/// Cancel a fulfillment order
///
/// What has left stays shipped. The stock of the rest is free again; its units are backordered where the order's `on_shortage` is
/// `backorder`, else unallocated under a hold `insufficient_stock` that somebody decides about.
#[utoipa::path(tag = "fulfillment", operation_id = "cancel_fulfillment_order", security(("oauth2" = ["fulfillment:write"])), request_body = Option<CancelFulfillmentOrder>, params(("id" = FulfillmentOrderId, Path, description = "The fulfillment order")), responses(
    (status = 200, description = "The fulfillment order as it is now", body = FulfillmentOrderBody),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/fulfillment_orders/{id}/cancel")]
pub async fn post_cancel(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::FULFILLMENT_WRITE)?;
    call.no_query()?;
    let (id, body): (FulfillmentOrderId, CancelFulfillmentOrder) = (call.path("id")?, call.json_or_empty()?);
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let cancelled = cancel_fulfillment_order(connection, &context, id, &body, &precondition)?;
                Ok(Answer::ok(&cancelled)?.with_version(cancelled.version))
            })
        })
        .await
}

/// Move a fulfillment order to another location
///
/// Without lines all that is open moves. The new location must have it, else 409 `insufficient_stock`. Picking starts anew. Where a
/// part has left already, or stays, what moves becomes a fulfillment order of its own, which is the answer.
#[utoipa::path(tag = "fulfillment", operation_id = "move_fulfillment_order", security(("oauth2" = ["fulfillment:write"])), request_body = MoveFulfillmentOrder, params(("id" = FulfillmentOrderId, Path, description = "The fulfillment order")), responses(
    (status = 200, description = "The fulfillment order that has it now", body = FulfillmentOrderBody),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/fulfillment_orders/{id}/move")]
pub async fn post_move(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::FULFILLMENT_WRITE)?;
    call.no_query()?;
    let (id, body): (FulfillmentOrderId, MoveFulfillmentOrder) = (call.path("id")?, call.json()?);
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let moved = move_fulfillment_order(connection, &context, id, &body, &precondition)?;
                Ok(Answer::ok(&moved)?.with_version(moved.version))
            })
        })
        .await
}

/// Split a fulfillment order
///
/// The named units, which nobody has picked, become a fulfillment order of their own at the same location; something must be left.
#[utoipa::path(tag = "fulfillment", operation_id = "split_fulfillment_order", security(("oauth2" = ["fulfillment:write"])), request_body = SplitFulfillmentOrder, params(("id" = FulfillmentOrderId, Path, description = "The fulfillment order")), responses(
    (status = 201, description = "The new fulfillment order", body = FulfillmentOrderBody, headers(
        ("Location" = String, description = "Where it is"), ("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/fulfillment_orders/{id}/split")]
pub async fn post_split(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::FULFILLMENT_WRITE)?;
    call.no_query()?;
    let (id, body): (FulfillmentOrderId, SplitFulfillmentOrder) = (call.path("id")?, call.json()?);
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let new = split_fulfillment_order(connection, &context, id, &body, &precondition)?;
                Ok(Answer::created(format!("/v1/fulfillment_orders/{}", new.id), &new)?.with_version(new.version))
            })
        })
        .await
}

/// Merge fulfillment orders
///
/// Takes what is open of others of the same order and location into this one. The others are cancelled, or shipped where a part of
/// them has left. 409 `not_mergeable` where somebody has begun to pick one.
#[utoipa::path(tag = "fulfillment", operation_id = "merge_fulfillment_orders", security(("oauth2" = ["fulfillment:write"])), request_body = MergeFulfillmentOrders, params(("id" = FulfillmentOrderId, Path, description = "The fulfillment order that takes the others in")), responses(
    (status = 200, description = "The fulfillment order as it is now", body = FulfillmentOrderBody),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/fulfillment_orders/{id}/merge")]
pub async fn post_merge(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::FULFILLMENT_WRITE)?;
    call.no_query()?;
    let (id, body): (FulfillmentOrderId, MergeFulfillmentOrders) = (call.path("id")?, call.json()?);
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let merged = merge_fulfillment_orders(connection, &context, id, &body, &precondition)?;
                Ok(Answer::ok(&merged)?.with_version(merged.version))
            })
        })
        .await
}
