//! Shopify's Admin API: GraphQL for fulfillments and stock, REST for orders, which are then read like those of a hook. `access_token` is
//! the custom app's Admin API token; scopes `read_orders`, `write_merchant_managed_fulfillment_orders`, `write_inventory`.

use crate::channels::body::{Channel, ChannelCredentials};
use crate::channels::platforms::api_client::{Api, ApiError, Login, Payload, needed};
use crate::channels::shops::{Changed, Looked, OutgoingFulfillment, SecondPage, ShopApi, Telling};
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

const FULFILLMENT_ORDERS: &str = "query($id: ID!) { order(id: $id) { fulfillmentOrders(first: 50) { nodes { id status lineItems(first: 250) { nodes { id remainingQuantity lineItem { id } } } } } } }";
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

/// Which parts of the shop's fulfillment orders a shipment takes; what is not left there any more is taken to be told already. `None`
/// where the shop holds back what it needs: it may be told later.
fn parts(order: &Value, lines: &[(String, Decimal)]) -> Option<Vec<Value>> {
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
    let held = nodes(&order["fulfillmentOrders"]).iter().filter(|held| matches!(held["status"].as_str(), Some("ON_HOLD" | "INCOMPLETE")));
    let is_held = held.flat_map(|held| nodes(&held["lineItems"])).any(|item| {
        let left = wanted.get(number_of(&item["lineItem"]["id"])).copied().unwrap_or_default();
        left >= Decimal::ONE && item["remainingQuantity"].as_i64().is_some_and(|remaining| remaining > 0)
    });
    (!is_held).then_some(parts)
}

/// How much of each line the parts come to.
fn lines_of(order: &Value, parts: &[Value]) -> BTreeMap<String, Decimal> {
    let items = nodes(&order["fulfillmentOrders"]).iter().flat_map(|fulfillment_order| nodes(&fulfillment_order["lineItems"]));
    let line_of: BTreeMap<&str, &str> = items.filter_map(|item| Some((item["id"].as_str()?, number_of(&item["lineItem"]["id"])))).collect();
    let mut lines = BTreeMap::new();
    for item in parts.iter().flat_map(|part| part["fulfillmentOrderLineItems"].as_array().into_iter().flatten()) {
        let line = item["id"].as_str().and_then(|id| line_of.get(id)).copied().unwrap_or_default();
        *lines.entry(line.to_owned()).or_default() += Decimal::from(item["quantity"].as_i64().unwrap_or_default());
    }
    lines
}

/// The fulfillment of an order that is this shipment: of the same lines, under its tracking number, and no other's. Without a number
/// only what has come since we were about to tell it can be ours.
fn known_as(order: &Value, ours: &OutgoingFulfillment) -> Option<String> {
    let mut whole: BTreeMap<String, Decimal> = BTreeMap::new();
    for (line, quantity) in &ours.lines {
        *whole.entry(line.clone()).or_default() += quantity;
    }
    let told = ours.telling.as_ref().map(|telling| &telling.lines);
    let is_ours = |known: &&Value| {
        let id = id_of(known);
        let mut lines: BTreeMap<String, Decimal> = BTreeMap::new();
        for item in known["line_items"].as_array().into_iter().flatten() {
            *lines.entry(id_of(item)).or_default() += Decimal::from(item["quantity"].as_i64().unwrap_or_default());
        }
        let mut numbers = known["tracking_numbers"].as_array().into_iter().flatten().chain([&known["tracking_number"]]);
        let same_number = match (&ours.tracking_number, &ours.telling) {
            (Some(number), _) => numbers.any(|known| known.as_str() == Some(number)),
            (None, Some(telling)) => !telling.known.contains(&id) && numbers.all(|known| known.as_str().is_none_or(str::is_empty)),
            (None, None) => false,
        };
        is_under_way(known) && same_number && !ours.others.contains(&id) && (lines == whole || Some(&lines) == told)
    };
    fulfillments(order).find(is_ours).map(id_of)
}

fn fulfillments(order: &Value) -> impl Iterator<Item = &Value> {
    order["fulfillments"].as_array().into_iter().flatten()
}

fn is_under_way(fulfillment: &Value) -> bool {
    !matches!(fulfillment["status"].as_str(), Some("cancelled" | "error" | "failure"))
}

fn id_of(value: &Value) -> String {
    value["id"].as_u64().map(|id| id.to_string()).unwrap_or_default()
}

impl ShopApi for ShopifyApi {
    fn look(&self, fulfillment: &OutgoingFulfillment) -> Result<Looked, ApiError> {
        let number = &fulfillment.order_external_id;
        let path = ["admin", "api", VERSION, "orders", &format!("{number}.json")];
        let order = self.api.get(&path, &[("fields", "id,fulfillments")])?.json::<Value>()?["order"].clone();
        if let Some(known) = known_as(&order, fulfillment) {
            return Ok(Looked::Known(Some(known)));
        }
        let known: Vec<String> = fulfillments(&order).map(id_of).collect();
        let order = self.graphql(FULFILLMENT_ORDERS, json!({ "id": format!("gid://shopify/Order/{number}") }))?["order"].clone();
        if order.is_null() {
            return Err(ApiError::Gone { detail: format!("the shop has no order {number}") });
        }
        let held = || ApiError::Later { detail: "the shop holds back the fulfillment of these lines".to_owned(), at: None };
        let parts = parts(&order, &fulfillment.lines).ok_or_else(held)?;
        if parts.is_empty() {
            return Ok(Looked::Known(None));
        }
        Ok(Looked::Untold { telling: Telling { known, lines: lines_of(&order, &parts) }, call: json!(parts) })
    }

    fn fulfill(&self, fulfillment: &OutgoingFulfillment, parts: &Value) -> Result<Option<String>, ApiError> {
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

    fn changed_within(&self, second: DateTime<Utc>, from: Option<&str>) -> Result<SecondPage, ApiError> {
        let (at, limit) = (second.to_rfc3339_opts(SecondsFormat::Secs, true), PAGE.to_string());
        // In the order of their ids: one that leaves the second moves no other.
        let query =
            [("status", "any"), ("updated_at_min", &at), ("updated_at_max", &at), ("since_id", from.unwrap_or("0")), ("limit", &limit)];
        let answer: Value = self.api.get(&["admin", "api", VERSION, "orders.json"], &query)?.json()?;
        let orders = answer["orders"].as_array().cloned().unwrap_or_default();
        let last = orders.iter().filter_map(|order| order["id"].as_u64()).max();
        Ok(SecondPage { next: last.filter(|_| orders.len() >= PAGE).map(|id| id.to_string()), orders })
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
        let taken = parts(&order, &[("11".into(), Decimal::from(3)), ("13".into(), Decimal::ONE)]).unwrap();
        let expected = json!([
            {"fulfillmentOrderId": "F2", "fulfillmentOrderLineItems": [{"id": "b", "quantity": 2}]},
            {"fulfillmentOrderId": "F3", "fulfillmentOrderLineItems": [{"id": "d", "quantity": 1}]},
        ]);
        assert_eq!(json!(taken), expected);
        assert_eq!(lines_of(&order, &taken), [("11".to_owned(), Decimal::from(3))].into());
        let held = json!({"fulfillmentOrders": {"nodes": [
            {"id": "F1", "status": "OPEN", "lineItems": {"nodes": [item("a", "11", 1)]}},
            {"id": "F2", "status": "ON_HOLD", "lineItems": {"nodes": [item("b", "11", 2), item("c", "12", 0)]}},
        ]}});
        let taken = |line: &str, quantity: i64| parts(&held, &[(line.into(), Decimal::from(quantity))]).map(|parts| parts.len());
        assert_eq!((taken("11", 1), taken("11", 2), taken("12", 1)), (Some(1), None, Some(0)));
    }

    #[test]
    fn a_fulfillment_is_ours_by_its_lines_and_its_number_or_by_having_come_since() {
        let fulfillment = |id: u64, status: &str, number: Option<&str>, quantity: i64| {
            json!({"id": id, "status": status, "tracking_number": number, "tracking_numbers": number.iter().collect::<Vec<_>>(),
                "line_items": [{"id": 11, "quantity": quantity}]})
        };
        let order = json!({"id": 5, "fulfillments": [fulfillment(1, "cancelled", Some("N"), 2), fulfillment(2, "success", Some("N"), 1),
            fulfillment(3, "success", Some("N"), 2), fulfillment(4, "success", None, 2), fulfillment(5, "success", None, 2)]});
        let ours = |number: Option<&str>, quantity: i64, others: &[&str], known: Option<&[&str]>| {
            let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
            let telling = known.map(|known| Telling { known: words(known), lines: [("11".to_owned(), Decimal::from(quantity))].into() });
            let ours = OutgoingFulfillment {
                order_external_id: "5".into(),
                number: "S1".into(),
                carrier: "jne".into(),
                tracking_number: number.map(str::to_owned),
                tracking_url: None,
                lines: vec![("11".into(), Decimal::from(quantity))],
                completes: false,
                others: words(others),
                telling,
            };
            known_as(&order, &ours)
        };
        let some = |id: &str| Some(id.to_owned());
        assert_eq!(ours(Some("N"), 2, &[], None), some("3"));
        assert_eq!(ours(Some("N"), 1, &[], None), some("2"));
        assert_eq!(ours(Some("N"), 2, &["3"], None), None, "it is another shipment of ours");
        assert_eq!(ours(Some("N"), 3, &[], None), None);
        assert_eq!(ours(Some("M"), 2, &[], None), None);
        assert_eq!(ours(None, 2, &[], None), None, "nothing was told yet");
        assert_eq!(ours(None, 2, &[], Some(&["1", "2", "3", "4"])), some("5"));
        assert_eq!(ours(None, 2, &["5"], Some(&["1", "2", "3", "4"])), None);
        assert_eq!(ours(None, 1, &[], Some(&["1", "2", "3", "4"])), None);
    }
}
