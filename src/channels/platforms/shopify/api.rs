//! Shopify's Admin API: GraphQL for fulfillments and stock, REST for orders, which are then read like those of a hook. `access_token` is
//! the custom app's Admin API token; scopes `read_orders`, `write_merchant_managed_fulfillment_orders`, `write_inventory`.

use crate::channels::body::{Channel, ChannelCredentials};
use crate::channels::platforms::api_client::{Api, ApiError, Login, Payload, needed};
use crate::channels::shops::{Changed, OutgoingFulfillment, ShopApi};
use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const VERSION: &str = "2025-10";
/// Orders in an answer.
const PAGE: usize = 250;

/// One shop.
pub struct ShopifyApi {
    api: Api,
    /// Where stock is counted; the shop's only location where absent.
    location: Option<String>,
}

const FULFILLMENT_ORDERS: &str = "query($id: ID!) { order(id: $id) { fulfillments(first: 100) { id status trackingInfo { number } } \
     fulfillmentOrders(first: 50) { nodes { id status lineItems(first: 250) { nodes { id remainingQuantity lineItem { id } } } } } } }";
const FULFILL: &str = "mutation($fulfillment: FulfillmentInput!) { fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id } \
     userErrors { field message } } }";
const ITEM: &str =
    "query($query: String!) { inventoryItems(first: 1, query: $query) { nodes { id } } locations(first: 2) { nodes { id } } }";
const SET: &str =
    "mutation($input: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $input) { userErrors { field message } } }";

impl ShopifyApi {
    pub fn new(channel: &Channel, credentials: &ChannelCredentials, now: DateTime<Utc>) -> Result<Self, ApiError> {
        let token = needed(credentials, "access_token")?;
        let own = channel.settings.shop_domain.as_ref().map(|domain| format!("https://{domain}"));
        let api = Api::new(channel, own.as_deref(), Login::Header("X-Shopify-Access-Token", token.to_owned()), now)?;
        Ok(Self { api, location: channel.settings.shop_location.clone() })
    }

    /// Asks GraphQL; faults that stand in a good answer are faults.
    fn graphql(&self, query: &str, variables: Value) -> Result<Value, ApiError> {
        let body = json!({ "query": query, "variables": variables });
        let answer: Value = self.api.call(Method::POST, &["admin", "api", VERSION, "graphql.json"], &[], Payload::Json(&body))?.json()?;
        if let Some(errors) = answer.get("errors") {
            let throttled = errors.to_string().contains("THROTTLED");
            let detail = format!("graphql.json: {}", shortened(errors));
            return Err(if throttled { ApiError::Later { detail, at: None } } else { ApiError::Unfit { status: 200, detail } });
        }
        Ok(answer["data"].clone())
    }
}

fn shortened(value: &Value) -> String {
    value.to_string().chars().take(300).collect()
}

/// The number at the end of `gid://shopify/Thing/123`.
fn number_of(gid: &Value) -> &str {
    gid.as_str().and_then(|gid| gid.rsplit('/').next()).unwrap_or_default()
}

fn nodes(value: &Value) -> &[Value] {
    value["nodes"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn user_errors(answer: &Value) -> Result<(), ApiError> {
    let errors = &answer["userErrors"];
    match errors.as_array() {
        Some(errors) if errors.is_empty() => Ok(()),
        _ => Err(ApiError::Unfit { status: 200, detail: format!("graphql.json: {}", shortened(errors)) }),
    }
}

/// Which parts of the shop's fulfillment orders a shipment takes; what is not left there any more is taken to be told already.
fn parts(order: &Value, lines: &[(String, Decimal)]) -> Vec<Value> {
    let mut wanted: BTreeMap<&str, Decimal> = BTreeMap::new();
    for (line, quantity) in lines {
        *wanted.entry(line.as_str()).or_default() += quantity;
    }
    let mut parts = vec![];
    for fulfillment_order in nodes(&order["fulfillmentOrders"]) {
        if !matches!(fulfillment_order["status"].as_str(), Some("OPEN" | "IN_PROGRESS" | "SCHEDULED")) {
            continue;
        }
        let mut items = vec![];
        for item in nodes(&fulfillment_order["lineItems"]) {
            let Some(left) = wanted.get_mut(number_of(&item["lineItem"]["id"])) else { continue };
            let remaining = Decimal::from(item["remainingQuantity"].as_i64().unwrap_or_default());
            let part = remaining.min(*left).trunc();
            if part > Decimal::ZERO {
                *left -= part;
                let whole: i64 = part.try_into().unwrap_or_default();
                items.push(json!({ "id": item["id"], "quantity": whole }));
            }
        }
        if !items.is_empty() {
            parts.push(json!({ "fulfillmentOrderId": fulfillment_order["id"], "fulfillmentOrderLineItems": items }));
        }
    }
    parts
}

impl ShopApi for ShopifyApi {
    fn fulfill(&self, fulfillment: &OutgoingFulfillment) -> Result<Option<String>, ApiError> {
        let id = format!("gid://shopify/Order/{}", fulfillment.order_external_id);
        let order = self.graphql(FULFILLMENT_ORDERS, json!({ "id": id }))?["order"].clone();
        if order.is_null() {
            return Err(ApiError::Gone { detail: format!("the shop has no order {}", fulfillment.order_external_id) });
        }
        let known = order["fulfillments"].as_array().into_iter().flatten().find(|known| {
            let mut numbers = known["trackingInfo"].as_array().into_iter().flatten().filter_map(|info| info["number"].as_str());
            known["status"] != "CANCELLED"
                && fulfillment.tracking_number.as_deref().is_some_and(|ours| numbers.any(|number| number == ours))
        });
        if let Some(known) = known {
            return Ok(Some(number_of(&known["id"]).to_owned()));
        }
        let parts = parts(&order, &fulfillment.lines);
        if parts.is_empty() {
            return Ok(None);
        }
        let mut tracking = json!({ "company": fulfillment.carrier });
        for (name, value) in [("number", &fulfillment.tracking_number), ("url", &fulfillment.tracking_url)] {
            if let Some(value) = value {
                tracking[name] = json!(value);
            }
        }
        let input = json!({ "lineItemsByFulfillmentOrder": parts, "notifyCustomer": true, "trackingInfo": tracking });
        let made = self.graphql(FULFILL, json!({ "fulfillment": input }))?["fulfillmentCreate"].clone();
        user_errors(&made)?;
        Ok(Some(number_of(&made["fulfillment"]["id"]).to_owned()))
    }

    fn set_stock(&self, sku: &str, available: Decimal) -> Result<(), ApiError> {
        let found = self.graphql(ITEM, json!({ "query": format!("sku:\"{sku}\"") }))?;
        let item = nodes(&found["inventoryItems"]).first().map(|item| item["id"].clone());
        let item = item.ok_or_else(|| ApiError::Gone { detail: format!("the shop has no item {sku}") })?;
        let location = match (&self.location, nodes(&found["locations"])) {
            (Some(location), _) => json!(format!("gid://shopify/Location/{location}")),
            (None, [only]) => only["id"].clone(),
            (None, _) => return Err(ApiError::unset("settings.shop_location, and the shop has several locations")),
        };
        let quantity: i64 = available.floor().try_into().unwrap_or_default();
        let input = json!({ "name": "available", "reason": "correction", "ignoreCompareQuantity": true,
            "quantities": [{ "inventoryItemId": item, "locationId": location, "quantity": quantity }] });
        user_errors(&self.graphql(SET, json!({ "input": input }))?["inventorySetQuantities"])
    }

    fn changed_since(&self, since: DateTime<Utc>) -> Result<Changed, ApiError> {
        let (since, limit) = (since.to_rfc3339_opts(SecondsFormat::Secs, true), PAGE.to_string());
        let query = [("status", "any"), ("updated_at_min", since.as_str()), ("order", "updated_at asc"), ("limit", limit.as_str())];
        let answer: Value = self.api.get(&["admin", "api", VERSION, "orders.json"], &query)?.json()?;
        let orders = answer["orders"].as_array().cloned().unwrap_or_default();
        Ok(Changed { more: orders.len() >= PAGE, orders })
    }

    fn changed_at(&self, order: &Value) -> Option<DateTime<Utc>> {
        DateTime::parse_from_rfc3339(order["updated_at"].as_str()?).ok().map(|at| at.with_timezone(&Utc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shipment_takes_what_is_left_in_the_shop_s_fulfillment_orders() {
        let item = |id: &str, line: &str, left: i64| json!({"id": id, "remainingQuantity": left, "lineItem": {"id": format!("gid://shopify/LineItem/{line}")}});
        let order = json!({"fulfillmentOrders": {"nodes": [
            {"id": "F1", "status": "CLOSED", "lineItems": {"nodes": [item("a", "11", 5)]}},
            {"id": "F2", "status": "OPEN", "lineItems": {"nodes": [item("b", "11", 2), item("c", "12", 1)]}},
            {"id": "F3", "status": "IN_PROGRESS", "lineItems": {"nodes": [item("d", "11", 9)]}},
        ]}});
        let taken = parts(&order, &[("11".into(), Decimal::from(3)), ("13".into(), Decimal::ONE)]);
        let expected = json!([
            {"fulfillmentOrderId": "F2", "fulfillmentOrderLineItems": [{"id": "b", "quantity": 2}]},
            {"fulfillmentOrderId": "F3", "fulfillmentOrderLineItems": [{"id": "d", "quantity": 1}]},
        ]);
        assert_eq!(json!(taken), expected);
    }
}
