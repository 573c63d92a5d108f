use super::body::{CancelRequest, HoldRequest, NewOrder, OrderBody, PatchOrder};
use super::dates::Dates;
use super::edit::body::EditOrder;
use super::filter::OrderQuery;
use super::peg_list::list_pegs;
use super::quote::Quote;
use super::service;
use super::verify::Request;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::order_to_cash::cancel::cancel;
use crate::order_to_cash::capture_queue::{Arrival, capture, write_alone};
use crate::order_to_cash::confirm::confirm;
use crate::order_to_cash::dry_run::difference::DryRun;
use crate::order_to_cash::dry_run::dry_run;
use crate::order_to_cash::edit::edit;
use crate::order_to_cash::hold::{hold, release};
use crate::order_to_cash::place::PlaceRequest;
use crate::order_to_cash::quote::quote;
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::{HoldId, OrderId};
use crate::types::page::Page;
use actix_web::web::Data;
use actix_web::{get, patch, post};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(place_order)
        .service(quote_order)
        .service(list_pegs)
        .service(list_orders)
        .service(get_order)
        .service(patch_order)
        .service(confirm_order)
        .service(hold_order)
        .service(release_hold)
        .service(cancel_order)
        .service(edit_order);
}

/// Place an order
///
/// Capture, verification and the promise of stock are this one call and one transaction.
#[utoipa::path(tag = "orders", operation_id = "place_order", security(("oauth2" = ["orders:write"])), request_body = NewOrder,
    responses(
        (status = 201, description = "Placed: confirmed, or on hold with its reasons", body = OrderBody, headers(
            ("Location" = String, description = "Where the order is"), ("ETag" = String, description = "The version"))),
        (status = 200, description = "This external_id with the same content was placed before", body = OrderBody),
        (status = 400, response = crate::openapi::BadRequest),
        (status = 409, response = crate::openapi::OrderRefused),
        (status = 422, response = crate::openapi::Invalid),
    ))]
#[post("/v1/orders")]
pub async fn place_order(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_WRITE)?;
    call.no_query()?;
    let body: NewOrder = call.json()?;
    if !body.payments.is_empty() {
        call.also(Permission::PAYMENTS_WRITE)?;
    }
    let key = call.idempotency_key()?;
    let (hash, may_price, order_id) = (call.fingerprint()?, call.actor.may(Permission::ORDERS_PRICE), OrderId::generate());
    body.check()?;
    let request = Request { order_id, number: String::new(), body, may_price, dates: Dates::of(&call.actor), historical: false };
    let request = PlaceRequest { origin: context.origin.clone(), ..PlaceRequest::of_content(request, key.as_ref(), &hash)? };
    let arrival = Arrival { context, request };
    match &app.capture {
        Some(queue) => capture(queue, arrival).await,
        None => write_alone(&app.db, app.desk.clone(), arrival).await,
    }
}

/// Quote an order
///
/// What placing the same body now would come to, by the same rules: prices, taxes, credit, allocations, dates and what would hold
/// or refuse it. Nothing is written, and nothing is kept for the caller: stock and supply may be gone a moment later.
#[utoipa::path(tag = "orders", operation_id = "quote_order", extensions(("x-writes-nothing" = json!(true))), security(("oauth2" = ["orders:write"])), request_body = NewOrder,
    responses(
        (status = 200, description = "The order as it would be, without id and number, and the verdict on it", body = Quote),
        (status = 400, response = crate::openapi::BadRequest),
        (status = 422, response = crate::openapi::Invalid),
    ))]
#[post("/v1/orders/quote")]
pub async fn quote_order(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_WRITE)?;
    call.no_query()?;
    let body: NewOrder = call.json()?;
    if !body.payments.is_empty() {
        call.also(Permission::PAYMENTS_WRITE)?;
    }
    let (may_price, order_id) = (call.actor.may(Permission::ORDERS_PRICE), OrderId::generate());
    body.check()?;
    let request = Request { order_id, number: String::new(), body, may_price, dates: Dates::of(&call.actor), historical: false };
    let cache = app.desk.master_data.clone();
    let quote = app.db.read(move |connection| quote(connection, &cache, &context, request.clone())).await?;
    Answer::ok(&quote)
}

/// List orders
///
/// Newest first. Poll with `updated_from` and `sort=updated_at`.
#[utoipa::path(tag = "orders", operation_id = "list_orders", security(("oauth2" = ["orders:read"])), params(OrderQuery), responses(
    (status = 200, description = "One page of orders", body = Page<OrderBody>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/orders")]
pub async fn list_orders(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_READ)?;
    let filter = call.query::<OrderQuery>()?.read()?;
    app.db.read(move |connection| Ok(Answer::written(service::list(connection, context.organization_id, &filter)?))).await
}

/// Get an order
#[utoipa::path(tag = "orders", operation_id = "get_order", security(("oauth2" = ["orders:read"])), params(("id" = OrderId, Path, description = "Id of the order")), responses(
    (status = 200, description = "The order", body = OrderBody, headers(("ETag" = String, description = "The version"))),
    (status = 304, description = "Unchanged since the version in If-None-Match"),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/orders/{id}")]
pub async fn get_order(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_READ)?;
    call.no_query()?;
    let id: OrderId = call.path("id")?;
    let known = call.known_versions();
    app.db
        .read(move |connection| {
            if !known.is_nothing() {
                // A caller who has a version is most often told that it is still the one: nothing else is read then.
                let version = service::version(connection, context.organization_id, id)?;
                if known.includes(version) {
                    return Ok(Answer::unchanged(version));
                }
            }
            let order = service::get(connection, context.organization_id, id)?;
            Ok(Answer::written(order.json).with_version(order.version))
        })
        .await
}

/// Change header fields that bind nothing
#[utoipa::path(tag = "orders", operation_id = "patch_order", security(("oauth2" = ["orders:write"])), request_body = PatchOrder, params(("id" = OrderId, Path, description = "Id of the order")), responses(
    (status = 200, description = "The order", body = OrderBody),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/orders/{id}")]
pub async fn patch_order(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_WRITE)?;
    call.no_query()?;
    let id: OrderId = call.path("id")?;
    let (body, precondition): (PatchOrder, _) = (call.json()?, call.precondition()?);
    if body.sales_rep.is_some() {
        call.also(Permission::ORDERS_PRICE)?;
    }
    let order = app.db.write(move |connection| service::patch(connection, &context, id, &body, &precondition)).await?;
    Ok(Answer::ok(&order)?.with_version(order.version))
}

/// Confirm a draft
#[utoipa::path(tag = "orders", operation_id = "confirm_order", security(("oauth2" = ["orders:write"])), params(("id" = OrderId, Path, description = "Id of the draft")), responses(
    (status = 200, description = "Confirmed, or on hold with its reasons", body = OrderBody),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
))]
#[post("/v1/orders/{id}/confirm")]
pub async fn confirm_order(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_WRITE)?;
    call.no_query()?;
    let id: OrderId = call.path("id")?;
    let _: Nothing = call.json_or_empty()?;
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let order = confirm(connection, &context, id, &precondition)?;
                Ok(Answer::ok(&order)?.with_version(order.version))
            })
        })
        .await
}

/// An operation without fields.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Hold an order
#[utoipa::path(tag = "orders", operation_id = "hold_order", security(("oauth2" = ["orders:write"])), request_body = HoldRequest, params(("id" = OrderId, Path, description = "Id of the order")), responses(
    (status = 200, description = "On hold", body = OrderBody),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/orders/{id}/hold")]
pub async fn hold_order(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_WRITE)?;
    call.no_query()?;
    let id: OrderId = call.path("id")?;
    let (body, key, precondition): (HoldRequest, _, _) = (call.json()?, call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let order = hold(connection, &context, id, &body, &precondition)?;
                Ok(Answer::ok(&order)?.with_version(order.version))
            })
        })
        .await
}

/// Release a hold
///
/// The caller's role must be among the hold's `releasable_by`, and its token must have the scope by which one of these roles acts:
/// `orders:write` (sales), `payments:write` (finance) or `fulfillment:write` (warehouse); `orders:write` for what only an
/// administrator releases. With the last hold the order is confirmed.
#[utoipa::path(tag = "orders", operation_id = "release_hold", security(("oauth2" = ["orders:write"]), ("oauth2" = ["payments:write"]), ("oauth2" = ["fulfillment:write"])), request_body = HoldRequest,
    params(("id" = OrderId, Path, description = "Id of the order"), ("hold_id" = HoldId, Path, description = "Id of the hold")),
    responses(
        (status = 200, description = "The order", body = OrderBody),
        (status = 403, response = crate::openapi::HoldNotReleasable),
        (status = 404, response = crate::openapi::NotFound),
        (status = 409, response = crate::openapi::Conflict),
        (status = 412, response = crate::openapi::Stale),
        (status = 422, response = crate::openapi::Invalid),
    ))]
#[post("/v1/orders/{id}/holds/{hold_id}/release")]
pub async fn release_hold(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require_any(&[Permission::ORDERS_WRITE, Permission::PAYMENTS_WRITE, Permission::FULFILLMENT_WRITE])?;
    call.no_query()?;
    let ids: (OrderId, HoldId) = (call.path("id")?, call.path("hold_id")?);
    let (body, key, precondition): (HoldRequest, _, _) = (call.json()?, call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let order = release(connection, &context, ids, &body, &precondition)?;
                Ok(Answer::ok(&order)?.with_version(order.version))
            })
        })
        .await
}

/// The order, or with `dry_run` what would become of it. Only for the document: each is written as it is.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum ChangedOrder {
    Done(Box<OrderBody>),
    DryRun(Box<DryRun>),
}

/// Cancel an order, lines of it, or quantities of lines
///
/// Only what has not shipped. With `dry_run` the answer is what would change, and nothing does.
#[utoipa::path(tag = "orders", operation_id = "cancel_order", security(("oauth2" = ["orders:write"])), request_body = CancelRequest, params(("id" = OrderId, Path, description = "Id of the order")), responses(
    (status = 200, description = "The order; with `dry_run` an object of `before`, `after` and `difference`", body = ChangedOrder),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/orders/{id}/cancel")]
pub async fn cancel_order(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_WRITE)?;
    call.no_query()?;
    let id: OrderId = call.path("id")?;
    let (body, key, precondition): (CancelRequest, _, _) = (call.json()?, call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let cancel = |connection: &mut _| cancel(connection, &context, id, &body, &precondition);
                if body.dry_run {
                    return Answer::ok(&dry_run(connection, &context, id, |connection| cancel(connection).map(drop))?);
                }
                let order = cancel(connection)?;
                Ok(Answer::ok(&order)?.with_version(order.version))
            })
        })
        .await
}

/// Edit an order
///
/// Adds lines, removes them, changes quantities, prices (scope `orders:price`), discounts, shipping, addresses and terms. All of it is
/// priced anew and applied as a difference, at once with stock, credit, holds, open fulfillment orders and amounts due. Lines keep the
/// agreed price unless the edit gives one or asks to `reprice`. 409 `line_in_progress` where less is asked for than is picked,
/// shipped, cancelled or invoiced; 409 `line_invoiced`, `shipping_invoiced` or `invoiced_amounts` where an invoice would become wrong;
/// 409 `insufficient_stock` where what is added is short and `on_shortage` is `refuse`.
#[utoipa::path(tag = "orders", operation_id = "edit_order", security(("oauth2" = ["orders:write"])), request_body = EditOrder, params(("id" = OrderId, Path, description = "Id of the order")), responses(
    (status = 200, description = "The order; with `dry_run` an object of `before`, `after` and `difference`", body = ChangedOrder),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/orders/{id}/edits")]
pub async fn edit_order(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_WRITE)?;
    call.no_query()?;
    let id: OrderId = call.path("id")?;
    let (body, key, precondition): (EditOrder, _, _) = (call.json()?, call.idempotency_key()?, call.precondition()?);
    if body.sets_own_terms() {
        call.also(Permission::ORDERS_PRICE)?;
    }
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let edit = |connection: &mut _| edit(connection, &context, id, &body, &precondition);
                if body.dry_run {
                    return Answer::ok(&dry_run(connection, &context, id, |connection| edit(connection).map(drop))?);
                }
                let order = edit(connection)?;
                Ok(Answer::ok(&order)?.with_version(order.version))
            })
        })
        .await
}
