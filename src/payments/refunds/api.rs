use super::body::{NewRefund, OrderRefunds, RefundBody, RefundStatus};
use super::service::{self, Filter};
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::order_to_cash::refund;
use crate::payments::service as payments;
use crate::platform::filters::{known, many, parsed};
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::platform::keyset::{After, Slice, Sort};
use crate::types::id::{OrderId, RefundId};
use crate::types::page::{Page, page_limit};
use actix_web::web::Data;
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_refunds).service(get_refund).service(refund_order);
}

/// Query parameters of the refund list. Many values by comma.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RefundQuery {
    /// The payment that is given back.
    payment_id: Option<String>,
    /// Refunds of payments for this order.
    order_id: Option<String>,
    /// Refunds of payments of these customers.
    customer_id: Option<String>,
    /// pending, succeeded, failed
    status: Option<String>,
    #[param(example = "RFD-000001")]
    number: Option<String>,
    /// Made or changed at or after.
    updated_from: Option<DateTime<Utc>>,
    /// `-created_at` (default), `created_at`, `updated_at`, `-updated_at`
    sort: Option<String>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

impl RefundQuery {
    fn filter(&self) -> Result<Filter, Error> {
        Ok(Filter {
            payment_id: parsed("payment_id", self.payment_id.as_deref())?,
            order_id: parsed("order_id", self.order_id.as_deref())?,
            customer_id: parsed("customer_id", self.customer_id.as_deref())?,
            status: known::<RefundStatus>("status", self.status.as_deref())?,
            number: many(self.number.as_deref()),
            updated_from: self.updated_from,
        })
    }

    fn slice(&self) -> Result<Slice<RefundId>, Error> {
        let filters = format!("refunds {:?}", Self { limit: None, cursor: None, ..self.clone() });
        let sort = Sort::read(self.sort.as_deref(), Sort::CHANGING)?;
        Ok(Slice { sort, after: After::read(self.cursor.as_deref(), &filters, sort)?, limit: page_limit(self.limit)?, filters })
    }
}

/// List refunds
#[utoipa::path(tag = "payments", operation_id = "list_refunds", security(("oauth2" = ["payments:read"])), params(RefundQuery), responses(
    (status = 200, description = "One page of refunds, newest first", body = Page<RefundBody>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/refunds")]
pub async fn list_refunds(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_READ)?;
    let query: RefundQuery = call.query()?;
    let (filter, slice) = (query.filter()?, query.slice()?);
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filter, &slice)).await?;
    Answer::ok(&page)
}

/// Get a refund
#[utoipa::path(tag = "payments", operation_id = "get_refund", security(("oauth2" = ["payments:read"])), params(("id" = RefundId, Path, description = "Id of the refund")), responses(
    (status = 200, description = "The refund", body = RefundBody),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/refunds/{id}")]
pub async fn get_refund(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_READ)?;
    call.no_query()?;
    let id: RefundId = call.path("id")?;
    let refund = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    Answer::ok(&refund)
}

/// Refund an order
///
/// Distributes the amount over the order's captured payments, the newest first. Of each payment it takes unapplied money first, then
/// what was put on a document last; that document becomes due again. Money that a payment has on other orders stays there.
#[utoipa::path(tag = "payments", operation_id = "refund_order", security(("oauth2" = ["payments:write"])), request_body = NewRefund,
    params(("id" = OrderId, Path, description = "Id of the order")),
    responses(
    (status = 201, description = "Refunded", body = OrderRefunds, headers(("Location" = String, description = "The order's refunds"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/orders/{id}/refunds")]
pub async fn refund_order(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_WRITE)?;
    call.no_query()?;
    let id: OrderId = call.path("id")?;
    let body: NewRefund = call.json()?;
    let (precondition, key) = (call.precondition()?, call.idempotency_key()?);
    body.check()?;
    let (numbers, organization_id) = (app.numbers.clone(), context.organization_id);
    let numbers: Vec<String> = app
        .db
        .read(move |connection| {
            let of_order = payments::of_order(connection, organization_id, id)?;
            of_order.iter().map(|_| payments::next_refund_number(connection, &numbers, organization_id)).collect()
        })
        .await?;
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let refunds = refund::refund_order(connection, &context, id, &body, &numbers, &precondition)?;
                Answer::created(format!("/v1/refunds?order_id={id}"), &refunds)
            })
        })
        .await
}
