//! BigCommerce: hooks that say no more than that something has changed, signed by the Standard Webhooks specification with the client
//! secret; the order is asked for by the API.

mod api;
pub mod hook;
pub mod order;
mod shop;

use crate::channels;
use crate::channels::platform::{Admitted, Knock, Listening, NotTheirs, Platform, Workbench};
use crate::channels::platforms::api_client::ApiError;
use crate::channels::platforms::crm::known_order;
use crate::channels::platforms::standard_webhooks;
use crate::error::Error;
use crate::inbox::{Message, Outcome, Proof, Reason};
use crate::order_to_cash::shop_orders::{ShopNews, bring, bring_news};
pub use api::BigcommerceApi;
use chrono::{DateTime, Utc};
use hook::Hook;
use order::Told;

pub struct Bigcommerce;

impl Platform for Bigcommerce {
    fn admit(&self, knock: &Knock, listening: &Listening, now: DateTime<Utc>) -> Result<Admitted, NotTheirs> {
        let keys: Vec<Vec<u8>> = listening.secrets.iter().map(|secret| secret.as_bytes().to_vec()).collect();
        standard_webhooks::verify(knock, &keys, now)?;
        let hook = hook::read(knock.body).ok();
        let external_id = hook.as_ref().and_then(|hook| hook.order_id.clone());
        Ok(Admitted::Message { topic: hook.map(|hook| hook.scope).unwrap_or_default(), external_id, proof: Proof::Signature })
    }

    fn calls_out(&self) -> bool {
        true
    }

    fn work_in(&self, bench: &Workbench, message: &Message) -> Result<Outcome, Error> {
        let rejected = |reason: Reason| Ok(Outcome::Rejected { order_ids: vec![], reason });
        let hook = match read(message) {
            Ok(hook) => hook,
            Err(reason) => return rejected(reason),
        };
        let (organization_id, channel) = (message.organization_id, &message.channel);
        if let Some(own) = &channel.settings.store_hash
            && message.proof != Proof::Fetched
            && *own != hook.store_hash
        {
            let detail = format!("the message is of 'stores/{}', the channel is that of 'stores/{own}'", hook.store_hash);
            return rejected(Reason::new("shop_mismatch", detail, "/producer"));
        }
        let Some(id) = &hook.order_id else {
            return Ok(Outcome::ignored("asks_for_nothing", format!("{} asks for nothing here", hook.scope)));
        };
        let credentials = bench.db.read_blocking(|connection| channels::service::credentials(connection, organization_id, channel.id))?;
        let document = BigcommerceApi::new(channel, &credentials, bench.now).and_then(|api| api.order(id));
        let bench = &bench.anew(message)?;
        let document = match document {
            Ok(document) => document,
            Err(ApiError::Gone { .. }) => {
                if known_order(bench, organization_id, channel, id)?.is_none() {
                    return Ok(Outcome::ignored("order_gone", "BigCommerce has no such order any more, and there is none of it here"));
                }
                let news = ShopNews { external_id: id.clone(), refunds: vec![], fulfillments: vec![], deleted: true };
                return bring_news(bench, organization_id, channel, &news);
            }
            Err(error) => return Ok(error.outcome()),
        };
        match order::read(&document, &channel.settings) {
            Ok(Told::Order(order)) => bring(bench, organization_id, channel, &order),
            Ok(Told::Incomplete) => Ok(Outcome::ignored("incomplete", "nobody has finished its checkout")),
            Err(reason) => rejected(reason),
        }
    }
}

/// What has been asked for is the order itself, of which no more than the id is looked at here.
fn read(message: &Message) -> Result<Hook, Reason> {
    if message.proof != Proof::Fetched {
        return hook::read(&message.body);
    }
    Ok(Hook { scope: message.topic.clone(), store_hash: String::new(), order_id: message.external_id.clone() })
}
