//! BigCommerce as a shop that is told of shipments and stock, and asked for what its hooks have not told.

use super::api::BigcommerceApi;
use super::order::OURS;
use crate::channels::platforms::api_client::ApiError;
use crate::channels::shops::{Changed, Looked, OutgoingFulfillment, SecondPage, ShopApi, Telling};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

impl ShopApi for BigcommerceApi {
    /// Our number of the shipment, which no other has, is in its comments.
    fn look(&self, fulfillment: &OutgoingFulfillment) -> Result<Looked, ApiError> {
        let ours = format!("{OURS}{}", fulfillment.number);
        let known = self.shipments(&fulfillment.order_external_id)?;
        let known = known.as_array().into_iter().flatten().find(|shipment| shipment["comments"].as_str() == Some(ours.as_str()));
        Ok(match known {
            Some(shipment) => Looked::Known(id_of(shipment)),
            None => {
                let telling = Telling { known: vec![], lines: fulfillment.lines.iter().cloned().collect() };
                Looked::Untold { telling, call: Value::String(ours) }
            }
        })
    }

    fn fulfill(&self, fulfillment: &OutgoingFulfillment, ours: &Value) -> Result<Option<String>, ApiError> {
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

    fn changed_within(&self, second: DateTime<Utc>, from: Option<&str>) -> Result<SecondPage, ApiError> {
        let from = from.and_then(|from| from.parse().ok()).unwrap_or_default();
        let orders = self.changed_in(second, from)?;
        let last = orders.0.iter().filter_map(|order| order["id"].as_i64()).max();
        Ok(SecondPage { next: last.filter(|_| orders.1).map(|id| (id + 1).to_string()), orders: orders.0 })
    }

    fn changed_at(&self, order: &Value) -> Option<DateTime<Utc>> {
        DateTime::parse_from_rfc2822(order["date_modified"].as_str()?).ok().map(|at| at.with_timezone(&Utc))
    }
}

fn id_of(shipment: &Value) -> Option<String> {
    Some(shipment["id"].as_i64()?.to_string())
}

/// As a JSON number, which BigCommerce wants; none where it is not whole.
fn whole(quantity: Decimal) -> Option<i64> {
    quantity.is_integer().then(|| i64::try_from(quantity.trunc()).ok()).flatten()
}
