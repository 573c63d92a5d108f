use super::body::{RefundBody, RefundStatus};
use super::service::{self, Filter};
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::platform::http::Answer;
use crate::types::id::{OrderId, PaymentId, RefundId};
use crate::types::page::{Page, page_after, page_limit};
use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_refunds).service(get_refund);
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RefundQuery {
    payment_id: Option<PaymentId>,
    order_id: Option<OrderId>,
    /// `pending`, `succeeded`, `failed`; many by comma.
    status: Option<String>,
    #[param(example = "RFD-000001")]
    number: Option<String>,
    /// Made at or after.
    updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// List refunds
#[utoipa::path(tag = "payments", operation_id = "list_refunds", params(RefundQuery), responses(
    (status = 200, description = "One page of refunds, oldest first", body = Page<RefundBody>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/refunds")]
pub async fn list_refunds(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_READ)?;
    let query: RefundQuery = call.query()?;
    let statuses = query.status.as_ref().map(|all| all.split(',').map(str::parse::<RefundStatus>).collect::<Result<Vec<_>, _>>());
    let statuses = statuses.transpose().map_err(|unknown| Error::bad_request("invalid_parameter", format!("status: {unknown}")))?;
    let name = format!("refunds {:?}", RefundQuery { limit: None, cursor: None, ..query.clone() });
    let after = page_after(query.cursor.as_deref(), &name, 1)?.map(|key| key[0].parse::<RefundId>()).transpose();
    let after = after.map_err(|_| Error::bad_request("invalid_cursor", "take the cursor from next_cursor"))?;
    let limit = page_limit(query.limit)?;
    let filter = Filter {
        payment_id: query.payment_id,
        order_id: query.order_id,
        statuses,
        number: query.number,
        updated_from: query.updated_from,
    };
    let page =
        app.db.read(move |connection| service::list(connection, context.organization_id, &filter, &name, after, limit)).await?;
    Answer::ok(&page)
}

/// Get a refund
#[utoipa::path(tag = "payments", operation_id = "get_refund", params(("id" = RefundId, Path, description = "Id of the refund")), responses(
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
