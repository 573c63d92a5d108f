use super::body::{Event, EventFeed, FeedQuery};
use super::feed::{self, Reader};
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::http::Answer;
use crate::types::id::OrderId;
use crate::types::page::{Page, PageQuery, page_limit};
use actix_web::get;
use actix_web::web::Data;
use uuid::Uuid;

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_events).service(get_event).service(list_order_events);
}

/// Read the event feed
///
/// Ordered, complete, each event once: read on with `after` = `next_cursor`. An event appears when no earlier one can come any
/// more, usually within milliseconds. Types whose read scope the token lacks are left out.
#[utoipa::path(tag = "events", operation_id = "list_events", security(("oauth2" = ["events:read"])), params(FeedQuery), responses(
    (status = 200, description = "The events after the position, oldest first", body = EventFeed),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/events")]
pub async fn list_events(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::EVENTS_READ)?;
    let query: FeedQuery = call.query()?;
    let (after, types, limit) = (query.after()?, query.types()?, page_limit(query.limit)?);
    let reader = Reader { organization_id: context.organization_id, types, permissions: call.actor.permissions };
    let page = app.db.read(move |connection| feed::read(connection, &reader, after, limit)).await?;
    Answer::ok(&page)
}

/// Get an event
#[utoipa::path(tag = "events", operation_id = "get_event", security(("oauth2" = ["events:read"])), params(("id" = Uuid, Path, description = "Id of the event")), responses(
    (status = 200, description = "The event", body = Event),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/events/{id}")]
pub async fn get_event(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::EVENTS_READ)?;
    call.no_query()?;
    let id: Uuid = call.path("id")?;
    let reader = Reader { organization_id: context.organization_id, types: None, permissions: call.actor.permissions };
    let event = app.db.read(move |connection| feed::get(connection, &reader, id)).await?;
    Answer::ok(&event)
}

/// List an order's events
///
/// Those of the order and of its shipments, invoices, payments and returns, oldest first.
#[utoipa::path(tag = "orders", operation_id = "list_order_events", security(("oauth2" = ["orders:read"])), params(("id" = OrderId, Path, description = "Id of the order"), PageQuery), responses(
    (status = 200, description = "One page of events", body = Page<Event>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/orders/{id}/events")]
pub async fn list_order_events(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_READ)?;
    let query: PageQuery = call.query()?;
    let order_id: OrderId = call.path("id")?;
    let (limit, after) = (query.limit()?, query.after(&feed::order_filters(order_id), 1)?);
    let after = after.and_then(|key| key[0].parse().ok());
    let reader = Reader { organization_id: context.organization_id, types: None, permissions: call.actor.permissions };
    let page = app.db.read(move |connection| feed::of_order(connection, &reader, order_id, after, limit)).await?;
    Answer::ok(&page)
}
