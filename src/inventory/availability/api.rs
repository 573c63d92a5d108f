use super::body::Availability;
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::http::Answer;
use crate::types::decimal::Quantity;
use actix_web::get;
use actix_web::web::Data;
use rust_decimal::Decimal;

pub fn configure(config: &mut ServiceConfig) {
    config.service(get_availability);
}

/// What is asked for.
#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AvailabilityQuery {
    /// The product.
    #[param(example = "KOPI-250")]
    sku: String,
    /// In the product's base unit, 1 by default.
    #[param(example = "10")]
    quantity: Option<Quantity>,
}

/// Tell when a quantity can be had
#[utoipa::path(tag = "inventory", operation_id = "get_availability", security(("oauth2" = ["inventory:read"])), params(AvailabilityQuery), responses(
    (status = 200, description = "Now by location, or the first day on which incoming supply covers it", body = Availability),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 422, response = crate::openapi::Invalid),
))]
#[get("/v1/inventory/availability")]
pub async fn get_availability(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_READ)?;
    let query: AvailabilityQuery = call.query()?;
    let quantity = query.quantity.map_or(Decimal::ONE, |quantity| quantity.0);
    let availability = app.db.read(move |connection| service::get(connection, &context, &query.sku, quantity)).await?;
    Answer::ok(&availability)
}
