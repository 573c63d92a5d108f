//! The platforms that a channel may speak with.

pub mod email;
pub mod ubl;

use super::body::ChannelKind;
use super::platform::Platform;

/// `None` for a kind that receives nothing: its orders come by the API.
pub fn platform(kind: ChannelKind) -> Option<&'static dyn Platform> {
    match kind {
        ChannelKind::Email => Some(&email::Email),
        ChannelKind::Ubl => Some(&ubl::Ubl),
        ChannelKind::Direct
        | ChannelKind::Stripe
        | ChannelKind::Shopify
        | ChannelKind::Woocommerce
        | ChannelKind::Bigcommerce
        | ChannelKind::Hubspot
        | ChannelKind::Salesforce
        | ChannelKind::Generic => None,
    }
}
