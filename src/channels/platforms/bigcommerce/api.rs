use crate::channels::Channel;
use crate::channels::body::ChannelCredentials;
use crate::channels::platforms::api_client::{Api, ApiError, Login, Payload, needed};
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};

/// Lists are asked for in pages of this many.
const PAGE: usize = 250;
/// Pages of one list, at most: 2,500 of anything are more than an order has.
const PAGES: usize = 10;

/// BigCommerce's API with the access token of a store's API account.
pub struct BigcommerceApi {
    api: Api,
    store_hash: String,
}

impl BigcommerceApi {
    pub fn new(channel: &Channel, credentials: &ChannelCredentials, now: DateTime<Utc>) -> Result<Self, ApiError> {
        let store_hash = channel.settings.store_hash.clone().ok_or_else(|| ApiError::unset("settings.store_hash"))?;
        let token = needed(credentials, "access_token")?.to_owned();
        Ok(Self { api: Api::new(channel, Some("https://api.bigcommerce.com"), Login::Header("X-Auth-Token", token), now)?, store_hash })
    }

    fn get(&self, version: &str, path: &[&str], query: &[(&str, &str)]) -> Result<Value, ApiError> {
        let path: Vec<&str> = ["stores", &self.store_hash, version].into_iter().chain(path.iter().copied()).collect();
        let reply = self.api.get(&path, query)?;
        // An empty list of the second version is an answer without content.
        if reply.status == 204 || reply.body.is_empty() { Ok(json!([])) } else { reply.json() }
    }

    /// A list, page by page.
    fn list(&self, version: &str, path: &[&str]) -> Result<Value, ApiError> {
        let (mut all, limit) = (vec![], PAGE.to_string());
        for page in 1..=PAGES {
            let answer = match self.get(version, path, &[("limit", &limit), ("page", &page.to_string())]) {
                // The second version has nothing for a page beyond the last, and for an order without any.
                Err(ApiError::Gone { .. }) => break,
                other => other?,
            };
            let items = match answer {
                Value::Array(items) => items,
                Value::Object(mut object) => match object.remove("data") {
                    Some(Value::Array(items)) => items,
                    _ => return Err(ApiError::Garbage { detail: "the list has no data".to_owned() }),
                },
                _ => return Err(ApiError::Garbage { detail: "a list is expected".to_owned() }),
            };
            let last = items.len() < PAGE;
            all.extend(items);
            if last {
                break;
            }
        }
        Ok(Value::Array(all))
    }

    /// An order with all that belongs to it, as one document.
    pub fn order(&self, id: &str) -> Result<Value, ApiError> {
        let order = self.get("v2", &["orders", id], &[])?;
        if !order.is_object() {
            return Err(ApiError::Garbage { detail: "an order is expected".to_owned() });
        }
        Ok(json!({
            "order": order,
            "products": self.list("v2", &["orders", id, "products"])?,
            "shipping_addresses": self.list("v2", &["orders", id, "shipping_addresses"])?,
            "coupons": self.list("v2", &["orders", id, "coupons"])?,
            "shipments": self.list("v2", &["orders", id, "shipments"])?,
            "transactions": self.list("v3", &["orders", id, "transactions"])?,
            "refunds": self.list("v3", &["orders", id, "payment_actions", "refunds"])?,
        }))
    }

    /// The shipments that the order has there.
    pub fn shipments(&self, id: &str) -> Result<Value, ApiError> {
        self.list("v2", &["orders", id, "shipments"])
    }

    /// Where the order's parcels go, with their ids.
    pub fn shipping_addresses(&self, id: &str) -> Result<Value, ApiError> {
        self.list("v2", &["orders", id, "shipping_addresses"])
    }

    /// Announces a shipment; the answer.
    pub fn add_shipment(&self, id: &str, shipment: &Value) -> Result<Value, ApiError> {
        let path = ["stores", &self.store_hash, "v2", "orders", id, "shipments"];
        let reply = self.api.call(Method::POST, &path, &[], Payload::Json(shipment))?;
        if reply.body.is_empty() { Ok(Value::Null) } else { reply.json() }
    }

    /// Sets the stock of a variant, which BigCommerce knows by the product that it is of.
    pub fn set_inventory(&self, sku: &str, level: i64) -> Result<(), ApiError> {
        let found = self.get("v3", &["catalog", "variants"], &[("sku", sku)])?;
        let id = |field: &str| found["data"][0][field].as_i64().map(|id| id.to_string());
        let (Some(product), Some(variant)) = (id("product_id"), id("id")) else {
            return Err(ApiError::Gone { detail: format!("the store has no variant {sku}") });
        };
        let path = ["stores", &self.store_hash, "v3", "catalog", "products", &product, "variants", &variant];
        self.api.call(Method::PUT, &path, &[], Payload::Json(&json!({ "inventory_level": level }))).map(drop)
    }

    /// One page of the orders that were changed at or after an instant, the oldest change first, and whether there may be more.
    pub fn changed(&self, since: DateTime<Utc>) -> Result<(Vec<Value>, bool), ApiError> {
        let (since, limit) = (since.to_rfc2822(), PAGE.to_string());
        self.orders(&[("min_date_modified", since.as_str()), ("sort", "date_modified:asc"), ("limit", limit.as_str())])
    }

    /// One page of the orders that were changed in the second that begins then, from this id on, by their ids: one that leaves the second
    /// moves no other.
    pub fn changed_in(&self, second: DateTime<Utc>, from: i64) -> Result<(Vec<Value>, bool), ApiError> {
        let (at, limit, from) = (second.to_rfc2822(), PAGE.to_string(), from.to_string());
        let query =
            [("min_date_modified", at.as_str()), ("max_date_modified", &at), ("min_id", &from), ("sort", "id:asc"), ("limit", &limit)];
        self.orders(&query)
    }

    fn orders(&self, query: &[(&str, &str)]) -> Result<(Vec<Value>, bool), ApiError> {
        match self.get("v2", &["orders"], query)? {
            Value::Array(orders) => {
                let more = orders.len() >= PAGE;
                Ok((orders, more))
            }
            _ => Err(ApiError::Garbage { detail: "a list is expected".to_owned() }),
        }
    }
}
