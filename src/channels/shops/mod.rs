//! Back to the shops: what has shipped and what is in stock is told, and what their hooks have not told is asked for. A job follows
//! the feed into an outbox and works that off; whoever dies in between tells again, and the shop is looked at before it is told.

mod asking;
pub mod follow;
pub mod reconcile;
pub mod stock;
mod store;
pub mod tell;
mod telling;

use super::body::{Channel, ChannelCredentials, ChannelKind};
use super::platforms::api_client::ApiError;
use super::platforms::{bigcommerce, shopify, woocommerce};
use crate::error::Error;
use crate::platform::db::Db;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A shipment of ours, as a shop hears of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingFulfillment {
    pub order_external_id: String,
    /// Our number of the shipment.
    pub number: String,
    pub carrier: String,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
    /// The shop's line ids, and how much of each.
    pub lines: Vec<(String, Decimal)>,
    /// Nothing of the order is left to ship.
    pub completes: bool,
    /// What the shop calls fulfillments of the order that are other shipments of ours, or its own.
    pub others: Vec<String>,
    /// What an attempt before this one was about to tell. Nobody knows whether it did.
    pub telling: Option<Telling>,
}

/// What a shop is about to be told, written down before the call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// What the shop calls the fulfillments that the order had before.
    pub known: Vec<String>,
    /// The shop's line ids, and how much of each it is told.
    pub lines: BTreeMap<String, Decimal>,
}

/// What a look at the shop says of a shipment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    /// The shop knows it, by this name where it has one; or there is nothing of it left to tell.
    Known(Option<String>),
    /// It is to be told so. `call` is the adapter's own.
    Untold { telling: Telling, call: Value },
}

/// Orders that a shop has changed, the oldest change first.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    pub orders: Vec<Value>,
    /// There may be more.
    pub more: bool,
}

/// A part of the orders of one second.
#[derive(Clone, Debug, Default)]
pub struct SecondPage {
    pub orders: Vec<Value>,
    /// Where the next part begins; none after the last.
    pub next: Option<String>,
}

/// What a shop's API must be able to do.
pub trait ShopApi {
    /// Whether the shop knows a shipment. Changes nothing there.
    fn look(&self, fulfillment: &OutgoingFulfillment) -> Result<Looked, ApiError>;

    /// Tells of a shipment as the look has said; what the shop calls it, where it has a name for it.
    fn fulfill(&self, fulfillment: &OutgoingFulfillment, call: &Value) -> Result<Option<String>, ApiError>;

    /// Sets how much of a SKU can be sold. [`ApiError::Gone`] where the shop does not have it.
    fn set_stock(&self, sku: &str, available: Decimal) -> Result<(), ApiError>;

    /// Orders that were changed at or after an instant.
    fn changed_since(&self, since: DateTime<Utc>) -> Result<Changed, ApiError>;

    /// A part of the orders that were changed in the second that begins then, where one answer does not hold them all. Whatever the
    /// shop changes meanwhile: none that stays in that second is passed over.
    fn changed_within(&self, second: DateTime<Utc>, from: Option<&str>) -> Result<SecondPage, ApiError>;

    /// When the shop last changed an order that it has listed.
    fn changed_at(&self, order: &Value) -> Option<DateTime<Utc>>;
}

/// The API of a channel's shop; `None` for kinds that are told nothing here.
pub fn shop_api(channel: &Channel, credentials: &ChannelCredentials, now: DateTime<Utc>) -> Result<Option<Box<dyn ShopApi>>, ApiError> {
    Ok(match channel.kind {
        ChannelKind::Shopify => Some(Box::new(shopify::api::ShopifyApi::new(channel, credentials, now)?)),
        ChannelKind::Woocommerce => Some(Box::new(woocommerce::api::WoocommerceApi::new(channel, credentials, now)?)),
        ChannelKind::Bigcommerce => Some(Box::new(bigcommerce::BigcommerceApi::new(channel, credentials, now)?)),
        ChannelKind::Direct
        | ChannelKind::Hubspot
        | ChannelKind::Salesforce
        | ChannelKind::Email
        | ChannelKind::Ubl
        | ChannelKind::Generic
        | ChannelKind::Stripe => None,
    })
}

/// Until the next try after so many: from 15 s, doubling, to 6 hours.
fn back_off(attempts: i32) -> TimeDelta {
    let doubled = 15i64.saturating_mul(1 << attempts.clamp(1, 20).saturating_sub(1));
    TimeDelta::seconds(doubled.min(6 * 3600))
}

/// Everything that is due.
pub fn work(db: &Db, now: impl Fn() -> DateTime<Utc>) -> Result<(), Error> {
    follow::collect(db, now())?;
    tell::work(db, &now)?;
    stock::work(db, &now)?;
    reconcile::work(db, &now)
}
