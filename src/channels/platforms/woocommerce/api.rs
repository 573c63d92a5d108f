//! WooCommerce's REST API v3, with consumer key and secret as `username` and `password`. Its core knows no shipments: each becomes a note
//! to the customer, and the order is completed with the last.

use crate::channels::body::{Channel, ChannelCredentials};
use crate::channels::platforms::api_client::{Api, ApiError, Login, Payload, needed};
use crate::channels::shops::{Changed, OutgoingFulfillment, ShopApi};
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
    fn fulfill(&self, fulfillment: &OutgoingFulfillment) -> Result<Option<String>, ApiError> {
        let order = fulfillment.order_external_id.as_str();
        let notes = Self::path(&["orders", order, "notes"]);
        let begin = format!("Shipment {} ", fulfillment.number);
        let known: Vec<Value> = self.api.get(&notes, &[])?.json()?;
        if !known.iter().any(|note| note["note"].as_str().is_some_and(|text| text.starts_with(&begin))) {
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

    fn changed_at(&self, order: &Value) -> Option<DateTime<Utc>> {
        order["date_modified_gmt"].as_str()?.parse::<NaiveDateTime>().ok().map(|at| at.and_utc())
    }
}
