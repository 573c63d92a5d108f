//! BigCommerce as a shop that is told of shipments and stock, and asked for what its hooks have not told.

use super::api::BigcommerceApi;
use super::order::OURS;
use crate::channels::platforms::api_client::ApiError;
use crate::channels::shops::{Changed, OutgoingFulfillment, ShopApi};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

impl ShopApi for BigcommerceApi {
    fn fulfill(&self, fulfillment: &OutgoingFulfillment) -> Result<Option<String>, ApiError> {
        let ours = format!("{OURS}{}", fulfillment.number);
        let known = self.shipments(&fulfillment.order_external_id)?;
        let id_of = |shipment: &Value| Some(shipment["id"].as_i64()?.to_string());
        // Whoever died after the call finds it here.
        if let Some(shipment) = known.as_array().into_iter().flatten().find(|shipment| shipment["comments"].as_str() == Some(ours.as_str()))
        {
            return Ok(id_of(shipment));
        }
        let addresses = self.shipping_addresses(&fulfillment.order_external_id)?;
        let to = addresses[0]["id"].as_i64().ok_or(ApiError::Gone { detail: "the order has no shipping address there".into() })?;
        let items: Vec<Value> = fulfillment
            .lines
            .iter()
            .filter_map(|(line, quantity)| Some(json!({ "order_product_id": line.parse::<i64>().ok()?, "quantity": whole(*quantity)? })))
            .collect();
        let shipment = json!({
            "order_address_id": to, "tracking_number": fulfillment.tracking_number.as_deref().unwrap_or_default(),
            "shipping_method": fulfillment.carrier, "shipping_provider": "", "comments": ours, "items": items,
        });
        self.add_shipment(&fulfillment.order_external_id, &shipment).map(|made| id_of(&made))
    }

    fn set_stock(&self, sku: &str, available: Decimal) -> Result<(), ApiError> {
        // It counts in whole units.
        self.set_inventory(sku, whole(available.floor().max(Decimal::ZERO)).unwrap_or_default())
    }

    fn changed_since(&self, since: DateTime<Utc>) -> Result<Changed, ApiError> {
        let (orders, more) = self.changed(since)?;
        Ok(Changed { orders, more })
    }

    fn changed_at(&self, order: &Value) -> Option<DateTime<Utc>> {
        DateTime::parse_from_rfc2822(order["date_modified"].as_str()?).ok().map(|at| at.with_timezone(&Utc))
    }
}

/// As a JSON number, which BigCommerce wants; none where it is not whole.
fn whole(quantity: Decimal) -> Option<i64> {
    quantity.is_integer().then(|| i64::try_from(quantity.trunc()).ok()).flatten()
}
