use super::body::CompleteService;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::order_to_cash::complete_service::complete_service;
use crate::orders::body::OrderBody;
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::{OrderId, OrderLineId};
use actix_web::post;
use actix_web::web::Data;

pub fn configure(config: &mut ServiceConfig) {
    config.service(complete_order_line);
}

/// Complete a service line
///
/// What is completed counts as shipped and delivered. Needs the scope `fulfillment:write` or `orders:write`.
#[utoipa::path(tag = "orders", operation_id = "complete_order_line", security(("oauth2" = ["fulfillment:write"]), ("oauth2" = ["orders:write"])), request_body = Option<CompleteService>,
    params(("id" = OrderId, Path, description = "The order"), ("line_id" = OrderLineId, Path, description = "The line of the service")), responses(
    (status = 200, description = "The order as it is now", body = OrderBody),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/orders/{id}/lines/{line_id}/complete")]
pub async fn complete_order_line(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let sells = call.actor.may(Permission::ORDERS_WRITE);
    let context = call.require(if sells { Permission::ORDERS_WRITE } else { Permission::FULFILLMENT_WRITE })?;
    call.no_query()?;
    let (id, line_id, body): (OrderId, OrderLineId, CompleteService) = (call.path("id")?, call.path("line_id")?, call.json_or_empty()?);
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let order = complete_service(connection, &context, id, line_id, &body, &precondition)?;
                Ok(Answer::ok(&OrderBody::from(&order))?.with_version(order.version))
            })
        })
        .await
}
