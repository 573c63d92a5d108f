use super::body::{CustomerHistory, HistoryKind};
use super::service;
use crate::app::App;
use crate::auth::actor::Actor;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::http::Answer;
use crate::types::id::CustomerId;
use crate::types::page::PageQuery;
use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub fn configure(config: &mut ServiceConfig) {
    config.service(get_customer_history);
}

/// Get a customer's time line
///
/// What a sales person wants on one screen: where the customer stands, then orders, invoices, credit notes, payments, refunds, returns
/// and messages in one time line, newest first. Of each kind only what the caller has the scope to read.
#[utoipa::path(tag = "customers", operation_id = "get_customer_history", security(("oauth2" = ["customers:read"])), params(
    ("id" = CustomerId, Path, description = "Id of the customer"), PageQuery
), responses(
    (status = 200, description = "The time line, newest first; the summary is on its first page", body = CustomerHistory),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/customers/{id}/history")]
pub async fn get_customer_history(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CUSTOMERS_READ)?;
    let query: PageQuery = call.query()?;
    let id: CustomerId = call.path("id")?;
    let kinds = readable(&call.actor);
    // A cursor is only good for who may read the same kinds.
    let name = format!("history {id} {kinds:?}");
    let (limit, before) = (query.limit()?, start(query.after(&name, 2)?)?);
    let read = move |connection: &mut _| service::list(connection, &context, id, &kinds, before, &name, limit);
    Answer::ok(&app.db.read(read).await?)
}

fn start(key: Option<Vec<String>>) -> Result<Option<(DateTime<Utc>, Uuid)>, Error> {
    let key = key.map(|key| Some((key[0].parse().ok()?, key[1].parse().ok()?)));
    key.map(|key| key.ok_or(Error::bad_request("invalid_cursor", "take the cursor from next_cursor"))).transpose()
}

/// The kinds of entry whose own lists the caller may read.
fn readable(actor: &Actor) -> Vec<HistoryKind> {
    let needed = |kind: HistoryKind| match kind {
        HistoryKind::Order => Permission::ORDERS_READ,
        HistoryKind::Invoice | HistoryKind::CreditNote => Permission::INVOICES_READ,
        HistoryKind::Payment | HistoryKind::Refund => Permission::PAYMENTS_READ,
        HistoryKind::Return => Permission::RETURNS_READ,
        HistoryKind::InboundMessage => Permission::CHANNELS_READ,
        HistoryKind::Notice => Permission::CUSTOMERS_READ,
    };
    HistoryKind::ALL.iter().copied().filter(|kind| actor.may(needed(*kind))).collect()
}
