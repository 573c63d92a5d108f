use super::body::PostReceipt;
use crate::app::App;
use crate::auth::call::BulkCall;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::inventory::stock::change::StockChange;
use crate::openapi::ServiceConfig;
use crate::order_to_cash::incoming_supply;
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::StockChangeId;
use actix_web::post;
use actix_web::web::Data;

pub fn configure(config: &mut ServiceConfig) {
    config.service(post_receipt);
}

/// Receive goods
#[utoipa::path(tag = "inventory", operation_id = "receive_stock", security(("oauth2" = ["inventory:write"])), request_body = PostReceipt, responses(
    (status = 201, description = "Received; the levels as they are now", body = StockChange),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/inventory/receipts")]
pub async fn post_receipt(call: BulkCall, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_WRITE)?;
    call.no_query()?;
    let body: PostReceipt = call.json()?;
    let (key, id) = (call.idempotency_key()?, StockChangeId::generate());
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let change = incoming_supply::receive(connection, &context, id, &body)?;
                Answer::created(change.movements_path(), &change)
            })
        })
        .await
}
