use super::body::{PutSnapshot, Snapshot};
use crate::app::App;
use crate::auth::call::BulkCall;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::order_to_cash::counting;
use crate::platform::http::Answer;
use crate::types::id::StockChangeId;
use actix_web::put;
use actix_web::web::Data;

pub fn configure(config: &mut ServiceConfig) {
    config.service(put_snapshot);
}

/// Take in an outside system's stock figures
#[utoipa::path(tag = "inventory", operation_id = "put_stock_snapshot", security(("oauth2" = ["inventory:write"])), request_body = PutSnapshot, responses(
    (status = 200, description = "What became of each line, and what orders lost by it", body = Snapshot),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/inventory/snapshots")]
pub async fn put_snapshot(call: BulkCall, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_WRITE)?;
    call.no_query()?;
    let body: PutSnapshot = call.json()?;
    let id = StockChangeId::generate();
    let snapshot = app.db.write(move |connection| counting::take_snapshot(connection, &context, id, &body)).await?;
    Answer::ok(&snapshot)
}
