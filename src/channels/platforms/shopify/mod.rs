//! Shopify: `X-Shopify-Hmac-Sha256` is the base64 of HMAC-SHA256 of the raw body under the app's client secret. Only the body is signed,
//! so shop and topic are compared with the channel and the body (shopify.dev, "Deliver webhooks through HTTPS").

pub mod api;
pub mod money;
pub mod news;
pub mod order;

use super::reading::{Node, Read, json};
use super::signature::is_base64_hmac;
use crate::channels::platform::{Admitted, Knock, Listening, NotTheirs, Platform, Workbench};
use crate::error::Error;
use crate::inbox::{Message, Outcome, Proof, Reason};
use crate::order_to_cash::shop_orders::{ShopNews, ShopOrder, bring, bring_news, bring_refund, set_aside};
use crate::orders::order::Order;
use chrono::{DateTime, Utc};
use news::Terms;
use serde_json::Value;

pub struct Shopify;

/// What a message turned out to be about.
#[derive(Clone, Debug)]
pub enum About {
    Order(Box<ShopOrder>),
    News(ShopNews),
    /// A refund that is told by itself: its amounts are read when the order is known, whose currency counts.
    Refund {
        external_id: String,
        refund: Value,
    },
    /// An order that none is made of here.
    SetAside {
        external_id: String,
        reason: Reason,
    },
    /// Nothing that orders are made of.
    Nothing(Reason),
}

impl Platform for Shopify {
    fn admit(&self, knock: &Knock, listening: &Listening, _now: DateTime<Utc>) -> Result<Admitted, NotTheirs> {
        if !is_base64_hmac(knock.header("x-shopify-hmac-sha256"), knock.body, &listening.secrets) {
            return Err(NotTheirs);
        }
        let topic = knock.header("x-shopify-topic").chars().take(100).collect();
        Ok(Admitted::Message { topic, external_id: super::order_id_of(knock.body), proof: Proof::Signature })
    }

    fn work_in(&self, bench: &Workbench, message: &Message) -> Result<Outcome, Error> {
        if let Some(outcome) = super::of_other_shop(message, "X-Shopify-Shop-Domain", message.header("x-shopify-shop-domain")) {
            return Ok(outcome);
        }
        match read(message) {
            Ok(About::Order(order)) => bring(bench, message.organization_id, &message.channel, &order),
            Ok(About::News(news)) => bring_news(bench, message.organization_id, &message.channel, &news),
            Ok(About::Refund { external_id, refund }) => {
                let read = |order: &Order| news::refund(&Node::root(&refund), Terms::of_order(order));
                bring_refund(bench, message.organization_id, &message.channel, &external_id, read)
            }
            Ok(About::SetAside { external_id, reason }) => {
                set_aside(bench, message.organization_id, &message.channel, &external_id)?;
                Ok(Outcome::Processed { order_ids: vec![], reason: Some(reason) })
            }
            Ok(About::Nothing(reason)) => Ok(Outcome::Processed { order_ids: vec![], reason: Some(reason) }),
            Err(reason) => Ok(Outcome::Rejected { order_ids: vec![], reason }),
        }
    }
}

/// Reads a message by its topic; a body of another form is refused.
pub fn read(message: &Message) -> Read<About> {
    let nothing = |code: &str, detail: &str| Ok(About::Nothing(Reason::new(code, detail, "")));
    let topic = message.topic.as_str();
    if topic.starts_with("draft_orders/") {
        return nothing("draft_order", "a draft becomes an order when it is completed; the shop tells of it then");
    }
    let known = [
        "orders/create",
        "orders/updated",
        "orders/edited",
        "orders/cancelled",
        "orders/paid",
        "orders/fulfilled",
        "orders/partially_fulfilled",
    ];
    // The header of a hook is not signed: what has been asked for is known by how it came.
    let is_order = known.contains(&topic) || message.proof == Proof::Fetched;
    if !is_order && !matches!(topic, "refunds/create" | "fulfillments/create" | "fulfillments/update") {
        return nothing("topic_not_used", "messages of this topic are not used here");
    }
    let body = json(&message.body)?;
    let body = Node::root(&body);
    let other = || Reason::new("topic_mismatch", format!("the body is not one of topic '{topic}'"), "");
    let of_part = !body.field("order_id").is_null();
    match topic {
        "refunds/create" if of_part && body.field("refund_line_items").value.is_array() => {
            Ok(About::Refund { external_id: body.field("order_id").id()?, refund: body.value.clone() })
        }
        "fulfillments/create" | "fulfillments/update"
            if of_part && body.field("line_items").value.is_array() && !body.field("status").is_null() =>
        {
            news::fulfillment_news(&body).map(About::News)
        }
        "refunds/create" | "fulfillments/create" | "fulfillments/update" => Err(other()),
        _ if !order::is_order(&body) => Err(other()),
        "orders/cancelled" if body.field("cancelled_at").is_null() => Err(other()),
        _ if body.field("test").is_true() && message.channel.settings.test_orders != Some(true) => {
            let detail = "an order of the shop's test mode; set settings.test_orders to take those in";
            Ok(About::SetAside { external_id: body.field("id").id()?, reason: Reason::new("test_order", detail, "") })
        }
        _ => order::order(&body, &message.channel.settings).map(|order| About::Order(Box::new(order))),
    }
}
