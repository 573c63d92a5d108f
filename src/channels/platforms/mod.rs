//! The platforms that a channel may speak with.

pub mod api_client;
pub mod bigcommerce;
pub mod crm;
pub mod email;
pub mod entities;
pub mod generic;
pub mod hubspot;
pub mod parts;
pub mod reading;
pub mod salesforce;
pub mod shopify;
pub mod signature;
pub mod standard_webhooks;
pub mod ubl;
pub mod woocommerce;

use super::body::ChannelKind;
use super::platform::Platform;
use crate::inbox::{Message, Outcome, Proof};
use serde_json::Value;

/// What is asked of a shop because its hooks have not told it.
pub const RECONCILIATION: &str = "reconciliation";

/// `None` for a kind that receives nothing: its orders come by the API.
pub fn platform(kind: ChannelKind) -> Option<&'static dyn Platform> {
    match kind {
        ChannelKind::Bigcommerce => Some(&bigcommerce::Bigcommerce),
        ChannelKind::Hubspot => Some(&hubspot::Hubspot),
        ChannelKind::Salesforce => Some(&salesforce::Salesforce),
        ChannelKind::Shopify => Some(&shopify::Shopify),
        ChannelKind::Woocommerce => Some(&woocommerce::Woocommerce),
        ChannelKind::Generic => Some(&generic::Generic),
        ChannelKind::Email => Some(&email::Email),
        ChannelKind::Ubl => Some(&ubl::Ubl),
        ChannelKind::Direct | ChannelKind::Stripe => None,
    }
}

/// The id of the order that a body is about, for those who look for its messages; it is read for real when the message is worked in.
fn order_id_of(body: &[u8]) -> Option<String> {
    let body = reading::json(body).ok()?;
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => number.as_u64().map(|number| number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let of = |field: &str| body.get(field).and_then(text);
    of("order_id").or_else(|| of("id")).map(|id| id.chars().filter(|c| !c.is_control()).take(200).collect())
}

/// The outcome for a message whose platform names another shop than the channel's, although the signature is right: one app may be
/// installed in many shops. `named` is a host name or an address.
fn of_other_shop(message: &Message, header: &str, named: Option<&str>) -> Option<Outcome> {
    if message.proof == Proof::Fetched {
        return None;
    }
    let Some(domain) = &message.channel.settings.shop_domain else {
        return Some(Outcome::later("shop_domain_missing", "set settings.shop_domain of the channel: only that shop is listened to", ""));
    };
    let named = named.unwrap_or_default().trim().to_ascii_lowercase();
    let host = named.split_once("://").map_or(named.as_str(), |(_, rest)| rest).split(['/', ':']).next().unwrap_or_default();
    if host == domain {
        return None;
    }
    Some(Outcome::rejected("shop_mismatch", format!("{header} names '{host}', the channel is that of '{domain}'"), ""))
}

#[cfg(test)]
mod signature_tests;
#[cfg(test)]
mod tests;
