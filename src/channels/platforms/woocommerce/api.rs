//! WooCommerce's REST API v3, with consumer key and secret as `username` and `password`. Its core knows no shipments: each becomes a note
//! to the customer, and the order is completed with the last.

use crate::channels::body::{Channel, ChannelCredentials};
use crate::channels::platforms::api_client::{Api, ApiError, Login, Payload, needed};
use crate::channels::shops::{Changed, Looked, OutgoingFulfillment, SecondPage, ShopApi, Telling};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// Orders in an answer.
const PAGE: usize = 100;

/// One shop.
pub struct WoocommerceApi {
    api: Api,
}

impl WoocommerceApi {
    pub fn new(channel: &Channel, credentials: &ChannelCredentials, now: DateTime<Utc>) -> Result<Self, ApiError> {
        let (user, password) = (needed(credentials, "username")?.to_owned(), needed(credentials, "password")?.to_owned());
        let own = channel.settings.shop_domain.as_ref().map(|domain| format!("https://{domain}"));
        Ok(Self { api: Api::new(channel, own.as_deref(), Login::Basic { user, password }, now)? })
    }

    fn path<'a>(rest: &[&'a str]) -> Vec<&'a str> {
        ["wp-json", "wc", "v3"].into_iter().chain(rest.iter().copied()).collect()
    }
}

fn note_of(fulfillment: &OutgoingFulfillment) -> String {
    let mut note = format!("Shipment {} has left with {}.", fulfillment.number, fulfillment.carrier);
    if let Some(number) = &fulfillment.tracking_number {
        note.push_str(&format!(" Tracking number: {number}."));
    }
    if let Some(url) = &fulfillment.tracking_url {
        note.push_str(&format!(" {url}"));
    }
    note
}

impl ShopApi for WoocommerceApi {
    /// Our number of the shipment, which no other has, is in its note.
    fn look(&self, fulfillment: &OutgoingFulfillment) -> Result<Looked, ApiError> {
        let begin = format!("Shipment {} ", fulfillment.number);
        let notes: Vec<Value> = self.api.get(&Self::path(&["orders", &fulfillment.order_external_id, "notes"]), &[])?.json()?;
        let is_noted = notes.iter().any(|note| note["note"].as_str().is_some_and(|text| text.starts_with(&begin)));
        if is_noted && !fulfillment.completes {
            return Ok(Looked::Known(None));
        }
        let telling = Telling { known: vec![], lines: fulfillment.lines.iter().cloned().collect() };
        Ok(Looked::Untold { telling, call: json!({ "is_noted": is_noted }) })
    }

    fn fulfill(&self, fulfillment: &OutgoingFulfillment, call: &Value) -> Result<Option<String>, ApiError> {
        let order = fulfillment.order_external_id.as_str();
        if call["is_noted"] != true {
            let notes = Self::path(&["orders", order, "notes"]);
            let body = json!({ "note": note_of(fulfillment), "customer_note": true });
            self.api.call(Method::POST, &notes, &[], Payload::Json(&body))?;
        }
        if fulfillment.completes {
            let body = json!({ "status": "completed" });
            self.api.call(Method::PUT, &Self::path(&["orders", order]), &[], Payload::Json(&body))?;
        }
        Ok(None)
    }

    fn set_stock(&self, sku: &str, available: Decimal) -> Result<(), ApiError> {
        let found: Vec<Value> = self.api.get(&Self::path(&["products"]), &[("sku", sku)])?.json()?;
        let product = found.first().ok_or_else(|| ApiError::Gone { detail: format!("the shop has no product {sku}") })?;
        let (id, parent) = (product["id"].to_string(), product["parent_id"].as_u64().unwrap_or_default().to_string());
        let path = match product["type"].as_str() {
            Some("variation") => Self::path(&["products", &parent, "variations", &id]),
            _ => Self::path(&["products", &id]),
        };
        let quantity: i64 = available.floor().try_into().unwrap_or_default();
        let body = json!({ "manage_stock": true, "stock_quantity": quantity });
        self.api.call(Method::PUT, &path, &[], Payload::Json(&body)).map(drop)
    }

    fn changed_since(&self, since: DateTime<Utc>) -> Result<Changed, ApiError> {
        // The shop means after, not at.
        let since = (since - TimeDelta::seconds(1)).format("%Y-%m-%dT%H:%M:%S").to_string();
        let limit = PAGE.to_string();
        let query = [
            ("modified_after", since.as_str()),
            ("dates_are_gmt", "true"),
            ("orderby", "modified"),
            ("order", "asc"),
            ("per_page", limit.as_str()),
        ];
        let orders: Vec<Value> = self.api.get(&Self::path(&["orders"]), &query)?.json()?;
        Ok(Changed { more: orders.len() >= PAGE, orders })
    }

    fn changed_within(&self, second: DateTime<Utc>, from: Option<&str>) -> Result<SecondPage, ApiError> {
        // Pages are counted by places: each begins with the last order of the one before, and where it does not, one has left the second
        // and moved the others.
        let (offset, last) = from.and_then(|from| from.split_once(' ')).unwrap_or(("0", ""));
        let text = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%S").to_string();
        let (after, before) = (text(second - TimeDelta::seconds(1)), text(second + TimeDelta::seconds(1)));
        let limit = PAGE.to_string();
        let query = [
            ("modified_after", after.as_str()),
            ("modified_before", before.as_str()),
            ("dates_are_gmt", "true"),
            ("orderby", "id"),
            ("order", "asc"),
            ("offset", offset),
            ("per_page", limit.as_str()),
        ];
        let mut orders: Vec<Value> = self.api.get(&Self::path(&["orders"]), &query)?.json()?;
        let id = |order: &Value| order["id"].to_string();
        if !last.is_empty() && orders.first().map(id).as_deref() != Some(last) {
            return Ok(SecondPage { orders: vec![], next: Some("0 ".to_owned()) });
        }
        let offset: usize = offset.parse().unwrap_or_default();
        let next = orders.last().filter(|_| orders.len() >= PAGE).map(|order| format!("{} {}", offset + PAGE - 1, id(order)));
        if !last.is_empty() {
            orders.remove(0);
        }
        Ok(SecondPage { orders, next })
    }

    fn changed_at(&self, order: &Value) -> Option<DateTime<Utc>> {
        order["date_modified_gmt"].as_str()?.parse::<NaiveDateTime>().ok().map(|at| at.and_utc())
    }
}
