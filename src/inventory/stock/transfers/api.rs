use super::body::PostTransfer;
use super::service;
use crate::app::App;
use crate::auth::call::BulkCall;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::inventory::stock::change::StockChange;
use crate::openapi::ServiceConfig;
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::StockChangeId;
use actix_web::post;
use actix_web::web::Data;

pub fn configure(config: &mut ServiceConfig) {
    config.service(post_transfer);
}

/// Transfer goods
#[utoipa::path(tag = "inventory", operation_id = "transfer_stock", security(("oauth2" = ["inventory:write"])), request_body = PostTransfer, responses(
    (status = 201, description = "Transferred; the levels of both ends as they are now", body = StockChange),
    (status = 409, response = crate::openapi::StockConflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/inventory/transfers")]
pub async fn post_transfer(call: BulkCall, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_WRITE)?;
    call.no_query()?;
    let body: PostTransfer = call.json()?;
    let (key, id) = (call.idempotency_key()?, StockChangeId::generate());
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let change = service::transfer(connection, &context, id, &body)?;
                Answer::created(change.movements_path(), &change)
            })
        })
        .await
}
