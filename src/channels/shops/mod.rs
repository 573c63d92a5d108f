//! Back to the shops: what has shipped and what is in stock is told, and what their hooks have not told is asked for. A job follows
//! the feed into an outbox and works that off; whoever dies in between tells again, and the shop is looked at before it is told.

pub mod follow;
pub mod reconcile;
pub mod stock;
mod store;
pub mod tell;

use super::body::{Channel, ChannelCredentials, ChannelKind};
use super::platforms::api_client::ApiError;
use super::platforms::{bigcommerce, shopify, woocommerce};
use crate::error::Error;
use crate::platform::db::Db;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::Value;

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
}

/// Orders that a shop has changed, the oldest change first.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    pub orders: Vec<Value>,
    /// There may be more.
    pub more: bool,
}

/// What a shop's API must be able to do. Every call may be made again.
pub trait ShopApi {
    /// Tells of a shipment, unless the shop knows it; what the shop calls it, where it has a name for it.
    fn fulfill(&self, fulfillment: &OutgoingFulfillment) -> Result<Option<String>, ApiError>;

    /// Sets how much of a SKU can be sold. [`ApiError::Gone`] where the shop does not have it.
    fn set_stock(&self, sku: &str, available: Decimal) -> Result<(), ApiError>;

    /// Orders that were changed at or after an instant.
    fn changed_since(&self, since: DateTime<Utc>) -> Result<Changed, ApiError>;

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
