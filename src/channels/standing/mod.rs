//! Back to the CRM: number, status, shipments and invoices of an order as properties of the deal that it was made of. A job follows the
//! feed into an outbox of orders and works that off; where an order stands is looked up when it is told, so that the last state wins.

pub mod follow;
pub mod properties;
mod store;
pub mod tell;

use super::body::{Channel, ChannelCredentials, ChannelKind};
use super::platforms::api_client::ApiError;
use super::platforms::hubspot::HubspotApi;
use super::platforms::salesforce::SalesforceApi;
use crate::error::Error;
use crate::platform::db::Db;
use chrono::{DateTime, Utc};
use properties::{Property, named};

/// What a CRM's API must be able to do. The same call may be made again.
pub trait DealApi {
    /// Writes properties of the deal that the CRM knows by this id.
    fn write(&self, external_id: &str, properties: &[(Property, String)]) -> Result<(), ApiError>;
}

impl DealApi for HubspotApi {
    fn write(&self, external_id: &str, properties: &[(Property, String)]) -> Result<(), ApiError> {
        self.set(external_id, &named(properties, Property::hubspot))
    }
}

impl DealApi for SalesforceApi {
    fn write(&self, external_id: &str, properties: &[(Property, String)]) -> Result<(), ApiError> {
        // The first three characters of an id name its object.
        let object = if external_id.starts_with("801") { "Order" } else { "Opportunity" };
        self.set(object, external_id, &named(properties, Property::salesforce))
    }
}

/// The API of a channel's CRM; `None` for kinds that are no CRM.
pub fn deal_api(channel: &Channel, credentials: &ChannelCredentials, now: DateTime<Utc>) -> Result<Option<Box<dyn DealApi>>, ApiError> {
    Ok(match channel.kind {
        ChannelKind::Hubspot => Some(Box::new(HubspotApi::new(channel, credentials, now)?)),
        ChannelKind::Salesforce => Some(Box::new(SalesforceApi::new(channel, credentials, now)?)),
        ChannelKind::Direct
        | ChannelKind::Shopify
        | ChannelKind::Woocommerce
        | ChannelKind::Bigcommerce
        | ChannelKind::Email
        | ChannelKind::Ubl
        | ChannelKind::Generic
        | ChannelKind::Stripe => None,
    })
}

/// Everything that is due; how many were told or tried.
pub fn work(db: &Db, now: impl Fn() -> DateTime<Utc>) -> Result<usize, Error> {
    follow::collect(db, now())?;
    tell::work(db, &now)
}
