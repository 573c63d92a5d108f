//! Any other shop: a hook that is signed by the Standard Webhooks specification, read by the pointers in `settings.mapping`.

pub mod mapping;
mod read;

use super::reading::{Node, Read, json};
use super::standard_webhooks::{key_of, verify};
use crate::channels::body::ChannelSettings;
use crate::channels::platform::{Admitted, Knock, Listening, NotTheirs, Platform, Workbench};
use crate::error::Error;
use crate::inbox::{Message, Outcome, Proof};
use crate::order_to_cash::shop_orders::{ShopOrder, bring};
use chrono::{DateTime, Utc};

pub struct Generic;

impl Platform for Generic {
    fn admit(&self, knock: &Knock, listening: &Listening, now: DateTime<Utc>) -> Result<Admitted, NotTheirs> {
        let keys: Vec<Vec<u8>> = listening.secrets.iter().map(|secret| key_of(secret)).collect();
        verify(knock, &keys, now)?;
        let body = json(knock.body).ok();
        let mapping = listening.channel.settings.mapping.as_ref();
        let text = |pointer: &Option<String>| read::source(&Node::root(body.as_ref()?), pointer.as_deref())?.text(200);
        let external_id = mapping.and_then(|mapping| text(&mapping.external_id));
        let topic = mapping.and_then(|mapping| text(&mapping.topic)).unwrap_or_default().chars().take(100).collect();
        Ok(Admitted::Message { topic, external_id, proof: Proof::Signature })
    }

    /// A shop that says of no order when it was changed may tell an older state once more: the signed id then says that it is news.
    fn delivery_id(&self, knock: &Knock, listening: &Listening) -> Option<String> {
        let is_dated = listening.channel.settings.mapping.as_ref().is_some_and(|mapping| mapping.version_at.is_some());
        (!is_dated).then(|| knock.header("webhook-id").to_owned())
    }

    fn work_in(&self, bench: &Workbench, message: &Message) -> Result<Outcome, Error> {
        if message.channel.settings.mapping.is_none() {
            return Ok(Outcome::later(
                "mapping_missing",
                "set settings.mapping of the channel: it says where in a message what stands",
                "",
            ));
        }
        match read(&message.body, &message.channel.settings, message.received_at) {
            Ok(Some(order)) => bring(bench, message.organization_id, &message.channel, &order),
            Ok(None) => Ok(Outcome::ignored("topic_not_used", "settings.mapping leaves messages of this topic out")),
            Err(reason) => Ok(Outcome::Rejected { order_ids: vec![], reason }),
        }
    }
}

/// Reads a message by the channel's mapping; `None` for one whose topic makes no order.
pub fn read(body: &[u8], settings: &ChannelSettings, received_at: DateTime<Utc>) -> Read<Option<ShopOrder>> {
    let Some(mapping) = &settings.mapping else { return Ok(None) };
    let body = json(body)?;
    mapping.read(&Node::root(&body), settings, received_at)
}
