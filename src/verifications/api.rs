use super::body::{AcceptVerification, OrderVerification, RejectVerification, VerificationStatus};
use super::service::{self, Filter};
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::inbox::body::InboundContent;
use crate::inbox::service as inbox;
use crate::openapi::ServiceConfig;
use crate::order_to_cash::verified_order::{self, Acceptance};
use crate::orders::service::next_number;
use crate::platform::filters::{known, many, parsed};
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::platform::keyset::{After, Slice, Sort};
use crate::types::id::{OrderId, OrderVerificationId};
use crate::types::page::{Page, page_limit};
use actix_web::web::Data;
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_order_verifications)
        .service(get_order_verification)
        .service(get_order_verification_original)
        .service(accept_order_verification)
        .service(reject_order_verification);
}

/// Query parameters of the list of verifications. Many values by comma.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrderVerificationQuery {
    /// open, accepted, rejected, automatic
    #[param(example = "open")]
    status: Option<String>,
    /// Codes of channels.
    channel: Option<String>,
    /// Whose order it is taken for.
    customer_id: Option<String>,
    /// The order that it has become, or its draft.
    order_id: Option<String>,
    /// The message that it was read of.
    inbound_message_id: Option<String>,
    /// Changed at or after.
    updated_from: Option<DateTime<Utc>>,
    /// `-created_at` (default), `created_at`, `updated_at`, `-updated_at`
    sort: Option<String>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

impl OrderVerificationQuery {
    fn filter(&self) -> Result<Filter, Error> {
        Ok(Filter {
            status: known::<VerificationStatus>("status", self.status.as_deref())?,
            channel: many(self.channel.as_deref()),
            customer_id: parsed("customer_id", self.customer_id.as_deref())?,
            order_id: parsed("order_id", self.order_id.as_deref())?,
            inbound_message_id: parsed("inbound_message_id", self.inbound_message_id.as_deref())?,
            updated_from: self.updated_from,
        })
    }

    fn slice(&self) -> Result<Slice<OrderVerificationId>, Error> {
        let filters = format!("order_verifications {:?}", Self { limit: None, cursor: None, ..self.clone() });
        let sort = Sort::read(self.sort.as_deref(), Sort::CHANGING)?;
        Ok(Slice { sort, after: After::read(self.cursor.as_deref(), &filters, sort)?, limit: page_limit(self.limit)?, filters })
    }
}

/// List order verifications
///
/// Orders that were read of messages, newest first. `status=open` is a person's work list.
#[utoipa::path(tag = "channels", operation_id = "list_order_verifications", security(("oauth2" = ["orders:read"])), params(OrderVerificationQuery), responses(
    (status = 200, description = "One page of verifications", body = Page<OrderVerification>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/order_verifications")]
pub async fn list_order_verifications(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_READ)?;
    let query: OrderVerificationQuery = call.query()?;
    let (filter, slice) = (query.filter()?, query.slice()?);
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filter, &slice)).await?;
    Answer::ok(&page)
}

/// Get an order verification
///
/// Each field as it was read, with its confidence and its place in the message, and the order that accepting it makes.
#[utoipa::path(tag = "channels", operation_id = "get_order_verification", security(("oauth2" = ["orders:read"])), params(("id" = OrderVerificationId, Path, description = "Id of the verification")), responses(
    (status = 200, description = "The verification", body = OrderVerification, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/order_verifications/{id}")]
pub async fn get_order_verification(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_READ)?;
    call.no_query()?;
    let id: OrderVerificationId = call.path("id")?;
    let verification = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    Ok(Answer::ok(&verification)?.with_version(verification.version))
}

/// Get what an order verification was read of
///
/// The message word for word, as `GET /v1/inbound_messages/{id}/content` shows it: for whoever may accept or reject the verification.
#[utoipa::path(tag = "channels", operation_id = "get_order_verification_original", security(("oauth2" = ["orders:write"])), params(("id" = OrderVerificationId, Path, description = "Id of the verification")), responses(
    (status = 200, description = "What came, word for word", body = InboundContent),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/order_verifications/{id}/original")]
pub async fn get_order_verification_original(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_WRITE)?;
    call.no_query()?;
    let id: OrderVerificationId = call.path("id")?;
    let content = app
        .db
        .read(move |connection| {
            let verification = service::get(connection, context.organization_id, id)?;
            inbox::content(connection, context.organization_id, verification.inbound_message_id)
        })
        .await?;
    Answer::ok(&content)
}

/// Accept an order verification
///
/// It becomes an order: its draft is confirmed, or with `order` an order as that says is placed and the draft cancelled. What speaks
/// against the order is answered as `POST /v1/orders` answers it, and nothing is changed then. The sender is told the order's number
/// where replies are sent.
#[utoipa::path(tag = "channels", operation_id = "accept_order_verification", security(("oauth2" = ["orders:write"])), params(("id" = OrderVerificationId, Path, description = "Id of the verification")),
    request_body = Option<AcceptVerification>, responses(
    (status = 200, description = "Accepted; `order_id` is its order", body = OrderVerification, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/order_verifications/{id}/accept")]
pub async fn accept_order_verification(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_WRITE)?;
    call.no_query()?;
    let id: OrderVerificationId = call.path("id")?;
    let body: AcceptVerification = call.json_or_empty()?;
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    let (numbers, organization_id) = (app.numbers.clone(), context.organization_id);
    let number = app.db.read(move |connection| next_number(connection, &numbers, organization_id)).await?;
    let acceptance =
        Acceptance { order: body.order, may_price: call.actor.may(Permission::ORDERS_PRICE), order_id: OrderId::generate(), number };
    let cache = app.desk.master_data.clone();
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let verification = verified_order::accept(connection, &cache, &context, id, &acceptance, &precondition)?;
                Ok(Answer::ok(&verification)?.with_version(verification.version))
            })
        })
        .await
}

/// Reject an order verification
///
/// It becomes no order; its draft is cancelled. With `reply` the sender is told why, where replies are sent.
#[utoipa::path(tag = "channels", operation_id = "reject_order_verification", security(("oauth2" = ["orders:write"])), params(("id" = OrderVerificationId, Path, description = "Id of the verification")),
    request_body = RejectVerification, responses(
    (status = 200, description = "Rejected", body = OrderVerification, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/order_verifications/{id}/reject")]
pub async fn reject_order_verification(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_WRITE)?;
    call.no_query()?;
    let id: OrderVerificationId = call.path("id")?;
    let body: RejectVerification = call.json()?;
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let verification = verified_order::reject(connection, &context, id, &body, &precondition)?;
                Ok(Answer::ok(&verification)?.with_version(verification.version))
            })
        })
        .await
}
