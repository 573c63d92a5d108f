use super::body::PostQuarantine;
use crate::app::App;
use crate::auth::call::BulkCall;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::inventory::stock::change::StockChange;
use crate::openapi::ServiceConfig;
use crate::order_to_cash::counting;
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::StockChangeId;
use actix_web::post;
use actix_web::web::Data;

pub fn configure(config: &mut ServiceConfig) {
    config.service(post_quarantine);
}

/// Quarantine, release or scrap stock
#[utoipa::path(tag = "inventory", operation_id = "quarantine_stock", security(("oauth2" = ["inventory:write"])), request_body = PostQuarantine, responses(
    (status = 201, description = "Done; the levels as they are now, and what orders lost by it", body = StockChange),
    (status = 409, response = crate::openapi::StockConflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/inventory/quarantine")]
pub async fn post_quarantine(call: BulkCall, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_WRITE)?;
    call.no_query()?;
    let body: PostQuarantine = call.json()?;
    let (key, id) = (call.idempotency_key()?, StockChangeId::generate());
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let change = counting::quarantine(connection, &context, id, &body)?;
                Answer::created(change.movements_path(), &change)
            })
        })
        .await
}
