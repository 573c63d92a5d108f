//! WooCommerce: `X-WC-Webhook-Signature` is the base64 of HMAC-SHA256 of the raw body under the hook's secret. Only the body is signed, so
//! the store and the topic are compared with the channel and the body. Saving a hook sends an unsigned form, `webhook_id=N`, which only
//! asks whether somebody is here. (WooCommerce REST API v3, "Webhooks".)

pub mod api;
pub mod order;

use super::reading::{Node, Read, json};
use super::signature::is_base64_hmac;
use crate::channels::platform::{Admitted, Knock, Listening, NotTheirs, Platform, Workbench};
use crate::error::Error;
use crate::inbox::{Message, Outcome, Proof, Reason};
use crate::order_to_cash::shop_orders::{ShopNews, ShopOrder, bring, bring_news, hold_known, revive};
use chrono::{DateTime, Utc};

pub struct Woocommerce;

/// What a message turned out to be about.
#[derive(Clone, Debug)]
pub enum About {
    Order(Box<ShopOrder>),
    /// It was deleted.
    Deleted(ShopNews),
    /// Nobody has paid or confirmed it, or not any more.
    Unpaid {
        external_id: String,
        at: DateTime<Utc>,
    },
    Nothing(Reason),
}

/// `webhook_id=N`, which comes unsigned when a hook is saved.
fn is_ping(body: &[u8]) -> bool {
    body.strip_prefix(b"webhook_id=").is_some_and(|id| (1..=20).contains(&id.len()) && id.iter().all(u8::is_ascii_digit))
}

impl Platform for Woocommerce {
    fn admit(&self, knock: &Knock, listening: &Listening, _now: DateTime<Utc>) -> Result<Admitted, NotTheirs> {
        if is_ping(knock.body) {
            return Ok(Admitted::Ping);
        }
        if !is_base64_hmac(knock.header("x-wc-webhook-signature"), knock.body, &listening.secrets) {
            return Err(NotTheirs);
        }
        let topic = knock.header("x-wc-webhook-topic").chars().take(100).collect();
        Ok(Admitted::Message { topic, external_id: super::order_id_of(knock.body), proof: Proof::Signature })
    }

    fn work_in(&self, bench: &Workbench, message: &Message) -> Result<Outcome, Error> {
        if let Some(outcome) = super::of_other_shop(message, "X-WC-Webhook-Source", message.header("x-wc-webhook-source")) {
            return Ok(outcome);
        }
        match read(message) {
            Ok(About::Order(order)) => {
                if message.topic == "order.restored" {
                    revive(bench, message.organization_id, &message.channel, &order.external_id)?;
                }
                bring(bench, message.organization_id, &message.channel, &order)
            }
            Ok(About::Deleted(news)) => bring_news(bench, message.organization_id, &message.channel, &news),
            Ok(About::Unpaid { external_id, at }) => {
                let lost = Reason::new("payment_lost", "the shop says that it is not paid or confirmed any more", "/status");
                let held = hold_known(bench, message.organization_id, &message.channel, &external_id, at, &lost)?;
                let detail = "an order that nobody has paid or confirmed; the shop tells when it is";
                let reason = Some(Reason::new("awaits_payment", detail, "/status"));
                Ok(held.unwrap_or(Outcome::Processed { order_ids: vec![], reason }))
            }
            Ok(About::Nothing(reason)) => Ok(Outcome::Processed { order_ids: vec![], reason: Some(reason) }),
            Err(reason) => Ok(Outcome::Rejected { order_ids: vec![], reason }),
        }
    }
}

/// Reads a message by its topic; a body of another form is refused.
pub fn read(message: &Message) -> Read<About> {
    let topic = message.topic.as_str();
    let fetched = message.proof == Proof::Fetched;
    if !fetched && !matches!(topic, "order.created" | "order.updated" | "order.restored" | "order.deleted") {
        return Ok(About::Nothing(Reason::new("topic_not_used", "messages of this topic are not used here", "")));
    }
    let body = json(&message.body)?;
    let body = Node::root(&body);
    let is_order = body.field("line_items").value.is_array() && body.field("status").value.is_string();
    if !fetched && topic == "order.deleted" {
        // The whole order under this topic is another message that somebody has sent again.
        if is_order || !body.field("refunded_by").is_null() {
            return Err(Reason::new("topic_mismatch", "a deleted order is told by its id alone", ""));
        }
        let external_id = body.field("id").id()?;
        return Ok(About::Deleted(ShopNews { external_id, refunds: vec![], fulfillments: vec![], deleted: true }));
    }
    if !is_order {
        return Err(Reason::new("topic_mismatch", format!("the body is not one of topic '{topic}'"), ""));
    }
    match body.field("status").text(40).as_deref() {
        Some("pending" | "failed" | "checkout-draft" | "auto-draft") => {
            Ok(About::Unpaid { external_id: body.field("id").id()?, at: order::changed_at(&body)? })
        }
        _ => order::order(&body, &message.channel.settings).map(|order| About::Order(Box::new(order))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_form_of_a_saved_hook_is_a_ping() {
        for (body, ping) in [("webhook_id=7", true), ("webhook_id=", false), ("webhook_id=7&x=1", false), ("{\"webhook_id\":7}", false)] {
            assert_eq!(is_ping(body.as_bytes()), ping, "{body}");
        }
    }
}
